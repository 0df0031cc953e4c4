//! A software token of one's own (`SoftHSM` 2), for tests and benchmarks.
//!
//! `SoftHSM` finds its tokens by the variable `SOFTHSM2_CONF` of the process, so what uses one runs in a process of its
//! own: [`with_token`] starts the running test or benchmark once more with that variable set.

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread;

use tempfile::TempDir;

use crate::TokenPlace;

/// Where `SoftHSM` reads what its folder is.
const CONFIGURATION: &str = "SOFTHSM2_CONF";
/// Tells a process that it is the one to do the work, and where its token is.
const FOLDER: &str = "JICHONG_TEST_TOKEN";
/// Where Debian and others put the module.
const MODULES: [&str; 4] = [
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
];

/// A token in a temporary folder.
#[derive(Debug)]
pub struct SoftToken {
    folder: PathBuf,
    /// Removes the folder with this value; none in a process that was started to use it.
    _owned: Option<TempDir>,
}

impl SoftToken {
    /// Its label.
    pub const LABEL: &str = "jichong test";
    /// Its user's PIN.
    pub const PIN: &str = "24681357";

    /// A new, empty token.
    pub fn new() -> Self {
        let owned = tempfile::tempdir().expect("a folder");
        let token = Self { folder: owned.path().to_owned(), _owned: Some(owned) };
        fs::create_dir(token.tokens()).expect("a folder");
        let configuration =
            format!("directories.tokendir = {}\nobjectstore.backend = file\n", token.tokens().display());
        fs::write(token.configuration(), configuration).expect("written");
        fs::write(token.pin_file(), Self::PIN).expect("written");
        fs::set_permissions(token.pin_file(), fs::Permissions::from_mode(0o600)).expect("closed to others");
        token.initialise(Self::LABEL);
        token
    }

    /// Makes one more token, empty, with the same PIN.
    pub fn initialise(&self, label: &str) {
        self.util(&["--init-token", "--free", "--label", label, "--so-pin", "87654321", "--pin", Self::PIN]);
    }

    /// Runs `softhsm2-util` on it.
    pub fn util(&self, arguments: &[&str]) -> Output {
        let output = Command::new("softhsm2-util")
            .args(arguments)
            .env(CONFIGURATION, self.configuration())
            .output()
            .expect("softhsm2-util is installed");
        assert!(output.status.success(), "{output:?}");
        output
    }

    /// The module.
    pub fn module() -> &'static Path {
        let found = MODULES.iter().map(Path::new).find(|module| module.exists());
        found.expect("SoftHSM is installed")
    }

    /// What opens it.
    pub fn place(&self) -> TokenPlace {
        TokenPlace { module: Self::module().to_owned(), label: Self::LABEL.into(), pin: Self::PIN.into() }
    }

    /// A file with its PIN.
    pub fn pin_file(&self) -> PathBuf {
        self.folder.join("pin")
    }

    /// What a process needs in its environment to see this token.
    pub fn environment(&self) -> (&'static str, PathBuf) {
        (CONFIGURATION, self.configuration())
    }

    /// It is no longer there, until it is [brought back](Self::bring_back).
    pub fn take_away(&self) {
        fs::rename(self.tokens(), self.away()).expect("renamed");
        fs::create_dir(self.tokens()).expect("a folder");
    }

    /// It is there again.
    pub fn bring_back(&self) {
        fs::remove_dir(self.tokens()).expect("empty");
        fs::rename(self.away(), self.tokens()).expect("renamed");
    }

    fn tokens(&self) -> PathBuf {
        self.folder.join("tokens")
    }

    fn away(&self) -> PathBuf {
        self.folder.join("away")
    }

    fn configuration(&self) -> PathBuf {
        self.folder.join("softhsm2.conf")
    }
}

impl Default for SoftToken {
    fn default() -> Self {
        Self::new()
    }
}

/// Runs the calling test with a new token, in a process of its own.
pub fn with_token(test: impl FnOnce(&SoftToken)) {
    let name = thread::current().name().expect("a test has a name").to_owned();
    let arguments = [&name, "--exact", "--nocapture"];
    in_another_process(test, |again| {
        let output = again.args(arguments).output().expect("this test starts again");
        let said = [output.stdout, output.stderr].concat();
        assert!(output.status.success(), "in the process with the token:\n{}", String::from_utf8_lossy(&said));
    });
}

/// Runs `work` with a new token in another process of this program, which `start` starts and waits for.
pub fn in_another_process(work: impl FnOnce(&SoftToken), start: impl FnOnce(&mut Command)) {
    if let Some(folder) = env::var_os(FOLDER) {
        return work(&SoftToken { folder: folder.into(), _owned: None });
    }
    let token = SoftToken::new();
    let (variable, configuration) = token.environment();
    let mut again = Command::new(env::current_exe().expect("this program"));
    start(again.env(variable, configuration).env(FOLDER, &token.folder));
}
