//! Paying in: from the portal through the bank's pages and back, the decision in the office, and a card charged from the
//! quota, in both languages; and with no script.

use super::album::{Album, Light};
use super::chromium::Scripts;
use super::clerk::{Clerk, STANDARD};

/// The demo's manager.
const MANAGER: &str = "0010";
/// The demo's members of staff who may decide about deposits.
const FINANCE: &str = "liu";
const ADMIN: &str = "zhou";

/// One walk to the bank and back.
struct Walk {
    lang: &'static str,
    amount: &'static str,
    payer: &'static str,
    account: &'static str,
    /// What the check page says of the quota once it is reviewed.
    after: &'static str,
    /// What the bank says when its part is done.
    done: &'static str,
    /// What the result says at last.
    paid: &'static str,
    facts: [(&'static str, &'static str); 4],
}

const CHINESE: Walk = Walk {
    lang: "zh-CN",
    amount: "60000",
    payer: "person",
    account: "6216261000000000018",
    after: "¥146,420.00",
    done: "支付成功",
    paid: "已付款，等待审核 ¥60,000.00",
    facts: [
        ("充值转账金额", "¥60,000.00"),
        ("集团", "示例科技有限公司"),
        ("操作员", "陈主任"),
        ("付款方式", "个人银行卡"),
    ],
};

const ENGLISH: Walk = Walk {
    lang: "en",
    amount: "3000",
    payer: "company",
    account: "3101261000000000018",
    after: "¥149,420.00",
    done: "Submitted, waits for approval",
    paid: "Paid, waits for review ¥3,000.00",
    facts: [
        ("Amount", "¥3,000.00"),
        ("Group", "示例科技有限公司"),
        ("Operator", "陈主任"),
        ("Paid by", "Corporate banking"),
    ],
};

#[tokio::test]
async fn a_group_pays_in_through_the_bank_staff_decide_and_a_card_is_charged() {
    let clerk = Clerk::new(Scripts::On, None).await;
    let album = Album::new("deposits");
    clerk.visit("/sign-in").await;
    clerk.sign_in_as(MANAGER).await;
    album.shoot(&clerk, "zh-CN-0-modules", Light::Day).await;
    CHINESE.take(&clerk, &album).await;
    // The bank went back by itself after its seven seconds, and to the same deposit once more by the back button.
    let order = clerk.read("#deposit .order").await;
    clerk.driver.back().await.expect("back");
    clerk.see("form[data-countdown]").await;
    clerk.click("form.back button").await;
    assert_eq!(clerk.read("#deposit .order").await, order);
    two_people_approve(&clerk, &album, &order).await;

    clerk.click("form[action='/language'] button[value='en']").await;
    clerk.see("html[lang=en] #deposit").await;
    clerk.open(&format!("{}/", clerk.demo.bank)).await;
    clerk.click("form[action='/language'] button[value='en']").await;
    clerk.see("html[lang=en] .accounts").await;
    album.shoot(&clerk, "en-bank-accounts", Light::Day).await;
    ENGLISH.take(&clerk, &album).await;
    one_rejects_and_it_goes_back(&clerk, &album).await;

    clerk.visit("/deposits").await;
    let totals = clerk.read(".sums").await;
    assert!(totals.contains("¥63,000.00") && totals.contains("¥60,000.00"), "{totals}");
    album.shoot(&clerk, "en-9-list", Light::Day).await;
    a_card_is_charged(&clerk).await;
    let books = clerk.demo.books();
    let figures = ["deposits_in_review", "refunds_due", "quota", "on_cards"].map(|name| books[name].as_str());
    // Of ¥86,720.00 in both groups' quotas.
    assert_eq!(figures, ["0.00", "0.00", "146,670.00", "50.00"]);
    clerk.all_is_well().await;
}

/// Above the limit one proposes and another confirms; the operator's page, in the other window, follows by itself.
async fn two_people_approve(clerk: &Clerk, album: &Album, order: &str) {
    let (payer, _) = clerk.open_beside(&format!("{}/office", clerk.demo.portal)).await;
    clerk.in_office_as(FINANCE).await;
    clerk.visit("/office/deposits").await;
    album.shoot(clerk, "zh-CN-8-office-queue", Light::Day).await;
    clerk.click(&format!("a[href='/office/deposits/{order}']")).await;
    clerk.click("input[name=verdict][value=approve]").await;
    clerk.click("#compared").await;
    album.shoot(clerk, "zh-CN-8-office-to-propose", Light::Day).await;
    clerk.click("#decide .main").await;
    clerk.see("#decision .said").await;
    assert!(!clerk.sees("#decide").await, "nobody confirms alone");
    assert_eq!(clerk.demo.books()["deposits_in_review"], "60,000.00");
    clerk.in_office_as(ADMIN).await;
    clerk.visit(&format!("/office/deposits/{order}")).await;
    clerk.click("#compared").await;
    album.shoot(clerk, "zh-CN-8-office-to-confirm", Light::Day).await;
    clerk.click("#decide button[value=confirm]").await;
    clerk.see("#decision .notice.good").await;
    clerk.close_and_go_to(&payer).await;
    clerk.see("#deposit[data-state=approved]").await;
    album.shoot(clerk, "zh-CN-8-approved", Light::Day).await;
    clerk.visit("/").await;
    assert_eq!(clerk.read(".hello .quota b").await, "¥146,420.00");
    clerk.driver.back().await.expect("back");
}

