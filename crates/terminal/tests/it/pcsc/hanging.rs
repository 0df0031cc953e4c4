//! A card that does not answer wedges nothing.

use std::time::Duration;

use link::End;
use terminal::{Order, PcscReaders, Readers as _};

use super::{Counter, NAME, Plastic, ordinary, tap_on, until, with_service};
use crate::purse::{Load, ORDINARY, cards, see};

#[test]
fn a_card_that_hangs_is_given_up_and_the_next_reader_goes_on() {
    with_service(module_path!(), "a_card_that_hangs_is_given_up_and_the_next_reader_goes_on", async |mut service| {
        service.plug_in("Second");
        service.start();
        let mut counter = Counter::open(Duration::from_millis(700)).await;
        let mut plastic = Plastic::into_reader(0, ordinary()).await;
        let tap = counter.inserted().await.tap;
        let load = Load::initialize(&mut counter.peer, tap, ORDINARY, "L1", 5_000).await;
        plastic.card.order(Order::Slow(Duration::from_secs(4))).await;
        assert_eq!(counter.peer.run(&load.credit).await.end, End::TimedOut);
        assert_eq!(plastic.balance(), 6_260, "in fact it took the money");
        assert_eq!(counter.peer.run(&see("busy", tap)).await.end, End::Busy, "the command is still on its way");

        let _second = Plastic::into_reader(1, cards().swap_remove(1)).await;
        let other = counter.inserted().await;
        assert_eq!(other.reader, "Second 00 00");
        counter.peer.complete(&see("other", other.tap)).await;

        // When the answer comes at last it is too late, and the card is offered anew.
        let next = counter.inserted().await;
        assert_eq!(next.reader, NAME);
        plastic.card.order(Order::Slow(Duration::ZERO)).await;
        assert_eq!(counter.peer.run(&see("old", tap)).await.end, End::NoSuchTap);
        counter.peer.complete(&see("new", next.tap)).await;
        assert_eq!(plastic.commands().iter().filter(|command| **command == [0x80, 0x52]).count(), 1);
        counter.handle.stop().await;
    });
}

#[test]
fn a_card_that_hangs_for_ever_is_freed_when_the_service_is_killed() {
    with_service(
        module_path!(),
        "a_card_that_hangs_for_ever_is_freed_when_the_service_is_killed",
        async |mut service| {
            service.start();
            let readers = PcscReaders::open().unwrap();
            let mut seen = readers.watch();
            let plastic = Plastic::into_reader(0, ordinary()).await;
            until(&mut seen, |readers| tap_on(readers, NAME) == Some(1)).await;
            let mut card = readers.connect(1).unwrap();
            plastic.card.order(Order::Slow(Duration::from_mins(9))).await;
            let hanging = tokio::task::spawn_blocking(move || card.transmit(&[0x00, 0x84, 0x00, 0x00, 0x04]));
            tokio::time::sleep(Duration::from_millis(300)).await;
            assert!(!hanging.is_finished());
            service.kill();
            assert!(crate::server::soon(hanging).await.unwrap().is_err());
            plastic.card.order(Order::Slow(Duration::ZERO)).await;
            service.start();
            let there = until(&mut seen, |readers| tap_on(readers, NAME).is_some()).await;
            let mut card = readers.connect(tap_on(&there, NAME).unwrap()).unwrap();
            assert!(card.transmit(&[0x00, 0x84, 0x00, 0x00, 0x04]).unwrap().ends_with(&[0x90, 0x00]));
        },
    );
}
