//! The token and the soft vault give the same answers, also to many threads at once.

use std::thread;

use epurse::keys::Diversifier;
use epurse::load::{Counter, Purse, Session};
use epurse::mac::Mac;
use epurse::terminal::TerminalNumber;
use epurse::time::HostTime;
use proptest::prelude::*;
use vault::testing::with_token;
use vault::{KeyRef, SoftVault, Vault};

use crate::{SET, masters, vault_with_keys};

const KEY: KeyRef = KeyRef { card_type: 1, version: 1, algorithm_id: 0 };
/// Each case is nine questions to a token: enough to find a byte in the wrong place.
const CASES: u32 = 64;

fn time() -> HostTime {
    "20261122010203".parse().unwrap()
}

/// What a vault says of a load, with MACs that are right for some and wrong for others.
fn answers(vault: &dyn Vault, card: Diversifier, session: &Session, macs: &[Mac]) -> Vec<String> {
    let mut said = vec![format!("{:?}", vault.mac2(KEY, card, session, time()))];
    for mac in macs {
        said.push(format!("{:?}", vault.verify_mac1(KEY, card, session, *mac)));
        said.push(format!("{:?}", vault.verify_tac(KEY, card, session, time(), *mac)));
    }
    said
}

/// The MACs of a genuine card, and one of nobody.
fn macs(card: Diversifier, session: &Session) -> Vec<Mac> {
    let keys = masters(SET);
    let own = keys.mlk.diversify(SET.algorithm, card);
    let mac1 = session.mac1(&session.key(SET.algorithm, &own));
    let tac = session.tac(&keys.mtk.diversify(SET.algorithm, card).tac(SET.algorithm), time());
    [Some(mac1), tac, Some(Mac([1, 2, 3, 4]))].into_iter().flatten().collect()
}

#[test]
fn the_token_says_what_the_soft_vault_says() {
    with_token(|token| {
        let (token, soft) = (vault_with_keys(token), SoftVault::in_memory(vec![masters(SET)]));
        let sessions = (any::<[u8; 6]>(), any::<u32>(), any::<u32>(), any::<u16>(), any::<[u8; 4]>(), any::<bool>());
        let case = (any::<[u8; 8]>(), sessions);
        proptest!(ProptestConfig::with_cases(CASES), |((card, (terminal, balance, amount, counter, random, ep)) in case)| {
            let session = Session {
                purse: if ep { Purse::Ep } else { Purse::Ed },
                amount,
                terminal: TerminalNumber(terminal),
                balance,
                counter: Counter(counter),
                random,
            };
            let card = Diversifier(card);
            let macs = macs(card, &session);
            prop_assert_eq!(answers(&token, card, &session, &macs), answers(&soft, card, &session, &macs));
        });
    });
}

#[test]
fn many_threads_ask_at_once() {
    with_token(|token| {
        let (token, soft) = (vault_with_keys(token), SoftVault::in_memory(vec![masters(SET)]));
        // More threads than there are sessions.
        thread::scope(|scope| {
            for number in 0..24 {
                let (token, soft) = (&token, &soft);
                scope.spawn(move || {
                    for counter in 0..10 {
                        let session = Session {
                            purse: Purse::Ep,
                            amount: 5_000,
                            terminal: TerminalNumber([number; 6]),
                            balance: 1_260,
                            counter: Counter(counter),
                            random: [number; 4],
                        };
                        let card = Diversifier([number; 8]);
                        let macs = macs(card, &session);
                        assert_eq!(answers(token, card, &session, &macs), answers(soft, card, &session, &macs));
                    }
                });
            }
        });
    });
}
