//! What the evidence says, in words.

use link::End;
use topup::loads::Finding;
use topup::reviews::{Asked, Due, Happened, Hint, Said};
use topup::two_people::{MOST_REASON, Refused};

use crate::loads::view::state_word;
use crate::look::{Tone, show};
use crate::words::{Lang, say};

/// Whether a load was written, as a decision says it.
pub(crate) fn verdict(lang: Lang, written: bool) -> String {
    if written { say!(lang, "review-written") } else { say!(lang, "review-not-written") }
}

/// Why a load waits for people, or does not yet.
pub(super) fn due(lang: Lang, due: Due) -> String {
    match due {
        Due::ProvedNothing => say!(lang, "due-proved-nothing"),
        Due::Absent => say!(lang, "due-absent"),
        Due::NotYet => say!(lang, "due-not-yet"),
    }
}

/// What came of asking a card.
pub(super) fn finding(lang: Lang, finding: Option<Finding>) -> (Tone, String) {
    match finding {
        None => (Tone::Doubt, say!(lang, "finding-none")),
        Some(Finding::Written) => (Tone::Good, say!(lang, "finding-written")),
        Some(Finding::NotWritten) => (Tone::Good, say!(lang, "finding-not-written")),
        Some(Finding::MovedOn) => (Tone::Doubt, say!(lang, "finding-moved-on")),
        Some(Finding::Refused) => (Tone::Doubt, say!(lang, "finding-refused")),
        Some(Finding::Forged) => (Tone::Bad, say!(lang, "finding-forged")),
        Some(Finding::NoTac) => (Tone::Doubt, say!(lang, "finding-no-tac")),
        Some(Finding::Unexamined) => (Tone::Doubt, say!(lang, "finding-unexamined")),
    }
}

/// How a script ended.
pub(super) fn end(lang: Lang, end: End) -> String {
    match end {
        End::Completed => say!(lang, "end-completed"),
        End::Unexpected => say!(lang, "end-unexpected"),
        End::Removed => say!(lang, "end-removed"),
        End::TimedOut => say!(lang, "end-timed-out"),
        End::Busy => say!(lang, "end-busy"),
        End::NoSuchTap => say!(lang, "end-no-such-tap"),
        End::Interrupted => say!(lang, "end-interrupted"),
    }
}

/// What a command asked of the card.
pub(super) fn asked(lang: Lang, asked: Asked) -> String {
    match asked {
        Asked::Pin => say!(lang, "asked-pin"),
        Asked::Proof { counter } => say!(lang, "asked-proof", counter = counter),
        Asked::Record { log } => say!(lang, "asked-record", log = format!("{log:02X}")),
        Asked::Initialize => say!(lang, "asked-initialize"),
        Asked::Credit => say!(lang, "asked-credit"),
        Asked::Other => say!(lang, "asked-other"),
    }
}

/// What the card answered.
pub(super) fn said(lang: Lang, said: &Said, status: &str) -> String {
    match said {
        Said::Nothing => match status {
            "9000" => say!(lang, "status-9000"),
            "9406" => say!(lang, "status-9406"),
            "9302" => say!(lang, "status-9302"),
            "9303" => say!(lang, "status-9303"),
            "6A82" | "6A83" => say!(lang, "status-6a82"),
            "6982" => say!(lang, "status-6982"),
            "6985" | "6901" => say!(lang, "status-6985"),
            "9403" => say!(lang, "status-9403"),
            _ => say!(lang, "status-other"),
        },
        Said::Tac(tac) => say!(lang, "said-tac", tac = tac.as_str()),
        Said::Record(record) => {
            let amount = show::yuan(record.amount);
            if record.ours {
                say!(lang, "said-record-ours", amount = amount, counter = record.counter)
            } else if record.load {
                say!(lang, "said-record-load", amount = amount, counter = record.counter)
            } else {
                say!(lang, "said-record-other", amount = amount, counter = record.counter)
            }
        }
        Said::Opened { balance, counter, mac1 } => {
            let counter = *counter;
            // The highest bit is no money on some cards.
            let balance = show::yuan(topup::Fen::new(i64::from(balance & 0x7FFF_FFFF)));
            say!(lang, "said-opened", balance = balance, counter = counter, mac1 = mac1.as_str())
        }
    }
}

/// Which way a balance points.
pub(super) fn hint(lang: Lang, hint: Hint) -> String {
    match hint {
        Hint::Written => say!(lang, "hint-written"),
        Hint::NotWritten => say!(lang, "hint-not-written"),
        Hint::None => say!(lang, "hint-none"),
    }
}

/// Something that happened.
pub(crate) fn happened(lang: Lang, what: &Happened) -> String {
    match what {
        Happened::Confirmed => say!(lang, "happened-confirmed"),
        Happened::Held => say!(lang, "happened-held"),
        Happened::Asked(found) => say!(lang, "happened-asked", finding = finding(lang, *found).1),
        Happened::Tried(order) => say!(lang, "happened-tried", order = order.to_string()),
        Happened::Proposed { written, by } => {
            say!(lang, "happened-proposed", who = by.as_str(), verdict = verdict(lang, *written))
        }
        Happened::Answered { confirmed: true, by } => say!(lang, "happened-confirmed-by", who = by.as_str()),
        Happened::Answered { confirmed: false, by } => say!(lang, "happened-declined-by", who = by.as_str()),
        Happened::Ended(state) => say!(lang, "happened-ended", state = state_word(lang, *state)),
        Happened::Contradicted { written } => say!(lang, "happened-contradicted", verdict = verdict(lang, *written)),
        Happened::Collected => say!(lang, "happened-collected"),
    }
}

/// Why something was not taken.
pub(crate) fn refused(lang: Lang, why: Refused) -> String {
    match why {
        Refused::Role => say!(lang, "review-role"),
        Refused::NoReason => say!(lang, "review-no-reason"),
        Refused::LongReason => say!(lang, "review-long-reason", most = MOST_REASON),
        Refused::Settled => say!(lang, "review-settled"),
        Refused::Proposed => say!(lang, "review-proposed-already"),
        Refused::NoProposal => say!(lang, "review-no-proposal"),
        Refused::Left => say!(lang, "office-deposit-left"),
        Refused::Own => say!(lang, "review-own"),
        Refused::Answered => say!(lang, "review-answered"),
    }
}
