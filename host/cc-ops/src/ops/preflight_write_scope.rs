//! `cc_preflight_write_scope`.

use cc_domain::WriteScope;
use cc_store::{create_private_dir, write_atomic};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Context, Effect, OpError, Operation, Output, arguments,
    scope::{self, ScopeFile},
};

/// The predecessor's figure.
const USUAL_LINES: u32 = 800;

/// Limit which files and folders the worker may edit: set the write scope of a project before a run, allowed and
/// denied paths (globs as in .gitignore), and how many lines. Holds for every later run there; breaches are
/// prevented and found.
#[derive(Debug, Deserialize, JsonSchema, clap::Args)]
#[serde(deny_unknown_fields)]
pub(crate) struct PreflightWriteScope {
    #[arg(long)]
    cwd: Option<String>,
    /// None: everywhere.
    #[arg(long = "allow")]
    #[serde(default)]
    allowed_paths: Vec<String>,
    /// They win over what is allowed.
    #[arg(long = "deny")]
    #[serde(default)]
    denied_paths: Vec<String>,
    /// 1-20000 added and deleted lines, default 800.
    #[arg(long)]
    max_diff_lines: Option<u32>,
}

/// The scope as it holds from now on.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ScopeSet {
    path: String,
    #[schemars(with = "serde_json::Value")]
    scope: ScopeFile,
    next_step: &'static str,
}

impl Operation for PreflightWriteScope {
    const NAME: &'static str = "cc_preflight_write_scope";
    const TITLE: &'static str = "Set the write scope: paths workers may change";
    const EFFECT: Effect = Effect::WRITES;
    type Output = ScopeSet;

    async fn run(self, cx: Context) -> Result<ScopeSet, OpError> {
        let lines = self.max_diff_lines.unwrap_or(USUAL_LINES);
        let lines = arguments::number_within("max_diff_lines", lines, 1, 20_000)?;
        cx.blocking(move |cx| self.set(cx, lines.into())).await
    }
}

impl PreflightWriteScope {
    fn set(self, cx: &Context, lines: u64) -> Result<ScopeSet, OpError> {
        let project = cx.project(self.cwd.as_deref())?;
        let file = ScopeFile {
            created_at: Timestamp::now().to_string(),
            cwd: project.cwd.clone(),
            allowed_paths: self.allowed_paths,
            denied_paths: self.denied_paths,
            max_diff_lines: Some(lines),
        };
        let scope: WriteScope = file.scope(&project);
        scope::check(&scope)?;
        let path = ScopeFile::path(&project.cwd);
        if let Some(folder) = path.parent() {
            create_private_dir(folder)?;
        }
        let text = serde_json::to_vec_pretty(&file).unwrap_or_default();
        write_atomic(&path, &text)?;
        Ok(ScopeSet {
            path: path.display().to_string(),
            scope: file,
            next_step: "start workers with allow_write; cc_check_write_scope or cc_verify_run says whether they kept to it",
        })
    }
}

impl Output for ScopeSet {
    fn text(&self) -> String {
        let list = |paths: &[String], none: &str| {
            if paths.is_empty() { none.to_owned() } else { paths.join(", ") }
        };
        format!(
            "{}\nmay change: {}\nmay not: {}\nlines: at most {}\nnext: {}",
            self.path,
            list(&self.scope.allowed_paths, "everything"),
            list(&self.scope.denied_paths, "nothing is denied"),
            self.scope.max_diff_lines.unwrap_or_default(),
            self.next_step
        )
    }
}
