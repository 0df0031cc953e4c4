//! Puts a city into a database, in bulk: with every movement, balance, deposit, decision and total that the books prove.
//! The money goes through the ledger itself, some thousands of loads a posting.

use anyhow::{Context as _, Result};
use ledger::{Accounts, Fen, GroupId, Kind, Movement, Posted, Rejected};
use store::{Db, Micros, Tx};

use crate::city::{City, Fate, Group, NOW, Planned};
use crate::paid::{Deposits, Paid};
use crate::totals::Totals;

/// Loads of a unit of work: enough that the disk is no matter, few enough that memory is none.
const AT_ONCE: usize = 10_000;

/// How long a card takes.
const WRITING_US: i64 = 400_000;

/// Fills an empty database.
pub(crate) async fn fill(db: &Db, loads: i64, groups: i64) -> Result<()> {
    let mut city = City::new(loads, groups);
    found(db, &city).await?;
    let mut totals = Totals::default();
    loop {
        let planned: Vec<Planned> = city.by_ref().take(AT_ONCE).collect();
        if planned.is_empty() {
            break;
        }
        let mut tx = db.begin().await?;
        let mut batch = Batch::new(Accounts::lock(&mut tx, city.all_groups().map(|group| group.id)).await?);
        for load in planned {
            batch.add(&city, load, &mut totals)?;
        }
        batch.write(&mut tx).await?;
        totals.write_ended(&mut tx).await?;
        tx.commit().await?;
    }
    let mut tx = db.begin().await?;
    totals.write_all(&mut tx).await?;
    in_review(&mut tx, &city).await?;
    tx.commit().await?;
    Ok(())
}

/// Groups, people, terminals, and two of the card company who decide.
async fn found(db: &Db, city: &City) -> Result<()> {
    let groups: Vec<(Group, String)> =
        city.all_groups().map(|group| (group, format!("第{}集团", group.id.0))).collect();
    let mut tx = db.begin().await?;
    tx.query("INSERT INTO groups (id, name, created_at_us) SELECT id, name, 0 FROM rows(id BIGINT, name TEXT)")
        .rows(groups.iter().map(|(group, name)| [group.id.into(), name.into()]))
        .execute()
        .await?;
    tx.query("INSERT INTO accounts (group_id) SELECT id FROM rows(id BIGINT)")
        .rows(groups.iter().map(|(group, _)| [group.id.into()]))
        .execute()
        .await?;
    let operators: Vec<(i64, GroupId, String)> = groups
        .iter()
        .flat_map(|(group, _)| (0..group.operators).map(|number| (group.operator(number), group.id)))
        .map(|(id, group)| (id, group, format!("{id:06}")))
        .collect();
    tx.query(
        "INSERT INTO operators (id, group_id, login, name, role, password_hash, active, created_at_us) \
         SELECT id, group_id, login, '操作员', 'clerk', '', 1, 0 FROM rows(id BIGINT, group_id BIGINT, login TEXT)",
    )
    .rows(operators.iter().map(|(id, group, login)| [(*id).into(), (*group).into(), login.into()]))
    .execute()
    .await?;
    let terminals: Vec<(String, GroupId)> = groups
        .iter()
        .flat_map(|(group, _)| (0..group.terminals).map(|number| (group.terminal(number), group.id)))
        .collect();
    tx.query(
        "INSERT INTO terminals (number, group_id, name, revoked, created_at_us) SELECT number, group_id, '前台', 0, 0 \
         FROM rows(number TEXT, group_id BIGINT)",
    )
    .rows(terminals.iter().map(|(number, group)| [number.into(), (*group).into()]))
    .execute()
    .await?;
    tx.query(
        "INSERT INTO staff (id, login, name, role, password_hash, active, created_at_us) \
         VALUES (1, 'liu', '刘', 'finance', '', 1, 0), (2, 'zhou', '周', 'admin', '', 1, 0)",
    )
    .execute()
    .await?;
    tx.commit().await?;
    Ok(())
}

