//! One case, from the tap to the truth.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use epurse::card::Moment;
use ledger::{Fen, GroupId};
use tokio::time::{Instant, sleep, timeout};
use topup::loads::{self, Confirm, OrderNumber, Reason, State};
use topup::people::{Operator, OperatorId, Role};
use topup::terminals::Phase;
use topup::{Clock as _, House, Ids, SystemClock, books, groups};

use super::cards::{AT_FIRST, Make};
use super::desk::Truth;
use super::page::{Page, look};
use super::plan::{Case, Plot};
use super::site::{GROUP, QUOTA, Site, TERMINAL};
use super::stage::{Cut, Fault, Passed};

/// How long to wait for news before looking without it.
const LOOK: Duration = Duration::from_millis(100);
/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two looks where no signal comes.
const PAUSE: Duration = Duration::from_millis(20);
/// A card that is shown as not readable for so long is put down again.
const UNREAD: Duration = Duration::from_millis(600);
/// How often a clerk looks again at a page that was of a moment ago.
const LOOKS_AGAIN: u32 = 50;
/// The load that goes wrong, and the one after it, in fen.
const AMOUNT: i64 = 5_000;
const NEXT: i64 = 2_000;

/// The books and the card tell different stories. Whatever else goes wrong may be the fault of a machine that is too busy,
/// and is tried again; this never is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Untrue;

impl fmt::Display for Untrue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the books and the card tell different stories")
    }
}

/// How a case went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Played {
    /// The fault struck and everything came right; the first load's end, if there was one.
    Settled(Option<State>),
    /// The only proof was destroyed: the load is held for review.
    ForReview,
    /// The machine was so slow that the point was never reached; everything came right all the same.
    NotStruck,
}

/// The one who plays on a site, case after case.
pub(super) struct Player {
    site: Arc<Site>,
    serial: u64,
    /// What cards of this site gained, in fen, and what is held of loads for review.
    gained: i64,
    for_review: i64,
    /// Ends of loads as they were seen first: whoever was told one can count on it.
    ends: Mutex<BTreeMap<OrderNumber, State>>,
}

impl Player {
    pub(super) async fn at(database: String) -> Self {
        let site = Site::open(database).await;
        Self { site, serial: 0, gained: 0, for_review: 0, ends: Mutex::default() }
    }

    pub(super) fn leave(self) {
        self.site.close();
    }

    /// Plays a plot in which nothing goes wrong; everything that passes in it.
    pub(super) async fn rehearse(&mut self, make: Make, plot: Plot) -> Result<Passed> {
        self.begin(make, plot).await?;
        self.site.stage.set(None);
        self.act(plot, true).await?;
        let passed = self.site.stage.passed();
        self.end(false).await?;
        Ok(passed)
    }

    /// Plays a case.
    pub(super) async fn play(&mut self, case: &Case, rehearsed: &Passed) -> Result<Played> {
        self.begin(case.make, case.plot).await?;
        self.site.stage.set(Some((case.point, case.fault)));
        let struck = self.act(case.plot, false).await.context("until the fault")?;
        if struck && case.alone {
            self.site.desk.remove();
        }
        if struck {
            self.heal(case).await.context("healing")?;
        }
        if struck && case.alone {
            self.until_ended_alone().await.context("without the card")?;
            self.compare(false).await.context(Untrue)?;
            self.site.desk.tap();
        }
        let for_review = struck && case.destroys_the_proof(rehearsed);
        self.settle(for_review).await.context("settling")?;
        let state = self.end(for_review).await?;
        Ok(match (struck, for_review) {
            (false, _) => Played::NotStruck,
            (true, true) => Played::ForReview,
            (true, false) => Played::Settled(state),
        })
    }

    /// A new card; for a settling plot, torn away during its load.
    async fn begin(&mut self, make: Make, plot: Plot) -> Result<()> {
        let site = &self.site;
        site.desk.remove();
        self.until("nothing on the reader", |page| page.connected && page.phase == Phase::NoCard && page.waiting == 0)
            .await?;
        self.until_nothing_is_owed().await?;
        self.serial += 1;
        let (number, card) = make.card(self.serial);
        site.take_to_hand(number.to_string(), Ids::first_of(SystemClock.now()));
        site.desk.hand(card);
        site.stage.set(None);
        let Plot::Settling { written } = plot else { return Ok(()) };
        site.desk.tear_at_credit(if written { Moment::AfterWrite } else { Moment::BeforeWrite });
        site.desk.tap();
        let offer = self.offered().await?;
        self.confirm(offer, AMOUNT).await;
        let torn = |page: &Page| {
            page.loads.last().is_some_and(|load| load.state == State::Unknown) && page.phase == Phase::NoCard
        };
        self.until("the doubt", torn).await?;
        self.until_nothing_is_owed().await
    }

