//! A terminal that speaks the link's messages and does what it is told wrong: cards torn at any byte, connections
//! dropped, answers lost, doubled and late. It keeps the results that nobody acknowledged, as the real one does.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ed25519_dalek::{Signer as _, SigningKey};
use epurse::terminal::TerminalNumber;
use link::{Done, End, FromTerminal, Health, HexBytes, Reader, Readiness, Script, Tap, ToTerminal};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use topup::loads::OrderNumber;
use topup::{House, terminals};

use crate::cards::{Bench, Tear};

/// What goes wrong during the next script of a load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The card is torn away during the first command of the script.
    Tear(Tear),
    /// The connection drops before the script is run.
    DropBefore,
    /// The connection drops after the script was run and before its result is sent.
    DropAfter,
    /// The result is sent twice.
    Double,
    /// The result is sent long after the server gave up.
    Late,
    /// The script is never heard of and nothing is said.
    Deaf,
    /// The terminal's program is killed when it has kept so many of the script's answers; it starts again.
    Kill(usize),
}

/// Which script of a load a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strike {
    Initialize(Fault),
    Credit(Fault),
    Prove(Fault),
    Probe(Fault),
}

impl Strike {
    /// What goes wrong during this script.
    fn during(self, script: &str) -> Option<Fault> {
        let (fault, struck) = match self {
            Self::Initialize(fault) => (fault, script.ends_with("-init")),
            Self::Credit(fault) => (fault, OrderNumber::parse(script).is_some()),
            Self::Prove(fault) => (fault, script.contains("-prove-")),
            Self::Probe(fault) => (fault, script.ends_with("-probe")),
        };
        struck.then_some(fault)
    }
}

/// Someone who sits between a terminal and its card: gets every command, and says what the card answered (none: it was
/// taken away).
pub(crate) type Crook = Box<dyn FnMut(&Bench, usize, &str, &[u8]) -> Option<Vec<u8>> + Send>;

/// A terminal with one reader.
pub(crate) struct SimTerminal {
    pub(crate) number: TerminalNumber,
    key: SigningKey,
    boot: u64,
    taps: u64,
    /// The newest tap that the server had a script run on.
    worked_on: u64,
    /// The card that lies on the reader.
    lying: Option<(u64, usize)>,
    pub(crate) bench: Arc<Bench>,
    /// Results of committing scripts that were not acknowledged.
    unacknowledged: BTreeMap<String, Done>,
    pub(crate) strike: Option<Strike>,
    /// Answers every proof and probe with nothing, or with what the card said to an INITIALIZE before.
    pub(crate) plays_back: bool,
    recorded: Vec<HexBytes>,
    pub(crate) crook: Option<Crook>,
    /// Scripts that came so far: each is a round trip between server and terminal.
    pub(crate) round_trips: u32,
    /// The version of the link that it speaks.
    pub(crate) version: u16,
    /// What its clock is ahead of the server's.
    pub(crate) clock_ms: i64,
    link: Option<Link>,
}

struct Link {
    to_server: mpsc::Sender<String>,
    from_server: mpsc::Receiver<String>,
    attending: JoinHandle<()>,
}

/// The connection is not there, or no longer.
#[derive(Debug)]
pub(crate) struct Cut;

impl SimTerminal {
    pub(crate) fn new(number: TerminalNumber, key: SigningKey, bench: Arc<Bench>) -> Self {
        let unacknowledged = BTreeMap::new();
        Self {
            number,
            key,
            boot: 0,
            taps: 0,
            worked_on: 0,
            lying: None,
            bench,
            unacknowledged,
            strike: None,
            plays_back: false,
            recorded: Vec::new(),
            crook: None,
            round_trips: 0,
            version: link::VERSION,
            clock_ms: 0,
            link: None,
        }
    }

    pub(crate) fn connected(&self) -> bool {
        self.link.as_ref().is_some_and(|link| !link.attending.is_finished())
    }

    pub(crate) fn owes(&self) -> usize {
        self.unacknowledged.len()
    }

