//! Every address of the portal in one table: method, path, what it needs, who answers.
//!
//! What a handler needs stands in its own signature ([`access::May`], [`access::Office`]) and here; a test walks the table with every role
//! and finds the two agree.

use axum::extract::DefaultBodyLimit;
use axum::http::Method;
use axum::routing::{MethodRouter, get, post};
use topup::people::Permission;
use topup::people::staff::StaffPermission;
use topup::records::{Deposits, Loads};

use crate::deposits::{confirm, deposit, form, gateway, list as list_deposits, pay};
use crate::loads::run::{course, summary, verbs};
use crate::loads::{charge, live, station};
use crate::office::invoices::{buyers, invoice};
use crate::office::reconcile::{account, day, statements};
use crate::office::terminals::{list, new, revoke, terminal};
use crate::people::{password, session, sign_in};
use crate::records::statement::{day as statement_day, file as statement_file, page as statement};
use crate::records::{exports, list as list_records};
use crate::terminals::{check, choose, connect, download};
use crate::web::upload::UPLOAD_LIMIT;
use crate::web::{assets, health};
use crate::{App, home, office};

/// What an address needs: which permission, of which kind of person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// Of an operator, in the portal.
    Operator(Permission),
    /// Of a member of staff, in the office.
    Staff(StaffPermission),
}

/// One address.
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path, parameters in braces.
    pub path: &'static str,
    /// What it needs; nothing for those that everyone may ask.
    pub needs: Option<Right>,
    /// Whether other sites and programs send here: no session is looked for, and nobody asks where it comes from.
    pub elsewhere: bool,
    answer: MethodRouter<App>,
}

impl Route {
    fn get(path: &'static str, needs: Option<Right>, answer: MethodRouter<App>) -> Self {
        Self { method: Method::GET, path, needs, elsewhere: false, answer }
    }

    fn post(path: &'static str, needs: Option<Right>, answer: MethodRouter<App>) -> Self {
        Self { method: Method::POST, path, needs, elsewhere: false, answer }
    }

    /// The same, for other sites and programs to send to.
    fn sent_elsewhere(self) -> Self {
        Self { elsewhere: true, ..self }
    }

    /// Path and answer, for the router.
    pub(crate) fn into_parts(self) -> (&'static str, MethodRouter<App>) {
        (self.path, self.answer)
    }
}

/// The table.
pub fn table() -> Vec<Route> {
    [portal(), deposits(), own_invoices(), office(), records(), reconcile(), invoices(), terminals()]
        .into_iter()
        .flatten()
        .collect()
}

/// What the groups' people see, and everyone.
fn portal() -> Vec<Route> {
    let load = Some(Right::Operator(Permission::Load));
    let own = Some(Right::Operator(Permission::OwnAccount));
    let records = Some(Right::Operator(Permission::Records));
    vec![
        Route::get("/", None, get(home::get)),
        Route::get("/guide", None, get(home::guide)),
        Route::post("/language", None, post(home::language)),
        Route::get("/sign-in", None, get(sign_in::get)),
        Route::post("/sign-in", None, post(sign_in::post)),
        Route::post("/sign-out", None, post(session::end)),
        Route::get("/session", own, get(session::left)),
        Route::post("/session", own, post(session::stay)),
        Route::get("/password", own, get(password::get)),
        Route::post("/password", own, post(password::post)),
        Route::get("/station", load, get(station::get)),
        Route::get("/station/live", load, get(live::get)),
        Route::post("/station/charge", load, post(charge::post)),
        Route::get("/station/outcome/{terminal}/{intent}", load, get(charge::outcome)),
        Route::get("/station/terminal", load, get(choose::get)),
        Route::post("/station/terminal", load, post(choose::post)),
        Route::get("/terminal/check", load, get(check::get)),
        Route::get("/terminal/check/now", load, get(check::now)),
        Route::get("/station/run", load, get(course::get)),
        Route::post("/station/run", load, post(course::post)),
        Route::post("/station/run/watch", load, post(verbs::watch)),
        Route::post("/station/run/stop", load, post(verbs::stop)),
        Route::post("/station/run/again", load, post(verbs::again)),
        Route::post("/station/run/resume", load, post(verbs::resume)),
        Route::get("/station/run/{run}", load, get(summary::get)),
        Route::get("/records", records, get(list_records::get::<Loads>)),
        Route::get("/records/charts", records, get(crate::records::charts::get)),
        Route::post("/records/export", records, post(exports::post::<Loads>)),
        Route::get("/records/exports", records, get(exports::get)),
        Route::get("/records/exports/{export}/file", records, get(exports::file)),
        Route::post("/records/exports/{export}/cancel", records, post(exports::cancel)),
        Route::get("/station/run/{run}/receipt", load, get(crate::records::receipt::of_run)),
        Route::get("/loads/{order}", load, get(crate::loads::load::get)),
        Route::get("/loads/{order}/sitting", load, get(crate::records::receipt::get)),
        Route::get("/download/jichong", None, get(download::get)),
        Route::get("/assets/{hash}/{file}", None, get(assets::get)),
        Route::get("/healthz", None, get(health::alive)),
        Route::get("/readyz", None, get(health::ready)),
    ]
}

