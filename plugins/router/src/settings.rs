//! What the user can set.

/// In points of score, but for the last three.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Settings {
    pub(crate) price_weight: f64,
    pub(crate) history_weight: f64,
    pub(crate) write_weight: f64,
    pub(crate) speed_weight: f64,
    pub(crate) tie_margin: f64,
    pub(crate) prefer_current: bool,
    /// Failed verifications after which a stronger candidate gets the job; 0: never.
    pub(crate) escalate_after: usize,
    /// Models, profile ids or names that are taken only when nothing else is left.
    pub(crate) avoid: Vec<String>,
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
            speed_weight: number("speed_weight", 0.0),
            tie_margin: number("tie_margin", 0.3),
            prefer_current: config("prefer_current")
                .and_then(|text| text.trim().parse().ok())
                .unwrap_or(true),
            escalate_after: config("escalate_after").and_then(|text| text.trim().parse().ok()).unwrap_or(2),
            avoid: config("avoid").map(|text| names(&text)).unwrap_or_default(),
        }
    }
}

fn names(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
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
            "escalate_after" => Some("1".to_owned()),
            "avoid" => Some("glm-5.2, 深度求索,".to_owned()),
            _ => None,
        };
        let settings = Settings::read(set);
        assert_eq!((settings.price_weight, settings.tie_margin, settings.history_weight), (2.5, 0.3, 0.0));
        assert_eq!((settings.escalate_after, Settings::read(|_| None).escalate_after), (1, 2));
        assert_eq!(settings.avoid, ["glm-5.2", "深度求索"]);
        assert!(!settings.prefer_current && Settings::read(|_| None).prefer_current);
    }
}
