//! A dishonest terminal: it owns the wire between card and server, records what it likes and answers what it likes. It
//! cannot get a hold back for money that is on a card, nor have a load taken for written that is not.

mod crook;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use epurse::load::Counter;
use epurse::log::{Record, TransactionType};
use epurse::time::HostTime;
use ledger::Fen;
use link::{Done, End, FromTerminal};
use store::Db;
use store::testing::on_both;
use topup::cards::Problem;
use topup::loads::{Load, Reason, State};
use topup::terminals::Phase;

use crate::cards::{Bench, Kind};
use crook::{AMOUNT, Desk, NUMBER, Notes, QUOTA};

/// The commands that a crook looks for, and where the terminal value stands in INITIALIZE FOR LOAD.
const INITIALIZE: [u8; 2] = [0x80, 0x50];
const CREDIT: [u8; 2] = [0x80, 0x52];
const PROVE: [u8; 2] = [0x80, 0x5A];
const BALANCE: [u8; 2] = [0x80, 0x5C];
const READ_RECORD: [u8; 2] = [0x00, 0xB2];
const TERMINAL: std::ops::Range<usize> = 10..16;
/// Where the counter stands in the answer, and the random number with MAC1.
const COUNTER: std::ops::Range<usize> = 4..6;
const RANDOM_AND_MAC1: std::ops::Range<usize> = 8..16;

/// What a probe for a load that was written is answered with, to look as if it were not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Forgery {
    /// The card's answer to the INITIALIZE of this very load, before it was credited.
    OwnInitialize,
    /// Its answer to an honest probe about an earlier load, at the same counter and amount.
    EarlierProbe,
    /// Its answers to INITIALIZEs for other terminals, made before the load was credited.
    ElsewhereBefore(usize),
    /// Another genuine card, whose counter is the old one, answers this very probe.
    AnotherCard,
    /// The card's true answer, with the old counter put into it.
    CounterPutBack,
    /// The answer of before, with the random number and MAC1 of the true one.
    Spliced,
    /// An error, as of a card that refuses.
    Refused,
    /// Success without anything.
    Nothing,
}

/// Forgeries for which the card need not be asked.
const WITHOUT_THE_CARD: [Forgery; 8] = [
    Forgery::OwnInitialize,
    Forgery::EarlierProbe,
    Forgery::ElsewhereBefore(0),
    Forgery::ElsewhereBefore(1),
    Forgery::ElsewhereBefore(2),
    Forgery::AnotherCard,
    Forgery::Refused,
    Forgery::Nothing,
];

/// Those for which it is, which on some cards destroys its proof.
const WITH_THE_CARD: [Forgery; 2] = [Forgery::CounterPutBack, Forgery::Spliced];

fn minus(quota: Fen, amount: Fen) -> Fen {
    Fen::new(quota.as_i64() - amount.as_i64())
}

fn is_probe(script: &str, apdu: &[u8]) -> bool {
    apdu.starts_with(&INITIALIZE) && script.contains("probe")
}

/// A load that was withheld from the card, and settled by an honest probe: the counter stays where it was.
async fn an_earlier_doubt(desk: &mut Desk) {
    desk.corrupt(|_, _, _, _, apdu| apdu.starts_with(&CREDIT).then_some(None));
    let offered = desk.tap(0).await;
    let load = desk.charge(offered).await;
    assert_eq!(load.state, State::Unknown);
    desk.reform();
    desk.tap(0).await;
    assert_eq!(desk.state(&load).await, State::Failed);
}

/// A load that the card takes, and of which the server hears nothing. Before it the crook asks the card for loads at
/// terminals of its own choice.
async fn a_hidden_load(desk: &mut Desk) -> Load {
    desk.corrupt(|notes, bench, card, script, apdu| {
        if apdu.starts_with(&INITIALIZE) {
            for elsewhere in [[0; 6], [0xFF; 6], [0, 0, 1, 0, 0, 0x53]] {
                let mut other = apdu.to_vec();
                other[TERMINAL].copy_from_slice(&elsewhere);
                notes.ask(bench, card, "elsewhere", &other);
            }
            return None;
        }
        if apdu.starts_with(&CREDIT) {
            notes.ask(bench, card, script, apdu);
            return Some(None);
        }
        None
    });
    let before = desk.balance();
    let offered = desk.tap(0).await;
    let load = desk.charge(offered).await;
    assert_eq!((load.state, desk.balance()), (State::Unknown, before + AMOUNT.as_i64()), "the money is on the card");
    load
}

