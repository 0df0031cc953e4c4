use std::fmt;

/// Why a load failed or is in doubt; of a load that succeeded, that people decided so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The quota does not suffice.
    QuotaShort,
    /// The amount is not a multiple of the step, or below the least.
    AmountRule,
    /// The balance would pass the ceiling.
    OverCeiling,
    /// The card cannot be charged: not enabled, expired, blocked, in doubt, of an unknown class.
    CardProblem,
    /// The card is no longer as the clerk saw it: another one, or another balance.
    CardChanged,
    /// The card left the reader before anything was written.
    CardRemoved,
    /// The card answered INITIALIZE FOR LOAD with an error.
    CardRefused,
    /// MAC1 does not verify: the card does not have the issuer's keys.
    NotGenuine,
    /// The key for the card's version or algorithm, or for its PIN, is not here.
    NoKey,
    /// The terminal could not be reached before anything was held.
    TerminalGone,
    /// The card or the terminal did not answer in time before anything was held.
    TimedOut,
    /// The server stopped before anything was held.
    Interrupted,
    /// The database did not take the hold; if it did after all, it was given back.
    Storage,
    /// The card left while it was written, and has since proven that it did not take the money.
    NotWritten,
    /// Succeeded without a proof: two members of staff decided that the card was written.
    DecidedWritten,
    /// Two members of staff decided, without a proof, that the card was not written.
    DecidedNotWritten,
    /// In doubt. The card left while it was written.
    RemovedWhileWriting,
    /// In doubt. The card answered CREDIT FOR LOAD with an error.
    RefusedWhileWriting,
    /// In doubt. No answer came in time while the card was written.
    SilentWhileWriting,
    /// In doubt. The link to the terminal broke while the card was written.
    LinkLostWhileWriting,
    /// In doubt. The server or the terminal stopped while the card was written.
    InterruptedWhileWriting,
    /// In doubt. The keys that would verify the card's TAC could not be used.
    TacUnverified,
    /// In doubt. The card's TAC does not verify.
    TacWrong,
}

/// Every reason and how it is stored.
const STORED: [(Reason, &str); 23] = [
    (Reason::QuotaShort, "quota_short"),
    (Reason::AmountRule, "amount_rule"),
    (Reason::OverCeiling, "over_ceiling"),
    (Reason::CardProblem, "card_problem"),
    (Reason::CardChanged, "card_changed"),
    (Reason::CardRemoved, "card_removed"),
    (Reason::CardRefused, "card_refused"),
    (Reason::NotGenuine, "not_genuine"),
    (Reason::NoKey, "no_key"),
    (Reason::TerminalGone, "terminal_gone"),
    (Reason::TimedOut, "timed_out"),
    (Reason::Interrupted, "interrupted"),
    (Reason::Storage, "storage"),
    (Reason::NotWritten, "not_written"),
    (Reason::DecidedWritten, "decided_written"),
    (Reason::DecidedNotWritten, "decided_not_written"),
    (Reason::RemovedWhileWriting, "removed_while_writing"),
    (Reason::RefusedWhileWriting, "refused_while_writing"),
    (Reason::SilentWhileWriting, "silent_while_writing"),
    (Reason::LinkLostWhileWriting, "link_lost_while_writing"),
    (Reason::InterruptedWhileWriting, "interrupted_while_writing"),
    (Reason::TacUnverified, "tac_unverified"),
    (Reason::TacWrong, "tac_wrong"),
];

impl Reason {
    /// Every reason.
    pub fn all() -> impl Iterator<Item = Self> {
        STORED.iter().map(|(reason, _)| *reason)
    }

    /// As stored.
    pub fn as_str(self) -> &'static str {
        STORED.iter().find(|(reason, _)| *reason == self).map_or("", |(_, text)| text)
    }

    /// From what is stored.
    pub fn parse(text: &str) -> Option<Self> {
        STORED.iter().find(|(_, stored)| *stored == text).map(|(reason, _)| *reason)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
