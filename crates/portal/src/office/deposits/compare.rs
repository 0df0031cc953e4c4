//! Our order and the bank's evidence side by side, each line marked as the same or not.

use maud::{Markup, html};
use topup::deposits::{Deposit, Happened, Story, Told, Voucher};
use topup::{Fen, Micros};

use crate::look::{Tone, notice, show, tag};
use crate::words::{Lang, say};

/// A line of the comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) what: String,
    pub(crate) ours: String,
    pub(crate) bank: String,
    /// Whether they agree; none where there is nothing to compare.
    pub(crate) same: Option<bool>,
}

/// What the bank said, and when.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Evidence<'a> {
    /// The notification that said that it is paid, or else the last.
    notified: Option<(Micros, &'a [(String, String)])>,
    /// When the answer came that it is paid.
    queried: Option<Micros>,
}

impl<'a> Evidence<'a> {
    fn of(story: &'a Story) -> Self {
        let mut evidence = Self::default();
        let mut said_paid = false;
        for event in &story.events {
            if let Happened::Notified { told, fields } = &event.what {
                let done = matches!(told, Told::Done { .. });
                if done || !said_paid {
                    evidence.notified = Some((event.at, fields));
                    said_paid = done;
                }
            }
            if let Happened::Asked { told: Told::Done { .. } } = &event.what {
                evidence.queried = Some(event.at);
            }
        }
        evidence
    }

