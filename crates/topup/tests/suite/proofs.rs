//! Proofs that a card gives once: wherever the link, the terminal or the server breaks, none is lost.

use epurse::card::Moment;
use store::Db;
use store::testing::on_both;
use topup::loads::{Load, State};

use crate::cards::{Kind, Tear};
use crate::desk::{Desk, QUIET, yuan};
use crate::sim::{Fault, Strike};

/// A card that answers once, and loses its proof on any INITIALIZE, with a load in doubt that it took.
async fn in_doubt(db: Db) -> (Desk, Load) {
    let mut desk = Desk::with(db, yuan(1_000), &[Kind::Changsha]).await;
    desk.terminal.strike = Some(Strike::Credit(Fault::Tear(Tear::At(Moment::AfterWrite))));
    let load = desk.charge(yuan(50)).await;
    assert_eq!((load.state, desk.terminal.bench.balance(0)), (State::Unknown, 6_260));
    (desk, load)
}

/// Puts the card down, and does what the server asks for until the connection breaks.
async fn tap_until_it_breaks(desk: &mut Desk, fault: Fault) {
    desk.terminal.strike = Some(Strike::Prove(fault));
    desk.terminal.tap(0).await.expect("connected");
    while desk.terminal.serve(QUIET).await.is_ok() {}
    assert!(desk.terminal.strike.is_none(), "the card was asked");
}

/// Connects again and does what the server asks for until the load is settled.
async fn is_settled(desk: &mut Desk, load: &Load) {
    desk.terminal.connect(&desk.world.house().await).await.expect("let in");
    for _ in 0..5_000 {
        desk.terminal.serve(QUIET).await.expect("connected");
        if desk.by_order(load).await.state == State::Succeeded && desk.terminal.owes() == 0 {
            desk.world.books().await;
            return;
        }
    }
    panic!("not settled: {:?}", desk.by_order(load).await);
}

#[tokio::test]
async fn the_link_breaks_when_the_card_has_given_its_proof() {
    on_both(|db| async move {
        let (mut desk, load) = in_doubt(db).await;
        tap_until_it_breaks(&mut desk, Fault::DropAfter).await;
        assert_eq!(desk.by_order(&load).await.state, State::Unknown);
        is_settled(&mut desk, &load).await;
    })
    .await;
}

#[tokio::test]
async fn the_terminal_is_killed_when_the_card_has_given_its_proof() {
    on_both(|db| async move {
        let (mut desk, load) = in_doubt(db).await;
        // Two questions, for either counter; the second is the one that this card answers.
        tap_until_it_breaks(&mut desk, Fault::Kill(2)).await;
        is_settled(&mut desk, &load).await;
    })
    .await;
}

#[tokio::test]
async fn the_server_dies_when_the_card_has_given_its_proof() {
    on_both(|db| async move {
        let (mut desk, load) = in_doubt(db).await;
        tap_until_it_breaks(&mut desk, Fault::DropAfter).await;
        desk.terminal.server_died();
        desk.world.restart().await;
        // The card is elsewhere by then; nobody is there to be told.
        assert!(desk.terminal.remove().await.is_err());
        is_settled(&mut desk, &load).await;
    })
    .await;
}

#[tokio::test]
async fn a_proof_that_comes_twice_counts_once() {
    on_both(|db| async move {
        let (mut desk, load) = in_doubt(db).await;
        desk.terminal.strike = Some(Strike::Prove(Fault::Double));
        desk.tap(0).await;
        assert_eq!(desk.by_order(&load).await.state, State::Succeeded);
        is_settled(&mut desk, &load).await;
    })
    .await;
}

#[tokio::test]
async fn without_the_terminals_memory_this_card_cannot_tell_again() {
    on_both(|db| async move {
        let (mut desk, load) = in_doubt(db).await;
        tap_until_it_breaks(&mut desk, Fault::DropAfter).await;
        desk.terminal.forget();
        desk.terminal.connect(&desk.world.house().await).await.expect("let in");
        desk.tap(0).await;
        assert_eq!(desk.by_order(&load).await.state, State::Unknown);
        desk.world.books().await;
    })
    .await;
}
