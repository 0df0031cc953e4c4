//! The software card: vectors replayed, and every refusal.

use epurse::apdu::Status;
use epurse::applications::{Aid, Fci};
use epurse::card::{CardKeys, CounterValue, Logs, Profile, Quirks, SoftCard, State};
use epurse::file15::{File15, Layout};
use epurse::keys::{Algorithm, Key};
use epurse::load::{Counter, Purse};
use epurse::log::{self, Record};
use epurse::pin::Pin;
use epurse::proof::Proof;
use epurse::{balance, proof, purchase};

use crate::support::*;

fn transmit(card: &mut SoftCard, apdu: &str) -> String {
    hex::encode_upper(card.transmit(&hex::decode(apdu).unwrap()).unwrap())
}

#[test]
fn v1_a_real_load_replayed() {
    let file = "073141000000000001010000410000008999998520150605203808080000";
    let file15 = File15::parse(Layout::Mohurd, &hex::decode(file).unwrap()).unwrap();
    let [dlk, dtk]: [Key; 2] =
        ["374598B5C0B0EAE1E1D06609AC5BB369", "CAA6025290114BFCC3C9043F70F7A07A"].map(|key| key.parse().unwrap());
    let keys = CardKeys::new(Algorithm::TripleDes, dlk.clone(), dlk, dtk);
    let mut profile = Profile::new(file15, keys);
    profile.directory = Some(Aid::CITY_DIRECTORY);
    let mut card = SoftCard::new(profile, State::new(0, 1));
    card.force_random([0xCD, 0xEF, 0x4F, 0x20]);

    assert_eq!(hex::encode_upper(card.power_on()), "3B9F95803FC6A08031E073FE211357C2051B86986019D1");
    assert_eq!(transmit(&mut card, &select_text(Aid::CITY)), "6A82", "the directory comes first");
    assert!(transmit(&mut card, &select_text(Aid::CITY_DIRECTORY)).ends_with("9000"));
    // The trace goes on with tag 9F0C, whose copy of the file ends in 0000, and the status.
    assert_eq!(
        transmit(&mut card, &select_text(Aid::CITY)),
        format!("6F328409A00000000386980701A5259F0801019F0C1E{file}9000")
    );
    assert_eq!(transmit(&mut card, "805000020B0100001C3700000100005010"), "0000000000000100CDEF4F2006B1BEF59000");
    assert_eq!(transmit(&mut card, "805200000B201408251031000641DCD804"), "ED0F87559000");
    assert_eq!(transmit(&mut card, "805C000204"), "00001C379000");
    assert_eq!(transmit(&mut card, "00B201C417"), "000100000000001C3702000001000050201408251031009000");
}

#[test]
fn v6_a_load_and_a_purchase_replayed() {
    let mut state = State::new(0x1388, 1);
    (state.online_counter, state.offline_counter) = (Counter(7), Counter(3));
    let mut card = ready(profile(), state.clone());
    for _ in 0..2 {
        card.force_random([0xAA, 0xBB, 0xCC, 0xDD]);
    }
    assert_eq!(transmit(&mut card, "805000020B010000271011223344556610"), "0000138800070100AABBCCDD545349299000");
    assert_eq!(transmit(&mut card, "805200000B202611220102030AC857CA04"), "6F954DCF9000");
    assert_eq!((card.balance(), card.online_counter()), (0x1388 + 0x2710, Counter(8)));

    assert_eq!(transmit(&mut card, "805001020B01000000FA1122334455660F"), "00003A9800030000000100AABBCCDD9000");
    let debit = "805401000F0000000120261122010203DE0EF22708";
    assert_eq!(transmit(&mut card, debit), "95D061E80F2F48C59000", "V6b");
    assert_eq!((card.balance(), card.state().offline_counter), (0x3A98 - 0xFA, Counter(4)));

    let mut sm4 = profile();
    sm4.keys.push(keys(Algorithm::Sm4));
    let mut card = ready(sm4, state);
    card.force_random([0xAA, 0xBB, 0xCC, 0xDD]);
    assert_eq!(transmit(&mut card, "805000020B410000271011223344556610"), "0000138800074104AABBCCDD645147AA9000");
    assert_eq!(transmit(&mut card, "805200000B20261122010203AFDA8B4C04"), "F53D7FC59000");
}

