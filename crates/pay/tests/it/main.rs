//! The bank, against messages and files that others made.

mod files;
mod genuine;
mod requests;
mod sandbox;
mod vectors;
