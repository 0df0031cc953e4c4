//! The sealed file.

use std::fs;
use std::path::PathBuf;

use epurse::keys::Algorithm;
use tempfile::TempDir;
use vault::{OpenError, SealError, SoftVault, WorkFactor};

use crate::{MLK, MTK, key, masters};

const PASSPHRASE: &str = "一张卡 correct horse";

/// A folder with a key file in it.
fn sealed() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.age");
    SoftVault::create(&path, PASSPHRASE, &masters(), WorkFactor::INSECURE_FOR_TESTS).unwrap();
    (folder, path)
}

#[test]
fn keys_come_back_as_they_went_in() {
    let (_folder, path) = sealed();
    let opened = SoftVault::open(&path, PASSPHRASE).unwrap();
    assert_eq!(opened.check_values(), SoftVault::in_memory(masters()).check_values());
    // The same as the openssl command computes for a block of zeros.
    let shown: Vec<String> = opened.check_values().iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        [
            "card type 01, version 01, 3des: load 08D7B4, TAC FB0975",
            "card type 01, version 41, sm4: load 2677F4, TAC 72EBA3",
        ]
    );
}

#[test]
fn the_file_is_its_owners_alone_and_nothing_else_is_left() {
    let (folder, path) = sealed();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let bytes = fs::read(&path).unwrap();
    assert!(bytes.starts_with(b"age-encryption.org/v1\n-> scrypt "));
}

#[test]
fn an_existing_file_is_never_replaced() {
    let (folder, path) = sealed();
    let before = fs::read(&path).unwrap();
    let again = SoftVault::create(&path, "another", &[], WorkFactor::INSECURE_FOR_TESTS);
    assert!(matches!(again, Err(SealError::Exists)));
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn two_keys_under_one_name_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut twice = masters();
    twice.extend(masters());
    twice.last_mut().unwrap().mlk = key("11111111111111111111111111111111");
    let path = folder.path().join("keys.age");
    let refused = SoftVault::create(&path, PASSPHRASE, &twice, WorkFactor::INSECURE_FOR_TESTS);
    assert!(matches!(refused, Err(SealError::Duplicate)));
    assert!(!path.exists());
}

#[test]
fn a_wrong_passphrase_is_told_from_a_damaged_file() {
    let (folder, path) = sealed();
    assert!(matches!(SoftVault::open(&path, "wrong"), Err(OpenError::WrongPassphrase)));
    assert!(matches!(SoftVault::open(&path, ""), Err(OpenError::WrongPassphrase)));
    assert!(matches!(SoftVault::open(&folder.path().join("none"), PASSPHRASE), Err(OpenError::Io(_))));

    let whole = fs::read(&path).unwrap();
    for length in 0..whole.len() {
        fs::write(&path, &whole[..length]).unwrap();
        assert!(matches!(SoftVault::open(&path, PASSPHRASE), Err(OpenError::Damaged)), "cut to {length} bytes");
    }
    let payload = whole.windows(4).position(|window| window == b"\n---").unwrap();
    for place in payload..whole.len() {
        let mut damaged = whole.clone();
        damaged[place] ^= 1;
        fs::write(&path, &damaged).unwrap();
        assert!(SoftVault::open(&path, PASSPHRASE).is_err(), "byte {place} changed");
    }
}

/// A file with this plaintext and the right passphrase.
fn sealed_text(text: &str) -> Result<SoftVault, OpenError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.age");
    let mut recipient = age::scrypt::Recipient::new(PASSPHRASE.into());
    recipient.set_work_factor(4);
    fs::write(&path, age::encrypt(&recipient, text.as_bytes()).unwrap()).unwrap();
    SoftVault::open(&path, PASSPHRASE)
}

#[test]
fn what_is_in_a_file_is_read_strictly() {
    let set = format!(r#"{{"card_type":1,"version":1,"algorithm":"3des","mlk":"{MLK}","mtk":"{MTK}"}}"#);
    let file = |format, version| format!(r#"{{"format":"{format}","version":{version},"keys":[{set}]}}"#);
    let good = sealed_text(&file("jichong-keys", 1)).unwrap();
    assert_eq!(good.check_values().len(), 1);
    assert_eq!(good.check_values()[0].set.algorithm, Algorithm::TripleDes);

    assert!(matches!(sealed_text(&file("jichong-keys", 2)), Err(OpenError::Version(2))));
    let newer = r#"{"format":"jichong-keys","version":3,"sets":{}}"#;
    assert!(matches!(sealed_text(newer), Err(OpenError::Version(3))));
    let good = file("jichong-keys", 1);
    let twice = good.replace(&set, &format!("{set},{set}"));
    for damaged in [
        String::new(),
        "{}".into(),
        file("other", 1),
        good.replace("3des", "des"),
        good.replace("FEDCBA98", "FEDCBA9"),
        good.replace("FEDCBA98", "FEDCBA9X"),
        good.replace("\"mtk\"", "\"mpk\""),
        good.replace("\"card_type\":1", "\"card_type\":256"),
        twice,
    ] {
        assert!(matches!(sealed_text(&damaged), Err(OpenError::Damaged)), "{damaged}");
    }
}

#[test]
fn a_file_that_costs_too_much_to_open_is_refused() {
    let (_folder, path) = sealed();
    let text = fs::read(&path).unwrap();
    let end = text.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(1).unwrap().0;
    // The work factor is the last word of the second line.
    let dear = [&text[..end - 1], b"23", &text[end..]].concat();
    fs::write(&path, dear).unwrap();
    assert!(matches!(SoftVault::open(&path, PASSPHRASE), Err(OpenError::TooMuchWork)));
    assert_eq!((WorkFactor::new(0), WorkFactor::new(23)), (None, None));
    assert_eq!(WorkFactor::new(18), Some(WorkFactor::DEFAULT));
}
