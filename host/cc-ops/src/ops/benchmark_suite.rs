//! `cc_benchmark_suite`.

use cc_domain::BenchmarkId;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    Context, Effect, OpError, Operation,
    bench::{self, BenchmarkView, Request},
};

/// Runs a whole benchmark suite (coding, refactoring, testing, review, security, long context, docs), or your team's
/// own, on one or several profiles: which of my models does best on real tasks, side by side, with checked answers.
/// Only a plan unless execute.
#[derive(Debug, Deserialize, JsonSchema, clap::Args)]
#[serde(deny_unknown_fields)]
pub(crate) struct BenchmarkSuite {
    /// Id or name; default: the current one.
    #[arg(long)]
    profile: Option<String>,
    /// Several to compare; "all": every usable one.
    #[arg(long)]
    #[serde(default)]
    profiles: Vec<String>,
    /// On one profile; default: the profile's.
    #[arg(long)]
    model: Option<String>,
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

impl Operation for BenchmarkSuite {
    const NAME: &'static str = "cc_benchmark_suite";
    const TITLE: &'static str = "Benchmark suite: models side by side on real tasks";
    const EFFECT: Effect = Effect::STARTS_WORKERS;
    type Output = BenchmarkView;

    async fn run(self, cx: Context) -> Result<BenchmarkView, OpError> {
        let all_profiles = self.profiles.iter().any(|profile| profile == "all");
        let profiles: Vec<String> = self.profile.into_iter().chain(self.profiles).collect();
        if self.model.is_some() && (all_profiles || profiles.len() > 1) {
            return Err(OpError::invalid(
                "'model' is a model of one profile, and several profiles are named",
                "leave 'model' out, or name one profile",
            ));
        }
        let request = Request {
            benchmark_id: self.benchmark_id,
            profiles,
            all_profiles,
            model: self.model,
            suite: self.suite,
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
