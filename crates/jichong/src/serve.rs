//! `jichong serve`: the server, from its configuration to its last load.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use epurse::applications::Aid;
use epurse::keys::Sm4Policy;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use portal::{Listening, TerminalProgram, Tls};
use store::{Db, Options};
use tokio::task::JoinHandle;
use topup::cards::Application;
use topup::deposits::Till;
use topup::{House, Micros, Settings, SystemClock, SystemEntropy, deposits, loads, people, reconcile, records, runs};
use vault::{CheckValue, Vault};

use crate::cli::Serve;
use crate::config::{Config, without_password};
use crate::terminal::OWN_PROGRAM;
use crate::{say, system};

/// How long a stop waits for loads in flight: longer than any load can take.
const LAST_LOADS: Duration = Duration::from_secs(20);
/// How often what was left behind is looked for.
const SWEEP: Duration = Duration::from_secs(5);

/// What a running server is made of.
pub(crate) struct Server {
    /// Where the portal answers.
    pub(crate) portal: Listening,
    /// Where metrics and health answer.
    pub(crate) ops: Listening,
    house: House,
    /// What goes on without anybody asking.
    background: [JoinHandle<()>; 4],
}

/// Where a server listens, and how.
pub(crate) struct Listen {
    /// The portal.
    pub(crate) portal: SocketAddr,
    /// Metrics and health.
    pub(crate) ops: SocketAddr,
    /// Certificate chain and key, PEM.
    pub(crate) tls: Option<(PathBuf, PathBuf)>,
}

/// Runs the server until it is told to stop.
pub(crate) async fn run(serve: Serve) -> Result<()> {
    let config = Config::read(serve.config.as_deref(), &serve.flags)?;
    let (house, keys) = house(&config).await?;
    if serve.check {
        let keys: Vec<String> = keys.iter().map(|value| format!("\n  {value}")).collect();
        let answers = without_password(&config.database);
        return say(format!(
            "the configuration is good; {answers} answers; the card keys by check value:{}",
            keys.concat()
        ));
    }
    let listen = Listen {
        portal: config.listen,
        ops: config.listen_ops,
        tls: config.tls_certificate.clone().zip(config.tls_key.clone()),
    };
    let settings = portal::Settings {
        tls: config.public_url.starts_with("https://"),
        idle: config.idle(),
        trusted_proxies: config.trusted_proxies.clone(),
        public_url: config.public_url.clone(),
        certificate_ends: None,
        terminal_program: terminal_program(&config)?,
    };
    let server = start(house, settings, listen).await?;
    let open = format!("Jichong listens on {}; people come by {}", server.portal.address, config.public_url);
    system::ready(&open);
    say(open)?;
    system::told_to_stop().await?;
    system::stopping();
    server.stop().await;
    Ok(())
}

/// The terminal program that is handed out: this one, unless the configuration names another.
fn terminal_program(config: &Config) -> Result<TerminalProgram> {
    let Some(file) = &config.terminal_program else { return Ok(OWN_PROGRAM) };
    std::fs::File::open(file).with_context(|| format!("terminal_program: {} cannot be read", file.display()))?;
    Ok(TerminalProgram::File(file.clone()))
}

/// Everything the business needs, from the configuration, and the card keys that there are.
async fn house(config: &Config) -> Result<(House, Vec<CheckValue>)> {
    let sm4 = if config.allow_sm4 { Sm4Policy::Allowed } else { Sm4Policy::Refused };
    let (vault, keys) = config.keys()?.vault(sm4)?;
    if keys.is_empty() {
        tracing::warn!("there are no card keys yet: no card can be charged");
    }
    let till = match config.merchant()? {
        Some(merchant) => {
            let till = Till::new(Arc::new(merchant.gateway()?), &config.public_url);
            Some(till.with_cashiers(merchant.cashiers))
        }
        None => None,
    };
    if till.is_none() {
        tracing::warn!("unionpay_merchant is not given: nobody can pay in");
    }
    let options = Options::at(&config.database).connections(config.database_connections);
    let db = Db::open(options)
        .await
        .with_context(|| format!("database: {} cannot be opened", without_password(&config.database)))?;
    let mut settings = Settings { deposits: config.deposits()?, ..Settings::default() };
    let layout = config.layout()?;
    for application in &mut settings.applications {
        if application.aid == Aid::CITY {
            *application = Application { layout, ..*application };
        }
    }
    Ok((open_house(db, vault, settings, till).await?, keys))
}

