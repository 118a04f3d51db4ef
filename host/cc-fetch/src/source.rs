//! Where packages come from.

use std::{fmt, net::IpAddr, str::FromStr};

use crate::{Digest, FetchError, MANIFEST};

/// A place on the network that has a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// An artifact in an OCI registry.
    Oci(Reference),
    /// A folder on a web server; ends with `/`.
    Web(String),
}

/// `oci://HOST/NAME[:TAG][@DIGEST]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Host, and port when there is one.
    pub host: String,
    /// The repository.
    pub name: String,
    /// What people call a version; it can move.
    pub tag: Option<String>,
    /// What cannot move.
    pub digest: Option<Digest>,
}

impl Source {
    /// Whether a text names a place on the network, rather than a folder.
    #[must_use]
    pub fn is_remote(text: &str) -> bool {
        text.contains("://")
    }

    /// On this machine: the one place that may be asked without TLS.
    pub(crate) fn is_local(&self) -> bool {
        match self {
            Self::Oci(reference) => is_loopback(&reference.host),
            Self::Web(folder) => folder
                .split_once("://")
                .is_some_and(|(_, rest)| is_loopback(rest.split('/').next().unwrap_or_default())),
        }
    }

    /// The digest that it names by itself.
    #[must_use]
    pub fn digest(&self) -> Option<&Digest> {
        match self {
            Self::Oci(reference) => reference.digest.as_ref(),
            Self::Web(_) => None,
        }
    }
}

impl FromStr for Source {
    type Err = FetchError;

    fn from_str(text: &str) -> Result<Self, FetchError> {
        let refused =
            |why: &str| FetchError::Source { text: text.chars().take(200).collect(), why: why.into() };
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(refused("it has spaces or characters that are not ASCII"));
        }
        match text.split_once("://") {
            Some(("oci", rest)) => reference(rest).map(Self::Oci).map_err(|why| refused(&why)),
            Some((scheme @ ("https" | "http"), rest)) => {
                folder(scheme, rest).map(Self::Web).map_err(|why| refused(&why))
            }
            _ => Err(refused("it is neither an OCI reference nor a web address")),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Oci(reference) => reference.fmt(f),
            Self::Web(folder) => f.write_str(folder),
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "oci://{}/{}", self.host, self.name)?;
        self.tag.as_ref().map_or(Ok(()), |tag| write!(f, ":{tag}"))?;
        self.digest.as_ref().map_or(Ok(()), |digest| write!(f, "@{digest}"))
    }
}

/// The folder that an address names, or whose `plugin.toml` it names.
fn folder(scheme: &str, rest: &str) -> Result<String, String> {
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    check_host(host)?;
    if path.contains(['?', '#']) {
        return Err("it has a query or a fragment, and the files beside it would lose them".into());
    }
    if scheme == "http" && !is_loopback(host) {
        return Err("it is not encrypted: use https".into());
    }
    let path = path.strip_suffix(MANIFEST).unwrap_or(path);
    let end = if path.is_empty() || path.ends_with('/') { "" } else { "/" };
    Ok(format!("{scheme}://{host}/{path}{end}"))
}

fn reference(rest: &str) -> Result<Reference, String> {
    let (host, rest) = rest.split_once('/').ok_or("it names no repository")?;
    check_host(host)?;
    let (rest, digest) = match rest.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest.parse().map_err(|error: FetchError| error.to_string())?)),
        None => (rest, None),
    };
    let (name, tag) = rest.split_once(':').map_or((rest, None), |(name, tag)| (name, Some(tag)));
    if !is_name(name) {
        return Err(format!(
            "'{name}' is no repository: use lower-case words joined by '/', '.', '_' and '-'"
        ));
    }
    if tag.is_some_and(|tag| !is_tag(tag)) {
        return Err(format!("'{}' is no tag", tag.unwrap_or_default()));
    }
    let tag = tag.map(str::to_owned).or_else(|| digest.is_none().then(|| "latest".to_owned()));
    Ok(Reference { host: host.into(), name: name.into(), tag, digest })
}

