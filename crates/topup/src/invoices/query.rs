//! The SQL that reads invoices and what waits for one.

use jiff::civil::Date;
use ledger::{Fen, GroupId};
use store::{Micros, Tx};

use super::rules::State;
use crate::House;
use crate::groups::Group;
use crate::paging::{Page, Place, one_more};

/// Who gets a group's invoices.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Buyer {
    /// The company's name.
    pub name: String,
    /// Its taxpayer number.
    pub taxpayer: String,
    /// Where they are sent.
    pub email: String,
    /// Who changed it last.
    pub changed_by: String,
    /// When.
    #[sqlx(rename = "changed_at_us")]
    pub changed_at: Micros,
}

/// An approved deposit without a live invoice.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Due {
    /// Whose.
    #[sqlx(rename = "group_id")]
    pub group: GroupId,
    /// The group's name.
    pub group_name: String,
    /// The deposit's id.
    pub id: i64,
    /// The deposit's number.
    #[sqlx(rename = "order_id")]
    pub order: String,
    /// How much became quota.
    #[sqlx(rename = "paid_fen")]
    pub amount: Fen,
    /// When it was approved.
    #[sqlx(rename = "decided_at_us")]
    pub approved_at: Micros,
    /// Who gets the invoice; none if that is not known yet.
    pub buyer: Option<String>,
}

/// An invoice, as far as it has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invoice {
    /// Its id.
    pub id: i64,
    /// Whose.
    pub group: GroupId,
    /// The group's name.
    pub group_name: String,
    /// The deposit's number.
    pub order: String,
    /// When the deposit was approved.
    pub approved_at: Option<Micros>,
    /// How much.
    pub amount: Fen,
    /// The buyer, as it was when it was requested.
    pub buyer: String,
    /// Its taxpayer number.
    pub taxpayer: String,
    /// Where it is sent.
    pub email: String,
    /// Where it stands.
    pub state: State,
    /// Who requested it.
    pub requested_by: String,
    /// When.
    pub requested_at: Micros,
    /// The number that the tax system gave it.
    pub number: Option<String>,
    /// When it was issued.
    pub issued_on: Option<Date>,
    /// The number of the red invoice that reversed it.
    pub red_number: Option<String>,
    /// When that was issued.
    pub red_on: Option<Date>,
    /// When its deposit was taken back: one that is issued is to be red-flushed then.
    pub taken_back_at: Option<Micros>,
}

impl Invoice {
    /// Whether a number that the tax system gave it can be written down: it is asked for, or was until its deposit was taken
    /// back, and may have been issued before anyone there knew.
    pub fn may_be_issued(&self) -> bool {
        self.state == State::Requested || self.state == State::Withdrawn && self.taken_back_at.is_some()
    }

    /// Whether it stands for money that is not there any more.
    pub fn is_to_reverse(&self) -> bool {
        self.taken_back_at.is_some() && self.state == State::Issued
    }
}

/// Which are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Filter {
    /// Approved deposits without one.
    #[default]
    Due,
    /// Those in this state.
    State(State),
}

/// How many there are: due, requested, issued, red-flushed, withdrawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Approved deposits without one.
    pub due: i64,
    /// Requested.
    pub requested: i64,
    /// Issued.
    pub issued: i64,
    /// Red-flushed.
    pub red_flushed: i64,
    /// Withdrawn.
    pub withdrawn: i64,
}

