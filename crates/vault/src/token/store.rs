//! A token as a place to make, bring in and retire keys.

use std::collections::BTreeMap;
use std::fmt;

use cryptoki::object::ObjectHandle;
use epurse::keys::{Algorithm, Key};
use zeroize::Zeroizing;

use super::error::TokenError;
use super::objects::{Label, Purpose};
use super::sessions::{Access, Lent, Sessions, TokenPlace};
use crate::keys::{CheckValue, Component, KeySet, Master};
use crate::store::{KeyStore, Listing, Random, StoreError};

/// A token whose keys are being changed.
pub struct TokenStore {
    sessions: Sessions,
}

impl TokenStore {
    /// Opens the token: the module loads, the token is there and the PIN is right.
    pub fn open(place: TokenPlace) -> Result<Self, TokenError> {
        Ok(Self { sessions: Sessions::open(place, Access::Change)? })
    }

    /// Fails unless a new set of keys may have this name.
    fn free(&mut self, set: KeySet) -> Result<(), StoreError> {
        if set.algorithm == Algorithm::Sm4 {
            return Err(StoreError::Sm4InToken);
        }
        let there = self.list()?;
        match there.of(set) {
            Some(_) => Err(StoreError::Exists(set)),
            None if there.knows(set) => Err(StoreError::Incomplete(set)),
            None => Ok(()),
        }
    }
}

impl KeyStore for TokenStore {
    fn list(&mut self) -> Result<Listing, StoreError> {
        Ok(self.sessions.run(|lent| {
            let mut listing = list(lent)?;
            for (label, object) in lent.ours()?.into_iter().filter(|(label, _)| label.purpose == Purpose::Component) {
                listing.waiting.push(read(lent, label.set, object)?.check_value());
            }
            Ok(listing.sorted())
        })?)
    }

    fn generate(&mut self, set: KeySet, _random: &mut Random<'_>) -> Result<CheckValue, StoreError> {
        self.free(set)?;
        self.sessions.run_once(|lent| both(lent, set, |label| lent.generate(label)))?;
        self.list()?.of(set).ok_or(StoreError::Missing(set))
    }

    fn wait(&mut self, first: &Component) -> Result<(), StoreError> {
        first.sound()?;
        self.free(first.set())?;
        let label = Label { set: first.set(), purpose: Purpose::Component };
        let (load, tac) = first.parts();
        let value = Zeroizing::new([*load.expose(), *tac.expose()].concat());
        let waits = |lent: &Lent<'_>| {
            destroy(lent, |known| known == label)?;
            lent.create_component(label, &value)
        };
        self.sessions.run_once(waits)?;
        Ok(())
    }

    fn join(&mut self, second: &Component) -> Result<Master, StoreError> {
        let set = second.set();
        let first = self.sessions.run(|lent| {
            let waiting = lent.ours()?.into_iter().find(|(label, _)| *label == component(set));
            waiting.map(|(_, object)| read(lent, set, object)).transpose()
        })?;
        Ok(first.ok_or(StoreError::NothingWaits(set))?.join(second)?)
    }

    fn keep(&mut self, keys: &Master) -> Result<(), StoreError> {
        let set = keys.set();
        self.free(set)?;
        self.sessions.run_once(|lent| {
            both(lent, set, |label| {
                let key = if label.purpose == Purpose::Load { &keys.mlk } else { &keys.mtk };
                lent.create(label, key.expose())
            })?;
            destroy(lent, |label| label == component(set))
        })?;
        Ok(())
    }

    fn retire(&mut self, set: KeySet) -> Result<(), StoreError> {
        if !self.list()?.knows(set) {
            return Err(StoreError::Missing(set));
        }
        let master = |label: Label| label.set == set && label.purpose != Purpose::Component;
        Ok(self.sessions.run_once(|lent| destroy(lent, master))?)
    }
}

/// The keys in the token. What waits for a second custodian is left alone: a server has no business with it.
pub(super) fn list(lent: &Lent<'_>) -> Result<Listing, TokenError> {
    let mut listing = Listing::default();
    let mut halves: BTreeMap<_, Halves> = BTreeMap::new();
    for (label, object) in lent.ours()? {
        let half = halves.entry(label.set.place()).or_insert_with(|| Halves::of(label.set));
        let place = match label.purpose {
            Purpose::Load => &mut half.load,
            Purpose::Tac => &mut half.tac,
            Purpose::Component => continue,
        };
        // Looked up again by its name, which must name one, and which must be a key that never leaves.
        let key = lent.master(label)?.unwrap_or(object);
        *place = Some(lent.check_value(key)?);
    }
    for Halves { set, load, tac } in halves.into_values() {
        match (load, tac) {
            (Some(load), Some(tac)) => listing.keys.push(CheckValue { set, load, tac }),
            (None, None) => {}
            (Some(_), None) | (None, Some(_)) => listing.incomplete.push(set),
        }
    }
    Ok(listing.sorted())
}

/// The check values of a set as far as they were seen.
struct Halves {
    set: KeySet,
    load: Option<[u8; 3]>,
    tac: Option<[u8; 3]>,
}

impl Halves {
    fn of(set: KeySet) -> Self {
        Self { set, load: None, tac: None }
    }
}

fn component(set: KeySet) -> Label {
    Label { set, purpose: Purpose::Component }
}

/// Makes both keys of a set, or none.
fn both(
    lent: &Lent<'_>,
    set: KeySet,
    make: impl Fn(Label) -> Result<ObjectHandle, TokenError>,
) -> Result<(), TokenError> {
    let load = make(Label { set, purpose: Purpose::Load })?;
    if let Err(error) = make(Label { set, purpose: Purpose::Tac }) {
        lent.session()?.destroy_object(load)?;
        return Err(error);
    }
    Ok(())
}

/// Destroys those of our objects that are meant.
fn destroy(lent: &Lent<'_>, meant: impl Fn(Label) -> bool) -> Result<(), TokenError> {
    for (_, object) in lent.ours()?.into_iter().filter(|(label, _)| meant(*label)) {
        lent.session()?.destroy_object(object)?;
    }
    Ok(())
}

/// A first custodian's part: the load key's, then the TAC key's.
fn read(lent: &Lent<'_>, set: KeySet, object: ObjectHandle) -> Result<Component, TokenError> {
    let value = lent.raw().value::<32>(lent.session()?, object)?;
    let (halves, _) = value.as_chunks::<16>();
    let [load, tac] = halves else { return Err(TokenError::Readable(component(set).to_string())) };
    Ok(Component::new(set, Key::new(*load), Key::new(*tac)))
}

impl fmt::Debug for TokenStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenStore").finish_non_exhaustive()
    }
}
