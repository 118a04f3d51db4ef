//! List prices of a profile's models.

use cc_domain::{ModelEntry, ModelPrice};

/// The price of each model that CC Switch lists, under the name the profile uses.
pub(crate) fn of_models(models: &[ModelEntry], listed: &[ModelPrice]) -> Vec<ModelPrice> {
    models
        .iter()
        .filter_map(|entry| {
            find(&entry.name, listed).map(|price| ModelPrice { model: entry.name.clone(), ..price.clone() })
        })
        .collect()
}

/// By the whole name first, then without the vendor before a `/` and the variant after a `:`.
fn find<'a>(model: &str, listed: &'a [ModelPrice]) -> Option<&'a ModelPrice> {
    let whole = bare(model);
    let inner = whole.rsplit('/').next().unwrap_or_default();
    let plain = inner.split(':').next().unwrap_or_default();
    [whole.as_str(), inner, plain]
        .iter()
        .find_map(|name| listed.iter().find(|price| bare(&price.model) == *name))
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
        let listed = [price("claude-sonnet-5", 3.0), price("vendor/exact", 7.0), price("exact", 1.0)];
        let entry = |name: &str| ModelEntry { name: name.into(), source: String::new() };
        let models =
            ["anthropic/Claude-Sonnet-5[1M]", "claude-sonnet-5:beta", "vendor/exact", "unknown"].map(entry);
        let found = of_models(&models, &listed);
        assert_eq!(found.iter().map(|price| price.input).collect::<Vec<_>>(), [3.0, 3.0, 7.0]);
        assert_eq!(found[0].model, "anthropic/Claude-Sonnet-5[1M]");
    }
}
