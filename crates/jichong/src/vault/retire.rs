//! `jichong vault retire`: the end of a version of keys.
//!
//! Cards that have it can no longer be charged, and a load of theirs that is still open could never be proven. So the
//! database is asked first, the last keys of a card type are not removed by the way, and the person types the check value
//! of what goes.

use anyhow::{Result, bail};
use clap::Args;
use epurse::keys::Algorithm;
use topup::keys;
use vault::{KeySet, Listing, StoreError};

use super::{Place, Set, desk, values};
use crate::say;

#[derive(Debug, Args)]
pub(crate) struct Retire {
    #[command(flatten)]
    set: Set,
    /// The database, to see whether open loads need these keys: sqlite:PATH or postgres://…
    #[arg(long, env = "JICHONG_DATABASE", value_name = "URL")]
    database: Option<String>,
    /// Do not look whether open loads need these keys
    #[arg(long)]
    unchecked: bool,
    /// Remove them even if they are the only keys of their card type
    #[arg(long)]
    last: bool,
    #[command(flatten)]
    place: Place,
}

/// Removes a set of keys, if that is safe and meant.
pub(super) async fn run(retire: Retire) -> Result<()> {
    let Retire { set, database, last, place, unchecked } = retire;
    let (set, keys) = (set.name(), place.keys()?);
    let mut store = keys.store_that_is_there()?;
    let listing = store.list()?;
    if !listing.knows(set) {
        return Err(StoreError::Missing(set).into());
    }
    if !last && is_last(&listing, set) {
        bail!(
            "these are the only keys of card type {:02X}: without them none of its cards can be charged. If that is \
             meant, add --last",
            set.card_type
        );
    }
    match database {
        _ if unchecked => {}
        Some(url) => no_open_loads(&url, set).await?,
        None => {
            bail!("--database: is missing; it shows whether open loads need these keys. Add --unchecked to do without")
        }
    }
    if !meant(&listing, set)? {
        bail!("nothing is removed");
    }
    store.retire(set)?;
    say(format!("Removed from {keys}: {set}\n{}", keys.after_a_change()))
}

/// Whether no other whole keys of the card type are left.
fn is_last(listing: &Listing, set: KeySet) -> bool {
    let others = listing.keys.iter().filter(|value| value.set != set && value.set.card_type == set.card_type);
    listing.of(set).is_some() && others.count() == 0
}

/// Fails if loads are open that only these keys can prove.
async fn no_open_loads(url: &str, set: KeySet) -> Result<()> {
    let db = crate::open(url).await?;
    let mut tx = db.read().await?;
    let algorithms: &[u8] = match set.algorithm {
        // FMCOS cards say 01 and compute 3DES.
        Algorithm::TripleDes => &[0x00, 0x01],
        Algorithm::Sm4 => &[0x04],
    };
    let open = keys::open_loads(&mut tx, set.card_type, set.version, algorithms).await?;
    if open > 0 {
        bail!(
            "loads with these keys are still open ({open}), and nothing else can prove them: wait until they are settled"
        );
    }
    Ok(())
}

/// Asks for the check value of what is to go.
fn meant(listing: &Listing, set: KeySet) -> Result<bool> {
    let Some(value) = listing.of(set) else {
        return desk::yes(&format!("{set} is incomplete. Remove what is left of it?"));
    };
    let question =
        format!("{set} goes for good ({}). Type the check value of its load key to remove it: ", values(&value));
    Ok(desk::answer(&question)?.trim().eq_ignore_ascii_case(&hex::encode(value.load)))
}
