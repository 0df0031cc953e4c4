//! What cards were asked about their loads, and what they answered: the rows of `proofs`.
//!
//! A question is durable before the card is asked, so a late answer is taken only for what was asked, at the terminal
//! where it was asked. Its row is completed when the answers are there.

use ledger::{Fen, GroupId};
use link::{Done, HexBytes, Step};
use store::Micros;

use super::held::Held;
use super::{OrderNumber, State};
use crate::House;
use crate::terminals::TerminalNumber;

/// What came of asking a card about a load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// A TAC proves that the load was written.
    Written,
    /// The old counter under a genuine MAC1 proves that it was not.
    NotWritten,
    /// The card's counter is past the load, and it has no TAC of it (any more): it cannot tell.
    MovedOn,
    /// The card answered the probe with an error.
    Refused,
    /// The probe's MAC1 does not verify: this card does not have the issuer's keys.
    Forged,
    /// There was no TAC, and the probe did not come to its end.
    NoTac,
    /// The keys that would verify the answers could not be used.
    Unexamined,
}

/// Every finding and how it is stored.
const STORED: [(Finding, &str); 7] = [
    (Finding::Written, "written"),
    (Finding::NotWritten, "not_written"),
    (Finding::MovedOn, "moved_on"),
    (Finding::Refused, "refused"),
    (Finding::Forged, "forged"),
    (Finding::NoTac, "no_tac"),
    (Finding::Unexamined, "unexamined"),
];

impl Finding {
    /// As stored.
    pub fn as_str(self) -> &'static str {
        STORED.iter().find(|(finding, _)| *finding == self).map_or("", |(_, text)| text)
    }

    /// From what is stored.
    pub fn parse(text: &str) -> Option<Self> {
        STORED.iter().find(|(_, stored)| *stored == text).map(|(finding, _)| *finding)
    }
}

/// The script that asks about a load. Each question has an id of its own, because a terminal runs no id twice.
pub(super) fn script_id(house: &House, order: OrderNumber) -> String {
    format!("{order}{MARK}{}", hex::encode(house.random::<6>()))
}

/// Whether a script asks about a load.
pub(super) fn is_question(script: &str) -> bool {
    script.contains(MARK)
}

const MARK: &str = "-prove-";

/// A question to a card about loads of it.
pub(super) struct Question<'a> {
    pub(super) script: &'a str,
    pub(super) terminal: TerminalNumber,
    /// On the card, as it says itself.
    pub(super) balance: Fen,
    pub(super) about: &'a [Held],
    pub(super) steps: &'a [Step],
}

/// Records that a card is about to be asked.
pub(super) async fn asking(house: &House, question: &Question<'_>) -> Result<(), store::Error> {
    let Question { script, terminal, balance, about, steps } = question;
    let (terminal, asked, at) = (terminal.to_string(), commands(steps), house.now());
    let mut tx = house.db.begin().await?;
    tx.query(
        "INSERT INTO proofs (group_id, load_id, script, terminal, balance_fen, asked, asked_at_us) \
         SELECT group_id, load_id, $1, $2, CAST($3 AS BIGINT), $4, CAST($5 AS BIGINT) \
         FROM rows(group_id BIGINT, load_id BIGINT)",
    )
    .bind(*script)
    .bind(terminal)
    .bind(*balance)
    .bind(asked)
    .bind(at)
    .rows(about.iter().map(|held| [held.group.into(), held.order.id().into()]))
    .execute()
    .await?;
    tx.commit().await
}

/// The loads that a script asked about at this terminal.
pub(super) async fn asked_about(
    house: &House,
    script: &str,
    terminal: TerminalNumber,
) -> Result<Vec<Held>, store::Error> {
    let mut tx = house.db.read().await?;
    let loads: Vec<(GroupId, i64)> = tx
        .query("SELECT group_id, load_id FROM proofs WHERE script = $1 AND terminal = $2 ORDER BY load_id")
        .bind(script)
        .bind(terminal.to_string())
        .all()
        .await?;
    let mut about = Vec::new();
    for (group, id) in loads {
        about.extend(Held::of(&mut tx, group, OrderNumber::new(id)).await?);
    }
    Ok(about)
}

/// Records what the card answered when it was asked for the TAC.
pub(super) async fn answered(house: &House, held: &Held, finding: Finding, done: &Done) -> Result<(), store::Error> {
    let mut tx = house.db.begin().await?;
    tx.query(
        "UPDATE proofs SET finding = $4, prove = $5, found_at_us = $6 WHERE group_id = $1 AND load_id = $2 \
         AND script = $3 AND (finding IS NULL OR finding = 'unexamined')",
    )
    .bind(held.group)
    .bind(held.order.id())
    .bind(done.script.as_str())
    .bind(finding.as_str())
    .bind(json(done))
    .bind(house.now())
    .execute()
    .await?;
    tx.commit().await
}

/// Records what the card answered to the probe, and the counter if it is genuine.
pub(super) async fn probed(
    house: &House,
    script: &str,
    held: &Held,
    (finding, counter): (Finding, Option<u16>),
    done: &Done,
) -> Result<(), store::Error> {
    let mut tx = house.db.begin().await?;
    tx.query(
        "UPDATE proofs SET finding = $4, counter = $5, probe = $6, found_at_us = $7 \
         WHERE group_id = $1 AND load_id = $2 AND script = $3",
    )
    .bind(held.group)
    .bind(held.order.id())
    .bind(script)
    .bind(finding.as_str())
    .bind(counter.map(i64::from))
    .bind(json(done))
    .bind(house.now())
    .execute()
    .await?;
    tx.commit().await
}

/// Records a late answer to CREDIT FOR LOAD as what it is after the load was decided without it: a proof.
pub(super) async fn credited(
    house: &House,
    terminal: TerminalNumber,
    held: &Held,
    done: &Done,
) -> Result<(), store::Error> {
    let (finding, at): (_, Micros) = (Finding::Written, house.now());
    let mut tx = house.db.begin().await?;
    tx.query(
        "INSERT INTO proofs (group_id, load_id, script, terminal, balance_fen, asked, asked_at_us, finding, prove, \
         found_at_us) VALUES ($1, $2, $3, $4, $5, '[]', $6, $7, $8, $6) ON CONFLICT DO NOTHING",
    )
    .bind(held.group)
    .bind(held.order.id())
    .bind(done.script.as_str())
    .bind(terminal.to_string())
    .bind(held.balance_after)
    .bind(at)
    .bind(finding.as_str())
    .bind(json(done))
    .execute()
    .await?;
    tx.commit().await
}

/// The commands of a script as JSON. What a VERIFY carries is no evidence and nobody's business.
fn commands(steps: &[Step]) -> String {
    let command = |step: &Step| match step.apdu.as_ref() {
        [class, VERIFY, p1, p2, ..] => HexBytes(vec![*class, VERIFY, *p1, *p2]),
        _ => step.apdu.clone(),
    };
    serde_json::to_string(&steps.iter().map(command).collect::<Vec<_>>()).unwrap_or_default()
}

/// The instruction byte of VERIFY.
const VERIFY: u8 = 0x20;

/// Plain structs of texts and numbers cannot fail to serialise.
fn json(done: &Done) -> String {
    serde_json::to_string(done).unwrap_or_default()
}

impl Held {
    /// Whether it is still in doubt.
    pub(super) fn is_open(&self) -> bool {
        match self.state {
            State::Authorised | State::Unknown => true,
            State::Succeeded | State::Failed => false,
        }
    }
}
