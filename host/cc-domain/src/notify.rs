//! Whom a user wants to be told about runs, and when.

use serde::{Deserialize, Serialize};

/// `[notify]` of the user's overrides. Nothing is told before the user sets some of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Notify {
    /// A notification of the desktop.
    pub desktop: bool,
    /// Where a small JSON object is posted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook: Option<Webhook>,
    /// What is told; empty: all of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub on: Vec<Moment>,
    /// An end is told of runs that took at least so long, seconds.
    pub min_seconds: u32,
}

/// What can be told of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    /// It succeeded.
    Finished,
    /// It failed, ran out of time or of a budget.
    Failed,
    /// It waits for an answer to a permission question.
    Permission,
}

/// An address: https, or http on this machine. Its path often is a secret, so it is never shown whole.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Webhook(String);

impl Notify {
    /// Somebody is to be told something.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.desktop || self.webhook.is_some()
    }

    /// What is told.
    #[must_use]
    pub fn moments(&self) -> Vec<Moment> {
        let all = [Moment::Finished, Moment::Failed, Moment::Permission];
        if !self.is_on() {
            Vec::new()
        } else if self.on.is_empty() {
            all.to_vec()
        } else {
            self.on.clone()
        }
    }
}

impl Moment {
    /// As it is stored and told.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::Failed => "failed",
            Self::Permission => "permission",
        }
    }
}

impl Webhook {
    /// The whole address.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.0
    }

    /// Scheme and host, which may be shown.
    #[must_use]
    pub fn shown(&self) -> String {
        let (scheme, rest) = self.0.split_once("://").unwrap_or_default();
        format!("{scheme}://{}/…", authority(rest))
    }

    /// It is on this machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.0.split_once("://").is_some_and(|(_, rest)| is_loopback(host(authority(rest))))
    }
}

impl TryFrom<String> for Webhook {
    type Error = &'static str;

    fn try_from(url: String) -> Result<Self, Self::Error> {
        let (scheme, rest) = url.split_once("://").ok_or("a webhook is a URL that begins with https://")?;
        let named = authority(rest);
        if host(named).is_empty()
            || named.contains('@')
            || url.chars().any(|c| c.is_control() || c.is_whitespace())
        {
            return Err("a webhook is a URL with a host and without a user name, a space or a line end");
        }
        match scheme {
            "https" => Ok(Self(url)),
            "http" if is_loopback(host(named)) => Ok(Self(url)),
            "http" => Err("a webhook is https; http is for 127.0.0.1, [::1] and localhost only"),
            _ => Err("a webhook is a URL that begins with https://"),
        }
    }
}

/// Host and port.
fn authority(rest: &str) -> &str {
    rest.split(['/', '?', '#', '\\']).next().unwrap_or_default()
}

fn host(authority: &str) -> &str {
    let until = if authority.starts_with('[') { ']' } else { ':' };
    authority.trim_start_matches('[').split(until).next().unwrap_or_default()
}

/// Whether a URL's host is this machine.
#[must_use]
pub fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl std::fmt::Debug for Webhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.shown())
    }
}

impl Serialize for Webhook {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.shown())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhook_is_https_or_on_this_machine_and_never_shown_whole() {
        let hook = |url: &str| Webhook::try_from(url.to_owned());
        for good in [
            "https://hooks.example.com/services/T0/secret",
            "http://127.0.0.1:8080/x",
            "http://[::1]:9/",
            "http://localhost",
        ] {
            assert!(hook(good).is_ok(), "{good}");
        }
        for bad in [
            "http://example.com/",
            "http://127.0.0.1.example.com/",
            "http://127.0.0.1@example.com/",
            "http://example.com\\@127.0.0.1/",
            "ftp://example.com",
            "file:///etc/passwd",
            "https://",
            "https://user:pass@example.com/",
            "https://exa mple.com",
            "example.com",
        ] {
            assert!(hook(bad).is_err(), "{bad}");
        }
        let shown = hook("https://hooks.example.com/services/T0/secret").unwrap();
        assert_eq!(serde_json::to_value(&shown).unwrap(), "https://hooks.example.com/…");
        assert!(!format!("{shown:?}").contains("secret"));
    }

    #[test]
    fn nothing_is_told_before_the_user_says_where() {
        let told = |notify: Notify| notify.moments();
        assert_eq!(told(Notify { on: vec![Moment::Failed], ..Notify::default() }), []);
        assert_eq!(
            told(Notify { desktop: true, on: vec![Moment::Failed], ..Notify::default() }),
            [Moment::Failed]
        );
        assert_eq!(told(Notify { desktop: true, ..Notify::default() }).len(), 3);
    }
}
