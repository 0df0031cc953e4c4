//! Accounts in the database: locked, posted to, written back.

use std::collections::{BTreeMap, HashMap};

use store::{Cell, Query, Result, Tx};

use crate::days::{self, Days};
use crate::{Balances, GroupId, Kind, Movement, Posted, Rejected};

/// The accounts of some groups, and what is to be written to them at the end of the posting.
#[derive(Debug)]
pub struct Accounts {
    groups: BTreeMap<GroupId, Account>,
    /// In the order in which they were posted.
    posted: Vec<(Movement, Posted)>,
}

/// The accounts as the last postings left them, so that the next can do without reading and locking them.
///
/// They may be out of date: another process may have posted since. That is no danger, only a waste: a posting numbers
/// its movements after the last it knows of, and if that number is taken by now, the journal's primary key refuses the
/// whole of it with [`store::Error::Unique`]. Forget the memory then, and lock. It must be forgotten too when the unit of
/// work that it comes from was not committed.
#[derive(Debug, Default)]
pub struct Memory {
    groups: HashMap<GroupId, Account>,
}

#[derive(Clone, Copy, Debug)]
struct Account {
    balances: Balances,
    /// The number of the last movement.
    movements: i64,
    changed: bool,
}

/// Groups remembered at most, at about 100 bytes each; with more, all are forgotten and learnt anew.
const REMEMBERED: usize = 100_000;

/// Writes balances.
const BALANCES: &str = "UPDATE accounts SET bank_fen = rows.bank, deposits_in_review_fen = rows.review, \
     quota_fen = rows.quota, held_fen = rows.held, on_cards_fen = rows.cards, refunds_due_fen = rows.refunds, \
     movements = rows.movements \
     FROM rows(group_id BIGINT, bank BIGINT, review BIGINT, quota BIGINT, held BIGINT, cards BIGINT, \
     refunds BIGINT, movements BIGINT) WHERE accounts.group_id = rows.group_id";

/// As the table has them: the group, its balances in the order of [`Kind::ALL`], its movements.
type AccountRow = (i64, i64, i64, i64, i64, i64, i64, i64);

impl Accounts {
    /// Locks the accounts of `groups` until the unit of work ends, in the order of their ids. A group without accounts is
    /// no error here; a movement on it is rejected.
    pub async fn lock(tx: &mut Tx, groups: impl IntoIterator<Item = GroupId>) -> Result<Self> {
        let mut ids: Vec<GroupId> = groups.into_iter().collect();
        ids.sort_unstable();
        ids.dedup();
        let rows: Vec<AccountRow> = tx
            .query(
                "SELECT accounts.group_id, bank_fen, deposits_in_review_fen, quota_fen, held_fen, on_cards_fen, \
                 refunds_due_fen, movements \
                 FROM rows(group_id BIGINT) JOIN accounts ON accounts.group_id = rows.group_id \
                 ORDER BY accounts.group_id FOR UPDATE OF accounts",
            )
            .rows(ids.into_iter().map(|id| [id.into()]))
            .all()
            .await?;
        let groups = rows.into_iter().map(|(group, bank, review, quota, held, cards, refunds, movements)| {
            let balances = Balances::of([bank, review, quota, held, cards, refunds]);
            (GroupId(group), Account { balances, movements, changed: false })
        });
        Ok(Self { groups: groups.collect(), posted: Vec::new() })
    }

    /// The number of a group's last movement, with all that was posted so far.
    pub fn movements(&self, group: GroupId) -> Option<i64> {
        self.groups.get(&group).map(|account| account.movements)
    }

    /// The balances of a group, with all that was posted so far.
    pub fn balances(&self, group: GroupId) -> Option<Balances> {
        self.groups.get(&group).map(|account| account.balances)
    }

    /// Posts one movement after all those before it. It is in the database once [`Self::write`] has run.
    pub fn post(&mut self, movement: Movement) -> Result<Posted, Rejected> {
        let account = self.groups.get_mut(&movement.group).ok_or(Rejected::NoAccounts)?;
        let (from_after, to_after) = account.balances.apply(movement.from, movement.to, movement.amount)?;
        account.movements = account.movements.checked_add(1).ok_or(Rejected::NotAMovement)?;
        account.changed = true;
        let posted = Posted { id: account.movements, from_after, to_after };
        self.posted.push((movement, posted));
        Ok(posted)
    }

