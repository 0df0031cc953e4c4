//! What becomes of scripts, on cards that do as they are told.

use std::time::Duration;

use link::{Done, End, Expected, FromTerminal, HexBytes, Reader, Script};
use terminal::{CardLost, EXCHANGE_LIMIT};

use crate::cards::{Gate, Stand, committing, script};
use crate::server::{Bench, Peer, soon};

fn done(script: &str, end: End, answers: &[&[u8]]) -> Done {
    Done { script: script.into(), end, answers: answers.iter().map(|answer| HexBytes(answer.to_vec())).collect() }
}

/// A terminal with a card on its stand, connected.
async fn at_work(stand: &Stand) -> (Bench, terminal::Handle, Peer, u64) {
    let bench = Bench::new().await;
    let tap = stand.tap();
    let handle = bench.start(stand.readers());
    let (peer, readers) = bench.welcome().await;
    assert_eq!(readers[0].tap.as_ref().map(|tap| tap.tap), Some(tap));
    (bench, handle, peer, tap)
}

#[tokio::test]
async fn a_script_stops_at_the_first_surprise() {
    let stand = Stand::new(|apdu| Ok(if apdu[1] == 2 { vec![0x6A, 0x82] } else { vec![apdu[1], 0x90, 0x00] }));
    let (_bench, handle, mut peer, tap) = at_work(&stand).await;
    assert_eq!(peer.run(&script("a", tap, &[1, 3])).await, done("a", End::Completed, &[&[1, 0x90, 0], &[3, 0x90, 0]]));
    let surprise = done("b", End::Unexpected, &[&[1, 0x90, 0], &[0x6A, 0x82]]);
    assert_eq!(peer.run(&script("b", tap, &[1, 2, 3])).await, surprise);
    let mut tolerant = script("c", tap, &[2, 3]);
    tolerant.steps[0].expect = Expected::Anything;
    assert_eq!(peer.run(&tolerant).await, done("c", End::Completed, &[&[0x6A, 0x82], &[3, 0x90, 0]]));
    assert_eq!(stand.sent(), [1, 3, 1, 2, 2, 3]);
    assert_eq!(stand.powered(), 1, "the card stays powered from script to script");
    handle.stop().await;
}

#[tokio::test]
async fn cards_come_and_go() {
    let stand = Stand::agreeable();
    let (_bench, handle, mut peer, first) = at_work(&stand).await;
    peer.complete(&script("a", first, &[1])).await;
    stand.remove();
    assert_eq!(peer.hear().await, FromTerminal::Removed { tap: first });
    assert_eq!(peer.run(&script("b", first, &[2])).await, done("b", End::NoSuchTap, &[]));
    let second = stand.tap();
    assert_eq!(peer.inserted().await, second);
    assert_eq!(peer.run(&committing("c", first, &[3])).await, done("c", End::NoSuchTap, &[]));
    peer.complete(&script("d", second, &[4])).await;
    assert_eq!((stand.sent(), stand.powered()), (vec![1, 4], 2));
    stand.unplug();
    assert_eq!(peer.hear().await, FromTerminal::Readers { readers: Vec::new() });
    stand.remove();
    let back = Reader { name: "stand".into(), tap: None };
    assert_eq!(peer.hear().await, FromTerminal::Readers { readers: vec![back] });
    handle.stop().await;
}

#[tokio::test]
async fn one_script_at_a_time_and_a_repeat_is_not_busy() {
    let gate = Gate::closed();
    let wait = gate.clone();
    let stand = Stand::new(move |_| {
        wait.wait();
        Ok(vec![0x90, 0x00])
    });
    let (_bench, handle, mut peer, tap) = at_work(&stand).await;
    let load = committing("L1", tap, &[0x52]);
    peer.send(&load).await;
    peer.send(&load).await;
    assert_eq!(peer.run(&script("other", tap, &[1])).await, done("other", End::Busy, &[]));
    assert_eq!(peer.run(&committing("L2", tap, &[0x52])).await, done("L2", End::Busy, &[]));
    gate.open();
    assert_eq!(peer.hear_done().await, done("L1", End::Completed, &[&[0x90, 0]]), "said once, though asked twice");
    peer.complete(&script("next", tap, &[1])).await;
    assert_eq!(peer.run(&committing("L2", tap, &[0x52])).await.end, End::Busy, "an id has one result for ever");
    assert_eq!(stand.sent(), [0x52, 1]);
    handle.stop().await;
}

