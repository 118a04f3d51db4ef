//! The command line.

use cc_orchestrator_tests::{Finished, Sandbox, script::Step};
use serde_json::json;

#[test]
fn the_commands_are_these() {
    let help = Sandbox::new().run(&["--help"]);
    assert_eq!(help.code, Some(0));
    insta::assert_snapshot!("help", help.stdout);
}

#[test]
fn every_tool_is_a_command_and_explains_itself() {
    let sandbox = Sandbox::new();
    for tool in sandbox.mcp().list_tools() {
        let name = tool["name"].as_str().expect("a name");
        let command = name.trim_start_matches("cc_").replace('_', "-");
        let help = sandbox.run(&[&command, "--help"]);
        assert_eq!(help.code, Some(0), "{command}: {help:?}");
        for argument in tool["inputSchema"]["properties"].as_object().into_iter().flatten() {
            let flag = argument.0.replace('_', "-");
            let hidden = ["response-format", "variables"].contains(&flag.as_str());
            let shown = help.stdout.contains(&flag) || help.stdout.contains(&argument.0.to_uppercase());
            assert!(hidden || shown, "{command} --help says nothing of {flag}: {}", help.stdout);
        }
    }
}

#[test]
fn shells_can_complete() {
    let script = Sandbox::new().run(&["completions", "bash"]);
    assert_eq!(script.code, Some(0));
    for word in ["run-agent", "pick-profile", "--allow-write"] {
        assert!(script.stdout.contains(word), "'{word}' in the completions");
    }
}

#[test]
fn exit_codes_tell_the_kinds_of_failure_apart() {
    let sandbox = Sandbox::with_profiles();
    sandbox.script(&[Step::replay("api-401"), Step::Exit(1)]);
    let cases = [
        (0, &["list-profiles"][..]),
        (1, &["run-agent", "Hi."]),
        (2, &["pick-profile", "--no-such-flag"]),
        (2, &["pick-profile", "--role", "Not A Role"]),
        (2, &["run-agent", " "]),
        (3, &["pick-profile", "--profile", "nobody"]),
        (3, &["run-status", "20200101T000000Z-00000000"]),
    ];
    for (code, arguments) in cases {
        let ended = sandbox.run(arguments);
        assert_eq!(ended.code, Some(code), "{arguments:?}: {ended:?}");
        assert!(code < 2 || ended.stdout.is_empty() && !ended.stderr.is_empty(), "{arguments:?}: {ended:?}");
    }
}

#[test]
fn machines_get_json_for_answers_and_for_errors() {
    let sandbox = Sandbox::with_profiles();
    let listed = sandbox.run(&["--json", "list-profiles"]).json();
    assert_eq!((&listed["ok"], &listed["count"]), (&json!(true), &json!(3)), "{listed}");
    let refused = sandbox.run(&["pick-profile", "--profile", "nobody", "--json"]).json();
    assert_eq!((&refused["ok"], &refused["kind"]), (&json!(false), &json!("not_found")), "{refused}");
}

#[test]
fn people_get_tables_without_a_trace_of_json() {
    let sandbox = Sandbox::with_profiles();
    let shown = sandbox.run(&["list-profiles"]).stdout;
    assert!(shown.contains("Zhipu GLM") && !shown.contains('{'), "{shown}");
}

#[test]
fn a_flag_beats_the_environment() {
    let sandbox = Sandbox::with_profiles();
    let other = Sandbox::new();
    let ccswitch = other.ccswitch();
    let listed =
        sandbox.run(&["list-profiles", "--json", "--ccswitch-home", ccswitch.to_str().expect("a path")]);
    assert_ne!(listed.json()["count"], 3, "{listed:?}");
    let home = other.root().join("elsewhere");
    let checked = sandbox.run(&["healthcheck", "--json", "--home", home.to_str().expect("a path")]).json();
    assert_eq!(checked["home"], home.to_str().expect("a path"), "{checked}");
}

#[test]
fn healthcheck_says_what_is_missing() {
    let sandbox = Sandbox::new();
    let missing = sandbox.root().join("no-such-claude");
    let checked =
        Finished::of(sandbox.command().env("CLAUDE_CODE_BIN", missing).args(["healthcheck", "--json"]));
    let value = checked.json();
    assert_eq!((checked.code, &value["ok"]), (Some(1), &json!(false)), "{value}");
    assert!(
        value["problems"].as_array().is_some_and(|all| all.iter().any(|one| one["blocking"] == true)),
        "{value}"
    );
    let sandbox = Sandbox::with_profiles();
    let healthy = sandbox.run(&["healthcheck", "--json"]).json();
    assert_eq!((&healthy["ok"], &healthy["usable_count"]), (&json!(true), &json!(3)), "{healthy}");
    assert_eq!(
        healthy["claude_version"].as_str().map(|version| version.contains("2.1.330")),
        Some(true),
        "{healthy}"
    );
}

#[test]
fn setup_shows_its_change_first_and_undoes_it() {
    let sandbox = Sandbox::new();
    let config = sandbox.user_home().join(".codex/config.toml");
    std::fs::create_dir_all(config.parent().expect("a folder")).expect("a folder");
    let before = "# mine\nmodel = \"gpt-5.5\"\n";
    std::fs::write(&config, before).expect("a file");
    let dry = sandbox.run(&["setup", "codex", "--dry-run"]);
    assert_eq!(dry.code, Some(0), "{dry:?}");
    assert!(dry.stdout.contains("[mcp_servers."), "{}", dry.stdout);
    assert_eq!(std::fs::read_to_string(&config).expect("a file"), before, "a dry run writes nothing");
    assert_eq!(sandbox.run(&["setup", "codex"]).code, Some(0));
    let written = std::fs::read_to_string(&config).expect("a file");
    assert!(written.starts_with("# mine") && written.contains("cc-orchestrator"), "{written}");
    assert_eq!(sandbox.run(&["setup", "codex", "--remove"]).code, Some(0));
    assert_eq!(std::fs::read_to_string(&config).expect("a file").trim_end(), before.trim_end());
}

#[test]
fn the_default_plugins_are_listed() {
    let listed = Sandbox::new().run(&["plugin", "list", "--json"]);
    assert_eq!(listed.code, Some(0), "{listed:?}");
    for id in ["cc.router", "cc.model-scorer", "cc.run-reviewer", "cc.secret-rules", "cc.prompt-pack"] {
        assert!(listed.stdout.contains(id), "{id} in {}", listed.stdout);
    }
}
