//! How many loads a second: authorised **and** settled, both durable, counted once.
//!
//! ```text
//! cargo bench -p topup --bench loads -- --engine both --seconds 5 --callers 64,1024
//! ```
//!
//! It starts a PostgreSQL of its own, with fsync and `synchronous_commit` on, and runs side by side, in interleaved
//! rounds of which it prints the medians:
//!
//! - **batched**: the book of loads, on PostgreSQL and on SQLite;
//! - **plain**: a transaction per step, `SELECT … FOR UPDATE` on the group's accounts, with 64 connections and with 8;
//! - **statement**: one data-modifying statement per step, with 1, 2, 4 and 8 connections, of which the best counts.
//!
//! All of them write the same rows of the same tables. The plain ways get their connections from a pool that asks the
//! server nothing, which is better than they would find it elsewhere. Trust the ratios: the disk's fsync rate, printed
//! first, swings with its neighbours.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::float_arithmetic, clippy::cast_precision_loss, reason = "rates and ratios are for people")]
#![expect(clippy::arithmetic_side_effects, reason = "the numbers of a benchmark are small")]

mod batched;
mod connections;
mod one_load;
mod plain;
mod report;
mod run;
mod statement;

use std::time::Duration;

use anyhow::Result;
use clap::{Parser, ValueEnum};
use store::testing::{Fsync, Postgres, Sqlite};

use batched::Batched;
use plain::Plain;
use report::{Report, Row};
use run::{Scene, Way, run};
use statement::Statement;

/// Loads authorised and settled per second.
#[derive(Debug, Parser)]
struct Args {
    /// Where the book of loads runs; the ways it is measured against are always on PostgreSQL.
    #[arg(long, value_enum, default_value = "both")]
    engine: EngineArg,
    /// How long each way runs in each round.
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// How many interleaved rounds; the median of them counts.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// How many callers ask at once.
    #[arg(long, value_delimiter = ',', default_value = "64,1024")]
    callers: Vec<usize>,
    /// In how many groups.
    #[arg(long, value_delimiter = ',', default_value = "1,1000")]
    groups: Vec<i64>,
    /// Leaves out the plain ways and the statements.
    #[arg(long)]
    alone: bool,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum EngineArg {
    Postgres,
    Sqlite,
    Both,
}

fn main() -> Result<()> {
    let args = Args::parse();
    println!("fsync probe: {:.0} writes of 8 KiB made durable a second, one after the other", run::fsync_probe()?);
    // As many as the machine has: PostgreSQL shares them.
    tokio::runtime::Runtime::new()?.block_on(measure(&args))
}

async fn measure(args: &Args) -> Result<()> {
    let server = Postgres::start(Fsync::On);
    let sqlite = Sqlite::new();
    for &groups in &args.groups {
        for &callers in &args.callers {
            let scene = Scene { groups, callers, time: Duration::from_secs_f64(args.seconds) };
            let ways = ways(args, &server, &sqlite, scene).await?;
            let mut report = Report::new(scene);
            for round in 1..=args.rounds {
                for way in &ways {
                    report.add(way.name(), run(way, scene).await?);
                }
                println!("  round {round} of {} done", args.rounds);
            }
            report.print();
            for way in ways {
                way.prove().await?;
            }
        }
    }
    Ok(())
}

/// Every way that is asked for, each on a fresh database.
async fn ways(args: &Args, server: &Postgres, sqlite: &Sqlite, scene: Scene) -> Result<Vec<Way>> {
    let mut ways = Vec::new();
    if args.engine != EngineArg::Sqlite {
        ways.push(Way::Batched(Batched::open(Row::BatchedPostgres, &server.database().await, scene).await?.into()));
    }
    if args.engine != EngineArg::Postgres {
        let url = format!("{}-{}-{}", sqlite.url(), scene.groups, scene.callers);
        ways.push(Way::Batched(Batched::open(Row::BatchedSqlite, &url, scene).await?.into()));
    }
    if !args.alone {
        for size in [64, 8] {
            ways.push(Way::Plain(Plain::open(&server.database().await, size, scene).await?.into()));
        }
        for size in [1, 2, 4, 8] {
            ways.push(Way::Statement(Statement::open(&server.database().await, size, scene).await?.into()));
        }
    }
    Ok(ways)
}
