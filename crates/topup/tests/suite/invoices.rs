//! Invoices on both engines: requested, withdrawn, issued, reversed, and never two at once.

use std::sync::Arc;

use ledger::{Fen, GroupId};
use store::Db;
use store::testing::on_both;
use topup::audit::{self, Action, Actor, Subject};
use topup::invoices::{
    self, BuyerError, BuyerProblem, Invoice, InvoiceError, NumberProblem, State, TaxpayerError, Typed,
};
use topup::paging::{PAGE, Place};
use topup::records::{Cell, Format, Head};
use topup::{House, Micros, SeededEntropy, TestClock, groups};
use vault::SoftVault;

use crate::cards;
use crate::world::patient;

/// 2026-11-22 14:32 in Beijing.
const NOW: Micros = Micros(1_795_329_128_500_000);
const GROUP: GroupId = GroupId(7);
const GOOD: Typed<'_> =
    Typed { name: "示例科技有限公司", taxpayer: "9144030071526726xg", email: "cw@example.cn" };
const BLUE: &str = "26412000000012345678";
const RED: &str = "26412000000087654321";

async fn company(db: Db) -> (House, Actor) {
    let vault = Arc::new(SoftVault::in_memory(cards::masters()));
    let clock = Arc::new(TestClock::at(NOW));
    let house = House::open(db, vault, clock, Arc::new(SeededEntropy::new(3)), patient()).await.expect("a house");
    let mut tx = house.db.begin().await.expect("a unit of work");
    groups::add(&mut tx, GROUP, "示例科技", NOW).await.expect("a group");
    for (order, state, paid) in [("D1", "approved", Some(50_000)), ("D2", "paid", Some(100)), ("D3", "created", None)] {
        tx.query(
            "INSERT INTO deposits (group_id, id, order_id, intent, state, operator_id, amount_fen, remark, payer, gateway, \
             created_at_us, expires_at_us, redirected_at_us, paid_fen, serial, paid_at_us, decided_at_us) \
             VALUES ($1, $2, $3, $3, $4, 1, 50000, '', 'company', 'unionpay', $5, $5, $5, $6, $7, $5, $5)",
        )
        .bind(GROUP)
        .bind(house.ids.next())
        .bind(order)
        .bind(state)
        .bind(NOW)
        .bind(paid.map(Fen::new))
        .bind(paid.map(|_| order))
        .execute()
        .await
        .expect("a deposit");
    }
    tx.commit().await.expect("a commit");
    (house, Actor::system("192.0.2.7"))
}

#[tokio::test]
async fn an_approved_deposit_gets_one_live_invoice_with_the_data_of_its_time() {
    on_both(|db| async move {
        let (house, actor) = company(db).await;
        let request = async |order: &str| invoices::request(&house, &actor, order).await;
        assert!(matches!(request("D1").await, Err(InvoiceError::NoBuyer)));
        assert_eq!(invoices::due(&house, None).await.expect("a look").rows[0].buyer, None);
        invoices::keep_buyer(&house, &actor, GROUP, GOOD).await.expect("kept");
        assert!(matches!(request("D2").await, Err(InvoiceError::NotApproved)));
        assert!(matches!(request("D3").await, Err(InvoiceError::NotApproved)));
        assert!(matches!(request("D9").await, Err(InvoiceError::Unknown)));
        let id = request("D1").await.expect("requested");
        assert!(matches!(request("D1").await, Err(InvoiceError::Live)));
        assert_eq!(invoices::of_deposit(&house, "D1").await.expect("a look"), Some(id));
        assert!(invoices::due(&house, None).await.expect("a look").rows.is_empty());

        let other = Typed { name: "另一家", ..GOOD };
        invoices::keep_buyer(&house, &actor, GROUP, other).await.expect("kept");
        let invoice = invoices::invoice(&house, id).await.expect("a look").expect("the invoice");
        assert_eq!(
            (invoice.state, invoice.amount, invoice.buyer.as_str()),
            (State::Requested, Fen::new(50_000), GOOD.name)
        );
        assert_eq!(invoice.taxpayer, "9144030071526726XG");
        assert!(matches!(invoices::withdraw(&house, &actor, id, " ").await, Err(InvoiceError::Reason)));
        invoices::withdraw(&house, &actor, id, "抬头有误").await.expect("withdrawn");
        assert!(matches!(
            invoices::withdraw(&house, &actor, id, "x").await,
            Err(InvoiceError::State(State::Withdrawn))
        ));
        let issued = invoices::issue(&house, &actor, id, BLUE, "2026-11-22").await;
        assert!(matches!(issued, Err(InvoiceError::State(State::Withdrawn))), "its deposit is as it was: {issued:?}");
        let second = request("D1").await.expect("requested again");
        let invoice = invoices::invoice(&house, second).await.expect("a look").expect("the invoice");
        assert_eq!(invoice.buyer, "另一家");
        let counts = invoices::counts(&house).await.expect("a look");
        assert_eq!((counts.due, counts.requested, counts.withdrawn), (0, 1, 1));
        let trail = audit::of(&house, Subject::Invoice(id), None).await.expect("a look").rows;
        let actions: Vec<_> = trail.iter().filter_map(|entry| entry.action).collect();
        assert_eq!(actions, [Action::InvoiceWithdrawn, Action::InvoiceRequested]);
    })
    .await;
}

