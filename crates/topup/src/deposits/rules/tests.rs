use pay::{Amount, Settlement};
use proptest::prelude::*;

use super::asking::COMPANY_S;
use super::deciding::Course;
use super::*;
use crate::deposits::event::{By, Event, Happened, Told};
use crate::deposits::exceptions::ExceptionKind;
use crate::people::staff::StaffId;
use crate::two_people::{self, Last, Refused as Rule};

const MIN_US: i64 = 60_000_000;

fn settled(serial: u8, fen: i64) -> PaymentStatus {
    PaymentStatus::Paid(Settlement {
        serial: format!("serial {serial}"),
        amount: Amount::from_fen(fen).expect("above zero"),
        settle_date: None,
        traced_at: None,
    })
}

fn word() -> impl Strategy<Value = PaymentStatus> {
    prop_oneof![
        (0..3_u8, 9_999..10_002_i64).prop_map(|(serial, fen)| settled(serial, fen)),
        Just(PaymentStatus::Pending { code: "05".into(), text: String::new() }),
        Just(PaymentStatus::NotFound),
        Just(PaymentStatus::Failed { code: "64".into(), text: String::new() }),
        Just(PaymentStatus::Failed { code: "42".into(), text: String::new() }),
    ]
}

fn claim() -> impl Strategy<Value = Option<(String, Fen)>> {
    let said = (0..3_u8, 9_999..10_002_i64).prop_map(|(serial, fen)| (format!("serial {serial}"), Fen::new(fen)));
    proptest::option::weighted(0.2, said)
}

fn payer() -> impl Strategy<Value = Payer> {
    prop_oneof![Just(Payer::Person), Just(Payer::Company)]
}

/// What the book does with a verdict, without its money.
fn step(known: &mut Known, word: &PaymentStatus, verdict: Verdict) {
    match (verdict, word) {
        (Verdict::Pay { .. }, PaymentStatus::Paid(settled)) => {
            known.state = State::Paid;
            known.paid = Some((settled.serial.clone(), Fen::new(settled.amount.fen())));
        }
        (Verdict::Fail { .. }, _) if known.state == State::Redirected => known.state = State::Failed,
        (Verdict::Expire { .. }, _) => known.state = State::Expired,
        (Verdict::Nothing | Verdict::Contradict | Verdict::Gone | Verdict::Fail { .. } | Verdict::Pay { .. }, _) => {}
    }
}

fn known(state: State, payer: Payer, paid_at: Option<Micros>) -> Known {
    let (amount, expires_at) = (Fen::new(10_000), Micros(60 * MIN_US));
    let paid = paid_at.map(|_| ("serial 0".to_owned(), amount));
    Known { state, amount, payer, expires_at, paid, paid_at, claims: Vec::new(), only_in_file: false }
}

