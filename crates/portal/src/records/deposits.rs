//! Deposits as records: their sums, their table, their file.

use maud::{Markup, html};
use topup::deposits::State;
use topup::loads::Totals as Sum;
use topup::records::{Cell, Column, DepositLine, DepositTotals, Deposits, Stands};

use super::shelf::{Nothing, Shelf};
use crate::deposits::deposit::{state_tag, state_word};
use crate::deposits::form::payer_word;
use crate::look::{Side, Tone, show};
use crate::office;
use crate::people::access;
use crate::words::{Lang, say};

impl Shelf for Deposits {
    type Needs = access::Deposits;
    type OfficeNeeds = office::deposits::See;

    fn path(side: Side) -> &'static str {
        match side {
            Side::Portal => "/records/deposits",
            Side::Office => "/office/records/deposits",
        }
    }

    fn title(lang: Lang) -> String {
        say!(lang, "deposits-title")
    }

    fn file(lang: Lang) -> String {
        say!(lang, "deposits-file")
    }

    fn states(lang: Lang) -> Vec<(String, String)> {
        Stands::ALL.into_iter().map(|stands| (stands.as_str().to_owned(), Self::state(lang, stands))).collect()
    }

    fn state(lang: Lang, stands: Stands) -> String {
        match stands {
            Stands::Came => say!(lang, "deposits-came"),
            Stands::In(state) => state_word(lang, state),
        }
    }

    fn wrong_order(lang: Lang) -> String {
        say!(lang, "wrong-deposit")
    }

    fn sums(lang: Lang, totals: &DepositTotals) -> Vec<(Tone, String, Sum)> {
        let lit = |sum: Sum, tone| if sum.count > 0 { tone } else { Tone::Plain };
        let waiting = totals.of(State::Paid);
        vec![
            (Tone::Good, say!(lang, "deposits-paid"), totals.came()),
            (lit(waiting, Tone::Doubt), say!(lang, "deposits-waiting"), waiting),
            (Tone::Plain, say!(lang, "deposits-approved"), totals.of(State::Approved)),
            (Tone::Plain, say!(lang, "deposits-going-back"), totals.going_back()),
            (Tone::Plain, say!(lang, "deposits-refunded"), totals.of(State::Refunded)),
            (Tone::Plain, say!(lang, "deposits-unpaid"), totals.unpaid()),
        ]
    }

    fn beside(lang: Lang, side: Side) -> Markup {
        html! { @if side == Side::Portal { a.button.main.no-print href="/deposits/new" { (say!(lang, "deposit-title")) } } }
    }

    fn none(lang: Lang, side: Side) -> Nothing {
        let (text, next) = match side {
            Side::Portal => (say!(lang, "deposits-none-text"), Some(("/deposits/new", say!(lang, "deposit-title")))),
            Side::Office => (say!(lang, "deposits-none-office"), None),
        };
        let (title, narrowed) = (say!(lang, "deposits-none"), say!(lang, "deposits-none-filter"));
        Nothing { title, text, narrowed, next }
    }

    fn table(lang: Lang, side: Side, lines: &[DepositLine]) -> Markup {
        html! {
            table.table.records.of-deposits {
                thead { tr {
                    th scope="col" { (say!(lang, "list-time")) }
                    th.wide-only scope="col" { (say!(lang, "deposit-order")) }
                    @if side == Side::Office { th.wide-only scope="col" { (say!(lang, "load-group")) } }
                    th.r scope="col" { (say!(lang, "list-amount")) }
                    th.wide-only scope="col" { (say!(lang, "deposits-who")) }
                    th.wide-only scope="col" { (say!(lang, "deposit-serial")) }
                    th scope="col" { (say!(lang, "list-result")) }
                    @if side == Side::Portal { th.wide-only scope="col" { (say!(lang, "deposit-remark")) } }
                } }
                tbody { @for line in lines { (row(lang, side, line)) } }
            }
        }
    }

    fn columns(lang: Lang, all: bool) -> Vec<Column> {
        let column = |title: String, width: u8| Column { title, width };
        let mut columns = vec![column(say!(lang, "deposit-confirmed-at"), 20), column(say!(lang, "deposit-order"), 23)];
        columns.extend(all.then(|| column(say!(lang, "load-group"), 24)));
        columns.extend([
            column(say!(lang, "deposit-amount"), 16),
            column(say!(lang, "deposit-paid-amount"), 16),
            column(say!(lang, "deposit-payer"), 12),
            column(say!(lang, "deposit-serial"), 24),
            column(say!(lang, "deposits-settle-date"), 10),
            column(say!(lang, "deposit-paid-at"), 20),
            column(say!(lang, "deposit-decided-at"), 20),
            column(say!(lang, "export-operator"), 12),
            column(say!(lang, "export-operator-name"), 12),
            column(say!(lang, "list-result"), 12),
            column(say!(lang, "load-reason"), 28),
            column(say!(lang, "deposit-remark"), 28),
        ]);
        columns
    }

    fn row(lang: Lang, all: bool, line: &DepositLine) -> Vec<Cell> {
        let (deposit, paid) = (&line.deposit, line.deposit.paid.as_ref());
        let when = |at: Option<topup::Micros>| at.map_or(Cell::Empty, |at| Cell::Text(show::date_time(at)));
        let digits = |digits: Option<&str>| digits.map_or(Cell::Empty, |digits| Cell::Digits(digits.to_owned()));
        let mut cells = vec![Cell::Text(show::date_time(deposit.created_at)), Cell::Digits(deposit.order.to_string())];
        cells.extend(all.then(|| Cell::text(&line.group)));
        cells.extend([
            Cell::Money(deposit.amount),
            Cell::money(paid.map(|paid| paid.amount)),
            Cell::Text(payer_word(lang, deposit.payer)),
            digits(paid.map(|paid| paid.serial.as_str())),
            digits(paid.and_then(|paid| paid.settle_date.as_deref())),
            when(paid.map(|paid| paid.at)),
            when(deposit.decided_at),
            Cell::Digits(line.login.clone()),
            Cell::text(&line.operator),
            Cell::Text(state_word(lang, deposit.state)),
            Cell::text(deposit.failure.as_ref().map_or("", |(_, words)| words)),
            Cell::text(&deposit.remark),
        ]);
        cells
    }
}

fn row(lang: Lang, side: Side, line: &DepositLine) -> Markup {
    let deposit = &line.deposit;
    let story = match side {
        Side::Portal => crate::deposits::path(deposit.order),
        Side::Office => office::deposits::path(deposit.order),
    };
    let paid = deposit.paid.as_ref();
    html! {
        tr {
            td.when { a href=(story) { (show::moment(deposit.created_at)) } }
            td.num.wide-only { a href=(story) { (deposit.order) } }
            @if side == Side::Office { td.wide-only.group { (line.group) } }
            td.r {
                (paid.map_or(deposit.amount, |paid| paid.amount).to_string())
                @if paid.is_some_and(|paid| paid.amount != deposit.amount) {
                    div.sub.bad-text { (say!(lang, "tray-asked", amount = show::yuan(deposit.amount))) }
                }
            }
            td.wide-only { (line.operator) " " span.num { (line.login) } div.sub { (payer_word(lang, deposit.payer)) } }
            td.wide-only.num { (paid.map_or("—", |paid| paid.serial.as_str())) }
            td.result {
                (state_tag(lang, deposit.state))
                @if let Some(at) = deposit.decided_at {
                    div.sub { (say!(lang, "deposits-decided", time = show::date_time(at))) }
                }
            }
            @if side == Side::Portal { td.wide-only.remark { (deposit.remark) } }
        }
    }
}
