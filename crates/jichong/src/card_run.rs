//! `jichong card run`: a software card in the virtual reader of vsmartcard.

mod orders;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use epurse::card::{Protocol, Quirks};
use epurse::file15::CardNumber;
use epurse::keys::Key;
use ledger::Fen;
use terminal::{
    Exchanged, LoneCard, MasterKeys, Order, Place, SoftCardDefinition, VirtualCard, VirtualCardView, ordinary_card,
};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::sync::mpsc;

use crate::cli::{CardProtocol, CardQuirks, CardRun};
use crate::terminal::{randomness, sample_definitions, soft_keys};
use crate::{say, system};
use orders::Line;

/// What `--help` says besides the options.
pub(crate) const MORE_HELP: &str = "\
What can be typed while it runs:
  remove             take the card off the reader
  insert             put it back
  tear WHEN N        take it away at the N-th exchange from now; 1 is the next one. WHEN is
                       before   the command does not arrive
                       during   it arrives, nothing of it is done
                       after    it is done, its answer does not leave
                       then     its answer leaves, and the card goes at once
  tear WHEN credit   the same at the next CREDIT FOR LOAD
  slow MS            take that long for each answer from now on
  balance            say what is on it
  quit               stop

To try it against a PC/SC program, on Debian as root:
  apt-get install pcscd vsmartcard-vpcd pcsc-tools
  pcscd --foreground &     (unless the system starts it by itself)
  jichong card run &
  pcsc_scan

The virtual reader listens on all addresses of the machine: keep its ports (35963 and 35964) behind a firewall.

Without --keys the card is made from the master keys of a published test vector, which are no secret:
  MLK 0123456789ABCDEFFEDCBA9876543210
  MPK A0A1A2A3A4A5A6A7B0B1B2B3B4B5B6B7
  MTK 00112233445566778899AABBCCDDEEFF";

/// MLK, MPK and MTK of that vector.
const PUBLISHED: [&str; 3] =
    ["0123456789ABCDEFFEDCBA9876543210", "A0A1A2A3A4A5A6A7B0B1B2B3B4B5B6B7", "00112233445566778899AABBCCDDEEFF"];

/// Lies in the reader until told to stop.
pub(crate) async fn run(options: CardRun) -> Result<()> {
    let card = card(&options)?;
    say(format!("card {}, {}", card.number(), on_it(card.balance_fen(), card.loads())))?;
    let (looker_on, mut exchanges) = mpsc::unbounded_channel();
    let card = VirtualCard::new(card, &options.vpcd, options.trace.then_some(looker_on));
    card.order(Order::Slow(Duration::from_millis(options.slow))).await;
    if !options.out {
        card.order(Order::Insert).await;
    }
    let mut seen = card.watch();
    let mut before = seen.borrow_and_update().clone();
    let mut typed = typed();
    let stop = system::told_to_stop();
    tokio::pin!(stop);
    loop {
        tokio::select! {
            stopped = &mut stop => return stopped,
            // When nobody types any more the card goes on by itself.
            Some(line) = typed.recv() => match line.parse() {
                Ok(Line::Order(order)) => {
                    card.order(order).await;
                    if matches!(order, Order::Tear(_) | Order::TearCredit(_)) {
                        say("the card will be torn away")?;
                    }
                }
                Ok(Line::Balance) => say(on_it(before.balance_fen, before.loads))?,
                Ok(Line::Nothing) => {}
                Ok(Line::Quit) => return Ok(()),
                Err(why) => say(why)?,
            },
            Some(exchange) = exchanges.recv() => say(traced(&exchange))?,
            changed = seen.changed() => {
                changed.context("the card ended by a fault of this program")?;
                let now = seen.borrow_and_update().clone();
                news(&before, &now, &options.vpcd).iter().try_for_each(say)?;
                before = now;
            }
        }
    }
}

