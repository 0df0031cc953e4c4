//! What surrounds every page.

use std::time::Duration;

use maud::{DOCTYPE, Markup, html};
use topup::Micros;
use topup::people::staff::Staff;
use topup::people::{Operator, Permission};

use super::{Side, hidden, icon, kbd};
use crate::office;
use crate::web::assets;
use crate::words::{Lang, say};

/// How long before the end of an idle session the page warns: WCAG 2.2.1 asks for 20 seconds, people for more.
const WARN: Duration = Duration::from_secs(90);

/// Who looks at a page, and in which language.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) lang: Lang,
    /// The path and query of this page; the language switch comes back here.
    pub(crate) here: String,
    /// Who is signed in.
    pub(crate) visitor: Option<Visitor>,
}

/// Who is signed in, and for how long.
#[derive(Clone, Debug)]
pub(crate) struct Visitor {
    pub(crate) who: Who,
    /// When they signed in; their sitting begins here.
    pub(crate) since: Micros,
    /// How long they may be idle.
    pub(crate) idle: Duration,
}

/// A person of a group, or of the card company.
#[derive(Clone, Debug)]
pub(crate) enum Who {
    Operator(Operator),
    Staff(Staff),
}

impl Visitor {
    pub(crate) fn login(&self) -> &str {
        match &self.who {
            Who::Operator(operator) => &operator.login,
            Who::Staff(staff) => &staff.login,
        }
    }

    pub(crate) fn name(&self) -> &str {
        match &self.who {
            Who::Operator(operator) => &operator.name,
            Who::Staff(staff) => &staff.name,
        }
    }
}

/// A page to be drawn.
#[must_use = "a page shows nothing until it is drawn"]
pub(crate) struct Page<'a> {
    frame: &'a Frame,
    title: String,
    body: Markup,
    strip: Markup,
    refresh: Option<u32>,
    refresh_without_script: Option<u32>,
    narrow: bool,
    scripts: &'static [&'static str],
}

impl Frame {
    /// Which side of the counter the page is on.
    pub(crate) fn side(&self) -> Side {
        Side::of(&self.here)
    }

    /// The operator who is signed in.
    pub(crate) fn operator(&self) -> Option<&Operator> {
        match &self.visitor.as_ref()?.who {
            Who::Operator(operator) => Some(operator),
            Who::Staff(_) => None,
        }
    }

    /// The member of staff who is signed in.
    pub(crate) fn staff(&self) -> Option<&Staff> {
        match &self.visitor.as_ref()?.who {
            Who::Operator(_) => None,
            Who::Staff(staff) => Some(staff),
        }
    }

    /// Name and login of who is signed in, as a file says who made it.
    pub(crate) fn by(&self) -> String {
        self.visitor.as_ref().map_or_else(String::new, |who| format!("{} {}", who.name(), who.login()))
    }

    /// A page with this title and body.
    pub(crate) fn page(&self, title: String, body: Markup) -> Page<'_> {
        Page {
            frame: self,
            title,
            body,
            strip: html! {},
            refresh: None,
            refresh_without_script: None,
            narrow: false,
            scripts: &[],
        }
    }
}

impl Page<'_> {
    /// With the reader strip under the header.
    pub(crate) fn strip(self, strip: Markup) -> Self {
        Self { strip, ..self }
    }

    /// Comes again by itself after so many seconds.
    pub(crate) fn refresh(self, seconds: u32) -> Self {
        Self { refresh: Some(seconds), ..self }
    }

    /// Comes again by itself where no script keeps it up to date.
    pub(crate) fn refresh_without_script(self, seconds: u32) -> Self {
        Self { refresh_without_script: Some(seconds), ..self }
    }

    /// As wide as a form.
    pub(crate) fn narrow(self) -> Self {
        Self { narrow: true, ..self }
    }

    /// With scripts of its own; the page works before they have loaded.
    pub(crate) fn scripts(self, scripts: &'static [&'static str]) -> Self {
        Self { scripts, ..self }
    }

    /// The whole document.
    pub(crate) fn draw(self) -> Markup {
        let Frame { lang, visitor, .. } = self.frame;
        let (lang, side) = (*lang, self.frame.side());
        html! {
            (DOCTYPE)
            html lang=(lang.tag()) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    @if let Some(seconds) = self.refresh { meta http-equiv="refresh" content=(seconds); }
                    @if let Some(seconds) = self.refresh_without_script {
                        noscript { meta http-equiv="refresh" content=(seconds); }
                    }
                    title { (side.title(lang, self.title)) }
                    link rel="stylesheet" href=(assets::url("look.css"));
                    link rel="icon" type="image/svg+xml" href=(assets::url("mark.svg"));
                    @if visitor.is_some() { script type="module" src=(assets::url("session.js")) {} }
                    @for script in self.scripts { script type="module" src=(assets::url(script)) {} }
                }
                body {
                    a.skip href="#main" { (say!(lang, "skip")) }
                    (self.frame.header())
                    (self.strip)
                    main id="main" class=[self.narrow.then_some("narrow")] { (self.body) }
                    footer.foot.no-print {
                        @if side == Side::Portal { a href="/guide" { (say!(lang, "nav-guide")) } }
                        span { (say!(lang, "footer", version = env!("CARGO_PKG_VERSION"))) }
                    }
                    @if let Some(visitor) = visitor { (idle(lang, side, visitor)) }
                }
            }
        }
    }
}