/// The tap after a hidden load: everything that the card could say of it is kept back, and the probe is forged.
fn forge(desk: &mut Desk, forgery: Forgery) {
    let true_balance = u32::try_from(desk.balance()).expect("a balance");
    let old_balance = true_balance - u32::try_from(AMOUNT.as_i64()).expect("small");
    desk.corrupt(move |notes, bench, card, script, apdu| {
        if apdu.starts_with(&PROVE) {
            return Some(Some(vec![0x94, 0x06]));
        }
        if apdu.starts_with(&BALANCE) {
            return Some(Some([&old_balance.to_be_bytes()[..], &[0x90, 0]].concat()));
        }
        if apdu.starts_with(&READ_RECORD) {
            return Some(Some([&old_record()[..], &[0x90, 0]].concat()));
        }
        is_probe(script, apdu).then(|| forged(notes, bench, card, forgery, apdu))
    });
}

/// A record of a load long ago, as if none had come after it.
fn old_record() -> Vec<u8> {
    let time = HostTime::from_bcd([0x20, 0x20, 0x01, 0x02, 0x03, 0x04, 0x05]).expect("a time").to_bcd();
    let (transaction_type, terminal) = (TransactionType::EpLoad, NUMBER);
    Record { counter: Counter(0), overdraft: 0, amount: 1_000, transaction_type, terminal, time }.to_bytes()
}

fn forged(notes: &Notes, bench: &Bench, card: usize, forgery: Forgery, apdu: &[u8]) -> Option<Vec<u8>> {
    let own = notes.last(INITIALIZE, "-init");
    match forgery {
        Forgery::OwnInitialize => Some(own),
        Forgery::EarlierProbe => Some(notes.last(INITIALIZE, "probe")),
        Forgery::ElsewhereBefore(nth) => {
            let all = notes.all();
            let mut elsewhere = all.iter().filter(|seen| seen.script == "elsewhere");
            Some(elsewhere.nth(nth).expect("asked before").answer.clone())
        }
        Forgery::AnotherCard => {
            bench.power_on(1);
            for select in ["00A4040009A00000000386980700", "00A4040009A00000000386980701"] {
                bench.transmit(1, "", &hex::decode(select).expect("hexadecimal"), None);
            }
            let answer = bench.transmit(1, "", apdu, None)?;
            assert_eq!(answer[COUNTER], own[COUNTER], "its counter is the old one");
            Some(answer)
        }
        Forgery::CounterPutBack => {
            let mut answer = bench.transmit(card, "", apdu, None)?;
            assert_ne!(answer[COUNTER], own[COUNTER]);
            answer[COUNTER].copy_from_slice(&own[COUNTER]);
            Some(answer)
        }
        Forgery::Spliced => {
            let fresh = bench.transmit(card, "", apdu, None)?;
            let mut answer = own;
            answer[RANDOM_AND_MAC1].copy_from_slice(&fresh[RANDOM_AND_MAC1]);
            Some(answer)
        }
        Forgery::Refused => Some(vec![0x69, 0x85]),
        Forgery::Nothing => Some(vec![0x90, 0x00]),
    }
}

#[tokio::test]
async fn no_forged_answer_gives_money_back_that_is_on_the_card() {
    for kind in [Kind::Ordinary, Kind::Changsha] {
        let forgetful = kind == Kind::Changsha;
        on_both(|db| forgeries(db, kind, &WITHOUT_THE_CARD, State::Succeeded)).await;
        let settled = if forgetful { State::Unknown } else { State::Succeeded };
        on_both(|db| forgeries(db, kind, &WITH_THE_CARD, settled)).await;
    }
}

