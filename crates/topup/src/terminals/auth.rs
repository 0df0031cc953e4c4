//! Letting a terminal in: it proves the key that was bound to its number.

use ed25519_dalek::{Signature, VerifyingKey};
use link::{FromTerminal, HexBytes, Refusal, ToTerminal};

use super::boots;
use super::health::{self, Hello};
use super::query::any_by_number;
use super::{Lost, Terminal, Wire};
use crate::House;

/// Why a connection ends before or after the terminal was let in; told to the terminal.
#[derive(Debug)]
pub(super) struct Refused {
    /// For the program.
    pub(super) why: Refusal,
    /// For people.
    pub(super) text: String,
}

impl Refused {
    pub(super) fn new(why: Refusal, text: impl Into<String>) -> Self {
        Self { why, text: text.into() }
    }

    fn unknown(number: &str) -> Self {
        Self::new(Refusal::Unknown, format!("terminal {number} is not known here, not enrolled, or revoked"))
    }

    /// Said only to who proves the key.
    fn revoked(number: &str) -> Self {
        let text = format!("terminal {number} was revoked by the card company: ask it for a new number and code");
        Self::new(Refusal::Unknown, text)
    }

    fn signature() -> Self {
        Self::new(Refusal::Signature, "the signature does not verify: enrol this terminal again")
    }
}

impl From<store::Error> for Refused {
    fn from(error: store::Error) -> Self {
        tracing::error!(error = &error as &dyn std::error::Error, "a terminal's connection ends");
        Self::new(Refusal::TryAgain, "the server cannot reach its database; trying again helps")
    }
}

impl From<Lost> for Refused {
    fn from(lost: Lost) -> Self {
        match lost {
            Lost::Malformed(what) => Self::new(Refusal::Malformed, what),
            Lost::NotSent | Lost::Link | Lost::Silent => Self::new(Refusal::TryAgain, "the connection was lost"),
        }
    }
}

/// The longest name of a start of the program; ours have 16 digits.
const MAX_BOOT: usize = 64;

/// The handshake: Hello, Challenge, Proof. It is the same in every version, so that a terminal of another one can be
/// told so, and the people at its counter too. `address` is where the connection comes from.
pub(super) async fn admit(house: &House, wire: &mut Wire, address: &str) -> Result<(Terminal, Hello), Refused> {
    let FromTerminal::Hello { version, program, terminal: number, boot } =
        wire.next_within(house.settings.answer).await?
    else {
        return Err(Refused::new(Refusal::Malformed, "the first message must be hello"));
    };
    if boot.len() > MAX_BOOT {
        return Err(Refused::new(Refusal::Malformed, format!("boot: up to {MAX_BOOT} bytes are allowed")));
    }
    let hello = Hello::new(version, &program);
    let found = match number.parse().ok() {
        Some(parsed) => any_by_number(house, parsed).await?.zip(Some(boots::look(house, parsed, &boot).await?)),
        None => None,
    };
    // An unknown terminal gets a challenge too, so that numbers cannot be tried out.
    let nonce = HexBytes(house.random::<32>().to_vec());
    wire.send(&ToTerminal::Challenge { nonce: nonce.clone() }).await?;
    let proof = wire.next_within(house.settings.answer).await;
    let text = link::proof_text_of(version, &number, &boot, &nonce);
    let proven = |terminal: &Terminal| match &proof {
        Ok(FromTerminal::Proof { signature }) => {
            terminal.public_key.is_some_and(|key| verifies(&key, &text, signature.as_ref()))
        }
        Ok(_) | Err(_) => false,
    };
    let known = match &found {
        Some(((terminal, revoked), boots)) if proven(terminal) => {
            if *revoked {
                return Err(Refused::revoked(&number));
            }
            boots::proven(house, (terminal.group, terminal.number), &boot, address, *boots).await?;
            true
        }
        Some(_) | None => false,
    };
    let terminal = found.map(|((terminal, _), _)| terminal);
    if version != link::VERSION {
        if let Some(terminal) = terminal.filter(|_| known) {
            health::unfit(house, &terminal, &hello).await?;
        }
        let text = format!("this server speaks version {}, the terminal {version}: install its program", link::VERSION);
        return Err(Refused::new(Refusal::Version, text));
    }
    let FromTerminal::Proof { .. } = proof? else {
        return Err(Refused::new(Refusal::Malformed, "proof must follow the challenge"));
    };
    let terminal = terminal.filter(|of| of.public_key.is_some()).ok_or_else(|| Refused::unknown(&number))?;
    if !known {
        return Err(Refused::signature());
    }
    wire.send(&ToTerminal::Welcome { name: terminal.name.clone() }).await?;
    tracing::info!(terminal = %terminal.number, program, "terminal connected");
    Ok((terminal, hello))
}

/// Why a connection of a terminal, let in before, is its connection no longer.
pub(super) async fn why_replaced(house: &House, proven: &Terminal) -> Refused {
    match any_by_number(house, proven.number).await {
        Ok(Some((_, true))) => Refused::revoked(&proven.number.to_string()),
        Ok(Some((now, false))) if now.public_key == proven.public_key => {
            Refused::new(Refusal::Replaced, "another connection of this terminal took over")
        }
        Ok(Some(_) | None) => Refused::signature(),
        Err(error) => error.into(),
    }
}

/// Whether `signature` is the key's over `text`.
pub(super) fn verifies(key: &[u8; 32], text: &[u8], signature: &[u8]) -> bool {
    let Ok(key) = VerifyingKey::from_bytes(key) else { return false };
    Signature::from_slice(signature).is_ok_and(|signature| key.verify_strict(text, &signature).is_ok())
}
