//! Figures, times and names as the pages write them.

use jiff::Timestamp;

use super::text::grouped;

/// `2026-11-25 19:12:03 UTC`.
pub(super) fn stamp(ts: &str) -> String {
    parsed(ts, "%Y-%m-%d %H:%M:%S UTC")
}

/// `11-25 19:12`.
pub(super) fn short_stamp(ts: &str) -> String {
    parsed(ts, "%m-%d %H:%M")
}

/// `19:12:03`.
pub(super) fn clock(ts: &str) -> String {
    parsed(ts, "%H:%M:%S")
}

fn parsed(ts: &str, form: &str) -> String {
    match ts.parse::<Timestamp>() {
        Ok(time) => time.strftime(form).to_string(),
        Err(_) => ts.chars().take(40).collect(),
    }
}

/// `850 ms`, `12.3 s`, `4 min 10 s`, `2 h 5 min`.
pub(super) fn took(ms: u64) -> String {
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..60_000 => format!("{:.1} s", ms as f64 / 1e3),
        60_000..3_600_000 => format!("{} min {} s", ms / 60_000, ms / 1_000 % 60),
        _ => format!("{} h {} min", ms / 3_600_000, ms / 60_000 % 60),
    }
}

/// Four places for less than a cent, else two.
pub(super) fn usd(amount: f64) -> String {
    if amount == 0.0 {
        "0".to_owned()
    } else if amount.abs() < 0.000_05 {
        "<0.0001".to_owned()
    } else if amount.abs() < 0.01 {
        format!("{amount:.4}")
    } else if amount.abs() < 1_000.0 {
        format!("{amount:.2}")
    } else {
        grouped(amount.abs() as u64)
    }
}

/// `950`, `12 k`, `3.4 M`.
pub(super) fn compact(number: u64) -> String {
    match number {
        0..1_000 => number.to_string(),
        1_000..10_000 => format!("{:.1} k", number as f64 / 1e3),
        10_000..1_000_000 => format!("{} k", number / 1_000),
        1_000_000..1_000_000_000 => format!("{:.1} M", number as f64 / 1e6),
        _ => format!("{:.1} G", number as f64 / 1e9),
    }
}

/// A whole number, grouped; another with two places.
pub(super) fn amount(number: f64) -> String {
    if number.fract() == 0.0 && number.abs() < 1e15 {
        grouped(number.abs() as u64)
    } else {
        format!("{number:.2}")
    }
}

/// The day's part and the end of a run's id: `1125…1a2b3c4d`. It stays whole where it is short.
pub(super) fn short_id(id: &str) -> String {
    match (id.get(4..13), id.len().checked_sub(8).and_then(|at| id.get(at..))) {
        (Some(day), Some(end)) if id.len() > 17 && id.is_ascii() => format!("{day}…{end}"),
        _ => id.to_owned(),
    }
}

/// The end of a run's or a job's id, which is enough to tell it from others: `1a2b3c4d`.
pub(super) fn tail_id(id: &str) -> String {
    let tail = id.rsplit('-').next().unwrap_or(id);
    if tail.len() == 8 && tail.is_ascii() { tail.to_owned() } else { id.to_owned() }
}

/// `1 file`, `1,200 files`.
pub(super) fn count(number: u64, what: &str) -> String {
    format!("{} {what}{}", grouped(number), if number == 1 { "" } else { "s" })
}

/// The last part of a path.
pub(super) fn file_name(path: &str) -> String {
    path.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next().unwrap_or(path).to_owned()
}

/// A name for a class of CSS or an id: nothing in it can mean anything else.
pub(super) fn slug(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect()
}

/// The shape of a state.
pub(super) fn shape(state: &str) -> &'static str {
    match state {
        "running" | "working" => "run",
        "starting" | "queued" => "begin",
        "waiting" | "unverified" | "newer" | "untrusted" | "modified" | "changed_by_user" => "ask",
        "parked" => "park",
        "stop_requested" | "stopped" | "disabled" | "cancelled" => "stop",
        "succeeded" | "pass" | "verified" | "ready" | "current" | "chosen" | "done" => "good",
        "failed"
        | "fail"
        | "blocked_verification"
        | "missing"
        | "broken"
        | "changed"
        | "incompatible"
        | "denied" => "bad",
        "timed_out" => "late",
        "lost" | "unknown" => "lost",
        _ => "dot",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short_and_true() {
        assert_eq!(
            [0, 999, 12_345, 250_000, 7_500_000].map(took),
            ["0 ms", "999 ms", "12.3 s", "4 min 10 s", "2 h 5 min"]
        );
        assert_eq!(
            [0.0, 0.000_01, 0.0042, 0.5, 12.345, 12_345.6].map(usd),
            ["0", "<0.0001", "0.0042", "0.50", "12.35", "12,345"]
        );
        assert_eq!(
            [950, 1_234, 12_345, 3_400_000, 1_495_600_000].map(compact),
            ["950", "1.2 k", "12 k", "3.4 M", "1.5 G"]
        );
        assert_eq!((amount(20_000.0), amount(0.5)), ("20,000".into(), "0.50".into()));
    }

    #[test]
    fn times_and_names_are_readable() {
        assert_eq!(stamp("2026-11-25T19:12:03.5Z"), "2026-11-25 19:12:03 UTC");
        assert_eq!((clock("2026-11-25T19:12:03Z"), clock("soon")), ("19:12:03".into(), "soon".into()));
        assert_eq!(short_id("20261123T061500Z-1a2b3c4d"), "1123T0615…1a2b3c4d");
        assert_eq!(["20261123T061500Z-1a2b3c4d", "job-1", "x"].map(tail_id), ["1a2b3c4d", "job-1", "x"]);
        assert_eq!((count(1, "file"), count(1_200, "file")), ("1 file".into(), "1,200 files".into()));
        assert_eq!(
            (short_id("job-1"), file_name("/a/b c/"), slug("Timed_Out\"><")),
            ("job-1".into(), "b c".into(), "timed-out---".into())
        );
    }
}
