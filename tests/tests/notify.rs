//! Word of runs: a webhook, the desktop, an OpenTelemetry collector.

use std::fs;

use cc_orchestrator_tests::{
    Listener, Posted, Sandbox, eventually,
    script::{KEY, Step},
};
use opentelemetry_proto::tonic::{
    collector::{metrics::v1::ExportMetricsServiceRequest, trace::v1::ExportTraceServiceRequest},
    common::v1::{KeyValue, any_value::Value as Any},
    metrics::v1::{AggregationTemporality, Metric, metric::Data},
    trace::v1::Span,
};
use prost::Message as _;
use serde_json::{Value, json};

fn overrides(sandbox: &Sandbox, notify: &str) {
    fs::create_dir_all(sandbox.home()).expect("a home");
    fs::write(sandbox.home().join("overrides.toml"), format!("[notify]\n{notify}\n")).expect("overrides");
}

fn body(posted: &Posted) -> Value {
    serde_json::from_slice(&posted.body).expect("JSON")
}

/// What the product logged, once there is something.
fn log(sandbox: &Sandbox) -> String {
    let path = sandbox.home().join("logs/cc-orchestrator.log");
    eventually("the log", || fs::read_to_string(&path).ok().filter(|text| !text.is_empty()))
}

#[test]
fn a_webhook_is_told_of_good_and_bad_ends_and_not_what_was_answered() {
    let sandbox = Sandbox::with_profiles();
    let listener = Listener::start("204 No Content", "");
    overrides(&sandbox, &format!("webhook = \"{}/hook?secret\"", listener.url()));
    sandbox.script(&[Step::finish("The answer.")]);
    let run = sandbox.run(&["run-agent", "Look.", "--role", "review", "--json"]).json();
    sandbox.script(&[Step::Complain(format!("the key {KEY} is wrong\n")), Step::Exit(3)]);
    let failed = sandbox.run(&["run-agent", "Look.", "--json"]).json();
    assert_eq!(failed["status"], "failed");

    let posted = listener.wait_for(2);
    assert_eq!(
        (posted[0].path.as_str(), posted[0].header("content-type")),
        ("/hook?secret", Some("application/json"))
    );
    let told = body(&posted[0]);
    assert_eq!(
        (&told["event"], &told["run_id"], &told["status"], &told["role"]),
        (&json!("finished"), &run["run_id"], &json!("succeeded"), &json!("review")),
        "{told}"
    );
    assert!(told["text"].as_str().is_some_and(|text| text.starts_with("review finished: ")), "{told}");
    assert!(!told.to_string().contains("The answer."), "{told}");
    let told = body(&posted[1]);
    assert_eq!(told["event"], "failed");
    assert!(told["error"].as_str().is_some_and(|error| error.contains("is wrong")), "{told}");
    assert!(!told.to_string().contains("sk-planted"), "a key in {told}");
    assert!(posted.iter().all(|one| one.body.len() < 4_000));
}

#[test]
fn only_what_the_user_chose_is_told() {
    let sandbox = Sandbox::with_profiles();
    let listener = Listener::start("200 OK", "");
    overrides(&sandbox, &format!("webhook = \"{}\"\non = [\"failed\"]", listener.url()));
    sandbox.script(&[Step::finish("Fine.")]);
    assert_eq!(sandbox.run(&["run-agent", "Look.", "--json"]).json()["status"], "succeeded");
    sandbox.script(&[Step::Finish { text: "no".into(), is_error: true }]);
    assert_eq!(sandbox.run(&["run-agent", "Look.", "--json"]).json()["status"], "failed");
    assert_eq!(body(&listener.wait_for(1)[0])["event"], "failed");

    overrides(&sandbox, &format!("webhook = \"{}\"\nmin_seconds = 600", listener.url()));
    sandbox.script(&[Step::Ask("a.txt".into()), Step::finish("Done.")]);
    let mut client = sandbox.mcp();
    let run = client.call("cc_run_streaming_agent", json!({ "task": "Write.", "ask": true })).structured;
    let asked = body(&listener.wait_for(2)[1]);
    assert_eq!((&asked["event"], &asked["run_id"]), (&json!("permission"), &run["run_id"]), "{asked}");
    assert!(asked["question"]["tool"].is_string() && asked["question"]["deadline"].is_string(), "{asked}");
    client.call("cc_send_instruction", json!({ "run_id": run["run_id"], "answer": "allow" }));
    let end = json!({ "run_id": run["run_id"], "wait_seconds": 120, "wait_for": "end" });
    assert_eq!(client.call("cc_poll_run", end).structured["status"], "succeeded");
    assert_eq!(listener.posted().len(), 2, "a short run's end is not told");
}

