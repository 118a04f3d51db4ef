//! Routing learns from what runs were worth, and moves on from who keeps failing.

use cc_orchestrator_tests::{McpClient, Past, PastRun, Profile, Sandbox, script::Step};
use serde_json::{Value, json};

const GLM: (&str, &str) = ("id-glm", "glm-5.2");
const KIMI: (&str, &str) = ("id-kimi", "kimi-k2.7-code");
const DEEPSEEK: (&str, &str) = ("id-deepseek", "deepseek-v4-pro");

fn picked(client: &mut McpClient<'_>, role: &str) -> Value {
    client.call("cc_pick_profile", json!({ "role": role })).structured
}

fn run(sandbox: &Sandbox, client: &mut McpClient<'_>, more: Value) -> String {
    sandbox.script(&[Step::finish("Done.")]);
    let mut ask = json!({ "task": "Do it." });
    if let (Value::Object(all), Value::Object(more)) = (&mut ask, more) {
        all.extend(more);
    }
    let run = client.call("cc_run_agent", ask).structured;
    assert_eq!(run["status"], "succeeded", "{run}");
    run["run_id"].as_str().expect("an id").to_owned()
}

#[test]
fn fifty_failures_of_one_model_and_fifty_successes_of_another_change_the_route() {
    for graded in [false, true] {
        let sandbox = Sandbox::with_profiles();
        let mut client = sandbox.mcp();
        let before = picked(&mut client, "review");
        let first = before["profile_id"].as_str().expect("a profile");
        let all = [GLM, KIMI, DEEPSEEK];
        let bad = all.into_iter().find(|(id, _)| *id == first).expect("one of them");
        let good = all.into_iter().find(|(id, _)| *id != first).expect("another");
        let mut past = Past::of(&sandbox);
        for _ in 0..50 {
            for ((profile, model), works) in [(bad, false), (good, true)] {
                let grade = graded.then_some(if works { 95 } else { 10 });
                let run = PastRun::new(profile, model, "review");
                past.add(&PastRun { succeeded: works || graded, grade, ..run });
            }
        }
        let after = picked(&mut client, "review");
        assert_eq!((&after["profile_id"], &after["model"]), (&json!(good.0), &json!(good.1)), "{after}");
        let scores = client.call("cc_score_models", json!({ "role": "review" })).structured;
        let of = |model: &str| {
            let all = scores["models"].as_array().expect("models");
            all.iter().find(|one| one["model"] == model).expect("the model").clone()
        };
        assert!(of(bad.1)["overall"].as_f64() < Some(4.0), "{}", of(bad.1));
        assert!(of(bad.1)["basis"].to_string().contains("review: 50 of these runs"), "{}", of(bad.1));
        assert!(of(good.1)["parts"].to_string().contains("\"history\""), "{}", of(good.1));
    }
}

#[test]
fn what_answered_counts_and_not_what_was_asked_for() {
    let sandbox = Sandbox::new();
    sandbox.profiles(&[Profile::new("id-one", "One", "glm-5.2")
        .env("ANTHROPIC_DEFAULT_OPUS_MODEL", "kimi-k2.7-code")
        .current()]);
    let mut past = Past::of(&sandbox);
    for _ in 0..20 {
        let run = PastRun::new("id-one", "glm-5.2", "review");
        past.add(&PastRun { answered: "moonshot/Kimi-K2.7-Code", grade: Some(5), ..run });
    }
    let scores = sandbox.mcp().call("cc_score_models", json!({ "role": "review" })).structured;
    let basis = |model: &str| {
        let models = scores["models"].as_array().expect("models");
        models.iter().find(|one| one["model"] == model).expect("it")["basis"].to_string()
    };
    assert!(basis("kimi-k2.7-code").contains("20 earlier runs"), "{scores}");
    assert!(!basis("glm-5.2").contains("earlier runs"), "{scores}");
}

#[test]
fn history_never_overrules_the_user() {
    let sandbox = Sandbox::with_profiles();
    let mut past = Past::of(&sandbox);
    for _ in 0..100 {
        past.add(&PastRun { grade: Some(0), ..PastRun::new(GLM.0, GLM.1, "review") });
        past.add(&PastRun { grade: Some(100), ..PastRun::new(KIMI.0, KIMI.1, "review") });
    }
    let mut client = sandbox.mcp();
    assert_eq!(picked(&mut client, "review")["profile_id"], KIMI.0);
    let mine = json!({ "config": { "preferred_models": { "review": GLM.1 } }, "apply": true });
    client.call("cc_local_policy", mine);
    let after = picked(&mut client, "review");
    assert_eq!(after["profile_id"], GLM.0, "{after}");
    assert!(after["trace"].to_string().contains("has the last word"), "{after}");
}

