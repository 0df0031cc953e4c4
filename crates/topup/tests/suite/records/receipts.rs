//! The receipt of a sitting by hand against the plain model; that of a run is looked at where runs are.

use topup::loads::OrderNumber;
use topup::records::receipt;

use super::*;

#[tokio::test]
async fn a_sitting_by_hand_is_a_day_of_one_operator_at_one_terminal() {
    on_both(|db| async move {
        let archive = Archive::open(db.clone()).await;
        let mut large = 0;
        for (group, id, load, _) in &archive.loads {
            let order = OrderNumber::new(*id);
            let own = receipt(&archive.house, Scope::of(*group), order).await.expect("a look").expect("a receipt");
            let same = |(of, other, beside, _): &&(GroupId, i64, NewLoad, Holds)| {
                (of, beside.operator, &beside.terminal) == (group, load.operator, &load.terminal)
                    && Day::of_id(*other) == Day::of_id(*id)
            };
            let mut day: Vec<_> = archive.loads.iter().filter(same).collect();
            day.sort_by_key(|(_, id, ..)| std::cmp::Reverse(*id));
            // Of a card everything that is charged or may be; else only the last that came to nothing.
            let mut expected: Vec<(i64, Holds)> = Vec::new();
            for (n, (_, id, one, holds)) in day.iter().enumerate() {
                let of_card =
                    |(_, _, other, _): &&&(GroupId, i64, NewLoad, Holds)| other.card_number == one.card_number;
                let charged = day.iter().filter(of_card).any(|(_, _, _, holds)| *holds != Holds::Failed);
                let later = day[..n].iter().filter(of_card).count() > 0;
                if *holds != Holds::Failed || !charged && !later {
                    expected.push((*id, *holds));
                }
            }
            expected.reverse();
            let told: Vec<_> = own.loads.iter().map(|load| (load.order.id(), Holds::from(load.holds()))).collect();
            assert_eq!(told, expected, "{order}");
            for holds in Holds::ALL {
                let of_it: Vec<&Load> = own.of(holds).collect();
                let sum = of_it.iter().map(|load| load.amount.as_i64()).sum();
                assert_eq!(
                    own.totals.of(holds),
                    Sum { count: i64::try_from(of_it.len()).expect("few"), sum: Fen::new(sum) }
                );
            }
            assert_eq!((own.day, own.run, own.terminal.0), (Day::of_id(*id), None, load.terminal.clone()));
            large = large.max(expected.len());
            // Staff see the same, another group nothing.
            let staffs = receipt(&archive.house, Scope::ALL, order).await.expect("a look").expect("a receipt");
            assert_eq!(staffs.loads, own.loads);
            let other = if *group == OTHER { archive.world.group } else { OTHER };
            assert_eq!(receipt(&archive.house, Scope::of(other), order).await.expect("a look"), None);
        }
        assert!(large > 1, "some sittings have more than one load");
    })
    .await;
}
