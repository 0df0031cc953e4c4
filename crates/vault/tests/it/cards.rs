//! What the vault says of cards.

use epurse::apdu::send;
use epurse::card::{CardKeys, Profile, SoftCard, State};
use epurse::file15::{CardNumber, File15, Layout};
use epurse::keys::{Algorithm, AlgorithmRefused, Diversifier, Sm4Policy};
use epurse::load::{Counter, Credit, Initialize, Initialized, Purse, Session};
use epurse::mac::Mac;
use epurse::terminal::TerminalNumber;
use epurse::time::{Date, HostTime};
use proptest::prelude::*;
use vault::{KeyRef, SoftVault, Vault, VaultError, Verdict};

use crate::{MLK, MTK, key, masters};

const V6: Session = Session {
    purse: Purse::Ep,
    amount: 0x2710,
    terminal: TerminalNumber([0x11, 0x22, 0x33, 0x44, 0x55, 0x66]),
    balance: 0x1388,
    counter: Counter(7),
    random: [0xAA, 0xBB, 0xCC, 0xDD],
};
const V6_CARD: Diversifier = Diversifier([0x41, 0, 0, 0, 0x99, 0, 0, 0x01]);
const TRIPLE_DES: KeyRef = KeyRef { card_type: 1, version: 0x01, algorithm_id: 0x00 };
const SM4: KeyRef = KeyRef { card_type: 1, version: 0x41, algorithm_id: 0x04 };

fn v6_time() -> HostTime {
    "20261122010203".parse().unwrap()
}

fn mac(text: &str) -> Mac {
    text.parse().unwrap()
}

#[test]
fn v6_through_the_vault() {
    let vault = SoftVault::in_memory(masters()).with_sm4(Sm4Policy::Allowed);
    let fmcos = KeyRef { algorithm_id: 0x01, ..TRIPLE_DES };
    for (key, mac1, mac2, tac) in [
        (TRIPLE_DES, "54534929", "0AC857CA", "6F954DCF"),
        (fmcos, "54534929", "0AC857CA", "6F954DCF"),
        (SM4, "645147AA", "AFDA8B4C", "F53D7FC5"),
    ] {
        assert_eq!(vault.verify_mac1(key, V6_CARD, &V6, mac(mac1)), Ok(Verdict::Genuine));
        assert_eq!(vault.verify_mac1(key, V6_CARD, &V6, mac(mac2)), Ok(Verdict::Forged));
        assert_eq!(vault.mac2(key, V6_CARD, &V6, v6_time()), Ok(mac(mac2)));
        assert_eq!(vault.verify_tac(key, V6_CARD, &V6, v6_time(), mac(tac)), Ok(Verdict::Genuine));
        assert_eq!(vault.verify_tac(key, V6_CARD, &V6, v6_time(), mac(mac1)), Ok(Verdict::Forged));
    }
}

#[test]
fn keys_it_does_not_have_and_algorithms_it_may_not_use() {
    let vault = SoftVault::in_memory(masters());
    let refused = |key| vault.mac2(key, V6_CARD, &V6, v6_time()).unwrap_err();
    for unknown in [
        KeyRef { version: 0x02, ..TRIPLE_DES },
        KeyRef { card_type: 2, ..TRIPLE_DES },
        KeyRef { version: 0x41, ..TRIPLE_DES },
    ] {
        assert_eq!(refused(unknown), VaultError::UnknownKey(unknown));
    }
    assert_eq!(refused(SM4), VaultError::Algorithm(AlgorithmRefused::Sm4NotAllowed));
    let odd = KeyRef { algorithm_id: 0x02, ..TRIPLE_DES };
    assert_eq!(refused(odd), VaultError::Algorithm(AlgorithmRefused::Unknown(0x02)));
}

#[test]
fn a_load_beyond_the_cards_field_has_no_proof() {
    let vault = SoftVault::in_memory(masters());
    let session = Session { balance: u32::MAX, ..V6 };
    assert_eq!(vault.verify_tac(TRIPLE_DES, V6_CARD, &session, v6_time(), Mac([0; 4])), Ok(Verdict::Forged));
}

/// A card of this issuer.
fn card(number: CardNumber, algorithm: Algorithm, balance: u32, counter: u16, seed: u64) -> SoftCard {
    let (start, expiry) = (Date::new(2020, 1, 1).unwrap(), Date::new(2038, 8, 8).unwrap());
    let file15 = File15::new(Layout::Mohurd, [0; 8], number, start, expiry).unwrap();
    let mpk = key("A0A1A2A3A4A5A6A7B0B1B2B3B4B5B6B7");
    let keys = CardKeys::of_masters(algorithm, &key(MLK), &mpk, &key(MTK), number.diversifier());
    let mut state = State::new(balance, seed);
    state.online_counter = Counter(counter);
    let mut card = SoftCard::new(Profile::new(file15, keys), state);
    card.power_on();
    let aid = card.profile().aid;
    assert!(send(&mut card, &aid.select()).unwrap().status.is_success());
    card
}

proptest! {
    #[test]
    fn vault_and_card_agree(
        number in "[0-9]{16}",
        terminal: [u8; 6],
        (balance, amount) in (0_u32..=u32::MAX / 2, 0_u32..=u32::MAX / 2),
        counter in 0..u16::MAX,
        seed: u64,
        sm4: bool,
    ) {
        let (algorithm, key_index) = if sm4 { (Algorithm::Sm4, 0x41) } else { (Algorithm::TripleDes, 0x01) };
        let vault = SoftVault::in_memory(masters()).with_sm4(Sm4Policy::Allowed);
        let number: CardNumber = number.parse().unwrap();
        let mut card = card(number, algorithm, balance, counter, seed);

        let request = Initialize { purse: Purse::Ep, key_index, amount, terminal: TerminalNumber(terminal) };
        let answer = Initialized::parse(&send(&mut card, &request.command()).unwrap().success().unwrap()).unwrap();
        let (key, session) = (KeyRef::new(1, &answer), Session::new(&request, &answer));
        let number = number.diversifier();
        prop_assert_eq!(vault.verify_mac1(key, number, &session, answer.mac1), Ok(Verdict::Genuine));

        let mac2 = vault.mac2(key, number, &session, v6_time()).unwrap();
        let credit = Credit { time: v6_time(), mac2 };
        let tac = Mac::parse(&send(&mut card, &credit.command()).unwrap().success().unwrap()).unwrap();
        prop_assert_eq!(card.balance(), balance + amount);
        prop_assert_eq!(vault.verify_tac(key, number, &session, v6_time(), tac), Ok(Verdict::Genuine));

        // Nothing of it can be changed afterwards.
        for changed in [
            Session { amount: amount ^ 1, ..session },
            Session { balance: balance ^ 1, ..session },
            Session { counter: Counter(counter ^ 1), ..session },
            Session { terminal: TerminalNumber(terminal.map(|byte| !byte)), ..session },
        ] {
            prop_assert_eq!(vault.verify_mac1(key, number, &changed, answer.mac1), Ok(Verdict::Forged));
            prop_assert_eq!(vault.verify_tac(key, number, &changed, v6_time(), tac), Ok(Verdict::Forged));
        }
    }
}
