//! What rests in a token, and what is made in it for the length of a call.
//!
//! | object | label | may |
//! |---|---|---|
//! | load master key, `CKK_DES2` | `jichong card-type 01 version 02 3des load` | derive, nothing else; never leave |
//! | TAC master key, `CKK_DES2` | `jichong card-type 01 version 02 3des tac` | derive, nothing else; never leave |
//! | a first custodian's part of both, `CKO_DATA`, private | `jichong card-type 01 version 02 3des component` | be read by who has the PIN |

use std::fmt;
use std::str::FromStr;

use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use epurse::keys::Algorithm;
use zeroize::Zeroize as _;

use super::error::TokenError;
use super::sessions::Lent;
use crate::keys::KeySet;

/// Marks our data objects among others in the token.
const APPLICATION: &[u8] = b"jichong";

/// What an object is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Purpose {
    Load,
    Tac,
    Component,
}

impl Purpose {
    const ALL: [Self; 3] = [Self::Load, Self::Tac, Self::Component];

    fn as_str(self) -> &'static str {
        match self {
            Self::Load => "load",
            Self::Tac => "tac",
            Self::Component => "component",
        }
    }
}

/// The label of one of our objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Label {
    pub(super) set: KeySet,
    pub(super) purpose: Purpose,
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let KeySet { card_type, version, algorithm } = self.set;
        write!(f, "jichong card-type {card_type:02X} version {version:02X} {algorithm} {}", self.purpose.as_str())
    }
}

/// The text is not a label of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NotOurs;

impl FromStr for Label {
    type Err = NotOurs;

    fn from_str(text: &str) -> Result<Self, NotOurs> {
        let words: Vec<&str> = text.split(' ').collect();
        let ["jichong", "card-type", card_type, "version", version, algorithm, purpose] = words.as_slice() else {
            return Err(NotOurs);
        };
        let byte = |text: &str| u8::from_str_radix(text, 16).map_err(|_| NotOurs);
        let algorithm: Algorithm = algorithm.parse().map_err(|_| NotOurs)?;
        let purpose = Purpose::ALL.into_iter().find(|known| known.as_str() == *purpose).ok_or(NotOurs)?;
        let label = Self { set: KeySet { card_type: byte(card_type)?, version: byte(version)?, algorithm }, purpose };
        // One spelling each: a name that is only nearly ours is somebody else's.
        if label.to_string() == text { Ok(label) } else { Err(NotOurs) }
    }
}

impl Lent<'_> {
    /// The master key of this name; none if the token has none.
    pub(super) fn master(&self, label: Label) -> Result<Option<ObjectHandle>, TokenError> {
        if let Some(known) = self.known(label) {
            return Ok(Some(known));
        }
        let mut template = masters();
        template.push(Attribute::Label(label.to_string().into_bytes()));
        let found = self.session()?.find_objects(&template)?;
        match found.as_slice() {
            [] => self.would_show().map(|()| None),
            [key] => {
                self.never_leaves(label, *key)?;
                self.remember(label, *key);
                Ok(Some(*key))
            }
            [..] => Err(TokenError::Ambiguous { label: label.to_string(), count: found.len() }),
        }
    }

    /// Fails unless the token keeps the key to itself.
    fn never_leaves(&self, label: Label, key: ObjectHandle) -> Result<(), TokenError> {
        let said = self.session()?.get_attributes(key, &[AttributeType::Sensitive, AttributeType::Extractable])?;
        let kept = said.contains(&Attribute::Sensitive(true)) && said.contains(&Attribute::Extractable(false));
        if kept { Ok(()) } else { Err(TokenError::Readable(label.to_string())) }
    }

    /// All our master keys and data objects.
    pub(super) fn ours(&self) -> Result<Vec<(Label, ObjectHandle)>, TokenError> {
        let session = self.session()?;
        let mut objects = session.find_objects(&masters())?;
        objects.extend(session.find_objects(&components())?);
        if objects.is_empty() {
            self.would_show()?;
        }
        let mut ours = Vec::new();
        for object in objects {
            let said = session.get_attributes(object, &[AttributeType::Label])?;
            let label = said.iter().find_map(|attribute| {
                let Attribute::Label(bytes) = attribute else { return None };
                std::str::from_utf8(bytes).ok()?.parse().ok()
            });
            ours.extend(label.map(|label| (label, object)));
        }
        Ok(ours)
    }

    /// The first three bytes of a block of zeros, enciphered with a master key.
    pub(super) fn check_value(&self, key: ObjectHandle) -> Result<[u8; 3], TokenError> {
        let derived = self.derive(key, &[0; 16], &readable())?;
        let [a, b, c, ..] = *self.raw().value::<16>(self.session()?, derived.handle)?;
        Ok([a, b, c])
    }

    /// Makes a master key that the token itself draws.
    pub(super) fn generate(&self, label: Label) -> Result<ObjectHandle, TokenError> {
        Ok(self.session()?.generate_key(&Mechanism::Des2KeyGen, &master(label))?)
    }

    /// Makes a master key of `value`.
    pub(super) fn create(&self, label: Label, value: &[u8]) -> Result<ObjectHandle, TokenError> {
        self.create_wiping(master(label), value)
    }

    /// Makes a data object of `value`.
    pub(super) fn create_component(&self, label: Label, value: &[u8]) -> Result<ObjectHandle, TokenError> {
        let mut template = components();
        template.extend([
            Attribute::Private(true),
            Attribute::Modifiable(false),
            Attribute::Label(label.to_string().into_bytes()),
        ]);
        self.create_wiping(template, value)
    }

    fn create_wiping(&self, mut template: Vec<Attribute>, value: &[u8]) -> Result<ObjectHandle, TokenError> {
        template.push(Attribute::Value(value.to_vec()));
        let created = self.session()?.create_object(&template);
        for attribute in &mut template {
            if let Attribute::Value(value) = attribute {
                value.zeroize();
            }
        }
        Ok(created?)
    }

    /// A card's own key for the length of a call.
    #[cfg(feature = "testing")]
    pub(super) fn pass(&self, own_key: &epurse::keys::Key) -> Result<Derived<'_>, TokenError> {
        let handle = self.create_wiping(own(), own_key.expose())?;
        Ok(Derived { handle, lent: self })
    }

    /// Enciphers `data` with `base` inside the token; what comes out is a key there until it is dropped.
    pub(super) fn derive<'a>(
        &'a self,
        base: ObjectHandle,
        data: &[u8; 16],
        template: &[Attribute],
    ) -> Result<Derived<'a>, TokenError> {
        let handle = self.raw().derive(self.session()?, base, data, template)?;
        Ok(Derived { handle, lent: self })
    }
}

