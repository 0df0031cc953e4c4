//! The live page: `GET /station/live`, server-sent events.
//!
//! Each event is HTML: the fragments that changed since the last one, which the page's script puts in their places.
//! After a signal about the terminal, and each second in any case, the database is read again: it is the only truth,
//! and a lost signal costs a second. The stream does not keep the session alive; when the session ends, the stream
//! says so and ends. The page of a run is asked every few seconds whether it is there and answers by its script: that a
//! connection stands does not prove that anybody sees anything.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::Stream;
use futures_util::stream::unfold;
use serde::Deserialize;
use topup::people::{Operator, sessions};
use topup::runs::{self, RunId};
use topup::terminals;
use topup::{House, Micros};

use super::follow::Follow;
use super::run::{self, page, panel};
use super::station::look;
use super::view;
use crate::App;
use crate::people::access::{Glance, Load};
use crate::terminals::Place;
use crate::web::problem::Problem;
use crate::words::Lang;

/// How often the page of a run is asked whether it is there: the run charges nothing when it is not heard of.
const ASK_WHO_WATCHES: Duration = Duration::from_secs(4);

/// How often the stream looks whether its session still stands.
const CHECK_SESSION: Duration = Duration::from_secs(5);

/// A comment now and then, so that proxies do not take the silence for the end.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// Which terminal the page shows; looked up among those of the operator's group.
#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    terminal: String,
    /// The run that it shows, if it does.
    run: Option<i64>,
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
        run: asked.run.map(RunId),
        asked_at: Micros(0),
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
    /// The run that the page shows, if it does.
    run: Option<RunId>,
    /// When the page was last asked whether it is there.
    asked_at: Micros,
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
                return Some(bare("ended"));
            }
            let event = match self.run {
                None => self.station().await,
                Some(run) => self.run(run).await,
            };
            match event {
                Ok(Some(event)) => return Some(event),
                Ok(None) => {}
                // The page sees the silence; the next look may work again.
                Err(problem) => tracing::warn!(?problem, "a live page could not be read"),
            }
            self.follow.next().await;
        }
    }

    /// News for the page of a station: that a run is under way there now, or what changed.
    async fn station(&mut self) -> Result<Option<Event>, Problem> {
        let group = self.operator.group;
        if runs::active(&self.house, group, self.place.number).await?.is_some() {
            self.ended = true;
            return Ok(Some(bare("run")));
        }
        let station = look(&self.house, &self.operator, self.since, self.place.clone(), self.others).await?;
        let lang = self.lang;
        Ok(self.changed([
            view::strip(lang, &station),
            view::card(lang, &station, None),
            view::presets(lang, &station, None),
            view::limits(lang, &station),
            view::list(lang, &station.sitting),
        ]))
    }

    /// News for the page of a run: what changed, that it is over, or whether somebody is there.
    async fn run(&mut self, run: RunId) -> Result<Option<Event>, Problem> {
        let Some(scene) = run::scene(&self.house, &self.operator, self.place.clone(), run).await? else {
            self.ended = true;
            return Ok(None);
        };
        let lang = self.lang;
        let changed = self.changed([
            page::strip(lang, &scene),
            page::notices(lang, &scene),
            panel::panel(lang, &scene),
            page::progress(lang, &scene),
            page::list(lang, &scene),
        ]);
        if changed.is_some() {
            return Ok(changed);
        }
        if scene.is_over() {
            self.ended = true;
            return Ok(Some(Event::default().event("over").data(panel::end_sound(&scene))));
        }
        let now = self.house.now();
        let asked_ago = now.0.saturating_sub(self.asked_at.0);
        if scene.mine && asked_ago >= i64::try_from(ASK_WHO_WATCHES.as_micros()).unwrap_or(i64::MAX) {
            self.asked_at = now;
            return Ok(Some(bare("watch")));
        }
        Ok(None)
    }

    /// The fragments that changed, as one text without line breaks.
    fn changed(&mut self, fragments: [maud::Markup; 5]) -> Option<Event> {
        let fragments = fragments.map(maud::PreEscaped::<String>::into_string);
        let mut html = String::new();
        for (now, before) in fragments.iter().zip(&self.sent) {
            if now != before {
                html.push_str(now);
            }
        }
        self.sent = fragments;
        (!html.is_empty()).then(|| Event::default().event("live").data(html))
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

/// An event without news. Browsers do not tell a page of an event that carries no data at all.
fn bare(name: &str) -> Event {
    Event::default().event(name).data(name)
}
