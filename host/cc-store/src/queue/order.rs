//! Who is next: one number for priority and age.
//!
//! All jobs age at the same rate, so their order never changes while they wait: a job of priority p stands where one of
//! priority 0 would that came `p * ageing` earlier. An index can serve that, however many wait.

use rusqlite::{Connection, OptionalExtension as _};

/// Without ageing priority alone decides: no wait is longer than this many milliseconds (3,000 years).
const NEVER: i64 = 100_000_000_000_000;

/// What a point of priority is worth, milliseconds.
pub(super) fn worth(ageing_seconds: u32) -> i64 {
    if ageing_seconds == 0 { NEVER } else { i64::from(ageing_seconds) * 1_000 }
}

/// Where a job stands; the smallest is first.
pub(super) fn key(submitted_ms: i64, priority: i32, worth_ms: i64) -> i64 {
    submitted_ms.saturating_sub(i64::from(priority).saturating_mul(worth_ms))
}

/// The worth that the stored keys were made with.
pub(super) fn stored(db: &Connection) -> rusqlite::Result<i64> {
    let found =
        db.prepare_cached("SELECT ageing_ms FROM queue_order")?.query_row([], |row| row.get(0)).optional()?;
    Ok(found.unwrap_or_else(|| worth(60)))
}

/// Makes the keys of all waiting jobs anew when the policy has another ageing than they were made with.
pub(super) fn keep_to(db: &Connection, worth_ms: i64) -> rusqlite::Result<()> {
    if stored(db)? == worth_ms {
        return Ok(());
    }
    db.execute("UPDATE queue_order SET ageing_ms = ?1", [worth_ms])?;
    db.execute(
        "UPDATE jobs SET order_key = submitted_ms - priority * ?1 WHERE state IN ('queued', 'running')",
        [worth_ms],
    )
    .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_worth_its_wait_and_no_more() {
        let of = |waited_s: i64, priority| key(-waited_s * 1_000, priority, worth(60));
        assert!(of(0, 1) < of(59, 0), "a point is worth 60 s");
        assert!(of(61, 0) < of(0, 1), "who has waited longer than that is first");
        let never = |waited_s: i64, priority| key(-waited_s * 1_000, priority, worth(0));
        assert!(never(0, 1) < never(1_000_000_000, 0) && never(5, -1_000) < never(4, -1_000));
        assert!(key(i64::MAX, -1_000, NEVER) > key(0, 1_000, NEVER));
    }
}
