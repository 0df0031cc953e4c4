//! How quick records are at a size: by default ten million loads over two years in 500 groups, a fifth of them of one.
//!
//! ```text
//! cargo bench -p topup --bench records
//! RECORDS_LOADS=100000 cargo bench -p topup --bench records
//! cargo bench -p topup --bench records -- --database sqlite:/tmp/city.sqlite
//! ```
//!
//! It fills a database on each engine in bulk, with everything that the books prove, and proves them. Then it measures,
//! against plainer ways on the same machine:
//!
//! - **pages**: the first and the hundred-thousandth of each kind of filter, against the read of one load by its key;
//! - **totals** of half a year, against a plain SUM over the rows;
//! - **files** of 10,000 and 1,000,000 loads, their time and memory, against Python's xlsxwriter (constant memory, from
//!   `PyPI`) and PostgreSQL's COPY.
//!
//! PostgreSQL is a server of its own; everything is in temporary folders that go with it: about 10 GB an engine, one
//! after the other. With `--database` a database stays, to be measured again or to be looked at through a portal.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::float_arithmetic, clippy::cast_precision_loss, reason = "rates and ratios are for people")]
#![expect(clippy::arithmetic_side_effects, reason = "the numbers of a benchmark are small")]

mod cases;
mod city;
mod exports;
mod fill;
mod indices;
mod pages;
mod paid;
mod python;
mod report;
mod sums;
mod totals;

use std::sync::Arc;
use std::time::Instant;

use anyhow::{Result, ensure};
use clap::{Parser, ValueEnum};
use store::testing::{Fsync, Postgres, Sqlite};
use store::{Db, Options};
use topup::{House, SeededEntropy, Settings, TestClock, books, groups};
use vault::SoftVault;

use exports::Files;
use indices::Place;
use pages::Costs;
use python::Python;
use sums::Sum;

/// Pages, totals and files of records.
#[derive(Debug, Parser)]
struct Args {
    /// How many loads.
    #[arg(long, env = "RECORDS_LOADS", default_value_t = 10_000_000)]
    loads: i64,
    /// In how many groups.
    #[arg(long, env = "RECORDS_GROUPS", default_value_t = 500)]
    groups: i64,
    /// On which engine.
    #[arg(long, env = "RECORDS_ENGINE", value_enum, default_value = "both")]
    engine: EngineArg,
    /// Measures this database alone, which is filled if it is empty, and leaves it behind.
    #[arg(long)]
    database: Option<String>,
    /// Leaves out Python, where there is none or no way to `PyPI`.
    #[arg(long)]
    no_python: bool,
    /// What a process of its own exports.
    #[arg(long, hide = true)]
    export: Option<String>,
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
    // As many as the machine has: PostgreSQL shares them.
    let runtime = tokio::runtime::Runtime::new()?;
    if let Some(job) = &args.export {
        let made = runtime.block_on(exports::make(&serde_json::from_str(job)?))?;
        println!("{}", serde_json::to_string(&made)?);
        return Ok(());
    }
    runtime.block_on(measure(&args))
}

async fn measure(args: &Args) -> Result<()> {
    let python = if args.no_python { None } else { Some(Python::install()?) };
    let mut found = Found::default();
    if let Some(database) = &args.database {
        found.add(&Place(database.clone()), args, python.as_ref()).await?;
    } else {
        // One after the other, so that one engine's tables need not share the memory with the other's.
        if args.engine != EngineArg::Sqlite {
            let server = Postgres::start(Fsync::On);
            let place = Place(server.database().await);
            place.keep_little_log().await?;
            found.add(&place, args, python.as_ref()).await?;
        }
        if args.engine != EngineArg::Postgres {
            let sqlite = Sqlite::new();
            found.add(&Place(sqlite.url()), args, python.as_ref()).await?;
        }
    }
    pages::print(&found.pages);
    sums::print(&found.sums);
    exports::print(&found.files);
    Ok(())
}

/// All figures.
#[derive(Default)]
struct Found {
    pages: Vec<Costs>,
    sums: Vec<Sum>,
    files: Vec<Files>,
}

impl Found {
    async fn add(&mut self, place: &Place, args: &Args, python: Option<&Python>) -> Result<()> {
        fill(place, args).await?;
        let house = open(&place.0, 8).await?;
        self.pages.push(pages::measure(&house, &cases::all(args.groups)).await?);
        self.sums.extend(sums::measure(&house).await?);
        self.files.push(exports::measure(&house, place, python).await?);
        house.db.close().await;
        Ok(())
    }
}

/// Fills a database and proves its books.
async fn fill(place: &Place, args: &Args) -> Result<()> {
    let began = Instant::now();
    let db = Db::open(place.0.as_str()).await?;
    if groups::exists(&mut db.begin().await?, city::BUSY).await? {
        db.close().await;
        return Ok(());
    }
    let dropped = place.drop_indices().await?;
    fill::fill(&db, args.loads, args.groups).await?;
    let filled = began.elapsed().as_secs_f64();
    place.restore(dropped).await?;
    println!(
        "{}: {} loads in {} groups, in {filled:.0} s and {:.0} s for the indices; {} MiB",
        db.engine(),
        args.loads,
        args.groups,
        began.elapsed().as_secs_f64() - filled,
        place.size().await? >> 20
    );
    let began = Instant::now();
    let books = books::prove_books(&mut db.read().await?).await?;
    println!("{books}in {:.0} s\n", began.elapsed().as_secs_f64());
    ensure!(books.hold(), "the books do not hold");
    db.close().await;
    Ok(())
}

/// A house without keys, at the moment that the city is looked at.
async fn open(database: &str, connections: u32) -> Result<House> {
    let db = Db::open(Options::at(database).connections(connections)).await?;
    let vault = Arc::new(SoftVault::in_memory(Vec::new()));
    let clock = Arc::new(TestClock::at(city::NOW));
    Ok(House::open(db, vault, clock, Arc::new(SeededEntropy::new(1)), Settings::default()).await?)
}
