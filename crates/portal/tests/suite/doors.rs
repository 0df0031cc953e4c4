//! What holds for every route: who may, which headers, who is refused.

use portal::TerminalProgram;
use portal::{Right, Route};
use reqwest::{Method, Response, StatusCode};
use topup::people::Role;
use topup::people::staff::StaffRole;

use crate::world::{Browser, TERMINAL, World, header, location, text};

/// The route with something in its braces, asked once.
async fn ask(world: &World, browser: &Browser<'_>, route: &Route) -> Response {
    let path = route
        .path
        .replace("{terminal}", TERMINAL)
        .replace("{intent}", "none")
        .replace("{run}", "1")
        .replace("{order}", "L261122143208-1X28ANW")
        .replace("{day}", "2026-11-22")
        .replace("{account}", "new")
        .replace("{difference}", "1")
        .replace("{invoice}", "1")
        .replace("{group}", "7")
        .replace("{hash}", "0")
        .replace("{file}", "look.css");
    let path = if path == "/station/live" { format!("{path}?terminal={TERMINAL}") } else { path };
    let request = browser.client.request(route.method.clone(), world.url(&path));
    let form = [
        ("login", ""),
        ("terminal", TERMINAL),
        ("lang", "en"),
        ("card", ""),
        ("balance", "0"),
        ("amount", ""),
        ("intent", ""),
    ];
    let request = if route.method == Method::POST { request.form(&form) } else { request };
    request.send().await.expect("an answer")
}

/// What an answer says of who asked.
#[derive(Debug, PartialEq, Eq)]
enum Door {
    Open,
    /// Nobody is signed in on this side.
    SignIn,
    /// Someone is, and may not.
    Forbidden,
}

async fn door(world: &World, browser: &Browser<'_>, route: &Route) -> Door {
    let answer = ask(world, browser, route).await;
    let at = format!("{} {}", route.method, route.path);
    assert!(!answer.status().is_server_error(), "{at}: {answer:?}");
    let office = route.path.starts_with("/office");
    if location(&answer).contains("sign-in?expired") || answer.status() == StatusCode::UNAUTHORIZED {
        let own = if office { "/office/sign-in?" } else { "/sign-in?" };
        assert!(answer.status() == StatusCode::UNAUTHORIZED || location(&answer).starts_with(own), "{at}: {answer:?}");
        return Door::SignIn;
    }
    if answer.status() == StatusCode::FORBIDDEN && route.path != link::ENROL_PATH {
        let page = text(answer).await;
        // The route that switches the language comes before.
        let said = page.contains("您没有这项权限") || page.contains("You may not do this");
        assert!(said && page.contains("/sign-out"), "{at}: {page}");
        return Door::Forbidden;
    }
    Door::Open
}

/// The whole table, with what ends a session at its end.
fn routes() -> Vec<Route> {
    let (mut routes, ends): (Vec<_>, Vec<_>) =
        portal::table().into_iter().partition(|route| !route.path.ends_with("/sign-out"));
    routes.extend(ends);
    routes
}

#[tokio::test]
async fn every_route_lets_in_whom_its_table_says() {
    let world = World::open().await;
    world.hire(&StaffRole::ALL).await;
    let nobody = world.browser();
    for route in routes() {
        let at = format!("{} {}", route.method, route.path);
        let staffs = matches!(route.needs, Some(Right::Staff(_)));
        assert!(staffs == route.path.starts_with("/office") || route.needs.is_none(), "{at} is on the wrong side");
        let expected = if route.needs.is_some() { Door::SignIn } else { Door::Open };
        assert_eq!(door(&world, &nobody, &route).await, expected, "{at} signed out");
    }
    let may = |may: bool| if may { Door::Open } else { Door::Forbidden };
    for (login, role) in [("0012", Role::Clerk), ("0013", Role::Manager)] {
        let browser = world.signed_in(login).await;
        for route in routes() {
            let expected = match route.needs {
                None => Door::Open,
                Some(Right::Operator(needs)) => may(role.may(needs)),
                Some(Right::Staff(_)) => Door::SignIn,
            };
            assert_eq!(door(&world, &browser, &route).await, expected, "{} {} as {role:?}", route.method, route.path);
        }
    }
    for role in StaffRole::ALL {
        let browser = world.in_office(role).await;
        for route in routes() {
            let expected = match route.needs {
                None => Door::Open,
                Some(Right::Operator(_)) => Door::SignIn,
                Some(Right::Staff(needs)) => may(role.may(needs)),
            };
            assert_eq!(door(&world, &browser, &route).await, expected, "{} {} as {role:?}", route.method, route.path);
        }
    }
}