#[tokio::test]
async fn issued_and_reversed_with_numbers_that_are_used_once() {
    on_both(|db| async move {
        let (house, actor) = company(db).await;
        invoices::keep_buyer(&house, &actor, GROUP, GOOD).await.expect("kept");
        let id = invoices::request(&house, &actor, "D1").await.expect("requested");
        let issue = async |id, number: &str, on: &str| invoices::issue(&house, &actor, id, number, on).await;
        let reverse =
            async |id, number: &str, on: &str| invoices::reverse(&house, &actor, id, (number, on), "金额有误").await;
        let wrong = |result| match result {
            Err(InvoiceError::Number(problem)) => problem,
            other => panic!("{other:?}"),
        };
        assert_eq!(wrong(issue(id, "123", "2026-11-22").await), NumberProblem::Digits);
        assert_eq!(wrong(issue(id, BLUE, "2026-11-23").await), NumberProblem::Future);
        assert_eq!(wrong(issue(id, BLUE, "2026-11-21").await), NumberProblem::Early);
        assert!(matches!(reverse(id, RED, "2026-11-22").await, Err(InvoiceError::State(State::Requested))));
        issue(id, BLUE, "2026-11-22").await.expect("issued");
        assert!(matches!(issue(id, RED, "2026-11-22").await, Err(InvoiceError::State(State::Issued))));
        assert!(matches!(invoices::withdraw(&house, &actor, id, "x").await, Err(InvoiceError::State(State::Issued))));
        assert!(matches!(invoices::request(&house, &actor, "D1").await, Err(InvoiceError::Live)));
        assert_eq!(wrong(reverse(id, BLUE, "2026-11-22").await), NumberProblem::Taken);
        reverse(id, RED, "2026-11-22").await.expect("reversed");
        let invoice = invoices::invoice(&house, id).await.expect("a look").expect("the invoice");
        assert_eq!(
            (invoice.state, invoice.number.as_deref(), invoice.red_number.as_deref()),
            (State::RedFlushed, Some(BLUE), Some(RED))
        );
        // The deposit may get another, under another number.
        let next = invoices::request(&house, &actor, "D1").await.expect("requested again");
        assert_eq!(wrong(issue(next, RED, "2026-11-22").await), NumberProblem::Taken);
        assert_eq!(invoices::list(&house, State::RedFlushed, None).await.expect("a look").rows.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn asked_for_at_once_by_many_there_is_one() {
    on_both(|db| async move {
        let (house, actor) = company(db).await;
        invoices::keep_buyer(&house, &actor, GROUP, GOOD).await.expect("kept");
        let all: Vec<_> = (0..8)
            .map(|_| {
                let (house, actor) = (house.clone(), actor.clone());
                tokio::spawn(async move { invoices::request(&house, &actor, "D1").await.is_ok() })
            })
            .collect();
        let mut made = 0;
        for one in all {
            made += usize::from(one.await.expect("no panic"));
        }
        assert_eq!((made, invoices::counts(&house).await.expect("a look").requested), (1, 1));
        let wrong = Typed { name: "", taxpayer: "914403001922038217", email: "x" };
        let Err(BuyerError::Wrong(problems)) = invoices::keep_buyer(&house, &actor, GROUP, wrong).await else {
            panic!("it must be refused")
        };
        assert_eq!(problems, [BuyerProblem::Name, BuyerProblem::Taxpayer(TaxpayerError::Check), BuyerProblem::Email]);
        let nobody = invoices::keep_buyer(&house, &actor, GroupId(99), GOOD).await;
        assert!(matches!(nobody, Err(BuyerError::Unknown)));
    })
    .await;
}

/// More than two pages of each list.
const MANY: i64 = 120;

/// Approved deposits of two groups, several of one moment.
async fn approved_many(house: &House, other: GroupId) {
    let mut tx = house.db.begin().await.expect("a unit of work");
    groups::add(&mut tx, other, "另一集团", NOW).await.expect("a group");
    for n in 0..MANY {
        tx.query(
            "INSERT INTO deposits (group_id, id, order_id, intent, state, operator_id, amount_fen, remark, payer, \
             gateway, created_at_us, expires_at_us, redirected_at_us, paid_fen, serial, paid_at_us, decided_at_us) \
             VALUES ($1, $2, $3, $3, 'approved', 1, $4, '', 'company', 'unionpay', $5, $5, $5, $4, $3, $5, $6)",
        )
        .bind(if n % 3 == 0 { other } else { GROUP })
        .bind(n.saturating_add(1))
        .bind(format!("M{n:03}"))
        .bind(Fen::new(n.saturating_add(100)))
        .bind(NOW)
        .bind(Micros(NOW.0.saturating_add(1).saturating_add(n / 4)))
        .execute()
        .await
        .expect("a deposit");
    }
    tx.commit().await.expect("a commit");
}

#[tokio::test]
async fn lists_go_on_page_by_page_and_the_file_has_them_all() {
    on_both(|db| async move {
        let (house, actor) = company(db).await;
        let other = GroupId(8);
        approved_many(&house, other).await;
        for group in [GROUP, other] {
            invoices::keep_buyer(&house, &actor, group, GOOD).await.expect("kept");
        }
        let expected: Vec<String> = std::iter::once("D1".into()).chain((0..MANY).map(|n| format!("M{n:03}"))).collect();

        let (mut due, mut after) = (vec![], None);
        loop {
            let page = invoices::due(&house, after).await.expect("a page");
            assert!(page.rows.len() <= PAGE && (page.next.is_none() || page.rows.len() == PAGE));
            due.extend(page.rows.into_iter().map(|due| due.order));
            after = page.next.and_then(|next| Place::parse(&next.to_string()));
            if after.is_none() {
                break;
            }
        }
        assert_eq!(due, expected, "oldest first, each once");
        for order in &due {
            invoices::request(&house, &actor, order).await.expect("requested");
        }
        let (mut listed, mut after) = (vec![], None);
        loop {
            let page = invoices::list(&house, State::Requested, after).await.expect("a page");
            listed.extend(page.rows.into_iter().map(|invoice| invoice.order));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert!(listed.iter().rev().eq(&expected), "newest first, each once: {listed:?}");
        let (mut own, mut after) = (0, None);
        loop {
            let page = invoices::of_group(&house, other, after).await.expect("a page");
            assert!(page.rows.iter().all(|invoice| invoice.group == other));
            own += page.rows.len();
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(own, 40, "a group's own and no other's");
        assert_eq!(invoices::due_of(&house, GROUP).await.expect("a look"), 0);

        let head = |count: i64, sum: Fen| {
            assert_eq!((count, sum), (MANY + 1, Fen::new(50_000 + (0..MANY).map(|n| 100 + n).sum::<i64>())));
            Head { title: "发票".into(), lines: vec![], columns: vec![] }
        };
        let row = |invoice: &Invoice| vec![Cell::Text(invoice.order.clone())];
        let mut file = invoices::export(&house, State::Requested, Format::Csv, head, row).await.expect("a file");
        let mut text = String::new();
        std::io::Read::read_to_string(&mut file, &mut text).expect("text");
        assert!(text.lines().skip(3).eq(expected.iter().rev().map(String::as_str)), "{text}");
    })
    .await;
}
