//! One data-modifying statement per step: the best of the ways with a transaction per order.

use anyhow::{Result, ensure};
use sqlx::query;
use store::Db;
use topup::loads::book::NewLoad;

use crate::connections::Connections;
use crate::one_load::{AMOUNT, DAY, Loads, NOW, fund};
use crate::run::Scene;

/// One statement per step, on a number of connections.
#[derive(Debug)]
pub(crate) struct Statement {
    pub(crate) size: usize,
    pub(crate) db: Db,
    connections: Connections,
    loads: Loads,
}

impl Statement {
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
        let done = query(
            "WITH a AS (UPDATE accounts SET quota_fen = quota_fen - $9, held_fen = held_fen + $9, \
             movements = movements + 1 WHERE group_id = $1 AND quota_fen >= $9 \
             RETURNING quota_fen, held_fen, movements), \
             m AS (INSERT INTO movements (group_id, id, from_kind, to_kind, amount_fen, from_after_fen, to_after_fen, \
             reason, subject, at_us) \
             SELECT $1, movements, 'quota', 'held', $9, quota_fen, held_fen, 'load authorised', $2, $20 FROM a) \
             INSERT INTO loads (group_id, id, intent, state, operator_id, terminal, reader, card_number, card_class, \
             amount_fen, balance_before_fen, quota_before_fen, quota_after_fen, balance_field, counter, random, \
             key_version, algorithm, mac1, mac2, host_time, answers, created_at_us, authorised_at_us) \
             SELECT $1, $2, $3, 'authorised', $4, $5, $6, $7, $8, $9, $10, quota_fen + $9, quota_fen, $11, $12, $13, \
             $14, $15, $16, $17, $18, $19, $20, $20 FROM a",
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
        ensure!(done.rows_affected() == 1, "not enough");
        Ok(())
    }

    async fn settle(&self, load: &NewLoad) -> Result<()> {
        let mut conn = self.connections.lend().await?;
        let done = query(
            "WITH l AS (UPDATE loads SET state = 'succeeded', tac = $3, balance_after_fen = $4, decided_at_us = $5 \
             WHERE group_id = $1 AND id = $2 AND state IN ('authorised', 'unknown') RETURNING amount_fen), \
             a AS (UPDATE accounts SET held_fen = held_fen - l.amount_fen, on_cards_fen = on_cards_fen + l.amount_fen, \
             movements = movements + 1 FROM l WHERE group_id = $1 \
             RETURNING held_fen, on_cards_fen, movements, l.amount_fen), \
             t AS (INSERT INTO load_totals (group_id, grain, first_day, state, operator_id, terminal, loads, sum_fen) \
             SELECT $1, grain, 0, 'succeeded', operator_id, terminal, 1, amount_fen \
             FROM a, (VALUES ('month', 0, ''), ('day', 0, ''), ('place', $6, $7)) AS of(grain, operator_id, terminal) \
             ON CONFLICT (group_id, grain, first_day, state, operator_id, terminal) \
             DO UPDATE SET loads = load_totals.loads + 1, sum_fen = load_totals.sum_fen + excluded.sum_fen), \
             s AS (INSERT INTO all_totals (grain, first_day, state, part, loads, sum_fen) \
             SELECT grain, 0, 'succeeded', $1 % 16, 1, amount_fen FROM a, (VALUES ('month'), ('day')) AS of(grain) \
             ON CONFLICT (grain, first_day, state, part) \
             DO UPDATE SET loads = all_totals.loads + 1, sum_fen = all_totals.sum_fen + excluded.sum_fen), \
             q AS (INSERT INTO quota_days (group_id, day, from_kind, to_kind, movements, sum_fen) \
             SELECT $1, $8, 'held', 'on_cards', 1, amount_fen FROM a ON CONFLICT (group_id, day, from_kind, to_kind) \
             DO UPDATE SET movements = quota_days.movements + 1, sum_fen = quota_days.sum_fen + excluded.sum_fen) \
             INSERT INTO movements (group_id, id, from_kind, to_kind, amount_fen, from_after_fen, to_after_fen, reason, \
             subject, at_us) \
             SELECT $1, movements, 'held', 'on_cards', amount_fen, held_fen, on_cards_fen, 'load succeeded', $2, $5 FROM a",
        )
        .bind(load.group)
        .bind(load.id)
        .bind("92A3B4C5")
        .bind(1_260 + AMOUNT)
        .bind(NOW)
        .bind(load.operator)
        .bind(&load.terminal)
        .bind(DAY)
        .execute(&mut *conn)
        .await?;
        ensure!(done.rows_affected() == 1, "not settled");
        Ok(())
    }
}
