//! Where the portal answers: a bound address, with TLS or without, and a stop that lets the last pages out.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use axum::Router;
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;

/// How long a stop waits for pages that are still being sent.
const LAST_PAGES: Duration = Duration::from_secs(3);

/// A certificate chain and its key, ready to serve.
#[derive(Clone, Debug)]
pub struct Tls(RustlsConfig);

impl Tls {
    /// Reads both, PEM. A cryptography provider must be installed in this process.
    pub async fn read(certificate: &Path, key: &Path) -> io::Result<Self> {
        RustlsConfig::from_pem_file(certificate, key).await.map(Self)
    }
}

/// An address that is being served.
#[derive(Clone, Debug)]
pub struct Listening {
    /// The address, with the port that was taken if any was asked for.
    pub address: SocketAddr,
    handle: Handle<SocketAddr>,
}

/// Binds `address` and serves `router` on it.
pub fn listen(address: SocketAddr, router: Router, tls: Option<Tls>) -> io::Result<Listening> {
    let listener = std::net::TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let handle = Handle::new();
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    if let Some(Tls(tls)) = tls {
        let server = axum_server::from_tcp_rustls(listener, tls)?.handle(handle.clone());
        tokio::spawn(async move { ended(server.serve(service).await) });
    } else {
        let server = axum_server::from_tcp(listener)?.handle(handle.clone());
        tokio::spawn(async move { ended(server.serve(service).await) });
    }
    Ok(Listening { address, handle })
}

impl Listening {
    /// Takes no new connection, lets the last pages out, and ends.
    pub async fn stop(&self) {
        self.handle.graceful_shutdown(Some(LAST_PAGES));
        while self.handle.connection_count() > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

fn ended(result: io::Result<()>) {
    if let Err(error) = result {
        tracing::error!(%error, "a listener ended");
    }
}
