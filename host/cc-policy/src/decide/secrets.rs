//! The union of all scanners' rules.

use std::collections::HashMap;

use cc_domain::{PluginRef, SecretRule};

/// All rules, each with the seat it came from. A later seat's rule replaces an earlier one's of the same id.
pub(crate) fn union(
    seats: &[PluginRef],
    ask: impl Fn(&PluginRef) -> Result<Vec<SecretRule>, String>,
) -> Result<Vec<(usize, SecretRule)>, String> {
    let mut rules: Vec<(usize, SecretRule)> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for (seat, plugin) in seats.iter().enumerate() {
        for rule in ask(plugin)? {
            match places.get(&rule.id) {
                Some(place) => rules[*place] = (seat, rule),
                None => {
                    places.insert(rule.id.clone(), rules.len());
                    rules.push((seat, rule));
                }
            }
        }
    }
    Ok(rules)
}

#[cfg(test)]
mod tests {
    use cc_domain::{Confidence, Layer};

    use super::*;
    use crate::decide::samples::plugin;

    fn rule(id: &str, regex: &str) -> SecretRule {
        SecretRule {
            id: id.into(),
            description: String::new(),
            regex: regex.into(),
            keywords: vec!["k".into()],
            secret_group: 0,
            min_entropy: 0.0,
            path: None,
            confidence: Confidence::High,
            components: Vec::new(),
            allow: Vec::new(),
            checksum: None,
            skip_report: false,
            source: String::new(),
            positives: Vec::new(),
            negatives: Vec::new(),
        }
    }

    #[test]
    fn a_higher_rule_replaces_one_of_the_same_id() {
        let seats = [plugin("a", Layer::Bundled), plugin("b", Layer::User)];
        let all = union(&seats, |who| match who.id.as_str() {
            "a" => Ok(vec![rule("one", "1"), rule("two", "2")]),
            _ => Ok(vec![rule("two", "22"), rule("three", "3")]),
        });
        let seen: Vec<_> =
            all.expect("rules").iter().map(|(seat, rule)| (*seat, rule.regex.clone())).collect();
        assert_eq!(seen, [(0, "1".into()), (1, "22".into()), (1, "3".into())]);
    }

    #[test]
    fn one_failing_scanner_leaves_no_rules_at_all() {
        let seats = [plugin("a", Layer::Bundled), plugin("b", Layer::User)];
        let all =
            union(
                &seats,
                |who| if who.id == "b" { Err("b is ill".into()) } else { Ok(vec![rule("one", "1")]) },
            );
        assert_eq!(all, Err("b is ill".into()));
    }
}
