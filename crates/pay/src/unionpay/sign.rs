//! Signing and verifying, signMethod 01.
//!
//! The fields but the signature are sorted by name and joined; SHA-256 of that, written as 64 lower-case hex digits, is the
//! text that is signed by RSASSA-PKCS1-v1_5 with SHA-256. It is hashed twice, the second time as text: whoever hashes once
//! makes a signature that the gateway refuses, and so do we.

use std::fmt;

use data_encoding::{BASE64, HEXLOWER};
use p12_keystore::{KeyStore, KeyStoreEntry, Pkcs12ImportPolicy, PrivateKeyChain};
use ring::rand::SystemRandom;
use ring::rsa::KeyPair;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, UnparsedPublicKey};
use sha2::{Digest as _, Sha256};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::message::{Malformed, Message};

/// The key that a merchant, or the gateway, signs with.
pub struct SigningKey {
    key: KeyPair,
    certificate: Vec<u8>,
    serial: String,
}

/// Why a PFX file gives no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Not a PFX, another password, or an encryption nobody knows.
    #[error("the key file cannot be opened: {0}; is it a PFX (PKCS#12), and is this its password?")]
    Pfx(String),
    /// No private key in it.
    #[error("the key file holds no private key with its certificate")]
    NoKey,
    /// A key that the protocol cannot use.
    #[error("an RSA key of at least 2048 bits is expected: {0}")]
    Rsa(String),
    /// The certificate in it cannot be read, or is not the key's.
    #[error("the certificate in the key file cannot be used: {0}")]
    Certificate(String),
}

impl SigningKey {
    /// Opens a PFX file, in old encodings (PBE-SHA1-3DES, RC2-40) and new ones.
    pub fn from_pfx(bytes: &[u8], password: &str) -> Result<Self, KeyError> {
        let store = KeyStore::from_pkcs12(bytes, password, Pkcs12ImportPolicy::Relaxed)
            .map_err(|error| KeyError::Pfx(error.to_string()))?;
        let chain = store.entries().find_map(|(_, entry)| match entry {
            KeyStoreEntry::PrivateKeyChain(chain) => Some(chain),
            KeyStoreEntry::Certificate(_) | KeyStoreEntry::Secret(_) => None,
        });
        Self::of_chain(chain.ok_or(KeyError::NoKey)?)
    }

    /// From a PKCS#8 key and its certificate, DER.
    pub fn from_der(key: &[u8], certificate: &[u8]) -> Result<Self, KeyError> {
        let key = KeyPair::from_pkcs8(key).map_err(|error| KeyError::Rsa(error.to_string()))?;
        let (_, parsed) =
            X509Certificate::from_der(certificate).map_err(|error| KeyError::Certificate(error.to_string()))?;
        if *parsed.public_key().subject_public_key.data != *key.public().as_ref() {
            return Err(KeyError::Certificate("it belongs to another key".into()));
        }
        let serial = parsed.tbs_certificate.serial.to_string();
        Ok(Self { key, certificate: certificate.to_vec(), serial })
    }

    /// The certificate of the key among those in the file: some tools put the authorities first.
    fn of_chain(chain: &PrivateKeyChain) -> Result<Self, KeyError> {
        let key = chain.key().as_der();
        let mut last = KeyError::NoKey;
        for certificate in chain.certs() {
            match Self::from_der(key, certificate.as_der()) {
                Ok(found) => return Ok(found),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// The decimal serial number of the certificate: the field `certId`.
    pub fn serial(&self) -> &str {
        &self.serial
    }

    /// The certificate, DER.
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// The message with its `signature`.
    pub fn sign(&self, message: Message) -> Result<Message, Malformed> {
        let mut signature = vec![0; self.key.public().modulus_len()];
        let text = hashed_once(&message)?;
        // Fails only if the signature has another length than the modulus, which it has not.
        let signed = self.key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature);
        signed.map_err(|_| Malformed::Missing("signature"))?;
        Ok(message.with("signature", BASE64.encode(&signature)))
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("serial", &self.serial).finish_non_exhaustive()
    }
}

/// Whether `message` was signed by the key of `certificate` (DER).
pub fn is_signed_by(message: &Message, certificate: &X509Certificate<'_>) -> Result<bool, Malformed> {
    let signature = message.need("signature")?;
    let Ok(signature) = BASE64.decode(signature.trim().as_bytes()) else { return Ok(false) };
    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &certificate.public_key().subject_public_key.data);
    Ok(key.verify(hashed_once(message)?.as_bytes(), &signature).is_ok())
}

/// The text that is signed.
fn hashed_once(message: &Message) -> Result<String, Malformed> {
    Ok(HEXLOWER.encode(&Sha256::digest(message.signed_bytes()?)))
}
