//! On the way to the gateway: `GET /deposits/{order}/pay`. A form that sends itself, and a button where no script runs.

use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};
use topup::deposits::{self, DepositNumber, Start, StartError, Started, Story};

use super::form::payer_word;
use super::path;
use crate::App;
use crate::look::{Frame, Tone, fact, hidden, icon, notice, show};
use crate::people::access::{Deposits, May};
use crate::web::Html;
use crate::web::headers::FormsTo;
use crate::web::problem::Problem;
use crate::words::say;

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
            let to = forms_to(url).ok_or_else(|| std::io::Error::other(format!("the gateway's address is {url:?}")))?;
            Ok((axum::Extension(to), Html(page(&may.frame, &story, &start))).into_response())
        }
        Start::Redirect { url } => Ok(Redirect::to(url).into_response()),
        Start::QrCode { .. } => Ok(Html(page(&may.frame, &story, &start)).into_response()),
    }
}

/// The gateway's address, and its neighbours: it takes the form at one host and shows its cashier at another, and
/// browsers hold the way from one to the other against the page that the form was on.
fn forms_to(url: &str) -> Option<FormsTo> {
    let uri: Uri = url.parse().ok()?;
    let (scheme, host) = (uri.scheme_str()?, uri.host()?);
    let port = uri.port().map(|port| format!(":{port}")).unwrap_or_default();
    let named = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte));
    let address = host.parse::<std::net::Ipv4Addr>().is_ok();
    let neighbours = host.split_once('.').filter(|(_, rest)| named && !address && rest.contains('.'));
    let own = format!("{scheme}://{host}{port}");
    FormsTo::new(&match neighbours {
        Some((_, rest)) => format!("{own} {scheme}://*.{rest}{port}"),
        None => own,
    })
}

/// The page.
pub(crate) fn page(frame: &Frame, story: &Story, start: &Start) -> Markup {
    let (lang, deposit) = (frame.lang, &story.deposit);
    let body = html! {
        div.sheet.pad.stack {
            h1 { (icon::BANK.draw()) " " (say!(lang, "deposit-pay-title")) }
            @match start {
                Start::FormPost { url, fields } => {
                    p { (say!(lang, "deposit-pay-text")) }
                    form id="pay" method="post" action=(url) accept-charset="utf-8" data-order=(deposit.order) {
                        @for (name, value) in fields { (hidden(name, value)) }
                        button.button.main.big autofocus { (say!(lang, "deposit-pay-go")) }
                    }
                }
                Start::QrCode { content } => (notice(Tone::Plain, &say!(lang, "deposit-pay-scan"), content)),
                Start::Redirect { url } => { a.button.main.big href=(url) { (say!(lang, "deposit-pay-go")) } }
            }
            dl.facts {
                (fact(&say!(lang, "deposit-order"), html! { span.num { (deposit.order) } }))
                (fact(&say!(lang, "deposit-amount"), show::money(deposit.amount)))
                (fact(&say!(lang, "deposit-payer"), payer_word(lang, deposit.payer)))
                (fact(&say!(lang, "deposit-until"), html! { span.num { (show::date_time(deposit.expires_at)) } }))
            }
            p { a href=(path(deposit.order)) { (say!(lang, "deposit-pay-look")) } }
        }
    };
    frame.page(say!(lang, "deposit-pay-title"), body).narrow().scripts(&["pay.js"]).draw()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_may_go_to_the_gateway_and_its_neighbours_and_nowhere_else() {
        let check = |url: &str, expected: Option<&str>| {
            assert_eq!(forms_to(url), expected.and_then(FormsTo::new), "{url}");
        };
        check("http://127.0.0.1:8083/gateway/api/frontTransReq.do", Some("http://127.0.0.1:8083"));
        check("https://gateway.95516.com/a/b.do", Some("https://gateway.95516.com https://*.95516.com"));
        check(
            "https://gateway.test.95516.com:9443/",
            Some("https://gateway.test.95516.com:9443 https://*.test.95516.com:9443"),
        );
        check("https://bank.example/", Some("https://bank.example"));
        check("https://localhost/", Some("https://localhost"));
        check("/front", None);
    }
}
