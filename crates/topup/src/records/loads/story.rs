//! All that became of one load, and where its money went.

use ledger::{Fen, GroupId, Kind};
use store::{Micros, Result, Tx};

use crate::House;
use crate::loads::{Load, OrderNumber};
use crate::records::Scope;
use crate::records::statement::first_since;
use crate::reviews::{self, Event, Happened};

/// All that became of one load.
#[derive(Clone, Debug)]
pub struct Story {
    /// The load.
    pub load: Load,
    /// The name of its group.
    pub group: String,
    /// The name of who confirmed it.
    pub operator: Option<String>,
    /// What people call the terminal.
    pub terminal: Option<String>,
    /// The card's proof that it took the money, in hex.
    pub tac: Option<String>,
    /// What happened, oldest first.
    pub events: Vec<Event>,
    /// Where its money went, oldest first.
    pub movements: Vec<Moved>,
}

/// One movement of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Its number in the group's journal.
    pub number: i64,
    /// From this account.
    pub from: Kind,
    /// To this one.
    pub to: Kind,
    /// So much.
    pub amount: Fen,
    /// What was left on the first.
    pub from_after: Fen,
    /// What was then on the second.
    pub to_after: Fen,
    /// When.
    pub at: Micros,
}

/// The journal has no index by what a movement is about: it would be the largest of all, for what is seldom asked. A
/// movement is looked for among those of this long before and after what happened to the load.
const AROUND_US: i64 = 15_000_000;

/// The story of the load with this order number, if the scope has it.
pub async fn story(house: &House, scope: Scope, order: OrderNumber) -> Result<Option<Story>> {
    let Some(dossier) = reviews::dossier(house, order).await? else { return Ok(None) };
    if scope.group().is_some_and(|group| group != dossier.load.group) {
        return Ok(None);
    }
    let events = dossier.timeline.into_iter();
    // What other groups did with the card is not for this one to see, and each load has its own story.
    let events: Vec<Event> = events.filter(|event| !matches!(event.what, Happened::Tried(_))).collect();
    let mut tx = house.db.read().await?;
    let mut movements = Vec::new();
    for event in events.iter().filter(|event| moves_money(&event.what)) {
        movements.extend(around(&mut tx, dossier.load.group, order, event.at).await?);
    }
    movements.sort_by_key(|moved: &Moved| moved.number);
    movements.dedup_by_key(|moved| moved.number);
    Ok(Some(Story {
        load: dossier.load,
        group: dossier.group,
        operator: dossier.operator,
        terminal: dossier.terminal,
        tac: dossier.cryptograms.and_then(|cryptograms| cryptograms.tac),
        events,
        movements,
    }))
}

fn moves_money(what: &Happened) -> bool {
    match what {
        Happened::Held | Happened::Ended(_) | Happened::Contradicted { .. } | Happened::Collected => true,
        Happened::Confirmed
        | Happened::Asked(_)
        | Happened::Tried(_)
        | Happened::Proposed { .. }
        | Happened::Answered { .. } => false,
    }
}

type Columns = (i64, String, String, Fen, Fen, Fen, Micros);

/// The movements of a load at about this time.
async fn around(tx: &mut Tx, group: GroupId, order: OrderNumber, at: Micros) -> Result<Vec<Moved>> {
    let from = first_since(tx, group, Micros(at.0.saturating_sub(AROUND_US))).await?;
    let to = first_since(tx, group, Micros(at.0.saturating_add(AROUND_US))).await?;
    let rows: Vec<Columns> = tx
        .query(
            "SELECT id, from_kind, to_kind, amount_fen, from_after_fen, to_after_fen, at_us FROM movements \
             WHERE group_id = $1 AND id >= $2 AND id <= $3 AND subject = $4 ORDER BY id",
        )
        .bind(group)
        .bind(from)
        .bind(to)
        .bind(order.id())
        .all()
        .await?;
    let kind = |name: &str| Kind::ALL.into_iter().find(|kind| kind.name() == name).ok_or(store::Error::Missing);
    let moved = |(number, from, to, amount, from_after, to_after, at): Columns| {
        Ok(Moved { number, from: kind(&from)?, to: kind(&to)?, amount, from_after, to_after, at })
    };
    rows.into_iter().map(moved).collect()
}
