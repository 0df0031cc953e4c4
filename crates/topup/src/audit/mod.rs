//! The audit trail: who did what, when and from where. Rows are only ever added; the database refuses anything else.
//!
//! An entry is written in the same unit of work as what it tells of, so neither is there without the other.

use std::fmt;

use jiff::civil::Date;
use ledger::GroupId;
use store::{Micros, Tx};

use crate::deposits::{DepositNumber, ExceptionId};
use crate::loads::OrderNumber;
use crate::paging::{Page, Place, one_more};
use crate::people::staff::{Staff, StaffId};
use crate::people::{Operator, OperatorId};
use crate::terminals::TerminalNumber;
use crate::{House, Ids};

/// The group of what concerns the card company itself.
pub const NO_GROUP: GroupId = GroupId(0);

/// The name of what acts when no person of the card company does.
pub const SYSTEM: &str = "jichong";
/// Where the engineer at the command line acts from.
pub const COMMAND_LINE: &str = "command line";

/// Who acts, and from where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The member of staff, if it is one.
    pub staff: Option<StaffId>,
    /// Login and name as they are now; what acts, if nobody does.
    pub name: String,
    /// The address the request came from, or what else it came by.
    pub origin: String,
}

impl Actor {
    /// A member of staff at `address`.
    pub fn staff(staff: &Staff, address: impl fmt::Display) -> Self {
        Self { staff: Some(staff.id), name: format!("{} {}", staff.login, staff.name), origin: address.to_string() }
    }

    /// A person of a group at `address`.
    pub fn operator(operator: &Operator, address: impl fmt::Display) -> Self {
        Self { staff: None, name: format!("{} {}", operator.login, operator.name), origin: address.to_string() }
    }

    /// The engineer at the command line: whoever may use it may use the database.
    pub fn command_line() -> Self {
        Self { staff: None, name: SYSTEM.into(), origin: COMMAND_LINE.into() }
    }

    /// The system by itself; `origin` is the address that moved it, or nothing.
    pub fn system(origin: impl Into<String>) -> Self {
        Self { staff: None, name: SYSTEM.into(), origin: origin.into() }
    }
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// A member of staff was created.
    StaffAdded,
    /// Somebody was given a new password; their sessions ended.
    PasswordReset,
    /// Somebody may no longer sign in; their sessions ended.
    PersonDeactivated,
    /// Somebody may sign in again.
    PersonActivated,
    /// A terminal was created.
    TerminalAdded,
    /// A one-time code was issued; those before it are void.
    CodeIssued,
    /// A code bound a key to a terminal.
    TerminalEnrolled,
    /// A terminal was taken out of use for good.
    TerminalRevoked,
    /// An alarm was raised.
    AlarmRaised,
    /// An alarm was closed.
    AlarmClosed,
    /// Somebody said what became of a load that no proof settles.
    ReviewProposed,
    /// Another confirmed it, and the money moved.
    ReviewConfirmed,
    /// Another declined it.
    ReviewDeclined,
    /// What a correction owed was taken from the quota.
    CorrectionCollected,
    /// The bank's file of a day was taken in.
    DayFileTaken,
    /// A difference between the bank and our books was closed by a person.
    DifferenceClosed,
    /// Somebody said why a difference may be closed, and another has to say so too.
    DifferenceProposed,
    /// How the statement of a bank account is read was set up or changed.
    StatementReaderKept,
    /// A bank statement was taken in.
    StatementTaken,
    /// The data of who gets a group's invoices was changed.
    BuyerChanged,
    /// An invoice for a deposit was requested.
    InvoiceRequested,
    /// A request was withdrawn before anything was issued.
    InvoiceWithdrawn,
    /// The tax system issued it.
    InvoiceIssued,
    /// It was reversed by a red invoice.
    InvoiceReversed,
    /// Somebody proposed what becomes of a paid deposit.
    DepositProposed,
    /// Another declined it.
    DepositDeclined,
    /// A deposit became quota.
    DepositApproved,
    /// A deposit is to go back.
    DepositRejected,
    /// Somebody proposed how an exception of deposits is closed.
    ExceptionProposed,
    /// An exception of deposits was closed.
    ExceptionClosed,
}

