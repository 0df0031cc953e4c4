//! From what stands in an address to what it means.

use ledger::{Fen, GroupId};
use serde::{Deserialize, Serialize};
use store::Result;

use super::record::Number as _;
use super::scope::operator;
use super::{Day, Loads, Period, Record, Scope};
use crate::House;
use crate::cards::CardNumber;
use crate::loads::State;
use crate::people::OperatorId;
use crate::terminals::TerminalNumber;

/// A filter as people typed it; what is empty asks for nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Typed {
    /// One of the quick ranges; days that are named count before it.
    pub range: String,
    /// The first day.
    pub from: String,
    /// The last day.
    pub to: String,
    /// What holds of the records.
    pub state: String,
    /// A card's number, or its last digits.
    pub card: String,
    /// An operator's login.
    pub operator: String,
    /// A terminal's number.
    pub terminal: String,
    /// The least amount, in yuan.
    pub least: String,
    /// The highest amount, in yuan.
    pub most: String,
    /// An order number: found whenever it was.
    pub order: String,
    /// A group's number; only staff can name one.
    pub group: String,
}

/// What to look for. What is none is not asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Filter<R: Record = Loads> {
    /// Whose.
    pub scope: Scope,
    /// When they were confirmed.
    pub period: Period,
    /// What holds of them.
    pub holds: Option<R::Holds>,
    /// The last digits of the card's number, or all of them; asked of loads alone.
    pub card: Option<String>,
    /// Who confirmed them.
    pub operator: Option<OperatorId>,
    /// Where; asked of loads alone.
    pub terminal: Option<String>,
    /// At least so much.
    pub least: Option<Fen>,
    /// At most so much.
    pub most: Option<Fen>,
    /// The one with this number, whenever it was.
    pub order: Option<R::Number>,
}

/// What holds of a load by what is known now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Holds {
    /// The money is on the card.
    Succeeded,
    /// Nothing was charged.
    Failed,
    /// In doubt, or still under way.
    Unknown,
}

/// A quick range, up to today.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// Today.
    Today,
    /// Yesterday alone.
    Yesterday,
    /// Seven days.
    Week,
    /// From the first of this month.
    ThisMonth,
    /// A month.
    Month,
    /// Three months.
    Quarter,
    /// Six months.
    HalfYear,
}

/// A field of a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are the fields of Typed")]
pub enum Field {
    Range,
    From,
    To,
    State,
    Card,
    Operator,
    Terminal,
    Least,
    Most,
    Order,
    Group,
}

/// What is wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// It is none of the words that can stand there.
    NotAWord,
    /// It is no day.
    NotADay,
    /// The last day is before the first.
    EndsBeforeItBegins,
    /// It is neither a card's number nor its last four digits or more.
    NotACard,
    /// Nobody here signs in by this.
    NoOperator,
    /// It is no terminal's number.
    NotATerminal,
    /// It is no amount.
    NotAnAmount,
    /// The highest amount is below the least.
    MostBelowLeast,
    /// It is no order number.
    NotAnOrder,
    /// There is no such group.
    NoGroup,
}

/// A field and what is wrong with it.
pub type WrongField = (Field, Wrong);

/// The digits of a card's number that find it.
const FEWEST_DIGITS: usize = 4;

impl Typed {
    /// What it means within `scope`; or what is wrong, field by field.
    pub async fn read<R: Record>(
        &self,
        house: &House,
        scope: Scope,
    ) -> Result<Result<Filter<R>, Vec<WrongField>>, store::Error> {
        let mut reader = Reader { typed: self, wrong: Vec::new() };
        let period = reader.period(Day::of(house.now()), R::RANGE);
        let scope = reader.scope(house, scope).await?;
        let operator = reader.operator(house, scope).await?;
        let (least, most) = reader.amounts();
        let filter = Filter {
            scope,
            period,
            holds: reader.word(Field::State, &self.state, R::holds),
            card: if R::AT_TERMINALS { reader.card() } else { None },
            operator,
            terminal: if R::AT_TERMINALS { reader.terminal() } else { None },
            least,
            most,
            order: reader.one(Field::Order, &self.order, Wrong::NotAnOrder, R::Number::parse),
        };
        Ok(if reader.wrong.is_empty() { Ok(filter) } else { Err(reader.wrong) })
    }

    /// Whose, and the period, the `usual` one if none is named: what a statement asks for; or what is wrong with it.
    pub async fn read_period(
        &self,
        house: &House,
        scope: Scope,
        usual: Range,
    ) -> Result<Result<(Scope, Period), Vec<WrongField>>, store::Error> {
        let mut reader = Reader { typed: self, wrong: Vec::new() };
        let period = reader.period(Day::of(house.now()), usual);
        let scope = reader.scope(house, scope).await?;
        Ok(if reader.wrong.is_empty() { Ok((scope, period)) } else { Err(reader.wrong) })
    }

    /// Whether it asks for anything beside the time.
    pub fn narrows(&self) -> bool {
        let Self { state, card, operator, terminal, least, most, order, group, .. } = self;
        [state, card, operator, terminal, least, most, order, group].iter().any(|text| !text.trim().is_empty())
    }
}

/// Reads field after field and keeps what is wrong.
struct Reader<'t> {
    typed: &'t Typed,
    wrong: Vec<WrongField>,
}

