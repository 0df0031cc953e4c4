//! `jichong demo`, started as people start it, on free ports and in a folder of its own.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

use reqwest::Client;
use store::Db;
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_jichong");

/// The demo, running; it stops when this is dropped.
pub(crate) struct Demo {
    /// The address of the portal, without a slash at the end.
    pub(crate) portal: String,
    /// The address of the software reader's page.
    pub(super) reader: String,
    /// The address of the sandbox bank.
    pub(super) bank: String,
    pub(crate) database: String,
    program: Child,
    /// What it says; held open, since a program may not like to speak into nothing.
    _says: BufReader<ChildStdout>,
    folder: TempDir,
}

impl Demo {
    /// Starts it on its own SQLite, or on the database given, and waits until it is ready.
    pub(crate) fn start(database: Option<&str>) -> Self {
        let folder = TempDir::new().expect("a folder");
        let mut command = Command::new(PROGRAM);
        command.args(["--log", "warn", "demo", "--dir"]).arg(folder.path());
        for listen in ["--listen", "--listen-reader", "--listen-ops"] {
            command.args([listen, "127.0.0.1:0"]);
        }
        // To a browser the bank is another site then, as the real one is.
        command.args(["--listen-bank", "127.0.0.2:0"]);
        if let Some(database) = database {
            command.args(["--database", database]);
        }
        let mut program = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("the program starts");
        let mut says = BufReader::new(program.stdout.take().expect("its output"));
        let mut welcome = String::new();
        while !welcome.contains("Ctrl-C") {
            let read = says.read_line(&mut welcome).expect("text");
            assert!(read > 0, "the demo did not start; it said {welcome:?}");
        }
        let after = |label: &str| {
            let rest = welcome.split_once(label).expect("the welcome names its addresses").1;
            rest.split_whitespace().next().expect("an address").trim_end_matches('/').to_owned()
        };
        Self {
            reader: after("放上卡片"),
            portal: after("登录充值"),
            bank: after("沙箱银行").trim_end_matches("/console").to_owned(),
            database: after("--database"),
            program,
            _says: says,
            folder,
        }
    }

    /// The terminal's folder.
    pub(crate) fn terminal(&self) -> PathBuf {
        self.folder.path().join("terminal")
    }

    /// Puts a card on the reader.
    pub(super) async fn tap(&self, card: &str) {
        self.to_reader("tap", format!("card={card}")).await;
    }

    /// Takes the card off the reader.
    pub(super) async fn remove(&self) {
        self.to_reader("remove", String::new()).await;
    }

    async fn to_reader(&self, verb: &str, form: String) {
        let client = Client::builder().no_proxy().build().expect("a client");
        let request = client.post(format!("{}/{verb}", self.reader)).body(form);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = request.send().await.expect("the reader's page answers");
        assert!(answer.status().is_success(), "{verb}: {}", answer.status());
    }

    /// The code that the bank sent last by SMS, as its console shows it.
    pub(super) async fn sms(&self) -> String {
        let client = Client::builder().no_proxy().build().expect("a client");
        let console = client.get(format!("{}/console", self.bank)).send().await.expect("the console");
        let page = console.text().await.expect("a page");
        page.split_once("data-code>").expect("a code").1.chars().take(6).collect()
    }

    /// How many loads there are, in whatever state.
    pub(super) async fn loads(&self) -> i64 {
        let db = Db::open(self.database.as_str()).await.expect("the database opens");
        let mut tx = db.read().await.expect("a look");
        let (count,): (i64,) = tx.query("SELECT COUNT(*) FROM loads").one().await.expect("a count");
        drop(tx);
        db.close().await;
        count
    }

    /// The figures of `jichong books`, which must say that they are exact.
    pub(super) fn books(&self) -> BTreeMap<String, String> {
        let output = Command::new(PROGRAM)
            .args(["books", "--database", &self.database])
            .stderr(Stdio::inherit())
            .output()
            .expect("the program starts");
        let text = String::from_utf8(output.stdout).expect("text");
        assert!(output.status.success(), "the books are not exact:\n{text}");
        let figures = text.lines().filter_map(|line| line.split_once(char::is_whitespace));
        figures.map(|(name, figure)| (name.to_owned(), figure.trim().to_owned())).collect()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // That it is gone already would be found by what the test asked of it.
        self.program.kill().and_then(|()| self.program.wait()).ok();
    }
}
