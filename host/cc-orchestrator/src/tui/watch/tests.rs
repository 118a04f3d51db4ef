//! The view with made-up replies: pictures at several sizes, what keys do, and that nothing makes it panic.

use proptest::prelude::*;
use ratatui::{Terminal, backend::TestBackend};
use serde_json::{Value, json};

use super::{head::Limit, job_detail::Whole, rows::Listed, run_detail::Detail, spend::Spent, *};

const NOW: &str = "2026-11-23T06:20:00Z";
const ASKS: &str = "20261123T061900Z-00000003";
const RUNS: &str = "20261123T061500Z-00000001";

fn run(id: &str, more: Value) -> Value {
    let mut run = json!({
        "run_id": id, "status": "succeeded", "role": "review", "profile": "Kimi", "model": "kimi-k2.7-code",
        "started_at": "2026-11-23T06:10:00Z", "duration_ms": 64_000, "tokens": 12_345, "cost_usd": 0.0421,
    });
    run.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    run
}

fn listed(runs: &Value) -> Listed {
    let mut listed = Listed { runs: serde_json::from_value(runs.clone()).unwrap(), more: false };
    listed.clean();
    listed
}

fn some_runs() -> Listed {
    listed(&json!([
        run(
            RUNS,
            json!({ "status": "running", "activity": "using tool 12 s: Bash cargo test login", "role": "implementation",
            "started_at": "2026-11-23T06:15:00Z", "duration_ms": null, "model": "glm-5.2", "profile": "Zhipu GLM" })
        ),
        run(
            ASKS,
            json!({ "status": "running", "activity": "awaiting permission 3 s: Write migrations/0042.sql",
            "request_id": "ask-1", "started_at": "2026-11-23T06:19:00Z", "duration_ms": null, "role": "implementation" })
        ),
        run(
            "20261123T060000Z-00000004",
            json!({ "status": "parked", "activity": "parked 61 s: until 2026-11-23T07:00:00Z",
            "started_at": "2026-11-23T06:00:00Z", "duration_ms": null })
        ),
        run("20261123T061000Z-00000005", json!({ "verified": "blocked_verification", "cost_usd": 1.5 })),
        run("20261123T061000Z-00000006", json!({ "verified": "verified" })),
        run(
            "20261122T061000Z-00000007",
            json!({ "status": "failed", "error": "API Error: 529 overloaded",
            "started_at": "2026-11-22T06:10:00Z", "profile": "Deep\u{1b}[2JSeek", "model": null, "cost_usd": null, "tokens": 0 })
        ),
    ]))
}

fn some_jobs() -> Value {
    json!({
        "state_counts": { "queued": 2, "running": 1, "done": 7, "failed": 0 },
        "jobs": [
            { "job_id": "job-1", "status": "running", "role": "testing", "priority": 100, "attempts": 1,
              "run_id": RUNS, "task": "Test the login." },
            { "job_id": "job-2", "status": "queued", "role": "docs", "priority": 80, "attempts": 1, "task": "Write the notes.",
              "not_before": "2026-11-23T06:21:05Z", "reason": "its last run failed" },
            { "job_id": "job-3", "status": "queued", "role": "implementation", "priority": 50, "attempts": 0,
              "task": "Make the \u{1b}[31morders page fast.", "reason": "waits for 2 other jobs", "paths": ["src/orders/"] },
            { "job_id": "job-4", "status": "done", "role": "review", "priority": 50, "attempts": 1, "task": "Look at it." },
        ],
    })
}

fn some_spending() -> Value {
    let sum = |name: &str, usd: f64, failures: u64| json!({ "key": format!("id-{name}"), "name": name, "runs": 12, "failures": failures, "tokens": 1_234_567, "cost_usd": usd });
    json!({
        "totals": { "runs": 24, "failures": 2, "tokens": 2_469_134, "cost_usd": 4.21,
            "accuracy": { "reported_usd": 3.0, "priced_usd": 1.2, "reckoned_usd": 0.01, "unknown_tokens": 5_000.0 } },
        "groups": [sum("Zhipu GLM", 3.5, 2), sum("深度求索", 0.71, 0)],
    })
}

fn limit(name: &str, of: Option<&str>, spent: f64, most: f64) -> Limit {
    let unit = if name.starts_with("usd") { "usd" } else { "workers" };
    Limit { limit: name.into(), of: of.map(Into::into), unit: unit.into(), spent, most }
}

