//! The command line of Jichong.
fn main() {}
