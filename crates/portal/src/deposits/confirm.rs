//! The confirm: `POST /deposits`. One check page makes one deposit, however often it is sent.

use axum::extract::{Form, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;
use topup::deposits::{self, Confirm};
use topup::groups;

use super::form::{self, Typed};
use super::pay_path;
use crate::App;
use crate::people::access::{Deposits, May};
use crate::web::address::Address;
use crate::web::problem::Problem;

/// What the check page sends.
#[derive(Debug, Deserialize)]
pub(crate) struct Sent {
    intent: String,
    amount: String,
    #[serde(default)]
    remark: String,
    payer: String,
}

/// The longest key: the pages' own are half as long.
const MOST_KEY: usize = 64;

/// `POST /deposits`: the deposit is durable when the browser is sent on.
pub(crate) async fn post(
    State(app): State<App>,
    may: May<Deposits>,
    address: Address,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    let Sent { intent, amount, remark, payer } = sent;
    if intent.is_empty() || intent.len() > MOST_KEY || !intent.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(Problem::Malformed);
    }
    let typed = Typed { amount, remark, payer };
    let read = typed.form();
    let confirm = Confirm { intent: &intent, form: read.as_form(), payer_ip: Some(address.0) };
    match deposits::confirm(&app.house, &may.operator, &confirm).await {
        Ok(order) => Ok(Redirect::to(&pay_path(order)).into_response()),
        Err(error) => {
            let quota = groups::quota(&app.house, may.group()).await?;
            form::refused(&app, &may.frame, &typed, error, quota)
        }
    }
}
