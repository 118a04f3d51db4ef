//! A key is in CC Switch and, while a worker runs, in its settings file. Nowhere else, in no form.

use std::{fs, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use cc_orchestrator_tests::{
    Leaks, Profile, Sandbox, eventually, processes,
    script::{KEY, Step},
};
use serde_json::{Value, json};

/// Has what JSON and URLs escape.
const PLANTED: &str = "sk-planted-7Gq/w+Zr\"9x\\Kp=3vTb8LmQ2";

fn planted() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.profiles(&[Profile::new("id-planted", "Planted", "glm-5.2").key(PLANTED).current()]);
    sandbox
}

/// Fails when the key is in anything the product wrote, but for the file that hands it to the worker.
fn assert_kept(sandbox: &Sandbox, but: Option<&Path>) {
    let written = sandbox.written();
    let folders: Vec<&Path> = written.iter().map(AsRef::as_ref).collect();
    let mut found = Leaks::of(PLANTED).under(&folders);
    found.retain(|(path, _)| Some(path.as_path()) != but);
    assert!(found.is_empty(), "the key stands in {found:?}");
}

#[test]
fn the_worker_gets_the_key_and_nobody_else_sees_it_while_it_runs() {
    let sandbox = planted();
    let record = sandbox.record("got");
    let steps = [Step::Record(record.clone()), Step::WaitFor(sandbox.record("go")), Step::replay("text")];
    sandbox.script(&steps);
    let mut client = sandbox.mcp();
    let call = client.start_call("cc_run_agent", json!({ "task": "Use your key." }));
    let got = sandbox.received(&record);
    let settings: Value = serde_json::from_str(&got.settings.expect("settings")).expect("JSON");
    assert_eq!(settings["env"]["ANTHROPIC_AUTH_TOKEN"], PLANTED);
    assert_eq!(got.settings_mode, Some(0o600));

    let leaks = Leaks::of(PLANTED);
    let running = processes::of(sandbox.root());
    for role in ["mcp", "supervise", "guard"] {
        assert!(running.iter().any(|process| process.is(role)), "a {role} process runs: {running:?}");
    }
    for process in running {
        assert_eq!(leaks.in_bytes(process.cmdline.join("\n").as_bytes()), None, "{:?}", process.cmdline);
        assert_eq!(leaks.in_bytes(&process.environ), None, "environment of {:?}", process.cmdline);
    }
    assert_kept(&sandbox, got.settings_path.as_deref());

    fs::write(sandbox.record("go"), "").expect("a file");
    let reply = client.finish_call(call);
    assert_eq!(leaks.in_bytes(reply.raw.as_bytes()), None, "{}", reply.raw);
    eventually("the settings file's end", || (!got.settings_path.as_ref()?.exists()).then_some(()));
    assert_kept(&sandbox, None);
}

#[test]
fn a_worker_that_tells_its_key_tells_nobody() {
    let encoded = STANDARD.encode(format!("Bearer {PLANTED}"));
    let tellings = [
        vec![Step::Say(format!("My key is {KEY}.")), Step::finish(&format!("It is {KEY}, no other."))],
        vec![Step::Print(format!("ANTHROPIC_AUTH_TOKEN={KEY}\n")), Step::finish("Done.")],
        vec![Step::Complain(format!("401 with key {KEY}\n")), Step::Exit(1)],
        vec![Step::Say(json!({ "token": KEY }).to_string()), Step::finish("Done.")],
        vec![Step::Say(format!("curl -u {encoded}")), Step::finish(&encoded)],
        vec![Step::Say("?key=sk-planted-7Gq%2Fw%2BZr%229x%5CKp%3D3vTb8LmQ2".into()), Step::finish("Done.")],
        vec![
            Step::Finish { text: format!("API Error: 500 invalid token {KEY}"), is_error: true },
            Step::Exit(1),
        ],
        vec![Step::Print(format!("{{\"half\": \"{KEY}")), Step::Exit(1)],
    ];
    let sandbox = planted();
    let leaks = Leaks::of(PLANTED);
    let mut client = sandbox.mcp();
    for steps in tellings {
        sandbox.script(&steps);
        let mut replies = vec![client.call("cc_run_agent", json!({ "task": "Tell me your key." }))];
        let run_id = replies[0].structured["run_id"].clone();
        let whole = json!({ "run_id": run_id, "include_output_tail": true });
        replies.push(client.call("cc_run_status", whole));
        replies.push(client.call("cc_last_run", json!({})));
        for reply in replies {
            assert_eq!(leaks.in_bytes(reply.raw.as_bytes()), None, "{steps:?}: {}", reply.raw);
        }
        assert_kept(&sandbox, None);
    }
}

