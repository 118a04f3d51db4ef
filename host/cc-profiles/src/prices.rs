//! List prices of a profile's models.

use std::collections::HashMap;

use cc_domain::{ModelEntry, ModelPrice};

/// The prices that CC Switch lists.
#[derive(Default)]
pub(crate) struct PriceList {
    /// By bare name.
    by_model: HashMap<String, ModelPrice>,
}

impl PriceList {
    pub(crate) fn add(&mut self, price: ModelPrice) {
        self.by_model.insert(bare(&price.model), price);
    }

    /// The price of each model that is listed, under the name the profile uses.
    pub(crate) fn of_models(&self, models: &[ModelEntry]) -> Vec<ModelPrice> {
        let priced = |entry: &ModelEntry| {
            Some(ModelPrice { model: entry.name.clone(), ..self.find(&entry.name)?.clone() })
        };
        models.iter().filter_map(priced).collect()
    }

    /// By the whole name first, then without the vendor before a `/` and the variant after a `:`.
    fn find(&self, model: &str) -> Option<&ModelPrice> {
        let whole = bare(model);
        let inner = whole.rsplit('/').next().unwrap_or_default();
        let plain = inner.split(':').next().unwrap_or_default();
        [whole.as_str(), inner, plain].into_iter().find_map(|name| self.by_model.get(name))
    }
}

/// Lower case, without a `[1M]` mark.
fn bare(model: &str) -> String {
    model.split('[').next().unwrap_or(model).trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price(model: &str, input: f64) -> ModelPrice {
        ModelPrice { model: model.into(), input, output: 0.0, cache_read: 0.0, cache_write: 0.0 }
    }

    #[test]
    fn names_match_without_marks_vendors_variants_and_case() {
        let mut listed = PriceList::default();
        for entry in [price("Claude-sonnet-5", 3.0), price("vendor/exact", 7.0), price("exact", 1.0)] {
            listed.add(entry);
        }
        let entry = |name: &str| ModelEntry { name: name.into(), source: String::new() };
        let models =
            ["anthropic/Claude-Sonnet-5[1M]", "claude-sonnet-5:beta", "vendor/exact", "unknown"].map(entry);
        let found = listed.of_models(&models);
        assert_eq!(found.iter().map(|price| price.input).collect::<Vec<_>>(), [3.0, 3.0, 7.0]);
        assert_eq!(found[0].model, "anthropic/Claude-Sonnet-5[1M]");
    }
}
