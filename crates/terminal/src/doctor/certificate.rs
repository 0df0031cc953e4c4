//! The server's certificate: what it says, and what this computer makes of it.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, RootCertStore, SignatureScheme};
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

use super::seen::{CertificateSeen, Trust};
use crate::{Error, tls};

/// Days in seconds.
const DAY: i64 = 86_400;

/// Verifies as the terminal does, and remembers what it was shown. It never accepts what the terminal would refuse,
/// but for the time: the doctor may ask what would be at another one.
#[derive(Debug)]
pub(super) struct Witness {
    judge: Arc<WebPkiServerVerifier>,
    at: Option<UnixTime>,
    shown: Mutex<Option<CertificateDer<'static>>>,
}

impl Witness {
    /// Trusts `roots`, at `at` instead of now if given.
    pub(super) fn new(roots: Arc<RootCertStore>, at: Option<UnixTime>) -> Result<Arc<Self>, Error> {
        let judge = WebPkiServerVerifier::builder_with_provider(roots, tls::provider())
            .build()
            .map_err(|error| Error::Tls(error.to_string()))?;
        Ok(Arc::new(Self { judge, at, shown: Mutex::default() }))
    }

    /// The server's own certificate, once it was shown.
    pub(super) fn shown(&self) -> Option<CertificateDer<'static>> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = Some(end_entity.clone().into_owned());
        let at = self.at.unwrap_or(now);
        self.judge.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, at)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.judge.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.judge.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.judge.supported_verify_schemes()
    }
}

/// What a certificate error means to a person; whether another time would help is found out by trying.
#[expect(clippy::wildcard_enum_match_arm, reason = "what is not named here is told in the library's words")]
pub(super) fn trust(error: &CertificateError, own_file: bool) -> Trust {
    match error {
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => Trust::OutOfTime { otherwise_good: false },
        // A bad signature: an authority of the same name with another key, as after it was renewed.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => Trust::UnknownIssuer { own_file },
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => Trust::WrongName,
        other => Trust::Other { why: other.to_string() },
    }
}

/// A certificate as people read it, at `now_s` seconds since 1970; nothing if it cannot be read.
pub(super) fn read(der: &CertificateDer<'_>, now_s: i64) -> Option<CertificateSeen> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let validity = certificate.validity();
    let day = |at: &x509_parser::time::ASN1Time| at.to_datetime().date().to_string();
    let left = validity.not_after.timestamp().saturating_sub(now_s);
    Some(CertificateSeen {
        issuer: issuer(&certificate),
        names: names(&certificate),
        from: day(&validity.not_before),
        until: day(&validity.not_after),
        days_left: left.div_euclid(DAY),
    })
}

/// A moment at which the certificate is valid, the nearest to `now_s`.
pub(super) fn valid_moment(der: &CertificateDer<'_>, now_s: i64) -> Option<UnixTime> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let validity = certificate.validity();
    let at = now_s.min(validity.not_after.timestamp()).max(validity.not_before.timestamp());
    Some(UnixTime::since_unix_epoch(std::time::Duration::from_secs(u64::try_from(at).ok()?)))
}

/// Who issued it: the common name, else the organisation, else all of it.
fn issuer(certificate: &X509Certificate<'_>) -> String {
    let issuer = certificate.issuer();
    let named = issuer.iter_common_name().chain(issuer.iter_organization()).find_map(|name| name.as_str().ok());
    named.map_or_else(|| issuer.to_string(), str::to_owned)
}

fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(names)) = certificate.subject_alternative_name() else { return Vec::new() };
    names.value.general_names.iter().filter_map(name).collect()
}

#[expect(clippy::wildcard_enum_match_arm, reason = "a server is only ever known by a name or an address")]
fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => {
            let four = || <[u8; 4]>::try_from(*bytes).map(IpAddr::from).ok();
            let sixteen = || <[u8; 16]>::try_from(*bytes).map(IpAddr::from).ok();
            four().or_else(sixteen).map(|address| address.to_string())
        }
        _ => None,
    }
}
