//! The figures of all cards.

use std::time::Duration;

use crate::gauge::Split;

/// The cards of one engine.
pub(crate) struct Report {
    name: String,
    cards: Vec<Split>,
}

/// The middle of many times, and the one that 95 of 100 stay below.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figures {
    pub(crate) median: Duration,
    pub(crate) p95: Duration,
}

/// A row of the table: what it is called, and its part of a card's time.
type Row = (&'static str, fn(&Split) -> Duration);

const ROWS: [Row; 8] = [
    ("a card, from touch to the page", |card| card.whole),
    ("  terminal: its journal's fsyncs", |card| card.journal),
    ("  terminal: the software card", |card| card.card),
    ("  terminal: itself", |card| card.terminal),
    ("  link: the scripts' round trips", |card| card.link),
    ("  database: commits", |card| card.write),
    ("  database: reading", |card| card.read),
    ("  server: itself, and the page", |card| card.server),
];

impl Figures {
    pub(crate) fn of(times: &mut [Duration]) -> Self {
        times.sort_unstable();
        let at = |percent: usize| times.get(times.len() * percent / 100).or(times.last()).copied().unwrap_or_default();
        Self { median: at(50), p95: at(95) }
    }
}

impl Report {
    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), cards: Vec::new() }
    }

    pub(crate) fn add(&mut self, card: Split) {
        self.cards.push(card);
    }

    fn figures(&self, of: fn(&Split) -> Duration) -> Figures {
        Figures::of(&mut self.cards.iter().map(of).collect::<Vec<_>>())
    }

    fn usual(&self, of: fn(&Split) -> usize) -> usize {
        let mut counts: Vec<usize> = self.cards.iter().map(of).collect();
        counts.sort_unstable();
        counts.get(counts.len() / 2).copied().unwrap_or_default()
    }
}

/// All engines side by side.
pub(crate) fn print(reports: &[Report]) {
    let line = |name: &str, cells: &[String]| println!("{name:<36}{}", cells.concat());
    println!();
    line("", &reports.iter().map(|report| format!("{:>22}", report.name)).collect::<Vec<_>>());
    line("ms", &reports.iter().map(|_| format!("{:>12}{:>10}", "median", "p95")).collect::<Vec<_>>());
    for (name, of) in ROWS {
        let cells = reports.iter().map(|report| report.figures(of));
        line(name, &cells.map(|f| format!("{:>12}{:>10}", ms(f.median), ms(f.p95))).collect::<Vec<_>>());
    }
    println!();
    for report in reports {
        let (scripts, writes) = (report.usual(|card| card.scripts), report.usual(|card| card.writes));
        println!("{}: {scripts} scripts and {writes} commits a card", report.name);
    }
    println!("(each part's own median, so that they do not add up to the whole's)");
}

pub(crate) fn ms(time: Duration) -> String {
    format!("{:.2}", time.as_secs_f64() * 1_000.0)
}
