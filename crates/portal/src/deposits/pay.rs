//! On the way to the gateway: `GET /deposits/{order}/pay`. A form that sends itself, and a button where no script runs.

use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};
use topup::deposits::{self, Deposit, DepositNumber, Start, StartError, Started, Story};

use super::form::payer_word;
use super::path;
use crate::App;
use crate::look::{Frame, Tone, fact, hidden, icon, notice, qr, show};
use crate::people::access::{Deposits, May};
use crate::web::Html;
use crate::web::headers::FormsTo;
use crate::web::problem::Problem;
use crate::words::{Lang, say};

/// `GET /deposits/{order}/pay`: that the payer is sent is durable before the form is handed out.
pub(crate) async fn get(
    State(app): State<App>,
    may: May<Deposits>,
    Path(order): Path<String>,
) -> Result<Response, Problem> {
    let order = DepositNumber::parse(&order).ok_or(Problem::NotFound)?;
    let started = match deposits::start(&app.house, &may.operator, order).await {
        Ok(started) => started,
        Err(StartError::NoDeposit) => return Err(Problem::NotFound),
        Err(StartError::Storage(error)) => return Err(error.into()),
        Err(StartError::NoGateway) => return Ok(Redirect::to(&path(order)).into_response()),
        Err(StartError::Gateway(error)) => return Err(error.into()),
    };
    let Started::Go(start) = started else { return Ok(Redirect::to(&path(order)).into_response()) };
    let story = deposits::standing(&app.house, Some(may.group()), order).await?.ok_or(Problem::NotFound)?;
    match &start {
        Start::FormPost { url, .. } => {
            let cashiers = app.house.till.as_ref().map_or(&[][..], |till| till.cashiers.as_slice());
            let to = forms_to(url, cashiers)
                .ok_or_else(|| std::io::Error::other(format!("the gateway's address is {url:?}")))?;
            Ok((axum::Extension(to), Html(page(&may.frame, &story, &start))).into_response())
        }
        Start::Redirect { url } => Ok(Redirect::to(url).into_response()),
        Start::QrCode { .. } => Ok(Html(page(&may.frame, &story, &start)).into_response()),
    }
}

/// The gateway's own address, and those that it sends browsers on to, as they are configured: browsers hold the way from
/// one to the other against the page that the form was on. Never a whole domain: whoever has a host in it could be sent
/// the form.
fn forms_to(url: &str, cashiers: &[String]) -> Option<FormsTo> {
    let uri: Uri = url.parse().ok()?;
    let port = uri.port().map(|port| format!(":{port}")).unwrap_or_default();
    let own = format!("{}://{}{port}", uri.scheme_str()?, uri.host()?);
    FormsTo::new(
        &std::iter::once(own.as_str()).chain(cashiers.iter().map(String::as_str)).collect::<Vec<_>>().join(" "),
    )
}

/// The page.
pub(crate) fn page(frame: &Frame, story: &Story, start: &Start) -> Markup {
    let (lang, deposit) = (frame.lang, &story.deposit);
    let title = match start {
        Start::QrCode { .. } => say!(lang, "deposit-scan-title"),
        Start::FormPost { .. } | Start::Redirect { .. } => say!(lang, "deposit-pay-title"),
    };
    let body = html! {
        div.sheet.pad.stack {
            h1 { (icon::BANK.draw()) " " (title) }
            @match start {
                Start::FormPost { url, fields } => {
                    p { (say!(lang, "deposit-pay-text")) }
                    form id="pay" method="post" action=(url) accept-charset="utf-8" data-order=(deposit.order) {
                        @for (name, value) in fields { (hidden(name, value)) }
                        button.button.main.big autofocus { (say!(lang, "deposit-pay-go")) }
                    }
                }
                Start::QrCode { content } => (scan(lang, deposit, content)),
                Start::Redirect { url } => { a.button.main.big href=(url) { (say!(lang, "deposit-pay-go")) } }
            }
            dl.facts {
                (fact(&say!(lang, "deposit-order"), html! { span.num { (deposit.order) } }))
                (fact(&say!(lang, "deposit-amount"), show::money(deposit.amount)))
                (fact(&say!(lang, "deposit-payer"), payer_word(lang, deposit.payer)))
                (fact(&say!(lang, "deposit-until"), html! { span.num { (show::date_time(deposit.expires_at)) } }))
            }
            @if !matches!(start, Start::QrCode { .. }) { p { a href=(path(deposit.order)) { (say!(lang, "deposit-pay-look")) } } }
        }
    };
    frame.page(title, body).narrow().scripts(&["pay.js"]).draw()
}

/// What a phone is to read, and what its owner does. The page goes on by itself once the deposit does; where no script
/// runs the button leads there. The page is not asked for again: each time would start another payment.
fn scan(lang: Lang, deposit: &Deposit, content: &str) -> Markup {
    let steps = [say!(lang, "deposit-scan-step1"), say!(lang, "deposit-scan-step2"), say!(lang, "deposit-scan-step3")];
    let name = say!(lang, "deposit-scan-name", amount = show::yuan(deposit.amount));
    html! {
        div.scan id="scan" data-deposit=(path(deposit.order)) data-state=(deposit.state.as_str()) {
            @if let Some(code) = qr(content, &name) { (code) }
            @else { (notice(Tone::Doubt, "", say!(lang, "deposit-scan-long"))) }
            div {
                b.due.num { (show::yuan(deposit.amount)) }
                ol.rules { @for step in steps { li { (icon::ARROW.draw()) span { (step) } } } }
            }
        }
        div { p.soft.small { (say!(lang, "deposit-scan-text")) } p.raw { (content) } }
        a.button.main.big href=(path(deposit.order)) { (say!(lang, "deposit-scan-paid")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_may_go_to_the_gateway_and_where_it_is_configured_to_send_them_on_and_nowhere_else() {
        let check = |url: &str, cashiers: &[&str], expected: Option<&str>| {
            let cashiers: Vec<String> = cashiers.iter().map(|cashier| (*cashier).to_owned()).collect();
            assert_eq!(forms_to(url, &cashiers), expected.and_then(FormsTo::new), "{url}");
        };
        check("http://127.0.0.1:8083/gateway/api/frontTransReq.do", &[], Some("http://127.0.0.1:8083"));
        check("https://bank.com.cn/pay", &[], Some("https://bank.com.cn"));
        check("https://gateway.95516.com/a/b.do", &[], Some("https://gateway.95516.com"));
        check(
            "https://gateway.test.example:9443/",
            &["https://cashier.test.example", "https://h5.test.example:8443"],
            Some("https://gateway.test.example:9443 https://cashier.test.example https://h5.test.example:8443"),
        );
        check("https://gateway.example/", &["https://a.example; script-src *"], None);
        check("/front", &[], None);
    }
}
