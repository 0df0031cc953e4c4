//! What a clerk's page knows: the terminal and the loads of the card at hand.

use topup::House;
use topup::loads::{OrderNumber, State};
use topup::terminals::{self, Phase};

use super::site::{GROUP, Site, TERMINAL};

/// What a clerk's page knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) connected: bool,
    pub(super) phase: Phase,
    /// Confirms that have not ended.
    pub(super) waiting: i64,
    /// The loads of the card at hand, oldest first.
    pub(super) loads: Vec<Row>,
}

/// A load as the database has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) order: OrderNumber,
    pub(super) intent: String,
    pub(super) state: State,
    pub(super) reason: String,
    pub(super) amount: i64,
    /// Empty if the card was never ordered to take it.
    pub(super) mac2: String,
}

impl Default for Page {
    fn default() -> Self {
        Self { connected: false, phase: Phase::NoCard, waiting: 0, loads: Vec::new() }
    }
}

impl Page {
    /// Whether a load or a confirm is open.
    pub(super) fn is_open(&self) -> bool {
        self.waiting > 0 || self.loads.iter().any(|load| matches!(load.state, State::Authorised | State::Unknown))
    }

    /// Whether every load has its end and the card can be charged; or, if one is for review, only that one has none and
    /// the card is kept from being charged.
    pub(super) fn is_settled(&self, for_review: bool) -> bool {
        let Phase::Card { card, .. } = &self.phase else { return false };
        let count = |state| self.loads.iter().filter(|load| load.state == state).count();
        let (authorised, unknown) = (count(State::Authorised), count(State::Unknown));
        let ended = self.waiting == 0 && authorised == 0 && unknown == usize::from(for_review);
        self.connected && ended && card.allowed.is_ok() != for_review
    }
}

/// Looks into the database.
pub(super) async fn look(house: &House, site: &Site) -> Result<Page, store::Error> {
    let live = terminals::live(house, GROUP, TERMINAL).await?;
    let (card, since) = site.at_hand();
    let mut tx = house.db.read().await?;
    let (waiting,): (i64,) = tx
        .query("SELECT COUNT(*) FROM intents WHERE terminal = $1 AND ended_at_us IS NULL")
        .bind(TERMINAL.to_string())
        .one()
        .await?;
    let loads: Vec<Columns> = tx
        .query(
            "SELECT id, intent, state, COALESCE(reason, ''), amount_fen, COALESCE(mac2, '') FROM loads \
             WHERE group_id = $1 AND id > $2 AND card_number = $3 ORDER BY id",
        )
        .bind(GROUP)
        .bind(since)
        .bind(card)
        .all()
        .await?;
    let loads = loads.into_iter().map(Row::of).collect();
    Ok(Page { connected: live.connected, phase: live.phase, waiting, loads })
}

type Columns = (i64, String, String, String, i64, String);

impl Row {
    fn of((id, intent, state, reason, amount, mac2): Columns) -> Self {
        let state = State::parse(&state).expect("a state");
        Self { order: OrderNumber::new(id), intent, state, reason, amount, mac2 }
    }
}
