//! What the card company decides about terminals, and what becomes of loads when it does.

use std::sync::Arc;
use std::time::Duration;

use ed25519_dalek::SigningKey;
use epurse::terminal::TerminalNumber;
use ledger::{Fen, GroupId};
use store::Db;
use store::testing::on_both;
use topup::audit::{self, Action, Actor, Subject};
use topup::loads::{self, Confirm, ConfirmError, Outcome, Reason, State};
use topup::people::staff::StaffRole;
use topup::terminals::list::{self, Filter, Find, Stand};
use topup::terminals::{self, EnrolError, NewTerminal, Phase, Register, RegisterError};
use topup::{House, groups};

use crate::cards::{Bench, Kind};
use crate::clones::without_heartbeat;
use crate::office::hire;
use crate::sim::{Fault, SimTerminal, Strike};
use crate::world::{World, patient};

const NUMBER: TerminalNumber = TerminalNumber([0, 0, 1, 0, 0, 0x50]);
const QUIET: Duration = Duration::from_millis(20);
const FIFTY: Fen = Fen::new(5_000);

/// A connected terminal with a card on it, and what the clerk's page would send.
async fn desk(db: Db) -> (World, SimTerminal, Confirm) {
    let world = World::open(db, patient(), 7, Fen::new(100_000)).await;
    let key = SigningKey::from_bytes(&[9; 32]);
    world.enrol(NUMBER, &key).await;
    let mut terminal = SimTerminal::new(NUMBER, key, Arc::new(Bench::of(&[Kind::Ordinary])));
    let house = world.house().await;
    terminal.connect(&house).await.expect("let in");
    terminal.tap(0).await.expect("connected");
    for _ in 0..5_000 {
        terminal.serve(QUIET).await.expect("connected");
        let live = terminals::live(&house, world.group, NUMBER).await.expect("a look");
        if let Phase::Card { card, intent, .. } = live.phase {
            let confirm = Confirm { terminal: NUMBER, card: card.number, balance: card.balance, amount: FIFTY, intent };
            return (world, terminal, confirm);
        }
    }
    panic!("the card was not read");
}

