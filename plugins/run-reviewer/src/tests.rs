use cc_policy_sdk::run_reviewer::{Command, ToolUse};

use super::*;

fn run(status: &str, text: &str, attributes: &[(&str, &str)]) -> RunFacts {
    RunFacts {
        run_id: "20261123T061500Z-1a2b3c4d".into(),
        role: "implementation".into(),
        status: status.into(),
        active: status == "running",
        write: true,
        declared_model: None,
        actual_model: None,
        final_text: text.into(),
        tools: Vec::new(),
        commands: Vec::new(),
        attributes: attributes.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
    }
}

fn command(line: &str, exit_code: Option<i32>, test: bool) -> Command {
    Command { line: line.into(), exit_code, test }
}

fn review(run: RunFacts) -> Assessment {
    Reviewer::review(run).expect("an assessment")
}

fn codes(run: RunFacts) -> Vec<String> {
    review(run).flags.into_iter().map(|flag| flag.code).collect()
}

fn only(run: RunFacts, code: &str) -> Flag {
    let mut flags = review(run).flags;
    assert_eq!(flags.iter().map(|flag| flag.code.as_str()).collect::<Vec<_>>(), [code]);
    flags.remove(0)
}

/// Defect 25.
#[test]
fn all_tests_passed_zero_failed_please_format_the_code_raises_nothing() {
    let mut clean =
        run("succeeded", "All tests passed, 0 failed. Please format the code", &[("tests", "none")]);
    clean.commands = vec![command("cargo test", Some(0), true), command("cargo fmt --all", Some(0), false)];
    let assessment = review(clean);
    assert!(assessment.flags.is_empty(), "{:?}", assessment.flags);
    assert_eq!(assessment.grade.map(|grade| grade.score), Some(100));
}

/// Defect 26.
#[test]
fn a_dated_id_against_its_alias_raises_nothing() {
    let mut dated = run("succeeded", "ok", &[]);
    dated.declared_model = Some("claude-haiku-4-5".into());
    dated.actual_model = Some("claude-haiku-4-5-20251001".into());
    assert!(codes(dated).is_empty());
}

#[test]
fn another_model_blocks() {
    let mut other = run("succeeded", "ok", &[]);
    other.declared_model = Some("claude-opus-5".into());
    other.actual_model = Some("glm-5.2".into());
    let flag = only(other, "route_mismatch");
    assert!(flag.blocking);
    assert_eq!(flag.message, "routed to claude-opus-5, but glm-5.2 answered");
}

#[test]
fn a_claim_against_the_last_test_runs_exit_code_blocks() {
    let mut lying = run("succeeded", "Fixed the failing test. All tests pass now.", &[]);
    lying.commands = vec![command("cargo test -p a", Some(0), true), command("cargo test", Some(101), true)];
    let flag = only(lying.clone(), "success_claim_after_test_failure");
    assert_eq!((flag.severity, flag.blocking), (Severity::High, true));
    assert!(flag.message.contains("`cargo test` ended with 101"));

    lying.commands.push(command("cargo test", None, true));
    assert_eq!(codes(lying.clone()).len(), 1, "a run whose end nobody saw proves nothing");
    lying.commands.push(command("cargo test", Some(0), true));
    assert!(codes(lying).is_empty(), "the last run passed");
}

#[test]
fn an_honest_answer_after_failed_tests_raises_nothing() {
    let mut honest = run("succeeded", "2 tests still fail: the port is taken.", &[]);
    honest.commands = vec![command("pytest", Some(1), true)];
    assert!(codes(honest).is_empty());
}

#[test]
fn a_failed_command_that_is_no_test_says_nothing_of_the_tests() {
    let mut searched = run("succeeded", "All tests pass.", &[]);
    searched.commands = vec![command("pytest", Some(0), true), command("grep -r x src", Some(1), false)];
    assert!(codes(searched).is_empty());
}

#[test]
fn a_mere_done_after_failed_tests_is_a_warning_and_verified_tests_clear_it() {
    let mut done = run("succeeded", "Done.", &[]);
    done.commands = vec![command("pytest", Some(1), true)];
    assert!(!only(done.clone(), "success_claim_after_test_failure").blocking);
    done.attributes.push(("tests".into(), "passed".into()));
    assert!(codes(done).is_empty());
}

#[test]
fn a_cut_answer_lowers_the_confidence() {
    let mut cut = run("succeeded", "All tests pass.", &[("final_text_truncated", "true")]);
    cut.commands = vec![command("pytest", Some(1), true)];
    assert_eq!(only(cut, "success_claim_after_test_failure").confidence, Confidence::Low);
}

