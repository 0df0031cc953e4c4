//! The figures of one scene, and what the goals say of them.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::run::Scene;

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Row {
    BatchedPostgres,
    BatchedSqlite,
    Plain(usize),
    Statement(usize),
}

/// What one way did in one round, or the median of its rounds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figures {
    loads_a_second: f64,
    p50_ms: f64,
    p99_ms: f64,
    log_bytes_a_load: f64,
}

/// All rounds of a scene.
#[derive(Debug)]
pub(crate) struct Report {
    scene: Scene,
    rounds: BTreeMap<Row, Vec<Figures>>,
}

impl Figures {
    /// Of the waits in a while, in order of length.
    pub(crate) fn new(time: Duration, waits: &[Duration], log_bytes: i64) -> Self {
        let at = |percent: usize| {
            let wait = waits.get(waits.len() * percent / 100).or(waits.last());
            wait.map_or(0.0, |wait| wait.as_secs_f64() * 1_000.0)
        };
        Self {
            loads_a_second: waits.len() as f64 / time.as_secs_f64(),
            p50_ms: at(50),
            p99_ms: at(99),
            log_bytes_a_load: log_bytes as f64 / waits.len().max(1) as f64,
        }
    }

    /// Each figure's median.
    fn median(rounds: &[Self]) -> Self {
        let of = |figure: fn(&Self) -> f64| {
            let mut all: Vec<f64> = rounds.iter().map(figure).collect();
            all.sort_by(f64::total_cmp);
            all.get(all.len() / 2).copied().unwrap_or_default()
        };
        Self {
            loads_a_second: of(|f| f.loads_a_second),
            p50_ms: of(|f| f.p50_ms),
            p99_ms: of(|f| f.p99_ms),
            log_bytes_a_load: of(|f| f.log_bytes_a_load),
        }
    }
}

impl Report {
    pub(crate) fn new(scene: Scene) -> Self {
        Self { scene, rounds: BTreeMap::new() }
    }

    pub(crate) fn add(&mut self, row: Row, figures: Figures) {
        self.rounds.entry(row).or_default().push(figures);
    }

    pub(crate) fn print(&self) {
        let Scene { groups, callers, .. } = self.scene;
        let whose = if groups == 1 { "one hot group".to_owned() } else { format!("{groups} groups") };
        println!("\n{whose}, {callers} callers: loads authorised and settled, both durable\n");
        println!("{:<28}{:>10}{:>10}{:>10}{:>14}", "", "loads/s", "p50 ms", "p99 ms", "WAL bytes each");
        let medians: BTreeMap<Row, Figures> =
            self.rounds.iter().map(|(row, rounds)| (*row, Figures::median(rounds))).collect();
        for (row, f) in &medians {
            let name = row.to_string();
            println!(
                "{name:<28}{:>10.0}{:>10.2}{:>10.2}{:>14.0}",
                f.loads_a_second, f.p50_ms, f.p99_ms, f.log_bytes_a_load
            );
        }
        println!();
        self.print_goals(&medians);
    }

    /// The goals are set for one hot group and 64 callers; elsewhere the ratios stand alone.
    fn print_goals(&self, medians: &BTreeMap<Row, Figures>) {
        let is_set = self.scene.groups == 1 && self.scene.callers == 64;
        let best = (medians.iter())
            .filter(|(row, _)| matches!(row, Row::Plain(_) | Row::Statement(_)))
            .max_by(|(_, a), (_, b)| a.loads_a_second.total_cmp(&b.loads_a_second));
        let plain = |size| medians.get_key_value(&Row::Plain(size));
        let goals = [
            (Row::BatchedPostgres, plain(64), 30.0),
            (Row::BatchedPostgres, plain(8), 15.0),
            (Row::BatchedPostgres, best, 8.0),
            (Row::BatchedSqlite, plain(8), 10.0),
        ];
        for (row, rival, goal) in goals {
            let (Some(batched), Some((rival, figures))) = (medians.get(&row), rival) else { continue };
            let ratio = batched.loads_a_second / figures.loads_a_second;
            let verdict = verdict(is_set, ratio >= goal, &format!("goal {goal}"));
            println!("{row} / {rival}: {ratio:.1} times{verdict}");
        }
        for (row, size) in
            [(Row::BatchedPostgres, 64), (Row::BatchedPostgres, 8), (Row::BatchedSqlite, 64), (Row::BatchedSqlite, 8)]
        {
            let (Some(batched), Some((rival, figures))) = (medians.get(&row), plain(size)) else { continue };
            let part = figures.p99_ms / batched.p99_ms;
            let verdict = verdict(is_set, part >= 20.0, "goal a twentieth");
            println!("p99, {row} / {rival}: 1/{part:.1}{verdict}");
        }
        println!();
    }
}

fn verdict(is_set: bool, reached: bool, goal: &str) -> String {
    match (is_set, reached) {
        (false, _) => String::new(),
        (true, true) => format!(" ({goal}: reached)"),
        (true, false) => format!(" ({goal}: MISSED)"),
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BatchedPostgres => f.write_str("batched, PostgreSQL"),
            Self::BatchedSqlite => f.write_str("batched, SQLite"),
            Self::Plain(size) => write!(f, "plain, {size} connections"),
            Self::Statement(size) => write!(f, "statement, {size} connections"),
        }
    }
}
