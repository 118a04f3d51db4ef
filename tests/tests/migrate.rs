//! From the predecessor's installation, and back to nothing of it lost.

use std::{fs, path::Path};

use cc_orchestrator_tests::{Sandbox, repository};
use serde_json::{Value, json};

const RUN: &str = "20260301T101112Z-0a1b2c3d";

/// What the predecessor's installer wrote for Codex.
const ENTRY: &str = "model = \"gpt\"\n\n[mcp_servers.claude-code-orchestrator]\ncommand = \"python\"\n\
                     args = [\"/home/u/.codex/skills/x/scripts/cc_orchestrator_mcp.py\"]\n";

/// The predecessor's folder, with what a user had, and one of its runs in the project.
fn predecessor(sandbox: &Sandbox) -> std::path::PathBuf {
    let config = sandbox.root().join("codex/skills/claude-code-orchestrator/scripts/config");
    fs::create_dir_all(&config).expect("it works");
    let write = |name: &str, value: Value| fs::write(config.join(name), value.to_string()).expect("it works");
    write("agents.json", json!({}));
    write("model_policy.json", json!({}));
    write("queue_policy.json", json!({ "max_concurrent": 5, "updated_at": null }));
    write("cost_guard.json", json!({ "max_concurrent": 2, "per_model": {}, "updated_at": null }));
    write(
        "model_calibration.json",
        json!({ "updated_at": "x", "preferences": { "favor": "speed" }, "notes": "mine" }),
    );
    write(
        "worker_quality_history.json",
        json!({ "records": [
            { "recorded_at": "2026-03-01T10:13:00+00:00", "source": "manual", "run_id": RUN, "quality_score": 40, "solved": false },
            { "recorded_at": "2026-03-01T10:14:00+00:00", "source": "manual", "run_id": RUN, "quality_score": 90, "solved": true },
            { "source": "manual", "run_id": "20250101T000000Z-00000000", "quality_score": 10 },
        ] }),
    );
    let runs = sandbox.project().join(".agent-workspace/claude-code-orchestrator/runs").join(RUN);
    fs::create_dir_all(&runs).expect("it works");
    let metadata = json!({
        "run_id": RUN, "mode": "streaming", "status": "succeeded", "started_at": "2026-03-01T10:11:12+00:00",
        "finished_at": "2026-03-01T10:12:00+00:00", "duration_ms": 48000, "cwd": sandbox.project(),
        "workspace_root": sandbox.project(), "artifact_root": runs.parent(), "role": "review", "task_type": "review",
        "profile": { "id": "p1", "name": "One", "model": "glm-5.2" }, "exit_code": 0, "timed_out": false,
        "actual_model": "glm-5.2", "actual_input_tokens": 123, "actual_output_tokens": 45, "actual_cost_usd": 0.99,
    });
    fs::write(runs.join("metadata.json"), metadata.to_string()).expect("it works");
    fs::write(runs.join("stdout.txt"), "{\"type\":\"result\",\"result\":\"all is well\"}\n")
        .expect("it works");
    config
}

fn bytes_below(folder: &Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).expect("it works").flatten() {
        let path = entry.path();
        if path.is_dir() {
            all.extend(bytes_below(&path));
        } else {
            all.push((path.clone(), fs::read(&path).expect("it works")));
        }
    }
    all.sort();
    all
}

