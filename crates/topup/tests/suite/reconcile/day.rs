//! A day from its file to its closed differences, and its net on a statement, on both engines.

use std::sync::Arc;
use std::time::Duration;

use jiff::civil::{Date, date};
use ledger::{Fen, GroupId};
use store::Db;
use store::testing::on_both;
use topup::audit::{self, Action, Actor, Subject};
use topup::people::staff::{Staff, StaffRole};
use topup::reconcile::{self, Came, CloseError, Closing, Closure, DayState, Kept, TakeError, statement};
use topup::two_people::Refused;
use topup::{Clock as _, House, Micros, SeededEntropy, TestClock, groups};
use vault::SoftVault;

use super::file::{MEMBER, vector};
use crate::cards;
use crate::office::{hire, leaves};
use crate::world::patient;

/// The vector's day.
const DAY: Date = date(2026, 3, 1);
/// 2026-03-02 10:00 in Beijing.
const NOW: Micros = Micros(1_772_416_800_000_000);
const GROUP: GroupId = GroupId(7);

/// A card company with one group, and a clock that stands.
struct Company {
    house: House,
    clock: Arc<TestClock>,
    actor: Actor,
}

impl Company {
    async fn open(db: Db) -> Self {
        let clock = Arc::new(TestClock::at(NOW));
        let vault = Arc::new(SoftVault::in_memory(cards::masters()));
        let house =
            House::open(db, vault, clock.clone(), Arc::new(SeededEntropy::new(3)), patient()).await.expect("a house");
        let mut tx = house.db.begin().await.expect("a unit of work");
        groups::add(&mut tx, GROUP, "示例科技有限公司", NOW).await.expect("a group");
        tx.commit().await.expect("a commit");
        Self { house, clock, actor: Actor::system("192.0.2.7") }
    }

    /// A deposit as the table has it after the gateway's word; its lines are those of the vector.
    async fn deposit(&self, order: &str, serial: Option<&str>, fen: i64, state: &str) {
        let mut tx = self.house.db.begin().await.expect("a unit of work");
        let paid = serial.map(|_| fen);
        tx.query(
            "INSERT INTO deposits (group_id, id, order_id, intent, state, operator_id, amount_fen, remark, payer, gateway, \
             created_at_us, expires_at_us, redirected_at_us, paid_fen, serial, settle_date, paid_at_us) \
             VALUES ($1, $2, $3, $3, $4, 1, $5, '', 'company', 'unionpay', $6, $6, $6, $7, $8, $9, $10)",
        )
        .bind(GROUP)
        .bind(self.house.ids.next())
        .bind(order)
        .bind(state)
        .bind(fen)
        .bind(Micros(NOW.0 - 86_400_000_000))
        .bind(paid)
        .bind(serial)
        .bind(serial.map(|_| "0301"))
        .bind(serial.map(|_| Micros(NOW.0 - 80_000_000_000)))
        .execute()
        .await
        .expect("a deposit");
        tx.commit().await.expect("a commit");
    }

    async fn refund(&self, of: &str, order: &str, serial: &str, fen: i64) {
        let mut tx = self.house.db.begin().await.expect("a unit of work");
        tx.query(
            "INSERT INTO deposit_refunds (group_id, deposit_id, number, order_id, amount_fen, state, serial, settle_date, \
             created_at_us, ended_at_us) \
             SELECT group_id, id, 1, $2, $3, 'refunded', $4, '0301', $5, $5 FROM deposits WHERE order_id = $1",
        )
        .bind(of)
        .bind(order)
        .bind(fen)
        .bind(serial)
        .bind(Micros(NOW.0 - 70_000_000_000))
        .execute()
        .await
        .expect("a refund");
        tx.commit().await.expect("a commit");
    }

