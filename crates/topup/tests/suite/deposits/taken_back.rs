//! Money that is back at the payer leaves the quota that it had become: nobody makes a fen.

use std::time::Duration;

use futures_util::future::join_all;
use jiff::civil::{Date, date};
use ledger::{Fen, Kind, Movement};
use store::testing::on_both;
use topup::audit::Actor;
use topup::books::prove_books;
use topup::deposits::{
    self, CloseError, Closing, Closure, Decided, DepositNumber, Exception, ExceptionKind, Outcome, Refused,
    ReviewError, State,
};
use topup::invoices::{self, Typed};
use topup::people::staff::Staff;
use topup::reconcile::matching::Finding;
use topup::reconcile::{self, Came};
use topup::records::{Day, Grain, Item, Period, entries, statement};
use topup::two_people::Refused as Rule;

use super::counter::{Counter, actor, yuan};

/// The day on which the counter begins.
const DAY: Date = date(2026, 3, 1);
const MORNING: Duration = Duration::from_hours(24);

async fn close(counter: &Counter, staff: &Staff, unfit: &Exception, outcome: Outcome) -> Result<Closure, CloseError> {
    let closing = Closing { id: unfit.id, outcome, reason: "银行回单", reference: "TF-1" };
    deposits::close(&counter.house().await, staff, &actor(staff), closing).await
}

/// What is open about a deposit.
async fn open(counter: &Counter, order: DepositNumber) -> Vec<Exception> {
    let story = counter.story(order).await;
    story.exceptions.into_iter().filter(|unfit| unfit.closed.is_none()).collect()
}

async fn approved(counter: &Counter, amount: i64) -> DepositNumber {
    let order = counter.paid(amount).await;
    assert_eq!(counter.propose(&counter.li, order, true).await.expect("done"), Decided::Done(State::Approved));
    order
}

/// The day is over, and its file is fetched.
async fn fetch(counter: &Counter) {
    counter.pass(MORNING);
    let house = counter.house().await;
    counter
        .until(async || {
            reconcile::sweep(&house).await.expect("swept");
            reconcile::bank(&house, DAY).await.expect("a look").filter(|bank| bank.came == Came::Fetched)
        })
        .await;
}

/// Approved, and given back at the bank's counter that day; nobody but the file says so.
async fn refunded_at_the_counter(counter: &Counter, amount: i64) -> (DepositNumber, Exception) {
    let order = approved(counter, amount).await;
    counter.out_of_turn(&order.to_string(), "refund_at_counter").await;
    fetch(counter).await;
    let [unfit] = &open(counter, order).await[..] else { panic!("one") };
    (order, unfit.clone())
}

/// Quota is used up: on cards.
async fn use_up(counter: &Counter, amount: Fen) {
    let mut tx = counter.db.begin().await.expect("a unit of work");
    let (group, at) = (counter.group, counter.house().await.now());
    let spent = Movement { group, from: Kind::Quota, to: Kind::OnCards, amount, reason: "a test", subject: 1, at };
    for posted in ledger::post(&mut tx, &[spent]).await.expect("posted") {
        posted.expect("it is there");
    }
    tx.commit().await.expect("a commit");
}

