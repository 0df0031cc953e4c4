//! A group's quota at moments past, from the journal.

use ledger::{Fen, GroupId};
use store::{Cell, Micros, Result, Tx};

/// The quota just before each of these moments, which are in order.
///
/// The journal has no index by time: it would be large, for what is seldom asked. The times of a group's movements grow
/// with their numbers, so that for each moment the first movement since is found by halving, which reads some twenty
/// rows of the primary key; the quota is what the last movement before it left.
pub(super) async fn at(tx: &mut Tx, group: GroupId, moments: &[Micros]) -> Result<Vec<Fen>> {
    let rows = moments.iter().zip(0_i64..).map(|(moment, place)| {
        let cells: [Cell<'_>; 2] = [place.into(), moment.0.into()];
        cells
    });
    let found: Vec<(i64, Option<Fen>)> = tx
        .query(
            "WITH RECURSIVE halving AS (\
             SELECT rows.place AS place, rows.moment_us AS moment_us, CAST(1 AS BIGINT) AS low, \
             a.movements + 1 AS high FROM rows(place BIGINT, moment_us BIGINT) JOIN accounts a ON a.group_id = $1 \
             UNION ALL \
             SELECT h.place, h.moment_us, CASE WHEN m.at_us < h.moment_us THEN m.id + 1 ELSE h.low END, \
             CASE WHEN m.at_us < h.moment_us THEN h.high ELSE m.id END FROM halving h \
             JOIN movements m ON m.group_id = $1 AND m.id = (h.low + h.high) / 2 WHERE h.low < h.high) \
             SELECT h.place, (SELECT CASE WHEN m.from_kind = 'quota' THEN m.from_after_fen ELSE m.to_after_fen END \
             FROM movements m WHERE m.group_id = $1 AND m.id < h.low AND (m.from_kind = 'quota' OR m.to_kind = 'quota') \
             ORDER BY m.id DESC LIMIT 1) FROM halving h WHERE h.low = h.high ORDER BY h.place",
        )
        .bind(group)
        .rows(rows)
        .all()
        .await?;
    Ok(found.into_iter().map(|(_, quota)| quota.unwrap_or_default()).collect())
}