    /// Everything that the vector's lines say, in our books.
    async fn as_the_bank_has_it(&self) {
        let file = reconcile::file::read(MEMBER, &vector(MEMBER)).expect("the vector");
        for row in &file.rows[..2] {
            let order = row.order.as_deref().expect("an order");
            self.deposit(order, Some(&row.serial), row.amount.as_i64(), "approved").await;
        }
        let (first, refund) = (&file.rows[0], &file.rows[2]);
        let order = refund.order.as_deref().expect("an order");
        self.refund(first.order.as_deref().expect("an order"), order, &refund.serial, refund.amount.as_i64()).await;
    }

    async fn take(&self, bytes: &[u8]) -> Result<reconcile::Taken, TakeError> {
        reconcile::take(&self.house, &self.actor, Came::Uploaded, MEMBER, bytes).await
    }

    /// Somebody closes a difference; with a number if money moved for it.
    async fn close(
        &self,
        staff: &Staff,
        id: i64,
        reason: &str,
        moved: Option<&str>,
    ) -> Result<(Date, Closure), CloseError> {
        let closing = Closing { id, reason, moved: moved.is_some(), reference: moved.unwrap_or_default() };
        reconcile::close(&self.house, staff, &Actor::staff(staff, "192.0.2.7"), closing).await
    }

    async fn day(&self) -> reconcile::Listed {
        reconcile::day(&self.house, DAY).await.expect("a look").expect("the day")
    }

    /// Kinds of what is open, what was resolved and what was closed.
    async fn differences(&self) -> [Vec<String>; 3] {
        let mut all = [vec![], vec![], vec![]];
        for difference in self.day().await.differences {
            let at = if difference.is_open() {
                0
            } else if difference.closed_at.is_some() {
                2
            } else {
                1
            };
            all[at].push(difference.kind);
        }
        all
    }

    /// Everything there is, so that "nothing changed" can be said.
    async fn rows(&self) -> Vec<i64> {
        let mut tx = self.house.db.read().await.expect("a look");
        let mut counts = Vec::new();
        for text in [
            "SELECT COUNT(*) FROM bank_files",
            "SELECT COUNT(*) FROM bank_rows",
            "SELECT COUNT(*) FROM bank_days",
            "SELECT COUNT(*) FROM bank_lines",
            "SELECT COUNT(*) FROM bank_statements",
            "SELECT COUNT(*) FROM differences",
            "SELECT COUNT(*) FROM audit",
            "SELECT COUNT(*) FROM movements",
        ] {
            counts.push(tx.query(text).one::<(i64,)>().await.expect("a count").0);
        }
        counts
    }
}

fn swapped(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let at = bytes.windows(from.len()).position(|part| part == from.as_bytes()).expect("it is there");
    [&bytes[..at], to.as_bytes(), &bytes[at + to.len()..]].concat()
}

#[tokio::test]
async fn a_day_that_agrees_has_nothing_to_do_and_the_same_file_changes_nothing() {
    on_both(|db| async move {
        let company = Company::open(db).await;
        company.as_the_bank_has_it().await;
        let days = reconcile::days(&company.house, None).await.expect("a look").days;
        assert!(matches!(days[..], [reconcile::Day { ours: 3, state: DayState::Absent { .. }, .. }]), "{days:?}");
        assert_eq!(reconcile::waiting(&company.house).await.expect("a look").absent, 1);

        let taken = company.take(&vector(MEMBER)).await.expect("the file");
        assert_eq!((taken.day, taken.fresh, taken.lines), (DAY, true, 3));
        let listed = company.day().await;
        assert!(listed.pairs.len() == 3 && listed.differences.is_empty(), "{listed:?}");
        let DayState::Here(bank) = &listed.day.state else { panic!("the file is here") };
        assert_eq!((bank.lines, bank.matched), (3, 3));
        let before = company.rows().await;
        // The same, packed as it was, and by its content.
        assert!(!company.take(&vector(MEMBER)).await.expect("the file").fresh);
        assert!(reconcile::again(&company.house, DAY).await.expect("reconciled"));
        assert_eq!(company.rows().await, before);
        let trail = async || audit::of(&company.house, Subject::Day(DAY), None).await.expect("a look").rows;
        assert_eq!(trail().await.iter().map(|entry| entry.action).collect::<Vec<_>>(), [Some(Action::DayFileTaken)]);
        // From the gateway itself: no line changes, and from now on it is the gateway's own.
        let zip = "777290058110048_20260301.zip";
        let again = reconcile::take(&company.house, &company.actor, Came::Fetched, zip, &vector(zip)).await;
        assert!(!again.expect("the file").fresh);
        assert_eq!(trail().await.len(), 2);
        let (name, bytes) = reconcile::content(&company.house, DAY).await.expect("a look").expect("the file");
        assert_eq!((name.as_str(), bytes), (zip, vector(zip)));
        assert_eq!(reconcile::waiting(&company.house).await.expect("a look"), reconcile::Waiting::default());
    })
    .await;
}

