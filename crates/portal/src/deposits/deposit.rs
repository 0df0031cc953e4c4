//! One deposit: `GET /deposits/{order}`. The result, what happens next, and the whole story.

use axum::extract::{Path, State};
use maud::{Markup, html};
use topup::Micros;
use topup::deposits::{self, DepositNumber, Happened, Payer, State as Stand, Story};

use super::form::payer_word;
use super::{pay_path, steps};
use crate::App;
use crate::look::{Frame, Tone, fact, notice, show, tag};
use crate::people::access::{Deposits, Glance, May};
use crate::web::Html;
use crate::web::problem::Problem;
use crate::words::{Lang, say};

/// `GET /deposits/{order}`: a deposit of another group is as unknown as one that never was.
pub(crate) async fn get(
    State(app): State<App>,
    may: May<Deposits>,
    Path(order): Path<String>,
) -> Result<Html, Problem> {
    let story = find(&app, &may, &order).await?;
    Ok(Html(page(&may.frame, &story, app.house.now())))
}

/// `GET /deposits/{order}/now`: the fragment again.
pub(crate) async fn now(
    State(app): State<App>,
    may: Glance<Deposits>,
    Path(order): Path<String>,
) -> Result<Html, Problem> {
    let story = find(&app, &may, &order).await?;
    Ok(Html(fragment(may.frame.lang, &story, app.house.now())))
}

async fn find<const TOUCH: bool>(app: &App, may: &May<Deposits, TOUCH>, order: &str) -> Result<Story, Problem> {
    let order = DepositNumber::parse(order).ok_or(Problem::NotFound)?;
    deposits::standing(&app.house, Some(may.group()), order).await?.ok_or(Problem::NotFound)
}

/// The page, read at `now`.
pub(crate) fn page(frame: &Frame, story: &Story, now: Micros) -> Markup {
    let lang = frame.lang;
    let body = html! {
        div.sheet.pad.stack.deposit {
            h1.unseen { (say!(lang, "deposit-one")) }
            (fragment(lang, story, now))
            p.no-print { a href="/records/deposits" { (say!(lang, "deposits-title")) } }
        }
    };
    let page = frame.page(say!(lang, "deposit-one"), body).narrow().scripts(&["deposit.js"]);
    match follow(story.deposit.state) {
        Some(seconds) => page.refresh_without_script(seconds.max(5)).draw(),
        None => page.draw(),
    }
}

/// After how many seconds the page looks again; never where nothing more will happen.
const fn follow(state: Stand) -> Option<u32> {
    match state {
        Stand::Redirected => Some(2),
        Stand::Created | Stand::Paid | Stand::Rejected | Stand::Refunding => Some(5),
        Stand::Failed | Stand::Expired => Some(30),
        Stand::Approved | Stand::Refunded => None,
    }
}

/// The fragment `#deposit`.
pub(crate) fn fragment(lang: Lang, story: &Story, now: Micros) -> Markup {
    let deposit = &story.deposit;
    let (tone, title, next) = verdict(lang, story, now);
    let amount = deposit.paid.as_ref().map_or(deposit.amount, |paid| paid.amount);
    html! {
        div.result id="deposit" data-follow=[follow(deposit.state)] data-state=(deposit.state.as_str()) {
            div.outcome.(tone.class()) {
                div.head {
                    h2.verdict role="status" { (tone.icon().draw()) (title) " " span.num { (show::yuan(amount)) } }
                    p.what { (next) }
                }
                (beside(lang, story))
                @if deposit.can_be_paid(now) { (pay_again(lang, story)) }
                @if matches!(deposit.state, Stand::Failed | Stand::Expired) {
                    a.button.main.big.no-print href="/deposits/new" { (say!(lang, "deposit-new-again")) }
                }
                (facts(lang, story))
                h2 { (say!(lang, "deposit-steps")) }
                (steps::steps(lang, &story.events))
            }
        }
    }
}

/// The state in a word or two, for lists.
pub(crate) fn state_tag(lang: Lang, state: Stand) -> Markup {
    let tone = match state {
        Stand::Created | Stand::Refunded | Stand::Expired => Tone::Plain,
        Stand::Redirected | Stand::Paid | Stand::Refunding => Tone::Doubt,
        Stand::Approved => Tone::Good,
        Stand::Rejected | Stand::Failed => Tone::Bad,
    };
    tag(tone, &state_word(lang, state))
}

/// The same as plain words.
pub(crate) fn state_word(lang: Lang, state: Stand) -> String {
    match state {
        Stand::Created => say!(lang, "deposit-state-created"),
        Stand::Redirected => say!(lang, "deposit-state-redirected"),
        Stand::Paid => say!(lang, "deposit-state-paid"),
        Stand::Approved => say!(lang, "deposit-state-approved"),
        Stand::Rejected => say!(lang, "deposit-state-rejected"),
        Stand::Refunding => say!(lang, "deposit-state-refunding"),
        Stand::Refunded => say!(lang, "deposit-state-refunded"),
        Stand::Failed => say!(lang, "deposit-state-failed"),
        Stand::Expired => say!(lang, "deposit-state-expired"),
    }
}

