//! Readers, cards and the service itself come and go.

use terminal::{Health, PcscReaders, Readers as _};

use super::{NAME, Plastic, ordinary, tap_on, until, with_bare_service, with_service};

#[test]
fn the_service_comes_and_is_killed_and_comes_again() {
    with_service(module_path!(), "the_service_comes_and_is_killed_and_comes_again", async |mut service| {
        let readers = PcscReaders::open().unwrap();
        let (mut seen, mut health) = (readers.watch(), readers.health());
        until(&mut health, |health| *health == Health::NoService).await;
        assert_eq!(*seen.borrow(), []);

        service.start();
        let there = until(&mut seen, |readers| readers.len() == 2).await;
        assert_eq!(there[0].name, NAME);
        until(&mut health, |health| *health == Health::Ready).await;

        let plastic = Plastic::into_reader(0, ordinary()).await;
        let there = until(&mut seen, |readers| tap_on(readers, NAME).is_some()).await;
        let first = there[0].tap.clone().unwrap();
        assert_eq!((first.tap, first.reader.as_str()), (1, NAME));
        assert!(first.atr.0.starts_with(&[0x3B, 0x8F, 0x80, 0x01]), "{}", first.atr);
        let mut card = readers.connect(1).unwrap();
        assert!(card.transmit(&[0x00, 0x84, 0x00, 0x00, 0x04]).unwrap().ends_with(&[0x90, 0x00]));

        service.kill();
        assert!(card.transmit(&[0x00, 0x84, 0x00, 0x00, 0x04]).is_err(), "nobody carries it");
        until(&mut seen, Vec::is_empty).await;
        until(&mut health, |health| *health == Health::NoService).await;
        assert!(readers.connect(1).is_err());

        service.start();
        let there = until(&mut seen, |readers| tap_on(readers, NAME).is_some()).await;
        let second = tap_on(&there, NAME).unwrap();
        assert!(second > 1, "no tap outlives the service: {second}");
        assert!(readers.connect(1).is_err());
        assert!(card.transmit(&[0x00, 0x84, 0x00, 0x00, 0x04]).is_err(), "what is lost stays lost");
        let mut card = readers.connect(second).unwrap();
        assert!(card.transmit(&[0x00, 0x84, 0x00, 0x00, 0x04]).unwrap().ends_with(&[0x90, 0x00]));
        drop(plastic);
    });
}

#[test]
fn cards_come_and_go_and_every_stay_is_a_tap() {
    with_service(module_path!(), "cards_come_and_go_and_every_stay_is_a_tap", async |mut service| {
        service.start();
        let readers = PcscReaders::open().unwrap();
        let mut seen = readers.watch();
        let plastic = Plastic::into_reader(0, ordinary()).await;
        for tap in 1..=3 {
            until(&mut seen, |readers| tap_on(readers, NAME) == Some(tap)).await;
            plastic.remove().await;
            until(&mut seen, |readers| readers.len() == 2 && tap_on(readers, NAME).is_none()).await;
            assert!(readers.connect(tap).is_err());
            plastic.insert().await;
        }
        until(&mut seen, |readers| tap_on(readers, NAME) == Some(4)).await;
    });
}

#[test]
fn a_reader_has_whatever_name() {
    with_service(module_path!(), "a_reader_has_whatever_name", async |mut service| {
        service.start();
        let readers = PcscReaders::open().unwrap();
        let mut seen = readers.watch();
        until(&mut seen, |readers| readers.len() == 2).await;
        let odd = "读卡器 №1 <b>'&";
        service.kill();
        service.plug_in(odd);
        service.start();
        let there = until(&mut seen, |readers| readers.len() == 4).await;
        let name = format!("{odd} 00 00");
        assert!(there.iter().any(|reader| reader.name == name), "{there:?}");
        let _plastic = Plastic::into_reader(1, ordinary()).await;
        let there = until(&mut seen, |readers| tap_on(readers, &name).is_some()).await;
        let mut card = readers.connect(tap_on(&there, &name).unwrap()).unwrap();
        assert!(card.transmit(&[0x00, 0x84, 0x00, 0x00, 0x04]).unwrap().ends_with(&[0x90, 0x00]));
    });
}

#[test]
fn a_service_without_readers_says_so() {
    with_bare_service(module_path!(), "a_service_without_readers_says_so", async |mut service| {
        service.start();
        let readers = PcscReaders::open().unwrap();
        let mut health = readers.health();
        until(&mut health, |health| *health == Health::NoReader).await;
        service.kill();
        service.plug_in("First");
        service.start();
        until(&mut health, |health| *health == Health::Ready).await;
        assert_eq!(readers.watch().borrow()[0].name, "First 00 00");
    });
}