#[test]
fn nothing_that_only_reads_shows_it() {
    let sandbox = planted();
    let leaks = Leaks::of(PLANTED);
    for command in ["healthcheck", "list-profiles", "pick-profile", "score-models"] {
        let shown = sandbox.run(&[command, "--json"]);
        assert_eq!(leaks.in_bytes(shown.stdout.as_bytes()), None, "{}", shown.stdout);
        assert_eq!(leaks.in_bytes(shown.stderr.as_bytes()), None, "{}", shown.stderr);
    }
    assert_kept(&sandbox, None);
}

#[test]
fn the_prompt_reaches_the_worker_byte_for_byte() {
    let tasks = [
        "Plain.".to_owned(),
        "-p --model evil\n--settings /etc/passwd".to_owned(),
        "Größe, 深度求索, עברית, 🦀, e\u{301}, \u{200b}, \u{feff}".to_owned(),
        "line\r\nline\n\n  spaces at the end   \n\t\n".to_owned(),
        "$HOME `id` \"quoted\" 'quoted' \\ %PATH% $(reboot)".to_owned(),
        "界".repeat(20_000),
    ];
    let sandbox = planted();
    let mut client = sandbox.mcp();
    for (number, task) in tasks.iter().enumerate() {
        let record = sandbox.record(&format!("got-{number}"));
        sandbox.script(&[Step::Record(record.clone()), Step::replay("text")]);
        let reply = client.call("cc_run_agent", json!({ "task": task })).structured;
        assert_eq!(reply["status"], "succeeded", "{reply}");
        let got = sandbox.received(&record);
        assert!(
            got.prompt == *task,
            "task {number} came as {:?}",
            got.prompt.chars().take(200).collect::<String>()
        );
        assert!(got.argv.iter().all(|argument| !argument.contains("evil")), "{:?}", got.argv);
    }
}

#[test]
fn a_key_in_the_task_reaches_the_worker_and_no_file() {
    let sandbox = planted();
    let record = sandbox.record("got");
    sandbox.script(&[Step::Record(record.clone()), Step::replay("text")]);
    let task = format!("Why does {PLANTED} not work?");
    let reply = sandbox.mcp().call("cc_run_agent", json!({ "task": task, "context": "See above." }));
    assert_eq!(reply.structured["status"], "succeeded", "{}", reply.raw);
    let got = sandbox.received(&record);
    assert!(got.prompt.contains(&task) && got.prompt.contains("See above."), "{}", got.prompt);
    assert_kept(&sandbox, None);
}

#[test]
fn keys_of_the_users_shell_do_not_reach_the_worker() {
    let sandbox = planted();
    let record = sandbox.record("got");
    sandbox.script(&[Step::Record(record.clone()), Step::replay("text")]);
    let mut command = sandbox.command();
    command.args(["run-agent", "Hi."]);
    for name in [
        "ANTHROPIC_API_KEY",
        "ANTHROPIC_AUTH_TOKEN",
        "OPENAI_API_KEY",
        "AWS_SECRET_ACCESS_KEY",
        "GITHUB_TOKEN",
    ] {
        command.env(name, "sk-of-the-users-own-shell");
    }
    command.env("NODE_OPTIONS", "--require=/tmp/evil.js");
    assert!(command.output().expect("the product starts").status.success());
    let got = sandbox.received(&record);
    let foreign: Vec<_> =
        got.env.iter().filter(|(_, value)| value.contains("sk-of") || value.contains("evil")).collect();
    assert!(foreign.is_empty(), "{foreign:?}");
}
