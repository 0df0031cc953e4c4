//! The sandbox bank's own authorities and keys, made at its first start and kept in its folder.
//!
//! They look like the real ones where that matters: a root, an authority between, a signing certificate whose CN bears the
//! gateway's name between `@`s, and a merchant's key in a PFX with an old encryption. All of it is in the open: no real
//! money hangs on it.

use std::fmt;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use p12_keystore::{
    Certificate as PfxCertificate, EncryptionAlgorithm, KeyStore, KeyStoreEntry, MacAlgorithm, PrivateKey,
    PrivateKeyChain,
};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, PKCS_RSA_SHA256, SerialNumber,
};
use rsa::RsaPrivateKey;
use rsa::pkcs8::EncodePrivateKey as _;

use crate::unionpay::sign::SigningKey;
use crate::unionpay::trust::GATEWAY_NAME;

/// The password of the merchant's PFX, as in `UnionPay`'s own test files.
pub const PFX_PASSWORD: &str = "000000";

/// Ten years.
const LIFE_SECONDS: i64 = 3650 * 24 * 60 * 60;
/// Before the first start, for clocks that are a little behind.
const BEFORE_SECONDS: i64 = 24 * 60 * 60;

/// What the bank's folder holds.
#[derive(Debug)]
pub(crate) struct Pki {
    /// The bank's signing key.
    pub(crate) gateway: SigningKey,
    /// The signing certificate, PEM with CRLF line ends and none at the end: the field `signPubKeyCert`.
    pub(crate) gateway_pem: String,
    /// The merchant's certificate, DER: requests have to be signed with its key.
    pub(crate) merchant_certificate: Vec<u8>,
    /// Files for the merchant.
    pub(crate) files: PkiFiles,
}

/// Where the merchant finds what it needs.
#[derive(Clone, Debug)]
pub struct PkiFiles {
    /// The root, PEM.
    pub root: PathBuf,
    /// The authority between, PEM.
    pub middle: PathBuf,
    /// The merchant's key and certificate, PFX.
    pub merchant: PathBuf,
    /// The password of that file, for its owner alone, as a server wants it.
    pub merchant_password: PathBuf,
}

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub enum PkiError {
    /// A file.
    #[error("{path}: {error}")]
    File {
        /// Which.
        path: String,
        /// Why.
        error: std::io::Error,
    },
    /// A key or certificate could not be made or read.
    #[error("{what}: {why}")]
    Made {
        /// Of what.
        what: &'static str,
        /// Why.
        why: String,
    },
}

impl Pki {
    /// Reads the keys in `folder`, or makes them if there are none.
    pub(crate) fn open(folder: &Path, merchant: &str, now: Timestamp) -> Result<Self, PkiError> {
        let files = PkiFiles {
            root: folder.join("root.cer"),
            middle: folder.join("middle.cer"),
            merchant: folder.join("merchant.pfx"),
            merchant_password: folder.join("merchant.password"),
        };
        let gateway = folder.join("gateway.pfx");
        if !gateway.exists() {
            fs::create_dir_all(folder).map_err(of_file(folder))?;
            // The gateway's key comes last: with it the set is whole.
            make(&files, &gateway, merchant, now)?;
        }
        let gateway = key(&gateway)?;
        let merchant = key(&files.merchant)?;
        Ok(Self {
            gateway_pem: pem(gateway.certificate()).trim_end().replace('\n', "\r\n"),
            merchant_certificate: merchant.certificate().to_vec(),
            gateway,
            files,
        })
    }
}

fn key(path: &Path) -> Result<SigningKey, PkiError> {
    let bytes = fs::read(path).map_err(of_file(path))?;
    SigningKey::from_pfx(&bytes, PFX_PASSWORD).map_err(|error| made("a key file", &error))
}

