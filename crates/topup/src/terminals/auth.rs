//! Letting a terminal in: it proves the key that was bound to its number.

use ed25519_dalek::{Signature, VerifyingKey};
use link::{FromTerminal, HexBytes, Refusal, ToTerminal};

use super::health::{self, Hello};
use super::{Lost, Terminal, Wire, by_number};
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

/// The handshake: Hello, Challenge, Proof. It is the same in every version, so that a terminal of another one can be
/// told so, and the people at its counter too.
pub(super) async fn admit(house: &House, wire: &mut Wire) -> Result<(Terminal, Hello), Refused> {
    let FromTerminal::Hello { version, program, terminal: number, boot } =
        wire.next_within(house.settings.answer).await?
    else {
        return Err(Refused::new(Refusal::Malformed, "the first message must be hello"));
    };
    let hello = Hello::new(version, &program);
    let terminal = match number.parse().ok() {
        Some(parsed) => by_number(house, parsed).await?,
        None => None,
    };
    // An unknown terminal gets a challenge too, so that numbers cannot be tried out.
    let nonce = HexBytes(house.random::<32>().to_vec());
    wire.send(&ToTerminal::Challenge { nonce: nonce.clone() }).await?;
    let proof = wire.next_within(house.settings.answer).await;
    let text = link::proof_text_of(version, &number, &boot, &nonce);
    let proven = |terminal: &Terminal, signature: &HexBytes| {
        terminal.public_key.is_some_and(|key| verifies(&key, &text, signature.as_ref()))
    };
    if version != link::VERSION {
        if let (Some(terminal), Ok(FromTerminal::Proof { signature })) = (&terminal, &proof)
            && proven(terminal, signature)
        {
            health::unfit(house, terminal, &hello).await?;
        }
        let text = format!("this server speaks version {}, the terminal {version}: install its program", link::VERSION);
        return Err(Refused::new(Refusal::Version, text));
    }
    let FromTerminal::Proof { signature } = proof? else {
        return Err(Refused::new(Refusal::Malformed, "proof must follow the challenge"));
    };
    let terminal =
        terminal.filter(|terminal| terminal.public_key.is_some()).ok_or_else(|| Refused::unknown(&number))?;
    if !proven(&terminal, &signature) {
        return Err(Refused::new(Refusal::Signature, "the signature does not verify: enrol this terminal again"));
    }
    wire.send(&ToTerminal::Welcome { name: terminal.name.clone() }).await?;
    tracing::info!(terminal = %terminal.number, program, "terminal connected");
    Ok((terminal, hello))
}

/// Whether `signature` is the key's over `text`.
pub(super) fn verifies(key: &[u8; 32], text: &[u8], signature: &[u8]) -> bool {
    let Ok(key) = VerifyingKey::from_bytes(key) else { return false };
    Signature::from_slice(signature).is_ok_and(|signature| key.verify_strict(text, &signature).is_ok())
}