/// Below the limit one is enough; the money goes back through the bank, and the operator's page follows to the end.
async fn one_rejects_and_it_goes_back(clerk: &Clerk, album: &Album) {
    let order = clerk.read("#deposit .order").await;
    let (payer, _) = clerk.open_beside(&format!("{}/office/deposits/{order}", clerk.demo.portal)).await;
    clerk.click("input[name=verdict][value=reject]").await;
    clerk.click("#compared").await;
    clerk.write("#reason", "Paid from an account of another company").await;
    clerk.click("#decide .main").await;
    clerk.see("#decision .said").await;
    clerk.close_and_go_to(&payer).await;
    clerk.see("#deposit[data-state=refunding], #deposit[data-state=refunded]").await;
    album.shoot(clerk, "en-8-going-back", Light::Day).await;
    clerk.see("#deposit[data-state=refunded]").await;
    assert!(clerk.read("#deposit").await.contains("Paid from an account of another company"));
    album.shoot(clerk, "en-8-gone-back", Light::Day).await;
}

/// The clerk charges a card from the quota, and sees it before and after.
async fn a_card_is_charged(clerk: &Clerk) {
    clerk.click("form[action='/sign-out'] button").await;
    clerk.visit("/sign-in").await;
    clerk.sign_in().await;
    clerk.go_to_the_station().await;
    clerk.tap(STANDARD).await;
    clerk.charge(50).await;
    clerk.order("succeeded").await;
    let facts = clerk.facts().await;
    assert_eq!(
        (facts["Group quota before"].as_str(), facts["Group quota after"].as_str()),
        ("¥146,420.00", "¥146,370.00")
    );
}

impl Walk {
    async fn take(&self, clerk: &Clerk, album: &Album) {
        let name = |page: &str| format!("{}-{page}", self.lang);
        clerk.visit("/").await;
        clerk.click(".modules a[href='/deposits/new']").await;
        album.shoot(clerk, &name("1-form"), Light::Day).await;
        clerk.write("#amount", self.amount).await;
        clerk.click(&format!("input[value={}]", self.payer)).await;
        clerk.click("#new .main").await;
        assert!(clerk.read("#check .facts").await.contains(self.after));
        album.shoot(clerk, &name("2-check"), Light::Day).await;
        // A double click is one deposit.
        clerk.double_click("#confirm").await;
        self.pay(clerk, album).await;
        clerk.see("#deposit[data-state]").await;
        if self.payer == "company" {
            album.shoot(clerk, &name("6-awaited"), Light::Day).await;
            self.approve(clerk, album).await;
        }
        clerk.see("#deposit[data-state=paid]").await;
        assert_eq!(clerk.read("#deposit .verdict").await, self.paid);
        let facts = clerk.facts().await;
        for (term, value) in self.facts {
            assert_eq!(facts[term], value, "{term}");
        }
        assert_eq!(clerk.read("#deposit .serial").await.len(), 21);
        album.shoot(clerk, &name("7-paid"), Light::DayAndNight).await;
    }

    /// At the bank: the account, the SMS code, the password.
    async fn pay(&self, clerk: &Clerk, album: &Album) {
        let name = |page: &str| format!("{}-{page}", self.lang);
        clerk.write("#account", self.account).await;
        album.shoot(clerk, &name("3-bank-account"), Light::Day).await;
        clerk.click("form.pay .button").await;
        clerk.click("button[form=send]").await;
        clerk.see("button[form=send]:disabled").await;
        clerk.write("#code", &clerk.demo.sms().await).await;
        clerk.write("#password", "123456").await;
        album.shoot(clerk, &name("4-bank-code"), Light::Day).await;
        clerk.click("form.pay > .button").await;
        assert!(clerk.read(".result").await.contains(self.done));
        album.shoot(clerk, &name("5-bank-done"), Light::DayAndNight).await;
        if self.payer == "company" {
            clerk.click("form.back button").await;
        }
    }

    /// The second person, in a window of their own; the deposit's page follows by itself.
    async fn approve(&self, clerk: &Clerk, album: &Album) {
        let (payer, _) = clerk.open_beside(&format!("{}/console", clerk.demo.bank)).await;
        album.shoot(clerk, &format!("{}-bank-console", self.lang), Light::Day).await;
        clerk.click("a[href$='/approve']").await;
        album.shoot(clerk, &format!("{}-bank-second-person", self.lang), Light::Day).await;
        clerk.click("button[value=yes]").await;
        clerk.see(".sign.good").await;
        clerk.close_and_go_to(&payer).await;
    }
}

#[tokio::test]
async fn paying_in_needs_no_script() {
    let clerk = Clerk::new(Scripts::Off, None).await;
    clerk.visit("/sign-in").await;
    clerk.sign_in_as(MANAGER).await;
    clerk.visit("/deposits/new").await;
    clerk.write("#amount", "100").await;
    clerk.click("input[value=person]").await;
    clerk.click("#new .main").await;
    clerk.click("#confirm").await;
    clerk.click("#pay button").await;
    clerk.write("#account", "6216261000000000018").await;
    clerk.click("form.pay .button").await;
    clerk.click("button[form=send]").await;
    clerk.see("button[form=send][data-wait]:not([data-wait='0'])").await;
    clerk.write("#code", &clerk.demo.sms().await).await;
    clerk.write("#password", "123456").await;
    clerk.click("form.pay > .button").await;
    clerk.click("form.back button").await;
    clerk.see("#deposit[data-state=paid]").await;
    assert_eq!(clerk.demo.books()["deposits_in_review"], "100.00");
    clerk.all_is_well().await;
}
