//! Every command, on both places alike.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use epurse::keys::{Algorithm, Key};
use epurse::load::Counter;
use epurse::mac::Mac;
use ledger::{Fen, GroupId};
use store::Db;
use store::testing::Sqlite;
use topup::loads::book::{Authorised, Evidence, NewLoad};
use topup::{Clock as _, House, Settings, SystemClock, SystemEntropy};
use vault::SoftVault;

use super::place::Place;

/// Components of the master keys of vector V6, and their check values.
const FIRST: [&str; 2] = ["1F1E1D1C1B1A19181716151413121110", "A5A5A5A55A5A5A5A0FF00FF0F00FF00F"];
const FIRST_VALUES: [&str; 2] = ["00F9E1", "58B66B"];
const SECOND: [&str; 2] = ["1E3D587B92B1D4F7E9CAAF8C65462300", "A5B48796 1E0F3C2D 8769A54B 3CD21EF0"];
const WHOLE: &str = "card type 01, version 01, 3des: load 08D7B4, TAC FB0975";
const IMPORT: [&str; 5] = ["import", "--card-type", "01", "--key-version", "01"];

/// What a custodian types whose record agrees.
fn typed(parts: [&str; 2]) -> String {
    let [load, tac] = parts;
    format!("{load}\nyes\n{tac}\nyes\n")
}

#[test]
fn two_people_bring_keys_in() {
    for place in Place::both() {
        let said = place.done(&IMPORT, &typed(FIRST));
        assert!(said.contains("You are the first custodian") && said.contains("Your components wait in"), "{said}");
        for value in FIRST_VALUES {
            assert!(said.contains(&format!("Its check value is {value}.")), "{said}");
        }
        assert_no_digits(&said);
        let waits = place.done(&["list"], "");
        assert!(waits.contains("version 01, 3des: waits for the second custodian"), "{waits}");

        // Somebody sees that their record says something else, or types nonsense, or the first comes again.
        for (typed, why) in [
            ("1E3D587B92B1D4F7E9CAAF8C65462300\nno\n", "nothing is stored; compare the digits"),
            ("1E3D\n", "a key is 32 hexadecimal digits"),
            (&typed(FIRST), "the two components are the same"),
            ("", "standard input has ended"),
            (&format!("{}no\n", typed(SECOND)), "the first custodian's components still wait"),
        ] {
            let said = place.refused(&IMPORT, typed);
            assert!(said.contains("You are the second custodian") && said.contains(why), "{why}: {said}");
            assert_eq!(place.done(&["list"], ""), waits);
        }
        let said = place.done(&IMPORT, &format!("{}yes\n", typed(SECOND)));
        assert!(said.contains("the check values load 08D7B4, TAC FB0975. Does the record say the same?"), "{said}");
        assert_no_digits(&said);
        assert_eq!(place.done(&["list"], ""), format!("{WHOLE}\n"));
        assert!(place.refused(&IMPORT, &typed(FIRST)).contains("there are keys for card type 01, version 01, 3des"));
    }
}

/// No part of a component is in what a command says.
fn assert_no_digits(said: &str) {
    for digits in FIRST.into_iter().chain(SECOND).flat_map(|part| part.split(' ')).filter(|part| part.len() > 6) {
        for piece in digits.as_bytes().windows(7) {
            let piece = String::from_utf8_lossy(piece);
            assert!(!said.to_uppercase().contains(&*piece), "{piece} is in {said}");
        }
    }
}

