//! A run as a trace: the worker, below it how its route was decided and each tool it used.

use std::{
    collections::HashMap,
    time::{Duration, SystemTime},
};

use cc_domain::{Event, EventBody, RunRecord, ToolCall, TraceStep};
use cc_store::{RunDir, read_events};
use jiff::Timestamp;
use opentelemetry::{
    Context, KeyValue,
    trace::{Span as _, SpanBuilder, SpanKind, Status, TraceContextExt as _, Tracer, TracerProvider as _},
};
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};

use super::{Measured, SCOPE, attributes};

/// Tools of a run that get a span.
const MOST_TOOLS: usize = 1_000;
/// Events that are looked at, and bytes of them.
const MOST_EVENTS: usize = 50_000;
const MOST_BYTES: usize = 32 << 20;

/// Puts the whole run into the provider.
pub(super) fn record(provider: &SdkTracerProvider, measured: Measured<'_>, dir: &RunDir) {
    let record = measured.record;
    let tracer = provider.tracer(SCOPE);
    let begun = time(&record.started_at).unwrap_or_else(SystemTime::now);
    let took = Duration::from_millis(record.duration_ms.unwrap_or_default());
    let ended = record.finished_at.as_deref().and_then(time).unwrap_or(begun + took);
    let span = SpanBuilder::from_name(format!("invoke_agent {}", record.role))
        .with_kind(SpanKind::Internal)
        .with_start_time(begun)
        .with_attributes(attributes::of_run(measured));
    let run = Context::new().with_span(tracer.build_with_context(span, &Context::new()));
    if let Some(reason) = attributes::error_type(record) {
        run.span().set_status(Status::error(reason));
    }
    route(&tracer, &run, record, begun);
    tools(&tracer, &run, dir, ended);
    run.span().end_with_timestamp(ended);
}

/// The decision took no time that anybody measured; its steps are events.
fn route(tracer: &SdkTracer, run: &Context, record: &RunRecord, at: SystemTime) {
    let route = &record.route;
    let mut all = vec![KeyValue::new("cc_orchestrator.profile.id", route.profile_id.clone())];
    all.extend(route.model.clone().map(|model| KeyValue::new("gen_ai.request.model", model)));
    all.extend(route.score.map(|score| KeyValue::new("cc_orchestrator.route.score", score)));
    let span = SpanBuilder::from_name("route").with_start_time(at).with_attributes(all);
    let mut span = tracer.build_with_context(span, run);
    for step in &route.trace {
        span.add_event_with_timestamp("decision", at, decision(step));
    }
    span.end_with_timestamp(at);
}

fn decision(step: &TraceStep) -> Vec<KeyValue> {
    let mut all = vec![
        KeyValue::new("cc_orchestrator.decision.by", step.who.clone()),
        KeyValue::new("cc_orchestrator.decision.said", step.said.as_str()),
    ];
    if let Some(plugin) = &step.plugin {
        all.push(KeyValue::new("cc_orchestrator.plugin.version", plugin.version.clone()));
        all.push(KeyValue::new("cc_orchestrator.plugin.digest", plugin.digest.clone()));
        all.push(KeyValue::new("cc_orchestrator.plugin.layer", plugin.layer.as_str()));
    }
    all
}

/// Each call from its event to its answer's; one without an answer ended with the run.
fn tools(tracer: &SdkTracer, run: &Context, dir: &RunDir, run_ended: SystemTime) {
    // Events that cannot be read leave the rest of the trace.
    let events = read_events(dir, 0, MOST_EVENTS, MOST_BYTES).map(|page| page.events).unwrap_or_default();
    let mut open: HashMap<String, (ToolCall, SystemTime)> = HashMap::new();
    let mut told = 0;
    for Event { ts, body, .. } in events {
        let Some(at) = time(&ts) else { continue };
        match body {
            EventBody::ToolCall(call) if told + open.len() < MOST_TOOLS => {
                open.insert(call.id.clone(), (call, at));
            }
            EventBody::ToolResult { id, is_error, .. } => {
                if let Some((call, begun)) = open.remove(&id) {
                    told += 1;
                    tool(tracer, run, &call, (begun, at), is_error.then_some("tool_error"));
                }
            }
            _ => {}
        }
    }
    for (call, begun) in open.into_values() {
        tool(tracer, run, &call, (begun, run_ended), Some("unanswered"));
    }
}

/// Its name and time; not what it was to do.
fn tool(
    tracer: &SdkTracer,
    run: &Context,
    call: &ToolCall,
    (begun, ended): (SystemTime, SystemTime),
    error: Option<&'static str>,
) {
    let mut all = vec![
        KeyValue::new("gen_ai.operation.name", "execute_tool"),
        KeyValue::new("gen_ai.tool.name", call.name.clone()),
        KeyValue::new("gen_ai.tool.call.id", call.id.clone()),
    ];
    all.extend(error.map(|error| KeyValue::new("error.type", error)));
    let span = SpanBuilder::from_name(format!("execute_tool {}", call.name))
        .with_kind(SpanKind::Internal)
        .with_start_time(begun)
        .with_attributes(all);
    let mut span = tracer.build_with_context(span, run);
    if let Some(error) = error {
        span.set_status(Status::error(error));
    }
    span.end_with_timestamp(ended);
}

fn time(text: &str) -> Option<SystemTime> {
    text.parse::<Timestamp>().ok().map(SystemTime::from)
}
