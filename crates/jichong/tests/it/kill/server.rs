//! The server as a program of its own, and the place it works in.

use std::fs::{self, File, Permissions};
use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use epurse::keys::{Algorithm, Key};
use rand::rngs::{StdRng, SysRng};
use rand::{RngExt as _, SeedableRng as _};
use tempfile::TempDir;
use vault::{Master, SoftVault, WorkFactor};

/// The issuer's master keys: for loads and for TACs.
pub(crate) const MASTERS: [[u8; 16]; 2] = [
    0x0123_4567_89AB_CDEF_FEDC_BA98_7654_3210_u128.to_be_bytes(),
    0x0011_2233_4455_6677_8899_AABB_CCDD_EEFF_u128.to_be_bytes(),
];
/// The class of all cards here.
pub(crate) const CLASS: u8 = 0x01;
/// Every clerk's password.
pub(crate) const PASSWORD: &str = "correct horse";

/// Ports that the system never hands out by itself. With one of those, whoever asks for the dead server could be given
/// the very same port as their own, find themselves answering, and keep the server from coming back.
const PORTS: std::ops::Range<u16> = 10_000..32_000;
/// How long a start may take on a busy machine.
const START_LIMIT: Duration = Duration::from_secs(30);
/// How much of the server's log a failed test shows.
const LAST_LINES: usize = 60;

/// A folder with the configuration, the keys and the log, and the business in the database.
pub(crate) struct Place {
    folder: TempDir,
    database: String,
    /// The group's id, as the program printed it.
    group: String,
    /// What the server finds in its environment.
    environment: Vec<(&'static str, PathBuf)>,
    /// `http://…` of the portal.
    pub(crate) url: String,
}

impl Place {
    /// One group with quota, and the keys in a sealed file; clerks and terminals are still to come.
    pub(crate) fn new(database: &str) -> Self {
        let folder = TempDir::new().expect("a folder");
        let (keys, passphrase_file) = (folder.path().join("keys.age"), folder.path().join("passphrase"));
        let [mlk, mtk] = MASTERS.map(Key::new);
        let master = Master { card_type: CLASS, version: 1, algorithm: Algorithm::TripleDes, mlk, mtk };
        let passphrase = "a long passphrase";
        fs::write(&passphrase_file, passphrase).expect("written");
        fs::set_permissions(&passphrase_file, Permissions::from_mode(0o600)).expect("closed to others");
        SoftVault::create(&keys, passphrase, &[master], WorkFactor::INSECURE_FOR_TESTS).expect("sealed");
        let settings =
            format!("vault = \"{}\"\nvault_passphrase_file = \"{}\"\n", keys.display(), passphrase_file.display());
        Self::with_keys(folder, database, &settings, Vec::new())
    }

    /// The same with the keys where the settings say.
    pub(crate) fn with_keys(
        folder: TempDir,
        database: &str,
        settings: &str,
        environment: Vec<(&'static str, PathBuf)>,
    ) -> Self {
        let [portal, ops] = free_ports();
        let url = format!("http://127.0.0.1:{portal}");
        let configuration = format!(
            "database = {database:?}\nlisten = \"127.0.0.1:{portal}\"\nlisten_ops = \"127.0.0.1:{ops}\"\n\
             public_url = {url:?}\n{settings}"
        );
        fs::write(folder.path().join("jichong.toml"), configuration).expect("written");
        crate::command_line::found(database);
        let said = program(&["add", "group", "示例集团", "--opening-quota", "100000", "--database", database], "");
        let group = said.split_whitespace().nth(1).expect("an id").to_owned();
        Self { folder, database: database.to_owned(), group, environment, url }
    }

    pub(crate) fn database(&self) -> &str {
        &self.database
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A clerk who signs in as `login`.
    pub(crate) fn add_operator(&self, login: &str) {
        program(&["add", "operator", &self.group, login, "--database", &self.database], PASSWORD);
    }

    /// A terminal; its one-time code.
    pub(crate) fn add_terminal(&self, number: &str) -> String {
        let said = program(&["add", "terminal", &self.group, number, "--database", &self.database], "");
        said.lines().map(str::trim).rfind(|line| !line.is_empty()).expect("a code").to_owned()
    }

    /// Waits until the portal answers.
    pub(crate) async fn ready(&self) {
        let web = reqwest::Client::new();
        let answers = async {
            while !web.get(format!("{}/readyz", self.url)).send().await.is_ok_and(|answer| answer.status().is_success())
            {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(START_LIMIT, answers).await.expect("the server starts");
    }
}

/// Runs the program to its end, which must be a good one; what it printed.
pub(crate) fn program(arguments: &[&str], input: &str) -> String {
    let mut program = jichong(&[&["--log", "warn"], arguments].concat());
    let mut child = program.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the program starts");
    child.stdin.take().expect("an input").write_all(input.as_bytes()).expect("written");
    let output = child.wait_with_output().expect("the program ends");
    let said = String::from_utf8(output.stdout).expect("text");
    assert!(output.status.success(), "{arguments:?}: {} {said}", output.status);
    said
}

/// The program, untouched by what this machine's environment may set for it.
fn jichong(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jichong"));
    command.env_clear().args(arguments);
    command
}

/// Two that nobody listens on.
fn free_ports() -> [u16; 2] {
    let mut dice = StdRng::try_from_rng(&mut SysRng).expect("the system gives randomness");
    let mut port = || loop {
        let port = dice.random_range(PORTS);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    };
    [port(), port()]
}

/// The running server; it ends with this value.
pub(crate) struct Server {
    configuration: PathBuf,
    log: PathBuf,
    environment: Vec<(&'static str, PathBuf)>,
    child: Child,
}

impl Server {
    pub(crate) fn start(place: &Place) -> Self {
        let (configuration, log) = (place.folder().join("jichong.toml"), place.folder().join("log"));
        let environment = place.environment.clone();
        let child = spawn(&configuration, &log, &environment);
        Self { configuration, log, environment, child }
    }

    /// Starts it anew after it was killed.
    pub(crate) fn start_again(&mut self) {
        self.child = spawn(&self.configuration, &self.log, &self.environment);
    }

    /// SIGKILL: no handler runs, nothing is flushed. Returns when nothing is left of it.
    pub(crate) fn kill(&mut self) {
        let ended = self.child.try_wait().expect("the server can be looked at");
        assert_eq!(ended, None, "the server ended by itself");
        self.child.kill().expect("killed");
        self.child.wait().expect("gone");
    }
}

fn spawn(configuration: &Path, log: &Path, environment: &[(&'static str, PathBuf)]) -> Child {
    let log = File::options().append(true).create(true).open(log).expect("a log");
    let configuration = configuration.to_str().expect("a path");
    let mut program = jichong(&["serve", "--config", configuration]);
    program.envs(environment.iter().map(|(name, value)| (name, value)));
    program.stdout(Stdio::null()).stderr(log).spawn().expect("the server starts")
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may be dead already.
        self.child.kill().ok();
        self.child.wait().ok();
        if std::thread::panicking() {
            let lines = super::lines(&self.log);
            println!("{}", lines[lines.len().saturating_sub(LAST_LINES)..].join("\n"));
        }
    }
}
