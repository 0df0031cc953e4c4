//! What the bank's file lists as given back without us: once, twice, in part, and as people said or otherwise.

use std::time::Duration;

use jiff::civil::{Date, date};
use store::testing::on_both;
use topup::audit::Actor;
use topup::deposits::{
    self, Closing, Closure, Decided, DepositNumber, Exception, ExceptionKind, FileRefund, Outcome, State,
};
use topup::people::staff::Staff;
use topup::reconcile::matching::{Finding, Why};
use topup::reconcile::{self, Came};

use super::counter::{Counter, actor, yuan};

/// The day on which the counter begins.
const DAY: Date = date(2026, 3, 1);
const MORNING: Duration = Duration::from_hours(24);

/// Closed under this number of the bank.
async fn close(counter: &Counter, staff: &Staff, unfit: &Exception, (outcome, reference): (Outcome, &str)) -> Closure {
    let closing = Closing { id: unfit.id, outcome, reason: "银行回单", reference };
    deposits::close(&counter.house().await, staff, &actor(staff), closing).await.expect("said")
}

/// Closed as given back otherwise, by two people.
async fn close_by_two(counter: &Counter, unfit: &Exception, reference: &str) {
    let otherwise = (Outcome::ReturnedOtherwise, reference);
    assert_eq!(close(counter, &counter.li, unfit, otherwise).await, Closure::Proposed);
    assert_eq!(close(counter, &counter.ma, unfit, otherwise).await, Closure::Closed);
}

/// What is open about a deposit, of this kind.
async fn open(counter: &Counter, order: DepositNumber, kind: ExceptionKind) -> Option<Exception> {
    let story = counter.story(order).await;
    story.exceptions.into_iter().find(|unfit| unfit.kind == kind && unfit.closed.is_none())
}

async fn gone_back(counter: &Counter, order: DepositNumber) -> Option<Exception> {
    open(counter, order, ExceptionKind::GoneBack).await
}

async fn until_failed(counter: &Counter, order: DepositNumber) -> Exception {
    counter
        .until(async || {
            counter.pass_and_sweep(Duration::from_mins(5)).await;
            open(counter, order, ExceptionKind::RefundFailed).await
        })
        .await
}

async fn approved(counter: &Counter, amount: i64) -> DepositNumber {
    let order = counter.paid(amount).await;
    assert_eq!(counter.propose(&counter.li, order, true).await.expect("done"), Decided::Done(State::Approved));
    order
}

/// The file lists a refund under this number and serial number.
async fn listed(counter: &Counter, order: DepositNumber, (refund, serial, amount): (&str, &str, i64)) {
    let (file, refund, serial) = ("a file".to_owned(), refund.to_owned(), serial.to_owned());
    let line = FileRefund { file, order, refund, serial, amount: yuan(amount) };
    deposits::given_back(&counter.house().await, &line).await.expect("noted");
}

#[tokio::test]
async fn in_the_order_that_the_page_names_it_went_back_once() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        let order = counter.paid(100).await;
        counter.refund_at_the_counter(order, 100).await;
        listed(&counter, order, ("COUNTER000031", "S31", 100)).await;
        counter.propose(&counter.li, order, false).await.expect("decided");
        let failed = until_failed(&counter, order).await;
        close(&counter, &counter.li, &failed, (Outcome::ReturnedOtherwise, "COUNTER000031")).await;
        let unfit = gone_back(&counter, order).await.expect("it is to be noted here too");
        assert_eq!((unfit.stands, unfit.booked), (Some(State::Refunded), true));
        let books = counter.books().await.deposits;
        assert_eq!((books.unbooked.len(), books.booked_open), (0, 1));
        let closed = close(&counter, &counter.li, &unfit, (Outcome::ReturnedOtherwise, "COUNTER000031")).await;
        assert_eq!(closed, Closure::Closed);
        counter.books().await;
    })
    .await;
}