#[test]
fn files_are_read_as_far_as_they_go() {
    let mut with_holder = profile();
    with_holder.file16 = Some(b"holder".to_vec());
    let mut card = ready(with_holder, State::new(0, 1));
    let whole = hex::encode_upper(card.profile().file15.to_bytes());
    for (apdu, answer) in [
        ("00B095001E", format!("{whole}9000")),
        ("00B0950000", format!("{whole}9000")),
        ("00B0950C08", "41000000990000019000".into()),
        ("00B095001F", "6C1E".into()),
        ("00B0951D02", "6C01".into()),
        ("00B0951E01", "6B00".into()),
        ("00B0960006", "686F6C6465729000".into()),
        ("00B0970001", "6A82".into()),
        ("00B0000001", "6A86".into()),
        ("00B09500", "6700".into()),
        ("00B2018417", "6A82".into()),
        ("00B201C417", "6A83".into()),
        ("00B201C517", "6A86".into()),
    ] {
        assert_eq!(transmit(&mut card, apdu), answer, "{apdu}");
    }
    assert_eq!(transmit(&mut card, "0084000004").len(), 2 * (4 + 2));
    assert_eq!(transmit(&mut card, "0084000005"), "6700");
}

#[test]
fn the_fci_shows_file_15_on_some_cards_only() {
    for quirks in QUIRKS {
        let mut card = SoftCard::new(Profile { quirks, ..profile() }, State::new(0, 1));
        card.power_on();
        let fci = ask(&mut card, &Aid::CITY.select()).unwrap().success().unwrap();
        let shown = Fci::parse(&fci).unwrap().file15;
        assert_eq!(shown, quirks.fci_shows_file15.then(|| card.profile().file15.to_bytes()));
    }
}

#[test]
fn what_a_real_card_refuses() {
    let mut exhausted = State::new(100, 1);
    (exhausted.online_counter, exhausted.offline_counter) = (Counter(0xFFFF), Counter(0xFFFF));
    for (state, apdu, expected) in [
        (State::new(100, 1), "", 0x6700),
        (State::new(100, 1), "805000", 0x6700),
        (State::new(100, 1), "905C000204", 0x6E00),
        (State::new(100, 1), "045000020B010000271011223344556610", 0x6E00),
        (State::new(100, 1), "8051000204", 0x6D00),
        (State::new(100, 1), "00C0000004", 0x6D00),
        (State::new(100, 1), "00A4040008A000000632010105", 0x6A82),
        (State::new(100, 1), "00A404000E315041592E5359532E444446303100", 0x6A82),
        (State::new(100, 1), "00A40200023F00", 0x6A86),
        (State::new(100, 1), "805C000104", 0x6A86),
        (State::new(100, 1), "805C010204", 0x6A86),
        (State::new(100, 1), "805C000205", 0x6C04),
        (State::new(100, 1), "805C0002", 0x6700),
        (State::new(100, 1), "805000010B010000271011223344556610", 0x6A86),
        (State::new(100, 1), "805003020B010000271011223344556610", 0x6A86),
        (State::new(100, 1), "805000020A0100002710112233445510", 0x6700),
        (State::new(100, 1), "805000020B010000271011223344556611", 0x6700),
        (State::new(100, 1), "805000020B020000271011223344556610", 0x9403),
        (State::new(100, 1), "805000020B01FFFFFFFF11223344556610", 0x6985),
        (exhausted.clone(), "805000020B010000271011223344556610", 0x9402),
        (exhausted, "805001020B01000000011122334455660F", 0x9402),
        (State::new(100, 1), "805001020B01000000651122334455660F", 0x9401),
        (State::new(100, 1), "805200000B20261122010203AFDA8B4C04", 0x6901),
        (State::new(100, 1), "805200010B20261122010203AFDA8B4C04", 0x6A86),
        (State::new(100, 1), "805401000F0000000120261122010203DE0EF22708", 0x6901),
        (State::new(100, 1), "805A00020200010800", 0x6700),
        (State::new(100, 1), "805A000202000108", 0x9406),
        (State::new(100, 1), "0020000003123456", 0x6A88),
        (State::new(100, 1), "80CA000009", 0x6A88),
    ] {
        let mut card = ready(profile(), state.clone());
        assert_eq!(format!("{:04X}", status(&mut card, apdu)), format!("{expected:04X}"), "{apdu}");
        let unchanged = State { entropy: state.entropy, ..card.state().clone() };
        assert_eq!(unchanged, state, "{apdu}");
    }
}