fn check_host(host: &str) -> Result<(), String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':' | b'[' | b']');
    if host.is_empty() || !host.bytes().all(plain) {
        return Err(format!("'{host}' is no host"));
    }
    Ok(())
}

fn is_name(name: &str) -> bool {
    let inside = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-');
    let ends = |word: &str| {
        let outer = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
        outer(word.bytes().next()) && outer(word.bytes().last())
    };
    name.len() <= 255 && name.split('/').all(|word| word.bytes().all(inside) && ends(word))
}

fn is_tag(tag: &str) -> bool {
    let inside = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    tag.len() <= 128
        && tag.bytes().all(inside)
        && tag.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric() || first == b'_')
}

/// `localhost` or a loopback address, with or without a port.
pub(crate) fn is_loopback(authority: &str) -> bool {
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DIGEST: &str = "sha256:57bf16df17b317487f7dfda4d6f279141ba3b4751b598c0d3f0be3f26b32c11f";

    fn parse(text: &str) -> Result<Source, FetchError> {
        text.parse()
    }

    #[test]
    fn references_have_a_host_a_name_and_what_finds_the_digest() {
        for (text, shown) in [
            ("oci://ghcr.io/acme/router:1.2.0", "oci://ghcr.io/acme/router:1.2.0"),
            ("oci://ghcr.io/acme/router", "oci://ghcr.io/acme/router:latest"),
            ("oci://[::1]:5000/a:v1", "oci://[::1]:5000/a:v1"),
            (&format!("oci://h:5000/a@{DIGEST}"), &format!("oci://h:5000/a@{DIGEST}")),
            (&format!("oci://h/a:1@{DIGEST}"), &format!("oci://h/a:1@{DIGEST}")),
        ] {
            assert_eq!(parse(text).expect(text).to_string(), shown);
        }
    }

    #[test]
    fn an_address_names_a_folder_or_its_manifest() {
        for text in [
            "https://acme.dev/p/router",
            "https://acme.dev/p/router/",
            "https://acme.dev/p/router/plugin.toml",
        ] {
            assert_eq!(parse(text).expect(text), Source::Web("https://acme.dev/p/router/".into()));
        }
        assert!(parse("http://127.0.0.1:8000/p/").expect("a source").is_local());
    }

    #[test]
    fn what_is_no_source_says_why() {
        for (text, why) in [
            ("file:///etc/passwd", "neither"),
            ("oci://ghcr.io", "no repository"),
            ("oci://ghcr.io/Acme/router", "lower-case"),
            ("oci://ghcr.io/../router", "lower-case"),
            ("oci://user:pw@ghcr.io/a", "no host"),
            ("oci://ghcr.io/a@sha512:00", "sha256"),
            ("https://user:pw@acme.dev/a", "no host"),
            ("https://acme.dev/a?token=1", "query"),
            ("http://acme.dev/a", "not encrypted"),
            ("http://127.0.0.1.evil.dev/a", "not encrypted"),
            ("https://acme.dev/a b", "spaces"),
        ] {
            let error = parse(text).expect_err(text).to_string();
            assert!(error.contains(why), "{error}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_parsing_panic(text in "\\PC{0,80}") {
            let _ = parse(&text);
            let _ = parse(&format!("oci://{text}"));
        }

        #[test]
        fn a_source_outlives_writing_and_reading(
            host in "[a-z]{1,8}(:[0-9]{2,4})?", name in "[a-z0-9]{1,5}(/[a-z0-9]{1,5}){0,2}", tag in "[A-Za-z0-9_.-]{0,9}",
        ) {
            if let Ok(source) = parse(&format!("oci://{host}/{name}:{tag}")) {
                prop_assert_eq!(parse(&source.to_string()).expect("readable"), source);
            }
        }
    }
}
