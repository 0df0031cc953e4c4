//! Sessions with a token: a few at once, signed in, made anew when the token was away.
//!
//! PKCS#11 signs in an application, not a session: all sessions of this process with a token are signed in or none is.
//! So "already signed in" is as good as signed in, and one part of a process that signs out signs out the others; they
//! then sign in again. A PIN that the token refuses is not tried a second time, because a handful of tries locks it.
//!
//! Modules remember which tokens there were when they were started, some for good. So when a token is still missed after
//! a second look, its module is ended and started again; not while anybody in this process is in the middle of a call.

use std::cell::Cell;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::object::ObjectHandle;
use cryptoki::session::{Session, SessionState, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;

use super::error::{PinProblem, TokenError};
use super::objects::Label;
use super::raw::Raw;

/// Sessions at most. More would only queue in the token, whose few engines take them one after another; small tokens
/// allow about this many.
const SESSIONS: usize = 8;

/// How long a free session is waited for. A card waits meanwhile, and its terminal gives up after some seconds.
const WAIT: Duration = Duration::from_secs(3);

/// How often a module was ended and started again in this process. Read for as long as one is called, written to end it;
/// one lock for all, since a process has one module.
static RESTARTS: RwLock<u64> = RwLock::new(0);

/// Where a token is, and what opens it.
#[derive(Debug, Clone)]
pub struct TokenPlace {
    /// The PKCS#11 module, a library of the token's maker.
    pub module: PathBuf,
    /// The token's label.
    pub label: String,
    /// The user's PIN. Wiped when dropped, never printed.
    pub pin: AuthPin,
}

/// Whether token objects are only used or also made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Use,
    Change,
}

/// The sessions of this process with one token.
pub(super) struct Sessions {
    place: TokenPlace,
    access: Access,
    module: Module,
    /// Held while signing in, so that a wrong PIN is tried by one alone.
    door: Mutex<Option<PinProblem>>,
    pool: Mutex<Pool>,
    freed: Condvar,
}

struct Module {
    pkcs11: Pkcs11,
    raw: Raw,
}

#[derive(Default)]
struct Pool {
    idle: Vec<Session>,
    lent: usize,
    /// Raised when all sessions and keys that were known are forgotten.
    era: u64,
    /// The start of the module that the idle sessions are from.
    restarts: u64,
    /// Where keys are, as far as they were looked for.
    keys: HashMap<Label, ObjectHandle>,
}

/// A static program with glibc is aborted when it loads a module that was made for the glibc of its machine.
const STATIC: bool = cfg!(all(target_os = "linux", target_env = "gnu", target_feature = "crt-static"));

/// What it says in its stead.
const NO_MODULES: &str = "this is the static program, which cannot load any; install the one that is not";

impl Sessions {
    /// Loads the module and signs in once.
    pub(super) fn open(place: TokenPlace, access: Access) -> Result<Self, TokenError> {
        if STATIC {
            return Err(TokenError::Module { module: place.module, why: NO_MODULES.to_owned() });
        }
        let failed = |error: Error| TokenError::Module { module: place.module.clone(), why: plain(&error) };
        let pkcs11 = Pkcs11::new(&place.module).map_err(failed)?;
        let raw = Raw::of(&place.module).map_err(failed)?;
        let module = Module { pkcs11, raw };
        let (door, pool, freed) = (Mutex::default(), Mutex::default(), Condvar::new());
        let sessions = Self { place, access, module, door, pool, freed };
        sessions.run(|lent| lent.session().map(drop))?;
        Ok(sessions)
    }

