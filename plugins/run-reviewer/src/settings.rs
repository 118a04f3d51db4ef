//! What the user can set.

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Settings {
    pub(crate) stall_seconds: f64,
    pub(crate) tool_seconds: f64,
    pub(crate) repeat_limit: f64,
    pub(crate) retry_limit: f64,
    pub(crate) token_limit: f64,
}

impl Settings {
    /// What is not set, or is no positive number, has its default.
    pub(crate) fn read(config: impl Fn(&str) -> Option<String>) -> Self {
        let number = |key, default: f64| {
            let set = config(key).and_then(|text| text.trim().parse::<f64>().ok());
            set.filter(|n| n.is_finite() && *n > 0.0).unwrap_or(default)
        };
        Self {
            stall_seconds: number("stall_seconds", 180.0),
            tool_seconds: number("tool_seconds", 900.0),
            repeat_limit: number("repeat_limit", 5.0),
            retry_limit: number("retry_limit", 3.0),
            token_limit: number("token_limit", 2_000_000.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_counts_and_nonsense_does_not() {
        let set = |key: &str| match key {
            "stall_seconds" => Some("60".to_owned()),
            "repeat_limit" => Some("-2".to_owned()),
            _ => None,
        };
        let settings = Settings::read(set);
        assert_eq!((settings.stall_seconds, settings.repeat_limit), (60.0, 5.0));
    }
}
