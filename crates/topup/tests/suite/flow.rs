//! The way of one load, and every way it can be refused, on both engines.

use epurse::card::Moment;
use epurse::terminal::TerminalNumber;
use ledger::Fen;
use store::Db;
use store::testing::on_both;
use topup::cards::{self, Doubtful, Problem};
use topup::loads::{self, Confirm, ConfirmError, Reason, State};
use topup::terminals::Phase;

use crate::cards::{Kind, Tear};
use crate::desk::{Desk, QUIET, yuan};
use crate::sim::{Fault, Strike};

#[tokio::test]
async fn a_load_goes_from_the_quota_onto_the_card() {
    on_both(|db| async move {
        let mut desk = Desk::with(db, yuan(1_000), &[Kind::Ordinary]).await;
        let (card, _) = desk.card().await;
        assert_eq!((card.balance, card.class.map(|class| class.zh)), (Fen::new(1_260), Some("普通卡".into())));
        assert_eq!(card.allowed.map(|allowed| allowed.most), Ok(yuan(980)));

        let before = desk.terminal.round_trips;
        let load = desk.charge(yuan(50)).await;
        assert_eq!((load.state, load.reason), (State::Succeeded, None));
        let round_trips = desk.terminal.round_trips - before;
        println!("{round_trips} round trips to the terminal from the confirm to the result");
        assert_eq!(round_trips, 2);
        assert_eq!((load.balance_before, load.balance_after), (Some(Fen::new(1_260)), Some(Fen::new(6_260))));
        assert_eq!((load.quota_before, load.quota_after), (Some(yuan(1_000)), Some(yuan(950))));
        assert_eq!(desk.terminal.bench.balance(0), 6_260);
        assert_eq!(desk.terminal.owes(), 0, "the result was acknowledged");

        // The same card again on the same tap is another load, with another intent.
        let (card, intent) = desk.card().await;
        assert_eq!(card.balance, Fen::new(6_260));
        assert_ne!(intent, load.intent);
        let again = desk.charge(yuan(20)).await;
        assert_eq!((again.state, again.quota_after), (State::Succeeded, Some(yuan(930))));
        desk.world.books().await;
    })
    .await;
}

#[tokio::test]
async fn cards_that_differ_from_each_other_are_charged_alike() {
    on_both(|db| async move {
        let mut desk = Desk::with(db, yuan(1_000), &[Kind::Changsha, Kind::Student]).await;
        assert_eq!(desk.charge(yuan(30)).await.state, State::Succeeded);
        desk.tap(1).await;
        assert_eq!(desk.charge(yuan(30)).await.state, State::Succeeded);
        desk.world.books().await;
    })
    .await;
}

#[tokio::test]
async fn one_confirm_is_one_load_however_often_it_is_clicked() {
    on_both(|db| async move {
        let mut desk = Desk::with(db, yuan(1_000), &[Kind::Ordinary]).await;
        let confirm = desk.confirm_of(yuan(50)).await;
        let second_window = Confirm { amount: yuan(100), ..confirm.clone() };
        let clicks =
            tokio::join!(desk.confirm(&confirm), desk.confirm(&confirm), Box::pin(desk.confirm(&second_window)));
        assert!(clicks.0.is_ok() && clicks.1.is_ok() && clicks.2.is_ok(), "{clicks:?}");
        let load = desk.outcome(&confirm.intent).await;
        assert_eq!(load.state, State::Succeeded);
        // The back button, later: the same load.
        desk.confirm(&confirm).await.expect("heard before");
        assert_eq!(desk.outcome(&confirm.intent).await, load);
        assert_eq!(desk.world.loads().await.len(), 1);
        assert_eq!(i64::from(desk.terminal.bench.balance(0)), 1_260 + load.amount.as_i64());
        desk.world.books().await;
    })
    .await;
}

