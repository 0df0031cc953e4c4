//! Who asks, and whether they may: the extractors that every handler names.
//!
//! [`Frame`] is for pages that everyone may see. [`May`] names the permission a handler of the portal needs and carries
//! the operator, whose group comes from the session and from nowhere else; [`Office`] does so for the office and its
//! staff. [`Glance`] and [`OfficeGlance`] are the same for what a page asks by itself: it does not count as activity,
//! so a page left open does not keep its session alive.

use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use topup::audit::Actor;
use topup::people::staff::{self, Staff, StaffId, StaffPermission};
use topup::people::{self, Operator, OperatorId, Permission};
use topup::{GroupId, House, Micros};
use tower_sessions::Session;

use super::session::{OPERATOR, SEEN, SINCE, STAFF};
use super::store::Sessions;
use crate::App;
use crate::look::{Frame, Side, Visitor, Who};
use crate::web::address::Address;
use crate::web::problem::Problem;
use crate::words::Lang;

/// Activity is written down when the last writing is this old: a write a minute for each person, not one a click.
const TOUCH_EVERY_US: i64 = 60_000_000;

/// A permission of operators as a type.
pub(crate) trait Needs: Send + Sync + 'static {
    /// Which.
    const PERMISSION: Permission;
}

/// A permission of staff as a type.
pub(crate) trait OfficeNeeds: Send + Sync + 'static {
    /// Which.
    const PERMISSION: StaffPermission;
}

/// See and charge cards.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load;

impl Needs for Load {
    const PERMISSION: Permission = Permission::Load;
}

/// Pay in, and see what became of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deposits;

impl Needs for Deposits {
    const PERMISSION: Permission = Permission::Deposits;
}

/// One's own account.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OwnAccount;

impl Needs for OwnAccount {
    const PERMISSION: Permission = Permission::OwnAccount;
}

impl OfficeNeeds for OwnAccount {
    const PERMISSION: StaffPermission = StaffPermission::OwnAccount;
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

    /// Something else counts as activity: cards that are charged for this person.
    pub(crate) async fn note_active(&self, app: &App) -> Result<(), Problem> {
        touch(app, &self.session).await
    }
}

impl<P: Needs, const TOUCH: bool> FromRequestParts<App> for May<P, TOUCH> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let Entered { frame, person: operator, since, session } = enter(parts, app, P::PERMISSION, TOUCH).await?;
        Ok(Self { frame, operator, since, session, permission: PhantomData })
    }
}

/// A member of staff who may, and what they look at.
#[derive(Clone, Debug)]
pub(crate) struct Office<P, const TOUCH: bool = true> {
    pub(crate) frame: Frame,
    pub(crate) staff: Staff,
    pub(crate) session: Session,
    address: Address,
    permission: PhantomData<P>,
}

/// A member of staff who may; asking does not count as activity.
pub(crate) type OfficeGlance<P> = Office<P, false>;

impl<P, const TOUCH: bool> Office<P, TOUCH> {
    /// For the audit trail: who acts, and from where.
    pub(crate) fn actor(&self) -> Actor {
        Actor::staff(&self.staff, self.address.0)
    }
}

impl<P: OfficeNeeds, const TOUCH: bool> FromRequestParts<App> for Office<P, TOUCH> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let address = match Address::from_request_parts(parts, app).await {
            Ok(address) => address,
            Err(never) => match never {},
        };
        let Entered { frame, person: staff, session, .. } = enter(parts, app, P::PERMISSION, TOUCH).await?;
        Ok(Self { frame, staff, session, address, permission: PhantomData })
    }
}

/// Someone with an account: what the two kinds of people differ in.
trait Person: Sized + Send {
    type Permission: Copy + Send;
    /// Under which key of the session they are.
    const KEY: &'static str;

    /// Read anew each time: who is no longer active is out at once.
    fn find(house: &House, id: i64) -> impl Future<Output = Result<Option<Self>, Problem>> + Send;
    fn may(&self, permission: Self::Permission) -> bool;
    fn who(&self) -> Who;
}

impl Person for Operator {
    type Permission = Permission;
    const KEY: &'static str = OPERATOR;

    async fn find(house: &House, id: i64) -> Result<Option<Self>, Problem> {
        Ok(people::operator(house, OperatorId(id)).await?)
    }

    fn may(&self, permission: Permission) -> bool {
        self.role.may(permission)
    }

    fn who(&self) -> Who {
        Who::Operator(self.clone())
    }
}

impl Person for Staff {
    type Permission = StaffPermission;
    const KEY: &'static str = STAFF;

    async fn find(house: &House, id: i64) -> Result<Option<Self>, Problem> {
        Ok(staff::staff(house, StaffId(id)).await?)
    }

    fn may(&self, permission: StaffPermission) -> bool {
        self.role.may(permission)
    }

    fn who(&self) -> Who {
        Who::Staff(self.clone())
    }
}

/// Who was let in.
struct Entered<W> {
    frame: Frame,
    person: W,
    since: Micros,
    session: Session,
}

async fn enter<W: Person>(
    parts: &mut Parts,
    app: &App,
    needs: W::Permission,
    active: bool,
) -> Result<Entered<W>, Problem> {
    let session = session(parts, app).await?;
    let (person, since) = signed_in::<W>(&app.house, &session).await?.ok_or(Problem::SignedOut)?;
    let visitor = Visitor { who: person.who(), since, idle: app.settings.idle };
    if !person.may(needs) {
        return Err(Problem::Forbidden(Box::new(visitor)));
    }
    if active {
        touch(app, &session).await?;
    }
    let frame = Frame { lang: Lang::of(&parts.headers), here: here(parts), visitor: Some(visitor) };
    Ok(Entered { frame, person, since, session })
}

impl FromRequestParts<App> for Frame {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let session = session(parts, app).await?;
        let here = here(parts);
        let found = match Side::of(&here) {
            Side::Portal => signed_in::<Operator>(&app.house, &session).await?.map(|(who, since)| (who.who(), since)),
            Side::Office => signed_in::<Staff>(&app.house, &session).await?.map(|(who, since)| (who.who(), since)),
        };
        if found.is_some() {
            touch(app, &session).await?;
        }
        let visitor = found.map(|(who, since)| Visitor { who, since, idle: app.settings.idle });
        Ok(Self { lang: Lang::of(&parts.headers), here, visitor })
    }
}

async fn session(parts: &mut Parts, app: &App) -> Result<Session, Problem> {
    Session::from_request_parts(parts, app).await.map_err(|(_, why)| std::io::Error::other(why).into())
}

/// The path and query of a page that can be asked for again.
fn here(parts: &Parts) -> String {
    parts.uri.path_and_query().map_or("/".to_owned(), ToString::to_string)
}

/// Who is signed in, and since when.
async fn signed_in<W: Person>(house: &House, session: &Session) -> Result<Option<(W, Micros)>, Problem> {
    // A request without a cookie has no session to load.
    if session.id().is_none() {
        return Ok(None);
    }
    let Some(id) = session.get::<i64>(W::KEY).await? else { return Ok(None) };
    let since = session.get::<i64>(SINCE).await?.unwrap_or_default();
    Ok(W::find(house, id).await?.map(|person| (person, Micros(since))))
}

/// Notes that someone was active; the session's end moves on with it.
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
