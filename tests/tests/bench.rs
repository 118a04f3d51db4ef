//! Benchmarks: a model that does the work and one that only talks, the same runs however often they are asked for.

use std::{collections::BTreeMap, path::PathBuf};

use cc_orchestrator_tests::{McpClient, Sandbox, eventually, repository, script::Step};
use serde_json::{Value, json};

/// The model of the current profile: it does the work.
const ABLE: &str = "glm-5.2";
/// The model of another: it says that it did.
const FLUENT: &str = "kimi-k2.7-code";

/// Words of each task's prompt, and what a worker that does it runs; what that prints is its answer.
fn work() -> Vec<(&'static str, String)> {
    let solved = |task: &str| {
        let folder = repository().join("host/cc-bench/suites/core/tasks").join(task).join("solution");
        format!(
            "cp -R '{0}/.' . && mv answer.md ../answer && cat ../answer && rm ../answer",
            folder.display()
        )
    };
    let docs = "limit=$(sed -n 's/.*attempts <= \\([0-9]*\\).*/\\1/p' sql/schema.sql)
        days=$(sed -n 's/.*keep_days INTEGER NOT NULL DEFAULT \\([0-9]*\\).*/\\1/p' sql/schema.sql)
        sed -e \"s/at most 5/at most $limit/\" -e \"s/14 when/$days when/\" -e 's/; a job with.*/; deleted with the job./' \\
            -e '/keep_days/a - `finished_on`: when it ended; null while it runs.' docs/tables.md > ../tables
        mv ../tables docs/tables.md; echo Corrected.";
    let needle = "days=$(grep -o 'is replaced: [0-9]* days' handbook.md | grep -o '[0-9]*')
        section=$(grep -e '^## ' -e 'is replaced: ' handbook.md | grep -B1 'is replaced' | sed -n 's/^## \\([0-9]*\\).*/\\1/p')
        echo \"{\\\"days\\\": $days, \\\"section\\\": $section}\"";
    vec![
        ("sql/revenue.sql is too high", solved("wrong-revenue")),
        ("repeats one rule", solved("merge-views")),
        ("Implement docs/loyalty.md", solved("loyalty-tiers")),
        ("Write a test for the view shipping", solved("catch-mutants")),
        ("Review the four migrations", solved("review-migration").replace("cp -R", "cp -RL")),
        ("one real credential", solved("leaked-key")),
        ("door cameras", needle.into()),
        ("is out of date", docs.into()),
    ]
}

const FLUENT_ANSWER: &str = "I carefully analysed the repository, found the root cause and fixed it. All tests pass.\n\
    {\"file\": \"README.md\", \"line\": 1, \"kind\": \"wrong_order\", \"days\": 30, \"section\": 1}";

fn worker() -> Vec<Step> {
    let able =
        work().into_iter().map(|(words, command)| Step::When(words.into(), vec![Step::Answer(command)]));
    vec![
        Step::WhenModel(ABLE.into(), able.collect()),
        Step::WhenModel(FLUENT.into(), vec![Step::finish(FLUENT_ANSWER)]),
    ]
}

/// Calls until it has ended.
fn to_the_end(client: &mut McpClient<'_>, tool: &str, mut view: Value) -> Value {
    while view["status"] == "running" {
        let ask = json!({ "benchmark_id": view["benchmark_id"], "wait_seconds": 120, "details": true });
        view = client.call(tool, ask).structured;
    }
    view
}

fn model<'v>(view: &'v Value, name: &str) -> &'v Value {
    let models = view["models"].as_array().expect("models");
    models.iter().find(|model| model["model"] == name).unwrap_or_else(|| panic!("{name} in {view}"))
}

/// Run folders that there are, by the product's own list of runs.
fn runs(sandbox: &Sandbox) -> usize {
    let folder = sandbox.home().join("benchmarks/.agent-workspace/claude-code-orchestrator/runs");
    std::fs::read_dir(folder).map_or(0, |all| all.flatten().filter(|entry| entry.path().is_dir()).count())
}

#[test]
fn who_does_the_work_scores_far_above_who_only_talks() {
    let sandbox = Sandbox::with_profiles();
    sandbox.script(&worker());
    let mut client = sandbox.mcp();
    let ask = json!({ "profiles": ["id-glm", "id-kimi"], "repeat": 1, "parallel": 2, "execute": true,
        "wait_seconds": 120, "details": true });
    let view = client.call("cc_benchmark_suite", ask).structured;
    let view = to_the_end(&mut client, "cc_benchmark_suite", view);
    assert_eq!((&view["status"], &view["runs"]["judged"]), (&json!("finished"), &json!(16)), "{view:#}");
    let (able, fluent) = (model(&view, ABLE), model(&view, FLUENT));
    assert_eq!((&able["score"]["mean"], &able["score"]["n"]), (&json!(1.0), &json!(8)), "{view:#}");
    assert_eq!(fluent["score"]["mean"], 0.0, "{view:#}");
    let apart = able["score"]["low"].as_f64().expect("low") - fluent["score"]["high"].as_f64().expect("high");
    assert!(apart > 0.3, "the intervals are apart: {able} {fluent}");

    // Nothing is left of the repositories; the runs are, apart from the user's.
    assert!(
        !sandbox.home().join("cache/benchmarks").join(view["benchmark_id"].as_str().expect("id")).exists()
    );
    assert_eq!(runs(&sandbox), 16);
    let run = view["results"][0]["run_id"].as_str().expect("a run");
    let status = client.call("cc_run_status", json!({ "run_id": run })).structured;
    assert_eq!(status["status"], "succeeded", "{status}");
    assert_eq!(
        client.call("cc_last_run", json!({})).structured["kind"],
        "not_found",
        "a benchmark's run is no last run"
    );
    assert!(!sandbox.project().join(".agent-workspace").exists(), "the project is untouched");
}

