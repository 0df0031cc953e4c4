use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ledger::Fen;
use pay::Gateway;

/// What the issuer sets about deposits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Above this two different people decide about a deposit.
    pub two_people_above: Fen,
    /// The most of one deposit.
    pub most: Fen,
    /// How long a person has to pay.
    pub person_time: Duration,
    /// How long a company has: its bank has a second person approve, which takes hours.
    pub company_time: Duration,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            two_people_above: Fen::new(5_000_000),
            most: Fen::new(1_000_000_000),
            person_time: Duration::from_mins(15),
            company_time: Duration::from_hours(24),
        }
    }
}

/// The gateway that groups pay through, and how it and the payer's browser find us.
#[derive(Clone)]
pub struct Till {
    /// The gateway.
    pub gateway: Arc<dyn Gateway>,
    /// Its name as it is stored and in its address, `unionpay`.
    pub name: String,
    /// By which the world reaches the portal, without a slash at its end.
    pub public_url: String,
    /// Where else the gateway may send the payer's browser on to, each as `https://host` with a port if it has one: it
    /// takes the form at one address and may show its cashier at another.
    pub cashiers: Vec<String>,
}

impl Till {
    /// Of a gateway, where the world reaches the portal by this address.
    pub fn new(gateway: Arc<dyn Gateway>, public_url: &str) -> Self {
        let name = gateway.capabilities().name.to_ascii_lowercase();
        Self { gateway, name, public_url: public_url.trim_end_matches('/').to_owned(), cashiers: Vec::new() }
    }

    /// The same, where the gateway sends browsers on to these.
    #[must_use]
    pub fn with_cashiers(self, cashiers: Vec<String>) -> Self {
        Self { cashiers, ..self }
    }

    /// Whether this is the gateway, and we are the merchant at it, that a deposit was made with, as stored. One without a
    /// merchant was made before that was noted: by the one who is.
    pub fn is_of(&self, gateway: &str, merchant: &str) -> bool {
        self.name == gateway && (merchant.is_empty() || merchant == self.gateway.merchant())
    }

    /// Where the gateway notifies us.
    pub fn notify_url(&self) -> String {
        format!("{}/gateway/{}/notify", self.public_url, self.name)
    }

    /// Where the payer's browser comes back to.
    pub fn return_url(&self, order: super::DepositNumber) -> String {
        format!("{}/deposits/{order}/return", self.public_url)
    }
}

impl fmt::Debug for Till {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Till").field("name", &self.name).field("public_url", &self.public_url).finish_non_exhaustive()
    }
}