#[tokio::test]
async fn each_difference_is_found_once_resolved_by_a_later_file_and_closed_with_a_reason() {
    on_both(|db| async move {
        let company = Company::open(db).await;
        company.as_the_bank_has_it().await;
        company.deposit("D0000000000000001", Some("226030110000000000018"), 700, "paid").await;
        let file = reconcile::file::read(MEMBER, &vector(MEMBER)).expect("the vector");
        let (first, second) = (file.rows[0].order.clone().unwrap(), file.rows[1].order.clone().unwrap());
        let strange = swapped(&vector(MEMBER), &first, "TOPUP20260301999999");
        let strange = swapped(&strange, "000000000001 ", "000000000002 ");
        assert!(file.rows[1].amount == Fen::new(1), "the vector's second line is one fen");
        company.take(&strange).await.expect("the file");
        let all = ["missing-here.unknown", "amount", "missing-there", "missing-there"];
        let mut open = company.differences().await[0].clone();
        open.sort();
        let mut expected = all.map(str::to_owned).to_vec();
        expected.sort();
        assert_eq!(open, expected);
        assert!(reconcile::again(&company.house, DAY).await.expect("reconciled"));
        assert_eq!(company.differences().await.map(|kinds| kinds.len()), [4, 0, 0], "found again as themselves");

        let wanted = company.day().await.differences.into_iter().find(|d| d.kind == "amount").expect("it is there");
        assert_eq!(
            (wanted.order.as_ref(), wanted.ours, wanted.theirs),
            (Some(&second), Some(Fen::new(1)), Some(Fen::new(2)))
        );
        let liu = hire(&company.house, "liu", StaffRole::Finance).await;
        let close = async |reason: &str| company.close(&liu, wanted.id, reason, None).await;
        assert!(matches!(close(" ").await, Err(CloseError::Refused(Refused::NoReason))));
        assert!(matches!(close(&"长".repeat(501)).await, Err(CloseError::Refused(Refused::LongReason))));
        assert_eq!(close("银行已更正").await.expect("closed"), (DAY, Closure::Closed));
        assert_eq!(close("again").await.expect("no harm"), (DAY, Closure::Closed));
        let closed = company.day().await.differences.into_iter().find(|d| d.id == wanted.id).expect("it stays");
        assert_eq!(closed.closed_why.as_deref(), Some("银行已更正"));
        assert!(reconcile::again(&company.house, DAY).await.expect("reconciled"));
        assert_eq!(company.differences().await.map(|kinds| kinds.len()), [3, 0, 1], "closed stays closed");

        // The bank sends the right file: what it explains is resolved; ours that it does not have is still missing.
        company.take(&vector(MEMBER)).await.expect("the file");
        assert_eq!(
            company.differences().await,
            [
                vec!["missing-there".to_owned()],
                vec!["missing-here.unknown".into(), "missing-there".into()],
                vec!["amount".into()]
            ]
        );
        // And the wrong one again: they are open again, not new.
        company.take(&strange).await.expect("the file");
        assert_eq!(company.differences().await.map(|kinds| kinds.len()), [3, 0, 1]);
        let trail = audit::of(&company.house, Subject::Day(DAY), None).await.expect("a look").rows;
        assert_eq!(trail.iter().filter(|entry| entry.action == Some(Action::DifferenceClosed)).count(), 1);
        assert_eq!(company.rows().await.last(), Some(&0), "no money moved");
    })
    .await;
}