/// The lines that are typed.
fn typed() -> mpsc::Receiver<String> {
    let (lines, typed) = mpsc::channel(16);
    tokio::spawn(async move {
        let mut input = BufReader::new(tokio::io::stdin()).lines();
        while let Ok(Some(line)) = input.next_line().await {
            if lines.send(line).await.is_err() {
                return;
            }
        }
    });
    typed
}

/// What is said of a change.
fn news(before: &VirtualCardView, now: &VirtualCardView, vpcd: &str) -> Vec<String> {
    let mut news = Vec::new();
    if (before.balance_fen, before.loads) != (now.balance_fen, now.loads) {
        news.push(on_it(now.balance_fen, now.loads));
    }
    if before.torn != now.torn {
        news.push("the card was torn away".to_owned());
    }
    match (&before.place, &now.place) {
        (before, now) if before == now => {}
        (_, Place::Out) if before.torn == now.torn => news.push("the card is out".to_owned()),
        (Place::In, Place::Near | Place::Waiting { .. }) => news.push("the reader is gone".to_owned()),
        (Place::Out | Place::Near, Place::Waiting { why }) => {
            news.push(format!("no reader at {vpcd} ({why}); waiting for one"));
        }
        (_, Place::In) => news.push(format!("the card is in the reader at {vpcd}")),
        (_, Place::Out | Place::Near | Place::Waiting { .. }) => {}
    }
    news
}

fn traced(exchange: &Exchanged) -> String {
    let answer = exchange.answer.as_ref().map_or_else(|| "torn away".to_owned(), ToString::to_string);
    format!("> {}\n< {answer}", exchange.command)
}

/// The card as the options want it.
fn card(options: &CardRun) -> Result<LoneCard> {
    let mut definition = definition(options)?;
    if let Some(balance) = &options.balance {
        let fen: Fen = balance.parse().context("--balance: yuan are expected, such as 12.60")?;
        definition.state.balance =
            u32::try_from(fen.as_i64()).map_err(|_| anyhow!("--balance: {balance} does not fit on a card"))?;
    }
    if let Some(class) = &options.class {
        let class = Some(class).filter(|class| class.len() == 2).and_then(|class| u8::from_str_radix(class, 16).ok());
        let class = class.context("--class: two hexadecimal digits are expected, such as 01")?;
        definition.profile.file15 = definition.profile.file15.with_card_type([class, 0]);
    }
    definition.profile.quirks = match options.quirks {
        CardQuirks::Field => Quirks::FIELD,
        CardQuirks::Applet => Quirks::APPLET,
    };
    definition.profile.protocol = match options.protocol {
        CardProtocol::T0 => Protocol::T0,
        CardProtocol::T1 => Protocol::T1,
    };
    let memory = options.memory.clone().unwrap_or_else(|| PathBuf::from(format!("card-{}.json", options.card)));
    Ok(LoneCard::open(definition, Some(memory))?)
}

/// The sample card of that number, or an ordinary one.
fn definition(options: &CardRun) -> Result<SoftCardDefinition> {
    let number = &options.card;
    let number: CardNumber =
        number.parse().map_err(|error| anyhow!("--card: {number:?} is no card number: {error}"))?;
    let keys = match &options.keys {
        Some(file) => soft_keys(file)?,
        None => published()?,
    };
    let seed = rand::Rng::next_u64(&mut randomness()?);
    let sample = sample_definitions(&keys, seed).into_iter().find(|card| card.profile.file15.number() == number);
    let card = sample.or_else(|| ordinary_card(&keys, number, seed));
    card.with_context(|| format!("--card: 16 digits are expected, such as 4100000099000001; is {:?}", options.card))
}

fn published() -> Result<MasterKeys> {
    let [mlk, mpk, mtk] = PUBLISHED.map(str::parse::<Key>);
    Ok(MasterKeys { mlk: mlk?, mpk: mpk?, mtk: mtk? })
}

fn on_it(balance_fen: u32, loads: u16) -> String {
    let loads = if loads == 1 { "1 load".to_owned() } else { format!("{loads} loads") };
    format!("¥{} on it, {loads} so far", Fen::new(i64::from(balance_fen)))
}
