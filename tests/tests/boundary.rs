//! A project that only some profiles may see: every way round is closed.

use std::fs;

use cc_orchestrator_tests::{McpClient, Sandbox, eventually, script::Step};
use serde_json::{Value, json};

/// Three profiles, and the project kept to one that routing would not choose by itself.
struct World {
    sandbox: Sandbox,
    allowed: &'static str,
    others: [&'static str; 2],
}

fn world() -> World {
    let sandbox = Sandbox::with_profiles();
    let all = ["id-glm", "id-kimi", "id-deepseek"];
    let chosen = sandbox.mcp().call("cc_pick_profile", json!({})).structured["profile_id"].clone();
    let allowed = all.into_iter().find(|id| chosen != *id).expect("another");
    let others: Vec<&str> = all.into_iter().filter(|id| *id != allowed).collect();
    let world = World { sandbox, allowed, others: [others[0], others[1]] };
    world.keep_to(&world.sandbox.project(), &[allowed]);
    world
}

impl World {
    fn keep_to(&self, folder: &std::path::Path, profiles: &[&str]) {
        let config = json!({ "boundaries": { folder.display().to_string(): { "profiles": profiles } } });
        let set = self.sandbox.mcp().call("cc_local_policy", json!({ "config": config, "apply": true }));
        assert!(!set.is_error, "{}", set.structured);
    }

