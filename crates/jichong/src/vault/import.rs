//! `jichong vault import`: two custodians bring keys in, and neither of them ever knows a key.
//!
//! Each has a component of the load key and one of the TAC key, 32 hexadecimal digits each, and their check values on
//! record. A key is the XOR of its two components, so that one of them says nothing about it. The command is run twice,
//! by each custodian alone at the keyboard, on the same day or not: the first's components wait in the store, sealed like
//! the keys themselves, and the second's complete them. Components are typed unseen or read from their owner's file;
//! none is ever an argument of a command, or on the screen.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};
use clap::Args;
use epurse::keys::{Algorithm, Key};
use vault::{Component, KeySet, KeyStore, StoreError};
use zeroize::Zeroizing;

use super::{Keys, Place, Set, desk, secret, values};
use crate::say;

#[derive(Debug, Args)]
pub(crate) struct Import {
    #[command(flatten)]
    set: Set,
    /// Read the components from a file of yours, closed to others, in place of the keyboard: two lines, each the key
    /// (load or tac), 32 hexadecimal digits and the check value, with a space between
    #[arg(long, value_name = "FILE")]
    component_file: Option<PathBuf>,
    /// Forget the components that wait and be the first custodian
    #[arg(long)]
    start_over: bool,
    #[command(flatten)]
    place: Place,
}

/// Takes one custodian's components.
pub(super) fn run(import: Import) -> Result<()> {
    let Import { set, component_file, start_over, place } = import;
    let (set, keys) = (set.name(), place.keys()?);
    let mut store = keys.store()?;
    let listing = store.list()?;
    if listing.knows(set) {
        return Err(StoreError::Exists(set).into());
    }
    let first = listing.waiting.into_iter().find(|value| value.set == set).filter(|_| !start_over);
    say(match &first {
        Some(first) => format!(
            "Keys for {set}. You are the second custodian: a component with the check values {} is waiting.",
            values(first)
        ),
        None => format!("Keys for {set}. You are the first custodian."),
    })?;
    let component = match &component_file {
        Some(file) => read(file, set)?,
        None => typed(set)?,
    };
    match first {
        None => wait(&keys, &mut *store, &component),
        Some(_) => complete(&keys, &mut *store, &component),
    }
}

fn wait(keys: &Keys, store: &mut dyn KeyStore, first: &Component) -> Result<()> {
    store.wait(first)?;
    say(format!(
        "Your components wait in {keys}. The keys are complete when the second custodian has run the same command. \
         Keep your record until then."
    ))
}

fn complete(keys: &Keys, store: &mut dyn KeyStore, second: &Component) -> Result<()> {
    let whole = store.join(second)?;
    let value = whole.check_value();
    let asked = format!("The whole keys have the check values {}. Does the record say the same?", values(&value));
    if !desk::yes(&asked)? {
        bail!("nothing is stored; the first custodian's components still wait, and --start-over begins anew");
    }
    store.keep(&whole)?;
    say(format!("Stored in {keys}:\n  {value}\n{}", keys.after_a_change()))
}

/// The components as their custodian types them, each confirmed by its check value.
fn typed(set: KeySet) -> Result<Component> {
    let mut keys = Vec::new();
    for name in ["load", "TAC"] {
        let digits = desk::hidden(&format!("Your component of the {name} key, 32 hexadecimal digits, not shown: "))?;
        // People write long numbers in groups.
        let digits = Zeroizing::new(digits.replace([' ', '-'], ""));
        let key: Key = digits.parse().context("nothing is stored")?;
        let value = hex::encode_upper(key.check_value(set.algorithm));
        if !desk::yes(&format!("Its check value is {value}. Does your record say the same?"))? {
            bail!("nothing is stored; compare the digits and run the command again");
        }
        keys.push(key);
    }
    let [load, tac] = <[Key; 2]>::try_from(keys).map_err(|_| anyhow!("two keys were asked for"))?;
    Ok(Component::new(set, load, tac))
}

/// The components in their custodian's file, each confirmed by the check value beside it.
fn read(file: &Path, set: KeySet) -> Result<Component> {
    let text = secret::file(file, "the component")?;
    let key = |name: &str| {
        let mut lines = text.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        let (Some(line), None) = (lines.next(), lines.next()) else {
            bail!("{}: one line with {name}, 32 hexadecimal digits and the check value is expected", file.display());
        };
        checked(line, set.algorithm).with_context(|| format!("{}: {name}", file.display()))
    };
    Ok(Component::new(set, key("load")?, key("tac")?))
}

fn checked(line: &str, algorithm: Algorithm) -> Result<Key> {
    let mut words = line.split_whitespace();
    let (Some(digits), Some(expected), None) = (words.next(), words.next(), words.next()) else {
        bail!("32 hexadecimal digits, a space and the check value are expected");
    };
    let key: Key = digits.parse()?;
    let value = hex::encode_upper(key.check_value(algorithm));
    if !value.eq_ignore_ascii_case(expected) {
        bail!("the digits have the check value {value}, not {expected}");
    }
    Ok(key)
}
