//! What one terminal's connection does all day: read the card that was put down, charge it when a clerk confirms.

mod hands_free;

use std::collections::BTreeMap;
use std::convert::Infallible;

use link::{Done, FromTerminal, Reader, Refusal, Tap, ToTerminal};
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::auth::Refused;
use super::health::{self, CHECK_EVERY};
use super::{Lost, Phase, Terminal, Wire, end_topic, live, work_topic};
use crate::House;
use crate::cards::{self, Problem, SeeError, Seen};
use crate::loads::{self, AskError, Charge, Charged, Intent, Load, OrderNumber, Proven, State, Tapped};
use crate::runs::{RunId, What};

/// A connected terminal.
pub(super) struct Station<'a> {
    house: &'a House,
    wire: &'a mut Wire,
    terminal: Terminal,
    row: &'a live::Row,
    readers: Vec<String>,
    /// Cards that lie on a reader, by tap.
    taps: BTreeMap<u64, Tap>,
    /// The card that is offered for charging: the one put down last.
    current: Option<Current>,
    /// Whether the card is shown with a load in doubt.
    in_doubt: bool,
    /// When the terminal is asked next how it is.
    check_at: Instant,
    /// How it was asked last: the time that the answer repeats, when, and after how many scripts.
    asked: Option<(i64, Instant, u64)>,
    /// What became of a run's card, to be told with what is shown next.
    news: Option<(RunId, What)>,
}

/// The card that is offered for charging.
struct Current {
    tap: u64,
    reader: String,
    /// Random, so that nobody can make up the intent of a tap to come.
    key: String,
    /// Loads that ended on this tap.
    ended: u32,
    /// What was read; none if the card could not be read.
    seen: Option<Seen>,
    last: Option<OrderNumber>,
    /// The doubt about an earlier load of this group that the card settled on this tap.
    proven: Option<Proven>,
    /// Whether the card was asked about a doubt on this tap and proved nothing.
    asked: bool,
    /// The run that charges this card once its doubt is settled.
    waits: Option<RunId>,
}

/// What reading a card gave.
#[derive(Default)]
struct Reading {
    seen: Option<Seen>,
    proven: Option<Proven>,
    asked: bool,
}

impl Current {
    /// The intent key of the next load on this tap.
    fn intent(&self) -> String {
        format!("{}-{}", self.key, self.ended)
    }
}

impl<'a> Station<'a> {
    pub(super) fn new(house: &'a House, wire: &'a mut Wire, terminal: Terminal, row: &'a live::Row) -> Self {
        let (readers, taps, check_at) = (Vec::new(), BTreeMap::new(), Instant::now());
        let (current, in_doubt, asked, news) = (None, false, None, None);
        Self { house, wire, terminal, row, readers, taps, current, in_doubt, check_at, asked, news }
    }

