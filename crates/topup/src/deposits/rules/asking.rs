//! When the gateway is asked again. Pure.

use pay::Payer;
use store::Micros;

use super::{Known, later};
use crate::deposits::State;

/// After news the gateway is asked at these gaps, in seconds: the gateway's own advice.
const BURST_S: [i64; 6] = [1, 2, 4, 8, 16, 32];
/// Asks since news at which the burst is over: a payer who was just sent needs a minute at least.
pub(in crate::deposits) const NO_BURST: i64 = 6;
const _: () = assert!(BURST_S.len() == 6, "NO_BURST is its length");
/// Then a person's payment is asked about so often, in seconds, and a company's so.
const PERSON_S: i64 = 5 * 60;
pub(super) const COMPANY_S: i64 = 30 * 60;
/// Asked first so long after the payer was sent, in seconds.
pub(in crate::deposits) const FIRST_S: i64 = 60;
/// A moment after it can no longer be paid, the gateway knows for sure.
const AFTER_EXPIRY_S: i64 = 5;
/// What has failed or expired is asked about at these gaps, in seconds: money may come late and its notification be lost.
const TAIL_S: [i64; 4] = [10 * 60, 60 * 60, 6 * 60 * 60, 24 * 60 * 60];
/// What was paid after its time is asked about at these gaps, in seconds: for two weeks, since the bank gives such money
/// back by itself some five working days later. So is what only its file knows of, since its answers may confirm it.
const WATCH_S: i64 = 24 * 60 * 60;
const WATCHED: i64 = 14;
/// A refund waits so long, in seconds, for a gateway that is not set up. So often it is looked whether it is again.
const ABSENT_REFUND_S: i64 = 24 * 60 * 60;
const ABSENT_LOOK_S: i64 = 60 * 60;
/// A refund is asked for, and asked about, at these gaps, in seconds; the last for ever.
const REFUND_S: [i64; 6] = [30, 60, 5 * 60, 30 * 60, 2 * 60 * 60, 6 * 60 * 60];

/// When the gateway is asked again about a payment, `asked` times after there was news.
pub(in crate::deposits) fn next_ask(known: &Known, asked: i64, now: Micros) -> Option<Micros> {
    let Known { state, payer, expires_at, .. } = *known;
    let nth = |gaps: &[i64]| usize::try_from(asked).ok().and_then(|asked| gaps.get(asked).copied());
    match state {
        State::Redirected => {
            let usual = match payer {
                Payer::Person => PERSON_S,
                Payer::Company => COMPANY_S,
            };
            let next = later(now, nth(&BURST_S).unwrap_or(usual));
            let expired = later(expires_at, AFTER_EXPIRY_S);
            Some(if now < expired { next.min(expired) } else { next })
        }
        State::Failed | State::Expired => nth(&TAIL_S).map(|gap| later(now, gap)),
        State::Paid | State::Approved => {
            let late = known.paid_at.is_some_and(|at| at >= expires_at);
            let watched = (late || known.only_in_file) && asked < WATCHED;
            watched.then(|| later(now, WATCH_S))
        }
        State::Created | State::Rejected | State::Refunding | State::Refunded => None,
    }
}

/// When the gateway is asked again for a refund, or about it.
pub(in crate::deposits) fn next_refund_ask(asked: i64, now: Micros) -> Micros {
    let gap = usize::try_from(asked).ok().and_then(|asked| REFUND_S.get(asked).copied());
    later(now, gap.or(REFUND_S.last().copied()).unwrap_or(PERSON_S))
}

/// When it is looked again whether there is somebody to ask about a payment that has ended for us.
pub(in crate::deposits) fn next_absent_ask(now: Micros) -> Micros {
    later(now, ABSENT_LOOK_S)
}

/// When a refund is looked at again whose gateway was missing since then; none once it is given up.
pub(in crate::deposits) fn next_absent_look(since: Micros, now: Micros) -> Option<Micros> {
    (now < later(since, ABSENT_REFUND_S)).then(|| later(now, ABSENT_LOOK_S))
}
