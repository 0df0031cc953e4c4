//! The session library over the business's table.
//!
//! The cookie is `HttpOnly`, `Secure` and `__Host-` behind TLS, and ends with the browser; how long a session may be
//! idle is decided in the database, by the house's clock. It is `SameSite=Lax`, not `Strict`: a link in a message, or
//! the way back from the bank's page, must find its session, and what changes anything is a POST that the cross-site
//! check guards by `Sec-Fetch-Site` and `Origin`, not by the cookie.

use std::pin::Pin;

use topup::people::staff::StaffId;
use topup::people::{OperatorId, PersonId, sessions};
use topup::{House, Micros};
use tower_sessions::cookie::SameSite;
use tower_sessions::cookie::time::OffsetDateTime;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, Result};
use tower_sessions::{Expiry, SessionManagerLayer, SessionStore};

use super::session::{OPERATOR, SEEN, STAFF};
use crate::Settings;
use crate::look::Side;

/// Finds the session of each request, and keeps what it changed. Each side has a cookie of its own, so that one browser
/// can have both open, and neither opens the other.
pub(crate) fn layer(house: House, settings: &Settings, side: Side) -> SessionManagerLayer<Sessions> {
    SessionManagerLayer::new(Sessions::new(house, settings))
        .with_name(cookie_name(settings.tls, side))
        .with_secure(settings.tls)
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_expiry(Expiry::OnSessionEnd)
}

/// `__Host-` makes the browser refuse a cookie that another host of the domain, or plain HTTP, tries to plant.
const fn cookie_name(tls: bool, side: Side) -> &'static str {
    match (side, tls) {
        (Side::Portal, true) => "__Host-session",
        (Side::Portal, false) => "session",
        (Side::Office, true) => "__Host-office",
        (Side::Office, false) => "office",
    }
}

/// Sessions in the database.
#[derive(Clone, Debug)]
pub(crate) struct Sessions {
    house: House,
    idle_us: i64,
}

type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

impl Sessions {
    /// The sessions of `house`.
    pub(super) fn new(house: House, settings: &Settings) -> Self {
        Self { house, idle_us: i64::try_from(settings.idle.as_micros()).unwrap_or(i64::MAX) }
    }

    /// Writes down that someone was active in a session; nothing if it has ended.
    pub(super) async fn note_seen(&self, id: Id, at: Micros) -> Result<()> {
        let Some(mut record) = self.load(&id).await? else { return Ok(()) };
        record.data.insert(SEEN.to_owned(), at.0.into());
        self.save(&record).await
    }

    fn expires_at(&self) -> Micros {
        Micros(self.house.now().0.saturating_add(self.idle_us))
    }

    async fn write(&self, record: &Record, new: bool) -> Result<()> {
        let id = record.id.to_string();
        let data = serde_json::to_string(&record.data).map_err(|error| Error::Encode(error.to_string()))?;
        let named = |key| record.data.get(key).and_then(serde_json::Value::as_i64);
        let operator = named(OPERATOR).map(|id| PersonId::Operator(OperatorId(id)));
        let person = operator.or_else(|| named(STAFF).map(|id| PersonId::Staff(StaffId(id))));
        let session = sessions::Session { id: &id, person, data: &data, expires_at: self.expires_at() };
        let written = if new {
            sessions::create(&self.house, &session).await
        } else {
            sessions::save(&self.house, &session).await
        };
        written.map_err(|error| Error::Backend(error.to_string()))
    }
}

// Written out what the library's async_trait macro would write.
impl SessionStore for Sessions {
    fn create<'a: 'w, 'b: 'w, 'w>(&'a self, record: &'b mut Record) -> Answer<'w, ()>
    where
        Self: 'w,
    {
        Box::pin(async move {
            // From the house's randomness; 128 bits do not collide, and if they did the database would refuse.
            record.id = Id(i128::from_le_bytes(self.house.random()));
            self.write(record, true).await
        })
    }

    fn save<'a: 'w, 'b: 'w, 'w>(&'a self, record: &'b Record) -> Answer<'w, ()>
    where
        Self: 'w,
    {
        Box::pin(self.write(record, false))
    }

    fn load<'a: 'w, 'b: 'w, 'w>(&'a self, id: &'b Id) -> Answer<'w, Option<Record>>
    where
        Self: 'w,
    {
        Box::pin(async move {
            let found = sessions::load(&self.house, &id.to_string()).await;
            let Some((data, expires)) = found.map_err(|error| Error::Backend(error.to_string()))? else {
                return Ok(None);
            };
            let data = serde_json::from_str(&data).map_err(|error| Error::Decode(error.to_string()))?;
            let expiry_date = OffsetDateTime::from_unix_timestamp(expires.0.div_euclid(1_000_000))
                .map_err(|error| Error::Decode(error.to_string()))?;
            Ok(Some(Record { id: *id, data, expiry_date }))
        })
    }

    fn delete<'a: 'w, 'b: 'w, 'w>(&'a self, id: &'b Id) -> Answer<'w, ()>
    where
        Self: 'w,
    {
        Box::pin(async move {
            sessions::delete(&self.house, &id.to_string()).await.map_err(|error| Error::Backend(error.to_string()))
        })
    }
}
