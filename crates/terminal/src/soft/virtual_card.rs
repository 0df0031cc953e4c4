//! A software card in the virtual reader of vsmartcard, as real to every PC/SC program as plastic.
//!
//! The reader (`vpcd`, a driver of `pcscd`) listens, the card connects: while the connection stands the card lies on the
//! reader, and to take it away is to close it. The card waits for a reader that is not there, and for one that went.

mod vpcd;

use std::future::pending;
use std::time::Duration;

use epurse::card::{Cut, Moment};
use link::HexBytes;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

use super::{CREDIT_FOR_LOAD, LoneCard, replace_if_changed};
use crate::CardLost;
use vpcd::{Ask, Reader};

/// The pause before the reader is asked for again; it doubles up to [`LONGEST_WAIT`].
const FIRST_WAIT: Duration = Duration::from_millis(100);

/// The longest such pause.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// Orders that wait while the card does one.
const MOST_ORDERS: usize = 64;

/// A card on its way to a virtual reader, or in it; dropping it takes it off and ends it.
#[derive(Debug)]
pub struct VirtualCard {
    orders: mpsc::Sender<Order>,
    view: watch::Receiver<VirtualCardView>,
}

/// The card as one sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VirtualCardView {
    /// Where it is.
    pub place: Place,
    /// Its balance, in fen.
    pub balance_fen: u32,
    /// How many loads it has taken.
    pub loads: u16,
    /// How often it was torn away in an exchange.
    pub torn: u32,
}

/// Where a card is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In somebody's hand.
    Out,
    /// There is no reader to go to; it goes when there is.
    Waiting {
        /// In the words of the system.
        why: String,
    },
    /// On its way to the reader, which has not noticed it yet.
    Near,
    /// In the reader.
    In,
}

/// What to do with a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Put it into the reader.
    Insert,
    /// Take it off.
    Remove,
    /// Take it away at one moment of a later exchange.
    Tear(Cut),
    /// Take it away at one moment of the next CREDIT FOR LOAD.
    TearCredit(Moment),
    /// Take this long for each answer from now on.
    Slow(Duration),
}

/// One exchange, for those who want to look on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchanged {
    /// What came.
    pub command: HexBytes,
    /// What was answered; nothing if the card was torn away.
    pub answer: Option<HexBytes>,
}

impl VirtualCard {
    /// Brings a card near the reader at `vpcd` (host and port); an [`Order::Insert`] puts it in. Each exchange goes to
    /// `looker_on` too, if there is one.
    pub fn new(card: LoneCard, vpcd: &str, looker_on: Option<mpsc::UnboundedSender<Exchanged>>) -> Self {
        let (orders, to_do) = mpsc::channel(MOST_ORDERS);
        let view = watch::Sender::new(view(&card, Place::Out, 0));
        let seen = view.subscribe();
        let desk = Desk {
            card,
            vpcd: vpcd.to_owned(),
            whereabouts: Whereabouts::Out,
            slow: Duration::ZERO,
            answer: None,
            tear_credit: None,
            torn: 0,
            view,
            looker_on,
        };
        tokio::spawn(desk.work(to_do));
        Self { orders, view: seen }
    }

    /// Does something with it, after what was ordered before.
    pub async fn order(&self, order: Order) {
        // The card outlives this value's own end of the channel.
        self.orders.send(order).await.ok();
    }

    /// The card as it is, now and whenever that changes.
    pub fn watch(&self) -> watch::Receiver<VirtualCardView> {
        self.view.clone()
    }
}

/// The card and what happens to it.
struct Desk {
    card: LoneCard,
    vpcd: String,
    whereabouts: Whereabouts,
    slow: Duration,
    /// An answer on its way, and when it leaves.
    answer: Option<(Instant, Vec<u8>)>,
    tear_credit: Option<Moment>,
    torn: u32,
    view: watch::Sender<VirtualCardView>,
    looker_on: Option<mpsc::UnboundedSender<Exchanged>>,
}

enum Whereabouts {
    Out,
    Waiting { at: Instant, wait: Duration, why: Option<String> },
    In { reader: Reader, noticed: bool },
}

/// What happens next.
enum Next {
    /// It is time to look for the reader.
    Connect,
    /// The reader wants something; nothing if it is gone.
    Asked(Option<Ask>),
    /// It is time to answer.
    Answer,
}

