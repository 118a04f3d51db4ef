//! What the user can set.

/// All in points of score, but for `prefer_current`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Settings {
    pub(crate) price_weight: f64,
    pub(crate) history_weight: f64,
    pub(crate) write_weight: f64,
    pub(crate) tie_margin: f64,
    pub(crate) prefer_current: bool,
}

impl Settings {
    /// What is not set, or set to nonsense, has its default.
    pub(crate) fn read(config: impl Fn(&str) -> Option<String>) -> Self {
        let number = |key, default: f64| {
            let set = config(key).and_then(|text| text.trim().parse::<f64>().ok()).filter(|n| n.is_finite());
            set.unwrap_or(default).clamp(0.0, 10.0)
        };
        Self {
            price_weight: number("price_weight", 1.0),
            history_weight: number("history_weight", 2.0),
            write_weight: number("write_weight", 0.15),
            tie_margin: number("tie_margin", 0.3),
            prefer_current: config("prefer_current")
                .and_then(|text| text.trim().parse().ok())
                .unwrap_or(true),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_counts_and_nonsense_does_not() {
        let set = |key: &str| match key {
            "price_weight" => Some(" 2.5 ".to_owned()),
            "tie_margin" => Some("wide".to_owned()),
            "history_weight" => Some("-1".to_owned()),
            "prefer_current" => Some("false".to_owned()),
            _ => None,
        };
        let settings = Settings::read(set);
        assert_eq!((settings.price_weight, settings.tie_margin, settings.history_weight), (2.5, 0.3, 0.0));
        assert!(!settings.prefer_current && Settings::read(|_| None).prefer_current);
    }
}
