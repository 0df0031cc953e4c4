//! Who asks, and whether they may: the extractors that every handler names.
//!
//! [`Frame`] is for pages that everyone may see. [`May`] names the permission a handler needs and carries the operator,
//! whose group comes from the session and from nowhere else. [`Glance`] is the same for what a page asks by itself: it
//! does not count as activity, so a page left open does not keep its session alive.

use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use topup::people::{self, Operator, OperatorId, Permission};
use topup::{GroupId, House, Micros};
use tower_sessions::Session;

use super::session::{OPERATOR, SEEN, SINCE};
use super::store::Sessions;
use crate::App;
use crate::look::{Frame, Visitor};
use crate::web::problem::Problem;
use crate::words::Lang;

/// Activity is written down when the last writing is this old: a write a minute for each clerk, not one a click.
const TOUCH_EVERY_US: i64 = 60_000_000;

/// A permission as a type.
pub(crate) trait Needs: Send + Sync + 'static {
    /// Which.
    const PERMISSION: Permission;
}

/// See and charge cards.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load;

impl Needs for Load {
    const PERMISSION: Permission = Permission::Load;
}

/// One's own account.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OwnAccount;

impl Needs for OwnAccount {
    const PERMISSION: Permission = Permission::OwnAccount;
}

/// An operator who may, and what they look at.
#[derive(Clone, Debug)]
pub(crate) struct May<P, const TOUCH: bool = true> {
    pub(crate) frame: Frame,
    pub(crate) operator: Operator,
    /// When they signed in.
    pub(crate) since: Micros,
    pub(crate) session: Session,
    permission: PhantomData<P>,
}

/// An operator who may; asking does not count as activity.
pub(crate) type Glance<P> = May<P, false>;

impl<P, const TOUCH: bool> May<P, TOUCH> {
    /// Their group.
    pub(crate) fn group(&self) -> GroupId {
        self.operator.group
    }
}

impl<P: Needs, const TOUCH: bool> FromRequestParts<App> for May<P, TOUCH> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let session = session(parts, app).await?;
        let (operator, since) = signed_in(&app.house, &session).await?.ok_or(Problem::SignedOut)?;
        if !operator.role.may(P::PERMISSION) {
            return Err(Problem::Forbidden);
        }
        if TOUCH {
            touch(app, &session).await?;
        }
        let visitor = Visitor { operator: operator.clone(), since, idle: app.settings.idle };
        let frame = Frame { lang: Lang::of(&parts.headers), here: here(parts), visitor: Some(visitor) };
        Ok(Self { frame, operator, since, session, permission: PhantomData })
    }
}

impl FromRequestParts<App> for Frame {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let session = session(parts, app).await?;
        let visitor = signed_in(&app.house, &session).await?;
        if visitor.is_some() {
            touch(app, &session).await?;
        }
        let visitor = visitor.map(|(operator, since)| Visitor { operator, since, idle: app.settings.idle });
        Ok(Self { lang: Lang::of(&parts.headers), here: here(parts), visitor })
    }
}

async fn session(parts: &mut Parts, app: &App) -> Result<Session, Problem> {
    Session::from_request_parts(parts, app).await.map_err(|(_, why)| std::io::Error::other(why).into())
}

/// The path and query of a page that can be asked for again.
fn here(parts: &Parts) -> String {
    parts.uri.path_and_query().map_or("/".to_owned(), ToString::to_string)
}

/// Who is signed in, read anew each time: an operator who is no longer active is out at once.
async fn signed_in(house: &House, session: &Session) -> Result<Option<(Operator, Micros)>, Problem> {
    // A request without a cookie has no session to load.
    if session.id().is_none() {
        return Ok(None);
    }
    let Some(id) = session.get::<i64>(OPERATOR).await? else { return Ok(None) };
    let since = session.get::<i64>(SINCE).await?.unwrap_or_default();
    Ok(people::operator(house, OperatorId(id)).await?.map(|operator| (operator, Micros(since))))
}

/// Notes that the operator was active; the session's end moves on with it.
///
/// Written at once and past the request's own session: what that holds changed is saved after the handler, and if it
/// cannot be, the answer is lost, even one that says what became of a charge. A note that fails costs a minute of
/// idle time, so the request goes on.
async fn touch(app: &App, session: &Session) -> Result<(), Problem> {
    let now = app.house.now();
    let seen = session.get::<i64>(SEEN).await?.unwrap_or_default();
    if let Some(id) = session.id().filter(|_| now.0.saturating_sub(seen) >= TOUCH_EVERY_US)
        && let Err(error) = Sessions::new(app.house.clone(), &app.settings).note_seen(id, now).await
    {
        tracing::warn!(%error, "the end of a session could not be moved on");
    }
    Ok(())
}
