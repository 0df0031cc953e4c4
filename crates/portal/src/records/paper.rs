//! What a page is printed on: A4, or a roll of 80 mm as receipt printers have.
//!
//! `?paper=80mm` in the address chooses the roll. How long a sheet of it is, the stylesheet's named pages say, of which
//! the shortest is taken that holds all lines; what is longer goes on.

use maud::{Markup, html};
use serde::Deserialize;

use crate::look::Frame;
use crate::words::say;

/// What a page is printed on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Paper {
    #[default]
    A4,
    Roll,
}

/// The choice in an address.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    paper: String,
}

impl Asked {
    pub(crate) fn paper(&self) -> Paper {
        if self.paper.trim() == Paper::Roll.as_str() { Paper::Roll } else { Paper::A4 }
    }
}

/// The lengths of roll that the stylesheet has, in millimetres.
const LENGTHS_MM: [usize; 8] = [130, 170, 220, 300, 400, 600, 1_000, 3_000];

impl Paper {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::A4 => "a4",
            Self::Roll => "80mm",
        }
    }

    /// The class of what is printed on it and takes so much of a roll.
    pub(crate) fn class(self, long_mm: usize) -> String {
        match self {
            Self::A4 => String::new(),
            Self::Roll => {
                let [.., longest] = LENGTHS_MM;
                let length = LENGTHS_MM.into_iter().find(|length| *length >= long_mm).unwrap_or(longest);
                format!("roll roll-{length}")
            }
        }
    }
}

/// The choice of paper, a button to print, which its script brings, and where else to go.
pub(crate) fn tools(frame: &Frame, paper: Paper, elsewhere: Option<(String, String)>) -> Markup {
    let lang = frame.lang;
    let here = frame.here.split('?').next().unwrap_or_default();
    html! {
        div.paper.no-print {
            nav.quick aria-label=(say!(lang, "paper")) {
                a href=(here) aria-current=[(paper == Paper::A4).then_some("true")] { "A4" }
                a href={ (here) "?paper=" (Paper::Roll.as_str()) } aria-current=[(paper == Paper::Roll).then_some("true")] {
                    (say!(lang, "paper-roll"))
                }
            }
            button.button type="button" data-print hidden { (say!(lang, "paper-print")) }
            @if let Some((path, word)) = elsewhere { a.plain href=(path) { (word) } }
        }
    }
}
