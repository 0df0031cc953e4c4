//! Loads: the charging station, the confirm, and the page of one load.

pub(crate) mod amount;
pub(crate) mod charge;
mod follow;
pub(crate) mod live;
pub(crate) mod load;
pub(crate) mod run;
pub(crate) mod station;
pub(crate) mod view;

use maud::{Markup, html};
use topup::cards::Allowance;

use crate::look::{kbd, show};
use crate::words::{Lang, say};

/// The keys of the station, in a dialog.
pub(crate) fn keys_help(lang: Lang, allowance: Option<&Allowance>) -> Markup {
    let presets = allowance.map(|allowance| allowance.presets.iter().map(|amount| show::round(*amount)).collect());
    let presets: Vec<String> = presets.unwrap_or_default();
    html! {
        dialog id="keys" aria-labelledby="keys-title" {
            h2 id="keys-title" { (say!(lang, "keys-title")) }
            dl.keys {
                dt { kbd { "1" } "–" kbd { "5" } }
                dd { (say!(lang, "keys-presets")) @if !presets.is_empty() { " " span.soft.num { (presets.join(" · ")) } } }
                dt { kbd { (say!(lang, "keys-digits-key")) } } dd { (say!(lang, "keys-digits")) }
                dt { kbd { "Enter" } } dd { (say!(lang, "keys-enter")) }
                dt { kbd { "Esc" } } dd { (say!(lang, "keys-esc")) }
                dt { kbd { "F2" } } dd { (say!(lang, "keys-f2")) }
                dt { kbd { "R" } } dd { (say!(lang, "keys-run")) }
                dt { kbd { "?" } } dd { (say!(lang, "keys-help")) }
            }
            form method="dialog" { button.button.big autofocus { (say!(lang, "close")) (kbd("Esc")) } }
        }
    }
}
