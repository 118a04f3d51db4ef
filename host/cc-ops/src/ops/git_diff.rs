//! `cc_git_diff`.

use cc_domain::RunId;
use cc_repo::{DiffOptions, diff};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Context, Effect, OpError, Operation, Output, accept::Work, arguments};

/// Show the diff of a run: what code, files and lines did the worker change, committed or not, new files included.
/// Whole hunks, the rest is said to be left out.
#[derive(Debug, Deserialize, JsonSchema, clap::Args)]
#[serde(deny_unknown_fields)]
pub(crate) struct GitDiff {
    /// Default: the newest run there that may write.
    #[serde(default)]
    run_id: Option<RunId>,
    #[arg(long)]
    cwd: Option<String>,
    /// Only these files and folders.
    #[arg(long = "path")]
    #[serde(default)]
    paths: Vec<String>,
    /// 1000-100000, default 12000.
    #[arg(long)]
    limit_chars: Option<u32>,
}

/// The diff, as far as it fits.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct RunDiff {
    run_id: String,
    diff: String,
    truncated: bool,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    left_out: Vec<String>,
    #[schemars(skip)]
    diff_source: &'static str,
}

impl Operation for GitDiff {
    const NAME: &'static str = "cc_git_diff";
    const TITLE: &'static str = "Show the git diff of a run: changed code";
    const EFFECT: Effect = Effect::READS;
    type Output = RunDiff;

    async fn run(self, cx: Context) -> Result<RunDiff, OpError> {
        let limit = self.limit_chars.unwrap_or(12_000);
        let limit = arguments::number_within("limit_chars", limit, 1_000, 100_000)? as usize;
        cx.blocking(move |cx| self.show(cx, limit)).await
    }
}

impl GitDiff {
    fn show(self, cx: &Context, limit: usize) -> Result<RunDiff, OpError> {
        let work = Work::find(cx, self.run_id.as_ref(), self.cwd.as_deref())?;
        let options = DiffOptions {
            max_bytes: limit,
            max_file_bytes: if self.paths.is_empty() { (limit / 2).max(1_000) } else { limit },
            paths: self.paths,
            ..DiffOptions::default()
        };
        let shown = diff(&work.before, &work.after, &options)?;
        let clean = work.clean(cx, &shown.text)?;
        Ok(RunDiff {
            run_id: work.record.run_id.to_string(),
            diff: clean,
            truncated: shown.cut,
            left_out: shown.left_out,
            diff_source: work.source,
        })
    }
}

impl Output for RunDiff {
    fn text(&self) -> String {
        if self.diff.is_empty() {
            return format!("run {} changed no file's content", self.run_id);
        }
        let left: String = self.left_out.iter().map(|sentence| format!("\n[{sentence}]")).collect();
        format!("{}{left}", self.diff)
    }
}