/// A house with the machine's clock and randomness.
pub(crate) async fn open_house(db: Db, vault: Arc<dyn Vault>, settings: Settings, till: Option<Till>) -> Result<House> {
    let house = House::open(db, vault, Arc::new(SystemClock), Arc::new(SystemEntropy), settings)
        .await
        .context("the house cannot be opened on this database")?;
    Ok(match till {
        Some(till) => house.with_till(till),
        None => house,
    })
}

/// Starts listening; the answer comes once both addresses are bound.
pub(crate) async fn start(house: House, settings: portal::Settings, listen: Listen) -> Result<Server> {
    let metrics = metrics_handle()?;
    let ops = portal::ops_router(house.clone(), move || metrics.render());
    let ops = portal::listen(listen.ops, ops, None)
        .with_context(|| format!("listen_ops: {} cannot be listened on", listen.ops))?;
    let tls = match &listen.tls {
        Some((certificate, key)) => Some(tls(certificate, key).await?),
        None => None,
    };
    let certificate_ends = listen.tls.as_ref().and_then(|(certificate, _)| ends(certificate));
    let settings = portal::Settings { certificate_ends, ..settings };
    let router = portal::router(house.clone(), settings).context("public_url")?;
    let portal = portal::listen(listen.portal, router, tls)
        .with_context(|| format!("listen: {} cannot be listened on", listen.portal))?;
    let sweeping = tokio::spawn(sweep(house.clone()));
    // Apart from the sweep: these wait for the gateway's answers.
    let following = tokio::spawn(deposits::follow(house.clone()));
    let reconciling = tokio::spawn(reconcile::follow(house.clone()));
    let exporting = tokio::spawn(portal::follow_exports(house.clone()));
    Ok(Server { portal, ops, house, background: [sweeping, following, reconciling, exporting] })
}

impl Server {
    /// Takes no new work, ends the loads in flight, sends the last pages, closes the database.
    pub(crate) async fn stop(self) {
        tracing::info!("stopping: no new work; waiting for loads in flight");
        if tokio::time::timeout(LAST_LOADS, self.house.stop()).await.is_err() {
            tracing::error!("loads are still in flight; they stay held and are settled after the next start");
        }
        tokio::join!(self.portal.stop(), self.ops.stop());
        self.background.iter().for_each(JoinHandle::abort);
        self.house.db.close().await;
        tracing::info!("stopped");
    }
}

async fn tls(certificate: &Path, key: &Path) -> Result<Tls> {
    // Fails only if a provider is installed already, and then that one serves.
    drop(rustls::crypto::ring::default_provider().install_default());
    Tls::read(certificate, key).await.with_context(|| {
        format!("tls_certificate and tls_key: {} and {} cannot be used", certificate.display(), key.display())
    })
}

/// When the first certificate of a chain ends, the server's own; none if that cannot be read of it.
fn ends(certificate: &Path) -> Option<Micros> {
    let pem = std::fs::read(certificate).ok()?;
    let (_, first) = x509_parser::pem::parse_x509_pem(&pem).ok()?;
    let certificate = first.parse_x509().ok()?;
    Some(Micros(certificate.validity().not_after.timestamp().saturating_mul(1_000_000)))
}

/// Looks for what processes that are gone left behind, for as long as this one lives.
async fn sweep(house: House) {
    let mut tick = tokio::time::interval(SWEEP);
    loop {
        tick.tick().await;
        if let Err(error) = loads::sweep(&house).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "the sweep failed; the next one tries again");
        }
        if let Err(error) = runs::sweep(&house).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "the sweep of runs failed; the next one tries again"
            );
        }
        if let Err(error) = people::sessions::sweep(&house).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "ended sessions were not removed");
        }
        if let Err(error) = records::exports::sweep(&house).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "old exports were not removed");
        }
    }
}

/// The recorder of this process's metrics; installed once.
fn metrics_handle() -> Result<PrometheusHandle> {
    static HANDLE: std::sync::OnceLock<PrometheusHandle> = std::sync::OnceLock::new();
    if let Some(handle) = HANDLE.get() {
        return Ok(handle.clone());
    }
    let handle = PrometheusBuilder::new()
        .set_buckets(&[0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0])
        .and_then(PrometheusBuilder::install_recorder)
        .map_err(|error| anyhow!("the metrics cannot be recorded: {error}"))?;
    Ok(HANDLE.get_or_init(|| handle).clone())
}
