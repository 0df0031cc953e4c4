//! Deposits against the sandbox bank, over HTTP: nothing goes around it.

mod after_all;
pub(crate) mod counter;
mod crash;
mod given_back;
mod gone_back;
mod in_part;
mod poison;
mod race;
mod records;
mod rest;
mod stranded;
mod taken_back;
mod trays;
mod trouble;
mod unfit;
mod vouch;
mod way;