fn spent() -> Spent {
    let day = |day: u32| (format!("2026-11-{day:02}"), f64::from(day % 5) * 0.7);
    Spent {
        limits: vec![
            limit("usd.profile", Some("Zhipu GLM"), 3.5, 3.0),
            limit("usd.day", None, 4.21, 5.0),
            limit("max_concurrent", None, 3.0, 16.0),
        ],
        days: (1..=23).map(day).collect(),
        profiles: serde_json::from_value(some_spending()).unwrap(),
        models: serde_json::from_value(some_spending()).unwrap(),
        span: 7,
    }
}

fn watch() -> Watch {
    let mut watch = Watch::default();
    watch.runs.now = NOW.parse().unwrap();
    watch.queue.set_now(NOW.parse().unwrap());
    watch.runs.show(some_runs());
    watch.queue.show(serde_json::from_value(some_jobs()).unwrap());
    watch.spend.show(spent());
    watch.today = Some(Today { usd: 4.21, limit: Some(limit("usd.day", None, 4.21, 5.0)) });
    watch
}

fn picture(watch: &mut Watch, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| watch.draw(frame)).unwrap();
    terminal.backend().to_string()
}

fn press(watch: &mut Watch, keys: &str) -> Action {
    keys.chars().fold(Action::None, |_, key| watch.key(KeyCode::Char(key)))
}

#[test]
fn runs_are_shown_at_any_size() {
    for (name, width, height) in
        [("runs_160", 160, 20), ("runs_100", 100, 26), ("runs_80", 80, 24), ("runs_40", 40, 12)]
    {
        insta::assert_snapshot!(name, picture(&mut watch(), width, height));
    }
    insta::assert_snapshot!("runs_none", picture(&mut Watch::default(), 60, 5));
}

#[test]
fn a_run_in_detail_says_what_it_was_told_and_what_it_did() {
    let mut watch = watch();
    let told = json!({ "task": "Add the orders \u{1b}[2Jindex.", "allow_write": true, "cwd": "/home/ada/atelier", "warnings": ["no tests were named"] });
    let polled = json!({ "last_message": "I need to write the migration.", "tools": "Read 7, Bash 2 (1 failed)",
        "questions": [{ "tool": "Write", "target": "migrations/0042.sql" }],
        "activity": { "doing": "awaiting_permission", "seconds": 65, "detail": "Write migrations/0042.sql" },
        "flags": [{ "code": "tool_error_loop", "blocking": true, "message": "the same command failed three times" }] });
    let changed = json!({ "file_count": 1, "total_added": 12, "total_deleted": 3, "files": [{ "path": "src/login.rs", "added": 12, "deleted": 3 }] });
    watch.runs.detailed(Detail::of_replies(some_runs().runs[1].clone(), told, polled, changed));
    insta::assert_snapshot!("run_detail", picture(&mut watch, 100, 40));
    press(&mut watch, "j");
    assert!(!picture(&mut watch, 100, 40).contains("orders"), "details are of the selected run only");
}

#[test]
fn the_queue_is_shown_at_any_size() {
    for (name, width, height) in [("queue_120", 120, 24), ("queue_80", 80, 12), ("queue_40", 40, 12)] {
        let mut watch = watch();
        press(&mut watch, "2");
        let job = json!({ "task": "Test the login.", "paths": ["src/login.rs"], "test_commands": ["cargo test"],
            "history": [{ "at": "2026-11-23T06:15:00Z", "to": "running", "reason": null }] });
        watch.queue.detailed(Whole::of("job-1", &job));
        insta::assert_snapshot!(name, picture(&mut watch, width, height));
    }
}

#[test]
fn spending_is_shown_at_any_size_and_scrolls() {
    for (name, width, height) in [("spend_140", 140, 30), ("spend_80", 80, 24), ("spend_40", 40, 12)] {
        let mut watch = watch();
        press(&mut watch, "3");
        insta::assert_snapshot!(name, picture(&mut watch, width, height));
        press(&mut watch, "G");
        assert!(picture(&mut watch, width, height).contains("without a price"), "{name}: the end is reached");
    }
}

