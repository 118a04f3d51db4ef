//! `cc_dashboard`.

use std::path::Path;

use cc_reports::dashboard::Renderer;
use cc_store::{RunDir, create_private_dir, write_atomic};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::open_run_folder::has_display;
use crate::{Context, Effect, ErrorKind, OpError, Operation, Output, arguments, dashboard};

/// Make the dashboard: a web page to browse this project's runs, teams, queue, models, costs and plugins in one HTML
/// file that works offline. For live updates, and to act: `cc-orchestrator dashboard` in a terminal.
#[derive(Debug, Deserialize, JsonSchema, clap::Args)]
#[serde(deny_unknown_fields)]
pub(crate) struct Dashboard {
    /// Default true.
    #[arg(long)]
    include_finished: Option<bool>,
    /// Runs in full, 1-500, default 12; the list has all.
    #[arg(long)]
    limit: Option<u32>,
    /// Default false.
    #[arg(long)]
    #[serde(default)]
    open_browser: bool,
}

/// Where it is.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Written {
    path: String,
    run_count: usize,
    opened: bool,
    #[schemars(skip)]
    bytes: usize,
    #[schemars(skip)]
    next_step: String,
}

impl Operation for Dashboard {
    const NAME: &'static str = "cc_dashboard";
    const TITLE: &'static str = "Dashboard: browse runs, costs and models in a web page";
    const EFFECT: Effect = Effect::WRITES;
    type Output = Written;

    async fn run(self, cx: Context) -> Result<Written, OpError> {
        let full = arguments::number_within("limit", self.limit.unwrap_or(12), 1, 500)?;
        let page = dashboard::Dashboard::file(&cx, full, self.include_finished.unwrap_or(true)).await?;
        cx.blocking(move |cx| {
            let html = Renderer::new()
                .and_then(|renderer| renderer.file(&page, &Timestamp::now().to_string()))
                .map_err(|error| OpError::new(ErrorKind::State, error.to_string(), "report this"))?;
            let folder = RunDir::artifact_root(&cx.project(None)?.root).join("dashboard");
            // The product's folder hides itself from git, also where no run has made it yet.
            hide(&folder)?;
            let path = folder.join("index.html");
            write_atomic(&path, html.as_bytes())?;
            let opened = self.open_browser && has_display() && open::that_detached(&path).is_ok();
            Ok(Written {
                path: path.display().to_string(),
                run_count: page.all.len(),
                opened,
                bytes: html.len(),
                next_step: "open the path in a browser; 'cc-orchestrator dashboard' serves it live"
                    .to_owned(),
            })
        })
        .await
    }
}

fn hide(folder: &Path) -> Result<(), OpError> {
    create_private_dir(folder)?;
    let ignore = folder.parent().and_then(Path::parent).map(|hidden| hidden.join(".gitignore"));
    if let Some(ignore) = ignore.filter(|ignore| !ignore.exists()) {
        write_atomic(&ignore, b"*\n")?;
    }
    Ok(())
}

impl Output for Written {
    fn text(&self) -> String {
        let opened = if self.opened { ", opened" } else { "" };
        format!(
            "{} ({} runs, {} bytes{opened})\nnext: {}",
            self.path, self.run_count, self.bytes, self.next_step
        )
    }
}
