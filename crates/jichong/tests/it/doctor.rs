//! `jichong terminal doctor` as people run it, beside the demo's terminal and without one.

use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use crate::browser::demo::Demo;

/// How long the demo's terminal may take to connect.
const PATIENCE: Duration = Duration::from_mins(1);

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(400);

const PROGRAM: &str = env!("CARGO_BIN_EXE_jichong");

fn doctor(folder: &Path, more: &[&str]) -> Output {
    Command::new(PROGRAM)
        .args(["terminal", "doctor", "--dir"])
        .arg(folder)
        .args(more)
        .env_remove("JICHONG_SERVER")
        .env_remove("JICHONG_CA")
        .env_remove("LC_ALL")
        .env_remove("LC_MESSAGES")
        .env("LANG", "en_GB.UTF-8")
        .output()
        .expect("the program starts")
}

/// What it said, without what differs from run to run and from machine to machine; the readers are those of the
/// machine, so they are left out too.
fn said(output: &Output, demo: &Demo) -> String {
    let text = String::from_utf8(output.stdout.clone()).expect("text");
    let port = demo.portal.rsplit(':').next().expect("a port");
    let text = text.replace(port, "PORT").replace(&demo.terminal().display().to_string(), "FOLDER");
    let mut lines = Vec::new();
    let mut on_readers = false;
    for line in text.lines() {
        if !line.starts_with(' ') {
            on_readers = ["读卡器", "卡片", "Reader", "Card"].iter().any(|name| line.contains(&format!("  {name}")));
        }
        if on_readers || line.contains("linux") || line.starts_with(|first: char| first.is_ascii_digit()) {
            continue;
        }
        lines.push(figures_out(line));
    }
    lines.join("\n")
}

/// Numbers with a point become a hash.
fn figures_out(line: &str) -> String {
    let word = |word: &str| {
        let number = word.trim_matches(|c: char| !c.is_ascii_digit());
        let fraction =
            number.split_once('.').is_some_and(|(a, b)| [a, b].iter().all(|part| part.parse::<u32>().is_ok()));
        if fraction { word.replace(number, "#") } else { word.to_owned() }
    };
    line.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

#[test]
fn beside_a_terminal_that_runs_and_after_it_was_revoked() {
    let demo = Demo::start(None);
    let folder = demo.terminal();
    let check = |name: &str, more: &[&str], status: i32| {
        let output = doctor(&folder, more);
        let said = said(&output, &demo);
        // With readers built in, whether all is well also depends on this machine's reader service.
        if status != 0 || !cfg!(feature = "pcsc") {
            assert_eq!(output.status.code(), Some(status), "{said}");
        }
        insta::assert_snapshot!(name, said);
    };
    // The demo says that it is ready a moment before its terminal is connected.
    let begun = Instant::now();
    loop {
        let report = doctor(&folder, &["--json"]);
        let said = String::from_utf8_lossy(&report.stdout);
        if said.contains("\"connected\": true") {
            break;
        }
        assert!(begun.elapsed() < PATIENCE, "the demo's terminal does not connect: {said} {report:?}");
        // Who asks how a terminal stands more than once a second is turned away after a minute's worth.
        std::thread::sleep(PAUSE);
    }
    check("doctor-good-zh", &["--lang", "zh"], 0);
    check("doctor-good-en", &[], 0);
    let json = doctor(&folder, &["--json"]);
    let report: serde_json::Value = serde_json::from_slice(&json.stdout).expect("JSON");
    assert_eq!(report["figures"]["folder"]["running"], true);
    assert_eq!(report["figures"]["standing"]["good"]["connected"], true);

    let revoke = ["terminal", "revoke", "000001000050", "--database", &demo.database];
    assert!(Command::new(PROGRAM).args(revoke).status().expect("the program starts").success());
    check("doctor-revoked-zh", &["--lang", "zh"], 1);
    check("doctor-revoked-en", &["--lang", "en"], 1);
}

#[test]
fn what_cannot_be_asked_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let error = |more: &[&str]| {
        let output = doctor(folder.path(), more);
        (output.status.code(), String::from_utf8(output.stderr).expect("text"))
    };
    let (status, said) = error(&["--lang", "tlh"]);
    assert!(status == Some(2) && said.contains("--lang: zh or en are known, is \"tlh\""), "{said}");
    let (status, said) = error(&["--server", "http://topup.example.cn"]);
    assert!(status == Some(2) && said.contains("only allowed on this machine"), "{said}");
}