impl Action {
    /// Every action.
    pub const ALL: &[Self] = &[
        Self::StaffAdded,
        Self::PasswordReset,
        Self::PersonDeactivated,
        Self::PersonActivated,
        Self::TerminalAdded,
        Self::CodeIssued,
        Self::TerminalEnrolled,
        Self::TerminalRevoked,
        Self::AlarmRaised,
        Self::AlarmClosed,
        Self::ReviewProposed,
        Self::ReviewConfirmed,
        Self::ReviewDeclined,
        Self::CorrectionCollected,
        Self::DayFileTaken,
        Self::DifferenceClosed,
        Self::DifferenceProposed,
        Self::StatementReaderKept,
        Self::StatementTaken,
        Self::BuyerChanged,
        Self::InvoiceRequested,
        Self::InvoiceWithdrawn,
        Self::InvoiceIssued,
        Self::InvoiceReversed,
        Self::DepositProposed,
        Self::DepositDeclined,
        Self::DepositApproved,
        Self::DepositRejected,
        Self::ExceptionProposed,
        Self::ExceptionClosed,
    ];

    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::StaffAdded => "staff.added",
            Self::PasswordReset => "person.password-reset",
            Self::PersonDeactivated => "person.deactivated",
            Self::PersonActivated => "person.activated",
            Self::TerminalAdded => "terminal.added",
            Self::CodeIssued => "terminal.code-issued",
            Self::TerminalEnrolled => "terminal.enrolled",
            Self::TerminalRevoked => "terminal.revoked",
            Self::AlarmRaised => "alarm.raised",
            Self::AlarmClosed => "alarm.closed",
            Self::ReviewProposed => "review.proposed",
            Self::ReviewConfirmed => "review.confirmed",
            Self::ReviewDeclined => "review.declined",
            Self::CorrectionCollected => "correction.collected",
            Self::DayFileTaken => "reconcile.file-taken",
            Self::DifferenceClosed => "reconcile.difference-closed",
            Self::DifferenceProposed => "reconcile.difference-proposed",
            Self::StatementReaderKept => "reconcile.reader-kept",
            Self::StatementTaken => "reconcile.statement-taken",
            Self::BuyerChanged => "invoice.buyer-changed",
            Self::InvoiceRequested => "invoice.requested",
            Self::InvoiceWithdrawn => "invoice.withdrawn",
            Self::InvoiceIssued => "invoice.issued",
            Self::InvoiceReversed => "invoice.reversed",
            Self::DepositProposed => "deposit.proposed",
            Self::DepositDeclined => "deposit.declined",
            Self::DepositApproved => "deposit.approved",
            Self::DepositRejected => "deposit.rejected",
            Self::ExceptionProposed => "exception.proposed",
            Self::ExceptionClosed => "exception.closed",
        }
    }

    /// From what is stored.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|action| action.as_str() == text)
    }
}

/// What it was done to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A terminal.
    Terminal(TerminalNumber),
    /// A load.
    Load(OrderNumber),
    /// A member of staff.
    Staff(StaffId),
    /// A person of a group.
    Operator(OperatorId),
    /// A group.
    Group(GroupId),
    /// A day at the bank.
    Day(Date),
    /// A bank account whose statements are read.
    Account(i64),
    /// An invoice.
    Invoice(i64),
    /// A deposit.
    Deposit(DepositNumber),
    /// An exception of deposits that is about none of ours.
    DepositException(ExceptionId),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Terminal(number) => write!(f, "terminal/{number}"),
            Self::Load(order) => write!(f, "load/{order}"),
            Self::Staff(id) => write!(f, "staff/{}", id.0),
            Self::Operator(id) => write!(f, "operator/{}", id.0),
            Self::Group(id) => write!(f, "group/{}", id.0),
            Self::Day(day) => write!(f, "day/{day}"),
            Self::Account(id) => write!(f, "account/{id}"),
            Self::Invoice(id) => write!(f, "invoice/{id}"),
            Self::Deposit(order) => write!(f, "deposit/{order}"),
            Self::DepositException(id) => write!(f, "exception/{}", id.0),
        }
    }
}

