//! `jichong pay …`: tools for people who integrate the payment gateway.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use pay::unionpay::message::{MOST_BYTES, Malformed, Message};
use pay::unionpay::trust::{GATEWAY_NAME, NotGenuine, Trust, verify_signed_by};

use topup::{Clock as _, SystemClock};

use crate::say;

#[derive(Debug, Subcommand)]
pub(crate) enum PayCommand {
    /// Say whether a UnionPay message on standard input is genuine, and why not. Exit status 0 if it is, 1 if not
    Verify(Verify),
}

/// A form as it was posted, or a raw reply; which of the two is found out by itself.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// Certificates of the authorities to believe (PEM): the root, and those between it and the gateway
    #[arg(long, value_name = "FILE", num_args = 1.., required_unless_present = "signer")]
    ca: Vec<PathBuf>,
    /// Look at the certificates as of this time, for example 2026-03-01T10:15:00+08:00; now if left out
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
    /// Names the gateway's certificate may bear, the third part of its CN; the test gateway's is 00040000:SIGN
    #[arg(long, value_name = "NAME", default_value = GATEWAY_NAME)]
    name: Vec<String>,
    /// Believe chains signed with SHA-1, as those of CFCA are
    #[arg(long)]
    allow_sha1: bool,
    /// Check a merchant's request instead: the certificate (PEM) that it has to be signed with
    #[arg(long, value_name = "FILE", conflicts_with = "ca")]
    signer: Option<PathBuf>,
}

/// Carries out a command; false is for a message that is not genuine.
pub(crate) fn run(command: &PayCommand) -> Result<bool> {
    let PayCommand::Verify(verify) = command;
    let mut bytes = Vec::new();
    let most = u64::try_from(MOST_BYTES).unwrap_or(u64::MAX);
    std::io::stdin()
        .take(most.saturating_add(1))
        .read_to_end(&mut bytes)
        .context("the message is read from standard input")?;
    let message = match read(&bytes) {
        Ok(message) => message,
        Err(error) => return say(format!("not genuine: it cannot be read: {error}")).map(|()| false),
    };
    let verdict = match &verify.signer {
        Some(file) => verify_signed_by(&message, &contents(file)?),
        None => trust(verify)?.verify(&message, verify.at.map_or_else(now, Ok)?),
    };
    match verdict {
        Ok(()) => say(format!("genuine: {message}")).map(|()| true),
        Err(error) => {
            let help = if matches!(error, NotGenuine::Sha1(_)) { " (--allow-sha1 would)" } else { "" };
            say(format!("not genuine: {error}{help}\n{message}")).map(|()| false)
        }
    }
}

fn now() -> Result<Timestamp> {
    Timestamp::from_microsecond(SystemClock.now().0).context("the machine's clock")
}

/// A raw reply has its certificate as it is; in a form no line could end within a value.
fn read(bytes: &[u8]) -> Result<Message, Malformed> {
    let trimmed = bytes.trim_ascii_end();
    let raw = trimmed.iter().any(|byte| matches!(byte, b'\r' | b'\n' | b' '));
    if raw { Message::parse_reply(trimmed) } else { Message::parse_form(trimmed) }
}

fn trust(verify: &Verify) -> Result<Trust> {
    let files = verify.ca.iter().map(|file| contents(file)).collect::<Result<Vec<_>>>()?;
    let pems: Vec<&[u8]> = files.iter().map(Vec::as_slice).collect();
    let names: Vec<&str> = verify.name.iter().map(String::as_str).collect();
    if names.iter().any(|name| name.is_empty()) {
        bail!("--name: is blank");
    }
    Trust::new(&pems, &names, verify.allow_sha1).map_err(|error| anyhow!("--ca: {error}"))
}

fn contents(file: &Path) -> Result<Vec<u8>> {
    fs::read(file).with_context(|| format!("{} cannot be read", file.display()))
}
