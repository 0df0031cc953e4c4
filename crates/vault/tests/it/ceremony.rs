//! Keys are made in the sealed file, brought in by two people, listed, rolled and retired.

use std::fs;
use std::path::{Path, PathBuf};

use epurse::keys::{Algorithm, Key};
use tempfile::TempDir;
use vault::{Component, KeyFile, KeySet, KeyStore as _, Master, OpenError, SoftVault, StoreError, Unfit, WorkFactor};

use crate::{MLK, MTK, key};

const PASSPHRASE: &str = "一张卡 correct horse";
const SET: KeySet = KeySet { card_type: 1, version: 1, algorithm: Algorithm::TripleDes };
const SECOND: KeySet = KeySet { version: 2, ..SET };

fn place() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.age");
    (folder, path)
}

fn open(path: &Path) -> KeyFile {
    KeyFile::open(path, PASSPHRASE, WorkFactor::INSECURE_FOR_TESTS).unwrap()
}

fn masters(set: KeySet) -> Master {
    Master::new(set, key(MLK), key(MTK))
}

/// Bytes that are never the same.
fn counting() -> impl FnMut(&mut [u8]) -> std::io::Result<()> {
    let mut next = 0;
    move |buffer| {
        for byte in buffer {
            next += 1;
            *byte = next;
        }
        Ok(())
    }
}

/// Two parts of the master keys of vector V6.
fn parts(set: KeySet) -> [Component; 2] {
    let [load, tac] = ["1F1E1D1C1B1A19181716151413121110", "A5A5A5A55A5A5A5A0FF00FF0F00FF00F"].map(key);
    let other = |whole: &str, part: &Key| {
        let mut bytes = *key(whole).expose();
        bytes.iter_mut().zip(part.expose()).for_each(|(byte, part)| *byte ^= part);
        Key::new(bytes)
    };
    let second = Component::new(set, other(MLK, &load), other(MTK, &tac));
    [Component::new(set, load, tac), second]
}

#[test]
fn two_people_bring_keys_in() {
    let (_folder, path) = place();
    let [first, second] = parts(SET);
    open(&path).wait(&first).unwrap();
    // A server finds no keys in what waits.
    assert_eq!(SoftVault::open(&path, PASSPHRASE).unwrap().check_values(), []);
    // The second custodian comes another day.
    let mut store = open(&path);
    let waiting = store.list().unwrap();
    assert_eq!((waiting.waiting, waiting.keys), (vec![first.check_value()], vec![]));
    assert!(matches!(store.join(&first), Err(StoreError::Unfit(Unfit::Same))));
    let whole = store.join(&second).unwrap();
    assert_eq!(whole, masters(SET));
    store.keep(&whole).unwrap();
    drop(store);
    let mut store = open(&path);
    let there = store.list().unwrap();
    assert_eq!((there.keys, there.waiting), (vec![whole.check_value()], vec![]));
    assert!(matches!(store.join(&second), Err(StoreError::NothingWaits(SET))));
    assert!(matches!(store.wait(&first), Err(StoreError::Exists(SET))));
    assert!(matches!(store.keep(&whole), Err(StoreError::Exists(SET))));
    assert_eq!(SoftVault::open(&path, PASSPHRASE).unwrap().check_values(), [whole.check_value()]);
}

#[test]
fn parts_that_make_no_keys_are_refused() {
    let [first, second] = parts(SET);
    assert_eq!(first.join(&parts(SECOND)[1]), Err(Unfit::Sets(SET, SECOND)));
    assert_eq!(first.join(&first), Err(Unfit::Same));
    let half_the_same = Component::new(SET, key("1F1E1D1C1B1A19181716151413121110"), key(MTK));
    assert_eq!(first.join(&half_the_same), Err(Unfit::Same));
    // Halves that DES takes for the same: it leaves the lowest bit of each byte aside.
    let [left, right] = ["0101010101010101", "0000000000000000"];
    let zero = |text: &str| Component::new(SET, key(&text.repeat(2)), key(MTK));
    let halves = Component::new(SET, key(&format!("{left}{right}")), key(MLK));
    assert_eq!(zero("FEFEFEFEFEFEFEFE").join(&halves), Err(Unfit::Halves));
    let zeros = Component::new(SET, key(MLK), Key::new([0; 16]));
    assert_eq!((zeros.join(&first), first.join(&zeros)), (Err(Unfit::Zeros), Err(Unfit::Zeros)));
    let (_folder, path) = place();
    assert!(matches!(open(&path).wait(&zeros), Err(StoreError::Unfit(Unfit::Zeros))));
    let sm4 = KeySet { algorithm: Algorithm::Sm4, ..SET };
    let [a, b] = [("11", MTK), ("22", MLK)].map(|(byte, tac)| Component::new(sm4, key(&byte.repeat(16)), key(tac)));
    assert_eq!(a.join(&b).unwrap().mlk, key(&"33".repeat(16)), "SM4 has no halves");
    assert_eq!(first.join(&second), second.join(&first));
}

