//! The load that every way writes.

use std::sync::atomic::{AtomicI64, Ordering};

use epurse::load::Counter;
use epurse::mac::Mac;
use epurse::time::{Date, HostTime};
use ledger::{Fen, GroupId, Kind, Movement, open_accounts, post};
use store::{Db, Micros};
use topup::loads::book::{Evidence, NewLoad, Settled};

/// The moment at which all of it happens.
pub(crate) const NOW: Micros = Micros(1_795_329_128_000_000);

/// Its day in Beijing, as the days of a quota are numbered.
pub(crate) const DAY: i64 = (NOW.0 + 28_800_000_000) / 86_400_000_000;

/// What is charged each time.
pub(crate) const AMOUNT: i64 = 5_000;

/// Hands out loads, each with its own id and intent.
#[derive(Debug, Default)]
pub(crate) struct Loads(AtomicI64);

impl Loads {
    /// The next one, of `group`.
    pub(crate) fn next(&self, group: i64) -> NewLoad {
        let id = self.0.fetch_add(1, Ordering::Relaxed);
        let chance = scatter(id.cast_unsigned());
        NewLoad {
            group: GroupId(group),
            id,
            intent: format!("{:016x}{:016x}", chance, scatter(chance)),
            operator: 17,
            terminal: "000000000001".into(),
            reader: "ACS ACR1281 1S Dual Reader 00 00".into(),
            // Each its own card, for a card has one load in flight; scattered, as cards come to readers.
            card_number: format!("1000{:012}", i128::from(id) * 387_420_489 % 1_000_000_000_000),
            card_class: "01".into(),
            amount: Fen::new(AMOUNT),
            balance_before: Some(Fen::new(1_260)),
            evidence: Some(Evidence {
                balance_field: 1_260,
                counter: Counter(42),
                random: [0x9a, 0x3b, 0x01, 0x7c],
                key_version: 1,
                algorithm: 0,
                mac1: Mac([0x1a, 0x2b, 0x3c, 0x4d]),
                mac2: Mac([0x5e, 0x6f, 0x70, 0x81]),
                host_time: HostTime::new(Date::new(2026, 11, 22).expect("a date"), 14, 32, 8).expect("a time"),
                answers: r#"{"file15":"1111222233334444010110007510000000012026010120361231","initialize":"000004EC002A01009A3B017C1A2B3C4D"}"#.into(),
            }),
            at: NOW,
        }
    }
}

/// The proof that the card took it.
pub(crate) fn settled(load: &NewLoad) -> Settled {
    let balance_after = Fen::new(1_260 + AMOUNT);
    Settled { group: load.group, id: load.id, tac: "92A3B4C5".into(), balance_after, at: NOW }
}

/// Numbers that look like chance and repeat from run to run (`splitmix64`).
pub(crate) fn scatter(n: u64) -> u64 {
    let z = n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Gives every group accounts and all the quota it can need.
pub(crate) async fn fund(db: &Db, groups: i64) -> store::Result<()> {
    let mut tx = db.begin().await?;
    let mut deposits = Vec::new();
    for group in (1..=groups).map(GroupId) {
        open_accounts(&mut tx, group).await?;
        let (from, to, amount) = (Kind::Bank, Kind::Quota, Fen::new(1_000_000_000_000));
        deposits.push(Movement { group, from, to, amount, reason: "benchmark", subject: 0, at: NOW });
    }
    post(&mut tx, &deposits).await?;
    tx.commit().await
}
