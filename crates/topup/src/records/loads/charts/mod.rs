//! What a filter comes to through time, by whom and where, and the group's quota meanwhile: for charts.
//!
//! As the totals of a list, it is read from `load_totals`, with the open loads from their index and the corrected ones
//! moved to what holds; all in one moment of the database, so that points and shares come to the totals above them. What
//! the totals are not kept by (a card, an amount, an order number, a state) does not narrow a chart.

mod kept;
mod quota;

use std::collections::BTreeMap;

use ledger::Fen;
use store::Result;

use self::kept::Moved;
use super::totals::{self, Totals};
use crate::House;
use crate::records::{Day, Filter, Period};

/// A filter in charts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charts {
    /// What one point stands for.
    pub step: Step,
    /// The points, oldest first, without gaps; none later than today.
    pub points: Vec<Point>,
    /// What they come to together.
    pub totals: Totals,
    /// The same by whom and where: what a filter asks for is not split by.
    pub shares: Vec<(By, Vec<Share>)>,
    /// The quota before the first point, of one group.
    pub quota_before: Option<Fen>,
}

/// How long a point is: so long that a chart has room for all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "their names say it")]
pub enum Step {
    Day,
    Week,
    Month,
    Year,
}

/// One of the days, weeks, months or years, as far as it is in the period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// Its days.
    pub period: Period,
    /// What was charged.
    pub totals: Totals,
    /// The quota at its end, of one group.
    pub quota_after: Option<Fen>,
}

/// What loads are told apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Of all groups: whose they are.
    Group,
    /// Who confirmed them.
    Operator,
    /// Where.
    Terminal,
}

/// What one of them charged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// As a filter names it: a group's number, a login, a terminal's number.
    pub key: String,
    /// What people call it.
    pub name: Option<String>,
    /// What it charged.
    pub totals: Totals,
}

/// Two months of days, twenty-eight weeks, five years of months.
const MOST_DAYS: i64 = 62;
const MOST_WEEKS_DAYS: i64 = 200;
const MOST_MONTHS_DAYS: i64 = 5 * 366;

/// The charts of a filter.
pub async fn charts(house: &House, filter: &Filter) -> Result<Charts> {
    let mut tx = house.db.read().await?;
    let today = Day::of(house.now());
    let Filter { scope, period, operator, terminal, .. } = filter.clone();
    let filter = Filter {
        scope,
        period: until(period, today),
        operator,
        terminal,
        holds: None,
        card: None,
        least: None,
        most: None,
        order: None,
    };
    let step = Step::of(filter.period);
    let mut points = step.points(filter.period);
    let moved = kept::moved(&mut tx, &filter).await?;
    for (day, totals) in totals::kept(&mut tx, &filter, kept::spans(&filter, step)).await? {
        if let Some(point) = at(&mut points, day) {
            point.totals.merge(totals);
        }
    }
    for moved in &moved {
        if let Some(point) = at(&mut points, moved.day) {
            moved.apply(&mut point.totals);
        }
    }
    let mut shares = Vec::new();
    for by in By::of(&filter) {
        shares.push((by, split(&mut tx, &filter, by, &moved).await?));
    }
    let mut totals = Totals::default();
    for point in &points {
        totals.merge(point.totals);
    }
    let mut quota_before = None;
    if let Some(group) = filter.scope.group() {
        let ends = points.iter().map(|point| point.period.last().plus(1).begins());
        let moments: Vec<_> = std::iter::once(filter.period.first().begins()).chain(ends).collect();
        let mut quotas = quota::at(&mut tx, group, &moments).await?.into_iter();
        quota_before = quotas.next();
        for (point, quota) in points.iter_mut().zip(quotas) {
            point.quota_after = Some(quota);
        }
    }
    Ok(Charts { step, points, totals, shares, quota_before })
}

/// What comes after today is not there yet.
fn until(period: Period, today: Day) -> Period {
    Period::new(period.first(), period.last().min(today)).unwrap_or(period)
}

