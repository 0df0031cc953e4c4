//! What the counter can do where the bank's answer does not stand for the money.

use pay::sandbox::{PFX_PASSWORD, endpoints};
use pay::unionpay::Config;
use pay::unionpay::sign::SigningKey;
use pay::unionpay::trust::{GATEWAY_NAME, Trust};
use topup::deposits::{CloseError, Closing, Closure, Exception, ExceptionKind, FileLine, Outcome, Refused};

use super::*;

/// Another merchant than the bank knows.
const ANOTHER: &str = "777290058110049";

/// What speaks to the bank, as this merchant.
pub(super) fn adapter(files: &PkiFiles, bank_url: &str, merchant: &str) -> UnionPay {
    let read = |path: &Path| std::fs::read(path).expect("a file");
    let trust = Trust::new(&[&read(&files.root), &read(&files.middle)], &[GATEWAY_NAME], false).expect("authorities");
    let key = SigningKey::from_pfx(&read(&files.merchant), PFX_PASSWORD).expect("a key");
    let config = Config { merchant: merchant.into(), endpoints: endpoints(bank_url), key, trust };
    UnionPay::new(config).expect("an adapter")
}

pub(crate) fn refused(decided: Result<Decided, ReviewError>) -> Refused {
    match decided {
        Err(ReviewError::Refused(refused)) => refused,
        other => panic!("a refusal is expected: {other:?}"),
    }
}

impl Counter {
    /// From now on this gateway is set up, or none.
    pub(crate) async fn set_up(&self, till: Option<Till>) {
        let mut house = self.house().await;
        house.till = till;
        *self.merchant.house.write().await = Some(house);
    }

    /// The bank, where we are who we were when the counter was opened.
    pub(crate) fn own_till(&self) -> Till {
        Till::new(Arc::clone(&self.gateway) as Arc<dyn pay::Gateway>, self.merchant.url.get().expect("set"))
    }

    /// The bank, where we are another merchant of it.
    pub(crate) fn another_merchant(&self) -> Till {
        Till::new(Arc::new(adapter(&self.files, &self.bank_url, ANOTHER)), self.merchant.url.get().expect("set"))
    }

    /// To approve, with a number of the bank.
    pub(crate) async fn propose_with(
        &self,
        staff: &Staff,
        order: DepositNumber,
        reference: &str,
    ) -> Result<Decided, ReviewError> {
        let seen = self.unfit(order).await;
        let proposal = Proposal { order, approve: true, reason: "与银行对账单核对过", reference, seen: &seen };
        deposits::propose(&self.house().await, staff, &actor(staff), proposal).await
    }

    /// To confirm the first proposal, with a number of the bank.
    pub(crate) async fn confirm_with(
        &self,
        staff: &Staff,
        order: DepositNumber,
        reference: &str,
    ) -> Result<Decided, ReviewError> {
        let seen = self.unfit(order).await;
        let answer = Answer { order, number: 1, confirm: true, reason: "看过银行回单", reference, seen: &seen };
        deposits::answer(&self.house().await, staff, &actor(staff), answer).await
    }

    pub(crate) async fn close_with(
        &self,
        staff: &Staff,
        unfit: &Exception,
        (outcome, reference): (Outcome, &str),
    ) -> Result<Closure, CloseError> {
        let closing = Closing { id: unfit.id, outcome, reason: "与银行书面核对过", reference };
        deposits::close(&self.house().await, staff, &actor(staff), closing).await
    }

    /// The bank's own file of the day lists a deposit as paid. True if that made it paid.
    pub(crate) async fn listed(&self, order: DepositNumber, amount: Fen, serial: &str) -> bool {
        let line = FileLine {
            file: "INN26030188ZM_777290058110048".into(),
            order,
            serial: serial.into(),
            amount,
            settle_date: "0301".into(),
            at: "0301101500".into(),
            genuine: true,
        };
        deposits::in_file(&self.house().await, &line).await.expect("noted")
    }

    /// Waits for a notification of the bank that names this, and gives it.
    pub(crate) async fn until_told_of(&self, number: &str) -> Vec<u8> {
        self.until(async || {
            let came = self.merchant.came.lock().expect("no panic").clone();
            came.into_iter().find(|body| String::from_utf8_lossy(body).contains(number))
        })
        .await
    }

    /// What does not fit about a deposit and is open.
    pub(crate) async fn kinds(&self, order: DepositNumber) -> Vec<ExceptionKind> {
        let exceptions = self.story(order).await.exceptions.into_iter();
        exceptions.filter(|unfit| unfit.closed.is_none()).map(|unfit| unfit.kind).collect()
    }

    /// The refund that failed, once it has.
    pub(crate) async fn refund_failed(&self, order: DepositNumber) -> Exception {
        self.until(async || {
            let found = self.story(order).await.exceptions;
            let found = found.into_iter().find(|it| it.kind == ExceptionKind::RefundFailed && it.closed.is_none());
            if found.is_none() {
                self.pass_and_sweep(Duration::from_mins(5)).await;
            }
            found
        })
        .await
    }
}