#[tokio::test]
async fn what_was_given_back_at_the_counter_is_in_the_file_alone_and_leaves_the_quota_by_two_people() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        let (order, unfit) = refunded_at_the_counter(&counter, 100).await;
        assert_eq!(
            (unfit.kind, unfit.amount, unfit.went_back(), unfit.booked, unfit.stands),
            (ExceptionKind::GoneBack, yuan(100), Some(yuan(100)), true, Some(State::Approved))
        );
        let house = counter.house().await;
        let listed = reconcile::day(&house, DAY).await.expect("a look").expect("the day");
        let pair = listed.pairs.iter().find(|pair| pair.finding == Finding::GivenBack).expect("it is tied");
        assert_eq!(pair.ours.as_ref().map(|ours| ours.deposit.clone()), Some(order.to_string()));
        let [difference] = &listed.differences[..] else { panic!("one: {:?}", listed.differences) };
        assert_eq!((difference.kind.as_str(), difference.deposit.clone()), ("given-back", Some(order.to_string())));
        for _ in 0..3 {
            assert!(reconcile::again(&house, DAY).await.expect("reconciled"));
        }
        assert_eq!(open(&counter, order).await.len(), 1, "said once");
        assert_eq!(counter.steps(order).await.iter().filter(|step| **step == "given_back").count(), 1);
        counter.books().await;

        // Far below the limit, and yet two people.
        let otherwise = Outcome::ReturnedOtherwise;
        assert_eq!(close(&counter, &counter.li, &unfit, otherwise).await.expect("noted"), Closure::Proposed);
        let own = close(&counter, &counter.li, &unfit, otherwise).await;
        assert!(matches!(own, Err(CloseError::Refused(Refused::Rule(Rule::Own)))), "{own:?}");
        assert_eq!(counter.balance(Kind::Quota).await, yuan(100));
        let clicks = (0..6).map(|_| close(&counter, &counter.ma, &unfit, otherwise));
        let closed = join_all(clicks).await.into_iter().filter(|done| matches!(done, Ok(Closure::Closed))).count();
        assert_eq!(closed, 1, "however many click at once");
        assert_eq!((counter.balance(Kind::Quota).await, counter.balance(Kind::Bank).await), (Fen::ZERO, Fen::ZERO));
        assert_eq!(counter.deposit(order).await.state, State::Refunded);
        let steps = counter.steps(order).await;
        assert_eq!(steps[steps.len() - 2..], ["taken_back", "closed"]);
        let moved = deposits::moved(&house, counter.group, order).await.expect("a look");
        assert_eq!(moved.last().map(|last| (last.from, last.to)), Some((Kind::Quota, Kind::Bank)));
        let totals = counter.totals().await;
        assert_eq!(totals.of(State::Approved).count, 0);
        assert_eq!((totals.of(State::Refunded).count, totals.of(State::Refunded).sum), (1, yuan(100)));
        counter.books().await;
        // Looked at again, nothing opens anew.
        assert!(reconcile::again(&house, DAY).await.expect("reconciled"));
        assert!(open(&counter, order).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn quota_that_is_used_up_cannot_be_taken_back_until_the_group_pays_in_again() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        let (order, unfit) = refunded_at_the_counter(&counter, 100).await;
        let otherwise = Outcome::ReturnedOtherwise;
        assert_eq!(close(&counter, &counter.li, &unfit, otherwise).await.expect("noted"), Closure::Proposed);
        use_up(&counter, yuan(30)).await;
        for staff in [&counter.li, &counter.ma] {
            let refused = close(&counter, staff, &unfit, otherwise).await;
            let Err(CloseError::QuotaShort { free, needed }) = refused else { panic!("{refused:?}") };
            assert_eq!((free, needed), (yuan(70), yuan(100)));
        }
        assert_eq!(
            (counter.balance(Kind::Quota).await, counter.deposit(order).await.state),
            (yuan(70), State::Approved)
        );
        assert_eq!(open(&counter, order).await.len(), 1);
        approved(&counter, 30).await;
        assert_eq!(close(&counter, &counter.ma, &unfit, otherwise).await.expect("closed"), Closure::Closed);
        assert_eq!(
            (counter.balance(Kind::Quota).await, counter.deposit(order).await.state),
            (Fen::ZERO, State::Refunded)
        );
    })
    .await;
}

#[tokio::test]
async fn a_bank_that_was_mistaken_leaves_the_quota_as_it_is() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        let (order, unfit) = refunded_at_the_counter(&counter, 100).await;
        // Or the group has paid it in otherwise: what the bank does not have stays quota by two people, however little.
        assert_eq!(close(&counter, &counter.li, &unfit, Outcome::Nothing).await.expect("noted"), Closure::Proposed);
        assert_eq!(close(&counter, &counter.ma, &unfit, Outcome::Nothing).await.expect("closed"), Closure::Closed);
        assert_eq!(
            (counter.balance(Kind::Quota).await, counter.deposit(order).await.state),
            (yuan(100), State::Approved)
        );
        assert!(reconcile::again(&counter.house().await, DAY).await.expect("reconciled"));
        assert!(open(&counter, order).await.is_empty(), "people have said what is so");
        counter.books().await;
    })
    .await;
}

