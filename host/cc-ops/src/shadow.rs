//! What plugins in shadow would have changed, from the record of decisions.

use cc_domain::Said;
use cc_policy::Shadowed;
use cc_store::Decision;
use serde::{Deserialize, Serialize};

use crate::{Context, ErrorKind, OpError, replay};

/// Most differences that a comparison keeps; the rest are counted.
const MOST_SHOWN: usize = 20;

/// A plugin in shadow beside what was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// The plugin's id.
    pub id: String,
    /// Its newest version that was heard; earlier ones are left out.
    pub version: String,
    /// sha256 of that version's component.
    pub digest: String,
    /// Decisions that it was heard in.
    pub decisions: usize,
    /// Those that would have come out otherwise.
    pub differ: usize,
    /// Those in which it failed.
    pub failed: usize,
    /// The newest of those that differ.
    pub differences: Vec<Change>,
}

/// A decision that would have come out otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The run it was decided for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_id: Option<String>,
    /// When. RFC 3339, UTC.
    pub at: String,
    /// What was chosen: model and profile.
    pub chosen: String,
    /// What would have been.
    pub would_choose: String,
    /// Its reason.
    pub reason: String,
}

#[derive(Deserialize)]
struct Outcome {
    profile_id: String,
    #[serde(default)]
    model: Option<String>,
    #[serde(default)]
    shadows: Vec<Shadowed>,
}

/// Compares a plugin in shadow with what was done in the newest `most` decisions.
///
/// # Errors
/// The records cannot be read, or the plugin was not heard in any of them.
pub fn compare_shadow(cx: &Context, id: &str, most: u32) -> Result<Comparison, OpError> {
    compare(&replay::recorded(cx, most)?, id).ok_or_else(|| {
        OpError::new(
            ErrorKind::NotFound,
            format!("'{id}' was not heard in shadow in any of the newest {most} decisions"),
            "add it with 'cc-orchestrator plugin add PATH --shadow', then run some workers",
        )
    })
}

fn compare(decisions: &[Decision], id: &str) -> Option<Comparison> {
    let mut found: Option<Comparison> = None;
    for decision in decisions {
        let Ok(outcome) = serde_json::from_value::<Outcome>(decision.outcome.clone()) else { continue };
        let Some(shadow) = outcome.shadows.iter().find(|shadow| shadow.plugin.id == id) else { continue };
        let all = found.get_or_insert_with(|| Comparison {
            id: id.to_owned(),
            version: shadow.plugin.version.clone(),
            digest: shadow.plugin.digest.clone(),
            decisions: 0,
            differ: 0,
            failed: 0,
            differences: Vec::new(),
        });
        if shadow.plugin.digest == all.digest {
            all.count(decision, &outcome, shadow);
        }
    }
    found
}

impl Comparison {
    fn count(&mut self, decision: &Decision, outcome: &Outcome, shadow: &Shadowed) {
        self.decisions += 1;
        self.failed += usize::from(shadow.said == Said::Failed);
        if !shadow.differs {
            return;
        }
        self.differ += 1;
        if self.differences.len() < MOST_SHOWN {
            let would = shadow.would_choose.as_ref();
            self.differences.push(Change {
                run_id: decision.run_id.as_ref().map(ToString::to_string),
                at: decision.at.clone(),
                chosen: on(outcome.model.as_deref().unwrap_or_default(), &outcome.profile_id),
                would_choose: would.map_or_else(|| "nobody".into(), |c| on(&c.model, &c.profile_id)),
                reason: shadow.reason.clone(),
            });
        }
    }

    /// In words.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!(
            "{} {} in shadow: {} of {} decisions would have come out otherwise, {} failed",
            self.id, self.version, self.differ, self.decisions, self.failed
        );
        for one in &self.differences {
            let run = one.run_id.as_deref().unwrap_or(&one.at);
            text.push_str(&format!("\n- {run}: {} -> {} ({})", one.chosen, one.would_choose, one.reason));
        }
        text
    }
}

fn on(model: &str, profile_id: &str) -> String {
    if model.is_empty() { profile_id.to_owned() } else { format!("{model} on {profile_id}") }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn decision(shadows: &Value) -> Decision {
        Decision {
            run_id: None,
            at: "2026-11-25T00:00:00Z".into(),
            kind: "route".into(),
            request: json!({}),
            candidates: json!([]),
            outcome: json!({ "profile_id": "p1", "model": "a", "shadows": shadows }),
            plugins: Vec::new(),
        }
    }

    fn shadow(digest: &str, said: &str, differs: bool) -> Value {
        json!([{
            "plugin": { "id": "acme.router", "version": "1.0.0", "digest": digest, "layer": "user" },
            "said": said, "reason": "because", "differs": differs,
            "would_choose": { "profile_id": "p2", "model": "b", "reason": "because" },
        }])
    }

    #[test]
    fn the_newest_version_is_counted_alone() {
        let decisions = [
            decision(&shadow("new", "chose", true)),
            decision(&shadow("new", "failed", false)),
            decision(&json!([])),
            decision(&shadow("old", "chose", true)),
        ];
        let found = compare(&decisions, "acme.router").expect("heard");
        assert_eq!((found.decisions, found.differ, found.failed), (2, 1, 1));
        assert!(found.text().contains("a on p1 -> b on p2 (because)"), "{}", found.text());
        assert_eq!(compare(&decisions, "acme.other"), None);
    }
}