#[tokio::test]
async fn every_answer_carries_the_headers() {
    let world = World::open().await;
    let browser = world.signed_in("0012").await;
    let mut answers = vec![browser.get("/no/such/page").await, browser.post("/guide", &[]).await];
    for route in portal::table() {
        answers.push(ask(&world, &browser, &route).await);
    }
    for answer in answers {
        let url = answer.url().path().to_owned();
        assert!(header(&answer, "content-security-policy").starts_with("default-src 'none';"), "{url}");
        assert_eq!(header(&answer, "x-content-type-options"), "nosniff", "{url}");
        assert_eq!(header(&answer, "referrer-policy"), "same-origin", "{url}");
        assert_eq!(header(&answer, "cross-origin-opener-policy"), "same-origin", "{url}");
        assert_eq!(header(&answer, "cross-origin-resource-policy"), "same-origin", "{url}");
        assert!(header(&answer, "permissions-policy").contains("usb=()"), "{url}");
        assert_eq!(header(&answer, "x-request-id").len(), 16, "{url}");
        assert_eq!(header(&answer, "strict-transport-security"), "", "plain HTTP must not pin: {url}");
        let kept = header(&answer, "cache-control").to_owned();
        assert!(kept == "no-store" || url == "/station/live" && kept == "no-cache", "{url}: {kept}");
    }
}