#[test]
fn a_controllers_verdict_is_kept_and_later_grades_go_on_from_it() {
    let sandbox = Sandbox::with_profiles();
    let mut client = sandbox.mcp();
    let id = run(&sandbox, &mut client, json!({ "role": "review" }));
    let score = |client: &mut McpClient<'_>, more: Value| {
        let mut ask = json!({ "run_id": id });
        if let (Value::Object(all), Value::Object(more)) = (&mut ask, more) {
            all.extend(more);
        }
        client.call("cc_score_worker", ask).structured
    };
    let dry = score(&mut client, json!({ "apply": false }));
    assert_eq!((&dry["applied"], &dry["quality_score"]), (&json!(false), &json!(100)), "{dry}");
    let bad =
        score(&mut client, json!({ "solved": false, "hallucination": true, "notes": "It made up a file." }));
    // 35 for the task, 15 for the rework that this means, 25 for the claims.
    assert_eq!((&bad["quality_score"], &bad["previous_score"]), (&json!(25), &Value::Null), "{bad}");
    assert!(bad["model"].is_string(), "{bad}");
    let better = score(&mut client, json!({ "hallucination": false }));
    assert_eq!((&better["quality_score"], &better["previous_score"]), (&json!(50), &json!(25)), "{better}");
    assert_eq!(
        (&better["solved"], &better["notes"]),
        (&json!(false), &json!("It made up a file.")),
        "{better}"
    );
    // A verification does not know better than the controller whether the task is solved.
    let verified =
        client.call("cc_verify_run", json!({ "run_id": id, "test_commands": ["exit 0"] })).structured;
    assert_eq!(
        (&verified["status"], &verified["quality_score"]),
        (&json!("verified"), &json!(50)),
        "{verified}"
    );
}

#[test]
fn a_run_that_goes_on_is_not_graded() {
    let sandbox = Sandbox::with_profiles();
    sandbox.script(&[Step::WaitFor(sandbox.record("never"))]);
    let mut client = sandbox.mcp();
    let id = client.call("cc_run_streaming_agent", json!({ "task": "Wait." })).structured["run_id"].clone();
    let refused = client.call("cc_score_worker", json!({ "run_id": id }));
    assert!(refused.is_error && refused.structured["error"].to_string().contains("still runs"));
    client.call("cc_stop_run", json!({ "run_id": id, "force": true }));
    let says_nothing = client.call("cc_score_worker", json!({ "run_id": id })).structured;
    assert!(says_nothing["next_step"].to_string().contains("solved"), "{says_nothing}");
    let judged = client.call("cc_score_worker", json!({ "run_id": id, "solved": true })).structured;
    assert_eq!(judged["ok"], true, "{judged}");
}

/// Sends a run back until it has failed its verification this often; gives its route and what it was told.
fn sent_back(sandbox: &Sandbox, client: &mut McpClient<'_>, id: &str) -> (String, Value, String) {
    // Put together here, so that no scanner finds it in this file.
    let key = ["gh", "p_", "Zq8RtY2uVb7NmK4jHs6DfG1aWcE9xLpO3iUk"].concat();
    let failing =
        json!({ "run_id": id, "test_commands": [format!("echo the-wrong-answer; exit 3 # {key}")] });
    let verified = client.call("cc_verify_run", failing).structured;
    assert_eq!(verified["status"], "blocked_verification", "{verified}");
    let told = sandbox.record("told");
    let _ = std::fs::remove_file(&told);
    sandbox.script(&[Step::Record(told.clone()), Step::finish("Again.")]);
    let sent =
        client.call("cc_send_instruction", json!({ "run_id": id, "instruction": "Mend it." })).structured;
    let next = sent["run_id"].as_str().unwrap_or_else(|| panic!("a run in {sent}")).to_owned();
    client.call("cc_poll_run", json!({ "run_id": next, "wait_seconds": 120, "wait_for": "end" }));
    let route = sandbox.metadata(&next)["route"].clone();
    let prompt = sandbox.received(&told).prompt;
    assert!(prompt.contains("exit 3") && !prompt.contains(&key), "{prompt}");
    (next, route, prompt)
}