    /// A field of the notification, in the gateway's own name.
    fn field(&self, name: &str) -> Option<&'a str> {
        let (_, fields) = self.notified?;
        fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Every line, for a deposit that is paid; `merchant` is the one that we are at the gateway, if we know.
pub(crate) fn lines(lang: Lang, story: &Story, merchant: &str) -> Vec<Line> {
    let deposit = &story.deposit;
    let Some(paid) = &deposit.paid else { return vec![] };
    let evidence = Evidence::of(story);
    let dash = || "—".to_owned();
    let only_bank =
        |what: String, bank: Option<String>| bank.map(|bank| Line { what, ours: String::new(), bank, same: None });
    let compared = |what: String, ours: String, bank: Option<String>| match bank {
        Some(bank) => Line { what, same: Some(ours == bank), ours, bank },
        None => Line { what, ours, bank: dash(), same: None },
    };
    let order = deposit.order.to_string();
    let by_order = evidence.queried.map(|_| say!(lang, "compare-by-order"));
    let mut lines = vec![match evidence.field("orderId") {
        Some(bank) => compared(say!(lang, "compare-order"), order, Some(bank.to_owned())),
        // The gateway is asked by our number, and its answer has to name it.
        None => Line {
            what: say!(lang, "compare-order"),
            ours: order,
            same: by_order.as_ref().map(|_| true),
            bank: by_order.unwrap_or_else(dash),
        },
    }];
    lines.push(compared(say!(lang, "compare-amount"), show::yuan(deposit.amount), Some(show::yuan(paid.amount))));
    let notified = evidence.field("txnAmt").and_then(|fen| fen.parse().ok()).map(Fen::new);
    if let Some(notified) = notified.filter(|notified| *notified != paid.amount) {
        let (ours, bank) = (show::yuan(deposit.amount), Some(show::yuan(notified)));
        lines.push(compared(say!(lang, "compare-notified-amount"), ours, bank));
    }
    lines.push(time(lang, deposit, evidence.field("txnTime")));
    if !merchant.is_empty() {
        let bank = evidence.field("merId").map(str::to_owned);
        lines.push(compared(say!(lang, "compare-merchant"), merchant.to_owned(), bank));
    }
    let serial = evidence.field("queryId");
    lines.push(Line {
        what: say!(lang, "compare-serial"),
        ours: paid.serial.clone(),
        bank: serial.map_or_else(|| paid.serial.clone(), str::to_owned),
        same: serial.map(|serial| serial == paid.serial),
    });
    let settles = paid.settle_date.as_deref().or(evidence.field("settleDate"));
    let traced = paid.traced_at.as_deref().or(evidence.field("traceTime"));
    let rest = [
        only_bank(say!(lang, "compare-trace"), evidence.field("traceNo").map(str::to_owned)),
        only_bank(say!(lang, "compare-traced"), traced.map(month_to_second)),
        only_bank(say!(lang, "compare-settle"), settles.map(month_day)),
        only_bank(say!(lang, "compare-payer"), evidence.field("accNo").map(str::to_owned)),
    ];
    lines.extend(rest.into_iter().flatten());
    let notified_at = evidence.notified.map(|(at, _)| show::date_time(at));
    let notified_at = notified_at.unwrap_or_else(|| say!(lang, "compare-notified-never"));
    lines.extend(only_bank(say!(lang, "compare-notified"), Some(notified_at)));
    let queried = match evidence.queried {
        Some(at) => say!(lang, "compare-queried-says", time = show::date_time(at)),
        None => say!(lang, "compare-queried-never"),
    };
    // What its file lists and its answers deny does not agree, whatever else does.
    let denied = (story.voucher == Voucher::File).then_some(false);
    let queried = only_bank(say!(lang, "compare-queried"), Some(queried));
    lines.extend(queried.map(|line| Line { same: denied, ..line }));
    let in_file = story.events.iter().any(|event| matches!(event.what, Happened::InFile { .. }));
    lines.extend(only_bank(say!(lang, "compare-file"), in_file.then(|| say!(lang, "compare-file-says"))));
    lines
}

/// The second that names the order at the gateway, beside its number.
fn time(lang: Lang, deposit: &Deposit, bank: Option<&str>) -> Line {
    let ours = deposit.redirected_at.map(show::date_time);
    let bank = bank.map(day_to_second);
    Line {
        what: say!(lang, "compare-time"),
        same: ours.as_ref().zip(bank.as_ref()).map(|(ours, bank)| ours == bank),
        ours: ours.unwrap_or_else(|| "—".to_owned()),
        bank: bank.unwrap_or_else(|| "—".to_owned()),
    }
}

/// How many lines do not agree.
pub(crate) fn differing(lines: &[Line]) -> usize {
    lines.iter().filter(|line| line.same == Some(false)).count()
}

/// The section.
pub(crate) fn draw(lang: Lang, story: &Story, merchant: &str) -> Markup {
    let lines = lines(lang, story, merchant);
    let differing = differing(&lines);
    html! {
        section.sheet.queue aria-labelledby="compare" {
            h2 id="compare" {
                (say!(lang, "compare-title"))
                @if lines.is_empty() {}
                @else if differing == 0 { (tag(Tone::Good, &say!(lang, "compare-all-same"))) }
                @else { (tag(Tone::Bad, &say!(lang, "compare-some-differ", n = differing))) }
            }
            @if lines.is_empty() { p.soft.none { (say!(lang, "compare-no-bank")) } } @else {
                table.table.compare {
                    thead { tr {
                        th scope="col" { (say!(lang, "compare-what")) }
                        th scope="col" { (say!(lang, "compare-ours")) }
                        th scope="col" { (say!(lang, "compare-bank")) }
                        th scope="col" { span.unseen { (say!(lang, "compare-same")) } }
                    } }
                    tbody { @for line in &lines { (draw_line(lang, line)) } }
                }
            }
            @if let Some((code, words)) = &story.deposit.failure {
                div.none { (notice(Tone::Plain, &say!(lang, "deposit-bank-says"), format!("{words}（{code}）"))) }
            }
        }
    }
}

fn draw_line(lang: Lang, line: &Line) -> Markup {
    html! {
        tr.differs[line.same == Some(false)] {
            th scope="row" { (line.what) }
            td.num data-label=(say!(lang, "compare-ours")) { (line.ours) }
            td.num data-label=(say!(lang, "compare-bank")) { (line.bank) }
            td.mark-cell {
                @match line.same {
                    Some(true) => { (tag(Tone::Good, &say!(lang, "compare-same"))) }
                    Some(false) => { (tag(Tone::Bad, &say!(lang, "compare-differs"))) }
                    None => {}
                }
            }
        }
    }
}

/// `20261122143208` as people read it; anything else as it is.
fn day_to_second(digits: &str) -> String {
    let part = |range: std::ops::Range<usize>| digits.get(range).unwrap_or_default();
    if digits.len() == 14 {
        format!("{}-{}-{} {}:{}:{}", part(0..4), part(4..6), part(6..8), part(8..10), part(10..12), part(12..14))
    } else {
        digits.to_owned()
    }
}

/// `1122143208` likewise.
fn month_to_second(digits: &str) -> String {
    let part = |range: std::ops::Range<usize>| digits.get(range).unwrap_or_default();
    if digits.len() == 10 {
        format!("{}-{} {}:{}:{}", part(0..2), part(2..4), part(4..6), part(6..8), part(8..10))
    } else {
        digits.to_owned()
    }
}

/// `1122` likewise.
pub(super) fn month_day(digits: &str) -> String {
    match digits.split_at_checked(2) {
        Some((month, day)) if day.len() == 2 => format!("{month}-{day}"),
        _ => digits.to_owned(),
    }
}
