//! Bytes that nobody should send: nothing panics, and no money moves.

use epurse::apdu::{Answer, Command, Exchange, Status};
use epurse::applications::{Aid, Fci};
use epurse::card::{Profile, Protocol, State};
use epurse::file15::{CardNumber, File15, Layout};
use epurse::load::Counter;
use epurse::log::Record;
use epurse::mac::Mac;
use epurse::pin::Pin;
use epurse::proof::Proof;
use epurse::time::{Date, HostTime};
use epurse::{balance, load, purchase};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::support::*;

/// Loads and purchases well begun, commands that look like real ones, and any bytes at all.
fn apdu() -> impl Strategy<Value = Vec<u8>> {
    let real = (
        prop_oneof![Just(0x00), Just(0x80), any::<u8>()],
        prop_oneof![
            prop::sample::select(vec![0xA4, 0xB0, 0xB2, 0x20, 0x84, 0xC0, 0x5C, 0x50, 0x52, 0x54, 0x5A, 0xCA]),
            any::<u8>()
        ],
        prop_oneof![0_u8..5, any::<u8>()],
        prop_oneof![0_u8..5, any::<u8>()],
        prop_oneof![Just(0), Just(2), Just(11), Just(15), 0_usize..40],
    );
    let real = real.prop_flat_map(|(cla, ins, p1, p2, lc)| {
        (vec(any::<u8>(), lc), prop::option::of(any::<u8>())).prop_map(move |(data, le)| {
            let lc = u8::try_from(data.len()).ok().filter(|lc| *lc > 0);
            [&[cla, ins, p1, p2][..], lc.as_slice(), &data, le.as_slice()].concat()
        })
    });
    let purchase = purchase::Initialize { key_index: 0x01, amount: 1, terminal: TERMINAL };
    let begun = prop::sample::select(vec![initialize(1).command().to_bytes(), purchase.command().to_bytes()]);
    prop_oneof![2 => begun, 4 => real, 1 => vec(any::<u8>(), 0..300)]
}

proptest! {
    #[test]
    fn no_garbage_moves_money(
        apdus in vec(apdu(), 1..60),
        seed: u64,
        t0: bool,
        quirks in prop::sample::select(QUIRKS.to_vec()),
    ) {
        let protocol = if t0 { Protocol::T0 } else { Protocol::T1 };
        let mut card = ready(Profile { quirks, protocol, ..profile() }, State::new(5000, seed));
        for apdu in apdus {
            let answer = card.transmit(&apdu).unwrap();
            prop_assert!(Answer::parse(&answer).is_ok());
            prop_assert_eq!((card.balance(), card.online_counter()), (5000, Counter(0)));
            prop_assert!(card.state().log.is_empty());
        }
        // However it was treated, it is still a card, unless it was locked.
        enter(&mut card).unwrap();
        let expected = if card.state().mac_tries == 0 { Err(Status::Locked) } else { Ok(()) };
        prop_assert_eq!(load(&mut card, 100).unwrap().map(drop), expected);
    }

    #[test]
    fn no_bytes_make_a_parser_panic(bytes in vec(any::<u8>(), 0..64)) {
        for layout in [Layout::Pboc, Layout::Mohurd, Layout::TUnion] {
            if let Ok(file) = File15::parse(layout, &bytes) {
                prop_assert_eq!(&file.to_bytes()[..], &bytes[..]);
            }
            let _parsed = balance::parse(layout, &bytes);
        }
        let _parsed = (Answer::parse(&bytes), Fci::parse(&bytes), Aid::new(&bytes), Mac::parse(&bytes));
        let _parsed = (load::Initialized::parse(&bytes), purchase::Initialized::parse(&bytes));
        let _parsed = (purchase::Debited::parse(&bytes), Proof::parse(&bytes), Record::parse(&bytes));
        if let Ok(command) = Command::parse(&bytes) {
            prop_assert_eq!(&command.to_bytes(), &bytes);
            let _step = Exchange::new(command).next(&bytes);
        }
    }

    #[test]
    fn file_15_is_read_as_it_was_written(
        bytes in vec(any::<u8>(), 30),
        number in "[0-9]{20}",
        (year, month, day) in (0_u16..=9999, 1_u8..=12, 1_u8..=28),
        layout in prop::sample::select(vec![Layout::Pboc, Layout::Mohurd, Layout::TUnion]),
    ) {
        let mut bytes = bytes;
        bytes[8] &= 0x01;
        let from = if layout == Layout::Mohurd { 12 } else { 10 };
        let (_, digits) = number.split_at(20 - layout.digits());
        bytes[from..20].copy_from_slice(&hex::decode(digits).unwrap());
        let date = Date::new(year, month, day).unwrap();
        bytes[20..24].copy_from_slice(&date.to_bcd());
        bytes[24..28].copy_from_slice(&date.to_bcd());

        let file = File15::parse(layout, &bytes).unwrap();
        prop_assert_eq!(&file.to_bytes()[..], &bytes[..]);
        prop_assert_eq!(file.number().to_string(), digits);
        prop_assert_eq!(file.number().to_string().parse::<CardNumber>(), Ok(file.number()));
        prop_assert_eq!(&file.diversifier().0[..], &bytes[12..20]);
        prop_assert_eq!((file.start(), file.expiry()), (date, date));
        prop_assert_eq!(&file.card_type()[..], &bytes[28..]);
        prop_assert_eq!(file.enabled(), (layout == Layout::Mohurd).then_some(bytes[8] == 1));
    }

    #[test]
    fn no_text_makes_a_parser_panic(text in "\\PC{0,40}") {
        let _parsed = (text.parse::<CardNumber>(), text.parse::<HostTime>(), text.parse::<Aid>(), Pin::bcd(&text));
    }
}
