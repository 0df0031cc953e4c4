//! Scripts on cards in PC/SC readers.

use epurse::card::{Cut, Moment, Protocol};
use link::End;
use terminal::{EXCHANGE_LIMIT, Order, Place};

use super::{Counter, Plastic, ordinary, until, with_service};
use crate::purse::{Load, ORDINARY, cards, data, see};

#[test]
fn a_load_at_t0_and_at_t1() {
    with_service(module_path!(), "a_load_at_t0_and_at_t1", async |mut service| {
        service.start();
        let mut counter = Counter::open(EXCHANGE_LIMIT).await;
        for (protocol, get_responses) in [(Protocol::T1, 0), (Protocol::T0, 4)] {
            let mut definition = ordinary();
            definition.profile.protocol = protocol;
            let mut plastic = Plastic::into_reader(0, definition).await;
            let tap = counter.inserted().await;
            assert_eq!(tap.atr.0[3], if protocol == Protocol::T0 { 0x80 } else { 0x01 });
            let seen = counter.peer.complete(&see("see", tap.tap)).await;
            assert_eq!(data(&seen[2]), 1_260_u32.to_be_bytes());
            let id = format!("load-{protocol:?}");
            let load = Load::initialize(&mut counter.peer, tap.tap, ORDINARY, &id, 5_000).await;
            assert!(load.genuine, "MAC1");
            let answers = counter.peer.complete(&load.credit).await;
            assert!(load.proven_by(&answers[0]), "TAC");
            assert_eq!(plastic.balance(), 6_260);
            // SELECT, SELECT, INITIALIZE and CREDIT have data both ways.
            let followed = plastic.commands().iter().filter(|command| **command == [0x00, 0xC0]).count();
            assert_eq!(followed, get_responses, "{protocol:?}");
            plastic.remove().await;
        }
        counter.handle.stop().await;
    });
}

#[test]
fn two_cards_lie_there_and_each_gets_what_is_meant_for_it() {
    with_service(module_path!(), "two_cards_lie_there_and_each_gets_what_is_meant_for_it", async |mut service| {
        service.plug_in("Second");
        service.start();
        let mut counter = Counter::open(EXCHANGE_LIMIT).await;
        let [mut first, mut second] =
            [Plastic::into_reader(0, ordinary()).await, Plastic::into_reader(1, cards().swap_remove(1)).await];
        let mut taps = [counter.inserted().await, counter.inserted().await];
        taps.sort_by_key(|tap| tap.reader.clone());
        let [one, two] = taps;
        assert_eq!((one.reader.as_str(), two.reader.as_str()), ("Reader 00 00", "Second 00 00"));
        // Both stay powered, and a load on one goes on while the other is read.
        let load = Load::initialize(&mut counter.peer, one.tap, ORDINARY, "L1", 5_000).await;
        let seen = counter.peer.complete(&see("see", two.tap)).await;
        assert_eq!(data(&seen[2]), 8_000_u32.to_be_bytes());
        let answers = counter.peer.complete(&load.credit).await;
        assert!(load.proven_by(&answers[0]), "TAC");
        assert_eq!((first.balance(), second.balance()), (6_260, 8_000));
        assert_eq!(first.commands(), [[0x00, 0xA4], [0x80, 0x50], [0x80, 0x52]]);
        assert_eq!(second.commands(), [[0x00, 0xA4], [0x00, 0xB0], [0x80, 0x5C]]);
        counter.handle.stop().await;
    });
}

#[test]
fn a_card_torn_away_in_a_command_is_lost_whatever_the_service_says() {
    with_service(
        module_path!(),
        "a_card_torn_away_in_a_command_is_lost_whatever_the_service_says",
        async |mut service| {
            service.start();
            let mut counter = Counter::open(EXCHANGE_LIMIT).await;
            let mut plastic = Plastic::into_reader(0, ordinary()).await;
            let mut balance = 1_260;
            let moments = [
                (Moment::Command(0), false, End::Removed),
                (Moment::BeforeWrite, false, End::Removed),
                (Moment::AfterWrite, true, End::Removed),
                (Moment::Answer(usize::MAX), true, End::Completed),
            ];
            for (number, (at, applied, end)) in moments.into_iter().enumerate() {
                let tap = counter.inserted().await.tap;
                let id = format!("L{number}");
                let load = Load::initialize(&mut counter.peer, tap, ORDINARY, &id, 1_000).await;
                plastic.card.order(Order::Tear(Cut { exchange: 0, at })).await;
                let done = counter.peer.run(&load.credit).await;
                balance += if applied { 1_000 } else { 0 };
                assert_eq!((done.end, plastic.balance()), (end, balance), "{at:?}");
                until(&mut plastic.card.watch(), |view| view.place == Place::Out).await;
                // The order is dead, also when the card is back.
                plastic.insert().await;
                plastic.commands();
                let mut again = load.credit.clone();
                again.id = format!("{id}-again");
                assert_eq!(counter.peer.run(&again).await.end, End::NoSuchTap);
                assert_eq!(plastic.commands(), [] as [[u8; 2]; 0], "{at:?}");
            }
            counter.handle.stop().await;
        },
    );
}