/// How it stands, and what happens next.
fn verdict(lang: Lang, story: &Story, now: Micros) -> (Tone, String, String) {
    let deposit = &story.deposit;
    let amount = || show::yuan(deposit.paid.as_ref().map_or(deposit.amount, |paid| paid.amount));
    let until = || show::date_time(deposit.expires_at);
    match deposit.state {
        Stand::Created => {
            (Tone::Plain, say!(lang, "deposit-created-title"), say!(lang, "deposit-created-text", until = until()))
        }
        Stand::Redirected => {
            let text = match deposit.payer {
                Payer::Person | Payer::Company if now >= deposit.expires_at => say!(lang, "deposit-over-text"),
                Payer::Person => say!(lang, "deposit-person-text", until = until()),
                Payer::Company => say!(lang, "deposit-company-text"),
            };
            (Tone::Doubt, say!(lang, "deposit-redirected-title"), text)
        }
        Stand::Paid => {
            (Tone::Good, say!(lang, "deposit-paid-title"), say!(lang, "deposit-paid-text", amount = amount()))
        }
        Stand::Approved => {
            (Tone::Good, say!(lang, "deposit-approved-title"), say!(lang, "deposit-approved-text", amount = amount()))
        }
        Stand::Rejected | Stand::Refunding => {
            (Tone::Doubt, say!(lang, "deposit-rejected-title"), say!(lang, "deposit-rejected-text", amount = amount()))
        }
        Stand::Refunded if story.was_taken_back() => (
            Tone::Plain,
            say!(lang, "deposit-refunded-title"),
            say!(lang, "deposit-taken-back-text", amount = amount()),
        ),
        Stand::Refunded => {
            (Tone::Plain, say!(lang, "deposit-refunded-title"), say!(lang, "deposit-refunded-text", amount = amount()))
        }
        Stand::Failed => (Tone::Bad, say!(lang, "deposit-failed-title"), say!(lang, "deposit-failed-text")),
        Stand::Expired => (Tone::Bad, say!(lang, "deposit-expired-title"), say!(lang, "deposit-expired-text")),
    }
}

/// What is particular: why it failed, why it was rejected, what did not fit.
fn beside(lang: Lang, story: &Story) -> Markup {
    let deposit = &story.deposit;
    let rejected =
        story.events.iter().rev().find_map(|event| {
            if let Happened::Rejected { reason } = &event.what { Some(reason.as_str()) } else { None }
        });
    let late = story.events.iter().any(|event| matches!(event.what, Happened::Paid { late: true, .. }));
    let unfit = story.exceptions.iter().any(|exception| exception.closed.is_none());
    html! {
        @if let Some((_, words)) = deposit.failure.as_ref().filter(|_| deposit.state == Stand::Failed) {
            (notice(Tone::Bad, &say!(lang, "deposit-bank-says"), words))
        }
        @if let Some(reason) = rejected.filter(|_| deposit.state != Stand::Approved) {
            (notice(Tone::Doubt, &say!(lang, "deposit-reason"), reason))
        }
        @if let Some(paid) = deposit.paid.as_ref().filter(|paid| paid.amount != deposit.amount) {
            (notice(Tone::Doubt, &say!(lang, "deposit-differs"),
                say!(lang, "deposit-differs-text", asked = show::yuan(deposit.amount), paid = show::yuan(paid.amount))))
        } @else if late && deposit.state == Stand::Paid {
            (notice(Tone::Doubt, "", say!(lang, "deposit-late-text")))
        } @else if unfit {
            (notice(Tone::Doubt, "", say!(lang, "deposit-unfit-text")))
        }
    }
}

/// The way to the gateway, for the first time or again.
fn pay_again(lang: Lang, story: &Story) -> Markup {
    let pay = pay_path(story.deposit.order);
    html! {
        @if story.deposit.state == Stand::Created {
            a.button.main.big.no-print href=(pay) { (say!(lang, "deposit-pay-go")) }
        } @else {
            details.no-print {
                summary { (say!(lang, "deposit-not-paid-yet")) }
                p.soft { (say!(lang, "deposit-not-paid-text")) }
                p { a.button href=(pay) { (say!(lang, "deposit-pay-again")) } }
            }
        }
    }
}

fn facts(lang: Lang, story: &Story) -> Markup {
    let deposit = &story.deposit;
    let time = |at: Micros| html! { span.num { (show::date_time(at)) } };
    html! {
        dl.facts {
            (fact(&say!(lang, "deposit-order"), html! { span.num.order { (deposit.order) } }))
            (fact(&say!(lang, "deposit-amount"), show::money(deposit.amount)))
            @if let Some(paid) = &deposit.paid {
                @if paid.amount != deposit.amount { (fact(&say!(lang, "deposit-paid-amount"), show::money(paid.amount))) }
                (fact(&say!(lang, "deposit-serial"), html! { span.num.serial { (paid.serial) } }))
            }
            (fact(&say!(lang, "load-group"), story.group.as_str()))
            (fact(&say!(lang, "load-operator"), story.operator.as_str()))
            (fact(&say!(lang, "deposit-payer"), payer_word(lang, deposit.payer)))
            @if !deposit.remark.is_empty() { (fact(&say!(lang, "deposit-remark"), deposit.remark.as_str())) }
            (fact(&say!(lang, "deposit-confirmed-at"), time(deposit.created_at)))
            @if let Some(paid) = &deposit.paid { (fact(&say!(lang, "deposit-paid-at"), time(paid.at))) }
            @else { (fact(&say!(lang, "deposit-until"), time(deposit.expires_at))) }
            @if let Some(at) = deposit.decided_at { (fact(&say!(lang, "deposit-decided-at"), time(at))) }
        }
    }
}
