use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use tokio_tungstenite::tungstenite::http::Uri;

use crate::Error;

/// Where the server is, `https://…`; plain `http://` only on this machine, because whoever can change what a terminal
/// hears can send it anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerAddress {
    secure: bool,
    /// Host, port and path, without the slash at the end.
    place: String,
}

impl ServerAddress {
    pub(crate) fn link(&self) -> String {
        format!("{}://{}{}", if self.secure { "wss" } else { "ws" }, self.place, link::PATH)
    }

    pub(crate) fn about(&self) -> String {
        format!("{self}{}", link::ABOUT_PATH)
    }

    pub(crate) fn standing(&self) -> String {
        format!("{self}{}", link::STANDING_PATH)
    }

    /// Whether it is reached over TLS.
    pub(crate) const fn secure(&self) -> bool {
        self.secure
    }

    /// The host, without the brackets of an IPv6 address.
    pub(crate) fn host(&self) -> String {
        let authority = self.place.split('/').next().unwrap_or_default();
        let host =
            if authority.ends_with(']') { authority } else { authority.rsplit_once(':').map_or(authority, |of| of.0) };
        host.trim_start_matches('[').trim_end_matches(']').to_owned()
    }

    /// The port, also if it is not written.
    pub(crate) fn port(&self) -> u16 {
        let authority = self.place.split('/').next().unwrap_or_default();
        let written = authority.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        written.unwrap_or(if self.secure { 443 } else { 80 })
    }

    pub(crate) fn enrol(&self) -> String {
        format!("{self}{}", link::ENROL_PATH)
    }
}

impl fmt::Display for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.secure { "https" } else { "http" }, self.place)
    }
}

impl FromStr for ServerAddress {
    type Err = Error;

    fn from_str(address: &str) -> Result<Self, Error> {
        let wrong = |rule| Error::Address { address: address.to_owned(), rule };
        let uri: Uri = address.parse().map_err(|_| wrong("write it as https://host or https://host:port"))?;
        let secure = match uri.scheme_str() {
            Some("https" | "wss") => true,
            Some("http" | "ws") => false,
            _ => return Err(wrong("it must begin with https://")),
        };
        let (Some(authority), Some(host)) = (uri.authority(), uri.host()) else {
            return Err(wrong("it names no host"));
        };
        if authority.as_str().contains('@') || uri.query().is_some() {
            return Err(wrong("only host, port and path are allowed"));
        }
        if !secure && !is_loopback(host) {
            return Err(wrong("http:// is only allowed on this machine (127.0.0.1, localhost); use https://"));
        }
        Ok(Self { secure, place: format!("{authority}{}", uri.path().trim_end_matches('/')) })
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost" || bare.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_leads_to_the_link_and_the_enrolment() {
        for (given, link, enrol) in [
            ("https://load.example", "wss://load.example/link", "https://load.example/link/enrol"),
            ("wss://load.example:8443/a/", "wss://load.example:8443/a/link", "https://load.example:8443/a/link/enrol"),
            ("http://127.0.0.1:80", "ws://127.0.0.1:80/link", "http://127.0.0.1:80/link/enrol"),
            ("ws://localhost:9", "ws://localhost:9/link", "http://localhost:9/link/enrol"),
            ("http://[::1]:9", "ws://[::1]:9/link", "http://[::1]:9/link/enrol"),
        ] {
            let address: ServerAddress = given.parse().unwrap();
            assert_eq!((address.link().as_str(), address.enrol().as_str()), (link, enrol));
        }
    }

    #[test]
    fn an_address_has_a_host_and_a_port() {
        for (given, host, port) in [
            ("https://load.example", "load.example", 443),
            ("https://load.example:8443/a", "load.example", 8443),
            ("http://127.0.0.1/", "127.0.0.1", 80),
            ("http://[::1]:9", "::1", 9),
            ("https://[2001:db8::7]", "2001:db8::7", 443),
        ] {
            let address: ServerAddress = given.parse().unwrap();
            assert_eq!((address.host().as_str(), address.port()), (host, port), "{given}");
        }
    }

    #[test]
    fn what_is_no_safe_address_is_refused_with_the_rule() {
        for (given, rule) in [
            ("", "https://host"),
            ("load.example", "begin with"),
            ("ftp://load.example", "begin with"),
            ("http://load.example", "only allowed on this machine"),
            ("http://127.0.0.1.load.example", "only allowed on this machine"),
            ("https://user@load.example", "only host"),
            ("https://load.example/?a=b", "only host"),
        ] {
            let error = ServerAddress::from_str(given).unwrap_err().to_string();
            assert!(error.contains(rule), "{error}");
        }
    }
}