/// Where a group pays in, and what comes back from the gateway.
fn deposits() -> Vec<Route> {
    let deposits = Some(Right::Operator(Permission::Deposits));
    vec![
        Route::get("/records/deposits", deposits, get(list_records::get::<Deposits>)),
        Route::post("/records/deposits/export", deposits, post(exports::post::<Deposits>)),
        Route::get("/records/statement", deposits, get(statement::get)),
        Route::post("/records/statement/export", deposits, post(statement_file::post)),
        Route::get("/records/statement/{day}", deposits, get(statement_day::get)),
        Route::get("/deposits", deposits, get(list_deposits::get)),
        Route::post("/deposits", deposits, post(confirm::post)),
        Route::get("/deposits/new", deposits, get(form::get)),
        Route::post("/deposits/check", deposits, post(form::check)),
        Route::get("/deposits/{order}", deposits, get(deposit::get)),
        Route::get("/deposits/{order}/now", deposits, get(deposit::now)),
        Route::get("/deposits/{order}/pay", deposits, get(pay::get)),
        Route::get("/deposits/{order}/return", None, get(gateway::back)).sent_elsewhere(),
        Route::post("/deposits/{order}/return", None, post(gateway::back)).sent_elsewhere(),
        Route::post("/gateway/unionpay/notify", None, post(gateway::notify)).sent_elsewhere(),
    ]
}

/// Who gets a group's invoices, and what became of them.
fn own_invoices() -> Vec<Route> {
    let invoices = Some(Right::Operator(Permission::Invoices));
    vec![
        Route::get("/invoices", invoices, get(crate::invoices::list::get)),
        Route::get("/invoices/buyer", invoices, get(crate::invoices::buyer::get)),
        Route::post("/invoices/buyer", invoices, post(crate::invoices::buyer::post)),
    ]
}

/// What the card company's people see: everything under `/office`.
fn office() -> Vec<Route> {
    let own = Some(Right::Staff(StaffPermission::OwnAccount));
    let see = Some(Right::Staff(StaffPermission::SeeTerminals));
    let see_reviews = Some(Right::Staff(StaffPermission::SeeReviews));
    let review = Some(Right::Staff(StaffPermission::ReviewLoads));
    let decide = Some(Right::Staff(StaffPermission::Terminals));
    let see_deposits = Some(Right::Staff(StaffPermission::SeeDeposits));
    let review_deposits = Some(Right::Staff(StaffPermission::ReviewDeposits));
    vec![
        Route::get("/office", own, get(office::home::get)),
        Route::get("/office/sign-in", None, get(sign_in::get)),
        Route::post("/office/sign-in", None, post(sign_in::post)),
        Route::post("/office/sign-out", None, post(session::end)),
        Route::get("/office/session", own, get(session::office_left)),
        Route::post("/office/session", own, post(session::office_stay)),
        Route::get("/office/password", own, get(password::office_get)),
        Route::post("/office/password", own, post(password::office_post)),
        Route::get("/office/deposits", see_deposits, get(office::deposits::list::get)),
        Route::get("/office/deposits/{order}", see_deposits, get(office::deposits::deposit::get)),
        Route::post("/office/deposits/{order}/proposal", review_deposits, post(office::deposits::deposit::propose)),
        Route::post("/office/deposits/{order}/answer", review_deposits, post(office::deposits::deposit::answer)),
        Route::get("/office/exceptions", see_deposits, get(office::exceptions::list::get)),
        Route::get("/office/exceptions/{id}", see_deposits, get(office::exceptions::exception::get)),
        Route::post("/office/exceptions/{id}/close", review_deposits, post(office::exceptions::exception::close)),
        Route::get("/office/reviews", see_reviews, get(office::reviews::list::get)),
        Route::get("/office/reviews/{order}", see_reviews, get(office::reviews::load::get)),
        Route::post("/office/reviews/{order}/proposal", review, post(office::reviews::load::propose)),
        Route::post("/office/reviews/{order}/answer", review, post(office::reviews::load::answer)),
        Route::post("/office/reviews/{order}/alarms/{alarm}", review, post(office::reviews::load::close_alarm)),
        Route::get("/office/terminals", see, get(list::get)),
        Route::post("/office/terminals", decide, post(new::post)),
        Route::get("/office/terminals/new", decide, get(new::get)),
        Route::get("/office/terminals/{number}", see, get(terminal::get)),
        Route::post("/office/terminals/{number}/code", decide, post(terminal::code)),
        Route::get("/office/terminals/{number}/revoke", decide, get(revoke::get)),
        Route::post("/office/terminals/{number}/revoke", decide, post(revoke::post)),
        Route::post("/office/terminals/{number}/alarms/{alarm}", decide, post(terminal::close_alarm)),
    ]
}