fn make(files: &PkiFiles, gateway: &Path, merchant: &str, now: Timestamp) -> Result<(), PkiError> {
    let [root_key, middle_key, gateway_key, merchant_key] = four_keys()?;
    let root = authority("SANDBOX TEST ROOT", 1, now)?;
    let middle = authority("SANDBOX TEST OCA1", 2, now)?;
    let root_certificate = root.self_signed(&root_key).map_err(|error| made("the root", &error))?;
    let root = Issuer::new(root, &root_key);
    let middle_certificate =
        middle.signed_by(&middle_key, &root).map_err(|error| made("the authority between", &error))?;
    let middle = Issuer::new(middle, &middle_key);
    let gateway_name = format!("041@8310000000083040@{GATEWAY_NAME}@00016495");
    let merchant_name = format!("041@Z2026-01-01@{merchant}:SIGN@00000001");
    let signing = |name: &str, serial: u64, key: &KeyPair| {
        let parameters = parameters(name, serial, now)?;
        parameters.signed_by(key, &middle).map_err(|error| made("a signing certificate", &error))
    };
    let gateway_certificate = signing(&gateway_name, 70_000_000_001, &gateway_key)?;
    let merchant_certificate = signing(&merchant_name, 70_000_000_002, &merchant_key)?;
    write(&files.root, pem(root_certificate.der()).as_bytes())?;
    write(&files.middle, pem(middle_certificate.der()).as_bytes())?;
    write(&files.merchant, &pfx(&merchant_key, merchant_certificate.der())?)?;
    write_closed(&files.merchant_password, PFX_PASSWORD.as_bytes())?;
    write(gateway, &pfx(&gateway_key, gateway_certificate.der())?)
}

/// They take their time, so they are made side by side.
fn four_keys() -> Result<[KeyPair; 4], PkiError> {
    std::thread::scope(|scope| {
        let making = [(); 4].map(|()| scope.spawn(new_key));
        let [a, b, c, d] = making.map(|key| key.join().unwrap_or_else(|_| Err(made("an RSA key", &fmt::Error))));
        Ok([a?, b?, c?, d?])
    })
}

fn new_key() -> Result<KeyPair, PkiError> {
    let key = RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048).map_err(|error| made("an RSA key", &error))?;
    let der = key.to_pkcs8_der().map_err(|error| made("an RSA key", &error))?;
    KeyPair::from_pkcs8_der_and_sign_algo(&der.as_bytes().into(), &PKCS_RSA_SHA256)
        .map_err(|error| made("an RSA key", &error))
}

fn authority(name: &str, serial: u64, now: Timestamp) -> Result<CertificateParams, PkiError> {
    let mut parameters = parameters(name, serial, now)?;
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(parameters)
}

fn parameters(name: &str, serial: u64, now: Timestamp) -> Result<CertificateParams, PkiError> {
    let mut parameters = CertificateParams::new(Vec::<String>::new()).map_err(|error| made("a certificate", &error))?;
    for (kind, value) in [
        (DnType::CountryName, "CN"),
        (DnType::OrganizationName, "Sandbox Financial Certification Authority"),
        (DnType::CommonName, name),
    ] {
        parameters.distinguished_name.push(kind, value);
    }
    parameters.serial_number = Some(SerialNumber::from(serial));
    let moment = |seconds: i64| time::OffsetDateTime::from_unix_timestamp(now.as_second().saturating_add(seconds));
    parameters.not_before = moment(-BEFORE_SECONDS).map_err(|error| made("a certificate's time", &error))?;
    parameters.not_after = moment(LIFE_SECONDS).map_err(|error| made("a certificate's time", &error))?;
    Ok(parameters)
}

/// As old tools write them, which the real test files do too.
fn pfx(key: &KeyPair, certificate: &[u8]) -> Result<Vec<u8>, PkiError> {
    let of_pfx = |error: p12_keystore::error::Error| made("a PFX file", &error);
    let key = PrivateKey::from_der(&key.serialize_der()).map_err(of_pfx)?;
    let certificate = PfxCertificate::from_der(certificate).map_err(of_pfx)?;
    let mut store = KeyStore::new();
    store.add_entry("key", KeyStoreEntry::PrivateKeyChain(PrivateKeyChain::new("1", key, [certificate])));
    let writer = store.writer(PFX_PASSWORD).encryption_algorithm(EncryptionAlgorithm::PbeWithShaAnd3KeyTripleDesCbc);
    writer.mac_algorithm(MacAlgorithm::HmacSha1).write().map_err(of_pfx)
}

/// PEM, lines of 64.
fn pem(der: &[u8]) -> String {
    let text = data_encoding::BASE64.encode(der);
    let lines: Vec<&str> = text.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), PkiError> {
    fs::write(path, bytes).map_err(of_file(path))
}

/// A file that nobody but its owner can read.
fn write_closed(path: &Path, bytes: &[u8]) -> Result<(), PkiError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(of_file(path))?;
    file.write_all(bytes).map_err(of_file(path))?;
    file.persist(path).map(drop).map_err(|error| of_file(path)(error.error))
}

fn of_file(path: &Path) -> impl Fn(std::io::Error) -> PkiError {
    move |error| PkiError::File { path: path.display().to_string(), error }
}

fn made(what: &'static str, error: &dyn std::error::Error) -> PkiError {
    PkiError::Made { what, why: error.to_string() }
}
