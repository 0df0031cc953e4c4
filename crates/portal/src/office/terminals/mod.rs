//! Terminals of all groups: finding one, creating one, its codes, its end.

pub(crate) mod list;
pub(crate) mod new;
pub(crate) mod revoke;
pub(crate) mod terminal;
pub(crate) mod view;

use topup::people::staff::StaffPermission;
use topup::terminals::list::Stand;
use topup::terminals::{MOST_NAME, MOST_REASON, RegisterError, TerminalNumber};

use crate::look::{Tone, show, tag};
use crate::people::access::OfficeNeeds;
use crate::web::problem::Problem;
use crate::words::{Lang, say};

/// See the terminals of all groups.
#[derive(Clone, Copy, Debug)]
pub(crate) struct See;

impl OfficeNeeds for See {
    const PERMISSION: StaffPermission = StaffPermission::SeeTerminals;
}

/// Decide about them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Decide;

impl OfficeNeeds for Decide {
    const PERMISSION: StaffPermission = StaffPermission::Terminals;
}

/// Where a terminal's page is.
fn path(number: TerminalNumber) -> String {
    format!("/office/terminals/{number}")
}

/// The number in an address; what is none names no page.
fn number_in(path: &str) -> Result<TerminalNumber, Problem> {
    path.parse().map_err(|_| Problem::NotFound)
}

/// A number as people type it: with spaces, in small letters.
fn number_typed(text: &str) -> Option<TerminalNumber> {
    text.chars().filter(|c| !c.is_whitespace()).collect::<String>().parse().ok()
}

/// How a terminal stands, in a word.
fn stand_tag(lang: Lang, stand: Stand) -> maud::Markup {
    match stand {
        Stand::New => tag(Tone::Plain, &say!(lang, "stand-new")),
        Stand::Connected => tag(Tone::Good, &say!(lang, "stand-connected")),
        Stand::Silent { .. } => tag(Tone::Doubt, &say!(lang, "stand-silent")),
        Stand::Revoked { .. } => tag(Tone::Bad, &say!(lang, "stand-revoked")),
    }
}

/// Since when it stands so, or when it was heard last.
fn since(lang: Lang, stand: Stand) -> String {
    match stand {
        Stand::Connected => say!(lang, "stand-now"),
        Stand::New | Stand::Silent { since: None } => say!(lang, "stand-never"),
        Stand::Silent { since: Some(at) } | Stand::Revoked { at: Some(at) } => show::date_time(at),
        Stand::Revoked { at: None } => "—".to_owned(),
    }
}

/// Which field, and what is wrong with it. What is not there is no page, and a database that is away is trouble.
fn wrong(lang: Lang, error: RegisterError) -> Result<(&'static str, String), Problem> {
    Ok(match error {
        RegisterError::Taken => ("number", say!(lang, "register-taken")),
        RegisterError::NoGroup => ("group", say!(lang, "register-group")),
        RegisterError::Name => ("name", say!(lang, "register-name", most = MOST_NAME)),
        RegisterError::Reason => ("reason", say!(lang, "register-reason", most = MOST_REASON)),
        RegisterError::Revoked => ("", say!(lang, "register-revoked")),
        RegisterError::Unknown => return Err(Problem::NotFound),
        RegisterError::Storage(error) => return Err(error.into()),
    })
}
