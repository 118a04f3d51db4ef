//! The exporters' way out: the same one as a webhook's.

use std::time::Duration;

use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};

use crate::http;

/// The conventional limit, also where the user set another.
const TIMEOUT: &str = "OTEL_EXPORTER_OTLP_TIMEOUT";

/// Blocks: an exporter has a thread of its own.
#[derive(Debug)]
pub(super) struct Client;

#[async_trait::async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let patience = std::env::var(TIMEOUT).ok().and_then(|ms| ms.parse().ok()).map(Duration::from_millis);
        let loopback = request.uri().host().is_some_and(cc_domain::is_loopback);
        let agent = http::agent(loopback, patience);
        Ok(http::send(&agent, request.map(|body| body.to_vec()))?.map(Bytes::from))
    }
}
