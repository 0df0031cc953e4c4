//! What a card costs in a hands-free run, besides the card: terminal, link, server and database.
//!
//! ```text
//! cargo bench -p jichong --bench run -- --cards 200
//! ```
//!
//! The real server, spoken to by a clerk over HTTP with the live page open; the real terminal over its WebSocket, with
//! its journal on the disk; software cards that answer at once. SQLite and PostgreSQL (its own, with fsync and
//! `synchronous_commit` on) take turns, card by card, so that both meet the same neighbours. A card's time runs from
//! the moment it touches the reader to the moment the clerk's page is told that it is charged.
//!
//! Nothing is measured that an installation could not see: the split comes from the server's metrics and from what the
//! terminal writes in its log. The disk's fsync alone, printed first, is the floor of what a journal and a commit can
//! cost here.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::float_arithmetic, reason = "times are for people")]
#![expect(clippy::arithmetic_side_effects, reason = "the numbers of a benchmark are small")]

mod clerk;
mod gauge;
mod probe;
mod report;
mod site;

use std::time::Instant;

use anyhow::Result;
use clap::Parser;
use store::testing::{Fsync, Postgres, Sqlite};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use gauge::Gauge;
use report::Report;
use site::Site;

/// The overhead of a card in a hands-free run.
#[derive(Debug, Parser)]
struct Args {
    /// How many cards are charged on each engine.
    #[arg(long, default_value_t = 200)]
    cards: usize,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Result<()> {
    let args = Args::parse();
    probe::probe()?.print();
    let gauge = Gauge::default();
    metrics::set_global_recorder(gauge.clone())?;
    tracing_subscriber::registry().with(gauge.clone()).init();
    tokio::runtime::Runtime::new()?.block_on(measure(&args, &gauge))
}

async fn measure(args: &Args, gauge: &Gauge) -> Result<()> {
    let postgres = Postgres::start(Fsync::On);
    let sqlite = Sqlite::new();
    let databases = [("SQLite", sqlite.url()), ("PostgreSQL", postgres.database().await)];
    let mut sites = Vec::new();
    for (name, database) in &databases {
        sites.push((Site::open(database, args.cards).await?, Report::new(name)));
    }
    let began = Instant::now();
    for card in 0..args.cards {
        for (site, report) in &mut sites {
            gauge.take();
            let (from, to) = site.charge(card).await?;
            report.add(gauge.split(from, to));
            site.lift(card + 1 == args.cards).await?;
        }
    }
    println!(
        "\n{} cards on each, in {:.0} s: hands-free, each answering at once",
        args.cards,
        began.elapsed().as_secs_f64()
    );
    let mut reports = Vec::new();
    for (site, report) in sites {
        site.close().await?;
        reports.push(report);
    }
    report::print(&reports);
    Ok(())
}
