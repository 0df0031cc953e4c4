//! Setting a run up: the form, and the check page before it begins.

use maud::{Markup, html};
use topup::Fen;
use topup::cards::Class;
use topup::groups::Quota;
use topup::runs::{MOST_CARDS, Plan, PlanProblem, Rule};
use topup::terminals::{Live, Phase};

use crate::loads::amount;
use crate::look::{Field, Frame, Tone, fact, hidden, icon, kbd, notice, show, summary};
use crate::terminals::Place;
use crate::words::{Lang, say};

/// What was typed into the form.
#[derive(Clone, Debug, Default)]
pub(crate) struct Typed {
    pub(crate) amount: String,
    pub(crate) cards: String,
    pub(crate) money: String,
}

/// What is wrong with a field, by its name.
pub(crate) type Wrong = Vec<(&'static str, String)>;

impl Typed {
    /// A plan as it would be typed.
    pub(crate) fn of(plan: &Plan) -> Self {
        let (amount, money) = (show::round(plan.amount), show::round(plan.most_money));
        Self { amount, cards: plan.most_cards.to_string(), money }
    }

    /// The plan, or what of it cannot be read. Without money it is what the cards take.
    pub(crate) fn plan(&self, lang: Lang) -> Result<Plan, Wrong> {
        let mut wrong = Wrong::new();
        let amount = amount::parse(&self.amount);
        let cards = count(&self.cards);
        let product = || amount?.as_i64().checked_mul(cards?).map(Fen::new);
        let money = if self.money.trim().is_empty() { product() } else { amount::parse(&self.money) };
        if amount.is_none() {
            wrong.push(("amount", say!(lang, "run-wrong-amount", value = self.amount.as_str())));
        }
        if cards.is_none() {
            wrong.push(("cards", say!(lang, "run-wrong-cards", most = MOST_CARDS, value = self.cards.as_str())));
        }
        if money.is_none() && (!self.money.trim().is_empty() || wrong.is_empty()) {
            wrong.push(("money", say!(lang, "run-wrong-money", value = self.money.as_str())));
        }
        match (amount, cards, money) {
            (Some(amount), Some(most_cards), Some(most_money)) => Ok(Plan { amount, most_cards, most_money }),
            _ => Err(wrong),
        }
    }

    /// Where the form is found again with this in it.
    fn path(&self, field: &str) -> String {
        let Self { amount, cards, money } = self;
        let plain = |text: &str| text.replace(',', "");
        format!("/station/run?amount={}&cards={}&money={}#{field}", plain(amount), plain(cards), plain(money))
    }
}

/// A number of cards as people type it.
fn count(text: &str) -> Option<i64> {
    let fen = amount::parse(&text.replace('张', ""))?.as_i64();
    (fen.checked_rem(100) == Some(0)).then(|| fen.checked_div(100)).flatten()
}

/// Each rule that a plan breaks, with the field, the rule and the value.
pub(crate) fn wrong(lang: Lang, plan: &Plan, problems: &[PlanProblem]) -> Wrong {
    let amount = || show::yuan(plan.amount);
    let told = problems.iter().map(|problem| match problem {
        PlanProblem::Amount(rule) => {
            let (step, least, most) = (show::round(rule.step), show::round(rule.least), show::round(rule.most));
            let value = show::yuan(plan.amount);
            ("amount", say!(lang, "run-wrong-amount-rule", step = step, least = least, most = most, value = value))
        }
        PlanProblem::Cards => {
            ("cards", say!(lang, "run-wrong-cards", most = MOST_CARDS, value = plan.most_cards.to_string()))
        }
        PlanProblem::Money => {
            let value = show::yuan(plan.most_money);
            ("money", say!(lang, "run-wrong-money-small", amount = amount(), value = value))
        }
        PlanProblem::Quota(quota) => {
            ("amount", say!(lang, "run-wrong-quota", quota = show::yuan(*quota), amount = amount()))
        }
    });
    told.collect()
}

/// The form.
pub(crate) fn form(frame: &Frame, rule: &Rule, typed: &Typed, wrong: &Wrong, quota: Quota) -> Markup {
    let lang = frame.lang;
    let amount_hint = say!(lang, "run-amount-hint", step = show::round(rule.step), least = show::round(rule.least));
    let field = |name, label, hint: String, value| {
        Field::new(name, label, "text", "off").hint(hint).value(value).wrong(wrong).numeric()
    };
    let body = html! {
        div.sheet.pad.stack {
            h1 { (say!(lang, "run-title")) }
            p.soft { (say!(lang, "run-lead")) }
            (summary(lang, wrong))
            form.stack.setup id="setup" method="post" action="/station/run" autocomplete="off" {
                (field("amount", say!(lang, "run-amount"), amount_hint, &typed.amount).focus(wrong.is_empty()).draw())
                (field("cards", say!(lang, "run-most-cards"), say!(lang, "run-cards-hint", most = MOST_CARDS), &typed.cards).draw())
                (field("money", say!(lang, "run-most-money"), say!(lang, "run-money-hint"), &typed.money).draw())
                p.soft { (say!(lang, "quota-available")) " " b.num { (show::yuan(quota.available)) } }
                button.button.main.big { (say!(lang, "run-check")) (kbd("Enter")) }
                a.button href="/station" { (say!(lang, "run-back")) (kbd("Esc")) }
            }
        }
    };
    frame.page(say!(lang, "run-title"), body).narrow().scripts(&["run-setup.js"]).draw()
}

/// What the check page shows.
pub(crate) struct Check<'a> {
    pub(crate) plan: Plan,
    pub(crate) place: &'a Place,
    pub(crate) live: &'a Live,
    pub(crate) quota: Quota,
    /// Made for this page: confirmed twice, it begins one run.
    pub(crate) key: &'a str,
    /// Classes of cards that do not take the amount.
    pub(crate) not_for: Vec<&'a Class>,
}

