//! What is ours of a day, and what the lines of its file name, for the day to be matched.

use std::collections::BTreeMap;

use jiff::civil::Date;
use ledger::{Fen, GroupId};
use store::{Micros, Tx};

use super::book::start_of;
use super::file::{Row, What};
use super::matching::{Ours, settles_on};
use crate::House;

/// How long after a day the gateway's word of a payment of it may still reach us.
const LATE_DAYS: i64 = 40;
const DAY_US: i64 = 86_400_000_000;

/// What is ours, as the tables have it.
#[derive(sqlx::FromRow)]
struct OursRow {
    what: String,
    order_id: String,
    deposit: String,
    group_id: GroupId,
    serial: Option<String>,
    fen: Fen,
    state: String,
    settle_date: Option<String>,
    moved_at_us: Option<Micros>,
    gateway: String,
    merchant: String,
}

/// Whose file that of a day is.
pub(super) struct Whose {
    /// The gateway that is set up, whose files we take.
    gateway: Option<String>,
    /// The merchant in the file.
    merchant: Option<String>,
}

impl Whose {
    pub(super) async fn of(house: &House, tx: &mut Tx, day: Date) -> Result<Self, store::Error> {
        let merchant: Option<(String,)> = tx
            .query("SELECT merchant FROM bank_days JOIN bank_files ON bank_files.id = file_id WHERE bank_days.day = $1")
            .bind(day.to_string())
            .optional()
            .await?;
        let gateway = house.till.as_ref().map(|till| till.name.clone());
        Ok(Self { gateway, merchant: merchant.map(|(merchant,)| merchant) })
    }

    /// Whether a deposit that was made with this gateway and merchant can be in it.
    fn has(&self, gateway: &str, merchant: &str) -> bool {
        self.gateway.as_deref().is_none_or(|own| own == gateway)
            && (merchant.is_empty() || self.merchant.as_deref().is_none_or(|own| own == merchant))
    }
}

/// What settles on the day, and what its lines name.
pub(super) async fn ours(tx: &mut Tx, day: Date, rows: &[Row], whose: &Whose) -> Result<Vec<Ours>, store::Error> {
    let mut found: BTreeMap<(What, String), Ours> = BTreeMap::new();
    let from = start_of(day).saturating_sub(DAY_US.saturating_mul(2));
    let until = start_of(day).saturating_add(DAY_US.saturating_mul(LATE_DAYS));
    let moved: Vec<OursRow> = tx
        .query(
            "SELECT 'payment' AS what, order_id, order_id AS deposit, group_id, serial, paid_fen AS fen, state, settle_date, \
             paid_at_us AS moved_at_us, gateway, merchant FROM deposits \
             WHERE paid_at_us >= $1 AND paid_at_us < $2 AND paid_fen IS NOT NULL \
             UNION ALL \
             SELECT 'refund', r.order_id, d.order_id, r.group_id, r.serial, r.amount_fen, r.state, r.settle_date, \
             r.ended_at_us, d.gateway, d.merchant FROM deposit_refunds r \
             JOIN deposits d ON d.group_id = r.group_id AND d.id = r.deposit_id \
             WHERE r.ended_at_us >= $1 AND r.ended_at_us < $2 AND r.state = 'refunded'",
        )
        .bind(from)
        .bind(until)
        .all()
        .await?;
    let read = |row: OursRow| read(row, whose);
    for own in moved.into_iter().filter_map(read).filter(|own| own.day == Some(day)) {
        found.insert((own.what, own.order.clone()), own);
    }
    let named: Vec<OursRow> = tx
        .query(
            "SELECT 'payment' AS what, d.order_id, d.order_id AS deposit, d.group_id, d.serial, \
             COALESCE(d.paid_fen, d.amount_fen) AS fen, d.state, d.settle_date, d.paid_at_us AS moved_at_us, d.gateway, \
             d.merchant FROM rows(order_id TEXT) JOIN deposits d ON d.order_id = rows.order_id",
        )
        .rows(rows.iter().filter_map(|row| Some([row.order.as_deref()?.into()])))
        .all()
        .await?;
    let refunds: Vec<OursRow> = tx
        .query(
            "SELECT 'refund' AS what, r.order_id, d.order_id AS deposit, r.group_id, r.serial, r.amount_fen AS fen, r.state, \
             r.settle_date, r.ended_at_us AS moved_at_us, d.gateway, d.merchant \
             FROM rows(order_id TEXT) JOIN deposit_refunds r ON r.order_id = rows.order_id \
             JOIN deposits d ON d.group_id = r.group_id AND d.id = r.deposit_id",
        )
        .rows(rows.iter().filter_map(|row| Some([row.order.as_deref()?.into()])))
        .all()
        .await?;
    // What a refund gives back that names no order of ours: the payment with that serial number, there.
    let given_back: Vec<OursRow> = tx
        .query(
            "SELECT 'payment' AS what, d.order_id, d.order_id AS deposit, d.group_id, d.serial, d.paid_fen AS fen, d.state, \
             d.settle_date, d.paid_at_us AS moved_at_us, d.gateway, d.merchant \
             FROM rows(serial TEXT) JOIN deposit_serials s ON s.serial = rows.serial \
             JOIN deposits d ON d.group_id = s.group_id AND d.id = s.deposit_id",
        )
        .rows(rows.iter().filter_map(|row| Some([row.original.as_deref()?.into()])))
        .all()
        .await?;
    let given_back = given_back.into_iter().filter(|row| whose.has(&row.gateway, &row.merchant));
    for own in named.into_iter().chain(refunds).chain(given_back).filter_map(read) {
        found.entry((own.what, own.order.clone())).or_insert(own);
    }
    elsewhere(tx, day, &mut found).await?;
    Ok(found.into_values().collect())
}

/// Finds what is in the files of other days.
async fn elsewhere(tx: &mut Tx, day: Date, found: &mut BTreeMap<(What, String), Ours>) -> Result<(), store::Error> {
    let other: Vec<(String, String, String)> = tx
        .query(
            "SELECT bank_rows.what, bank_rows.order_id, MIN(bank_days.day) \
             FROM rows(order_id TEXT) JOIN bank_rows ON bank_rows.order_id = rows.order_id \
             JOIN bank_days ON bank_days.file_id = bank_rows.file_id WHERE bank_days.day <> $1 \
             GROUP BY bank_rows.what, bank_rows.order_id",
        )
        .bind(day.to_string())
        .rows(found.keys().map(|(_, order)| [order.into()]))
        .all()
        .await?;
    for (what, order, day) in other {
        if let Some(own) = What::parse(&what).and_then(|what| found.get_mut(&(what, order))) {
            own.elsewhere = day.parse().ok();
        }
    }
    Ok(())
}

fn read(row: OursRow, whose: &Whose) -> Option<Ours> {
    let OursRow { order_id: order, deposit, group_id: group, serial, fen: amount, state, .. } = row;
    let what = What::parse(&row.what)?;
    let moved = match what {
        What::Payment => !["created", "redirected", "failed", "expired"].contains(&state.as_str()),
        What::Refund => state == "refunded",
        What::Other | What::Error => false,
    };
    let day = row.moved_at_us.filter(|_| moved).and_then(|at| settles_on(row.settle_date.as_deref(), at));
    let of_file = whose.has(&row.gateway, &row.merchant);
    Some(Ours { what, order, deposit, group, serial, amount, moved, state, of_file, day, elsewhere: None })
}