#[tokio::test]
async fn the_statement_shows_what_was_taken_back_and_comes_to_the_quota_exactly() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        let (order, unfit) = refunded_at_the_counter(&counter, 100).await;
        approved(&counter, 40).await;
        for staff in [&counter.li, &counter.ma] {
            close(&counter, staff, &unfit, Outcome::ReturnedOtherwise).await.expect("said");
        }
        let house = counter.house().await;
        let today = Day::of(house.now());
        let period = Period::new(today.plus(-3), today).expect("in order");
        let said = statement(&house, counter.group, period, Grain::Day).await.expect("a statement");
        let (deposits, taken_back) = (said.total.item(Item::Deposits), said.total.item(Item::TakenBack));
        assert_eq!((deposits.count, deposits.sum), (2, yuan(140)));
        assert_eq!((taken_back.count, taken_back.sum), (1, yuan(-100)));
        assert_eq!(said.total.item(Item::Other).count, 0);
        assert_eq!((said.opening, said.total.closing, said.now.available), (Fen::ZERO, yuan(40), yuan(40)));
        let found = entries(&house, counter.group, today, Some(Item::TakenBack), 0, 10).await.expect("entries");
        let [entry] = &found.entries[..] else { panic!("one") };
        assert_eq!(entry.about, topup::records::About::Deposit(order), "it leads to its deposit");
        counter.books().await;
        for change in [
            "UPDATE deposits SET state = 'approved' WHERE state = 'refunded'",
            "UPDATE deposits SET state = 'rejected' WHERE state = 'refunded'",
            "UPDATE movements SET reason = 'deposit refunded' WHERE to_kind = 'bank'",
            "UPDATE movements SET to_kind = 'on_cards' WHERE to_kind = 'bank'",
            "UPDATE deposit_exceptions SET outcome = 'nothing'",
            "UPDATE deposit_totals SET state = 'approved' WHERE state = 'refunded'",
            "UPDATE quota_days SET to_kind = 'on_cards' WHERE to_kind = 'bank'",
        ] {
            let mut tx = counter.db.begin().await.expect("a unit of work");
            // What is only ever added to cannot be changed at all.
            let Ok(changed) = tx.query(change).execute().await else { continue };
            assert!(changed > 0, "{change}");
            assert!(!prove_books(&mut tx).await.expect("a look").hold(), "{change} is not found");
        }
    })
    .await;
}

#[tokio::test]
async fn nothing_is_invoiced_for_a_deposit_that_was_taken_back() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        let house = counter.house().await;
        let typed = Typed { name: "示例科技有限公司", taxpayer: "9144030071526726xg", email: "cw@example.cn" };
        let office = actor(&counter.li);
        invoices::keep_buyer(&house, &office, counter.group, typed).await.expect("kept");
        let (order, issued) = (approved(&counter, 100).await, approved(&counter, 200).await);
        for order in [order, issued] {
            counter.out_of_turn(&order.to_string(), "refund_at_counter").await;
        }
        fetch(&counter).await;
        let asked = invoices::request(&house, &office, &order.to_string()).await.expect("requested");
        let done = invoices::request(&house, &office, &issued.to_string()).await.expect("requested");
        invoices::issue(&house, &office, done, "26412000000012345678", "2026-03-02").await.expect("issued");
        for order in [order, issued] {
            let [unfit] = &open(&counter, order).await[..] else { panic!("one") };
            for staff in [&counter.li, &counter.ma] {
                close(&counter, staff, unfit, Outcome::ReturnedOtherwise).await.expect("said");
            }
        }
        let invoice = async |id| invoices::invoice(&house, id).await.expect("a look").expect("an invoice");
        assert_eq!(invoice(asked).await.state, invoices::State::Withdrawn);
        assert!(invoice(done).await.is_to_reverse());
        let to_reverse = invoices::to_reverse(&house).await.expect("a look");
        assert_eq!(to_reverse.iter().map(|invoice| invoice.id).collect::<Vec<_>>(), [done]);
        let again = invoices::request(&house, &office, &order.to_string()).await;
        assert!(matches!(again, Err(invoices::InvoiceError::NotApproved)), "{again:?}");
        // The tax system had issued the other one already, and nobody here knew.
        invoices::issue(&house, &office, asked, "26412000000012345679", "2026-03-02").await.expect("issued");
        assert!(invoice(asked).await.is_to_reverse());
        for (id, red) in [(done, "26412000000087654321"), (asked, "26412000000087654322")] {
            invoices::reverse(&house, &office, id, (red, "2026-03-02"), "款已退回").await.expect("reversed");
        }
        assert!(invoices::to_reverse(&house).await.expect("a look").is_empty());
        counter.books().await;
    })
    .await;
}

