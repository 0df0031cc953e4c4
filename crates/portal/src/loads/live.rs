//! The live page: `GET /station/live`, server-sent events.
//!
//! Each event is HTML: the fragments that changed since the last one, which the page's script puts in their places.
//! After a signal about the terminal, and each second in any case, the database is read again: it is the only truth,
//! and a lost signal costs a second. The stream does not keep the session alive; when the session ends, the stream
//! says so and ends.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::Stream;
use futures_util::stream::unfold;
use serde::Deserialize;
use topup::people::{Operator, sessions};
use topup::terminals;
use topup::{House, Micros};

use super::follow::Follow;
use super::station::look;
use super::view::{self, Station};
use crate::App;
use crate::people::access::{Glance, Load};
use crate::terminals::Place;
use crate::web::problem::Problem;
use crate::words::Lang;

/// How often the stream looks whether its session still stands.
const CHECK_SESSION: Duration = Duration::from_secs(5);

/// A comment now and then, so that proxies do not take the silence for the end.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// Which terminal the page shows; looked up among those of the operator's group.
#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    terminal: String,
}

/// `GET /station/live`
pub(crate) async fn get(
    State(app): State<App>,
    may: Glance<Load>,
    Query(asked): Query<Asked>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let mut ours: Vec<Place> =
        terminals::of_group(&app.house, may.group()).await?.into_iter().map(Place::from).collect();
    let others = ours.len() > 1;
    let at = ours.iter().position(|place| place.number.to_string() == asked.terminal).ok_or(Problem::NotFound)?;
    let place = ours.swap_remove(at);
    let watch = Watch {
        follow: Follow::terminal(&app.house, place.number).await?,
        session: may.session.id().map(|id| id.to_string()).unwrap_or_default(),
        checked: app.house.now(),
        house: app.house,
        lang: may.frame.lang,
        operator: may.operator,
        since: may.since,
        place,
        others,
        sent: Default::default(),
        ended: false,
    };
    let events = unfold(watch, |mut watch| async {
        let event = watch.next().await?;
        Some((Ok(event), watch))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

/// One page that watches one terminal.
struct Watch {
    house: House,
    follow: Follow,
    lang: Lang,
    operator: Operator,
    since: Micros,
    place: Place,
    others: bool,
    session: String,
    checked: Micros,
    /// The fragments as last sent.
    sent: [String; 5],
    ended: bool,
}

impl Watch {
    /// The next event; none when the stream is over.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if self.ended {
                return None;
            }
            if self.session_is_over().await {
                self.ended = true;
                return Some(Event::default().event("ended").data(""));
            }
            match look(&self.house, &self.operator, self.since, self.place.clone(), self.others).await {
                Ok(station) => {
                    if let Some(html) = self.changed(&station) {
                        return Some(Event::default().event("live").data(html));
                    }
                }
                // The page sees the silence; the next look may work again.
                Err(problem) => tracing::warn!(?problem, "a live page could not be read"),
            }
            self.follow.next().await;
        }
    }

    /// The fragments that changed, as one text without line breaks.
    fn changed(&mut self, station: &Station) -> Option<String> {
        let lang = self.lang;
        let fragments = [
            view::strip(lang, station),
            view::card(lang, station, None),
            view::presets(lang, station, None),
            view::limits(lang, station),
            view::list(lang, &station.sitting),
        ]
        .map(maud::PreEscaped::<String>::into_string);
        let mut html = String::new();
        for (now, before) in fragments.iter().zip(&self.sent) {
            if now != before {
                html.push_str(now);
            }
        }
        self.sent = fragments;
        (!html.is_empty()).then_some(html)
    }

    async fn session_is_over(&mut self) -> bool {
        let now = self.house.now();
        let since_check = now.0.saturating_sub(self.checked.0);
        if since_check < i64::try_from(CHECK_SESSION.as_micros()).unwrap_or(i64::MAX) {
            return false;
        }
        self.checked = now;
        // A database that does not answer is not the end of a session.
        matches!(sessions::load(&self.house, &self.session).await, Ok(None))
    }
}
