//! The way to the server, a step at a time: name, connection, TLS, answer. And what the server says of this terminal.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, UNIX_EPOCH};

use link::{About, Standing};
use reqwest::Client;
use reqwest::header::DATE;
use rustls::pki_types::ServerName;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::certificate::{self, Witness};
use super::seen::{AnswerSeen, ClockSeen, Reach, ServerSeen, StandingSeen, TlsSeen, Tried, Trust, Why};
use crate::identity::{Identity, chain};
use crate::{ServerAddress, clock, tls};

/// How long one step may take: a person waits for all of them.
const STEP: Duration = Duration::from_secs(5);

/// How many of a name's addresses are tried.
const MOST_ADDRESSES: usize = 4;

/// How often the way there and back is measured; an odd number has a median.
const TRIPS: usize = 5;

/// What may say that a proxy is to be used.
const PROXIES: [&str; 6] = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];

/// Goes to the server as the terminal does, and asks it about itself and about this terminal.
pub(super) async fn look(
    server: &ServerAddress,
    ca_file: Option<&Path>,
    identity: Option<&Identity>,
) -> (ServerSeen, StandingSeen) {
    let (host, port) = (server.host(), server.port());
    let reach = reach(&host, port).await;
    let mut tls = TlsSeen::NotReached;
    let (mut answer, mut standing) = (AnswerSeen::NotAsked, StandingSeen::NotAsked);
    if let Reach::Reached { at, .. } = &reach {
        let config;
        (tls, config) = if server.secure() { secure(&host, *at, ca_file).await } else { (TlsSeen::Plain, None) };
        if let Some(client) = client(server, config) {
            answer = ask(&client, server).await;
            standing = stand(&client, server, identity, &answer).await;
        }
    }
    let address = server.to_string();
    (ServerSeen { address, host, port, proxies: proxies(), reach, tls, answer }, standing)
}

async fn reach(host: &str, port: u16) -> Reach {
    let found = match timeout(STEP, lookup_host((host, port))).await {
        Ok(Ok(found)) => found.collect::<Vec<_>>(),
        Ok(Err(error)) => return Reach::NoName { why: error.to_string() },
        Err(_) => return Reach::NoName { why: "no answer".to_owned() },
    };
    let mut tried = Vec::new();
    for at in found.iter().copied().take(MOST_ADDRESSES) {
        let begun = Instant::now();
        let why = match timeout(STEP, TcpStream::connect(at)).await {
            Ok(Ok(_)) => {
                let all: Vec<IpAddr> = found.iter().map(SocketAddr::ip).collect();
                return Reach::Reached { at, all, connect_us: micros(begun.elapsed()) };
            }
            Ok(Err(error)) => why(&error),
            Err(_) => Why::Silent,
        };
        tried.push(Tried { at, why });
    }
    if tried.is_empty() { Reach::NoName { why: "no address".to_owned() } } else { Reach::NoWay { tried } }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "what is not named here is told in the system's words")]
fn why(error: &io::Error) -> Why {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Why::Refused,
        io::ErrorKind::TimedOut => Why::Silent,
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => Why::Unreachable,
        _ => Why::Other(error.to_string()),
    }
}