    /// The statements that write balances and journal; the caller may add its own with [`Query::and`] before it runs them.
    ///
    /// The days come before the balances, since PostgreSQL works such statements from the last to the first: whoever adds
    /// to the days of a group then holds the lock on its accounts.
    pub fn write<'tx>(&self, tx: &'tx mut Tx) -> Query<'tx> {
        let days = Days::of(&self.posted);
        let query =
            if days.is_empty() { tx.query(BALANCES) } else { tx.query(days::ADD).rows(days.cells()).and(BALANCES) };
        self.journal(query.rows(self.balance_cells()))
    }

    /// As [`Self::write`], behind statements of the caller's own.
    pub fn write_after<'tx>(&self, before: Query<'tx>) -> Query<'tx> {
        let days = Days::of(&self.posted);
        let before = if days.is_empty() { before } else { before.and(days::ADD).rows(days.cells()) };
        self.journal(before.and(BALANCES).rows(self.balance_cells()))
    }

    fn balance_cells(&self) -> impl Iterator<Item = [Cell<'static>; 8]> {
        self.groups.iter().filter(|(_, account)| account.changed).map(|(group, account)| {
            let [bank, review, quota, held, cards, refunds] = Kind::ALL.map(|kind| account.balances.get(kind).into());
            [(*group).into(), bank, review, quota, held, cards, refunds, account.movements.into()]
        })
    }

    fn journal<'tx>(&self, balances: Query<'tx>) -> Query<'tx> {
        let journal = self.posted.iter().map(|(movement, posted)| {
            [
                movement.group.into(),
                posted.id.into(),
                movement.from.name().into(),
                movement.to.name().into(),
                movement.amount.into(),
                posted.from_after.into(),
                posted.to_after.into(),
                movement.reason.into(),
                movement.subject.into(),
                movement.at.into(),
            ]
        });
        balances
            .and(
                "INSERT INTO movements (group_id, id, from_kind, to_kind, amount_fen, from_after_fen, to_after_fen, \
             reason, subject, at_us) \
             SELECT group_id, id, from_kind, to_kind, amount, from_after, to_after, reason, subject, at \
             FROM rows(group_id BIGINT, id BIGINT, from_kind TEXT, to_kind TEXT, amount BIGINT, from_after BIGINT, \
             to_after BIGINT, reason TEXT, subject BIGINT, at BIGINT)",
            )
            .rows(journal)
    }
}

impl Memory {
    /// The accounts of `groups`, not locked; `None` if one of them is not remembered.
    pub fn recall(&self, groups: impl IntoIterator<Item = GroupId>) -> Option<Accounts> {
        let known = |group| self.groups.get(&group).map(|account| (group, *account));
        Some(Accounts { groups: groups.into_iter().map(known).collect::<Option<_>>()?, posted: Vec::new() })
    }

    /// The number of the last movement of a group that is remembered.
    pub fn movements(&self, group: GroupId) -> Option<i64> {
        self.groups.get(&group).map(|account| account.movements)
    }

    /// Remembers the accounts as a posting leaves them.
    pub fn learn(&mut self, accounts: Accounts) {
        if self.groups.len() > REMEMBERED {
            self.groups.clear();
        }
        self.groups
            .extend(accounts.groups.into_iter().map(|(group, account)| (group, Account { changed: false, ..account })));
    }
}

/// Posts a set of movements: each is decided in order, after those before it; what is accepted is written.
pub async fn post(tx: &mut Tx, movements: &[Movement]) -> Result<Vec<Result<Posted, Rejected>>> {
    let mut accounts = Accounts::lock(tx, movements.iter().map(|movement| movement.group)).await?;
    let answers: Vec<_> = movements.iter().map(|movement| accounts.post(*movement)).collect();
    if answers.iter().any(Result::is_ok) {
        accounts.write(tx).execute().await?;
    }
    Ok(answers)
}

/// Gives the group its accounts, all empty; nothing happens if it has them.
pub async fn open_accounts(tx: &mut Tx, group: GroupId) -> Result<()> {
    tx.query("INSERT INTO accounts (group_id) VALUES ($1) ON CONFLICT DO NOTHING").bind(group).execute().await?;
    Ok(())
}

/// The balances of a group, without a lock; `None` if it has no accounts.
pub async fn balances(tx: &mut Tx, group: GroupId) -> Result<Option<Balances>> {
    let row: Option<(i64, i64, i64, i64, i64, i64)> = tx
        .query(
            "SELECT bank_fen, deposits_in_review_fen, quota_fen, held_fen, on_cards_fen, refunds_due_fen \
             FROM accounts WHERE group_id = $1",
        )
        .bind(group)
        .optional()
        .await?;
    Ok(row.map(|(bank, review, quota, held, cards, refunds)| Balances::of([bank, review, quota, held, cards, refunds])))
}
