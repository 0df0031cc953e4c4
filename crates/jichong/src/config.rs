//! Configuration of `jichong serve`: a TOML file, then the environment, then flags; the later wins.
//!
//! Everything is checked at start, and an error names the key, the rule and the value.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use topup::Fen;
use topup::deposits::Terms;

use crate::merchant::{self, Merchant};
use crate::vault::Keys;

/// The shortest idle time of a session: below it people are thrown out while they count money.
const LEAST_IDLE_MINUTES: u64 = 2;
/// The longest idle time of a session: a working day.
const MOST_IDLE_MINUTES: u64 = 8 * 60;

/// What `jichong serve --help` says of the settings that are no flags; a test sees that it names each.
pub(crate) const SETTINGS: &str = "\
Settings:
  Each is a line of the configuration file, NAME = VALUE, or a variable: database is
  JICHONG_DATABASE. In a variable commas part the items of a list. The options above are
  settings too; these are only settings:

  database_connections
          Connections to PostgreSQL at most, 4 or more [default: 16]
  tls_certificate, tls_key
          Certificate chain and key, PEM files, if this process ends TLS itself
  trusted_proxies
          Addresses of proxies whose X-Forwarded-For is believed, for example [\"127.0.0.1\"]
  session_idle_minutes
          Minutes without a click after which a session ends, 2 to 480 [default: 15]
  card_layout
          How file 15 of the city cards is laid out: mohurd or pboc [default: mohurd]
  allow_sm4
          Whether cards may use SM4; not with a token [default: false]
  terminal_program
          The terminal program that the pages hand out, instead of this one
  deposit_two_people_above
          Above so many yuan two people decide about a deposit; 0: always [default: 50000]
  deposit_most
          The most yuan of one deposit [default: 10000000]

Paying in through UnionPay:
  It needs the first eight; without any of them groups cannot pay in. `jichong bank` prints
  them for its own bank, to test with. UnionPay notifies PUBLIC_URL/gateway/unionpay/notify,
  which it must be able to reach.

  unionpay_merchant
          The card company's number as a merchant, 15 letters or digits
  unionpay_front_url
          Where browsers are sent to pay:
          https://gateway.95516.com/gateway/api/frontTransReq.do
  unionpay_back_url
          Where refunds are asked for: https://gateway.95516.com/gateway/api/backTransReq.do
  unionpay_query_url
          Where questions are asked: https://gateway.95516.com/gateway/api/queryTrans.do
  unionpay_file_url
          Where the daily file comes from: https://filedownload.95516.com/
  unionpay_key
          The merchant's key and certificate, a PFX file
  unionpay_key_password_file
          A file with its password; refused if group or others can read it
  unionpay_authorities
          Who vouches for the gateway, PEM files: CFCA's root, and those between it and UnionPay
  unionpay_allow_sha1
          Whether chains signed with SHA-1 are believed, as CFCA's are [default: false]
  unionpay_names
          Names that the gateway's certificate may bear, if not UnionPay's own; its test gateway
          bears 00040000:SIGN
  unionpay_cashiers
          Other hosts that UnionPay sends payers' browsers on to, for example
          [\"https://cashier.example\"]; without them browsers stop there";

/// The configuration of a server.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// `sqlite:PATH` or `postgres://USER:PASSWORD@HOST/NAME`.
    pub(crate) database: String,
    /// Connections to PostgreSQL at most.
    #[serde(default = "defaults::pool")]
    pub(crate) database_connections: u32,
    /// Where the portal listens.
    #[serde(default = "defaults::listen")]
    pub(crate) listen: SocketAddr,
    /// Where `/metrics`, `/healthz` and `/readyz` are served for the people who run it; keep it off the internet.
    #[serde(default = "defaults::listen_ops")]
    pub(crate) listen_ops: SocketAddr,
    /// What people type into their browser, for example `https://topup.example.cn`.
    pub(crate) public_url: String,
    /// The certificate chain (PEM), if this process ends TLS itself.
    pub(crate) tls_certificate: Option<PathBuf>,
    /// Its private key (PEM).
    pub(crate) tls_key: Option<PathBuf>,
    /// Addresses of proxies whose `X-Forwarded-For` is believed.
    #[serde(default)]
    pub(crate) trusted_proxies: Vec<std::net::IpAddr>,
    /// The sealed key file.
    vault: Option<PathBuf>,
    /// A file with the passphrase of the key file; refused if group or others can read it.
    vault_passphrase_file: Option<PathBuf>,
    /// In place of the key file, the PKCS#11 module of a token.
    vault_module: Option<PathBuf>,
    /// The token's label.
    vault_token: Option<String>,
    /// A file with the PIN of the token's user; refused if group or others can read it.
    vault_pin_file: Option<PathBuf>,
    /// Minutes without a click after which a session ends.
    #[serde(default = "defaults::idle_minutes")]
    pub(crate) session_idle_minutes: u64,
    /// The layout of file 15 on the city cards: `mohurd` or `pboc`.
    #[serde(default = "defaults::layout")]
    pub(crate) card_layout: String,
    /// Whether cards may use SM4.
    #[serde(default)]
    pub allow_sm4: bool,
    /// The terminal program to hand out instead of this one, which may not drive readers.
    pub(crate) terminal_program: Option<PathBuf>,
    /// Above so many yuan two different people decide about what a group paid in.
    deposit_two_people_above: Option<i64>,
    /// The most yuan of one deposit.
    deposit_most: Option<i64>,
    /// The card company's number as a merchant of UnionPay; without it nobody can pay in.
    unionpay_merchant: Option<String>,
    /// Where browsers are sent to pay.
    unionpay_front_url: Option<String>,
    /// Where refunds are asked for.
    unionpay_back_url: Option<String>,
    /// Where questions are asked.
    unionpay_query_url: Option<String>,
    /// Where the daily file comes from.
    unionpay_file_url: Option<String>,
    /// The merchant's key and certificate, PFX.
    unionpay_key: Option<PathBuf>,
    /// A file with the password of that; refused if group or others can read it.
    unionpay_key_password_file: Option<PathBuf>,
    /// The authorities that vouch for the gateway, PEM: the root, and those between it and the gateway.
    #[serde(default)]
    unionpay_authorities: Vec<PathBuf>,
    /// Names that the gateway's certificate may bear; the real gateway's if none is given.
    #[serde(default)]
    unionpay_names: Vec<String>,
    /// Whether chains signed with SHA-1 are believed: those of CFCA are.
    #[serde(default)]
    unionpay_allow_sha1: bool,
    /// Where the gateway sends payers' browsers on to, each as `https://host`: browsers hold them against our pages.
    #[serde(default)]
    unionpay_cashiers: Vec<String>,
}

mod defaults {
    use std::net::{Ipv4Addr, SocketAddr};

    pub(super) const fn pool() -> u32 {
        16
    }

    pub(super) const fn listen() -> SocketAddr {
        SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8080)
    }

    pub(super) const fn listen_ops() -> SocketAddr {
        SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 9080)
    }

    pub(super) const fn idle_minutes() -> u64 {
        15
    }

    pub(super) fn layout() -> String {
        "mohurd".into()
    }
}