#[tokio::test]
async fn what_our_own_refund_gives_back_as_well_is_in_no_account() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        let order = counter.paid(200).await;
        counter.propose(&counter.li, order, false).await.expect("decided");
        // The sandbox does not know of it, and so does the refund.
        listed(&counter, order, ("COUNTER000099", "S99", 200)).await;
        assert!(gone_back(&counter, order).await.is_some_and(|unfit| unfit.booked));
        counter.refund_ends(order).await;
        let unfit = gone_back(&counter, order).await.expect("open");
        assert_eq!((unfit.stands, unfit.booked), (Some(State::Refunded), false));
        let books = counter.books().await.deposits;
        assert_eq!((books.unbooked.len(), books.booked_open), (1, 0), "{books}");
        assert_eq!((books.unbooked[0].kind, books.unbooked[0].sum), (ExceptionKind::GoneBack, yuan(200)));
        assert_eq!(close(&counter, &counter.li, &unfit, (Outcome::Nothing, "")).await, Closure::Closed);
        assert!(counter.books().await.deposits.unbooked.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_return_that_is_not_the_one_people_named_is_news() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        // Refused by the bank, and closed under the number of a transfer.
        let by_transfer = counter.paid(500).await;
        counter.plan(0, 1).await;
        counter.propose(&counter.li, by_transfer, false).await.expect("decided");
        let failed = until_failed(&counter, by_transfer).await;
        close(&counter, &counter.li, &failed, (Outcome::ReturnedOtherwise, "TF-1")).await;
        listed(&counter, by_transfer, ("COUNTER1", "S1", 500)).await;
        let unfit = gone_back(&counter, by_transfer).await.expect("the transfer is in no file");
        assert_eq!((unfit.booked, unfit.went_back()), (false, Some(yuan(500))));

        // Taken back: a part was in the file, the rest went by a transfer, and then at the counter too.
        let taken_back = approved(&counter, 500).await;
        listed(&counter, taken_back, ("COUNTER2", "S2", 100)).await;
        close_by_two(&counter, &gone_back(&counter, taken_back).await.expect("open"), "TF-2").await;
        assert_eq!(counter.deposit(taken_back).await.state, State::Refunded);
        listed(&counter, taken_back, ("COUNTER2", "S2", 100)).await;
        assert_eq!(gone_back(&counter, taken_back).await, None, "that is known");
        listed(&counter, taken_back, ("COUNTER3", "S3", 400)).await;
        assert!(gone_back(&counter, taken_back).await.is_some());
        counter.books().await;
    })
    .await;
}

#[tokio::test]
async fn the_rest_of_a_refund_done_in_part_is_known_by_its_number_and_more_than_the_rest_is_news() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        for (rest, known) in [(250, true), (500, false)] {
            let order = counter.paid(500).await;
            counter.propose(&counter.li, order, false).await.expect("decided");
            counter.until_state(order, State::Refunding).await;
            let refund = counter.story(order).await.refunds[0].order.clone();
            counter.out_of_turn(&refund, "refund_half").await;
            let failed = until_failed(&counter, order).await;
            assert_eq!(failed.went_back(), Some(yuan(250)));
            let serial = format!("S{rest}");
            close_by_two(&counter, &failed, &serial).await;
            listed(&counter, order, ("COUNTER4", &serial, rest)).await;
            assert_eq!(gone_back(&counter, order).await.is_none(), known, "{rest}");
        }
        counter.books().await;
    })
    .await;
}

#[tokio::test]
async fn each_line_counts_by_its_serial_number_and_with_the_amount_that_it_has_now() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        let order = approved(&counter, 100).await;
        listed(&counter, order, ("ONE", "S1", 30)).await;
        let unfit = gone_back(&counter, order).await.expect("open");
        let otherwise = (Outcome::ReturnedOtherwise, "TF-1");
        assert_eq!(close(&counter, &counter.li, &unfit, otherwise).await, Closure::Proposed);
        for (line, sum) in [(("ONE", "S2", 30), 60), (("ONE", "S2", 40), 70), (("ONE", "S2", 40), 70)] {
            listed(&counter, order, line).await;
            let unfit = gone_back(&counter, order).await.expect("open");
            assert_eq!((unfit.went_back(), unfit.proposed), (Some(yuan(sum)), None), "{line:?}");
        }
        assert_eq!(counter.steps(order).await.iter().filter(|step| **step == "given_back").count(), 3);

        // The gateway itself was the first to say so; then the file does, and is named.
        let asked = counter.paid(100).await;
        counter.out_of_turn(&asked.to_string(), "give_back").await;
        counter.propose(&counter.li, asked, true).await.expect_err("it is not there");
        assert_eq!(gone_back(&counter, asked).await.expect("open").went_back(), None);
        listed(&counter, asked, ("R42000001", "S3", 100)).await;
        let unfit = gone_back(&counter, asked).await.expect("open");
        assert_eq!((unfit.went_back(), unfit.evidence["file"].as_str()), (Some(yuan(100)), Some("a file")));
    })
    .await;
}