#[test]
fn a_redirect_is_not_followed_and_hurts_no_run() {
    let sandbox = Sandbox::with_profiles();
    let elsewhere = Listener::start("200 OK", "");
    let location = format!("location: {}/\r\n", elsewhere.url());
    let listener = Listener::start("307 Temporary Redirect", &location);
    overrides(&sandbox, &format!("webhook = \"{}/token-in-path\"", listener.url()));
    sandbox.script(&[Step::finish("Fine.")]);
    assert_eq!(sandbox.run(&["run-agent", "Look.", "--json"]).json()["status"], "succeeded");
    let logged = log(&sandbox);
    assert!(logged.contains("307") && logged.contains("redirects are not followed"), "{logged}");
    assert!(!logged.contains("token-in-path"), "{logged}");
    assert_eq!((listener.posted().len(), elsewhere.posted().len()), (1, 0));
}

#[test]
fn the_webhook_is_shown_to_nobody_and_set_by_nobody_but_the_user() {
    let sandbox = Sandbox::with_profiles();
    overrides(&sandbox, "webhook = \"https://hooks.example.com/T0/secret\"");
    let mut client = sandbox.mcp();
    let shown = client.call("cc_local_policy", json!({})).structured.to_string();
    assert!(shown.contains("hooks.example.com") && !shown.contains("secret"), "{shown}");
    let config = json!({ "config": { "notify": { "webhook": "https://evil.test/" } }, "apply": true });
    let refused = client.call("cc_local_policy", config).structured;
    assert!(refused["error"].as_str().is_some_and(|error| error.contains("by hand")), "{refused}");
}

#[cfg(target_os = "linux")]
#[test]
fn the_desktop_shows_a_run_by_its_own_program() {
    use std::os::unix::fs::PermissionsExt as _;
    let sandbox = Sandbox::with_profiles();
    overrides(&sandbox, "desktop = true");
    let bin = sandbox.record("bin");
    fs::create_dir(&bin).expect("a folder");
    let (program, shown) = (bin.join("notify-send"), sandbox.record("shown"));
    let script = format!("#!/bin/sh\nprintf '%s\\n' \"$@\" > {0}.new && mv {0}.new {0}\n", shown.display());
    fs::write(&program, script).expect("a program");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("executable");
    sandbox.script(&[Step::finish("Fine.")]);
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").expect("a PATH"));
    let mut command = sandbox.command();
    command.env("PATH", path).args(["run-agent", "Look.", "--role", "review"]);
    assert!(command.status().expect("it starts").success());
    let shown = eventually("the notification", || fs::read_to_string(&shown).ok());
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines[..3], ["--app-name=cc-orchestrator", "--", "review finished"], "{shown}");
    assert!(lines[3].contains(" in project: after "), "{shown}");
}

fn text<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a str> {
    let value = attributes.iter().find(|one| one.key == key)?.value.as_ref()?.value.as_ref()?;
    if let Any::StringValue(text) = value { Some(text) } else { None }
}

fn whole(attributes: &[KeyValue], key: &str) -> Option<i64> {
    let value = attributes.iter().find(|one| one.key == key)?.value.as_ref()?.value.as_ref()?;
    if let Any::IntValue(number) = value { Some(*number) } else { None }
}

fn spans(posted: &Posted) -> Vec<Span> {
    let request = ExportTraceServiceRequest::decode(posted.body.as_slice()).expect("the protocol's own type");
    let resource = request.resource_spans[0].resource.clone().expect("a resource");
    assert_eq!(text(&resource.attributes, "service.name"), Some("cc-orchestrator"));
    request.resource_spans.into_iter().flat_map(|one| one.scope_spans).flat_map(|one| one.spans).collect()
}

fn measured(posted: &Posted) -> Vec<Metric> {
    let request =
        ExportMetricsServiceRequest::decode(posted.body.as_slice()).expect("the protocol's own type");
    request
        .resource_metrics
        .into_iter()
        .flat_map(|one| one.scope_metrics)
        .flat_map(|one| one.metrics)
        .collect()
}

/// What a command prints that works beside a collector.
fn printed(sandbox: &Sandbox, listener: &Listener, arguments: &[&str]) -> Vec<u8> {
    let mut command = sandbox.command();
    command
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", listener.url())
        .env("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=mine")
        .args(arguments);
    command.output().expect("it starts").stdout
}

/// A run with a collector; gives its reply.
fn collected(sandbox: &Sandbox, listener: &Listener, arguments: &[&str]) -> Value {
    serde_json::from_slice(&printed(sandbox, listener, arguments)).expect("JSON")
}