    /// Does some work in a session. When the token turns out to have been away it is done again in a new session, and
    /// then with the module started anew.
    pub(super) fn run<T>(&self, work: impl Fn(&Lent<'_>) -> Result<T, TokenError>) -> Result<T, TokenError> {
        let gone = |done: &Result<T, TokenError>| done.as_ref().is_err_and(TokenError::is_gone);
        let mut done = self.run_once(&work);
        if gone(&done) {
            done = self.run_once(&work);
        }
        if gone(&done) && self.end_module() {
            done = self.run_once(&work);
        }
        done
    }

    /// Does some work in a session, once: for changes, of which half might be done already.
    pub(super) fn run_once<T>(&self, work: impl Fn(&Lent<'_>) -> Result<T, TokenError>) -> Result<T, TokenError> {
        let lent = self.lend()?;
        let done = work(&lent);
        match &done {
            Ok(_) => {}
            // A command may have been left half-way: such a session is not used again.
            Err(error) => {
                lent.spoiled.set(true);
                if error.is_gone() {
                    self.forget(lent.era);
                }
            }
        }
        done
    }

    fn lend(&self) -> Result<Lent<'_>, TokenError> {
        let restarts = RESTARTS.read().unwrap_or_else(PoisonError::into_inner);
        let none_left = |pool: &mut Pool| {
            pool.outlive(*restarts);
            pool.idle.is_empty() && pool.lent >= SESSIONS
        };
        let waited = self.freed.wait_timeout_while(self.pool(), WAIT, none_left);
        let (mut pool, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        if timeout.timed_out() {
            return Err(TokenError::Busy(WAIT));
        }
        pool.lent = pool.lent.saturating_add(1);
        let (session, era) = (pool.idle.pop(), pool.era);
        drop(pool);
        let mut lent = Lent { sessions: self, session, era, spoiled: Cell::new(false), _calling: restarts };
        if lent.session.is_none() {
            lent.session = Some(self.sign_in()?);
        }
        Ok(lent)
    }

    /// A new session, signed in.
    fn sign_in(&self) -> Result<Session, TokenError> {
        let mut refused = self.door.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(problem) = *refused {
            return Err(TokenError::Pin(problem));
        }
        let Self { place, module: Module { pkcs11, .. }, .. } = self;
        match pkcs11.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
            Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
            Err(error) => return Err(error.into()),
        }
        let slot = self.slot()?;
        let session = match self.access {
            Access::Use => pkcs11.open_ro_session(slot),
            Access::Change => pkcs11.open_rw_session(slot),
        }?;
        match session.login(UserType::User, Some(&place.pin)) {
            Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(session),
            Err(error) => {
                let error = TokenError::from(error);
                if let TokenError::Pin(problem) = error {
                    *refused = Some(problem);
                }
                Err(error)
            }
        }
    }

    /// Where the token is now.
    fn slot(&self) -> Result<Slot, TokenError> {
        let Self { place: TokenPlace { label, .. }, module: Module { pkcs11, .. }, .. } = self;
        let mut there = Vec::new();
        let mut found = Vec::new();
        for slot in pkcs11.get_slots_with_token()? {
            // A token that is taken away at this moment is no longer there.
            let Ok(token) = pkcs11.get_token_info(slot) else { continue };
            if token.label() == label {
                found.push(slot);
            } else if token.token_initialized() {
                there.push(token.label().to_owned());
            }
        }
        match found.as_slice() {
            [slot] => Ok(*slot),
            [] => Err(TokenError::Absent { label: label.clone(), there }),
            [..] => Err(TokenError::Several { label: label.clone(), count: found.len() }),
        }
    }

    /// Forgets all sessions and keys that were known in `era`.
    fn forget(&self, era: u64) {
        let mut pool = self.pool();
        if pool.era == era {
            pool.era = era.saturating_add(1);
            pool.keys.clear();
            pool.idle.clear();
        }
    }

    /// Ends the module, which starts again with the next session. False if it is in use at this moment.
    fn end_module(&self) -> bool {
        let Ok(mut restarts) = RESTARTS.try_write() else { return false };
        *restarts = restarts.saturating_add(1);
        // It may have been ended already; then the next session starts it all the same.
        self.module.pkcs11.clone().finalize().ok();
        true
    }

    fn pool(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pool {
    /// Forgets everything from before the module was started for the last time.
    fn outlive(&mut self, restarts: u64) {
        if self.restarts != restarts {
            self.restarts = restarts;
            self.era = self.era.saturating_add(1);
            self.keys.clear();
            // Not closed: their numbers may be those of new sessions by now.
            self.idle.drain(..).for_each(std::mem::forget);
        }
    }
}

/// A session in one caller's hands.
pub(super) struct Lent<'a> {
    sessions: &'a Sessions,
    /// Always there, but while it is lent and given back.
    session: Option<Session>,
    era: u64,
    spoiled: Cell<bool>,
    /// The module is not ended meanwhile.
    _calling: RwLockReadGuard<'static, u64>,
}

impl Lent<'_> {
    pub(super) fn raw(&self) -> &Raw {
        &self.sessions.module.raw
    }

    pub(super) fn session(&self) -> Result<&Session, TokenError> {
        self.session.as_ref().ok_or_else(TokenError::signed_out)
    }

    /// Closes the session instead of using it again.
    pub(super) fn spoil(&self) {
        self.spoiled.set(true);
    }

    /// Where a key is, if that is known.
    pub(super) fn known(&self, label: Label) -> Option<ObjectHandle> {
        let pool = self.sessions.pool();
        pool.keys.get(&label).copied().filter(|_| pool.era == self.era)
    }

    /// Remembers where a key is.
    pub(super) fn remember(&self, label: Label, key: ObjectHandle) {
        let mut pool = self.sessions.pool();
        if pool.era == self.era {
            pool.keys.insert(label, key);
        }
    }

    /// Fails unless it means something that keys are not found: to a stranger, who is not signed in, a token shows none
    /// and does not say that there are some; and one that is gone may be an empty one to its module.
    pub(super) fn would_show(&self) -> Result<(), TokenError> {
        let info = self.session()?.get_session_info()?;
        match info.session_state() {
            SessionState::RoUser | SessionState::RwUser => {}
            SessionState::RoPublic | SessionState::RwPublic | SessionState::RwSecurityOfficer => {
                return Err(TokenError::signed_out());
            }
        }
        let Sessions { module, place, .. } = self.sessions;
        let token = module.pkcs11.get_token_info(info.slot_id())?;
        if token.token_initialized() && token.label() == place.label { Ok(()) } else { Err(TokenError::left()) }
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let session = self.session.take().filter(|_| !self.spoiled.get());
        let mut pool = self.sessions.pool();
        pool.lent = pool.lent.saturating_sub(1);
        if pool.era == self.era {
            pool.idle.extend(session);
        }
        drop(pool);
        self.sessions.freed.notify_one();
    }
}

/// The library's error without its own name in front.
fn plain(error: &Error) -> String {
    if let Error::LibraryLoading(error) = error { error.to_string() } else { error.to_string() }
}
