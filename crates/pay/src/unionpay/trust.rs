//! Whom we believe: the chain and the name of the gateway's signing certificate.
//!
//! A message of the gateway carries the certificate it was signed with. That certificate changes now and then, so nothing
//! of it is pinned; it has to be valid at the time, to chain to the configured authorities, and to bear the gateway's name.
//! Real chains of CFCA are signed with SHA-1, which common TLS verifiers refuse, so the chain is checked here, signature by
//! signature, and SHA-1 only where the configuration allows it.

use jiff::Timestamp;
use x509_parser::der_parser::oid;
use x509_parser::der_parser::oid::Oid;
use x509_parser::pem::Pem;
use x509_parser::prelude::{FromDer as _, X509Certificate};
use x509_parser::time::ASN1Time;

use super::message::{Malformed, Message};
use super::sign::is_signed_by;

const SHA1_WITH_RSA: Oid<'static> = oid!(1.2.840.113549.1.1.5);
/// Leaf, two authorities between, root: more is a mistake or an attack.
const LONGEST_CHAIN: usize = 4;

/// The names that a signing certificate of the gateway bears: the third part of its CN, split at `@`.
pub const GATEWAY_NAME: &str = "中国银联股份有限公司";
/// The name in the gateway's test environment.
pub const TEST_GATEWAY_NAME: &str = "00040000:SIGN";

/// Authorities and names that are believed.
#[derive(Clone, Debug)]
pub struct Trust {
    authorities: Vec<Vec<u8>>,
    names: Vec<String>,
    sha1: bool,
}

/// Why a message is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotGenuine {
    /// It cannot be read.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// Another way of signing than the one that is configured.
    #[error("signMethod: 01 (RSA) is expected, is {0:?}")]
    Method(String),
    /// The certificate in it cannot be read.
    #[error("signPubKeyCert: a certificate in PEM is expected: {0}")]
    Certificate(String),
    /// The certificate's time.
    #[error("the certificate of {subject} was not valid at {at}: it is valid from {from} until {until}")]
    Time {
        /// Whose.
        subject: String,
        /// When it was looked at.
        at: String,
        /// Its first moment.
        from: String,
        /// Its last.
        until: String,
    },
    /// The certificate does not lead to a configured authority.
    #[error("the certificate of {subject} was issued by {issuer}, which is not among the configured authorities")]
    Chain {
        /// Whose.
        subject: String,
        /// By whom.
        issuer: String,
    },
    /// The chain is signed with SHA-1, and the configuration does not allow that.
    #[error("the certificate of {0} is signed with SHA-1, which the configuration does not allow")]
    Sha1(String),
    /// A certificate of somebody else who has one of the same authority.
    #[error("the certificate is that of {found:?}, expected is {expected}")]
    Name {
        /// Its common name.
        found: String,
        /// What it should bear.
        expected: String,
    },
    /// Changed on the way, or signed in another way (hashed once, for example).
    #[error("the signature does not fit the message")]
    Signature,
}

/// Why authorities cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// Not PEM.
    #[error("a certificate in PEM is expected: {0}")]
    Pem(String),
    /// Nothing in it.
    #[error("no certificate was found")]
    Empty,
    /// Not an authority.
    #[error("the certificate of {0} is not one of an authority")]
    NotAnAuthority(String),
    /// Nothing to start from.
    #[error("none of the certificates is a root (signed by itself)")]
    NoRoot,
}

impl Trust {
    /// Believes what chains to these certificates (PEM, one or more a text) and bears one of `names`.
    pub fn new(pems: &[&[u8]], names: &[&str], sha1: bool) -> Result<Self, TrustError> {
        let mut authorities = Vec::new();
        for pem in pems {
            for pem in Pem::iter_from_buffer(pem) {
                authorities.push(pem.map_err(|error| TrustError::Pem(error.to_string()))?.contents);
            }
        }
        if authorities.is_empty() {
            return Err(TrustError::Empty);
        }
        let mut roots = 0_u32;
        for der in &authorities {
            let (_, certificate) =
                X509Certificate::from_der(der).map_err(|error| TrustError::Pem(error.to_string()))?;
            if !certificate.is_ca() {
                return Err(TrustError::NotAnAuthority(certificate.subject().to_string()));
            }
            roots = roots.saturating_add(u32::from(is_root(&certificate)));
        }
        if roots == 0 {
            return Err(TrustError::NoRoot);
        }
        Ok(Self { authorities, names: names.iter().map(|name| (*name).to_owned()).collect(), sha1 })
    }

