//! What the cryptograms of loads cost in a token, beside the soft vault: `cargo bench -p vault --bench token`.
//!
//! One load is what the server asks of its vault: is MAC1 genuine, make MAC2, is the TAC genuine. A software token
//! (`SoftHSM` 2) says what PKCS#11 and this code cost; a hardware token adds its own time.
#![expect(clippy::print_stdout, clippy::float_arithmetic, reason = "a benchmark prints figures")]

use std::thread;
use std::time::{Duration, Instant};

use epurse::keys::{Algorithm, Diversifier, Key};
use epurse::load::{Counter, Purse, Session};
use epurse::terminal::TerminalNumber;
use epurse::time::HostTime;
use vault::testing::{SoftToken, in_another_process};
use vault::{KeyRef, KeySet, KeyStore as _, Master, SoftVault, TokenStore, TokenVault, Vault, Verdict};

const SET: KeySet = KeySet { card_type: 1, version: 1, algorithm: Algorithm::TripleDes };
const KEY: KeyRef = KeyRef { card_type: 1, version: 1, algorithm_id: 0 };
/// How long each line is measured.
const MEASURE: Duration = Duration::from_secs(2);
const THREADS: [u32; 3] = [1, 2, 8];

fn main() {
    let measure = |token: &SoftToken| {
        let masters = Master::new(SET, Key::new([0x11; 16]), Key::new([0x33; 16]));
        TokenStore::open(token.place()).expect("a token").keep(&masters).expect("kept");
        let token = TokenVault::open(token.place()).expect("a token");
        let soft = SoftVault::in_memory(vec![masters]);
        println!(
            "loads a second, each MAC1, MAC2 and TAC\n\nthreads        soft       token   soft / token   one load in the token"
        );
        for threads in THREADS {
            let (soft, token) = (loads_per_second(&soft, threads), loads_per_second(&token, threads));
            let one = f64::from(threads) / token * 1000.0;
            println!("{threads:7}  {soft:10.0}  {token:10.0}   {:12.0}   {one:.2} ms", soft / token);
        }
    };
    in_another_process(measure, |again| assert!(again.status().expect("it starts again").success(), "it failed"));
}

fn loads_per_second(vault: &dyn Vault, threads: u32) -> f64 {
    let begin = Instant::now();
    let loads: u32 = thread::scope(|scope| {
        let working: Vec<_> = (0..threads).map(|number| scope.spawn(move || loads(vault, number, begin))).collect();
        working.into_iter().map(|thread| thread.join().expect("a thread")).sum()
    });
    f64::from(loads) / begin.elapsed().as_secs_f64()
}

fn loads(vault: &dyn Vault, thread: u32, begin: Instant) -> u32 {
    let time: HostTime = "20261122010203".parse().expect("a time");
    let mut done: u32 = 0;
    while begin.elapsed() < MEASURE {
        let card = Diversifier((u64::from(thread) << 32 | u64::from(done)).to_be_bytes());
        let session = Session {
            purse: Purse::Ep,
            amount: 5_000,
            terminal: TerminalNumber([1; 6]),
            balance: 1_260,
            counter: Counter(7),
            random: done.to_be_bytes(),
        };
        let mac2 = vault.mac2(KEY, card, &session, time).expect("an answer");
        // They are no MAC1 and TAC, which costs the same to find out.
        let mac1 = vault.verify_mac1(KEY, card, &session, mac2).expect("an answer");
        let tac = vault.verify_tac(KEY, card, &session, time, mac2).expect("an answer");
        assert_eq!((mac1, tac), (Verdict::Forged, Verdict::Forged), "MAC2 passed for another");
        done = done.saturating_add(1);
    }
    done
}