proptest! {
    #[test]
    fn money_comes_once_and_never_unseen(
        payer in payer(),
        sent: bool,
        said in prop::collection::vec((word(), claim(), 0..20 * MIN_US), 0..40),
    ) {
        let mut known = Known {
            state: if sent { State::Redirected } else { State::Created },
            amount: Fen::new(10_000),
            payer,
            expires_at: Micros(60 * MIN_US),
            paid: None,
            paid_at: None,
            claims: Vec::new(),
            only_in_file: false,
        };
        let (mut now, mut payments) = (0, 0);
        for (word, claim, passed) in said {
            now += passed;
            known.claims.extend(claim);
            let before = known.clone();
            let verdict = judge(&known, &word, Micros(now));
            step(&mut known, &word, verdict);
            if let Verdict::Pay { late, wrong_amount, contradicted } = verdict {
                payments += 1;
                let (serial, amount) = known.paid.clone().expect("it is paid");
                let long_over = now >= 120 * MIN_US;
                prop_assert_eq!(late, before.state != State::Redirected || long_over);
                prop_assert!(wrong_amount || amount == known.amount, "another amount is never taken silently");
                prop_assert!(contradicted || known.claims.iter().all(|(claimed, _)| *claimed == serial));
            }
            // What a paid word does not book is either known or a contradiction.
            if let PaymentStatus::Paid(settled) = &word {
                let same = known.paid.as_ref().is_some_and(|(serial, fen)| {
                    *serial == settled.serial && fen.as_i64() == settled.amount.fen()
                });
                prop_assert!(same || verdict == Verdict::Contradict, "{:?} {:?}", before, verdict);
            }
            prop_assert!(!before.state.is_paid() || known.state == before.state, "paid stays paid");
            prop_assert!(before.state != State::Created || !known.state.is_paid(), "nobody was sent");
            let ended = matches!(known.state, State::Failed | State::Expired);
            let over = Micros(now) >= known.expires_at || matches!(word, PaymentStatus::Failed { .. });
            prop_assert!(!ended || before.state != State::Redirected || over);
            // A genuine claim of money is never ended away in silence.
            if before.state == State::Redirected && ended && !known.claims.is_empty() {
                let heard = matches!(verdict, Verdict::Fail { contradicted: true, .. } | Verdict::Expire { contradicted: true });
                prop_assert!(heard);
            }
        }
        prop_assert!(payments <= 1);
    }

    #[test]
    fn what_is_open_is_asked_about_again_and_what_is_paid_is_not(
        payer in payer(),
        asked in 0..100_i64,
        now in 0..200 * MIN_US,
    ) {
        let (now, expires_at) = (Micros(now), Micros(60 * MIN_US));
        let next = next_ask(&known(State::Redirected, payer, None), asked, now).expect("it is open");
        prop_assert!(next > now && next.0 - now.0 <= COMPANY_S * 1_000_000);
        prop_assert!(now.0 >= expires_at.0 + 5_000_000 || next.0 <= expires_at.0 + 5_000_000, "expiry is not missed");
        for state in State::ALL {
            let next = next_ask(&known(state, payer, Some(Micros(expires_at.0 - 1))), asked, now);
            let open = matches!(state, State::Redirected | State::Failed | State::Expired);
            prop_assert!(open || next.is_none(), "{:?}", state);
            prop_assert!(next.is_none_or(|next| next > now));
        }
        for state in State::ALL {
            let next = next_ask(&known(state, payer, Some(expires_at)), asked, now);
            let watched = matches!(state, State::Paid | State::Approved) && asked < 14;
            prop_assert!(!state.is_paid() || next.is_some() == watched, "{:?}: what came too late is watched", state);
        }
        prop_assert!(next_refund_ask(asked, now) > now);
    }
}

#[test]
fn money_that_the_gateway_does_not_have_any_more_never_becomes_quota() {
    let failed = PaymentStatus::Failed { code: "42".into(), text: String::new() };
    let pending = PaymentStatus::Pending { code: "05".into(), text: String::new() };
    let paid = ("serial 0".to_owned(), Fen::new(10_000));
    let short = PaymentStatus::Failed { code: "64".into(), text: String::new() };
    for (word, expected, in_file) in [
        (Some(settled(0, 10_000)), Ok(()), Ok(())),
        (Some(settled(0, 9_999)), Err(Refused::NotThere), Err(Refused::NotThere)),
        (Some(settled(1, 10_000)), Err(Refused::NotThere), Err(Refused::NotThere)),
        (Some(failed.clone()), Err(Refused::NotThere), Err(Refused::NotThere)),
        (Some(short), Err(Refused::NotThere), Ok(())),
        (Some(PaymentStatus::NotFound), Err(Refused::NotThere), Ok(())),
        (Some(pending), Err(Refused::Unanswered), Err(Refused::Unanswered)),
        (None, Err(Refused::Unanswered), Err(Refused::Unanswered)),
    ] {
        assert_eq!(may_credit(&paid, false, word.as_ref()), expected, "{word:?}");
        assert_eq!(may_credit(&paid, true, word.as_ref()), in_file, "{word:?}, and only the file knows of it");
    }
    for state in State::ALL {
        let known = known(state, Payer::Company, state.is_paid().then_some(Micros(0)));
        for word in [&failed, &PaymentStatus::NotFound] {
            let gone = judge_again(&known, word, Micros(0)) == Verdict::Gone;
            assert_eq!(gone, matches!(state, State::Paid | State::Approved), "{state:?}");
            assert_ne!(judge(&known, word, Micros(0)), Verdict::Gone, "it may be older than what is known");
            let only_in_file = Known { only_in_file: true, ..known.clone() };
            let news = judge_again(&only_in_file, word, Micros(0)) == Verdict::Gone;
            assert_eq!(news, gone && *word == failed, "that the bank denies it is no news, that it gave it back is");
        }
    }
}

