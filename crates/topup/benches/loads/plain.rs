//! The plain way: a transaction per step, with a row lock.

use anyhow::{Result, ensure};
use sqlx::{Executor as _, PgConnection, query, query_as};
use store::Db;
use topup::loads::book::NewLoad;

use crate::connections::Connections;
use crate::one_load::{AMOUNT, DAY, Loads, NOW, fund};
use crate::run::Scene;

/// A transaction per step, on a number of connections.
#[derive(Debug)]
pub(crate) struct Plain {
    pub(crate) size: usize,
    pub(crate) db: Db,
    connections: Connections,
    loads: Loads,
}

impl Plain {
    pub(crate) async fn open(url: &str, size: usize, scene: Scene) -> Result<Self> {
        let db = Db::open(url).await?;
        fund(&db, scene.groups).await?;
        Ok(Self { size, db, connections: Connections::open(url, size).await?, loads: Loads::default() })
    }

    pub(crate) async fn load(&self, group: i64) -> Result<()> {
        let load = self.loads.next(group);
        self.authorise(&load).await?;
        self.settle(&load).await
    }

    async fn authorise(&self, load: &NewLoad) -> Result<()> {
        let evidence = load.evidence.as_ref().expect("every load has it");
        let mut conn = self.connections.lend().await?;
        conn.execute("BEGIN").await?;
        let (quota, held, movements): (i64, i64, i64) =
            query_as("SELECT quota_fen, held_fen, movements FROM accounts WHERE group_id = $1 FOR UPDATE")
                .bind(load.group)
                .fetch_one(&mut *conn)
                .await?;
        ensure!(quota >= AMOUNT, "not enough");
        query(
            "INSERT INTO loads (group_id, id, intent, state, operator_id, terminal, reader, card_number, card_class, \
             amount_fen, balance_before_fen, quota_before_fen, quota_after_fen, balance_field, counter, random, \
             key_version, algorithm, mac1, mac2, host_time, answers, created_at_us, authorised_at_us) \
             VALUES ($1, $2, $3, 'authorised', $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, \
             $19, $20, $21, $22, $22)",
        )
        .bind(load.group)
        .bind(load.id)
        .bind(&load.intent)
        .bind(load.operator)
        .bind(&load.terminal)
        .bind(&load.reader)
        .bind(&load.card_number)
        .bind(&load.card_class)
        .bind(AMOUNT)
        .bind(load.balance_before)
        .bind(quota)
        .bind(quota - AMOUNT)
        .bind(i64::from(evidence.balance_field))
        .bind(i64::from(evidence.counter.0))
        .bind(hex::encode_upper(evidence.random))
        .bind(i64::from(evidence.key_version))
        .bind(i64::from(evidence.algorithm))
        .bind(evidence.mac1.to_string())
        .bind(evidence.mac2.to_string())
        .bind(evidence.host_time.to_string())
        .bind(&evidence.answers)
        .bind(NOW)
        .execute(&mut *conn)
        .await?;
        query(
            "INSERT INTO movements (group_id, id, from_kind, to_kind, amount_fen, from_after_fen, to_after_fen, reason, \
             subject, at_us) VALUES ($1, $2, 'quota', 'held', $3, $4, $5, 'load authorised', $6, $7)",
        )
        .bind(load.group)
        .bind(movements + 1)
        .bind(AMOUNT)
        .bind(quota - AMOUNT)
        .bind(held + AMOUNT)
        .bind(load.id)
        .bind(NOW)
        .execute(&mut *conn)
        .await?;
        query("UPDATE accounts SET quota_fen = $2, held_fen = $3, movements = $4 WHERE group_id = $1")
            .bind(load.group)
            .bind(quota - AMOUNT)
            .bind(held + AMOUNT)
            .bind(movements + 1)
            .execute(&mut *conn)
            .await?;
        conn.execute("COMMIT").await?;
        Ok(())
    }

