//! Two people decide what no proof settles; proofs that come in between or later.

use epurse::card::Moment;
use futures_util::future::join_all;
use ledger::{Fen, Kind as Account, Movement};
use store::Db;
use store::testing::on_both;
use topup::alarms;
use topup::audit::{self, Action, Actor, Subject};
use topup::books::{BooksFault, CorrectionKind, prove_books};
use topup::loads::book::{Ended, Settled};
use topup::loads::{self, Load, ProvenSince, Reason, State};
use topup::people::staff::{Staff, StaffRole};
use topup::reviews::{self, Due, Hint, Proposal, Reply, ReviewError};
use topup::two_people::Refused;

use crate::cards::{Kind, Tear};
use crate::desk::{Desk, QUIET, yuan};
use crate::office::{hire, leaves};
use crate::sim::{Fault, Strike};

/// A desk with a load in doubt, and the people of the office.
struct Office {
    desk: Desk,
    load: Load,
    li: Staff,
    ma: Staff,
}

impl Office {
    /// The card of this kind was torn away at this moment while 50 yuan were written.
    async fn with(db: Db, kind: Kind, torn: Moment) -> Self {
        let mut desk = Desk::with(db, yuan(1_000), &[kind]).await;
        desk.terminal.strike = Some(Strike::Credit(Fault::Tear(Tear::At(torn))));
        let load = desk.charge(yuan(50)).await;
        assert_eq!(load.state, State::Unknown);
        let house = desk.world.house().await;
        let li = hire(&house, "li", StaffRole::Finance).await;
        let ma = hire(&house, "ma", StaffRole::Finance).await;
        Self { desk, load, li, ma }
    }

    async fn propose(&self, staff: &Staff, written: bool, reason: &str) -> Result<i64, ReviewError> {
        let proposal = Proposal { order: self.load.order, written, reason };
        reviews::propose(&self.desk.world.house().await, staff, &actor(staff), proposal).await
    }

    async fn answer(&self, staff: &Staff, number: i64, confirm: bool) -> Result<(), ReviewError> {
        let reply = Reply { order: self.load.order, number, confirm, reason: "看过证据" };
        reviews::answer(&self.desk.world.house().await, staff, &actor(staff), reply).await
    }

    /// Li proposes and Ma confirms.
    async fn decide(&self, written: bool) {
        let number = self.propose(&self.li, written, "持卡人带卡到窗口核对").await.expect("proposed");
        self.answer(&self.ma, number, true).await.expect("confirmed");
    }

    async fn load(&self) -> Load {
        self.desk.by_order(&self.load).await
    }

    async fn quota(&self) -> Fen {
        let house = self.desk.world.house().await;
        topup::groups::quota(&house, self.desk.world.group).await.expect("a look").available
    }

    /// Quota that comes from outside, or goes there.
    async fn deposit(&self, yuan: i64) {
        let house = self.desk.world.house().await;
        let (from, to) = if yuan > 0 { (Account::Bank, Account::Quota) } else { (Account::Quota, Account::Bank) };
        let (group, amount) = (self.desk.world.group, Fen::new(yuan.abs() * 100));
        let movement = Movement { group, from, to, amount, reason: "test", subject: 0, at: house.now() };
        let mut tx = house.db.begin().await.expect("a unit of work");
        ledger::post(&mut tx, &[movement]).await.expect("a posting")[0].expect("accepted");
        tx.commit().await.expect("a commit");
    }

    /// The card was asked and gave its proof, which the terminal keeps while the link is down.
    async fn keep_the_proof_at_the_terminal(&mut self) {
        self.desk.terminal.strike = Some(Strike::Prove(Fault::DropAfter));
        self.desk.terminal.tap(0).await.expect("connected");
        while self.desk.terminal.serve(QUIET).await.is_ok() {}
        assert_eq!(self.desk.terminal.owes(), 1);
    }

    async fn say_what_is_owed(&mut self) {
        self.desk.terminal.connect(&self.desk.world.house().await).await.expect("let in");
        for _ in 0..5_000 {
            self.desk.terminal.serve(QUIET).await.expect("connected");
            if self.desk.terminal.owes() == 0 {
                return;
            }
        }
        panic!("the server does not take it");
    }

    async fn alarms(&self) -> Vec<alarms::Alarm> {
        let house = self.desk.world.house().await;
        alarms::open(&house, Some(Subject::Load(self.load.order)), 10).await.expect("a look")
    }
}

fn actor(staff: &Staff) -> Actor {
    Actor::staff(staff, "192.0.2.1")
}

