//! The MCP server: a loop over the registry, and the prompt pack's templates as prompts.

mod prompts;
mod server;
mod tools;

use std::io;

use cc_ops::Context;
use rmcp::ServiceExt;

/// What a controller should know before its first call.
///
/// Codex searches this text along with each tool, so a word here tells no tool from another: few words, and
/// none that people search by.
const INSTRUCTIONS: &str = "You stay in charge: judge whatever comes back before you rely on it. \
Begin with cc_healthcheck. cc_run_agent hands over (role, task; allow_write to let it edit); \
ask cc_run_status about long ones.";

/// Serves on stdin and stdout until the client closes them.
///
/// # Errors
/// When the client's first message is no MCP.
pub(crate) async fn serve(cx: Context) -> io::Result<()> {
    let dispatching = cx.clone();
    let noting = cx.clone();
    let service = match server::Server::new(cx).serve(rmcp::transport::stdio()).await {
        Ok(service) => service,
        // A client that leaves before it said anything is no error.
        Err(rmcp::service::ServerInitializeError::ConnectionClosed(_)) => return Ok(()),
        Err(error) => return Err(io::Error::other(error.to_string())),
    };
    // It ends with the runtime, when the client has gone; the workers it started go on.
    tokio::spawn(cc_ops::dispatch_when_asked(dispatching));
    // Later than the first answer: nobody waits for it.
    tokio::task::spawn_blocking(move || crate::note_version(&noting));
    service.waiting().await.map(|_| ()).map_err(io::Error::other)
}
