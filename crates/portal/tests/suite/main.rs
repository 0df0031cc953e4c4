//! The portal through its real router, over a real house on SQLite.

mod bank;
mod charge;
mod check;
mod deposit_records;
mod deposits;
mod doors;
mod invoices;
mod lines;
mod office;
mod office_deposits;
mod office_exceptions;
mod office_terminals;
mod pages;
mod people;
mod reconcile;
mod records;
mod reviews;
mod runs;
mod trust;
mod world;
