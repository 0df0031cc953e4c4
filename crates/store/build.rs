//! The migrations are part of the program; without this a change in their folder would not be seen until the code changes.

fn main() {
    println!("cargo::rerun-if-changed=migrations");
}
