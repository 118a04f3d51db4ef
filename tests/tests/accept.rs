//! Whether a run's work can be accepted: secrets, tests, and every gate on its own.

use std::fs;

use cc_orchestrator_tests::{Leaks, McpClient, Sandbox, script::Step};
use serde_json::{Value, json};

/// Characters that no pattern of words has, the same each time. Made here, so that no scanner finds them in this file.
fn random(seed: u64, alphabet: &str, length: usize) -> String {
    let mut state = seed;
    let letters: Vec<char> = alphabet.chars().collect();
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        letters[usize::try_from(state >> 33).expect("small") % letters.len()]
    };
    (0..length).map(|_| next()).collect()
}

const LETTERS: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const DIGITS: &str = "0123456789";

/// Keys of three issuers, in their published forms.
fn keys() -> [String; 3] {
    [
        ["xo", "xb-"].concat()
            + &random(1, DIGITS, 12)
            + "-"
            + &random(2, DIGITS, 13)
            + "-"
            + &random(3, LETTERS, 24),
        ["gl", "pat-"].concat() + &random(4, LETTERS, 20),
        ["sk", "_live_"].concat() + &random(5, LETTERS, 24),
    ]
}

fn project() -> Sandbox {
    let sandbox = Sandbox::with_profiles();
    fs::create_dir(sandbox.project().join("src")).expect("a folder");
    fs::write(sandbox.project().join("src/lib.rs"), "one\n").expect("a file");
    fs::write(sandbox.project().join(".gitignore"), "*.log\n").expect("a file");
    sandbox.git();
    sandbox
}

fn run(sandbox: &Sandbox, client: &mut McpClient<'_>, steps: &[Step]) -> String {
    sandbox.script(&[steps, &[Step::finish("Done.")]].concat());
    let run = client.call("cc_run_agent", json!({ "task": "Do it.", "allow_write": true })).structured;
    assert_eq!(run["status"], "succeeded", "{run}");
    run["run_id"].as_str().expect("an id").to_owned()
}

fn shell(command: &str) -> Step {
    Step::Shell(command.into())
}

#[test]
fn keys_that_a_worker_printed_are_found_and_kept_nowhere() {
    let sandbox = project();
    let mut client = sandbox.mcp();
    let keys = keys();
    let printed = keys.iter().enumerate().map(|(n, key)| match n {
        0 => Step::Say(format!("SLACK_TOKEN={key}")),
        1 => Step::Complain(format!("export GITLAB_TOKEN={key}\n")),
        _ => Step::Print(format!("stripe_key: {key}\n")),
    });
    let id = run(&sandbox, &mut client, &printed.collect::<Vec<_>>());
    let scan = client.call("cc_secret_scan_run", json!({ "run_id": id })).structured;
    assert_eq!((&scan["finding_count"], &scan["blocking_count"]), (&json!(3), &json!(3)), "{scan}");
    for finding in scan["findings"].as_array().expect("findings") {
        assert_eq!(finding["class"], "real", "{scan}");
        assert_eq!(finding["fingerprint"].as_str().map(str::len), Some(32), "{scan}");
    }
    assert_eq!(sandbox.metadata(&id)["printed_secrets"], json!({ "found": 3, "real": 3 }));
    let poll = client.call("cc_poll_run", json!({ "run_id": id })).structured;
    assert!(poll.to_string().contains("possible_secret_output"), "{poll}");
    drop(client);
    let written = sandbox.written();
    let folders: Vec<_> = written.iter().map(AsRef::as_ref).collect();
    for key in &keys {
        let found = Leaks::of(key).under(&folders);
        assert!(found.is_empty(), "{found:?}");
    }
}

#[test]
fn a_run_that_prints_its_own_key_is_told_of_it() {
    let sandbox = project();
    let mut client = sandbox.mcp();
    let id = run(&sandbox, &mut client, &[Step::Say("I run on {key}".into())]);
    let scan = client.call("cc_secret_scan_run", json!({ "run_id": id })).structured;
    assert!(scan["findings"].to_string().contains("own-key"), "{scan}");
}

