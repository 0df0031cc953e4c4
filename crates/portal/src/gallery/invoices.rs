//! Invoices, as the office and the group see them.

use jiff::civil::date;
use maud::Markup;
use topup::invoices::{Buyer, Counts, Due, Filter, Invoice, State};
use topup::paging::{Page, Place};
use topup::people::staff::StaffRole;
use topup::{Fen, GroupId};

use super::office::{ago, groups, signed_in};
use super::{at, manager};
use crate::invoices::{buyer as own_buyer, list};
use crate::office::invoices::{buyers, invoice, list as invoices};
use crate::office::trail::Trail;
use crate::words::{Lang, say};

/// The office's.
pub(super) fn pages(lang: Lang) -> Vec<(&'static str, Markup)> {
    let finance = |here: &str| signed_in(lang, here, StaffRole::Finance);
    let counts = Counts { due: 2, requested: 1, issued: 14, red_flushed: 1, withdrawn: 0 };
    let due = invoices::Shown { counts, due: Page { rows: due(lang), next: None }, ..invoices::Shown::default() };
    let requested = invoices::Shown {
        filter: Filter::State(State::Requested),
        counts,
        invoices: Page { rows: vec![one(lang, State::Requested)], next: None },
        made: Some(1),
        ..invoices::Shown::default()
    };
    let (at_list, at_one) = (finance("/office/invoices"), finance("/office/invoices/9"));
    let wrong = vec![("number", say!(lang, "invoice-number-digits"))];
    let page = |state, problems: &[(&str, String)]| {
        let sent = invoice::Sent { number: "2641".into(), ..invoice::Sent::default() };
        let sent = if problems.is_empty() { invoice::Sent::default() } else { sent };
        invoice::page(&at_one, &one(lang, state), &Trail::default(), &sent, problems)
    };
    let late = Invoice { taken_back_at: Some(ago(1)), ..one(lang, State::Withdrawn) };
    let (groups, buyer, typed) = (groups(lang), buyer(lang), mistyped(lang));
    let mistyped = vec![("taxpayer", say!(lang, "taxpayer-check"))];
    let known: Vec<_> = groups.iter().cloned().zip([Some(buyer), None]).collect();
    let at_buyers = finance("/office/invoices/buyers");
    let form = groups.first().map(|group| buyers::form(&at_buyers, group, &typed, &Trail::default(), &mistyped));
    vec![
        ("invoices", invoices::page(&at_list, &due, &[])),
        ("invoices-none", invoices::page(&at_list, &invoices::Shown::default(), &[])),
        ("invoices-requested", invoices::page(&at_list, &requested, &[])),
        ("invoice", page(State::Requested, &[])),
        ("invoice-wrong", page(State::Requested, &wrong)),
        ("invoice-issued", page(State::Issued, &[])),
        ("invoice-red", page(State::RedFlushed, &[])),
        ("invoice-taken-back", invoice::page(&at_one, &late, &Trail::default(), &invoice::Sent::default(), &[])),
        ("buyers", buyers::page(&at_buyers, &known)),
        ("buyer-wrong", form.unwrap_or_default()),
    ]
}

/// The group's own.
pub(super) fn own(lang: Lang) -> Vec<(String, Markup)> {
    let (at_list, at_buyer) = (at(&manager(lang), "/invoices"), at(&manager(lang), "/invoices/buyer"));
    let states = [State::Requested, State::Issued, State::RedFlushed, State::Withdrawn];
    let rows = states.into_iter().map(|state| one(lang, state)).collect();
    let next = Some(Place { at: ago(3), id: 9 });
    let shown =
        list::Shown { buyer: Some(buyer(lang)), invoices: Page { rows, next }, due: 1, ..list::Shown::default() };
    let kept = list::Shown { buyer: Some(buyer(lang)), kept: true, ..list::Shown::default() };
    let wrong = vec![("taxpayer", say!(lang, "taxpayer-check"))];
    let named = [
        ("own-invoices", list::page(&at_list, &shown)),
        ("own-invoices-none", list::page(&at_list, &list::Shown::default())),
        ("own-invoices-kept", list::page(&at_list, &kept)),
        ("own-buyer", own_buyer::page(&at_buyer, &buyers::Sent::default(), &[])),
        ("own-buyer-wrong", own_buyer::page(&at_buyer, &mistyped(lang), &wrong)),
    ];
    named.into_iter().map(|(name, page)| (name.to_owned(), page)).collect()
}

fn buyer(lang: Lang) -> Buyer {
    Buyer {
        name: groups(lang).first().map_or_else(String::new, |group| group.name.clone()),
        taxpayer: "914403001922038216".into(),
        email: "cw@example.cn".into(),
        changed_by: "liu 刘敏".into(),
        changed_at: ago(50),
    }
}

fn mistyped(lang: Lang) -> buyers::Sent {
    buyers::Sent { taxpayer: "914403001922038217".into(), ..buyer(lang).into() }
}

fn due(lang: Lang) -> Vec<Due> {
    let orders = [("D2611211014081X142NW", 5_000_000, true), ("D2611211102311X14D7K", 10_000_000, false)];
    let of = |((order, fen, known), group): ((&str, i64, bool), topup::groups::Group)| Due {
        group: group.id,
        buyer: known.then(|| group.name.clone()),
        group_name: group.name,
        id: 1,
        order: order.into(),
        amount: Fen::new(fen),
        approved_at: ago(4),
    };
    orders.into_iter().zip(groups(lang)).map(of).collect()
}

fn one(lang: Lang, state: State) -> Invoice {
    let name = groups(lang).first().map_or_else(String::new, |group| group.name.clone());
    let issued = matches!(state, State::Issued | State::RedFlushed);
    let red = state == State::RedFlushed;
    Invoice {
        id: 9,
        group: GroupId(7),
        group_name: name.clone(),
        order: "D2611211014081X142NW".into(),
        approved_at: Some(ago(6)),
        amount: Fen::new(5_000_000),
        buyer: name,
        taxpayer: "914403001922038216".into(),
        email: "cw@example.cn".into(),
        state,
        requested_by: "liu 刘敏".into(),
        requested_at: ago(3),
        number: issued.then(|| "26412000000012345678".into()),
        issued_on: issued.then_some(date(2026, 11, 22)),
        red_number: red.then(|| "26412000000087654321".into()),
        red_on: red.then_some(date(2026, 11, 22)),
        taken_back_at: None,
    }
}