    /// Connects to a server: the handshake, the readers, and everything that was not acknowledged.
    pub(crate) async fn connect(&mut self, house: &House) -> Result<(), Cut> {
        self.cut();
        let (to_server, incoming) = mpsc::channel(64);
        let (outgoing, from_server) = mpsc::channel(64);
        let house = house.clone();
        let attending = tokio::spawn(async move { terminals::attend(&house, incoming, outgoing).await });
        self.link = Some(Link { to_server, from_server, attending });
        self.boot += 1;
        let (terminal, boot) = (self.number.to_string(), self.boot.to_string());
        let hello = FromTerminal::Hello {
            version: self.version,
            program: "sim".into(),
            terminal: terminal.clone(),
            boot: boot.clone(),
        };
        self.say(&hello).await?;
        let ToTerminal::Challenge { nonce } = self.hear().await? else { return Err(Cut) };
        let text = link::proof_text_of(self.version, &terminal, &boot, &nonce);
        let signature = self.key.sign(&text).to_bytes().to_vec().into();
        self.say(&FromTerminal::Proof { signature }).await?;
        let ToTerminal::Welcome { .. } = self.hear().await? else { return Err(Cut) };
        for done in self.unacknowledged.values().cloned().collect::<Vec<_>>() {
            self.say(&FromTerminal::Done(done)).await?;
        }
        let tap = self.lying.map(|(tap, _)| Self::tap_message(tap));
        self.say(&FromTerminal::Readers { readers: vec![Reader { name: "sim".into(), tap }] }).await
    }

    /// The terminal's disk is lost, and with it what nobody acknowledged.
    pub(crate) fn forget(&mut self) {
        self.unacknowledged.clear();
    }

    /// The connection is gone; what the server does with that is its own affair.
    pub(crate) fn cut(&mut self) {
        self.link = None;
    }

    /// The server is gone in the middle of whatever it did for this terminal.
    pub(crate) fn server_died(&mut self) {
        if let Some(link) = self.link.take() {
            link.attending.abort();
        }
    }

    pub(crate) async fn tap(&mut self, card: usize) -> Result<(), Cut> {
        self.remove().await?;
        self.taps += 1;
        self.lying = Some((self.taps, card));
        self.bench.power_on(card);
        let tap = Self::tap_message(self.taps);
        self.say(&FromTerminal::Inserted(tap)).await
    }

    /// Whether the server has turned to the newest tap. Before that it may still show the card of an earlier one.
    pub(crate) fn is_worked_on(&self) -> bool {
        self.worked_on == self.taps
    }

    /// Puts a card down while no server hears of it.
    pub(crate) fn put_down_unheard(&mut self, card: usize) {
        self.taps += 1;
        self.lying = Some((self.taps, card));
        self.bench.power_on(card);
    }

    /// Claims that the card was lifted and put down; it lies there all the time, under power.
    pub(crate) async fn tap_without_lifting(&mut self, card: usize) -> Result<(), Cut> {
        self.taps += 1;
        self.lying = Some((self.taps, card));
        self.say(&FromTerminal::Inserted(Self::tap_message(self.taps))).await
    }

    /// Says whatever it likes.
    pub(crate) async fn tell(&mut self, message: &FromTerminal) -> Result<(), Cut> {
        self.say(message).await
    }

    pub(crate) async fn remove(&mut self) -> Result<(), Cut> {
        let Some((tap, card)) = self.lying.take() else { return Ok(()) };
        self.bench.power_off(card);
        self.say(&FromTerminal::Removed { tap }).await
    }

    fn tap_message(tap: u64) -> Tap {
        Tap { tap, reader: "sim".into(), atr: vec![0x3B, 0].into() }
    }

    /// Does what the server asks for until it has asked for nothing during `quiet`.
    pub(crate) async fn serve(&mut self, quiet: Duration) -> Result<(), Cut> {
        while let Ok(message) = tokio::time::timeout(quiet, self.hear()).await {
            match message? {
                ToTerminal::Run(script) => self.run(script).await?,
                ToTerminal::Ack { script } => drop(self.unacknowledged.remove(&script)),
                ToTerminal::Check { at_us } => self.tell_health(at_us).await?,
                ToTerminal::Refused { .. } => {
                    self.cut();
                    return Err(Cut);
                }
                ToTerminal::Challenge { .. } | ToTerminal::Welcome { .. } => panic!("out of turn"),
            }
        }
        Ok(())
    }

