//! Records in charts: a week, half a year, years, one day, nothing; of a group, and of all.

use maud::Markup;
use topup::Fen;
use topup::loads::Totals as Sum;
use topup::people::staff::StaffRole;
use topup::records::{By, Charts, Day, Period, Point, Share, Step, Totals, Typed};

use super::records::shown;
use super::{NOW_US, signed_in};
use crate::look::Frame;
use crate::records::charts::page;
use crate::words::Lang;

pub(super) fn pages(lang: Lang) -> Vec<(String, Markup)> {
    let here = "/records/charts";
    let own = Frame { here: here.into(), ..signed_in(lang) };
    let office = super::office::signed_in(lang, &format!("/office{here}"), StaffRole::Finance);
    let drawn = |frame: &Frame, days: i64, typed: Typed, change: fn(Charts) -> Charts| {
        let charts = change(charts(lang, days));
        let mut shown = shown(lang, typed, vec![]);
        if let (Ok(found), Some(first), Some(last)) = (&mut shown.found, charts.points.first(), charts.points.last()) {
            found.filter.period = Period::new(first.period.first(), last.period.last()).unwrap_or(first.period);
        }
        page(frame, &shown, Some(&charts))
    };
    let narrow = Typed { card: "0417".into(), ..Typed::default() };
    vec![
        ("charts".into(), drawn(&own, 7, Typed::default(), |charts| charts)),
        ("charts-one-day".into(), drawn(&own, 1, narrow, |charts| charts)),
        ("charts-half-year".into(), drawn(&own, 184, Typed::default(), |charts| charts)),
        ("charts-400-days".into(), drawn(&own, 400, Typed::default(), |charts| charts)),
        ("charts-none".into(), drawn(&own, 30, Typed::default(), none)),
        ("office-charts".into(), drawn(&office, 62, Typed::default(), of_all)),
    ]
}

/// Every few days more, at weekends nothing; sixty operators.
fn charts(lang: Lang, days: i64) -> Charts {
    let today = Day::of(topup::Micros(NOW_US));
    let period = Period::new(today.plus(1_i64.saturating_sub(days)), today).unwrap_or_else(|| Period::of(today));
    let step = Step::of(period);
    let mut points = step.points(period);
    let mut quota: i64 = 90_000_000;
    let mut totals = Totals::default();
    for (point, n) in points.iter_mut().zip(1_i64..) {
        let idle = step == Step::Day && n % 7 >= 5;
        let count = if idle { 0 } else { (n.wrapping_mul(7_919) % 40).saturating_add(60) };
        let sum = count.saturating_mul(4_700);
        point.totals = totals_of(count, sum, if idle { 0 } else { n % 5 }, i64::from(n == 3));
        quota = quota.saturating_sub(sum).saturating_add(if n % 9 == 4 { 3_000_000 } else { 0 });
        point.quota_after = Some(Fen::new(quota));
        totals.merge(point.totals);
    }
    let shares = vec![(By::Operator, people(lang, 60)), (By::Terminal, places(lang))];
    Charts { step, points, totals, shares, quota_before: Some(Fen::new(90_000_000)) }
}

fn none(charts: Charts) -> Charts {
    let idle = |point: Point| Point { totals: Totals::default(), quota_after: None, ..point };
    let points = charts.points.into_iter().map(idle).collect();
    Charts { points, totals: Totals::default(), shares: vec![], quota_before: None, ..charts }
}

fn of_all(charts: Charts) -> Charts {
    let share = |(n, name): (i64, &str)| Share {
        key: n.to_string(),
        name: Some(name.to_owned()),
        totals: totals_of(
            20_i64.saturating_mul(9_i64.saturating_sub(n)),
            94_000_i64.saturating_mul(9_i64.saturating_sub(n)),
            1,
            0,
        ),
    };
    let names = ["示例科技有限公司", "滨海实业集团有限公司后勤服务中心", "第一中学"];
    let shares = vec![(By::Group, (7_i64..).zip(names).map(share).collect())];
    let points = charts.points.into_iter().map(|point| Point { quota_after: None, ..point }).collect();
    Charts { points, shares, quota_before: None, ..charts }
}

fn totals_of(done: i64, sum: i64, failed: i64, unknown: i64) -> Totals {
    let of = |count, fen| Sum { count, sum: Fen::new(fen) };
    Totals {
        succeeded: of(done, sum),
        failed: of(failed, failed.saturating_mul(5_000)),
        unknown: of(unknown, unknown.saturating_mul(5_000)),
    }
}

fn people(lang: Lang, count: i64) -> Vec<Share> {
    let names = match lang {
        Lang::Zh => ["王芳", "李雷", "欧阳娜娜", "陈主任"],
        Lang::En => ["Wang Fang", "Li Lei", "Ouyang Nana", "Chen"],
    };
    let share = |(n, name): (i64, &&str)| {
        let rank = count.saturating_sub(n);
        Share {
            key: format!("{:04}", n.saturating_add(12)),
            name: Some((*name).to_owned()),
            totals: totals_of(rank.saturating_mul(3), rank.saturating_mul(rank).saturating_mul(5_000), n % 3, 0),
        }
    };
    (0..count).zip(names.iter().cycle()).map(share).collect()
}

fn places(lang: Lang) -> Vec<Share> {
    let names = match lang {
        Lang::Zh => ["前台一号", "食堂二楼"],
        Lang::En => ["Front desk", "Canteen"],
    };
    let share = |(n, name): (i64, &str)| Share {
        key: format!("0000010000{}", 50_i64.saturating_add(n)),
        name: Some(name.to_owned()),
        totals: totals_of(
            300_i64.saturating_sub(n.saturating_mul(200)),
            1_410_000_i64.saturating_sub(n.saturating_mul(940_000)),
            4,
            n,
        ),
    };
    (0..).zip(names).map(share).collect()
}