#[tokio::test]
async fn above_the_limit_two_people_close_a_difference_and_say_what_moved() {
    on_both(|db| async move {
        let company = Company::open(db).await;
        company.take(&vector(MEMBER)).await.expect("the file");
        let limit = company.house.settings.deposits.two_people_above;
        let large = async || company.day().await.differences.into_iter().find(|d| d.stake() > limit).expect("one");
        let id = large().await.id;
        let liu = hire(&company.house, "liu", StaffRole::Finance).await;
        let ma = hire(&company.house, "ma", StaffRole::Admin).await;
        let auditor = hire(&company.house, "zhao", StaffRole::Auditor).await;
        assert!(matches!(company.close(&auditor, id, "看过", None).await, Err(CloseError::Refused(Refused::Role))));
        assert!(matches!(company.close(&liu, id, "已转账", Some(" ")).await, Err(CloseError::NoReference)));
        let long = "9".repeat(65);
        assert!(matches!(company.close(&liu, id, "已转账", Some(&long)).await, Err(CloseError::LongReference)));

        assert_eq!(company.close(&liu, id, "已转账", Some("TF-7")).await.expect("noted"), (DAY, Closure::Proposed));
        assert!(matches!(
            company.close(&liu, id, "已转账", Some("TF-7")).await,
            Err(CloseError::Refused(Refused::Own))
        ));
        assert!(large().await.is_open(), "nobody closes it alone");
        // What was said of it holds for what it was: it was resolved meanwhile, and came again.
        company.as_the_bank_has_it().await;
        assert!(reconcile::again(&company.house, DAY).await.expect("reconciled"));
        let mut tx = company.house.db.begin().await.expect("a unit of work");
        tx.query("UPDATE deposits SET order_id = order_id || 'X'").execute().await.expect("changed");
        tx.commit().await.expect("a commit");
        assert!(reconcile::again(&company.house, DAY).await.expect("reconciled"));
        assert_eq!((large().await.id, large().await.proposed_id), (id, None));

        assert_eq!(company.close(&liu, id, "已转账", Some("TF-8")).await.expect("noted").1, Closure::Proposed);
        leaves(&company.house, "liu").await;
        assert_eq!(company.close(&ma, id, "核对过", None).await.expect("noted").1, Closure::Proposed, "liu left");
        let wang = hire(&company.house, "wang", StaffRole::Finance).await;
        let another = company.close(&wang, id, "核对过", Some("TF-9")).await;
        assert_eq!(another.expect("noted").1, Closure::OtherReference, "two who name different payments do not agree");
        let trail = audit::of(&company.house, Subject::Day(DAY), None).await.expect("a look").rows;
        let told = |entry: &audit::Recorded| entry.details.to_string().contains("TF-9");
        assert!(!trail.iter().any(told), "nobody reads there what they are to read at the bank");
        assert_eq!(company.close(&ma, id, "核对过", Some("TF-9")).await.expect("closed").1, Closure::Closed);
        let trail = audit::of(&company.house, Subject::Day(DAY), None).await.expect("a look").rows;
        assert!(trail.iter().any(told), "closed, it stands there");
        let closed = company.day().await.differences.into_iter().find(|d| d.id == id).expect("it stays");
        assert_eq!((closed.reference.as_deref(), closed.proposed_id), (Some("TF-9"), Some(wang.id)));
        // The database itself sees that two people do.
        let mut tx = company.house.db.begin().await.expect("a unit of work");
        let alone =
            tx.query("UPDATE differences SET proposed_id = closed_id WHERE closed_id IS NOT NULL").execute().await;
        assert!(matches!(alone, Err(store::Error::Check(_))), "{alone:?}");
    })
    .await;
}

