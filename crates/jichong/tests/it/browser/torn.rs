//! A card taken away while it is written, and put back.

use super::album::{Album, Light};
use super::clerk::{Clerk, STANDARD};

/// What the books must say, and what the page.
struct Torn {
    /// The moment, as the reader's page names it.
    tear: &'static str,
    /// What the card says when it is put back.
    proven: [&'static str; 2],
    /// The list's last cells then.
    row: [&'static str; 3],
    /// The balance then.
    balance: &'static str,
    on_cards: &'static str,
}

#[tokio::test]
async fn a_card_torn_before_the_money_was_on_it() {
    let torn = Torn {
        tear: "during",
        proven: ["上次充值已核实：未扣款", "未写入卡，额度已退回"],
        row: ["50.00", "—", "未扣款"],
        balance: "¥12.60",
        on_cards: "0.00",
    };
    torn.check().await;
}

#[tokio::test]
async fn a_card_torn_after_the_money_was_on_it() {
    let torn = Torn {
        tear: "after",
        proven: ["上次充值已核实：成功", "¥50.00 已写入这张卡，不会重复扣款"],
        row: ["50.00", "62.60", "成功"],
        balance: "¥62.60",
        on_cards: "50.00",
    };
    torn.check().await;
}

impl Torn {
    async fn check(&self) {
        let clerk = Clerk::at_the_station().await;
        let album = Album::new(&format!("torn-{}", self.tear));
        let (station, _) = clerk.open_beside(&clerk.demo.reader).await;
        clerk.click(&format!("#tear-{}", self.tear)).await;
        clerk.see(&format!("#tear-{}[aria-pressed=true]", self.tear)).await;
        clerk.click(&format!("#tap-{STANDARD}")).await;
        clerk.see("#remove:enabled").await;
        clerk.go_to(&station).await;
        clerk.card_ready(STANDARD).await;
        clerk.charge(50).await;

        let order = clerk.order("unknown").await;
        clerk.see(&format!("#list a[href='/loads/{order}']")).await;
        clerk.see(".strip .quota .held").await;
        album.shoot(&clerk, "1-in-doubt", Light::DayAndNight).await;
        in_doubt(&clerk).await;
        assert_eq!(clerk.demo.books()["held"], "50.00");

        let put_back = clerk.read("#card > .put-back").await;
        assert!(put_back.contains("请放回尾号 0001 的原卡"), "{put_back}");

        // The card comes back and settles the doubt itself.
        clerk.demo.tap(STANDARD).await;
        let card = clerk.read(".card.ready .notice.good").await;
        for said in self.proven.iter().copied().chain([order.as_str(), "¥50.00"]) {
            assert!(card.contains(said), "{said:?} is not in {card}");
        }
        clerk.see(".station[data-mode=entry]").await;
        album.shoot(&clerk, "2-card-back", Light::DayAndNight).await;
        assert!(clerk.read(".card .flow").await.contains(self.balance));
        let (_, rows) = clerk.list().await;
        assert_eq!(rows.len(), 1);
        let result = rows[0][6].split_whitespace().next();
        assert_eq!([rows[0][4].as_str(), &rows[0][5], result.unwrap_or_default()], self.row);
        clerk.visit(&format!("/loads/{order}")).await;
        album.shoot(&clerk, "3-load", Light::Day).await;
        assert_eq!(clerk.demo.loads().await, 1);
        let books = clerk.demo.books();
        assert_eq!((books["held"].as_str(), books["on_cards"].as_str()), ("0.00", self.on_cards));
        clerk.all_is_well().await;
    }
}

/// 待核实: the money is held, which card it was, and what happens next.
async fn in_doubt(clerk: &Clerk) {
    let result = clerk.read("#result").await;
    let next = [
        "请放回原卡",
        "写卡途中卡片被拿开",
        "0001",
        "请在此放回这张原卡，几秒内自动核实",
        "卡片无法取回时",
        "3 个工作日",
    ];
    for said in ["待核实", "已冻结 ¥50.00"].into_iter().chain(next) {
        assert!(result.contains(said), "{said:?} is not in {result}");
    }
    let facts = clerk.facts().await;
    assert_eq!((facts["卡号"].as_str(), facts["充值前余额"].as_str()), (STANDARD, "¥12.60"));
    assert_eq!(facts.get("现余额"), None, "nobody knows it");
    let quota = clerk.read(".strip .quota").await;
    assert!(quota.contains("另冻结 ¥50.00") && quota.contains("¥86,370.00"), "{quota}");
    assert!(clerk.list().await.0.contains("待核实 1 笔 ¥50.00"));
}
