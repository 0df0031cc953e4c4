//! Receipts: of a run with a card in doubt, and of a day by hand, on A4 and on a roll.

use maud::Markup;
use topup::Micros;
use topup::loads::{Load, Totals as Sum};
use topup::records::{Day, Holds, Receipt, Totals};
use topup::runs::{Ended, Run};

use super::{NOW_US, at, corrected, failed, signed_in, succeeded, unknown};
use crate::records::paper::Paper;
use crate::records::receipt::page;
use crate::words::Lang;

pub(super) fn pages(lang: Lang) -> Vec<(String, Markup)> {
    let frame = at(&signed_in(lang), "/station/run/7/receipt");
    let run = Run { ended: Some((Micros(NOW_US), Ended::Stopped)), ..super::runs::run(None) };
    let mut of_run: Vec<Load> = (3..36).rev().map(succeeded).collect();
    of_run.extend([unknown(2), failed(1)]);
    let by_hand = vec![corrected(9, false), succeeded(5), succeeded(3)];
    let (run, hand) = (receipt(Some(run), of_run), receipt(None, by_hand));
    [
        ("receipt-run", &run, Paper::A4),
        ("receipt-run-80mm", &run, Paper::Roll),
        ("receipt-hand", &hand, Paper::A4),
        ("receipt-hand-80mm", &hand, Paper::Roll),
    ]
    .into_iter()
    .map(|(name, receipt, paper)| (name.to_owned(), page(&frame, receipt, paper, Micros(NOW_US))))
    .collect()
}

fn receipt(run: Option<Run>, loads: Vec<Load>) -> Receipt {
    let mut totals = Totals::default();
    for load in &loads {
        let sum = Sum { count: 1, sum: load.amount };
        totals.merge(match Holds::from(load.holds()) {
            Holds::Succeeded => Totals { succeeded: sum, ..Totals::default() },
            Holds::Failed => Totals { failed: sum, ..Totals::default() },
            Holds::Unknown => Totals { unknown: sum, ..Totals::default() },
        });
    }
    Receipt {
        group: "示例科技有限公司".into(),
        operator: ("0012".into(), "王芳".into()),
        terminal: ("000001000050".into(), "前台一号".into()),
        day: Day::of(Micros(NOW_US)),
        run,
        loads,
        totals,
    }
}
