//! The command line of Jichong: serve, terminal, demo, and the tools of an operator.

mod accounts;
mod add;
mod bank;
mod books;
mod card_check;
mod card_run;
mod cli;
mod config;
mod demo;
mod doctor;
mod manual;
mod merchant;
mod pay;
mod serve;
mod system;
mod terminal;
mod terminals;
mod vault;

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Parser as _;
use store::Db;
use topup::people::Side;
use tracing_subscriber::EnvFilter;

use crate::cli::{CardCommand, Cli, Command, TerminalCommand};

/// The exit status of a check that found something wrong; 2 is for commands that could not be carried out.
const NOT_EXACT: u8 = 1;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match logging(&cli).and_then(|()| work(cli.command)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(NOT_EXACT),
        Err(error) => {
            // One line a cause, the last of them the deepest.
            let mut text = String::from("jichong: ");
            for (index, cause) in error.chain().enumerate() {
                text.push_str(if index == 0 { "" } else { "\n  because: " });
                text.push_str(&cause.to_string());
            }
            text.push('\n');
            // Nowhere is left to say it if this fails.
            drop(std::io::stderr().write_all(text.as_bytes()));
            ExitCode::from(2)
        }
    }
}

/// Runs a command on a runtime of its own.
fn work(command: Command) -> Result<bool> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.context("the runtime does not start")?;
    let done = runtime.block_on(run(command));
    // What still blocks a thread (a card that never answers, an input where nobody types) must not keep us here.
    runtime.shutdown_background();
    done
}

fn logging(cli: &Cli) -> Result<()> {
    let filter =
        EnvFilter::builder().parse(&cli.log).with_context(|| format!("--log: {:?} is not a filter", cli.log))?;
    let colour = std::io::stderr().is_terminal();
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colour).with_writer(std::io::stderr);
    if cli.log_json {
        log.json().init();
    } else {
        log.init();
    }
    Ok(())
}

/// Runs a command; false is for a check that found something wrong.
async fn run(command: Command) -> Result<bool> {
    match command {
        Command::Demo(demo) => demo::run(demo).await.map(|()| true),
        Command::Serve(serve) => serve::run(serve).await.map(|()| true),
        Command::Terminal(TerminalCommand::Enrol(enrol)) => terminal::enrol(enrol).await.map(|()| true),
        Command::Terminal(TerminalCommand::Run(run)) => terminal::run(run).await.map(|()| true),
        Command::Terminal(TerminalCommand::Doctor(asked)) => doctor::run(asked).await,
        Command::Terminal(TerminalCommand::Code(known)) => terminals::code(known).await.map(|()| true),
        Command::Terminal(TerminalCommand::Revoke(known)) => terminals::revoke(known).await.map(|()| true),
        Command::Add(add) => add::run(add).await.map(|()| true),
        Command::Staff(command) => accounts::run(Side::Staff, command).await.map(|()| true),
        Command::Operator(command) => accounts::run(Side::Operators, command).await.map(|()| true),
        Command::Vault(command) => vault::run(command).await.map(|()| true),
        Command::Card(CardCommand::Check { file }) => {
            let report = card_check::check_file(&file)?;
            say(&report.text)?;
            Ok(report.failed == 0 && report.passed > 0)
        }
        Command::Card(CardCommand::Run(card)) => card_run::run(card).await.map(|()| true),
        Command::Backup { file, database } => backup(&database.database, &file).await.map(|()| true),
        Command::Manual { folder } => {
            manual::write(&folder)?;
            say(format!("man pages and completions are in {}", folder.display())).map(|()| true)
        }
        Command::Bank(asked) => bank::run(asked).await.map(|()| true),
        Command::Pay(command) => pay::run(&command),
        Command::Books(database) => books::run(&database.database).await,
    }
}

/// Copies a database in a file.
async fn backup(url: &str, file: &std::path::Path) -> Result<()> {
    store::backup(url, file).await?;
    let bytes = std::fs::metadata(file).with_context(|| format!("{} cannot be read", file.display()))?.len();
    say(format!("copied and checked: {} ({bytes} bytes)", file.display()))
}

/// Opens a database that is there and brings its schema up to date. Only the server makes a new one: a tool that made
/// one for a misspelled address would find its books in best order.
async fn open(url: &str) -> Result<Db> {
    let shown = config::without_password(url);
    let found = Db::find(url).await.with_context(|| format!("the database {shown} cannot be opened"))?;
    found.with_context(|| {
        format!(
            "there is no Jichong database at {shown}. Is it spelled right? jichong serve makes it at its first start"
        )
    })
}

/// Prints for the person at the command line.
fn say(text: impl AsRef<str>) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let text = text.as_ref().trim_end_matches('\n');
    writeln!(out, "{text}").and_then(|()| out.flush()).context("standard output cannot be written")
}
