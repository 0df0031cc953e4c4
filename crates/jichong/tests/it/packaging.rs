//! What is installed beside the program fits the program: units, settings, the guide, what is watched.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The values that a unit gives a key.
fn values<'a>(unit: &'a str, key: &str) -> Vec<&'a str> {
    unit.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix('=')).collect()
}

#[test]
fn the_units_are_what_systemd_reads_and_run_this_program() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["jichong", "jichong-terminal"] {
        let unit = read(&format!("packaging/systemd/{name}.service"));
        let [command] = *values(&unit, "ExecStart") else { panic!("{name}: one command") };
        assert!(command.starts_with("/usr/local/bin/jichong "), "{command}");
        assert_eq!(values(&unit, "Type"), ["notify"]);
        assert_eq!(values(&unit, "User"), [name]);
        // Longer than a stop waits for loads in flight (20 s) and for the last pages.
        let seconds: u32 = values(&unit, "TimeoutStopSec")[0].parse().expect("seconds");
        assert!(seconds > 23, "{name}: TimeoutStopSec={seconds}");
        let installed = unit.replace("/usr/local/bin/jichong ", concat!(env!("CARGO_BIN_EXE_jichong"), " "));
        let file = folder.path().join(format!("{name}.service"));
        fs::write(&file, installed).expect("written");
        // Where systemd is not installed, the lines above are all that is looked at.
        if let Ok(output) = Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(&file).output() {
            let said = String::from_utf8_lossy(&output.stderr);
            let about_ours: Vec<&str> = said.lines().filter(|line| line.contains(name)).collect();
            assert!(output.status.success() && about_ours.is_empty(), "{said}");
        }
    }
    let users = read("packaging/systemd/sysusers.conf");
    assert!(users.contains("u jichong - ") && users.contains("u jichong-terminal - "), "{users}");
}

#[test]
fn the_settings_that_are_installed_are_good_but_for_the_keys() {
    let folder = tempfile::tempdir().expect("a folder");
    let here = |text: &str| text.replace("/etc/jichong", &folder.path().display().to_string());
    let shipped = here(&read("packaging/etc/jichong.toml"));
    // Every setting that is only shown, too.
    let shown = shipped.lines().map(|line| match line.strip_prefix("# ") {
        Some(setting) if setting.contains(" = ") && !setting.starts_with("database") => setting,
        Some(_) | None => line,
    });
    let file = folder.path().join("jichong.toml");
    fs::write(&file, shown.collect::<Vec<_>>().join("\n")).expect("written");
    for name in ["keys.age", "passphrase", "chain.pem", "key.pem"] {
        fs::write(folder.path().join(name), "").expect("written");
    }
    let output = Command::new(env!("CARGO_BIN_EXE_jichong")).args(["serve", "--check", "--config"]).arg(&file).output();
    let said = String::from_utf8(output.expect("an end").stderr).expect("a text");
    assert!(said.contains("passphrase in") || said.contains("at least 12"), "nothing but the passphrase: {said}");
}

#[test]
fn the_guide_names_every_metric_and_no_other() {
    let mut made = BTreeSet::new();
    let mut folders = vec![root().join("crates")];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            if path.is_dir() && path.file_name().is_some_and(|name| name != "tests") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(path).expect("a source file");
                for kind in ["counter!(", "gauge!(", "histogram!("] {
                    let named = text.split(kind).skip(1).filter_map(|rest| rest.trim_start().strip_prefix('"'));
                    made.extend(named.filter_map(|rest| rest.split('"').next()).map(str::to_owned));
                }
            }
        }
    }
    assert!(made.len() > 5, "the metrics were not found: {made:?}");
    for guide in ["docs/operate.md", "docs/operate.zh.md"] {
        let rows: BTreeSet<String> = read(guide)
            .lines()
            .filter(|line| ["counter", "gauge", "histogram"].iter().any(|kind| line.contains(&format!("| {kind}"))))
            .filter_map(|line| Some(line.strip_prefix("| `")?.split('`').next()?.to_owned()))
            .collect();
        assert_eq!(rows, made, "{guide}");
    }
}

#[test]
fn the_guides_say_the_same_commands_in_both_languages() {
    for guide in ["install", "operate"] {
        let blocks = |name: &str| -> Vec<String> {
            let text = read(&format!("docs/{name}"));
            let blocks = text.split("```").skip(1).step_by(2);
            blocks.map(|block| block.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
        };
        let (english, chinese) = (blocks(&format!("{guide}.md")), blocks(&format!("{guide}.zh.md")));
        assert!(!english.is_empty() && english == chinese, "{guide}");
    }
}

/// A program that does not outlive its test.
struct Ends(Child);

impl Drop for Ends {
    fn drop(&mut self) {
        // Both fail only if it has ended.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Of a service that never tells anything, a test must not wait for ever.
const PATIENCE: Duration = Duration::from_mins(1);

#[test]
fn the_service_manager_is_told_of_the_start_the_life_and_the_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    // As systemd hands it over: its group bits are the mask of an access list, not the rights of a group.
    fs::create_dir(folder.path().join("credentials")).expect("a folder");
    let passphrase = path("credentials/passphrase");
    fs::write(&passphrase, "a long passphrase\n").expect("written");
    fs::set_permissions(&passphrase, fs::Permissions::from_mode(0o440)).expect("allowed");
    let program = || {
        let mut program = Command::new(env!("CARGO_BIN_EXE_jichong"));
        program.env("CREDENTIALS_DIRECTORY", path("credentials")).current_dir(folder.path());
        program
    };
    let mut sealing = program()
        .args(["vault", "seal", "keys.age", "--passphrase-file", &passphrase])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("it starts");
    let keys = r#"[{"class":"01","version":1,"algorithm":"3des","mlk":"00112233445566778899AABBCCDDEEFF","mtk":"FFEEDDCCBBAA99887766554433221100"}]"#;
    sealing.stdin.take().expect("an input").write_all(keys.as_bytes()).expect("written");
    assert!(sealing.wait().expect("an end").success());

    let manager = UnixDatagram::bind(path("notify")).expect("a socket");
    manager.set_read_timeout(Some(PATIENCE)).expect("set");
    let serving = program()
        .args([
            "serve",
            "--database",
            "sqlite:jichong.sqlite",
            "--public-url",
            "http://127.0.0.1",
            "--vault",
            "keys.age",
        ])
        .args(["--vault-passphrase-file", &passphrase, "--listen", "127.0.0.1:0", "--listen-ops", "127.0.0.1:0"])
        .env("NOTIFY_SOCKET", path("notify"))
        .env("WATCHDOG_USEC", "300000")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let mut serving = Ends(serving.expect("it starts"));
    let told = || {
        let mut bytes = [0; 4096];
        let length = manager.recv(&mut bytes).expect("told in time");
        String::from_utf8_lossy(&bytes[..length]).into_owned()
    };
    let first = told();
    assert!(first.starts_with("READY=1\nSTATUS=Jichong listens on 127.0.0.1:"), "{first}");
    assert_eq!([told(), told()], ["WATCHDOG=1\n", "WATCHDOG=1\n"]);
    let asked = Command::new("kill").arg(serving.0.id().to_string()).status().expect("kill");
    assert!(asked.success());
    let last = std::iter::repeat_with(told).find(|told| told != "WATCHDOG=1\n").expect("the end");
    assert_eq!(last, "STOPPING=1\n");
    assert!(serving.0.wait().expect("an end").success());
}