    async fn settle(&self, load: &NewLoad) -> Result<()> {
        let mut conn = self.connections.lend().await?;
        conn.execute("BEGIN").await?;
        let (held, on_cards, movements): (i64, i64, i64) =
            query_as("SELECT held_fen, on_cards_fen, movements FROM accounts WHERE group_id = $1 FOR UPDATE")
                .bind(load.group)
                .fetch_one(&mut *conn)
                .await?;
        let (amount,): (i64,) = query_as(
            "UPDATE loads SET state = 'succeeded', tac = $3, balance_after_fen = $4, decided_at_us = $5 \
             WHERE group_id = $1 AND id = $2 AND state IN ('authorised', 'unknown') RETURNING amount_fen",
        )
        .bind(load.group)
        .bind(load.id)
        .bind("92A3B4C5")
        .bind(1_260 + AMOUNT)
        .bind(NOW)
        .fetch_one(&mut *conn)
        .await?;
        query(
            "INSERT INTO movements (group_id, id, from_kind, to_kind, amount_fen, from_after_fen, to_after_fen, reason, \
             subject, at_us) VALUES ($1, $2, 'held', 'on_cards', $3, $4, $5, 'load succeeded', $6, $7)",
        )
        .bind(load.group)
        .bind(movements + 1)
        .bind(amount)
        .bind(held - amount)
        .bind(on_cards + amount)
        .bind(load.id)
        .bind(NOW)
        .execute(&mut *conn)
        .await?;
        total(&mut conn, load, amount).await?;
        query("UPDATE accounts SET held_fen = $2, on_cards_fen = $3, movements = $4 WHERE group_id = $1")
            .bind(load.group)
            .bind(held - amount)
            .bind(on_cards + amount)
            .bind(movements + 1)
            .execute(&mut *conn)
            .await?;
        conn.execute("COMMIT").await?;
        Ok(())
    }
}

/// Adds a load that ends to the totals and to the quota's day, as the book does.
async fn total(conn: &mut PgConnection, load: &NewLoad, amount: i64) -> Result<()> {
    // The ids of the benchmark are all of one day, and so is their month.
    query(
        "INSERT INTO load_totals (group_id, grain, first_day, state, operator_id, terminal, loads, sum_fen) \
         VALUES ($1, 'month', 0, 'succeeded', 0, '', 1, $2), ($1, 'day', 0, 'succeeded', 0, '', 1, $2), \
         ($1, 'place', 0, 'succeeded', $3, $4, 1, $2) \
         ON CONFLICT (group_id, grain, first_day, state, operator_id, terminal) \
         DO UPDATE SET loads = load_totals.loads + 1, sum_fen = load_totals.sum_fen + excluded.sum_fen",
    )
    .bind(load.group)
    .bind(amount)
    .bind(load.operator)
    .bind(&load.terminal)
    .execute(&mut *conn)
    .await?;
    // In parts, as the book has them, so that groups do not wait for each other.
    query(
        "INSERT INTO all_totals (grain, first_day, state, part, loads, sum_fen) \
         VALUES ('month', 0, 'succeeded', $1 % 16, 1, $2), ('day', 0, 'succeeded', $1 % 16, 1, $2) \
         ON CONFLICT (grain, first_day, state, part) \
         DO UPDATE SET loads = all_totals.loads + 1, sum_fen = all_totals.sum_fen + excluded.sum_fen",
    )
    .bind(load.group)
    .bind(amount)
    .execute(&mut *conn)
    .await?;
    query(
        "INSERT INTO quota_days (group_id, day, from_kind, to_kind, movements, sum_fen) \
         VALUES ($1, $2, 'held', 'on_cards', 1, $3) ON CONFLICT (group_id, day, from_kind, to_kind) \
         DO UPDATE SET movements = quota_days.movements + 1, sum_fen = quota_days.sum_fen + excluded.sum_fen",
    )
    .bind(load.group)
    .bind(DAY)
    .bind(amount)
    .execute(&mut *conn)
    .await?;
    Ok(())
}