#[tokio::test]
async fn what_the_clerk_no_longer_sees_is_not_charged() {
    on_both(|db| async move {
        let mut desk = Desk::with(db, yuan(1_000), &[Kind::Ordinary, Kind::Student]).await;
        let confirm = desk.confirm_of(yuan(50)).await;
        let other = Confirm { balance: Fen::new(1_000), ..confirm.clone() };
        assert!(matches!(desk.confirm(&other).await, Err(ConfirmError::Stale)));
        let made_up = Confirm { intent: "0123-0".into(), ..confirm.clone() };
        assert!(matches!(desk.confirm(&made_up).await, Err(ConfirmError::Stale)));
        desk.tap(1).await;
        assert!(matches!(desk.confirm(&confirm).await, Err(ConfirmError::Stale)), "another card lies there");
        let confirm = desk.confirm_of(yuan(50)).await;
        desk.terminal.cut();
        while desk.phase().await != Phase::NoCard {
            tokio::time::sleep(QUIET).await;
        }
        assert!(matches!(desk.confirm(&confirm).await, Err(ConfirmError::NotConnected)));
        let elsewhere = Confirm { terminal: TerminalNumber([9; 6]), ..confirm };
        assert!(matches!(desk.confirm(&elsewhere).await, Err(ConfirmError::NoTerminal)));
        assert_eq!(desk.world.loads().await, vec![]);
    })
    .await;
}

#[tokio::test]
async fn a_confirm_that_no_terminal_takes_up_is_withdrawn() {
    on_both(|db| async move {
        let mut desk = Desk::with(db, yuan(1_000), &[Kind::Ordinary]).await;
        let confirm = desk.confirm_of(yuan(50)).await;
        // The process that holds the connection dies; pages still show the card for a moment.
        desk.terminal.server_died();
        desk.confirm(&confirm).await.expect("taken on");
        let load = desk.outcome(&confirm.intent).await;
        assert_eq!((load.state, load.reason), (State::Failed, Some(Reason::TerminalGone)));
        desk.terminal.connect(&desk.world.house().await).await.expect("let in");
        desk.tap(0).await;
        assert_eq!(desk.terminal.bench.balance(0), 1_260, "nothing is charged later");
        desk.world.books().await;
    })
    .await;
}

#[tokio::test]
async fn amounts_and_quota_follow_the_rules_and_refusals_are_recorded() {
    on_both(|db| async move {
        let mut desk = Desk::with(db, yuan(100), &[Kind::Ordinary]).await;
        for (amount, reason) in [
            (Fen::new(1_500), Reason::AmountRule),
            (Fen::new(1), Reason::AmountRule),
            (yuan(5), Reason::AmountRule),
            (yuan(990), Reason::OverCeiling),
            (yuan(110), Reason::QuotaShort),
        ] {
            let load = desk.charge(amount).await;
            assert_eq!((load.state, load.reason, load.quota_before), (State::Failed, Some(reason), None), "{amount}");
        }
        for amount in [Fen::ZERO, Fen::new(-1_000)] {
            let confirm = desk.confirm_of(amount).await;
            assert!(matches!(desk.confirm(&confirm).await, Err(ConfirmError::Amount)));
        }
        assert_eq!(desk.charge(yuan(100)).await.state, State::Succeeded, "the whole quota");
        assert_eq!(desk.charge(yuan(10)).await.reason, Some(Reason::QuotaShort));
        assert_eq!(desk.world.loads().await.len(), 7);
        desk.world.books().await;
    })
    .await;
}

