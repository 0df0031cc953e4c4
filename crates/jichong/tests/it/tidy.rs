//! The house stays tidy: arrows point one way, each outside library has its room, files stay readable.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Our crates and which of ours each may use. Everything not said here is not allowed.
const ARROWS: &[(&str, &[&str])] = &[
    ("epurse", &[]),
    ("vault", &["epurse"]),
    ("link", &[]),
    ("pay", &[]),
    ("store", &[]),
    ("ledger", &["store"]),
    ("topup", &["epurse", "vault", "link", "pay", "store", "ledger"]),
    ("terminal", &["link", "epurse"]),
    ("portal", &["topup", "link"]),
    ("jichong", &["epurse", "vault", "link", "pay", "store", "ledger", "topup", "terminal", "portal"]),
];

/// Outside libraries that only some rooms may see.
const ROOMS: &[(&str, &[&str])] = &[
    ("sqlx", &["store", "ledger", "topup"]),
    ("axum", &["pay", "portal", "terminal", "topup"]), // topup: its tests serve the sandbox bank
    ("maud", &["pay", "portal", "terminal"]),
    ("tower-sessions", &["portal"]),
    ("tokio-tungstenite", &["terminal"]),
    ("pcsc", &["terminal"]),
    ("age", &["vault"]),
    ("cryptoki", &["vault"]),
    ("cryptoki-sys", &["vault"]),
    ("x509-parser", &["pay", "terminal", "jichong"]),
    ("fs4", &["terminal"]),
    ("p12-keystore", &["pay"]),
    ("argon2", &["topup"]),
    ("clap", &["jichong", "topup"]), // topup: its benchmark
    ("plotters", &["portal"]),
    ("rust_xlsxwriter", &["topup"]),
    ("qrcode", &["portal"]),
    ("sd-notify", &["jichong"]),
];

/// No source file is longer: then it is two rooms.
const MOST_LINES: usize = 500;

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The dependencies of each of our crates, by name; those for tests too if `dev`.
fn dependencies(dev: bool) -> BTreeMap<String, Vec<String>> {
    let read = |name: &str| {
        let text = fs::read_to_string(workspace().join("crates").join(name).join("Cargo.toml")).expect("a manifest");
        let mut inside = false;
        let mut found = Vec::new();
        for line in text.lines() {
            if line.starts_with('[') {
                inside = line.ends_with("dependencies]") && (dev || line != "[dev-dependencies]");
            } else if let Some((key, _)) = line.split_once('=').filter(|_| inside) {
                found.push(key.trim().trim_end_matches(".workspace").to_owned());
            }
        }
        found
    };
    ARROWS.iter().map(|(name, _)| ((*name).to_owned(), read(name))).collect()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() {
            sources(&entry, found);
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            found.push(entry);
        }
    }
}

#[test]
fn every_crate_is_on_the_plan() {
    let mut there: Vec<String> = fs::read_dir(workspace().join("crates"))
        .expect("crates")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    there.sort();
    let mut planned: Vec<&str> = ARROWS.iter().map(|(name, _)| *name).collect();
    planned.sort_unstable();
    assert_eq!(there, planned);
}

#[test]
fn arrows_point_one_way() {
    let dependencies = dependencies(false);
    let ours: Vec<&str> = ARROWS.iter().map(|(name, _)| *name).collect();
    for &(name, allowed) in ARROWS {
        let used = dependencies[name].iter().map(String::as_str).filter(|used| ours.contains(used));
        let wrong: Vec<&str> = used.filter(|used| !allowed.contains(used)).collect();
        assert!(wrong.is_empty(), "{name} must not use {wrong:?}");
    }
}

#[test]
fn outside_libraries_stay_in_their_rooms() {
    let dependencies = dependencies(true);
    for &(library, rooms) in ROOMS {
        for (name, used) in &dependencies {
            let allowed = rooms.contains(&name.as_str());
            assert!(allowed || !used.iter().any(|used| used == library), "{name} must not use {library}");
        }
    }
}

/// The one file that may hold `unsafe` code; why it must is said there.
const UNSAFE: &str = "crates/vault/src/token/raw.rs";

#[test]
fn what_is_unsafe_stays_in_its_file() {
    let mut files = Vec::new();
    sources(&workspace().join("crates"), &mut files);
    // In two pieces, so that this line does not find itself.
    let lint = concat!("unsafe", "_code");
    let lifts = |file: &PathBuf| fs::read_to_string(file).expect("a source file").contains(lint);
    let found: Vec<PathBuf> = files.into_iter().filter(lifts).collect();
    assert_eq!(found, [workspace().join(UNSAFE)]);
    let manifest = fs::read_to_string(workspace().join("Cargo.toml")).expect("a manifest");
    assert!(manifest.contains(&format!("{lint} = \"deny\"")), "it is denied elsewhere");
}

#[test]
fn files_stay_readable() {
    let mut files = Vec::new();
    sources(&workspace().join("crates"), &mut files);
    assert!(files.len() > 50, "the sources were not found");
    let lines = |file: &PathBuf| fs::read_to_string(file).expect("a source file").lines().count();
    let long: Vec<_> = files.iter().map(|file| (lines(file), file)).filter(|(lines, _)| *lines > MOST_LINES).collect();
    assert!(long.is_empty(), "longer than {MOST_LINES} lines: {long:#?}");
}
