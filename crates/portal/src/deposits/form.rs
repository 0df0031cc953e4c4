//! A new deposit: the form, and the check page before the confirm.

use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use serde::Deserialize;
use topup::Fen;
use topup::deposits::{self, Checked, ConfirmError, MOST_REMARK, Payer, Terms};
use topup::groups::{self, Quota};

use crate::App;
use crate::loads::amount;
use crate::look::{Field, Frame, Tone, fact, hidden, icon, kbd, notice, show, summary};
use crate::people::access::{Deposits, May};
use crate::web::problem::Problem;
use crate::web::{Html, encoded};
use crate::words::{Lang, say};

/// What was typed.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Typed {
    #[serde(default)]
    pub(crate) amount: String,
    #[serde(default)]
    pub(crate) remark: String,
    #[serde(default)]
    pub(crate) payer: String,
}

/// What is wrong with a field, by its name.
pub(crate) type Wrong = Vec<(&'static str, String)>;

/// What the form shows besides.
#[derive(Clone, Copy, Debug)]
pub(crate) struct About<'a> {
    pub(crate) quota: Quota,
    pub(crate) terms: &'a Terms,
    /// Whether a gateway is set up.
    pub(crate) open: bool,
}

/// `GET /deposits/new`
pub(crate) async fn get(
    State(app): State<App>,
    may: May<Deposits>,
    Query(typed): Query<Typed>,
) -> Result<Html, Problem> {
    let quota = groups::quota(&app.house, may.group()).await?;
    let about = About { quota, terms: &app.house.settings.deposits, open: app.house.till.is_some() };
    Ok(Html(page(&may.frame, &typed, &Wrong::new(), about)))
}

/// `POST /deposits/check`
pub(crate) async fn check(
    State(app): State<App>,
    may: May<Deposits>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let quota = groups::quota(&app.house, may.group()).await?;
    match deposits::check(&app.house, &typed.form().as_form()) {
        Ok(checked) => Ok(Html(check_page(&frame(&may.frame, &typed), &checked, quota)).into_response()),
        Err(error) => refused(&app, &may.frame, &typed, error, quota),
    }
}

/// The form again, with what is wrong.
pub(crate) fn refused(
    app: &App,
    frame: &Frame,
    typed: &Typed,
    error: ConfirmError,
    quota: Quota,
) -> Result<Response, Problem> {
    let wrong = wrong(frame.lang, typed, error)?;
    let about = About { quota, terms: &app.house.settings.deposits, open: app.house.till.is_some() };
    let again = self::frame(frame, typed);
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page(&again, typed, &wrong, about))).into_response())
}

/// The frame of a page that came by a POST: a change of language goes to the form, with what was typed in it.
fn frame(frame: &Frame, typed: &Typed) -> Frame {
    Frame { here: typed.path(""), ..frame.clone() }
}

/// What was typed, in the form in which the business takes it.
#[derive(Clone, Debug)]
pub(crate) struct Read {
    amount: String,
    remark: String,
    payer: Payer,
}

impl Read {
    pub(crate) fn as_form(&self) -> deposits::Form<'_> {
        deposits::Form { amount: &self.amount, remark: &self.remark, payer: self.payer }
    }
}

impl Typed {
    /// Amounts are read as generously here as at the station: `¥1,000`, `１０００元`.
    pub(crate) fn form(&self) -> Read {
        let amount = amount::parse(&self.amount).map_or_else(|| self.amount.clone(), |fen| fen.to_string());
        let payer = if self.payer == COMPANY { Payer::Company } else { Payer::Person };
        Read { amount: amount.replace(',', ""), remark: self.remark.clone(), payer }
    }

    fn of(checked: &Checked) -> Self {
        Self {
            amount: show::round(checked.amount).replace(',', ""),
            remark: checked.remark.clone(),
            payer: payer_value(checked.payer).to_owned(),
        }
    }

    /// Where the form is found with this in it.
    fn path(&self, field: &str) -> String {
        let Self { amount, remark, payer } = self;
        let (amount, remark, payer) = (encoded(amount), encoded(remark), encoded(payer));
        format!("/deposits/new?amount={amount}&remark={remark}&payer={payer}{field}")
    }
}

const PERSON: &str = "person";
const COMPANY: &str = "company";

fn payer_value(payer: Payer) -> &'static str {
    match payer {
        Payer::Person => PERSON,
        Payer::Company => COMPANY,
    }
}

/// Who pays, in words.
pub(crate) fn payer_word(lang: Lang, payer: Payer) -> String {
    match payer {
        Payer::Person => say!(lang, "deposit-payer-person"),
        Payer::Company => say!(lang, "deposit-payer-company"),
    }
}

fn wrong(lang: Lang, typed: &Typed, error: ConfirmError) -> Result<Wrong, Problem> {
    let value = typed.amount.trim();
    Ok(vec![match error {
        ConfirmError::NotAnAmount => ("amount", say!(lang, "deposit-wrong-amount", value = value)),
        ConfirmError::NotWhole => ("amount", say!(lang, "deposit-wrong-whole", value = value)),
        ConfirmError::NotPositive => ("amount", say!(lang, "deposit-wrong-zero")),
        ConfirmError::TooMuch { most } => {
            ("amount", say!(lang, "deposit-wrong-most", most = show::yuan(most), value = value))
        }
        ConfirmError::LongRemark => {
            let count = typed.remark.trim().chars().count();
            ("remark", say!(lang, "deposit-wrong-remark", most = MOST_REMARK, count = count))
        }
        ConfirmError::NoCompanies => ("payer", say!(lang, "deposit-no-companies")),
        ConfirmError::Stale => ("", say!(lang, "deposit-stale")),
        ConfirmError::NoGateway => ("", say!(lang, "deposit-closed-text")),
        ConfirmError::Storage(error) => return Err(error.into()),
    }])
}