/// One TLS handshake; and a configuration with which the server can be asked, if any can be trusted so far.
async fn secure(host: &str, at: SocketAddr, ca_file: Option<&Path>) -> (TlsSeen, Option<rustls::ClientConfig>) {
    let roots = match tls::roots(ca_file) {
        Ok(roots) if roots.is_empty() => return (TlsSeen::NoAuthorities, None),
        Ok(roots) => Arc::new(roots),
        Err(error) => return (TlsSeen::AuthorityFile { why: error.to_string() }, None),
    };
    let Some(now) = Witness::new(Arc::clone(&roots), None).ok() else { return (TlsSeen::NoAuthorities, None) };
    let shook = shake(host, at, &now).await;
    let now_s = clock::now_us().div_euclid(1_000_000);
    let (shown, verdict) = match (now.shown(), shook) {
        (Some(shown), Ok(())) => (shown, Trust::Good),
        (Some(shown), Err(Shaken::Certificate(error))) => (shown, certificate::trust(&error, ca_file.is_some())),
        (_, Err(Shaken::NotTls)) => return (TlsSeen::NotTls, None),
        (_, Err(Shaken::Certificate(error))) => return (TlsSeen::Failed { why: error.to_string() }, None),
        (_, Err(Shaken::Other(why))) => return (TlsSeen::Failed { why }, None),
        (None, Ok(())) => return (TlsSeen::Failed { why: "it showed no certificate".to_owned() }, None),
    };
    let Some(seen) = certificate::read(&shown, now_s) else {
        return (TlsSeen::Failed { why: "its certificate cannot be read".to_owned() }, None);
    };
    match verdict {
        Trust::Good => (TlsSeen::Shown { certificate: seen, verdict }, config(now)),
        // Would it be good at a time within its validity? Then the server may be asked what time it is.
        Trust::OutOfTime { .. } => {
            let then = certificate::valid_moment(&shown, now_s).and_then(|at| Witness::new(roots, Some(at)).ok());
            let Some(then) = then else { return (TlsSeen::Shown { certificate: seen, verdict }, None) };
            match shake(host, at, &then).await {
                Ok(()) => {
                    let verdict = Trust::OutOfTime { otherwise_good: true };
                    (TlsSeen::Shown { certificate: seen, verdict }, config(then))
                }
                Err(Shaken::Certificate(error)) => {
                    let verdict = certificate::trust(&error, ca_file.is_some());
                    (TlsSeen::Shown { certificate: seen, verdict }, None)
                }
                Err(Shaken::NotTls | Shaken::Other(_)) => (TlsSeen::Shown { certificate: seen, verdict }, None),
            }
        }
        Trust::UnknownIssuer { .. } | Trust::WrongName | Trust::Other { .. } => {
            (TlsSeen::Shown { certificate: seen, verdict }, None)
        }
    }
}

/// Why a handshake failed.
enum Shaken {
    NotTls,
    Certificate(rustls::CertificateError),
    Other(String),
}

async fn shake(host: &str, at: SocketAddr, witness: &Arc<Witness>) -> Result<(), Shaken> {
    let other = |error: &dyn std::error::Error| Shaken::Other(chain(error));
    let config = config(Arc::clone(witness)).ok_or_else(|| Shaken::Other("TLS is not available".to_owned()))?;
    let name = ServerName::try_from(host.to_owned()).map_err(|error| other(&error))?;
    let shaking = async {
        let stream = TcpStream::connect(at).await?;
        TlsConnector::from(Arc::new(config)).connect(name, stream).await
    };
    match timeout(STEP, shaking).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(rustls::Error::InvalidCertificate(error)) => Shaken::Certificate(error.clone()),
            Some(rustls::Error::InvalidMessage(_)) => Shaken::NotTls,
            Some(error) => other(error),
            None => other(&error),
        }),
        Err(_) => Err(Shaken::Other("no answer".to_owned())),
    }
}

fn config(witness: Arc<Witness>) -> Option<rustls::ClientConfig> {
    let builder = tls::builder().ok()?;
    Some(builder.dangerous().with_custom_certificate_verifier(witness).with_no_client_auth())
}

/// A client that goes the terminal's way: directly. Nothing if the server cannot be trusted.
fn client(server: &ServerAddress, config: Option<rustls::ClientConfig>) -> Option<Client> {
    let builder = Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).timeout(STEP);
    let builder = match (server.secure(), config) {
        (true, Some(config)) => builder.tls_backend_preconfigured(config),
        (true, None) => return None,
        (false, _) => builder,
    };
    builder.build().ok()
}