/// Until the loads of the group are in this state.
async fn until(world: &World, state: State) {
    for _ in 0..20_000 {
        if world.loads().await.iter().any(|load| load.state == state) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    panic!("no load is ever {state:?}: {:?}", world.loads().await);
}

#[tokio::test]
async fn a_load_in_flight_ends_truthfully_when_its_terminal_is_revoked() {
    on_both(|db| async move {
        let (world, mut terminal, confirm) = desk(db).await;
        let house = world.house().await;
        loads::confirm(&house, &world.operator, &confirm).await.expect("taken on");
        // The card has taken the money, and its answer is on its way for a while.
        terminal.strike = Some(Strike::Credit(Fault::Late));
        let revoke = async {
            until(&world, State::Authorised).await;
            Register::of(&house, &Actor::command_line()).revoke(NUMBER, "stolen").await.expect("revoked");
        };
        let (served, ()) = tokio::join!(terminal.serve(Duration::from_secs(3)), revoke);
        assert!(served.is_err(), "its connection ends");
        assert_eq!(terminal.owes(), 0, "the result was taken and acknowledged first");
        let load = world.loads().await.pop().expect("a load");
        assert_eq!((load.state, load.balance_after), (State::Succeeded, confirm.balance.checked_add(FIFTY)));
        assert_eq!(world.books().await.loads, vec![(State::Succeeded, 1, FIFTY)]);
        let again = loads::confirm(&house, &world.operator, &Confirm { intent: "x".into(), ..confirm }).await;
        assert!(matches!(again, Err(ConfirmError::NoTerminal)), "{again:?}");
    })
    .await;
}

#[tokio::test]
async fn a_confirm_that_a_revoked_terminal_has_not_taken_up_charges_nothing() {
    on_both(|db| async move {
        let (world, mut terminal, confirm) = desk(db.clone()).await;
        let house = world.house().await;
        // The connection has not heard of it yet when the confirm reaches it.
        let mut tx = db.begin().await.expect("a unit of work");
        tx.query("UPDATE terminals SET revoked = 1 WHERE number = $1")
            .bind(NUMBER.to_string())
            .execute()
            .await
            .expect("revoked");
        tx.query(
            "INSERT INTO intents (group_id, intent, terminal, operator_id, card_number, balance_fen, amount_fen, \
             created_at_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(world.group)
        .bind(confirm.intent.as_str())
        .bind(NUMBER.to_string())
        .bind(world.operator.id)
        .bind(confirm.card.to_string())
        .bind(confirm.balance)
        .bind(confirm.amount)
        .bind(house.now())
        .execute()
        .await
        .expect("confirmed");
        tx.commit().await.expect("a commit");
        db.signal(&terminals::work_topic(NUMBER)).await.expect("signalled");
        assert!(terminal.serve(Duration::from_secs(2)).await.is_err(), "its connection ends");
        let load = loop {
            if let Outcome::Load(load) = loads::outcome(&house, world.group, &confirm.intent).await.expect("a look") {
                break load;
            }
            tokio::time::sleep(QUIET).await;
        };
        assert_eq!((load.state, load.reason), (State::Failed, Some(Reason::TerminalGone)));
        assert_eq!(world.books().await.loads, vec![(State::Failed, 1, FIFTY)]);
    })
    .await;
}

#[tokio::test]
async fn of_many_who_come_with_one_code_one_is_enrolled() {
    on_both(|db| async move {
        let world = World::open(db, without_heartbeat(), 1, Fen::ZERO).await;
        let (house, actor) = (world.house().await, Actor::command_line());
        let new = NewTerminal { number: NUMBER, group: world.group, name: "前台" };
        let code = Register::of(&house, &actor).add(&new).await.expect("a code");
        let keys: Vec<SigningKey> = (1..=8).map(|n| SigningKey::from_bytes(&[n; 32])).collect();
        let asked: Vec<link::Enrol> = keys
            .iter()
            .map(|key| link::Enrol { code: code.clone(), public_key: key.verifying_key().to_bytes().to_vec().into() })
            .collect();
        let answers =
            futures_util::future::join_all(asked.iter().map(|asked| terminals::enrol(&house, asked, "192.0.2.1")))
                .await;
        let winners: Vec<usize> = (0..8).filter(|n| answers[*n].is_ok()).collect();
        assert_eq!(winners.len(), 1, "{answers:?}");
        assert!(answers.iter().all(|answer| matches!(answer, Ok(_) | Err(EnrolError::Code))), "{answers:?}");
        for (n, key) in keys.iter().enumerate() {
            let let_in = crate::clones::connect(&house, key, "a", "192.0.2.1").await.is_ok();
            assert_eq!(let_in, winners == [n], "key {n}");
        }
    })
    .await;
}

#[tokio::test]
async fn each_decision_has_its_rules_and_stands_in_the_audit_trail() {
    on_both(|db| async move {
        let world = World::open(db, patient(), 1, Fen::ZERO).await;
        let house = world.house().await;
        let actor = Actor::staff(&hire(&house, "sun", StaffRole::Teller).await, "192.0.2.7");
        let register = Register::of(&house, &actor);
        let new = NewTerminal { number: NUMBER, group: world.group, name: " 前台 " };
        let wrong = register.add(&NewTerminal { name: " ", ..new }).await;
        assert!(matches!(wrong, Err(RegisterError::Name)), "{wrong:?}");
        let wrong = register.add(&NewTerminal { name: &"长".repeat(41), ..new }).await;
        assert!(matches!(wrong, Err(RegisterError::Name)), "{wrong:?}");
        let wrong = register.add(&NewTerminal { group: GroupId(5), ..new }).await;
        assert!(matches!(wrong, Err(RegisterError::NoGroup)), "{wrong:?}");
        let code = register.add(&new).await.expect("added");
        assert!(matches!(register.add(&new).await, Err(RegisterError::Taken)));
        let left = terminals::outstanding(&house, NUMBER, Some(&code)).await.expect("a look");
        assert!(left.is_some_and(|until| until > house.now()));
        let newer = register.code(NUMBER).await.expect("a new code");
        assert_eq!(terminals::outstanding(&house, NUMBER, Some(&code)).await.expect("a look"), None, "void");
        assert!(terminals::outstanding(&house, NUMBER, Some(&newer)).await.expect("a look").is_some());
        let other = TerminalNumber([9; 6]);
        assert!(terminals::outstanding(&house, other, Some(&newer)).await.expect("a look").is_none());
        assert!(matches!(register.code(other).await, Err(RegisterError::Unknown)));
        assert!(matches!(register.revoke(other, "lost").await, Err(RegisterError::Unknown)));
        assert!(matches!(register.revoke(NUMBER, "  ").await, Err(RegisterError::Reason)));
        register.revoke(NUMBER, " 设备丢失 ").await.expect("revoked");
        assert!(matches!(register.revoke(NUMBER, "again").await, Err(RegisterError::Revoked)));
        assert!(matches!(register.code(NUMBER).await, Err(RegisterError::Revoked)));
        assert!(matches!(register.add(&new).await, Err(RegisterError::Taken)), "the number does not come back");
        let asked = link::Enrol {
            code: newer,
            public_key: SigningKey::from_bytes(&[9; 32]).verifying_key().to_bytes().to_vec().into(),
        };
        let refused = terminals::enrol(&house, &asked, "192.0.2.1").await;
        assert!(matches!(refused, Err(EnrolError::Code)), "{refused:?}");

        let trail = audit::of(&house, Subject::Terminal(NUMBER), None).await.expect("a look").rows;
        let actions: Vec<_> = trail.iter().rev().filter_map(|entry| entry.action).collect();
        let expected = [Action::TerminalAdded, Action::CodeIssued, Action::CodeIssued, Action::TerminalRevoked];
        assert_eq!(actions, expected, "what was refused is not in it");
        assert!(trail.iter().all(|entry| entry.actor == "sun 刘会计" && entry.origin == "192.0.2.7"));
        assert_eq!(trail[0].details["reason"], "设备丢失");
        assert!(!format!("{trail:?}").contains(&code), "a code is a secret");
        let one = list::one(&house, NUMBER).await.expect("a look").expect("the terminal");
        assert!(matches!(one.stand, Stand::Revoked { at: Some(_) }), "{one:?}");
        assert_eq!((one.name.as_str(), one.revoked_why.as_deref()), ("前台", Some("设备丢失")));
    })
    .await;
}

fn numbers(page: &list::Page) -> Vec<String> {
    page.terminals.iter().map(|terminal| terminal.number.to_string()).collect()
}

#[tokio::test]
async fn the_list_finds_every_terminal_of_every_group_page_by_page() {
    on_both(|db| async move {
        let world = World::open(db, patient(), 1, Fen::ZERO).await;
        let (house, actor) = (world.house().await, Actor::command_line());
        let register = Register::of(&house, &actor);
        let first = list::next_free(&house).await.expect("a look").expect("a number");
        assert_eq!(first, TerminalNumber([0, 0, 0, 0, 0, 1]));
        let other = GroupId(house.ids.next());
        let mut tx = house.db.begin().await.expect("a unit of work");
        groups::add(&mut tx, other, "城东 100% 物业", house.now()).await.expect("a group");
        tx.commit().await.expect("a commit");
        for n in 0..60_u8 {
            let group = if n % 2 == 0 { world.group } else { other };
            let (number, name) = (TerminalNumber([0, 0, 1, 0, 0, 0x50 + n]), format!("窗口 {n}"));
            register.add(&NewTerminal { number, group, name: &name }).await.expect("added");
        }
        let next = list::next_free(&house).await.expect("a look").expect("a number");
        assert_eq!(next, TerminalNumber([0, 0, 1, 0, 0, 0x8C]), "after the last");
        let find = async |text: &str, filter| {
            let find = Find { text: text.into(), filter, after: None };
            list::list(&house, &find).await.expect("a look")
        };
        let page = find("", Filter::InUse).await;
        assert_eq!((page.terminals.len(), page.more), (list::PAGE, true));
        let rest = Find { after: page.terminals.last().map(|last| last.number), ..Find::default() };
        let rest = list::list(&house, &rest).await.expect("a look");
        assert_eq!((numbers(&rest).first().map(String::as_str), rest.more), (Some("000001000082"), false));
        assert_eq!(rest.terminals.len(), 10);

        // A terminal that connected, one that left, one revoked.
        let number = |n: u8| TerminalNumber([0, 0, 1, 0, 0, 0x50 + n]);
        let mut terminals = Vec::new();
        for n in [0, 1] {
            let key = SigningKey::from_bytes(&[n + 1; 32]);
            let code = register.code(number(n)).await.expect("a code");
            let asked = link::Enrol { code, public_key: key.verifying_key().to_bytes().to_vec().into() };
            terminals::enrol(&house, &asked, "192.0.2.1").await.expect("enrolled");
            let mut terminal = SimTerminal::new(number(n), key, Arc::new(Bench::of(&[])));
            terminal.connect(&house).await.expect("let in");
            terminals.push(terminal);
        }
        register.revoke(number(2), "lost").await.expect("revoked");
        stands(&house, number(0), |stand| stand == Stand::Connected).await;
        terminals[1].cut();
        stands(&house, number(1), |stand| matches!(stand, Stand::Silent { since: Some(_) })).await;
        assert_eq!(list::one(&house, number(0)).await.expect("a look").expect("it").program.as_deref(), Some("sim"));

        assert_eq!(list::counts(&house, "").await.expect("a look"), [59, 1, 1, 57, 0, 1]);
        for (filter, expected) in [
            (Filter::Connected, vec!["000001000050"]),
            (Filter::Silent, vec!["000001000051"]),
            (Filter::Revoked, vec!["000001000052"]),
            (Filter::Alarm, vec![]),
        ] {
            assert_eq!(numbers(&find("", filter).await), expected, "{filter:?}");
        }
        assert_eq!(find("", Filter::New).await.terminals.len(), list::PAGE);
        for (text, expected) in [
            ("00 0100 0050", vec!["000001000050"]),
            ("100005a", vec!["00000100005A"]),
            ("窗口 59", vec!["00000100008B"]),
            ("窗口%", vec![]),
            ("100_", vec![]),
            ("nothing", vec![]),
        ] {
            assert_eq!(numbers(&find(text, Filter::InUse).await), expected, "{text}");
        }
        assert_eq!(find("100% 物业", Filter::InUse).await.terminals.len(), 30, "by the group's name");
        assert_eq!(list::counts(&house, "100% 物业").await.expect("a look"), [30, 0, 1, 29, 0, 0]);
        assert_eq!(list::counts(&house, "nothing").await.expect("a look"), [0; 6]);
    })
    .await;
}

async fn stands(house: &House, number: TerminalNumber, expected: impl Fn(Stand) -> bool) {
    for _ in 0..5_000 {
        let one = list::one(house, number).await.expect("a look").expect("the terminal");
        if expected(one.stand) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{number} never stands as expected");
}
