//! For tests: the real PC/SC service with virtual readers, in a world of its own.
//!
//! There is one PC/SC service a machine, at one place, and its virtual readers listen on all addresses. So a test that
//! needs one runs itself once more, inside namespaces of its own for files, network and processes: there `/run` is empty,
//! nobody else can reach a port, and when the test ends, however that comes about, everything that it started ends too.
//! Namespaces are root's to make; where users may, a user namespace does. Where nothing of that is allowed (some
//! containers) the tests take turns in the open, as root, provided that no other service runs there.

use std::fs::{self, File};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// Where the inner run of a test finds its folder.
const FOLDER: &str = "JICHONG_TEST_WORLD";

/// Every test here takes seconds; one that hangs is ended with all that it started.
const LIMIT_S: &str = "180";

/// Where the service talks to programs.
const SOCKET: &str = "/run/pcscd/pcscd.comm";

/// Where drivers and the service may be.
const DRIVERS: [&str; 2] =
    ["/usr/lib/pcsc/drivers/serial/libifdvpcd.so", "/usr/local/lib/pcsc/drivers/serial/libifdvpcd.so"];
const SERVICES: [&str; 2] = ["/usr/sbin/pcscd", "/usr/local/sbin/pcscd"];

/// The first virtual reader's port, as the driver's own configuration has it.
const FIRST_PORT: u16 = 35_963;

/// How much of the service's log a failed test shows.
const LAST_LINES: usize = 40;

/// The world of a test.
#[derive(Debug)]
pub struct World {
    folder: PathBuf,
    /// Removed with the outer run of the test.
    _folder: Option<TempDir>,
}

/// Runs `body`, the rest of the test called `test` in `module` (its `module_path!()`), in a world of its own.
pub fn in_world(module: &str, test: &str, body: impl FnOnce(&World)) {
    if let Some(folder) = std::env::var_os(FOLDER) {
        let world = World { folder: folder.into(), _folder: None };
        body(&world);
        fs::write(world.done(), "").expect("written");
        return;
    }
    let there = |places: [&str; 2]| places.into_iter().any(|place| Path::new(place).exists());
    assert!(
        there(SERVICES) && there(DRIVERS),
        "pcscd and its virtual reader are needed; on Debian: apt-get install pcscd vsmartcard-vpcd iproute2"
    );
    let folder = TempDir::new().expect("a folder");
    let world = World { folder: folder.path().to_owned(), _folder: Some(folder) };
    let Some(unshare) = unshare() else { return in_the_open(&world, body) };
    // Without the name of the crate, as the test program knows it.
    let name = format!("{}::{test}", module.split_once("::").map_or("", |(_, path)| path));
    let myself = std::env::current_exe().expect("this program");
    // Whoever starts something here takes it along when they die. The shell stays, as the first process of its world.
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "timeout", "--signal", "KILL", LIMIT_S, "setpriv", "--pdeathsig", "KILL"]);
    command.args(unshare).args(["sh", "-c"]);
    command.arg("ip link set lo up && mount -t tmpfs run /run && mkdir /run/pcscd && \"$@\"; exit $?").arg("sh");
    command.arg(myself).args(["--exact", &name, "--nocapture"]).env(FOLDER, &world.folder);
    command.env("RUST_BACKTRACE", "0");
    let ran = command.stdin(Stdio::null()).output().expect("setpriv, of util-linux");
    show(&ran.stdout);
    show(&ran.stderr);
    assert!(ran.status.success() && world.done().exists(), "{name}, in a world of its own: {}", ran.status);
}

/// What makes a world: as root, or as somebody who is root only in there; nothing if neither is allowed.
fn unshare() -> Option<Vec<&'static str>> {
    let rooms = ["--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"];
    let ways = [vec!["unshare"], vec!["unshare", "--user", "--map-root-user"]];
    let works = |way: &[&str]| {
        let mut arguments = way.iter().skip(1).chain(&["mount", "-t", "tmpfs", "run", "/run"]);
        Command::new("unshare").args(&mut arguments).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    };
    ways.into_iter().map(|way| [way, rooms.to_vec()].concat()).find(|way| works(way))
}