#[tokio::test]
async fn a_hanging_card_is_given_up_but_not_talked_over() {
    let gate = Gate::closed();
    let wait = gate.clone();
    let stand = Stand::new(move |apdu| {
        if apdu[1] == 0x52 {
            wait.wait();
        }
        Ok(vec![0x90, 0x00])
    });
    let bench = Bench::new().await;
    let tap = stand.tap();
    let handle = bench.start_with(stand.readers(), Duration::from_millis(100), 1);
    let (mut peer, _) = bench.welcome().await;
    assert_eq!(peer.run(&committing("L1", tap, &[1, 0x52, 2])).await, done("L1", End::TimedOut, &[&[0x90, 0]]));
    assert_eq!(peer.run(&script("a", tap, &[3])).await.end, End::Busy);
    gate.open();
    let mut tries = 0;
    while peer.run(&script(&format!("b{tries}"), tap, &[4])).await.end == End::Busy {
        tries += 1;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!((stand.sent(), stand.powered()), (vec![1, 0x52, 4], 2), "powered up anew");
    handle.stop().await;
}

#[tokio::test]
async fn another_card_does_not_wait_for_a_hanging_one() {
    let gate = Gate::closed();
    let wait = gate.clone();
    let stand = Stand::new(move |apdu| {
        if apdu[1] == 0x52 {
            wait.wait();
        }
        Ok(vec![0x90, 0x00])
    });
    let bench = Bench::new().await;
    let hanging = stand.tap();
    let handle = bench.start_with(stand.readers(), Duration::from_millis(100), 1);
    let (mut peer, _) = bench.welcome().await;
    assert_eq!(peer.run(&committing("L1", hanging, &[0x52])).await, done("L1", End::TimedOut, &[]));
    let other = stand.tap();
    assert_eq!(peer.hear().await, FromTerminal::Removed { tap: hanging });
    assert_eq!(peer.inserted().await, other);
    peer.complete(&script("a", other, &[1])).await;
    assert_eq!(stand.sent(), [0x52, 1]);
    gate.open();
    handle.stop().await;
}

#[tokio::test]
async fn no_step_begins_after_the_scripts_own_limit() {
    let stand = Stand::new(|_| {
        std::thread::sleep(Duration::from_millis(120));
        Ok(vec![0x90, 0x00])
    });
    let (_bench, handle, mut peer, tap) = at_work(&stand).await;
    let short = Script { limit_ms: 60, ..script("a", tap, &[1, 2]) };
    assert_eq!(peer.run(&short).await, done("a", End::TimedOut, &[&[0x90, 0]]));
    assert_eq!(stand.sent(), [1]);
    handle.stop().await;
}

#[tokio::test]
async fn a_lost_card_and_an_empty_answer_are_the_same() {
    let stand = Stand::new(|apdu| match apdu[1] {
        1 => Err(CardLost),
        2 => Ok(Vec::new()),
        3 => Ok(vec![0x90]),
        4 => panic!("a reader's driver fails"),
        _ => Ok(vec![0x90, 0x00]),
    });
    let (_bench, handle, mut peer, tap) = at_work(&stand).await;
    for (id, instruction) in [("a", 1), ("b", 2), ("c", 3), ("d", 4)] {
        let expected = done(id, End::Removed, &[&[0x90, 0]]);
        assert_eq!(peer.run(&committing(id, tap, &[9, instruction, 9])).await, expected);
    }
    handle.stop().await;
}

#[tokio::test]
async fn results_are_told_again_until_acknowledged_and_never_made_twice() {
    let stand = Stand::agreeable();
    let (bench, handle, mut peer, tap) = at_work(&stand).await;
    let (one, two) = (committing("L1", tap, &[0x52]), committing("L2", tap, &[0x52]));
    let result = peer.run(&one).await;
    assert_eq!(result, done("L1", End::Completed, &[&[0x90, 0]]));
    assert_eq!(peer.run(&one).await, result, "asked again, answered again");
    drop(peer);

    let (mut peer, _) = bench.welcome().await;
    assert_eq!(peer.hear_done().await, result, "told again on the next connection");
    assert_eq!(peer.run(&one).await, result);
    assert_eq!(peer.run(&two).await.script, "L2");
    let boot = peer.boot.clone();
    handle.stop().await;

    let handle = bench.start_with(stand.readers(), EXCHANGE_LIMIT, 2);
    let (mut peer, _) = bench.welcome().await;
    assert_ne!(peer.boot, boot);
    assert_eq!(peer.hear_done().await, result, "told again by the next run of the program");
    assert_eq!(peer.hear_done().await.script, "L2");
    peer.ack("L1").await;
    assert_eq!(peer.run(&one).await, result, "not even now is it run again");
    drop(peer);

    let (mut peer, _) = bench.welcome().await;
    assert_eq!(peer.hear_done().await.script, "L2", "L1 is not told any more");
    peer.ack("L2").await;
    peer.complete(&script("flush", tap, &[7])).await;
    drop(peer);
    let (mut peer, _) = bench.welcome().await;
    peer.complete(&script("nothing came before this", tap, &[8])).await;
    assert_eq!(stand.sent(), [0x52, 0x52, 7, 8]);
    handle.stop().await;
}

#[tokio::test]
async fn a_link_that_drops_in_the_middle_loses_no_result() {
    let gate = Gate::closed();
    let wait = gate.clone();
    let stand = Stand::new(move |_| {
        wait.wait();
        Ok(vec![0x90, 0x00])
    });
    let (bench, handle, mut peer, tap) = at_work(&stand).await;
    peer.send(&committing("L1", tap, &[0x52])).await;
    while stand.sent().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    drop(peer);
    let (mut peer, _) = bench.welcome().await;
    gate.open();
    assert_eq!(peer.hear_done().await, done("L1", End::Completed, &[&[0x90, 0]]));
    handle.stop().await;
}

#[tokio::test]
async fn stopping_ends_the_script_in_flight_and_tells_its_result() {
    let gate = Gate::closed();
    let wait = gate.clone();
    let stand = Stand::new(move |_| {
        wait.wait();
        Ok(vec![0x90, 0x00])
    });
    let (_bench, handle, mut peer, tap) = at_work(&stand).await;
    peer.send(&committing("L1", tap, &[0x52])).await;
    while stand.sent().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let stopping = tokio::spawn(handle.stop());
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!stopping.is_finished());
    gate.open();
    assert_eq!(peer.hear_done().await.end, End::Completed);
    assert_eq!(peer.hear_close().await.unwrap().reason.as_str(), "the terminal stops");
    soon(stopping).await.unwrap();
}

