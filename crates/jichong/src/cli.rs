//! What can be typed.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use topup::lines;

use crate::bank::BankCommand;
use crate::config::{Flags, SETTINGS};
use crate::doctor::Doctor;
use crate::pay::PayCommand;
use crate::vault::VaultCommand;

/// What most people come for, below the list of commands.
const WAYS: &str = "\
Common ways:
  try everything on this machine     jichong demo
  run a server                       jichong serve --config /etc/jichong/jichong.toml
  a bank to test with                jichong bank
  make this machine a terminal       jichong terminal enrol --server https://… --code …
  run the terminal                   jichong terminal run --server https://…
  prove the books                    jichong books --database sqlite:/var/lib/jichong/jichong.sqlite

Exit status: 0 done, 1 a check found something wrong, 2 the command could not be carried out.
The guides: docs/install.md, docs/operate.md (中文: install.zh.md, operate.zh.md)";

/// Where a terminal keeps its key and its journal, if nobody says otherwise.
pub(crate) const TERMINAL_STATE: &str = "terminal-state";

/// Jichong 集充: companies charge their people's city cards from a quota.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, disable_help_subcommand = true, after_help = WAYS)]
pub(crate) struct Cli {
    /// Log as JSON lines instead of text
    #[arg(long, global = true, env = "JICHONG_LOG_JSON")]
    pub(crate) log_json: bool,
    /// What to log: error, warn, info, debug or trace, for all or by part, for example info,topup=debug
    #[arg(
        long,
        global = true,
        env = "JICHONG_LOG",
        default_value = "info,sqlx::postgres::notice=warn",
        value_name = "FILTER"
    )]
    pub(crate) log: String,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run everything on this machine to try it: server, sandbox bank, software reader, sample groups and cards
    Demo(Demo),
    /// Run the server
    Serve(Serve),
    /// The program beside a reader, and what the server's side decides about it
    #[command(subcommand)]
    Terminal(TerminalCommand),
    /// Create groups, operators, terminals and staff
    #[command(subcommand)]
    Add(Add),
    /// Reset the password of a member of staff, deactivate or activate their account
    #[command(subcommand)]
    Staff(AccountCommand),
    /// Reset the password of an operator of a group, deactivate or activate their account
    #[command(subcommand)]
    Operator(AccountCommand),
    /// Make, bring in, list, roll and retire the card keys, in a sealed file or in a token
    #[command(subcommand)]
    Vault(VaultCommand),
    /// Tools for cards
    #[command(subcommand)]
    Card(CardCommand),
    /// Run the sandbox bank alone: a payment gateway to test with, which moves no real money
    Bank(BankCommand),
    /// Tools for the payment gateway
    #[command(subcommand)]
    Pay(PayCommand),
    /// Prove the books: no fen lost, none made. Exit status 0 if they are exact, 1 if not
    Books(Database),
    /// Copy a SQLite database into a new file while everything runs, and check the copy
    Backup {
        /// The file to create, for example /backup/jichong-2026-11-23.sqlite
        file: PathBuf,
        #[command(flatten)]
        database: Database,
    },
    /// Write the man pages and shell completions into a folder, for example /usr/local/share
    Manual {
        /// The folder; what is made lies where man, bash, zsh and fish look for it below a `share` folder
        folder: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Where the demo keeps its database, keys and cards
    #[arg(long, default_value = "demo-data", value_name = "FOLDER")]
    pub(crate) dir: PathBuf,
    /// Address of the portal; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    pub(crate) listen: SocketAddr,
    /// Address of the software reader's page
    #[arg(long, default_value = "127.0.0.1:8081", value_name = "ADDRESS")]
    pub(crate) listen_reader: SocketAddr,
    /// Address of /metrics, /healthz and /readyz
    #[arg(long, default_value = "127.0.0.1:8082", value_name = "ADDRESS")]
    pub(crate) listen_ops: SocketAddr,
    /// Address of the sandbox bank
    #[arg(long, default_value = "127.0.0.1:8083", value_name = "ADDRESS")]
    pub(crate) listen_bank: SocketAddr,
    /// Another database than the SQLite file in the folder, for example postgres://…
    #[arg(long, value_name = "URL")]
    pub(crate) database: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_long_help = SETTINGS)]
