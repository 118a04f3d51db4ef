//! One request: with a time limit, without redirects, without a proxy to this machine.

use std::time::Duration;

use ureq::{
    Agent,
    http::{Request, Response},
    tls::{RootCerts, TlsConfig},
};

/// How long one request may take, with everything.
const PATIENCE: Duration = Duration::from_secs(10);
/// What is read of an answer, bytes.
const MOST_ANSWER: u64 = 64 << 10;

/// An agent for one address.
pub(crate) fn agent(loopback: bool, patience: Option<Duration>) -> Agent {
    // The system's own certificates: companies have theirs.
    let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
    let config = Agent::config_builder()
        .tls_config(tls)
        .timeout_global(Some(patience.unwrap_or(PATIENCE)))
        .max_redirects(0)
        .http_status_as_error(false)
        .user_agent(concat!("cc-orchestrator/", env!("CARGO_PKG_VERSION")));
    let config = if loopback { config.proxy(None) } else { config };
    config.build().into()
}

/// Posts, and gives the answer's status and body.
pub(crate) fn send(agent: &Agent, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, String> {
    let mut answer = agent.run(request).map_err(|error| error.to_string())?;
    let body = answer.body_mut().with_config().limit(MOST_ANSWER).read_to_vec().unwrap_or_default();
    let (parts, _) = answer.into_parts();
    Ok(Response::from_parts(parts, body))
}
