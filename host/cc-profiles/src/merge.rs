//! The user's common config, laid over a provider's settings.

use serde_json::Value;

/// Lays `over` on `base` as CC Switch does: objects key by key and deep, anything else replaced, arrays too.
pub(crate) fn overlay(base: &mut Value, over: &Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (key, value) in over {
                overlay(base.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (base, over) => base.clone_from(over),
    }
}

/// Whether a provider takes the common config.
///
/// Where the switch was never set, CC Switch lays the snippet only over settings that already contain it. That
/// changes no variable and no model, and nothing else of the settings reaches a worker: so it need not be done here.
pub(crate) fn wants_common_config(meta: &Value) -> bool {
    meta.get("commonConfigEnabled") == Some(&Value::Bool(true))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Map, json};

    use super::*;

    fn laid(base: &Value, over: &Value) -> Value {
        let mut result = base.clone();
        overlay(&mut result, over);
        result
    }

    #[test]
    fn the_snippet_wins_deeply_and_replaces_arrays() {
        let base = json!({"env": {"A": "1", "B": "2"}, "permissions": {"allow": ["x", "y"], "mode": "m"}});
        let over =
            json!({"env": {"B": "3", "C": "4"}, "permissions": {"allow": ["z"]}, "new": {"deep": {"er": 1}}});
        assert_eq!(
            laid(&base, &over),
            json!({"env": {"A": "1", "B": "3", "C": "4"}, "permissions": {"allow": ["z"], "mode": "m"},
                   "new": {"deep": {"er": 1}}})
        );
    }

    #[test]
    fn only_a_plain_true_asks_for_it() {
        assert!(wants_common_config(&json!({"commonConfigEnabled": true})));
        for meta in [
            json!({"commonConfigEnabled": false}),
            json!({"commonConfigEnabled": "true"}),
            json!({}),
            json!(null),
        ] {
            assert!(!wants_common_config(&meta), "{meta}");
        }
    }

    proptest! {
        #[test]
        fn twice_is_once(base in any_json(), over in any_json()) {
            let once = laid(&base, &over);
            prop_assert_eq!(laid(&once, &over), once);
        }

        #[test]
        fn every_leaf_of_the_snippet_is_in_the_result(base in any_json(), over in any_json()) {
            prop_assert!(contains(&laid(&base, &over), &over));
        }

        #[test]
        fn what_the_snippet_does_not_name_stays(base in any_object(), over in any_object()) {
            let result = laid(&Value::Object(base.clone()), &Value::Object(over.clone()));
            for (key, value) in base.iter().filter(|(key, _)| !over.contains_key(*key)) {
                prop_assert_eq!(result.get(key), Some(value));
            }
        }
    }

    fn contains(whole: &Value, part: &Value) -> bool {
        match (whole, part) {
            (Value::Object(whole), Value::Object(part)) => {
                part.iter().all(|(key, value)| whole.get(key).is_some_and(|inner| contains(inner, value)))
            }
            (whole, part) => whole == part,
        }
    }

    fn any_object() -> impl Strategy<Value = Map<String, Value>> {
        prop::collection::btree_map("[a-d]", any_json(), 0..4).prop_map(|map| map.into_iter().collect())
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            "[a-z]{0,3}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                prop::collection::btree_map("[a-d]", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }
}
