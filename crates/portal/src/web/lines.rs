//! What comes in is lines of text, whatever the handler does with them.
//!
//! A control character is refused here, before any handler: one database stores U+0000 and the other does not, a line's end
//! makes two of one name, and nobody sees either. A form that holds one is answered with the field and the character. In
//! an address it becomes the character that stands for what is no text: a filter then says of it what it says of any other
//! word that finds nothing. What other programs send (gateways, terminals) has rules of its own.

use axum::body::{Body, Bytes};
use axum::extract::{Form, FromRequest as _, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use topup::lines;

use super::kept::Kept;
use super::problem::Problem;
use crate::words::{Lang, say};

/// Passwords are neither stored nor shown, and whoever has one must be able to say it.
const SECRET: [&str; 4] = ["password", "original", "new", "again"];

/// The one field that is more than a line: the beginning of a bank's file.
const FILE: &str = "sample";

/// U+FFFD as it stands in an address.
const NO_TEXT: &str = "%EF%BF%BD";

/// A field of a form, and what it holds that no line of text does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NoLine {
    field: String,
    character: char,
}

impl NoLine {
    fn of(fields: &[(String, String)]) -> Option<Self> {
        fields.iter().find_map(|(name, value)| {
            let found = match name.as_str() {
                name if SECRET.contains(&name) => None,
                FILE => value.chars().find(|one| *one == '\0'),
                _ => lines::control(value),
            };
            found.map(|character| Self { field: name.clone(), character })
        })
    }

    /// What is wrong, for a page.
    pub(crate) fn words(&self, lang: Lang) -> String {
        let (field, character) = (label(lang, &self.field), lines::name_of(self.character));
        say!(lang, "error-character-text", field = field, character = character)
    }
}

/// Lets nothing by that is no line of text.
pub(crate) async fn check(request: Request, next: Next) -> Result<Response, Problem> {
    let (mut parts, body) = request.into_parts();
    // No address of ours has one, and what is taken out of a path is looked for in the database.
    if mended(parts.uri.path()).is_some() {
        return Err(Problem::NotFound);
    }
    if let Some(uri) = without_controls(&parts.uri) {
        parts.uri = uri;
    }
    let kind = parts.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if parts.method != Method::POST {
        return Ok(next.run(Request::from_parts(parts, body)).await);
    }
    if !kind.starts_with("application/x-www-form-urlencoded") {
        return Ok(Kept::of(&parts, &[]).beside(next.run(Request::from_parts(parts, body)).await));
    }
    let bytes = match Bytes::from_request(Request::from_parts(parts.clone(), body), &()).await {
        Ok(bytes) => bytes,
        Err(rejection) => return Ok(rejection.into_response()),
    };
    let whole = || Request::from_parts(parts.clone(), Body::from(bytes.clone()));
    match Form::<Vec<(String, String)>>::from_request(whole(), &()).await {
        Ok(Form(fields)) => match NoLine::of(&fields) {
            None => Ok(Kept::of(&parts, &fields).beside(next.run(whole()).await)),
            Some(wrong) => Err(Problem::NoLine(wrong)),
        },
        Err(rejection) => Ok(rejection.into_response()),
    }
}

/// The same address, if its query held control characters, with [`NO_TEXT`] for each.
fn without_controls(uri: &Uri) -> Option<Uri> {
    let query = mended(uri.query()?)?;
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(format!("{}?{query}", uri.path()).parse().ok()?);
    Uri::from_parts(parts).ok()
}

/// What is percent-encoded, with [`NO_TEXT`] for its control characters; nothing if it has none.
fn mended(encoded: &str) -> Option<String> {
    let mut parts = encoded.split('%');
    let mut mended = parts.next().unwrap_or_default().to_owned();
    let mut found = false;
    for part in parts {
        let control = part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        if control.is_some_and(|byte| byte.is_ascii_control()) {
            found = true;
            mended.push_str(NO_TEXT);
            mended.push_str(part.get(2..).unwrap_or_default());
        } else {
            mended.push('%');
            mended.push_str(part);
        }
    }
    found.then_some(mended)
}

/// What a field is called on its page; what nobody types goes by its own name.
pub(super) fn label(lang: Lang, field: &str) -> String {
    match field {
        "amount" | "least" | "most" => say!(lang, "list-amount"),
        "card" => say!(lang, "load-card"),
        "email" => say!(lang, "buyer-email"),
        "login" => say!(lang, "login"),
        "name" => say!(lang, "terminal-name"),
        "number" => say!(lang, "field-number"),
        "on" => say!(lang, "invoice-issued-on"),
        "operator" => say!(lang, "load-operator"),
        "order" => say!(lang, "load-order"),
        "reason" => say!(lang, "reason"),
        "reference" => say!(lang, "exception-reference"),
        "remark" => say!(lang, "deposit-remark"),
        "settles" => say!(lang, "account-settles"),
        "taxpayer" => say!(lang, "buyer-taxpayer"),
        "terminal" => say!(lang, "load-terminal"),
        "word" => say!(lang, "column-word"),
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_shows_what_is_no_text() {
        let check = |address: &str, expected: Option<&str>| {
            let mended = without_controls(&address.parse().unwrap());
            assert_eq!(mended.map(|uri| uri.to_string()).as_deref(), expected, "{address}");
        };
        check("/records", None);
        check("/records?operator=%E7%8E%8B+%25&card=0417", None);
        check("/records?operator=%2500", None);
        check("/records?operator=100%", None);
        check("/records?operator=%", None);
        check("/records?operator=%00", Some("/records?operator=%EF%BF%BD"));
        check("/records?operator=a%0d%0Ab&to=%7F", Some("/records?operator=a%EF%BF%BD%EF%BF%BDb&to=%EF%BF%BD"));
    }

    #[test]
    fn a_form_is_lines_but_for_passwords_and_a_file() {
        let check = |field: &str, value: &str, expected: Option<char>| {
            let sent = [("lang".to_owned(), "en".to_owned()), (field.to_owned(), value.to_owned())];
            assert_eq!(NoLine::of(&sent).map(|wrong| wrong.character), expected, "{field} {value:?}");
        };
        check("reason", "看过了，卡上没有", None);
        check("reason", "a\nb", Some('\n'));
        check("remark", "a\u{b}b", Some('\u{b}'));
        check("unheard-of", "\0", Some('\0'));
        check("password", "\0\t", None);
        check("sample", "日期,金额\r\n2026-11-22\t1\u{1a}", None);
        check("sample", "日期\0", Some('\0'));
    }
}