#[test]
fn a_payer_who_comes_back_is_asked_about_as_the_gateway_advises() {
    let sent = known(State::Redirected, Payer::Person, None);
    let at = |asked| next_ask(&sent, asked, Micros(0)).expect("open").0;
    let gaps: Vec<i64> = (0..8).map(|asked| at(asked) / 1_000_000).collect();
    assert_eq!(gaps, [1, 2, 4, 8, 16, 32, 300, 300]);
}

#[test]
fn one_person_decides_up_to_the_limit() {
    let limit = Fen::new(100);
    let of_li = |number, answered| Some(Last { number, by: StaffId(1), answered });
    for (state, paid, last, expected) in [
        (State::Paid, 100, None, Ok(Course { number: 1, alone: true })),
        (State::Paid, 101, None, Ok(Course { number: 1, alone: false })),
        (State::Paid, 101, of_li(1, true), Ok(Course { number: 2, alone: false })),
        (State::Paid, 100, of_li(1, false), Err(Rule::Proposed.into())),
        (State::Redirected, 100, None, Err(Rule::Settled.into())),
        (State::Expired, 100, None, Err(Rule::Settled.into())),
        (State::Approved, 100, of_li(1, true), Err(Rule::Settled.into())),
        (State::Refunding, 100, of_li(1, true), Err(Rule::Settled.into())),
    ] {
        let may = |approve, voucher| may_propose(state, (Fen::new(paid), limit), last, (approve, voucher));
        for voucher in [Voucher::Gateway, Voucher::File, Voucher::Nobody] {
            assert_eq!(may(false, voucher), expected, "{state:?} {paid} {last:?}");
        }
        assert_eq!(may(true, Voucher::Gateway), expected, "{state:?} {paid} {last:?}");
        let two = expected.map(|course| Course { alone: false, ..course });
        assert_eq!((may(true, Voucher::File), may(true, Voucher::Nobody)), (two, two), "{state:?} {paid} {last:?}");
    }
}

#[test]
fn whose_word_stands_for_the_money_follows_from_its_story() {
    let amount = Fen::new(10_000);
    let in_file = || Happened::InFile { file: "INN26030188ZM_777290058110048".into() };
    let paid = |serial: &str| Happened::Paid { amount, serial: serial.into(), late: true };
    let asked = |told| Happened::Asked { told };
    let done = |serial: &str| Told::Done { serial: serial.into(), amount };
    let unfit = || Happened::Unfit { exception: crate::deposits::ExceptionId(1), kind: ExceptionKind::Contradiction };
    for (story, file) in [
        (vec![], false),
        (vec![Happened::Sent, asked(done("a")), paid("a")], false),
        (vec![Happened::Sent, asked(Told::NotFound), in_file(), paid("a")], true),
        (vec![asked(Told::NotFound), in_file(), paid("a"), unfit(), asked(Told::NotFound)], true),
        // Of another payment, the answer does not confirm this one.
        (vec![in_file(), paid("a"), asked(done("b"))], true),
        (vec![in_file(), paid("a"), asked(done("a"))], false),
        (vec![in_file(), paid("a"), asked(done("a")), asked(Told::NotFound)], false),
        // Listed before the payer was sent, and paid in the usual way.
        (vec![in_file(), unfit(), Happened::Sent, asked(done("a")), paid("a")], false),
    ] {
        let events = |what: Happened| Event { at: Micros(0), by: By::Gateway, what };
        let story: Vec<Event> = story.into_iter().map(events).collect();
        assert_eq!(only_in_file(&story), file, "{story:?}");
        assert_eq!(voucher(true, &story), if file { Voucher::File } else { Voucher::Gateway });
        assert_eq!(voucher(false, &story), Voucher::Nobody);
    }
}