#[test]
fn nothing_about_money_before_select() {
    let mut card = SoftCard::new(profile(), State::new(100, 1));
    card.power_on();
    for apdu in ["805C000204", "805000020B010000271011223344556610", "805A000202000108"] {
        assert_eq!(status(&mut card, apdu), 0x6985, "{apdu}");
    }
    assert_eq!(status(&mut card, "00B095001E"), 0x6A82);
    assert_eq!(status(&mut card, "00A40000023F00"), 0x9000);
    assert_eq!(status(&mut card, "805C000204"), 0x6985);
}

#[test]
fn credit_follows_initialize_and_nothing_else() {
    for quirks in QUIRKS {
        let refused = match quirks {
            Quirks::FIELD => Status::InvalidState,
            _ => Status::ConditionsNotSatisfied,
        };
        let mut card = ready(Profile { quirks, ..profile() }, State::new(0, 1));
        // A command in between.
        let session = open_load(&mut card, 100).unwrap().unwrap();
        ask(&mut card, &balance::read_command(Purse::Ep)).unwrap();
        assert_eq!(ask(&mut card, &credit(&session)).unwrap().status, refused);
        // A reset in between.
        let session = open_load(&mut card, 100).unwrap().unwrap();
        enter(&mut card).unwrap();
        assert_eq!(ask(&mut card, &credit(&session)).unwrap().status, refused);
        // Another INITIALIZE in between: the old MAC2 is useless.
        let session = open_load(&mut card, 100).unwrap().unwrap();
        open_load(&mut card, 100).unwrap().unwrap();
        assert_eq!(ask(&mut card, &credit(&session)).unwrap().status, Status::MacInvalid);
        assert_eq!((card.balance(), card.online_counter()), (0, Counter(0)));
        // Twice.
        let session = load(&mut card, 100).unwrap().unwrap();
        assert_eq!(ask(&mut card, &credit(&session)).unwrap().status, refused);
        assert_eq!((card.balance(), card.online_counter()), (100, Counter(1)));
    }
}

#[test]
fn a_wrong_mac_ends_the_session_on_some_cards() {
    for quirks in QUIRKS {
        let mut card = ready(Profile { quirks, ..profile() }, State::new(0, 1));
        let session = open_load(&mut card, 100).unwrap().unwrap();
        assert_eq!(status(&mut card, "805200000B202611220102030000000004"), 0x9302);
        let again = ask(&mut card, &credit(&session)).unwrap().status.is_success();
        assert_eq!(again, !quirks.wrong_mac_ends_session);
    }
}

#[test]
fn three_wrong_macs_in_a_row_lock_the_application() {
    let mut card = ready(profile(), State::new(0, 1));
    let wrong = |card: &mut SoftCard| {
        open_load(card, 100).unwrap().unwrap();
        assert_eq!(status(card, "805200000B202611220102030000000004"), 0x9302);
    };
    wrong(&mut card);
    wrong(&mut card);
    load(&mut card, 100).unwrap().unwrap();
    for _ in 0..3 {
        wrong(&mut card);
    }
    assert_eq!(open_load(&mut card, 100).unwrap(), Err(Status::Locked));
    card.power_on();
    assert_eq!(status(&mut card, &select_text(Aid::CITY)), 0x6283);
    assert_eq!(buy(&mut card, 1).unwrap(), Err(Status::Locked));
    assert_eq!(transmit(&mut card, "805C000204"), "000000649000");
    assert_eq!(status(&mut card, "805A000202000108"), 0x9000);
}

#[test]
fn a_load_needs_the_pin_and_the_pin_has_three_tries() {
    let pin = Some(Pin::bcd("123456").unwrap());
    let mut card = ready(Profile { pin, ..profile() }, State::new(0, 1));
    assert_eq!(open_load(&mut card, 100).unwrap(), Err(Status::SecurityNotSatisfied));
    let right = "0020000003123456";
    assert_eq!(hex::encode(Pin::bcd("123456").unwrap().command().to_bytes()), right);
    assert_eq!(status(&mut card, right), 0x9000);
    load(&mut card, 100).unwrap().unwrap();

    enter(&mut card).unwrap();
    assert_eq!(open_load(&mut card, 100).unwrap(), Err(Status::SecurityNotSatisfied), "the PIN ends with the session");
    assert_eq!(status(&mut card, right), 0x9000);
    for wrong in [0x63C2, 0x63C1, 0x63C0, 0x6983] {
        assert_eq!(status(&mut card, "0020000003123457"), wrong);
        assert_eq!(open_load(&mut card, 100).unwrap(), Err(Status::SecurityNotSatisfied), "a wrong PIN closes");
    }
    assert_eq!(status(&mut card, right), 0x6983);
}

