//! A run's facts, with its attributes typed.

use cc_policy_sdk::run_reviewer::RunFacts;

pub(crate) struct Facts<'r> {
    pub(crate) run: &'r RunFacts,
}

impl<'r> Facts<'r> {
    pub(crate) fn of(run: &'r RunFacts) -> Self {
        Self { run }
    }

    /// An attribute that says something: `none` and an empty one do not.
    pub(crate) fn text(&self, key: &str) -> Option<&'r str> {
        cc_policy_sdk::text(&self.run.attributes, key)
            .map(str::trim)
            .filter(|text| !matches!(*text, "" | "none"))
    }

    pub(crate) fn is(&self, key: &str, value: &str) -> bool {
        self.text(key) == Some(value)
    }

    /// An attribute that is a number, not below 0.
    pub(crate) fn number(&self, key: &str) -> Option<f64> {
        cc_policy_sdk::number(&self.run.attributes, key).filter(|number| *number >= 0.0)
    }

    pub(crate) fn yes(&self, key: &str) -> bool {
        cc_policy_sdk::flag(&self.run.attributes, key) == Some(true)
    }

    pub(crate) fn yes_or_no(&self, key: &str) -> Option<bool> {
        cc_policy_sdk::flag(&self.run.attributes, key)
    }

    /// A tool runs now.
    pub(crate) fn tool_in_flight(&self) -> Option<&'r str> {
        self.text("tool_in_flight").filter(|tool| *tool != "false")
    }

    /// An API error ended it.
    pub(crate) fn api_failed(&self) -> bool {
        self.is("terminal_reason", "api_error")
            || (self.yes("is_error") && self.number("api_error_status").is_some())
    }

    /// It ended, and ended well.
    pub(crate) fn finished_well(&self) -> bool {
        self.run.status == "succeeded" && !self.yes("is_error")
    }

    /// Somebody ended it on purpose.
    pub(crate) fn stopped_by_user(&self) -> bool {
        self.run.status == "stopped"
            && self.text("stop_reason").is_none_or(|reason| reason == "user_requested")
    }
}
