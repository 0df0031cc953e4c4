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

const fn account(
    number: &'static str,
    payer: Payer,
    behaviour: Behaviour,
    zh: &'static str,
    en: &'static str,
) -> Account {
    Account { number, payer, behaviour, zh, en }
}

/// All of them. Companies' accounts begin with 31, cards with 62; the last four digits say what happens.
pub const ACCOUNTS: [Account; 22] = [
    account("6216261000000000018", Payer::Person, Behaviour::Pays, "付款成功", "pays"),
    account("6216261000000000060", Payer::Person, Behaviour::Declines, "发卡行拒绝 (60)", "issuer declines (60)"),
    account("6216261000000000064", Payer::Person, Behaviour::Short, "余额不足 (64)", "insufficient funds (64)"),
    account("6216261000000000005", Payer::Person, Behaviour::ForEver, "一直处理中 (05)", "processing for ever (05)"),
    account("6216261000000000106", Payer::Person, Behaviour::Defect, "有缺陷的成功 (A6)", "paid with a defect (A6)"),
    account("6216261000000000042", Payer::Person, Behaviour::Late, "过期后才成功", "paid after expiry"),
    account(
        "6216261000000000142",
        Payer::Person,
        Behaviour::LateReturned,
        "过期后扣款并自动退回 (42)",
        "debited late, returned (42)",
    ),
    account("6216261000000000202", Payer::Person, Behaviour::Twice, "重复通知", "notified twice"),
    account("6216261000000000200", Payer::Person, Behaviour::Lost, "通知丢失", "notification lost"),
    account("6216261000000000011", Payer::Person, Behaviour::BadSignature, "通知签名错误", "notification badly signed"),
    account("6216261000000000036", Payer::Person, Behaviour::WrongAmount, "通知金额不符", "notified of another amount"),
    account("3101261000000000018", Payer::Company, Behaviour::Pays, "付款成功", "pays"),
    account("3101261000000000060", Payer::Company, Behaviour::Declines, "开户行拒绝 (60)", "bank declines (60)"),
    account("3101261000000000064", Payer::Company, Behaviour::Short, "余额不足 (64)", "insufficient funds (64)"),
    account("3101261000000000005", Payer::Company, Behaviour::ForEver, "一直处理中 (05)", "processing for ever (05)"),
    account("3101261000000000106", Payer::Company, Behaviour::Defect, "有缺陷的成功 (A6)", "paid with a defect (A6)"),
    account("3101261000000000042", Payer::Company, Behaviour::Late, "过期后才成功", "paid after expiry"),
    account(
        "3101261000000000142",
        Payer::Company,
        Behaviour::LateReturned,
        "过期后扣款并自动退回 (42)",
        "debited late, returned (42)",
    ),
    account("3101261000000000202", Payer::Company, Behaviour::Twice, "重复通知", "notified twice"),
    account("3101261000000000200", Payer::Company, Behaviour::Lost, "通知丢失", "notification lost"),
    account(
        "3101261000000000011",
        Payer::Company,
        Behaviour::BadSignature,
        "通知签名错误",
        "notification badly signed",
    ),
    account(
        "3101261000000000036",
        Payer::Company,
        Behaviour::WrongAmount,
        "通知金额不符",
        "notified of another amount",
    ),
];

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