impl Subject {
    /// From what is stored.
    pub fn parse(text: &str) -> Option<Self> {
        match text.split_once('/')? {
            ("terminal", number) => number.parse().ok().map(Self::Terminal),
            ("load", order) => OrderNumber::parse(order).map(Self::Load),
            ("staff", id) => id.parse().ok().map(|id| Self::Staff(StaffId(id))),
            ("operator", id) => id.parse().ok().map(|id| Self::Operator(OperatorId(id))),
            ("group", id) => id.parse().ok().map(|id| Self::Group(GroupId(id))),
            ("day", day) => day.parse().ok().map(Self::Day),
            ("account", id) => id.parse().ok().map(Self::Account),
            ("invoice", id) => id.parse().ok().map(Self::Invoice),
            ("deposit", order) => DepositNumber::parse(order).map(Self::Deposit),
            ("exception", id) => id.parse().ok().map(|id| Self::DepositException(ExceptionId(id))),
            _ => None,
        }
    }
}

/// An entry to be written.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// Who.
    pub actor: &'a Actor,
    /// Did what.
    pub action: Action,
    /// Whose matter it is; [`NO_GROUP`] for the card company's own.
    pub group: GroupId,
    /// To what.
    pub subject: Subject,
    /// What else is worth knowing: an object of plain values, and never a secret.
    pub details: serde_json::Value,
}

/// An entry as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// When.
    pub at: Micros,
    /// Who, by login and name.
    pub actor: String,
    /// From where.
    pub origin: String,
    /// Did what; none for something that this version does not know.
    pub action: Option<Action>,
    /// What else is worth knowing.
    pub details: serde_json::Value,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    at_us: Micros,
    actor: String,
    origin: String,
    action: String,
    details: String,
}

/// Writes an entry, in the unit of work that does what it tells of.
pub async fn record(tx: &mut Tx, ids: &Ids, entry: &Entry<'_>) -> Result<(), store::Error> {
    let id = ids.next();
    tx.query(
        "INSERT INTO audit (group_id, id, at_us, staff_id, actor, origin, action, subject, details) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(entry.group)
    .bind(id)
    .bind(Ids::moment(id))
    .bind(entry.actor.staff)
    .bind(entry.actor.name.as_str())
    .bind(entry.actor.origin.as_str())
    .bind(entry.action.as_str())
    .bind(entry.subject.to_string())
    .bind(entry.details.to_string())
    .execute()
    .await?;
    Ok(())
}

/// A page of the entries about `subject`, newest first.
pub async fn of(house: &House, subject: Subject, after: Option<Place>) -> Result<Page<Recorded>, store::Error> {
    let after = after.unwrap_or(Place::end(true));
    let mut tx = house.db.read().await?;
    let rows: Vec<Row> = tx
        .query(
            "SELECT id, at_us, actor, origin, action, details FROM audit WHERE subject = $1 AND id < $2 \
             ORDER BY id DESC LIMIT $3",
        )
        .bind(subject.to_string())
        .bind(after.id)
        .bind(one_more())
        .all()
        .await?;
    let Page { rows, next } = Page::of(rows, |row| Place { at: row.at_us, id: row.id });
    Ok(Page { rows: rows.into_iter().map(Row::into_recorded).collect(), next })
}

impl Row {
    fn into_recorded(self) -> Recorded {
        Recorded {
            at: self.at_us,
            actor: self.actor,
            origin: self.origin,
            action: Action::parse(&self.action),
            details: serde_json::from_str(&self.details).unwrap_or_default(),
        }
    }
}