#[tokio::test]
async fn a_file_from_before_the_tie_was_read_gets_it_when_the_bank_gives_it_again() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        let order = approved(&counter, 100).await;
        counter.refund_at_the_counter(order, 100).await;
        counter.pass(MORNING);
        let (house, system) = (counter.house().await, Actor::system(""));
        let (name, bytes) = counter.days_file("0301").await;
        let take = async |came| reconcile::take(&house, &system, came, &name, &bytes).await.expect("the file");
        assert!(take(Came::Uploaded).await.fresh);
        let mut tx = counter.db.begin().await.expect("a unit of work");
        tx.query("UPDATE bank_rows SET original = NULL").execute().await.expect("changed");
        tx.query("UPDATE bank_files SET came = 'fetched'").execute().await.expect("changed");
        tx.commit().await.expect("a commit");
        assert!(!take(Came::Uploaded).await.fresh);
        assert_eq!(gone_back(&counter, order).await, None, "what people bring changes nothing");
        for _ in 0..2 {
            assert!(!take(Came::Fetched).await.fresh);
            assert!(gone_back(&counter, order).await.is_some());
            let listed = reconcile::day(&house, DAY).await.expect("a look").expect("the day");
            assert!(listed.pairs.iter().any(|pair| pair.finding == Finding::GivenBack));
            let found = listed.differences.iter().filter(|found| found.is_open()).map(|found| found.kind.as_str());
            assert_eq!(found.collect::<Vec<_>>(), ["given-back"]);
        }
    })
    .await;
}

#[tokio::test]
async fn the_server_dies_before_it_is_told_and_somebody_closes_the_difference_and_yet_it_is() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        let order = approved(&counter, 100).await;
        counter.refund_at_the_counter(order, 100).await;
        counter.pass(MORNING);
        let (name, bytes) = counter.days_file("0301").await;
        let system = Actor::system("");
        let house = counter.house().await;
        // As after the first of the two commits: the file is kept as the bank's own, and nobody is told yet.
        reconcile::take(&house, &system, Came::Uploaded, &name, &bytes).await.expect("the file");
        let mut tx = counter.db.begin().await.expect("a unit of work");
        tx.query("UPDATE bank_files SET came = 'fetched'").execute().await.expect("changed");
        tx.commit().await.expect("a commit");
        let listed = reconcile::day(&house, DAY).await.expect("a look").expect("the day");
        for found in &listed.differences {
            let closing =
                reconcile::Closing { id: found.id, reason: "柜台退款，已知悉", moved: false, reference: "" };
            let (_, closure) =
                reconcile::close(&house, &counter.li, &actor(&counter.li), closing).await.expect("closed");
            assert_eq!(closure, reconcile::Closure::Closed);
        }
        assert_eq!(gone_back(&counter, order).await, None);
        reconcile::sweep(&house).await.expect("swept");
        assert!(gone_back(&counter, order).await.is_some(), "the hourly look tells it");
    })
    .await;
}

#[tokio::test]
async fn a_serial_number_of_another_gateway_is_another_payment() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        let order = approved(&counter, 100).await;
        counter.pass(MORNING);
        counter.refund_at_the_counter(order, 100).await;
        let mut tx = counter.db.begin().await.expect("a unit of work");
        for change in ["UPDATE deposits SET gateway = 'other'", "UPDATE deposit_serials SET gateway = 'other'"] {
            assert_eq!(tx.query(change).execute().await.expect("changed"), 1);
        }
        tx.commit().await.expect("a commit");
        counter.pass(MORNING);
        let house = counter.house().await;
        reconcile::sweep(&house).await.expect("swept");
        let listed = reconcile::day(&house, date(2026, 3, 2)).await.expect("a look").expect("the day");
        let findings: Vec<Finding> = listed.pairs.iter().map(|pair| pair.finding).collect();
        assert_eq!(findings, [Finding::MissingHere(Why::Unknown)]);
        assert_eq!(gone_back(&counter, order).await, None);
    })
    .await;
}

#[tokio::test]
async fn on_the_day_of_the_payment_too_a_serial_number_is_one_of_its_gateway_and_merchant() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        let (returned, other) = (approved(&counter, 100).await, approved(&counter, 200).await);
        let serial = counter.deposit(returned).await.paid.expect("paid").serial;
        // Another gateway counts its payments as it likes.
        let mut tx = counter.db.begin().await.expect("a unit of work");
        for change in [
            "UPDATE deposits SET gateway = 'other', serial = $2 WHERE id = $1",
            "UPDATE deposit_serials SET gateway = 'other', serial = $2 WHERE deposit_id = $1",
        ] {
            let changed = tx.query(change).bind(other.id()).bind(serial.as_str()).execute().await;
            assert_eq!(changed.expect("changed"), 1);
        }
        tx.commit().await.expect("a commit");
        counter.refund_at_the_counter(returned, 100).await;
        counter.pass(MORNING);
        let house = counter.house().await;
        reconcile::sweep(&house).await.expect("swept");
        assert!(gone_back(&counter, returned).await.is_some());
        assert_eq!(gone_back(&counter, other).await, None);

        // Of a deposit that we made as another merchant, the file of this one tells nothing.
        let mut tx = counter.db.begin().await.expect("a unit of work");
        let changed = tx.query("UPDATE deposits SET merchant = '777290058110049' WHERE id = $1").bind(returned.id());
        assert_eq!(changed.execute().await.expect("changed"), 1);
        tx.commit().await.expect("a commit");
        let listed = reconcile::day(&house, DAY).await.expect("a look").expect("the day");
        let findings: Vec<Finding> = listed.pairs.iter().map(|pair| pair.finding).collect();
        assert!(findings.contains(&Finding::MissingHere(Why::Unknown)), "{findings:?}");
        assert!(!findings.contains(&Finding::GivenBack), "{findings:?}");
    })
    .await;
}

