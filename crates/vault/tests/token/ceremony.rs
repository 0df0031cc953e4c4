//! Keys are made in the token, brought in by two people, listed, rolled and retired; and none can be read.

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::object::{Attribute, AttributeInfo, AttributeType, ObjectClass};
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;
use epurse::keys::Algorithm;
use vault::testing::{SoftToken, with_token};
use vault::{Component, KeySet, KeyStore as _, StoreError, TokenStore, TokenVault, Unfit};

use crate::{SET, key, masters, parts};

const SECOND: KeySet = KeySet { version: 2, ..SET };

fn open(token: &SoftToken) -> TokenStore {
    TokenStore::open(token.place()).unwrap()
}

/// A session of somebody else who has the PIN and can do with it what PKCS#11 lets them.
fn stranger() -> Session {
    let module = Pkcs11::new(SoftToken::module()).unwrap();
    match module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
        Err(error) => panic!("{error}"),
    }
    let slot = module.get_slots_with_initialized_token().unwrap()[0];
    let session = module.open_rw_session(slot).unwrap();
    match session.login(UserType::User, Some(&AuthPin::from(SoftToken::PIN))) {
        Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => session,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn two_people_bring_keys_in_and_no_one_brings_them_out() {
    with_token(|token| {
        let [first, second] = parts(SET);
        open(token).wait(&first).unwrap();
        // The second custodian comes another day.
        let mut store = open(token);
        let waiting = store.list().unwrap();
        assert_eq!((waiting.waiting, waiting.keys), (vec![first.check_value()], vec![]));
        assert!(matches!(store.join(&first), Err(StoreError::Unfit(Unfit::Same))));
        let whole = store.join(&second).unwrap();
        assert_eq!(whole, masters(SET));
        store.keep(&whole).unwrap();
        let there = store.list().unwrap();
        assert_eq!((there.keys, there.waiting, there.incomplete), (vec![whole.check_value()], vec![], vec![]));
        assert_eq!(TokenVault::open(token.place()).unwrap().check_values().unwrap(), [whole.check_value()]);
        assert!(matches!(store.join(&second), Err(StoreError::NothingWaits(SET))));
        assert!(matches!(store.wait(&first), Err(StoreError::Exists(SET))));
        assert!(matches!(store.keep(&whole), Err(StoreError::Exists(SET))));
        drop(store);

        let session = stranger();
        let keys = session.find_objects(&[Attribute::Class(ObjectClass::SECRET_KEY)]).unwrap();
        assert_eq!(keys.len(), 2, "no key of a card is left behind");
        assert_eq!(session.find_objects(&[Attribute::Class(ObjectClass::DATA)]).unwrap(), [], "no part is left behind");
        for object in keys {
            let value = session.get_attribute_info(object, &[AttributeType::Value]).unwrap();
            assert!(matches!(value[..], [AttributeInfo::Sensitive]), "{value:?}");
            assert_eq!(session.get_attributes(object, &[AttributeType::Value]).unwrap(), []);
            // Nor can it be made readable, wrapped in another key, or used to encipher at will.
            session.update_attributes(object, &[Attribute::Sensitive(false)]).unwrap_err();
            session.update_attributes(object, &[Attribute::Extractable(true)]).unwrap_err();
            let ecb = cryptoki::mechanism::Mechanism::Des3Ecb;
            session.wrap_key(&ecb, object, object).unwrap_err();
            session.encrypt(&ecb, object, &[0; 8]).unwrap_err();
        }
    });
}

#[test]
fn parts_that_make_no_keys_are_refused() {
    with_token(|token| {
        let mut store = open(token);
        let [first, second] = parts(SET);
        store.wait(&first).unwrap();
        let other_set = parts(SECOND)[1].clone();
        assert!(matches!(store.join(&other_set), Err(StoreError::NothingWaits(SECOND))));
        // The first comes again, with another part: that one counts.
        store.wait(&second).unwrap();
        assert_eq!(store.list().unwrap().waiting, [second.check_value()]);
        assert_eq!(store.join(&first).unwrap(), masters(SET));
        let sm4 = KeySet { algorithm: Algorithm::Sm4, ..SET };
        let part = Component::new(sm4, key(crate::MLK), key(crate::MTK));
        assert!(matches!(store.wait(&part), Err(StoreError::Sm4InToken)));
        assert!(matches!(store.generate(sm4, &mut |_| Ok(())), Err(StoreError::Sm4InToken)));
    });
}

#[test]
fn the_token_draws_keys_and_old_versions_stay_until_they_are_retired() {
    with_token(|token| {
        let mut store = open(token);
        let not_asked: &mut vault::Random<'_> = &mut |_| panic!("a token draws by itself");
        let first = store.generate(SET, not_asked).unwrap();
        // A server that runs already sees the new version at once, and the old one no longer once it is retired.
        let vault = TokenVault::open(token.place()).unwrap();
        assert_eq!(vault.check_values().unwrap(), [first]);
        let second = store.generate(SECOND, not_asked).unwrap();
        assert_ne!((first.load, first.tac), (second.load, second.tac));
        assert_ne!(first.load, first.tac);
        assert_eq!(vault.check_values().unwrap(), [first, second]);
        assert!(matches!(store.generate(SECOND, not_asked), Err(StoreError::Exists(SECOND))));
        store.retire(SET).unwrap();
        assert!(matches!(store.retire(SET), Err(StoreError::Missing(SET))));
        assert_eq!(vault.check_values().unwrap(), [second]);
        assert_eq!(open(token).list().unwrap().keys, [second]);
    });
}

#[test]
fn half_a_set_is_shown_and_never_completed_by_chance() {
    with_token(|token| {
        open(token).generate(SET, &mut |_| Ok(())).unwrap();
        let session = stranger();
        let label = Attribute::Label(b"jichong card-type 01 version 01 3des tac".to_vec());
        let found = session.find_objects(&[label]).unwrap();
        session.destroy_object(found[0]).unwrap();
        drop(session);
        let mut store = open(token);
        let there = store.list().unwrap();
        assert_eq!((there.keys, there.incomplete), (vec![], vec![SET]));
        assert!(matches!(store.generate(SET, &mut |_| Ok(())), Err(StoreError::Incomplete(SET))));
        assert!(matches!(store.keep(&masters(SET)), Err(StoreError::Incomplete(SET))));
        store.retire(SET).unwrap();
        store.keep(&masters(SET)).unwrap();
        assert_eq!(store.list().unwrap().keys, [masters(SET).check_value()]);
    });
}
