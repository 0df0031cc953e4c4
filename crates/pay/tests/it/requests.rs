//! What we sign, checked by others: the vectors, and `openssl`.

use std::fs;
use std::path::Path;
use std::process::Command;

use data_encoding::BASE64;
use pay::unionpay::message::Message;
use pay::unionpay::sign::{SigningKey, is_signed_by};
use sha2::{Digest as _, Sha256};
use x509_parser::pem::parse_x509_pem;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::vectors::{fields, file, json, text};

fn run(tool: &str, arguments: &[&str], folder: &Path) -> bool {
    let output = Command::new(tool).args(arguments).current_dir(folder).output().expect(tool);
    output.status.success()
}

/// A key with its certificate in a PFX, as `openssl` makes it.
fn pfx(folder: &Path, encoding: &[&str]) -> Vec<u8> {
    let made = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "k.pem", "-out", "c.pem", "-subj", "/CN=m"];
    assert!(run("openssl", &[&made[..], &["-days", "2", "-set_serial", "69903319369"]].concat(), folder));
    let pack = ["pkcs12", "-export", "-inkey", "k.pem", "-in", "c.pem", "-out", "k.pfx", "-passout", "pass:000000"];
    assert!(run("openssl", &[&pack[..], encoding].concat(), folder));
    fs::read(folder.join("k.pfx")).expect("a PFX")
}

#[test]
fn the_requests_that_four_others_signed_alike_verify_here() {
    let certificate = parse_x509_pem(&file("merchant.cer")).expect("PEM").1.contents;
    let (_, certificate) = X509Certificate::from_der(&certificate).expect("a certificate");
    let vectors = json("merchant_requests_signed.json");
    let cases = vectors["cases"].as_array().expect("cases");
    assert_eq!(cases.len(), 5);
    for case in cases {
        let name = text(case, "name");
        let built: Message = fields(&case["input_fields"]).collect();
        let built = built.with("certId", certificate.tbs_certificate.serial.to_string());
        assert_eq!(String::from_utf8(built.signed_bytes().unwrap()).unwrap(), text(case, "to_sign"), "{name}");
        let signed: Message = fields(&case["signed_fields"]).collect();
        assert_eq!(built.with("signature", text(case, "signature")), signed, "{name}");
        assert_eq!(is_signed_by(&signed, &certificate), Ok(true), "{name}");
    }
}

#[test]
fn openssl_verifies_what_we_sign_with_keys_in_old_and_new_files() {
    let legacy_rc2 = ["-legacy", "-certpbe", "PBE-SHA1-RC2-40", "-keypbe", "PBE-SHA1-3DES"];
    let legacy_3des = ["-legacy", "-certpbe", "PBE-SHA1-3DES", "-keypbe", "PBE-SHA1-3DES"];
    let modern = ["-certpbe", "AES-256-CBC", "-keypbe", "AES-256-CBC", "-macalg", "sha256"];
    for encoding in [&legacy_rc2[..], &legacy_3des, &modern] {
        let folder = tempfile::tempdir().expect("a folder");
        let key = SigningKey::from_pfx(&pfx(folder.path(), encoding), "000000").expect("a key");
        assert_eq!(key.serial(), "69903319369");
        let message: Message =
            [("encoding", "UTF-8".to_owned()), ("orderDesc", "额度充值".to_owned())].into_iter().collect();
        let signed = key.sign(message).expect("a signature");

        // The text that is signed is the hash, in hexadecimal.
        fs::write(folder.path().join("text"), hex::encode(Sha256::digest(signed.signed_bytes().unwrap()))).unwrap();
        let signature = BASE64.decode(signed.get("signature").unwrap().as_bytes()).unwrap();
        fs::write(folder.path().join("signature"), signature).unwrap();
        assert!(run("openssl", &["x509", "-in", "c.pem", "-pubkey", "-noout", "-out", "p.pem"], folder.path()));
        let verify = ["dgst", "-sha256", "-verify", "p.pem", "-signature", "signature", "text"];
        assert!(run("openssl", &verify, folder.path()), "{encoding:?}");

        assert!(SigningKey::from_pfx(&fs::read(folder.path().join("k.pfx")).unwrap(), "111111").is_err());
    }
}

/// Two public packages hash only once: their signature is refused.
#[test]
fn a_signature_over_one_hash_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let key = SigningKey::from_pfx(&pfx(folder.path(), &[]), "000000").expect("a key");
    let message: Message =
        [("encoding", "UTF-8".to_owned()), ("orderId", "TOPUP0001".to_owned())].into_iter().collect();
    fs::write(folder.path().join("text"), message.signed_bytes().unwrap()).unwrap();
    let sign = ["dgst", "-sha256", "-sign", "k.pem", "-out", "signature", "text"];
    assert!(run("openssl", &sign, folder.path()));
    let once = BASE64.encode(&fs::read(folder.path().join("signature")).unwrap());

    let (_, certificate) = X509Certificate::from_der(key.certificate()).expect("a certificate");
    assert_eq!(is_signed_by(&message.clone().with("signature", once), &certificate), Ok(false));
    assert_eq!(is_signed_by(&key.sign(message).unwrap(), &certificate), Ok(true));
}
