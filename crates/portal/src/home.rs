//! The home page: for visitors what this is and how it works, for operators their modules.

use axum::extract::Form;
use axum::extract::State;
use axum::response::Redirect;
use axum_extra::extract::cookie::CookieJar;
use maud::{Markup, html};
use serde::Deserialize;
use topup::groups::{self, Quota};
use topup::people::Permission;

use crate::look::{Frame, Tone, command, icon, notice, show, tag};
use crate::people::sign_in;
use crate::web::Html;
use crate::web::problem::Problem;
use crate::words::{Lang, say};
use crate::{App, Settings};

/// `GET /`
pub(crate) async fn get(State(app): State<App>, frame: Frame) -> Result<Html, Problem> {
    Ok(Html(match frame.operator() {
        Some(operator) => modules(&frame, groups::quota(&app.house, operator.group).await?),
        None => welcome(&frame, &app.settings),
    }))
}

/// `GET /guide`
pub(crate) async fn guide(State(app): State<App>, frame: Frame) -> Html {
    let title = say!(frame.lang, "nav-guide");
    let body = html! { h1 { (title) } (how(frame.lang, &app.settings)) };
    Html(frame.page(title, body).draw())
}

/// What the language switch sends.
#[derive(Debug, Deserialize)]
pub(crate) struct Switch {
    lang: String,
    back: Option<String>,
}

/// `POST /language`: works without script and comes back to the same page.
pub(crate) async fn language(
    State(app): State<App>,
    jar: CookieJar,
    Form(switch): Form<Switch>,
) -> Result<(CookieJar, Redirect), Problem> {
    let lang = Lang::parse(&switch.lang).ok_or(Problem::Malformed)?;
    Ok((jar.add(lang.cookie(app.settings.tls)), Redirect::to(sign_in::local(switch.back.as_deref()).unwrap_or("/"))))
}

/// The page for visitors.
pub(crate) fn welcome(frame: &Frame, settings: &Settings) -> Markup {
    let lang = frame.lang;
    let body = html! {
        div.hero {
            div {
                h1 { (say!(lang, "home-title")) }
                p.lead { (say!(lang, "home-lead")) }
                (art())
            }
            div.sheet.pad.stack {
                h2 { (say!(lang, "sign-in-title")) }
                p.soft { (say!(lang, "sign-in-lead")) }
                (sign_in::form(frame, &sign_in::View::default(), false))
            }
        }
        (how(lang, settings))
    };
    frame.page(say!(lang, "home-title"), body).draw()
}

/// How it works, the terminal program, and what clerks should know.
pub(crate) fn how(lang: Lang, settings: &Settings) -> Markup {
    let (server, program) = (settings.public_url.as_str(), &settings.terminal_program);
    let steps = [
        (say!(lang, "home-step1"), say!(lang, "home-step1-text")),
        (say!(lang, "home-step2"), say!(lang, "home-step2-text")),
        (say!(lang, "home-step3"), say!(lang, "home-step3-text")),
    ];
    let states = [
        (Tone::Good, say!(lang, "state-succeeded"), say!(lang, "home-state-succeeded")),
        (Tone::Bad, say!(lang, "state-failed"), say!(lang, "home-state-failed")),
        (Tone::Doubt, say!(lang, "state-unknown"), say!(lang, "home-state-unknown")),
    ];
    let rules = [
        (icon::HAND, say!(lang, "home-rule-still")),
        (icon::DOUBT, say!(lang, "home-rule-doubt")),
        (icon::DONE, say!(lang, "home-rule-network")),
        (icon::CLOCK, say!(lang, "home-rule-idle")),
    ];
    html! {
        section.band { h2 { (say!(lang, "home-how")) }
            ol.steps { @for ((heading, text), n) in steps.iter().zip(1_u8..) {
                li { span.n.num { (n) } h3 { (heading) } p { (text) } }
            } }
        }
        section.band { h2 { (say!(lang, "home-states")) }
            div.states { @for (tone, word, text) in &states { div { div { (tag(*tone, word)) } p { (text) } } } }
        }
        section.band { h2 { (say!(lang, "home-operators")) }
            ul.rules { @for (picture, text) in &rules { li { (picture.draw()) span { (text) } } } }
        }
        section.band id="terminal" { h2 { (say!(lang, "home-terminal")) }
            div.prose {
                p { (say!(lang, "home-terminal-text")) }
                @if !program.drives_readers() {
                    (notice(Tone::Doubt, &say!(lang, "home-no-readers"), say!(lang, "home-no-readers-text")))
                }
                a.button href="/download/jichong" download { (say!(lang, "home-download")) }
                p { (say!(lang, "home-enrol")) }
                (command(&enrol_command(program.name(), server, &say!(lang, "home-enrol-code"))))
                p { (say!(lang, "home-enrol-then")) }
                (command(&format!("./{} terminal run --server {server}", program.name())))
                p { (say!(lang, "home-soft")) }
                p { (say!(lang, "home-doctor")) }
                (command(&format!("./{} terminal doctor", program.name())))
                p { (say!(lang, "home-doctor-page")) " " a href="/terminal/check" { (say!(lang, "check-title")) } }
            }
        }
    }
}

