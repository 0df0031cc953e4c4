//! How terminals are, as pages learn it, and how they stand, as their doctors do.

use std::sync::Arc;
use std::time::Duration;

use ed25519_dalek::{Signer as _, SigningKey};
use epurse::terminal::TerminalNumber;
use ledger::Fen;
use link::{AskStanding, Readiness, Standing};
use store::testing::on_both;
use topup::House;
use topup::audit::Actor;
use topup::terminals::{self, Health, Live, NotFresh, Register, Vital};

use crate::cards::{Bench, Kind};
use crate::sim::SimTerminal;
use crate::world::{World, patient};

const NUMBER: TerminalNumber = TerminalNumber([0, 0, 1, 0, 0, 0x50]);
const QUIET: Duration = Duration::from_millis(20);

async fn live(world: &World) -> Live {
    terminals::live(&world.house().await, world.group, NUMBER).await.expect("a look")
}

/// Serves the terminal until the pages know what is wanted of it.
async fn until(world: &World, terminal: &mut SimTerminal, wanted: impl Fn(&Live) -> bool) -> Live {
    for _ in 0..5_000 {
        let live = live(world).await;
        if wanted(&live) {
            return live;
        }
        if terminal.serve(QUIET).await.is_err() {
            tokio::time::sleep(QUIET).await;
        }
    }
    panic!("never: {:?}", live(world).await);
}

#[tokio::test]
async fn pages_learn_how_a_terminal_is() {
    on_both(|db| async move {
        let world = World::open(db, patient(), 1, Fen::ZERO).await;
        let key = SigningKey::from_bytes(&[9; 32]);
        world.enrol(NUMBER, &key).await;
        let nothing = live(&world).await;
        assert!(!nothing.connected && nothing.health.is_none(), "{nothing:?}");

        let mut terminal = SimTerminal::new(NUMBER, key, Arc::new(Bench::of(&[Kind::Ordinary])));
        terminal.clock_ms = -90_000;
        terminal.connect(&world.house().await).await.expect("let in");
        let told = |live: &Live| live.health.as_ref().is_some_and(|health| health.vital.is_some());
        let shown = until(&world, &mut terminal, told).await;
        let Some(Health { program, fits: true, vital: Some(vital), trip: Some(trip), .. }) = &shown.health else {
            panic!("{shown:?}")
        };
        let expected =
            Vital { platform: "sim".into(), readers: Readiness::Ready, clock_ms: -90_000, unacknowledged: 0 };
        assert_eq!((program.as_str(), vital), ("sim", &expected));
        assert!(*trip < Duration::from_mins(1), "{trip:?}");

        // Gone, it is still known what it was; back, it is asked anew.
        terminal.cut();
        let gone = until(&world, &mut terminal, |live| !live.connected).await;
        assert_eq!(gone.health, shown.health);
        terminal.clock_ms = 0;
        terminal.connect(&world.house().await).await.expect("let in");
        let right =
            |live: &Live| live.health.as_ref().and_then(|it| it.vital.as_ref()).map(|it| it.clock_ms) == Some(0);
        until(&world, &mut terminal, right).await;

        // Another group learns nothing.
        let other = terminals::live(&world.house().await, ledger::GroupId(1), NUMBER).await.expect("a look");
        assert_eq!(other.health, None);
    })
    .await;
}

#[tokio::test]
async fn a_terminal_of_another_version_is_turned_away_and_its_clerks_are_told() {
    on_both(|db| async move {
        let world = World::open(db, patient(), 1, Fen::ZERO).await;
        let key = SigningKey::from_bytes(&[9; 32]);
        world.enrol(NUMBER, &key).await;
        let old = |key: &SigningKey| {
            let mut terminal = SimTerminal::new(NUMBER, key.clone(), Arc::new(Bench::of(&[])));
            terminal.version -= 1;
            terminal
        };
        // Who does not prove to be the terminal changes nothing.
        let mut stranger = old(&SigningKey::from_bytes(&[8; 32]));
        drop(stranger.connect(&world.house().await).await);
        while stranger.connected() {
            drop(stranger.serve(QUIET).await);
        }
        assert_eq!(live(&world).await.health, None);

        let mut terminal = old(&key);
        drop(terminal.connect(&world.house().await).await);
        let told = until(&world, &mut terminal, |live| live.health.is_some()).await;
        assert!(!told.connected && !told.health.as_ref().expect("told").fits, "{told:?}");

        // The right program is let in, and an old one beside it takes nothing from it.
        terminal.version = link::VERSION;
        terminal.connect(&world.house().await).await.expect("let in");
        until(&world, &mut terminal, |live| live.connected).await;
        let mut beside = old(&key);
        drop(beside.connect(&world.house().await).await);
        while beside.connected() {
            drop(beside.serve(QUIET).await);
        }
        let still = until(&world, &mut terminal, |live| live.connected).await;
        assert!(still.health.expect("told").fits);
    })
    .await;
}

#[tokio::test]
async fn a_terminal_asks_how_it_stands() {
    on_both(|db| async move {
        let world = World::open(db, patient(), 1, Fen::ZERO).await;
        let house = world.house().await;
        let key = SigningKey::from_bytes(&[9; 32]);
        world.enrol(NUMBER, &key).await;
        let ask = async |house: &House, key: &SigningKey, number: &str, now_us: i64| {
            let signature = key.sign(&link::standing_text(number, now_us)).to_bytes().to_vec().into();
            terminals::standing(house, &AskStanding { terminal: number.into(), now_us, signature }).await
        };
        let (number, now) = (NUMBER.to_string(), house.now().0);
        let good = |connected| Standing::Good { name: "前台".into(), connected };
        assert_eq!(ask(&house, &key, &number, now).await.expect("fresh"), good(false));
        let mut terminal = SimTerminal::new(NUMBER, key.clone(), Arc::new(Bench::of(&[])));
        terminal.connect(&house).await.expect("let in");
        until(&world, &mut terminal, |live| live.connected).await;
        assert_eq!(ask(&house, &key, &number, now).await.expect("fresh"), good(true));
        assert!(terminal.connected(), "the connection was left alone");

        let other = SigningKey::from_bytes(&[8; 32]);
        for (key, number) in [(&other, number.as_str()), (&key, "000001000051"), (&key, "no number")] {
            assert_eq!(ask(&house, key, number, now).await.expect("fresh"), Standing::Unknown);
        }
        for age in [-1_000_000, 61_000_000] {
            let old = ask(&house, &key, &number, house.now().0 - age).await;
            assert!(matches!(old, Err(NotFresh::Old)), "{old:?}");
        }
        Register::of(&house, &Actor::command_line()).revoke(NUMBER, "lost").await.expect("revoked");
        assert_eq!(ask(&house, &key, &number, house.now().0).await.expect("fresh"), Standing::Revoked);
        assert_eq!(ask(&house, &other, &number, house.now().0).await.expect("fresh"), Standing::Unknown);
    })
    .await;
}
