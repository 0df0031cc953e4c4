//! The SQL of a dossier, and what its texts say.

use ledger::{Fen, GroupId};
use link::{Done, HexBytes};
use store::{Micros, Tx};

use super::{Attempt, Cryptograms, Later, Review, Reviewed, Script};
use crate::cards::CardNumber;
use crate::loads::{Finding, Load, OrderNumber, Reason, State};
use crate::people::staff::StaffId;
use crate::reviews::exchange::{self, Asked};

/// Later loads of the card shown at most.
const MOST_LATER: i64 = 20;

#[derive(sqlx::FromRow)]
pub(super) struct Row {
    pub(super) group_name: String,
    pub(super) operator: Option<String>,
    pub(super) terminal_name: Option<String>,
    pub(super) reader: String,
    pub(super) card_class: String,
    balance_field: Option<i64>,
    counter: Option<i64>,
    random: Option<String>,
    key_version: Option<i64>,
    algorithm: Option<i64>,
    mac1: Option<String>,
    mac2: Option<String>,
    host_time: Option<String>,
    tac: Option<String>,
    answers: Option<String>,
    pub(super) authorised_at_us: Option<Micros>,
    pub(super) decided_at_us: Option<Micros>,
}

#[derive(sqlx::FromRow)]
pub(super) struct AttemptRow {
    terminal: String,
    balance_fen: Fen,
    asked: String,
    asked_at_us: Micros,
    finding: Option<String>,
    counter: Option<i64>,
    prove: Option<String>,
    probe: Option<String>,
}

pub(super) async fn load(tx: &mut Tx, group: GroupId, order: OrderNumber) -> Result<Row, store::Error> {
    tx.query(
        "SELECT groups.name AS group_name, operators.name AS operator, terminals.name AS terminal_name, l.reader, \
         l.card_class, l.balance_field, l.counter, l.random, l.key_version, l.algorithm, l.mac1, l.mac2, l.host_time, \
         l.tac, l.answers, l.authorised_at_us, l.decided_at_us FROM loads l JOIN groups ON groups.id = l.group_id \
         LEFT JOIN operators ON operators.id = l.operator_id LEFT JOIN terminals ON terminals.number = l.terminal \
         WHERE l.group_id = $1 AND l.id = $2",
    )
    .bind(group)
    .bind(order.id())
    .one()
    .await
}

pub(super) async fn attempts(tx: &mut Tx, group: GroupId, order: OrderNumber) -> Result<Vec<AttemptRow>, store::Error> {
    tx.query(
        "SELECT terminal, balance_fen, asked, asked_at_us, finding, counter, prove, probe FROM proofs \
         WHERE group_id = $1 AND load_id = $2 ORDER BY asked_at_us, script",
    )
    .bind(group)
    .bind(order.id())
    .all()
    .await
}

type LaterColumns = (i64, String, Option<String>, Fen, Option<Fen>, Option<i64>);

/// The card's loads after this one, of whichever group.
pub(super) async fn later(tx: &mut Tx, card: CardNumber, order: OrderNumber) -> Result<Vec<Later>, store::Error> {
    let rows: Vec<LaterColumns> = tx
        .query(
            "SELECT id, state, reason, amount_fen, balance_before_fen, counter FROM loads \
             WHERE substr(card_number, length(card_number) - 3) = substr(CAST($1 AS TEXT), length(CAST($1 AS TEXT)) - 3) \
             AND card_number = $1 AND id > $2 ORDER BY id LIMIT $3",
        )
        .bind(card.to_string())
        .bind(order.id())
        .bind(MOST_LATER)
        .all()
        .await?;
    let later = |(id, state, reason, amount, balance_before, counter): LaterColumns| {
        Some(Later {
            order: OrderNumber::new(id),
            state: State::parse(&state)?,
            reason: reason.as_deref().and_then(Reason::parse),
            amount,
            balance_before,
            counter,
        })
    };
    Ok(rows.into_iter().filter_map(later).collect())
}

type ReviewColumns = (
    i64,
    i64,
    StaffId,
    Option<String>,
    String,
    Micros,
    Option<i64>,
    Option<StaffId>,
    Option<String>,
    Option<String>,
    Option<Micros>,
);

