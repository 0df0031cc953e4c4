//! A server whose keys are in a token: loads go through, the token goes away and comes back, the books hold.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::Duration;

use store::testing::Sqlite;
use tempfile::TempDir;
use vault::testing::SoftToken;

use super::place::says;
use crate::kill::clerk::{Clerk, Told};
use crate::kill::counter::Counter;
use crate::kill::server::{MASTERS, Place, Server, program};

const SEED: u64 = 1;
/// How long a state may take to show on a busy machine.
const LIMIT: Duration = Duration::from_mins(1);

/// The settings of a server with its keys in this token.
fn settings(token: &SoftToken) -> String {
    let (module, label, pin) = (SoftToken::module().display(), SoftToken::LABEL, token.pin_file());
    format!("vault_module = \"{module}\"\nvault_token = \"{label}\"\nvault_pin_file = \"{}\"\n", pin.display())
}

/// Runs `jichong …` where the token is.
fn jichong(token: &SoftToken, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jichong"));
    command.env_clear().envs([token.environment()]).args(["--log", "warn"]).args(arguments);
    command.output().expect("the program runs")
}

/// `jichong vault …` with all that names the token.
fn vault(token: &SoftToken, arguments: &[&str]) -> String {
    let pin = token.pin_file();
    let place = ["--vault-module", SoftToken::module().to_str().expect("a path"), "--vault-token", SoftToken::LABEL];
    let pin = ["--vault-pin-file", pin.to_str().expect("a path")];
    let output = jichong(token, &[&["vault"], arguments, &place, &pin].concat());
    assert!(output.status.success(), "{}", says(&output));
    says(&output)
}

/// Two custodians bring the keys of the issuer's cards into the token.
fn bring_in(token: &SoftToken, folder: &TempDir) {
    let parts = MASTERS.map(|master| [[0x5A; 16], master.map(|byte| byte ^ 0x5A)]);
    for custodian in 0..2 {
        let line = |name: &str, part: [u8; 16]| {
            let key = epurse::keys::Key::new(part);
            let value = key.check_value(epurse::keys::Algorithm::TripleDes);
            format!("{name} {} {}\n", hex::encode_upper(part), hex::encode_upper(value))
        };
        let [load, tac] = parts.map(|parts| parts[custodian]);
        let file = folder.path().join("component");
        fs::write(&file, [line("load", load), line("tac", tac)].concat()).expect("written");
        closed(&file);
        let mut command = Command::new(env!("CARGO_BIN_EXE_jichong"));
        command.env_clear().envs([token.environment()]);
        let import = ["vault", "import", "--card-type", "01", "--key-version", "01", "--component-file"];
        command.args(import).arg(&file).arg("--vault-module").arg(SoftToken::module());
        command.args(["--vault-token", SoftToken::LABEL, "--vault-pin-file"]).arg(token.pin_file());
        let yes = fs::File::open(written(folder, "yes", "yes\n")).expect("an answer");
        let output = command.stdin(yes).output().expect("the program runs");
        assert!(output.status.success(), "{}", says(&output));
    }
}

fn written(folder: &TempDir, name: &str, text: &str) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, text).expect("written");
    path
}

fn closed(path: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("closed to others");
}

#[tokio::test(flavor = "multi_thread")]
async fn loads_go_through_with_the_keys_in_a_token() {
    let (sqlite, token, folder) = (Sqlite::new(), SoftToken::new(), TempDir::new().expect("a folder"));
    bring_in(&token, &folder);
    let place = Place::with_keys(folder, &sqlite.url(), &settings(&token), vec![token.environment()]);
    let _server = Server::start(&place);
    place.ready().await;
    let counter = Counter::open(&place, 0, SEED).await;
    let mut clerk = Clerk::sign_in(&place, counter, 0, SEED).await;
    clerk.charge_until_it_works().await;

    // A new version beside the old, while the server runs: the cards have the old one and are served.
    assert!(vault(&token, &["roll", "--card-type", "01"]).contains("card type 01, version 02, 3des"));
    clerk.charge_until_it_works().await;

    // Without the token nothing is charged, and who watches the server is told.
    token.take_away();
    readiness(&place, 503).await;
    let failed = async { while clerk.charge().await != Some(Told::Failed) {} };
    tokio::time::timeout(LIMIT, failed).await.expect("the load is refused");
    token.bring_back();
    readiness(&place, 200).await;
    clerk.charge_until_it_works().await;

    let books = program(&["books", "--database", place.database()], "");
    assert!(books.contains("exact: no fen lost, none made"), "{books}");
    let succeeded = clerk.told.values().filter(|told| **told == Told::Succeeded).count();
    assert!(succeeded >= 3, "{:?}", clerk.told);
}

/// Waits until `/readyz` answers so.
async fn readiness(place: &Place, status: u16) {
    let url = format!("{}/readyz", place.url);
    let answers = async {
        while !reqwest::get(&url).await.is_ok_and(|answer| answer.status().as_u16() == status) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(LIMIT, answers).await.unwrap_or_else(|_| panic!("/readyz does not answer {status}"));
}

#[test]
fn a_token_is_checked_at_start_and_the_error_names_the_key() {
    let (sqlite, token, folder) = (Sqlite::new(), SoftToken::new(), TempDir::new().expect("a folder"));
    bring_in(&token, &folder);
    let good = format!("database = \"{}\"\npublic_url = \"http://127.0.0.1\"\n{}", sqlite.url(), settings(&token));
    let check = |text: &str| {
        let file = written(&folder, "jichong.toml", text);
        jichong(&token, &["serve", "--check", "--config", file.to_str().expect("a path")])
    };
    let output = check(&good);
    let said = says(&output);
    assert!(output.status.success() && said.contains("the card keys by check value:\n  card type 01"), "{said}");

    let wrong_pin = written(&folder, "wrong pin", "13572468\n");
    closed(&wrong_pin);
    let open_pin = written(&folder, "open pin", SoftToken::PIN);
    let (pin, folder) = (token.pin_file().display().to_string(), folder.path().display().to_string());
    let module = SoftToken::module().display().to_string();
    for (text, expected) in [
        (good.replace("vault_token", "#"), "vault_token: is missing, while vault_module is given"),
        (good.replace("vault_pin_file", "#"), "vault_pin_file: is missing, while vault_module is given"),
        (format!("{good}vault = \"/keys.age\"\n"), "vault and vault_module: keys are in a sealed file or in a token"),
        (good.replace("vault_", "#"), "vault: is missing; give vault and vault_passphrase_file"),
        (format!("{good}allow_sm4 = true\n"), "allow_sm4: tokens have no SM4"),
        (good.replace(&module, "/nowhere.so"), "vault_module: /nowhere.so cannot be read"),
        (good.replace(&module, &pin), "cannot be loaded"),
        (good.replace(SoftToken::LABEL, "other"), "no token has the label \"other\"; present: jichong test"),
        (good.replace(&pin, &format!("{folder}/wrong pin")), "the token's PIN is wrong"),
        (good.replace(&pin, open_pin.to_str().expect("a path")), "the PIN in"),
    ] {
        let output = check(&text);
        assert_eq!(output.status.code(), Some(2), "{text}: {}", says(&output));
        assert!(says(&output).contains(expected), "{expected:?} is not in {}", says(&output));
    }
}
