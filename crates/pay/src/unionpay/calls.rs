//! Calls to the gateway: one POST, one answer, verified and compared with what was asked.

use jiff::Timestamp;
use jiff::civil::Date;

use super::code::{Meaning, meaning};
use super::message::{MOST_BYTES, Message};
use super::{ANY_PRODUCT, CURRENCY, FILE_ANSWER, UnionPay, bill, product, time};
use crate::gateway::{Amount, Bill, CallError, Payment, PaymentStatus, Refund, RefundStatus, Settlement};

impl UnionPay {
    pub(super) async fn ask_payment(&self, payment: &Payment, now: Timestamp) -> Result<PaymentStatus, CallError> {
        let at = time::to_text(payment.at);
        let reply = self.query_order(product(payment.payer), payment.order.as_str(), &at, now).await?;
        let Some(code) = reply.get("origRespCode") else { return not_found(&reply).map(|()| PaymentStatus::NotFound) };
        expect(&reply, "txnType", "01")?;
        Ok(match meaning(code) {
            Meaning::Done => {
                expect(&reply, "currencyCode", CURRENCY)?;
                PaymentStatus::Paid(settlement(&reply)?)
            }
            Meaning::Ask => PaymentStatus::Pending { code: code.to_owned(), text: text(&reply, "origRespMsg") },
            Meaning::NotFound => PaymentStatus::NotFound,
            Meaning::Failed => PaymentStatus::Failed { code: code.to_owned(), text: text(&reply, "origRespMsg") },
        })
    }

    pub(super) async fn ask_refund(&self, refund: &Refund, now: Timestamp) -> Result<RefundStatus, CallError> {
        let at = time::to_text(refund.at);
        let reply = self.query_order(product(refund.payer), refund.order.as_str(), &at, now).await?;
        let Some(code) = reply.get("origRespCode") else { return not_found(&reply).map(|()| RefundStatus::NotFound) };
        expect(&reply, "txnType", "04")?;
        Ok(match meaning(code) {
            Meaning::Done => RefundStatus::Refunded(settlement(&reply)?),
            Meaning::Ask => RefundStatus::Accepted { serial: reply.get("queryId").map(str::to_owned) },
            Meaning::NotFound => RefundStatus::NotFound,
            Meaning::Failed => RefundStatus::Failed { code: code.to_owned(), text: text(&reply, "origRespMsg") },
        })
    }

    /// The gateway's answer about an order of ours: number and time of the original, and no amount.
    async fn query_order(&self, product: &str, order: &str, at: &str, now: Timestamp) -> Result<Message, CallError> {
        let request = self.request(&[
            ("txnType", "00"),
            ("txnSubType", "00"),
            ("bizType", product),
            ("orderId", order),
            ("txnTime", at),
        ])?;
        let reply = self.call(&self.config.endpoints.query, &request, now).await?;
        expect(&reply, "orderId", order)?;
        expect(&reply, "txnTime", at)?;
        Ok(reply)
    }

    pub(super) async fn ask_for_refund(&self, refund: &Refund, now: Timestamp) -> Result<RefundStatus, CallError> {
        let (at, amount) = (time::to_text(refund.at), refund.amount.fen().to_string());
        let request = self.request(&[
            ("txnType", "04"),
            ("txnSubType", "00"),
            ("bizType", product(refund.payer)),
            ("channelType", "07"),
            ("orderId", refund.order.as_str()),
            ("txnTime", &at),
            ("txnAmt", &amount),
            ("currencyCode", CURRENCY),
            ("origQryId", &refund.serial),
            ("backUrl", &refund.notify_url),
        ])?;
        let reply = self.call(&self.config.endpoints.back, &request, now).await?;
        expect(&reply, "orderId", refund.order.as_str())?;
        let code = reply.get("respCode").unwrap_or_default();
        match (meaning(code), code) {
            // Taken on. 12, the same number again: it was taken on before.
            (Meaning::Done | Meaning::Ask, _) | (_, "12") => {
                Ok(RefundStatus::Accepted { serial: reply.get("queryId").map(str::to_owned) })
            }
            (Meaning::NotFound | Meaning::Failed, _) => {
                Ok(RefundStatus::Failed { code: code.to_owned(), text: text(&reply, "respMsg") })
            }
        }
    }