    /// Acts until the fault has struck (true), or to the plot's end.
    async fn act(&self, plot: Plot, to_the_end: bool) -> Result<bool> {
        let whole = async {
            self.site.desk.tap();
            match plot {
                Plot::Load => {
                    let offer = self.offered().await?;
                    self.confirm(offer, AMOUNT).await;
                    self.until("the load's end", |page| !page.is_open() && !page.loads.is_empty()).await?;
                }
                Plot::Settling { .. } => {
                    self.until("the doubt's end", |page| !page.is_open()).await?;
                }
            }
            self.offered().await?;
            self.until_nothing_is_owed().await
        };
        if to_the_end {
            return whole.await.map(|()| false);
        }
        tokio::select! {
            biased;
            () = self.site.stage.struck() => Ok(true),
            whole = whole => whole.map(|()| false),
        }
    }

    /// Mends what is broken: starts what was killed, and puts the card back if it was taken away.
    async fn heal(&self, case: &Case) -> Result<()> {
        let site = &self.site;
        match case.fault {
            Fault::Removed(_) => site.desk.tap(),
            Fault::TerminalKilled(_) => site.start_terminal(),
            Fault::ServerKilled(_) => site.server.start(site).await,
            Fault::Cut(Cut::Both, _) => {}
            Fault::Cut(Cut::TerminalEnd | Cut::ServerEnd, _) | Fault::Deaf | Fault::Late => {
                self.until_given_up().await?;
                site.line.mend();
            }
        }
        Ok(())
    }

    /// Waits until the server does not wait for the terminal any more.
    async fn until_given_up(&self) -> Result<()> {
        let given_up = async {
            loop {
                let page = self.look().await?;
                let busy = matches!(page.phase, Phase::Reading | Phase::Charging { .. });
                if !(page.connected && busy) {
                    return Ok(());
                }
                sleep(PAUSE).await;
            }
        };
        timeout(PATIENCE, given_up).await.context("the server never gives up")?
    }

    /// Waits until every load has its end, with no card on the reader.
    async fn until_ended_alone(&self) -> Result<()> {
        let ended = |page: &Page| page.connected && page.phase == Phase::NoCard && !page.is_open();
        self.until("the end", |page| ended(page) && !page.loads.is_empty()).await?;
        self.until_nothing_is_owed().await
    }

    /// Waits until every load has its end and the card is offered. Where the card lies there but could not be read, it is
    /// put down once more, and only once: the next tap settles everything.
    async fn settle(&self, for_review: bool) -> Result<()> {
        let mut unread = None;
        let mut tapped = false;
        let mut news = self.site.page.subscribe();
        let over = async {
            loop {
                let page = self.look().await?;
                if page.is_settled(for_review) && self.site.owes_nothing() {
                    return Ok(());
                }
                if page.phase != Phase::Unreadable {
                    unread = None;
                } else if !tapped && unread.get_or_insert_with(Instant::now).elapsed() > UNREAD {
                    tapped = true;
                    self.site.desk.tap();
                }
                // A journal tells no news: it is looked at again in any case.
                timeout(LOOK, news.changed()).await.ok();
            }
        };
        match timeout(PATIENCE, over).await {
            Ok(over) => over,
            Err(_) => bail!("not settled: {}", self.describe().await),
        }
    }

    /// Compares what the books say with what the card says, and charges the card once more.
    async fn end(&mut self, for_review: bool) -> Result<Option<State>> {
        let first = self.compare(for_review).await.context(Untrue)?;
        if for_review {
            // What cannot be proven is kept away from the card, and held.
            let truth = self.site.desk.truth();
            ensure!(!truth.has_proof, "the card still has its proof: the load could be settled");
            self.for_review += AMOUNT;
            self.gained += truth.balance - i64::from(AT_FIRST) - AMOUNT;
        } else {
            self.charge_again().await.context("the next load")?;
            self.compare(false).await.context(Untrue)?;
            self.gained += self.site.desk.truth().balance - i64::from(AT_FIRST);
        }
        self.balance().await.context(Untrue)?;
        Ok(first)
    }

    /// The group has what its cards did not get, to the fen, and the books are exact.
    async fn balance(&self) -> Result<()> {
        let prove = |house: House| async move {
            let quota = groups::quota(&house, GROUP).await?;
            let books = books::prove_books(&mut house.db.read().await?).await?;
            Ok::<_, store::Error>((quota, books))
        };
        let (quota, books) = self.site.server.ask(prove).await.context("the server is gone")??;
        let (has, should) =
            ([quota.available, quota.held], [QUOTA.as_i64() - self.gained - self.for_review, self.for_review]);
        ensure!(has == should.map(Fen::new), "free and held are {has:?} and should be {should:?}");
        ensure!(books.hold(), "the books do not balance:\n{books}");
        Ok(())
    }

