//! What runs used and cost, for people.

use serde_json::Value;

use crate::Table;

/// A summary of usage: its sums as a table, and how sure they are.
#[must_use]
pub fn usage(summary: &Value) -> String {
    let mut table = Table::new(["", "runs", "failed", "tokens", "of them cached", "USD", "accuracy"]);
    let by = text(&summary["group_by"]);
    for sum in list(&summary["groups"]) {
        table.row(row(sum["name"].as_str().unwrap_or_else(|| key(sum)), sum));
    }
    table.row(row("in all", &summary["totals"]));
    for (kind, sum) in summary["apart"].as_object().into_iter().flatten() {
        table.row(row(&format!("{kind} (apart)"), sum));
    }
    let days = match (text(&summary["first_day"]), text(&summary["last_day"])) {
        (first, last) if first == last => first.to_owned(),
        (first, last) => format!("{first} to {last}"),
    };
    let notes: String = list(&summary["notes"]).map(|note| format!("\n{}\n", text(note))).collect();
    format!("# Usage by {by}, {days} (UTC)\n\n{table}\n{notes}")
}

fn row(name: &str, sum: &Value) -> [String; 7] {
    let number = |name: &str| sum[name].as_u64().unwrap_or_default();
    let share = |(accuracy, share): (&String, &Value)| match accuracy.as_str() {
        "unknown_tokens" => format!("{} tokens without a price", share.as_f64().unwrap_or_default()),
        accuracy => {
            format!("{:.4} {}", share.as_f64().unwrap_or_default(), accuracy.trim_end_matches("_usd"))
        }
    };
    let accuracy: Vec<String> = sum["accuracy"].as_object().into_iter().flatten().map(share).collect();
    [
        name.to_owned(),
        number("runs").to_string(),
        number("failures").to_string(),
        number("tokens").to_string(),
        (number("cache_read_tokens") + number("cache_write_tokens")).to_string(),
        sum["cost_usd"].as_f64().map(|usd| format!("{usd:.4}")).unwrap_or_default(),
        accuracy.join(", "),
    ]
}

fn key(sum: &Value) -> &str {
    match text(&sum["key"]) {
        "" => "the provider's default",
        key => key,
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_summary_reads_well_and_says_how_sure_it_is() {
        let summary = json!({
            "group_by": "model", "first_day": "2026-11-24", "last_day": "2026-11-25", "notes": ["A note."],
            "groups": [
                { "key": "glm-5.2", "runs": 3, "failures": 1, "tokens": 1200, "cache_read_tokens": 1000,
                  "cost_usd": 0.25, "accuracy": { "priced_usd": 0.2, "reckoned_usd": 0.05 } },
                { "key": "", "runs": 1, "failures": 0, "tokens": 7, "accuracy": { "unknown_tokens": 7.0 } },
            ],
            "totals": { "runs": 4, "failures": 1, "tokens": 1207, "cache_read_tokens": 1000, "cost_usd": 0.25 },
            "apart": { "demo": { "runs": 2, "failures": 0, "tokens": 90, "cost_usd": 0.001 } },
        });
        assert_eq!(
            usage(&summary),
            "# Usage by model, 2026-11-24 to 2026-11-25 (UTC)\n\n\
             |                        | runs | failed | tokens | of them cached | USD    | accuracy                       |\n\
             |------------------------|------|--------|--------|----------------|--------|--------------------------------|\n\
             | glm-5.2                | 3    | 1      | 1200   | 1000           | 0.2500 | 0.2000 priced, 0.0500 reckoned |\n\
             | the provider's default | 1    | 0      | 7      | 0              |        | 7 tokens without a price       |\n\
             | in all                 | 4    | 1      | 1207   | 1000           | 0.2500 |                                |\n\
             | demo (apart)           | 2    | 0      | 90     | 0              | 0.0010 |                                |\n\
             \nA note.\n"
        );
    }
}
