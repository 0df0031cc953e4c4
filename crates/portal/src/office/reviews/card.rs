//! What else was tried with the card since.

use maud::{Markup, html};
use topup::reviews::Dossier;

use crate::loads::view::state_tag;
use crate::look::show;
use crate::words::{Lang, say};

/// Later loads of the same card, by whichever group.
pub(super) fn later(lang: Lang, dossier: &Dossier) -> Markup {
    html! {
        @if !dossier.later.is_empty() {
            section.sheet.queue {
                h2 { (say!(lang, "evidence-later")) }
                p.soft.none { (say!(lang, "evidence-later-text")) }
                table.table.reviews {
                    thead { tr {
                        th scope="col" { (say!(lang, "load-time")) }
                        th.wide-only scope="col" { (say!(lang, "load-order")) }
                        th.r.wide-only scope="col" { (say!(lang, "list-amount")) }
                        th.r scope="col" { (say!(lang, "list-before")) }
                        th scope="col" { (say!(lang, "list-result")) }
                    } }
                    tbody { @for later in &dossier.later { tr {
                        td.num { (show::date_time(later.order.moment())) }
                        td.num.wide-only { (later.order) }
                        td.r.wide-only { (later.amount) }
                        td.r { (show::cell(later.balance_before)) }
                        td { (state_tag(lang, later.state)) }
                    } } }
                }
            }
        }
    }
}
