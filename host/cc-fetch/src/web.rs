//! GET, within bounds: bytes, time, and where a server may send us on to.

use std::time::Duration;

use ureq::{
    Agent, Body,
    config::Config,
    http::{Response, StatusCode, Uri, header},
    tls::{RootCerts, TlsConfig},
};

use crate::{FetchError, source::is_loopback};

/// A server that says nothing for so long is given up.
const SILENCE: Duration = Duration::from_secs(30);
/// One file takes no longer.
const WHOLE: Duration = Duration::from_secs(600);
/// Most times that a server may send us on.
const REDIRECTS: usize = 5;

/// Asks web servers.
pub(crate) struct Web {
    agent: Agent,
    /// The source is on this machine, so plain HTTP to this machine is fine.
    local: bool,
}

/// What a server answered.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    headers: header::HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

impl Web {
    pub(crate) fn new(local: bool) -> Self {
        let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
        let config = Config::builder()
            .tls_config(tls)
            .http_status_as_error(false)
            // Each step is looked at before it is taken.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .https_only(!local)
            .user_agent(concat!("cc-orchestrator/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(SILENCE))
            .timeout_recv_response(Some(SILENCE))
            .timeout_global(Some(WHOLE));
        let config = if local { config.proxy(None) } else { config };
        Self { agent: config.build().into(), local }
    }

    pub(crate) fn scheme(&self) -> &'static str {
        if self.local { "http" } else { "https" }
    }

    /// A file of at most `most` bytes; none when there is no such file.
    pub(crate) fn file(&self, url: &str, most: u64) -> Result<Option<Vec<u8>>, FetchError> {
        let reply = self.get(url, &[], most)?;
        match reply.status {
            StatusCode::OK => Ok(Some(reply.body)),
            StatusCode::NOT_FOUND | StatusCode::GONE => Ok(None),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(FetchError::Login(url.into())),
            status => Err(transport(url, format!("the server answered {status}"))),
        }
    }

    /// Asks, and follows where it is safe. `headers` go to the first server only.
    pub(crate) fn get(&self, url: &str, headers: &[(&str, &str)], most: u64) -> Result<Reply, FetchError> {
        let mut at = self.checked(url, url)?;
        for _ in 0..=REDIRECTS {
            let same_server = at.authority() == url.parse::<Uri>().ok().as_ref().and_then(Uri::authority);
            let mut request = self.agent.get(&at);
            for (name, value) in headers.iter().filter(|(name, _)| same_server || *name != "authorization") {
                request = request.header(*name, *value);
            }
            let response = request.call().map_err(|error| failed(url, &error))?;
            match onward(&response) {
                None => return reply(url, response, most),
                Some(to) => at = self.checked(url, &absolute(&at, to))?,
            }
        }
        Err(FetchError::Redirect { from: url.into(), to: at.to_string(), why: "it has sent on too often" })
    }

    /// An address that may be asked.
    pub(crate) fn checked(&self, from: &str, to: &str) -> Result<Uri, FetchError> {
        let refused =
            |why| FetchError::Redirect { from: from.into(), to: to.chars().take(200).collect(), why };
        let uri: Uri = to.parse().map_err(|_| refused("that is no address"))?;
        let authority = uri.authority().ok_or_else(|| refused("that is no address of a server"))?;
        match uri.scheme_str() {
            Some("https") => Ok(uri),
            Some("http") if self.local && is_loopback(authority.as_str()) => Ok(uri),
            Some("http") => Err(refused("that is not encrypted")),
            _ => Err(refused("only https is followed")),
        }
    }
}

fn onward(response: &Response<Body>) -> Option<&str> {
    let status = response.status();
    let moved = matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308);
    response.headers().get(header::LOCATION).filter(|_| moved).and_then(|to| to.to_str().ok())
}

/// A path means the same server.
fn absolute(at: &Uri, to: &str) -> String {
    match (at.scheme_str(), at.authority()) {
        (Some(scheme), Some(authority)) if to.starts_with('/') && !to.starts_with("//") => {
            format!("{scheme}://{authority}{to}")
        }
        _ => to.to_owned(),
    }
}

fn reply(url: &str, response: Response<Body>, most: u64) -> Result<Reply, FetchError> {
    let (parts, body) = response.into_parts();
    let too_large = || FetchError::TooLarge { what: url.into(), most };
    if body.content_length().is_some_and(|length| length > most) {
        return Err(too_large());
    }
    // One byte more than allowed, so that a file of exactly that size is whole.
    let read = body.into_with_config().limit(most.saturating_add(1)).read_to_vec();
    let body = match read {
        Err(ureq::Error::BodyExceedsLimit(_)) => return Err(too_large()),
        read => read.map_err(|error| failed(url, &error))?,
    };
    if body.len() as u64 > most {
        return Err(too_large());
    }
    Ok(Reply { status: parts.status, headers: parts.headers, body })
}

fn failed(url: &str, error: &ureq::Error) -> FetchError {
    transport(url, error.to_string())
}

pub(crate) fn transport(url: &str, why: impl Into<String>) -> FetchError {
    FetchError::Transport { url: url.into(), why: why.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_https_is_followed_and_this_machine_only_from_itself() {
        let (far, local) = (Web::new(false), Web::new(true));
        for to in ["file:///etc/passwd", "ftp://a/b", "http://a/b", "javascript:1", "//a/b", "", "x"] {
            assert!(far.checked("https://a/", to).is_err(), "{to}");
            assert!(local.checked("http://127.0.0.1/", to).is_err(), "{to}");
        }
        assert!(far.checked("https://a/", "https://b/c").is_ok());
        assert!(far.checked("https://a/", "http://127.0.0.1/c").is_err());
        assert!(local.checked("http://127.0.0.1/", "http://127.0.0.1:81/c").is_ok());
    }
}