/// Every tenth group has paid once more, and nobody has looked at it yet.
async fn in_review(tx: &mut Tx, city: &City) -> Result<()> {
    let groups: Vec<Group> = city.all_groups().step_by(10).collect();
    let mut accounts = Accounts::lock(tx, groups.iter().map(|group| group.id)).await?;
    let mut deposits = Deposits::default();
    for group in groups {
        // Each a moment of its own, by which its number is its own too.
        let at = Micros(NOW.0 - 1_000_000 * group.id.0);
        let paid = Paid::new(group.id, group.operator(0), Fen::new(2_000_000), at);
        accounts.post(paid.movement(Kind::Bank, Kind::DepositsInReview, "deposit paid"))?;
        deposits.in_review(paid);
    }
    accounts.write(tx).execute().await?;
    deposits.write(tx).await
}

/// What is written in one unit of work.
struct Batch {
    accounts: Accounts,
    loads: Vec<Ended>,
    deposits: Deposits,
    corrections: Vec<(GroupId, i64, Fen, Micros, i64)>,
}

/// A load as its row will be.
struct Ended {
    planned: Planned,
    intent: String,
    state: &'static str,
    reason: Option<&'static str>,
    /// Before the hold; none if nothing was held.
    quota: Option<Fen>,
}

impl Batch {
    fn new(accounts: Accounts) -> Self {
        Self { accounts, loads: Vec::new(), deposits: Deposits::default(), corrections: Vec::new() }
    }

    fn add(&mut self, city: &City, load: Planned, totals: &mut Totals) -> Result<()> {
        let (state, reason) = match load.fate {
            Fate::Written => ("succeeded", None),
            Fate::Refused => ("failed", Some("over_ceiling")),
            Fate::Released => ("failed", Some("link_lost_while_writing")),
            Fate::Doubtful => ("unknown", Some("removed_while_writing")),
            Fate::WrittenAfterAll => ("failed", Some("not_written")),
        };
        let quota = if load.fate == Fate::Refused { None } else { Some(self.hold(city, &load)?) };
        let decided = Micros(load.at.0 + WRITING_US);
        let held = |to, reason| Movement { at: decided, ..moved(&load, Kind::Held, to, reason) };
        match load.fate {
            Fate::Written => drop(self.accounts.post(held(Kind::OnCards, "load succeeded"))?),
            Fate::Released => drop(self.accounts.post(held(Kind::Quota, "load released"))?),
            Fate::WrittenAfterAll => {
                self.accounts.post(held(Kind::Quota, "load disproved"))?;
                let correction = Movement { at: decided, ..moved(&load, Kind::Quota, Kind::OnCards, "correction") };
                let number = self.accounts.post(correction)?.id;
                self.corrections.push((load.group, load.id, load.amount, decided, number));
            }
            Fate::Refused | Fate::Doubtful => {}
        }
        if load.fate != Fate::Doubtful {
            totals.add(&load, state);
        }
        let intent = format!("{:032x}", load.id);
        self.loads.push(Ended { planned: load, intent, state, reason, quota });
        Ok(())
    }

    /// Holds what a load needs, after a deposit if the quota does not reach. Returns the quota before.
    fn hold(&mut self, city: &City, load: &Planned) -> Result<Fen> {
        let hold = moved(load, Kind::Quota, Kind::Held, "load authorised");
        let posted = match self.accounts.post(hold) {
            Err(Rejected::Short { .. }) => {
                self.pay_in(city, load)?;
                self.accounts.post(hold)?
            }
            posted => posted?,
        };
        posted.from_after.checked_add(load.amount).context("a quota")
    }

    /// Enough for some weeks, a moment before it is needed.
    fn pay_in(&mut self, city: &City, load: &Planned) -> Result<Posted> {
        const ROUND: i64 = 100_000;
        let some_weeks = city.expected(load.group).as_i64() / 40;
        let amount = Fen::new((some_weeks / ROUND + 1) * ROUND);
        let paid = Paid::new(load.group, load.operator, amount, Micros(load.at.0 - 1_000_000));
        self.accounts.post(paid.movement(Kind::Bank, Kind::DepositsInReview, "deposit paid"))?;
        let approved = paid.movement(Kind::DepositsInReview, Kind::Quota, "deposit approved");
        let posted = self.accounts.post(Movement { at: paid.decided(), ..approved })?;
        self.deposits.approved(paid);
        Ok(posted)
    }

