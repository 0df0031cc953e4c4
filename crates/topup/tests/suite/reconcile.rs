//! Reconciliation: the bank's files and statements against our books.

mod again;
mod day;
mod file;
mod matching;
mod settling;
mod statement;
