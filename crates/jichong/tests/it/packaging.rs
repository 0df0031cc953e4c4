//! What is installed beside the program fits the program: units, settings, the guide, what is watched.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

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
