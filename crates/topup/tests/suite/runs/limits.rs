//! What was confirmed is never passed, and the end says which limit it was.

use store::testing::on_both;
use topup::loads::State;
use topup::runs::{Ended, Full, PlanProblem, StartError, What};

use super::hall::{Hall, plan, yuan};
use crate::cards::Tear;
use crate::sim::{Fault, Strike};

#[tokio::test]
async fn the_limits_are_exact() {
    for (quota, most_cards, most_money, charged, why) in [
        (1_000, 2, 500, 2, Ended::Cards),
        (1_000, 10, 100, 2, Ended::Money),
        (1_000, 10, 149, 2, Ended::Money),
        (120, 10, 500, 2, Ended::Quota),
    ] {
        on_both(|db| async move {
            let mut hall = Hall::of_cards(db, yuan(quota), 4).await;
            let run = hall.start(plan(50, most_cards, most_money)).await;
            for card in 0..charged {
                assert_eq!(hall.look(run).await.run.ended, None);
                hall.put_down(card).await;
            }
            let summary = hall.summary(run).await;
            assert_eq!(summary.run.ended.map(|(_, why)| why), Some(why), "{:?}", summary.tally);
            hall.lay(charged).await;
            hall.quiet().await;
            assert_eq!(hall.terminal.bench.gained(), i64::try_from(charged).expect("few") * 5_000);
            hall.world.books().await;
        })
        .await;
    }
}

#[tokio::test]
async fn a_card_in_doubt_keeps_its_place() {
    on_both(|db| async move {
        let mut hall = Hall::of_cards(db, yuan(1_000), 6).await;
        let run = hall.start(plan(50, 5, 500)).await;
        for card in 0..3 {
            hall.terminal.strike = Some(Strike::Credit(Fault::Tear(Tear::BeforeCommand)));
            let What::Load(order) = hall.put_down(card).await else { panic!("a load") };
            assert_eq!(hall.load(order).await.state, State::Unknown);
        }
        assert_eq!(hall.put_down(3).await, What::Full(Full::Doubts), "three in doubt are enough");
        assert!(matches!(hall.put_down(0).await, What::Load(_)), "not written, and charged now");
        assert!(matches!(hall.put_down(3).await, What::Load(_)));
        assert!(matches!(hall.put_down(4).await, What::Load(_)));
        assert_eq!(hall.put_down(5).await, What::Full(Full::Cards), "two places are kept for the cards in doubt");
        let look = hall.look(run).await;
        assert_eq!((look.run.ended, look.doubts.len(), look.tally.done.count), (None, 2, 3));
        hall.put_down(1).await;
        hall.put_down(2).await;
        assert_eq!(hall.summary(run).await.run.ended.map(|(_, why)| why), Some(Ended::Cards));
        assert_eq!(hall.terminal.bench.gained(), 5 * 5_000);
        hall.world.books().await;
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_run_is_refused_before_it_begins() {
    on_both(|db| async move {
        let mut hall = Hall::of_cards(db, yuan(40), 1).await;
        let mut refused = async |amount, cards, money| match hall.try_start(plan(amount, cards, money)).await {
            Err(StartError::Plan(problems)) => problems,
            other => panic!("{other:?}"),
        };
        assert!(matches!(refused(15, 10, 500).await[..], [PlanProblem::Amount(rule)] if rule.step == yuan(10)));
        assert!(matches!(refused(0, 10, 500).await[..], [PlanProblem::Amount(_)]));
        assert!(matches!(refused(1_010, 10, 5_000).await[..], [PlanProblem::Amount(_)]));
        assert_eq!(refused(10, 0, 500).await, [PlanProblem::Cards]);
        assert_eq!(refused(10, 1_001, 500).await, [PlanProblem::Cards]);
        assert_eq!(refused(50, 0, 40).await, [PlanProblem::Cards, PlanProblem::Money]);
        assert_eq!(refused(50, 10, 500).await, [PlanProblem::Quota(yuan(40))]);
        let run = hall.start(plan(10, 10, 500)).await;
        let second = hall.try_start(plan(10, 10, 500)).await;
        assert!(matches!(second, Err(StartError::UnderWay(other)) if other.id == run));
    })
    .await;
}
