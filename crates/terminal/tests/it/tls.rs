//! Over TLS, with an authority of the test's own.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use futures_util::StreamExt as _;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use terminal::{Config, EXCHANGE_LIMIT, ServerAddress, Status, enrol};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_tungstenite::accept_async;

use crate::cards::Stand;
use crate::server::{TERMINAL, enrolled, entropy, soon};

/// A server for `localhost` whose certificate an authority of its own has signed.
struct SecureServer {
    listener: TcpListener,
    acceptor: TlsAcceptor,
    ca_file: tempfile::NamedTempFile,
}

impl SecureServer {
    async fn new() -> Self {
        let mut authority = CertificateParams::new(Vec::new()).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate =
            CertificateParams::new(vec!["localhost".into()]).unwrap().signed_by(&key, &authority).unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        let mut ca_file = tempfile::NamedTempFile::new().unwrap();
        ca_file.write_all(authority.pem().as_bytes()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self { listener, acceptor: TlsAcceptor::from(Arc::new(config)), ca_file }
    }

    fn address(&self) -> ServerAddress {
        format!("https://localhost:{}", self.listener.local_addr().unwrap().port()).parse().unwrap()
    }

    async fn accept(&self) -> std::io::Result<TlsStream<TcpStream>> {
        let (stream, _) = soon(self.listener.accept()).await?;
        soon(self.acceptor.accept(stream)).await
    }
}

fn config(server: &SecureServer, state_dir: &Path, ca_file: &Path) -> Config {
    Config {
        server: server.address(),
        state_dir: state_dir.to_owned(),
        ca_file: Some(ca_file.to_owned()),
        exchange_limit: EXCHANGE_LIMIT,
    }
}

#[tokio::test]
async fn a_server_that_the_given_authority_vouches_for_is_spoken_to() {
    let (server, state) = (SecureServer::new().await, tempfile::tempdir().unwrap());
    enrolled(state.path()).await;
    let config = config(&server, state.path(), server.ca_file.path());
    let handle = terminal::start(config, Stand::agreeable().readers(), entropy(1)).unwrap();
    let stream = server.accept().await.unwrap();
    let mut socket = soon(Box::pin(accept_async(stream))).await.unwrap();
    let hello = soon(socket.next()).await.unwrap().unwrap().into_text().unwrap();
    assert!(hello.contains("hello") && hello.contains(TERMINAL), "{hello}");
    handle.stop().await;
}

#[tokio::test]
async fn a_server_that_nobody_vouches_for_is_not() {
    let (server, other) = (SecureServer::new().await, SecureServer::new().await);
    let state = tempfile::tempdir().unwrap();
    enrolled(state.path()).await;
    let config = config(&server, state.path(), other.ca_file.path());
    let handle = terminal::start(config, Stand::agreeable().readers(), entropy(1)).unwrap();
    assert!(server.accept().await.is_err());
    let mut status = handle.status();
    let status = soon(status.wait_for(|status| matches!(status, Status::Waiting { .. }))).await.unwrap().clone();
    assert!(matches!(&status, Status::Waiting { why } if why.contains("certificate")), "{status:?}");
    handle.stop().await;

    let (address, ca_file, mut entropy) = (server.address(), other.ca_file.path(), entropy(1));
    let enrolling = enrol(&address, Some(ca_file), "CODE", state.path(), &mut *entropy);
    let error = tokio::join!(enrolling, server.accept());
    assert!(error.0.unwrap_err().to_string().contains("certificate"));
}

#[tokio::test]
async fn a_terminal_is_enrolled_over_tls() {
    let (server, state) = (SecureServer::new().await, tempfile::tempdir().unwrap());
    let answer = async {
        let mut stream = server.accept().await.unwrap();
        let mut request = vec![0; 4096];
        let length = soon(stream.read(&mut request)).await.unwrap();
        assert!(request[..length].starts_with(b"POST /link/enrol HTTP/1.1"));
        let body = format!(r#"{{"terminal":"{TERMINAL}","name":"窗口一"}}"#);
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
        stream.write_all(answer.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
    };
    let (address, ca_file, mut entropy) = (server.address(), server.ca_file.path(), entropy(1));
    let enrolling = enrol(&address, Some(ca_file), "CODE", state.path(), &mut *entropy);
    let (enrolled, ()) = tokio::join!(enrolling, answer);
    assert_eq!(enrolled.unwrap().terminal, TERMINAL);
}