/// Takes turns with the other tests.
fn in_the_open(world: &World, body: impl FnOnce(&World)) {
    let turn = File::create(std::env::temp_dir().join("jichong-test-pcscd.lock")).expect("a lock");
    turn.lock().expect("a turn");
    assert!(
        UnixStream::connect(SOCKET).is_err(),
        "these tests may not make namespaces here, and a PC/SC service runs already: stop it, or allow unshare"
    );
    fs::create_dir_all("/run/pcscd").expect("without namespaces these tests must run as root");
    body(world);
}

impl World {
    /// A folder that is there for the length of the test.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn done(&self) -> PathBuf {
        self.folder.join("done")
    }
}

/// The PC/SC service; it ends with this value.
#[derive(Debug)]
pub struct Service {
    folder: PathBuf,
    readers: u16,
    child: Option<Child>,
}

impl Service {
    /// Prepares a service without readers.
    pub fn new(world: &World) -> Self {
        let folder = world.folder.join("readers");
        fs::create_dir(&folder).expect("a folder");
        Self { folder, readers: 0, child: None }
    }

    /// Plugs in a driver's pair of readers, called `name` and something. A virtual reader is not hot-pluggable: a service
    /// that runs finds it when it starts anew.
    pub fn plug_in(&mut self, name: &str) {
        let (number, port) = (self.readers, port(self.readers));
        self.readers = number.saturating_add(1);
        // Two entries on one file overwrite each other.
        let driver = self.folder.with_file_name(format!("vpcd{number}.so"));
        fs::copy(first(DRIVERS), &driver).expect("a copy of the driver");
        let entry = format!(
            "FRIENDLYNAME \"{name}\"\nDEVICENAME /dev/null:0x{port:04X}\nLIBPATH {}\nCHANNELID 0x{port:04X}\n",
            driver.display()
        );
        fs::write(self.folder.join(format!("reader{number}")), entry).expect("written");
    }

    /// Where the card of a driver's first reader goes.
    pub fn vpcd(driver: u16) -> String {
        format!("127.0.0.1:{}", port(driver))
    }

    /// Where the card of its second reader goes.
    pub fn second_vpcd(driver: u16) -> String {
        format!("127.0.0.1:{}", port(driver).saturating_add(1))
    }

    /// Starts it.
    pub fn start(&mut self) {
        assert!(self.child.is_none(), "it runs");
        let log = File::options().append(true).create(true).open(self.log()).expect("a log");
        let errors = log.try_clone().expect("the same log");
        let mut command = Command::new(first(SERVICES));
        command.arg("--foreground").arg("--config").arg(&self.folder);
        self.child = Some(command.stdout(log).stderr(errors).spawn().expect("pcscd starts"));
    }

    /// SIGKILL: it says goodbye to nobody. Returns when nothing is left of it.
    pub fn kill(&mut self) {
        let mut child = self.child.take().expect("it runs");
        assert_eq!(child.try_wait().expect("it can be looked at"), None, "it ended by itself");
        child.kill().expect("killed");
        child.wait().expect("gone");
    }

    fn log(&self) -> PathBuf {
        self.folder.with_file_name("pcscd.log")
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().ok();
            child.wait().ok();
        }
        if std::thread::panicking() {
            let log = fs::read_to_string(self.log()).unwrap_or_default();
            let lines: Vec<&str> = log.lines().collect();
            show(lines.get(lines.len().saturating_sub(LAST_LINES)..).unwrap_or_default().join("\n").as_bytes());
        }
    }
}

/// The first of the two ports of a driver.
fn port(driver: u16) -> u16 {
    FIRST_PORT.saturating_add(driver.saturating_mul(2))
}

fn first(places: [&'static str; 2]) -> &'static str {
    places.into_iter().find(|place| Path::new(place).exists()).unwrap_or(places[0])
}

/// Where the test's own output goes.
#[expect(clippy::print_stdout, reason = "what a test prints is shown when it fails")]
fn show(text: &[u8]) {
    print!("{}", String::from_utf8_lossy(text));
}
