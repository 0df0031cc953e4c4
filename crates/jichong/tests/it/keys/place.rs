//! Both places where keys can be, and the commands on them.

use std::fs::{self, Permissions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;
use vault::testing::SoftToken;
use vault::{SoftVault, WorkFactor};

const PASSPHRASE: &str = "a long passphrase";

/// A sealed file or a token, without keys yet.
pub(super) struct Place {
    pub(super) folder: TempDir,
    token: Option<SoftToken>,
    arguments: Vec<String>,
}

impl Place {
    /// An empty key file that is cheap to open.
    pub(super) fn file() -> Self {
        let folder = TempDir::new().expect("a folder");
        let path = |name: &str| folder.path().join(name).to_str().expect("a path").to_owned();
        let (keys, passphrase) = (path("keys.age"), path("passphrase"));
        SoftVault::create(keys.as_ref(), PASSPHRASE, &[], WorkFactor::INSECURE_FOR_TESTS).expect("sealed");
        closed(passphrase.as_ref(), PASSPHRASE);
        let arguments = ["--vault".into(), keys, "--vault-passphrase-file".into(), passphrase].to_vec();
        Self { folder, token: None, arguments }
    }

    /// An empty token.
    pub(super) fn token() -> Self {
        let (folder, token) = (TempDir::new().expect("a folder"), SoftToken::new());
        let text = |path: PathBuf| path.to_str().expect("a path").to_owned();
        let arguments = [
            "--vault-module".into(),
            text(SoftToken::module().to_owned()),
            "--vault-token".into(),
            SoftToken::LABEL.into(),
            "--vault-pin-file".into(),
            text(token.pin_file()),
        ];
        Self { folder, token: Some(token), arguments: arguments.to_vec() }
    }

    pub(super) fn both() -> [Self; 2] {
        [Self::file(), Self::token()]
    }

    /// Whether it is a token.
    pub(super) fn is_token(&self) -> bool {
        self.token.is_some()
    }

    /// A file that its owner alone can read.
    pub(super) fn closed(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().join(name);
        closed(&path, text);
        path.to_str().expect("a path").to_owned()
    }

    /// The command, not started yet.
    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_jichong"));
        command.env_clear().envs(self.token.as_ref().map(SoftToken::environment));
        command.args(["--log", "warn", "vault"]).args(arguments).args(&self.arguments);
        command
    }

    /// Runs `jichong vault …` with these lines typed.
    pub(super) fn run(&self, arguments: &[&str], typed: &str) -> Output {
        let mut command = self.command(arguments);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        // A command that needs no answer may end before it has taken any.
        child.stdin.take().expect("an input").write_all(typed.as_bytes()).ok();
        child.wait_with_output().expect("it ends")
    }

    /// The same, which must go well; what it says.
    pub(super) fn done(&self, arguments: &[&str], typed: &str) -> String {
        let output = self.run(arguments, typed);
        assert!(output.status.success(), "{arguments:?}: {}", says(&output));
        says(&output)
    }

    /// The same, which must be refused; what it says.
    pub(super) fn refused(&self, arguments: &[&str], typed: &str) -> String {
        let output = self.run(arguments, typed);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", says(&output));
        says(&output)
    }
}

pub(super) fn says(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn closed(path: &std::path::Path, text: &str) {
    fs::write(path, text).expect("written");
    fs::set_permissions(path, Permissions::from_mode(0o600)).expect("closed to others");
}