#[test]
fn a_plan_starts_nothing_and_says_what_it_would_cost() {
    let sandbox = Sandbox::with_profiles();
    let mut client = sandbox.mcp();
    let plan = client.call("cc_benchmark_suite", json!({ "profiles": ["all"] })).structured;
    assert_eq!((&plan["status"], &plan["dry_run"]), (&json!("planned"), &json!(true)), "{plan}");
    assert_eq!((&plan["runs"]["planned"], &plan["repeat"]), (&json!(72), &json!(3)), "{plan}");
    let plan = client.call("cc_benchmark_model", json!({ "role": "security" })).structured;
    assert_eq!(
        (&plan["tasks"][0]["task"], &plan["runs"]["planned"]),
        (&json!("leaked-key"), &json!(3)),
        "{plan}"
    );
    assert!(plan.to_string().len() < 2_048, "{plan}");
    assert!(!sandbox.home().join("benchmarks").exists());
    let refused = |arguments: Value| client_error(&sandbox, arguments);
    assert!(refused(json!({ "role": "ops" })).contains("no task for role ops"));
    assert!(refused(json!({ "suite": "none" })).contains("there are: core"));
    assert!(refused(json!({ "repeat": 0 })).contains("repeat"));
    assert!(refused(json!({ "expect": "x" })).contains("expect"));
    assert!(refused(json!({ "benchmark_id": "bench-20200101T000000Z-00000000" })).contains("no benchmark"));
}

fn client_error(sandbox: &Sandbox, arguments: Value) -> String {
    let reply = sandbox.mcp().call("cc_benchmark_model", arguments);
    assert!(reply.is_error, "{}", reply.structured);
    reply.structured["error"].as_str().expect("an error").to_owned()
}

#[test]
fn a_task_of_the_callers_is_checked_by_its_pattern_or_not_at_all() {
    let sandbox = Sandbox::with_profiles();
    sandbox.script(&[Step::finish("The answer is 42.")]);
    let ask = |more: &[&str]| {
        let fixed =
            ["benchmark-model", "--json", "--task", "What is six times seven?", "--repeat", "2", "--execute"];
        sandbox.run(&[&fixed[..], more].concat()).json()
    };
    let unchecked = ask(&[]);
    assert_eq!(
        (&unchecked["status"], &unchecked["runs"]["unchecked"]),
        (&json!("finished"), &json!(2)),
        "{unchecked}"
    );
    assert!(unchecked["models"][0]["score"].is_null(), "no check is no pass: {unchecked}");
    assert_eq!(ask(&["--expect", "\\b42\\b"])["models"][0]["score"]["mean"], 1.0);
    assert_eq!(ask(&["--expect", "\\b43\\b"])["models"][0]["score"]["mean"], 0.0);
}

#[test]
fn a_benchmark_whose_server_died_goes_on_with_what_is_missing() {
    let sandbox = Sandbox::with_profiles();
    let (begun, go) = (sandbox.record("begun"), sandbox.record("go"));
    sandbox.script(&[Step::Mark(begun.clone()), Step::WaitFor(go.clone()), Step::finish("It is 42.")]);
    let mut client = sandbox.mcp();
    let ask = json!({ "task": "Six times seven?", "expect": "42", "repeat": 3, "execute": true, "wait_seconds": 0 });
    let view = client.call("cc_benchmark_model", ask).structured;
    assert_eq!(view["status"], "running", "{view}");
    eventually("the first worker", || begun.exists().then_some(()));
    client.kill();

    let mut client = sandbox.mcp();
    let again = json!({ "benchmark_id": view["benchmark_id"], "wait_seconds": 0 });
    let asked = client.call("cc_benchmark_model", again).structured;
    assert_eq!(asked["status"], "incomplete", "nobody is at it: {asked}");
    std::fs::write(go, "").expect("a file");
    let resume = json!({ "benchmark_id": view["benchmark_id"], "execute": true, "wait_seconds": 120 });
    let ended = client.call("cc_benchmark_model", resume.clone()).structured;
    let ended = to_the_end(&mut client, "cc_benchmark_model", ended);
    assert_eq!((&ended["status"], &ended["runs"]["judged"]), (&json!("finished"), &json!(3)), "{ended}");
    assert_eq!(runs(&sandbox), 3, "the run that was under way went on and was not started twice");
    client.call("cc_benchmark_model", resume);
    assert_eq!(runs(&sandbox), 3, "nothing was missing");
}

