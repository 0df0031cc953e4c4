//! Hands-free runs, on both engines: one confirm, many cards, each charged once.

mod hall;
mod limits;
mod storm;

use topup::loads::{self, ConfirmError, Reason, State};
use topup::records::{self, Holds};
use topup::runs::{self, AgainError, Ended, StartError, What};
use topup::terminals::Phase;

use crate::cards::{Kind, Tear};
use crate::sim::{Fault, Strike};
use crate::world::{World, patient};
use hall::{Hall, SESSION, plan, yuan};
use store::testing::on_both;

/// Two hundred cards, with everything that happens in a morning; at the end each has its 50 yuan, once.
#[tokio::test]
async fn two_hundred_cards_are_charged_once_each() {
    on_both(|db| async move {
        let mut hall = Hall::of_cards(db, yuan(20_000), 200).await;
        let run = hall.start(plan(50, 200, 10_000)).await;
        let mut repeats = 0;
        for card in 0..200 {
            match card {
                40 => hall.terminal.strike = Some(Strike::Credit(Fault::Tear(Tear::AfterCommand))),
                80 => hall.terminal.strike = Some(Strike::Credit(Fault::Tear(Tear::BeforeCommand))),
                120 => hall.terminal.strike = Some(Strike::Credit(Fault::DropAfter)),
                150 => hall.replace_server().await,
                _ => {}
            }
            let told = hall.put_down(card).await;
            let What::Load(order) = told else { panic!("card {card}: {told:?}") };
            let load = hall.load(order).await;
            match card {
                40 | 80 => assert_eq!((load.state, load.reason), (State::Unknown, Some(Reason::RemovedWhileWriting))),
                // The link came back, and the terminal said what nobody had heard.
                120 => hall.until_told_late().await,
                _ => assert_eq!(load.state, State::Succeeded, "card {card}"),
            }
            if card % 25 == 3 {
                assert_eq!(hall.put_down(card).await, What::Already(order), "card {card} again");
                repeats += 1;
            }
        }
        assert_eq!(repeats, 8);
        let look = hall.look(run).await;
        assert_eq!((look.tally.done.count, look.tally.doubt.count, look.run.ended), (198, 2, None), "{:?}", look.tally);
        assert_eq!(look.full, Some(runs::Full::Cards));

        let (house, group) = (hall.world.house().await, hall.world.group);
        let receipt = async || {
            let receipt = records::receipt_of_run(&house, group, run).await.expect("a look").expect("a receipt");
            assert_eq!(receipt.run.as_ref().map(|run| run.id), Some(run));
            let counts = Holds::ALL.map(|holds| receipt.totals.of(holds).count);
            (counts, receipt.signed(), receipt.loads.len())
        };
        assert_eq!(receipt().await, ([198, 0, 2], yuan(10_000), 200));

        // The two that were torn come back. One proves that it has the money; the other, that it has not, and is charged.
        assert!(matches!(hall.put_down(40).await, What::Settled(_)));
        assert!(matches!(hall.put_down(80).await, What::Load(_)));
        let summary = hall.summary(run).await;
        assert_eq!(summary.run.ended.map(|(_, why)| why), Some(Ended::Cards));
        assert_eq!((summary.tally.done.count, summary.tally.done.sum), (200, yuan(10_000)));
        assert_eq!((summary.attention.len(), summary.charged.len(), summary.tally.problems), (0, 200, 0));
        // The attempt that came to nothing is not on paper: its card was charged after all.
        assert_eq!(receipt().await, ([200, 0, 0], yuan(10_000), 200));
        for card in 0..200 {
            assert_eq!(hall.terminal.bench.balance(card), 6_260, "card {card}");
        }
        let books = hall.world.books().await;
        let failed = books.loads.iter().find(|(state, ..)| *state == State::Failed).map(|(_, count, _)| *count);
        assert_eq!(failed, Some(1), "the one that proved that it was not written");
        println!("{books}");
    })
    .await;
}

