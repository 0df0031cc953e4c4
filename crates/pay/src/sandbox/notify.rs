//! Notifications to the merchant: signed, sent before and independent of the browser's return, repeated until taken.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::Bank;
use super::accounts::{self, Behaviour};
use super::books::settle_date;
use super::order::{Attempt, Kind, Notice, Order, Status};
use crate::unionpay::message::Message;
use crate::unionpay::{CURRENCY, VERSION, time};

/// How long a merchant may take to answer.
const ANSWER: Duration = Duration::from_secs(10);
/// How often the bank looks what is due.
const LOOK: Duration = Duration::from_millis(200);

impl Bank {
    /// The fields that say what became of an order, as a notification, the browser's return and a query's answer carry
    /// them.
    pub(super) fn outcome(&self, order: &Order, code: &str) -> Message {
        let done = order.done_at.unwrap_or(order.created_at);
        let trace_time = time::in_china(done).strftime("%m%d%H%M%S").to_string();
        let (txn_type, sub_type) = match order.kind {
            Kind::Payment(_) => ("01", "01"),
            Kind::Refund { .. } => ("04", "00"),
        };
        let original = match &order.kind {
            Kind::Refund { original, .. } => original.clone(),
            Kind::Payment(_) => String::new(),
        };
        let amount = order.amount_fen.to_string();
        [
            ("version", VERSION.to_owned()),
            ("encoding", "UTF-8".to_owned()),
            ("signMethod", "01".to_owned()),
            ("accessType", "0".to_owned()),
            ("merId", self.merchant().to_owned()),
            ("txnType", txn_type.to_owned()),
            ("txnSubType", sub_type.to_owned()),
            ("bizType", order.biz_type.clone()),
            ("orderId", order.number.clone()),
            ("txnTime", order.txn_time.clone()),
            ("txnAmt", amount.clone()),
            ("currencyCode", CURRENCY.to_owned()),
            ("queryId", order.serial.clone().unwrap_or_default()),
            ("respCode", code.to_owned()),
            ("respMsg", words(code).to_owned()),
            ("settleAmt", amount),
            ("settleCurrencyCode", CURRENCY.to_owned()),
            ("settleDate", settle_date(done)),
            ("traceNo", order.trace_no.clone()),
            ("traceTime", trace_time),
            ("origQryId", original),
            ("accNo", order.account.as_deref().map(accounts::masked).unwrap_or_default()),
            ("reqReserved", order.reserved.clone().unwrap_or_default()),
            ("signPubKeyCert", self.pki.gateway_pem.clone()),
        ]
        .into_iter()
        .collect()
    }

    /// Puts the notifications of an order that was decided into its queue. Payments are notified only of success.
    pub(super) fn plan_notices(&self, order: &mut Order, plan: &mut super::books::Plan, now: Timestamp) {
        let code = match &order.status {
            Status::Done { code } => code.clone(),
            Status::Failed { code } if order.payment().is_none() => code.clone(),
            Status::Failed { .. } | Status::Waiting | Status::AwaitingApproval | Status::Processing => return,
        };
        if order.back_url.is_none() {
            return;
        }
        let behaviour = order
            .payment()
            .and(order.account.as_deref())
            .and_then(accounts::find)
            .map_or(Behaviour::Pays, |account| account.behaviour);
        let mut message = self.outcome(order, &code);
        if behaviour == Behaviour::WrongAmount {
            let less = order.amount_fen.saturating_sub(1).to_string();
            message = message.with("txnAmt", less.clone()).with("settleAmt", less);
        }
        let Ok(signed) = self.pki.gateway.sign(message) else { return };
        let next_at = now.checked_add(SignedDuration::from_secs(plan.delay_seconds)).ok();
        let notice = |body: String, next_at| Notice { body, next_at, attempts: Vec::new() };
        if behaviour == Behaviour::Lost || plan.lose > 0 {
            plan.lose = plan.lose.saturating_sub(1);
            let mut lost = notice(signed.to_form(), None);
            lost.attempts.push(Attempt { at: now, outcome: "lost on purpose".into(), taken: false });
            order.notices.push(lost);
            return;
        }
        if behaviour == Behaviour::BadSignature {
            let forged = signed.clone().with("signature", data_encoding::BASE64.encode(&[7; 256]));
            order.notices.push(notice(forged.to_form(), next_at));
        }
        order.notices.push(notice(signed.to_form(), next_at));
        if behaviour == Behaviour::Twice {
            order.notices.push(notice(signed.to_form(), next_at));
        }
    }

    /// Sends what is due, for as long as the bank is open.
    pub(super) async fn notify_for_ever(self) {
        let Ok(http) = reqwest::Client::builder().timeout(ANSWER).redirect(reqwest::redirect::Policy::none()).build()
        else {
            tracing::error!("the sandbox bank has no HTTP client and sends no notifications");
            return;
        };
        loop {
            self.decide_what_is_due();
            let due = self.due_notices();
            futures_util::future::join_all(due.into_iter().map(|due| self.send(&http, due))).await;
            tokio::time::sleep(LOOK).await;
        }
    }

    fn due_notices(&self) -> Vec<Due> {
        let now = self.now();
        self.shelf.read(|books| {
            let of = |order: &Order| {
                let notices = order.notices.iter().enumerate();
                let due = notices.filter(|(_, notice)| notice.next_at.is_some_and(|at| at <= now));
                due.map(|(index, notice)| Due {
                    token: order.token.clone(),
                    index,
                    url: order.back_url.clone().unwrap_or_default(),
                    body: notice.body.clone(),
                })
                .collect::<Vec<_>>()
            };
            books.orders.iter().flat_map(of).collect()
        })
    }

    async fn send(&self, http: &reqwest::Client, due: Due) {
        let form = "application/x-www-form-urlencoded;charset=UTF-8";
        let sent = http.post(&due.url).header("content-type", form).body(due.body).send().await;
        let (outcome, taken) = match sent {
            Ok(response) => (response.status().to_string(), matches!(response.status().as_u16(), 200 | 302)),
            Err(error) => (error.to_string(), false),
        };
        let now = self.now();
        let gaps = &self.config.notify_gaps;
        self.shelf.change(|books| {
            let notice = books.by_token(&due.token).and_then(|order| order.notices.get_mut(due.index));
            if let Some(notice) = notice {
                let gap = gaps.get(notice.attempts.len()).filter(|_| !taken);
                notice.next_at = gap.and_then(|gap| now.checked_add(*gap).ok());
                notice.attempts.push(Attempt { at: now, outcome, taken });
            }
        });
    }
}

struct Due {
    token: String,
    index: usize,
    url: String,
    body: String,
}

/// The gateway's words for a code.
pub(super) fn words(code: &str) -> &'static str {
    match code {
        "00" => "成功[0000000]",
        "A6" => "有缺陷的成功[0000000]",
        "05" => "交易已受理，请稍后查询交易结果[0000005]",
        "12" => "重复交易[2500012]",
        "34" => "查无此交易[2600000]",
        "35" => "原始交易不存在或状态不正确[2010002]",
        "36" => "与原交易信息不符[2040004]",
        "42" => "交易金额超限或扣款成功但交易超过规定支付时间[2500042]",
        "45" => "原交易已被成功退货或已被成功撤销[2500045]",
        "60" => "交易失败，详情请咨询您的发卡行[1000005]",
        "64" => "您的银行卡余额不足[1000051]",
        "98" => "文件不存在[3000002]",
        _ => "失败[9999999]",
    }
}
