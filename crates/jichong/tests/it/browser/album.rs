//! Pictures of the pages, at two widths, light and dark.

use std::path::PathBuf;

use serde_json::json;

use super::chromium::{Browser, artifacts};

/// The clerk's screen, and a phone.
const WIDTHS: [u32; 2] = [1280, 390];

/// How a picture is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Light {
    Day,
    DayAndNight,
}

/// A folder of pictures.
pub(super) struct Album(PathBuf);

impl Album {
    /// A folder in `artifacts/`.
    pub(super) fn new(name: &str) -> Self {
        let folder = artifacts().join(name);
        std::fs::create_dir_all(&folder).expect("a folder");
        Self(folder)
    }

    /// Takes pictures of the whole page that is open, and sees that it fits on a phone.
    pub(super) async fn shoot(&self, browser: &Browser, name: &str, light: Light) {
        let schemes: &[&str] = if light == Light::Day { &["light"] } else { &["light", "dark"] };
        for scheme in schemes {
            let features = [("prefers-color-scheme", *scheme), ("prefers-reduced-motion", "reduce")];
            let features = features.map(|(name, value)| json!({ "name": name, "value": value }));
            send(browser, "Emulation.setEmulatedMedia", json!({ "features": features })).await;
            for width in WIDTHS {
                resize(browser, width, 800).await;
                let height: u32 = browser.run("return document.documentElement.scrollHeight").await;
                resize(browser, width, height).await;
                let file = self.0.join(format!("{name}-{width}-{scheme}.png"));
                browser.driver.screenshot(&file).await.expect("a picture");
                let needs: u32 = browser.run("return document.documentElement.scrollWidth").await;
                assert!(
                    needs <= width,
                    "{name} needs {needs} pixels on a screen of {width}, look at {}",
                    file.display()
                );
            }
        }
        send(browser, "Emulation.setEmulatedMedia", json!({ "features": [] })).await;
        send(browser, "Emulation.clearDeviceMetricsOverride", json!({})).await;
    }
}

async fn resize(browser: &Browser, width: u32, height: u32) {
    let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
    send(browser, "Emulation.setDeviceMetricsOverride", size).await;
}

async fn send(browser: &Browser, command: &str, arguments: serde_json::Value) {
    browser.driver.cdp().send_raw(command, arguments).await.expect("Chromium obeys");
}
