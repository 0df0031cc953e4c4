//! `jichong pay verify`, run as a program on messages that others made.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::command_line::{jichong, says};

fn vector(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../pay/tests/vectors/unionpay").join(name);
    path.to_str().expect("a path").to_owned()
}

fn json(name: &str) -> Value {
    serde_json::from_slice(&fs::read(vector(name)).expect("vectors")).expect("JSON")
}

/// Exit status and what it says.
fn verify(arguments: &[&str], message: &str) -> (Option<i32>, String) {
    let output = jichong(&[&["pay", "verify"], arguments].concat(), message);
    (output.status.code(), says(&output))
}

#[test]
fn pay_verify_tells_genuine_messages_from_others() {
    let (root, middle) = (vector("root.cer"), vector("middle.cer"));
    let sandbox = ["--ca", root.as_str(), middle.as_str(), "--at", "2026-12-01T00:00:00+08:00"];
    let message = &json("gateway_messages_signed.json")["messages"]["back_notify_b2b_success"];
    let (form, raw) =
        (message["notify_body_form"].as_str().expect("a form"), message["sync_body_raw"].as_str().expect("raw"));
    for genuine in [form, raw, &format!("{form}\n")] {
        let (status, text) = verify(&sandbox, genuine);
        assert!(status == Some(0) && text.starts_with("genuine: ") && text.contains("txnAmt=50000000"), "{text}");
    }
    let check = |arguments: &[&str], message: &str, why: &str| {
        let (status, text) = verify(arguments, message);
        assert!(status == Some(1) && text.starts_with("not genuine: ") && text.contains(why), "{status:?} {text}");
    };
    check(&sandbox, &form.replace("txnAmt=50000000", "txnAmt=50000001"), "the signature does not fit");
    check(&sandbox, "nonsense", "field 1: name=value is expected");
    check(&["--ca", &root, &middle, "--at", "2046-12-01T00:00:00+08:00"], form, "was not valid at");
    check(&["--ca", &root, "--at", "2026-12-01T00:00:00+08:00"], form, "not among the configured authorities");
    check(&[&sandbox[..], &["--name", "another bank"]].concat(), form, "expected is another bank");

    let (status, text) = verify(&["--ca", "/nowhere.cer"], form);
    assert!(status == Some(2) && text.contains("/nowhere.cer cannot be read"), "{text}");
    let (status, text) = verify(&[], form);
    assert!(status == Some(2) && text.contains("--ca"), "{text}");
}

#[test]
fn pay_verify_believes_real_messages_and_merchants_requests() {
    let messages = json("recorded/messages.json");
    let reply =
        messages.as_array().expect("a list").iter().find(|message| message["kind"] == "gateway_sync_response_raw");
    let wire = reply.expect("a reply")["wire"].as_str().expect("a wire");
    let (root, middle) = (vector("recorded/cfca_test_root.cer"), vector("recorded/cfca_test_middle.cer"));
    let authorities = [
        "--ca",
        root.as_str(),
        middle.as_str(),
        "--at",
        "2024-01-05T17:00:00+08:00",
        "--name",
        "00040000:SIGN",
        "--name",
        "中国银联股份有限公司",
    ];
    let (status, text) = verify(&authorities, wire);
    assert!(status == Some(1) && text.contains("--allow-sha1 would"), "{text}");
    let (status, text) = verify(&[&authorities[..], &["--allow-sha1"]].concat(), wire);
    assert_eq!(status, Some(0), "{text}");

    let requests = json("merchant_requests_signed.json");
    let fields = requests["cases"][0]["signed_fields"].as_object().expect("fields");
    let pairs =
        fields.iter().map(|(name, value)| format!("{name}={}", value.as_str().expect("a text").replace('+', "%2B")));
    let form = pairs.collect::<Vec<_>>().join("&");
    let merchant = vector("merchant.cer");
    assert_eq!(verify(&["--signer", &merchant], &form).0, Some(0));
    assert_eq!(verify(&["--signer", &merchant], &form.replace("156", "157")).0, Some(1));
    let (status, text) = verify(&["--signer", &middle], &form);
    assert!(status == Some(1) && text.contains("certificate"), "{text}");
}