#[test]
fn the_help_has_every_key_that_the_foot_hints_at() {
    let mut watch = watch();
    press(&mut watch, "?");
    insta::assert_snapshot!("help", picture(&mut watch, 80, 26));
    for page in Page::ALL {
        let [keys, hints] = page.keys();
        let known: Vec<&str> =
            keys.iter().flat_map(|(key, _)| key.split(' ')).chain(["?", "q", "/", "↑", "↓"]).collect();
        for key in hints.iter().flat_map(|(key, _)| key.split(' ')) {
            assert!(known.contains(&key), "{key} of {page:?} is not in the help");
        }
    }
    press(&mut watch, "q");
    assert!(watch.help.is_none(), "a key closes it and does nothing else");
}

#[test]
fn who_needs_the_user_comes_first_whatever_the_order() {
    let mut watch = watch();
    for _ in 0..6 {
        watch.key(KeyCode::Home);
        assert_eq!(watch.key(KeyCode::Enter), Action::Attach(ASKS.parse().unwrap()));
        press(&mut watch, "Oo");
    }
}

#[test]
fn a_question_is_answered_by_its_own_id() {
    let call = |answer: &str| {
        Action::Call(
            "cc_send_instruction",
            json!({ "run_id": ASKS, "answer": answer, "request_id": "ask-1" }),
        )
    };
    assert_eq!(press(&mut watch(), "ay"), call("allow"));
    assert_eq!(press(&mut watch(), "an"), call("deny"));
    assert_eq!(press(&mut watch(), "ax"), Action::None, "later");
    assert_eq!(press(&mut watch(), "jay"), Action::Copy(RUNS.into()), "no question, so y is not its answer");
}

#[test]
fn a_run_is_stopped_only_after_a_yes() {
    assert_eq!(press(&mut watch(), "jxn"), Action::None);
    let stop = Action::Call("cc_stop_run", json!({ "run_id": RUNS }));
    assert_eq!(press(&mut watch(), "jxy"), stop);
    assert_eq!(press(&mut watch(), "jsy"), stop);
    let mut watch = watch();
    press(&mut watch, "Gx");
    assert!(picture(&mut watch, 80, 10).contains("it has ended"));
}

#[test]
fn a_run_is_verified_once_it_has_ended() {
    assert_eq!(press(&mut watch(), "jv"), Action::None);
    let verify = Action::Call("cc_verify_run", json!({ "run_id": "20261122T061000Z-00000007" }));
    assert_eq!(press(&mut watch(), "Gv"), verify);
}

#[test]
fn the_selection_stays_on_its_run_and_filters_apply_as_they_are_typed() {
    let mut watch = watch();
    press(&mut watch, "jj/5000");
    press(&mut watch, "\u{8}");
    watch.key(KeyCode::Esc);
    press(&mut watch, "/glm bash");
    assert_eq!(watch.runs.shown(), "/glm bash (1)  by newest");
    watch.key(KeyCode::Enter);
    assert_eq!(watch.key(KeyCode::Enter), Action::Attach(RUNS.parse().unwrap()));
    assert_eq!(watch.key(KeyCode::Esc), Action::None, "it clears the filter first");
    assert_eq!(watch.key(KeyCode::Enter), Action::Attach(RUNS.parse().unwrap()), "on its row still");
    let mut more = some_runs();
    more.runs.insert(
        0,
        listed(&json!([run("20261123T061959Z-00000009", json!({ "status": "running" }))])).runs[0].clone(),
    );
    watch.runs.show(more);
    assert_eq!(watch.key(KeyCode::Enter), Action::Attach(RUNS.parse().unwrap()));
    assert_eq!(watch.key(KeyCode::Esc), Action::Leave);
}

#[test]
fn more_rows_are_asked_for_near_the_end_and_all_when_searched() {
    let many: Vec<Value> = (0..200).map(|n| run(&format!("20261123T061500Z-{n:08x}"), json!({}))).collect();
    let mut watch = watch();
    watch.runs.show(Listed { more: true, ..listed(&json!(many)) });
    press(&mut watch, "j");
    assert_eq!((watch.runs.wanted(), watch.runs.rows().as_str()), (200, "200+"));
    press(&mut watch, "G");
    assert_eq!(watch.runs.wanted(), 500);
    press(&mut watch, "g/x");
    assert_eq!(watch.runs.wanted(), 10_000);
    watch.key(KeyCode::Esc);
    assert_eq!(watch.runs.wanted(), 200);
}

