use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

use crate::Error;

/// How to trust the server: the authorities in `ca_file` and no others, or those of the operating system.
///
/// The provider is named here because a program in which two are linked has no default one.
pub(crate) fn client_config(ca_file: Option<&Path>) -> Result<ClientConfig, Error> {
    let mut roots = RootCertStore::empty();
    let certificates = match ca_file {
        Some(path) => read_pem(path)?,
        None => rustls_native_certs::load_native_certs().certs,
    };
    let (added, _) = roots.add_parsable_certificates(certificates);
    if added == 0 {
        if let Some(path) = ca_file {
            return Err(Error::Tls(format!("{} holds none", path.display())));
        }
        // Not an error yet: a server on this machine is reached without TLS.
        tracing::warn!("the operating system has no trusted certificates; give a file with the authority's");
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::Tls(error.to_string()))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

fn read_pem(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let unreadable = |error| Error::Tls(format!("{}: {error}", path.display()));
    CertificateDer::pem_file_iter(path).map_err(unreadable)?.collect::<Result<_, _>>().map_err(unreadable)
}
