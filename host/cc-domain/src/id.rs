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

/// Identifies some runs that were started together: `team-` and the shape of a run id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(inline, with = "String", description = "")]
pub struct TeamId(String);

impl TeamId {
    const PREFIX: &str = "team-";

    /// A new id, as [`RunId::new`] makes them.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self(format!("{}{}", Self::PREFIX, RunId::new(now)))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TeamId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let run = text.strip_prefix(Self::PREFIX).and_then(|rest| rest.parse::<RunId>().ok());
        run.map(|_| Self(text.into())).ok_or_else(|| IdError::Team(text.into()))
    }
}

impl TryFrom<String> for TeamId {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<TeamId> for String {
    fn from(id: TeamId) -> Self {
        id.0
    }
}

impl fmt::Display for TeamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Identifies one benchmark: `bench-` and the shape of a run id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(inline, with = "String", description = "")]
pub struct BenchmarkId(String);

impl BenchmarkId {
    const PREFIX: &str = "bench-";

    /// A new id, as [`RunId::new`] makes them.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self(format!("{}{}", Self::PREFIX, RunId::new(now)))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for BenchmarkId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let run = text.strip_prefix(Self::PREFIX).and_then(|rest| rest.parse::<RunId>().ok());
        run.map(|_| Self(text.into())).ok_or_else(|| IdError::Benchmark(text.into()))
    }
}

impl TryFrom<String> for BenchmarkId {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<BenchmarkId> for String {
    fn from(id: BenchmarkId) -> Self {
        id.0
    }
}

impl fmt::Display for BenchmarkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
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
