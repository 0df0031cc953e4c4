//! A card that has been powered up anew since its INITIALIZE never gets the CREDIT.

use std::time::Duration;

use link::{End, FromTerminal};
use pcsc::{Context, Disposition, Protocols, Scope, ShareMode};
use terminal::EXCHANGE_LIMIT;

use super::{Counter, Plastic, ordinary, with_service};
use crate::purse::{Load, ORDINARY, see};

const CREDIT: [u8; 2] = [0x80, 0x52];

#[test]
fn a_card_lifted_and_put_back_gets_no_credit() {
    with_service(module_path!(), "a_card_lifted_and_put_back_gets_no_credit", async |mut service| {
        service.start();
        let mut counter = Counter::open(EXCHANGE_LIMIT).await;
        let mut plastic = Plastic::into_reader(0, ordinary()).await;
        let tap = counter.inserted().await.tap;
        // At once: nobody had the time to notice that it was away.
        let load = Load::initialize(&mut counter.peer, tap, ORDINARY, "L1", 5_000).await;
        plastic.remove().await;
        plastic.insert().await;
        let done = counter.peer.run(&load.credit).await;
        assert!(matches!(done.end, End::Removed | End::NoSuchTap), "{done:?}");
        // And when everybody has.
        let tap = counter.inserted().await.tap;
        let load = Load::initialize(&mut counter.peer, tap, ORDINARY, "L2", 5_000).await;
        plastic.remove().await;
        assert_eq!(counter.peer.hear().await, FromTerminal::Removed { tap });
        plastic.insert().await;
        let next = counter.inserted().await.tap;
        assert!(next > tap);
        assert_eq!(counter.peer.run(&load.credit).await.end, End::NoSuchTap);
        assert!(!plastic.commands().contains(&CREDIT));
        assert_eq!(plastic.balance(), 1_260);
        counter.peer.complete(&see("see", next)).await;
        counter.handle.stop().await;
    });
}

#[test]
fn a_card_reset_by_another_program_gets_no_credit() {
    with_service(module_path!(), "a_card_reset_by_another_program_gets_no_credit", async |mut service| {
        service.start();
        let mut counter = Counter::open(EXCHANGE_LIMIT).await;
        let mut plastic = Plastic::into_reader(0, ordinary()).await;
        let tap = counter.inserted().await.tap;
        let load = Load::initialize(&mut counter.peer, tap, ORDINARY, "L1", 5_000).await;
        let resetting = tokio::task::spawn_blocking(reset);
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(!resetting.is_finished(), "the card is ours alone for some time after INITIALIZE");
        resetting.await.unwrap();
        let done = counter.peer.run(&load.credit).await;
        assert!(matches!(done.end, End::Removed | End::NoSuchTap), "{done:?}");
        let next = counter.inserted().await.tap;
        assert!(next > tap, "the card that lies there gets another tap by itself");
        assert_eq!(counter.peer.run(&load.credit).await.end, done.end, "one result for ever");
        assert!(!plastic.commands().contains(&CREDIT));

        let load = Load::initialize(&mut counter.peer, next, ORDINARY, "L2", 5_000).await;
        let answers = counter.peer.complete(&load.credit).await;
        assert!(load.proven_by(&answers[0]) && plastic.balance() == 6_260, "and is charged as ever");
        counter.handle.stop().await;
    });
}

/// Another program resets the card as soon as it is let: its call waits for that.
fn reset() {
    let context = Context::establish(Scope::User).unwrap();
    let mut card = context.connect(c"Reader 00 00", ShareMode::Shared, Protocols::ANY).unwrap();
    card.reconnect(ShareMode::Shared, Protocols::ANY, Disposition::ResetCard).unwrap();
    card.disconnect(Disposition::LeaveCard).map_err(|(_, error)| error).unwrap();
}
