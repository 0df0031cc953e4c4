//! What was typed into a form whose session had ended: it was not done, and it is not lost.
//!
//! It goes through the sign-in form and is shown once somebody is signed in, with the way back to the form. Nothing is sent
//! again by itself: who signs in may be somebody else, and what was decided about may have changed.

use axum::extract::MatchedPath;
use axum::http::Method;
use axum::http::request::Parts;
use axum::response::Response;
use maud::{Markup, html};
use serde::{Deserialize, Serialize};

use super::lines::label;
use super::problem::Problem;
use crate::look::{Frame, Tone, fact, notice};
use crate::routes;
use crate::words::say;

/// What people type in words or figures, and would have to think of again. No password is among it, and nothing that a
/// page sends by itself.
const TYPED: [&str; 9] = ["amount", "email", "name", "number", "on", "reason", "reference", "remark", "taxpayer"];

/// What was typed, by the names of its fields, and on which page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub(crate) page: String,
    fields: Vec<(String, String)>,
}

impl Kept {
    pub(crate) fn of(parts: &Parts, fields: &[(String, String)]) -> Self {
        let typed = |(name, value): &&(String, String)| TYPED.contains(&name.as_str()) && !value.trim().is_empty();
        let pattern = parts.extensions.get::<MatchedPath>().map_or("", |matched| matched.as_str());
        Self { page: page(pattern, parts.uri.path()), fields: fields.iter().filter(typed).cloned().collect() }
    }

    /// Goes along with an answer that says that nobody is signed in.
    pub(crate) fn beside(self, mut response: Response) -> Response {
        if let Some(Problem::SignedOut) = response.extensions().get() {
            response.extensions_mut().insert(self);
        }
        response
    }

    /// As the sign-in form carries it.
    pub(crate) fn parse(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }

    /// For the sign-in form.
    pub(crate) fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }
}

/// The page that a form of this route is on: of the addresses above it the nearest that can be looked at. A charge begins
/// anew at the station, a deposit on its form.
fn page(pattern: &str, path: &str) -> String {
    let begins = |start: &str| path.starts_with(start);
    if begins("/station") || begins("/deposits") {
        return if begins("/station") { "/station".to_owned() } else { "/deposits/new".to_owned() };
    }
    let looked_at: Vec<&str> =
        routes::table().into_iter().filter(|route| route.method == Method::GET).map(|route| route.path).collect();
    let (mut pattern, mut path) = (pattern, path);
    while !pattern.is_empty() && !looked_at.contains(&pattern) {
        pattern = pattern.rsplit_once('/').map_or("", |(above, _)| above);
        path = path.rsplit_once('/').map_or("", |(above, _)| above);
    }
    if pattern.is_empty() { "/".to_owned() } else { path.to_owned() }
}

/// The page after signing in; `onward` is where the form is.
pub(crate) fn shown(frame: &Frame, kept: &Kept, onward: &str) -> Markup {
    let lang = frame.lang;
    let title = say!(lang, "kept-title");
    let body = html! {
        div.sheet.pad.stack {
            h1 { (title) }
            (notice(Tone::Doubt, "", say!(lang, "kept-text")))
            dl.facts { @for (name, value) in &kept.fields { (fact(&label(lang, name), value)) } }
            a.button.main.big href=(onward) autofocus { (say!(lang, "kept-back")) }
        }
    };
    frame.page(title, body).narrow().draw()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_on_the_nearest_page_above_it() {
        let check = |pattern: &str, path: &str, expected: &str| assert_eq!(page(pattern, path), expected, "{path}");
        check("/office/deposits/{order}/proposal", "/office/deposits/D1/proposal", "/office/deposits/D1");
        check("/office/reviews/{order}/alarms/{alarm}", "/office/reviews/L1/alarms/3", "/office/reviews/L1");
        check("/office/reconcile/differences/{difference}", "/office/reconcile/differences/5", "/office/reconcile");
        check("/office/terminals/{number}/revoke", "/office/terminals/1/revoke", "/office/terminals/1/revoke");
        check("/records/export", "/records/export", "/records");
        check("/invoices/buyer", "/invoices/buyer", "/invoices/buyer");
        check("/station/run/again", "/station/run/again", "/station");
        check("/deposits/check", "/deposits/check", "/deposits/new");
        check("/language", "/language", "/");
    }
}
