//! A hands-free run by keyboard alone: set up, cards put down, one of them twice, one torn, stopped by its key.

use thirtyfour::Key;

use super::album::{Album, Light};
use super::clerk::{Clerk, STANDARD, STUDENT};

const EXPIRED: &str = "4100000099000355";

impl Clerk {
    /// Puts a card on the reader and waits until the panel has told of it, in the words given.
    async fn run_tap(&self, card: &str, sound: &str, word: &str) {
        let told: i64 = self.run("return Number(document.getElementById('panel').dataset.told)").await;
        self.demo.tap(card).await;
        let next = told.checked_add(1).expect("few");
        self.see(&format!("#panel[data-told='{next}'][data-sound='{sound}']")).await;
        assert_eq!(self.read("#panel .word").await, word);
    }

    /// Takes the card off and waits until the panel asks for the next.
    async fn run_lift(&self, word: &str) {
        self.demo.remove().await;
        loop {
            if self.read("#panel .word").await == word {
                return;
            }
        }
    }
}

#[tokio::test]
async fn a_run_by_keyboard_alone() {
    let clerk = Clerk::at_the_station().await;
    let album = Album::new("run");
    clerk.press("r").await;
    clerk.see("#amount:focus").await;
    clerk.press("50").await;
    clerk.press(Key::Tab).await;
    clerk.press("200").await;
    album.shoot(&clerk, "1-form", Light::Day).await;
    clerk.press(Key::Enter).await;
    clerk.see("#begin:focus").await;
    album.shoot(&clerk, "2-check", Light::Day).await;
    // Who still hammers Enter does not begin it; who has read it does.
    while clerk.sees("#begin").await {
        clerk.press(Key::Enter).await;
    }
    clerk.see("#run .tools:not([hidden])").await;
    album.shoot(&clerk, "3-ready", Light::DayAndNight).await;

    clerk.run_tap(STANDARD, "done", "完成").await;
    album.shoot(&clerk, "4-done", Light::DayAndNight).await;
    clerk.run_lift("放卡").await;
    clerk.run_tap(STUDENT, "done", "完成").await;
    clerk.run_lift("放卡").await;
    clerk.run_tap(EXPIRED, "problem", "未充值").await;
    album.shoot(&clerk, "5-problem", Light::DayAndNight).await;

    // The same card again is recognised, and charged once more only on its own key.
    clerk.run_tap(STANDARD, "noted", "本次已充值").await;
    album.shoot(&clerk, "6-again", Light::DayAndNight).await;
    assert_eq!(clerk.demo.books()["on_cards"], "100.00");
    clerk.press("a").await;
    clerk.see("#again:focus").await;
    clerk.press(Key::Enter).await;
    clerk.see("#panel[data-sound='done'][data-told='5']").await;
    assert_eq!(clerk.demo.books()["on_cards"], "150.00");
    clerk.run_lift("放卡").await;

    // What is read from two metres is at least 64 pixels high.
    let figure: String = clerk.run("return getComputedStyle(document.querySelector('#panel .figure')).fontSize").await;
    let height: f64 = figure.trim_end_matches("px").parse().expect("pixels");
    assert!(height >= 64.0, "{figure}");

    clerk.press(Key::Escape).await;
    clerk.see(".summary-run").await;
    album.shoot(&clerk, "7-over", Light::DayAndNight).await;
    let why = clerk.read(".summary-run .why").await;
    assert_eq!(why, "已按停止键结束。");
    let needing = clerk.read("#attention").await;
    assert!(needing.contains("0355"), "{needing}");

    // After the stop a card that is put down is only offered.
    clerk.press(Key::Escape).await;
    clerk.station_ready().await;
    clerk.demo.tap(STUDENT).await;
    clerk.card_ready(STUDENT).await;
    assert_eq!(clerk.demo.books()["on_cards"], "150.00");
    clerk.all_is_well().await;
}

#[tokio::test]
async fn a_card_torn_in_a_run_comes_back() {
    let clerk = Clerk::at_the_station().await;
    let album = Album::new("run-torn");
    let (station, _) = clerk.open_beside(&clerk.demo.reader).await;
    clerk.click("#tear-during").await;
    clerk.see("#tear-during[aria-pressed=true]").await;
    clerk.close_and_go_to(&station).await;
    clerk.visit("/station/run?amount=50&cards=2").await;
    clerk.press(Key::Enter).await;
    clerk.see("#begin:focus").await;
    while clerk.sees("#begin").await {
        clerk.press(Key::Enter).await;
    }
    clerk.see("#run .tools:not([hidden])").await;

    clerk.run_tap(STANDARD, "doubt", "请放回原卡").await;
    assert_eq!(clerk.read("#panel .figure").await, "0001");
    album.shoot(&clerk, "1-doubt", Light::DayAndNight).await;
    clerk.run_tap(STUDENT, "done", "完成").await;
    clerk.run_lift("请放回原卡").await;

    // It proves that it was not written, and has its place still: charged, and the run is full.
    clerk.demo.tap(STANDARD).await;
    clerk.see(".summary-run").await;
    assert_eq!(clerk.read(".summary-run .why").await, "已充满确认的 2 张。");
    album.shoot(&clerk, "2-over", Light::Day).await;
    let books = clerk.demo.books();
    assert_eq!((books["on_cards"].as_str(), books["held"].as_str()), ("100.00", "0.00"));
    clerk.all_is_well().await;
}
