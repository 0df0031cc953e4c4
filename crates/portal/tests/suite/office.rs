//! The office: its own door, and what its people find behind it.

use std::time::Duration;

use reqwest::StatusCode;
use topup::people::staff::StaffRole;

use crate::world::{PASSWORD, World, header, location, text};

#[tokio::test]
async fn both_sides_are_open_in_one_browser_and_neither_opens_the_other() {
    let world = World::open().await;
    world.hire(&[StaffRole::Finance]).await;
    let browser = world.signed_in("0012").await;
    assert_eq!(location(&browser.get("/office").await), "/office/sign-in?expired=yes&then=/office");
    browser.enter_office(StaffRole::Finance).await;
    let (portal, office) = (browser.read("/").await, browser.read("/office").await);
    assert!(portal.contains("王芳") && !portal.contains("后台"), "{portal}");
    assert!(office.contains("刘敏") && office.contains("财务") && office.contains("没有等待处理的事"), "{office}");
    assert_eq!(location(&browser.post("/office/sign-out", &[]).await), "/office/sign-in?out=yes");
    assert_eq!(browser.get("/office").await.status(), StatusCode::SEE_OTHER);
    assert_eq!(browser.get("/station").await.status(), StatusCode::OK, "the clerk stays");

    // A cookie carried over to the other side names a session that holds nobody there.
    let there = world.browser();
    let answer = there.post("/office/sign-in", &[("login", "finance"), ("password", PASSWORD)]).await;
    let cookie = header(&answer, "set-cookie").split(';').next().unwrap().replace("office=", "session=");
    let stolen = world.browser().client.get(world.url("/station")).header("cookie", cookie).send().await.unwrap();
    assert_eq!(location(&stolen), "/sign-in?expired=yes&then=/station");
}

#[tokio::test]
async fn accounts_of_one_side_are_unknown_on_the_other_and_read_like_a_wrong_password() {
    let world = World::open().await;
    world.hire(&[StaffRole::Teller]).await;
    let browser = world.browser();
    let mut pages = Vec::new();
    for (path, login) in
        [("/office/sign-in", "0012"), ("/office/sign-in", "nobody"), ("/sign-in", "teller"), ("/sign-in", "nobody")]
    {
        let answer = browser.post(path, &[("login", login), ("password", PASSWORD)]).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{path} {login}");
        pages.push(text(answer).await.replace(login, "X"));
    }
    assert!(pages[0].contains("用户名或密码错误") && pages[0].contains("后台账号"), "{}", pages[0]);
    assert_eq!((&pages[0], &pages[2]), (&pages[1], &pages[3]));
    let wrong = browser.post("/office/sign-in", &[("login", "teller"), ("password", "not this one")]).await;
    assert_eq!(text(wrong).await.replace("teller", "X"), pages[1]);
}

#[tokio::test]
async fn guesses_at_staff_are_slowed_apart_from_those_at_operators() {
    let world = World::open().await;
    world.hire(&[StaffRole::Admin]).await;
    let browser = world.browser();
    let try_in = async |path: &str, login: &str, password: &str| {
        browser.post(path, &[("login", login), ("password", password)]).await.status()
    };
    for _ in 0..6 {
        assert_eq!(try_in("/office/sign-in", "admin", "guess").await, StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert_eq!(try_in("/office/sign-in", "admin", PASSWORD).await, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(try_in("/sign-in", "admin", "guess").await, StatusCode::UNPROCESSABLE_ENTITY, "no operator's count");
}

#[tokio::test]
async fn a_session_of_the_office_warns_ends_and_goes_on_like_any() {
    let world = World::with(|settings| settings.tls = true).await;
    world.hire(&[StaffRole::Admin]).await;
    let browser = world.browser();
    let answer = browser.post("/office/sign-in", &[("login", " ADMIN "), ("password", PASSWORD)]).await;
    let cookie = header(&answer, "set-cookie").to_owned();
    assert!(cookie.starts_with("__Host-office="), "{cookie}");
    for part in ["HttpOnly", "Secure", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    // The test's client keeps Secure cookies to itself on plain HTTP, so it brings this one by hand.
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let get = async |path: &str| {
        browser.client.get(world.url(path)).header("cookie", &cookie).send().await.expect("an answer")
    };
    let page = text(get("/office").await).await;
    assert!(page.contains(r#"data-session="/office/session""#), "{page}");
    assert!(page.contains(r#"action="/office/sign-in""#) && page.contains("session.js"), "{page}");
    world.clock.advance(Duration::from_mins(14));
    assert_eq!(text(get("/office/session").await).await, r#"{"left_s":60}"#);
    world.clock.advance(Duration::from_mins(1));
    assert_eq!(location(&get("/office?a=b").await), "/office/sign-in?expired=yes&then=/office%3Fa%3Db");
}

#[tokio::test]
async fn a_new_password_of_staff_ends_their_other_sessions_only() {
    let world = World::open().await;
    world.hire(&[StaffRole::Admin, StaffRole::Teller]).await;
    let (here, elsewhere) = (world.in_office(StaffRole::Admin).await, world.in_office(StaffRole::Admin).await);
    let (other, clerk) = (world.in_office(StaffRole::Teller).await, world.signed_in("0012").await);
    let form = [("original", PASSWORD), ("new", "a new long one"), ("again", "a new long one")];
    let page = text(here.post("/office/password", &form).await).await;
    assert!(page.contains("密码已修改") && page.contains(r#"href="/office""#), "{page}");
    assert_eq!(here.get("/office").await.status(), StatusCode::OK);
    assert_eq!(elsewhere.get("/office").await.status(), StatusCode::SEE_OTHER);
    assert_eq!(other.get("/office").await.status(), StatusCode::OK);
    assert_eq!(clerk.get("/station").await.status(), StatusCode::OK);
    let answer = here.post("/office/sign-in", &[("login", "admin"), ("password", "a new long one")]).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
}
