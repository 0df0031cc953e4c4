//! Hears what server and terminal say of themselves, and splits a card's time by it.
//!
//! The server's metrics come as they are recorded: a duration that ends now is a span of time. Spans overlap (the clerk's
//! page reads the database while the card is written), so each instant counts once, for the first of: a script on its
//! way, a write to the database, a read. What is left is the server's own. A script's span holds the time at the
//! terminal, of which the terminal's log says how much was the card and how much the journal; the rest of it is the link.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use metrics::{
    Counter, Gauge as MetricGauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit,
};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// What a span of time was spent on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Script,
    Write,
    Read,
}

/// Everything heard since it was last taken.
#[derive(Debug, Default)]
struct Heard {
    spans: Vec<(What, Instant, Instant)>,
    terminal: Terminal,
}

/// What the terminal's log says of its scripts, summed.
#[derive(Clone, Copy, Debug, Default)]
struct Terminal {
    took: Duration,
    card: Duration,
    journal: Duration,
}

/// Where the time of one card went.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Split {
    pub(crate) whole: Duration,
    pub(crate) journal: Duration,
    pub(crate) card: Duration,
    pub(crate) terminal: Duration,
    pub(crate) link: Duration,
    pub(crate) write: Duration,
    pub(crate) read: Duration,
    pub(crate) server: Duration,
    pub(crate) scripts: usize,
    pub(crate) writes: usize,
}

/// Hears metrics and log; a clone is the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gauge(Arc<Mutex<Heard>>);

impl Gauge {
    /// What was heard, which is forgotten.
    pub(crate) fn take(&self) {
        *self.heard() = Heard::default();
    }

    /// Splits the time of a card.
    pub(crate) fn split(&self, from: Instant, to: Instant) -> Split {
        let heard = self.heard();
        let Terminal { took, card, journal } = heard.terminal;
        let covered = |last: What| heard.covered(from, to, |what| what <= last);
        let (script, written, read) = (covered(What::Script), covered(What::Write), covered(What::Read));
        let count = |of: What| heard.spans.iter().filter(|(what, _, end)| *what == of && *end <= to).count();
        Split {
            whole: to - from,
            journal,
            card,
            terminal: took.saturating_sub(card + journal),
            link: script.saturating_sub(took),
            write: written.saturating_sub(script),
            read: read.saturating_sub(written),
            server: (to - from).saturating_sub(read),
            scripts: count(What::Script),
            writes: count(What::Write),
        }
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Heard {
    /// How much of the time is covered by spans of this kind, each instant counted once.
    fn covered(&self, from: Instant, to: Instant, of: impl Fn(What) -> bool) -> Duration {
        let mut spans: Vec<(Instant, Instant)> = (self.spans.iter())
            .filter(|(what, ..)| of(*what))
            .map(|(_, begin, end)| ((*begin).clamp(from, to), (*end).clamp(from, to)))
            .collect();
        spans.sort_unstable();
        let (mut covered, mut reached) = (Duration::ZERO, from);
        for (begin, end) in spans {
            covered += end.saturating_duration_since(begin.max(reached));
            reached = reached.max(end);
        }
        covered
    }
}

/// A histogram of the server, by what its durations were spent on.
struct Spans {
    what: What,
    gauge: Gauge,
}

impl HistogramFn for Spans {
    fn record(&self, seconds: f64) {
        let end = Instant::now();
        let begin = end.checked_sub(Duration::from_secs_f64(seconds)).unwrap_or(end);
        self.gauge.heard().spans.push((self.what, begin, end));
    }
}

impl Recorder for Gauge {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
        Counter::noop()
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> MetricGauge {
        MetricGauge::noop()
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        let reads = key.labels().any(|label| label.value() == "read");
        let what = match key.name() {
            "jichong_script_seconds" => What::Script,
            "store_work_seconds" if reads => What::Read,
            "store_work_seconds" | "store_batch_seconds" => What::Write,
            _ => return Histogram::noop(),
        };
        Histogram::from_arc(Arc::new(Spans { what, gauge: self.clone() }))
    }
}

impl<S: Subscriber> Layer<S> for Gauge {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target().starts_with("terminal") {
            event.record(&mut Summed(&mut self.heard().terminal));
        }
    }
}

struct Summed<'a>(&'a mut Terminal);

impl Visit for Summed<'_> {
    fn record_u64(&mut self, field: &Field, value: u64) {
        let sum = match field.name() {
            "took_us" => &mut self.0.took,
            "card_us" => &mut self.0.card,
            "journal_us" => &mut self.0.journal,
            _ => return,
        };
        *sum += Duration::from_micros(value);
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}
