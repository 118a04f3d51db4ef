//! Identifiers.

use std::{fmt, str::FromStr};

use jiff::{Timestamp, tz::TimeZone};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Identifies one run: `YYYYMMDDThhmmssZ-` and 8 lower-case hex digits, as the predecessor wrote it.
///
/// The shape is checked before a path is built from it, so an id never leaves the runs folder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(inline, with = "String", description = "")]
pub struct RunId(String);

/// A text that is no identifier.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum IdError {
    /// Not the shape of a run id.
    #[error("'{0}' is not a run id (they look like 20261123T061500Z-1a2b3c4d)")]
    Run(String),
    /// Not the shape of a team id.
    #[error("'{0}' is not a team id (they look like team-20261123T061500Z-1a2b3c4d)")]
    Team(String),
    /// Not the shape of a job id.
    #[error("'{0}' is not a job id (they look like job-20261123T061500Z-1a2b3c4d)")]
    Job(String),
    /// Not the shape of a benchmark id.
    #[error("'{0}' is not a benchmark id (they look like bench-20261123T061500Z-1a2b3c4d)")]
    Benchmark(String),
}

impl RunId {
    /// A new id: `now` to the second, and 32 random bits.
    ///
    /// # Panics
    /// Never on a supported platform: only when the system has no source of randomness.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        let random = getrandom::u32().unwrap_or_else(|_| std::process::id());
        let second = now.to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ");
        Self(format!("{second}-{random:08x}"))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RunId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let shape = |b: &[u8]| {
            b.len() == 25
                && b[..8].iter().all(u8::is_ascii_digit)
                && b[8] == b'T'
                && b[9..15].iter().all(u8::is_ascii_digit)
                && &b[15..17] == b"Z-"
                && b[17..].iter().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'))
        };
        if shape(text.as_bytes()) { Ok(Self(text.into())) } else { Err(IdError::Run(text.into())) }
    }
}

impl TryFrom<String> for RunId {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<RunId> for String {
    fn from(id: RunId) -> Self {
        id.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An id that is a run id with a mark in front.
macro_rules! marked_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal, $error:path) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(try_from = "String", into = "String")]
        #[schemars(inline, with = "String", description = "")]
        pub struct $name(String);

        impl $name {
            /// A new id, as [`RunId::new`] makes them.
            #[must_use]
            pub fn new(now: Timestamp) -> Self {
                Self(format!("{}{}", $prefix, RunId::new(now)))
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                let run = text.strip_prefix($prefix).and_then(|rest| rest.parse::<RunId>().ok());
                run.map(|_| Self(text.into())).ok_or_else(|| $error(text.into()))
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

marked_id! {
    /// Identifies some runs that were started together: `team-` and the shape of a run id.
    TeamId, "team-", IdError::Team
}

marked_id! {
    /// Identifies a job of the queue: `job-` and the shape of a run id.
    JobId, "job-", IdError::Job
}

marked_id! {
    /// Identifies one benchmark: `bench-` and the shape of a run id.
    BenchmarkId, "bench-", IdError::Benchmark
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_id_parses_back() {
        let id = RunId::new("2026-11-23T06:15:00Z".parse().expect("a time"));
        assert!(id.as_str().starts_with("20261123T061500Z-"));
        assert_eq!(id.as_str().parse(), Ok(id));
    }

    #[test]
    fn a_team_id_is_a_run_id_with_a_mark() {
        let id = TeamId::new("2026-11-23T06:15:00Z".parse().expect("a time"));
        assert_eq!(id.as_str().parse(), Ok(id));
        assert!(
            "20261123T061500Z-1a2b3c4d".parse::<TeamId>().is_err() && "team-..".parse::<TeamId>().is_err()
        );
    }

    #[test]
    fn a_job_id_is_none_of_a_team() {
        let id = JobId::new("2026-11-23T06:15:00Z".parse().expect("a time"));
        assert_eq!(id.as_str().parse(), Ok(id.clone()));
        assert!(id.as_str().parse::<TeamId>().is_err());
    }

    #[test]
    fn a_benchmark_id_is_one_too() {
        let id = BenchmarkId::new("2026-11-23T06:15:00Z".parse().expect("a time"));
        assert_eq!(id.as_str().parse(), Ok(id));
        assert!("team-20261123T061500Z-1a2b3c4d".parse::<BenchmarkId>().is_err());
    }

    #[test]
    fn nothing_that_could_be_a_path_is_an_id() {
        for bad in
            ["", "..", "20261123T061500Z-1a2b3c4", "20261123T061500Z-1A2B3C4D", "20261123T061500Z-../../ab"]
        {
            assert!(bad.parse::<RunId>().is_err(), "{bad}");
        }
    }
}
