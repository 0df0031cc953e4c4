//! `jichong demo`: everything on one machine, nothing to install.
//!
//! It is the real server and the real terminal, speaking over real sockets, with an embedded database, a software reader,
//! the sandbox bank on a port of its own, and keys made for this folder alone. What is in the folder survives a restart;
//! removing it starts anew.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use epurse::keys::{Algorithm, Key};
use ledger::{Fen, GroupId};
use rand::Rng as _;
use store::Db;
use terminal::{Config, EXCHANGE_LIMIT, Handle, MasterKeys, TapPage};
use topup::deposits::Till;
use topup::people::staff::{NewStaff, StaffRole};
use topup::people::{NewOperator, Role};
use topup::{Clock as _, Ids, Settings, SystemClock, SystemEntropy, terminals};
use vault::{Master, SoftVault};

use crate::cli::Demo;
use crate::config::without_password;
use crate::serve::{Listen, Server, open_house, start};
use crate::system::told_to_stop;
use crate::terminal::{randomness, soft_keys, soft_reader};
use crate::{add, bank, say};

/// The password of the demo's people.
const PASSWORD: &str = "jichong-demo";
/// The number of the demo's terminal.
const TERMINAL: &str = "000001000050";

/// A sample company: its name, its opening quota in yuan, and its people by login, name and role.
type SampleGroup = (&'static str, i64, &'static [(&'static str, &'static str, Role)]);

/// The demo's companies. The first has the terminal.
const GROUPS: [SampleGroup; 2] = [
    ("示例科技有限公司", 86_420, &[("0012", "王小梅", Role::Clerk), ("0010", "陈主任", Role::Manager)]),
    ("城东物业集团", 300, &[("0021", "李建国", Role::Clerk)]),
];

/// The card company's people: two who can decide about money together, and one who looks after terminals.
const STAFF: [(&str, &str, StaffRole); 3] =
    [("liu", "刘会计", StaffRole::Finance), ("zhou", "周主管", StaffRole::Admin), ("sun", "孙柜员", StaffRole::Teller)];

/// Runs the demo until it is told to stop.
pub(crate) async fn run(demo: Demo) -> Result<()> {
    fs::create_dir_all(&demo.dir).with_context(|| format!("--dir: {} cannot be made", demo.dir.display()))?;
    let keys = card_keys(&demo.dir)?;
    let database = demo.database.clone().unwrap_or_else(|| format!("sqlite:{}/jichong.sqlite", demo.dir.display()));
    let db = Db::open(database.as_str())
        .await
        .with_context(|| format!("the database {} cannot be opened", without_password(&database)))?;
    let fresh = sample_people(&db).await?;
    let vault = Arc::new(SoftVault::in_memory(masters(&keys)));
    let bank = bank::Open::at(demo.listen_bank, None, bank::config(demo.dir.join("bank"))?).await?;
    let portal = with_port(demo.listen)?;
    let till = Till::new(Arc::new(bank.merchant().gateway()?), &format!("http://{portal}"));
    let house = open_house(db.clone(), vault, Settings::default(), Some(till)).await?;
    let settings = portal::Settings {
        tls: false,
        idle: std::time::Duration::from_mins(15),
        trusted_proxies: Vec::new(),
        certificate_ends: None,
        terminal_program: crate::terminal::OWN_PROGRAM,
        public_url: format!("http://{portal}"),
    };
    let listen = Listen { portal, ops: demo.listen_ops, tls: None };
    let server = start(house, settings, listen).await?;
    let (handle, page) = sample_terminal(&demo, &db, &keys, &server, fresh).await?;
    say(welcome(&server, &page, bank.url(), &database))?;
    told_to_stop().await?;
    handle.stop().await;
    page.stop().await;
    server.stop().await;
    bank.stop().await;
    Ok(())
}

/// The same address with a port that is free, if any port will do: the pages name it before they are served.
fn with_port(address: SocketAddr) -> Result<SocketAddr> {
    if address.port() != 0 {
        return Ok(address);
    }
    let probe = TcpListener::bind(address).with_context(|| format!("--listen: {address} cannot be listened on"))?;
    Ok(probe.local_addr()?)
}