#[test]
fn the_first_custodian_may_begin_anew() {
    let (_folder, path) = place();
    let [first, second] = parts(SET);
    let mut store = open(&path);
    store.wait(&first).unwrap();
    store.wait(&parts(SECOND)[0]).unwrap();
    store.wait(&second).unwrap();
    assert_eq!(store.list().unwrap().waiting, [second.check_value(), parts(SECOND)[0].check_value()]);
    assert_eq!(store.join(&first).unwrap(), masters(SET));
}

#[test]
fn old_versions_stay_until_they_are_retired() {
    let (_folder, path) = place();
    let mut store = open(&path);
    let mut random = counting();
    let second = store.generate(SECOND, &mut random).unwrap();
    let first = store.generate(SET, &mut random).unwrap();
    assert!(first.load != first.tac && first.load != second.load && first.tac != second.tac);
    assert!(matches!(store.generate(SET, &mut random), Err(StoreError::Exists(SET))));
    assert_eq!(store.list().unwrap().keys, [first, second]);
    store.retire(SET).unwrap();
    assert!(matches!(store.retire(SET), Err(StoreError::Missing(SET))));
    drop(store);
    assert_eq!(open(&path).list().unwrap().keys, [second]);
    let nothing = &mut |_: &mut [u8]| Err(std::io::ErrorKind::Other.into());
    assert!(matches!(open(&path).generate(SET, nothing), Err(StoreError::Random(_))));
}

#[test]
fn what_the_file_held_before_is_kept() {
    let (folder, path) = place();
    let previous = KeyFile::previous(&path);
    assert_eq!(previous, folder.path().join("keys.age.previous"));
    let mut store = open(&path);
    let first = store.generate(SET, &mut counting()).unwrap();
    assert!(!previous.exists(), "there was nothing before");
    let before = fs::read(&path).unwrap();
    store.generate(SECOND, &mut counting()).unwrap();
    assert_eq!(fs::read(&previous).unwrap(), before);
    assert_eq!(SoftVault::open(&previous, PASSPHRASE).unwrap().check_values(), [first]);
    store.retire(SET).unwrap();
    store.retire(SECOND).unwrap();
    // Nothing else is left beside it.
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[cfg(unix)]
#[test]
fn those_who_may_read_the_file_may_read_it_after_a_change() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    let (_folder, path) = place();
    open(&path).generate(SET, &mut counting()).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    open(&path).generate(SECOND, &mut counting()).unwrap();
    for file in [&path, &KeyFile::previous(&path)] {
        assert_eq!(fs::metadata(file).unwrap().mode() & 0o777, 0o640);
    }
    // Only the administrator can give a file away, and then it stays given.
    if std::os::unix::fs::chown(&path, Some(12_345), Some(12_346)).is_ok() {
        open(&path).retire(SET).unwrap();
        let after = fs::metadata(&path).unwrap();
        assert_eq!((after.uid(), after.gid()), (12_345, 12_346));
    }
}

#[test]
fn one_command_changes_the_file_at_a_time_and_the_rest_stays_as_it_is() {
    let (folder, path) = place();
    let mut store = open(&path);
    let busy = KeyFile::open(&path, PASSPHRASE, WorkFactor::INSECURE_FOR_TESTS).unwrap_err();
    assert!(matches!(busy, StoreError::Busy), "{busy}");
    store.generate(SET, &mut counting()).unwrap();
    drop(store);
    let wrong = KeyFile::open(&path, "another", WorkFactor::INSECURE_FOR_TESTS).unwrap_err();
    assert!(matches!(wrong, StoreError::Open(OpenError::WrongPassphrase)), "{wrong}");
    // A change that cannot be written changes nothing, here or there.
    let mut store = open(&path);
    let before = (fs::read(&path).unwrap(), store.list().unwrap());
    fs::create_dir_all(KeyFile::previous(&path).join("in the way")).unwrap();
    assert!(matches!(store.generate(SECOND, &mut counting()), Err(StoreError::Seal(_))));
    assert_eq!((fs::read(&path).unwrap(), store.list().unwrap()), before);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "no other file is left");
}

#[test]
fn a_file_keeps_the_work_factor_it_was_made_with() {
    let (_folder, path) = place();
    open(&path).generate(SET, &mut counting()).unwrap();
    KeyFile::open(&path, PASSPHRASE, WorkFactor::DEFAULT).unwrap().generate(SECOND, &mut counting()).unwrap();
    let sealed = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
    let stanza = sealed.lines().nth(1).unwrap();
    assert!(stanza.starts_with("-> scrypt ") && stanza.ends_with(" 4"), "{stanza}");
}
