//! Signing in, sessions, the password, the language.

use std::time::Duration;

use reqwest::StatusCode;
use topup::audit::{self, Action, Actor, Subject};
use topup::people::staff::{self, StaffRole};
use topup::people::{AccountError, Accounts, Side};

use crate::world::{Browser, PASSWORD, TERMINAL, World, header, location, text};

#[tokio::test]
async fn an_unknown_user_and_a_wrong_password_read_the_same() {
    let world = World::open().await;
    let browser = world.browser();
    let unknown = browser.post("/sign-in", &[("login", "nobody"), ("password", "x")]).await;
    let wrong = browser.post("/sign-in", &[("login", "0012"), ("password", "x")]).await;
    assert_eq!(
        (unknown.status(), wrong.status()),
        (StatusCode::UNPROCESSABLE_ENTITY, StatusCode::UNPROCESSABLE_ENTITY)
    );
    let (unknown, wrong) = (text(unknown).await, text(wrong).await);
    assert!(wrong.contains("用户名或密码错误"));
    assert_eq!(unknown.replace("nobody", "0012"), wrong);
}

#[tokio::test]
async fn a_session_has_a_careful_cookie_and_a_new_id_at_sign_in() {
    let world = World::with(|settings| settings.tls = true).await;
    let browser = world.browser();
    let sign_in = || browser.post("/sign-in", &[("login", " 0012 "), ("password", PASSWORD)]);
    let (first, second) = (sign_in().await, sign_in().await);
    let cookie = header(&first, "set-cookie").to_owned();
    assert!(cookie.starts_with("__Host-session="), "{cookie}");
    for part in ["HttpOnly", "Secure", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Max-Age") && !cookie.contains("Domain"), "{cookie}");
    assert_ne!(cookie, header(&second, "set-cookie"));
    assert!(header(&first, "strict-transport-security").contains("max-age="));
}

#[tokio::test]
async fn a_session_ends_when_idle_and_activity_moves_its_end() {
    let world = World::open().await;
    let browser = world.signed_in("0012").await;
    let minutes = |n: u64| world.clock.advance(Duration::from_secs(n * 60));
    minutes(14);
    assert_eq!(browser.get("/station").await.status(), StatusCode::OK);
    minutes(14);
    assert_eq!(text(browser.get("/session").await).await, r#"{"left_s":60}"#, "asking is not activity");
    assert_eq!(text(browser.post("/session", &[]).await).await, r#"{"left_s":900}"#);
    minutes(15);
    let gone = browser.get("/station").await;
    assert_eq!(location(&gone), "/sign-in?expired=yes&then=/station");
    let page = browser.read(location(&gone)).await;
    assert!(page.contains("登录已过期") && page.contains(r#"name="then" value="/station""#), "{page}");
    let back = browser.post("/sign-in", &[("login", "0012"), ("password", PASSWORD), ("then", "/station")]).await;
    assert_eq!(location(&back), "/station");
}

/// Without script: what was typed is not done, and is there again after signing in, for people to send themselves.
#[tokio::test]
async fn what_was_typed_when_the_session_had_ended_is_kept_and_not_done() {
    let world = World::open().await;
    world.hire(&[StaffRole::Admin]).await;
    let revoke = format!("/office/terminals/{TERMINAL}/revoke");
    let hidden = |page: &str, name: &str| {
        let after = page.split_once(&format!("name=\"{name}\" value=\"")).expect("the field is there").1;
        after
            .split_once('"')
            .expect("its end")
            .0
            .replace("&quot;", "\"")
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&amp;", "&")
    };
    let sent = [("reason", "丢了 & <b>"), ("password", "not to be seen"), ("sure", "yes")];
    let browser = world.in_office(StaffRole::Admin).await;
    world.clock.advance(Duration::from_mins(16));
    let answer = browser.post(&revoke, &sent).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    let page = text(answer).await;
    assert!(page.contains("没有执行") && page.contains(r#"action="/office/sign-in""#), "{page}");
    assert!(!page.contains("not to be seen"), "{page}");

    let (kept, then) = (hidden(&page, "kept"), hidden(&page, "then"));
    let sign_in = async |password: &str| {
        let form = [("login", "admin"), ("password", password), ("then", &then), ("kept", &kept)];
        browser.post("/office/sign-in", &form).await
    };
    let refused = text(sign_in("wrong").await).await;
    assert_eq!(hidden(&refused, "kept"), kept, "a mistyped password loses nothing");
    let answer = sign_in(PASSWORD).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let page = text(answer).await;
    let back = format!("href=\"{revoke}\"");
    for words in ["刚才的提交没有执行", "丢了 &amp; &lt;b&gt;", back.as_str()] {
        assert!(page.contains(words), "{words} is not in {page}");
    }
    assert!(page.contains("/office/sign-out") && page.contains("刘敏"), "who is signed in is: {page}");
    assert!(browser.read(&revoke).await.contains("停用"), "nothing was done");

    // What is no page of this side is not gone to, and rubbish is nothing.
    for kept in
        [r#"{"page":"//evil.example","fields":[["reason","x"]]}"#, r#"{"page":"/station","fields":[["reason","x"]]}"#]
    {
        let form = [("login", "admin"), ("password", PASSWORD), ("kept", kept)];
        let page = text(browser.post("/office/sign-in", &form).await).await;
        assert!(page.contains(r#"href="/office" autofocus"#), "{page}");
    }
    let form = [("login", "admin"), ("password", PASSWORD), ("kept", "rubbish")];
    assert_eq!(location(&browser.post("/office/sign-in", &form).await), "/office");
    // Nothing typed: straight to the page of the form.
    world.clock.advance(Duration::from_mins(16));
    assert_eq!(location(&browser.post(&revoke, &[]).await), format!("/office/sign-in?expired=yes&then={revoke}"));
}

#[tokio::test]
async fn signing_out_ends_the_session_on_the_server() {
    let world = World::open().await;
    let browser = world.signed_in("0012").await;
    assert_eq!(location(&browser.post("/sign-out", &[]).await), "/sign-in?out=yes");
    assert_eq!(browser.get("/password").await.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_new_password_works_and_ends_the_other_sessions() {
    let world = World::open().await;
    let (here, elsewhere) = (world.signed_in("0012").await, world.signed_in("0012").await);
    let change = async |original: &str, new: &str, again: &str| {
        text(here.post("/password", &[("original", original), ("new", new), ("again", again)]).await).await
    };
    assert!(change("wrong one", "a new long one", "a new long one").await.contains("原密码不正确"));
    assert!(change(PASSWORD, "short", "short").await.contains("至少要有 8 个字符"));
    assert!(change(PASSWORD, "12345678", "12345678").await.contains("太常见"));
    assert!(change(PASSWORD, "a new long one", "another long one").await.contains("不一致"));
    assert!(change(PASSWORD, PASSWORD, PASSWORD).await.contains("不能与原密码相同"));
    assert!(change(PASSWORD, "a new long one", "a new long one").await.contains("密码已修改"));
    assert_eq!(here.get("/station").await.status(), StatusCode::OK);
    assert_eq!(elsewhere.get("/station").await.status(), StatusCode::SEE_OTHER);
    let sign_in = async |password| here.post("/sign-in", &[("login", "0012"), ("password", password)]).await;
    assert_eq!(sign_in(PASSWORD).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(sign_in("a new long one").await.status(), StatusCode::SEE_OTHER);
}

/// What the card company does about an account holds at once, for those who are signed in too.
#[tokio::test]
async fn a_reset_password_and_a_deactivated_account_end_every_session() {
    let world = World::open().await;
    world.hire(&[StaffRole::Finance]).await;
    let house = &world.house;
    let actor = Actor::command_line();
    let accounts = Accounts { db: &house.db, ids: &house.ids, entropy: &*house.entropy, actor: &actor };
    let may_work = async |browser: &Browser<'_>, path| browser.get(path).await.status() == StatusCode::OK;
    let sign_in = async |browser: &Browser<'_>, path, login, password| {
        browser.post(path, &[("login", login), ("password", password)]).await.status() == StatusCode::SEE_OTHER
    };
    let (clerk, finance) = (world.signed_in("0012").await, world.in_office(StaffRole::Finance).await);

    accounts.reset_password(Side::Operators, "0012", "a new long one").await.expect("reset");
    assert!(!may_work(&clerk, "/station").await, "signed out by a new password");
    assert!(may_work(&finance, "/office").await, "somebody else is not");
    assert!(!sign_in(&clerk, "/sign-in", "0012", PASSWORD).await);
    assert!(sign_in(&clerk, "/sign-in", "0012", "a new long one").await);

    for (side, login, browser, page, door, password) in [
        (Side::Operators, "0012", &clerk, "/station", "/sign-in", "a new long one"),
        (Side::Staff, "finance", &finance, "/office/reviews", "/office/sign-in", PASSWORD),
    ] {
        assert!(may_work(browser, page).await);
        accounts.set_active(side, login, false).await.expect("deactivated");
        assert!(!may_work(browser, page).await, "{login} is out");
        assert!(!sign_in(browser, door, login, password).await, "{login} stays out");
        accounts.set_active(side, login, true).await.expect("activated");
        assert!(sign_in(browser, door, login, password).await, "{login} is back");
    }
    let nobody = accounts.set_active(Side::Staff, "0012", false).await;
    assert!(matches!(nobody, Err(AccountError::Nobody)), "{nobody:?}");

    let liu = staff::by_login(house, "finance").await.expect("a look").expect("finance");
    let trail = audit::of(house, Subject::Staff(liu.id), None).await.expect("a look").rows;
    let actions: Vec<_> = trail.iter().filter_map(|entry| entry.action).collect();
    assert!(actions.starts_with(&[Action::PersonActivated, Action::PersonDeactivated]), "{actions:?}");
}

#[tokio::test]
async fn the_language_is_chosen_asked_for_or_chinese() {
    let world = World::open().await;
    let browser = world.browser();
    assert!(browser.read("/").await.contains(r#"<html lang="zh-CN">"#));
    let asked = browser.client.get(world.url("/")).header("accept-language", "en-GB,zh;q=0.5").send().await.unwrap();
    assert!(text(asked).await.contains(r#"<html lang="en">"#));
    let switched = browser.post("/language", &[("lang", "en"), ("back", "/guide?a=b")]).await;
    assert_eq!(location(&switched), "/guide?a=b");
    assert!(header(&switched, "set-cookie").starts_with("language=en; SameSite=Lax; Path=/"));
    assert!(browser.read("/guide").await.contains("Instructions"));
    let abroad = browser.post("/language", &[("lang", "zh-CN"), ("back", "//evil.example")]).await;
    assert_eq!(location(&abroad), "/");
    assert_eq!(browser.post("/language", &[("lang", "tlh")]).await.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_huge_password_is_answered_clearly_and_a_long_one_works() {
    let world = World::open().await;
    let browser = world.browser();
    let huge = "x".repeat(portal::FORM_LIMIT);
    let answer = browser.post("/sign-in", &[("login", "0012"), ("password", &huge)]).await;
    assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let page = text(answer).await;
    assert!(page.contains("64 KiB") && page.contains("没有扣款"), "{page}");
    let here = world.signed_in("0012").await;
    let long = "long ".repeat(5_000);
    let form = [("original", PASSWORD), ("new", long.as_str()), ("again", long.as_str())];
    assert!(text(here.post("/password", &form).await).await.contains("密码已修改"));
    assert_eq!(
        browser.post("/sign-in", &[("login", "0012"), ("password", &long)]).await.status(),
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn one_address_cannot_sign_in_for_ever() {
    let world = World::open().await;
    let browser = world.browser();
    let mut last = None;
    for n in 0..70 {
        let login = format!("guess{n}");
        let answer = browser.post("/sign-in", &[("login", &login), ("password", "")]).await;
        last = Some((answer.status(), header(&answer, "retry-after").to_owned()));
    }
    let (status, retry) = last.unwrap();
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(retry, "1");
}