#[tokio::test]
async fn what_is_in_review_is_rejected_and_its_refund_is_closed_as_returned() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        let order = counter.paid(100).await;
        counter.out_of_turn(&order.to_string(), "refund_at_counter").await;
        fetch(&counter).await;
        let approval = counter.propose(&counter.li, order, true).await;
        assert!(matches!(approval, Err(ReviewError::Refused(Refused::NotThere))), "{approval:?}");
        counter.propose(&counter.li, order, false).await.expect("decided");
        let failed = counter
            .until(async || {
                counter.pass_and_sweep(Duration::from_mins(5)).await;
                open(&counter, order).await.into_iter().find(|unfit| unfit.kind == ExceptionKind::RefundFailed)
            })
            .await;
        // The bank has the payment still, as it says; and yet the money is at the payer.
        let credited = close(&counter, &counter.li, &failed, Outcome::Credited).await;
        assert!(matches!(credited, Err(CloseError::Refused(Refused::NotThere))), "{credited:?}");
        let gone = open(&counter, order).await.into_iter().find(|unfit| unfit.kind == ExceptionKind::GoneBack);
        let (gone, otherwise) = (gone.expect("it is open still"), Outcome::ReturnedOtherwise);
        assert_eq!(close(&counter, &counter.li, &gone, otherwise).await.expect("closed"), Closure::Closed);
        let credited = close(&counter, &counter.li, &failed, Outcome::Credited).await;
        assert!(matches!(credited, Err(CloseError::Refused(Refused::NotThere))), "{credited:?}");
        assert_eq!(close(&counter, &counter.li, &failed, otherwise).await.expect("closed"), Closure::Closed);
        assert_eq!(
            (counter.balance(Kind::Quota).await, counter.balance(Kind::RefundsDue).await),
            (Fen::ZERO, Fen::ZERO)
        );
        assert_eq!(counter.deposit(order).await.state, State::Refunded);
        counter.books().await;
    })
    .await;
}

#[tokio::test]
async fn a_file_that_people_brought_shows_the_tie_and_opens_nothing() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        let order = approved(&counter, 100).await;
        counter.out_of_turn(&order.to_string(), "refund_at_counter").await;
        counter.pass(MORNING);
        let (house, system) = (counter.house().await, Actor::system(""));
        let (name, bytes) = counter.days_file("0301").await;
        let take = async |came| reconcile::take(&house, &system, came, &name, &bytes).await.expect("the file");
        assert!(take(Came::Uploaded).await.fresh);
        let listed = reconcile::day(&house, DAY).await.expect("a look").expect("the day");
        assert!(listed.pairs.iter().any(|pair| pair.finding == Finding::GivenBack));
        assert!(open(&counter, order).await.is_empty(), "anyone can write a file");
        // And can leave out what its digest does not hold: the bank's own says it.
        let mut tx = counter.db.begin().await.expect("a unit of work");
        tx.query("UPDATE bank_rows SET original = 'another'").execute().await.expect("changed");
        tx.commit().await.expect("a commit");
        assert!(!take(Came::Fetched).await.fresh, "the same, from the bank");
        assert_eq!(open(&counter, order).await.len(), 1);
        counter.books().await;
    })
    .await;
}