#[test]
fn components_come_from_their_owners_files_too() {
    for place in Place::both() {
        let file = |name: &str, parts: [&str; 2], values: [&str; 2]| {
            let [[load, tac], [load_value, tac_value]] = [parts, values];
            place.closed(name, &format!("load {load} {load_value}\ntac {} {tac_value}\n", tac.replace(' ', "")))
        };
        let first = file("first", FIRST, FIRST_VALUES);
        let import = |file: &str| [&IMPORT[..], &["--component-file", file]].concat().join(" ");
        let import = |file: &str, typed: &str, good: bool| {
            let command = import(file);
            let arguments: Vec<&str> = command.split(' ').collect();
            if good { place.done(&arguments, typed) } else { place.refused(&arguments, typed) }
        };
        fs::set_permissions(&first, Permissions::from_mode(0o640)).expect("opened");
        assert!(import(&first, "", false).contains("the component in"), "open to others");
        fs::set_permissions(&first, Permissions::from_mode(0o600)).expect("closed");
        let wrong = file("wrong", FIRST, ["00F9E1", "58B66C"]);
        assert!(import(&wrong, "", false).contains("the digits have the check value 58B66B, not 58B66C"));
        let half = place.closed("half", &format!("load {} 00F9E1\n", FIRST[0]));
        assert!(import(&half, "", false).contains("one line with tac, 32 hexadecimal digits"));
        import(&first, "", true);
        let values = SECOND.map(|digits| {
            let key: Key = digits.replace(' ', "").parse().expect("a key");
            hex::encode(key.check_value(Algorithm::TripleDes))
        });
        let second = file("second", SECOND, [&values[0], &values[1]]);
        assert!(import(&second, "yes\n", true).contains(WHOLE));
    }
}

#[test]
fn the_first_custodian_may_start_over() {
    for place in Place::both() {
        place.done(&IMPORT, &typed(SECOND));
        let again = [&IMPORT[..], &["--start-over"]].concat();
        assert!(place.done(&again, &typed(FIRST)).contains("You are the first custodian"));
        assert!(place.done(&IMPORT, &format!("{}yes\n", typed(SECOND))).contains(WHOLE));
    }
}

#[test]
fn keys_are_made_rolled_and_retired() {
    for place in Place::both() {
        let first = place.done(&["create", "--card-type", "01", "--key-version", "01"], "");
        assert!(first.contains("card type 01, version 01, 3des: load "), "{first}");
        let again = place.refused(&["create", "--card-type", "01", "--key-version", "01"], "");
        assert!(again.contains("there are keys for card type 01, version 01, 3des already"), "{again}");
        let none = place.refused(&["roll", "--card-type", "02"], "");
        assert!(none.contains("has no keys for card type 02 with 3des: create or import them"), "{none}");
        let second = place.done(&["roll", "--card-type", "01"], "");
        assert!(second.contains("card type 01, version 02, 3des: load "), "{second}");
        let listed = place.done(&["list"], "");
        let lines: Vec<&str> = listed.lines().collect();
        assert_eq!(lines.len(), 2, "{listed}");
        assert!(first.contains(lines[0]) && second.contains(lines[1]), "{listed}");

        let retire = ["retire", "--card-type", "01", "--key-version", "01", "--unchecked"];
        for typed in ["", "yes\n", "000000\n"] {
            let said = place.refused(&retire, typed);
            assert!(said.contains("Type the check value of its load key to remove it"), "{said}");
            assert_eq!(place.done(&["list"], ""), listed);
        }
        let value = lines[0].split("load ").nth(1).and_then(|rest| rest.split(',').next()).expect("a value");
        let said = place.done(&retire, &format!("{}\n", value.to_lowercase()));
        assert!(said.contains("Removed from") && said.contains("card type 01, version 01, 3des"), "{said}");
        assert_eq!(place.done(&["list"], ""), format!("{}\n", lines[1]));
        assert!(place.refused(&retire, "").contains("there are no keys for card type 01, version 01, 3des"));

        // The last keys of a card type do not go by the way.
        let last = ["retire", "--card-type", "01", "--key-version", "02", "--unchecked"];
        assert!(place.refused(&last, "").contains("these are the only keys of card type 01"), "the last");
        let value = lines[1].split("load ").nth(1).and_then(|rest| rest.split(',').next()).expect("a value");
        place.done(&[&last[..], &["--last"]].concat(), &format!("{value}\n"));
        assert!(place.done(&["list"], "").contains("holds no keys"));
    }
}

