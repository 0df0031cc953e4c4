//! One confirm, one load: double clicks, hammered keys, the back button, two windows.

use thirtyfour::Key;

use super::clerk::{Clerk, STANDARD};

#[tokio::test]
async fn impatient_hands_charge_once() {
    let clerk = Clerk::at_the_station().await;
    clerk.tap(STANDARD).await;

    clerk.arm(10).await;
    clerk.double_click("#yes").await;
    let first = clerk.order("succeeded").await;
    assert_eq!(clerk.demo.loads().await, 1);

    // The back button, and Enter again.
    clerk.click(&format!("#result a[href='/loads/{first}']")).await;
    clerk.see("main .result [data-state=succeeded]").await;
    clerk.driver.back().await.expect("back");
    clerk.station_ready().await;
    clerk.press(Key::Enter + Key::Enter + Key::Enter).await;
    clerk.driver.refresh().await.expect("loaded again");
    clerk.station_ready().await;
    clerk.press(Key::Enter + Key::Enter).await;
    clerk.see(".station[data-mode=entry]").await;
    assert_eq!(clerk.demo.loads().await, 1);

    // A finger that hammers Enter.
    clerk.card_ready(STANDARD).await;
    clerk.press("1").await;
    clerk.press(String::from(Key::Enter.value()).repeat(8)).await;
    let second = clerk.order("succeeded").await;
    assert_ne!(first, second);
    assert_eq!(clerk.facts().await["现余额"], "¥32.60");
    assert_eq!(clerk.demo.loads().await, 2);
    clerk.all_is_well().await;
}

#[tokio::test]
async fn two_windows_charge_once() {
    let clerk = Clerk::at_the_station().await;
    clerk.tap(STANDARD).await;
    clerk.arm(50).await;
    let one = clerk.driver.window().await.expect("a window");
    clerk.run::<()>("window.other = window.open('/station')").await;
    let windows = clerk.driver.windows().await.expect("windows");
    let other = windows.into_iter().find(|window| *window != one).expect("another window");
    clerk.go_to(&other).await;
    clerk.station_ready().await;
    clerk.arm(50).await;
    clerk.go_to(&one).await;
    // Both at the same moment: neither page has heard of the other's click.
    clerk.run::<()>("for (const page of [window, window.other]) page.document.getElementById('yes').click()").await;
    let here = clerk.order("succeeded").await;
    clerk.go_to(&other).await;
    let there = clerk.order("succeeded").await;
    assert_eq!(here, there, "both windows show the one load");
    assert_eq!(clerk.facts().await["现余额"], "¥62.60");
    assert_eq!(clerk.demo.loads().await, 1);
    clerk.all_is_well().await;
}
