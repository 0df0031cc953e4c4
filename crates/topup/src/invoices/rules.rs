//! What may be written down. Pure.

use jiff::civil::Date;
use store::Micros;

use super::{TaxpayerError, TaxpayerNumber, Typed};

/// The longest name of a buyer, in characters: what the tax system takes.
pub const MOST_NAME: usize = 100;
/// The longest e-mail address that mail servers take.
const MOST_EMAIL: usize = 254;
/// The digits of the number of a fully digital invoice (数电票).
const DIGITS: usize = 20;

/// Where an invoice stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Asked for.
    Requested,
    /// Withdrawn before anything was issued.
    Withdrawn,
    /// Issued by the tax system.
    Issued,
    /// Reversed by a red invoice.
    RedFlushed,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Requested, Self::Withdrawn, Self::Issued, Self::RedFlushed];

    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Withdrawn => "withdrawn",
            Self::Issued => "issued",
            Self::RedFlushed => "red_flushed",
        }
    }

    /// From what is stored.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// What is wrong with a buyer's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BuyerProblem {
    /// There is no name, or one longer than [`MOST_NAME`].
    Name,
    /// The taxpayer number.
    Taxpayer(TaxpayerError),
    /// The address is none.
    Email,
}

/// What is wrong with the number and date of an invoice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberProblem {
    /// It has not 20 digits.
    Digits,
    /// Another invoice has it.
    Taken,
    /// The date is none.
    Date,
    /// The date is still to come.
    Future,
    /// The date is before there was anything to issue.
    Early,
}

/// Name, number and address, if they are good.
pub(super) fn buyer(typed: Typed<'_>) -> Result<(String, TaxpayerNumber, String), Vec<BuyerProblem>> {
    let mut problems = Vec::new();
    let name = typed.name.trim();
    if name.is_empty() || name.chars().count() > MOST_NAME || name.chars().any(char::is_control) {
        problems.push(BuyerProblem::Name);
    }
    let taxpayer = typed.taxpayer.parse::<TaxpayerNumber>();
    if let Err(error) = taxpayer {
        problems.push(BuyerProblem::Taxpayer(error));
    }
    let email = typed.email.trim();
    if !is_address(email) {
        problems.push(BuyerProblem::Email);
    }
    match taxpayer {
        Ok(taxpayer) if problems.is_empty() => Ok((name.to_owned(), taxpayer, email.to_owned())),
        Ok(_) | Err(_) => Err(problems),
    }
}

/// Something before one @ and a name with a point after it; whether it exists only a letter can tell.
fn is_address(text: &str) -> bool {
    let Some((user, host)) = text.split_once('@') else { return false };
    let plain = |c: char| c.is_ascii_graphic() && !"@,;:<>()[]\\\"".contains(c);
    text.len() <= MOST_EMAIL
        && !user.is_empty()
        && host.split('.').count() >= 2
        && host.split('.').all(|part| !part.is_empty())
        && user.chars().all(plain)
        && host.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.')
}

/// The number and the date, if they are good. Not before `from`, not after `today`.
pub(super) fn numbered(
    number: &str,
    on: &str,
    from: Option<Date>,
    today: Option<Date>,
) -> Result<(String, Date), NumberProblem> {
    let number: String = number.chars().filter(|c| !c.is_whitespace()).collect();
    if number.len() != DIGITS || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(NumberProblem::Digits);
    }
    let on: Date = on.trim().parse().map_err(|_| NumberProblem::Date)?;
    if today.is_none_or(|today| on > today) {
        return Err(NumberProblem::Future);
    }
    if from.is_some_and(|from| on < from) {
        return Err(NumberProblem::Early);
    }
    Ok((number, on))
}

/// The day of a moment in Beijing.
pub(super) fn day_of(at: Micros) -> Option<Date> {
    crate::house::beijing(at).map(jiff::civil::DateTime::date)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn an_address_is_one_that_could_be_written_to() {
        for good in ["a@b.cn", "cai.wu+1@mail.example.com.cn", "x_y@163.com"] {
            assert!(is_address(good), "{good}");
        }
        for bad in ["", "a", "a@b", "@b.cn", "a@.cn", "a@b.", "a@b@c.cn", "a b@c.cn", "a@b.cn,c@d.cn", "财务@例.cn"]
        {
            assert!(!is_address(bad), "{bad}");
        }
    }

    #[test]
    fn everything_wrong_with_a_buyer_is_said_at_once() {
        let typed = Typed { name: " ", taxpayer: "914403001922038217", email: "x" };
        let problems = [BuyerProblem::Name, BuyerProblem::Taxpayer(TaxpayerError::Check), BuyerProblem::Email];
        assert_eq!(buyer(typed), Err(problems.to_vec()));
        let typed = Typed { name: " 示例公司 ", taxpayer: "9144 0300 1922 038216", email: " a@b.cn " };
        let (name, taxpayer, email) = buyer(typed).expect("good");
        assert_eq!((name.as_str(), taxpayer.as_str(), email.as_str()), ("示例公司", "914403001922038216", "a@b.cn"));
    }

    #[test]
    fn a_number_has_twenty_digits_and_a_day_between_approval_and_today() {
        let (from, today) = (Some(date(2026, 11, 20)), Some(date(2026, 11, 22)));
        let check = |number: &str, on: &str, expected| {
            assert_eq!(numbered(number, on, from, today).map(|(_, on)| on), expected, "{number} {on}");
        };
        let good = "26412000000012345678";
        check(good, "2026-11-22", Ok(date(2026, 11, 22)));
        check(" 2641 2000 0000 1234 5678 ", "2026-11-20", Ok(date(2026, 11, 20)));
        check("2641200000001234567", "2026-11-22", Err(NumberProblem::Digits));
        check("2641200000001234567X", "2026-11-22", Err(NumberProblem::Digits));
        check(good, "22.11.2026", Err(NumberProblem::Date));
        check(good, "2026-11-23", Err(NumberProblem::Future));
        check(good, "2026-11-19", Err(NumberProblem::Early));
    }
}