#[tokio::test]
async fn cards_that_cannot_be_charged_say_why() {
    on_both(|db| async move {
        let kinds = [Kind::Expired, Kind::Disabled, Kind::UnknownClass, Kind::Full, Kind::Ordinary];
        let mut desk = Desk::with(db.clone(), yuan(1_000), &kinds).await;
        assert!(matches!(desk.card().await.0.allowed, Err(Problem::Expired { .. })));
        assert_eq!(desk.charge(yuan(50)).await.reason, Some(Reason::CardProblem), "not even by hand");
        desk.tap(1).await;
        assert_eq!(desk.card().await.0.allowed, Err(Problem::NotEnabled));
        desk.tap(2).await;
        assert!(matches!(desk.card().await.0.allowed, Err(Problem::UnknownClass { .. })));
        desk.tap(3).await;
        assert_eq!(desk.card().await.0.allowed.map(|allowed| allowed.most), Ok(Fen::ZERO));
        let mut tx = db.begin().await.expect("a unit of work");
        cards::block(&mut tx, &desk.terminal.bench.number(4), "lost", store::Micros(0)).await.expect("blocked");
        tx.commit().await.expect("a commit");
        desk.tap(4).await;
        assert_eq!(desk.card().await.0.allowed, Err(Problem::Blocked));
        desk.world.books().await;
    })
    .await;
}

#[tokio::test]
async fn a_card_with_other_keys_is_not_genuine() {
    on_both(|db| async move {
        let mut desk = Desk::with(db, yuan(1_000), &[Kind::Foreign, Kind::NoApplication, Kind::UnknownKey]).await;
        let load = desk.charge(yuan(50)).await;
        assert_eq!((load.state, load.reason), (State::Failed, Some(Reason::NotGenuine)));
        desk.tap(1).await;
        assert_eq!(desk.phase().await, Phase::Unreadable);
        desk.tap(2).await;
        assert_eq!(desk.charge(yuan(50)).await.reason, Some(Reason::NoKey));
        desk.world.books().await;
    })
    .await;
}

#[tokio::test]
async fn a_card_lifted_before_the_hold_costs_nothing() {
    on_both(|db| async move {
        let mut desk = Desk::with(db, yuan(1_000), &[Kind::Ordinary]).await;
        desk.terminal.strike = Some(Strike::Initialize(Fault::Tear(Tear::BeforeCommand)));
        let load = desk.charge(yuan(50)).await;
        assert_eq!((load.state, load.reason), (State::Failed, Some(Reason::CardRemoved)));
        let books = desk.world.books().await;
        assert!(books.loads.iter().all(|(state, ..)| *state == State::Failed));
    })
    .await;
}

/// The card is lifted while it is written and comes back: it proves itself what became of the load.
async fn settles_its_doubt(db: Db, kind: Kind, tear: Tear, written: bool) {
    let mut desk = Desk::with(db, yuan(1_000), &[kind]).await;
    let before = Fen::new(i64::from(desk.terminal.bench.balance(0)));
    desk.terminal.strike = Some(Strike::Credit(Fault::Tear(tear)));
    let load = desk.charge(yuan(50)).await;
    assert_eq!((load.state, load.reason), (State::Unknown, Some(Reason::RemovedWhileWriting)));
    assert_eq!((load.quota_after, load.balance_after), (Some(yuan(950)), None));
    desk.world.books().await;

    desk.tap(0).await;
    let Phase::Card { card, proven, .. } = desk.phase().await else { panic!("the card is offered") };
    let proven = proven.expect("the doubt is settled");
    assert_eq!((proven.order, proven.amount, proven.written), (load.order, yuan(50), written));
    assert!(card.allowed.is_ok(), "the card can be charged again");
    let settled = desk.by_order(&load).await;
    if written {
        assert_eq!((settled.state, settled.balance_after), (State::Succeeded, before.checked_add(yuan(50))));
    } else {
        assert_eq!((settled.state, settled.reason), (State::Failed, Some(Reason::NotWritten)));
    }
    let again = desk.charge(yuan(20)).await;
    assert_eq!(again.state, State::Succeeded);
    assert_eq!(again.quota_after, Some(if written { yuan(930) } else { yuan(980) }));
    let books = desk.world.books().await;
    assert!(books.loads.iter().all(|(state, ..)| *state != State::Unknown));
}