#[tokio::test]
async fn a_run_charges_only_cards_that_are_put_down_while_it_is_at_work() {
    on_both(|db| async move {
        let mut hall = Hall::of_cards(db, yuan(1_000), 3).await;
        hall.lay(0).await;
        let run = hall.start(plan(50, 10, 500)).await;
        hall.quiet().await;
        assert_eq!(hall.look(run).await.run.told, None, "it lay there when the run began");
        assert!(matches!(hall.put_down(0).await, What::Load(_)));
        // A terminal says a result again until it hears that it was taken; that is told once.
        hall.terminal.strike = Some(Strike::Credit(Fault::Double));
        assert!(matches!(hall.put_down(1).await, What::Load(_)));
        hall.quiet().await;
        assert_eq!(hall.look(run).await.run.told_count, 2);

        // It lies there when the terminal connects again: that is not being put down.
        hall.terminal.remove().await.expect("connected");
        hall.terminal.cut();
        hall.terminal.put_down_unheard(2);
        hall.replace_server().await;
        hall.until(|phase| matches!(phase, Phase::Card { .. })).await;
        hall.quiet().await;
        assert_eq!(hall.terminal.bench.balance(2), 1_260);
        assert!(matches!(hall.put_down(2).await, What::Load(_)));
        assert_eq!(hall.terminal.bench.gained(), 3 * 5_000);
        hall.world.books().await;
    })
    .await;
}

#[tokio::test]
async fn what_stops_a_run_stops_it_before_the_next_card() {
    on_both(|db| async move {
        let mut hall = Hall::of_cards(db, yuan(1_000), 3).await;
        let run = hall.start(plan(50, 10, 500)).await;
        let house = hall.world.house().await;

        // A load in flight comes to its end.
        hall.terminal.strike = Some(Strike::Credit(Fault::Late));
        hall.terminal.tap(0).await.expect("connected");
        let group = hall.world.group;
        let stopping = async {
            while runs::look(&house, group, run).await.expect("a look").expect("the run").tally.in_flight.count == 0 {}
            runs::stop(&house, group, run).await.expect("a write")
        };
        let (stopped, served) = tokio::join!(stopping, hall.terminal.serve(patient().poll * 3));
        assert!(stopped && served.is_ok());
        assert!(!runs::stop(&house, hall.world.group, run).await.expect("a write"), "once");
        hall.until(|phase| matches!(phase, Phase::Card { .. })).await;
        let look = hall.look(run).await;
        assert_eq!((look.tally.done.count, look.told.map(|load| load.state)), (1, Some(State::Succeeded)));

        hall.lay(1).await;
        hall.quiet().await;
        assert_eq!(hall.terminal.bench.gained(), 5_000);
        assert_eq!(hall.summary(run).await.run.ended.map(|(_, why)| why), Some(Ended::Stopped));

        // Gone on with, it still knows the card it has charged.
        runs::resume(&house, &hall.world.operator, run, SESSION).await.expect("goes on");
        assert!(matches!(hall.put_down(0).await, What::Already(_)));
        assert!(matches!(hall.put_down(1).await, What::Load(_)));
        let again = runs::resume(&house, &hall.world.operator, run, SESSION).await;
        assert!(matches!(again, Err(StartError::UnderWay(_))), "{again:?}");

        // The session ends.
        topup::people::sessions::delete(&house, SESSION).await.expect("a write");
        hall.lay(2).await;
        hall.quiet().await;
        assert_eq!(hall.terminal.bench.gained(), 10_000);
        runs::sweep(&house).await.expect("a sweep");
        assert_eq!(hall.summary(run).await.run.ended.map(|(_, why)| why), Some(Ended::Session));
        hall.world.books().await;
    })
    .await;
}

#[tokio::test]
async fn nobody_watching_pauses_a_run_and_in_the_end_ends_it() {
    let minute = std::time::Duration::from_mins(1);
    on_both(|db| async move {
        let mut hall = Hall::of_cards(db, yuan(1_000), 2).await;
        let run = hall.start(plan(50, 10, 500)).await;
        let house = hall.world.house().await;
        let watch = async |session: &str| runs::watch(&house, hall.world.group, run, session).await.expect("a write");
        assert!(!watch("someone else's").await, "only pages of its session count");
        assert!(watch(SESSION).await);

        // As it is when no page was heard of for a minute.
        hall.set_back("watched_at_us", run, minute).await;
        assert_eq!(hall.put_down_unwatched(0).await, What::Paused);
        assert_eq!(hall.terminal.bench.gained(), 0);
        assert!(runs::watch(&house, hall.world.group, run, SESSION).await.expect("a write"));
        hall.quiet().await;
        assert_eq!(hall.terminal.bench.gained(), 0, "it is not charged when somebody looks again");
        let (from, until) = hall.look(run).await.run.paused.expect("told");
        assert!(until.0 - from.0 >= 60_000_000);
        assert!(matches!(hall.put_down(0).await, What::Load(_)));

        hall.set_back("watched_at_us", run, minute * 6).await;
        runs::sweep(&house).await.expect("a sweep");
        assert_eq!(hall.summary(run).await.run.ended.map(|(_, why)| why), Some(Ended::Unwatched));

        // The terminal is away for long.
        runs::resume(&house, &hall.world.operator, run, SESSION).await.expect("goes on");
        hall.set_back("attended_at_us", run, minute * 6).await;
        runs::sweep(&house).await.expect("a sweep");
        assert_eq!(hall.look(run).await.run.ended, None, "it is connected");
        hall.terminal.cut();
        hall.until_gone().await;
        hall.set_back("attended_at_us", run, minute * 6).await;
        runs::sweep(&house).await.expect("a sweep");
        assert_eq!(hall.summary(run).await.run.ended.map(|(_, why)| why), Some(Ended::Terminal));
        hall.world.books().await;
    })
    .await;
}