    pub(super) async fn fetch_bill(&self, day: Date, now: Timestamp) -> Result<Option<Bill>, CallError> {
        let (at, day) = (time::to_text(now), day.strftime("%m%d").to_string());
        let request = self.request(&[
            ("txnType", "76"),
            ("txnSubType", "01"),
            ("bizType", ANY_PRODUCT),
            ("txnTime", &at),
            ("settleDate", &day),
            ("fileType", "00"),
        ])?;
        let reply = self.call(&self.config.endpoints.file, &request, now).await?;
        let code = reply.get("respCode").unwrap_or_default();
        match code {
            "00" => {}
            "98" => return Ok(None),
            _ => return Err(refused(&reply, "respCode", "respMsg")),
        }
        expect(&reply, "settleDate", &day)?;
        let name = reply.get("fileName").unwrap_or("unnamed.zip").to_owned();
        let content = reply.get("fileContent").ok_or_else(|| not_believed("fileContent: is missing"))?;
        let content = content.to_owned();
        // A day may be large, and others' calls go on meanwhile.
        let inflated = tokio::task::spawn_blocking(move || bill::inflate(&content)).await;
        let inflated = inflated.map_err(|error| not_believed(&error.to_string()))?;
        let bytes = inflated.map_err(|error| not_believed(&error.to_string()))?;
        Ok(Some(Bill { name, bytes }))
    }

    /// Posts a message; the answer is genuine and from our merchant's side of the gateway.
    async fn call(&self, url: &str, request: &Message, now: Timestamp) -> Result<Message, CallError> {
        let unreachable = |error: reqwest::Error| CallError::Unreachable(whole(&error));
        let mut builder = self
            .http
            .post(url)
            .header("content-type", "application/x-www-form-urlencoded;charset=UTF-8")
            .body(request.to_form());
        if url == self.config.endpoints.file {
            builder = builder.timeout(FILE_ANSWER);
        }
        let mut response = builder.send().await.map_err(unreachable)?;
        let status = response.status();
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(unreachable)? {
            body.extend_from_slice(&piece);
            if body.len() > MOST_BYTES {
                return Err(not_believed(&format!("more than {MOST_BYTES} bytes came")));
            }
        }
        if !status.is_success() {
            return Err(CallError::Unreachable(format!("HTTP status {status}")));
        }
        let reply = Message::parse_reply(&body).map_err(|error| not_believed(&error.to_string()))?;
        self.config.trust.verify(&reply, now).map_err(|error| not_believed(&error.to_string()))?;
        expect(&reply, "merId", &self.config.merchant)?;
        // An answer to one kind of question must not be played back as that to another.
        for name in ["txnType", "txnSubType"] {
            let asked = request.get(name).unwrap_or_default();
            let answered = reply.get(name).unwrap_or_default();
            if asked != "00" && asked != answered {
                return Err(not_believed(&format!("{name}: {asked} was asked, {answered:?} came")));
            }
        }
        Ok(reply)
    }
}

/// A question whose order is not known, or whose own answer is a refusal.
fn not_found(reply: &Message) -> Result<(), CallError> {
    match meaning(reply.get("respCode").unwrap_or_default()) {
        Meaning::NotFound => Ok(()),
        Meaning::Done | Meaning::Ask | Meaning::Failed => Err(refused(reply, "respCode", "respMsg")),
    }
}

/// How the gateway settled what a message is about.
pub(super) fn settlement(message: &Message) -> Result<Settlement, CallError> {
    let need = |name: &'static str| message.need(name).map_err(|error| not_believed(&error.to_string()));
    let amount = need("txnAmt")?;
    let amount = amount.parse().ok().and_then(Amount::from_fen);
    Ok(Settlement {
        serial: need("queryId")?.to_owned(),
        amount: amount.ok_or_else(|| not_believed("txnAmt: fen above zero are expected"))?,
        settle_date: message.get("settleDate").map(str::to_owned),
        traced_at: message.get("traceTime").map(str::to_owned),
    })
}

fn expect(reply: &Message, name: &'static str, value: &str) -> Result<(), CallError> {
    match reply.get(name) {
        Some(found) if found == value => Ok(()),
        found => Err(not_believed(&format!("{name}: {value} was expected, {:?} came", found.unwrap_or_default()))),
    }
}

fn refused(reply: &Message, code: &str, words: &str) -> CallError {
    CallError::Refused { code: text(reply, code), text: text(reply, words) }
}

fn text(reply: &Message, name: &str) -> String {
    reply.get(name).unwrap_or_default().to_owned()
}

fn not_believed(why: &str) -> CallError {
    CallError::NotGenuine(why.to_owned())
}

/// An error with its causes, in one line.
fn whole(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(deeper) = cause {
        text.push_str(": ");
        text.push_str(&deeper.to_string());
        cause = deeper.source();
    }
    text
}
