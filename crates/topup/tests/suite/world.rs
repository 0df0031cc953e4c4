//! A whole business on one database: a server that can die, groups, operators, terminals with software cards.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use epurse::terminal::TerminalNumber;
use ledger::{Fen, GroupId, Kind, Movement};
use store::Db;
use tokio::sync::RwLock;
use topup::loads::{self, Load, OrderNumber};
use topup::people::{NewOperator, Operator, Role};
use topup::{Clock as _, House, SeededEntropy, Settings, SystemClock, books, groups, people, terminals};
use vault::SoftVault;

use crate::cards;

/// Waits as in earnest, but for what a test waits out.
pub(crate) fn patient() -> Settings {
    Settings {
        poll: Duration::from_millis(50),
        pick_up: Duration::from_secs(2),
        abandoned: Duration::from_secs(2),
        password_kib: 64,
        ..Settings::default()
    }
}

/// Waits so little that much of what goes well elsewhere comes too late.
pub(crate) fn hasty() -> Settings {
    Settings {
        script: Duration::from_millis(100),
        answer: Duration::from_millis(250),
        pick_up: Duration::from_millis(250),
        poll: Duration::from_millis(25),
        silence: Duration::from_secs(5),
        abandoned: Duration::from_millis(700),
        password_kib: 64,
        ..Settings::default()
    }
}

/// A business and its one server.
pub(crate) struct World {
    db: Db,
    /// Of the server that starts next: no two have the same randomness.
    seed: AtomicU64,
    settings: Settings,
    server: RwLock<House>,
    pub(crate) group: GroupId,
    pub(crate) operator: Operator,
}

impl World {
    /// A group with this quota and one operator.
    pub(crate) async fn open(db: Db, settings: Settings, seed: u64, quota: Fen) -> Self {
        let house = house(&db, seed, settings.clone()).await;
        let group = GroupId(house.ids.next());
        let mut tx = db.begin().await.expect("a unit of work");
        groups::add(&mut tx, group, "示例科技有限公司", SystemClock.now()).await.expect("a group");
        let opening = Movement {
            group,
            from: Kind::Bank,
            to: Kind::Quota,
            amount: quota,
            reason: "opening quota",
            subject: 0,
            at: SystemClock.now(),
        };
        if quota > Fen::ZERO {
            ledger::post(&mut tx, &[opening]).await.expect("a posting")[0].expect("accepted");
        }
        let new = NewOperator { group, login: "0012", name: "王", role: Role::Clerk, password: "correct horse" };
        let id = people::add(&mut tx, &house.ids, &*house.entropy, &new, SystemClock.now()).await.expect("an operator");
        tx.commit().await.expect("a commit");
        let operator = people::operator(&house, id).await.expect("a look").expect("the operator");
        Self { db, seed: AtomicU64::new(seed), settings, server: RwLock::new(house), group, operator }
    }

    /// Another server process on the database at `url`.
    pub(crate) async fn another_process(url: &str, seed: u64) -> House {
        house(&Db::open(url).await.expect("a database"), seed, patient()).await
    }

    /// The server as it is now.
    pub(crate) async fn house(&self) -> House {
        self.server.read().await.clone()
    }

    /// The server is gone and another one starts on the same database. Its connections are the caller's to cut.
    pub(crate) async fn restart(&self) {
        let seed = self.seed.fetch_add(1, Ordering::SeqCst).wrapping_add(1);
        let next = house(&self.db, seed, self.settings.clone()).await;
        *self.server.write().await = next;
    }

    /// A terminal of the group whose key is bound to it by a one-time code, as in earnest.
    pub(crate) async fn enrol(&self, number: TerminalNumber, key: &ed25519_dalek::SigningKey) {
        let house = self.house().await;
        let mut tx = self.db.begin().await.expect("a unit of work");
        terminals::add(&mut tx, number, self.group, "前台", house.now()).await.expect("a terminal");
        let code = terminals::issue_code(&mut tx, &*house.entropy, number, house.now()).await.expect("a code");
        tx.commit().await.expect("a commit");
        let asked = link::Enrol { code, public_key: key.verifying_key().to_bytes().to_vec().into() };
        let enrolled = terminals::enrol(&house, &asked, "192.0.2.50").await.expect("the code is good");
        assert_eq!(enrolled.terminal, number.to_string());
    }

    /// Every load of the group, oldest first.
    pub(crate) async fn loads(&self) -> Vec<Load> {
        let house = self.house().await;
        let mut tx = self.db.read().await.expect("a unit of work");
        let ids: Vec<(i64,)> = tx
            .query("SELECT id FROM loads WHERE group_id = $1 ORDER BY id")
            .bind(self.group)
            .all()
            .await
            .expect("a look");
        drop(tx);
        let mut loads = Vec::new();
        for (id,) in ids {
            let load = loads::by_order(&house, self.group, OrderNumber::new(id)).await.expect("a look");
            loads.push(load.expect("the load"));
        }
        loads
    }

    /// Proves the books and returns them.
    pub(crate) async fn books(&self) -> books::Books {
        let mut tx = self.db.read().await.expect("a unit of work");
        let books = books::prove_books(&mut tx).await.expect("a look through the books");
        assert!(books.hold(), "{books}");
        books
    }
}

async fn house(db: &Db, seed: u64, settings: Settings) -> House {
    let vault = SoftVault::in_memory(cards::masters());
    let entropy = Arc::new(SeededEntropy::new(seed));
    House::open(db.clone(), Arc::new(vault), Arc::new(SystemClock), entropy, settings).await.expect("a house")
}