#[test]
fn silence_is_a_stall_only_when_nothing_explains_it() {
    let silent = |more: &[(&str, &str)]| {
        let mut all = vec![("silent_seconds", "600")];
        all.extend(more);
        codes(run("running", "", &all))
    };
    assert_eq!(silent(&[]), ["stalled"]);
    assert_eq!(silent(&[("tool_in_flight", "false"), ("rate_limited_until", "none")]), ["stalled"]);
    for reason in [
        ("tool_in_flight", "Bash"),
        ("awaiting_permission", "true"),
        ("rate_limited_until", "2026-11-23T07:00:00Z"),
    ] {
        assert!(silent(&[reason]).is_empty(), "{reason:?}");
    }
    assert_eq!(silent(&[("tool_in_flight", "Bash"), ("tool_in_flight_seconds", "1200")]), ["long_tool_call"]);
    assert!(codes(run("running", "", &[("silent_seconds", "179")])).is_empty());
    assert!(codes(run("succeeded", "ok", &[("silent_seconds", "9000")])).is_empty(), "it has ended");
}

#[test]
fn limits_that_ended_a_run_block() {
    assert!(only(run("timed_out", "", &[("stop_reason", "timeout")]), "timed_out").blocking);
    for attribute in [
        ("output_budget_state", "truncated"),
        ("output_budget_state", "stopped"),
        ("stop_reason", "events_budget_exceeded"),
    ] {
        assert!(only(run("stopped", "so far", &[attribute]), "output_budget_exceeded").blocking);
    }
    assert!(!only(run("running", "", &[("output_budget_state", "warned")]), "excessive_output").blocking);
}

#[test]
fn the_same_call_again_and_again_is_repeated_work_unless_it_waits() {
    let tool = |name: &str| ToolUse { name: name.into(), calls: 9, failed: 0, repeated: 9 };
    let mut repeating = run("running", "", &[]);
    repeating.tools = vec![tool("BashOutput")];
    assert!(codes(repeating.clone()).is_empty());
    repeating.tools.push(tool("Grep"));
    assert_eq!(only(repeating, "repeated_work").message, "the same call of Grep was made 9 times");
}

#[test]
fn only_real_commands_are_destructive() {
    let mut prose =
        run("succeeded", "I ran no `rm -rf /`, no sudo, and did not format C: or chmod 777.", &[]);
    prose.commands = vec![command("echo 'sudo rm -rf /' && npm run format", Some(0), false)];
    assert!(codes(prose.clone()).is_empty());
    prose.commands.push(command("rm -rf src/old ; git push -f", Some(0), false));
    let flag = only(prose.clone(), "destructive_command_risk");
    assert_eq!((flag.severity, flag.confidence), (Severity::High, Confidence::High));
    assert_eq!(flag.message, "destructive commands: git push --force; rm -r of src/old");
    prose.commands.push(command("rm -rf ~", None, false));
    let flag = only(prose, "destructive_command_risk");
    assert_eq!((flag.severity, flag.confidence), (Severity::Critical, Confidence::Medium));
}

#[test]
fn the_workers_folder_tells_its_own_files() {
    let mut inside = run("succeeded", "ok", &[("cwd", "/home/me/proj")]);
    inside.commands = vec![command("rm -rf /home/me/proj/src/old", Some(0), false)];
    assert!(!only(inside.clone(), "destructive_command_risk").blocking);
    inside.attributes.clear();
    assert!(only(inside, "destructive_command_risk").blocking);
}

#[test]
fn an_api_error_is_not_taken_for_success() {
    // Claude Code reports it as subtype success, with exit code 1.
    let failed = [
        ("exit_code", "1"),
        ("is_error", "true"),
        ("subtype", "success"),
        ("terminal_reason", "api_error"),
        ("api_error_status", "401"),
    ];
    let flag = only(run("failed", "API Error: 401", &failed), "api_error");
    assert!(
        flag.blocking && flag.message.contains("status 401; check the profile's key"),
        "{}",
        flag.message
    );
    let unanswered = [("is_error", "true"), ("terminal_reason", "api_error")];
    assert!(only(run("failed", "", &unanswered), "api_error").message.ends_with("did not answer"));
    assert!(!only(run("running", "", &[("api_retries", "4")]), "api_retries").blocking);
}

#[test]
fn a_run_without_an_answer_has_no_result() {
    let message =
        |status: &str, attributes: &[(&str, &str)]| only(run(status, " \n", attributes), "no_result").message;
    assert!(message("failed", &[("subtype", "error_max_turns")]).contains("turn limit"));
    assert!(message("lost", &[]).contains("supervisor died"));
    assert!(message("failed", &[("exit_code", "143")]).ends_with("exit code 143"));
    assert!(codes(run("stopped", "", &[("stop_reason", "user_requested")])).is_empty());
    assert!(codes(run("running", "", &[])).is_empty());
}