#[tokio::test]
async fn a_part_given_back_at_the_counter_and_then_the_rest_are_one_trouble() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        let order = approved(&counter, 100).await;
        counter.refund_at_the_counter(order, 30).await;
        fetch(&counter).await;
        let [unfit] = &open(&counter, order).await[..] else { panic!("one") };
        assert_eq!((unfit.amount, unfit.went_back()), (yuan(100), Some(yuan(30))));
        let otherwise = Outcome::ReturnedOtherwise;
        assert_eq!(close(&counter, &counter.li, unfit, otherwise).await.expect("noted"), Closure::Proposed);
        counter.refund_at_the_counter(order, 70).await;
        counter.pass(MORNING);
        let house = counter.house().await;
        let both = counter
            .until(async || {
                reconcile::sweep(&house).await.expect("swept");
                let [unfit] = &open(&counter, order).await[..] else { panic!("one") };
                (unfit.went_back() == Some(yuan(100))).then(|| unfit.clone())
            })
            .await;
        assert_eq!(both.proposed, None, "what was said of a part was not said of the whole");
        for staff in [&counter.li, &counter.ma] {
            close(&counter, staff, &both, otherwise).await.expect("said");
        }
        assert_eq!(
            (counter.balance(Kind::Quota).await, counter.deposit(order).await.state),
            (Fen::ZERO, State::Refunded)
        );
        counter.books().await;
    })
    .await;
}

#[tokio::test]
async fn what_people_said_had_gone_back_otherwise_is_no_news_in_the_file_and_the_second_time_is() {
    on_both(|db| async move {
        let counter = Counter::open(db).await;
        // One whose refund the bank refuses, since it was given back at its counter an hour before.
        let otherwise = counter.paid(100).await;
        counter.refund_at_the_counter(otherwise, 100).await;
        // And one that our own refund gives back in part, and the counter too: of that the bank's own books are wrong.
        let twice = counter.paid(200).await;
        counter.propose(&counter.li, twice, false).await.expect("decided");
        counter.refund_ends(twice).await;
        assert_eq!(counter.deposit(twice).await.state, State::Refunded);
        counter.propose(&counter.li, otherwise, false).await.expect("decided");
        let failed = counter
            .until(async || {
                counter.pass_and_sweep(Duration::from_mins(5)).await;
                open(&counter, otherwise).await.into_iter().find(|unfit| unfit.kind == ExceptionKind::RefundFailed)
            })
            .await;
        // Under the number that the bank's counter gave it.
        counter.pass(MORNING);
        let (name, bytes) = counter.days_file("0301").await;
        let rows = reconcile::file::read(&name, &bytes).expect("the file").rows;
        let mut numbers = rows.into_iter().filter_map(|row| row.order);
        let reference = numbers.find(|number| number.starts_with("COUNTER")).expect("a refund that was not made here");
        let closing =
            Closing {
                id: failed.id, outcome: Outcome::ReturnedOtherwise, reason: "柜台凭证", reference: &reference
            };
        let house = counter.house().await;
        deposits::close(&house, &counter.li, &actor(&counter.li), closing).await.expect("closed");
        assert_eq!(counter.deposit(otherwise).await.state, State::Refunded);
        fetch(&counter).await;
        assert!(open(&counter, otherwise).await.is_empty(), "that is how it went");
        assert!(counter.steps(otherwise).await.contains(&"given_back"));

        let line = deposits::FileRefund {
            file: "a file".into(),
            order: twice,
            refund: "COUNTER000099".into(),
            serial: "132603011015008800998".into(),
            amount: yuan(200),
        };
        for _ in 0..2 {
            deposits::given_back(&house, &line).await.expect("noted");
        }
        let [unfit] = &open(&counter, twice).await[..] else { panic!("one") };
        assert_eq!((unfit.kind, unfit.booked, unfit.amount), (ExceptionKind::GoneBack, false, yuan(200)));
        assert_eq!(counter.books().await.deposits.unbooked[0].sum, yuan(200));
        assert_eq!(close(&counter, &counter.li, unfit, Outcome::Nothing).await.expect("closed"), Closure::Closed);
        counter.books().await;
    })
    .await;
}
