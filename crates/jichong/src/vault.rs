//! `jichong vault …`: the card keys, in a sealed file or in a token.
//!
//! | | |
//! |---|---|
//! | `create` | new random keys that nobody has seen; a token draws them itself |
//! | `import` | keys of an existing issuer, in two components that two people hold; each comes when it suits them |
//! | `roll` | the next version beside the old, which goes on serving the cards that have it |
//! | `retire` | the end of a version, with its check value typed by hand |
//! | `list` | what is there, by check value |
//! | `seal` | plain keys from standard input into a new file: for trying things out |
//!
//! What is read here, passphrases, PINs and components, is wiped from memory as soon as it is not needed. What the
//! standard library and the JSON parser keep of it in buffers of their own is not: do this on a machine you trust.

mod desk;
mod import;
mod place;
mod retire;
mod seal;
mod secret;

use std::path::PathBuf;

use anyhow::{Context as _, Result, anyhow, bail};
use clap::{Args, Subcommand};
use epurse::keys::Algorithm;
use rand::TryRng as _;
use rand::rngs::SysRng;
use vault::{CheckValue, KeySet, KeyStore, Listing};

use crate::say;

pub(crate) use place::Keys;
pub(crate) use secret::line as secret_line;

#[derive(Debug, Subcommand)]
pub(crate) enum VaultCommand {
    /// List the keys by check value, and what waits for a second custodian
    List(Place),
    /// Make new random keys that nobody has seen; a token draws them itself, and they never leave it
    Create {
        #[command(flatten)]
        set: Set,
        #[command(flatten)]
        place: Place,
    },
    /// Bring keys in, as one of two custodians: the first's component waits until the second comes with theirs
    Import(import::Import),
    /// Make the next version of the keys of a card type; the old versions go on serving the cards that have them
    Roll {
        #[command(flatten)]
        kind: Kind,
        #[command(flatten)]
        place: Place,
    },
    /// Remove a version of keys for good
    Retire(retire::Retire),
    /// Seal keys given as JSON on standard input: [{"class":"01","version":1,"algorithm":"3des","mlk":"…","mtk":"…"}]
    Seal {
        /// The key file to create
        file: PathBuf,
        /// A file with the passphrase; group and others must not be able to read it
        #[arg(long, value_name = "FILE")]
        passphrase_file: PathBuf,
    },
}

/// Which cards keys are for.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Kind {
    /// The kind of card as the issuer numbers its key sets: two hexadecimal digits
    #[arg(long, value_name = "HEX", value_parser = byte)]
    card_type: u8,
    /// 3des or sm4; tokens have 3des alone
    #[arg(long, default_value = "3des")]
    algorithm: Algorithm,
}

/// Which keys.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Set {
    #[command(flatten)]
    kind: Kind,
    /// The key version as cards report it: two hexadecimal digits
    #[arg(long, value_name = "HEX", value_parser = byte)]
    key_version: u8,
}

impl Set {
    fn name(self) -> KeySet {
        self.kind.version(self.key_version)
    }
}

impl Kind {
    fn version(self, version: u8) -> KeySet {
        KeySet { card_type: self.card_type, version, algorithm: self.algorithm }
    }
}

/// Where the keys are; the names are those of the server's configuration.
#[derive(Debug, Args)]
pub(crate) struct Place {
    /// The sealed key file; made with the first keys
    #[arg(long, env = "JICHONG_VAULT", value_name = "FILE")]
    vault: Option<PathBuf>,
    /// A file with its passphrase; group and others must not be able to read it
    #[arg(long, env = "JICHONG_VAULT_PASSPHRASE_FILE", value_name = "FILE")]
    vault_passphrase_file: Option<PathBuf>,
    /// In place of the file: the PKCS#11 module of a token, a library of its maker
    #[arg(long, env = "JICHONG_VAULT_MODULE", value_name = "FILE")]
    vault_module: Option<PathBuf>,
    /// The token's label
    #[arg(long, env = "JICHONG_VAULT_TOKEN", value_name = "LABEL")]
    vault_token: Option<String>,
    /// A file with the PIN of the token's user; group and others must not be able to read it
    #[arg(long, env = "JICHONG_VAULT_PIN_FILE", value_name = "FILE")]
    vault_pin_file: Option<PathBuf>,
}

impl Place {
    fn keys(self) -> Result<Keys> {
        Keys::of(self.vault, self.vault_passphrase_file, self.vault_module, self.vault_token, self.vault_pin_file)
    }
}

/// Carries out a command.
pub(crate) async fn run(command: VaultCommand) -> Result<()> {
    match command {
        VaultCommand::List(place) => list(&place.keys()?),
        VaultCommand::Create { set, place } => create(&place.keys()?, set.name()),
        VaultCommand::Import(import) => import::run(import),
        VaultCommand::Roll { kind, place } => roll(&place.keys()?, kind),
        VaultCommand::Retire(retire) => retire::run(retire).await,
        VaultCommand::Seal { file, passphrase_file } => seal::run(&file, &passphrase_file),
    }
}

fn list(keys: &Keys) -> Result<()> {
    let listing = keys.store_that_is_there()?.list()?;
    say(if listing == Listing::default() { format!("{keys} holds no keys") } else { lines(&listing).join("\n") })
}

/// What is in a store, a line each.
fn lines(listing: &Listing) -> Vec<String> {
    let Listing { keys, waiting, incomplete } = listing;
    let keys = keys.iter().map(ToString::to_string);
    let waiting = waiting.iter().map(|first| {
        let CheckValue { set, .. } = first;
        format!("{set}: waits for the second custodian; the first's component has {}", values(first))
    });
    let incomplete = incomplete.iter().map(|set| {
        format!("{set}: incomplete, a command was interrupted; retire it, and make it again if it was being made")
    });
    keys.chain(waiting).chain(incomplete).collect()
}

/// The check values of both keys.
fn values(of: &CheckValue) -> String {
    format!("load {}, TAC {}", hex::encode_upper(of.load), hex::encode_upper(of.tac))
}

fn create(keys: &Keys, set: KeySet) -> Result<()> {
    let mut store = keys.store()?;
    made(keys, &generate(&mut *store, set)?)
}

fn roll(keys: &Keys, kind: Kind) -> Result<()> {
    let mut store = keys.store_that_is_there()?;
    let listing = store.list()?;
    let names = listing.keys.iter().map(|value| value.set).chain(listing.incomplete.iter().copied());
    let versions = names.chain(listing.waiting.iter().map(|value| value.set));
    let versions = versions.filter(|set| *set == kind.version(set.version)).map(|set| set.version);
    let last = versions.max().with_context(|| {
        format!(
            "{keys} has no keys for card type {:02X} with {}: create or import them",
            kind.card_type, kind.algorithm
        )
    })?;
    let next = last.checked_add(1).context("FF is the last version there can be")?;
    made(keys, &generate(&mut *store, kind.version(next))?)
}

fn generate(store: &mut dyn KeyStore, set: KeySet) -> Result<CheckValue> {
    Ok(store.generate(set, &mut |buffer| SysRng.try_fill_bytes(buffer).map_err(std::io::Error::other))?)
}

fn made(keys: &Keys, value: &CheckValue) -> Result<()> {
    say(format!("Made in {keys}:\n  {value}\n{}", keys.after_a_change()))
}

fn byte(text: &str) -> Result<u8> {
    if text.len() != 2 {
        bail!("two hexadecimal digits are expected");
    }
    u8::from_str_radix(text, 16).map_err(|_| anyhow!("two hexadecimal digits are expected"))
}
