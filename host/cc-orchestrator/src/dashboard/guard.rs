//! Who is answered at all: this machine's own browser, by the address it was given.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{App, Shared};

/// A reply's nonce: scripts and styles of the page name it, and the policy allows no other.
#[derive(Clone)]
pub(super) struct Nonce(pub(super) String);

/// Refuses what does not come from a page of ours, and tells the browser what pages may do.
pub(super) async fn check(State(app): State<Shared>, mut request: Request, next: Next) -> Response {
    if let Some(refusal) = refusal(&app, &request) {
        return with_headers(refusal.into_response(), None);
    }
    let Ok(nonce) = super::random_hex(16) else {
        return with_headers(StatusCode::SERVICE_UNAVAILABLE.into_response(), None);
    };
    request.extensions_mut().insert(Nonce(nonce.clone()));
    with_headers(next.run(request).await, Some(&nonce))
}

/// The refusals say nothing of what is here.
fn refusal(app: &App, request: &Request) -> Option<(StatusCode, &'static str)> {
    // A page elsewhere whose name leads to 127.0.0.1 sends its own name.
    let named = request.uri().authority().map(|authority| authority.as_str());
    let Some(host) = host(app, request.headers()).filter(|host| named.is_none_or(|named| named == host))
    else {
        return Some((StatusCode::MISDIRECTED_REQUEST, "this is not the host you asked for\n"));
    };
    let token = request.uri().path().trim_start_matches('/').split('/').next().unwrap_or_default();
    if !same(token.as_bytes(), app.token.as_bytes()) {
        return Some((StatusCode::NOT_FOUND, "there is nothing here; use the address that was printed\n"));
    }
    match *request.method() {
        Method::GET | Method::HEAD => None,
        Method::POST if is_ours(request.headers(), &host) => None,
        Method::POST => Some((StatusCode::FORBIDDEN, "only a page of this dashboard may ask for that\n")),
        _ => Some((StatusCode::METHOD_NOT_ALLOWED, "only GET and POST are answered\n")),
    }
}

/// The host that was asked for, if it is this one.
fn host(app: &App, headers: &HeaderMap) -> Option<String> {
    let mut named = headers.get_all(header::HOST).iter();
    let host = named.next()?.to_str().ok()?;
    let ours = ["127.0.0.1", "localhost"].map(|name| format!("{name}:{}", app.port));
    (named.next().is_none() && ours.iter().any(|one| one == host)).then(|| host.to_owned())
}

/// The browser says which page a form was sent from.
fn is_ours(headers: &HeaderMap, host: &str) -> bool {
    let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    let site = headers.get("sec-fetch-site").and_then(|site| site.to_str().ok());
    origin == Some(format!("http://{host}").as_str()) && site.is_none_or(|site| site == "same-origin")
}

/// As long for a wrong token as for the right one.
fn same(given: &[u8], token: &[u8]) -> bool {
    given.len() == token.len() && given.iter().zip(token).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}

fn with_headers(mut response: Response, nonce: Option<&str>) -> Response {
    let sources = nonce.map_or_else(String::new, |nonce| {
        format!("script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src data:; connect-src 'self'; form-action 'self'; ")
    });
    let policy = format!("default-src 'none'; {sources}base-uri 'none'; frame-ancestors 'none'");
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        // The token is in the address: no other site gets it. Our own forms say where they come from.
        (header::REFERRER_POLICY, "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_the_same_only_when_every_byte_is() {
        assert!(same(b"abc", b"abc"));
        assert!(!same(b"abd", b"abc") && !same(b"ab", b"abc") && !same(b"", b"abc"));
    }

    #[test]
    fn a_form_counts_only_from_a_page_of_this_server() {
        let from = |origin: Option<&'static str>, site: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            headers.extend(origin.map(|origin| (header::ORIGIN, HeaderValue::from_static(origin))));
            headers.extend(
                site.map(|site| (HeaderName::from_static("sec-fetch-site"), HeaderValue::from_static(site))),
            );
            is_ours(&headers, "127.0.0.1:4711")
        };
        assert!(
            from(Some("http://127.0.0.1:4711"), None)
                && from(Some("http://127.0.0.1:4711"), Some("same-origin"))
        );
        for origin in [
            None,
            Some("null"),
            Some("http://127.0.0.1:4712"),
            Some("https://127.0.0.1:4711"),
            Some("http://evil.example"),
        ] {
            assert!(!from(origin, None), "{origin:?}");
        }
        assert!(!from(Some("http://127.0.0.1:4711"), Some("cross-site")));
    }
}