/// What flags can set; each overrides the file and the environment.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Flags {
    #[arg(long, value_name = "URL", help = "The database: sqlite:FILE or postgres://USER:PASSWORD@HOST/NAME")]
    pub(crate) database: Option<String>,
    /// Address the portal listens on, for example 0.0.0.0:443 [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<String>,
    /// Address of /metrics, /healthz and /readyz; keep it off the internet [default: 127.0.0.1:9080]
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen_ops: Option<String>,
    #[arg(
        long,
        value_name = "URL",
        help = "What people type into their browser, for example https://topup.example.cn"
    )]
    pub(crate) public_url: Option<String>,
    /// The sealed key file
    #[arg(long, value_name = "FILE")]
    pub(crate) vault: Option<String>,
    /// A file with the passphrase of the key file
    #[arg(long, value_name = "FILE")]
    pub(crate) vault_passphrase_file: Option<String>,
    /// In place of the key file, the PKCS#11 module of a token, a library of its maker
    #[arg(long, value_name = "FILE")]
    pub(crate) vault_module: Option<String>,
    /// The token's label
    #[arg(long, value_name = "LABEL")]
    pub(crate) vault_token: Option<String>,
    /// A file with the PIN of the token's user
    #[arg(long, value_name = "FILE")]
    pub(crate) vault_pin_file: Option<String>,
}

impl Config {
    /// Reads and checks the configuration.
    pub(crate) fn read(file: Option<&Path>, flags: &Flags) -> Result<Self> {
        let mut sources = config::Config::builder();
        if let Some(file) = file {
            sources = sources.add_source(config::File::from(file).format(config::FileFormat::Toml));
        }
        sources = sources.add_source(
            config::Environment::with_prefix("JICHONG")
                .prefix_separator("_")
                .ignore_empty(true)
                .try_parsing(true)
                .list_separator(",")
                .with_list_parse_key("trusted_proxies")
                .with_list_parse_key("unionpay_authorities")
                .with_list_parse_key("unionpay_names")
                .with_list_parse_key("unionpay_cashiers"),
        );
        for (key, value) in flags.pairs() {
            sources = sources.set_override_option(key, value)?;
        }
        let config: Self = sources.build().and_then(config::Config::try_deserialize).map_err(|error| plain(&error))?;
        config.check()?;
        Ok(config)
    }