/// A key in the token for the length of a call.
pub(super) struct Derived<'a> {
    pub(super) handle: ObjectHandle,
    lent: &'a Lent<'a>,
}

impl Drop for Derived<'_> {
    fn drop(&mut self) {
        // What cannot be destroyed goes with its session.
        let destroyed = self.lent.session().and_then(|session| Ok(session.destroy_object(self.handle)?));
        if destroyed.is_err() {
            self.lent.spoil();
        }
    }
}

/// What all our master keys have in common.
fn masters() -> Vec<Attribute> {
    vec![Attribute::Class(ObjectClass::SECRET_KEY), Attribute::KeyType(KeyType::DES2), Attribute::Token(true)]
}

/// What all our data objects have in common.
fn components() -> Vec<Attribute> {
    vec![Attribute::Class(ObjectClass::DATA), Attribute::Token(true), Attribute::Application(APPLICATION.to_vec())]
}

/// A master key: it derives keys, and does and suffers nothing else.
fn master(label: Label) -> Vec<Attribute> {
    let mut template = masters();
    template.extend([
        Attribute::Label(label.to_string().into_bytes()),
        Attribute::Private(true),
        Attribute::Modifiable(false),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Derive(true),
    ]);
    template.extend(no_use(&[]));
    template
}

/// A card's own load key, to derive a session key from.
pub(super) fn own() -> Vec<Attribute> {
    let mut template = passing();
    template.push(Attribute::Derive(true));
    template.extend(no_use(&[]));
    template
}

/// The key of one load, to make MACs with.
pub(super) fn session_key() -> Vec<Attribute> {
    let mut template = passing();
    template.extend([Attribute::Derive(false), Attribute::Encrypt(true)]);
    template.extend(no_use(&[AttributeType::Encrypt]));
    template
}

fn passing() -> Vec<Attribute> {
    vec![
        Attribute::Class(ObjectClass::SECRET_KEY),
        Attribute::KeyType(KeyType::DES2),
        Attribute::Token(false),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
    ]
}

/// A value to read: a card's TAC key, or a check value.
pub(super) fn readable() -> Vec<Attribute> {
    vec![
        Attribute::Class(ObjectClass::SECRET_KEY),
        Attribute::KeyType(KeyType::GENERIC_SECRET),
        Attribute::ValueLen(16.into()),
        Attribute::Token(false),
        Attribute::Private(true),
        Attribute::Sensitive(false),
        Attribute::Extractable(true),
        Attribute::Derive(false),
    ]
}

/// Says no to every use of a key but those given: what is not said is the token's choice.
fn no_use(but: &[AttributeType]) -> impl Iterator<Item = Attribute> {
    [
        Attribute::Encrypt(false),
        Attribute::Decrypt(false),
        Attribute::Sign(false),
        Attribute::Verify(false),
        Attribute::Wrap(false),
        Attribute::Unwrap(false),
    ]
    .into_iter()
    .filter(|attribute| !but.contains(&attribute.attribute_type()))
}
