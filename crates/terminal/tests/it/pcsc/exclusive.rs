//! Other programs of the machine use the same readers.

use pcsc::{Context, Disposition, Protocols, Scope, ShareMode};
use terminal::{PcscReaders, Readers as _};

use super::{NAME, Plastic, ordinary, tap_on, until, with_service};

/// GET CHALLENGE: any card answers it.
const ASK: [u8; 5] = [0x00, 0x84, 0x00, 0x00, 0x04];

#[test]
fn a_card_in_another_programs_hands_is_waited_for() {
    with_service(module_path!(), "a_card_in_another_programs_hands_is_waited_for", async |mut service| {
        service.start();
        let readers = PcscReaders::open().unwrap();
        let mut seen = readers.watch();
        let _plastic = Plastic::into_reader(0, ordinary()).await;
        until(&mut seen, |readers| tap_on(readers, NAME) == Some(1)).await;
        let context = Context::establish(Scope::User).unwrap();
        let other = context.connect(c"Reader 00 00", ShareMode::Exclusive, Protocols::ANY).unwrap();
        assert!(readers.connect(1).is_err(), "tried until the limit");
        let there = until(&mut seen, |readers| tap_on(readers, NAME).is_some_and(|tap| tap > 1)).await;
        // This time the other program lets go while we wait.
        let again = std::thread::scope(|scope| {
            let ours = scope.spawn(|| readers.connect(tap_on(&there, NAME).unwrap()));
            std::thread::sleep(std::time::Duration::from_millis(300));
            other.disconnect(Disposition::LeaveCard).map_err(|(_, error)| error).unwrap();
            ours.join().unwrap()
        });
        assert!(again.unwrap().transmit(&ASK).unwrap().ends_with(&[0x90, 0x00]));
    });
}

#[test]
fn others_may_use_the_card_between_our_scripts_but_not_within() {
    with_service(module_path!(), "others_may_use_the_card_between_our_scripts_but_not_within", async |mut service| {
        service.start();
        let readers = PcscReaders::open().unwrap();
        let _plastic = Plastic::into_reader(0, ordinary()).await;
        until(&mut readers.watch(), |readers| tap_on(readers, NAME) == Some(1)).await;
        let mut ours = readers.connect(1).unwrap();
        let context = Context::establish(Scope::User).unwrap();
        let other = context.connect(c"Reader 00 00", ShareMode::Shared, Protocols::ANY).unwrap();
        let mut buffer = [0; 16];
        assert!(other.transmit(&ASK, &mut buffer).is_ok(), "a card that nobody uses is free");
        assert!(ours.transmit(&ASK).unwrap().ends_with(&[0x90, 0x00]));
        // The other program's call waits until the card is free.
        let theirs = std::thread::spawn(move || {
            let answer = other.transmit(&ASK, &mut buffer).map(<[u8]>::to_vec);
            // Not dropped, which would reset the card.
            (answer, other)
        });
        std::thread::sleep(std::time::Duration::from_millis(300));
        assert!(!theirs.is_finished(), "now it is ours alone");
        assert!(ours.transmit(&ASK).unwrap().ends_with(&[0x90, 0x00]));
        assert!(!theirs.is_finished(), "still");
        let (answer, _other) = theirs.join().unwrap();
        assert!(answer.unwrap().ends_with(&[0x90, 0x00]), "and not for as long as it lies there");
        assert!(ours.transmit(&ASK).unwrap().ends_with(&[0x90, 0x00]), "it was not reset");
    });
}
