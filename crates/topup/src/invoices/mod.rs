//! Invoices.

mod taxpayer;

pub use taxpayer::{TaxpayerError, TaxpayerNumber};
