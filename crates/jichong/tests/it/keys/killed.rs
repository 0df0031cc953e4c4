//! A key file is whole at every moment, even when the command that changes it is killed.

use std::process::Stdio;
use std::time::Duration;

use rand::rngs::{StdRng, SysRng};
use rand::{RngExt as _, SeedableRng as _};

use super::place::Place;

const KILLS: u32 = 25;

#[test]
fn a_killed_command_leaves_the_old_file_or_the_new_one() {
    let place = Place::file();
    let mut dice = StdRng::try_from_rng(&mut SysRng).expect("the system gives randomness");
    place.done(&["create", "--card-type", "01", "--key-version", "01"], "");
    let mut lines = place.done(&["list"], "").lines().count();
    let mut done = 0;
    for _ in 0..KILLS {
        let mut command = place.command(&["roll", "--card-type", "01"]);
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("starts");
        std::thread::sleep(Duration::from_micros(dice.random_range(0..40_000)));
        // It may have ended already.
        child.kill().ok();
        child.wait().expect("gone");
        let now = place.done(&["list"], "").lines().count();
        assert!(now == lines || now == lines + 1, "{lines} sets of keys became {now}");
        done += now - lines;
        lines = now;
    }
    println!("{KILLS} commands killed, {done} of them had done their work");
    // What the killed left behind is in nobody's way.
    place.done(&["roll", "--card-type", "01"], "");
}