/// The form.
pub(crate) fn page(frame: &Frame, typed: &Typed, wrong: &Wrong, about: About<'_>) -> Markup {
    let lang = frame.lang;
    let body = html! {
        div.sheet.pad.stack {
            h1 { (say!(lang, "deposit-title")) }
            p.soft { (say!(lang, "deposit-lead")) }
            (summary(lang, wrong))
            dl.facts {
                (whose(frame))
                (fact(&say!(lang, "deposit-quota-now"), show::money(about.quota.available)))
            }
            @if about.open { (fields(lang, typed, wrong, about.terms)) }
            @else if wrong.is_empty() { (notice(Tone::Doubt, &say!(lang, "deposit-closed"), say!(lang, "deposit-closed-text"))) }
            p { a href="/records/deposits" { (say!(lang, "deposits-title")) } }
        }
    };
    frame.page(say!(lang, "deposit-title"), body).narrow().draw()
}

/// The group and the operator.
fn whose(frame: &Frame) -> Markup {
    let (lang, operator) = (frame.lang, frame.operator());
    html! {
        @if let Some(operator) = operator {
            (fact(&say!(lang, "load-group"), operator.group_name.as_str()))
            (fact(&say!(lang, "load-operator"), html! { (operator.name) " " (operator.login) }))
        }
    }
}

fn fields(lang: Lang, typed: &Typed, wrong: &Wrong, terms: &Terms) -> Markup {
    let hint = say!(lang, "deposit-amount-hint", most = show::round(terms.most));
    let remark_hint = say!(lang, "deposit-remark-hint", most = MOST_REMARK);
    let (minutes, hours): (u64, u64) = (terms.person_time.as_secs() / 60, terms.company_time.as_secs() / 3600);
    let of = |payer| match payer {
        Payer::Person => say!(lang, "deposit-person-hint", minutes = minutes),
        Payer::Company => say!(lang, "deposit-company-hint", hours = hours),
    };
    html! {
        form.stack id="new" method="post" action="/deposits/check" autocomplete="off" {
            (Field::new("amount", say!(lang, "deposit-amount"), "text", "off").hint(hint).value(&typed.amount).wrong(wrong)
                .numeric().focus(wrong.is_empty()).draw())
            fieldset.choices.stacked id="payer" {
                legend { (say!(lang, "deposit-payer")) }
                @for payer in [Payer::Company, Payer::Person] {
                    label.choice {
                        input type="radio" name="payer" value=(payer_value(payer))
                            checked[payer_value(payer) == typed.payer || (typed.payer.is_empty() && payer == Payer::Company)];
                        span { b { (payer_word(lang, payer)) } small.soft { (of(payer)) } }
                    }
                }
            }
            (Field::new("remark", say!(lang, "deposit-remark"), "text", "off").hint(remark_hint).value(&typed.remark).wrong(wrong).draw())
            button.button.main.big { (say!(lang, "deposit-check")) (kbd("Enter")) }
        }
    }
}

/// The check page: what, how much, the quota after review, and what happens next.
pub(crate) fn check_page(frame: &Frame, checked: &Checked, quota: Quota) -> Markup {
    let lang = frame.lang;
    let typed = Typed::of(checked);
    let change = |field: &str| html! { " " a href=(typed.path(field)) { (say!(lang, "run-change")) } };
    let after = Fen::new(quota.available.as_i64().saturating_add(checked.amount.as_i64()));
    let body = html! {
        div.sheet.pad.stack.check id="check" {
            h1 { (say!(lang, "deposit-check-title")) }
            dl.facts {
                div.now { dt { (say!(lang, "deposit-amount")) } dd { span.num { (show::yuan(checked.amount)) } (change("#amount")) } }
                (fact(&say!(lang, "deposit-payer"), html! { (payer_word(lang, checked.payer)) (change("#payer")) }))
                (fact(&say!(lang, "deposit-remark"), html! {
                    @if checked.remark.is_empty() { "—" } @else { (checked.remark) } (change("#remark"))
                }))
                (whose(frame))
                (fact(&say!(lang, "deposit-quota-now"), show::money(quota.available)))
                (fact(&say!(lang, "deposit-quota-after"), show::money(after)))
            }
            h2 { (say!(lang, "deposit-next")) }
            ol.rules { @for step in next_steps(lang, checked) { li { (icon::ARROW.draw()) span { (step) } } } }
            form method="post" action="/deposits" {
                (hidden("intent", &checked.intent))
                (hidden("amount", &typed.amount)) (hidden("remark", &typed.remark)) (hidden("payer", &typed.payer))
                button.button.main.big id="confirm" autofocus { (say!(lang, "deposit-confirm")) (kbd("Enter")) }
            }
            a.button data-cancel href=(typed.path("#amount")) { (say!(lang, "run-change")) }
        }
    };
    frame.page(say!(lang, "deposit-check-title"), body).narrow().draw()
}

fn next_steps(lang: Lang, checked: &Checked) -> [String; 3] {
    let pay = match checked.payer {
        Payer::Person => say!(lang, "deposit-next-person"),
        Payer::Company => say!(lang, "deposit-next-company"),
    };
    [pay, say!(lang, "deposit-next-review"), say!(lang, "deposit-next-back")]
}
