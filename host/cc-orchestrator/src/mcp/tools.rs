//! The registry as MCP tools.

use std::{sync::Arc, time::Duration};

use cc_ops::{Context, Effect, Entry, OpError, Progress, ProgressSink, Reply, registry};
use rmcp::{
    ErrorData, RoleServer,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ProgressNotificationParam,
        ProgressToken, Tool, ToolAnnotations,
    },
    service::{Peer, RequestContext},
};
use serde_json::{Value, json};
use tokio::sync::watch;

/// Most characters of the text block. The reply is complete in `structuredContent`; the text is for clients
/// that show one, and must not double what a controller pays for.
const TEXT_CHARS: usize = 1_500;

/// A waiting client is told of progress this often.
const PROGRESS_EVERY: Duration = Duration::from_secs(1);

/// Every tool.
pub(crate) fn list() -> Vec<Tool> {
    registry().iter().map(tool).collect()
}

fn tool(entry: &Entry) -> Tool {
    let mut tool = Tool::new(entry.name, (entry.description)(), Arc::new((entry.input_schema)()));
    tool.title = Some(entry.title.to_owned());
    tool.output_schema = Some(Arc::new((entry.output_schema)()));
    tool.annotations = Some(annotations(entry.effect));
    tool
}

/// Only what differs from MCP's defaults, where the default says the same.
fn annotations(effect: Effect) -> ToolAnnotations {
    let mut annotations = ToolAnnotations::default();
    annotations.read_only_hint = effect.read_only.then_some(true);
    annotations.destructive_hint = (!effect.read_only).then_some(effect.destructive);
    annotations.open_world_hint = (!effect.open_world).then_some(false);
    annotations
}

/// Calls a tool. Cancelling ends the wait only: what was started goes on.
pub(crate) async fn call(
    cx: &Context,
    request: CallToolRequestParams,
    context: &RequestContext<RoleServer>,
) -> Result<CallToolResponse, ErrorData> {
    let Some(entry) = registry().iter().find(|entry| entry.name == request.name) else {
        return Err(ErrorData::invalid_params(format!("there is no tool '{}'", request.name), None));
    };
    let cx = match context.meta.get_progress_token() {
        Some(token) => cx.clone().with_progress(notifier(context.peer.clone(), token)),
        None => cx.clone(),
    };
    let arguments = request.arguments.map_or(Value::Null, Value::Object);
    let writes = (!entry.effect.read_only).then(|| cx.clone());
    tokio::select! {
        answer = entry.call(cx, arguments) => {
            writes.map(|cx| tokio::task::spawn_blocking(move || crate::note_version(&cx)));
            Ok(answer.map_or_else(|error| failed(&error), answered).into())
        }
        () = context.ct.cancelled() => Err(ErrorData::internal_error("the call was cancelled; work it started goes on", None)),
    }
}

fn answered(reply: Reply) -> CallToolResult {
    let mut result = CallToolResult::structured(reply.structured);
    result.content = vec![ContentBlock::text(short(&reply.text))];
    result
}

/// An error is complete in `structuredContent` too: Codex drops the text block and the mark beside it.
fn failed(error: &OpError) -> CallToolResult {
    let mut structured = serde_json::to_value(error).unwrap_or_else(|_| json!({ "error": error.message }));
    structured["ok"] = Value::Bool(false);
    let mut result = CallToolResult::structured_error(structured);
    result.content = vec![ContentBlock::text(error.to_string())];
    result
}

fn short(text: &str) -> String {
    match text.char_indices().nth(TEXT_CHARS) {
        Some((end, _)) => format!("{}\n[cut; structuredContent has all of it]", &text[..end]),
        None => text.to_owned(),
    }
}

/// Sends the newest progress once a second; what comes between is skipped, so a slow client is never flooded.
fn notifier(peer: Peer<RoleServer>, token: ProgressToken) -> ProgressSink {
    let (newest, mut seen) = watch::channel(None::<Progress>);
    tokio::spawn(async move {
        while seen.changed().await.is_ok() {
            let Some(progress) = seen.borrow_and_update().clone() else { continue };
            let elapsed = progress.elapsed.as_secs();
            let message = format!("{} s, {} events, {}", elapsed, progress.events, progress.doing);
            let note = ProgressNotificationParam::new(token.clone(), progress.elapsed.as_secs_f64())
                .with_message(message);
            if peer.notify_progress(note).await.is_err() {
                return;
            }
            tokio::time::sleep(PROGRESS_EVERY).await;
        }
    });
    Arc::new(move |progress| {
        newest.send_replace(Some(progress));
    })
}
