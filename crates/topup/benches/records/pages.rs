//! Pages of filters, the first and the hundred-thousandth, against the read of one load by its key.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use ledger::GroupId;
use topup::House;
use topup::loads::{OrderNumber, by_order};
use topup::records::{Cursor, Day, Filter, Period, Seek, page, totals};

use crate::cases::Case;
use crate::report::{median, ms, times};

/// Loads on a page, as the portal has them.
const PAGE: u32 = 50;

/// The page that is far away.
const FAR: i64 = 100_000;

/// What a page may cost, in reads by key.
const GOAL: f64 = 20.0;

/// How often each is looked at; the median counts. What takes longer than some seconds in all is looked at less often.
const LOOKS: usize = 51;
const PATIENCE: Duration = Duration::from_secs(2);

/// What a look took, and the read of a load by its key just before it: both have met the same neighbours.
#[derive(Clone, Copy, Debug)]
struct Took {
    look: Duration,
    by_key: Duration,
}

/// What a filter cost.
#[derive(Debug)]
pub(crate) struct Cost {
    name: String,
    /// How many loads it finds.
    found: i64,
    first: Took,
    /// The far page and its number.
    far: Option<(i64, Took)>,
    totals: Took,
}

/// Everything on one engine.
#[derive(Debug)]
pub(crate) struct Costs {
    pub(crate) engine: String,
    filters: Vec<Cost>,
}

pub(crate) async fn measure(house: &House, cases: &[Case]) -> Result<Costs> {
    let keys = Keys::new(house, cases).await?;
    let mut filters = Vec::new();
    for Case { name, filter } in cases {
        let summed = || async { Ok(totals(house, filter).await?.count()) };
        let found = summed().await?;
        let look = |seek| async move { Ok(page(house, filter, seek, PAGE).await?.lines.len()) };
        let first = keys.beside(|| look(Seek::First)).await?;
        let far = match far(house, filter, found).await? {
            Some((number, cursor)) => Some((number, keys.beside(|| look(Seek::Older(cursor))).await?)),
            None => None,
        };
        filters.push(Cost { name: name.clone(), found, first, far, totals: keys.beside(summed).await? });
    }
    Ok(Costs { engine: house.db.engine().to_string(), filters })
}

/// Loads that are read by their keys.
struct Keys<'h> {
    house: &'h House,
    loads: Vec<(GroupId, OrderNumber)>,
}

impl<'h> Keys<'h> {
    async fn new(house: &'h House, cases: &[Case]) -> Result<Self> {
        let everything = cases.first().context("there are cases")?;
        let lines = page(house, &everything.filter, Seek::First, 1_000).await?.lines;
        Ok(Self { house, loads: lines.iter().map(|line| (line.load.group, line.load.order)).collect() })
    }

    async fn beside<F: Future<Output = Result<T>>, T>(&self, work: impl Fn() -> F) -> Result<Took> {
        let (mut looks, mut by_key) = (Vec::new(), Vec::new());
        let start = Instant::now();
        for (group, order) in self.loads.iter().take(LOOKS) {
            let began = Instant::now();
            let load = by_order(self.house, *group, *order).await?;
            by_key.push(began.elapsed());
            ensure!(load.is_some_and(|load| load.order == *order), "another load");
            let began = Instant::now();
            work().await?;
            looks.push(began.elapsed());
            if start.elapsed() > PATIENCE {
                break;
            }
        }
        Ok(Took { look: median(looks), by_key: median(by_key) })
    }
}

impl Took {
    fn ratio(self) -> f64 {
        times(self.look, self.by_key)
    }
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
        let keys = median(costs.filters.iter().map(|cost| cost.first.by_key).collect());
        println!("{}: one load by its primary key takes {}\n", costs.engine, ms(keys));
        println!("{:<40}{:>12}{:>20}{:>30}{:>14}", "", "loads", "page 1", "far page", "totals");
        for cost in &costs.filters {
            let told = |took: Took| {
                let ratio = took.ratio();
                format!("{} {ratio:>6.1}x{}", ms(took.look), if ratio < GOAL { " " } else { "!" })
            };
            let far = cost.far.map_or(String::new(), |(number, took)| format!("{number:>8}: {}", told(took)));
            let (first, totals) = (told(cost.first), ms(cost.totals.look));
            println!("{:<40}{:>12}{first:>20}{far:>30}{totals:>14}", cost.name, cost.found);
        }
        let pages = costs.filters.iter().flat_map(|cost| [Some(cost.first), cost.far.map(|(_, took)| took)]);
        let ratios: Vec<f64> = pages.flatten().map(Took::ratio).collect();
        let missed = ratios.iter().filter(|ratio| **ratio >= GOAL).count();
        let verdict = if missed == 0 { "reached".to_owned() } else { format!("MISSED by {missed} pages") };
        let dearest = ratios.iter().copied().fold(0.0, f64::max);
        println!("\n{}: the dearest page costs {dearest:.1} reads by key (goal {GOAL}: {verdict})\n", costs.engine);
    }
}
