//! Loads on software cards, end to end: the test is the host, the terminal and the card are real.

use std::sync::Arc;

use epurse::card::{Cut, Moment, Protocol};
use epurse::file15::{File15, Layout};
use link::{End, FromTerminal, HexBytes};
use terminal::{SoftReader, Tear};

use crate::purse::{FOREIGN, Load, ORDINARY, cards, data, see};
use crate::server::Bench;

#[tokio::test]
async fn fifty_yuan_go_onto_a_card_and_stay_there() {
    for protocol in [Protocol::T1, Protocol::T0] {
        let bench = Bench::new().await;
        let file = bench.state.path().join("cards.json");
        let cards = || {
            let mut cards = cards();
            cards[0].profile.protocol = protocol;
            cards
        };
        let reader = SoftReader::open("r", Some(file.clone()), cards()).unwrap();
        let handle = bench.start(Arc::new(reader.clone()));
        let (mut peer, readers) = bench.welcome().await;
        assert_eq!((readers[0].name.as_str(), &readers[0].tap), ("r", &None));
        reader.tap(ORDINARY).unwrap();
        let tap = peer.inserted().await;
        let seen = peer.complete(&see("see", tap)).await;
        let file15 = File15::parse(Layout::Mohurd, data(&seen[1])).unwrap();
        assert_eq!((file15.number().to_string().as_str(), data(&seen[2])), (ORDINARY, &1_260_u32.to_be_bytes()[..]));

        let load = Load::initialize(&mut peer, tap, ORDINARY, "L1", 5_000).await;
        assert!(load.genuine, "MAC1");
        let answers = peer.complete(&load.credit).await;
        assert!(load.proven_by(&answers[0]), "TAC");
        assert_eq!(peer.run(&load.credit).await.answers, answers, "a repeat is answered, not run");
        let card = reader.card(ORDINARY).unwrap();
        assert_eq!((card.balance_fen, card.loads), (6_260, 1));
        handle.stop().await;

        let again = SoftReader::open("r", Some(file), cards()).unwrap();
        assert_eq!(again.card(ORDINARY).unwrap().balance_fen, 6_260, "balances survive a restart");
        assert_eq!(again.card(ORDINARY).unwrap().loads, 1);
    }
}

#[tokio::test]
async fn a_card_torn_away_at_the_worst_moments_reports_the_truth() {
    for (tear, balance_after) in
        [(Tear::BeforeCredit, 1_260), (Tear::DuringCredit, 1_260), (Tear::AfterCredit, 1_260 + 5_000)]
    {
        let bench = Bench::new().await;
        let reader = SoftReader::open("r", None, cards()).unwrap();
        let handle = bench.start(Arc::new(reader.clone()));
        let (mut peer, _) = bench.welcome().await;
        reader.tear(Some(tear));
        let tap = reader.tap(ORDINARY).unwrap();
        let load = Load::initialize(&mut peer, tap, ORDINARY, "L1", 5_000).await.credit;
        let done = peer.run(&load).await;
        assert_eq!((done.end, done.answers), (End::Removed, vec![]), "{tear:?}");
        let card = reader.card(ORDINARY).unwrap();
        assert_eq!((card.balance_fen, card.lies_there), (balance_after, false), "{tear:?}");
        assert_eq!(reader.desk().borrow().tear, None, "once");

        // Back on the reader, the card itself tells; the old order is not carried out again.
        let tap = reader.tap(ORDINARY).unwrap();
        let seen = peer.complete(&see("see", tap)).await;
        assert_eq!(data(&seen[2]), balance_after.to_be_bytes());
        assert_eq!(peer.run(&load).await.end, End::Removed);
        assert_eq!(reader.card(ORDINARY).unwrap().balance_fen, balance_after);
        handle.stop().await;
    }
}