    /// Charges the card once more: this load works like any other. If the page was of a moment ago the clerk is told that
    /// nothing was charged, and confirms what it shows now.
    async fn charge_again(&self) -> Result<()> {
        for _ in 0..LOOKS_AGAIN {
            let offer = self.offered().await?;
            let before = self.look().await?.loads.len();
            if !self.confirm(offer, NEXT).await {
                sleep(PAUSE).await;
                continue;
            }
            let page = self.until("the next load", |page| page.loads.len() > before && !page.is_open()).await?;
            let load = page.loads.last().context("a load")?;
            if load.state == State::Succeeded {
                return self.until_nothing_is_owed().await;
            }
            ensure!(load.reason == Reason::CardChanged.as_str(), "it is {load:?}");
        }
        bail!("the page is always of a moment ago: {}", self.describe().await)
    }

    /// Every load is succeeded exactly if the card took its money, and the card was never asked twice. The state of the
    /// load that went wrong.
    async fn compare(&self, for_review: bool) -> Result<Option<State>> {
        let page = self.look().await?;
        let Truth { balance, orders, .. } = self.site.desk.truth();
        let mut on_card = i64::from(AT_FIRST);
        for load in &page.loads {
            let sent: Vec<_> = orders.iter().filter(|order| order.mac2 == load.mac2).collect();
            ensure!(sent.len() <= 1, "CREDIT FOR LOAD was sent {} times for {load:?}", sent.len());
            let gained = sent.first().map_or(0, |order| order.gained);
            let expected = match load.state {
                State::Succeeded => load.amount,
                State::Failed => 0,
                State::Unknown if for_review => load.amount,
                State::Unknown | State::Authorised => bail!("{load:?} has no end"),
            };
            ensure!(gained == expected, "{load:?}, but the card took {gained}");
            on_card += gained;
        }
        if let Phase::Card { proven: Some(told), .. } = &page.phase {
            let load = page.loads.iter().find(|load| load.order == told.order).context("a load was proven")?;
            ensure!(told.written == (load.state == State::Succeeded), "the page says {told:?}, and it is {load:?}");
        }
        let known = |mac2: &str| page.loads.iter().any(|load| load.mac2 == mac2);
        ensure!(orders.iter().all(|order| known(&order.mac2)), "an order without a load: {orders:?}");
        ensure!(balance == on_card, "{balance} on the card, and {on_card} by its loads");
        Ok(page.loads.first().map(|load| load.state))
    }

    /// The card as the page offers it for charging; how much is still open.
    async fn offered(&self) -> Result<Confirm> {
        let offered =
            |page: &Page| page.connected && matches!(&page.phase, Phase::Card { card, .. } if card.allowed.is_ok());
        let page = self.until("an offer", offered).await?;
        let Phase::Card { card, intent, .. } = page.phase else { bail!("just seen") };
        Ok(Confirm { terminal: TERMINAL, card: card.number, balance: card.balance, amount: Fen::ZERO, intent })
    }

    /// Confirms. False: it was refused, or nobody was there to take it.
    async fn confirm(&self, offer: Confirm, amount: i64) -> bool {
        let confirm = Confirm { amount: Fen::new(amount), ..offer };
        let confirmed =
            self.site.server.ask(|house| async move { loads::confirm(&house, &operator(), &confirm).await });
        confirmed.await.is_some_and(|confirmed| confirmed.is_ok())
    }

    /// Waits until the page is as wanted.
    async fn until(&self, what: &str, wanted: impl Fn(&Page) -> bool) -> Result<Page> {
        let mut page = self.site.page.subscribe();
        let as_wanted = async { page.wait_for(wanted).await.map(|page| page.clone()) };
        match timeout(PATIENCE, as_wanted).await {
            Ok(page) => page.context("the page is gone"),
            Err(_) => bail!("{what} does not come: {}", self.describe().await),
        }
    }

    async fn until_nothing_is_owed(&self) -> Result<()> {
        let quiet = async {
            while !self.site.owes_nothing() {
                sleep(PAUSE).await;
            }
        };
        timeout(PATIENCE, quiet).await.context("the server does not take what the terminal has to say")
    }

    /// What the database says at this moment.
    async fn look(&self) -> Result<Page> {
        let site = Arc::clone(&self.site);
        let looked = self.site.server.ask(|house| async move { look(&house, &site).await }).await;
        let page = looked.context("the server is gone")??;
        let mut ends = self.ends.lock().expect("nobody panicked with it");
        for load in page.loads.iter().filter(|load| matches!(load.state, State::Succeeded | State::Failed)) {
            let first = *ends.entry(load.order).or_insert(load.state);
            if load.state != first {
                return Err(anyhow!("what had ended as {first:?} is {load:?}").context(Untrue));
            }
        }
        drop(ends);
        Ok(page)
    }

    async fn describe(&self) -> String {
        let page = self.look().await;
        format!("{page:#?}\n{:#?}\n{:?}", self.site.desk.truth(), self.site.stage.passed())
    }
}

fn operator() -> Operator {
    let (group_name, login, name) = ("示例集团".into(), "0012".into(), "王".into());
    Operator { id: OperatorId(1), group: GroupId(GROUP.0), group_name, login, name, role: Role::Clerk }
}
