//! The card taken away at any moment of any exchange.

use epurse::card::{Cut, Moment, Profile, Protocol, SoftCard, State};
use epurse::load::Counter;
use epurse::log::TransactionType;
use epurse::proof::{self, Proof};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::support::*;

#[test]
fn the_moments_of_a_credit() {
    let length = 17;
    for (at, moved, answered) in [
        (Moment::Command(0), false, false),
        (Moment::Command(length - 1), false, false),
        (Moment::Command(length), false, false),
        (Moment::BeforeWrite, false, false),
        (Moment::AfterWrite, true, false),
        (Moment::Answer(0), true, false),
        (Moment::Answer(5), true, false),
        (Moment::Answer(6), true, true),
    ] {
        let mut card = ready(profile(), State::new(0, 1));
        card.remove_at(Cut { exchange: 1, at });
        let session = open_load(&mut card, 100).unwrap().unwrap();
        assert_eq!(ask(&mut card, &credit(&session)).is_ok(), answered, "{at:?}");
        assert!(card.transmit(&[0x80, 0x5C, 0x00, 0x02, 0x04]).is_err(), "it has no power any more");
        let (balance, counter) = if moved { (100, 1) } else { (0, 0) };
        assert_eq!((card.balance(), card.online_counter()), (balance, Counter(counter)), "{at:?}");

        enter(&mut card).unwrap();
        let proof = ask(&mut card, &proof::command(0x02, Counter(1))).unwrap().success();
        assert_eq!(proof.is_ok_and(|data| Proof::parse(&data).unwrap().tac == tac(&session)), moved, "{at:?}");
    }
}

#[test]
fn a_wrong_pin_is_counted_even_when_the_power_goes() {
    let pin = Some(epurse::pin::Pin::ascii("123456").unwrap());
    let mut card = ready(Profile { pin, ..profile() }, State::new(0, 1));
    for left in [2, 1, 0] {
        card.remove_at(Cut { exchange: 0, at: Moment::AfterWrite });
        assert!(card.transmit(&hex::decode("0020000006313233343537").unwrap()).is_err());
        assert_eq!(card.state().pin_tries, left);
        enter(&mut card).unwrap();
    }
    assert_eq!(status(&mut card, "0020000006313233343536"), 0x6983);
}

#[derive(Debug, Clone, Copy)]
enum Act {
    Load(u32),
    Buy(u32),
    Prove,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![(1_u32..5000).prop_map(Act::Load), (1_u32..5000).prop_map(Act::Buy), Just(Act::Prove)]
}

fn moment() -> impl Strategy<Value = Moment> {
    prop_oneof![
        (0_usize..24).prop_map(Moment::Command),
        Just(Moment::BeforeWrite),
        Just(Moment::AfterWrite),
        (0_usize..40).prop_map(Moment::Answer),
    ]
}

/// Balance, counters and log tell the same story: each transaction moved all of them or none.
fn check(before: &State, after: &State, act: Act) -> bool {
    let moved = before.balance != after.balance;
    let loads = after.online_counter.0 - before.online_counter.0;
    let purchases = after.offline_counter.0 - before.offline_counter.0;
    assert_eq!(moved, after.log != before.log);
    assert_eq!(moved, loads + purchases == 1);
    let (kind, balance) = match act {
        Act::Load(amount) => (TransactionType::EpLoad, before.balance + amount),
        Act::Buy(amount) => (TransactionType::EpPurchase, before.balance.saturating_sub(amount)),
        Act::Prove => (TransactionType::Other(0), before.balance),
    };
    if moved {
        assert_eq!((after.balance, after.log.first().unwrap().transaction_type), (balance, kind));
        assert_eq!(u16::from(kind == TransactionType::EpLoad), loads);
        assert_eq!(after.proof.unwrap().transaction_type, kind);
    }
    moved
}

fn perform(card: &mut SoftCard, act: Act) -> Option<bool> {
    match act {
        Act::Load(amount) => load(card, amount).ok().map(|done| done.is_ok()),
        Act::Buy(amount) => buy(card, amount).ok().map(|done| done.is_ok()),
        Act::Prove => ask(card, &proof::command(0x02, card.online_counter())).ok().map(|_| false),
    }
}

proptest! {
    #[test]
    fn no_cut_makes_balance_counters_and_log_disagree(
        steps in vec((act(), prop::option::of((0_u64..4, moment()))), 1..30),
        seed: u64,
        t0: bool,
        quirks in prop::sample::select(QUIRKS.to_vec()),
    ) {
        let protocol = if t0 { Protocol::T0 } else { Protocol::T1 };
        let mut card = ready(Profile { quirks, protocol, ..profile() }, State::new(1000, seed));
        for (act, cut) in steps {
            let before = card.state().clone();
            if let Some((exchange, at)) = cut {
                card.remove_at(Cut { exchange, at });
            }
            let done = perform(&mut card, act);
            let moved = check(&before, card.state(), act);
            // What was answered is what happened; without an answer either may be.
            prop_assert!(done.is_none_or(|done| done == moved));
            // A cut that did not come to pass strikes here instead.
            while enter(&mut card).is_err() {}
        }
    }

    #[test]
    fn the_same_seed_is_the_same_card(seed: u64) {
        let play = || {
            let mut card = ready(profile(), State::new(0, seed));
            let first = open_load(&mut card, 1).unwrap().unwrap();
            let second = open_load(&mut card, 1).unwrap().unwrap();
            prop_assert_ne!(first.random, second.random);
            Ok((first, second))
        };
        prop_assert_eq!(play()?, play()?);
    }
}