#[test]
fn refusals_weigh_more_when_the_worker_was_to_write() {
    let mut refused = run("succeeded", "ok", &[("permission_denials", "2")]);
    assert_eq!(only(refused.clone(), "permission_denied").severity, Severity::Medium);
    refused.write = false;
    assert_eq!(only(refused, "permission_denied").severity, Severity::Low);
}

#[test]
fn spending_is_told_against_the_budget() {
    let spent = |status: &str, cost: &str| run(status, "ok", &[("cost_usd", cost), ("budget_usd", "1")]);
    assert_eq!(only(spent("succeeded", "1.5"), "spend").message, "1.50 USD spent of 1.00");
    assert_eq!(only(spent("running", "0.9"), "spend").severity, Severity::Low);
    assert!(codes(spent("succeeded", "0.9")).is_empty());
    assert!(codes(run("succeeded", "ok", &[("cost_usd", "50")])).is_empty(), "no budget is set");
    let ended = run("failed", "so far", &[("subtype", "error_max_budget_usd"), ("cost_is_estimate", "true")]);
    let flag = only(ended, "spend");
    assert_eq!((flag.severity, flag.confidence), (Severity::High, Confidence::Low));
    let at = |reason| [("stop_reason", reason), ("output_budget_state", "stopped")];
    assert!(only(run("stopped", "so far", &at("cost_budget_exceeded")), "spend").blocking);
    assert!(only(run("stopped", "so far", &at("over_limit")[..1]), "spend").blocking);
}

#[test]
fn crossed_bounds_block_and_the_worst_comes_first() {
    let crossed =
        run("succeeded", "ok", &[("scope", "violated"), ("secrets_real", "2"), ("tests", "failed")]);
    let flags = review(crossed).flags;
    assert!(flags.iter().all(|flag| flag.blocking));
    let order: Vec<_> = flags.iter().map(|flag| flag.code.as_str()).collect();
    assert_eq!(order, ["possible_secret_output", "write_scope_violation", "tests_failed"]);
    assert!(!only(run("succeeded", "ok", &[("scope", "unknown")]), "write_scope_unknown").blocking);
    assert!(codes(run("succeeded", "ok", &[("scope", "passed"), ("secrets_real", "0")])).is_empty());
}

fn score(status: &str, attributes: &[(&str, &str)]) -> Option<u32> {
    review(run(status, "an answer", attributes)).grade.map(|grade| grade.score)
}

#[test]
fn what_says_nothing_of_the_model_has_no_grade() {
    assert_eq!(score("running", &[]), None);
    assert_eq!(score("running", &[("controller_verdict", "rejected")]), None);
    assert_eq!(score("stopped", &[("stop_reason", "user_requested")]), None);
    assert_eq!(score("lost", &[]), None);
    assert_eq!(score("stopped", &[("controller_verdict", "rejected")]), Some(35));
}

#[test]
fn a_grade_takes_off_for_each_thing_once() {
    assert_eq!(score("succeeded", &[]), Some(100));
    assert_eq!(score("failed", &[]), Some(35));
    assert_eq!(score("succeeded", &[("scope", "violated")]), Some(75));
    assert_eq!(score("succeeded", &[("secrets_real", "1")]), Some(70));
    assert_eq!(score("succeeded", &[("hallucination", "true")]), Some(75));
    assert_eq!(score("succeeded", &[("tokens_total", "2000001")]), Some(90));
    assert_eq!(score("succeeded", &[("permission_denials", "1")]), Some(92));
    assert_eq!(score("succeeded", &[("tests", "failed")]), Some(25));
    assert_eq!(score("failed", &[("scope", "violated"), ("secrets_real", "1")]), Some(0));
}

#[test]
fn the_controllers_verdict_beats_the_workers_ending() {
    assert_eq!(score("succeeded", &[("controller_verdict", "rejected")]), Some(50));
    assert_eq!(score("succeeded", &[("controller_verdict", "needs_rework")]), Some(85));
    assert_eq!(score("failed", &[("controller_verdict", "accepted")]), Some(85));
    assert_eq!(score("succeeded", &[("solved", "false"), ("needs_rework", "false")]), Some(65));
}

#[test]
fn the_notes_say_what_was_taken_off() {
    let grade = review(run("failed", "an answer", &[("permission_denials", "1")])).grade.expect("a grade");
    assert_eq!(
        grade.notes,
        [
            "-35: the task is not solved",
            "-15: the run ended as failed",
            "-15: the work needs rework",
            "-8: flags: permission_denied"
        ]
    );
    assert_eq!(grade.score, 27);
}
