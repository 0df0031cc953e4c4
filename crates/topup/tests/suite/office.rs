//! The office's books: the audit trail that nobody can change, and alarms that are counted and closed.

use ledger::Fen;
use serde_json::json;
use store::testing::on_both;
use topup::alarms::{self, Kind};
use topup::audit::{self, Action, Actor, Entry, Subject};
use topup::paging::PAGE;
use topup::people::staff::{self, NewStaff, Staff, StaffRole};
use topup::people::{Accounts, Side};
use topup::terminals::TerminalNumber;
use topup::{GroupId, House};

use crate::world::{World, patient};

const NUMBER: TerminalNumber = TerminalNumber([0, 0, 1, 0, 0, 7]);

pub(crate) async fn hire(house: &House, login: &str, role: StaffRole) -> Staff {
    let mut tx = house.db.begin().await.expect("a unit of work");
    let new = NewStaff { login, name: "刘会计", role, password: "correct horse" };
    let id = staff::add(&mut tx, &house.ids, &*house.entropy, &new, house.now()).await.expect("staff");
    tx.commit().await.expect("a commit");
    staff::staff(house, id).await.expect("a look").expect("the member of staff")
}

/// Somebody does not work here any more.
pub(crate) async fn leaves(house: &House, login: &str) {
    let actor = Actor::command_line();
    let accounts = Accounts { db: &house.db, ids: &house.ids, entropy: &*house.entropy, actor: &actor };
    accounts.set_active(Side::Staff, login, false).await.expect("deactivated");
}

#[tokio::test]
async fn the_audit_trail_keeps_who_did_what_and_nobody_changes_it() {
    on_both(|db| async move {
        let world = World::open(db.clone(), patient(), 1, Fen::ZERO).await;
        let house = world.house().await;
        let liu = hire(&house, "Liu", StaffRole::Teller).await;
        let (actor, subject) = (Actor::staff(&liu, "192.0.2.7"), Subject::Terminal(NUMBER));
        let write = async |action, details| {
            let mut tx = house.db.begin().await.expect("a unit of work");
            let entry = Entry { actor: &actor, action, group: world.group, subject, details };
            audit::record(&mut tx, &house.ids, &entry).await.expect("recorded");
            tx.commit().await.expect("a commit");
        };
        write(Action::TerminalAdded, json!({ "name": "前台" })).await;
        write(Action::TerminalRevoked, json!({ "reason": "lost" })).await;
        let trail = audit::of(&house, subject, None).await.expect("a look").rows;
        assert_eq!(trail.len(), 2);
        let (newest, oldest) = (&trail[0], &trail[1]);
        assert_eq!((newest.action, &newest.details), (Some(Action::TerminalRevoked), &json!({ "reason": "lost" })));
        assert_eq!((oldest.actor.as_str(), oldest.origin.as_str()), ("liu 刘会计", "192.0.2.7"));
        assert!(newest.at > oldest.at);
        // It goes on page by page, and ends.
        for _ in 0..PAGE {
            write(Action::AlarmRaised, json!({})).await;
        }
        let first = audit::of(&house, subject, None).await.expect("a look");
        assert!(first.rows.len() == PAGE && first.rows.iter().all(|entry| entry.action == Some(Action::AlarmRaised)));
        let rest = audit::of(&house, subject, first.next).await.expect("a look");
        assert_eq!((rest.rows, rest.next), (trail, None));

        for change in ["UPDATE audit SET actor = 'nobody'", "DELETE FROM audit"] {
            let mut tx = db.begin().await.expect("a unit of work");
            let refused = tx.query(change).execute().await;
            assert!(matches!(refused, Err(store::Error::AppendOnly(_))), "{refused:?}");
        }
    })
    .await;
}

#[test]
fn what_is_stored_reads_back() {
    for action in Action::ALL {
        assert_eq!(Action::parse(action.as_str()), Some(*action));
    }
    for role in StaffRole::ALL {
        assert_eq!(StaffRole::parse(role.as_str()), Some(role));
    }
    let order = topup::loads::OrderNumber::new(7_350_000_000_000_000_123);
    for subject in [
        Subject::Terminal(NUMBER),
        Subject::Load(order),
        Subject::Operator(topup::people::OperatorId(6)),
        Subject::Staff(staff::StaffId(5)),
        Subject::Group(GroupId(7)),
        Subject::Day(jiff::civil::date(2026, 11, 22)),
        Subject::Account(8),
        Subject::Invoice(9),
    ] {
        assert_eq!(Subject::parse(&subject.to_string()), Some(subject));
    }
}

#[tokio::test]
async fn an_alarm_is_counted_while_open_and_new_after_it_was_closed() {
    on_both(|db| async move {
        let world = World::open(db, patient(), 1, Fen::ZERO).await;
        let house = world.house().await;
        let actor = Actor::staff(&hire(&house, "liu", StaffRole::Teller).await, "192.0.2.7");
        let (subject, group) = (Subject::Terminal(NUMBER), GroupId(7));
        let raise = async || {
            let mut tx = house.db.begin().await.expect("a unit of work");
            let new = alarms::raise(&mut tx, &house.ids, group, Kind::KeyInTwoPlaces, subject, json!({ "boot": "a" }));
            let new = new.await.expect("raised");
            tx.commit().await.expect("a commit");
            new
        };
        let close = async |id, reason: &str| {
            let mut tx = house.db.begin().await.expect("a unit of work");
            let closed = alarms::close(&mut tx, &house.ids, subject, id, &actor, reason).await.expect("an answer");
            tx.commit().await.expect("a commit");
            closed
        };
        assert!(raise().await && !raise().await);
        let open = alarms::open(&house, None, 10).await.expect("a look");
        assert_eq!(open, alarms::open(&house, Some(subject), 10).await.expect("a look"));
        assert_eq!((open.len(), open[0].times, open[0].subject), (1, 2, subject));
        assert_eq!(alarms::count(&house, Kind::KeyInTwoPlaces).await.expect("a look"), 1);
        assert!(!close(open[0].id + 1, "no such alarm").await);
        assert!(close(open[0].id, "checked").await && !close(open[0].id, "again").await);
        assert!(alarms::open(&house, None, 10).await.expect("a look").is_empty());
        assert!(raise().await, "it is a new one");
        let trail = audit::of(&house, subject, None).await.expect("a look").rows;
        let actions: Vec<_> = trail.iter().filter_map(|entry| entry.action).collect();
        assert_eq!(actions, [Action::AlarmRaised, Action::AlarmClosed, Action::AlarmRaised]);
        assert_eq!(trail[1].details["reason"], "checked");
    })
    .await;
}
