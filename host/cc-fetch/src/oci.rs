//! Pulling an artifact: the image manifest by tag or digest, then its layers by digest.
//!
//! The distribution specification, as much of it as an anonymous pull needs.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use ureq::http::StatusCode;

use crate::{
    Bounds, COMPONENT, Digest, FetchError, Fetched, MANIFEST, Reference, SIGNATURE, SIGNATURE_BYTES,
    web::{Reply, Web, transport},
};

/// What the tools that push artifacts write into a layer: its file's name.
const TITLE: &str = "org.opencontainers.image.title";
const ACCEPT: &str =
    "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json";
/// Longest image manifest, or token, that is read.
const SMALL: u64 = 64 << 10;

/// An image manifest.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Image {
    schema_version: u32,
    #[serde(default)]
    layers: Vec<Layer>,
    /// An index has these instead.
    #[serde(default)]
    manifests: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct Layer {
    digest: String,
    size: u64,
    #[serde(default)]
    annotations: std::collections::BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Token {
    #[serde(alias = "access_token")]
    token: String,
}

/// One repository, and the token it gave.
struct Repository<'a> {
    web: &'a Web,
    reference: &'a Reference,
    token: Option<String>,
}

pub(crate) fn pull(web: &Web, reference: &Reference, bounds: Bounds) -> Result<Fetched, FetchError> {
    let mut repository = Repository { web, reference, token: None };
    let (image, digest) = repository.image()?;
    let mut needed = |name: &str, most| match repository.layer(&image, name, most)? {
        Some(bytes) => Ok(bytes),
        None => Err(no_package(reference, format!("it has no layer with the title {name}"))),
    };
    let manifest = needed(MANIFEST, bounds.manifest)?;
    let component = needed(COMPONENT, bounds.component)?;
    let signature = repository.layer(&image, SIGNATURE, SIGNATURE_BYTES)?;
    Ok(Fetched { manifest, component, signature, source: reference.to_string(), digest })
}

