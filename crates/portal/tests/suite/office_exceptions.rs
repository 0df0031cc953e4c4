//! Two people close an exception by the bank's number, and have to type the same.

use reqwest::StatusCode;
use topup::people::staff::StaffRole;

use crate::bank::PAYS;
use crate::office_deposits::{address, books_hold, give_back, pay_in};
use crate::world::{World, field, location, text};

#[tokio::test]
async fn two_people_who_type_different_numbers_are_told_and_nothing_moves_until_they_agree() {
    let world = World::with_bank().await;
    world.hire(&[StaffRole::Finance, StaffRole::Admin]).await;
    let manager = world.signed_in("0013").await;
    let (liu, admin) = (world.in_office(StaffRole::Finance).await, world.in_office(StaffRole::Admin).await);

    // Rejected above the limit, and given back at the bank's counter before: the refund fails.
    let order = pay_in(&world, &manager, "50001", PAYS).await;
    give_back(&world, &order, 5_000_100, 1).await;
    let path = format!("/office/deposits/{order}");
    let seen = field(&liu.read(&path).await, "decide", "unfit");
    let reject = [("unfit", seen.as_str()), ("verdict", "reject"), ("reason", "退回")];
    let proposed = liu.post(&format!("{path}/proposal"), &reject).await;
    assert_eq!(proposed.status(), StatusCode::SEE_OTHER);
    let number = field(&admin.read(&path).await, "decide", "number");
    let confirm = [("unfit", seen.as_str()), ("number", number.as_str()), ("verdict", "confirm"), ("compared", "yes")];
    let confirmed = admin.post(&format!("{path}/answer"), &confirm).await;
    assert_eq!(confirmed.status(), StatusCode::SEE_OTHER);
    let page = liu.read_until(&path, "没有退成").await;
    let failed = address(&page, "/office/exceptions/");
    assert!(liu.read(&failed).await.contains("退款没有退成"));

    let close = format!("{failed}/close");
    let said =
        |number: &'static str| [("outcome", "returned_otherwise"), ("reason", "柜台已退"), ("reference", number)];
    assert_eq!(location(&liu.post(&close, &said("TF-1")).await), failed);
    let other = admin.post(&close, &said("TF-2")).await;
    assert_eq!(other.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let page = text(other).await;
    assert!(page.contains("您填的凭证号与另一人填的不同") && page.contains("您已提出，等他人复核"), "{page}");
    assert!(
        !page.contains("没有提交") && !page.contains("TF-1"),
        "it is noted, and the other's number is not told: {page}"
    );

    // The one who proposed first has the other's proposal before them now, and not its number.
    let page = liu.read(&failed).await;
    assert!(page.contains("/close") && !page.contains("TF-2"), "{page}");
    let page = text(liu.post(&close, &said("TF-1")).await).await;
    assert!(page.contains("您填的凭证号与另一人填的不同"), "{page}");
    assert_eq!(location(&admin.post(&close, &said("TF-1")).await), failed);
    let page = liu.read(&failed).await;
    assert!(page.contains("已处理") && page.contains("TF-1") && !page.contains("/close"), "{page}");
    books_hold(&world).await;
}
