//! How much of the machine a plugin may use.

use std::time::Duration;

use serde::{Deserialize, Serialize};

const MIB: u64 = 1 << 20;

/// Longest log line of a plugin, in bytes; the rest is cut.
pub(crate) const LOG_LINE_BYTES: usize = 1024;

/// Longest text of an error or a failure that comes from a plugin, in bytes; the rest is cut.
pub(crate) const ERROR_BYTES: usize = 600;

/// Limits of one plugin. All but `component_bytes` hold for each call anew.
///
/// In a manifest or the lock they are written as here; one left out has its default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// All linear memories together. Default 32 MiB, at most 512 MiB. What exceeds 32 MiB is not pooled:
    /// such a plugin's calls start more slowly.
    pub memory_bytes: u64,
    /// From the start of the instance to its answer. Default 2 s, at most 30 s; counted in ticks of 10 ms.
    #[serde(rename = "deadline_ms", with = "milliseconds")]
    pub deadline: Duration,
    /// Size of one answer as the host holds it. Default 4 MiB, at most 32 MiB.
    pub output_bytes: u64,
    /// Log lines in one call. Default 50, at most 1000; further lines are dropped and counted.
    pub log_lines: u32,
    /// Size of the component's file. Default 8 MiB, at most 64 MiB.
    pub component_bytes: u64,
}

/// A limit above its maximum.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("limit {name} is {asked}, and at most {most} is possible; lower it in the plugin's manifest")]
pub struct LimitError {
    name: &'static str,
    asked: u128,
    most: u128,
}

impl Limits {
    /// The most that any plugin may be given.
    pub const MAX: Self = Self {
        memory_bytes: 512 * MIB,
        deadline: Duration::from_secs(30),
        output_bytes: 32 * MIB,
        log_lines: 1000,
        component_bytes: 64 * MIB,
    };

    const DEFAULT: Self = Self {
        memory_bytes: 32 * MIB,
        deadline: Duration::from_secs(2),
        output_bytes: 4 * MIB,
        log_lines: 50,
        component_bytes: 8 * MIB,
    };

    /// Checks them against [`Limits::MAX`].
    ///
    /// # Errors
    /// The first limit that is above its maximum.
    pub fn check(&self) -> Result<(), LimitError> {
        let of = |name, asked: u128, most: u128| {
            if asked > most { Err(LimitError { name, asked, most }) } else { Ok(()) }
        };
        of("memory_bytes", self.memory_bytes.into(), Self::MAX.memory_bytes.into())?;
        of("deadline_ms", self.deadline.as_millis(), Self::MAX.deadline.as_millis())?;
        of("output_bytes", self.output_bytes.into(), Self::MAX.output_bytes.into())?;
        of("log_lines", self.log_lines.into(), Self::MAX.log_lines.into())?;
        of("component_bytes", self.component_bytes.into(), Self::MAX.component_bytes.into())
    }

    /// The same limits, those above their maximum lowered to it.
    #[must_use]
    pub fn clamped(&self) -> Self {
        self.within(&Self::MAX)
    }

    /// The same limits, those above `most` lowered to it.
    #[must_use]
    pub fn within(&self, most: &Self) -> Self {
        Self {
            memory_bytes: self.memory_bytes.min(most.memory_bytes),
            deadline: self.deadline.min(most.deadline),
            output_bytes: self.output_bytes.min(most.output_bytes),
            log_lines: self.log_lines.min(most.log_lines),
            component_bytes: self.component_bytes.min(most.component_bytes),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

mod milliseconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(value: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(u64::try_from(value.as_millis()).unwrap_or(u64::MAX))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        u64::deserialize(from).map(Duration::from_millis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_names_only_what_it_changes() {
        let limits: Limits = toml::from_str("deadline_ms = 250").expect("limits");
        assert_eq!(limits, Limits { deadline: Duration::from_millis(250), ..Limits::default() });
        assert!(toml::from_str::<Limits>("memory = 1").is_err());
    }

    #[test]
    fn more_than_the_maximum_is_named_and_never_used() {
        let greedy = Limits { memory_bytes: u64::MAX, ..Limits::default() };
        assert!(greedy.check().is_err_and(|error| error.to_string().contains("memory_bytes")));
        assert_eq!(greedy.clamped().memory_bytes, Limits::MAX.memory_bytes);
        assert_eq!(Limits::MAX.check(), Ok(()));
        assert_eq!(Limits::default().check(), Ok(()));
    }
}
