//! Which terminal this computer stands beside. The choice is a cookie of the computer, not of the clerk: readers do not
//! move when people do. It is only ever looked up among the terminals of the clerk's own group.

use axum::extract::{Form, State};
use axum::response::Redirect;
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use maud::{Markup, html};
use serde::Deserialize;
use topup::terminals::{self, TerminalNumber};
use topup::{GroupId, House};

use super::Place;
use crate::App;
use crate::look::{Frame, empty, icon, show};
use crate::people::access::{Load, May};
use crate::web::Html;
use crate::web::problem::Problem;
use crate::words::say;

const COOKIE: &str = "terminal";

/// The terminal that this computer chose, or the only one there is, and whether the group has others; none when one
/// has still to be chosen.
pub(crate) async fn chosen(house: &House, group: GroupId, jar: &CookieJar) -> Result<Option<(Place, bool)>, Problem> {
    let mut places: Vec<Place> = terminals::of_group(house, group).await?.into_iter().map(Place::from).collect();
    let remembered = jar.get(COOKIE).and_then(|cookie| cookie.value().parse::<TerminalNumber>().ok());
    let many = places.len() > 1;
    let found = places.iter().position(|place| !many || Some(place.number) == remembered);
    Ok(found.map(|at| (places.swap_remove(at), many)))
}

/// `GET /station/terminal`
pub(crate) async fn get(State(app): State<App>, may: May<Load>) -> Result<Html, Problem> {
    let places = terminals::of_group(&app.house, may.group()).await?.into_iter().map(Place::from);
    Ok(Html(page(&may.frame, &places.collect::<Vec<_>>())))
}

/// What the form sends.
#[derive(Debug, Deserialize)]
pub(crate) struct Sent {
    terminal: String,
}

/// `POST /station/terminal`
pub(crate) async fn post(
    State(app): State<App>,
    may: May<Load>,
    jar: CookieJar,
    Form(sent): Form<Sent>,
) -> Result<(CookieJar, Redirect), Problem> {
    let number: TerminalNumber = sent.terminal.parse().map_err(|_| Problem::Malformed)?;
    let ours = terminals::of_group(&app.house, may.group()).await?;
    if !ours.iter().any(|terminal| terminal.number == number) {
        return Err(Problem::NotFound);
    }
    let cookie = Cookie::build((COOKIE, number.to_string()))
        .path("/")
        .http_only(true)
        .secure(app.settings.tls)
        .same_site(SameSite::Lax)
        .max_age(tower_sessions::cookie::time::Duration::days(365))
        .build();
    Ok((jar.add(cookie), Redirect::to("/station")))
}

/// The page: the terminals of the group, or what to do when there is none.
pub(crate) fn page(frame: &Frame, places: &[Place]) -> Markup {
    let lang = frame.lang;
    let body = html! {
        div.sheet.pad.stack {
            @if places.is_empty() {
                h1.unseen { (say!(lang, "terminals-title")) }
                (empty(icon::reader(), &say!(lang, "terminals-none"), &say!(lang, "terminals-none-text"), html! {
                    a.button.main href="/guide#terminal" { (say!(lang, "terminals-none-next")) }
                }))
            } @else {
                h1 { (say!(lang, "terminals-title")) }
                p.soft { (say!(lang, "terminals-lead")) }
                form.choices method="post" action="/station/terminal" { @for place in places {
                    button.button name="terminal" value=(place.number) { (place.name) small { (show::terminal(&place.number.to_string())) } }
                } }
            }
        }
    };
    frame.page(say!(lang, "terminals-title"), body).narrow().draw()
}
