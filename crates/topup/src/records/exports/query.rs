//! The SQL of exports. Every statement names the owner: what is another's is as unknown as what never was.

use std::io::Read;

use ledger::GroupId;
use store::{Micros, Query, Result, Tx};

use super::{Export, ExportId, ExportState, Job, KEPT_DAYS, MOST_AT_ONCE, NewExport, Owner, SILENT_US, Wanted};
use crate::House;
use crate::people::OperatorId;
use crate::people::staff::StaffId;
use crate::records::Format;

/// How large a part of a file is: many fit into memory at once, and few rows hold a file.
const PART: u64 = 512 * 1024;

/// How many exports a page shows.
const SHOWN: i64 = 50;

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    made_by: String,
    format: String,
    language: String,
    records: String,
    filter: String,
    state: String,
    lines: i64,
    done: i64,
    bytes: i64,
    asked_at_us: Micros,
    beat_at_us: Micros,
}

/// The beginning of each: `$1` the group, `$2` and `$3` the person.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, made_by, format, language, records, filter, state, lines, done, bytes, asked_at_us, beat_at_us ",
            "FROM exports WHERE group_id = $1 AND (operator_id = $2 OR staff_id = $3) ",
            $rest
        )
    };
}

fn of(query: Query<'_>, owner: Owner) -> Query<'_> {
    query.bind(owner.group()).bind(owner.operator()).bind(owner.staff())
}

/// Asks for an export; none if its owner has as many under way as one may.
pub async fn ask(house: &House, new: &NewExport) -> Result<Option<ExportId>> {
    let mut tx = house.db.begin().await?;
    let query = tx.query(
        "SELECT COUNT(*) FROM exports WHERE group_id = $1 AND (operator_id = $2 OR staff_id = $3) AND state = 'making'",
    );
    let (open,): (i64,) = of(query, new.owner).one().await?;
    if usize::try_from(open).is_ok_and(|open| open >= MOST_AT_ONCE) {
        return Ok(None);
    }
    let id = ExportId(house.ids.next());
    let (records, filter) = new.wanted.stored().map_err(|_| store::Error::Missing)?;
    let query = tx.query(
        "INSERT INTO exports (group_id, operator_id, staff_id, id, made_by, format, language, records, filter, state, \
         lines, asked_at_us, beat_at_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'making', $10, $11, 0)",
    );
    of(query, new.owner)
        .bind(id)
        .bind(new.by.as_str())
        .bind(new.format.as_str())
        .bind(new.language.as_str())
        .bind(records)
        .bind(filter)
        .bind(new.lines)
        .bind(house.now())
        .execute()
        .await?;
    tx.commit().await?;
    Ok(Some(id))
}

/// All of `owner`'s, newest first.
pub async fn list(house: &House, owner: Owner) -> Result<Vec<Export>> {
    let mut tx = house.db.read().await?;
    let rows: Vec<Row> = of(tx.query(select!("ORDER BY id DESC LIMIT $4")), owner).bind(SHOWN).all().await?;
    rows.into_iter().map(Row::into_export).collect()
}

/// One of `owner`'s.
pub async fn one(house: &House, owner: Owner, id: ExportId) -> Result<Option<Export>> {
    let mut tx = house.db.read().await?;
    let row: Option<Row> = of(tx.query(select!("AND id = $4")), owner).bind(id).optional().await?;
    row.map(Row::into_export).transpose()
}

/// A part of the file, if it is ready; none behind the last.
pub async fn part(house: &House, owner: Owner, id: ExportId, number: i64) -> Result<Option<Vec<u8>>> {
    let mut tx = house.db.read().await?;
    let query = tx.query(
        "SELECT p.bytes FROM exports e JOIN export_parts p ON p.group_id = e.group_id AND p.export_id = e.id \
         WHERE e.group_id = $1 AND (e.operator_id = $2 OR e.staff_id = $3) AND e.id = $4 AND e.state = 'ready' \
         AND p.number = $5",
    );
    let row: Option<(Vec<u8>,)> = of(query, owner).bind(id).bind(number).optional().await?;
    Ok(row.map(|(bytes,)| bytes))
}

/// Its owner no longer wants it, made or not: it goes. True if it was there.
pub async fn cancel(house: &House, owner: Owner, id: ExportId) -> Result<bool> {
    let mut tx = house.db.begin().await?;
    let query = tx.query(
        "UPDATE exports SET state = 'cancelled', ended_at_us = $5 \
         WHERE group_id = $1 AND (operator_id = $2 OR staff_id = $3) AND id = $4 AND state <> 'cancelled'",
    );
    let gone = of(query, owner).bind(id).bind(house.now()).execute().await?;
    if gone > 0 {
        remove_parts(&mut tx, owner, id).await?;
    }
    tx.commit().await?;
    Ok(gone > 0)
}

/// Takes up an export that nobody makes: a new one, or one whose maker fell silent.
pub async fn take(house: &House, owner: Owner, id: ExportId) -> Result<Option<Job>> {
    let maker = hex::encode(house.random::<8>());
    let mut tx = house.db.begin().await?;
    let query = tx.query(
        "UPDATE exports SET maker = $5, beat_at_us = $6, done = 0 WHERE group_id = $1 \
         AND (operator_id = $2 OR staff_id = $3) AND id = $4 AND state = 'making' AND beat_at_us < $7",
    );
    let silent = Micros(house.now().0.saturating_sub(SILENT_US));
    let query = of(query, owner).bind(id).bind(maker.as_str()).bind(house.now()).bind(silent);
    if query.execute().await? == 0 {
        return Ok(None);
    }
    remove_parts(&mut tx, owner, id).await?;
    tx.commit().await?;
    Ok(one(house, owner, id).await?.map(|export| Job { owner, export, maker }))
}

/// What nobody makes: exports whose maker fell silent, and those that were asked for so long ago and never begun. The
/// oldest first, and whose they are.
pub async fn left(house: &House) -> Result<Vec<(Owner, ExportId)>> {
    let silent = Micros(house.now().0.saturating_sub(SILENT_US));
    let mut tx = house.db.read().await?;
    let rows: Vec<(GroupId, Option<OperatorId>, Option<StaffId>, ExportId)> = tx
        .query(
            "SELECT group_id, operator_id, staff_id, id FROM exports \
             WHERE state = 'making' AND beat_at_us < $1 AND asked_at_us < $1 ORDER BY asked_at_us, id LIMIT $2",
        )
        .bind(silent)
        .bind(SHOWN)
        .all()
        .await?;
    let owner = |(group, operator, staff, id): (GroupId, Option<OperatorId>, Option<StaffId>, ExportId)| {
        let operator = operator.map(|operator| Owner::Operator(group, operator));
        Some((operator.or_else(|| staff.map(Owner::Staff))?, id))
    };
    Ok(rows.into_iter().filter_map(owner).collect())
}

/// Says how far it is. False if it is no longer this maker's: cancelled, or taken over.
pub(super) async fn beat(house: &House, job: &Job, done: i64) -> Result<bool> {
    let mut tx = house.db.begin().await?;
    let ours = is_ours(&mut tx, house, job, done).await?;
    tx.commit().await?;
    Ok(ours)
}

/// Says how far it is, and keeps others from it until the unit of work ends.
async fn is_ours(tx: &mut Tx, house: &House, job: &Job, done: i64) -> Result<bool> {
    let told = tx
        .query(
            "UPDATE exports SET done = $4, beat_at_us = $5 \
             WHERE group_id = $1 AND id = $2 AND maker = $3 AND state = 'making'",
        )
        .bind(job.owner.group())
        .bind(job.export.id)
        .bind(job.maker.as_str())
        .bind(done)
        .bind(house.now())
        .execute()
        .await?;
    Ok(told > 0)
}

/// Puts the file into the database, part by part. False if it is no longer this maker's.
pub(super) async fn keep(house: &House, job: &Job, mut file: impl Read) -> Result<bool, super::ExportError> {
    let mut bytes = 0_i64;
    for number in 0_i64.. {
        let mut part = Vec::new();
        file.by_ref().take(PART).read_to_end(&mut part).map_err(super::super::sheet::SheetError::from)?;
        if part.is_empty() {
            break;
        }
        bytes = bytes.saturating_add(i64::try_from(part.len()).unwrap_or(i64::MAX));
        let mut tx = house.db.begin().await?;
        if !is_ours(&mut tx, house, job, job.export.lines).await? {
            return Ok(false);
        }
        tx.query("INSERT INTO export_parts (group_id, export_id, number, bytes) VALUES ($1, $2, $3, $4)")
            .bind(job.owner.group())
            .bind(job.export.id)
            .bind(number)
            .bind(part)
            .execute()
            .await?;
        tx.commit().await?;
    }
    Ok(end(house, job, ExportState::Ready, bytes).await?)
}

/// It has ended. False if it is no longer this maker's.
pub(super) async fn end(house: &House, job: &Job, state: ExportState, bytes: i64) -> Result<bool> {
    let mut tx = house.db.begin().await?;
    let ended = tx
        .query(
            "UPDATE exports SET state = $4, bytes = $5, ended_at_us = $6 \
             WHERE group_id = $1 AND id = $2 AND maker = $3 AND state = 'making'",
        )
        .bind(job.owner.group())
        .bind(job.export.id)
        .bind(job.maker.as_str())
        .bind(state.as_str())
        .bind(bytes)
        .bind(house.now())
        .execute()
        .await?;
    tx.commit().await?;
    Ok(ended > 0)
}

/// Files that waited long enough go.
pub async fn sweep(house: &House) -> Result<()> {
    let old = Micros(house.now().0.saturating_sub(KEPT_DAYS.saturating_mul(24 * 3_600_000_000)));
    let mut tx = house.db.read().await?;
    let any: Option<(i64,)> =
        tx.query("SELECT id FROM exports WHERE asked_at_us < $1 LIMIT 1").bind(old).optional().await?;
    drop(tx);
    if any.is_none() {
        return Ok(());
    }
    let mut tx = house.db.begin().await?;
    tx.query(
        "DELETE FROM export_parts WHERE EXISTS (SELECT 1 FROM exports e WHERE e.group_id = export_parts.group_id \
         AND e.id = export_parts.export_id AND e.asked_at_us < $1)",
    )
    .bind(old)
    .execute()
    .await?;
    tx.query("DELETE FROM exports WHERE asked_at_us < $1").bind(old).execute().await?;
    tx.commit().await
}

async fn remove_parts(tx: &mut Tx, owner: Owner, id: ExportId) -> Result<()> {
    tx.query("DELETE FROM export_parts WHERE group_id = $1 AND export_id = $2")
        .bind(owner.group())
        .bind(id)
        .execute()
        .await?;
    Ok(())
}

impl Row {
    fn into_export(self) -> Result<Export> {
        Ok(Export {
            id: ExportId(self.id),
            by: self.made_by,
            format: Format::parse(&self.format).ok_or(store::Error::Missing)?,
            language: self.language,
            wanted: Wanted::parse(&self.records, &self.filter).ok_or(store::Error::Missing)?,
            state: ExportState::parse(&self.state).ok_or(store::Error::Missing)?,
            lines: self.lines,
            done: self.done,
            bytes: self.bytes,
            asked_at: self.asked_at_us,
            beat_at: self.beat_at_us,
        })
    }
}