#[test]
fn the_plan_writes_nothing_and_applying_keeps_the_originals() {
    let sandbox = Sandbox::new();
    let config = predecessor(&sandbox);
    let codex = sandbox.root().join("codex");
    let migrate = |apply: bool| {
        let mut command = sandbox.command();
        command.args(["--json", "migrate"]).env("CODEX_HOME", &codex);
        if apply {
            command.arg("--apply");
        }
        let output = command.output().expect("it works");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<Value>(&output.stdout).expect("it works")
    };
    let config_toml = codex.join("config.toml");
    fs::write(&config_toml, ENTRY).expect("it works");
    let before = (bytes_below(&codex), bytes_below(&sandbox.project()));

    let plan = migrate(false);
    assert_eq!((plan["applied"].as_bool(), plan["runs"].as_u64()), (Some(false), Some(1)));
    assert_eq!(plan["overrides"]["queue"]["max_concurrent"], 5);
    assert!(!sandbox.home().join("overrides.toml").exists());
    assert_eq!(plan["mcp_entries"].as_array().map(Vec::len), Some(1), "{plan}");
    assert_eq!((bytes_below(&codex), bytes_below(&sandbox.project())), before);

    let done = migrate(true);
    assert_eq!((done["runs"].as_u64(), done["runs_listed"].as_u64()), (Some(1), Some(0)));
    assert_eq!(done["grades"], 1, "of the one run that is here, its newest grade: {done}");
    let overrides = fs::read_to_string(sandbox.home().join("overrides.toml")).expect("it works");
    assert!(overrides.contains("[queue]\nmax_concurrent = 5") && overrides.contains("mine"), "{overrides}");
    let copies = Path::new(done["backups"][0].as_str().expect("it works")).to_owned();
    assert_eq!(
        fs::read(copies.join("queue_policy.json")).expect("it works"),
        fs::read(config.join("queue_policy.json")).expect("it works")
    );
    let entry = fs::read_to_string(&config_toml).expect("it works");
    assert!(entry.contains("args = [\"mcp\"]") && !entry.contains("python"), "{entry}");
    let kept = done["mcp_entries"][0]["backup_path"].as_str().expect("a backup");
    assert_eq!(fs::read_to_string(kept).expect("it works"), ENTRY);
    fs::write(&config_toml, ENTRY).expect("it works");
    assert_eq!((bytes_below(&codex), bytes_below(&sandbox.project())), before, "all else is as it was");

    let last = sandbox.command().args(["--json", "last-run", RUN]).output().expect("it works");
    let told = format!("{}{}", String::from_utf8_lossy(&last.stdout), String::from_utf8_lossy(&last.stderr));
    assert!(told.contains("all is well"), "{told}");

    let again = migrate(true);
    assert_eq!((again["runs"].as_u64(), again["runs_listed"].as_u64()), (Some(0), Some(1)));
    assert_eq!(fs::read_to_string(sandbox.home().join("overrides.toml")).expect("it works"), overrides);
}

fn guide() -> String {
    fs::read_to_string(repository().join("docs/migration.md")).expect("the guide").replace("\r\n", "\n")
}

#[test]
fn every_command_of_the_guide_is_run() {
    let sandbox = Sandbox::with_profiles();
    predecessor(&sandbox);
    let codex = sandbox.root().join("codex");
    fs::write(codex.join("config.toml"), ENTRY).expect("a file");
    let text = guide();
    let blocks = text.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    let commands: Vec<&str> =
        blocks.flat_map(str::lines).map(|line| line.split(" #").next().unwrap()).collect();
    assert!(commands.len() >= 4, "{commands:?}");
    for command in commands {
        let words: Vec<&str> = command.split_whitespace().collect();
        assert_eq!(words[0], "cc-orchestrator", "'{command}' is run by no test");
        let output =
            sandbox.command().args(&words[1..]).env("CODEX_HOME", &codex).output().expect("it starts");
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    }
    let entry = fs::read_to_string(codex.join("config.toml")).expect("the file");
    assert_eq!(entry, "model = \"gpt\"\n", "taken over, and taken out again");
}

#[test]
fn the_guide_says_of_each_tool_whether_it_is_still_there() {
    let tools = Sandbox::new().mcp().list_tools();
    let known: Vec<&str> = tools.iter().filter_map(|tool| tool["name"].as_str()).collect();
    let text = guide();
    let (kept, gone) = text.split_once("## Tools that are gone").expect("the section");
    let mut names_gone = 0;
    for line in gone.lines().filter(|line| line.starts_with("| `")) {
        let (old, instead) = line[2..].split_once(" | ").expect("two cells");
        for name in tool_names(old) {
            names_gone += 1;
            assert!(!known.contains(&name), "{name} is still there");
        }
        tool_names(instead).for_each(|name| assert!(known.contains(&name), "{name} is no tool"));
    }
    assert_eq!(names_gone, 21, "of the 67 tools, 46 are here");
    tool_names(kept).for_each(|name| assert!(known.contains(&name), "{name} is no tool"));
}

fn tool_names(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').filter(|word| word.starts_with("cc_"))
}

#[test]
fn where_nothing_is_found_it_says_where_it_looked() {
    let sandbox = Sandbox::new();
    let output =
        sandbox.command().args(["migrate"]).env("CODEX_HOME", sandbox.root()).output().expect("it works");
    assert_eq!(output.status.code(), Some(3));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("--from") && said.contains("claude-code-orchestrator-skill"), "{said}");
}
