//! Deposits of a city: paid and approved, paid and waiting, or not paid in time.

use std::collections::BTreeMap;

use anyhow::Result;
use ledger::{Fen, GroupId, Kind, Movement};
use store::{Micros, Tx};
use topup::Ids;
use topup::deposits::{DepositNumber, Happened};
use topup::records::Day;

/// What the payer takes, from the confirm on.
const PAYING_US: i64 = 600_000_000;

/// What staff take.
const DECIDING_US: i64 = 500_000;

/// One in so many is followed by one that was not paid.
const ABANDONED: usize = 9;

/// A deposit that was paid.
#[derive(Clone, Debug)]
pub(crate) struct Paid {
    group: GroupId,
    operator: i64,
    amount: Fen,
    at: Micros,
    id: i64,
}

/// Which total a deposit is in: group, grain, first day, state, operator.
type Stands<'a> = (GroupId, &'a str, Day, &'a str, i64);

/// Deposits of a unit of work.
#[derive(Debug, Default)]
pub(crate) struct Deposits(Vec<Row>);

#[derive(Debug)]
struct Row {
    paid: Paid,
    state: &'static str,
    number: String,
    serial: Option<String>,
    /// The story of it: when, who, kind, detail.
    events: Vec<(Micros, &'static str, Happened, String)>,
}

impl Paid {
    pub(crate) fn new(group: GroupId, operator: i64, amount: Fen, at: Micros) -> Self {
        Self { group, operator, amount, at, id: Ids::first_of(Micros(at.0 - PAYING_US)) + 9 }
    }

    pub(crate) fn movement(&self, from: Kind, to: Kind, reason: &'static str) -> Movement {
        Movement { group: self.group, from, to, amount: self.amount, reason, subject: self.id, at: self.at }
    }

    pub(crate) fn decided(&self) -> Micros {
        Micros(self.at.0 + DECIDING_US)
    }

    fn confirmed(&self) -> Micros {
        Micros(self.at.0 - PAYING_US)
    }
}

impl Deposits {
    pub(crate) fn approved(&mut self, paid: Paid) {
        let abandoned = Paid { id: paid.id + 1, ..paid.clone() };
        self.add(paid, "approved");
        if self.0.len() % ABANDONED == 1 {
            self.add(abandoned, "expired");
        }
    }

    pub(crate) fn in_review(&mut self, paid: Paid) {
        self.add(paid, "paid");
    }

    fn add(&mut self, paid: Paid, state: &'static str) {
        let number = DepositNumber::new(paid.id).to_string();
        let serial = (state != "expired").then(|| format!("{:021}", paid.id));
        let mut story = vec![(paid.confirmed(), "operator", Happened::Confirmed)];
        story.push((paid.confirmed(), "operator", Happened::Sent));
        match &serial {
            Some(serial) => {
                let (amount, serial) = (paid.amount, serial.clone());
                story.push((paid.at, "gateway", Happened::Paid { amount, serial, late: false }));
            }
            None => story.push((paid.at, "system", Happened::Expired)),
        }
        if state == "approved" {
            story.push((paid.decided(), "staff", Happened::Approved { reason: "已核对".into(), reference: None }));
        }
        let events = story.into_iter().map(|(at, actor, what)| {
            let detail = serde_json::to_string(&what).unwrap_or_default();
            (at, actor, what, detail)
        });
        self.0.push(Row { state, number, serial, events: events.collect(), paid });
    }

    pub(crate) async fn write(&self, tx: &mut Tx) -> Result<()> {
        self.write_deposits(tx).await?;
        self.write_totals(tx).await?;
        self.write_decisions(tx).await?;
        let events = self.0.iter().flat_map(|row| {
            (1_i64..).zip(&row.events).map(|(number, (at, actor, what, detail))| {
                [
                    row.paid.group.into(),
                    row.paid.id.into(),
                    number.into(),
                    (*at).into(),
                    what.kind().into(),
                    (*actor).into(),
                    detail.into(),
                ]
            })
        });
        tx.query(
            "INSERT INTO deposit_events (group_id, deposit_id, number, at_us, kind, actor, name, detail) \
             SELECT group_id, id, number, at, kind, actor, \
             CASE actor WHEN 'operator' THEN '操作员' WHEN 'staff' THEN 'zhou 周' ELSE '' END, detail \
             FROM rows(group_id BIGINT, id BIGINT, number BIGINT, at BIGINT, kind TEXT, actor TEXT, detail TEXT)",
        )
        .rows(events)
        .execute()
        .await?;
        Ok(())
    }