#[test]
fn keys_in_files_are_found_tracked_new_or_ignored_and_words_are_not() {
    let sandbox = project();
    let mut client = sandbox.mcp();
    let [one, two, three] = keys();
    let words = "risk-assessment-engine monkey=keyboard author: someone tokenizer=fast password=changeme";
    let command = format!(
        "echo 'let token = \"{one}\"; // a test' >> src/lib.rs; echo '{two}' > new.txt; echo 'key={three}' > app.log
         echo '{words}' > words.txt"
    );
    let id = run(&sandbox, &mut client, &[shell(&command)]);
    let scan = client.call("cc_secret_scan_run", json!({ "run_id": id })).structured;
    let real: Vec<&str> = scan["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .filter(|finding| finding["class"] == "real")
        .filter_map(|finding| finding["path"].as_str())
        .collect();
    assert_eq!(real, ["app.log", "new.txt", "src/lib.rs"], "{scan}");
    assert!(!scan.to_string().contains(&one) && !scan.to_string().contains(&one[10..20]), "{scan}");
    let diff = client.call("cc_git_diff", json!({ "run_id": id })).structured.to_string();
    assert!(diff.contains("[redacted:") && !diff.contains(&one) && !diff.contains(&two), "{diff}");
}

/// The state of each gate.
fn gates(verified: &Value) -> Vec<(&str, &str)> {
    let gates = verified["gates"].as_array().unwrap_or_else(|| panic!("{verified}"));
    gates
        .iter()
        .map(|gate| (gate["name"].as_str().expect("a name"), gate["state"].as_str().expect("a state")))
        .collect()
}

#[track_caller]
fn only_fails(verified: &Value, name: &str) {
    assert_eq!(verified["status"], "blocked_verification", "{verified}");
    let failed: Vec<&str> =
        gates(verified).iter().filter(|(_, state)| *state == "fail").map(|(name, _)| *name).collect();
    assert_eq!(failed, [name], "{verified}");
}

#[test]
fn each_gate_fails_for_its_own_reason_and_nothing_passes_without_evidence() {
    let sandbox = project();
    let mut client = sandbox.mcp();
    let set = json!({ "allowed_paths": ["src/"], "max_diff_lines": 50 });
    client.call("cc_preflight_write_scope", set);
    let good = run(&sandbox, &mut client, &[shell("echo two >> src/lib.rs")]);
    let verify = |client: &mut McpClient<'_>, id: &str, command: &str| {
        client.call("cc_verify_run", json!({ "run_id": id, "test_commands": [command] })).structured
    };
    let passed = verify(&mut client, &good, "grep -q two src/lib.rs");
    assert_eq!(passed["status"], "verified", "{passed}");
    assert!(gates(&passed).iter().all(|(_, state)| *state == "pass"), "{passed}");
    let page = fs::read_to_string(passed["report_path"].as_str().expect("a path")).expect("a report");
    assert!(page.contains("verified") && page.contains("grep -q two"), "{page}");

    let silent = client.call("cc_verify_run", json!({ "run_id": good })).structured;
    assert_eq!((&silent["status"], &silent["ok"]), (&json!("unverified"), &json!(false)), "{silent}");

    let failing = verify(&mut client, &good, "echo FAILED: it is wrong; exit 3");
    only_fails(&failing, "tests");
    assert_eq!(
        (&failing["tests"][0]["exit_code"], failing["tests"][0]["stdout_tail"].as_str()),
        (&json!(3), Some("FAILED: it is wrong\n"))
    );

    let outside = run(&sandbox, &mut client, &[shell("echo x > elsewhere.txt")]);
    only_fails(&verify(&mut client, &outside, "true"), "scope");

    let key =
        run(&sandbox, &mut client, &[shell(&format!("echo 'let t = \"{}\";' >> src/lib.rs", keys()[0]))]);
    only_fails(&verify(&mut client, &key, "true"), "secrets");

    sandbox.script(&[Step::Finish { text: "It broke.".into(), is_error: true }]);
    let broken = client.call("cc_run_agent", json!({ "task": "Do it.", "allow_write": true })).structured;
    let told = verify(&mut client, broken["run_id"].as_str().expect("an id"), "true");
    assert!(gates(&told).contains(&("finished", "fail")), "{told}");
}

