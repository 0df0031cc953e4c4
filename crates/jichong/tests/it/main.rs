//! The program as people run it: its processes, its pages in a real browser, its command line, and its tidiness.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that goes wrong here fails, as it should"
)]

mod bank;
mod browser;
mod command_line;
mod doctor;
mod keys;
mod kill;
mod matrix;
mod packaging;
mod pay;
#[cfg(feature = "pcsc")]
mod pcsc;
mod tidy;
