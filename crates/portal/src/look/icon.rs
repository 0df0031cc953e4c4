//! Pictures, drawn here: each 24 units wide, in the colour of the text around it, unseen by screen readers because a
//! word always stands beside it.

use maud::{Markup, PreEscaped, html};

/// A picture's strokes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Icon(&'static str);

pub(crate) const DONE: Icon = Icon(r#"<circle cx="12" cy="12" r="9"/><path d="m8 12.5 2.8 2.8L16.2 9.5"/>"#);
pub(crate) const DOUBT: Icon = Icon(
    r#"<circle cx="12" cy="12" r="9"/><path d="M9.6 9.6c.2-1.5 1.2-2.3 2.5-2.3 1.4 0 2.5.9 2.5 2.2 0 1.9-2.5 2-2.5 4"/><path d="M12 16.6v.1"/>"#,
);
pub(crate) const BAD: Icon = Icon(r#"<circle cx="12" cy="12" r="9"/><path d="m9 9 6 6m0-6-6 6"/>"#);
pub(crate) const NOTE: Icon = Icon(r#"<circle cx="12" cy="12" r="9"/><path d="M12 11v5.5M12 7.8v.1"/>"#);
pub(crate) const WARN: Icon = Icon(r#"<path d="M12 3.8 21.3 20H2.7L12 3.8Z"/><path d="M12 10v4.6m0 2.5v.1"/>"#);
pub(crate) const CLOCK: Icon = Icon(r#"<circle cx="12" cy="12" r="9"/><path d="M12 7v5.2l3.4 2"/>"#);
pub(crate) const ARROW: Icon = Icon(r#"<path d="M4 12h15m-6-6 6 6-6 6"/>"#);
pub(crate) const CARD: Icon =
    Icon(r#"<rect x="2.5" y="5" width="19" height="14" rx="2.5"/><path d="M2.5 10h19M6.5 15h4"/>"#);
pub(crate) const LIST: Icon = Icon(r#"<path d="M8.5 6H21M8.5 12H21M8.5 18H21M3.5 6h.1m-.1 6h.1m-.1 6h.1"/>"#);
pub(crate) const BANK: Icon = Icon(r#"<path d="m3 9.5 9-5.5 9 5.5H3Zm2 3v6m4.7-6v6m4.6-6v6m4.7-6v6M3 21h18"/>"#);
pub(crate) const KEY: Icon = Icon(r#"<circle cx="8" cy="15.5" r="4.5"/><path d="m11.3 12.3 8.2-8.2M16.5 7l3 3"/>"#);
pub(crate) const HAND: Icon = Icon(
    r#"<path d="M8 12.5V5.8a1.6 1.6 0 0 1 3.2 0V11m0-.5V4.1a1.6 1.6 0 0 1 3.2 0V11m0-.4V6a1.6 1.6 0 0 1 3.2 0v8.2c0 4-2.4 6.3-5.8 6.3-2.8 0-4.3-1.2-5.6-3.5l-2.4-4.2a1.5 1.5 0 0 1 2.5-1.6L8 13.5"/>"#,
);

pub(crate) const STOP: Icon = Icon(r#"<circle cx="12" cy="12" r="9"/><path d="M9 9h6v6H9Z"/>"#);

impl Icon {
    /// Drawn in a line of text.
    pub(crate) fn draw(self) -> Markup {
        html! {
            svg.icon viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round"
                stroke-linejoin="round" aria-hidden="true" { (PreEscaped(self.0)) }
        }
    }
}

/// The mark: a card with its chip.
pub(crate) fn mark() -> Markup {
    html! {
        svg viewBox="0 0 26 18" aria-hidden="true" {
            rect width="26" height="18" rx="3.5" fill="currentColor" {}
            rect x="4" y="5.5" width="7" height="6" rx="1.3" fill="var(--on-brand)" fill-opacity=".88" {}
            path d="M15 13h7" stroke="var(--on-brand)" stroke-opacity=".55" stroke-width="1.6" stroke-linecap="round" {}
        }
    }
}

/// A chip, as on the card.
pub(crate) fn chip() -> Markup {
    html! {
        svg.chip viewBox="0 0 34 26" fill="none" stroke="currentColor" stroke-width="1.4" aria-hidden="true" {
            rect x=".8" y=".8" width="32.4" height="24.4" rx="4.5" fill="currentColor" fill-opacity=".12" {}
            path d="M.8 9h10.5v8H.8M33.2 9H22.700v8h10.500M11.3 9 14 .8M22.7 9 20 .8M11.3 17l2.7 8.200M22.7 17 20 25.2" {}
        }
    }
}

/// A reader with a card coming down on it.
pub(crate) fn reader() -> Markup {
    html! {
        svg width="168" height="112" viewBox="0 0 168 112" fill="none" stroke="currentColor" stroke-width="2"
            stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" {
            path d="M30 80h108l12 20a5 5 0 0 1-4.3 7.500H22.300A5 5 0 0 1 18 100l12-20Z" {}
            path d="M62 94h44" stroke-opacity=".5" {}
            g transform="rotate(-7 84 38)" {
                rect x="42" y="12" width="84" height="52" rx="7" fill="var(--brand-wash)" stroke="var(--brand)" {}
                rect x="52" y="30" width="17" height="13" rx="2.5" stroke="var(--brand)" {}
                path d="M52 54h30" stroke="var(--brand)" stroke-opacity=".5" {}
            }
        }
    }
}