    /// Works until the connection ends.
    pub(super) async fn work(mut self) -> Result<Infallible, Refused> {
        let (work, end) = (work_topic(self.terminal.number), end_topic(self.terminal.number));
        let mut signals = self.house.db.listen().await?;
        let mut tick = interval(self.house.settings.poll);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = self.house.stopped() => return Err(Refused::new(Refusal::TryAgain, "the server is stopping")),
                message = self.wire.next() => self.take(message?).await?,
                signal = signals.next() => {
                    if signal.concerns(&end) {
                        self.beat().await?;
                    }
                    if signal.concerns(&work) {
                        self.charge_what_is_confirmed().await?;
                    }
                }
                _ = tick.tick() => {
                    self.beat().await?;
                    self.charge_what_is_confirmed().await?;
                }
            }
        }
    }

    async fn take(&mut self, message: FromTerminal) -> Result<(), Refused> {
        match message {
            FromTerminal::Readers { readers } => self.take_readers(readers).await,
            FromTerminal::Inserted(tap) => {
                self.taps.insert(tap.tap, tap.clone());
                self.put_down(tap).await
            }
            FromTerminal::Removed { tap } => {
                self.taps.remove(&tap);
                if self.current.as_ref().is_some_and(|current| current.tap == tap) {
                    let next = self.taps.values().next_back().cloned();
                    self.offer(next).await?;
                }
                Ok(())
            }
            FromTerminal::Done(done) => self.take_late(&done).await,
            FromTerminal::Health(health) => self.take_health(&health).await,
            FromTerminal::Hello { .. } | FromTerminal::Proof { .. } => {
                Err(Refused::new(Refusal::Malformed, "the terminal is let in already"))
            }
        }
    }

    /// All readers and what lies on them: after each connect, and when readers come and go.
    async fn take_readers(&mut self, readers: Vec<Reader>) -> Result<(), Refused> {
        self.readers = readers.iter().map(|reader| reader.name.clone()).collect();
        self.taps = readers.into_iter().filter_map(|reader| reader.tap).map(|tap| (tap.tap, tap)).collect();
        let lies = self.current.as_ref().is_some_and(|current| self.taps.contains_key(&current.tap));
        if lies { self.show().await } else { self.offer(self.taps.values().next_back().cloned()).await }
    }

    /// Reads the card of `tap` and offers it for charging.
    async fn offer(&mut self, tap: Option<Tap>) -> Result<(), Refused> {
        let Some(tap) = tap else {
            self.current = None;
            return self.show().await;
        };
        self.lay(tap).await?;
        self.show().await
    }

    /// Reads the card of `tap`: it is the one to be charged from now on.
    async fn lay(&mut self, tap: Tap) -> Result<(), Refused> {
        self.row.write(self.house, &self.readers, &Phase::Reading).await.map_err(Refused::from).and_then(owned)?;
        let Reading { seen, proven, asked } = self.read(tap.tap).await?;
        let key = hex::encode(self.house.random::<12>());
        let (tap, reader) = (tap.tap, tap.reader);
        let last = None;
        self.current = Some(Current { tap, reader, key, ended: 0, seen, last, proven, asked, waits: None });
        Ok(())
    }

    /// Reads the card, and lets it settle the doubt about an earlier load, if there is one.
    async fn read(&mut self, tap: u64) -> Result<Reading, Refused> {
        let Some(seen) = self.see(tap).await? else { return Ok(Reading::default()) };
        let tapped = Tapped { terminal: self.terminal.number, tap, seen: &seen };
        let settlement = match loads::settle_doubts(self.house, self.wire, &tapped).await {
            Ok(settlement) => settlement,
            Err(AskError::Lost(Lost::Silent)) => return Ok(Reading::default()),
            Err(AskError::Lost(lost)) => return Err(lost.into()),
            Err(AskError::Storage(error)) => return Err(error.into()),
        };
        let proven = settlement.proven.into_iter().find(|of| of.group == self.terminal.group);
        Ok(Reading { seen: Some(seen), proven, asked: settlement.open })
    }

    /// Who is the card, and what is on it? Tries the issuer's applications in turn.
    async fn see(&mut self, tap: u64) -> Result<Option<Seen>, Refused> {
        for application in &self.house.settings.applications {
            let id = format!("see-{}", hex::encode(self.house.random::<6>()));
            let script = cards::see_script(id, tap, self.house.settings.script, application);
            let done = match self.wire.run(script, self.house.settings.answer).await {
                Ok(done) => done,
                Err(Lost::Silent) => return Ok(None),
                Err(lost) => return Err(lost.into()),
            };
            match cards::parse_seen(&done, application) {
                Ok(seen) => return Ok(Some(seen)),
                Err(SeeError::NoApplication(_)) => {}
                Err(why) => {
                    tracing::info!(terminal = %self.terminal.number, %why, "a card could not be read");
                    return Ok(None);
                }
            }
        }
        Ok(None)
    }

    /// Writes what pages see.
    async fn show(&mut self) -> Result<(), Refused> {
        let phase = match &self.current {
            None => Phase::NoCard,
            Some(Current { seen: None, .. }) => Phase::Unreadable,
            Some(current @ Current { seen: Some(seen), .. }) => {
                let card = cards::describe(self.house, self.terminal.group, seen).await?;
                Phase::Card { card, intent: current.intent(), last: current.last, proven: current.proven.clone() }
            }
        };
        self.in_doubt =
            matches!(&phase, Phase::Card { card, .. } if matches!(card.allowed, Err(Problem::InDoubt { .. })));
        self.write(&phase).await
    }

    /// Says that the connection stands. A card that lies there in doubt is asked as soon as it can be, and looked after:
    /// its doubt may be settled elsewhere meanwhile.
    async fn beat(&mut self) -> Result<(), Refused> {
        owned(self.row.beat(self.house).await?)?;
        if self.check_at <= Instant::now() {
            self.check().await?;
        }
        match &self.current {
            Some(current) if self.in_doubt && !current.asked => self.look_again().await?,
            Some(_) if self.in_doubt => self.show().await?,
            Some(_) | None => {}
        }
        self.charge_if_settled().await
    }

    async fn charge_what_is_confirmed(&mut self) -> Result<(), Refused> {
        while let Some(intent) = loads::take(self.house, &self.terminal).await? {
            self.charge(intent).await?;
        }
        self.go_on_after_a_withdrawal().await
    }

    /// If the confirm that this tap waits for was withdrawn, the next one needs a new intent.
    async fn go_on_after_a_withdrawal(&mut self) -> Result<(), Refused> {
        let Some(intent) = self.current.as_ref().map(Current::intent) else { return Ok(()) };
        let Some(load) = loads::by_intent(self.house, self.terminal.group, &intent).await? else { return Ok(()) };
        if let Some(current) = &mut self.current {
            current.ended = current.ended.saturating_add(1);
            current.last = Some(load.order);
        }
        self.show().await
    }

    /// Carries out one confirmed load.
    async fn charge(&mut self, intent: Intent) -> Result<(), Refused> {
        let offered = self.current.as_ref().filter(|current| current.intent() == intent.key);
        let Some((current, seen)) = offered.and_then(|current| Some((current, current.seen.clone()?))) else {
            loads::refuse_changed(self.house, &self.terminal, &intent).await?;
            return Ok(());
        };
        let (reader, tap) = (current.reader.clone(), current.tap);
        let card = cards::describe(self.house, self.terminal.group, &seen).await?;
        let phase = Phase::Charging { card: card.clone(), intent: intent.key.clone(), amount: intent.amount };
        owned(self.row.write(self.house, &self.readers, &phase).await?)?;
        let problem = card.allowed.err();
        self.carry_out(&Charge { terminal: self.terminal.clone(), reader, tap, intent, seen, problem }).await
    }

    /// Carries out one load of the card on the reader, and shows what became of it.
    async fn carry_out(&mut self, charge: &Charge) -> Result<(), Refused> {
        let started = Instant::now();
        let charged = loads::charge(self.house, self.wire, charge).await;
        metrics::histogram!("jichong_load_seconds").record(started.elapsed().as_secs_f64());
        self.news = charge.intent.run.zip(charged.load.as_ref().map(|load| What::Load(load.order)));
        self.after(charged).await
    }

    async fn after(&mut self, charged: Charged) -> Result<(), Refused> {
        let Charged { load, acknowledge, lost } = charged;
        if let Some(script) = acknowledge {
            self.wire.send(&ToTerminal::Ack { script }).await?;
        }
        if let Some(lost) = lost {
            self.tell_without_card().await?;
            return Err(lost.into());
        }
        let Some(load) = load else {
            // Nothing is recorded because the database is away. The terminal keeps what it has and says it again.
            return Err(Refused::new(Refusal::TryAgain, "the server cannot reach its database; trying again helps"));
        };
        self.show_after(&load).await
    }

    /// The card as it is after a load: after a success its TAC has proven the balance; otherwise it is read again.
    async fn show_after(&mut self, load: &Load) -> Result<(), Refused> {
        let Some(tap) = self.current.as_ref().map(|current| current.tap) else { return self.show().await };
        let Reading { seen, proven, asked } = match (load.state, load.balance_after) {
            (State::Succeeded, Some(balance)) => {
                let seen = self.current.as_ref().and_then(|current| current.seen.clone());
                Reading { seen: seen.map(|seen| Seen { balance, ..seen }), ..Reading::default() }
            }
            _ => self.read(tap).await?,
        };
        if let Some(current) = &mut self.current {
            (current.seen, current.proven, current.asked) = (seen, proven, asked);
            current.ended = current.ended.saturating_add(1);
            current.last = Some(load.order);
        }
        self.show().await
    }

    /// A result that nobody waited for: taken once, then acknowledged. Scripts whose results are not kept are of no
    /// interest any more.
    async fn take_late(&mut self, done: &Done) -> Result<(), Refused> {
        let open = self.open_in_run(done).await?;
        let Some(taken) = loads::late(self.house, &self.terminal, done).await? else { return Ok(()) };
        if taken {
            self.wire.send(&ToTerminal::Ack { script: done.script.clone() }).await?;
            self.check().await?;
        }
        self.news = open;
        self.look_again().await
    }

    /// Asks the terminal how it is.
    async fn check(&mut self) -> Result<(), Refused> {
        let (now, at_us) = (Instant::now(), self.house.now().0);
        self.check_at = now.checked_add(CHECK_EVERY).unwrap_or(now);
        self.asked = Some((at_us, now, self.wire.scripts()));
        Ok(self.wire.send(&ToTerminal::Check { at_us }).await?)
    }

    /// How the terminal is. Its distance is measured if nothing came between the question and the answer.
    async fn take_health(&mut self, health: &link::Health) -> Result<(), Refused> {
        let trip = match self.asked {
            Some((at_us, when, scripts)) if health.answers == Some(at_us) => {
                self.asked = None;
                (scripts == self.wire.scripts()).then(|| when.elapsed())
            }
            Some(_) | None => None,
        };
        Ok(health::write(self.house, self.row, health, trip).await?)
    }

    /// Reads the card again that lies there: what became of a load may have changed what can be said of it.
    async fn look_again(&mut self) -> Result<(), Refused> {
        let Some(tap) = self.current.as_ref().map(|current| current.tap) else { return Ok(()) };
        let Reading { seen, proven, asked } = self.read(tap).await?;
        if let Some(current) = &mut self.current {
            (current.seen, current.proven, current.asked) = (seen, proven.or(current.proven.take()), asked);
        }
        self.show().await
    }
}

/// Whether this connection still owns the terminal.
fn owned(owned: bool) -> Result<(), Refused> {
    let text = "another connection of this terminal took over, or the terminal was revoked";
    if owned { Ok(()) } else { Err(Refused::new(Refusal::Replaced, text)) }
}