#[tokio::test]
async fn a_card_that_comes_back_settles_its_doubt() {
    for kind in [Kind::Ordinary, Kind::Changsha] {
        for (moment, written) in [
            (Moment::Command(0), false),
            (Moment::Command(15), false),
            (Moment::BeforeWrite, false),
            (Moment::AfterWrite, true),
            (Moment::Answer(0), true),
            (Moment::Answer(5), true),
        ] {
            on_both(|db| settles_its_doubt(db, kind, Tear::At(moment), written)).await;
        }
    }
}

#[tokio::test]
async fn an_old_answer_played_back_proves_nothing() {
    on_both(|db| async move {
        let mut desk = Desk::with(db, yuan(1_000), &[Kind::Ordinary]).await;
        // The terminal records the card's INITIALIZE answer, lets it be credited, and hides that.
        desk.terminal.strike = Some(Strike::Credit(Fault::Tear(Tear::AfterCommand)));
        desk.terminal.plays_back = true;
        let load = desk.charge(yuan(50)).await;
        assert_eq!(load.state, State::Unknown);
        assert_eq!(desk.terminal.bench.balance(0), 6_260, "the money is on the card");
        desk.tap(0).await;
        let held =
            Problem::InDoubt { load: Some(Doubtful { order: load.order, amount: yuan(50), asked_in_vain: true }) };
        assert_eq!(desk.card().await.0.allowed, Err(held), "the counter is the old one, but the answer is too");
        assert_eq!(desk.by_order(&load).await.state, State::Unknown);
        assert_eq!(desk.charge(yuan(50)).await.reason, Some(Reason::CardProblem));
        // An honest terminal settles it.
        desk.terminal.plays_back = false;
        desk.tap(0).await;
        assert_eq!(desk.by_order(&load).await.state, State::Succeeded);
        desk.world.books().await;
    })
    .await;
}

#[tokio::test]
async fn a_result_that_comes_late_settles_the_doubt_once() {
    on_both(|db| async move {
        let mut desk = Desk::with(db, yuan(1_000), &[Kind::Ordinary]).await;
        desk.terminal.strike = Some(Strike::Credit(Fault::DropAfter));
        let load = desk.charge(yuan(50)).await;
        assert_eq!((load.state, load.reason), (State::Unknown, Some(Reason::LinkLostWhileWriting)));
        assert_eq!(desk.terminal.owes(), 1);
        for _ in 0..2 {
            desk.terminal.connect(&desk.world.house().await).await.expect("let in");
            while desk.terminal.owes() > 0 {
                desk.terminal.serve(QUIET).await.expect("connected");
            }
        }
        desk.tap(0).await;
        let settled = desk.by_order(&load).await;
        assert_eq!((settled.state, settled.balance_after), (State::Succeeded, Some(Fen::new(6_260))));
        assert!(desk.card().await.0.allowed.is_ok(), "the card can be charged again");
        desk.world.books().await;
    })
    .await;
}

#[tokio::test]
async fn a_server_that_dies_while_the_card_is_written_leaves_a_true_state() {
    on_both(|db| async move {
        let mut desk = Desk::with(db, yuan(1_000), &[Kind::Ordinary]).await;
        let confirm = desk.confirm_of(yuan(50)).await;
        desk.terminal.strike = Some(Strike::Credit(Fault::Deaf));
        desk.confirm(&confirm).await.expect("taken on");
        while desk.terminal.strike.is_some() {
            desk.terminal.serve(QUIET).await.expect("connected");
        }
        desk.terminal.server_died();
        desk.world.restart().await;
        let house = desk.world.house().await;
        tokio::time::sleep(house.settings.abandoned + QUIET).await;
        loads::sweep(&house).await.expect("a sweep");
        let load = desk.outcome(&confirm.intent).await;
        assert_eq!((load.state, load.reason), (State::Unknown, Some(Reason::InterruptedWhileWriting)));
        desk.world.books().await;
    })
    .await;
}