    /// Whether the gateway made this message, at `now`. What it says has still to be compared with our own order.
    pub fn verify(&self, message: &Message, now: Timestamp) -> Result<(), NotGenuine> {
        let method = message.need("signMethod")?;
        if method != "01" {
            return Err(NotGenuine::Method(method.to_owned()));
        }
        let der = certificate_of(message.need("signPubKeyCert")?)?;
        let (_, certificate) =
            X509Certificate::from_der(&der).map_err(|error| NotGenuine::Certificate(error.to_string()))?;
        self.check_name(&certificate)?;
        self.check_chain(&certificate, now)?;
        if is_signed_by(message, &certificate)? { Ok(()) } else { Err(NotGenuine::Signature) }
    }

    fn check_name(&self, certificate: &X509Certificate<'_>) -> Result<(), NotGenuine> {
        let cn = certificate.subject().iter_common_name().next().and_then(|cn| cn.as_str().ok()).unwrap_or_default();
        let mut parts = cn.split('@').skip(2);
        let third = parts.next().unwrap_or_default();
        if self.names.iter().any(|name| name == third) {
            return Ok(());
        }
        Err(NotGenuine::Name { found: cn.to_owned(), expected: self.names.join(" or ") })
    }

    fn check_chain(&self, leaf: &X509Certificate<'_>, now: Timestamp) -> Result<(), NotGenuine> {
        let authorities: Vec<X509Certificate<'_>> = self
            .authorities
            .iter()
            .filter_map(|der| X509Certificate::from_der(der).ok().map(|(_, certificate)| certificate))
            .collect();
        let mut current = leaf;
        for _ in 0..LONGEST_CHAIN {
            self.check_time(current, now)?;
            let subject = || current.subject().to_string();
            let issuer = authorities.iter().find(|authority| {
                authority.subject() == current.issuer()
                    && current.verify_signature(Some(authority.public_key())).is_ok()
            });
            let issuer =
                issuer.ok_or_else(|| NotGenuine::Chain { subject: subject(), issuer: current.issuer().to_string() })?;
            let trusted_itself = std::ptr::eq(issuer, current);
            // A root is believed because it is configured, not for its signature.
            if !self.sha1 && !trusted_itself && current.signature_algorithm.algorithm == SHA1_WITH_RSA {
                return Err(NotGenuine::Sha1(subject()));
            }
            if trusted_itself {
                return Ok(());
            }
            current = issuer;
        }
        Err(NotGenuine::Chain { subject: leaf.subject().to_string(), issuer: leaf.issuer().to_string() })
    }

    #[expect(clippy::unused_self, reason = "reads as one of the checks")]
    fn check_time(&self, certificate: &X509Certificate<'_>, now: Timestamp) -> Result<(), NotGenuine> {
        let validity = certificate.validity();
        let at = ASN1Time::from_timestamp(now.as_second());
        if at.as_ref().is_ok_and(|at| validity.is_valid_at(*at)) {
            return Ok(());
        }
        Err(NotGenuine::Time {
            subject: certificate.subject().to_string(),
            at: now.to_string(),
            from: validity.not_before.to_string(),
            until: validity.not_after.to_string(),
        })
    }
}

/// Whether `message`, a merchant's request, was signed by the key of this certificate (PEM).
pub fn verify_signed_by(message: &Message, certificate: &[u8]) -> Result<(), NotGenuine> {
    let (_, pem) =
        x509_parser::pem::parse_x509_pem(certificate).map_err(|error| NotGenuine::Certificate(error.to_string()))?;
    let (_, certificate) =
        X509Certificate::from_der(&pem.contents).map_err(|error| NotGenuine::Certificate(error.to_string()))?;
    let serial = certificate.tbs_certificate.serial.to_string();
    let named = message.need("certId")?;
    if named != serial {
        return Err(NotGenuine::Name { found: named.to_owned(), expected: serial });
    }
    if is_signed_by(message, &certificate)? { Ok(()) } else { Err(NotGenuine::Signature) }
}

fn is_root(certificate: &X509Certificate<'_>) -> bool {
    certificate.subject() == certificate.issuer() && certificate.verify_signature(None).is_ok()
}

/// The certificate in the field `signPubKeyCert`, DER.
fn certificate_of(pem: &str) -> Result<Vec<u8>, NotGenuine> {
    let (_, pem) =
        x509_parser::pem::parse_x509_pem(pem.as_bytes()).map_err(|error| NotGenuine::Certificate(error.to_string()))?;
    Ok(pem.contents)
}