/// One forgery after the other about the same load; then the terminal is honest again.
async fn forgeries(db: Db, kind: Kind, forgeries: &[Forgery], in_the_end: State) {
    let mut desk = Desk::with(db, kind).await;
    an_earlier_doubt(&mut desk).await;
    let load = a_hidden_load(&mut desk).await;
    for forgery in forgeries {
        forge(&mut desk, *forgery);
        let offered = desk.tap(0).await;
        let Phase::Card { card, .. } = &offered else { panic!("{offered:?}") };
        assert!(matches!(card.allowed, Err(Problem::InDoubt { .. })), "{kind:?} {forgery:?}: {card:?}");
        assert_eq!(desk.state(&load).await, State::Unknown, "{kind:?} {forgery:?}");
        assert_eq!(desk.quota().await, (minus(QUOTA, AMOUNT), AMOUNT), "{kind:?} {forgery:?}");
        // Charged in spite of it? Not either.
        assert_eq!(desk.charge(offered).await.reason, Some(Reason::CardProblem), "{kind:?} {forgery:?}");
    }
    desk.reform();
    desk.tap(0).await;
    assert_eq!(desk.state(&load).await, in_the_end, "{kind:?}");
    desk.world.books().await;
}

/// How a load that the card never took is made to look as if it had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Claim {
    /// The TAC of an earlier load of the same card and amount.
    EarlierLoad,
    /// The TAC of the same load on another card: the same counter, balance, amount and terminal.
    AnotherCard,
    /// The load's own MAC2, which the terminal knows.
    Mac2,
    /// Made up.
    Zeros,
}

/// The same claim, as the answer to GET TRANSACTION PROVE and as the late result of CREDIT FOR LOAD itself.
#[tokio::test]
async fn no_forged_tac_proves_a_load_that_the_card_never_took() {
    for kind in [Kind::Ordinary, Kind::Changsha] {
        for claim in [Claim::EarlierLoad, Claim::AnotherCard, Claim::Mac2, Claim::Zeros] {
            on_both(|db| async move {
                let mut desk = Desk::with(db, kind).await;
                let tac = an_honest_tac(&mut desk, claim).await;
                // Withheld from the card.
                let mac2 = Arc::new(Mutex::new(Vec::new()));
                let kept = Arc::clone(&mac2);
                desk.corrupt(move |_, _, _, _, apdu| {
                    let credit = apdu.starts_with(&CREDIT);
                    credit.then(|| {
                        *kept.lock().expect("no test panicked with it") = apdu[12..16].to_vec();
                        None
                    })
                });
                let before = desk.balance();
                let offered = desk.tap(0).await;
                let load = desk.charge(offered).await;
                assert_eq!((load.state, desk.balance()), (State::Unknown, before));
                let claimed = match claim {
                    Claim::Mac2 => mac2.lock().expect("no test panicked with it").clone(),
                    Claim::EarlierLoad | Claim::AnotherCard | Claim::Zeros => tac,
                };
                let late = Done {
                    script: load.order.to_string(),
                    end: End::Completed,
                    answers: vec![[&claimed[..], &[0x90, 0]].concat().into()],
                };
                desk.terminal.tell(&FromTerminal::Done(late)).await.expect("connected");
                // Messages are taken in order: when the card is read, the late result was looked at. The probe is
                // honest: it cannot be forged, and without it the load would only stay in doubt.
                desk.corrupt(move |_, _, _, _, apdu| {
                    let proof = [&claimed[..], &claimed, &[0x90, 0]].concat();
                    apdu.starts_with(&PROVE).then_some(Some(proof))
                });
                desk.tap(0).await;
                assert_eq!(desk.state(&load).await, State::Failed, "{kind:?} {claim:?}");
                assert_eq!(desk.quota().await.1, Fen::ZERO);
                desk.world.books().await;
            })
            .await;
        }
    }
}

/// A genuine TAC of something else, from a load that goes well.
async fn an_honest_tac(desk: &mut Desk, claim: Claim) -> Vec<u8> {
    let card = match claim {
        Claim::EarlierLoad => 0,
        Claim::AnotherCard => 1,
        Claim::Mac2 | Claim::Zeros => return vec![0; 4],
    };
    desk.reform();
    let offered = desk.tap(card).await;
    assert_eq!(desk.charge(offered).await.state, State::Succeeded);
    desk.notes.last(CREDIT, "")[..4].to_vec()
}