#[test]
fn the_banks_number_is_typed_by_both_where_its_answer_does_not_stand_for_the_money() {
    use Voucher::{File, Gateway, Nobody};
    let long = "9".repeat(two_people::MOST_REFERENCE + 1);
    for (approve, voucher, typed, expected) in [
        (true, Gateway, "", Ok(None)),
        (true, Gateway, "TF-1", Ok(None)),
        (false, File, "TF-1", Ok(None)),
        (false, Nobody, "", Ok(None)),
        (true, File, " TF-1 ", Ok(Some("TF-1"))),
        (true, Nobody, "TF-1", Ok(Some("TF-1"))),
        (true, File, "  ", Err(Refused::NoReference)),
        (true, Nobody, &long, Err(Refused::LongReference)),
    ] {
        assert_eq!(vouched(approve, voucher, typed), expected, "{approve} {voucher:?} {typed}");
    }
    for (voucher, proposed, typed, expected) in [
        (Gateway, None, "TF-1", Ok(None)),
        (File, None, "TF-1", Err(Refused::Unvouched)),
        (Nobody, None, "TF-1", Err(Refused::Unvouched)),
        (File, Some("TF-1"), "TF-1 ", Ok(Some("TF-1"))),
        (Nobody, Some("TF-1"), "TF-2", Err(Refused::OtherReference)),
        (File, Some("TF-1"), "", Err(Refused::NoReference)),
        (Nobody, Some("TF-1"), &long, Err(Refused::LongReference)),
        // The bank has confirmed it since: the number was given, and is given again.
        (Gateway, Some("TF-1"), "TF-2", Err(Refused::OtherReference)),
    ] {
        assert_eq!(vouched_again(voucher, proposed, typed), expected, "{voucher:?} {proposed:?} {typed}");
    }
}

#[test]
fn what_nobody_can_be_asked_about_expires_a_day_after_it_would_be_given_up() {
    let day = 24 * 60 * MIN_US;
    for (payer, given_up) in [(Payer::Person, 60 * MIN_US), (Payer::Company, 60 * MIN_US + 7 * day)] {
        for state in State::ALL {
            let known = known(state, payer, state.is_paid().then_some(Micros(0)));
            let at = |us| judge_unasked(&known, Micros(us));
            let over = Verdict::Expire { contradicted: false };
            let expected = if state == State::Redirected { over } else { Verdict::Nothing };
            assert_eq!((at(given_up + day - 1), at(given_up + day)), (Verdict::Nothing, expected), "{state:?}");
        }
        let claims = vec![("serial 0".to_owned(), Fen::new(10_000))];
        let claimed = Known { claims, ..known(State::Redirected, payer, None) };
        let over = judge_unasked(&claimed, Micros(given_up + day));
        assert_eq!(over, Verdict::Expire { contradicted: true }, "what was claimed is not ended in silence");
    }
    let hour = 60 * MIN_US;
    for (now, next) in [(0, Some(hour)), (day - 1, Some(day - 1 + hour)), (day, None), (2 * day, None)] {
        assert_eq!(next_absent_look(Micros(0), Micros(now)), next.map(Micros), "{now}");
    }
}