    async fn tell_health(&mut self, at_us: i64) -> Result<(), Cut> {
        let unacknowledged = u32::try_from(self.unacknowledged.len()).expect("a few");
        let (answers, clock_ms) = (Some(at_us), self.clock_ms);
        let platform = "sim".into();
        let health = Health { answers, platform, clock_ms, readers: Readiness::Ready, unacknowledged };
        self.say(&FromTerminal::Health(health)).await
    }

    /// Does what the server asks for during `time`.
    pub(crate) async fn serve_for(&mut self, time: Duration, quiet: Duration) -> Result<(), Cut> {
        let until = tokio::time::Instant::now() + time;
        while tokio::time::Instant::now() < until {
            self.serve(quiet).await?;
        }
        Ok(())
    }

    async fn run(&mut self, script: Script) -> Result<(), Cut> {
        self.round_trips += 1;
        self.worked_on = script.tap;
        let fault = self.strike.and_then(|strike| strike.during(&script.id));
        if fault.is_some() {
            self.strike = None;
        }
        match fault {
            Some(Fault::DropBefore) => {
                self.cut();
                return Err(Cut);
            }
            Some(Fault::Deaf) => return Ok(()),
            _ => {}
        }
        let tear = if let Some(Fault::Tear(tear)) = fault { Some(tear) } else { None };
        let mut done = match fault {
            Some(Fault::Kill(kept)) => {
                let cut_short = Script { steps: script.steps[..kept].to_vec(), ..script.clone() };
                Done { end: End::Interrupted, ..self.execute(&cut_short, tear) }
            }
            _ => self.execute(&script, tear),
        };
        if script.id.ends_with("-init") {
            self.recorded.clone_from(&done.answers);
        } else if self.plays_back && script.id.contains("-prove-") {
            done.answers = vec![vec![0x94, 0x06].into(); 2];
        } else if self.plays_back && script.id.ends_with("-probe") {
            done.answers.clone_from(&self.recorded);
        }
        if script.commits {
            let before = self.unacknowledged.insert(script.id.clone(), done.clone());
            assert!(before.is_none(), "the server sent {} twice", script.id);
        }
        if matches!(fault, Some(Fault::DropAfter | Fault::Kill(_))) {
            self.cut();
            return Err(Cut);
        }
        if fault == Some(Fault::Late) {
            tokio::time::sleep(Duration::from_millis(320)).await;
        }
        let removed = done.end == End::Removed;
        self.say(&FromTerminal::Done(done.clone())).await?;
        if fault == Some(Fault::Double) {
            self.say(&FromTerminal::Done(done)).await?;
        }
        if removed && let Some((tap, _)) = self.lying.take() {
            self.say(&FromTerminal::Removed { tap }).await?;
        }
        Ok(())
    }

    fn execute(&mut self, script: &Script, mut tear: Option<Tear>) -> Done {
        let ended = |end, answers| Done { script: script.id.clone(), end, answers };
        let Some((tap, card)) = self.lying else { return ended(End::NoSuchTap, vec![]) };
        if tap != script.tap {
            return ended(End::NoSuchTap, vec![]);
        }
        let mut answers: Vec<HexBytes> = Vec::new();
        for step in &script.steps {
            let apdu = step.apdu.as_ref();
            let answer = match &mut self.crook {
                Some(crook) => crook(&self.bench, card, &script.id, apdu),
                None => self.bench.transmit(card, &script.id, apdu, tear.take()),
            };
            let Some(answer) = answer else { return ended(End::Removed, answers) };
            let expected = step.expect.allows(&answer);
            answers.push(answer.into());
            if !expected {
                return ended(End::Unexpected, answers);
            }
        }
        ended(End::Completed, answers)
    }

    async fn say(&mut self, message: &FromTerminal) -> Result<(), Cut> {
        let link = self.link.as_ref().ok_or(Cut)?;
        link.to_server.send(message.to_text()).await.map_err(|_| Cut)
    }

    async fn hear(&mut self) -> Result<ToTerminal, Cut> {
        let link = self.link.as_mut().ok_or(Cut)?;
        let text = link.from_server.recv().await.ok_or(Cut)?;
        Ok(ToTerminal::parse(&text).expect("the server keeps to the rules"))
    }
}
