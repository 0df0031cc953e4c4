//! Pages of filters, the first and the hundred-thousandth, against the read of one load by its key.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use topup::House;
use topup::loads::by_order;
use topup::records::{Cursor, Day, Filter, Period, Seek, page, totals};

use crate::cases::Case;
use crate::report::{median, ms, times};

/// Loads on a page, as the portal has them.
const PAGE: u32 = 50;

/// The page that is far away.
const FAR: i64 = 100_000;

/// What a page may cost, in reads by key.
const GOAL: f64 = 20.0;

/// How often each is looked at; the median counts. What takes longer than a second in all is looked at less often.
const LOOKS: usize = 31;
const PATIENCE: Duration = Duration::from_secs(1);

/// What a filter cost.
#[derive(Debug)]
pub(crate) struct Cost {
    name: String,
    /// How many loads it finds.
    found: i64,
    first: Duration,
    /// The far page and its number.
    far: Option<(i64, Duration)>,
    totals: Duration,
}

/// Everything on one engine.
#[derive(Debug)]
pub(crate) struct Costs {
    pub(crate) engine: String,
    by_key: Duration,
    filters: Vec<Cost>,
}

pub(crate) async fn measure(house: &House, cases: &[Case]) -> Result<Costs> {
    let by_key = by_key(house, cases).await?;
    let mut costs = Vec::new();
    for Case { name, filter } in cases {
        let summed = || async { Ok(totals(house, filter).await?.count()) };
        let found = summed().await?;
        let look = |seek| async move { Ok(page(house, filter, seek, PAGE).await?.lines.len()) };
        let first = often(|| look(Seek::First)).await?;
        let far = match far(house, filter, found).await? {
            Some((number, cursor)) => Some((number, often(|| look(Seek::Older(cursor))).await?)),
            None => None,
        };
        costs.push(Cost { name: name.clone(), found, first, far, totals: often(summed).await? });
    }
    Ok(Costs { engine: house.db.engine().to_string(), by_key, filters: costs })
}

/// One load by its primary key, each time another.
async fn by_key(house: &House, cases: &[Case]) -> Result<Duration> {
    let Some(everything) = cases.first() else { return Ok(Duration::ZERO) };
    let lines = page(house, &everything.filter, Seek::First, 1_000).await?.lines;
    let mut takes = Vec::new();
    for line in &lines {
        let began = Instant::now();
        let load = by_order(house, line.load.group, line.load.order).await?;
        takes.push(began.elapsed());
        ensure!(load.is_some_and(|load| load.order == line.load.order), "another load");
    }
    Ok(median(takes))
}

async fn often<F: Future<Output = Result<T>>, T>(work: impl Fn() -> F) -> Result<Duration> {
    let mut takes = Vec::new();
    let start = Instant::now();
    while takes.len() < LOOKS && (takes.is_empty() || start.elapsed() < PATIENCE) {
        let began = Instant::now();
        work().await?;
        takes.push(began.elapsed());
    }
    Ok(median(takes))
}

/// The page with this number, or the last whole one: its number, and the load before it. It is found by halving the time,
/// with the totals of what is newer; and then by one long page.
async fn far(house: &House, filter: &Filter, found: i64) -> Result<Option<(i64, Cursor)>> {
    let size = i64::from(PAGE);
    let number = FAR.min(found / size);
    if number < 2 {
        return Ok(None);
    }
    let before = (number - 1) * size;
    let (first, last) = (filter.period.first(), filter.period.last());
    let newer = |day: Day| async move {
        let Some(period) = Period::new(day, last) else { return Ok(0) };
        Ok::<i64, anyhow::Error>(totals(house, &Filter { period, ..filter.clone() }).await?.count())
    };
    // The earliest day from which on there are not more than so many.
    let (mut low, mut high) = (first, last.plus(1));
    while low < high {
        let middle = low.plus((high.number() - low.number()) / 2);
        if newer(middle).await? > before { low = middle.plus(1) } else { high = middle }
    }
    let rest = u32::try_from(before - newer(low).await?)?;
    let from = match Period::new(low, last) {
        Some(period) => page(house, &Filter { period, ..filter.clone() }, Seek::Last, 1).await?.lines.pop(),
        None => None,
    };
    let edge = from.map(|line| Cursor::at(&line.load));
    if rest == 0 {
        return Ok(edge.map(|edge| (number, edge)));
    }
    let page = page(house, filter, edge.map_or(Seek::First, Seek::Older), rest).await?;
    Ok(page.lines.last().map(|line| (number, Cursor::at(&line.load))))
}

/// Both engines side by side; a page is told in milliseconds and in reads by key.
pub(crate) fn print(all: &[Costs]) {
    println!(
        "\nA page of {PAGE} loads, in ms and in reads by primary key (goal: below {GOAL}); totals of the filter in ms\n"
    );
    for costs in all {
        println!("{}: one load by its primary key takes {}\n", costs.engine, ms(costs.by_key));
        println!("{:<40}{:>12}{:>20}{:>30}{:>14}", "", "loads", "page 1", "far page", "totals");
        for cost in &costs.filters {
            let told = |took: Duration| {
                let ratio = times(took, costs.by_key);
                format!("{} {ratio:>6.1}x{}", ms(took), if ratio < GOAL { " " } else { "!" })
            };
            let far = cost.far.map_or(String::new(), |(number, took)| format!("{number:>8}: {}", told(took)));
            println!("{:<40}{:>12}{:>20}{far:>30}{:>14}", cost.name, cost.found, told(cost.first), ms(cost.totals));
        }
        let pages = costs.filters.iter().flat_map(|cost| [Some(cost.first), cost.far.map(|(_, took)| took)]);
        let ratios: Vec<f64> = pages.flatten().map(|took| times(took, costs.by_key)).collect();
        let missed = ratios.iter().filter(|ratio| **ratio >= GOAL).count();
        let verdict = if missed == 0 { "reached".to_owned() } else { format!("MISSED by {missed} pages") };
        let worst = ratios.iter().copied().fold(0.0, f64::max);
        println!("\n{}: the dearest page costs {worst:.1} reads by key (goal {GOAL}: {verdict})\n", costs.engine);
    }
}