fn refused<T: std::fmt::Debug>(answer: Result<T, ReviewError>) -> Refused {
    match answer {
        Err(ReviewError::Refused(refused)) => refused,
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn two_people_decide_and_the_money_moves_once() {
    for written in [true, false] {
        on_both(|db| async move {
            let office = Office::with(db, Kind::Changsha, Moment::AfterWrite).await;
            assert_eq!(refused(office.propose(&office.li, written, " ").await), Refused::NoReason);
            let number = office.propose(&office.li, written, " 持卡人到窗口核对 ").await.expect("proposed");
            assert_eq!(refused(office.propose(&office.ma, !written, "另一种看法").await), Refused::Proposed);
            assert_eq!(refused(office.answer(&office.li, number, true).await), Refused::Own);
            assert_eq!(office.load().await.state, State::Unknown, "nobody decides alone");
            assert_eq!(office.quota().await, yuan(950));

            office.answer(&office.ma, number, true).await.expect("confirmed");
            assert_eq!(refused(office.answer(&office.ma, number, true).await), Refused::Answered);
            assert_eq!(refused(office.answer(&office.ma, number, false).await), Refused::Answered);
            let load = office.load().await;
            let (state, reason, quota) = if written {
                (State::Succeeded, Reason::DecidedWritten, yuan(950))
            } else {
                (State::Failed, Reason::DecidedNotWritten, yuan(1_000))
            };
            assert_eq!((load.state, load.reason, load.balance_after), (state, Some(reason), None));
            assert_eq!(office.quota().await, quota);
            assert_eq!(refused(office.propose(&office.li, true, "再来").await), Refused::Settled);
            office.desk.world.books().await;

            let house = office.desk.world.house().await;
            let trail = audit::of(&house, Subject::Load(load.order), None).await.expect("a look").rows;
            let actions: Vec<_> = trail.iter().filter_map(|entry| entry.action).collect();
            assert_eq!(actions, [Action::ReviewConfirmed, Action::ReviewProposed]);
            assert_eq!(trail[1].details["reason"], "持卡人到窗口核对");
        })
        .await;
    }
}

#[tokio::test]
async fn what_is_declined_can_be_proposed_again_and_what_was_said_stays() {
    on_both(|db| async move {
        let office = Office::with(db.clone(), Kind::Changsha, Moment::AfterWrite).await;
        let auditor = hire(&office.desk.world.house().await, "zhao", StaffRole::Auditor).await;
        assert_eq!(refused(office.propose(&auditor, true, "看着像").await), Refused::Role);
        assert_eq!(refused(office.answer(&office.ma, 1, true).await), Refused::NoProposal);
        assert_eq!(office.propose(&office.li, false, "余额没有变").await.expect("proposed"), 1);
        assert_eq!(refused(office.answer(&auditor, 1, true).await), Refused::Role);
        office.answer(&office.ma, 1, false).await.expect("declined");
        assert_eq!((office.load().await.state, office.quota().await), (State::Unknown, yuan(950)));
        // The one who declined may propose, and the first proposer confirm.
        assert_eq!(office.propose(&office.ma, true, "卡上记录显示已写入").await.expect("proposed"), 2);
        assert_eq!(refused(office.answer(&office.li, 1, true).await), Refused::NoProposal);
        // What somebody proposed who left since is not confirmed, only declined.
        leaves(&office.desk.world.house().await, "ma").await;
        assert_eq!(refused(office.answer(&office.li, 2, true).await), Refused::Left);
        office.answer(&office.li, 2, false).await.expect("declined");
        assert_eq!(office.propose(&office.li, true, "卡上记录显示已写入").await.expect("proposed"), 3);
        let wang = hire(&office.desk.world.house().await, "wang", StaffRole::Admin).await;
        office.answer(&wang, 3, true).await.expect("confirmed");
        assert_eq!(office.load().await.reason, Some(Reason::DecidedWritten));
        office.desk.world.books().await;
        for change in ["UPDATE reviews SET written = 0", "DELETE FROM review_answers"] {
            let mut tx = db.begin().await.expect("a unit of work");
            assert!(matches!(tx.query(change).execute().await, Err(store::Error::AppendOnly(_))));
        }
        let nobody = Proposal { order: loads::OrderNumber::new(1), written: true, reason: "无" };
        let house = office.desk.world.house().await;
        let unknown = reviews::propose(&house, &office.li, &actor(&office.li), nobody).await;
        assert!(matches!(unknown, Err(ReviewError::NoLoad)), "{unknown:?}");
    })
    .await;
}

#[tokio::test]
async fn the_queue_knows_what_waits_for_people_and_shows_the_evidence() {
    on_both(|db| async move {
        let mut office = Office::with(db, Kind::Changsha, Moment::AfterWrite).await;
        let house = office.desk.world.house().await;
        let [waiting] = &reviews::waiting(&house, None).await.expect("a look").rows[..] else { panic!("one") };
        assert_eq!((waiting.due, waiting.asked_at, waiting.is_due()), (Due::NotYet, None, false));
        // The card gives its proof to a terminal whose memory is lost, and cannot tell again.
        office.keep_the_proof_at_the_terminal().await;
        office.desk.terminal.forget();
        office.desk.terminal.connect(&house).await.expect("let in");
        office.desk.tap(0).await;
        assert!(office.load().await.asked_in_vain, "the clerk is told that putting it back does not help");
        office.propose(&office.li, true, "卡上余额多了五十").await.expect("proposed");
        let [waiting] = &reviews::waiting(&house, None).await.expect("a look").rows[..] else { panic!("one") };
        assert_eq!(
            (waiting.due, waiting.is_due(), waiting.group.as_str()),
            (Due::ProvedNothing, true, "示例科技有限公司")
        );
        assert_eq!(waiting.proposal.as_ref().map(|proposal| proposal.by), Some(office.li.id));
        assert_eq!(reviews::counts(&house).await.expect("a look"), (1, 0));

        let dossier = reviews::dossier(&house, office.load.order).await.expect("a look").expect("the load");
        let cryptograms = dossier.cryptograms.as_ref().expect("evidence");
        assert_eq!((cryptograms.counter, cryptograms.mac2.len(), &cryptograms.tac), (0, 8, &None));
        assert!(cryptograms.file15.is_some() && cryptograms.initialize.is_some());
        let [first, second] = &dossier.attempts[..] else { panic!("{:?}", dossier.attempts) };
        assert_eq!((first.finding, first.balance), (None, Fen::new(6_260)), "its answer was lost");
        assert_eq!((second.finding, second.counter), (Some(loads::Finding::MovedOn), Some(1)));
        let said = &second.prove.as_ref().expect("asked").exchanges;
        assert_eq!(
            said.iter().map(|exchange| exchange.status.as_str()).collect::<Vec<_>>()[..3],
            ["9406", "9406", "9000"]
        );
        let reviews::Said::Record(record) = &said[2].said else { panic!("{:?}", said[2]) };
        assert!(record.ours && record.load, "{record:?}");
        assert_eq!(dossier.hint.map(|(hint, seen, _)| (hint, seen)), Some((Hint::Written, Fen::new(6_260))));
        assert_eq!(dossier.reviews[0].reason, "卡上余额多了五十");
        assert_eq!((dossier.scripts.len(), dossier.timeline.len()), (1, 5), "{:?}", dossier.timeline);
    })
    .await;
}

#[tokio::test]
async fn whoever_is_first_wins_and_the_money_moves_once() {
    on_both(|db| async move {
        let mut office = Office::with(db, Kind::Ordinary, Moment::AfterWrite).await;
        let house = office.desk.world.house().await;
        let colleagues = join_all((0..4).map(|n| {
            let house = &house;
            async move { hire(house, &format!("colleague {n}"), StaffRole::Finance).await }
        }))
        .await;
        for round in 0..6 {
            let written = round % 3 == 0;
            let number = office.propose(&office.li, written, "窗口核对").await.expect("proposed");
            let card = Settled {
                group: office.load.group,
                id: office.load.order.id(),
                tac: "92A3B4C5".into(),
                balance_after: Fen::new(6_260),
                at: house.now(),
            };
            // Everybody confirms at once, twice, and in every other round the card proves itself at the same moment.
            let confirms = colleagues.iter().chain(&colleagues).map(|staff| office.answer(staff, number, true));
            let proof = async {
                if round % 2 == 0 { Some(house.book.settle(card).await.expect("a settlement")) } else { None }
            };
            let (proof, confirms) = if round % 4 < 2 {
                tokio::join!(proof, join_all(confirms))
            } else {
                let (confirms, proof) = tokio::join!(join_all(confirms), proof);
                (proof, confirms)
            };
            let confirmed = confirms.iter().filter(|answer| answer.is_ok()).count();
            let by_card = proof == Some(Ended::Now);
            assert_eq!(confirmed, usize::from(!by_card), "round {round}: {confirms:?} {proof:?}");
            for answer in confirms.into_iter().filter(Result::is_err) {
                let why = refused(answer);
                assert_eq!(why, if by_card { Refused::Settled } else { Refused::Answered }, "round {round}");
            }
            let load = office.load().await;
            assert_eq!(load.state, if by_card || written { State::Succeeded } else { State::Failed });
            office.desk.world.books().await;
            // The next load in doubt, of the same card.
            office.desk.tap(0).await;
            office.desk.terminal.strike = Some(Strike::Credit(Fault::Tear(Tear::At(Moment::AfterWrite))));
            office.load = office.desk.charge(yuan(10)).await;
            assert_eq!(office.load.state, State::Unknown);
        }
    })
    .await;
}

/// Decided not written although it was: the proof comes from the terminal's memory, or from the card on its next tap.
async fn is_corrected_to_written(db: Db, late: bool, quota_reaches: bool) {
    let kind = if late { Kind::Changsha } else { Kind::Ordinary };
    let mut office = Office::with(db, kind, Moment::AfterWrite).await;
    if late {
        office.keep_the_proof_at_the_terminal().await;
    }
    office.decide(false).await;
    assert_eq!(office.quota().await, yuan(1_000));
    if !quota_reaches {
        office.deposit(-970).await;
    }
    if late {
        office.say_what_is_owed().await;
    } else {
        office.desk.tap(0).await;
    }
    let load = office.load().await;
    assert_eq!((load.state, load.reason), (State::Failed, Some(Reason::DecidedNotWritten)), "never an edit");
    let since = load.proven_since.expect("a proof came");
    assert_eq!((since.written, since.owed, load.holds()), (true, !quota_reaches, State::Succeeded));
    let [alarm] = &office.alarms().await[..] else { panic!("one alarm") };
    assert_eq!((alarm.kind, &alarm.details["owed"]), (alarms::Kind::LoadContradicted, &(!quota_reaches).into()));
    let books = office.desk.world.books().await;
    let house = office.desk.world.house().await;
    let close = async |staff: &Staff| {
        reviews::close_alarm(&house, staff, &actor(staff), (load.order, alarm.id), "已与集团核对").await
    };
    if quota_reaches {
        assert_eq!(office.quota().await, yuan(950));
    } else {
        assert_eq!(books.corrections, [(CorrectionKind::Owed, 1, yuan(50))]);
        loads::sweep(&house).await.expect("a sweep");
        assert_eq!(office.quota().await, yuan(30), "not a part of it");
        assert!(!close(&office.li).await.expect("a look"), "what is owed cannot be put away");
        office.deposit(20).await;
        loads::sweep(&house).await.expect("a sweep");
        loads::sweep(&house).await.expect("another");
        assert_eq!(office.quota().await, Fen::ZERO);
    }
    let books_after = office.desk.world.books().await;
    assert_eq!(books_after.corrections, [(CorrectionKind::Written, 1, yuan(50))]);
    assert!(close(&office.li).await.expect("a look") && !close(&office.li).await.expect("a look"));
    // The same proof again is no news, and the card can be charged.
    office.desk.tap(0).await;
    assert!(office.alarms().await.is_empty() && office.desk.card().await.0.allowed.is_ok());
    office.desk.world.books().await;
}

#[tokio::test]
async fn a_proof_that_it_was_written_after_all_is_corrected_and_collected() {
    for (late, quota_reaches) in [(true, true), (false, true), (true, false), (false, false)] {
        on_both(|db| is_corrected_to_written(db, late, quota_reaches)).await;
    }
}

#[tokio::test]
async fn a_proof_that_it_was_not_written_after_all_gives_the_money_back() {
    for kind in [Kind::Ordinary, Kind::Changsha] {
        on_both(|db| async move {
            let mut office = Office::with(db, kind, Moment::BeforeWrite).await;
            office.decide(true).await;
            assert_eq!(office.quota().await, yuan(950));
            office.desk.tap(0).await;
            let load = office.load().await;
            assert_eq!((load.state, load.holds()), (State::Succeeded, State::Failed));
            assert!(matches!(load.proven_since, Some(ProvenSince { written: false, owed: false, .. })));
            assert_eq!((office.quota().await, office.alarms().await.len()), (yuan(1_000), 1));
            let books = office.desk.world.books().await;
            assert_eq!(books.corrections, [(CorrectionKind::NotWritten, 1, yuan(50))]);
            let house = office.desk.world.house().await;
            assert_eq!(reviews::counts(&house).await.expect("a look"), (0, 1));
            let found = reviews::contradictions(&house, None).await.expect("a look");
            let ([contradiction], None) = (&found.rows[..], found.next) else { panic!("one: {found:?}") };
            assert_eq!((contradiction.order, contradiction.amount), (load.order, yuan(50)));
            // As many older ones as a page has: it is on the next.
            let mut tx = house.db.begin().await.expect("a unit of work");
            let older: Vec<(i64, String)> = (1..=50).map(|n| (n, format!("load/{n}"))).collect();
            tx.query(
                "INSERT INTO alarms (group_id, id, kind, subject, details, raised_at_us, times, last_at_us) \
                 SELECT 7, rows.id, 'load-contradicted', rows.subject, '{}', 0, 1, 0 FROM rows(id BIGINT, subject TEXT)",
            )
            .rows(older.iter().map(|(id, subject)| [(*id).into(), subject.into()]))
            .execute()
            .await
            .expect("as if they were raised");
            tx.commit().await.expect("a commit");
            let first = reviews::contradictions(&house, None).await.expect("a look");
            assert!(first.rows.is_empty() && first.next.is_some(), "{first:?}");
            assert_eq!(reviews::contradictions(&house, first.next).await.expect("a look"), found);
        })
        .await;
    }
}

#[tokio::test]
async fn a_card_that_agrees_is_asked_once_more_and_then_left_alone() {
    for (torn, written) in [(Moment::BeforeWrite, false), (Moment::AfterWrite, true)] {
        on_both(|db| async move {
            let mut office = Office::with(db, Kind::Ordinary, torn).await;
            office.decide(written).await;
            let mut trips = [0; 2];
            for count in &mut trips {
                let before = office.desk.terminal.round_trips;
                office.desk.tap(0).await;
                *count = office.desk.terminal.round_trips - before;
            }
            // It is read with one script; the proof takes one more, or two.
            assert_eq!(trips, if written { [2, 1] } else { [3, 1] });
            assert_eq!((office.load().await.proven_since, office.alarms().await), (None, vec![]));
            office.desk.world.books().await;
        })
        .await;
    }
}

#[tokio::test]
async fn a_fen_moved_wrongly_by_a_correction_or_a_decision_is_found() {
    on_both(|db| async move {
        let office = {
            let mut office = Office::with(db.clone(), Kind::Ordinary, Moment::AfterWrite).await;
            office.decide(false).await;
            office.desk.tap(0).await;
            office.desk.world.books().await;
            office
        };
        let group = office.desk.world.group;
        let order = office.load.order;
        for (change, stray) in [
            ("UPDATE corrections SET amount_fen = amount_fen + 1", true),
            ("UPDATE corrections SET written = 0", true),
            ("UPDATE corrections SET movement = NULL", true),
            ("UPDATE corrections SET movement = 1", true),
            ("UPDATE corrections SET load_id = load_id + 1", true),
            ("DELETE FROM corrections", true),
            ("UPDATE loads SET amount_fen = amount_fen + 1", true),
            ("UPDATE loads SET state = 'unknown'", true),
            ("UPDATE loads SET reason = 'decided_written'", false),
            ("UPDATE loads SET state = 'succeeded'", false),
        ] {
            let mut tx = db.begin().await.expect("a unit of work");
            assert!(tx.query(change).execute().await.expect("changed") > 0, "{change}");
            let faults = prove_books(&mut tx).await.expect("a look").faults;
            assert!(!faults.is_empty(), "{change} is not found");
            let found = faults.iter().any(|fault| matches!(fault, BooksFault::Correction { .. }));
            assert_eq!(found, stray, "{change}: {faults:?}");
        }
        // A movement that calls itself a correction and is none, there and back again so that every balance is right.
        let mut tx = db.begin().await.expect("a unit of work");
        let house = office.desk.world.house().await;
        let there = Movement {
            group,
            from: Account::Quota,
            to: Account::OnCards,
            amount: Fen::new(1),
            reason: "correction",
            subject: order.id(),
            at: house.now(),
        };
        let back = Movement { from: Account::OnCards, to: Account::Quota, ..there };
        ledger::post(&mut tx, &[there, back]).await.expect("posted");
        let found = prove_books(&mut tx).await.expect("a look");
        assert!(found.ledger.holds());
        assert_eq!(found.faults, [BooksFault::Correction { group, order }]);
        assert!(found.to_string().contains(&format!("the correction of load {order}")), "{found}");
        drop(tx);
        // A decision that nobody made.
        let mut tx = db.begin().await.expect("a unit of work");
        tx.query("UPDATE loads SET reason = 'decided_written', state = 'succeeded'").execute().await.expect("changed");
        let found = prove_books(&mut tx).await.expect("a look").faults;
        assert!(found.contains(&BooksFault::Undecided { group, order }), "{found:?}");
    })
    .await;
}