/// The master keys of this demo, made once. They are in the open: no real card has them.
fn card_keys(folder: &Path) -> Result<MasterKeys> {
    let file = folder.join("card-keys.json");
    if !file.exists() {
        let mut random = randomness()?;
        let mut key = || {
            let mut bytes = [0; 16];
            random.fill_bytes(&mut bytes);
            hex::encode_upper(bytes)
        };
        let text = serde_json::json!({ "mlk": key(), "mpk": key(), "mtk": key() }).to_string();
        fs::write(&file, text).with_context(|| format!("{} cannot be written", file.display()))?;
    }
    soft_keys(&file)
}

fn masters(keys: &MasterKeys) -> Vec<Master> {
    let master = |card_type| Master {
        card_type,
        version: 1,
        algorithm: Algorithm::TripleDes,
        mlk: Key::new(*keys.mlk.expose()),
        mtk: Key::new(*keys.mtk.expose()),
    };
    (0..=4).map(master).collect()
}

/// Groups, operators and the terminal, unless they are there already; true if they were made now.
async fn sample_people(db: &Db) -> Result<bool> {
    let mut tx = db.read().await?;
    let known = terminals::exists(&mut tx, TERMINAL.parse()?).await?;
    drop(tx);
    if known {
        return Ok(false);
    }
    let ids = Ids::new(Arc::new(SystemClock), &SystemEntropy);
    let mut first = None;
    for (name, quota, operators) in GROUPS {
        let quota = Fen::from_yuan(quota).unwrap_or_default();
        let group = add::group(db, GroupId(ids.next()), name, quota).await?;
        for (login, name, role) in operators {
            add::operator(db, &NewOperator { group, login, name, role: *role, password: PASSWORD }).await?;
        }
        first = first.or(Some(group));
    }
    for (login, name, role) in STAFF {
        add::staff(db, &NewStaff { login, name, role, password: PASSWORD }).await?;
    }
    if let Some(group) = first {
        let mut tx = db.begin().await?;
        terminals::add(&mut tx, TERMINAL.parse()?, group, "前台一号", SystemClock.now()).await?;
        tx.commit().await?;
    }
    Ok(true)
}

/// The terminal with its software reader, enrolled by a code as any other.
async fn sample_terminal(
    demo: &Demo,
    db: &Db,
    keys: &MasterKeys,
    server: &Server,
    fresh: bool,
) -> Result<(Handle, TapPage)> {
    let state = demo.dir.join("terminal");
    let address = format!("http://{}", server.portal.address).parse()?;
    if fresh || !state.join("terminal.json").exists() {
        let mut tx = db.begin().await?;
        let code = terminals::issue_code(&mut tx, &SystemEntropy, TERMINAL.parse()?, SystemClock.now()).await?;
        tx.commit().await?;
        terminal::enrol(&address, None, &code, &state, &mut randomness()?).await?;
    }
    let reader = soft_reader(&demo.dir.join("soft-cards.json"), keys)?;
    let config = Config { server: address, state_dir: state, ca_file: None, exchange_limit: EXCHANGE_LIMIT };
    let handle = terminal::start(config, Arc::new(reader.clone()), Box::new(randomness()?))?;
    let page = TapPage::open(demo.listen_reader, reader, handle.terminal(), handle.status()).await?;
    Ok((handle, page))
}

fn welcome(server: &Server, page: &TapPage, bank: &str, database: &str) -> String {
    let portal = server.portal.address;
    let mut text = format!(
        "\n  Jichong 集充 demo\n\n  \
         1. Put a card on the reader   放上卡片   http://{}/\n  \
         2. Sign in and charge it      登录充值   http://{portal}/\n  \
         3. The card company's office  后台       http://{portal}/office\n  \
         4. The sandbox bank           沙箱银行   {bank}/console\n\n",
        page.address(),
    );
    for (group, _, operators) in GROUPS {
        for (login, _, role) in operators {
            let line = format!("     {group}: {login} / {PASSWORD}  ({})\n", role.as_str());
            text.push_str(&line);
        }
    }
    for (login, name, role) in STAFF {
        let line = format!("     后台 {name}: {login} / {PASSWORD}  ({})\n", role.as_str());
        text.push_str(&line);
    }
    let rest = format!(
        "\n  Metrics  http://{}/metrics\n  Books    jichong books --database {database}\n  Stop     Ctrl-C\n",
        server.ops.address
    );
    text.push_str(&rest);
    text
}
