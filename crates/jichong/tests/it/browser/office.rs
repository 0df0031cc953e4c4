//! The office: a member of staff gives a terminal to a group, and takes it away again.

use super::album::{Album, Light};
use super::chromium::Scripts;
use super::clerk::{Clerk, PASSWORD};

/// The demo's member of staff who looks after terminals.
const TELLER: &str = "sun";
/// The number after the demo's terminal.
const NUMBER: &str = "000001000051";

#[tokio::test]
async fn a_terminal_is_created_its_code_seen_once_and_it_is_revoked() {
    let clerk = Clerk::new(Scripts::On, None).await;
    let album = Album::new("office");
    clerk.visit("/office").await;
    album.shoot(&clerk, "sign-in-zh", Light::Day).await;
    clerk.write("#login", TELLER).await;
    clerk.write("#password", PASSWORD).await;
    clerk.click("main form .main").await;
    clerk.see(".top.office nav a[href='/office/terminals']").await;
    album.shoot(&clerk, "home-zh", Light::DayAndNight).await;

    clerk.click(".top.office nav a[href='/office/terminals']").await;
    clerk.see(".table.terminals").await;
    album.shoot(&clerk, "terminals-zh", Light::DayAndNight).await;
    clerk.click("a[href='/office/terminals/new']").await;
    clerk.see("#number").await;
    let suggested: String = clerk.run("return document.getElementById('number').value").await;
    assert_eq!(suggested, NUMBER);
    clerk.run::<()>("document.getElementById('group').selectedIndex = 1").await;
    clerk.write("#name", "食堂窗口").await;
    clerk.click("main form .main").await;

    // Once, and neither by a reload nor by the way back.
    let code = clerk.read("#code output").await;
    assert_eq!(code.len(), 19, "{code}");
    let command = clerk.read("#code .command").await;
    assert_eq!(command, format!("jichong terminal enrol --server {} --code {code}", clerk.demo.portal));
    album.shoot(&clerk, "code-zh", Light::DayAndNight).await;
    let shown = || clerk.run::<bool>("return document.body.textContent.includes('terminal enrol')");
    assert!(shown().await);
    clerk.visit(&format!("/office/terminals/{NUMBER}")).await;
    clerk.see(".trail").await;
    assert!(!shown().await, "the page asked for again");
    clerk.click("a[href='/office/terminals']").await;
    clerk.see(".table.terminals").await;
    clerk.driver.back().await.expect("back");
    clerk.see(".trail").await;
    assert!(!shown().await, "by the way back");

    clerk.click(&format!("a[href='/office/terminals/{NUMBER}/revoke']")).await;
    clerk.write("#reason", "电脑被盗").await;
    album.shoot(&clerk, "revoke-zh", Light::Day).await;
    clerk.click(".button.danger").await;
    clerk.see(".heading .tag.bad").await;
    let trail = clerk.read(".trail").await;
    for words in ["停用终端", "电脑被盗", "生成登记码", "创建终端", "sun 孙柜员"] {
        assert!(trail.contains(words), "{words}: {trail}");
    }
    album.shoot(&clerk, "revoked-zh", Light::Day).await;

    clerk.click("form[action='/language'] button").await;
    clerk.see("html[lang=en] .heading .tag.bad").await;
    album.shoot(&clerk, "revoked-en", Light::Day).await;
    clerk.visit("/office/terminals").await;
    clerk.see(".table.terminals").await;
    album.shoot(&clerk, "terminals-en", Light::Day).await;
    clerk.all_is_well().await;
}
