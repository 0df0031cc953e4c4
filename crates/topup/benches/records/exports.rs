//! Files of records: how long they take and how much memory, at 10,000 and at 1,000,000 loads; and beside them Python's
//! xlsxwriter on the same rows and PostgreSQL's COPY.
//!
//! Each export runs in a process of its own, with one connection that has read the same rows before: so its caches are as
//! full for a short file as for a long one, and what the peak of memory grows by is the export's.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde::{Deserialize, Serialize};
use topup::House;
use topup::records::exports::{self, Layout};
use topup::records::{Cell, Column, Day, Format, Head, Line, Scope, Totals, totals};

use crate::cases::since;
use crate::city::{BUSY, City, NOW};
use crate::indices::Place;
use crate::python::Python;
use crate::report::{median, verdict};

/// Loads of the short and of the long file.
const SHORT: i64 = 10_000;
const LONG: i64 = 1_000_000;

/// XLSX is to be so many times quicker than Python's.
const GOAL: f64 = 5.0;

/// A peak grows by less than this part from the short to the long file, or it is not flat.
const FLAT: f64 = 0.1;

/// What a process of its own is asked to make.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Job {
    database: String,
    format: String,
    first: Day,
    /// Where the file is left, if anywhere.
    keep: Option<String>,
}

/// What it says of it.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Made {
    rows: i64,
    bytes: u64,
    seconds: f64,
    /// Resident memory before it began, and the most while it ran.
    before_kib: u64,
    peak_kib: u64,
}

/// The files of one engine.
#[derive(Debug)]
pub(crate) struct Files {
    engine: String,
    /// Format, short, long.
    made: Vec<(Format, Made, Made)>,
    python: Option<Made>,
    copy: Option<Made>,
}

pub(crate) async fn measure(house: &House, place: &Place, python: Option<&Python>) -> Result<Files> {
    let folder = tempfile::tempdir()?;
    let csv = folder.path().join("rows.csv");
    let (short, long) = (newest(house, SHORT).await?, newest(house, LONG).await?);
    let mut made = Vec::new();
    for format in Format::ALL {
        let job = |first, keep: Option<&Path>| Job {
            database: place.0.clone(),
            format: format.as_str().to_owned(),
            first,
            keep: keep.map(|path| path.display().to_string()),
        };
        let keep = (format == Format::Csv).then_some(csv.as_path());
        made.push((format, often(&job(short, None))?, often(&job(long, keep))?));
    }
    let python = python.map(|python| python.write(&csv, &folder.path().join("python.xlsx"))).transpose()?;
    let copy = if place.is_sqlite() { None } else { Some(copy(place, long, &folder.path().join("copy.csv")).await?) };
    for rival in python.iter().chain(&copy) {
        ensure!(made.iter().all(|(_, _, long)| long.rows == rival.rows), "not the same rows: {rival:?}, {made:?}");
    }
    Ok(Files { engine: house.db.engine().to_string(), made, python, copy })
}

/// The day since which the busy group has this many loads, or a few less.
async fn newest(house: &House, rows: i64) -> Result<Day> {
    let (mut low, mut high) = (City::first_day(), Day::of(NOW).plus(-1));
    while low < high {
        let middle = low.plus((high.number() - low.number()) / 2);
        let found = totals(house, &since(Scope::of(BUSY), middle)).await?.count();
        if found > rows { low = middle.plus(1) } else { high = middle }
    }
    Ok(low)
}

/// How often each file is made; the medians count.
const OFTEN: usize = 3;

/// Made some times, each in a process of its own.
fn often(job: &Job) -> Result<Made> {
    let made = (0..OFTEN).map(|_| elsewhere(job)).collect::<Result<Vec<Made>>>()?;
    let one = *made.first().context("made")?;
    let seconds = median(made.iter().map(|made| Duration::from_secs_f64(made.seconds)).collect()).as_secs_f64();
    let kib = |of: fn(&Made) -> u64| median(made.iter().map(of).collect());
    Ok(Made { seconds, before_kib: kib(|made| made.before_kib), peak_kib: kib(|made| made.peak_kib), ..one })
}