impl Frame {
    fn header(&self) -> Markup {
        let (lang, side) = (self.lang, self.side());
        let door = self.here == "/" || self.here.starts_with(side.sign_in());
        html! {
            header.top.office[side == Side::Office] {
                a.mark href=(side.home()) {
                    (icon::mark()) span.word { (say!(lang, "product")) }
                    @if side == Side::Office { span.label { (say!(lang, "office")) } }
                }
                @if let Some(visitor) = &self.visitor {
                    nav aria-label=(say!(lang, "nav")) { ul { @for (path, word) in self.sections() {
                        li { (self.nav(path, &word)) }
                    } } }
                    div.who {
                        span.group { (self.standing(&visitor.who)) }
                        b { (visitor.name()) " " (visitor.login()) }
                    }
                }
                div.aside {
                    form method="post" action="/language" {
                        (hidden("back", &self.here))
                        button.plain name="lang" value=(lang.other().tag()) lang=(lang.other().tag())
                            title=(say!(lang, "language-label")) { (say!(lang, "language-switch")) }
                    }
                    @if self.visitor.is_some() {
                        form method="post" action=(side.sign_out()) { button.plain { (say!(lang, "sign-out")) } }
                    } @else if !door {
                        a.plain href=(side.sign_in()) { (say!(lang, "sign-in")) }
                    }
                }
            }
        }
    }

    /// The sections that whoever is signed in may see.
    fn sections(&self) -> Vec<(&'static str, String)> {
        let own = (self.side().password(), say!(self.lang, "nav-password"));
        match self.staff() {
            None => {
                let may = |needs| self.operator().is_some_and(|operator| operator.role.may(needs));
                let deposits = may(Permission::Deposits).then(|| ("/deposits", say!(self.lang, "nav-deposits")));
                let invoices = may(Permission::Invoices).then(|| ("/invoices", say!(self.lang, "module-invoices")));
                let cards = [("/station", say!(self.lang, "nav-load")), ("/records", say!(self.lang, "nav-records"))];
                cards.into_iter().chain(deposits).chain(invoices).chain([own]).collect()
            }
            Some(staff) => office::sections(self.lang, staff).into_iter().chain([own]).collect(),
        }
    }

    /// What someone is: of which group, or in which role.
    fn standing(&self, who: &Who) -> String {
        match who {
            Who::Operator(operator) => operator.group_name.clone(),
            Who::Staff(staff) => office::role(self.lang, staff.role),
        }
    }

    fn nav(&self, path: &str, word: &str) -> Markup {
        let current = self.here.split('?').next().is_some_and(|here| here.starts_with(path));
        html! { a href=(path) aria-current=[current.then_some("page")] { (word) } }
    }
}

/// The two dialogs of an idle session: stay, or sign in again in place. `session.js` opens them.
fn idle(lang: Lang, side: Side, visitor: &Visitor) -> Markup {
    html! {
        dialog id="session-idle" aria-labelledby="idle-title" data-session=(side.session())
            data-idle-s=(visitor.idle.as_secs()) data-warn-s=(WARN.as_secs().min(visitor.idle.as_secs() / 2)) {
            h2 id="idle-title" { (say!(lang, "idle-title")) }
            p { (say!(lang, "idle-text")) }
            strong.count.num data-count { }
            button.button.main.big data-stay autofocus { (say!(lang, "idle-stay")) (kbd("Enter")) }
        }
        dialog id="session-again" aria-labelledby="again-title" {
            form.stack method="post" action=(side.sign_in()) {
                h2 id="again-title" { (say!(lang, "again-title")) }
                p.soft {
                    (say!(lang, "again-text")) br;
                    span data-refused="no" { (say!(lang, "again-under-way")) }
                    span data-refused="yes" hidden { (say!(lang, "again-refused")) }
                }
                div data-problem role="alert" { }
                div.field {
                    label for="again-login" { (say!(lang, "login")) }
                    input id="again-login" name="login" value=(visitor.login()) readonly autocomplete="username";
                }
                div.field {
                    label for="again-password" { (say!(lang, "password")) }
                    input id="again-password" name="password" type="password" autocomplete="current-password" autofocus;
                }
                (hidden("since", visitor.since.0))
                (hidden("then", side.home()))
                button.button.main.big { (say!(lang, "again-submit")) }
                a.soft href=(side.sign_in()) { (say!(lang, "again-other")) }
            }
        }
    }
}
