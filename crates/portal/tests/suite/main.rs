//! The portal through its real router, over a real house on SQLite.

mod charge;
mod check;
mod doors;
mod office;
mod office_terminals;
mod pages;
mod people;
mod reviews;
mod runs;
mod trust;
mod world;
