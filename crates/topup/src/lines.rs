//! Lines of text: names, reasons, remarks. All that people type here is one line.

/// The first character of `text` that no line holds: a control character. U+0000 is no text to every database, a line's
/// end would make two of one name, and none of the others shows what it is.
pub fn control(text: &str) -> Option<char> {
    text.chars().find(|one| one.is_control())
}

/// How a character that cannot be shown is named: `U+0000`.
pub fn name_of(character: char) -> String {
    format!("U+{:04X}", u32::from(character))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_holds_no_control_character() {
        for good in ["", "前台一号", "O’Neill & Söhne", "a\u{3000}b", "emoji 🙂"] {
            assert_eq!(control(good), None, "{good:?}");
        }
        for (bad, named) in [
            ("a\0b", "U+0000"),
            ("a\nb", "U+000A"),
            ("a\rb", "U+000D"),
            ("\t", "U+0009"),
            ("a\u{b}b", "U+000B"),
            ("\u{1b}[2J", "U+001B"),
            ("\u{7f}", "U+007F"),
            ("\u{85}", "U+0085"),
        ] {
            assert_eq!(control(bad).map(name_of).as_deref(), Some(named), "{bad:?}");
        }
    }
}