#[test]
fn a_card_without_proofs_tells_only_by_its_unproven_log() {
    let mut card = ready(Profile { quirks: Quirks::WITHOUT_PROOF, ..profile() }, State::new(0, 1));
    load(&mut card, 100).unwrap().unwrap();
    for counter in [Counter(0), Counter(1)] {
        let answer = ask(&mut card, &proof::command(0x02, counter)).unwrap();
        assert_eq!(answer.status, Status::ProofUnavailable);
    }
    assert!(ask(&mut card, &log::read_command(log::SFI, 1)).unwrap().success().is_ok());
}

#[test]
fn proof_and_log_in_both_flavours() {
    for quirks in QUIRKS {
        let mut card = ready(Profile { quirks, ..profile() }, State::new(0, 1));
        load(&mut card, 100).unwrap().unwrap();
        let session = load(&mut card, 200).unwrap().unwrap();
        let (good, bad) = match quirks.proof.takes {
            Some(CounterValue::Before) => (Counter(1), Counter(2)),
            Some(CounterValue::After) => (Counter(2), Counter(1)),
            None => panic!("both flavours prove"),
        };
        let mut prove = |kind, counter| ask(&mut card, &proof::command(kind, counter)).unwrap();
        assert_eq!(prove(0x02, bad).status, Status::ProofUnavailable);
        assert_eq!(prove(0x06, good).status, Status::ProofUnavailable);
        let answer = Proof::parse(&prove(0x02, good).success().unwrap()).unwrap();
        assert_eq!(answer.tac, tac(&session));
        assert_eq!(answer.mac.0 == [0; 4], quirks.proof.blank_load_mac);
        assert_eq!(prove(0x02, good).status.is_success(), !quirks.proof.answers_once);

        let newest = ask(&mut card, &log::read_command(log::SFI, 1)).unwrap().success().unwrap();
        let newest = Record::parse(&newest).unwrap();
        assert_eq!((newest.counter == Counter(2), newest.amount), (quirks.log_carries == CounterValue::After, 200));
        assert!(newest.is_of(session.counter));

        load(&mut card, 300).unwrap().unwrap();
        open_load(&mut card, 1).unwrap().unwrap();
        let proof = ask(&mut card, &proof::command(0x02, Counter(good.0 + 1))).unwrap();
        assert_eq!(proof.status.is_success(), !quirks.proof.lost_on_initialize);
    }
}

#[test]
fn the_log_holds_ten_records_and_may_be_split() {
    let mut card = ready(Profile { logs: Logs { loads: 0x1A, purchases: 0x18 }, ..profile() }, State::new(0, 1));
    for amount in 1..=12 {
        load(&mut card, amount).unwrap().unwrap();
    }
    buy(&mut card, 5).unwrap().unwrap();
    let mut amounts = |sfi| -> Vec<u32> {
        let read = |n| ask(&mut card, &log::read_command(sfi, n)).unwrap().success().ok();
        (1..).map_while(read).map(|record| Record::parse(&record).unwrap().amount).collect()
    };
    assert_eq!(amounts(0x1A), [12, 11, 10, 9, 8, 7, 6, 5, 4]);
    assert_eq!(amounts(0x18), [5]);
}

#[test]
fn a_purchase_with_the_mohurd_security_code() {
    let security_code = Some([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    let mut card = ready(Profile { security_code, ..profile() }, State::new(1000, 1));
    let code = ask(&mut card, &purchase::security_code_command()).unwrap().success().unwrap();
    assert_eq!(Some(code.as_slice()), security_code.as_ref().map(|code| &code[..]));
    buy(&mut card, 300).unwrap().unwrap();
    assert_eq!(card.balance(), 700);
    // A load is not affected by it.
    load(&mut card, 100).unwrap().unwrap();
}

#[test]
fn a_t_union_balance_has_31_bits() {
    let mut card = ready(Profile::new(file15(Layout::TUnion), keys(Algorithm::TripleDes)), State::new(0x7FFF_FFF0, 1));
    assert_eq!(card.profile().aid, Aid::T_UNION);
    assert_eq!(load(&mut card, 0x10).unwrap(), Err(Status::ConditionsNotSatisfied));
    load(&mut card, 0x0F).unwrap().unwrap();
    assert_eq!(balance::parse(Layout::TUnion, &[0xFF; 4]), Ok(0x7FFF_FFFF));
    assert_eq!(balance::parse(Layout::Mohurd, &[0xFF; 4]), Ok(u32::MAX));
}
