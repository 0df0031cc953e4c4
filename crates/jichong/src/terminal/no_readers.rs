//! This build has no PC/SC.

use anyhow::{Result, bail};
use terminal::Config;

/// Says what to do instead.
#[expect(clippy::unused_async, reason = "the same shape as with PC/SC")]
pub(crate) async fn run(_: Config) -> Result<()> {
    bail!(
        "this build drives no real readers (it was made without PC/SC): build it with --features pcsc, \
         or use a software reader with --soft-keys"
    );
}
