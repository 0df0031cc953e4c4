//! The headers on every answer.

use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, VARY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::middleware::Next;
use axum::response::Response;

use crate::App;

/// Nothing from elsewhere, nothing inline, nobody may frame us, forms go to us.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";

/// Where else the forms of one page may go: to the payment gateway. An answer that carries none has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FormsTo(HeaderValue);

impl FormsTo {
    /// To these sources, as the policy writes them; none if they would end the directive or are no header.
    pub(crate) fn new(sources: &str) -> Option<Self> {
        let plain = !sources.contains([';', ',']);
        plain.then(|| HeaderValue::from_str(&format!("{POLICY} {sources}")).ok().map(Self)).flatten()
    }
}

/// What goes on every answer, whatever made it.
const ALWAYS: [(HeaderName, &str); 7] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    // Within the site the address helps; order numbers do not leave it.
    (REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), microphone=(), geolocation=(), usb=(), serial=(), hid=(), payment=(), interest-cohort=()",
    ),
];

/// Two years, the least that browsers' preload lists ask for; only behind TLS, where it means something.
const TRANSPORT: &str = "max-age=63072000; includeSubDomains";

/// Puts the headers on.
pub(crate) async fn put(State(app): State<App>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let forms = response.extensions_mut().remove::<FormsTo>();
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Some(FormsTo(policy)) = forms {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    if app.settings.tls {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(TRANSPORT));
    }
    // Pages hold money and card numbers: not in any cache, not even for the back button.
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.append(VARY, HeaderValue::from_static("Accept-Language, Cookie"));
    response
}
