//! The gateway's response codes.

/// What a response code means for the payment or refund it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// Done, also with the defect A6, which is paid.
    Done,
    /// Nobody knows yet: ask again.
    Ask,
    /// No such order: unknown, not failed.
    NotFound,
    /// It did not and will not happen.
    Failed,
}

/// What `code` means.
pub fn meaning(code: &str) -> Meaning {
    match code {
        "00" | "A6" => Meaning::Done,
        // 03 time-out, 04 open, 05 taken on, 06 busy, 37 asked too often, 83 the issuer is still at it.
        "03" | "04" | "05" | "06" | "37" | "83" => Meaning::Ask,
        "34" => Meaning::NotFound,
        _ => Meaning::Failed,
    }
}
