//! For tests and benchmarks: the same test on both engines, with nothing installed but PostgreSQL's programs.
//!
//! A test process that asks for PostgreSQL starts a server of its own, once, in a temporary directory, on a Unix socket
//! only. It stops and is removed when the process ends, however that comes about: a shell beside it waits for the end
//! of a pipe that only the test process holds open.

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{ConnectOptions as _, Executor as _, postgres::PgConnectOptions};
use tempfile::TempDir;

use crate::Db;

/// Runs `test` on a fresh database of each engine, SQLite first.
pub async fn on_both<F, Fut>(test: F)
where
    F: Fn(Db) -> Fut,
    Fut: Future<Output = ()>,
{
    let sqlite = Sqlite::new();
    let db = Db::open(sqlite.url()).await.expect("a fresh SQLite database opens");
    test(db.clone()).await;
    db.close().await;
    let db = Db::open(postgres_url().await).await.expect("a fresh PostgreSQL database opens");
    test(db.clone()).await;
    db.close().await;
}

/// A place for a SQLite database, removed when this is dropped.
#[derive(Debug)]
pub struct Sqlite(TempDir);

impl Sqlite {
    /// A fresh place.
    #[expect(clippy::new_without_default, reason = "it makes a directory")]
    pub fn new() -> Self {
        Self(TempDir::new().expect("a temporary directory"))
    }

    /// The address of the database in it.
    pub fn url(&self) -> String {
        format!("sqlite:{}", self.0.path().join("jichong.db").display())
    }
}

/// The address of a fresh, empty database on this process's own PostgreSQL, which does not wait for the disk.
pub async fn postgres_url() -> String {
    static SERVER: OnceLock<Postgres> = OnceLock::new();
    SERVER.get_or_init(|| Postgres::start(Fsync::Off)).database().await
}

/// Whether a commit waits until the disk has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fsync {
    /// As in production: for benchmarks.
    On,
    /// For tests that do not pull the plug.
    Off,
}

/// A PostgreSQL server of this process's own.
#[derive(Debug)]
pub struct Postgres {
    directory: PathBuf,
    databases: AtomicU32,
    /// Holds the pipe open; when it closes the server goes.
    _keeper: Child,
}

/// Makes a cluster in a fresh directory, says where, serves until its input ends, removes everything.
const KEEPER: &str = r#"
    set -e
    directory=$(mktemp -d "${TMPDIR:-/tmp}/jichong-postgres-XXXXXX")
    trap 'rm -rf "$directory"' EXIT
    initdb --pgdata="$directory/data" --username=postgres --auth=trust --encoding=UTF8 --locale=C --no-sync \
        >"$directory/log" 2>&1 || { cat "$directory/log" >&2; exit 1; }
    postgres -D "$directory/data" -k "$directory" -c listen_addresses= "$@" >>"$directory/log" 2>&1 </dev/null &
    server=$!
    tries=0
    until pg_isready --quiet --host="$directory" || [ $tries -gt 600 ]; do sleep 0.05; tries=$((tries + 1)); done
    pg_isready --quiet --host="$directory" || { cat "$directory/log" >&2; exit 1; }
    echo "$directory"
    cat >/dev/null
    kill -QUIT $server
    wait $server || true
"#;

impl Postgres {
    /// Starts a server and waits until it answers.
    pub fn start(fsync: Fsync) -> Self {
        let settings: &[&str] = match fsync {
            // Enough memory for the tables of a benchmark, and no checkpoint in the middle of a run.
            Fsync::On => &["shared_buffers=1GB", "max_wal_size=16GB", "checkpoint_timeout=1h", "max_connections=200"],
            Fsync::Off => &["fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200"],
        };
        // PostgreSQL refuses to run as root. The programs are in the PATH or where Debian puts them.
        let mut command = if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--", "sh", "-c"]);
            command
        } else {
            let mut command = Command::new("sh");
            command.arg("-c");
            command
        };
        command.arg(KEEPER).arg("keeper");
        for setting in settings {
            command.args(["-c", setting]);
        }
        let mut keeper = command
            .env("PATH", path_with_postgres())
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .process_group(0) // an interrupt from the terminal is for us; the server goes after us, in order
            .spawn()
            .expect("a shell starts");
        let mut directory = String::new();
        BufReader::new(keeper.stdout.take().expect("its output is piped"))
            .read_line(&mut directory)
            .expect("its output is text");
        assert!(!directory.is_empty(), "PostgreSQL did not start; what it said is above");
        Self { directory: directory.trim_end().into(), databases: AtomicU32::new(0), _keeper: keeper }
    }

    /// The address of a fresh, empty database.
    pub async fn database(&self) -> String {
        let name = format!("jichong_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let server = PgConnectOptions::new_without_pgpass().socket(&self.directory).username("postgres");
        let mut conn = server.database("postgres").connect().await.expect("the server answers");
        conn.execute(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.expect("a database is made");
        format!("postgres://postgres@localhost/{name}?host={}", self.directory.display())
    }
}

fn path_with_postgres() -> String {
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut places: Vec<PathBuf> = debian.map(|version| version.path().join("bin")).collect();
    places.sort();
    places.reverse(); // the newest first
    let mut path: Vec<String> = places.iter().map(|place| place.display().to_string()).collect();
    path.extend(std::env::var("PATH").ok());
    path.join(":")
}

/// Whether this process is root's: only then is its own `/proc` entry owned by user 0.
fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0)
}