pub(crate) struct Serve {
    /// Configuration file (TOML); flags and JICHONG_… variables win over it
    #[arg(long, env = "JICHONG_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Check the configuration and the database, then stop
    #[arg(long)]
    pub(crate) check: bool,
    #[command(flatten)]
    pub(crate) flags: Flags,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TerminalCommand {
    /// Bind this machine to its terminal number with the one-time code from the card company
    Enrol(Enrol),
    /// Run the terminal: relay between its readers' cards and the server. It drives the readers of this machine (PC/SC)
    /// unless a software reader is asked for
    Run(Run),
    /// Say what is wrong with this terminal: readers, card, clock, network, certificate, version, and what to do.
    /// Changes nothing, also works before it is enrolled and while it runs. Exit status 0 if nothing is broken, 1 if
    /// something is
    Doctor(Doctor),
    /// Print a new one-time code for a terminal, to enrol it on another machine or after a code ran out
    Code(Known),
    /// Take a terminal out of use for good; its connection ends at once
    Revoke(Revoke),
}

#[derive(Debug, Args)]
pub(crate) struct Revoke {
    /// Why, for the audit trail
    #[arg(long, default_value = "revoked at the command line", value_parser = line)]
    pub(crate) reason: String,
    #[command(flatten)]
    pub(crate) known: Known,
}

/// A terminal in a database.
#[derive(Debug, Args)]
pub(crate) struct Known {
    /// Its number, 12 hexadecimal digits, for example 000001000050
    pub(crate) number: String,
    #[command(flatten)]
    pub(crate) database: Database,
}

#[derive(Debug, Args)]
pub(crate) struct Enrol {
    #[arg(long, value_name = "URL", help = "The server, for example https://topup.example.cn")]
    pub(crate) server: String,
    /// The one-time code from the card company, for example 87CN-62B9-0DDR-PDF2; it works once and for some minutes
    #[arg(long)]
    pub(crate) code: String,
    #[command(flatten)]
    pub(crate) state: State,
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    #[arg(long, env = "JICHONG_SERVER", value_name = "URL", help = "The server, for example https://topup.example.cn")]
    pub(crate) server: String,
    #[command(flatten)]
    pub(crate) state: State,
    /// Use a software reader with sample cards made from the test master keys in this file, and no real reader:
    /// {"mlk":"…","mpk":"…","mtk":"…"}
    #[arg(long, value_name = "FILE")]
    pub(crate) soft_keys: Option<PathBuf>,
    /// Address of the software reader's page
    #[arg(long, default_value = "127.0.0.1:8081", value_name = "ADDRESS")]
    pub(crate) listen_reader: SocketAddr,
}

#[derive(Debug, Args)]
pub(crate) struct State {
    /// Where the terminal keeps its key and its journal; a service keeps them in /var/lib/jichong-terminal
    #[arg(
        long,
        visible_alias = "dir",
        env = "JICHONG_TERMINAL_STATE",
        default_value = "terminal-state",
        value_name = "FOLDER"
    )]
    pub(crate) state: PathBuf,
    /// The authorities that vouch for the server, PEM, instead of those that the system trusts
    #[arg(long, env = "JICHONG_CA", value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Add {
    /// A group, with the quota it brings from the system before
    Group {
        /// Its name
        #[arg(value_parser = line)]
        name: String,
        /// Opening quota in yuan, for example 10000
        #[arg(long, default_value = "0", value_name = "YUAN")]
        opening_quota: String,
        #[command(flatten)]
        database: Database,
    },
    /// An operator of a group; the first password is read from standard input (type it, Enter, Ctrl-D)
    Operator {
        /// The group's id, as `jichong add group` printed it
        group: i64,
        /// What they type to sign in, for example 0012
        #[arg(value_parser = line)]
        login: String,
        /// Their name
        #[arg(long, default_value = "", value_parser = line)]
        name: String,
        /// clerk (charges cards) or manager (also pays in, and looks after people and cards of the group)
        #[arg(long, default_value = "clerk")]
        role: String,
        #[command(flatten)]
        database: Database,
    },
    /// A member of the card company's staff; the first password is read from standard input (type it, Enter, Ctrl-D)
    Staff {
        /// What they type to sign in to the office
        #[arg(long, value_parser = line)]
        login: String,
        /// Their name
        #[arg(long, value_parser = line)]
        name: String,
        /// teller, finance, admin or auditor
        #[arg(long)]
        role: String,
        #[command(flatten)]
        database: Database,
    },
    /// A terminal of a group; prints the one-time code that enrols it
    Terminal {
        /// The group's id, as `jichong add group` printed it
        group: i64,
        /// Its number, 12 hexadecimal digits, for example 000001000050; every card it charges keeps it
        number: String,
        /// What people call it, for example 前台一号; its number if left out
        #[arg(long, default_value = "", value_parser = line)]
        name: String,
        #[command(flatten)]
        database: Database,
    },
}

