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
use std::sync::Mutex;
use std::time::Instant;

use futures_util::future::join_all;
use store::testing::{Sqlite, postgres_url};
use topup::loads::State;

use cards::{Behaviour, Make};
use plan::{Case, Plot};
use play::{Played, Player, Untrue};
use stage::{Passed, Place};

/// Sites that play at the same time: most of a case is waiting.
const SITES: usize = 16;
/// Fewer cases of a behaviour would mean that a part of the matrix is missing.
const LEAST: usize = 680;
/// How often a case is played on a machine that is too busy to reach its point, or to be done in time.
const TRIES: usize = 3;

#[tokio::test(flavor = "multi_thread")]
async fn whatever_breaks_the_card_settles_it_on_sqlite() {
    matrix(Engine::Sqlite(Mutex::default())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_breaks_the_card_settles_it_on_postgresql() {
    matrix(Engine::Postgres).await;
}

/// Where databases come from.
enum Engine {
    Sqlite(Mutex<Vec<Sqlite>>),
    Postgres,
}

/// What is left to play, and how the rest went.
struct Programme {
    engine: Engine,
    /// What passes in each plot of each make.
    rehearsed: Vec<Passed>,
    /// Each with the number of its rehearsal.
    cases: Mutex<VecDeque<(usize, Case)>>,
    played: Mutex<Vec<(Case, Result<Played, String>)>>,
}

async fn matrix(engine: Engine) {
    let began = Instant::now();
    let mut players = join_all((0..SITES).map(|_| engine.player())).await;
    let only = std::env::var("MATRIX_CASE").ok();
    let programme = Programme::of(engine, &mut players[0], only.as_deref()).await;
    join_all(players.into_iter().map(|player| programme.play(player))).await;
    programme.report(began, only.is_none());
}

impl Engine {
    /// A player on a site of their own.
    async fn player(&self) -> Player {
        let database = match self {
            Self::Sqlite(places) => {
                let place = Sqlite::new();
                let url = place.url();
                places.lock().expect("nobody panicked with it").push(place);
                url
            }
            Self::Postgres => postgres_url().await,
        };
        Player::at(database).await
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}

impl Programme {
    async fn of(engine: Engine, player: &mut Player, only: Option<&str>) -> Self {
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
        Self { engine, rehearsed, cases: Mutex::new(cases), played: Mutex::default() }
    }

    /// Plays what is left, one case after the other.
    async fn play(&self, mut player: Player) {
        while let Some((index, case)) = self.next() {
            let mut end = player.play(&case, &self.rehearsed[index]).await;
            for _ in 1..TRIES {
                match &end {
                    Ok(Played::NotStruck) => {}
                    Err(error) if !error.is::<Untrue>() => {
                        println!("{}: once more, on another site: {case}: {error:#}", self.engine.name());
                        player.leave();
                        player = self.engine.player().await;
                    }
                    Ok(_) | Err(_) => break,
                }
                end = player.play(&case, &self.rehearsed[index]).await;
            }
            let end = end.map_err(|error| format!("{error:#}"));
            let failed = end.as_ref().err().cloned();
            self.played.lock().expect("nobody panicked with it").push((case.clone(), end));
            if let Some(error) = failed {
                println!("{}: WRONG: {case}: {error}", self.engine.name());
                // What is left on this site would only disturb the next case.
                player.leave();
                player = self.engine.player().await;
            }
        }
        player.leave();
    }

    fn next(&self) -> Option<(usize, Case)> {
        self.cases.lock().expect("nobody panicked with it").pop_front()
    }

    fn report(&self, began: Instant, whole: bool) {
        let engine = self.engine.name();
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
