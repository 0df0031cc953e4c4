//! What a payer does, step by step: choose a method and an account, ask for a code, confirm; a company's second person
//! approves. Each step is a function of the order, so that it is tested without a page.

use jiff::{SignedDuration, Timestamp};

use super::accounts::{self, Account, Behaviour, PASSWORD, PHONE};
use super::order::{Code, Order, PaymentOrder, Status};
use crate::gateway::Payer;

/// A code may be asked for again after this.
pub(crate) const RESEND: SignedDuration = SignedDuration::from_secs(60);
/// A code is good for this long.
pub(crate) const CODE_LIFE: SignedDuration = SignedDuration::from_mins(5);
/// An order gets at most this many codes.
pub(crate) const MOST_CODES: usize = 5;
/// A code dies after this many mistakes.
pub(crate) const MOST_WRONG_CODES: u32 = 5;
/// An account is locked for the order after this many wrong passwords.
pub(crate) const MOST_WRONG_PASSWORDS: u32 = 3;
/// How long after its expiry a late payment is done.
const LATENESS: SignedDuration = SignedDuration::from_secs(3);

/// Why a step did not go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The order is not waiting for this step (any more).
    Over,
    /// The time to pay has run out: 69.
    TimedOut,
    /// No account with this number, or one of the other kind: 61.
    Account,
    /// No account was entered yet.
    NoAccount,
    /// Asked again too early: so many seconds more.
    Wait(i64),
    /// No more codes for this order.
    NoMoreCodes,
    /// No code was asked for, or it is too old, used or dead: ask for a new one (71).
    NeedsCode,
    /// Mistyped: 71.
    WrongCode,
    /// Mistyped: 65, so many tries left.
    WrongPassword(u32),
    /// Mistyped too often: 67.
    Locked,
}

/// The payer enters an account.
pub(crate) fn enter_account(order: &mut Order, method: &str, number: &str, now: Timestamp) -> Result<(), Refusal> {
    let payment = open(order, now)?;
    let account = accounts::find(number).filter(|account| account.payer == payment.payer).ok_or(Refusal::Account)?;
    payment.method = Some(method.to_owned());
    order.account = Some(account.number.to_owned());
    Ok(())
}

/// A code is sent to the payer's phone.
pub(crate) fn send_code(order: &mut Order, digits: String, now: Timestamp) -> Result<(), Refusal> {
    let has_account = order.account.is_some();
    let payment = open(order, now)?;
    if !has_account {
        return Err(Refusal::NoAccount);
    }
    if let Some(last) = payment.codes.last() {
        let passed = now.duration_since(last.sent_at);
        if passed < RESEND {
            return Err(Refusal::Wait(RESEND.as_secs().saturating_sub(passed.as_secs())));
        }
    }
    if payment.codes.len() >= MOST_CODES {
        return Err(Refusal::NoMoreCodes);
    }
    payment.codes.push(Code { digits, phone: PHONE.to_owned(), sent_at: now, wrong: 0, used: false });
    Ok(())
}

/// The payer confirms with code and password. What becomes of the order says its status then.
pub(crate) fn confirm(order: &mut Order, code: &str, password: &str, now: Timestamp) -> Result<(), Refusal> {
    let account = order.account.as_deref().and_then(accounts::find);
    let payment = open(order, now)?;
    let account = account.ok_or(Refusal::NoAccount)?;
    if payment.wrong_passwords >= MOST_WRONG_PASSWORDS {
        return Err(Refusal::Locked);
    }
    let payer = payment.payer;
    check_code(payment, code, now)?;
    if password != PASSWORD {
        payment.wrong_passwords = payment.wrong_passwords.saturating_add(1);
        let left = MOST_WRONG_PASSWORDS.saturating_sub(payment.wrong_passwords);
        return Err(if left == 0 { Refusal::Locked } else { Refusal::WrongPassword(left) });
    }
    if let Some(code) = payment.codes.last_mut() {
        code.used = true;
    }
    match payer {
        Payer::Person => carry_out(order, account, now),
        Payer::Company => order.status = Status::AwaitingApproval,
    }
    Ok(())
}

/// A company's second person approves, or does not. The merchant's time to pay does not stop a bank.
pub(crate) fn approve(order: &mut Order, yes: bool, now: Timestamp) -> Result<(), Refusal> {
    if order.status != Status::AwaitingApproval {
        return Err(Refusal::Over);
    }
    let account = order.account.as_deref().and_then(accounts::find).ok_or(Refusal::NoAccount)?;
    if yes {
        carry_out(order, account, now);
    } else {
        order.status = Status::Failed { code: "60".to_owned() };
    }
    Ok(())
}

/// The payment of an order that still waits, in time.
fn open(order: &mut Order, now: Timestamp) -> Result<&mut PaymentOrder, Refusal> {
    if order.status != Status::Waiting {
        return Err(Refusal::Over);
    }
    let payment = order.payment_mut().ok_or(Refusal::Over)?;
    if payment.expires_at <= now { Err(Refusal::TimedOut) } else { Ok(payment) }
}

fn check_code(payment: &mut PaymentOrder, digits: &str, now: Timestamp) -> Result<(), Refusal> {
    let code = payment.codes.last_mut().ok_or(Refusal::NeedsCode)?;
    if code.used || code.wrong >= MOST_WRONG_CODES || now.duration_since(code.sent_at) > CODE_LIFE {
        return Err(Refusal::NeedsCode);
    }
    if code.digits != digits.trim() {
        code.wrong = code.wrong.saturating_add(1);
        return Err(if code.wrong >= MOST_WRONG_CODES { Refusal::NeedsCode } else { Refusal::WrongCode });
    }
    Ok(())
}

/// The account does what it does.
fn carry_out(order: &mut Order, account: &Account, now: Timestamp) {
    let failed = |code: &str| Status::Failed { code: code.to_owned() };
    order.status = match account.behaviour {
        Behaviour::Declines => failed("60"),
        Behaviour::Short => failed("64"),
        Behaviour::ForEver | Behaviour::Late | Behaviour::LateReturned => Status::Processing,
        Behaviour::Defect => Status::Done { code: "A6".to_owned() },
        Behaviour::Pays | Behaviour::Twice | Behaviour::Lost | Behaviour::BadSignature | Behaviour::WrongAmount => {
            Status::Done { code: "00".to_owned() }
        }
    };
    if matches!(account.behaviour, Behaviour::Late | Behaviour::LateReturned)
        && let Some(payment) = order.payment_mut()
    {
        let due = payment.expires_at.max(now).checked_add(LATENESS);
        payment.due_at = due.ok();
    }
}

/// What a payment under way comes to when its time has come.
pub(crate) fn decide_late(order: &mut Order) {
    let behaviour = order.account.as_deref().and_then(accounts::find).map(|account| account.behaviour);
    let returned = behaviour == Some(Behaviour::LateReturned);
    order.status =
        if returned { Status::Failed { code: "42".to_owned() } } else { Status::Done { code: "00".to_owned() } };
}