/// What becomes of somebody's account. All of it is written to the audit trail.
#[derive(Debug, Subcommand)]
pub(crate) enum AccountCommand {
    /// Give them a new password, read from standard input (type it, Enter, Ctrl-D); their sessions end
    Password(Somebody),
    /// Let them in no longer; their sessions end, and a hands-free run of theirs with them
    Deactivate(Somebody),
    /// Let them in again, with the password from before
    Activate(Somebody),
}

#[derive(Debug, Args)]
pub(crate) struct Somebody {
    /// What they type to sign in
    #[arg(value_parser = line)]
    pub(crate) login: String,
    #[command(flatten)]
    pub(crate) database: Database,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CardCommand {
    /// Recompute load and purchase vectors and compare. Exit status 0 if all agree, 1 if not
    Check {
        /// JSON, see the documentation of the command
        file: PathBuf,
    },
    /// Be a card: a software card in the virtual reader of vsmartcard (vpcd), for any program that speaks PC/SC
    #[command(after_long_help = crate::card_run::MORE_HELP)]
    Run(CardRun),
}

#[derive(Debug, Args)]
pub(crate) struct CardRun {
    /// Where the virtual reader waits for its card
    #[arg(long, default_value = "127.0.0.1:35963", value_name = "HOST:PORT")]
    pub(crate) vpcd: String,
    /// The card's number, 16 digits. A number of the demo's sample cards is that card: expired, disabled and so on
    #[arg(long, default_value = "4100000099000001", value_name = "NUMBER")]
    pub(crate) card: String,
    /// What is on it when it is new, in yuan
    #[arg(long, value_name = "YUAN")]
    pub(crate) balance: Option<String>,
    /// Its class, two hexadecimal digits (the first byte of the card type in file 15)
    #[arg(long, value_name = "CLASS")]
    pub(crate) class: Option<String>,
    /// The issuer's test master keys, {"mlk":"…","mpk":"…","mtk":"…"}; without it those of the published vector V6
    #[arg(long, value_name = "FILE")]
    pub(crate) keys: Option<PathBuf>,
    /// How it behaves where real cards differ
    #[arg(long, value_enum, default_value_t = CardQuirks::Field)]
    pub(crate) quirks: CardQuirks,
    /// The protocol it speaks
    #[arg(long, value_enum, default_value_t = CardProtocol::T1)]
    pub(crate) protocol: CardProtocol,
    /// How long it takes for each answer, in milliseconds
    #[arg(long, default_value_t = 0, value_name = "MS")]
    pub(crate) slow: u64,
    /// Where it keeps its balance, counters and log [default: card-NUMBER.json]
    #[arg(long, value_name = "FILE")]
    pub(crate) memory: Option<PathBuf>,
    /// Begin outside the reader; "insert" puts it in
    #[arg(long)]
    pub(crate) out: bool,
    /// Print every command and its answer
    #[arg(long)]
    pub(crate) trace: bool,
}

/// How a software card behaves where real cards differ.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum CardQuirks {
    /// As most cards in the field: a load is proven under the counter after it, and stays proven
    Field,
    /// As one published applet: proven under the counter before it, once, until the next INITIALIZE
    Applet,
}

/// The protocol of a software card.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum CardProtocol {
    /// Byte by byte: answers 61xx and 6Cxx
    T0,
    /// In blocks, as contactless cards do
    T1,
}

#[derive(Debug, Args)]
pub(crate) struct Database {
    #[arg(
        long,
        env = "JICHONG_DATABASE",
        value_name = "URL",
        help = "The database: sqlite:FILE, for example sqlite:/var/lib/jichong/jichong.sqlite, or postgres://USER@HOST/NAME"
    )]
    pub(crate) database: String,
}

/// A line of text: lists, logs and this program itself show it on one.
fn line(text: &str) -> Result<String, String> {
    match lines::control(text) {
        None => Ok(text.to_owned()),
        Some(control) => Err(format!("it holds the control character {}", lines::name_of(control))),
    }
}