/// What all groups charged and paid in, and their statements.
fn records() -> Vec<Route> {
    let see_records = Some(Right::Staff(StaffPermission::SeeRecords));
    let see_deposits = Some(Right::Staff(StaffPermission::SeeDeposits));
    vec![
        Route::get("/office/records", see_records, get(office::records::list::get::<Loads>)),
        Route::get("/office/records/charts", see_records, get(office::records::charts::get)),
        Route::post("/office/records/export", see_records, post(office::records::exports::post::<Loads>)),
        Route::get("/office/records/deposits", see_deposits, get(office::records::list::get::<Deposits>)),
        Route::post("/office/records/deposits/export", see_deposits, post(office::records::exports::post::<Deposits>)),
        Route::get("/office/records/exports", see_records, get(office::records::exports::get)),
        Route::get("/office/records/exports/{export}/file", see_records, get(office::records::exports::file)),
        Route::post("/office/records/exports/{export}/cancel", see_records, post(office::records::exports::cancel)),
        Route::get("/office/records/{order}", see_records, get(office::records::load::get)),
        Route::get("/office/records/{order}/sitting", see_records, get(office::records::load::sitting)),
        Route::get("/office/records/statement", see_deposits, get(statement::office_get)),
        Route::post("/office/records/statement/export", see_deposits, post(statement_file::office_post)),
        Route::get("/office/records/statement/{day}", see_deposits, get(statement_day::office_get)),
    ]
}

/// The bank's files and statements against our books.
fn reconcile() -> Vec<Route> {
    let see = Some(Right::Staff(StaffPermission::SeeReconcile));
    let act = Some(Right::Staff(StaffPermission::Reconcile));
    let upload = |answer: MethodRouter<App>| answer.layer(DefaultBodyLimit::max(UPLOAD_LIMIT));
    vec![
        Route::get("/office/reconcile", see, get(office::reconcile::list::get)),
        Route::post("/office/reconcile", act, upload(post(office::reconcile::list::post))),
        Route::get("/office/reconcile/statements", see, get(statements::get)),
        Route::post("/office/reconcile/statements", act, upload(post(statements::post))),
        Route::post("/office/reconcile/accounts", act, upload(post(account::sample))),
        Route::get("/office/reconcile/accounts/{account}", act, get(account::get)),
        Route::post("/office/reconcile/accounts/{account}", act, post(account::post)),
        Route::post("/office/reconcile/differences/{difference}", act, post(day::close)),
        Route::get("/office/reconcile/{day}", see, get(day::get)),
        Route::get("/office/reconcile/{day}/file", see, get(day::file)),
        Route::post("/office/reconcile/{day}/again", act, post(day::again)),
        Route::post("/office/reconcile/{day}/fetch", act, post(day::fetch)),
    ]
}

/// Invoices for approved deposits.
fn invoices() -> Vec<Route> {
    let see = Some(Right::Staff(StaffPermission::SeeInvoices));
    let act = Some(Right::Staff(StaffPermission::Invoices));
    vec![
        Route::get("/office/invoices", see, get(office::invoices::list::get)),
        Route::post("/office/invoices", act, post(office::invoices::list::post)),
        Route::get("/office/invoices/export", see, get(office::invoices::export::get)),
        Route::get("/office/invoices/buyers", see, get(buyers::get)),
        Route::get("/office/invoices/buyers/{group}", act, get(buyers::one)),
        Route::post("/office/invoices/buyers/{group}", act, post(buyers::post)),
        Route::get("/office/invoices/{invoice}", see, get(invoice::get)),
        Route::post("/office/invoices/{invoice}/issued", act, post(invoice::issued)),
        Route::post("/office/invoices/{invoice}/reversed", act, post(invoice::reversed)),
        Route::post("/office/invoices/{invoice}/withdrawn", act, post(invoice::withdrawn)),
    ]
}

/// What terminals say.
fn terminals() -> Vec<Route> {
    vec![
        Route::get(link::PATH, None, get(connect::connect)),
        Route::post(link::ENROL_PATH, None, post(connect::enrol)),
        Route::get(link::ABOUT_PATH, None, get(connect::about)),
        Route::post(link::STANDING_PATH, None, post(connect::standing)),
    ]
}
