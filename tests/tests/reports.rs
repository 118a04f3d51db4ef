//! Files for people: CLAUDE.md, reports, plans.

use std::fs;

use cc_orchestrator_tests::{Profile, Sandbox, script::Step};
use serde_json::{Value, json};

fn write_claude_md(sandbox: &Sandbox, arguments: Value) -> Value {
    sandbox.mcp().call("cc_write_claude_md", arguments).structured
}

#[test]
fn claude_md_is_created_and_then_only_its_section_is_changed() {
    let sandbox = Sandbox::with_profiles();
    let path = sandbox.project().join("CLAUDE.md");
    let made = write_claude_md(&sandbox, json!({ "role": "security", "project_name": "Back\\slash" }));
    assert_eq!((&made["mode"], &made["changed"]), (&json!("created"), &json!(true)), "{made}");
    let text = fs::read_to_string(&path).expect("the file");
    for part in
        ["Back\\slash", "as an attacker", "## Safety Rules", ".agent-workspace/claude-code-orchestrator"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    // Each run says for itself whether it may write; and the file may be read on another machine.
    let here = sandbox.project().display().to_string();
    assert!(!text.contains("You may edit") && !text.contains("read-only") && !text.contains(&here), "{text}");

    let framed = format!("# Ours\r\n{text}\nlast line without an end");
    fs::write(&path, &framed).expect("a file");
    let updated = write_claude_md(&sandbox, json!({ "role": "testing" }));
    assert_eq!(updated["mode"], "updated-managed-section", "{updated}");
    let after = fs::read_to_string(&path).expect("the file");
    assert!(
        after.starts_with("# Ours\r\n<!--") && after.ends_with("-->\n\nlast line without an end"),
        "{after}"
    );
    assert!(after.contains("`testing`") && !after.contains("`security`"), "{after}");
    assert_eq!(write_claude_md(&sandbox, json!({ "role": "testing" }))["changed"], false);
}

#[test]
fn a_claude_md_of_the_users_is_left_alone_unless_told() {
    let sandbox = Sandbox::with_profiles();
    let path = sandbox.project().join("CLAUDE.md");
    fs::write(&path, "# Mine, no newline").expect("a file");
    let refused = write_claude_md(&sandbox, json!({}));
    assert_eq!((&refused["ok"], &refused["kind"]), (&json!(false), &json!("denied")), "{refused}");
    assert!(refused["next_step"].as_str().is_some_and(|next| next.contains("append")), "{refused}");
    assert_eq!(fs::read_to_string(&path).expect("the file"), "# Mine, no newline");

    let added = write_claude_md(&sandbox, json!({ "append": true, "force": true }));
    assert_eq!(added["mode"], "appended-managed-section", "{added}");
    assert!(fs::read_to_string(&path).expect("the file").starts_with("# Mine, no newline\n\n<!--"));

    fs::write(&path, "<!-- claude-code-orchestrator:begin -->\nhalf").expect("a file");
    let refused = write_claude_md(&sandbox, json!({ "append": true }));
    assert!(refused["error"].as_str().is_some_and(|error| error.contains("line 1")), "{refused}");
    let replaced = write_claude_md(&sandbox, json!({ "force": true }));
    assert_eq!(replaced["mode"], "replaced-with-backup", "{replaced}");
    let backup = replaced["backup_path"].as_str().expect("a backup");
    assert_eq!(
        fs::read_to_string(backup).expect("the backup"),
        "<!-- claude-code-orchestrator:begin -->\nhalf"
    );
}

#[cfg(unix)]
#[test]
fn a_linked_claude_md_stays_a_link_and_never_leads_out_of_the_project() {
    use std::os::unix::fs::symlink;
    let sandbox = Sandbox::with_profiles();
    let path = sandbox.project().join("CLAUDE.md");
    fs::write(sandbox.project().join("AGENTS.md"), "# Agents\n").expect("a file");
    symlink("AGENTS.md", &path).expect("a link");
    let added = write_claude_md(&sandbox, json!({ "append": true }));
    assert_eq!(added["ok"], true, "{added}");
    assert!(
        path.is_symlink() && fs::read_to_string(&path).expect("the file").starts_with("# Agents\n\n<!--")
    );

    for target in [sandbox.record("outside.md"), sandbox.project().join("nowhere.md")] {
        if target.ends_with("outside.md") {
            fs::write(&target, "theirs").expect("a file");
        }
        fs::remove_file(&path).expect("the link");
        symlink(&target, &path).expect("a link");
        let refused = write_claude_md(&sandbox, json!({ "force": true }));
        assert_eq!(refused["ok"], false, "{refused}");
    }
    assert_eq!(fs::read_to_string(sandbox.record("outside.md")).expect("the file"), "theirs");
}

#[test]
fn a_plan_is_steps_in_order_with_models_and_what_they_usually_cost() {
    let sandbox = Sandbox::new();
    sandbox.profiles(&[Profile::new("id-glm", "Zhipu GLM", "glm-5.2").current().price(2.0, 10.0)]);
    let mut client = sandbox.mcp();
    let ask = json!({ "task": "Make the login safe.", "allow_write": true });
    let plan = client.call("cc_workflow_plan", ask.clone()).structured;
    let steps = plan["steps"].as_array().expect("steps");
    let ids: Vec<&str> = steps.iter().map(|step| step["id"].as_str().expect("an id")).collect();
    assert_eq!(
        ids,
        [
            "1-requirements",
            "2-architecture",
            "3-security",
            "4-testing",
            "5-review",
            "6-implementation",
            "7-supervisor"
        ]
    );
    assert_eq!(plan["worker_roles"].as_array().map(Vec::len), Some(14));
    assert!(steps[2]["submit"]["task"].as_str().is_some_and(|task| task.contains("```findings")), "{plan}");
    assert_eq!(
        (&steps[2]["submit"]["after"], &steps[2]["submit"]["allow_write"]),
        (&json!([]), &json!(false)),
        "{plan}"
    );
    assert_eq!(steps[4]["submit"]["after"], json!(ids[..4]), "{plan}");
    let doing = &steps[5];
    assert_eq!(
        doing["submit"],
        json!({ "task": "Make the login safe.", "role": "implementation", "priority": 100, "allow_write": true,
                "cwd": sandbox.project().display().to_string(), "after": ["5-review"] }),
        "{plan}"
    );
    assert_eq!((&doing["model"], &doing["permission_mode"]), (&json!("glm-5.2"), &json!("acceptEdits")));
    assert_eq!(doing["estimate"], json!({ "basis": "no run has succeeded here yet" }), "{plan}");
    assert!(!sandbox.home().join("state.db").exists(), "planning writes nothing");

    sandbox.script(&[Step::finish("Fine.")]);
    let run = client.call("cc_run_agent", json!({ "task": "Look.", "role": "security" })).structured;
    let usage = &run["usage"];
    let tokens = |name: &str| usage[name].as_f64().expect("tokens");
    let plan = client.call("cc_workflow_plan", ask).structured;
    let estimate = &plan["steps"][2]["estimate"];
    let usd = (tokens("input_tokens") * 2.0 + tokens("output_tokens") * 10.0) / 1e6;
    let told = estimate["usd"].as_f64().expect("a price");
    assert!(told >= usd && told < usd * 10.0, "{usd} plus the cache in {estimate} of {usage}");
    assert_eq!(estimate["basis"], "one run of role security, at the listed price");
    assert!(plan["steps"][0]["estimate"]["basis"].as_str().is_some_and(|basis| basis.contains("all roles")));
}

#[test]
fn a_long_task_is_cut_in_a_plan_and_whole_in_its_step() {
    let sandbox = Sandbox::with_profiles();
    let task = "é".repeat(20_000);
    let mut client = sandbox.mcp();
    let plan = client.call("cc_workflow_plan", json!({ "task": task })).structured;
    assert!(plan["tasks_cut"] == true && plan.to_string().chars().count() < 40_000, "{}", plan["tasks_cut"]);
    let ask = json!({ "task": task, "step": "6-implementation" });
    let step = client.call("cc_workflow_plan", ask).structured["steps"][0].clone();
    assert_eq!(step["submit"]["task"], task);
    let ask = json!({ "task": task, "step": "9-nobody" });
    let refused = client.call("cc_workflow_plan", ask).structured;
    assert!(refused["next_step"].as_str().is_some_and(|next| next.contains("3-security")), "{refused}");
}