impl Counts {
    /// How many a filter lists.
    pub const fn of(&self, filter: Filter) -> i64 {
        match filter {
            Filter::Due => self.due,
            Filter::State(State::Requested) => self.requested,
            Filter::State(State::Issued) => self.issued,
            Filter::State(State::RedFlushed) => self.red_flushed,
            Filter::State(State::Withdrawn) => self.withdrawn,
        }
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    group_id: GroupId,
    group_name: String,
    order_id: String,
    decided_at_us: Option<Micros>,
    amount_fen: Fen,
    buyer: String,
    taxpayer: String,
    email: String,
    state: String,
    requested_by: String,
    requested_at_us: Micros,
    number: Option<String>,
    issued_on: Option<String>,
    red_number: Option<String>,
    red_on: Option<String>,
    taken_back_at_us: Option<Micros>,
}

impl Row {
    fn into_invoice(self) -> Option<Invoice> {
        let day = |text: Option<String>| text.and_then(|text| text.parse().ok());
        Some(Invoice {
            id: self.id,
            group: self.group_id,
            group_name: self.group_name,
            order: self.order_id,
            approved_at: self.decided_at_us,
            amount: self.amount_fen,
            buyer: self.buyer,
            taxpayer: self.taxpayer,
            email: self.email,
            state: State::parse(&self.state)?,
            requested_by: self.requested_by,
            requested_at: self.requested_at_us,
            number: self.number,
            issued_on: day(self.issued_on),
            red_number: self.red_number,
            red_on: day(self.red_on),
            taken_back_at: self.taken_back_at_us,
        })
    }
}

/// Group, id, state and paid amount of the deposit with this number, which nobody takes back meanwhile.
pub(super) async fn deposit(
    tx: &mut Tx,
    order: &str,
) -> Result<Option<(GroupId, i64, String, Option<Fen>)>, store::Error> {
    tx.query("SELECT group_id, id, state, paid_fen FROM deposits WHERE order_id = $1 FOR UPDATE")
        .bind(order)
        .optional()
        .await
}

/// Who gets a group's invoices.
pub async fn buyer(house: &House, group: GroupId) -> Result<Option<Buyer>, store::Error> {
    let mut tx = house.db.read().await?;
    buyer_in(&mut tx, group).await
}

pub(super) async fn buyer_in(tx: &mut Tx, group: GroupId) -> Result<Option<Buyer>, store::Error> {
    tx.query("SELECT name, taxpayer, email, changed_by, changed_at_us FROM invoice_buyers WHERE group_id = $1")
        .bind(group)
        .optional()
        .await
}

/// The groups, by name, and who gets their invoices.
pub async fn buyers(house: &House) -> Result<Vec<(Group, Option<Buyer>)>, store::Error> {
    let groups = crate::groups::all(house).await?;
    let mut tx = house.db.read().await?;
    let rows: Vec<(GroupId, String, String, String, String, Micros)> =
        tx.query("SELECT group_id, name, taxpayer, email, changed_by, changed_at_us FROM invoice_buyers").all().await?;
    let mut known: std::collections::HashMap<GroupId, Buyer> = rows
        .into_iter()
        .map(|(group, name, taxpayer, email, changed_by, changed_at)| {
            (group, Buyer { name, taxpayer, email, changed_by, changed_at })
        })
        .collect();
    Ok(groups
        .into_iter()
        .map(|group| {
            let buyer = known.remove(&group.id);
            (group, buyer)
        })
        .collect())
}

/// A page of the approved deposits without a live invoice, oldest first.
pub async fn due(house: &House, after: Option<Place>) -> Result<Page<Due>, store::Error> {
    let after = after.unwrap_or(Place::end(false));
    let mut tx = house.db.read().await?;
    let query = tx.query(
        "SELECT deposits.group_id, groups.name AS group_name, deposits.id, deposits.order_id, paid_fen, decided_at_us, \
         invoice_buyers.name AS buyer \
         FROM deposits JOIN groups ON groups.id = deposits.group_id \
         LEFT JOIN invoice_buyers ON invoice_buyers.group_id = deposits.group_id \
         LEFT JOIN invoices ON invoices.group_id = deposits.group_id AND invoices.deposit_id = deposits.id \
         AND invoices.state IN ('requested', 'issued') \
         WHERE deposits.state IN ('approved', 'refunded') AND deposits.state = 'approved' AND invoices.id IS NULL \
         AND (decided_at_us, deposits.id) > ($1, $2) ORDER BY decided_at_us, deposits.id LIMIT $3",
    );
    let rows = query.bind(after.at).bind(after.id).bind(one_more()).all().await?;
    Ok(Page::of(rows, |due: &Due| Place { at: due.approved_at, id: due.id }))
}

/// The columns of a [`Row`], and where they come from.
macro_rules! listed {
    ($where:literal) => {
        concat!(
            "SELECT invoices.id, invoices.group_id, groups.name AS group_name, invoices.order_id, decided_at_us, \
             invoices.amount_fen, buyer, taxpayer, email, invoices.state, requested_by, requested_at_us, number, \
             issued_on, red_number, red_on, taken_back_at_us FROM invoices JOIN groups ON groups.id = invoices.group_id \
             JOIN deposits ON deposits.group_id = invoices.group_id AND deposits.id = deposit_id WHERE ",
            $where
        )
    };
}

/// A page of the invoices in a state, newest first.
pub async fn list(house: &House, state: State, after: Option<Place>) -> Result<Page<Invoice>, store::Error> {
    page(&mut house.db.read().await?, state, after).await
}

pub(super) async fn page(tx: &mut Tx, state: State, after: Option<Place>) -> Result<Page<Invoice>, store::Error> {
    let after = after.unwrap_or(Place::end(true));
    let query = tx.query(listed!("invoices.state = $1 AND invoices.id < $2 ORDER BY invoices.id DESC LIMIT $3"));
    Ok(paged(query.bind(state.as_str()).bind(after.id).bind(one_more()).all().await?))
}

/// A page of a group's invoices, newest first.
pub async fn of_group(house: &House, group: GroupId, after: Option<Place>) -> Result<Page<Invoice>, store::Error> {
    let after = after.unwrap_or(Place::end(true));
    let mut tx = house.db.read().await?;
    let query = tx.query(listed!("invoices.group_id = $1 AND invoices.id < $2 ORDER BY invoices.id DESC LIMIT $3"));
    Ok(paged(query.bind(group).bind(after.id).bind(one_more()).all().await?))
}

fn paged(rows: Vec<Row>) -> Page<Invoice> {
    let invoices = rows.into_iter().filter_map(Row::into_invoice).collect();
    Page::of(invoices, |invoice: &Invoice| Place { at: invoice.requested_at, id: invoice.id })
}

/// Invoices that were issued and whose deposits were taken back since, oldest first; no more than a page.
pub async fn to_reverse(house: &House) -> Result<Vec<Invoice>, store::Error> {
    let mut tx = house.db.read().await?;
    let query = tx.query(listed!(
        "invoices.taken_back_at_us IS NOT NULL AND invoices.state = 'issued' ORDER BY invoices.id LIMIT $1"
    ));
    Ok(paged(query.bind(one_more()).all().await?).rows)
}

/// How many there are.
pub async fn counts(house: &House) -> Result<Counts, store::Error> {
    let mut tx = house.db.read().await?;
    let states: Vec<(String, i64)> = tx.query("SELECT state, COUNT(*) FROM invoices GROUP BY state").all().await?;
    let (due,): (i64,) = tx
        .query(
            "SELECT COUNT(*) FROM deposits \
             LEFT JOIN invoices ON invoices.group_id = deposits.group_id AND invoices.deposit_id = deposits.id \
             AND invoices.state IN ('requested', 'issued') \
             WHERE deposits.state = 'approved' AND invoices.id IS NULL",
        )
        .one()
        .await?;
    let of = |state: State| states.iter().find(|(name, _)| name == state.as_str()).map_or(0, |(_, n)| *n);
    Ok(Counts {
        due,
        requested: of(State::Requested),
        issued: of(State::Issued),
        red_flushed: of(State::RedFlushed),
        withdrawn: of(State::Withdrawn),
    })
}

/// The invoice with this id.
pub async fn invoice(house: &House, id: i64) -> Result<Option<Invoice>, store::Error> {
    let mut tx = house.db.read().await?;
    invoice_in(&mut tx, id).await
}

pub(super) async fn invoice_in(tx: &mut Tx, id: i64) -> Result<Option<Invoice>, store::Error> {
    let row: Option<Row> = tx.query(listed!("invoices.id = $1")).bind(id).optional().await?;
    Ok(row.and_then(Row::into_invoice))
}

/// How many approved deposits of a group have no live invoice.
pub async fn due_of(house: &House, group: GroupId) -> Result<i64, store::Error> {
    let mut tx = house.db.read().await?;
    let (due,): (i64,) = tx
        .query(
            "SELECT COUNT(*) FROM deposits \
             LEFT JOIN invoices ON invoices.group_id = deposits.group_id AND invoices.deposit_id = deposits.id \
             AND invoices.state IN ('requested', 'issued') \
             WHERE deposits.group_id = $1 AND deposits.state = 'approved' AND invoices.id IS NULL",
        )
        .bind(group)
        .one()
        .await?;
    Ok(due)
}

/// The live invoice of a deposit: its id.
pub async fn of_deposit(house: &House, order: &str) -> Result<Option<i64>, store::Error> {
    let mut tx = house.db.read().await?;
    let found: Option<(i64,)> = tx
        .query("SELECT id FROM invoices WHERE order_id = $1 AND state IN ('requested', 'issued')")
        .bind(order)
        .optional()
        .await?;
    Ok(found.map(|(id,)| id))
}