pub(super) async fn reviews(tx: &mut Tx, group: GroupId, order: OrderNumber) -> Result<Vec<Review>, store::Error> {
    let rows: Vec<ReviewColumns> = tx
        .query(
            "SELECT r.number, r.written, r.proposed_by, p.name, r.reason, r.proposed_at_us, a.confirmed, \
             a.answered_by, q.name, a.reason, a.answered_at_us FROM reviews r LEFT JOIN staff p ON p.id = r.proposed_by \
             LEFT JOIN review_answers a ON a.group_id = r.group_id AND a.load_id = r.load_id AND a.number = r.number \
             LEFT JOIN staff q ON q.id = a.answered_by \
             WHERE r.group_id = $1 AND r.load_id = $2 ORDER BY r.number",
        )
        .bind(group)
        .bind(order.id())
        .all()
        .await?;
    let review =
        |(number, written, by, name, reason, at, confirmed, other, answered_by, why, answered_at): ReviewColumns| {
            let answer = confirmed.zip(other).zip(why).zip(answered_at);
            Review {
                number,
                written: written == 1,
                by,
                name: name.unwrap_or_default(),
                reason,
                at,
                answer: answer.map(|(((confirmed, by), reason), at)| Reviewed {
                    confirmed: confirmed == 1,
                    by,
                    name: answered_by.unwrap_or_default(),
                    reason,
                    at,
                }),
            }
        };
    Ok(rows.into_iter().map(review).collect())
}

impl Row {
    /// What a record of the card's log must say to be of this load.
    pub(super) fn to_match<'a>(&'a self, load: &'a Load) -> Option<exchange::Load<'a>> {
        Some(exchange::Load {
            amount: load.amount,
            counter: u16::try_from(self.counter?).ok()?,
            terminal: &load.terminal,
            time: self.host_time.as_deref()?,
        })
    }

    pub(super) fn cryptograms(&self) -> Option<Cryptograms> {
        let answer = |name| self.said().get(name).and_then(|text| Some(text.as_str()?.to_owned()));
        Some(Cryptograms {
            balance_field: u32::try_from(self.balance_field?).ok()?,
            counter: u16::try_from(self.counter?).ok()?,
            random: self.random.clone()?,
            key_version: self.key_version?,
            algorithm: self.algorithm?,
            mac1: self.mac1.clone()?,
            mac2: self.mac2.clone()?,
            host_time: self.host_time.clone()?,
            tac: self.tac.clone(),
            file15: answer("file15"),
            initialize: answer("initialize"),
        })
    }

    /// Every answer of the card that the load's row keeps, by name.
    fn said(&self) -> serde_json::Map<String, serde_json::Value> {
        self.answers.as_deref().and_then(|answers| serde_json::from_str(answers).ok()).unwrap_or_default()
    }

    /// What CREDIT FOR LOAD ended with, however often its result came.
    pub(super) fn scripts(&self) -> Vec<Script> {
        let said = self.said();
        let credits = said.into_iter().filter(|(name, _)| name.starts_with("credit"));
        let done = credits.filter_map(|(_, done)| serde_json::from_value(done).ok());
        done.map(|done: Done| Script {
            end: done.end,
            exchanges: done.answers.iter().map(|answer| exchange::exchange(Asked::Credit, answer, None)).collect(),
        })
        .collect()
    }
}

impl AttemptRow {
    pub(super) fn read(self, load: Option<&exchange::Load<'_>>) -> Attempt {
        let done = |text: Option<String>| serde_json::from_str::<Done>(&text?).ok();
        let commands: Vec<HexBytes> = serde_json::from_str(&self.asked).unwrap_or_default();
        let answers = |done: &Done| {
            if commands.is_empty() {
                // The late result of CREDIT FOR LOAD itself.
                done.answers.iter().map(|answer| exchange::exchange(Asked::Credit, answer, load)).collect()
            } else {
                exchange::read(&commands, &done.answers, load)
            }
        };
        // INITIALIZE comes after the PIN where the card has one, so the last answer is of interest.
        let opened = |done: &Done| {
            let last = done.answers.last().map(|answer| exchange::exchange(Asked::Initialize, answer, load));
            last.into_iter().collect()
        };
        Attempt {
            terminal: self.terminal,
            balance: self.balance_fen,
            asked_at: self.asked_at_us,
            finding: self.finding.as_deref().and_then(Finding::parse),
            counter: self.counter,
            prove: done(self.prove).map(|done| Script { end: done.end, exchanges: answers(&done) }),
            probe: done(self.probe).map(|done| Script { end: done.end, exchanges: opened(&done) }),
        }
    }
}
