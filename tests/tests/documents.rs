//! What the documents say works: every command and every call in them is made, every message of ours is in them.

use std::{collections::BTreeMap, fs, process::Command};

use cc_orchestrator_tests::{McpClient, Sandbox, repository, script::Step};
use serde_json::Value;

/// Programs that are not ours: named, and not run. What installs a release is run by `install.rs`.
const OTHERS: [&str; 8] = ["cargo", "cd", "claude", "curl", "gh", "git", "mv", "sha256sum"];

fn document(name: &str) -> String {
    let path = repository().join(name);
    fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        .replace("\r\n", "\n")
}

/// The lines of every block of that kind.
fn lines<'d>(document: &'d str, kind: &str) -> Vec<&'d str> {
    let blocks = document.split("\n```").skip(1).step_by(2);
    let wanted = blocks.filter_map(|block| block.strip_prefix(kind)?.strip_prefix('\n'));
    wanted.flat_map(str::lines).map(str::trim).filter(|line| !line.is_empty()).collect()
}

fn world() -> Sandbox {
    let sandbox = Sandbox::with_profiles();
    sandbox.git();
    sandbox.script(&[
        Step::When(
            "constant time".into(),
            vec![Step::Shell("mkdir -p src && echo fixed > src/login.txt".into())],
        ),
        Step::finish("Done.\n```findings\nproblem | src/login.rs:42 | the token is compared with ==\n```"),
    ]);
    sandbox
}

/// Ids that were seen last, by the word that stands for them.
#[derive(Default)]
struct Seen(BTreeMap<&'static str, String>);

impl Seen {
    fn note(&mut self, reply: &Value) {
        let run = [&reply["run_id"], &reply["runs"][0]["run_id"]].into_iter().find_map(Value::as_str);
        self.0.extend(run.map(|id| ("RUN_ID", id.to_owned())));
        self.0.extend(reply["team_id"].as_str().map(|id| ("TEAM_ID", id.to_owned())));
    }

    fn filled(&self, line: &str) -> String {
        self.0.iter().fold(line.to_owned(), |line, (word, id)| line.replace(word, id))
    }
}

/// Words of a line as a shell takes them; double quotes only.
fn words(line: &str) -> Vec<String> {
    let quoted = |(at, part): (usize, &str)| match at % 2 {
        0 => part.split_whitespace().map(str::to_owned).collect::<Vec<_>>(),
        _ => vec![part.to_owned()],
    };
    line.split('"').enumerate().flat_map(quoted).collect()
}

/// Makes every command of a document, in order, in one world.
fn run_commands(name: &str) {
    let sandbox = world();
    let mut seen = Seen::default();
    for line in lines(&document(name), "sh") {
        let (command, remark) = line.split_once(" #").unwrap_or((line, ""));
        if command.contains("RUN_ID") && seen.0.is_empty() {
            assert_eq!(sandbox.run(&["run-agent", "Make it constant time.", "--allow-write"]).code, Some(0));
        }
        if let Some(last) = Some(sandbox.run(&["last-run", "--json"])).filter(|last| last.code == Some(0)) {
            seen.note(&last.json());
        }
        let words = words(&seen.filled(command));
        match words[0].as_str() {
            "cc-orchestrator" => {
                let mut made: Command = sandbox.command();
                let output = made.args(&words[1..]).output().expect("it starts");
                let allowed = if remark.contains("exit code 1") { [0, 1] } else { [0, 0] };
                let code = output.status.code().unwrap_or(-1);
                let said = String::from_utf8_lossy(&output.stderr);
                assert!(allowed.contains(&code), "{name}: '{command}' ended with {code}: {said}");
            }
            other => assert!(OTHERS.contains(&other), "{name}: '{command}' is run by no test"),
        }
    }
}

fn call(client: &mut McpClient<'_>, seen: &mut Seen, line: &str) {
    let line = seen.filled(line);
    let (tool, arguments) = line.split_once(' ').expect("a tool and its arguments");
    let arguments: Value = serde_json::from_str(arguments).unwrap_or_else(|error| panic!("{line}: {error}"));
    let reply = client.call(tool, arguments);
    assert!(!reply.is_error, "{line}: {}", reply.structured);
    seen.note(&reply.structured);
}

#[test]
fn every_call_of_the_controllers_day_is_made() {
    let sandbox = world();
    let (mut client, mut seen) = (sandbox.mcp(), Seen::default());
    let document = document("docs/controller.md");
    let calls = lines(&document, "tools");
    assert!(calls.len() > 10, "{calls:?}");
    for line in calls {
        call(&mut client, &mut seen, line);
    }
    assert!(!sandbox.project().join("src/login.txt").exists(), "the rollback took the change back");
}

#[test]
fn every_command_of_the_controllers_day_is_run() {
    run_commands("docs/controller.md");
}

#[test]
fn every_command_of_the_installation_is_run() {
    run_commands("docs/install.md");
}

#[test]
fn every_command_about_security_and_trouble_is_run() {
    run_commands("docs/security.md");
    run_commands("docs/troubleshooting.md");
}

#[test]
fn every_command_of_the_introduction_and_the_setup_is_run() {
    run_commands("README.md");
    run_commands("docs/setup.md");
}

#[test]
fn every_command_that_the_dashboard_shows_is_run() {
    run_commands("docs/dashboard.md");
    let shown = document("docs/dashboard.md");
    let run = lines(&shown, "sh");
    let templates = repository().join("host/cc-reports/src/dashboard/templates");
    let mut advised = 0;
    for file in fs::read_dir(templates).expect("the templates").map(|file| file.expect("a template").path()) {
        let page = fs::read_to_string(&file).expect("UTF-8");
        for (start, end) in [("<code>cc-orchestrator ", "</code>"), ("'cc-orchestrator ", "')")] {
            for rest in page.split(start).skip(1) {
                let command = format!("cc-orchestrator {}", rest.split(end).next().unwrap_or_default());
                // Served, it would not end.
                let known = command == "cc-orchestrator dashboard"
                    || run.iter().any(|line| line.starts_with(&command));
                assert!(known, "{}: '{command}' is in no document", file.display());
                advised += 1;
            }
        }
    }
    assert!(advised > 5, "the pages advise something: {advised}");
}

#[test]
fn every_tool_that_a_document_names_is_there() {
    let sandbox = Sandbox::new();
    let tools = sandbox.mcp().list_tools();
    let known: Vec<&str> = tools.iter().filter_map(|tool| tool["name"].as_str()).collect();
    // Named by the plan's steps; the queue brings it.
    let known = |name: &str| name == "cc_queue_submit" || known.contains(&name);
    for name in [
        "docs/controller.md",
        "docs/dashboard.md",
        "docs/install.md",
        "docs/security.md",
        "docs/troubleshooting.md",
        "README.md",
    ] {
        for word in document(name).split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')) {
            let is_tool = word.starts_with("cc_") && !["cc_", "cc_orchestrator"].contains(&word);
            assert!(!is_tool || known(word), "{name} names '{word}', which is no tool");
        }
    }
}

