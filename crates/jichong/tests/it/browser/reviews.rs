//! A card that cannot prove what became of its load: two members of staff decide, and the clerk is told in words.

use super::album::{Album, Light};
use super::clerk::{Clerk, PASSWORD};

/// The demo's card whose loads cannot be proven afterwards.
const UNPROVEN: &str = "4100000099000362";
/// The demo's members of staff who may decide, and what the office calls them.
const PROPOSES: (&str, &str) = ("liu", "刘会计");
const CONFIRMS: (&str, &str) = ("zhou", "周主管");

impl Clerk {
    /// Signs in to the office; whoever was there signs out first.
    pub(super) async fn in_office_as(&self, login: &str) {
        self.visit("/office").await;
        if self.sees("form[action='/office/sign-out'] button").await {
            self.click("form[action='/office/sign-out'] button").await;
            self.visit("/office").await;
        }
        self.write("#login", login).await;
        self.write("#password", PASSWORD).await;
        self.click("main form .main").await;
        self.see(".top.office nav a[href='/office/reviews']").await;
    }

    /// Says what became of the load on its page.
    async fn proposes(&self, verdict: &str, reason: &str) {
        self.click(&format!("input[name=verdict][value='{verdict}']")).await;
        self.write("#reason", reason).await;
        self.click("#decision form .main").await;
    }
}

/// Tears the card while it is written and puts it back: it proves nothing. The order number.
async fn torn_and_unproven(clerk: &Clerk) -> String {
    let (station, _) = clerk.open_beside(&clerk.demo.reader).await;
    clerk.click("#tear-after").await;
    clerk.see("#tear-after[aria-pressed=true]").await;
    clerk.close_and_go_to(&station).await;
    clerk.tap(UNPROVEN).await;
    clerk.charge(50).await;
    let order = clerk.order("unknown").await;
    clerk.demo.tap(UNPROVEN).await;
    // The result no longer asks for the card, as the panel beside it says.
    while !clerk.read("#result").await.contains("已交由一卡通公司核实") {}
    let result = clerk.read("#result").await;
    assert!(!result.contains("请放回原卡"), "{result}");
    assert!(clerk.read("#card").await.contains("不用再放"));
    order
}

#[tokio::test]
async fn two_people_decide_and_the_clerk_is_told() {
    let clerk = Clerk::at_the_station().await;
    let album = Album::new("reviews");
    let order = torn_and_unproven(&clerk).await;
    album.shoot(&clerk, "1-card-proves-nothing", Light::Day).await;
    clerk.visit(&format!("/loads/{order}")).await;
    album.shoot(&clerk, "2-clerk-waits", Light::Day).await;

    let (at_the_load, _) = clerk.open_beside(&format!("{}/office", clerk.demo.portal)).await;
    clerk.in_office_as(PROPOSES.0).await;
    album.shoot(&clerk, "3-home", Light::Day).await;
    clerk.click("main a[href='/office/reviews']").await;
    clerk.see(&format!(".reviews a[href='/office/reviews/{order}']")).await;
    album.shoot(&clerk, "4-queue", Light::Day).await;
    clerk.click(&format!("a[href='/office/reviews/{order}']")).await;
    clerk.see("input[name=verdict]").await;
    album.shoot(&clerk, "5-to-propose", Light::Day).await;
    clerk.proposes("written", "持卡人到窗口，卡上余额 85.00，与充值后相符").await;
    clerk.see("#decision .said blockquote").await;
    let own = clerk.read("#decision").await;
    assert!(own.contains("自己提出的意见须由另一人复核"), "{own}");
    assert!(!clerk.sees("#looked").await, "nobody confirms alone");
    album.shoot(&clerk, "6-own-proposal", Light::Day).await;
    assert_eq!(clerk.demo.books()["held"], "50.00");

    clerk.in_office_as(CONFIRMS.0).await;
    clerk.visit(&format!("/office/reviews/{order}")).await;
    clerk.click("#looked").await;
    clerk.write("#reason", "证据已核对").await;
    album.shoot(&clerk, "7-to-confirm", Light::Day).await;
    clerk.click("#decision button[value=confirm]").await;
    clerk.see("#decision .said .tag.good").await;
    let decided = clerk.read("#decision").await;
    for words in ["已由两人核定", PROPOSES.1, CONFIRMS.1] {
        assert!(decided.contains(words), "{words}: {decided}");
    }
    album.shoot(&clerk, "8-decided", Light::Day).await;
    let books = clerk.demo.books();
    assert_eq!((books["held"].as_str(), books["on_cards"].as_str()), ("0.00", "50.00"));

    // The clerk's own page of the load says so, and the card can be charged again.
    clerk.close_and_go_to(&at_the_load).await;
    clerk.visit(&format!("/loads/{order}")).await;
    clerk.see(".tag.good").await;
    let told = clerk.read("main").await;
    assert!(told.contains("成功") && told.contains("核定"), "{told}");
    album.shoot(&clerk, "9-clerk-is-told", Light::Day).await;
    clerk.visit("/station").await;
    clerk.station_ready().await;
    clerk.card_ready(UNPROVEN).await;
    clerk.charge(10).await;
    clerk.order("succeeded").await;
    assert_eq!(clerk.facts().await["现余额"], "¥95.00");
    clerk.all_is_well().await;
}
