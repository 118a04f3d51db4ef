//! Files for people: CLAUDE.md, reports, plans.

use std::fs;

use cc_orchestrator_tests::{McpClient, Profile, Sandbox, script::Step};
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
    assert_eq!(plan["estimate"], json!({ "usd": 0.0, "tokens": 0, "steps_without_usd": 7 }), "{plan}");
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

/// The file that a call says it wrote.
fn exported(client: &mut McpClient<'_>, arguments: Value) -> (String, String) {
    let said = client.call("cc_export_report", arguments).structured;
    let path = said["path"].as_str().unwrap_or_else(|| panic!("a path in {said}")).to_owned();
    let text = fs::read_to_string(&path).expect("the report");
    assert_eq!(said["bytes"], text.len(), "{said}");
    (path, text)
}

#[test]
fn a_run_is_exported_in_every_form_and_none_obeys_its_worker() {
    let sandbox = Sandbox::with_profiles();
    sandbox.script(&[Step::finish(
        "<script>alert(1)</script>\n````\n# Not a heading\nsk-planted-for-tests-id-glm",
    )]);
    let mut client = sandbox.mcp();
    let ask = json!({ "task": "Say <b>it</b>.", "profile": "id-glm", "role": "review" });
    let run = client.call("cc_run_agent", ask).structured["run_id"].clone();
    let (path, markdown) = exported(&mut client, json!({ "run_id": run }));
    assert!(
        path.contains(".agent-workspace/claude-code-orchestrator/reports/run-") && path.ends_with(".md"),
        "{path}"
    );
    assert!(markdown.contains("| role ") && markdown.contains("`````text\n<script>alert(1)"), "{markdown}");
    let (_, html) = exported(&mut client, json!({ "run_id": run, "format": "html", "output_dir": "out" }));
    assert!(html.contains("&lt;script&gt;alert(1)") && html.contains("Say &lt;b&gt;it&lt;/b&gt;."), "{html}");
    assert!(!html.contains("<script") && !html.contains("src=") && !html.contains("href="), "{html}");
    let (path, json) = exported(&mut client, json!({ "run_id": run, "format": "json", "output_dir": "out" }));
    let report: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!((&report["record"]["run_id"], &report["format"]), (&run, &json!(1)), "{json}");
    for text in [&markdown, &html, &json] {
        assert!(!text.contains("sk-planted"), "a key in {text}");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&path).expect("the report").permissions().mode() & 0o777, 0o600);
    }
    assert!(std::path::Path::new(&path).starts_with(sandbox.project().join("out")), "{path}");
}

#[test]
fn a_team_and_a_day_are_exported_with_all_their_runs() {
    let sandbox = Sandbox::with_profiles();
    sandbox.script(&[Step::finish("Fine.\n```findings\nproblem | src/a.rs:3 | it leaks\n```")]);
    let mut client = sandbox.mcp();
    let team = client
        .call("cc_spawn_role_team", json!({ "task": "Look.", "roles": ["review", "security"] }))
        .structured;
    let ids: Vec<Value> =
        team["runs"].as_array().expect("runs").iter().map(|run| run["run_id"].clone()).collect();
    for id in &ids {
        client.call("cc_poll_run", json!({ "run_id": id, "wait_seconds": 120, "wait_for": "end" }));
    }
    let (_, page) = exported(&mut client, json!({ "team_id": team["team_id"] }));
    assert!(
        page.contains("## Agreements: 1\n\nsrc/a.rs:3") && page.contains("security: problem: it leaks"),
        "{page}"
    );

    let day = ids[0].as_str().expect("an id").to_owned();
    let day = format!("{}-{}-{}", &day[..4], &day[4..6], &day[6..8]);
    let (_, page) = exported(&mut client, json!({ "date": day }));
    assert!(ids.iter().all(|id| page.contains(id.as_str().expect("an id"))), "{page}");
    assert!(page.contains("## By model"), "{page}");
    for wrong in [json!({}), json!({ "date": "yesterday" }), json!({ "date": day, "run_id": ids[0] })] {
        let refused = client.call("cc_export_report", wrong).structured;
        assert_eq!(refused["kind"], "invalid_input", "{refused}");
    }
}

#[test]
fn strategy_reports_say_who_does_what() {
    let sandbox = Sandbox::with_profiles();
    let said = sandbox.mcp().call("cc_write_strategy_reports", json!({ "output_dir": "out" })).structured;
    let read = |name: &str| fs::read_to_string(said[name].as_str().expect("a path")).expect("the report");
    let scores: Value = serde_json::from_str(&read("scores_path")).expect("JSON");
    assert_eq!(scores["models"].as_array().map(Vec::len), Some(3), "{scores}");
    let page = read("strategy_path");
    for part in ["| multimodal", "glm-5.2", "kimi-k2.7-code", "cc_local_policy"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert_eq!(said["workflow_plan"].as_array().map(Vec::len), Some(14), "{said}");
}
