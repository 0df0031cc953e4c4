//! `jichong bank`: the sandbox bank, alone or beside the demo.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result};
use clap::Args;
use jiff::{SignedDuration, Timestamp};
use pay::sandbox::{self, Bank, Config, PFX_PASSWORD};
use portal::Listening;
use rand::Rng as _;
use tokio::task::JoinHandle;
use topup::{Clock as _, SystemClock};

use crate::merchant::Merchant;
use crate::terminal::randomness;
use crate::{say, system};

/// The number of the sandbox's merchant, as long as real ones.
pub(crate) const MERCHANT: &str = "777290058110048";
/// The name of the sandbox's merchant.
pub(crate) const MERCHANT_NAME: &str = "示例城市一卡通有限公司";

/// Below the flags of `jichong bank --help`.
const MORE_HELP: &str = "\
The bank speaks UnionPay's protocol, ACP 5.1.0, and moves no real money. What it prints at its start is all that a server
needs to know of it: addresses, the merchant's number, key and password, and the authorities to believe.
Its console shows the codes it \"sent\" by SMS and its orders, and loses, delays or repeats notifications if asked. Each of
its test accounts behaves in one way (pays, declines, pays late, …); its first page lists them.";

/// What can be typed.
#[derive(Debug, Args)]
#[command(after_long_help = MORE_HELP)]
pub(crate) struct BankCommand {
    /// Where the bank keeps its keys and its books
    #[arg(long, default_value = "bank-data", value_name = "FOLDER")]
    dir: PathBuf,
    /// Address it listens on; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:8083", value_name = "ADDRESS")]
    listen: SocketAddr,
    #[arg(
        long,
        value_name = "URL",
        help = "How browsers and the server reach it, if not by the address it listens on, for example https://bank.test.example.cn"
    )]
    public_url: Option<String>,
    /// The merchant's number, 15 letters or digits
    #[arg(long, default_value = MERCHANT, value_name = "NUMBER")]
    merchant: String,
    /// The merchant's name, which payers read
    #[arg(long, default_value = MERCHANT_NAME, value_name = "NAME")]
    merchant_name: String,
    /// Seconds before each attempt to notify the merchant, as many as there are attempts
    #[arg(long, default_value = "0,60,120,240", value_delimiter = ',', value_name = "SECONDS")]
    notify_gaps: Vec<u32>,
    /// Seconds that a refund takes
    #[arg(long, default_value_t = 5, value_name = "SECONDS")]
    refund_takes: u32,
}

/// A bank that is open.
pub(crate) struct Open {
    bank: Bank,
    listening: Listening,
    notifying: JoinHandle<()>,
    url: String,
}

/// Runs the bank until it is told to stop.
pub(crate) async fn run(asked: BankCommand) -> Result<()> {
    let config = Config {
        merchant: asked.merchant,
        merchant_name: asked.merchant_name,
        notify_gaps: asked.notify_gaps.into_iter().map(|gap| SignedDuration::from_secs(gap.into())).collect(),
        refund_takes: SignedDuration::from_secs(asked.refund_takes.into()),
        ..config(std::path::absolute(asked.dir)?)?
    };
    let open = Open::at(asked.listen, asked.public_url, config).await?;
    let ready = open.welcome();
    system::ready(&format!("the sandbox bank listens on {}", open.listening.address));
    say(ready)?;
    system::told_to_stop().await?;
    system::stopping();
    open.stop().await;
    Ok(())
}

/// A bank with the machine's clock and randomness, as it is if nobody says otherwise.
pub(crate) fn config(folder: PathBuf) -> Result<Config> {
    let random = Mutex::new(randomness()?);
    Ok(Config {
        folder,
        merchant: MERCHANT.to_owned(),
        merchant_name: MERCHANT_NAME.to_owned(),
        notify_gaps: sandbox::NOTIFY_GAPS.to_vec(),
        refund_takes: SignedDuration::from_secs(5),
        now: Arc::new(|| Timestamp::from_microsecond(SystemClock.now().0).unwrap_or(Timestamp::UNIX_EPOCH)),
        random: Arc::new(move |bytes| random.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(bytes)),
    })
}

impl Open {
    /// Opens a bank and its doors.
    pub(crate) async fn at(listen: SocketAddr, public_url: Option<String>, config: Config) -> Result<Self> {
        let folder = config.folder.clone();
        // The first time it makes its keys, which keeps a thread busy for a second or two.
        let opened = tokio::task::spawn_blocking(move || Bank::open(config)).await?;
        let bank = opened.with_context(|| format!("the bank in {} cannot be opened", folder.display()))?;
        let listening = portal::listen(listen, bank.router(), None)
            .with_context(|| format!("the bank cannot listen on {listen}"))?;
        let url = public_url.unwrap_or_else(|| format!("http://{}", listening.address));
        Ok(Self { notifying: bank.notify(), bank, listening, url: url.trim_end_matches('/').to_owned() })
    }

    /// Where it is.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// What its merchant has to know.
    pub(crate) fn merchant(&self) -> Merchant {
        let files = self.bank.files();
        Merchant {
            number: self.bank.merchant().to_owned(),
            endpoints: sandbox::endpoints(&self.url),
            key: files.merchant.clone(),
            key_password_file: files.merchant_password.clone(),
            authorities: vec![files.root.clone(), files.middle.clone()],
            names: Vec::new(),
            allow_sha1: false,
            cashiers: Vec::new(),
        }
    }

    /// Lets the last pages out. Notifications that are due are sent after the next start.
    pub(crate) async fn stop(self) {
        self.listening.stop().await;
        self.notifying.abort();
    }

    fn welcome(&self) -> String {
        let url = &self.url;
        let settings: Vec<String> = self.merchant().settings().iter().map(|line| format!("    {line}")).collect();
        format!(
            "\n  Sandbox bank 沙箱银行: speaks UnionPay's protocol and moves no real money\n\n  \
             Test accounts   测试账户   {url}/\n  \
             Console         控制台     {url}/console\n\n  \
             For jichong.toml of a server, 服务器的 jichong.toml:\n\n{}\n\n  \
             The password of the key is {PFX_PASSWORD}. Stop: Ctrl-C\n",
            settings.join("\n"),
        )
    }
}