#[test]
fn jobs_are_cancelled_after_a_yes_ticked_and_attached_to() {
    assert_eq!(press(&mut watch(), "2t"), Action::Call("cc_queue_tick", json!({})));
    assert_eq!(press(&mut watch(), "2jcy"), Action::Call("cc_queue_cancel", json!({ "job_id": "job-2" })));
    assert_eq!(press(&mut watch(), "2jcn"), Action::None);
    assert_eq!(press(&mut watch(), "2Gcy"), Action::Copy("job-4".into()), "an ended job is not cancelled");
    let mut watch = watch();
    press(&mut watch, "2");
    assert_eq!(watch.key(KeyCode::Enter), Action::Attach(RUNS.parse().unwrap()));
    press(&mut watch, "j");
    assert_eq!(watch.key(KeyCode::Enter), Action::None, "it has no run yet");
}

#[test]
fn pages_come_round_and_each_keeps_its_filter() {
    let mut watch = watch();
    press(&mut watch, "/kimi");
    watch.key(KeyCode::Enter);
    watch.key(KeyCode::Tab);
    assert_eq!((watch.page, watch.filtered()), (Page::Queue, ""));
    watch.key(KeyCode::BackTab);
    assert_eq!((watch.page, watch.filtered()), (Page::Runs, "kimi"));
    watch.key(KeyCode::BackTab);
    assert_eq!(watch.page, Page::Spend);
}

#[test]
fn an_old_look_is_said_to_be_old() {
    let mut watch = watch();
    watch.runs.now = "2026-11-23T06:21:05Z".parse().unwrap();
    assert!(picture(&mut watch, 100, 5).contains("looked 1m05s ago"));
}

#[test]
fn ten_thousand_runs_are_drawn_as_fast_as_ten() {
    let many: Vec<Value> =
        (0..10_000).map(|n| run(&format!("20261123T061500Z-{n:08x}"), json!({}))).collect();
    let mut watch = watch();
    watch.runs.show(listed(&json!(many)));
    press(&mut watch, "G");
    assert!(picture(&mut watch, 180, 30).contains("20261123T061500Z-0000270f"));
    // Only rows in view are made.
    assert_eq!(watch.runs.in_view(), 26);
}

fn any_key() -> impl Strategy<Value = KeyCode> {
    let named = [
        KeyCode::Enter,
        KeyCode::Esc,
        KeyCode::Tab,
        KeyCode::BackTab,
        KeyCode::Backspace,
        KeyCode::Up,
        KeyCode::Down,
        KeyCode::PageUp,
        KeyCode::PageDown,
        KeyCode::Home,
        KeyCode::End,
        KeyCode::Left,
        KeyCode::Right,
        KeyCode::F(5),
    ];
    prop_oneof![
        proptest::sample::select(named.to_vec()),
        proptest::sample::select("123?/rfoOxsaivypctdjkgGqyn".chars().collect::<Vec<_>>())
            .prop_map(KeyCode::Char),
        any::<char>().prop_map(KeyCode::Char),
    ]
}

fn any_run() -> impl Strategy<Value = Value> {
    let status =
        proptest::sample::select(vec!["running", "parked", "failed", "succeeded", "lost", "new word"]);
    (status, any::<u32>(), any::<String>(), any::<Option<String>>(), any::<Option<u64>>(), any::<u64>(), any::<Option<f64>>()).prop_map(
        |(status, id, text, request_id, duration_ms, tokens, cost_usd)| {
            run(&format!("20261123T061500Z-{id:08x}"), json!({
                "status": status, "activity": text, "model": text, "started_at": text, "request_id": request_id,
                "duration_ms": duration_ms, "tokens": tokens, "cost_usd": cost_usd,
            }))
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_key_size_or_reply_makes_it_panic(
        steps in prop::collection::vec((any_key(), 0_u16..200, 0_u16..60), 1..50),
        runs in prop::collection::vec(any_run(), 0..40),
    ) {
        let mut watch = watch();
        for (number, (key, width, height)) in steps.into_iter().enumerate() {
            if number == 10 {
                watch.runs.show(listed(&json!(runs)));
            }
            watch.key(key);
            let shown = picture(&mut watch, width.max(1), height.max(1));
            prop_assert!(!shown.contains(char::from(27)), "a control character is drawn");
        }
    }
}
