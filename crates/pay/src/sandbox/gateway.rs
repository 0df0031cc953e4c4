//! The gateway's four addresses.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use jiff::{SignedDuration, Timestamp};

use super::notify::words;
use super::order::{Kind, Order, PaymentOrder, Status};
use super::request::{Asked, Refused, check, is_now};
use super::{Bank, bill, pages};
use crate::gateway::Payer;
use crate::unionpay::message::Message;
use crate::unionpay::{B2B, time};

/// How long an order without `payTimeout` can be paid.
const PAY_TIME: SignedDuration = SignedDuration::from_mins(15);

/// `POST /gateway/api/frontTransReq.do`: the payer's browser.
pub(super) async fn front(State(bank): State<Bank>, lang: pages::Lang, headers: HeaderMap, body: Bytes) -> Response {
    match bank.take_payment(&headers, &body) {
        Ok(token) => Redirect::to(&format!("/cashier/{token}")).into_response(),
        Err(Refused::Page(why)) => bad_request(&why),
        Err(Refused::Code(code, text)) => pages::refused(lang, code, &text).into_response(),
    }
}

/// `POST /gateway/api/backTransReq.do`
pub(super) async fn back(State(bank): State<Bank>, headers: HeaderMap, body: Bytes) -> Response {
    bank.answer(&headers, &body, Asked::Refund, |request| bank.take_refund(request))
}

/// `POST /gateway/api/queryTrans.do`
pub(super) async fn query(State(bank): State<Bank>, headers: HeaderMap, body: Bytes) -> Response {
    bank.answer(&headers, &body, Asked::Query, |request| Ok(bank.tell(request)))
}

/// `POST /`: the file server. It is fussier than the others: percent-encoding in capitals only.
pub(super) async fn file(State(bank): State<Bank>, headers: HeaderMap, body: Bytes) -> Response {
    let small =
        body.windows(3).any(|three| three.first() == Some(&b'%') && three.iter().skip(1).any(u8::is_ascii_lowercase));
    if small {
        return (StatusCode::INTERNAL_SERVER_ERROR, "HTTP Status 500").into_response();
    }
    bank.answer(&headers, &body, Asked::File, |request| Ok(bank.tell_file(request)))
}

fn bad_request(why: &str) -> Response {
    let page =
        format!("<html><body><h1>HTTP Status 400</h1><p>{}</p></body></html>", maud::html! { (why) }.into_string());
    (StatusCode::BAD_REQUEST, [(header::CONTENT_TYPE, "text/html;charset=UTF-8")], page).into_response()
}

fn parse(headers: &HeaderMap, body: &[u8]) -> Result<Message, Refused> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !kind.to_ascii_lowercase().starts_with("application/x-www-form-urlencoded") {
        return Err(Refused::Page("Content-Type: application/x-www-form-urlencoded is expected".into()));
    }
    Message::parse_form(body).map_err(|error| Refused::Page(error.to_string()))
}

impl Bank {
    /// A call's answer: signed, whatever it says.
    fn answer(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        asked: Asked,
        serve: impl FnOnce(&Message) -> Result<Message, Refused>,
    ) -> Response {
        let request = match parse(headers, body) {
            Ok(request) => request,
            Err(Refused::Page(why) | Refused::Code(_, why)) => return bad_request(&why),
        };
        let checked = check(&request, asked, self.merchant(), &self.pki.merchant_certificate);
        let reply = match checked.and_then(|()| serve(&request)) {
            Ok(reply) => reply,
            Err(Refused::Page(why)) => return bad_request(&why),
            Err(Refused::Code(code, text)) => self.echo(&request).with("respCode", code).with("respMsg", text),
        };
        let reply = reply.with("signPubKeyCert", self.pki.gateway_pem.clone());
        match self.pki.gateway.sign(reply) {
            Ok(signed) => ([(header::CONTENT_TYPE, "text/html;charset=UTF-8")], signed.to_reply()).into_response(),
            Err(error) => bad_request(&error.to_string()),
        }
    }

    /// The fields of a request that every answer repeats.
    #[expect(clippy::unused_self, reason = "reads as the bank's answer")]
    fn echo(&self, request: &Message) -> Message {
        let repeated = [
            "version",
            "encoding",
            "signMethod",
            "accessType",
            "merId",
            "txnType",
            "txnSubType",
            "bizType",
            "orderId",
            "txnTime",
            "txnAmt",
            "origQryId",
            "settleDate",
            "fileType",
            "reqReserved",
        ];
        repeated.iter().filter_map(|name| Some((*name, request.get(name)?.to_owned()))).collect()
    }