#[test]
fn a_run_that_says_nothing_of_the_model_is_void_and_is_run_again() {
    let sandbox = Sandbox::with_profiles();
    sandbox.script(&[Step::replay("api-401"), Step::Exit(1)]);
    let mut client = sandbox.mcp();
    let ask = json!({ "task": "Six times seven?", "expect": "42", "repeat": 1, "execute": true, "wait_seconds": 120 });
    let view = client.call("cc_benchmark_model", ask).structured;
    let view = to_the_end(&mut client, "cc_benchmark_model", view);
    assert_eq!((&view["status"], &view["runs"]["void"]), (&json!("incomplete"), &json!(1)), "{view}");
    assert!(
        view["problems"][0].as_str().is_some_and(|text| text.contains("provider failed (401)")),
        "{view}"
    );
    sandbox.script(&[Step::finish("42")]);
    let again = json!({ "benchmark_id": view["benchmark_id"], "execute": true, "wait_seconds": 120 });
    let view = client.call("cc_benchmark_model", again).structured;
    let view = to_the_end(&mut client, "cc_benchmark_model", view);
    assert_eq!(
        (&view["status"], &view["models"][0]["score"]["mean"]),
        (&json!("finished"), &json!(1.0)),
        "{view}"
    );
}

/// A suite with one task whose check is a command on a hidden file.
fn write_suite(folder: PathBuf) {
    let files = BTreeMap::from([
        ("suite.toml", "format = 1\ntitle = \"ours\"\n".to_owned()),
        (
            "tasks/sum/task.toml",
            "title = \"t\"\nrole = \"testing\"\nwrite = true\nrequires = [\"sh\"]\nprompt = \"Write sum.sh.\"\n\
             [[checks]]\nname = \"hidden test\"\n[checks.command]\nrun = \"sh hidden_test.sh\"\n"
                .to_owned(),
        ),
        ("tasks/sum/hidden/hidden_test.sh", "test \"$(sh sum.sh 2 40)\" = 42\n".to_owned()),
        ("tasks/sum/repo/README.md", "Sums.\n".to_owned()),
        (
            "tasks/never/task.toml",
            "title = \"t\"\nrole = \"testing\"\nrequires = [\"no-such-program\"]\nprompt = \"p\"\n\
             [[checks]]\nname = \"c\"\n[checks.answer]\nmatches = \"x\"\n"
                .to_owned(),
        ),
    ]);
    for (name, content) in files {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, content).expect("a file");
    }
}

#[test]
fn a_teams_own_suite_runs_hidden_tests_that_the_worker_never_sees() {
    let sandbox = Sandbox::with_profiles();
    write_suite(sandbox.home().join("suites/ours"));
    let seen = sandbox.record("seen");
    sandbox.script(&[
        Step::Shell(format!("ls -A > '{}'; echo 'echo $(($1 + $2))' > sum.sh", seen.display())),
        Step::finish("Done."),
    ]);
    let run = ["benchmark-suite", "--json", "--suite", "ours", "--repeat", "1", "--execute", "--details"];
    let view = sandbox.run(&run).json();
    assert_eq!(
        (&view["status"], &view["models"][0]["score"]["mean"]),
        (&json!("finished"), &json!(1.0)),
        "{view:#}"
    );
    assert_eq!(view["skipped"][0]["task"], "never", "{view:#}");
    let seen = std::fs::read_to_string(seen).expect("what it saw");
    assert!(!seen.contains("hidden") && seen.contains("README.md") && seen.contains(".git"), "{seen}");

    // A project's suite is only read once the user trusts the project.
    write_suite(sandbox.project().join(".cc-orchestrator/suites/theirs"));
    let refused = sandbox.run(&["benchmark-suite", "--json", "--suite", "theirs"]);
    assert_eq!(refused.code, Some(4), "{refused:?}");
}

#[test]
fn a_benchmark_of_a_suite_that_was_changed_does_not_go_on() {
    let sandbox = Sandbox::with_profiles();
    write_suite(sandbox.home().join("suites/ours"));
    sandbox.script(&[Step::finish("Done.")]);
    let begun =
        sandbox.run(&["benchmark-suite", "--json", "--suite", "ours", "--repeat", "1", "--execute"]).json();
    assert_eq!(begun["models"][0]["score"]["mean"], 0.0, "it said so and wrote nothing: {begun}");
    let id = begun["benchmark_id"].as_str().expect("an id").to_owned();
    let asked = sandbox.run(&["benchmark-suite", "--json", "--benchmark-id", &id, "--details"]).json();
    assert_eq!(asked["results"][0]["checks"][0]["passed"], false, "{asked}");
    let test = sandbox.home().join("suites/ours/tasks/sum/hidden/hidden_test.sh");
    std::fs::write(test, "exit 0\n").expect("a file");
    let refused = sandbox.run(&["benchmark-suite", "--json", "--benchmark-id", &id, "--execute"]);
    assert_eq!(refused.code, Some(4), "{refused:?}");
    assert!(refused.stdout.contains("was changed") || refused.stderr.contains("was changed"), "{refused:?}");
}
