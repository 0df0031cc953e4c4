//! What is believed, and what is not.

use pay::unionpay::message::Message;
use pay::unionpay::sign::SigningKey;
use pay::unionpay::trust::{GATEWAY_NAME, NotGenuine, Trust, TrustError};

use super::vectors::{at, fields, file, json, recorded, sandbox, text};

const NOW: &str = "2026-12-01T00:00:00Z";

fn refused(message: &Message, trust: &Trust, now: &str) -> NotGenuine {
    trust.verify(message, at(now)).expect_err("must be refused")
}

#[test]
fn the_gateway_messages_of_others_verify_both_ways_of_the_wire() {
    let vectors = json("gateway_messages_signed.json");
    let messages = vectors["messages"].as_object().expect("messages");
    assert!(messages.len() >= 7, "{}", messages.len());
    for (name, vector) in messages {
        let sync = Message::parse_reply(text(vector, "sync_body_raw").as_bytes()).expect(name);
        assert_eq!(sandbox().verify(&sync, at(NOW)), Ok(()), "{name}");
        assert_eq!(String::from_utf8(sync.signed_bytes().unwrap()).unwrap(), text(vector, "to_sign"), "{name}");
        if let Some(form) = vector["notify_body_form"].as_str() {
            let form = Message::parse_form(form.as_bytes()).expect(name);
            assert_eq!(form, sync, "{name}");
        }
        let whole: Message = fields(&vector["fields"]).fold(Message::default(), |m, (name, value)| m.with(name, value));
        assert_eq!(whole, sync, "{name}");
    }
}

#[test]
fn real_messages_of_the_test_gateway_verify_at_their_time() {
    let mut verified = 0;
    for vector in json("recorded/messages.json").as_array().expect("a list") {
        if text(vector, "kind") != "gateway_sync_response_raw" {
            continue;
        }
        let reply = Message::parse_reply(text(vector, "wire").as_bytes()).expect("a reply");
        let then = "2024-01-05T09:00:00Z";
        assert_eq!(recorded(true).verify(&reply, at(then)), Ok(()));
        // SHA-1 only where it is allowed, the certificate only while it is valid, the authorities only those configured.
        assert!(matches!(refused(&reply, &recorded(false), then), NotGenuine::Sha1(_)));
        assert!(matches!(refused(&reply, &recorded(true), "2036-01-05T09:00:00Z"), NotGenuine::Time { .. }));
        assert!(matches!(refused(&reply, &recorded(true), "2011-01-05T09:00:00Z"), NotGenuine::Time { .. }));
        let name = refused(&reply, &sandbox(), then);
        assert!(matches!(name, NotGenuine::Chain { .. } | NotGenuine::Name { .. }), "{name}");
        verified += 1;
    }
    assert!(verified >= 3, "{verified}");
}

#[test]
fn every_change_is_noticed() {
    let vectors = json("gateway_messages_signed.json");
    let vector = &vectors["messages"]["back_notify_b2b_success"];
    let message = Message::parse_form(text(vector, "notify_body_form").as_bytes()).expect("a form");
    let changed = |message: &Message| refused(message, &sandbox(), NOW);
    for (name, value) in
        message.fields().filter(|(name, _)| !["signPubKeyCert", "signMethod", "encoding"].contains(name))
    {
        let other = format!("{value}0");
        assert_eq!(changed(&message.clone().with(name, other)), NotGenuine::Signature, "{name}");
    }
    assert_eq!(changed(&message.clone().with("extra", "1")), NotGenuine::Signature);
    assert_eq!(changed(&message.clone().without("respMsg")), NotGenuine::Signature);
    assert!(matches!(changed(&message.clone().without("signature")), NotGenuine::Malformed(_)));
    assert!(matches!(changed(&message.clone().without("signPubKeyCert")), NotGenuine::Malformed(_)));
    assert!(matches!(changed(&message.clone().with("signMethod", "11")), NotGenuine::Method(_)));
    assert!(matches!(changed(&message.clone().with("signPubKeyCert", "x")), NotGenuine::Certificate(_)));
}

/// A merchant's certificate comes from the same authority; it must not pass for the gateway's.
#[test]
fn a_merchant_cannot_pass_for_the_gateway() {
    let vectors = json("merchant_requests_signed.json");
    let case = &vectors["cases"][0];
    let signed: Message = fields(&case["signed_fields"]).collect();
    let forged = signed.with("signPubKeyCert", String::from_utf8(file("merchant.cer")).unwrap());
    assert!(matches!(refused(&forged, &sandbox(), NOW), NotGenuine::Name { .. }));
}

#[test]
fn authorities_are_looked_at_when_they_are_configured() {
    let refused = |pems: &[&[u8]]| Trust::new(pems, &[GATEWAY_NAME], false).expect_err("must be refused");
    assert_eq!(refused(&[]), TrustError::Empty);
    assert_eq!(refused(&[b"no certificate"]), TrustError::Empty);
    assert_eq!(refused(&[&file("middle.cer")]), TrustError::NoRoot);
    assert!(matches!(refused(&[&file("root.cer"), &file("merchant.cer")]), TrustError::NotAnAuthority(_)));
}

#[test]
fn what_is_no_key_file_is_refused() {
    assert!(SigningKey::from_pfx(b"nonsense", "000000").is_err());
}
