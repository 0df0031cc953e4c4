//! Everything that happens to tokens, and what is said of it.

use std::path::PathBuf;

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, KeyType, ObjectClass};
use cryptoki::session::UserType;
use cryptoki::types::AuthPin;
use epurse::keys::Diversifier;
use epurse::load::{Counter, Purse, Session};
use epurse::mac::Mac;
use epurse::terminal::TerminalNumber;
use vault::testing::{SoftToken, with_token};
use vault::{
    KeyRef, KeyStore as _, PinProblem, TokenError, TokenPlace, TokenStore, TokenVault, Vault as _, VaultError,
};

use crate::{SET, masters, vault_with_keys};

/// Asks for MAC2 of vector V6.
fn ask(vault: &TokenVault) -> Result<Mac, VaultError> {
    let session = Session {
        purse: Purse::Ep,
        amount: 0x2710,
        terminal: TerminalNumber([0x11, 0x22, 0x33, 0x44, 0x55, 0x66]),
        balance: 0x1388,
        counter: Counter(7),
        random: [0xAA, 0xBB, 0xCC, 0xDD],
    };
    let key = KeyRef { card_type: 1, version: 1, algorithm_id: 0 };
    vault.mac2(key, Diversifier([0x41, 0, 0, 0, 0x99, 0, 0, 1]), &session, "20261122010203".parse().unwrap())
}

const GOOD: Result<Mac, VaultError> = Ok(Mac([0x0A, 0xC8, 0x57, 0xCA]));

fn said(failed: Result<Mac, VaultError>) -> String {
    let Err(VaultError::Token(said)) = failed else { panic!("{failed:?}") };
    said
}

#[test]
fn what_cannot_be_opened_is_said_in_words() {
    with_token(|token| {
        let open = |place: TokenPlace| TokenVault::open(place).unwrap_err().to_string();
        let absent = open(TokenPlace { module: PathBuf::from("/nowhere/libpkcs11.so"), ..token.place() });
        assert!(absent.starts_with("the PKCS#11 module /nowhere/libpkcs11.so cannot be loaded: "), "{absent}");
        // A library that is no PKCS#11 module.
        let other = open(TokenPlace { module: PathBuf::from("libm.so.6"), ..token.place() });
        assert!(other.starts_with("the PKCS#11 module libm.so.6 cannot be loaded: "), "{other}");
        let unlabelled = open(TokenPlace { label: "other".into(), ..token.place() });
        assert_eq!(unlabelled, r#"no token has the label "other"; present: jichong test"#);
        token.initialise(SoftToken::LABEL);
        let twice = open(token.place());
        assert_eq!(twice, r#"2 tokens have the label "jichong test", which must name one"#);
    });
}

#[test]
fn a_wrong_pin_is_tried_once_and_the_right_one_still_works() {
    with_token(|token| {
        let wrong = TokenPlace { pin: "13572468".into(), ..token.place() };
        let refused = TokenVault::open(wrong).unwrap_err();
        assert_eq!(refused, TokenError::Pin(PinProblem::Wrong));
        assert_eq!(
            refused.to_string(),
            "the token's PIN is wrong; this process does not try it again, for tokens lock themselves after a few \
             wrong ones"
        );
        assert_eq!(ask(&vault_with_keys(token)), GOOD);
    });
}

#[test]
fn a_pin_that_was_changed_is_not_tried_again_and_again() {
    with_token(|token| {
        let vault = vault_with_keys(token);
        assert_eq!(ask(&vault), GOOD);
        // Somebody changes the PIN and signs everybody out.
        let module = Pkcs11::new(SoftToken::module()).unwrap();
        let slot = module.get_slots_with_initialized_token().unwrap()[0];
        let session = module.open_rw_session(slot).unwrap();
        session.set_pin(&AuthPin::from(SoftToken::PIN), &AuthPin::from("99999999")).unwrap();
        session.logout().unwrap();
        assert!(said(ask(&vault)).starts_with("the token's PIN is wrong"));
        // Back to the old one: this process will not find out, for it asks no more.
        session.login(UserType::User, Some(&AuthPin::from("99999999"))).unwrap();
        session.set_pin(&AuthPin::from("99999999"), &AuthPin::from(SoftToken::PIN)).unwrap();
        session.logout().unwrap();
        assert!(said(ask(&vault)).starts_with("the token's PIN is wrong"));
        drop(session);
        assert_eq!(ask(&TokenVault::open(token.place()).unwrap()), GOOD);
    });
}

#[test]
fn sessions_that_were_lost_are_made_anew() {
    with_token(|token| {
        let vault = vault_with_keys(token);
        assert_eq!(ask(&vault), GOOD);
        let module = Pkcs11::new(SoftToken::module()).unwrap();
        let slot = module.get_slots_with_initialized_token().unwrap()[0];
        // Another part of the process signs out: keys that were known, and keys that were not.
        module.open_ro_session(slot).unwrap().logout().unwrap();
        assert_eq!(ask(&vault), GOOD);
        module.open_ro_session(slot).unwrap().logout().unwrap();
        assert_eq!(vault.check_values().unwrap(), [masters(SET).check_value()]);
        // It ends the library altogether and begins anew.
        module.clone().finalize().unwrap();
        assert_eq!(ask(&vault), GOOD);
        let module = Pkcs11::new(SoftToken::module()).unwrap();
        module.clone().finalize().unwrap();
        module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)).unwrap();
        assert_eq!(ask(&vault), GOOD);
    });
}

