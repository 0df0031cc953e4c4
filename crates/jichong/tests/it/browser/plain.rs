//! Without any script: plain pages and forms do the same charge.

use super::album::{Album, Light};
use super::chromium::Scripts;
use super::clerk::{Clerk, STANDARD};

#[tokio::test]
async fn a_charge_without_script() {
    let clerk = Clerk::new(Scripts::Off, None).await;
    let album = Album::new("no-script");
    clerk.visit("/sign-in").await;
    clerk.sign_in().await;
    clerk.demo.tap(STANDARD).await;
    clerk.click(".modules a[href='/station']").await;
    // The page does not follow the reader by itself.
    while !clerk.sees(".card.ready").await {
        clerk.driver.refresh().await.expect("loaded again");
    }
    assert!(!clerk.sees(".tools").await, "the tools are the script's, and there is none");
    clerk.click("#offers button[data-fen='5000']").await;
    clerk.see("#offers button[data-fen='5000'][aria-pressed=true]").await;
    album.shoot(&clerk, "1-chosen", Light::Day).await;
    clerk.click("#go").await;
    clerk.see("#yes").await;
    assert!(clerk.read("#ask .sum").await.contains("¥50.00"));
    assert_eq!(clerk.demo.loads().await, 0, "asking does not charge");
    album.shoot(&clerk, "2-asked", Light::Day).await;
    // The same question once more, in a window beside.
    let (one, other) = clerk.open_beside(&format!("{}/station?amount=50", clerk.demo.portal)).await;
    clerk.click("#go").await;
    clerk.see("#yes").await;
    clerk.go_to(&one).await;
    clerk.click("#yes").await;
    clerk.see("main .result [data-state=succeeded]").await;
    album.shoot(&clerk, "3-load", Light::Day).await;
    assert!(clerk.read("main .result .facts .now").await.contains("¥62.60"));

    // Yes in the other window comes to the same load. Back to the question, the browser wants to ask anew.
    let order = clerk.read("main .result .facts .order").await;
    clerk.go_to(&other).await;
    clerk.click("#yes").await;
    assert_eq!(clerk.read("main .result .facts .order").await, order);
    clerk.driver.back().await.expect("back");
    assert_eq!(clerk.demo.loads().await, 1);
    clerk.all_is_well().await;
}
