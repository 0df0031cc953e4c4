//! Two server processes on one PostgreSQL: the clerk's page on one, the terminal on the other.

use std::sync::Arc;
use std::time::Duration;

use ed25519_dalek::SigningKey;
use epurse::terminal::TerminalNumber;
use ledger::Fen;
use store::Db;
use store::testing::postgres_url;
use topup::House;
use topup::cards::CardNumber;
use topup::loads::{self, Confirm, Load, Outcome, Reason, State};
use topup::terminals::{self, Phase};

use crate::cards::{Bench, Kind};
use crate::sim::{Fault, SimTerminal, Strike};
use crate::world::{World, patient};

const NUMBER: TerminalNumber = TerminalNumber([0, 0, 1, 0, 0, 0x51]);
const QUIET: Duration = Duration::from_millis(20);

/// Confirms at `here` what the terminal, wherever it is connected, then carries out. Only a page that is `fresh` is
/// confirmed, by its card and its intent: the other process may not have said yet what happened.
async fn charge(
    here: &House,
    world: &World,
    terminal: &mut SimTerminal,
    fresh: impl Fn(&CardNumber, &str) -> bool,
) -> Load {
    let mut confirmed = None;
    for _ in 0..5_000 {
        drop(terminal.serve(QUIET).await);
        let Some(intent) = &confirmed else {
            let live = terminals::live(here, world.group, NUMBER).await.expect("a look");
            if let Phase::Card { card, intent, .. } = live.phase
                && fresh(&card.number, &intent)
            {
                let (card, balance) = (card.number, card.balance);
                let confirm =
                    Confirm { terminal: NUMBER, card, balance, amount: Fen::new(5_000), intent: intent.clone() };
                loads::confirm(here, &world.operator, &confirm).await.expect("taken on");
                confirmed = Some(intent);
            }
            continue;
        };
        if let Outcome::Load(load) = loads::outcome(here, world.group, intent).await.expect("a look") {
            return *load;
        }
        if !terminal.connected() {
            tokio::time::sleep(QUIET).await;
        }
    }
    panic!("no outcome; confirmed: {confirmed:?}");
}

#[tokio::test]
async fn the_clerk_on_one_process_and_the_terminal_on_the_other() {
    let url = postgres_url().await;
    let world = World::open(Db::open(url.as_str()).await.expect("a database"), patient(), 1, Fen::new(100_000)).await;
    let here = world.house().await;
    let there = World::another_process(&url, 2).await;
    let key = SigningKey::from_bytes(&[5; 32]);
    world.enrol(NUMBER, &key).await;
    let mut terminal = SimTerminal::new(NUMBER, key, Arc::new(Bench::of(&[Kind::Ordinary, Kind::Student])));

    terminal.connect(&there).await.expect("let in");
    terminal.tap(0).await.expect("connected");
    let first = charge(&here, &world, &mut terminal, |_, _| true).await;
    assert_eq!((first.state, first.quota_after), (State::Succeeded, Some(Fen::new(95_000))));

    // The terminal moves to the other process with an answer that nobody heard; that process settles it.
    terminal.tap(1).await.expect("connected");
    terminal.strike = Some(Strike::Credit(Fault::DropAfter));
    let load = charge(&here, &world, &mut terminal, |card, _| *card != first.card).await;
    assert_eq!((load.state, load.reason), (State::Unknown, Some(Reason::LinkLostWhileWriting)));
    terminal.connect(&here).await.expect("let in");
    while terminal.owes() > 0 {
        terminal.serve(QUIET).await.expect("connected");
    }
    let settled = loads::by_order(&there, world.group, load.order).await.expect("a look").expect("the load");
    assert_eq!(settled.state, State::Succeeded);

    // Charged from the other side too, and the books are exact.
    let load = charge(&there, &world, &mut terminal, |_, intent| intent != load.intent).await;
    assert_eq!(load.state, State::Succeeded);
    let books = world.books().await;
    assert_eq!(books.loads, vec![(State::Succeeded, 3, Fen::new(15_000))]);
}