impl Desk {
    async fn work(mut self, mut to_do: mpsc::Receiver<Order>) {
        loop {
            tokio::select! {
                order = to_do.recv() => match order {
                    Some(order) => self.obey(order),
                    None => return,
                },
                next = self.next() => self.take(next).await,
            }
            let place = match &self.whereabouts {
                Whereabouts::Out => Place::Out,
                Whereabouts::Waiting { why: Some(why), .. } => Place::Waiting { why: why.clone() },
                Whereabouts::Waiting { why: None, .. } | Whereabouts::In { noticed: false, .. } => Place::Near,
                Whereabouts::In { noticed: true, .. } => Place::In,
            };
            replace_if_changed(&self.view, view(&self.card, place, self.torn));
        }
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Insert if matches!(self.whereabouts, Whereabouts::Out) => self.approach(),
            Order::Insert => {}
            Order::Remove => self.take_out(),
            Order::Tear(cut) => self.card.cut(cut),
            Order::TearCredit(moment) => self.tear_credit = Some(moment),
            Order::Slow(time) => self.slow = time,
        }
    }

    fn approach(&mut self) {
        self.whereabouts = Whereabouts::Waiting { at: Instant::now(), wait: FIRST_WAIT, why: None };
    }

    fn take_out(&mut self) {
        self.card.power_off();
        (self.whereabouts, self.answer) = (Whereabouts::Out, None);
    }

    /// Waits for what happens next; nothing is lost when the wait is given up.
    async fn next(&mut self) -> Next {
        match (&mut self.whereabouts, &self.answer) {
            (Whereabouts::Out, _) => pending().await,
            (Whereabouts::Waiting { at, .. }, _) => {
                sleep_until(*at).await;
                Next::Connect
            }
            (Whereabouts::In { reader, .. }, Some((at, _))) => {
                // A reader that is gone need not be answered.
                tokio::select! {
                    () = sleep_until(*at) => Next::Answer,
                    () = reader.gone() => Next::Asked(None),
                }
            }
            (Whereabouts::In { reader, .. }, None) => Next::Asked(reader.ask().await),
        }
    }

    async fn take(&mut self, next: Next) {
        match next {
            Next::Connect => self.connect().await,
            Next::Asked(Some(ask)) => self.asked(ask).await,
            Next::Asked(None) => self.reader_gone(),
            Next::Answer => {
                let answer = self.answer.take().map(|(_, answer)| answer).unwrap_or_default();
                self.send(&answer).await;
                if !self.card.is_powered() {
                    self.tear();
                }
            }
        }
    }

    async fn connect(&mut self) {
        let Whereabouts::Waiting { wait, .. } = self.whereabouts else { return };
        self.whereabouts = match Reader::connect(&self.vpcd).await {
            Ok(reader) => Whereabouts::In { reader, noticed: false },
            Err(error) => {
                let at = Instant::now().checked_add(wait).unwrap_or_else(Instant::now);
                let wait = wait.saturating_mul(2).min(LONGEST_WAIT);
                Whereabouts::Waiting { at, wait, why: Some(error.to_string()) }
            }
        };
    }

    async fn asked(&mut self, ask: Ask) {
        if let Whereabouts::In { noticed, .. } = &mut self.whereabouts {
            *noticed = true;
        }
        match ask {
            Ask::Off => self.card.power_off(),
            Ask::On | Ask::Reset => self.card.power_on(),
            Ask::Atr => {
                let atr = self.card.atr();
                self.send(&atr).await;
            }
            Ask::Command(apdu) => self.carry_out(apdu),
        }
    }

    /// The card acts at once and answers when its time has passed.
    fn carry_out(&mut self, apdu: Vec<u8>) {
        if apdu.starts_with(&CREDIT_FOR_LOAD)
            && let Some(at) = self.tear_credit.take()
        {
            self.card.cut(Cut { exchange: 0, at });
        }
        let answer = self.card.transmit(&apdu);
        if let Some(looker_on) = &self.looker_on {
            let answer = answer.as_ref().ok().map(|answer| answer.clone().into());
            // They may have turned away.
            looker_on.send(Exchanged { command: apdu.into(), answer }).ok();
        }
        match answer {
            Ok(answer) => {
                let at = Instant::now().checked_add(self.slow).unwrap_or_else(Instant::now);
                self.answer = Some((at, answer));
            }
            Err(CardLost) => self.tear(),
        }
    }

    fn tear(&mut self) {
        self.torn = self.torn.saturating_add(1);
        self.take_out();
    }

    async fn send(&mut self, answer: &[u8]) {
        let Whereabouts::In { reader, .. } = &mut self.whereabouts else { return };
        if reader.answer(answer).await.is_err() {
            self.reader_gone();
        }
    }

    fn reader_gone(&mut self) {
        self.take_out();
        self.approach();
    }
}

fn view(card: &LoneCard, place: Place, torn: u32) -> VirtualCardView {
    VirtualCardView { place, balance_fen: card.balance_fen(), loads: card.loads(), torn }
}
