//! No key in anything that can be printed.

use std::fmt::Debug;

use epurse::card::CardKeys;
use epurse::keys::{Algorithm, Diversifier, Key};
use vault::{KeyRef, OpenError, SealError, SoftVault, VaultError, WorkFactor};

use crate::{MLK, MTK, key, masters};

const CARD: Diversifier = Diversifier([0x41, 0, 0, 0, 0x99, 0, 0, 0x01]);

/// All keys around, master and card's own.
fn secrets() -> Vec<Vec<u8>> {
    let mut secrets = Vec::new();
    for algorithm in [Algorithm::TripleDes, Algorithm::Sm4] {
        for master in [key(MLK), key(MTK)] {
            let own = master.diversify(algorithm, CARD);
            secrets.extend([
                master.expose().to_vec(),
                own.expose().to_vec(),
                own.tac(algorithm).expose().to_vec(),
                own.session(algorithm, [1; 8]).expose().to_vec(),
            ]);
        }
    }
    secrets
}

/// Fails if three bytes in a row of any key can be seen in `text`, as hexadecimal or as a list of numbers.
fn check(text: &str) {
    let text = text.to_lowercase();
    for secret in secrets() {
        for part in secret.windows(3) {
            let numbers = |separator: &str| part.iter().map(u8::to_string).collect::<Vec<_>>().join(separator);
            for trace in [hex::encode(part), numbers(", "), numbers(",\n    ")] {
                assert!(!text.contains(&trace), "{trace} is in {text}");
            }
        }
    }
}

fn check_debug(value: &dyn Debug) {
    check(&format!("{value:?}"));
    check(&format!("{value:#?}"));
}

#[test]
#[should_panic(expected = "is in")]
fn the_check_finds_a_key() {
    check_debug(key(MLK).expose());
}

#[test]
fn nothing_that_holds_keys_shows_them() {
    let vault = SoftVault::in_memory(masters());
    check_debug(&vault);
    check_debug(&masters());
    check_debug(&vault.check_values());
    vault.check_values().iter().for_each(|value| check(&value.to_string()));
    for algorithm in [Algorithm::TripleDes, Algorithm::Sm4] {
        let own = key(MLK).diversify(algorithm, CARD);
        check_debug(&own);
        check_debug(&own.tac(algorithm));
        check_debug(&own.session(algorithm, [1; 8]));
        check_debug(&CardKeys::of_masters(algorithm, &key(MLK), &key(MLK), &key(MTK), CARD));
    }
}

#[test]
fn no_error_shows_them() {
    let almost = format!("{MLK}0");
    let not_a_key = almost.parse::<Key>().unwrap_err();
    check_debug(&not_a_key);
    check(&not_a_key.to_string());

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.age");
    // Key digits where serde expects something else: its own message would quote them.
    let plain = format!(r#"{{"format":"jichong-keys","version":1,"keys":"{MLK}"}}"#);
    let mut recipient = age::scrypt::Recipient::new("passphrase".into());
    recipient.set_work_factor(4);
    std::fs::write(&path, age::encrypt(&recipient, plain.as_bytes()).unwrap()).unwrap();
    let mut errors = vec![SoftVault::open(&path, "passphrase").unwrap_err(), SoftVault::open(&path, "x").unwrap_err()];
    errors.push(OpenError::Version(9));
    for error in errors {
        check_debug(&error);
        check(&error.to_string());
    }
    let twice = [masters(), masters()].concat();
    let error = SoftVault::create(&path, "passphrase", &twice, WorkFactor::INSECURE_FOR_TESTS).unwrap_err();
    assert!(matches!(error, SealError::Duplicate));
    check_debug(&error);
    check(&VaultError::UnknownKey(KeyRef { card_type: 1, version: 1, algorithm_id: 0 }).to_string());
}