impl Repository<'_> {
    fn url(&self, rest: &str) -> String {
        // The name that people use is not where Docker's registry is.
        let host =
            if self.reference.host == "docker.io" { "registry-1.docker.io" } else { &self.reference.host };
        format!("{}://{host}/v2/{}/{rest}", self.web.scheme(), self.reference.name)
    }

    /// The image manifest, and its digest: that of the bytes, whatever the registry calls it.
    fn image(&mut self) -> Result<(Image, Digest), FetchError> {
        let what = self.reference.to_string();
        let asked = self.reference.digest.as_ref().map(Digest::as_str);
        let by = asked.or(self.reference.tag.as_deref()).unwrap_or_default();
        let reply = self.get(&format!("manifests/{by}"), &[("accept", ACCEPT)], SMALL)?;
        let digest = Digest::of(&reply.body);
        let promised = reply.header("docker-content-digest").filter(|text| text.starts_with("sha256:"));
        for expected in [asked, promised].into_iter().flatten() {
            expected.parse::<Digest>()?.check(&what, &reply.body)?;
        }
        let image: Image = serde_json::from_slice(&reply.body).map_err(|error| {
            no_package(self.reference, format!("its image manifest cannot be read: {error}"))
        })?;
        if image.manifests.is_some() || image.schema_version != 2 {
            return Err(no_package(
                self.reference,
                "it is an index or another format, not one artifact".into(),
            ));
        }
        Ok((image, digest))
    }

    /// The layer that has this title; none when no layer has.
    fn layer(&mut self, image: &Image, title: &str, most: u64) -> Result<Option<Vec<u8>>, FetchError> {
        let mut titled =
            image.layers.iter().filter(|layer| layer.annotations.get(TITLE).is_some_and(|t| t == title));
        let Some(layer) = titled.next() else { return Ok(None) };
        if titled.next().is_some() {
            return Err(no_package(self.reference, format!("two of its layers have the title {title}")));
        }
        let what = format!("{title} of {}", self.reference);
        if layer.size > most {
            return Err(FetchError::TooLarge { what, most });
        }
        let digest: Digest = layer.digest.parse()?;
        let bytes = self.get(&format!("blobs/{digest}"), &[], layer.size)?.body;
        if bytes.len() as u64 != layer.size {
            return Err(FetchError::OtherSize { what, expected: layer.size, found: bytes.len() as u64 });
        }
        digest.check(&what, &bytes)?;
        Ok(Some(bytes))
    }

    /// Asks; and when the registry wants a token first, gets one that is for everybody.
    fn get(&mut self, rest: &str, headers: &[(&str, &str)], most: u64) -> Result<Reply, FetchError> {
        let url = self.url(rest);
        let mut reply = self.ask(&url, headers, most)?;
        if reply.status == StatusCode::UNAUTHORIZED && self.token.is_none() {
            self.token = Some(self.anonymous_token(&url, &reply)?);
            reply = self.ask(&url, headers, most)?;
        }
        match reply.status {
            StatusCode::OK => Ok(reply),
            StatusCode::NOT_FOUND => Err(FetchError::Missing(format!("{url} does not exist"))),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                Err(FetchError::Login(self.reference.to_string()))
            }
            status => Err(transport(&url, format!("the registry answered {status}"))),
        }
    }

    fn ask(&self, url: &str, headers: &[(&str, &str)], most: u64) -> Result<Reply, FetchError> {
        let bearer = self.token.as_ref().map(|token| format!("Bearer {token}"));
        let mut headers = headers.to_vec();
        headers.extend(bearer.as_deref().map(|bearer| ("authorization", bearer)));
        // What is said of an error may be longer than the file would be.
        self.web.get(url, &headers, most.max(SMALL))
    }

    fn anonymous_token(&self, url: &str, reply: &Reply) -> Result<String, FetchError> {
        let login = || FetchError::Login(self.reference.to_string());
        let asked = reply.header("www-authenticate").ok_or_else(login)?;
        let (realm, service) = challenge(asked).ok_or_else(login)?;
        self.web.checked(url, &realm)?;
        let scope = format!("repository:{}:pull", self.reference.name);
        let mut query = format!("scope={}", encoded(&scope));
        if let Some(service) = service {
            query.push_str(&format!("&service={}", encoded(&service)));
        }
        let join = if realm.contains('?') { '&' } else { '?' };
        let token_url = format!("{realm}{join}{query}");
        let reply = self.web.get(&token_url, &[], SMALL)?;
        if reply.status != StatusCode::OK {
            return Err(login());
        }
        let token: Token =
            serde_json::from_slice(&reply.body).map_err(|_| transport(&realm, "it gave no token"))?;
        if token.token.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(token.token)
        } else {
            Err(transport(&realm, "it gave a token that cannot be sent"))
        }
    }
}

/// Realm and service of a bearer challenge.
fn challenge(asked: &str) -> Option<(String, Option<String>)> {
    let challenges = http_auth::parse_challenges(asked).ok()?;
    let bearer = challenges.into_iter().find(|one| one.scheme.eq_ignore_ascii_case("bearer"))?;
    let of = |name: &str| {
        let found = bearer.params.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.to_unescaped())
    };
    Some((of("realm")?, of("service")))
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

fn no_package(reference: &Reference, why: String) -> FetchError {
    FetchError::NoPackage { what: reference.to_string(), why }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_bearer_challenge_is_found_among_others() {
        let asked =
            r#"Basic realm="x", Bearer realm="https://auth.acme.dev/token",service="acme",scope="a:b:pull""#;
        assert_eq!(challenge(asked), Some(("https://auth.acme.dev/token".into(), Some("acme".into()))));
        assert_eq!(challenge(r#"Basic realm="x""#), None);
        assert_eq!(challenge("Bearer"), None);
    }

    proptest! {
        #[test]
        fn no_header_makes_parsing_panic(text in "\\PC{0,60}") {
            let _ = challenge(&text);
            let _ = challenge(&format!("Bearer realm=\"{text}"));
        }

        #[test]
        fn no_bytes_make_an_image_of_a_hostile_registry_panic(text in "\\PC{0,80}") {
            let _ = serde_json::from_str::<Image>(&text);
            let _ = serde_json::from_str::<Image>(&format!("{{\"schemaVersion\":2,\"layers\":[{text}]}}"));
        }
    }
}
