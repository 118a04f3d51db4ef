//! `cc_benchmark_model`.

use cc_domain::{BenchmarkId, Role};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    Context, Effect, OpError, Operation,
    bench::{self, BenchmarkView, Request},
};

/// Benchmark this model: test and measure how good one profile really is, on small tasks with checked answers
/// (hidden tests, planted bugs), or on a task of yours. Score with interval, cost, time. Only a plan unless
/// execute.
#[derive(Debug, Deserialize, JsonSchema, clap::Args)]
#[serde(deny_unknown_fields)]
pub(crate) struct BenchmarkModel {
    /// Id or name; default: the current one.
    #[arg(long)]
    profile: Option<String>,
    /// Default: the profile's.
    #[arg(long)]
    model: Option<String>,
    /// Its tasks only; default testing.
    #[arg(long)]
    role: Option<Role>,
    /// Your own instead; in an empty folder.
    #[arg(long)]
    task: Option<String>,
    /// Regex its answer must match; else unchecked.
    #[arg(long)]
    expect: Option<String>,
    /// Default core.
    #[arg(long)]
    suite: Option<String>,
    /// Runs a task, 1-20, default 3.
    #[arg(long)]
    repeat: Option<u32>,
    /// Runs at once, 1-8, default 1.
    #[arg(long)]
    parallel: Option<u32>,
    /// 10-1800.
    #[arg(long)]
    timeout_seconds: Option<u32>,
    /// Run it; costs tokens.
    #[arg(long)]
    #[serde(default)]
    execute: bool,
    /// One that began.
    #[arg(long)]
    benchmark_id: Option<BenchmarkId>,
    /// 0-280, default 50.
    #[arg(long)]
    wait_seconds: Option<u32>,
    /// Every check.
    #[arg(long)]
    #[serde(default)]
    details: bool,
}

impl Operation for BenchmarkModel {
    const NAME: &'static str = "cc_benchmark_model";
    const TITLE: &'static str = "Benchmark this model: measure its quality with checked tasks";
    const EFFECT: Effect = Effect::STARTS_WORKERS;
    type Output = BenchmarkView;

    async fn run(self, cx: Context) -> Result<BenchmarkView, OpError> {
        let role = self.role.or_else(|| "testing".parse().ok());
        let request = Request {
            benchmark_id: self.benchmark_id,
            profiles: self.profile.into_iter().collect(),
            model: self.model,
            suite: self.suite,
            role,
            task: self.task,
            expect: self.expect,
            repeat: self.repeat,
            parallel: self.parallel,
            timeout_seconds: self.timeout_seconds,
            wait_seconds: self.wait_seconds,
            execute: self.execute,
            details: self.details,
            ..Request::default()
        };
        bench::run(&cx, request).await
    }
}
