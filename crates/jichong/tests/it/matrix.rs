//! The tear matrix: everything that can break, at every point of a load and of the tap that settles it.
//!
//! Cards of both behaviours are charged over the real terminal, with its journal on disk and its WebSocket, by the real
//! server on both engines. What passes between card, terminal, server and vault when nothing goes wrong is taken down
//! first; then at each of these points in turn the card is removed, the terminal killed, the server killed, the link cut
//! at both ends or at one, a message lost or delayed. The damage is mended, the card put back if it was away, and then:
//!
//! - a load is `succeeded` exactly when its card has its money, and `failed` exactly when it has not: none is in doubt;
//! - no card was ordered twice for one load;
//! - quota and books are exact, to the fen;
//! - the next load of the same card goes through.
//!
//! The one exception is named in [`plan::Case::destroys_the_proof`]: there the load stays held, for review.
//!
//! `MATRIX_CASE=text` plays only the cases with this in their name.

mod cards;
mod desk;
mod frame;
mod line;
mod page;
mod plan;
mod play;
mod process;
mod server;
mod site;
mod stage;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use futures_util::future::join_all;
use store::testing::{Sqlite, postgres_url};
use topup::loads::State;

use cards::{Behaviour, Make};
use plan::{Case, Plot};
use play::{Played, Player};
use stage::{Passed, Place};

/// Sites that play at the same time: most of a case is waiting.
const SITES: usize = 16;
/// Fewer cases of a behaviour would mean that a part of the matrix is missing.
const LEAST: usize = 650;
/// How often a case is tried again that was not reached on a machine that is too busy.
const TRIES: u32 = 4;

#[tokio::test(flavor = "multi_thread")]
async fn whatever_breaks_the_card_settles_it_on_sqlite() {
    let places: Vec<Sqlite> = (0..SITES).map(|_| Sqlite::new()).collect();
    matrix("SQLite", places.iter().map(Sqlite::url).collect()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_breaks_the_card_settles_it_on_postgresql() {
    let databases = join_all((0..SITES).map(|_| postgres_url())).await;
    matrix("PostgreSQL", databases).await;
}

/// What is left to play, and how the rest went.
struct Programme {
    /// What passes in each plot of each make.
    rehearsed: Vec<Passed>,
    /// Each with the number of its rehearsal.
    cases: Mutex<VecDeque<(usize, Case)>>,
    played: Mutex<Vec<(Case, Result<Played, String>)>>,
}

async fn matrix(engine: &str, databases: Vec<String>) {
    let began = Instant::now();
    let mut players = join_all(databases.into_iter().map(Player::at)).await;
    let only = std::env::var("MATRIX_CASE").ok();
    let programme = Arc::new(Programme::of(&mut players[0], only.as_deref()).await);
    let mut playing = Vec::new();
    for player in players {
        let programme = Arc::clone(&programme);
        playing.push(tokio::spawn(async move { programme.play(player).await }));
    }
    for player in playing {
        player.await.expect("a player");
    }
    programme.report(engine, began, only.is_none());
}

impl Programme {
    async fn of(player: &mut Player, only: Option<&str>) -> Self {
        let mut rehearsed = Vec::new();
        let mut cases = VecDeque::new();
        for (make, plot) in Make::ALL.into_iter().flat_map(|make| Plot::ALL.map(|plot| (make, plot))) {
            let passed = player.rehearse(make, plot).await.expect("nothing goes wrong");
            for needed in plot.needs(make) {
                let times = |names: &[&str]| names.iter().filter(|name| **name == needed).count();
                let there: Vec<&str> = passed.at(Place::Card).iter().map(String::as_str).collect();
                assert!(times(&there) >= times(&plot.needs(make)), "{make}/{plot} has no {needed}: {there:?}");
            }
            let of_plot = plan::cases(make, plot, &passed).into_iter().map(|case| (rehearsed.len(), case));
            cases.extend(of_plot.filter(|(_, case)| only.is_none_or(|only| case.to_string().contains(only))));
            rehearsed.push(passed);
        }
        let names: BTreeSet<String> = cases.iter().map(|(_, case)| case.to_string()).collect();
        assert_eq!(names.len(), cases.len(), "every case has a name of its own");
        Self { rehearsed, cases: Mutex::new(cases), played: Mutex::default() }
    }

    /// Plays what is left, one case after the other.
    async fn play(&self, mut player: Player) {
        while let Some((index, case)) = self.next() {
            let mut end = player.play(&case, &self.rehearsed[index]).await;
            for _ in 1..TRIES {
                if !matches!(end, Ok(Played::NotStruck)) {
                    break;
                }
                end = player.play(&case, &self.rehearsed[index]).await;
            }
            let failed = end.is_err();
            let end = end.map_err(|error| format!("{error:#}"));
            if let Err(error) = &end {
                println!("FAILED {case}: {error}");
            }
            self.played.lock().expect("nobody panicked with it").push((case, end));
            if failed {
                // What is left on this site would only disturb the next case.
                break;
            }
        }
        player.leave();
    }

    fn next(&self) -> Option<(usize, Case)> {
        self.cases.lock().expect("nobody panicked with it").pop_front()
    }

    fn report(&self, engine: &str, began: Instant, whole: bool) {
        let played = self.played.lock().expect("nobody panicked with it");
        let took = began.elapsed().as_secs_f32();
        println!("{engine}: {} cases in {took:.0} s", played.len());
        for behaviour in [Behaviour::Field, Behaviour::Applet] {
            let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
            let of_behaviour = played.iter().filter(|(case, _)| case.make.behaviour == behaviour);
            for (_, played) in of_behaviour.clone() {
                let how = match played {
                    Ok(Played::Settled(None)) => "no load",
                    Ok(Played::Settled(Some(State::Succeeded))) => "succeeded",
                    Ok(Played::Settled(Some(_))) => "failed",
                    Ok(Played::ForReview) => "for review",
                    Ok(Played::NotStruck) => "never reached",
                    Err(_) => "WRONG",
                };
                *counts.entry(how).or_default() += 1;
            }
            println!("{engine}, {behaviour}: {} cases, {counts:?}", of_behaviour.clone().count());
            assert!(!whole || of_behaviour.count() >= LEAST, "too few cases");
        }
        let wrong: Vec<_> =
            played.iter().filter(|(_, played)| !matches!(played, Ok(Played::Settled(_) | Played::ForReview))).collect();
        assert!(wrong.is_empty(), "{} cases went wrong", wrong.len());
    }
}