/// The point that a day belongs to.
fn at(points: &mut [Point], day: Day) -> Option<&mut Point> {
    let place = points.partition_point(|point| point.period.last() < day);
    points.get_mut(place)
}

/// The shares of one kind, the largest first.
async fn split(tx: &mut store::Tx, filter: &Filter, by: By, moved: &[Moved]) -> Result<Vec<Share>> {
    let mut sums: BTreeMap<String, Totals> = kept::by(tx, filter, by).await?;
    for moved in moved {
        moved.apply(sums.entry(moved.key(by)).or_default());
    }
    let mut names = kept::names(tx, filter, by).await?;
    let mut shares: Vec<Share> = sums
        .into_iter()
        .filter(|(_, totals)| totals.count() > 0)
        .map(|(id, totals)| {
            let (key, name) = names.remove(&id).map_or((id, None), |(key, name)| (key, Some(name)));
            Share { key, name, totals }
        })
        .collect();
    shares.sort_by(|a, b| {
        let size = |share: &Share| (share.totals.succeeded.sum, share.totals.count());
        size(b).cmp(&size(a)).then_with(|| a.key.cmp(&b.key))
    });
    Ok(shares)
}

impl Step {
    /// The shortest that a period has room for.
    pub const fn of(period: Period) -> Self {
        let days = period.days();
        if days <= MOST_DAYS {
            Self::Day
        } else if days <= MOST_WEEKS_DAYS {
            Self::Week
        } else if days <= MOST_MONTHS_DAYS {
            Self::Month
        } else {
            Self::Year
        }
    }

    /// The last day of the one that begins with this day.
    fn end(self, first: Day) -> Day {
        match self {
            Self::Day => first,
            Self::Week => first.last_of_week(),
            Self::Month => first.last_of_month(),
            Self::Year => first.last_of_year(),
        }
    }

    /// The points of a period, with nothing in them yet.
    pub fn points(self, period: Period) -> Vec<Point> {
        let mut points = Vec::new();
        let mut rest = Some(period);
        while let Some(one) = rest.and_then(|rest| Period::new(rest.first(), self.end(rest.first()).min(rest.last()))) {
            points.push(Point { period: one, totals: Totals::default(), quota_after: None });
            rest = Period::new(one.last().plus(1), period.last());
        }
        points
    }
}

impl By {
    /// What the loads of a filter can be told apart by.
    fn of(filter: &Filter) -> Vec<Self> {
        if filter.scope.group().is_none() {
            return vec![Self::Group];
        }
        let both = [(Self::Operator, filter.operator.is_none()), (Self::Terminal, filter.terminal.is_none())];
        both.into_iter().filter_map(|(by, many)| many.then_some(by)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_has_points_that_fit() {
        let points = |first: &str, last: &str| {
            let period = Period::new(first.parse().unwrap(), last.parse().unwrap()).unwrap();
            let step = Step::of(period);
            let points = step.points(period);
            // Without a gap, from the first day to the last.
            assert_eq!(points.first().unwrap().period.first(), period.first());
            assert_eq!(points.last().unwrap().period.last(), period.last());
            for two in points.windows(2) {
                assert_eq!(two[0].period.last().plus(1), two[1].period.first());
            }
            (step, points.len(), points[0].period.last().to_string())
        };
        assert_eq!(points("2026-11-22", "2026-11-22"), (Step::Day, 1, "2026-11-22".into()));
        assert_eq!(points("2026-10-01", "2026-12-01"), (Step::Day, 62, "2026-10-01".into()));
        assert_eq!(points("2026-05-23", "2026-11-22"), (Step::Week, 27, "2026-05-24".into()));
        assert_eq!(points("2025-10-19", "2026-11-22"), (Step::Month, 14, "2025-10-31".into()));
        assert_eq!(points("2000-01-01", "2039-12-31"), (Step::Year, 40, "2000-12-31".into()));
    }
}