#[tokio::test]
async fn what_is_late_is_found_in_the_next_days_file_and_not_in_both() {
    on_both(|db| async move {
        let company = Company::open(db).await;
        let file = reconcile::file::read(MEMBER, &vector(MEMBER)).expect("the vector");
        let (first, next) = (&file.rows[0], "INN26030288ZM_777290058110048");
        company.deposit(first.order.as_deref().unwrap(), Some(&first.serial), first.amount.as_i64(), "paid").await;
        let line = &vector(MEMBER)[..608];
        let take = async |name: &str, bytes: &[u8]| {
            reconcile::take(&company.house, &company.actor, Came::Uploaded, name, bytes).await.map(|taken| taken.lines)
        };
        // The gateway said that it settles on the first; its file does not have it, the second's does.
        assert_eq!(take(MEMBER, b"").await.expect("a file"), 0);
        assert_eq!(company.differences().await[0], ["missing-there"]);
        company.clock.advance(Duration::from_hours(24));
        assert_eq!(take(next, line).await.expect("a file"), 1);
        assert!(reconcile::again(&company.house, DAY).await.expect("reconciled"));
        assert_eq!(company.differences().await, [vec![], vec!["missing-there".to_owned()], vec![]]);
        let second = reconcile::day(&company.house, date(2026, 3, 2)).await.expect("a look").expect("the day");
        assert!(second.differences.is_empty(), "{second:?}");
        // In both it is there once too often.
        assert_eq!(take(MEMBER, line).await.expect("a file"), 1);
        assert!(reconcile::again(&company.house, date(2026, 3, 2)).await.expect("reconciled"));
        let second = reconcile::day(&company.house, date(2026, 3, 2)).await.expect("a look").expect("the day");
        assert_eq!(second.differences[0].kind, "missing-here.twice");
    })
    .await;
}

#[tokio::test]
async fn a_file_that_cannot_be_taken_changes_nothing() {
    on_both(|db| async move {
        let company = Company::open(db).await;
        company.as_the_bank_has_it().await;
        let before = company.rows().await;
        let whole = vector(MEMBER);
        for bytes in
            [&whole[..700], &[whole.clone(), whole.clone()].concat(), b"PK\x03\x04 no ZIP", &whole.repeat(2)[5..]]
        {
            assert!(matches!(company.take(bytes).await, Err(TakeError::File(_))));
        }
        let future = "INN26030388ZM_777290058110048";
        let early = reconcile::take(&company.house, &company.actor, Came::Uploaded, future, b"").await;
        assert!(matches!(early, Err(TakeError::Future(day)) if day == date(2026, 3, 3)));
        assert_eq!(company.rows().await, before);
    })
    .await;
}

const STATEMENT: &str = "账号,41050100000000001\n交易日期,借方发生额,贷方发生额,余额,对方户名,摘要,流水号\n";

