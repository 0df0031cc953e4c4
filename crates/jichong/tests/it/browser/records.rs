//! Records from the first filter to the paper: found, totalled, opened, exported, charted, printed; in both languages.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use data_encoding::BASE64;
use serde_json::json;
use tempfile::TempDir;

use super::album::{Album, Light};
use super::chromium::artifacts;
use super::clerk::{Clerk, STANDARD, STUDENT};

/// One walk through the pages, over a charge of ¥50.00 and one of ¥20.00.
struct Walk {
    lang: &'static str,
    /// The totals of all, and of one card.
    all: &'static str,
    one: &'static str,
    /// What the story says of the charge on the way.
    story: [&'static str; 2],
    /// What a file is, and its line of the totals of what succeeded.
    format: &'static str,
    total: [&'static str; 3],
    /// The last row of the numbers beside the charts.
    charted: &'static str,
    receipt: [&'static str; 3],
}

const CHINESE: Walk = Walk {
    lang: "zh-CN",
    all: "成功 ¥70.00 2 笔 未扣款 ¥0.00 0 笔 待核实 ¥0.00 0 笔",
    one: "成功 ¥20.00 1 笔 未扣款 ¥0.00 0 笔 待核实 ¥0.00 0 笔",
    story: ["卡片验证为真", "可用额度 → 冻结"],
    format: "csv",
    total: ["合计：成功（笔数、金额）", "2", "70"],
    charted: "合计 2 70.00 0 0",
    receipt: ["当日充值小票", "成功合计（2 笔） ¥70.00", "操作员签字"],
};

const ENGLISH: Walk = Walk {
    lang: "en",
    all: "Done ¥70.00 2 Not charged ¥0.00 0 Not settled ¥0.00 0",
    one: "Done ¥20.00 1 Not charged ¥0.00 0 Not settled ¥0.00 0",
    story: ["genuine", "Quota → Held"],
    format: "xlsx",
    total: ["Total: Done (count, amount)", "2", "70"],
    charted: "Totals 2 70.00 0 0",
    receipt: ["Receipt of the day", "Charged (2) ¥70.00", "Operator"],
};

/// Millimetres of paper, as a PDF says them: in points.
const A4: [u32; 2] = [210, 297];
const ROLL_MM: u32 = 80;

#[tokio::test]
async fn records_are_found_totalled_opened_exported_charted_and_printed() {
    let clerk = Clerk::at_the_station().await;
    for (card, yuan) in [(STANDARD, 50), (STUDENT, 20)] {
        clerk.tap(card).await;
        clerk.charge(yuan).await;
        clerk.order("succeeded").await;
    }
    clerk.demo.remove().await;
    let downloads = TempDir::new().expect("a folder");
    let behaviour = json!({ "behavior": "allow", "downloadPath": downloads.path() });
    clerk.driver.cdp().send_raw("Browser.setDownloadBehavior", behaviour).await.expect("Chromium obeys");
    let album = Album::new("records");
    for walk in [CHINESE, ENGLISH] {
        clerk.visit("/").await;
        if !clerk.sees(&format!("html[lang='{}']", walk.lang)).await {
            clerk.click(&format!("form[action='/language'] button[value='{}']", walk.lang)).await;
            clerk.see(&format!("html[lang='{}'] main", walk.lang)).await;
        }
        walk.take(&clerk, &album, downloads.path()).await;
    }
    clerk.all_is_well().await;
}

impl Walk {
    async fn take(&self, clerk: &Clerk, album: &Album, downloads: &Path) {
        let name = |page: &str| format!("{}-{page}", self.lang);
        // A week, so that a midnight on the way changes nothing.
        clerk.click(".modules a[href='/records']").await;
        clerk.click("nav.quick a[href='/records?range=week']").await;
        clerk.see("nav.quick a[href='/records?range=week'][aria-current]").await;
        assert_eq!(read(clerk, ".sums").await, self.all);
        album.shoot(clerk, &name("1-list"), Light::DayAndNight).await;
        clerk.write("#card", "0417").await;
        clerk.click("form.filter .main").await;
        clerk.see("form.filter #card[value='0417']").await;
        assert_eq!(read(clerk, ".sums").await, self.one);
        assert_eq!(rows(clerk, ".table.records").await, 1);

        // A row opens to the story, and its sitting to the receipt.
        clerk.click(".table.records tbody .when a").await;
        clerk.see("a[href$='/sitting']").await;
        let story = clerk.read("main").await;
        for said in self.story {
            assert!(story.contains(said), "{said}: {story}");
        }
        album.shoot(clerk, &name("2-story"), Light::DayAndNight).await;
        self.print(clerk, &name("2-story")).await;
        clerk.click("a[href$='/sitting']").await;
        let receipt = read(clerk, ".receipt").await;
        for said in self.receipt {
            assert!(receipt.contains(said), "{said}: {receipt}");
        }
        album.shoot(clerk, &name("3-receipt"), Light::Day).await;
        self.print(clerk, &name("3-receipt")).await;

        clerk.visit("/records?range=week").await;
        clerk.click(&format!("button[name=format][value={}]", self.format)).await;
        let file = downloaded(downloads, self.format).await;
        assert!(totals(&file).contains(&self.total.map(String::from).to_vec()), "{:?}", totals(&file));

        clerk.click(".views a[href^='/records/charts']").await;
        assert_eq!(read(clerk, ".charted tfoot tr").await, self.charted);
        assert_eq!(rows(clerk, ".charted .figures").await, 7, "a day each");
        assert_eq!(rows(clerk, ".shares").await, 2, "one operator at one terminal");
        clerk.see("svg.chart.wide-only rect").await;
        album.shoot(clerk, &name("4-charts"), Light::DayAndNight).await;
        let paper = pdf(clerk, &name("4-charts")).await;
        assert_eq!(paper[0], A4);
    }

    /// On both papers.
    async fn print(&self, clerk: &Clerk, name: &str) {
        assert_eq!(pdf(clerk, &format!("{name}-a4")).await, [A4], "{name}");
        clerk.click(".paper a[href$='?paper=80mm']").await;
        clerk.see(".roll").await;
        let pages = pdf(clerk, &format!("{name}-80mm")).await;
        assert!(matches!(pages[..], [[ROLL_MM, _]]), "{name}: one sheet of the roll, not {pages:?}");
    }
}

/// The text of something, in one line.
async fn read(clerk: &Clerk, css: &str) -> String {
    clerk.read(css).await.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// How many rows a table has.
async fn rows(clerk: &Clerk, css: &str) -> usize {
    clerk.see(css).await;
    clerk.run(&format!("return document.querySelectorAll('{css} tbody tr').length")).await
}

/// What the browser would print, kept for people to look at: width and height of each page, in millimetres.
async fn pdf(clerk: &Clerk, name: &str) -> Vec<[u32; 2]> {
    let wish = json!({ "preferCSSPageSize": true, "printBackground": false, "paperWidth": 8.27, "paperHeight": 11.69 });
    let answer = clerk.driver.cdp().send_raw("Page.printToPDF", wish).await.expect("a print");
    let pdf = BASE64.decode(answer["data"].as_str().expect("data").as_bytes()).expect("base64");
    std::fs::write(artifacts().join("records").join(format!("{name}.pdf")), &pdf).expect("written");
    let text = String::from_utf8_lossy(&pdf);
    let boxes = text.split("/MediaBox [").skip(1).map(|rest| rest.split(']').next().expect("its end").to_owned());
    // 72 points are 25.4 mm.
    let millimetres = |points: &str| -> u32 {
        let whole: u32 = points.split('.').next().expect("points").parse().expect("a number");
        (whole * 254 + 360) / 720
    };
    let size = |of: String| -> [u32; 2] {
        let numbers: Vec<&str> = of.split_whitespace().collect();
        [millimetres(numbers[2]), millimetres(numbers[3])]
    };
    boxes.map(size).collect()
}

/// The file that the browser has downloaded whole.
async fn downloaded(folder: &Path, format: &str) -> PathBuf {
    // Chromium gives it its name once it has all of it.
    for _ in 0..2_000 {
        let files = std::fs::read_dir(folder).expect("the folder").map(|file| file.expect("a file").path());
        if let Some(file) = files.into_iter().find(|file| file.extension().is_some_and(|end| end == format)) {
            return file;
        }
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    panic!("no {format} was downloaded");
}

/// The first cells of each row, read by another program than wrote them: nothing is said about numbers' decimals.
fn totals(file: &Path) -> Vec<Vec<String>> {
    const READ: &str = "import csv, json, openpyxl, sys\n\
        name = sys.argv[1]\n\
        if name.endswith('xlsx'): rows = [list(row) for row in openpyxl.load_workbook(name).active.values]\n\
        else: rows = list(csv.reader(open(name, encoding='utf-8-sig')))\n\
        def told(cell):\n\
        \x20 try: return '%g' % float(cell)\n\
        \x20 except (TypeError, ValueError): return str(cell or '')\n\
        json.dump([[told(cell) for cell in row[:3]] for row in rows], sys.stdout)";
    let out = Command::new("/usr/bin/python3").args(["-c", READ]).arg(file).output().expect("python3 is there");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).expect("rows")
}