#[test]
fn after_two_failed_verifications_the_next_stronger_model_is_told_what_failed() {
    let sandbox = Sandbox::with_profiles();
    let mut client = sandbox.mcp();
    let scores = client.call("cc_score_models", json!({ "role": "testing" })).structured;
    let mut models: Vec<(f64, String, String)> = scores["models"]
        .as_array()
        .expect("models")
        .iter()
        .map(|one| {
            let text = |name: &str| one[name].as_str().expect("a text").to_owned();
            (one["overall"].as_f64().expect("a score"), text("model"), text("profile_id"))
        })
        .collect();
    models.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (weakest, next) = (models[0].clone(), models[1].clone());

    let first = run(&sandbox, &mut client, json!({ "role": "testing", "profile": weakest.2 }));
    let (second, route, prompt) = sent_back(&sandbox, &mut client, &first);
    assert_eq!(route["profile_id"], json!(weakest.2), "{route}");
    assert!(route["reason"].to_string().contains("tries again"), "{route}");
    assert!(prompt.contains("failed its verification") && prompt.contains("the-wrong-answer"), "{prompt}");

    let (_, route, prompt) = sent_back(&sandbox, &mut client, &second);
    assert_eq!((&route["profile_id"], &route["model"]), (&json!(next.2), &json!(next.1)), "{route}");
    assert!(route["reason"].to_string().contains("next stronger"), "{route}");
    assert!(prompt.contains("the-wrong-answer"), "{prompt}");
}

#[test]
fn whoever_insists_on_the_route_or_prefers_one_has_the_last_word_over_escalation() {
    let sandbox = Sandbox::with_profiles();
    let mut client = sandbox.mcp();
    client.call(
        "cc_local_policy",
        json!({ "config": { "plugins": { "cc.router": { "escalate_after": 1 } },
                            "preferred_profiles": { "testing": GLM.0 } }, "apply": true }),
    );
    let first = run(&sandbox, &mut client, json!({ "role": "testing" }));
    let (second, route, _) = sent_back(&sandbox, &mut client, &first);
    assert_eq!(route["profile_id"], GLM.0, "the user's override: {route}");
    client.call("cc_verify_run", json!({ "run_id": second, "test_commands": ["exit 1"] }));
    client.call("cc_local_policy", json!({ "config": { "preferred_profiles": null }, "apply": true }));
    sandbox.script(&[Step::finish("Again.")]);
    let insists = json!({ "run_id": second, "instruction": "Mend it.", "preserve_route": true });
    let sent = client.call("cc_send_instruction", insists).structured;
    let route = &sandbox.metadata(sent["run_id"].as_str().expect("a run"))["route"];
    assert_eq!(route["profile_id"], GLM.0, "the caller: {route}");
}

#[test]
fn the_registry_tells_what_is_known_of_each_model_and_from_where() {
    let sandbox = Sandbox::new();
    sandbox.profiles(&[
        Profile::new("id-glm", "Zhipu GLM", "glm-5.2").price(1.5, 6.0).current(),
        Profile::new("id-other", "Another", "GLM-5.2[1M]"),
        Profile::new("id-opus", "Anthropic", "claude-opus-5"),
    ]);
    let mut past = Past::of(&sandbox);
    for role in ["review", "testing"] {
        past.add(&PastRun { grade: Some(90), ..PastRun::new("id-glm", "glm-5.2", role) });
        past.add(&PastRun { grade: Some(10), ..PastRun::new("id-other", "GLM-5.2[1M]", role) });
    }
    let mut client = sandbox.mcp();
    let all = client.call("cc_model_registry", json!({ "refresh": false })).structured;
    assert_eq!(all["count"], 2, "one model has one line, whatever it is called: {all}");
    let first = &all["models"][0];
    assert_eq!(
        (&first["model"], &first["runs"], &first["mean_grade"]),
        (&json!("glm-5.2"), &json!(4), &json!(50.0))
    );
    assert_eq!(
        (&first["price"], &first["recent_failures"]),
        (&json!("1.5/6 USD per Mtok, CC Switch"), &json!(2))
    );
    assert!(all["models"][1]["price"].to_string().contains("built-in list price"), "{all}");
    assert!(all.to_string().len() < 2_048 && all.get("path").is_none(), "{all}");

    let mine = json!({ "config": { "prices": { "glm-5.2": { "input": 2, "output": 7 } } }, "apply": true });
    client.call("cc_local_policy", mine);
    let whole = client.call("cc_model_registry", json!({ "model": "glm-5.2", "apply": true })).structured;
    let profiles = whole["profiles"].as_array().expect("profiles");
    assert_eq!((profiles.len(), &profiles[0]["price_source"]), (2, &json!("overrides.toml")), "{whole}");
    assert_eq!(profiles[0]["quality_by_role"]["review"]["mean_grade"], 90.0, "{whole}");
    assert_eq!(profiles[1]["quality"]["successes"], 0, "{whole}");
    let file = std::fs::read_to_string(whole["path"].as_str().expect("a path")).expect("it was written");
    assert!(file.contains("claude-opus-5") && !file.contains("sk-planted"), "{file}");
    let unknown = client.call("cc_model_registry", json!({ "model": "nobody" })).structured;
    assert_eq!(unknown["kind"], "not_found", "{unknown}");
}