#[tokio::test]
async fn the_net_of_a_day_is_found_on_a_statement_and_missed_when_it_does_not_come() {
    on_both(|db| async move {
        let company = Company::open(db).await;
        company.as_the_bank_has_it().await;
        company.take(&vector(MEMBER)).await.expect("the file");
        let DayState::Here(bank) = company.day().await.day.state else { panic!("the file is here") };
        let line = |day: &str, yuan: Fen, serial: &str| format!("{day},,\"{yuan}\",,中国银联,清算,{serial}\n");
        let sample = format!("{STATEMENT}{}", line("2026-03-02", Fen::new(100), "1"));
        let layout = statement::guess(&sample);
        let kept = Kept { id: None, name: "结算户", layout: &layout, sample: &sample };
        let account = reconcile::keep(&company.house, &company.actor, &kept).await.expect("kept");
        let twice = reconcile::keep(&company.house, &company.actor, &kept).await;
        assert!(matches!(twice, Err(reconcile::AccountError::Taken)), "{twice:?}");
        let take = async |text: String| {
            reconcile::take_statement(&company.house, &company.actor, account, "账单.csv", text.as_bytes()).await
        };

        // Not yet there, and the statement does not reach far.
        let other = line("2026-03-02", Fen::new(100), "1");
        assert_eq!(take(format!("{STATEMENT}{other}")).await.expect("taken").fresh, 1);
        assert!(company.differences().await[0].is_empty());
        // A broken one changes nothing, and says where.
        let before = company.rows().await;
        let broken =
            take(format!("{STATEMENT}{other}2026-03-03,,1O0.00,,中国银联,清算,2\n")).await.expect_err("broken");
        assert!(broken.to_string().contains("line 4, column 贷方发生额"), "{broken}");
        let contrary =
            take(format!("{STATEMENT}{}", line("2026-03-02", Fen::new(200), "1"))).await.expect_err("contrary");
        assert!(contrary.to_string().contains("line 3, column 流水号"), "{contrary}");
        assert_eq!(take(format!("{STATEMENT}{other}")).await.expect("the same").fresh, 0);
        assert_eq!(company.rows().await, before);

        // It reaches far, and the net is not there: a difference. Another line there settles no day.
        company.clock.advance(Duration::from_hours(24 * 14));
        let far = line("2026-03-15", Fen::new(300), "9");
        assert_eq!(take(format!("{STATEMENT}{other}{far}")).await.expect("taken").fresh, 1);
        assert_eq!(company.differences().await[0], ["not-settled"]);
        assert_eq!(company.day().await.near.len(), 1, "the line that is near");
        let stray = reconcile::day(&company.house, date(2026, 3, 2)).await.expect("a look").expect("the day");
        assert_eq!(stray.differences[0].kind, "no-day");
        // It comes after all, on an older page.
        let net = line("2026-03-03", bank.net, "3");
        assert_eq!(take(format!("{STATEMENT}{other}{net}")).await.expect("taken").fresh, 1);
        assert_eq!(company.differences().await, [vec![], vec!["not-settled".to_owned()], vec![]]);
        let DayState::Here(bank) = company.day().await.day.state else { panic!("the file is here") };
        assert_eq!(bank.settled, Some(date(2026, 3, 3)));
        // A server that died before it looked for the net: the hourly look finds it.
        let mut tx = company.house.db.begin().await.expect("a unit of work");
        tx.query("UPDATE bank_days SET line_id = NULL").execute().await.expect("changed");
        tx.commit().await.expect("a commit");
        reconcile::sweep(&company.house).await.expect("swept");
        let DayState::Here(bank) = company.day().await.day.state else { panic!("the file is here") };
        assert_eq!(bank.settled, Some(date(2026, 3, 3)));
        assert_eq!(reconcile::statements(&company.house, None).await.expect("a look").rows.len(), 3);
        // Another file of the day has another net, so that line is not its any more.
        company.take(&vector(MEMBER)[..608]).await.expect("the file");
        let DayState::Here(bank) = company.day().await.day.state else { panic!("the file is here") };
        assert_eq!(bank.settled, None);
        assert!(company.differences().await[0].contains(&"not-settled".to_owned()));
        assert!(company.clock.now().0 > NOW.0);
    })
    .await;
}

#[tokio::test]
async fn the_days_go_on_two_months_at_a_time() {
    on_both(|db| async move {
        let company = Company::open(db).await;
        company.as_the_bank_has_it().await;
        let days = async |before| reconcile::days(&company.house, before).await.expect("a look");
        let told = |days: &reconcile::Days| days.days.iter().map(|day| day.day).collect::<Vec<_>>();
        let now = days(None).await;
        assert_eq!((told(&now), now.earlier), (vec![DAY], None));
        company.clock.advance(Duration::from_hours(24 * 200));
        let now = days(None).await;
        assert_eq!(told(&now), []);
        let before = days(now.earlier).await;
        assert_eq!((told(&before), before.earlier), (vec![DAY], None));
        // What is open is on the first page, however old.
        let file = vector(MEMBER);
        company.take(&file[..608]).await.expect("the file");
        assert!(!company.differences().await[0].is_empty());
        assert_eq!(told(&days(None).await), [DAY]);
    })
    .await;
}
