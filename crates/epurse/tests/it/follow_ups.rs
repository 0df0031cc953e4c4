//! 61xx and 6Cxx: a T=0 card through the exchange machine, and answers no card should give.

use epurse::apdu::{Answer, Command, Exchange, ExchangeError, NoAnswer, SendError, Status, Step, Transmit, send};
use epurse::card::{Profile, Protocol, State};

use crate::support::*;

fn t0() -> Profile {
    Profile { protocol: Protocol::T0, ..profile() }
}

#[test]
fn a_t0_card_makes_a_load_like_any_other() {
    let mut card = ready(t0(), State::new(0, 1));
    assert_eq!(status(&mut card, "805000020B0100002710112233445566"), 0x6110);
    assert_eq!(status(&mut card, "00C0000011"), 0x6C10);
    assert_eq!(status(&mut card, "00C0000006"), 0x610A);
    assert_eq!(status(&mut card, "00C000000A"), 0x9000);
    assert_eq!(status(&mut card, "00C000000A"), 0x6985);
    assert_eq!(status(&mut card, "00B0950000"), 0x6C1E);
    load(&mut card, 500).unwrap().unwrap();
    buy(&mut card, 200).unwrap().unwrap();
    assert_eq!(card.balance(), 300);
}

/// A card that gives prepared answers and keeps what it was sent.
struct Script(Vec<&'static str>, Vec<String>);

impl Transmit for Script {
    type Error = ();

    fn transmit(&mut self, apdu: &[u8]) -> Result<Vec<u8>, ()> {
        self.1.push(hex::encode_upper(apdu));
        if self.0.is_empty() { Err(()) } else { Ok(hex::decode(self.0.remove(0)).unwrap()) }
    }
}

#[test]
fn follow_ups_are_gathered_into_one_answer() {
    let read = Command::new(0x00, 0xB0, 0x95, 0x00).with_le(0x00);
    for (answers, sent, data, status) in [
        (vec!["0A9000"], vec!["00B0950000"], "0A", 0x9000),
        (vec!["6C02", "0A0B9000"], vec!["00B0950000", "00B0950002"], "0A0B", 0x9000),
        (vec!["6102", "0A0B9000"], vec!["00B0950000", "00C0000002"], "0A0B", 0x9000),
        (
            vec!["0A6102", "0B6101", "6C01", "0C9000"],
            vec!["00B0950000", "00C0000002", "00C0000001", "00C0000001"],
            "0A0B0C",
            0x9000,
        ),
        (vec!["6C02", "6C03"], vec!["00B0950000", "00B0950002"], "", 0x6C03),
        (vec!["6102", "6A82"], vec!["00B0950000", "00C0000002"], "", 0x6A82),
    ] {
        let mut card = Script(answers, Vec::new());
        let answer = send(&mut card, &read).unwrap();
        assert_eq!((hex::encode_upper(&answer.data).as_str(), answer.status.raw()), (data, status));
        assert_eq!(card.1, sent);
    }
}

#[test]
fn a_link_that_breaks_is_not_an_answer() {
    let read = Command::new(0x00, 0xB0, 0x95, 0x00).with_le(0x00);
    let lost = SendError::Exchange(ExchangeError::NoAnswer(NoAnswer));
    assert_eq!(send(&mut Script(vec![""], Vec::new()), &read), Err(lost));
    assert_eq!(send(&mut Script(vec!["90"], Vec::new()), &read), Err(lost));
    assert_eq!(send(&mut Script(vec!["6102"], Vec::new()), &read), Err(SendError::Transmit(())));
    let endless = Err(SendError::Exchange(ExchangeError::Endless));
    assert_eq!(send(&mut Script(vec!["0A6101"; 99], Vec::new()), &read), endless);
}

#[test]
fn the_machine_alone() {
    let mut exchange = Exchange::new(Command::new(0x80, 0x5C, 0x00, 0x02).with_le(0x00));
    assert_eq!(exchange.next(&[0x6C, 0x04]), Ok(Step::Send(vec![0x80, 0x5C, 0x00, 0x02, 0x04])));
    let answer = Answer { data: vec![0, 0, 0, 1], status: Status::Success };
    assert_eq!(exchange.next(&[0, 0, 0, 1, 0x90, 0x00]), Ok(Step::Done(answer)));
}

#[test]
fn commands_on_the_wire() {
    for (bytes, data, le) in [
        ("00A40000", "", None),
        ("00B095001E", "", Some(0x1E)),
        ("00B0950000", "", Some(0x00)),
        ("0020000003123456", "123456", None),
        ("805A00020200010800", "", None),
        ("805A000202000108", "0001", Some(0x08)),
        ("0020000003123456789A", "", None),
        ("0020000003", "", Some(0x03)),
        ("00200000031234", "", None),
        ("00200000001234", "", None),
        ("002000", "", None),
    ] {
        let parsed = Command::parse(&hex::decode(bytes).unwrap());
        let malformed = ["805A00020200010800", "0020000003123456789A", "00200000031234", "00200000001234", "002000"];
        assert_eq!(parsed.is_err(), malformed.contains(&bytes), "{bytes}");
        if let Ok(command) = parsed {
            assert_eq!((hex::encode_upper(command.data()).as_str(), command.le()), (data, le), "{bytes}");
            assert_eq!(hex::encode_upper(command.to_bytes()), bytes);
        }
    }
    let verify = Command::new(0x00, 0x20, 0x00, 0x00).with_data(&[0x12, 0x34, 0x56]).unwrap();
    assert_eq!(format!("{verify:?}"), "Command(00200000 [PIN])");
    assert_eq!(format!("{:?}", initialize(1).command()), "Command(80500002 [0100000001112233445566] Le=10)");
    assert!(verify.clone().with_data(&[]).is_err() && verify.with_data(&[0; 256]).is_err());
}
