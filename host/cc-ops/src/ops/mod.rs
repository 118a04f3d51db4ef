//! One operation a file, and the list of them all.

pub(crate) mod apply_run;
mod benchmark_model;
mod benchmark_suite;
mod calibrate_policy;
pub(crate) mod check_write_scope;
mod collect_team_results;
mod compact_events;
mod cost_guard;
mod cross_review;
mod dashboard;
pub(crate) mod diff_summary;
mod export_report;
mod git_diff;
mod healthcheck;
mod last_run;
mod list_profiles;
mod local_policy;
mod mock_stream_test;
mod model_registry;
mod open_run_folder;
mod origin;
mod pick_profile;
mod poll_run;
mod poll_view;
mod preflight_write_scope;
mod prompt_pack;
mod queue_cancel;
mod queue_policy;
mod queue_status;
mod queue_submit;
mod queue_tick;
pub(crate) mod queue_view;
pub(crate) mod rollback_run;
mod run_agent;
mod run_status;
mod run_streaming_agent;
mod run_view;
mod run_visible_agent;
mod score_models;
mod score_worker;
pub(crate) mod secret_scan_run;
mod send_instruction;
mod spawn_role_team;
pub(crate) mod stop_run;
mod summarize_run;
mod upgrade_check;
mod usage_summary;
pub(crate) mod verify_run;
mod workflow_plan;
mod write_claude_md;
mod write_strategy_reports;

use crate::Entry;

/// Every operation, in the order users meet them.
static REGISTRY: [Entry; 47] = [
    Entry::of::<healthcheck::Healthcheck>(),
    Entry::of::<list_profiles::ListProfiles>(),
    Entry::of::<pick_profile::PickProfile>(),
    Entry::of::<score_models::ScoreModels>(),
    Entry::of::<model_registry::ModelRegistry>(),
    Entry::of::<workflow_plan::WorkflowPlan>(),
    Entry::of::<run_agent::RunAgent>(),
    Entry::of::<run_streaming_agent::RunStreamingAgent>(),
    Entry::of::<run_visible_agent::RunVisibleAgent>(),
    Entry::of::<run_status::RunStatus>(),
    Entry::of::<send_instruction::SendInstruction>(),
    Entry::of::<stop_run::StopRun>(),
    Entry::of::<poll_run::PollRun>(),
    Entry::of::<summarize_run::SummarizeRun>(),
    Entry::of::<compact_events::CompactEvents>(),
    Entry::of::<last_run::LastRun>(),
    Entry::of::<preflight_write_scope::PreflightWriteScope>(),
    Entry::of::<check_write_scope::CheckWriteScope>(),
    Entry::of::<diff_summary::DiffSummary>(),
    Entry::of::<git_diff::GitDiff>(),
    Entry::of::<secret_scan_run::SecretScanRun>(),
    Entry::of::<verify_run::VerifyRun>(),
    Entry::of::<score_worker::ScoreWorker>(),
    Entry::of::<apply_run::ApplyRun>(),
    Entry::of::<rollback_run::RollbackRun>(),
    Entry::of::<spawn_role_team::SpawnRoleTeam>(),
    Entry::of::<collect_team_results::CollectTeamResults>(),
    Entry::of::<cross_review::CrossReview>(),
    Entry::of::<queue_submit::QueueSubmit>(),
    Entry::of::<queue_status::QueueStatus>(),
    Entry::of::<queue_tick::QueueTick>(),
    Entry::of::<queue_cancel::QueueCancel>(),
    Entry::of::<queue_policy::QueuePolicyOf>(),
    Entry::of::<dashboard::Dashboard>(),
    Entry::of::<open_run_folder::OpenRunFolder>(),
    Entry::of::<export_report::ExportReport>(),
    Entry::of::<write_strategy_reports::WriteStrategyReports>(),
    Entry::of::<prompt_pack::PromptPack>(),
    Entry::of::<local_policy::LocalPolicy>(),
    Entry::of::<cost_guard::CostGuard>(),
    Entry::of::<usage_summary::UsageSummary>(),
    Entry::of::<calibrate_policy::CalibratePolicy>(),
    Entry::of::<upgrade_check::UpgradeCheck>(),
    Entry::of::<write_claude_md::WriteClaudeMd>(),
    Entry::of::<mock_stream_test::MockStreamTest>(),
    Entry::of::<benchmark_model::BenchmarkModel>(),
    Entry::of::<benchmark_suite::BenchmarkSuite>(),
];

/// Every operation.
#[must_use]
pub fn registry() -> &'static [Entry] {
    &REGISTRY
}