/// The texts of `#[error("…")]` in a source file.
fn messages(source: &str) -> Vec<String> {
    let texts = source.split("#[error(").skip(1).filter_map(|rest| rest.trim_start().strip_prefix('"'));
    let until_quote = |text: &str| text.split("\"").next().unwrap_or_default().to_owned();
    texts.map(until_quote).map(|text| text.split("\\\n").map(str::trim_start).collect()).collect()
}

/// The longest run of words that are always the same and say what happened; advice follows a `;`, `:` or `.`.
fn own_words(message: &str) -> String {
    let fixed: Vec<&str> = message.split(['{', '}']).step_by(2).collect();
    let before_advice = |part: &&str| part.split([';', ':', '.']).next().unwrap_or_default().len();
    let longest = fixed.iter().copied().max_by_key(before_advice).unwrap_or_default();
    let words = longest.split([';', ':', '.']).next().unwrap_or_default();
    words.trim_matches([' ', '(', ')', ',', '\'']).to_owned()
}

#[test]
fn every_message_of_ours_is_explained() {
    let explained = document("docs/troubleshooting.md");
    let files = ["cc-policy", "cc-profiles", "cc-store", "cc-workers", "cc-repo"]
        .map(|c| format!("host/{c}/src/error.rs"));
    let mut missing = Vec::new();
    for file in files.into_iter().chain(["host/cc-notify/src/lib.rs".to_owned()]) {
        let source = document(&file);
        let messages = messages(&source);
        assert!(!messages.is_empty(), "{file} has messages");
        for message in messages {
            if !explained.contains(&own_words(&message)) {
                missing.push(format!("{file}: '{message}'"));
            }
        }
    }
    assert!(missing.is_empty(), "docs/troubleshooting.md does not explain:\n{}", missing.join("\n"));
}