/// Asks the server who it is and what time it has.
async fn ask(client: &Client, server: &ServerAddress) -> AnswerSeen {
    let mut trips = Vec::new();
    let mut best: Option<(u64, About, i64)> = None;
    // The first question also makes the connection; the others show the way alone.
    for question in 0..=TRIPS {
        let (begun, sent_us) = (Instant::now(), clock::now_us());
        let answer = match client.get(server.about()).send().await {
            Ok(answer) => answer,
            Err(error) => return AnswerSeen::Failed { why: chain(&error.without_url()) },
        };
        let status = answer.status();
        let date = answer.headers().get(DATE).and_then(|date| date.to_str().ok()).and_then(seconds);
        let trip_us = micros(begun.elapsed());
        let middle_us = sent_us.saturating_add(i64::try_from(trip_us / 2).unwrap_or_default());
        let about = answer.json::<About>().await.ok().filter(|about| status.is_success() && about.name == "jichong");
        let Some(about) = about else {
            let ahead = |date: i64| middle_us.div_euclid(1_000_000).saturating_sub(date).saturating_mul(1_000);
            let clock = date.map(|date| ClockSeen { ahead_ms: ahead(date), coarse: true });
            return AnswerSeen::Strange { status: status.as_u16(), clock };
        };
        if question > 0 {
            trips.push(trip_us);
        }
        if best.as_ref().is_none_or(|(least, ..)| trip_us < *least) {
            best = Some((trip_us, about, middle_us));
        }
    }
    trips.sort_unstable();
    let median = trips.get(trips.len() / 2).copied().unwrap_or_default();
    match best {
        Some((_, about, middle_us)) => AnswerSeen::Ours {
            clock: ClockSeen { ahead_ms: middle_us.saturating_sub(about.now_us) / 1_000, coarse: false },
            program: about.program,
            link: about.version,
            trip_us: median,
        },
        None => AnswerSeen::NotAsked,
    }
}

/// Asks the server how this terminal stands, without taking its connection from it.
async fn stand(
    client: &Client,
    server: &ServerAddress,
    identity: Option<&Identity>,
    answer: &AnswerSeen,
) -> StandingSeen {
    let (Some(identity), AnswerSeen::Ours { .. }) = (identity, answer) else { return StandingSeen::NotAsked };
    let asking = async {
        let about: About = client.get(server.about()).send().await?.json().await?;
        let question = identity.ask_standing(about.now_us);
        client.post(server.standing()).json(&question).send().await?.error_for_status()?.json::<Standing>().await
    };
    match asking.await {
        Ok(Standing::Good { name, connected }) => StandingSeen::Good { name, connected },
        Ok(Standing::Revoked) => StandingSeen::Revoked,
        Ok(Standing::Unknown) => StandingSeen::Unknown,
        Err(error) => StandingSeen::Failed { why: chain(&error.without_url()) },
    }
}

/// A date as HTTP writes it, in seconds since 1970.
fn seconds(date: &str) -> Option<i64> {
    let at = httpdate::parse_http_date(date).ok()?;
    i64::try_from(at.duration_since(UNIX_EPOCH).ok()?.as_secs()).ok()
}

/// What the environment says of proxies; who and with which password stays out.
fn proxies() -> Vec<String> {
    let said = PROXIES.iter().filter_map(|name| Some((name, std::env::var(name).ok()?)));
    said.filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}={}", without_user(&value)))
        .collect()
}

fn without_user(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://{host}"),
        (None, Some((_, host))) => host.to_owned(),
        (_, None) => url.to_owned(),
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_told_without_its_password() {
        for (given, told) in [
            ("http://proxy.corp:3128", "http://proxy.corp:3128"),
            ("http://wang:s3cret@proxy.corp:3128", "http://proxy.corp:3128"),
            ("wang:s3c@ret@proxy.corp", "proxy.corp"),
        ] {
            assert_eq!(without_user(given), told);
        }
    }

    #[test]
    fn a_date_of_http_is_read() {
        assert_eq!(seconds("Sun, 22 Nov 2026 06:32:08 GMT"), Some(1_795_329_128));
        assert_eq!(seconds("yesterday"), None);
    }
}