#[test]
fn keys_that_an_open_load_needs_are_not_retired() {
    let sqlite = Sqlite::new();
    tokio::runtime::Runtime::new().expect("a runtime").block_on(open_load(&sqlite.url()));
    for place in Place::both() {
        for version in ["01", "02"] {
            place.done(&["create", "--card-type", "01", "--key-version", version], "");
        }
        let retire = |version: &str, more: &[&str]| {
            let arguments = [&["retire", "--card-type", "01", "--key-version", version][..], more].concat();
            place.refused(&arguments, "")
        };
        assert!(retire("01", &[]).contains("--database: is missing; it shows whether open loads need these keys"));
        let database = ["--database", &sqlite.url()];
        assert!(retire("01", &database).contains("loads with these keys are still open (1)"));
        // Those of the other version may go, if it is meant.
        assert!(retire("02", &database).contains("Type the check value of its load key"));
        assert_eq!(place.done(&["list"], "").lines().count(), 2);
    }
}

/// A load whose money is held, with a card that says version 01 and algorithm 01 (FMCOS's name for 3DES).
async fn open_load(url: &str) {
    let db = Db::open(url).await.expect("a database");
    let keys = Arc::new(SoftVault::in_memory(Vec::new()));
    let settings = Settings { password_kib: 64, ..Settings::default() };
    let house = House::open(db.clone(), keys, Arc::new(SystemClock), Arc::new(SystemEntropy), settings).await;
    let house = house.expect("a house");
    let group = GroupId(1);
    let mut tx = db.begin().await.expect("a unit of work");
    topup::groups::add(&mut tx, group, "示例集团", SystemClock.now()).await.expect("a group");
    let quota = ledger::Movement {
        group,
        from: ledger::Kind::Bank,
        to: ledger::Kind::Quota,
        amount: Fen::new(10_000),
        reason: "opening quota",
        subject: 0,
        at: SystemClock.now(),
    };
    ledger::post(&mut tx, &[quota]).await.expect("a posting")[0].expect("accepted");
    tx.commit().await.expect("a commit");
    let evidence = Evidence {
        balance_field: 0,
        counter: Counter(0),
        random: [0; 4],
        key_version: 1,
        algorithm: 1,
        mac1: Mac([0; 4]),
        mac2: Mac([0; 4]),
        host_time: "20261122010203".parse().expect("a time"),
        answers: "{}".into(),
    };
    let load = NewLoad {
        group,
        id: 1,
        intent: "one".into(),
        operator: 1,
        terminal: "000001000050".into(),
        reader: "reader".into(),
        card_number: "4100000000000001".into(),
        card_class: "01".into(),
        amount: Fen::new(1_000),
        balance_before: Some(Fen::ZERO),
        evidence: Some(evidence),
        at: SystemClock.now(),
    };
    assert!(matches!(house.book.authorise(load).await, Ok(Authorised::Held { .. })));
    db.close().await;
}

#[test]
fn what_is_missing_or_wrong_is_said_with_its_name() {
    let (file, token) = (Place::file(), Place::token());
    let both = file.refused(&["list", "--vault-module", "/m"], "");
    assert!(both.contains("vault and vault_module: keys are in a sealed file or in a token"), "{both}");
    let sm4 = token.refused(&["create", "--card-type", "01", "--key-version", "41", "--algorithm", "sm4"], "");
    assert!(sm4.contains("a token has no SM4"), "{sm4}");
    let sm4 = file.done(&["create", "--card-type", "01", "--key-version", "41", "--algorithm", "sm4"], "");
    assert!(sm4.contains("card type 01, version 41, sm4: load "), "{sm4}");
    for wrong in ["1", "001", "xy"] {
        let output = file.run(&["create", "--card-type", wrong, "--key-version", "01"], "");
        assert!(super::place::says(&output).contains("two hexadecimal digits are expected"), "{wrong}");
    }
    let wrong = file.closed("passphrase", "another passphrase");
    assert!(file.refused(&["list"], "").contains("wrong passphrase for the key file"), "{wrong}");
    fs::remove_file(file.folder.path().join("keys.age")).expect("removed");
    assert!(file.refused(&["list"], "").contains("keys.age cannot be read"));
    assert!(!file.is_token() && token.is_token());
}
