//! The self-test page follows the terminal by itself.

use super::album::{Album, Light};
use super::chromium::Scripts;
use super::clerk::{Clerk, STANDARD};

#[tokio::test]
async fn the_self_test_follows_the_reader() {
    let clerk = Clerk::new(Scripts::On, None).await;
    let album = Album::new("self-test");
    clerk.visit("/sign-in").await;
    clerk.sign_in().await;
    clerk.see(".modules").await;
    clerk.visit("/terminal/check").await;
    clerk.see("#checkup > header.good").await;
    clerk.see("#browser-trip").await;
    album.shoot(&clerk, "1-well-zh", Light::DayAndNight).await;
    clerk.demo.tap(STANDARD).await;
    clerk.see("#checkup .checks li:nth-child(4).good").await;
    let card = clerk.read("#checkup .checks li:nth-child(4)").await;
    assert!(card.contains("尾号 0001") && card.contains("¥12.60"), "{card}");
    clerk.click("button[name=lang]").await;
    clerk.see("html[lang=en] #browser-trip").await;
    album.shoot(&clerk, "2-card-en", Light::Day).await;
    clerk.demo.remove().await;
    clerk.see("#checkup .checks li:nth-child(4).plain-tone").await;
    clerk.all_is_well().await;
}
