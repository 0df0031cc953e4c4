//! Who gets a group's invoices: `GET /office/invoices/buyers`, and one of them under `/{group}`.

use axum::extract::{Form, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;
use topup::GroupId;
use topup::audit::Subject;
use topup::groups::{self, Group};
use topup::invoices::{self, Buyer, BuyerError, BuyerProblem, MOST_NAME, TaxpayerError, Typed};

use super::{BUYERS, Do, LIST, See, may_do};
use crate::App;
use crate::look::{Field, Frame, Tone, empty, icon, show, summary, tag};
use crate::office::trail::{Before, Trail, trail};
use crate::people::access::Office;
use crate::web::Html;
use crate::web::problem::Problem;
use crate::words::{Lang, say};

/// What the form sends.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Sent {
    pub(crate) name: String,
    pub(crate) taxpayer: String,
    pub(crate) email: String,
}

impl Sent {
    pub(crate) fn as_typed(&self) -> Typed<'_> {
        Typed { name: &self.name, taxpayer: &self.taxpayer, email: &self.email }
    }
}

impl From<Buyer> for Sent {
    fn from(Buyer { name, taxpayer, email, .. }: Buyer) -> Self {
        Self { name, taxpayer, email }
    }
}

/// `GET /office/invoices/buyers`
pub(crate) async fn get(State(app): State<App>, may: Office<See>) -> Result<Html, Problem> {
    Ok(Html(page(&may.frame, &invoices::buyers(&app.house).await?)))
}

/// `GET /office/invoices/buyers/{group}`
pub(crate) async fn one(
    State(app): State<App>,
    may: Office<Do>,
    Path(group): Path<i64>,
    Query(before): Query<Before>,
) -> Result<Html, Problem> {
    let (group, entries) = look(&app, group, &before).await?;
    let buyer = invoices::buyer(&app.house, group.id).await?;
    Ok(Html(form(&may.frame, &group, &buyer.map(Sent::from).unwrap_or_default(), &entries, &[])))
}

async fn look(app: &App, group: i64, before: &Before) -> Result<(Group, Trail), Problem> {
    let group =
        groups::all(&app.house).await?.into_iter().find(|known| known.id.0 == group).ok_or(Problem::NotFound)?;
    let entries = Trail::of(app, Subject::Group(group.id), before).await?;
    Ok((group, entries))
}

/// `POST /office/invoices/buyers/{group}`
pub(crate) async fn post(
    State(app): State<App>,
    may: Office<Do>,
    Path(group): Path<i64>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    match invoices::keep_buyer(&app.house, &may.actor(), GroupId(group), sent.as_typed()).await {
        Ok(()) => Ok(Redirect::to(BUYERS).into_response()),
        Err(BuyerError::Unknown) => Err(Problem::NotFound),
        Err(BuyerError::Storage(error)) => Err(error.into()),
        Err(BuyerError::Wrong(problems)) => {
            let (group, entries) = look(&app, group, &Before::default()).await?;
            let problems: Vec<_> = problems.into_iter().map(|problem| words(may.frame.lang, problem)).collect();
            let page = form(&may.frame, &group, &sent, &entries, &problems);
            Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page)).into_response())
        }
    }
}

/// The field that is wrong, and why.
pub(crate) fn words(lang: Lang, problem: BuyerProblem) -> (&'static str, String) {
    match problem {
        BuyerProblem::Name => ("name", say!(lang, "buyer-name-wrong", most = MOST_NAME)),
        BuyerProblem::Email => ("email", say!(lang, "buyer-email-wrong")),
        BuyerProblem::Taxpayer(TaxpayerError::Length(n)) => ("taxpayer", say!(lang, "taxpayer-length", n = n)),
        BuyerProblem::Taxpayer(TaxpayerError::Character { at, found }) => {
            ("taxpayer", say!(lang, "taxpayer-character", at = at, found = found.to_string()))
        }
        BuyerProblem::Taxpayer(TaxpayerError::Check) => ("taxpayer", say!(lang, "taxpayer-check")),
    }
}

/// The list.
pub(crate) fn page(frame: &Frame, buyers: &[(Group, Option<Buyer>)]) -> Markup {
    let lang = frame.lang;
    let title = say!(lang, "buyers");
    let body = html! {
        p.back { a href=(LIST) { (say!(lang, "back-invoices")) } }
        div.heading { div { h1 { (title) } p.soft { (say!(lang, "buyers-text")) } } }
        section.sheet {
            @if buyers.is_empty() {
                (empty(icon::LIST.draw(), &say!(lang, "groups-none"), &say!(lang, "buyers-none-text"), html! {}))
            } @else {
                table.table.reviews.invoices {
                    thead { tr {
                        th scope="col" { (say!(lang, "load-group")) }
                        th scope="col" { (say!(lang, "buyer-name")) }
                        th.wide-only scope="col" { (say!(lang, "buyer-email")) }
                        th.wide-only scope="col" { (say!(lang, "buyer-changed")) }
                    } }
                    tbody { @for (group, buyer) in buyers { (row(frame, group, buyer.as_ref())) } }
                }
            }
        }
    };
    frame.page(title, body).draw()
}

fn row(frame: &Frame, group: &Group, buyer: Option<&Buyer>) -> Markup {
    let lang = frame.lang;
    html! {
        tr {
            td.group { @if may_do(frame) { a href={ (BUYERS) "/" (group.id.0) } { (group.name) } } @else { (group.name) } }
            @if let Some(buyer) = buyer {
                td.group { (buyer.name) div.sub.num { (buyer.taxpayer) } div.sub.narrow-only { (buyer.email) } }
                td.wide-only { (buyer.email) }
                td.wide-only { (buyer.changed_by) div.sub.num { (show::date_time(buyer.changed_at)) } }
            } @else {
                td { (tag(Tone::Doubt, &say!(lang, "buyer-missing"))) }
                td.wide-only { "—" } td.wide-only { "—" }
            }
        }
    }
}

/// The form.
pub(crate) fn form(frame: &Frame, group: &Group, sent: &Sent, entries: &Trail, problems: &[(&str, String)]) -> Markup {
    let lang = frame.lang;
    let title = say!(lang, "buyer-title", group = group.name.as_str());
    let body = html! {
        p.back { a href=(BUYERS) { (say!(lang, "back-buyers")) } }
        div.sheet.pad.stack.queue {
            h1 { (title) }
            p.soft { (say!(lang, "buyer-text")) }
            form.stack method="post" action={ (BUYERS) "/" (group.id.0) } {
                (summary(lang, problems))
                (fields(lang, sent, problems))
                button.button.main.big { (say!(lang, "buyer-keep")) }
                a.soft href=(BUYERS) { (say!(lang, "ask-no")) }
            }
        }
        (trail(lang, &format!("{BUYERS}/{}", group.id.0), entries))
    };
    frame.page(title, body).narrow().draw()
}

/// Name, number and address, for the office and for the group itself.
pub(crate) fn fields(lang: Lang, sent: &Sent, problems: &[(&str, String)]) -> Markup {
    html! {
        (Field::new("name", say!(lang, "buyer-name"), "text", "organization").value(&sent.name).wrong(problems).draw())
        (Field::new("taxpayer", say!(lang, "buyer-taxpayer"), "text", "off").hint(say!(lang, "taxpayer-hint"))
            .value(&sent.taxpayer).wrong(problems).draw())
        (Field::new("email", say!(lang, "buyer-email"), "email", "email").hint(say!(lang, "buyer-email-hint"))
            .value(&sent.email).wrong(problems).draw())
    }
}