#[tokio::test]
async fn a_return_on_a_day_without_payments_is_seen_when_its_file_is_had_days_later() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        let order = approved(&counter, 100).await;
        counter.pass(MORNING);
        counter.refund_at_the_counter(order, 100).await;
        // Nobody pays in, and our server is away meanwhile.
        counter.pass(MORNING * 4);
        reconcile::sweep(&counter.house().await).await.expect("swept");
        let unfit = gone_back(&counter, order).await.expect("the file of that day tells it");
        close_by_two(&counter, &unfit, "TF-1").await;
        assert_eq!(counter.deposit(order).await.state, State::Refunded);
        counter.books().await;
    })
    .await;
}

#[tokio::test]
async fn one_person_alone_does_not_say_that_the_bank_has_what_its_file_says_it_gave_back() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        let order = counter.paid(100).await;
        listed(&counter, order, ("COUNTER000031", "S31", 100)).await;
        let unfit = gone_back(&counter, order).await.expect("open");
        assert_eq!(close(&counter, &counter.li, &unfit, (Outcome::Nothing, "")).await, Closure::Proposed);
        counter.propose(&counter.li, order, true).await.expect_err("it is open still");
        // A number that nobody needs does not keep two people apart.
        assert_eq!(close(&counter, &counter.ma, &unfit, (Outcome::Nothing, "TF-9")).await, Closure::Closed);
        counter.books().await;
    })
    .await;
}

#[tokio::test]
async fn what_two_people_denied_is_not_told_again_with_the_next_return() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        let order = counter.paid(100).await;
        listed(&counter, order, ("COUNTER000031", "S31", 30)).await;
        let unfit = gone_back(&counter, order).await.expect("open");
        for (staff, done) in [(&counter.li, Closure::Proposed), (&counter.ma, Closure::Closed)] {
            assert_eq!(close(&counter, staff, &unfit, (Outcome::Nothing, "")).await, done);
        }
        listed(&counter, order, ("COUNTER000032", "S32", 40)).await;
        assert_eq!(gone_back(&counter, order).await.expect("open").went_back(), Some(yuan(40)));
        // Of another amount, it is news.
        listed(&counter, order, ("COUNTER000031", "S31", 35)).await;
        assert_eq!(gone_back(&counter, order).await.expect("open").went_back(), Some(yuan(75)));
        counter.books().await;
    })
    .await;
}

#[tokio::test]
async fn who_types_another_number_for_the_same_is_told_so() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        let order = approved(&counter, 100).await;
        listed(&counter, order, ("COUNTER000031", "S31", 100)).await;
        let unfit = gone_back(&counter, order).await.expect("open");
        for (staff, number, done) in [
            (&counter.li, "TF-1", Closure::Proposed),
            (&counter.ma, "TF-2", Closure::OtherReference),
            (&counter.li, "TF-2", Closure::Closed),
        ] {
            assert_eq!(close(&counter, staff, &unfit, (Outcome::ReturnedOtherwise, number)).await, done, "{number}");
        }
        counter.books().await;
    })
    .await;
}

#[tokio::test]
async fn a_failed_refund_that_the_file_lists_as_done_is_looked_at_before_its_money_is_used() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        let order = counter.paid(100).await;
        counter.refund_at_the_counter(order, 100).await;
        counter.propose(&counter.li, order, false).await.expect("decided");
        until_failed(&counter, order).await;
        let refund = counter.story(order).await.refunds.pop().expect("one").order;
        let line = FileRefund { file: "a file".into(), order, refund, serial: "S7".into(), amount: yuan(100) };
        for _ in 0..2 {
            deposits::refund_in_file(&counter.house().await, &line, "0301").await.expect("noted");
        }
        let found = counter.story(order).await.exceptions;
        let contradictions = found.iter().filter(|unfit| unfit.kind == ExceptionKind::RefundContradiction);
        assert_eq!(contradictions.count(), 1);
        counter.books().await;
    })
    .await;
}
