//! What the many error codes of PC/SC mean to us.

use pcsc::Error;

/// Why something did not work, as far as it changes what to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// None at all: nothing changed within the wait.
    Quiet,
    /// Another program has the card for itself; trying again helps.
    InUse,
    /// The card does not answer, or speaks no protocol of ours.
    Mute,
    /// The card left or was reset: whatever it had in its memory is gone.
    CardGone,
    /// There is no such reader any more.
    ReaderGone,
    /// The service does not let this program in.
    Forbidden,
    /// The service is away, or the connection to it is useless.
    ServiceGone,
}

impl From<Error> for Trouble {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "a context that fails in any other way is dropped and made anew"
    )]
    fn from(error: Error) -> Self {
        match error {
            Error::Timeout | Error::Cancelled => Self::Quiet,
            Error::SharingViolation | Error::ServerTooBusy => Self::InUse,
            Error::UnresponsiveCard
            | Error::UnpoweredCard
            | Error::UnsupportedCard
            | Error::CardUnsupported
            | Error::InvalidAtr
            | Error::ProtoMismatch => Self::Mute,
            Error::RemovedCard
            | Error::ResetCard
            | Error::NoSmartcard
            | Error::NotTransacted
            | Error::CommDataLost
            | Error::NotReady => Self::CardGone,
            Error::UnknownReader | Error::ReaderUnavailable | Error::NoReadersAvailable => Self::ReaderGone,
            Error::NoAccess | Error::SecurityViolation => Self::Forbidden,
            _ => Self::ServiceGone,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_that_was_met_means_one_thing() {
        for (code, error, trouble) in [
            (0x8010_000A_u32, Error::Timeout, Trouble::Quiet),
            (0x8010_0002, Error::Cancelled, Trouble::Quiet),
            (0x8010_000B, Error::SharingViolation, Trouble::InUse),
            (0x8010_0066, Error::UnresponsiveCard, Trouble::Mute),
            (0x8010_0067, Error::UnpoweredCard, Trouble::Mute),
            (0x8010_000F, Error::ProtoMismatch, Trouble::Mute),
            (0x8010_0068, Error::ResetCard, Trouble::CardGone),
            (0x8010_0069, Error::RemovedCard, Trouble::CardGone),
            (0x8010_000C, Error::NoSmartcard, Trouble::CardGone),
            (0x8010_0016, Error::NotTransacted, Trouble::CardGone),
            (0x8010_0009, Error::UnknownReader, Trouble::ReaderGone),
            (0x8010_0017, Error::ReaderUnavailable, Trouble::ReaderGone),
            (0x8010_002E, Error::NoReadersAvailable, Trouble::ReaderGone),
            (0x8010_006A, Error::SecurityViolation, Trouble::Forbidden),
            (0x8010_001D, Error::NoService, Trouble::ServiceGone),
            (0x8010_001E, Error::ServiceStopped, Trouble::ServiceGone),
            (0x8010_0018, Error::Shutdown, Trouble::ServiceGone),
            (0x8010_0012, Error::SystemCancelled, Trouble::ServiceGone),
            (0x8010_0013, Error::CommError, Trouble::ServiceGone),
            (0x8010_0003, Error::InvalidHandle, Trouble::ServiceGone),
            (0x8010_0014, Error::UnknownError, Trouble::ServiceGone),
        ] {
            assert_eq!((error as u32, Trouble::from(error)), (code, trouble), "{error}");
        }
    }
}
