//! A morning's work without a mouse.

use thirtyfour::Key;

use super::chromium::Scripts;
use super::clerk::{Clerk, LOGIN, PASSWORD, STANDARD};

impl Clerk {
    /// Walks with the tab key until something has the focus.
    async fn tab_to(&self, css: &str) {
        for _ in 0..20 {
            self.press(Key::Tab).await;
            if self.run::<bool>(&format!("return document.activeElement.matches(\"{css}\")")).await {
                return;
            }
        }
        panic!("{css} is not reached by the tab key");
    }

    async fn enter(&self) {
        self.press(Key::Enter).await;
    }

    /// After a result keys are dead for a moment: presses Enter until the station takes it.
    async fn next_card(&self) {
        while self.sees(".station[data-mode=result]").await {
            self.enter().await;
        }
    }

    async fn amount(&self) -> String {
        self.run("return document.getElementById('amount').value").await
    }
}

#[tokio::test]
async fn a_charge_by_keyboard_alone() {
    let clerk = Clerk::new(Scripts::On, None).await;
    clerk.visit("/").await;
    clerk.tab_to("#login").await;
    clerk.press(LOGIN).await;
    clerk.press(Key::Tab).await;
    clerk.press(PASSWORD).await;
    clerk.enter().await;
    clerk.see(".modules").await;
    clerk.tab_to("a[href='/station']").await;
    clerk.enter().await;
    clerk.station_ready().await;
    clerk.tap(STANDARD).await;

    // A preset, the question, and no.
    clerk.press("4").await;
    clerk.see("#offers button[data-fen='5000'][aria-pressed=true]").await;
    clerk.enter().await;
    clerk.see("#yes:focus").await;
    clerk.press(Key::Escape).await;
    clerk.see(".station[data-mode=entry]").await;
    assert_eq!((clerk.amount().await.as_str(), clerk.demo.loads().await), ("50", 0));

    clerk.press("?").await;
    clerk.see("dialog#keys[open]").await;
    clerk.press(Key::Escape).await;
    clerk.see("body:not(:has(dialog[open])) .station[data-mode=entry]").await;

    // The question, and yes.
    clerk.enter().await;
    clerk.see("#yes:focus").await;
    clerk.enter().await;
    clerk.order("succeeded").await;
    assert_eq!(clerk.facts().await["现余额"], "¥62.60");
    assert_eq!(clerk.demo.loads().await, 1);

    // The same amount again.
    clerk.next_card().await;
    assert_eq!(clerk.amount().await, "", "nothing is charged by habit");
    clerk.press(Key::F2).await;
    assert_eq!(clerk.amount().await, "50");
    clerk.enter().await;
    clerk.see("#yes:focus").await;
    clerk.enter().await;
    clerk.order("succeeded").await;
    assert_eq!(clerk.facts().await["现余额"], "¥112.60");

    // An amount that is not offered; and one that does not fit, which is not even asked for.
    clerk.next_card().await;
    clerk.press("15").await;
    clerk.see(".limits [data-why=step]:not([hidden])").await;
    clerk.enter().await;
    clerk.see("#amount:focus").await;
    clerk.press(Key::Escape).await;
    clerk.press("120").await;
    assert_eq!(clerk.amount().await, "120");
    clerk.enter().await;
    clerk.see("#yes:focus").await;
    clerk.enter().await;
    clerk.order("succeeded").await;
    assert_eq!(clerk.facts().await["现余额"], "¥232.60");
    assert_eq!(clerk.demo.loads().await, 3);
    clerk.all_is_well().await;
}