#[test]
fn tests_run_in_a_fresh_copy_see_what_the_run_left_and_not_what_came_later() {
    let sandbox = project();
    let mut client = sandbox.mcp();
    let id = run(&sandbox, &mut client, &[shell("echo new > src/new.rs; echo noise > noise.log")]);
    fs::write(sandbox.project().join("src/new.rs"), "broken since\n").expect("a file");
    let verify = |client: &mut McpClient<'_>, clean: bool| {
        let command = "grep -q '^new$' src/new.rs && test ! -e noise.log";
        let ask = json!({ "run_id": id, "test_commands": [command], "clean": clean });
        client.call("cc_verify_run", ask).structured
    };
    only_fails(&verify(&mut client, false), "tests");
    let clean = verify(&mut client, true);
    assert_eq!(clean["status"], "verified", "{clean}");
    assert!(sandbox.git_status().lines().all(|line| !line.contains("cc-verify")));
    let left = fs::read_dir(sandbox.tmp()).expect("a folder").filter_map(Result::ok);
    assert!(!left.into_iter().any(|entry| entry.file_name().to_string_lossy().starts_with("cc-verify")));
}

#[cfg(target_os = "linux")]
#[test]
fn a_test_command_over_its_time_ends_with_all_it_started() {
    use cc_orchestrator_tests::{eventually, processes};

    let sandbox = project();
    let mut client = sandbox.mcp();
    let id = run(&sandbox, &mut client, &[]);
    let mark = sandbox.record("detached");
    let command =
        format!("setsid sh -c 'trap \"\" TERM; echo $$ > {}; sleep 600' & sleep 600", mark.display());
    let ask = json!({ "run_id": id, "test_commands": [command], "test_timeout_seconds": 5 });
    let told = client.call("cc_verify_run", ask).structured;
    only_fails(&told, "tests");
    assert_eq!(
        (&told["tests"][0]["timed_out"], &told["tests"][0]["exit_code"]),
        (&json!(true), &json!(124)),
        "{told}"
    );
    let pid = fs::read_to_string(mark).expect("a process").trim().parse().expect("a number");
    eventually("its end", || (!processes::is_alive(pid)).then_some(()));
}

#[test]
fn the_scan_command_tells_clean_from_found_from_failed() {
    let sandbox = project();
    let clean = sandbox.run(&["scan", "src", "--format", "json"]);
    assert_eq!((clean.code, &clean.json()["findings"]), (Some(0), &json!([])), "{clean:?}");
    let [one, ..] = keys();
    fs::write(sandbox.project().join("src/key.txt"), format!("token: {one}\n")).expect("a file");
    let found = sandbox.run(&["scan", "src", "--format", "json"]);
    assert_eq!(found.code, Some(1), "{found:?}");
    let finding = &found.json()["findings"][0];
    assert_eq!(
        (&finding["path"], &finding["line"], &finding["class"]),
        (&json!("key.txt"), &json!(1), &json!("real"))
    );
    assert!(!found.stdout.contains(&one), "{found:?}");
    assert_eq!(sandbox.run(&["scan", "nowhere"]).code, Some(2));
    assert_eq!(sandbox.run(&["scan", "--staged"]).code, Some(0), "nothing is staged");
    let sarif = sandbox.run(&["scan", "src", "--format", "sarif"]).json();
    assert_eq!(sarif["version"], "2.1.0");

    let baseline = sandbox.record("baseline.json");
    let baseline = baseline.to_str().expect("a path");
    assert_eq!(sandbox.run(&["scan", "src", "--baseline", baseline, "--write-baseline"]).code, Some(0));
    assert_eq!(
        sandbox.run(&["scan", "src", "--baseline", baseline]).code,
        Some(0),
        "what is accepted is no finding"
    );
    assert_eq!(sandbox.run(&["scan", "src"]).code, Some(1));
}