impl Reader<'_> {
    fn one<T>(&mut self, field: Field, text: &str, wrong: Wrong, read: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        let read = read(text);
        if read.is_none() {
            self.wrong.push((field, wrong));
        }
        read
    }

    fn word<T>(&mut self, field: Field, text: &str, read: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        self.one(field, text, Wrong::NotAWord, read)
    }

    /// Days that are named; or else the quick range; or else the usual one. One day alone is the one end, and today the
    /// other.
    fn period(&mut self, today: Day, usual: Range) -> Period {
        let range = self.word(Field::Range, &self.typed.range, Range::parse).unwrap_or(usual);
        let first = self.one(Field::From, &self.typed.from, Wrong::NotADay, |text| text.parse().ok());
        let last = self.one(Field::To, &self.typed.to, Wrong::NotADay, |text| text.parse().ok());
        let (first, last) = match (first, last) {
            (Some(first), Some(last)) => (first, last),
            (Some(first), None) => (first, today.max(first)),
            (None, Some(last)) => (Day::EARLIEST, last),
            (None, None) => return range.period(today),
        };
        Period::new(first, last).unwrap_or_else(|| {
            self.wrong.push((Field::To, Wrong::EndsBeforeItBegins));
            Period::of(first)
        })
    }

    async fn scope(&mut self, house: &House, scope: Scope) -> Result<Scope> {
        let named = if scope.group().is_some() { "" } else { self.typed.group.as_str() };
        let Some(group) = self.one(Field::Group, named, Wrong::NoGroup, |text| text.parse().ok().map(GroupId)) else {
            return Ok(scope);
        };
        let mut tx = house.db.read().await?;
        let known: Option<(i64,)> = tx.query("SELECT id FROM groups WHERE id = $1").bind(group).optional().await?;
        if known.is_none() {
            self.wrong.push((Field::Group, Wrong::NoGroup));
        }
        Ok(scope.within(Some(group)))
    }

    async fn operator(&mut self, house: &House, scope: Scope) -> Result<Option<OperatorId>> {
        let login = self.typed.operator.trim();
        if login.is_empty() {
            return Ok(None);
        }
        let found = operator(house, scope, login).await?;
        if found.is_none() {
            self.wrong.push((Field::Operator, Wrong::NoOperator));
        }
        Ok(found)
    }

    fn amounts(&mut self) -> (Option<Fen>, Option<Fen>) {
        let amount = |text: &str| text.parse().ok().filter(|fen: &Fen| *fen >= Fen::ZERO);
        let least = self.one(Field::Least, &self.typed.least, Wrong::NotAnAmount, amount);
        let most = self.one(Field::Most, &self.typed.most, Wrong::NotAnAmount, amount);
        if least.zip(most).is_some_and(|(least, most)| most < least) {
            self.wrong.push((Field::Most, Wrong::MostBelowLeast));
        }
        (least, most)
    }

    fn terminal(&mut self) -> Option<String> {
        self.one(Field::Terminal, &self.typed.terminal, Wrong::NotATerminal, |text| {
            let digits: String = text.chars().filter(|c| !c.is_whitespace()).collect();
            digits.parse().ok().map(|number: TerminalNumber| number.to_string())
        })
    }

    fn card(&mut self) -> Option<String> {
        self.one(Field::Card, &self.typed.card, Wrong::NotACard, |text| {
            let digits: String = text.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
            let is_part = digits.len() >= FEWEST_DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
            (is_part && digits.len() <= CARD_DIGITS).then_some(digits)
        })
    }
}

/// The longest card number.
const CARD_DIGITS: usize = 20;

impl<R: Record> Filter<R> {
    /// The whole number of a card, if it names one.
    pub(super) fn whole_card(&self) -> Option<&str> {
        self.card.as_deref().filter(|digits| digits.parse::<CardNumber>().is_ok())
    }

    /// Whether the totals are kept for it.
    pub(super) fn is_totalled(&self) -> bool {
        let Self { card, least, most, order, .. } = self;
        card.is_none() && least.is_none() && most.is_none() && order.is_none()
    }
}

impl Holds {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Succeeded, Self::Failed, Self::Unknown];

    /// As it stands in addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }

    /// From an address, or of a state.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|holds| holds.as_str() == text)
    }

    /// The state that pages show for it.
    pub const fn state(self) -> State {
        match self {
            Self::Succeeded => State::Succeeded,
            Self::Failed => State::Failed,
            Self::Unknown => State::Unknown,
        }
    }
}

impl From<State> for Holds {
    fn from(state: State) -> Self {
        match state {
            State::Succeeded => Self::Succeeded,
            State::Failed => Self::Failed,
            State::Authorised | State::Unknown => Self::Unknown,
        }
    }
}

impl Range {
    /// Every one, shortest first.
    pub const ALL: [Self; 7] =
        [Self::Today, Self::Yesterday, Self::Week, Self::ThisMonth, Self::Month, Self::Quarter, Self::HalfYear];

    /// As it stands in addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Today => "today",
            Self::Yesterday => "yesterday",
            Self::Week => "week",
            Self::ThisMonth => "this-month",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::HalfYear => "half-year",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|range| range.as_str() == text)
    }

    /// Its days.
    pub fn period(self, today: Day) -> Period {
        let first = match self {
            Self::Yesterday => return Period::of(today.plus(-1)),
            Self::Today => today,
            Self::Week => today.plus(-6),
            Self::ThisMonth => today.first_of_month(),
            Self::Month => today.months_before(1).plus(1),
            Self::Quarter => today.months_before(3).plus(1),
            Self::HalfYear => today.months_before(6).plus(1),
        };
        Period::new(first, today).unwrap_or_else(|| Period::of(today))
    }
}
