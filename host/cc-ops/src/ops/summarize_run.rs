//! `cc_summarize_run`.

use cc_domain::RunId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Context, Effect, OpError, Operation, Output, arguments,
    artifacts::{self, Checkpoint},
    snapshot::{Offsets, Snapshot},
};

/// Summarize a run: progress summary, risk flags with grade, tool timeline, checkpoints and the files they
/// are in. More than cc_poll_run tells.
#[derive(Debug, Deserialize, JsonSchema, clap::Args)]
#[serde(deny_unknown_fields)]
pub(crate) struct SummarizeRun {
    run_id: RunId,
    /// Default 0.
    #[arg(long)]
    event_offset: Option<u64>,
    #[arg(long, hide = true)]
    #[schemars(skip)]
    #[allow(dead_code)] // the predecessor's; nothing here is cut by it
    max_bytes: Option<u32>,
    #[arg(long, hide = true)]
    #[schemars(skip)]
    #[allow(dead_code)] // the same
    max_events: Option<u32>,
    /// Of each text; 200-20000, default 2000.
    #[arg(long)]
    max_summary_chars: Option<u32>,
    /// Default true.
    #[arg(long)]
    write_artifacts: Option<bool>,
}

/// The run, summed up.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Summary {
    run_id: String,
    progress_summary: Value,
    risk_flags: Value,
    tool_timeline: String,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    checkpoint: Option<Checkpoint>,
    #[schemars(skip)]
    offsets: Offsets,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    artifact_paths: Option<Value>,
    #[serde(skip)]
    decision: String,
}

impl Operation for SummarizeRun {
    const NAME: &'static str = "cc_summarize_run";
    const TITLE: &'static str = "Summarize a run: summary, risks, tools, checkpoint, report files";
    const EFFECT: Effect = Effect::WRITES;
    type Output = Summary;

    async fn run(self, cx: Context) -> Result<Summary, OpError> {
        let chars = self.max_summary_chars.unwrap_or(2_000);
        let chars = arguments::number_within("max_summary_chars", chars, 200, 20_000)? as usize;
        cx.blocking(move |cx| {
            let run = Snapshot::of(cx, &self.run_id, self.event_offset.unwrap_or(0))?;
            let written = self.write_artifacts.unwrap_or(true);
            let checkpoint = written.then(|| artifacts::write_if_due(&run)).transpose()?;
            let progress_summary = run.summary(chars);
            Ok(Summary {
                run_id: self.run_id.to_string(),
                decision: cc_reports::decision(&progress_summary, &run.review.flags),
                progress_summary,
                risk_flags: run.risks(),
                tool_timeline: cc_reports::tool_timeline(&run.progress),
                checkpoint,
                offsets: run.offsets,
                artifact_paths: written.then(|| artifacts::paths(&run.dir)),
            })
        })
        .await
    }
}

impl Output for Summary {
    fn text(&self) -> String {
        format!("{}\n{}", self.decision, self.tool_timeline)
    }
}