/// In a process of its own.
fn elsewhere(job: &Job) -> Result<Made> {
    let output = Command::new(std::env::current_exe()?).args(["--export", &serde_json::to_string(job)?]).output()?;
    if !output.status.success() {
        bail!("an export failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// That process.
pub(crate) async fn make(job: &Job) -> Result<Made> {
    let house = crate::open(&job.database, 1).await?;
    let filter = since(Scope::of(BUSY), job.first);
    let format = Format::parse(&job.format).context("a format")?;
    // The caches, of the database and of the allocator, as after a day's work.
    let all = since(Scope::of(BUSY), newest(&house, LONG / 5).await?);
    exports::write(&house, &all, format, Arc::new(Loads)).await?;
    std::fs::write("/proc/self/clear_refs", "5")?;
    let before_kib = memory("VmRSS:")?;
    let began = Instant::now();
    let mut file = exports::write(&house, &filter, format, Arc::new(Loads)).await?;
    let (seconds, peak_kib) = (began.elapsed().as_secs_f64(), memory("VmHWM:")?);
    let rows = totals(&house, &filter).await?.count();
    let bytes = file.metadata()?.len();
    if let Some(path) = &job.keep {
        std::io::copy(&mut file, &mut std::fs::File::create(path)?)?;
    }
    Ok(Made { rows, bytes, seconds, before_kib, peak_kib })
}

/// What the system says of this process's memory, in KiB.
fn memory(what: &str) -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(what)).context("the system tells it")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

/// The same rows by PostgreSQL alone.
async fn copy(place: &Place, first: Day, path: &Path) -> Result<Made> {
    use futures_util::TryStreamExt as _;
    use std::io::Write as _;
    let mut conn = place.postgres().await?;
    let sql = format!(
        "COPY (SELECT to_char(to_timestamp(l.created_at_us / 1000000) AT TIME ZONE 'Asia/Shanghai', \
         'YYYY-MM-DD HH24:MI:SS'), l.id, l.card_number, o.login, o.name, l.terminal, t.name, \
         l.balance_before_fen / 100.0, l.amount_fen / 100.0, l.balance_after_fen / 100.0, l.quota_before_fen / 100.0, \
         l.quota_after_fen / 100.0, l.state, l.reason FROM loads l LEFT JOIN operators o ON o.id = l.operator_id \
         LEFT JOIN terminals t ON t.number = l.terminal WHERE l.group_id = {} AND l.id >= {} ORDER BY l.id DESC) \
         TO STDOUT (FORMAT csv)",
        BUSY.0,
        topup::Ids::first_of(first.begins()),
    );
    let began = Instant::now();
    let mut out = std::io::BufWriter::new(std::fs::File::create(path)?);
    let mut rows = conn.copy_out_raw(&sql).await?;
    while let Some(bytes) = rows.try_next().await? {
        out.write_all(&bytes)?;
    }
    out.flush()?;
    let seconds = began.elapsed().as_secs_f64();
    let text = std::fs::read(path)?;
    let lines = text.split(|byte| *byte == b'\n').count() - 1;
    Ok(Made { rows: i64::try_from(lines)?, bytes: text.len() as u64, seconds, before_kib: 0, peak_kib: 0 })
}

/// The columns that the portal's files have.
#[derive(Debug)]
struct Loads;

impl Layout for Loads {
    fn head(&self, totals: &Totals) -> Head {
        let titles = [
            "时间",
            "订单号",
            "卡号",
            "操作员",
            "姓名",
            "终端",
            "终端名称",
            "充值前余额",
            "充值金额",
            "充值后余额",
            "充值前额度",
            "充值后额度",
            "结果",
            "原因",
        ];
        let sum = |what: &str, sum: topup::loads::Totals| {
            vec![Cell::Text(what.to_owned()), Cell::Count(sum.count), Cell::Money(sum.sum)]
        };
        Head {
            title: "充值记录".to_owned(),
            lines: vec![sum("成功", totals.succeeded), sum("未扣款", totals.failed), sum("待核实", totals.unknown)],
            columns: titles.map(|title| Column { title: title.to_owned(), width: 16 }).to_vec(),
        }
    }

    fn row(&self, line: &Line) -> Vec<Cell> {
        let load = &line.load;
        let text = |text: &str| if text.is_empty() { Cell::Empty } else { Cell::Text(text.to_owned()) };
        let money = |amount: Option<topup::Fen>| amount.map_or(Cell::Empty, Cell::Money);
        let at = jiff::Timestamp::from_microsecond(load.created_at.0).expect("a moment");
        vec![
            Cell::Text(jiff::tz::offset(8).to_datetime(at).strftime("%Y-%m-%d %H:%M:%S").to_string()),
            Cell::Digits(load.order.to_string()),
            Cell::Digits(load.card.to_string()),
            Cell::Digits(load.operator.clone()),
            text(line.operator.as_deref().unwrap_or_default()),
            Cell::Digits(load.terminal.clone()),
            text(line.terminal.as_deref().unwrap_or_default()),
            money(load.balance_before),
            Cell::Money(load.amount),
            money(load.balance_after),
            money(load.quota_before),
            money(load.quota_after),
            Cell::Text(load.holds().as_str().to_owned()),
            text(load.reason.map_or("", topup::loads::Reason::as_str)),
        ]
    }
}

impl Made {
    pub(crate) fn new(rows: i64, bytes: u64, took: Duration, peak_kib: u64) -> Self {
        Self { rows, bytes, seconds: took.as_secs_f64(), before_kib: 0, peak_kib }
    }

    fn print(&self, what: &str) {
        let mib = |kib: u64| if kib == 0 { String::new() } else { format!("{} MiB", kib / 1_024) };
        println!(
            "{what:<36}{:>10}{:>10} MiB{:>10.2} s{:>12}{:>12}",
            self.rows,
            self.bytes >> 20,
            self.seconds,
            mib(self.before_kib),
            mib(self.peak_kib)
        );
    }
}

pub(crate) fn print(all: &[Files]) {
    println!("\nFiles of records: time, and the memory of the process that makes them\n");
    println!("{:<36}{:>10}{:>14}{:>12}{:>12}{:>12}", "", "loads", "file", "time", "before", "peak");
    for Files { engine, made, python, copy } in all {
        for (format, short, long) in made {
            for made in [short, long] {
                made.print(&format!("{} from {engine}", format.as_str().to_uppercase()));
            }
        }
        if let Some(python) = python {
            python.print("XLSX by Python's xlsxwriter");
        }
        if let Some(copy) = copy {
            copy.print("CSV by PostgreSQL's COPY");
        }
    }
    println!();
    for Files { engine, made, python, copy } in all {
        for (format, short, long) in made {
            let name = format!("{} from {engine}", format.as_str().to_uppercase());
            let grown = long.peak_kib as f64 / short.peak_kib.max(1) as f64;
            let flat = verdict(grown < 1.0 + FLAT, "goal: the same");
            println!("{name}: peak of the long file / of the short one: {grown:.2}{flat}");
            match (format, python, copy) {
                (Format::Xlsx, Some(python), _) => {
                    let ratio = python.seconds / long.seconds;
                    let reached = verdict(ratio >= GOAL, &format!("goal {GOAL}"));
                    println!("{name}: {ratio:.1} times as quick as Python's xlsxwriter{reached}");
                }
                (Format::Csv, _, Some(copy)) => {
                    println!("{name}: {:.1} times the time of PostgreSQL's COPY", long.seconds / copy.seconds);
                }
                _ => {}
            }
        }
    }
}
