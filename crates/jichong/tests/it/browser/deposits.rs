//! Paying in: from the portal through the bank's pages and back, in both languages, with script and without.

use super::album::{Album, Light};
use super::chromium::Scripts;
use super::clerk::Clerk;

/// The demo's manager.
const MANAGER: &str = "0010";

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
    amount: "50000",
    payer: "person",
    account: "6216261000000000018",
    after: "¥136,420.00",
    done: "支付成功",
    paid: "已付款，等待审核\n¥50,000.00",
    facts: [
        ("充值转账金额", "¥50,000.00"),
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
    after: "¥89,420.00",
    done: "Submitted, waits for approval",
    paid: "Paid, waits for review\n¥3,000.00",
    facts: [
        ("Amount", "¥3,000.00"),
        ("Group", "示例科技有限公司"),
        ("Operator", "陈主任"),
        ("Paid by", "Corporate banking"),
    ],
};

#[tokio::test]
async fn a_group_pays_in_through_the_banks_pages_in_both_languages() {
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

    clerk.click("form[action='/language'] button[value='en']").await;
    clerk.see("html[lang=en] #deposit").await;
    clerk.open(&format!("{}/", clerk.demo.bank)).await;
    clerk.click("form[action='/language'] button[value='en']").await;
    clerk.see("html[lang=en] .accounts").await;
    album.shoot(&clerk, "en-bank-accounts", Light::Day).await;
    ENGLISH.take(&clerk, &album).await;

    clerk.visit("/deposits").await;
    assert_eq!(clerk.read(".list header").await.matches("¥53,000.00").count(), 1);
    album.shoot(&clerk, "en-9-list", Light::DayAndNight).await;
    let books = clerk.demo.books();
    assert_eq!((books["deposits_in_review"].as_str(), books["quota"].as_str()), ("53,000.00", "86,720.00"));
    clerk.all_is_well().await;
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
        album.shoot(clerk, &name("2-check"), Light::DayAndNight).await;
        // A double click is one deposit.
        clerk.double_click("#confirm").await;
        self.pay(clerk, album).await;
        let first = clerk.see("#deposit[data-state]").await;
        drop(first);
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
        album.shoot(clerk, &name("3-bank-account"), Light::DayAndNight).await;
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
