//! Reconciliation (对账): our deposits and refunds against the bank's file of each day, and the day's net against the
//! bank statement.

pub mod file;
pub mod matching;
pub mod settling;
pub mod statement;
