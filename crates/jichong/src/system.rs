//! What the operating system does for us: it asks us to stop, keeps files from others, and watches how we fare.
//!
//! All that differs between systems in this crate is here, so that the rest reads the same everywhere.

#[cfg(unix)]
#[path = "system/unix.rs"]
mod platform;
#[cfg(windows)]
#[path = "system/windows.rs"]
mod platform;
mod service;

pub(crate) use platform::{closed_to_others, told_to_stop};
pub(crate) use service::{ready, stopping};
