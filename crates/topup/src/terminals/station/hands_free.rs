//! A station under a hands-free run: the card that is put down is charged by itself, or told why not.

use link::{Done, Tap};

use super::{Charge, OrderNumber, Phase, Problem, Refused, RunId, Station, What, cards, loads, owned};
use crate::cards::{Card, Seen};
use crate::loads::Intent;
use crate::runs::{self, Opened, Run, Told};
use crate::terminals::topic;

impl Station<'_> {
    /// A card was put down: offered to the clerk, or charged by the run that is at work here.
    pub(super) async fn put_down(&mut self, tap: Tap) -> Result<(), Refused> {
        let Some(run) = runs::active(self.house, self.terminal.group, self.terminal.number).await? else {
            return self.offer(Some(tap)).await;
        };
        self.lay(tap).await?;
        self.judge(&run).await
    }

    /// Charges the card whose doubt was settled while it lies there, if a run waits for that.
    pub(super) async fn charge_if_settled(&mut self) -> Result<(), Refused> {
        let waits = self.current.as_ref().and_then(|current| current.waits);
        let Some(id) = waits.filter(|_| !self.in_doubt) else { return Ok(()) };
        let run = runs::active(self.house, self.terminal.group, self.terminal.number).await?;
        match run.filter(|run| run.id == id) {
            Some(run) => self.judge(&run).await,
            None => Ok(()),
        }
    }

    /// What the run does with the card that lies there, once on this tap.
    async fn judge(&mut self, run: &Run) -> Result<(), Refused> {
        if let Some(current) = &mut self.current {
            current.waits = None;
        }
        if !run.is_entitled() {
            // The session is over, and the next sweep ends the run.
            return self.show().await;
        }
        let Some(seen) = self.current.as_ref().and_then(|current| current.seen.clone()) else {
            return self.tell(run, What::Unreadable).await;
        };
        let card = cards::describe(self.house, self.terminal.group, &seen).await?;
        if matches!(card.allowed, Err(Problem::InDoubt { .. })) {
            if let Some(current) = &mut self.current {
                current.waits = Some(run.id);
            }
            return self.tell(run, What::InDoubt).await;
        }
        if run.is_unwatched(self.house) {
            return self.tell(run, What::Paused).await;
        }
        let mut opened = self.open(run, &card).await?;
        if let Opened::Adrift(intent) = &opened {
            // This connection has the terminal now, so nobody carries it out any more.
            loads::refuse_adrift(self.house, intent).await?;
            opened = self.open(run, &card).await?;
        }
        match opened {
            Opened::Charge(intent) => self.charge_for(intent, card, seen).await,
            Opened::Already(order) => self.tell(run, self.already(order)).await,
            Opened::Adrift(_) => self.tell(run, What::InDoubt).await,
            Opened::Full(full) => self.tell(run, What::Full(full)).await,
            Opened::Over => self.show().await,
        }
    }

    /// A card that the run has charged before; it may have proven that only now.
    fn already(&self, order: OrderNumber) -> What {
        let proven = self.current.as_ref().and_then(|current| current.proven.as_ref());
        if proven.is_some_and(|proven| proven.order == order) { What::Settled(order) } else { What::Already(order) }
    }

    /// Opens the intent and shows the card as being charged, in one unit of work: only the connection that has the
    /// terminal opens anything.
    async fn open(&mut self, run: &Run, card: &Card) -> Result<Opened, Refused> {
        let mut tx = self.house.db.begin().await?;
        let opened = runs::open(self.house, &mut tx, run, card).await?;
        if let Opened::Charge(intent) = &opened {
            let (intent, amount) = (intent.key.clone(), intent.amount);
            let phase = Phase::Charging { card: card.clone(), intent, amount };
            owned(self.row.write_in(self.house, &mut tx, &self.readers, &phase).await?)?;
        }
        tx.commit().await?;
        self.house.signal(&topic(self.terminal.number)).await;
        Ok(opened)
    }

    async fn charge_for(&mut self, intent: Intent, card: Card, seen: Seen) -> Result<(), Refused> {
        let Some((reader, tap)) = self.current.as_ref().map(|current| (current.reader.clone(), current.tap)) else {
            return self.show().await;
        };
        let (terminal, problem) = (self.terminal.clone(), card.allowed.err());
        self.carry_out(&Charge { terminal, reader, tap, intent, seen, problem }).await
    }

    async fn tell(&mut self, run: &Run, what: What) -> Result<(), Refused> {
        self.news = Some((run.id, what));
        self.show().await
    }

    /// The load of a run that a late result may end. One that has ended is not told of again: terminals repeat results
    /// until they hear that they were taken.
    pub(super) async fn open_in_run(&self, done: &Done) -> Result<Option<(RunId, What)>, Refused> {
        let Some(order) = OrderNumber::parse(&done.script) else { return Ok(None) };
        let run = runs::of_open_load(self.house, self.terminal.group, order).await?;
        Ok(run.map(|run| (run, What::Load(order))))
    }

    /// Writes what pages see, and tells the run what there is to tell, in one unit of work.
    pub(super) async fn write(&mut self, phase: &Phase) -> Result<(), Refused> {
        let Some((run, what)) = self.news.take() else {
            return owned(self.row.write(self.house, &self.readers, phase).await?);
        };
        let card = match phase {
            Phase::Card { card, .. } | Phase::Charging { card, .. } => Some(card.clone()),
            Phase::NoCard | Phase::Reading | Phase::Unreadable => None,
        };
        let mut tx = self.house.db.begin().await?;
        owned(self.row.write_in(self.house, &mut tx, &self.readers, phase).await?)?;
        runs::tell(self.house, &mut tx, self.terminal.group, run, &Told { card, what }).await?;
        tx.commit().await?;
        self.house.signal(&topic(self.terminal.number)).await;
        Ok(())
    }

    /// Tells what there is to tell when the connection is gone and nothing else can be shown.
    pub(super) async fn tell_without_card(&mut self) -> Result<(), Refused> {
        let Some((run, what)) = self.news.take() else { return Ok(()) };
        let mut tx = self.house.db.begin().await?;
        runs::tell(self.house, &mut tx, self.terminal.group, run, &Told { card: None, what }).await?;
        tx.commit().await?;
        Ok(())
    }
}
