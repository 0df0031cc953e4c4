//! What is no line of text, sent to every address of the table: it is refused in words, and on no database is it trouble.

use std::collections::BTreeSet;

use portal::{Right, Route};
use reqwest::{Method, Response, StatusCode};
use store::testing::on_both;
use topup::people::staff::StaffRole;

use crate::deposits::{confirm, order};
use crate::world::{Browser, TERMINAL, World, location, text};

/// What stands in each field beside the one that is wrong, so that a handler reads on to that one.
const GOOD: [(&str, &str); 24] = [
    ("account", "1"),
    ("again", "correct horse"),
    ("amount", "100"),
    ("balance", "0"),
    ("by", "day"),
    ("card", "4100000000000417"),
    ("cards", "1"),
    ("format", "csv"),
    ("group", "7"),
    ("intent", "an-intent-of-this-test"),
    ("lang", "zh-CN"),
    ("login", "0012"),
    ("looked", "yes"),
    ("money", "100"),
    ("name", "前台二号"),
    ("number", "1"),
    ("outcome", "settled"),
    ("payer", "person"),
    ("reason", "看过了"),
    ("reference", "1"),
    ("run", "1"),
    ("step", "keep"),
    ("terminal", TERMINAL),
    ("verdict", "written"),
];

/// Fields that no page shows to those who walk here.
const UNSEEN: [&str; 18] = [
    "after", "before", "day", "decided", "email", "expired", "fresh", "from", "item", "newer", "older", "on", "page",
    "paper", "remark", "taxpayer", "then", "to",
];

/// The routes of this method, but for those that end a session.
fn routes(method: &Method) -> impl Iterator<Item = Route> {
    portal::table().into_iter().filter(move |route| route.method == method && !route.path.ends_with("/sign-out"))
}

/// The names of the fields that a page shows.
fn names(page: &str) -> BTreeSet<String> {
    let fields = page.split("<input").chain(page.split("<select")).skip(1);
    let named = |field: &str| Some(field.split_once(" name=\"")?.1.split_once('"')?.0.to_owned());
    fields.filter_map(|field| named(field.split_once('>')?.0)).collect()
}

/// Those who walk through the table.
struct Walk<'w> {
    world: &'w World,
    operator: Browser<'w>,
    staff: Vec<(StaffRole, Browser<'w>)>,
    /// A deposit.
    order: String,
}

impl Walk<'_> {
    /// Asks as whoever gets furthest, with what is there or `instead` in the braces of the path.
    async fn ask(&self, route: &Route, instead: Option<&str>, fields: &[(&str, &str)]) -> Response {
        let browser = match route.needs {
            Some(Right::Staff(needs)) => &self.staff.iter().find(|(role, _)| role.may(needs)).expect("somebody may").1,
            Some(Right::Operator(_)) | None => &self.operator,
        };
        let mut path = self.path(route, instead);
        if route.method == Method::GET {
            let query = fields.iter().map(|(name, value)| format!("{name}={}", value.replace('\0', "%00")));
            path = format!("{path}?{}", query.collect::<Vec<_>>().join("&"));
        }
        let request = browser.client.request(route.method.clone(), self.world.url(&path));
        let request = if route.method == Method::POST { request.form(fields) } else { request };
        let answer = request.send().await.expect("an answer");
        assert!(!answer.status().is_server_error(), "{} {} {fields:?}: {answer:?}", route.method, route.path);
        answer
    }

    fn path(&self, route: &Route, instead: Option<&str>) -> String {
        let there = |part: &str| match part {
            "{order}" if route.path.contains("deposits") => self.order.clone(),
            "{order}" => "L261122143208-1X28ANW".to_owned(),
            "{day}" => "2026-11-22".to_owned(),
            "{account}" => "new".to_owned(),
            "{group}" => "7".to_owned(),
            "{number}" | "{terminal}" => TERMINAL.to_owned(),
            "{file}" => "look.css".to_owned(),
            _ => "1".to_owned(),
        };
        let parts = route.path.split('/').map(|part| match instead {
            _ if !part.starts_with('{') => part.to_owned(),
            Some(instead) => instead.to_owned(),
            None => there(part),
        });
        parts.collect::<Vec<_>>().join("/")
    }

    /// Looks at a page with each of its fields wrong, and with all; answers their names.
    async fn look(&self, route: &Route) -> BTreeSet<String> {
        if route.path.contains('{') {
            self.ask(route, Some("%00"), &[]).await;
        }
        let everything: Vec<_> = GOOD.iter().map(|(name, _)| *name).chain(UNSEEN).map(|name| (name, "a\0b")).collect();
        self.ask(route, None, &everything).await;
        let answer = self.ask(route, None, &[]).await;
        let kind = answer.headers().get("content-type").map(|kind| kind.as_bytes().to_owned()).unwrap_or_default();
        if !kind.starts_with(b"text/html") {
            return BTreeSet::new();
        }
        let fields = names(&text(answer).await);
        for field in &fields {
            self.ask(route, None, &[(field, "a\0b")]).await;
        }
        fields
    }

    /// Sends a form with each field wrong; it is refused in words that name the character.
    async fn send_all(&self, route: &Route, fields: &BTreeSet<String>) {
        let is_form = !route.elsewhere && !route.path.starts_with(link::PATH);
        if route.path.contains('{') {
            self.ask(route, Some("%00"), &GOOD).await;
        }
        for field in fields {
            let is_secret = ["password", "original", "new", "again"].contains(&field.as_str());
            if is_secret && !route.path.ends_with("/sign-in") && !route.path.ends_with("/password") {
                continue;
            }
            let others = GOOD.into_iter().filter(|(name, _)| name != field);
            let sent: Vec<(&str, &str)> = [(field.as_str(), "a\0b")].into_iter().chain(others).collect();
            let answer = self.ask(route, None, &sent).await;
            if is_form && !is_secret {
                assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{}, {field}", route.path);
                let page = text(answer).await;
                assert!(page.contains("U+0000") && page.contains("没有执行"), "{}, {field}: {page}", route.path);
            }
        }
    }
}