#[tokio::test]
async fn an_order_that_was_kept_back_is_worth_nothing_after_the_probe() {
    for kind in [Kind::Ordinary, Kind::Changsha] {
        on_both(|db| async move {
            let mut desk = Desk::with(db, kind).await;
            let order = Arc::new(Mutex::new(Vec::new()));
            let kept = Arc::clone(&order);
            desk.corrupt(move |_, _, _, _, apdu| {
                apdu.starts_with(&CREDIT).then(|| {
                    *kept.lock().expect("no test panicked with it") = apdu.to_vec();
                    None
                })
            });
            let offered = desk.tap(0).await;
            let load = desk.charge(offered).await;
            // The probe comes; only it reaches the card, so that nothing else can have ended the session.
            let recorded = desk.notes.clone();
            desk.corrupt(move |_, _, _, script, apdu| {
                if is_probe(script, apdu) {
                    return None;
                }
                let all = recorded.all();
                let known = all.iter().rfind(|seen| seen.apdu == apdu).map(|seen| seen.answer.clone());
                Some(Some(known.unwrap_or_else(|| vec![0x94, 0x06])))
            });
            desk.terminal.tap_without_lifting(0).await.expect("connected");
            desk.until(|phase| matches!(phase, Phase::Card { proven: Some(_), .. })).await;
            assert_eq!((desk.state(&load).await, desk.quota().await), (State::Failed, (QUOTA, Fen::ZERO)));
            let before = desk.balance();
            let order = order.lock().expect("no test panicked with it").clone();
            let answer = desk.terminal.bench.transmit(0, "kept back", &order, None).expect("it is there");
            assert!(!answer.ends_with(&[0x90, 0]), "{kind:?}: the card obeys an order that was given up");
            assert_eq!(desk.balance(), before);
            desk.world.books().await;
        })
        .await;
    }
}

#[tokio::test]
async fn a_card_in_doubt_cannot_be_charged_under_the_name_of_another() {
    on_both(|db| async move {
        let mut desk = Desk::with(db, Kind::Ordinary).await;
        desk.reform();
        desk.tap(1).await;
        let number = desk.notes.last([0x00, 0xB0], "see");
        let load = a_hidden_load(&mut desk).await;
        desk.corrupt(move |_, _, _, _, apdu| match apdu {
            [0x00, 0xB0, ..] => Some(Some(number.clone())),
            _ => None,
        });
        let before = desk.balance();
        let offered = desk.tap(0).await;
        let Phase::Card { card, .. } = &offered else { panic!("{offered:?}") };
        assert!(card.allowed.is_ok(), "the other card is in no doubt");
        assert_eq!(desk.charge(offered).await.reason, Some(Reason::NotGenuine));
        assert_eq!((desk.balance(), desk.state(&load).await), (before, State::Unknown));
        desk.world.books().await;
    })
    .await;
}

#[tokio::test]
async fn every_probe_asks_for_another_terminal_that_nobody_could_know() {
    on_both(|db| async move {
        const PROBES: usize = 8;
        let mut desk = Desk::with(db, Kind::Ordinary).await;
        a_hidden_load(&mut desk).await;
        // A probe each time: the proof is kept back, and the card's true answer proves nothing.
        desk.corrupt(|_, _, _, _, apdu| apdu.starts_with(&PROVE).then(|| Some(vec![0x94, 0x06])));
        for _ in 0..PROBES {
            desk.tap(0).await;
        }
        let all = desk.notes.all();
        let probes = all.iter().filter(|seen| is_probe(&seen.script, &seen.apdu));
        let terminals: Vec<[u8; 6]> = probes.map(|probe| probe.apdu[TERMINAL].try_into().expect("6 bytes")).collect();
        assert_eq!(terminals.len(), PROBES);
        assert_eq!(terminals.iter().collect::<BTreeSet<_>>().len(), PROBES, "{terminals:02X?}");
        // No byte of it stands still: all six are drawn.
        for place in 0..6 {
            let values: BTreeSet<u8> = terminals.iter().map(|terminal| terminal[place]).collect();
            assert!(values.len() > PROBES / 2, "byte {place}: {values:02X?}");
        }
        assert!(!terminals.contains(&NUMBER.0));
    })
    .await;
}