    async fn write_deposits(&self, tx: &mut Tx) -> Result<()> {
        let cells = |row: &'_ Row| {
            let paid = &row.paid;
            (paid.group, paid.id, paid.operator, paid.amount, paid.confirmed(), paid.at)
        };
        tx.query(
            "INSERT INTO deposits (group_id, id, order_id, intent, state, operator_id, amount_fen, remark, payer, \
             gateway, created_at_us, expires_at_us, redirected_at_us, paid_fen, serial, settle_date, traced_at, \
             paid_at_us, decided_at_us) SELECT group_id, id, order_id, order_id, state, operator_id, amount, '', \
             'company', 'unionpay', at, at + 900000000, at, CASE WHEN serial IS NOT NULL THEN amount END, serial, \
             CASE WHEN serial IS NOT NULL THEN '1122' END, CASE WHEN serial IS NOT NULL THEN '1122143208' END, \
             CASE WHEN serial IS NOT NULL THEN paid END, CASE WHEN state = 'approved' THEN paid + 500000 END \
             FROM rows(group_id BIGINT, id BIGINT, order_id TEXT, state TEXT, operator_id BIGINT, amount BIGINT, \
             serial TEXT, at BIGINT, paid BIGINT)",
        )
        .rows(self.0.iter().map(|row| {
            let (group, id, operator, amount, confirmed, paid) = cells(row);
            [
                group.into(),
                id.into(),
                (&row.number).into(),
                row.state.into(),
                operator.into(),
                amount.into(),
                row.serial.as_ref().into(),
                confirmed.into(),
                paid.into(),
            ]
        }))
        .execute()
        .await?;
        tx.query(
            "INSERT INTO deposit_serials (gateway, serial, group_id, deposit_id) \
             SELECT 'unionpay', serial, group_id, id FROM rows(serial TEXT, group_id BIGINT, id BIGINT)",
        )
        .rows(self.0.iter().filter_map(|row| {
            row.serial.as_ref().map(|serial| [serial.into(), row.paid.group.into(), row.paid.id.into()])
        }))
        .execute()
        .await?;
        Ok(())
    }

    async fn write_totals(&self, tx: &mut Tx) -> Result<()> {
        let mut sums = BTreeMap::<Stands<'_>, (i64, i64)>::new();
        for Row { paid, state, .. } in &self.0 {
            let day = Day::of_id(paid.id);
            for (grain, first_day, operator) in
                [("month", day.first_of_month(), 0), ("day", day, 0), ("operator", day, paid.operator)]
            {
                let sum = sums.entry((paid.group, grain, first_day, *state, operator)).or_default();
                sum.0 += 1;
                sum.1 += paid.amount.as_i64();
            }
        }
        tx.query(
            "INSERT INTO deposit_totals (group_id, grain, first_day, state, operator_id, deposits, sum_fen) \
             SELECT group_id, grain, first_day, state, operator_id, deposits, sum_fen FROM rows(group_id BIGINT, \
             grain TEXT, first_day BIGINT, state TEXT, operator_id BIGINT, deposits BIGINT, sum_fen BIGINT) WHERE true \
             ON CONFLICT (group_id, grain, first_day, state, operator_id) DO UPDATE SET \
             deposits = deposit_totals.deposits + excluded.deposits, sum_fen = deposit_totals.sum_fen + excluded.sum_fen",
        )
        .rows(sums.iter().map(|((group, grain, day, state, operator), (deposits, sum))| {
            [
                (*group).into(),
                (*grain).into(),
                day.number().into(),
                (*state).into(),
                (*operator).into(),
                (*deposits).into(),
                (*sum).into(),
            ]
        }))
        .execute()
        .await?;
        Ok(())
    }

    /// Two people decided each.
    async fn write_decisions(&self, tx: &mut Tx) -> Result<()> {
        let decided: Vec<&Row> = self.0.iter().filter(|row| row.state == "approved").collect();
        let cells =
            |row: &&Row| [row.paid.group.into(), row.paid.id.into(), row.paid.amount.into(), row.paid.decided().into()];
        tx.query(
            "INSERT INTO deposit_reviews (group_id, deposit_id, number, approve, alone, paid_fen, limit_fen, \
             proposed_by, reason, proposed_at_us) SELECT group_id, id, 1, 1, 0, amount, 0, 1, '已核对', at \
             FROM rows(group_id BIGINT, id BIGINT, amount BIGINT, at BIGINT)",
        )
        .rows(decided.iter().map(cells))
        .execute()
        .await?;
        tx.query(
            "INSERT INTO deposit_answers (group_id, deposit_id, number, approve, alone, proposed_by, confirmed, \
             answered_by, reason, answered_at_us) SELECT group_id, id, 1, 1, 0, 1, 1, 2, '已核对', at \
             FROM rows(group_id BIGINT, id BIGINT, amount BIGINT, at BIGINT)",
        )
        .rows(decided.iter().map(cells))
        .execute()
        .await?;
        Ok(())
    }
}
