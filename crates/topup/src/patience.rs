//! Trying again what another unit of work was in the way of.

/// Errors that say whether the same work may be tried again.
pub(crate) trait InTheWay {
    /// Whether nothing was done because another unit of work was in the way, or nobody knows whether it was done; work
    /// that looks before it does may then be tried again.
    fn in_the_way(&self) -> bool;
}

impl InTheWay for store::Error {
    fn in_the_way(&self) -> bool {
        match self {
            // A movement's number was taken by a batch of the hot path that did not need the lock.
            Self::Unique(_) | Self::Conflict(_) | Self::CommitUnknown(_) => true,
            Self::Missing | Self::Check(_) | Self::AppendOnly(_) | Self::Unavailable(_) | Self::Other(_) => false,
        }
    }
}

macro_rules! in_the_way_if_storage {
    ($($error:ty),*) => {$(
        impl InTheWay for $error {
            fn in_the_way(&self) -> bool {
                matches!(self, Self::Storage(error) if error.in_the_way())
            }
        }
    )*};
}

in_the_way_if_storage!(
    crate::deposits::ConfirmError,
    crate::deposits::StartError,
    crate::deposits::ReviewError,
    crate::deposits::CloseError,
    crate::reconcile::TakeError,
    crate::reconcile::CloseError,
    crate::reconcile::StatementRefused
);

/// Tries at most; what is in the way is gone within a commit or two.
pub(crate) const TRIES: u8 = 8;

/// Does a unit of work that looks before it writes, and does it again when another was in the way.
macro_rules! patiently {
    ($work:expr) => {{
        use $crate::patience::{InTheWay as _, TRIES};
        let mut tries = 0_u8;
        loop {
            let done = $work.await;
            tries = tries.saturating_add(1);
            match done {
                Err(error) if tries < TRIES && error.in_the_way() => {}
                done => break done,
            }
        }
    }};
}
pub(crate) use patiently;
