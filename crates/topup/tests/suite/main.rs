//! The business on both engines, with software cards behind simulated terminals.

mod cards;
mod doors;
mod flow;
mod sim;
mod storm;
mod world;
