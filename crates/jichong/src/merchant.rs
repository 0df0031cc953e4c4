//! The card company as a merchant at the payment gateway: what the configuration says of it, and the gateway made of that.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use pay::unionpay::sign::SigningKey;
use pay::unionpay::trust::{GATEWAY_NAME, Trust};
use pay::unionpay::{Config, ConfigError, Endpoints, UnionPay};

use crate::vault::secret_line;

/// A merchant of `UnionPay`, as it is configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Merchant {
    /// The merchant's number.
    pub(crate) number: String,
    /// Where the gateway is.
    pub(crate) endpoints: Endpoints,
    /// The merchant's key and certificate, PFX.
    pub(crate) key: PathBuf,
    /// A file with the password of that; refused if group or others can read it.
    pub(crate) key_password_file: PathBuf,
    /// The authorities to believe, PEM.
    pub(crate) authorities: Vec<PathBuf>,
    /// The names that the gateway's certificate may bear; none for the real gateway's.
    pub(crate) names: Vec<String>,
    /// Whether chains signed with SHA-1 are believed, as those of CFCA are.
    pub(crate) allow_sha1: bool,
    /// Where the gateway sends payers' browsers on to.
    pub(crate) cashiers: Vec<String>,
}

impl Merchant {
    /// The gateway of this merchant. Everything is read and checked here; nothing is asked of the gateway yet.
    pub(crate) fn gateway(&self) -> Result<UnionPay> {
        let pfx = contents("unionpay_key", &self.key)?;
        let password = secret_line(&self.key_password_file, "the password").context("unionpay_key_password_file")?;
        let key = SigningKey::from_pfx(&pfx, &password)
            .with_context(|| format!("unionpay_key: {} cannot be used", self.key.display()))?;
        let pems = self.authorities.iter().map(|file| contents("unionpay_authorities", file));
        let pems = pems.collect::<Result<Vec<_>>>()?;
        let pems: Vec<&[u8]> = pems.iter().map(Vec::as_slice).collect();
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        let names: &[&str] = if names.is_empty() { &[GATEWAY_NAME] } else { &names };
        let trust = Trust::new(&pems, names, self.allow_sha1).context("unionpay_authorities")?;
        let config = Config { merchant: self.number.clone(), endpoints: self.endpoints.clone(), key, trust };
        UnionPay::new(config).map_err(|error| match error {
            ConfigError::Merchant(value) => {
                anyhow::anyhow!("unionpay_merchant: 15 letters or digits are expected, is {value:?}")
            }
            ConfigError::Endpoint { name, value } => {
                anyhow::anyhow!("unionpay_{name}_url: an http or https address is expected, is {value:?}")
            }
            ConfigError::Http(why) => anyhow::anyhow!("unionpay_merchant: no HTTP client: {why}"),
        })
    }

    /// The lines of a configuration that say the same.
    pub(crate) fn settings(&self) -> Vec<String> {
        let Endpoints { front, back, query, file } = &self.endpoints;
        let files: Vec<String> = self.authorities.iter().map(|file| quoted(file)).collect();
        vec![
            format!("unionpay_merchant = {:?}", self.number),
            format!("unionpay_front_url = {front:?}"),
            format!("unionpay_back_url = {back:?}"),
            format!("unionpay_query_url = {query:?}"),
            format!("unionpay_file_url = {file:?}"),
            format!("unionpay_key = {}", quoted(&self.key)),
            format!("unionpay_key_password_file = {}", quoted(&self.key_password_file)),
            format!("unionpay_authorities = [{}]", files.join(", ")),
        ]
    }
}

/// What the settings of these names say, each as it stands in the configuration.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    pub(crate) merchant: Option<String>,
    pub(crate) front_url: Option<String>,
    pub(crate) back_url: Option<String>,
    pub(crate) query_url: Option<String>,
    pub(crate) file_url: Option<String>,
    pub(crate) key: Option<PathBuf>,
    pub(crate) key_password_file: Option<PathBuf>,
    pub(crate) authorities: Vec<PathBuf>,
    pub(crate) names: Vec<String>,
    pub(crate) allow_sha1: bool,
    pub(crate) cashiers: Vec<String>,
}

impl Settings {
    /// All of a merchant, or none of it: then nobody can pay in.
    pub(crate) fn merchant(self) -> Result<Option<Merchant>> {
        let given = [
            ("unionpay_merchant", self.merchant.is_some()),
            ("unionpay_front_url", self.front_url.is_some()),
            ("unionpay_back_url", self.back_url.is_some()),
            ("unionpay_query_url", self.query_url.is_some()),
            ("unionpay_file_url", self.file_url.is_some()),
            ("unionpay_key", self.key.is_some()),
            ("unionpay_key_password_file", self.key_password_file.is_some()),
            ("unionpay_authorities", !self.authorities.is_empty()),
        ];
        let Some((first, _)) = given.iter().find(|(_, given)| *given) else { return Ok(None) };
        if let Some((missing, _)) = given.iter().find(|(_, given)| !given) {
            bail!("{missing}: is missing, while {first} is given");
        }
        if let Some(wrong) = self.cashiers.iter().find(|cashier| !is_origin(cashier)) {
            bail!("unionpay_cashiers: https://host is expected, with a port if it has one, is {wrong:?}");
        }
        Ok(Some(Merchant {
            number: self.merchant.unwrap_or_default(),
            endpoints: Endpoints {
                front: self.front_url.unwrap_or_default(),
                back: self.back_url.unwrap_or_default(),
                query: self.query_url.unwrap_or_default(),
                file: self.file_url.unwrap_or_default(),
            },
            key: self.key.unwrap_or_default(),
            key_password_file: self.key_password_file.unwrap_or_default(),
            authorities: self.authorities,
            names: self.names,
            allow_sha1: self.allow_sha1,
            cashiers: self.cashiers,
        }))
    }
}

/// Whether it is `https://host` or `http://host`, with a port or without, and nothing more: no path, no wildcard.
fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or_default();
    let (host, port) = host.split_once(':').unwrap_or((host, "443"));
    let named = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    host.split('.').all(named) && port.parse::<u16>().is_ok()
}

fn contents(setting: &str, file: &Path) -> Result<Vec<u8>> {
    fs::read(file).with_context(|| format!("{setting}: {} cannot be read", file.display()))
}

/// A path as a value of TOML.
fn quoted(path: &Path) -> String {
    format!("{:?}", path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::is_origin;

    #[test]
    fn a_cashier_is_one_host_and_never_a_domain() {
        for good in ["https://cashier.example", "https://a-b.example.cn:8443", "http://127.0.0.1:8083"] {
            assert!(is_origin(good), "{good}");
        }
        for bad in [
            "cashier.example",
            "https://*.com.cn",
            "https://a.example/pay",
            "https://a.example;",
            "https://",
            "ftp://a",
            "",
        ] {
            assert!(!is_origin(bad), "{bad}");
        }
    }
}