#[tokio::test]
async fn a_card_is_charged_once_more_only_by_a_confirm_of_its_own() {
    on_both(|db| async move {
        let mut hall = Hall::of_cards(db, yuan(1_000), 1).await;
        let run = hall.start(plan(50, 3, 100)).await;
        hall.put_down(0).await;
        let confirm = hall.confirm(yuan(30)).await;
        let house = hall.world.house().await;
        let by_hand = loads::confirm(&house, &hall.world.operator, &confirm).await;
        assert!(matches!(by_hand, Err(ConfirmError::UnderRun)), "{by_hand:?}");

        runs::again(&house, &hall.world.operator, run, &confirm).await.expect("taken on");
        runs::again(&house, &hall.world.operator, run, &confirm).await.expect("a double click");
        hall.until_told(2).await;
        let look = hall.look(run).await;
        assert_eq!((look.tally.done.count, look.tally.done.sum), (2, yuan(100)), "the run's amount");
        assert_eq!(hall.terminal.bench.balance(0), 11_260);
        assert_eq!(look.run.ended.map(|(_, why)| why), Some(Ended::Money));
        let confirm = hall.confirm(yuan(50)).await;
        let late = runs::again(&house, &hall.world.operator, run, &confirm).await;
        assert!(matches!(late, Err(AgainError::Over)), "{late:?}");
        hall.world.books().await;
    })
    .await;
}

#[tokio::test]
async fn cards_that_cannot_be_charged_are_told_and_the_run_goes_on() {
    on_both(|db| async move {
        let kinds = [Kind::Expired, Kind::Full, Kind::NoApplication, Kind::Foreign, Kind::Ordinary];
        let mut hall = Hall::of_kinds(db, yuan(1_000), &kinds).await;
        let run = hall.start(plan(50, 10, 500)).await;
        for (card, reason) in
            [(0, Some(Reason::CardProblem)), (1, Some(Reason::OverCeiling)), (2, None), (3, Some(Reason::NotGenuine))]
        {
            let told = hall.put_down(card).await;
            match reason {
                None => assert_eq!(told, What::Unreadable),
                Some(reason) => {
                    let What::Load(order) = told else { panic!("{told:?}") };
                    let load = hall.load(order).await;
                    assert_eq!((load.state, load.reason), (State::Failed, Some(reason)));
                }
            }
        }
        // Lifted before anything was held; put down again it is charged.
        hall.terminal.strike = Some(Strike::Initialize(Fault::Tear(Tear::BeforeCommand)));
        let What::Load(order) = hall.put_down(4).await else { panic!("a load") };
        assert_eq!(hall.load(order).await.reason, Some(Reason::CardRemoved));
        assert_eq!(hall.look(run).await.tally.problems, 4);
        assert!(matches!(hall.put_down(4).await, What::Load(_)));
        assert!(matches!(hall.put_down(0).await, What::Load(_)), "tried again, refused again");

        let look = hall.look(run).await;
        assert_eq!((look.tally.done.count, look.tally.problems), (1, 3));
        let summary = hall.summary(run).await;
        assert_eq!((summary.attention.len(), summary.charged.len()), (3, 1));
        hall.world.books().await;
    })
    .await;
}

/// The clerk's page on one process, the terminal on the other.
#[tokio::test]
async fn a_run_spans_processes() {
    let url = store::testing::postgres_url().await;
    let db = store::Db::open(url.as_str()).await.expect("a database");
    let mut hall = Hall::of_cards(db, yuan(1_000), 4).await;
    let here = hall.world.house().await;
    let there = World::another_process(&url, 2).await;
    let run = hall.start(plan(50, 3, 500)).await;
    hall.put_down(0).await;
    hall.terminal.connect(&there).await.expect("let in");
    hall.put_down(1).await;
    assert!(matches!(hall.put_down(0).await, What::Already(_)));
    assert!(runs::stop(&here, hall.world.group, run).await.expect("a write"));
    hall.lay(2).await;
    hall.quiet().await;
    assert_eq!(hall.terminal.bench.gained(), 10_000);
    hall.world.books().await;
}