#[test]
fn a_token_that_is_taken_away_is_missed_and_serves_again_when_it_is_back() {
    with_token(|token| {
        let vault = vault_with_keys(token);
        assert_eq!((ask(&vault), vault.ready()), (GOOD, Ok(())));
        for first in [ask_dropping, TokenVault::ready] {
            token.take_away();
            for look in [first, ask_dropping, TokenVault::ready] {
                let Err(VaultError::Token(said)) = look(&vault) else { panic!("the token is gone") };
                assert!(said.contains("the token") || said.contains("no token"), "{said}");
            }
            assert!(vault.check_values().is_err());
            token.bring_back();
            assert_eq!((vault.ready(), ask(&vault)), (Ok(()), GOOD));
        }
        // The same for one that knows where no key is yet.
        let vault = TokenVault::open(token.place()).unwrap();
        token.take_away();
        assert!(matches!(ask(&vault), Err(VaultError::Token(_))));
        token.bring_back();
        assert_eq!(ask(&vault), GOOD);
    });
}

fn ask_dropping(vault: &TokenVault) -> Result<(), VaultError> {
    ask(vault).map(drop)
}

#[test]
fn a_key_that_others_can_have_is_not_used() {
    with_token(|token| {
        let vault = TokenVault::open(token.place()).unwrap();
        let module = Pkcs11::new(SoftToken::module()).unwrap();
        let slot = module.get_slots_with_initialized_token().unwrap()[0];
        let session = module.open_rw_session(slot).unwrap();
        let readable = [
            Attribute::Class(ObjectClass::SECRET_KEY),
            Attribute::KeyType(KeyType::DES2),
            Attribute::Token(true),
            Attribute::Label(b"jichong card-type 01 version 01 3des load".to_vec()),
            Attribute::Extractable(true),
            Attribute::Sensitive(false),
            Attribute::Derive(true),
        ];
        let key = session.generate_key(&Mechanism::Des2KeyGen, &readable).unwrap();
        let refused = "the key \"jichong card-type 01 version 01 3des load\" can be read out of the token, so it was not \
                       made here; it is not used";
        assert_eq!(said(ask(&vault)), refused);
        session.destroy_object(key).unwrap();
        // Two keys of one name: nobody knows which is meant.
        TokenStore::open(token.place()).unwrap().keep(&masters(SET)).unwrap();
        session.copy_object(session.find_objects(&readable[..4]).unwrap()[0], &[]).unwrap();
        assert_eq!(
            said(ask(&vault)),
            "2 keys have the label \"jichong card-type 01 version 01 3des load\", which must name one"
        );
    });
}

#[test]
fn nothing_that_opens_a_token_shows_its_pin() {
    with_token(|token| {
        let shown = format!("{:?} {:#?}", token.place(), vault_with_keys(token));
        assert!(!shown.contains(SoftToken::PIN), "{shown}");
    });
}