    async fn write(&self, tx: &mut Tx) -> Result<()> {
        self.accounts.write(tx).execute().await?;
        tx.query(LOADS).rows(self.loads.iter().map(cells)).execute().await?;
        self.deposits.write(tx).await?;
        tx.query(
            "INSERT INTO corrections (group_id, load_id, written, contradicts, amount_fen, evidence, raised_at_us, \
             movement, posted_at_us) SELECT group_id, load_id, 1, 'not_written', amount, '{}', at, movement, at \
             FROM rows(group_id BIGINT, load_id BIGINT, amount BIGINT, at BIGINT, movement BIGINT)",
        )
        .rows(self.corrections.iter().map(|(group, load, amount, at, movement)| {
            [(*group).into(), (*load).into(), (*amount).into(), (*at).into(), (*movement).into()]
        }))
        .execute()
        .await?;
        Ok(())
    }
}

fn moved(load: &Planned, from: Kind, to: Kind, reason: &'static str) -> Movement {
    Movement { group: load.group, from, to, amount: load.amount, reason, subject: load.id, at: load.at }
}

/// Loads, with evidence of the length that it has.
const LOADS: &str = "INSERT INTO loads (group_id, id, intent, state, reason, operator_id, terminal, reader, card_number, \
     card_class, amount_fen, balance_before_fen, balance_after_fen, quota_before_fen, quota_after_fen, balance_field, \
     counter, random, key_version, algorithm, mac1, mac2, host_time, tac, answers, created_at_us, authorised_at_us, \
     decided_at_us) SELECT group_id, id, intent, state, reason, operator_id, terminal, \
     'ACS ACR1281 1S Dual Reader 00 00', card_number, '01', amount, balance, \
     CASE WHEN state = 'succeeded' THEN balance + amount END, quota, quota - amount, \
     CASE WHEN quota IS NOT NULL THEN balance END, CASE WHEN quota IS NOT NULL THEN 42 END, \
     CASE WHEN quota IS NOT NULL THEN '9A3B017C' END, CASE WHEN quota IS NOT NULL THEN 1 END, \
     CASE WHEN quota IS NOT NULL THEN 0 END, CASE WHEN quota IS NOT NULL THEN '1A2B3C4D' END, \
     CASE WHEN quota IS NOT NULL THEN '5E6F7081' END, CASE WHEN quota IS NOT NULL THEN '20261122143208' END, \
     CASE WHEN state = 'succeeded' THEN '92A3B4C5' END, CASE WHEN quota IS NOT NULL THEN \
     '{\"file15\":\"1111222233334444010110007510000000012026010120361231\",\"initialize\":\"000004EC002A01009A3B017C1A2B3C4D\"}' \
     END, at, CASE WHEN quota IS NOT NULL THEN at END, CASE WHEN state <> 'unknown' THEN at + 400000 END \
     FROM rows(group_id BIGINT, id BIGINT, intent TEXT, state TEXT, reason TEXT, operator_id BIGINT, terminal TEXT, \
     card_number TEXT, amount BIGINT, balance BIGINT, quota BIGINT, at BIGINT)";

/// A row for [`LOADS`].
fn cells(load: &Ended) -> [store::Cell<'_>; 12] {
    let planned = &load.planned;
    [
        planned.group.into(),
        planned.id.into(),
        (&load.intent).into(),
        load.state.into(),
        load.reason.into(),
        planned.operator.into(),
        (&planned.terminal).into(),
        (&planned.card).into(),
        planned.amount.into(),
        planned.balance.into(),
        load.quota.into(),
        planned.at.into(),
    ]
}
