//! Paying in over HTTP: a browser without script, the portal, and the sandbox bank.

use std::time::Duration;

use futures_util::future::join_all;
use portal::FORM_LIMIT;
use reqwest::{Client, Response, StatusCode};

use crate::bank::{COMPANY, PAYS, SHORT, form};
use crate::world::{Browser, CASHIER, PASSWORD, World, field, header, location, text};

const MANAGER: &str = "0013";
const CLERK: &str = "0012";
const ELSEWHERE: &str = "0098";

/// Fills the form in and confirms; answers the address of the page that leads to the bank.
pub(crate) async fn confirm(browser: &Browser<'_>, amount: &str, payer: &str) -> String {
    let sent = [("amount", amount), ("remark", "十一月"), ("payer", payer)];
    let checked = text(browser.post("/deposits/check", &sent).await).await;
    let (to, fields) = form_of(&checked);
    let answer = browser.post(&to, &pairs(&fields)).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{}", text(answer).await);
    location(&answer).to_owned()
}

fn form_of(checked: &str) -> (String, Vec<(String, String)>) {
    let names = ["intent", "amount", "remark", "payer"];
    let fields = names.map(|name| (name.to_owned(), field(checked, "check", name)));
    ("/deposits".to_owned(), fields.to_vec())
}

fn pairs(fields: &[(String, String)]) -> Vec<(&str, &str)> {
    fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

pub(crate) fn order(pay: &str) -> &str {
    pay.trim_start_matches("/deposits/").trim_end_matches("/pay")
}

/// The bank's page sends the payer's browser back: from another site, so without the session's cookie.
async fn come_back(world: &World, bank_page: &str) -> Response {
    let (to, fields) = form(bank_page, "back");
    let client = Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
    let bank = world.bank.as_ref().expect("a bank").url.clone();
    let sent = client.post(to).form(&fields).header("origin", bank).header("sec-fetch-site", "cross-site");
    sent.send().await.expect("an answer")
}

#[tokio::test]
async fn a_group_pays_in_through_the_banks_pages() {
    let world = World::with_bank().await;
    let bank = world.bank.as_ref().expect("a bank");
    let browser = world.signed_in(MANAGER).await;
    let home = browser.read("/").await;
    assert!(home.contains("href=\"/deposits/new\"") && home.contains("href=\"/deposits\""), "{home}");
    assert!(browser.read("/deposits/new").await.contains("¥10,000.00"));
    let sent = [("amount", "¥50,000"), ("remark", " 十一月 & <b> "), ("payer", "person")];
    let checked = text(browser.post("/deposits/check", &sent).await).await;
    for words in
        ["¥50,000.00", "¥60,000.00", "<dd>十一月 &amp; &lt;b&gt; <a", "个人银行卡", "/deposits/new?amount=50000&amp;"]
    {
        assert!(checked.contains(words), "{words} is not in {checked}");
    }

    let pay = confirm(&browser, "50000", "person").await;
    let order = order(&pay);
    assert!(browser.read(&format!("/deposits/{order}")).await.contains("尚未付款"));
    let answer = browser.get(&pay).await;
    let policy = header(&answer, "content-security-policy").to_owned();
    assert!(policy.ends_with(&format!("; form-action 'self' {} {CASHIER}", bank.url)), "{policy}");
    let cashier = bank.arrive(&text(answer).await).await;
    assert!(browser.read(&format!("/deposits/{order}")).await.contains("银行尚未告知结果"));

    let paid = bank.pay(&cashier, PAYS).await;
    assert!(paid.contains("支付成功"), "{paid}");
    let returned = come_back(&world, &paid).await;
    assert_eq!(
        (returned.status(), location(&returned)),
        (StatusCode::SEE_OTHER, format!("/deposits/{order}").as_str())
    );
    let page = browser.read_until(&format!("/deposits/{order}"), "已付款，等待审核").await;
    let (_, told) = form(&paid, "back");
    for words in [order, &told["queryId"], "¥50,000.00", "示例科技有限公司", "王芳", "向银行核实：已付款 ¥50,000.00"]
    {
        assert!(page.contains(words), "{words} is not in {page}");
    }
    // Its quota has not grown, and the page that led to the bank leads here.
    assert!(browser.read("/").await.contains("¥10,000.00"));
    assert_eq!(location(&browser.get(&pay).await), format!("/deposits/{order}"));
    let list = browser.read("/records/deposits").await;
    assert!(list.contains(order) && list.contains("待审核"), "{list}");
    // Everywhere else the forms go nowhere else.
    let policy = browser.get("/deposits/new").await;
    assert!(header(&policy, "content-security-policy").ends_with("; form-action 'self'"));
}

#[tokio::test]
async fn a_company_pays_and_a_payment_fails() {
    let world = World::with_bank().await;
    let bank = world.bank.as_ref().expect("a bank");
    let browser = world.signed_in(MANAGER).await;
    let pay = confirm(&browser, "3000", "company").await;
    let deposit = format!("/deposits/{}", order(&pay));
    let cashier = bank.arrive(&browser.read(&pay).await).await;
    let handed_over = bank.pay(&cashier, COMPANY).await;
    come_back(&world, &handed_over).await;
    let page = browser.read(&deposit).await;
    assert!(page.contains("银行尚未告知结果") && page.contains("复核员"), "{page}");
    bank.approve(&cashier).await;
    browser.read_until(&format!("{deposit}/now"), "已付款，等待审核").await;

    // Another minute: the bank sends no second code before.
    world.clock.advance(Duration::from_secs(61));
    let pay = confirm(&browser, "100", "person").await;
    let cashier = bank.arrive(&browser.read(&pay).await).await;
    let failed = bank.pay(&cashier, SHORT).await;
    come_back(&world, &failed).await;
    let page = browser.read_until(&format!("/deposits/{}", order(&pay)), "付款未成功").await;
    assert!(page.contains("您的银行卡余额不足") && page.contains("重新充值"), "{page}");
}

#[tokio::test]
async fn one_check_page_makes_one_deposit() {
    let world = World::with_bank().await;
    let browser = world.signed_in(MANAGER).await;
    let sent = [("amount", "500"), ("remark", ""), ("payer", "company")];
    let checked = text(browser.post("/deposits/check", &sent).await).await;
    let (to, mut fields) = form_of(&checked);
    let answers = join_all((0..20).map(|_| browser.client.post(world.url(&to)).form(&fields).send())).await;
    let mut pages: Vec<String> =
        answers.into_iter().map(|answer| location(&answer.expect("an answer")).to_owned()).collect();
    pages.dedup();
    assert_eq!(pages.len(), 1, "{pages:?}");
    assert!(pages[0].ends_with("/pay"), "{pages:?}");
    // The back button, and another amount under the same key.
    for (_, value) in fields.iter_mut().filter(|(name, _)| name == "amount") {
        "600".clone_into(value);
    }
    let answer = browser.post(&to, &pairs(&fields)).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(text(answer).await.contains("没有付款"));
    let (count,): (i64,) = {
        let mut tx = world.house.db.read().await.expect("a look");
        tx.query("SELECT COUNT(*) FROM deposits").one().await.expect("a count")
    };
    assert_eq!(count, 1);
}

#[tokio::test]
async fn amounts_are_whole_yuan_above_zero() {
    let world = World::with_bank().await;
    let browser = world.signed_in(MANAGER).await;
    let long = "字".repeat(101);
    for (amount, remark, words) in [
        ("", "", "请输入数字"),
        ("abc", "", "请输入数字，现在是“abc”"),
        ("-5", "", "须大于 0"),
        ("0", "", "须大于 0"),
        ("12.50", "", "须是整数元，现在是“12.50”"),
        ("10000001", "", "一次最多 ¥10,000,000.00"),
        ("99999999999999999999", "", "请输入数字"),
        ("100", long.as_str(), "最多 100 个字，现在是 101 个"),
    ] {
        let sent = [("amount", amount), ("remark", remark), ("payer", "person")];
        let answer = browser.post("/deposits/check", &sent).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{amount}");
        let page = text(answer).await;
        assert!(page.contains(words) && page.contains("id=\"new\""), "{amount}: {page}");
    }
    for good in ["1", "￥１，０００元", "10000000"] {
        let answer = browser.post("/deposits/check", &[("amount", good), ("remark", ""), ("payer", "person")]).await;
        assert_eq!(answer.status(), StatusCode::OK, "{good}");
    }
}

#[tokio::test]
async fn nobody_elses_deposit_is_there_and_a_lost_session_comes_back_to_its_own() {
    let world = World::with_bank().await;
    let bank = world.bank.as_ref().expect("a bank");
    let browser = world.signed_in(MANAGER).await;
    let pay = confirm(&browser, "100", "person").await;
    let deposit = format!("/deposits/{}", order(&pay));
    let cashier = bank.arrive(&browser.read(&pay).await).await;
    let paid = bank.pay(&cashier, PAYS).await;

    let (others, clerk) = (world.signed_in(ELSEWHERE).await, world.signed_in(CLERK).await);
    for path in [deposit.clone(), format!("{deposit}/now"), pay.clone()] {
        assert_eq!(others.get(&path).await.status(), StatusCode::NOT_FOUND, "{path}");
        assert_eq!(clerk.get(&path).await.status(), StatusCode::FORBIDDEN, "{path}");
    }
    assert!(!others.read("/records/deposits").await.contains(order(&pay)));
    for path in ["/deposits", "/deposits/new", "/records/deposits"] {
        assert_eq!(clerk.get(path).await.status(), StatusCode::FORBIDDEN, "{path}");
    }
    assert!(!clerk.read("/").await.contains("/deposits"), "a clerk sees no way there");

    // The session ends while the payer is at the bank.
    world.clock.advance(Duration::from_mins(16));
    let returned = come_back(&world, &paid).await;
    assert_eq!(location(&returned), deposit);
    let answer = browser.get(&deposit).await;
    assert_eq!(location(&answer), format!("/sign-in?expired=yes&then={deposit}"));
    let answer = browser.post("/deposits/check", &[("amount", " "), ("payer", "person")]).await;
    assert_eq!(location(&answer), "/sign-in?expired=yes&then=/deposits/new");
    let again = [("login", MANAGER), ("password", PASSWORD), ("then", deposit.as_str())];
    assert_eq!(location(&browser.post("/sign-in", &again).await), deposit);
    browser.read_until(&deposit, "已付款，等待审核").await;
}

#[tokio::test]
async fn what_a_browser_brings_back_and_what_is_forged_changes_nothing() {
    let world = World::with_bank().await;
    let bank = world.bank.as_ref().expect("a bank");
    let browser = world.signed_in(MANAGER).await;
    let pay = confirm(&browser, "100", "person").await;
    let deposit = format!("/deposits/{}", order(&pay));
    bank.arrive(&browser.read(&pay).await).await;
    let told =
        [("respCode", "00"), ("orderId", order(&pay)), ("txnAmt", "10000"), ("queryId", "132611221432080000018")];
    let nobody = world.browser();
    let answer = nobody.post(&format!("{deposit}/return"), &told).await;
    assert_eq!((answer.status(), location(&answer)), (StatusCode::SEE_OTHER, deposit.as_str()));
    assert_eq!(nobody.get(&format!("{deposit}/return")).await.status(), StatusCode::SEE_OTHER);
    let notify = "/gateway/unionpay/notify";
    let answer = nobody.post(notify, &told).await;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    assert!(text(answer).await.contains("signMethod"), "it says why");
    let huge = nobody.client.post(world.url(notify)).body("a=".to_owned() + &"b".repeat(FORM_LIMIT)).send().await;
    assert_eq!(huge.expect("an answer").status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(nobody.get(notify).await.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert!(browser.read(&deposit).await.contains("银行尚未告知结果"));
    let answer = nobody.post("/deposits/none/return", &told).await;
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);

    // A bank that does not answer keeps nobody from coming back.
    bank.close().await;
    let answer = nobody.post(&format!("{deposit}/return"), &[]).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert!(browser.read(&deposit).await.contains("银行尚未告知结果"));
}

#[tokio::test]
async fn without_a_gateway_the_page_says_so() {
    let world = World::open().await;
    let browser = world.signed_in(MANAGER).await;
    assert!(browser.read("/deposits/new").await.contains("还没有开通"));
    let answer = browser.post("/deposits/check", &[("amount", "100"), ("payer", "person")]).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(browser.post("/gateway/unionpay/notify", &[]).await.status(), StatusCode::NOT_FOUND);
}
