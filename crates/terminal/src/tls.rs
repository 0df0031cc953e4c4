use std::path::Path;
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier};

use crate::Error;

/// How to trust the server: the authorities in `ca_file` and no others, or those of the operating system.
pub(crate) fn client_config(ca_file: Option<&Path>) -> Result<ClientConfig, Error> {
    let roots = roots(ca_file)?;
    if roots.is_empty() {
        // Not an error yet: a server on this machine is reached without TLS.
        tracing::warn!("the operating system has no trusted certificates; give a file with the authority's");
    }
    Ok(builder()?.with_root_certificates(roots).with_no_client_auth())
}

/// A configuration of TLS that has still to learn whom to trust.
///
/// The provider is named here because a program in which two are linked has no default one.
pub(crate) fn builder() -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, Error> {
    let builder = ClientConfig::builder_with_provider(provider());
    builder.with_safe_default_protocol_versions().map_err(|error| Error::Tls(error.to_string()))
}

/// The cryptography of TLS.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// The authorities in `ca_file`, at least one; or those of the operating system, which may have none.
pub(crate) fn roots(ca_file: Option<&Path>) -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    let certificates = match ca_file {
        Some(path) => read_pem(path)?,
        None => rustls_native_certs::load_native_certs().certs,
    };
    let (added, _) = roots.add_parsable_certificates(certificates);
    match ca_file {
        Some(path) if added == 0 => Err(Error::Tls(format!("{} holds none", path.display()))),
        Some(_) | None => Ok(roots),
    }
}

fn read_pem(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let unreadable = |error| Error::Tls(format!("{}: {error}", path.display()));
    CertificateDer::pem_file_iter(path).map_err(unreadable)?.collect::<Result<_, _>>().map_err(unreadable)
}