    /// What is wrong beyond the types.
    fn check(&self) -> Result<()> {
        if !["sqlite:", "postgres:", "postgresql:"].iter().any(|scheme| self.database.starts_with(scheme)) {
            bail!("database: must begin with sqlite: or postgres:, is {:?}", without_password(&self.database));
        }
        if !["http://", "https://"].iter().any(|scheme| self.public_url.starts_with(scheme)) {
            bail!("public_url: must begin with https:// (or http:// on a test machine), is {:?}", self.public_url);
        }
        if self.tls_certificate.is_some() != self.tls_key.is_some() {
            bail!("tls_certificate and tls_key: give both or neither");
        }
        if !(LEAST_IDLE_MINUTES..=MOST_IDLE_MINUTES).contains(&self.session_idle_minutes) {
            bail!(
                "session_idle_minutes: {LEAST_IDLE_MINUTES} to {MOST_IDLE_MINUTES} are allowed, is {}",
                self.session_idle_minutes
            );
        }
        if self.database_connections < 4 {
            bail!("database_connections: at least 4 are needed, is {}", self.database_connections);
        }
        self.layout()?;
        self.merchant()?;
        self.deposits()?;
        let keys = self.keys()?;
        if self.allow_sm4 && matches!(keys, Keys::Token { .. }) {
            bail!("allow_sm4: tokens have no SM4; keep such keys in a key file (vault), or leave this out");
        }
        let tls = [("tls_certificate", &self.tls_certificate), ("tls_key", &self.tls_key)];
        let tls = tls.into_iter().filter_map(|(key, file)| Some((key, file.as_deref()?)));
        for (key, file) in keys.files().into_iter().chain(tls) {
            std::fs::metadata(file).with_context(|| format!("{key}: {} cannot be read", file.display()))?;
        }
        Ok(())
    }

    /// Where the card keys are.
    pub(crate) fn keys(&self) -> Result<Keys> {
        let Self { vault, vault_passphrase_file, vault_module, vault_token, vault_pin_file, .. } = self.clone();
        Keys::of(vault, vault_passphrase_file, vault_module, vault_token, vault_pin_file)
    }

    /// What the card company sets about deposits.
    pub(crate) fn deposits(&self) -> Result<Terms> {
        let yuan = |setting: &str, value: Option<i64>, least: i64, default: Fen| match value {
            None => Ok(default),
            Some(yuan) => Fen::from_yuan(yuan)
                .filter(|_| yuan >= least)
                .with_context(|| format!("{setting}: yuan are expected, {least} or more, is {yuan}")),
        };
        let terms = Terms::default();
        Ok(Terms {
            two_people_above: yuan(
                "deposit_two_people_above",
                self.deposit_two_people_above,
                0,
                terms.two_people_above,
            )?,
            most: yuan("deposit_most", self.deposit_most, 1, terms.most)?,
            ..terms
        })
    }

    /// The card company as a merchant; none if it is not configured.
    pub(crate) fn merchant(&self) -> Result<Option<Merchant>> {
        let settings = merchant::Settings {
            merchant: self.unionpay_merchant.clone(),
            front_url: self.unionpay_front_url.clone(),
            back_url: self.unionpay_back_url.clone(),
            query_url: self.unionpay_query_url.clone(),
            file_url: self.unionpay_file_url.clone(),
            key: self.unionpay_key.clone(),
            key_password_file: self.unionpay_key_password_file.clone(),
            authorities: self.unionpay_authorities.clone(),
            names: self.unionpay_names.clone(),
            allow_sha1: self.unionpay_allow_sha1,
            cashiers: self.unionpay_cashiers.clone(),
        };
        settings.merchant()
    }

    /// The layout of file 15.
    pub(crate) fn layout(&self) -> Result<epurse::file15::Layout> {
        self.card_layout.parse().with_context(|| format!("card_layout: is {:?}", self.card_layout))
    }

    /// How long a session lives without a click.
    pub(crate) const fn idle(&self) -> Duration {
        Duration::from_secs(self.session_idle_minutes.saturating_mul(60))
    }
}

impl Flags {
    fn pairs(&self) -> [(&'static str, Option<&str>); 9] {
        [
            ("database", self.database.as_deref()),
            ("listen", self.listen.as_deref()),
            ("listen_ops", self.listen_ops.as_deref()),
            ("public_url", self.public_url.as_deref()),
            ("vault", self.vault.as_deref()),
            ("vault_passphrase_file", self.vault_passphrase_file.as_deref()),
            ("vault_module", self.vault_module.as_deref()),
            ("vault_token", self.vault_token.as_deref()),
            ("vault_pin_file", self.vault_pin_file.as_deref()),
        ]
    }
}

/// The library's error as one plain sentence.
fn plain(error: &config::ConfigError) -> anyhow::Error {
    anyhow::anyhow!("configuration: {error}")
}

/// A database URL that can be shown.
pub(crate) fn without_password(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://…@{host}"),
        _ => url.to_owned(),
    }
}
