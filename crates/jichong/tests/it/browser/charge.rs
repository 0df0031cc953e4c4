//! The charge, from the home page to the result and the books, by clicks, in both languages and on both engines.

use store::testing::postgres_url;

use super::album::{Album, Light};
use super::chromium::Scripts;
use super::clerk::{Clerk, NEARLY_FULL, STANDARD, STUDENT};

/// One walk through the pages.
struct Walk {
    lang: &'static str,
    card: &'static str,
    yuan: u32,
    title: &'static str,
    facts: [(&'static str, &'static str); 6],
    order: &'static str,
    row: [&'static str; 6],
    totals: &'static str,
}

const CHINESE: Walk = Walk {
    lang: "zh-CN",
    card: STANDARD,
    yuan: 50,
    title: "充值成功\n¥50.00",
    facts: [
        ("卡号", "4100000099000001"),
        ("充值前余额", "¥12.60"),
        ("充值金额", "¥50.00"),
        ("现余额", "¥62.60"),
        ("充值前集团额度", "¥86,420.00"),
        ("充值后集团额度", "¥86,370.00"),
    ],
    order: "订单编号",
    row: ["…99000001", "{order}", "12.60", "50.00", "62.60", "成功"],
    totals: "本次记录 成功 1 笔 ¥50.00",
};

const ENGLISH: Walk = Walk {
    lang: "en",
    card: STANDARD,
    yuan: 20,
    title: "Charged\n¥20.00",
    facts: [
        ("Card number", "4100000099000001"),
        ("Balance before", "¥62.60"),
        ("Amount", "¥20.00"),
        ("Balance now", "¥82.60"),
        ("Group quota before", "¥86,300.00"),
        ("Group quota after", "¥86,280.00"),
    ],
    order: "Order number",
    row: ["…99000001", "{order}", "62.60", "20.00", "82.60", "Done"],
    totals: "This sitting Done 1 ¥20.00",
};

#[tokio::test]
async fn a_charge_by_clicks_on_sqlite() {
    charges("sqlite", None).await;
}

#[tokio::test]
async fn a_charge_by_clicks_on_postgresql() {
    charges("postgres", Some(&postgres_url().await)).await;
}

async fn charges(engine: &str, database: Option<&str>) {
    let clerk = Clerk::new(Scripts::On, database).await;
    let album = Album::new(engine);
    CHINESE.take(&clerk, &album).await;
    // Another card on the reader, and the page goes on by itself.
    for (card, yuan) in [(STUDENT, 50), (NEARLY_FULL, 20)] {
        clerk.tap(card).await;
        clerk.charge(yuan).await;
        clerk.order("succeeded").await;
    }
    clerk.tap(STANDARD).await;
    clerk.click("#offers button[data-fen='3000']").await;
    assert_eq!(clerk.list().await.0, "本次记录 成功 3 笔 ¥120.00");
    album.shoot(&clerk, "zh-CN-8-station-at-work", Light::DayAndNight).await;
    clerk.click("form[action='/sign-out'] button").await;
    clerk.see("#login").await;
    clerk.demo.remove().await;

    ENGLISH.take(&clerk, &album).await;
    assert_eq!(clerk.demo.loads().await, 4);
    assert_eq!(clerk.demo.books()["on_cards"], "140.00");
    clerk.all_is_well().await;
}

impl Walk {
    async fn take(&self, clerk: &Clerk, album: &Album) {
        let name = |page: &str| format!("{}-{page}", self.lang);
        clerk.visit("/").await;
        if !clerk.sees(&format!("html[lang='{}']", self.lang)).await {
            clerk.click(&format!("form[action='/language'] button[value='{}']", self.lang)).await;
            clerk.see(&format!("html[lang='{}'] main", self.lang)).await;
        }
        album.shoot(clerk, &name("1-home"), Light::Day).await;
        clerk.visit("/sign-in").await;
        album.shoot(clerk, &name("2-sign-in"), Light::Day).await;
        clerk.sign_in().await;
        album.shoot(clerk, &name("3-modules"), Light::Day).await;
        clerk.go_to_the_station().await;
        album.shoot(clerk, &name("4-station-no-card"), Light::DayAndNight).await;
        self.tap_on_the_reader(clerk, album).await;
        album.shoot(clerk, &name("5-station-card"), Light::DayAndNight).await;
        clerk.arm(self.yuan).await;
        album.shoot(clerk, &name("6-station-asked"), Light::DayAndNight).await;
        clerk.click("#yes").await;
        let order = clerk.order("succeeded").await;
        clerk.see(&format!("#list a[href='/loads/{order}']")).await;
        clerk.card_ready(self.card).await;
        album.shoot(clerk, &name("7-station-done"), Light::DayAndNight).await;
        self.figures_are_right(clerk, &order).await;
    }

    /// Puts the card on through the reader's own page, in a window beside the station's.
    async fn tap_on_the_reader(&self, clerk: &Clerk, album: &Album) {
        let (station, _) = clerk.open_beside(&format!("{}/?lang={}", clerk.demo.reader, self.lang)).await;
        clerk.click(&format!("#tap-{}", self.card)).await;
        clerk.see("#remove:enabled").await;
        album.shoot(clerk, &format!("{}-reader", self.lang), Light::Day).await;
        clerk.close_and_go_to(&station).await;
        clerk.card_ready(self.card).await;
    }

    async fn figures_are_right(&self, clerk: &Clerk, order: &str) {
        assert_eq!(clerk.read("#result .verdict").await, self.title);
        let mut facts = clerk.facts().await;
        assert_eq!(facts.remove(self.order).as_deref(), Some(order));
        assert_eq!(facts, self.facts.iter().map(|(term, value)| ((*term).into(), (*value).into())).collect());
        let (totals, rows) = clerk.list().await;
        assert_eq!(totals, self.totals);
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0][1..], self.row.map(|cell| cell.replace("{order}", order)));
    }
}
