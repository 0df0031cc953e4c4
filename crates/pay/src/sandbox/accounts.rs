//! The sandbox's accounts: each behaves in one way, for every failure a merchant has to live with.

use crate::gateway::Payer;

/// What happens with an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// It pays.
    Pays,
    /// The issuer declines: 60.
    Declines,
    /// Not enough money: 64.
    Short,
    /// Under way for ever: 05.
    ForEver,
    /// It pays, with the defect A6.
    Defect,
    /// It pays only after the order has expired: 00.
    Late,
    /// The account is debited after the order has expired, which the gateway says with 42 and gives back by itself.
    LateReturned,
    /// It pays, and the merchant is notified twice at once.
    Twice,
    /// It pays, and no notification arrives.
    Lost,
    /// It pays, and the first notification bears a bad signature.
    BadSignature,
    /// It pays, and the notification names one fen less.
    WrongAmount,
}

/// A sandbox account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its number.
    pub number: &'static str,
    /// Whose it is.
    pub payer: Payer,
    /// What it does.
    pub behaviour: Behaviour,
    /// For people, in Chinese.
    pub zh: &'static str,
    /// And in English.
    pub en: &'static str,
}

/// The phone that codes go to.
pub const PHONE: &str = "13552535506";
/// The transaction password of every account.
pub const PASSWORD: &str = "123456";

/// Every behaviour as a card and as a company's account.
macro_rules! accounts {
    ($($last:literal $behaviour:ident $zh:literal $en:literal;)*) => {
        [
            $(accounts!(Person "621626100000000" $last $behaviour $zh $en),)*
            $(accounts!(Company "310126100000000" $last $behaviour $zh $en),)*
        ]
    };
    ($payer:ident $first:literal $last:literal $behaviour:ident $zh:literal $en:literal) => {
        Account {
            number: concat!($first, $last),
            payer: Payer::$payer,
            behaviour: Behaviour::$behaviour,
            zh: $zh,
            en: $en,
        }
    };
}

/// All of them. Companies' accounts begin with 31, cards with 62; the last four digits say what happens.
pub const ACCOUNTS: [Account; 22] = accounts! {
    "0018" Pays "付款成功" "pays";
    "0060" Declines "银行拒绝 (60)" "the bank declines (60)";
    "0064" Short "余额不足 (64)" "insufficient funds (64)";
    "0005" ForEver "一直处理中 (05)" "processing for ever (05)";
    "0106" Defect "有缺陷的成功 (A6)" "paid with a defect (A6)";
    "0042" Late "过期后才成功" "paid after expiry";
    "0142" LateReturned "过期后扣款并自动退回 (42)" "debited late, returned (42)";
    "0202" Twice "重复通知" "notified twice";
    "0200" Lost "通知丢失" "notification lost";
    "0011" BadSignature "通知签名错误" "notification badly signed";
    "0036" WrongAmount "通知金额不符" "notified of another amount";
};

/// The account with this number; spaces do not matter.
pub fn find(number: &str) -> Option<&'static Account> {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    ACCOUNTS.iter().find(|account| account.number == digits)
}

/// All but the first and last four digits hidden.
pub fn masked(number: &str) -> String {
    let (length, hidden) = (number.chars().count(), number.chars().count().saturating_sub(8));
    let shown = |index: usize| index < 4 || index >= length.saturating_sub(4) || hidden == 0;
    number.chars().enumerate().map(|(index, digit)| if shown(index) { digit } else { '*' }).collect()
}