    fn take_payment(&self, headers: &HeaderMap, body: &[u8]) -> Result<String, Refused> {
        let request = parse(headers, body)?;
        check(&request, Asked::Payment, self.merchant(), &self.pki.merchant_certificate)?;
        let now = self.now();
        let text = |name: &str| request.get(name).map(str::to_owned);
        let txn_time = text("txnTime").unwrap_or_default();
        if !is_now(&txn_time, now) {
            return Err(Refused::Code("10", "报文格式错误[txnTime]".into()));
        }
        let expires_at = request.get("payTimeout").and_then(time::parse);
        let expires_at = expires_at.or_else(|| now.checked_add(PAY_TIME).ok()).unwrap_or(now);
        let number = text("orderId").unwrap_or_default();
        let token = self.token();
        self.shelf.change(|books| {
            if books.orders.iter().any(|order| order.number == number) {
                return Err(Refused::Code("12", words("12").into()));
            }
            let trace_no = books.trace();
            let biz_type = text("bizType").unwrap_or_default();
            let payer = if biz_type == B2B { Payer::Company } else { Payer::Person };
            let payment = PaymentOrder {
                payer,
                front_url: text("frontUrl").unwrap_or_default(),
                expires_at,
                description: text("orderDesc"),
                method: None,
                codes: Vec::new(),
                wrong_passwords: 0,
                due_at: None,
                refunded_fen: 0,
            };
            books.orders.push(Order {
                token: token.clone(),
                number,
                txn_time,
                amount_fen: amount(&request),
                biz_type,
                kind: Kind::Payment(payment),
                back_url: text("backUrl"),
                reserved: text("reqReserved"),
                created_at: now,
                status: Status::Waiting,
                trace_no,
                serial: None,
                done_at: None,
                account: None,
                notices: Vec::new(),
            });
            Ok(token)
        })
    }

    fn tell(&self, request: &Message) -> Message {
        let reply = self.echo(request).with("respCode", "00").with("respMsg", words("00"));
        let (number, txn_time) =
            (request.get("orderId").unwrap_or_default(), request.get("txnTime").unwrap_or_default());
        let outcome = self.shelf.read(|books| {
            let order = books.find(number, txn_time).filter(|order| order.status != Status::Waiting)?;
            Some((self.outcome(order, "00"), order.code().to_owned(), order.serial.is_some()))
        });
        let Some((outcome, code, done)) = outcome else {
            return reply.with("respCode", "34").with("respMsg", words("34"));
        };
        let decided =
            if done { outcome } else { outcome.without("settleDate").without("settleAmt").without("traceTime") };
        decided.with("origRespMsg", words(&code)).with("origRespCode", code).with("issuerIdentifyMode", "0")
    }

    fn take_refund(&self, request: &Message) -> Result<Message, Refused> {
        let now = self.now();
        let text = |name: &str| request.get(name).unwrap_or_default().to_owned();
        let number = text("orderId");
        let refused = |code: &'static str| Refused::Code(code, words(code).to_owned());
        let asked = amount(request);
        let token = self.token();
        self.shelf.change(|books| {
            if books.orders.iter().any(|order| order.number == number) {
                return Err(refused("12"));
            }
            let original = books.by_serial(&text("origQryId")).ok_or_else(|| refused("35"))?;
            if original.biz_type != text("bizType") {
                return Err(refused("36"));
            }
            // What did not pay, or was given back by the bank itself, cannot be given back again.
            if !matches!(original.status, Status::Done { .. }) {
                return Err(refused("35"));
            }
            let (whole, account, reserved) =
                (original.amount_fen, original.account.clone(), request.get("reqReserved").map(str::to_owned));
            let payment = original.payment_mut().ok_or_else(|| refused("35"))?;
            let left = whole.saturating_sub(payment.refunded_fen);
            if left == 0 {
                return Err(refused("45"));
            }
            if asked > left {
                return Err(refused("36"));
            }
            payment.refunded_fen = payment.refunded_fen.saturating_add(asked);
            let trace_no = books.trace();
            let order = Order {
                token,
                number,
                txn_time: text("txnTime"),
                amount_fen: asked,
                biz_type: text("bizType"),
                kind: Kind::Refund {
                    original: text("origQryId"),
                    due_at: now.checked_add(self.config.refund_takes).unwrap_or(now),
                },
                back_url: Some(text("backUrl")),
                reserved,
                created_at: now,
                status: Status::Processing,
                serial: Some(super::serial(now, &trace_no)),
                trace_no,
                done_at: None,
                account,
                notices: Vec::new(),
            };
            let reply = self.echo(request).with("queryId", order.serial.clone().unwrap_or_default());
            books.orders.push(order);
            Ok(reply.with("respCode", "00").with("respMsg", words("00")))
        })
    }

    fn tell_file(&self, request: &Message) -> Message {
        let day = request.get("settleDate").unwrap_or_default();
        let now: Timestamp = self.now();
        let reply = self.echo(request);
        match self.shelf.read(|books| bill::file(books, self.merchant(), day, now)) {
            Some((name, content)) => reply
                .with("respCode", "00")
                .with("respMsg", words("00"))
                .with("fileName", name)
                .with("fileContent", content),
            None => reply.with("respCode", "98").with("respMsg", words("98")),
        }
    }
}

fn amount(request: &Message) -> i64 {
    request.get("txnAmt").and_then(|text| text.parse().ok()).unwrap_or(0)
}