#[test]
fn a_program_that_dies_in_the_middle_tells_of_it_at_its_next_start() {
    let runtime = || tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let gate = Gate::closed();
    let wait = gate.clone();
    let stand = Stand::new(move |apdu| {
        if apdu[1] == 0x52 {
            wait.wait();
        }
        Ok(vec![0x12, 0x90, 0x00])
    });
    let server = runtime();
    let bench = server.block_on(Bench::new());
    let tap = stand.tap();
    let load = committing("L1", tap, &[1, 0x52]);

    let first_life = runtime();
    let handle = first_life.block_on(async { bench.start(stand.readers()) });
    let (mut peer, _) = server.block_on(bench.welcome());
    server.block_on(peer.send(&load));
    while !stand.sent().contains(&0x52) {
        std::thread::sleep(Duration::from_millis(5));
    }
    // As a kill does: nothing is ended, only the operating system's lock is let go.
    first_life.shutdown_background();
    drop(handle);
    drop(peer);

    let interrupted = done("L1", End::Interrupted, &[&[0x12, 0x90, 0]]);
    server.block_on(async {
        let handle = bench.start_with(stand.readers(), EXCHANGE_LIMIT, 2);
        let (mut peer, _) = bench.welcome().await;
        assert_eq!(peer.hear_done().await, interrupted);
        assert_eq!(peer.run(&load).await, interrupted);
        assert_eq!(stand.sent(), [1, 0x52], "the credit was sent once");
        gate.open();
        handle.stop().await;
    });
}