#[test]
fn a_calibration_becomes_values_with_reasons_and_is_kept_unless_told_otherwise() {
    let sandbox = Sandbox::with_profiles();
    let mut client = sandbox.mcp();
    let overrides = sandbox.home().join("overrides.toml");
    let ask = json!({ "favor": "cost", "explore": 0.2, "avoid": [GLM.1], "prefer": { "review": KIMI.1 },
                      "escalate_after": 1, "tone": "brief" });
    let dry = client.call("cc_calibrate_policy", json!({ "preferences": ask, "apply": false })).structured;
    assert_eq!((&dry["applied"], overrides.exists()), (&json!(false), false), "{dry}");
    assert!(dry["diff"].to_string().contains("+price_weight = 2"), "{dry}");

    let kept = client.call("cc_calibrate_policy", json!({ "preferences": ask })).structured;
    assert_eq!(kept["applied"], true, "{kept}");
    let keys: Vec<&str> =
        kept["changes"].as_array().expect("changes").iter().filter_map(|c| c["key"].as_str()).collect();
    let expected = [
        "plugins.\"cc.router\".avoid",
        "plugins.\"cc.router\".escalate_after",
        "plugins.\"cc.model-scorer\".exploration",
        "plugins.\"cc.router\".price_weight",
        "preferred_models.review",
    ];
    assert_eq!(keys, expected, "{kept}");
    assert!(std::fs::read_to_string(&overrides).expect("written").contains("notes = \"tone: brief\""));
    assert_eq!(picked(&mut client, "review")["model"], KIMI.1);
    assert_ne!(picked(&mut client, "testing")["model"], GLM.1);

    let back = json!({ "prefer": { "review": null }, "avoid": [], "favor": "balance" });
    let back = client.call("cc_calibrate_policy", json!({ "preferences": back })).structured;
    assert!(std::path::Path::new(back["backup_path"].as_str().expect("a backup")).is_file(), "{back}");
    let again = client.call("cc_calibrate_policy", json!({})).structured;
    assert_eq!((&again["applied"], &again["changes"]), (&json!(false), &json!([])), "{again}");
}

#[test]
fn results_that_are_clear_can_be_pinned() {
    let sandbox = Sandbox::with_profiles();
    let mut past = Past::of(&sandbox);
    for _ in 0..50 {
        past.add(&PastRun { grade: Some(15), ..PastRun::new(GLM.0, GLM.1, "review") });
        past.add(&PastRun { grade: Some(92), ..PastRun::new(KIMI.0, KIMI.1, "review") });
    }
    let mut client = sandbox.mcp();
    let told = client.call("cc_calibrate_policy", json!({})).structured;
    assert_eq!(told["suggestions"][0]["to"], KIMI.1, "{told}");
    let pinned = json!({ "preferences": { "pin_winners": true } });
    let pinned = client.call("cc_calibrate_policy", pinned).structured;
    assert_eq!(
        (&pinned["changes"][0]["key"], &pinned["applied"]),
        (&json!("preferred_models.review"), &json!(true))
    );
    let picked = picked(&mut client, "review");
    assert!(picked["trace"].to_string().contains("preferred_models.review"), "{picked}");
}