#[tokio::test]
async fn assets_are_kept_for_ever_under_their_hash() {
    let world = World::open().await;
    let browser = world.browser();
    let page = browser.read("/").await;
    let (_, rest) = page.split_once("href=\"/assets/").unwrap();
    let address = format!("/assets/{}", rest.split_once('"').unwrap().0);
    let answer = browser.get(&address).await;
    assert_eq!(header(&answer, "content-type"), "text/css; charset=utf-8");
    assert_eq!(header(&answer, "cache-control"), "public, max-age=31536000, immutable");
    assert!(text(answer).await.contains("--brand"));
    assert_eq!(browser.get("/assets/0/../../Cargo.toml").await.status(), StatusCode::NOT_FOUND);
    assert_eq!(browser.get("/assets/0/nothing.js").await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_form_of_another_site_is_refused() {
    let world = World::open().await;
    let browser = world.signed_in("0012").await;
    let send = async |headers: &[(&str, &str)]| {
        let request = browser.client.post(world.url("/session"));
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        request.send().await.unwrap()
    };
    for cross in [
        &[("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")][..],
        &[("sec-fetch-site", "same-site")],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
    ] {
        let answer = send(cross).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{cross:?}");
        assert!(text(answer).await.contains("没有扣款"), "{cross:?}");
    }
    let own = world.url("");
    for same in
        [&[("sec-fetch-site", "same-origin")][..], &[("origin", &own)], &[("origin", "http://topup.example.cn")], &[]]
    {
        assert_eq!(send(same).await.status(), StatusCode::OK, "{same:?}");
    }
}

#[tokio::test]
async fn nothing_of_another_group_can_be_told_from_nothing() {
    let world = World::open().await;
    let browser = world.signed_in("0099").await;
    let without_id = |page: String| page.split("请求编号").next().unwrap().to_owned();
    let missing = browser.get("/loads/rubbish").await;
    assert_eq!(missing.status(), StatusCode::NOT_FOUND);
    let missing = without_id(text(missing).await);
    for path in ["/loads/L261122143208-1X28ANW", &format!("/station/live?terminal={TERMINAL}")] {
        let answer = browser.get(path).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
        assert!(without_id(text(answer).await).contains("没有这个页面"), "{path}");
    }
    assert!(missing.contains("没有这个页面"));
    assert_eq!(browser.post("/station/terminal", &[("terminal", TERMINAL)]).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(location(&browser.get("/station").await), "/station/terminal");
    assert!(browser.read("/station/terminal").await.contains("还没有终端"));
}

#[tokio::test]
async fn the_terminal_program_is_this_program() {
    let world = World::open().await;
    let answer = world.browser().get("/download/jichong").await;
    assert_eq!(header(&answer, "content-disposition"), "attachment; filename=\"jichong\"");
    let program = std::fs::read(std::env::current_exe().unwrap()).unwrap();
    assert!(answer.bytes().await.unwrap() == program, "the bytes differ");
    assert!(!world.browser().read("/guide").await.contains("这个程序不能驱动读卡器"));
}

/// A program that drives no readers says so before anybody carries it to a machine with one.
#[tokio::test]
async fn a_program_without_readers_says_so_and_another_can_be_handed_out() {
    let world = World::with(|settings| settings.terminal_program = TerminalProgram::Own { readers: false }).await;
    let browser = world.browser();
    let answer = browser.get("/download/jichong").await;
    assert_eq!(header(&answer, "content-disposition"), "attachment; filename=\"jichong-without-readers\"");
    for page in ["/", "/guide"] {
        let page = browser.read(page).await;
        assert!(page.contains("这个程序不能驱动读卡器") && page.contains("chmod +x jichong-without-readers"), "{page}");
    }

    let folder = tempfile::TempDir::new().unwrap();
    let other = folder.path().join("terminal");
    std::fs::write(&other, "the one with readers").unwrap();
    let world = World::with(|settings| settings.terminal_program = TerminalProgram::File(other)).await;
    let answer = world.browser().get("/download/jichong").await;
    assert_eq!(header(&answer, "content-disposition"), "attachment; filename=\"jichong\"");
    assert_eq!(text(answer).await, "the one with readers");
    assert!(!world.browser().read("/guide").await.contains("这个程序不能驱动读卡器"));
}

#[tokio::test]
async fn health_says_whether_the_database_answers() {
    let world = World::open().await;
    let browser = world.browser();
    assert_eq!(browser.read("/healthz").await, "ok\n");
    assert_eq!(browser.read("/readyz").await, "ready\n");
    world.house.db.close().await;
    assert_eq!(browser.get("/readyz").await.status(), StatusCode::SERVICE_UNAVAILABLE);
    let page = browser.post("/sign-in", &[("login", "0012"), ("password", "x")]).await;
    assert_eq!(page.status(), StatusCode::SERVICE_UNAVAILABLE);
    let page = text(page).await;
    assert!(page.contains("没有完成") && page.contains("请求编号"), "{page}");
}

#[tokio::test]
async fn an_enrolment_is_refused_in_words() {
    let world = World::open().await;
    let send = async |body: &'static str| {
        let request = world.browser().client.post(world.url("/link/enrol")).header("content-type", "application/json");
        let answer = request.body(body).send().await.unwrap();
        (answer.status().as_u16(), text(answer).await)
    };
    let (status, words) =
        send(r#"{"code":"AAAA-BBBB","public_key":"3B6A27BCCEB6A42D62A3A8D02A6F0D73653215771DE243A63AC048A18B59DA29"}"#)
            .await;
    assert!(status == 403 && words.contains("this code is not valid"), "{status} {words}");
    let (status, words) = send(r#"{"code":"AAAA"}"#).await;
    assert!(status == 422 && words.contains(r#"{"error":"#) && words.contains("public_key"), "{status} {words}");
    let (status, words) = send("rubbish").await;
    assert!(status == 400 && words.contains(r#"{"error":"#), "{status} {words}");
}