fn enrol_command(program: &str, server: &str, code: &str) -> String {
    format!("chmod +x {program}\n./{program} terminal enrol --server {server} --code {code}")
}

/// A module of the manual.
struct Module {
    icon: icon::Icon,
    name: String,
    text: String,
    /// Where it is, and what it needs; none while it is not built.
    at: Option<(&'static str, Permission)>,
}

/// The signed-in home: the five modules of the manual, and the group's invoices; what is not built yet says so.
pub(crate) fn modules(frame: &Frame, quota: Quota) -> Markup {
    let lang = frame.lang;
    let name = frame.operator().map_or("", |operator| operator.name.as_str());
    let group = frame.operator().map_or("", |operator| operator.group_name.as_str());
    let title = say!(lang, "modules-title", name = name);
    let body = html! {
        div.hello {
            div { h1 { (title) } p.soft { (group) } }
            div.quota {
                small.soft { (say!(lang, "modules-quota")) }
                b { (show::money(quota.available)) }
                @if quota.held.as_i64() > 0 {
                    small.soft.num { (say!(lang, "modules-held", amount = show::yuan(quota.held))) }
                }
            }
        }
        div.modules { @for module in all_modules(lang) { (draw(frame, &module)) } }
    };
    frame.page(say!(lang, "product"), body).draw()
}

fn all_modules(lang: Lang) -> [Module; 6] {
    [
        Module {
            icon: icon::CARD,
            name: say!(lang, "module-load"),
            text: say!(lang, "module-load-text"),
            at: Some(("/station", Permission::Load)),
        },
        Module {
            icon: icon::LIST,
            name: say!(lang, "module-records"),
            text: say!(lang, "module-records-text"),
            at: Some(("/records", Permission::Records)),
        },
        Module {
            icon: icon::BANK,
            name: say!(lang, "module-deposit"),
            text: say!(lang, "module-deposit-text"),
            at: Some(("/deposits/new", Permission::Deposits)),
        },
        Module {
            icon: icon::LIST,
            name: say!(lang, "module-deposits"),
            text: say!(lang, "module-deposits-text"),
            at: Some(("/records/deposits", Permission::Deposits)),
        },
        Module {
            icon: icon::NOTE,
            name: say!(lang, "module-invoices"),
            text: say!(lang, "module-invoices-text"),
            at: Some(("/invoices", Permission::Invoices)),
        },
        Module {
            icon: icon::KEY,
            name: say!(lang, "module-password"),
            text: say!(lang, "module-password-text"),
            at: Some(("/password", Permission::OwnAccount)),
        },
    ]
}

fn draw(frame: &Frame, module: &Module) -> Markup {
    let may = |needs| frame.operator().is_some_and(|operator| operator.role.may(needs));
    html! {
        @match module.at {
            Some((path, needs)) if may(needs) => {
                a.sheet.module href=(path) { (module.icon.draw()) h2 { (module.name) } p { (module.text) } }
            }
            Some(_) => {}
            None => {
                div.sheet.module.off { (module.icon.draw())
                    h2 { (module.name) (tag(Tone::Plain, &say!(frame.lang, "soon"))) } p { (module.text) } }
            }
        }
    }
}

/// A card over a reader, large.
fn art() -> Markup {
    html! {
        svg.art viewBox="0 0 336 190" fill="none" stroke="currentColor" stroke-width="2.5" stroke-linecap="round"
            stroke-linejoin="round" aria-hidden="true" {
            path d="M58 138h220l24 38a7 7 0 0 1-6 11H40a7 7 0 0 1-6-11l24-38Z" fill="var(--sheet)" stroke="var(--edge)" {}
            path d="M130 164h76" stroke="var(--line)" {}
            g transform="rotate(-7 168 72)" {
                rect x="76" y="14" width="184" height="114" rx="14" fill="var(--brand-wash)" {}
                rect x="98" y="50" width="38" height="29" rx="5" fill="var(--sheet)" {}
                path d="M98 60h12v10H98m38-10h-12v10h12" {}
                path d="M98 106h70" stroke-opacity=".45" {}
                path d="M214 42c6 6 6 16 0 22m10-32c12 12 12 30 0 42" stroke-opacity=".6" {}
            }
        }
    }
}
