//! Reconciliation: the bank's files and statements against our books.

mod day;
mod file;
mod matching;
mod settling;
mod statement;