#[tokio::test]
async fn nothing_that_is_no_line_of_text_is_trouble_on_any_route_in_any_field() {
    on_both(|db| async move {
        let world = World::over(db, |_| {}, true).await;
        world.hire(&StaffRole::ALL).await;
        let operator = world.signed_in("0013").await;
        let pay_page = confirm(&operator, "100", "person").await;
        let mut staff = Vec::new();
        for role in StaffRole::ALL {
            staff.push((role, world.in_office(role).await));
        }
        let walk = Walk { world: &world, operator, staff, order: order(&pay_page).to_owned() };
        let mut fields: BTreeSet<String> =
            GOOD.iter().map(|(name, _)| *name).chain(UNSEEN).map(str::to_owned).collect();
        for route in routes(&Method::GET) {
            fields.extend(walk.look(&route).await);
        }
        for route in routes(&Method::POST) {
            walk.send_all(&route, &fields).await;
        }
        drop(walk);
        world.listening.stop().await;
    })
    .await;
}

#[tokio::test]
async fn a_form_with_a_control_character_names_its_field_and_a_filter_says_what_is_wrong_with_it() {
    let world = World::open().await;
    let browser = world.signed_in("0013").await;
    let answer = browser.post("/language", &[("lang", "en")]).await;
    assert!(answer.status().is_redirection(), "{answer:?}");
    for (remark, named) in [("a\u{b}b", "U+000B"), ("two\nlines", "U+000A"), ("\u{7f}", "U+007F")] {
        let typed = [("amount", "100"), ("payer", "person"), ("remark", remark)];
        let answer = browser.post("/deposits/check", &typed).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
        let page = text(answer).await;
        assert!(page.contains(&format!("“Remark” holds an invisible control character ({named})")), "{page}");
    }
    for list in ["/records", "/records/deposits", "/records/charts", "/records/statement"] {
        let page = browser.read(&format!("{list}?operator=%00&order=%1B&from=%0A")).await;
        assert!(page.contains("Not a date."), "{list}: {page}");
    }
    let page = browser.read("/records?operator=00%0012").await;
    assert!(page.contains("id=\"operator-wrong\"") && page.contains("00\u{fffd}12"), "{page}");
    // A password is nobody's business but its owner's.
    let sent = [("original", "correct horse"), ("new", "with a\ttab"), ("again", "with a\ttab")];
    assert_eq!(browser.post("/password", &sent).await.status(), StatusCode::OK);
    let answer = world.browser().post("/sign-in", &[("login", "0013"), ("password", "with a\ttab")]).await;
    assert_eq!(location(&answer), "/");
}

#[tokio::test]
async fn what_a_program_says_is_refused_in_words_too() {
    on_both(|db| async move {
        let world = World::over(db, |_| {}, false).await;
        let key = "3B6A27BCCEB6A42D62A3A8D02A6F0D73653215771DE243A63AC048A18B59DA29";
        let now = world.house.now().0;
        let send = async |path: &str, body: String| {
            let request = world.browser().client.post(world.url(path)).header("content-type", "application/json");
            request.body(body).send().await.expect("an answer").status().as_u16()
        };
        let code = format!(r#"{{"code":"\u0000","public_key":"{key}"}}"#);
        assert_eq!(send(link::ENROL_PATH, code).await, 403);
        let standing = format!(r#"{{"terminal":"\u0000","now_us":{now},"signature":"{}"}}"#, "00".repeat(64));
        assert_eq!(send(link::STANDING_PATH, standing).await, 200);
        world.listening.stop().await;
    })
    .await;
}
