//! How a bank writes its statements: which column is what. Staff set it up once for an account, from a sample.

use serde::{Deserialize, Serialize};

use super::text::{Record, Separator};

/// Which column is what, by the names in the header. Lines above the header are titles, however many.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Layout {
    /// What stands between cells.
    pub separator: Separator,
    /// The day, with or without a time.
    pub date: String,
    /// How much, and which way.
    pub amount: Columns,
    /// What was on the account after it.
    pub balance: Option<String>,
    /// The bank's own number of the line. Without it a line is known by everything it says.
    pub serial: Option<String>,
    /// Who it came from or went to.
    pub counterparty: Option<String>,
    /// What for.
    pub remark: Option<String>,
    /// Lines that settle our payments say this in counterparty or remark; if empty, every line may be one.
    pub settles: String,
}

/// The columns of an amount.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Columns {
    /// One for what comes in (贷方, 收入) and one for what goes out (借方, 支出).
    Two {
        /// Money in.
        income: String,
        /// Money out.
        expense: String,
    },
    /// One, with a minus before what goes out.
    Signed {
        /// The amount.
        amount: String,
    },
    /// One, and another that says which way it goes.
    Marked {
        /// The amount.
        amount: String,
        /// The column with the word.
        mark: String,
        /// The word for what comes in, for example 贷.
        income: String,
    },
}

impl Default for Columns {
    fn default() -> Self {
        Self::Signed { amount: String::new() }
    }
}

impl Layout {
    /// The columns that a header must have.
    pub fn needed(&self) -> Vec<&str> {
        let mut names = vec![self.date.as_str()];
        match &self.amount {
            Columns::Two { income, expense } => names.extend([income.as_str(), expense.as_str()]),
            Columns::Signed { amount } => names.push(amount),
            Columns::Marked { amount, mark, .. } => names.extend([amount.as_str(), mark.as_str()]),
        }
        names.extend(
            [&self.balance, &self.serial, &self.counterparty, &self.remark].into_iter().flatten().map(String::as_str),
        );
        names
    }

    /// The header: the first line that has every column.
    pub fn header<'r>(&self, records: &'r [Record]) -> Option<&'r Record> {
        let needed = self.needed();
        records.iter().find(|record| needed.iter().all(|name| record.cells.iter().any(|cell| cell == name)))
    }

    /// What is not to be found on the line that looks most like a header.
    pub fn missing(&self, records: &[Record]) -> Vec<String> {
        let without = |record: &Record| -> Vec<String> {
            let lacks = |name: &&&str| !record.cells.iter().any(|cell| cell == **name);
            self.needed().iter().filter(lacks).map(|name| (*name).to_owned()).collect()
        };
        let all = || self.needed().into_iter().map(str::to_owned).collect();
        records.iter().map(without).min_by_key(Vec::len).unwrap_or_else(all)
    }
}

/// Words that banks use, the likelier first.
const DATES: &[&str] =
    &["交易日期", "交易时间", "记账日期", "入账日期", "记账时间", "入账时间", "交易日", "日期", "时间", "Date"];
const INCOMES: &[&str] = &[
    "贷方发生额",
    "收入金额",
    "贷方金额",
    "贷方发生金额",
    "收入",
    "贷方",
    "存入金额",
    "转入金额",
    "贷方发生额（收入）",
    "贷方发生额(收入)",
    "Credit",
];
const EXPENSES: &[&str] = &[
    "借方发生额",
    "支出金额",
    "借方金额",
    "借方发生金额",
    "支出",
    "借方",
    "支取金额",
    "转出金额",
    "借方发生额（支出）",
    "借方发生额(支出)",
    "Debit",
];
const AMOUNTS: &[&str] = &["交易金额", "发生额", "金额", "发生金额", "交易额", "Amount"];
const MARKS: &[&str] = &["借贷标志", "借贷标识", "借贷方向", "借/贷", "借贷", "收支", "收/支", "收支方向"];
const BALANCES: &[&str] = &["余额", "账户余额", "本次余额", "联机余额", "交易后余额", "可用余额", "Balance"];
const SERIALS: &[&str] = &[
    "交易流水号",
    "流水号",
    "银行流水号",
    "账户明细编号-交易流水号",
    "核心流水号",
    "凭证号",
    "交易序号",
    "流水编号",
    "明细序号",
    "Reference",
];
const PARTIES: &[&str] = &[
    "对方户名",
    "对方单位名称",
    "对方单位",
    "对方账户名称",
    "对方名称",
    "对手户名",
    "交易对方",
    "对方账号名称",
    "Counterparty",
];
const REMARKS: &[&str] = &["摘要", "用途", "附言", "备注", "交易摘要", "交易附言", "Description"];
/// How far above the header titles may reach.
const TITLES: usize = 30;

/// What the columns of a sample are likely to be, by the words banks use.
pub fn guess(text: &str) -> Layout {
    let guesses = Separator::ALL.into_iter().filter_map(|separator| guess_with(text, separator));
    guesses.max_by_key(|layout| layout.needed().len()).unwrap_or_default()
}

fn guess_with(text: &str, separator: Separator) -> Option<Layout> {
    let records = super::text::records(text, separator).ok()?;
    let header = records.iter().take(TITLES).max_by_key(|record| {
        let known = [DATES, INCOMES, EXPENSES, AMOUNTS, BALANCES, SERIALS, PARTIES, REMARKS];
        // The first of several alike: `max_by_key` takes the last.
        (known.iter().filter(|words| named(record, words).is_some()).count(), usize::MAX.saturating_sub(record.line))
    })?;
    let column = |words| named(header, words);
    let amount = match (column(INCOMES), column(EXPENSES), column(AMOUNTS), column(MARKS)) {
        (Some(income), Some(expense), _, _) => Columns::Two { income, expense },
        (_, _, Some(amount), Some(mark)) => {
            let at = header.cells.iter().position(|cell| *cell == mark);
            let says = |word: &str| {
                records.iter().any(|record| at.and_then(|at| record.cells.get(at)).is_some_and(|cell| cell == word))
            };
            let income = ["贷", "收入", "收", "C", "贷方"].into_iter().find(|word| says(word)).unwrap_or("贷");
            Columns::Marked { amount, mark, income: income.to_owned() }
        }
        (_, _, Some(amount), None) => Columns::Signed { amount },
        (_, _, None, _) => return None,
    };
    Some(Layout {
        separator,
        date: column(DATES)?,
        amount,
        balance: column(BALANCES),
        serial: column(SERIALS),
        counterparty: column(PARTIES),
        remark: column(REMARKS),
        settles: "银联".to_owned(),
    })
}

fn named(record: &Record, words: &[&str]) -> Option<String> {
    words.iter().find(|word| record.cells.iter().any(|cell| cell == **word)).map(|word| (*word).to_owned())
}
