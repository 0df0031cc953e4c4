//! The self-test: how everything stands between the card and this page, in plain words, and what to do next.
//!
//! What is so and what to say of it are pure functions ([`lines`]); the page asks for the same fragment again every
//! two seconds, which measures its own way to the server too. What only the terminal's computer can see, it is sent to
//! see: `jichong terminal doctor`.

mod lines;

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum_extra::extract::cookie::CookieJar;
use maud::{Markup, html};
use topup::terminals::{Live, live};
use topup::{GroupId, Micros};

use super::Place;
use super::choose::chosen;
use crate::App;
use crate::look::{Frame, Tone, command, icon, show};
use crate::people::access::{Glance, Load, May};
use crate::web::Html;
use crate::web::problem::Problem;
use crate::words::{Lang, say};

pub(crate) use lines::{Line, lines};

/// What is looked at.
#[derive(Clone, Debug)]
pub(crate) struct Checkup {
    /// The terminal.
    pub(crate) place: Place,
    /// Whether the group has others.
    pub(crate) others: bool,
    /// What is known of it.
    pub(crate) live: Live,
    /// What people and terminals come by.
    pub(crate) server: String,
    /// When the certificate ends that this server itself shows, if it does.
    pub(crate) certificate_ends: Option<Micros>,
    /// Now.
    pub(crate) now: Micros,
}

/// `GET /terminal/check`
pub(crate) async fn get(State(app): State<App>, may: May<Load>, jar: CookieJar) -> Result<Response, Problem> {
    match look(&app, may.group(), &jar).await? {
        Some(checkup) => Ok(Html(page(&may.frame, &checkup)).into_response()),
        None => Ok(Redirect::to("/station/terminal").into_response()),
    }
}

/// `GET /terminal/check/now`: the fragment again.
pub(crate) async fn now(State(app): State<App>, may: Glance<Load>, jar: CookieJar) -> Result<Html, Problem> {
    let checkup = look(&app, may.group(), &jar).await?.ok_or(Problem::NotFound)?;
    Ok(Html(fragment(may.frame.lang, &checkup)))
}

async fn look(app: &App, group: GroupId, jar: &CookieJar) -> Result<Option<Checkup>, Problem> {
    let Some((place, others)) = chosen(&app.house, group, jar).await? else { return Ok(None) };
    Checkup::of(app, group, place, others).await.map(Some)
}

impl Checkup {
    /// Looks at a terminal of `group`.
    pub(crate) async fn of(app: &App, group: GroupId, place: Place, others: bool) -> Result<Self, Problem> {
        let live = live(&app.house, group, place.number).await?;
        Ok(Self {
            place,
            others,
            live,
            server: app.settings.public_url.clone(),
            certificate_ends: app.settings.certificate_ends,
            now: app.house.now(),
        })
    }
}

/// The page.
pub(crate) fn page(frame: &Frame, checkup: &Checkup) -> Markup {
    let lang = frame.lang;
    let sent_there = lines(lang, checkup).iter().any(|line| line.command.as_deref() == Some(lines::DOCTOR));
    let body = html! {
        div.check-head {
            h1 { (say!(lang, "check-title")) }
            p.soft {
                (say!(lang, "terminal")) " " b { (checkup.place.name) } " " (show::terminal(&checkup.place.number.to_string()))
                @if checkup.others { " " a href="/station/terminal" { (say!(lang, "terminal-change")) } }
            }
        }
        (fragment(lang, checkup))
        div.sheet.pad.stack.check-more {
            @if !sent_there {
                h2 { (say!(lang, "check-there")) }
                p { (say!(lang, "check-there-text")) }
                (command(lines::DOCTOR))
            }
            noscript { p.soft { (say!(lang, "refresh-hint")) " " a href="/terminal/check" { (say!(lang, "refresh")) } } }
            p { a href="/station" { (say!(lang, "check-back")) } }
        }
    };
    frame.page(say!(lang, "check-title"), body).scripts(&["check.js"]).draw()
}

/// The fragment `#checkup`: all lines, worst news in its heading.
pub(crate) fn fragment(lang: Lang, checkup: &Checkup) -> Markup {
    let lines = lines(lang, checkup);
    let (tone, heading) = heading(lang, &lines);
    html! {
        section.sheet.checkup id="checkup" {
            header.(tone.class()) { (picture(tone)) h2 role="status" { (heading) } }
            (list(&lines))
            p.trip.soft id="browser-trip" hidden { (say!(lang, "check-browser")) " " b.num { "—" } " ms" }
        }
    }
}

/// The lines alone, for whoever shows them elsewhere.
pub(crate) fn list(lines: &[Line]) -> Markup {
    html! {
        ul.checks { @for line in lines {
            li.(line.tone.class()) {
                (picture(line.tone))
                h3 { (line.name) }
                div {
                    p { (line.is) }
                    @if let Some(next) = &line.next { p.next { (icon::ARROW.draw()) (next) } }
                    @if !line.causes.is_empty() { ol { @for cause in &line.causes { li { (cause) } } } }
                    @if let Some(typed) = &line.command { (command(typed)) }
                    @if let Some((path, word)) = &line.link { p { a href=(path) { (word) } } }
                }
            }
        } }
    }
}

fn heading(lang: Lang, lines: &[Line]) -> (Tone, String) {
    let count = |tone| lines.iter().filter(|line| line.tone == tone).count();
    match (count(Tone::Bad), count(Tone::Doubt)) {
        (0, 0) => (Tone::Good, say!(lang, "check-all-good")),
        (0, n) => (Tone::Doubt, say!(lang, "check-look", n = n)),
        (n, _) => (Tone::Bad, say!(lang, "check-broken", n = n)),
    }
}

/// A picture beside the word: green, amber, red, or not yet known.
fn picture(tone: Tone) -> Markup {
    match tone {
        Tone::Doubt => icon::WARN.draw(),
        Tone::Plain | Tone::Good | Tone::Bad => tone.icon().draw(),
    }
}