    /// A project beside the one that is kept.
    fn elsewhere(&self) -> String {
        let folder = self.sandbox.root().join("elsewhere");
        fs::create_dir_all(&folder).expect("a folder");
        folder.display().to_string()
    }
}

fn run(client: &mut McpClient<'_>, more: Value) -> Value {
    let mut ask = json!({ "task": "Do it." });
    if let (Value::Object(all), Value::Object(more)) = (&mut ask, more) {
        all.extend(more);
    }
    client.call("cc_run_agent", ask).structured
}

#[track_caller]
fn denied(reply: &Value) {
    assert_eq!((&reply["ok"], &reply["kind"]), (&json!(false), &json!("denied")), "{reply}");
    let error = reply["error"].as_str().expect("an error");
    assert!(error.contains("overrides.toml keeps"), "{error}");
}

#[test]
fn only_the_allowed_profile_is_chosen_and_the_trace_says_why() {
    let World { sandbox, allowed, .. } = world();
    let picked = sandbox.mcp().call("cc_pick_profile", json!({})).structured;
    assert_eq!(picked["profile_id"], allowed, "{picked}");
    assert!(picked["trace"].to_string().contains("overrides.toml keeps"), "{picked}");
}

#[test]
fn neither_a_named_profile_nor_a_preference_leads_round_it() {
    let World { sandbox, allowed, others } = world();
    let mut client = sandbox.mcp();
    for other in others {
        denied(&client.call("cc_pick_profile", json!({ "profile": other })).structured);
        denied(&run(&mut client, json!({ "profile": other })));
        let start = json!({ "task": "Do it.", "profile": other });
        denied(&client.call("cc_run_streaming_agent", start).structured);
    }
    let prefer = json!({ "config": { "preferred_profiles": { "default": others[0] } }, "apply": true });
    client.call("cc_local_policy", prefer);
    let picked = client.call("cc_pick_profile", json!({})).structured;
    assert_eq!(picked["profile_id"], allowed, "{picked}");
}

#[test]
fn neither_a_folder_around_it_nor_a_link_to_it_leads_round_it() {
    let World { sandbox, others, .. } = world();
    let mut client = sandbox.mcp();
    let link = sandbox.root().join("door");
    std::os::unix::fs::symlink(sandbox.project(), &link).expect("a link");
    fs::create_dir(sandbox.project().join("inner")).expect("a folder");
    for cwd in [sandbox.root().to_owned(), link, sandbox.project().join("inner")] {
        denied(&run(&mut client, json!({ "cwd": cwd, "profile": others[0] })));
    }
}

#[test]
fn a_session_that_goes_on_stays_within_it() {
    let World { sandbox, allowed, others } = world();
    sandbox.script(&[Step::replay("text")]);
    let mut client = sandbox.mcp();
    let first = run(&mut client, json!({}))["run_id"].clone();
    let go_on = |more: Value| {
        let mut ask = json!({ "run_id": first, "instruction": "Go on." });
        if let (Value::Object(all), Value::Object(more)) = (&mut ask, more) {
            all.extend(more);
        }
        ask
    };
    let kept = client.call("cc_send_instruction", go_on(json!({}))).structured;
    assert_eq!(kept["how"], "resumed", "{kept}");
    denied(&client.call("cc_send_instruction", go_on(json!({ "route_profile": others[0] }))).structured);
    let rerouted = client.call("cc_send_instruction", go_on(json!({ "reroute": true }))).structured;
    let id = rerouted["run_id"].as_str().expect("a run");
    assert_eq!(sandbox.metadata(id)["route"]["profile_id"], allowed);

    // The boundary was moved since: a session that began on a profile that may see the project no more ends there.
    sandbox.mcp().call(
        "cc_local_policy",
        json!({ "config": { "boundaries": { sandbox.project().display().to_string(): { "profiles": [others[0]] } } },
                "apply": true }),
    );
    denied(&client.call("cc_send_instruction", go_on(json!({ "preserve_route": true }))).structured);
}

#[test]
fn a_run_in_a_copy_goes_on_within_the_projects_boundary() {
    let World { sandbox, others, .. } = world();
    sandbox.git();
    sandbox.script(&[Step::finish("Done.")]);
    let mut client = sandbox.mcp();
    let isolated = run(&mut client, json!({ "allow_write": true, "isolate": true }));
    let cwd = sandbox.metadata(isolated["run_id"].as_str().expect("a run"))["cwd"].clone();
    assert!(!cwd.as_str().expect("a folder").contains("/project"), "it worked elsewhere: {cwd}");
    let elsewhere =
        json!({ "run_id": isolated["run_id"], "instruction": "Go on.", "route_profile": others[0] });
    denied(&client.call("cc_send_instruction", elsewhere).structured);
}

#[test]
fn a_usage_limit_does_not_lead_round_it() {
    let World { sandbox, allowed, others } = world();
    sandbox.script(&[Step::replay("api-429"), Step::Exit(1)]);
    let mut client = sandbox.mcp();
    // Two profiles may see it: the run fails over to the other of the two, and never to the third.
    let folder = sandbox.project().display().to_string();
    let config = json!({ "boundaries": { folder: { "profiles": [allowed, others[0]] } } });
    client.call("cc_local_policy", json!({ "config": config, "apply": true }));
    let start = json!({ "task": "Do it.", "on_limit": "failover", "timeout_seconds": 60 });
    let id =
        client.call("cc_run_streaming_agent", start).structured["run_id"].as_str().expect("a run").to_owned();
    eventually("it is parked, for there is nobody left", || {
        (sandbox.metadata(&id)["status"] == "parked").then_some(())
    });
    let events = sandbox.events(&id);
    let resumed: Vec<&Value> = events.iter().filter(|event| event["type"] == "resumed").collect();
    assert_eq!(resumed.len(), 1, "{resumed:?}");
    let third = if others[1] == "id-glm" {
        "Zhipu GLM"
    } else if others[1] == "id-kimi" {
        "Kimi"
    } else {
        "DeepSeek"
    };
    assert_ne!(resumed[0]["profile"], third, "{resumed:?}");
    client.call("cc_stop_run", json!({ "run_id": id, "force": true }));
}

#[test]
fn neither_a_team_nor_a_cross_review_from_elsewhere_leads_round_it() {
    let world = world();
    let World { sandbox, allowed, others } = &world;
    sandbox.script(&[Step::finish("The secret is 42.")]);
    let mut client = sandbox.mcp();
    let team = client.call("cc_spawn_role_team", json!({ "task": "Look." })).structured;
    for member in team["runs"].as_array().expect("runs") {
        let route = &sandbox.metadata(member["run_id"].as_str().expect("an id"))["route"];
        assert_eq!(route["profile_id"], *allowed, "{route}");
    }
    let source = run(&mut client, json!({}))["run_id"].clone();
    let review = json!({ "run_ids": [source], "cwd": world.elsewhere(), "reviewer_roles": ["review"] });
    let reviewing = client.call("cc_cross_review", review.clone()).structured;
    let reviewer = reviewing["review_runs"][0]["run_id"].as_str().unwrap_or_else(|| panic!("{reviewing}"));
    let listed = client.call("cc_run_status", json!({ "run_id": reviewer })).structured;
    assert!(!listed.to_string().contains(others[0]) && !listed.to_string().contains(others[1]), "{listed}");
    // Kept to different profiles, the two projects have no reviewer in common.
    world.keep_to(&sandbox.root().join("elsewhere"), &[others[0]]);
    denied(&client.call("cc_cross_review", review).structured);
}

#[test]
fn a_project_restricts_itself_without_being_trusted() {
    let World { sandbox, allowed, others } = world();
    let folder = sandbox.project().join(".cc-orchestrator");
    fs::create_dir(&folder).expect("a folder");
    let own = |profiles: &str| {
        fs::write(folder.join("overrides.toml"), format!("[boundaries.'.']\nprofiles = [{profiles}]\n"))
            .expect("a file");
    };
    let mut client = sandbox.mcp();
    // It cannot open what the user closed.
    own(&format!("'{}', '{allowed}'", others[0]));
    assert_eq!(client.call("cc_pick_profile", json!({})).structured["profile_id"], allowed);
    own(&format!("'{}'", others[0]));
    let refused = client.call("cc_pick_profile", json!({})).structured;
    assert_eq!(refused["kind"], "denied", "{refused}");
}

#[test]
fn a_boundary_that_names_nothing_that_exists_denies_everything() {
    let World { sandbox, allowed, .. } = world();
    let mut client = sandbox.mcp();
    let folder = sandbox.project().display().to_string();
    let config = json!({ "boundaries": { folder: { "profiles": ["nobody"] } } });
    client.call("cc_local_policy", json!({ "config": config, "apply": true }));
    for ask in [json!({}), json!({ "profile": allowed })] {
        let refused = client.call("cc_pick_profile", ask).structured;
        denied(&refused);
        assert!(refused["error"].to_string().contains("'nobody'"), "{refused}");
    }
}
