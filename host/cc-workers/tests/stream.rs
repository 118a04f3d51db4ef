//! What is read from streams that Claude Code 2.1.330 really wrote.
#![allow(clippy::unwrap_used)]

use cc_domain::RunResult;
use cc_workers::StreamFacts;
use serde_json::Value;

fn lines(name: &str) -> Vec<Value> {
    let path = format!("{}/tests/captures/{name}.ndjson", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn read(name: &str) -> RunResult {
    let mut facts = StreamFacts::default();
    lines(name).iter().for_each(|line| drop(facts.observe(line)));
    facts.finish().unwrap()
}

fn tokens(result: &RunResult) -> (u64, u64) {
    (result.usage.input_tokens, result.usage.output_tokens)
}

#[test]
fn a_plain_answer() {
    let result = read("text");
    assert!(!result.is_error);
    assert_eq!((result.subtype.as_str(), result.terminal_reason.as_deref()), ("success", Some("completed")));
    assert_eq!(result.actual.model.as_deref(), Some("claude-opus-5-5"));
    assert_eq!(tokens(&result), (100, 20));
    assert!(!result.cost_is_estimate && result.cost_usd.unwrap() > 0.0);
    assert_eq!(result.session_id.as_deref().map(str::len), Some(36));
}

#[test]
fn thinking_is_no_answer() {
    let result = read("thinking");
    assert_eq!((result.text.as_str(), result.num_turns), ("Thought about it.", Some(1)));
}

#[test]
fn an_api_failure_is_an_error_although_it_says_success() {
    for (name, status) in [("api-401", 401), ("api-429", 429), ("api-500", 500)] {
        let result = read(name);
        assert_eq!((result.subtype.as_str(), result.is_error), ("success", true), "{name}");
        assert_eq!(result.api_error_status, Some(status));
        assert_eq!(result.terminal_reason.as_deref(), Some("api_error"));
        assert!(result.api_retries > 0, "{name}");
        assert_eq!(result.actual.model, None, "Claude Code's own text is nobody's answer");
    }
}

#[test]
fn a_refused_tool_is_named_with_what_it_wanted() {
    let result = read("write-plan-denied");
    assert!(!result.is_error);
    let denial = &result.permission_denials[0];
    assert_eq!(denial.tool_name, "Write");
    assert!(denial.input.contains("/home/user/repo/out.txt"));
}

#[test]
fn a_resumed_session_counts_only_what_was_added() {
    let result = read("resume");
    assert_eq!((result.text.as_str(), tokens(&result)), ("second", (100, 20)));
    assert!((result.cost_usd.unwrap() - 0.0008).abs() < 1e-9);
}

#[test]
fn turns_of_one_process_add_up() {
    let result = read("followup");
    assert_eq!((result.text.as_str(), tokens(&result)), ("second answer", (200, 40)));
    assert!((result.cost_usd.unwrap() - 0.0016).abs() < 1e-9);
}

#[test]
fn a_subagent_counts_in_tokens_and_not_in_turns() {
    let result = read("subagent");
    assert_eq!((result.num_turns, tokens(&result)), (Some(2), (400, 80)));
    assert_eq!(result.text, "main done");
}

#[test]
fn an_interrupted_turn_is_an_error_although_the_exit_code_is_0() {
    let result = read("sigint-stream");
    assert!(result.is_error && result.text.is_empty());
    assert_eq!(result.subtype, "error_during_execution");
    assert_eq!(result.terminal_reason.as_deref(), Some("aborted_streaming"));
    assert_eq!(result.errors.len(), 1);
    assert_eq!(tokens(&result), (100, 74), "what was generated was paid for");
}

#[test]
fn a_limit_on_turns_is_an_error() {
    let result = read("max-turns");
    assert_eq!(
        (result.subtype.as_str(), result.is_error, result.num_turns),
        ("error_max_turns", true, Some(3))
    );
}

#[test]
fn a_model_without_a_price_has_an_estimated_cost() {
    let result = read("provider-env");
    assert_eq!(result.actual.model.as_deref(), Some("glm-5.1"));
    assert!(result.cost_is_estimate);
}

#[test]
fn the_model_that_answers_is_told_once_and_phases_are_the_predecessors() {
    let mut facts = StreamFacts::default();
    let seen: Vec<_> = lines("subagent").iter().map(|line| facts.observe(line)).collect();
    assert_eq!(seen.iter().filter(|s| s.actual_model.is_some()).count(), 1);
    assert_eq!(seen.iter().filter(|s| s.result).count(), 1);
    assert_eq!(seen.first().unwrap().phase, Some("started"));
    assert_eq!(seen.last().unwrap().phase, Some("finished"));
    assert!(seen.iter().any(|s| s.phase == Some("responding")));
    let tool = serde_json::json!({"type": "tool_progress"});
    assert_eq!(facts.observe(&tool).phase, Some("tool"));
}

#[test]
fn a_helper_model_with_more_output_is_not_the_one_that_answered() {
    let mut facts = StreamFacts::default();
    for line in [
        serde_json::json!({"type": "assistant", "parent_tool_use_id": null, "message": {"model": "main"}}),
        serde_json::json!({"type": "result", "subtype": "success", "is_error": false, "result": "x",
            "modelUsage": {"main": {"outputTokens": 1}, "helper": {"outputTokens": 9}}}),
    ] {
        facts.observe(&line);
    }
    let result = facts.finish().unwrap();
    assert_eq!(result.actual.model.as_deref(), Some("main"));
    assert_eq!(result.actual.models.len(), 2);
    assert_eq!(result.usage.output_tokens, 10);
}

#[test]
fn lines_of_unknown_kinds_are_no_matter() {
    let mut facts = StreamFacts::default();
    for line in ["{}", "null", "[1]", r#"{"type":"from_the_future","subtype":7}"#, r#"{"type":"result"}"#] {
        facts.observe(&serde_json::from_str(line).unwrap());
    }
    assert_eq!(facts.finish().unwrap(), RunResult { ..RunResult::default() });
}

#[test]
fn without_a_result_line_there_is_no_result() {
    let mut facts = StreamFacts::default();
    let all = lines("text");
    all[..all.len() - 1].iter().for_each(|line| drop(facts.observe(line)));
    assert_eq!(facts.finish(), None);
    assert_eq!(facts.main_model().as_deref(), Some("claude-opus-5-5"));
}
