//! Loads as records: their sums, their table, their file.

use maud::{Markup, html};
use topup::loads::Totals as Sum;
use topup::records::{Cell, Column, Holds, Line, Loads, Totals};

use super::shelf::{Nothing, Shelf};
use super::{Records, story_path};
use crate::loads::view::{corrected, short, state_tag, state_word};
use crate::look::{Side, Tone, show};
use crate::office::records::SeeRecords;
use crate::words::{Lang, say};

impl Shelf for Loads {
    type Needs = Records;
    type OfficeNeeds = SeeRecords;

    fn path(side: Side) -> &'static str {
        match side {
            Side::Portal => "/records",
            Side::Office => "/office/records",
        }
    }

    fn title(lang: Lang) -> String {
        say!(lang, "records-title")
    }

    fn file(lang: Lang) -> String {
        say!(lang, "export-file")
    }

    fn states(lang: Lang) -> Vec<(String, String)> {
        Holds::ALL.into_iter().map(|holds| (holds.as_str().to_owned(), Self::state(lang, holds))).collect()
    }

    fn state(lang: Lang, holds: Holds) -> String {
        state_word(lang, holds.state())
    }

    fn wrong_order(lang: Lang) -> String {
        say!(lang, "wrong-order")
    }

    fn sums(lang: Lang, totals: &Totals) -> Vec<(Tone, String, Sum)> {
        let doubt = if totals.unknown.count > 0 { Tone::Doubt } else { Tone::Plain };
        let tones = [Tone::Good, Tone::Plain, doubt];
        let sum = |(holds, tone)| (tone, Self::state(lang, holds), totals.of(holds));
        Holds::ALL.into_iter().zip(tones).map(sum).collect()
    }

    fn beside(_: Lang, _: Side) -> Markup {
        html! {}
    }

    fn none(lang: Lang, side: Side) -> Nothing {
        let (text, next) = match side {
            Side::Portal => (say!(lang, "records-none-text"), Some(("/station", say!(lang, "records-none-go")))),
            Side::Office => (say!(lang, "records-none-office"), None),
        };
        let (title, narrowed) = (say!(lang, "records-none"), say!(lang, "records-none-filter"));
        Nothing { title, text, narrowed, next }
    }

    fn table(lang: Lang, side: Side, lines: &[Line]) -> Markup {
        html! {
            table.table.records {
                thead { tr {
                    th scope="col" { (say!(lang, "list-time")) }
                    th.wide-only scope="col" { (say!(lang, "load-order")) }
                    @if side == Side::Office { th.wide-only scope="col" { (say!(lang, "load-group")) } }
                    th scope="col" { (say!(lang, "list-card")) }
                    th.wide-only scope="col" { (say!(lang, "records-where")) }
                    th.r.wide-only scope="col" { (say!(lang, "list-before")) }
                    th.r scope="col" { (say!(lang, "list-amount")) }
                    th.r.wide-only scope="col" { (say!(lang, "list-after")) }
                    @if side == Side::Portal { th.r.wide-only scope="col" { (say!(lang, "records-quota-after")) } }
                    th scope="col" { (say!(lang, "list-result")) }
                } }
                tbody { @for line in lines { (row(lang, side, line)) } }
            }
        }
    }

    fn columns(lang: Lang, all: bool) -> Vec<Column> {
        let column = |title: String, width: u8| Column { title, width };
        let mut columns = vec![column(say!(lang, "list-time"), 20), column(say!(lang, "load-order"), 23)];
        columns.extend(all.then(|| column(say!(lang, "load-group"), 24)));
        columns.extend([
            column(say!(lang, "load-card"), 22),
            column(say!(lang, "export-operator"), 12),
            column(say!(lang, "export-operator-name"), 12),
            column(say!(lang, "load-terminal"), 15),
            column(say!(lang, "export-terminal-name"), 14),
            column(say!(lang, "load-balance-before"), 12),
            column(say!(lang, "load-amount"), 12),
            column(say!(lang, "load-balance-after"), 12),
            column(say!(lang, "load-quota-before"), 16),
            column(say!(lang, "load-quota-after"), 16),
            column(say!(lang, "list-result"), 10),
            column(say!(lang, "load-reason"), 28),
        ]);
        columns
    }

    fn row(lang: Lang, all: bool, line: &Line) -> Vec<Cell> {
        let load = &line.load;
        let mut cells = vec![Cell::Text(show::date_time(load.created_at)), Cell::Digits(load.order.to_string())];
        cells.extend(all.then(|| Cell::text(&line.group)));
        // What holds now, so that the rows come to the totals; how it had ended stands beside it where that differs.
        let holds = load.holds();
        let mut why = short(lang, load).unwrap_or_default();
        if holds != load.state {
            why = say!(lang, "export-corrected", state = state_word(lang, load.state), why = why);
        }
        cells.extend([
            Cell::Digits(load.card.to_string()),
            Cell::Digits(load.operator.clone()),
            Cell::text(line.operator.as_deref().unwrap_or_default()),
            Cell::Digits(load.terminal.clone()),
            Cell::text(line.terminal.as_deref().unwrap_or_default()),
            Cell::money(load.balance_before),
            Cell::Money(load.amount),
            Cell::money(load.balance_after),
            Cell::money(load.quota_before),
            Cell::money(load.quota_after),
            Cell::Text(state_word(lang, holds)),
            Cell::text(&why),
        ]);
        cells
    }
}

fn row(lang: Lang, side: Side, line: &Line) -> Markup {
    let load = &line.load;
    let story = story_path(side, load.order);
    html! {
        tr {
            td.when { a href=(story) { (show::moment(load.created_at)) } }
            td.num.wide-only { a href=(story) { (load.order) } }
            @if side == Side::Office { td.wide-only.group { (line.group) } }
            td { (show::card_end(&load.card)) }
            td.wide-only {
                (line.operator.as_deref().unwrap_or_default()) " " span.num { (load.operator) }
                div.sub { @if let Some(name) = &line.terminal { (name) " " } (show::terminal(&load.terminal)) }
            }
            td.r.wide-only { (show::cell(load.balance_before)) }
            td.r { (load.amount.to_string()) }
            td.r.wide-only { (show::cell(load.balance_after)) }
            @if side == Side::Portal { td.r.wide-only { (show::cell(load.quota_after)) } }
            td.result { (state_tag(lang, load.state))
                @if load.proven_since.is_some() { " " (corrected(lang, load)) }
                @if let Some(why) = short(lang, load) { div.sub { (why) } } }
        }
    }
}