/// The check page: what, how many, how much, the quota after it, and what happens.
pub(crate) fn check(frame: &Frame, check: &Check<'_>) -> Markup {
    let lang = frame.lang;
    let Check { plan, place, live, quota, key, not_for } = check;
    let typed = Typed::of(plan);
    let change = |field: &str| html! { a href=(typed.path(field)) { (say!(lang, "run-change")) } };
    let changeable =
        |term: &str, value: String, field: &str| fact(term, html! { span.num { (value) } " " (change(field)) });
    let charged = plan.cards().min(affordable(plan, *quota)).saturating_mul(plan.amount.as_i64());
    let after = Fen::new(quota.available.as_i64().saturating_sub(charged));
    let body = html! {
        div.sheet.pad.stack.check id="check" {
            h1 { (say!(lang, "run-check-title")) }
            dl.facts {
                (changeable(&say!(lang, "run-amount"), show::yuan(plan.amount), "amount"))
                (changeable(&say!(lang, "run-most-cards"), say!(lang, "run-n-cards", n = plan.most_cards), "cards"))
                (changeable(&say!(lang, "run-most-money"), show::yuan(plan.most_money), "money"))
                div.now { dt { (say!(lang, "run-together")) } dd { span.num { (say!(lang, "run-n-cards", n = plan.cards())) } " " span.num { (show::yuan(plan.sum())) } } }
                (fact(&say!(lang, "run-quota-now"), show::money(quota.available)))
                (fact(&say!(lang, "run-quota-after"), show::money(after)))
                (fact(&say!(lang, "terminal"), html! { (place.name) " " (show::terminal(&place.number.to_string())) }))
                (fact(&say!(lang, "run-reader"), html! { (live.readers.join(", ")) @if live.readers.is_empty() { "—" } }))
            }
            (warnings(lang, plan, live, *quota, not_for))
            ul.rules {
                @for rule in [say!(lang, "run-rule-each", amount = show::yuan(plan.amount)), say!(lang, "run-rule-once"),
                    say!(lang, "run-rule-sounds"), say!(lang, "run-rule-stop"), say!(lang, "run-rule-watch")] {
                    li { (icon::ARROW.draw()) (rule) }
                }
            }
            form method="post" action="/station/run" {
                (hidden("terminal", place.number.to_string()))
                (hidden("amount", &typed.amount)) (hidden("cards", &typed.cards)) (hidden("money", &typed.money))
                (hidden("key", key))
                button.button.main.big id="begin" name="sure" value="yes" autofocus { (say!(lang, "run-begin")) (kbd("Enter")) }
            }
            a.button data-cancel href=(typed.path("amount")) { (say!(lang, "run-change")) (kbd("Esc")) }
        }
    };
    frame.page(say!(lang, "run-check-title"), body).narrow().scripts(&["run-setup.js"]).draw()
}

/// How many cards the quota does for.
fn affordable(plan: &Plan, quota: Quota) -> i64 {
    quota.available.as_i64().checked_div(plan.amount.as_i64()).unwrap_or(0)
}

fn warnings(lang: Lang, plan: &Plan, live: &Live, quota: Quota, not_for: &[&Class]) -> Markup {
    let lying = match &live.phase {
        Phase::Card { card, .. } | Phase::Charging { card, .. } => Some(&card.number),
        Phase::NoCard | Phase::Reading | Phase::Unreadable => None,
    };
    let names: Vec<&str> = not_for
        .iter()
        .map(|class| match lang {
            Lang::Zh => class.name.zh.as_str(),
            Lang::En => class.name.en.as_str(),
        })
        .collect();
    html! {
        @if affordable(plan, quota) < plan.cards() { (notice(Tone::Doubt, "", say!(lang, "run-warn-quota", n = affordable(plan, quota)))) }
        @if !names.is_empty() { (notice(Tone::Doubt, "", say!(lang, "run-warn-classes", names = names.join(" · ")))) }
        @if let Some(number) = lying { (notice(Tone::Doubt, "", say!(lang, "run-warn-lying", tail = show::tail(number)))) }
    }
}