#[tokio::test]
async fn a_card_cut_off_at_any_byte_of_the_credit_is_never_said_to_be_done() {
    let bench = Bench::new().await;
    let reader = SoftReader::open("r", None, cards()).unwrap();
    let handle = bench.start(Arc::new(reader.clone()));
    let (mut peer, _) = bench.welcome().await;
    let mut balance = 1_260;
    let moments = (0..=17).map(Moment::Command).chain((0..=6).map(Moment::Answer));
    for (number, at) in moments.enumerate() {
        let tap = reader.tap(ORDINARY).unwrap();
        let load = Load::initialize(&mut peer, tap, ORDINARY, &format!("L{number}"), 1_000).await;
        assert!(reader.cut(Cut { exchange: 0, at }));
        let done = peer.run(&load.credit).await;
        let (applied, told) = match at {
            Moment::Answer(sent) => (true, sent == 6),
            Moment::Command(_) | Moment::BeforeWrite | Moment::AfterWrite => (false, false),
        };
        balance += if applied { 1_000 } else { 0 };
        assert_eq!(reader.card(ORDINARY).unwrap().balance_fen, balance, "{at:?}");
        assert_eq!(done.end, if told { End::Completed } else { End::Removed }, "{at:?}");
        assert_eq!(done.answers.first().is_some_and(|answer| load.proven_by(answer)), told, "{at:?}");
    }
    handle.stop().await;
}

#[tokio::test]
async fn a_card_of_other_keys_shows_by_its_mac_and_takes_no_order_of_ours() {
    let bench = Bench::new().await;
    let reader = SoftReader::open("r", None, cards()).unwrap();
    let handle = bench.start(Arc::new(reader.clone()));
    let (mut peer, _) = bench.welcome().await;
    let tap = reader.tap(FOREIGN).unwrap();
    let load = Load::initialize(&mut peer, tap, FOREIGN, "L1", 1_000).await;
    assert!(!load.genuine);
    let done = peer.run(&load.credit).await;
    assert_eq!((done.end, done.answers), (End::Unexpected, vec![HexBytes(vec![0x93, 0x02])]));
    assert_eq!(reader.card(FOREIGN).unwrap().balance_fen, 1_260);
    handle.stop().await;
}

#[tokio::test]
async fn an_exchange_of_cards_between_two_commands_is_noticed() {
    let bench = Bench::new().await;
    let reader = SoftReader::open("r", None, cards()).unwrap();
    let handle = bench.start(Arc::new(reader.clone()));
    let (mut peer, _) = bench.welcome().await;
    let first = reader.tap(ORDINARY).unwrap();
    let load = Load::initialize(&mut peer, first, ORDINARY, "L1", 1_000).await;
    let second = reader.tap(FOREIGN).unwrap();
    assert_eq!(peer.hear().await, FromTerminal::Removed { tap: first });
    assert_eq!(peer.inserted().await, second);
    assert_eq!(peer.run(&load.credit).await.end, End::NoSuchTap);
    // Lifted and put back: the session is over, and the card says so itself.
    let third = reader.tap(ORDINARY).unwrap();
    let stale = link::Script { id: "L2".into(), tap: third, ..load.credit };
    assert_eq!(peer.run(&stale).await.end, End::Unexpected);
    assert_eq!(reader.card(ORDINARY).unwrap().balance_fen, 1_260);
    handle.stop().await;
}

#[test]
fn a_damaged_memory_is_refused_and_names_the_place() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cards.json");
    let open = |text: &str| {
        std::fs::write(&file, text).unwrap();
        SoftReader::open("r", Some(file.clone()), cards()).err().expect("must be refused").to_string()
    };
    let error = open("{\n  \"4100000099000001\": 7\n}");
    assert!(error.contains("cards.json, line 2: invalid type"), "{error}");
    let memory =
        r#""balance":1,"online_counter":0,"offline_counter":0,"pin_tries":3,"mac_tries":3,"proof":null,"entropy":1"#;
    let error = open(&format!(r#"{{"{ORDINARY}":{{{memory},"log":["00"]}}}}"#));
    assert!(error.contains(ORDINARY) && error.contains("23 bytes were expected"), "{error}");
}
