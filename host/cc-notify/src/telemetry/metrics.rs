//! A run as measurements.

use opentelemetry::{KeyValue, metrics::MeterProvider as _};
use opentelemetry_sdk::metrics::SdkMeterProvider;

use super::{Measured, SCOPE, attributes};

/// The boundaries that the GenAI conventions give.
const TOKENS: [f64; 14] = [
    1.0,
    4.0,
    16.0,
    64.0,
    256.0,
    1_024.0,
    4_096.0,
    16_384.0,
    65_536.0,
    262_144.0,
    1_048_576.0,
    4_194_304.0,
    16_777_216.0,
    67_108_864.0,
];
/// Theirs end at 82 s; a worker may take half an hour.
const SECONDS: [f64; 12] = [1.0, 2.0, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0, 640.0, 1_280.0, 2_560.0];

/// Puts the run's figures into the provider.
pub(super) fn record(provider: &SdkMeterProvider, Measured { record, attempt }: Measured<'_>) {
    let meter = provider.meter(SCOPE);
    let of_model = attributes::of_model(record);
    let with = |name: &'static str, value: &'static str| {
        let mut all = of_model.clone();
        all.push(KeyValue::new(name, value));
        all
    };

    let status = with("cc_orchestrator.run.status", record.status.as_str());
    meter.u64_counter("cc_orchestrator.runs").with_unit("{run}").build().add(1, &status);
    if let Some(ms) = record.duration_ms {
        let took = meter.f64_histogram("gen_ai.client.operation.duration").with_unit("s");
        took.with_boundaries(SECONDS.to_vec()).build().record(ms as f64 / 1e3, &of_model);
    }
    if let Some(attempt) = attempt {
        let waited = meter.f64_histogram("cc_orchestrator.queue.wait").with_unit("s");
        let waited = waited.with_boundaries(SECONDS.to_vec()).build();
        waited.record(attempt.waited.as_secs_f64(), &of_model);
    }
    if let Some(usage) = record.result.as_ref().map(|result| result.usage).filter(|usage| usage.total() > 0) {
        let tokens = meter.u64_histogram("gen_ai.client.token.usage").with_unit("{token}");
        let tokens = tokens.with_boundaries(TOKENS.to_vec()).build();
        tokens.record(usage.total() - usage.output_tokens, &with("gen_ai.token.type", "input"));
        tokens.record(usage.output_tokens, &with("gen_ai.token.type", "output"));
    }
    if let Some(usd) = attributes::cost(record) {
        meter.f64_counter("cc_orchestrator.run.cost").with_unit("{USD}").build().add(usd, &of_model);
    }
    let calls = meter.u64_counter("cc_orchestrator.plugin.calls").with_unit("{call}").build();
    for step in &record.route.trace {
        let Some(plugin) = &step.plugin else { continue };
        let labels = [
            KeyValue::new("cc_orchestrator.plugin.id", plugin.id.clone()),
            KeyValue::new("cc_orchestrator.plugin.version", plugin.version.clone()),
            KeyValue::new("cc_orchestrator.decision.said", step.said.as_str()),
        ];
        calls.add(1, &labels);
    }
}
