//! The session ends under a clerk's hands.

use super::album::{Album, Light};
use super::clerk::{Clerk, PASSWORD, STANDARD};

#[tokio::test]
async fn signing_in_again_in_place_and_charging_once() {
    let clerk = Clerk::at_the_station().await;
    clerk.tap(STANDARD).await;
    clerk.charge(10).await;
    clerk.order("succeeded").await;
    clerk.next().await;
    clerk.arm(50).await;

    let (station, _) = clerk.open_beside(&clerk.demo.portal).await;
    clerk.click("form[action='/sign-out'] button").await;
    clerk.see("#login").await;
    clerk.close_and_go_to(&station).await;

    // By script: the page may have heard of the end and lie under the dialog by now.
    clerk.run::<()>("document.getElementById('yes').click()").await;
    clerk.see("dialog#session-again[open]").await;
    clerk.see(".station[data-mode=entry]").await;
    let dialog = clerk.read("#session-again").await;
    assert!(dialog.contains("没有执行，没有扣款") && !dialog.contains("不受影响"), "{dialog}");
    Album::new("session").shoot(&clerk, "again", Light::DayAndNight).await;
    assert_eq!(clerk.demo.loads().await, 1, "who is not signed in charges nothing");
    clerk.write("#again-password", "wrong").await;
    clerk.click("#session-again .main").await;
    clerk.see("#session-again [data-problem] li").await;
    clerk.write("#again-password", PASSWORD).await;
    clerk.click("#session-again .main").await;

    // The page is as it was: the card, the amount, this sitting's list.
    clerk.see("body:not(:has(dialog[open])) .station[data-mode=entry]").await;
    assert_eq!(clerk.list().await.1.len(), 1);
    clerk.click("#go").await;
    clerk.click("#yes").await;
    clerk.order("succeeded").await;
    assert_eq!(clerk.facts().await["现余额"], "¥72.60");
    assert_eq!(clerk.demo.loads().await, 2);
    clerk.all_is_well().await;
}