#[test]
fn a_run_is_a_trace_with_its_route_and_its_tools() {
    let sandbox = Sandbox::with_profiles();
    let listener = Listener::start("200 OK", "");
    sandbox.script(&[Step::replay("write-plan-denied")]);
    let run =
        collected(&sandbox, &listener, &["run-agent", "Look at SECRETTASK.", "--role", "review", "--json"]);
    let posted = listener.wait_for(2);
    let traces = posted.iter().find(|one| one.path == "/v1/traces").expect("traces");
    assert_eq!(
        (traces.header("content-type"), traces.header("x-tenant")),
        (Some("application/x-protobuf"), Some("mine"))
    );
    let spans = spans(traces);
    let root = spans.iter().find(|span| span.name == "invoke_agent review").expect("the run's span");
    assert_eq!(text(&root.attributes, "cc_orchestrator.run.id"), run["run_id"].as_str());
    assert_eq!(text(&root.attributes, "gen_ai.request.model"), run["profile"]["model"].as_str());
    assert_eq!(whole(&root.attributes, "gen_ai.usage.output_tokens"), run["usage"]["output_tokens"].as_i64());
    assert!(root.end_time_unix_nano > root.start_time_unix_nano && root.parent_span_id.is_empty());
    let route = spans.iter().find(|span| span.name == "route").expect("the route's span");
    assert!(
        route
            .events
            .iter()
            .any(|event| text(&event.attributes, "cc_orchestrator.decision.by") == Some("cc.router"))
    );
    let tools: Vec<&Span> = spans.iter().filter(|span| span.name.starts_with("execute_tool ")).collect();
    assert!(!tools.is_empty(), "{:?}", spans.iter().map(|span| &span.name).collect::<Vec<_>>());
    for child in tools.iter().chain([&route]) {
        assert_eq!(
            (&child.parent_span_id, &child.trace_id),
            (&root.span_id, &root.trace_id),
            "{}",
            child.name
        );
    }
    let sent: Vec<u8> = posted.iter().flat_map(|one| one.body.clone()).collect();
    assert!(!String::from_utf8_lossy(&sent).contains("SECRETTASK"), "what was asked stays here");
}

#[test]
fn a_run_is_measured_and_its_failure_named() {
    let sandbox = Sandbox::with_profiles();
    let listener = Listener::start("200 OK", "");
    sandbox.script(&[Step::Exit(3)]);
    collected(&sandbox, &listener, &["run-agent", "Look.", "--json"]);
    let posted = listener.wait_for(2);
    let metrics = posted.iter().find(|one| one.path == "/v1/metrics").expect("metrics");
    let all = measured(metrics);
    let of = |name: &str| all.iter().find(|one| one.name == name).and_then(|one| one.data.clone());
    let Some(Data::Sum(runs)) = of("cc_orchestrator.runs") else { panic!("a sum of runs in {all:?}") };
    assert_eq!(runs.aggregation_temporality, AggregationTemporality::Delta as i32);
    let labels = &runs.data_points[0].attributes;
    assert_eq!(text(labels, "cc_orchestrator.run.status"), Some("failed"));
    assert_eq!(text(labels, "error.type"), Some("failed"));
    let Some(Data::Histogram(took)) = of("gen_ai.client.operation.duration") else { panic!("{all:?}") };
    assert_eq!(took.data_points[0].count, 1);
    assert!(matches!(of("cc_orchestrator.plugin.calls"), Some(Data::Sum(_))), "{all:?}");
}

#[test]
fn a_job_s_run_says_how_long_the_job_waited() {
    let sandbox = Sandbox::with_profiles();
    let listener = Listener::start("200 OK", "");
    sandbox.script(&[Step::finish("Done.")]);
    let job = sandbox.run(&["queue-submit", "Look.", "--json"]).json();
    printed(&sandbox, &listener, &["queue", "run", "--until-empty"]);
    let posted = listener.wait_for(2);
    let of = |path: &str| posted.iter().find(|one| one.path == path).expect("both are sent");
    let spans = spans(of("/v1/traces"));
    let root = spans.iter().find(|span| span.name.starts_with("invoke_agent ")).expect("the run's span");
    let id = job["jobs"][0]["job_id"].as_str().or_else(|| job["job_id"].as_str());
    assert!(id.is_some(), "{job}");
    assert_eq!(text(&root.attributes, "cc_orchestrator.job.id"), id);
    assert_eq!(whole(&root.attributes, "cc_orchestrator.job.attempt"), Some(1));
    let all = measured(of("/v1/metrics"));
    let waited =
        all.iter().find(|one| one.name == "cc_orchestrator.queue.wait").and_then(|one| one.data.clone());
    assert!(matches!(waited, Some(Data::Histogram(waited)) if waited.data_points[0].count == 1), "{all:?}");
}

#[test]
fn a_collector_that_is_not_there_hurts_no_run() {
    let sandbox = Sandbox::with_profiles();
    sandbox.script(&[Step::finish("Fine.")]);
    let mut command = sandbox.command();
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9").args(["run-agent", "Look.", "--json"]);
    let reply: Value = serde_json::from_slice(&command.output().expect("it starts").stdout).expect("JSON");
    assert_eq!(reply["status"], "succeeded", "{reply}");
    assert!(log(&sandbox).contains("the collector of traces was not told"));
}
