use proptest::prelude::*;

use super::*;
use crate::{Activity, BudgetEvent, Budgeted, Doing};

fn event(seq: u64, second: u64, body: EventBody) -> Event {
    let ts = format!("2026-11-24T10:{:02}:{:02}Z", second / 60, second % 60);
    Event { seq, ts, run_id: "20261124T100000Z-1a2b3c4d".parse().expect("an id"), body }
}

fn call(id: &str, name: &str, target: &str) -> EventBody {
    let fingerprint = target.to_owned();
    EventBody::ToolCall(ToolCall {
        id: id.into(),
        name: name.into(),
        target: target.into(),
        fingerprint,
        subagent: false,
    })
}

fn result(id: &str, exit_code: Option<i32>) -> EventBody {
    let is_error = exit_code.is_some_and(|code| code != 0);
    EventBody::ToolResult { id: id.into(), is_error, exit_code, text: String::new(), chars: 0 }
}

fn folded(bodies: Vec<EventBody>) -> RunProgress {
    let events: Vec<Event> =
        bodies.into_iter().zip(0..).map(|(body, second)| event(second + 1, second, body)).collect();
    RunProgress::of(&events)
}

fn at(progress: &RunProgress, second: u64) -> Activity {
    progress
        .activity(format!("2026-11-24T10:{:02}:{:02}Z", second / 60, second % 60).parse().expect("a time"))
}

fn question() -> Question {
    Question { request_id: "q".into(), tool: "Write".into(), target: "a.txt".into(), ..Question::default() }
}

#[test]
fn a_tool_in_flight_is_named_with_its_time_and_gone_once_answered() {
    let mut progress = folded(vec![call("1", "Bash", "cargo test"), call("2", "Read", "a.rs")]);
    let now = at(&progress, 90);
    assert_eq!((now.doing, now.seconds), (Doing::UsingTool, 90));
    assert_eq!(now.detail.as_deref(), Some("Bash cargo test"));
    progress.apply(&event(3, 95, result("1", Some(1))));
    assert_eq!(at(&progress, 96).detail.as_deref(), Some("Read a.rs"));
    progress.apply(&event(4, 97, result("2", None)));
    assert_eq!(at(&progress, 98).doing, Doing::WaitingForModel);
    assert_eq!(at(&progress, 200).doing, Doing::Silent);
    assert_eq!((progress.tools["Bash"].failed, progress.tools["Read"].failed), (1, 0));
    assert_eq!(progress.commands[0], Command { line: "cargo test".into(), exit_code: Some(1), test: true });
}

#[test]
fn the_same_call_again_is_counted() {
    let calls = ["a", "b", "a", "a"].iter().enumerate();
    let progress = folded(calls.map(|(id, target)| call(&id.to_string(), "Grep", target)).collect());
    assert_eq!((progress.tools["Grep"].count, progress.tools["Grep"].repeated), (4, 3));
}

#[test]
fn what_explains_a_silence_is_said() {
    let retry = EventBody::ApiRetry {
        attempt: 2,
        max_retries: 3,
        delay_ms: 500,
        status: Some(529),
        error: "overloaded".into(),
    };
    let limit = |status: &str| EventBody::RateLimit {
        status: status.into(),
        resets_at: Some("2026-11-24T11:00:00Z".into()),
        kind: None,
        utilization: None,
    };
    let parked =
        EventBody::Parked { reason: "five_hour".into(), until: "2026-11-24T11:00:00Z".into(), attempt: 1 };
    let cases = [
        (vec![retry], Doing::RetryingApi, "attempt 2 of 3, status 529"),
        (vec![limit("rejected")], Doing::RateLimited, "until 2026-11-24T11:00:00Z"),
        (vec![EventBody::PermissionAsked(question())], Doing::AwaitingPermission, "Write a.txt"),
        (vec![call("1", "Bash", "x"), parked], Doing::Parked, "until 2026-11-24T11:00:00Z"),
    ];
    for (bodies, doing, detail) in cases {
        let now = at(&folded(bodies), 300);
        assert_eq!((now.doing, now.detail.as_deref()), (doing, Some(detail)));
    }
    assert_eq!(
        at(&folded(vec![limit("allowed_warning")]), 5).doing,
        Doing::Starting,
        "a warning stops nothing"
    );
}

#[test]
fn a_question_is_open_until_it_is_answered_or_its_process_ends() {
    let answered = EventBody::PermissionAnswered {
        request_id: "q".into(),
        allowed: false,
        by: crate::Answerer::Timeout,
        message: String::new(),
    };
    let progress = folded(vec![EventBody::PermissionAsked(question()), answered]);
    assert!(progress.questions.is_empty() && progress.denials == 1);
    let exited = EventBody::ProcessExited { status: RunStatus::Lost, exit_code: None, duration_ms: 1 };
    let progress = folded(vec![EventBody::PermissionAsked(question()), exited]);
    assert!(progress.questions.is_empty() && progress.ended == Some(RunStatus::Lost));
}

#[test]
fn only_what_a_controller_should_know_asks_for_its_attention() {
    let said = EventBody::Message { text: "hello".into(), chars: 5, subagent: false };
    let budget = BudgetEvent { budget: Budgeted::Output, used: 9.0, limit: 8.0, stops: true };
    let progress = folded(vec![said, call("1", "Read", "a")]);
    assert_eq!(progress.attention, None);
    let progress = folded(vec![EventBody::BudgetExceeded(budget), call("1", "Read", "a")]);
    assert_eq!(progress.attention.map(|(seq, _)| seq), Some(1));
}

#[test]
fn a_test_run_is_told_from_words_about_tests() {
    for line in
        ["cargo test --workspace", "cd x && RUST_LOG=1 pytest -q", "(npm run test)", "python3 -m unittest"]
    {
        assert!(is_test(line), "{line}");
    }
    for line in ["echo cargo test", "grep -r pytest .", "cargo testify", "cat test.txt", "ls tests"] {
        assert!(!is_test(line), "{line}");
    }
}

#[test]
fn one_line_is_cut_by_characters() {
    assert_eq!(one_line(" a\n b\tc ", 9), "a b c");
    assert_eq!(one_line("äöüß", 2), "äö…");
}

proptest! {
    #[test]
    fn memory_stays_bounded_and_every_answer_finds_its_call(calls in prop::collection::vec((0_u32..900, any::<bool>()), 0..3000)) {
        let mut progress = RunProgress::default();
        for (at, (id, answers)) in (1..).zip(&calls) {
            let body = if *answers { result(&id.to_string(), Some(0)) } else { call(&id.to_string(), "Bash", &format!("c{id}")) };
            progress.apply(&event(at, 0, body));
        }
        prop_assert!(progress.commands.len() <= MAX_COMMANDS && progress.in_flight.len() <= MAX_IN_FLIGHT);
        prop_assert!(progress.recent.len() <= RECENT && progress.tools.len() <= MAX_TOOLS + 1);
        prop_assert_eq!(progress.seq, calls.len() as u64);
        let asked = calls.iter().filter(|(_, answers)| !answers).count();
        prop_assert_eq!(progress.tools.get("Bash").map_or(0, |tally| tally.count as usize), asked);
    }
}
