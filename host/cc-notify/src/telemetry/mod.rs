//! A run as OpenTelemetry sees it: one trace and a few measurements, sent once the run has ended.
//!
//! Names are those of the GenAI conventions where they have one. What was asked and answered is never sent: names,
//! numbers and states are. The standard variables (`OTEL_EXPORTER_OTLP_*`, `OTEL_SERVICE_NAME`,
//! `OTEL_RESOURCE_ATTRIBUTES`) are read by the libraries themselves.

mod attributes;
mod client;
mod metrics;
mod spans;

use cc_domain::RunRecord;
use cc_store::{AttemptOfRun, RunDir};
use opentelemetry::KeyValue;
use opentelemetry_otlp::{MetricExporter, SpanExporter, WithHttpConfig as _};
use opentelemetry_sdk::{
    Resource,
    metrics::{PeriodicReader, SdkMeterProvider, Temporality},
    trace::SdkTracerProvider,
};

use self::client::Client;
use crate::NotifyError;

/// What our spans and measurements are called by.
const SCOPE: &str = "cc-orchestrator";

/// A run, and which attempt of a job it was, if any.
#[derive(Clone, Copy)]
struct Measured<'a> {
    record: &'a RunRecord,
    attempt: Option<&'a AttemptOfRun>,
}

/// Sends the run's trace and measurements; gives what went wrong.
pub(crate) fn send(record: &RunRecord, attempt: Option<&AttemptOfRun>, dir: &RunDir) -> Vec<NotifyError> {
    let run = Measured { record, attempt };
    [("traces", traces(run, dir)), ("metrics", measurements(run))]
        .into_iter()
        .filter_map(|(what, sent)| sent.err().map(|reason| (what, reason)))
        .map(|(what, reason)| NotifyError::NotTold { to: format!("the collector of {what}"), reason })
        .collect()
}

fn traces(run: Measured<'_>, dir: &RunDir) -> Result<(), String> {
    let exporter = SpanExporter::builder().with_http().with_http_client(Client);
    let exporter = exporter.build().map_err(|error| error.to_string())?;
    let provider =
        SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource()).build();
    spans::record(&provider, run, dir);
    let sent = provider.force_flush().map_err(|error| error.to_string());
    let _ = provider.shutdown();
    sent
}

fn measurements(run: Measured<'_>) -> Result<(), String> {
    // Each process measures one run and ends, so each sends only what is new.
    let exporter =
        MetricExporter::builder().with_temporality(Temporality::Delta).with_http().with_http_client(Client);
    let exporter = exporter.build().map_err(|error| error.to_string())?;
    let reader = PeriodicReader::builder(exporter).build();
    let provider = SdkMeterProvider::builder().with_reader(reader).with_resource(resource()).build();
    metrics::record(&provider, run);
    let sent = provider.force_flush().map_err(|error| error.to_string());
    let _ = provider.shutdown();
    sent
}

/// Who says it; the user's own `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` win.
fn resource() -> Resource {
    let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let named = std::env::var("OTEL_SERVICE_NAME").is_ok_and(|name| !name.is_empty())
        || std::env::var("OTEL_RESOURCE_ATTRIBUTES").is_ok_and(|all| all.contains("service.name="));
    let builder = Resource::builder().with_attribute(version);
    if named { builder.build() } else { builder.with_service_name(SCOPE).build() }
}
