//! The components.

use maud::{Markup, html};

use super::icon::{self, Icon};
use crate::words::{Lang, say};

/// What something means to the reader; its colour follows, and always stands beside a word and a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    Good,
    Doubt,
    Bad,
}

impl Tone {
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Self::Plain => "plain-tone",
            Self::Good => "good",
            Self::Doubt => "doubt",
            Self::Bad => "bad",
        }
    }

    pub(crate) const fn icon(self) -> Icon {
        match self {
            Self::Plain => icon::NOTE,
            Self::Good => icon::DONE,
            Self::Doubt => icon::DOUBT,
            Self::Bad => icon::BAD,
        }
    }
}

/// A state in a word.
pub(crate) fn tag(tone: Tone, word: &str) -> Markup {
    html! { span.tag.(tone.class()) { (tone.icon().draw()) (word) } }
}

/// Something to know, in its place on the page.
pub(crate) fn notice(tone: Tone, heading: &str, text: impl maud::Render) -> Markup {
    html! { div.notice.(tone.class()) { (tone.icon().draw()) div { @if !heading.is_empty() { b { (heading) } } p { (text) } } } }
}

/// A place with nothing in it yet; `next` says what to do.
pub(crate) fn empty(picture: impl maud::Render, heading: &str, text: &str, next: impl maud::Render) -> Markup {
    html! { div.empty { (picture) h3 { (heading) } p { (text) } (next) } }
}

/// The way through a list of pages: back to its beginning, if this is not it, and on, if there is more.
pub(crate) fn pages(lang: Lang, first: Option<String>, next: Option<String>) -> Markup {
    html! {
        @if first.is_some() || next.is_some() {
            nav.pages aria-label=(say!(lang, "pages")) {
                @if let Some(first) = first { a.button href=(first) { (say!(lang, "pages-first")) } }
                @if let Some(next) = next { a.button rel="next" href=(next) { (say!(lang, "pages-next")) } }
            }
        }
    }
}

/// A term and its value in a `dl.facts`.
pub(crate) fn fact(term: &str, value: impl maud::Render) -> Markup {
    html! { div { dt { (term) } dd { (value) } } }
}

/// A key to press.
pub(crate) fn kbd(key: &str) -> Markup {
    html! { kbd aria-hidden="true" { (key) } }
}

/// A field that travels unseen.
pub(crate) fn hidden(name: &str, value: impl maud::Render) -> Markup {
    html! { input type="hidden" name=(name) value=(value); }
}

/// What is typed into a shell.
pub(crate) fn command(text: &str) -> Markup {
    html! { pre.command tabindex="0" { code { (text) } } }
}

/// What is wrong with a form, at its top: it takes the focus and links to the fields.
pub(crate) fn summary(lang: Lang, problems: &[(&str, String)]) -> Markup {
    html! {
        @if !problems.is_empty() {
            div.summary id="problem" role="alert" tabindex="-1" autofocus {
                h2 { (say!(lang, "error-heading")) }
                ul { @for (field, problem) in problems {
                    li { @if field.is_empty() { (problem) } @else { a href={ "#" (field) } { (problem) } } }
                } }
            }
        }
    }
}

/// A labelled field with its hint and what is wrong with it.
#[derive(Debug)]
pub(crate) struct Field<'a> {
    pub(crate) name: &'a str,
    pub(crate) label: String,
    pub(crate) kind: &'a str,
    pub(crate) autocomplete: &'a str,
    pub(crate) hint: Option<String>,
    pub(crate) value: &'a str,
    pub(crate) wrong: Option<&'a str>,
    pub(crate) focus: bool,
    numeric: bool,
}

impl<'a> Field<'a> {
    pub(crate) fn new(name: &'a str, label: String, kind: &'a str, autocomplete: &'a str) -> Self {
        Self { name, label, kind, autocomplete, hint: None, value: "", wrong: None, focus: false, numeric: false }
    }

    pub(crate) fn hint(self, hint: String) -> Self {
        Self { hint: Some(hint), ..self }
    }

    /// Takes the focus when the page comes.
    pub(crate) fn focus(self, focus: bool) -> Self {
        Self { focus, ..self }
    }

    pub(crate) fn value(self, value: &'a str) -> Self {
        Self { value, ..self }
    }

    /// Takes digits: a phone offers them.
    pub(crate) fn numeric(self) -> Self {
        Self { numeric: true, ..self }
    }

    /// Takes what is wrong with this field out of all that is wrong with the form.
    pub(crate) fn wrong(self, problems: &'a [(&str, String)]) -> Self {
        let wrong = problems.iter().find(|(field, _)| *field == self.name).map(|(_, problem)| problem.as_str());
        Self { wrong, ..self }
    }

    pub(crate) fn draw(&self) -> Markup {
        let hint_id = format!("{}-hint", self.name);
        let wrong_id = format!("{}-wrong", self.name);
        let described: Vec<&str> = [(self.hint.is_some(), &hint_id), (self.wrong.is_some(), &wrong_id)]
            .into_iter()
            .filter_map(|(there, id)| there.then_some(id.as_str()))
            .collect();
        let described = (!described.is_empty()).then(|| described.join(" "));
        html! {
            div.field {
                label for=(self.name) { (self.label) }
                @if let Some(hint) = &self.hint { p.hint id=(hint_id) { (hint) } }
                @if let Some(wrong) = self.wrong { p.wrong id=(wrong_id) { (icon::BAD.draw()) (wrong) } }
                input id=(self.name) name=(self.name) type=(self.kind) value=(self.value)
                    autocomplete=(self.autocomplete) autocapitalize="none" spellcheck="false" autofocus[self.focus]
                    inputmode=[self.numeric.then_some("decimal")]
                    aria-describedby=[described] aria-invalid=[self.wrong.map(|_| "true")];
            }
        }
    }
}

/// A labelled choice of one among many, with what is wrong with it.
#[derive(Debug)]
pub(crate) struct Choice<'a> {
    name: &'a str,
    label: String,
    /// What stands there before one is chosen.
    prompt: String,
    options: &'a [(String, &'a str)],
    value: &'a str,
    wrong: Option<&'a str>,
}

impl<'a> Choice<'a> {
    pub(crate) fn new(name: &'a str, label: String, prompt: String) -> Self {
        Self { name, label, prompt, options: &[], value: "", wrong: None }
    }

    /// Value and word of each.
    pub(crate) fn options(self, options: &'a [(String, &'a str)]) -> Self {
        Self { options, ..self }
    }

    pub(crate) fn value(self, value: &'a str) -> Self {
        Self { value, ..self }
    }

    /// As [`Field::wrong`].
    pub(crate) fn wrong(self, problems: &'a [(&str, String)]) -> Self {
        let wrong = problems.iter().find(|(field, _)| *field == self.name).map(|(_, problem)| problem.as_str());
        Self { wrong, ..self }
    }

    pub(crate) fn draw(&self) -> Markup {
        let wrong_id = format!("{}-wrong", self.name);
        html! {
            div.field {
                label for=(self.name) { (self.label) }
                @if let Some(wrong) = self.wrong { p.wrong id=(wrong_id) { (icon::BAD.draw()) (wrong) } }
                select id=(self.name) name=(self.name) aria-describedby=[self.wrong.map(|_| &wrong_id)]
                    aria-invalid=[self.wrong.map(|_| "true")] {
                    option value="" { (self.prompt) }
                    @for (value, word) in self.options {
                        option value=(value) selected[value == self.value] { (word) }
                    }
                }
            }
        }
    }
}
