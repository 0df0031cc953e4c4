//! The pages in a real browser, with the real program behind them.
//!
//! Each test starts `jichong demo` for itself and drives Debian's Chromium; nothing is faked but the cards. Every wait
//! is for something on the page. What the pages look like is kept in `artifacts/` at the workspace's root.

mod album;
mod charge;
mod check;
mod chromium;
mod clerk;
pub(crate) mod demo;
mod deposits;
mod keyboard;
mod office;
mod once;
mod plain;
mod records;
mod reviews;
mod run;
mod session;
mod torn;
