//! Loads through the real PC/SC service: server, terminal and cards are programs of their own, the clerk works over HTTP.
//!
//! Each test has a world of its own (`terminal::testing`), so that its service meets nobody else's.

mod programs;
mod till;

use store::testing::Sqlite;
use terminal::testing::{Service, in_world};
use tokio::runtime::Runtime;

use crate::kill::server::{Place, Server, program};
use programs::{Card, Terminal};
use till::Till;

const TERMINAL: &str = "000001000050";
/// The cards; a new one has ¥12.60 and ¥80.00 on it.
const FIRST: &str = "4100000099000001";
const SECOND: &str = "4100000099000417";

/// The business, with the terminal and its clerk at work.
struct Counter {
    place: Place,
    _sqlite: Sqlite,
    _server: Server,
    terminal: Terminal,
    till: Till,
}

impl Counter {
    async fn open() -> Self {
        let sqlite = Sqlite::new();
        let place = Place::new(&sqlite.url());
        let server = Server::start(&place);
        place.ready().await;
        place.add_operator("clerk");
        let terminal = Terminal::start(&place, TERMINAL);
        let till = Till::sign_in(&place.url, "clerk", TERMINAL).await;
        Self { place, _sqlite: sqlite, _server: server, terminal, till }
    }

    fn card(&self, number: &str, vpcd: &str) -> Card {
        Card::put_down(self.place.folder(), number, vpcd)
    }

    /// Charges the card that is offered, and says what the clerk was told.
    async fn charge(&self, card: &str, yuan: u32) -> (String, String) {
        let intent = self.till.confirm(card, yuan).await;
        (self.till.outcome(&intent).await, intent)
    }

    /// The books are exact, and this much in yuan is on cards.
    fn check_books(&self, on_cards: &str) {
        let books = program(&["books", "--database", self.place.database()], "");
        assert!(books.contains(on_cards), "{on_cards} is not in:\n{books}");
    }
}

fn scene(test: &str, play: impl AsyncFnOnce(Service)) {
    in_world(module_path!(), test, |world| {
        let mut service = Service::new(world);
        service.plug_in("Reader");
        Runtime::new().expect("a runtime").block_on(play(service));
    });
}

#[test]
fn a_load_before_and_after_the_service_is_killed_and_on_two_readers() {
    scene("a_load_before_and_after_the_service_is_killed_and_on_two_readers", async |mut service| {
        let mut counter = Counter::open().await;
        counter.terminal.hears("the smart card service does not answer");
        let mut first = counter.card(FIRST, &Service::vpcd(0));
        first.hears("no reader at");
        service.start();
        counter.terminal.hears("are ready");
        first.hears("the card is in the reader");
        assert_eq!(counter.charge(FIRST, 50).await.0, "succeeded");
        first.hears("¥62.60 on it, 1 load so far");

        service.kill();
        counter.terminal.hears("the smart card service does not answer");
        service.start();
        counter.terminal.hears("are ready");
        first.hears("the card is in the reader");
        assert_eq!(counter.charge(FIRST, 20).await.0, "succeeded");
        first.hears("¥82.60 on it, 2 loads so far");

        // On the other reader, while the first card stays where it is; then the first again.
        let mut second = counter.card(SECOND, &Service::second_vpcd(0));
        second.hears("the card is in the reader");
        assert_eq!(counter.charge(SECOND, 100).await.0, "succeeded");
        second.hears("¥180.00 on it, 1 load so far");
        second.types("remove");
        assert_eq!(counter.charge(FIRST, 10).await.0, "succeeded");
        first.hears("¥92.60 on it, 3 loads so far");
        counter.check_books("180.00");

        // A card remembers.
        drop(first);
        let mut first = counter.card(FIRST, &Service::vpcd(0));
        first.hears("¥92.60 on it, 3 loads so far");
    });
}

#[test]
fn a_card_torn_away_settles_its_doubt_when_it_is_back() {
    scene("a_card_torn_away_settles_its_doubt_when_it_is_back", async |mut service| {
        service.start();
        let mut counter = Counter::open().await;
        counter.terminal.hears("are ready");
        let mut card = counter.card(FIRST, &Service::vpcd(0));
        for (tear, settled, balance) in [
            ("tear after credit", "succeeded", "¥22.60 on it, 1 load so far"),
            ("tear during credit", "failed", "¥22.60 on it, 1 load so far"),
            ("tear before credit", "failed", "¥22.60 on it, 1 load so far"),
            // The card goes between INITIALIZE, the next command, and CREDIT.
            ("tear then 1", "failed", "¥22.60 on it, 1 load so far"),
        ] {
            card.hears("the card is in the reader");
            let offer = counter.till.offered(FIRST).await;
            card.types(tear);
            card.hears("will be torn away");
            let intent = counter.till.confirm_offer(&offer, 10).await;
            assert_eq!(counter.till.outcome(&intent).await, "unknown", "{tear}");
            card.hears("the card was torn away");
            card.types("insert");
            counter.till.becomes(&intent, settled).await;
            card.types("balance");
            card.hears(balance);
            card.types("remove");
            card.hears("the card is out");
            counter.till.empty().await;
            card.types("insert");
        }
        assert_eq!(counter.charge(FIRST, 10).await.0, "succeeded");
        counter.check_books("20.00");
    });
}
