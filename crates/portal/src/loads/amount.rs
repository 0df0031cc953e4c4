//! An amount as people type it.

use topup::Fen;

/// Reads yuan, with fen after a point if there are any: `50`, `50.00`, `1,000`, `¥50`, and the wide digits that a
/// Chinese keyboard types. Whether a card takes the amount is for the rules to say.
pub(crate) fn parse(text: &str) -> Option<Fen> {
    let plain: String = text.chars().filter_map(narrow).collect();
    let (yuan, fen) = plain.split_once('.').unwrap_or((&plain, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if yuan.is_empty() || !digits(yuan) || !digits(fen) || fen.len() > 2 {
        return None;
    }
    let fen: i64 = format!("{fen:0<2}").parse().ok()?;
    yuan.parse::<i64>().ok()?.checked_mul(100)?.checked_add(fen).map(Fen::new)
}

/// The plain form of a character of an amount; nothing for what only decorates it.
fn narrow(c: char) -> Option<char> {
    match c {
        '¥' | '\u{ffe5}' | ',' | '\u{ff0c}' | '元' => None,
        '\u{3002}' | '\u{ff0e}' => Some('.'),
        '\u{ff10}'..='\u{ff19}' => u32::from(c).checked_sub(0xFEE0).and_then(char::from_u32),
        c if c.is_whitespace() => None,
        c => Some(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_as_people_type_them() {
        let check = |text: &str, fen: Option<i64>| assert_eq!(parse(text), fen.map(Fen::new), "{text:?}");
        check("50", Some(5_000));
        check(" 50 ", Some(5_000));
        check("50.00", Some(5_000));
        check("50.5", Some(5_050));
        check("¥1,000", Some(100_000));
        check("1,000元", Some(100_000));
        check("\u{ff15}\u{ff10}", Some(5_000));
        check("0", Some(0));
        for wrong in ["", ".", ".5", "-50", "+50", "5e3", "50.001", "1.2.3", "fifty", "五十", "99999999999999999999"]
        {
            check(wrong, None);
        }
    }
}
