//! What became of the user's things between two versions.

use std::collections::BTreeMap;

use cc_domain::Layer;
use cc_policy::{PluginStatus, Policy, Status};
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    inventory::Files,
    record::{BundledPlugin, Record},
};

/// What became of one thing of the user's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Fate {
    /// Byte for byte as the earlier version left it.
    Preserved,
    /// Written since, by its user: no upgrade touches it.
    Changed,
    /// New since.
    Added,
    /// This version cannot use it.
    Incompatible,
    /// It is gone.
    Missing,
}

/// One thing of the user's.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Item {
    /// From the home, or `plugin <id>`, or a table of `state.db`.
    pub(crate) what: String,
    pub(crate) fate: Fate,
    /// sha256, or the number of rows; none: it was not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) before: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) after: Option<String>,
    /// Why, and what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<String>,
}

/// One default plugin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct BundledChange {
    pub(crate) id: String,
    /// None: it is new.
    pub(crate) from: Option<String>,
    pub(crate) to: Option<String>,
    pub(crate) changed: bool,
}

/// Everything of the user's, the worst first.
pub(crate) fn items(before: &Record, now: &Record, policy: &Policy) -> Vec<Item> {
    let mut items = files(&before.files, &now.files);
    items.extend(rows(&before.rows, &now.rows));
    items.extend(unusable(policy));
    items.sort_by(|a, b| rank(a.fate).cmp(&rank(b.fate)).then(a.what.cmp(&b.what)));
    items
}

fn rank(fate: Fate) -> u8 {
    match fate {
        Fate::Missing => 0,
        Fate::Incompatible => 1,
        Fate::Changed => 2,
        Fate::Added => 3,
        Fate::Preserved => 4,
    }
}

fn files(before: &Files, after: &Files) -> Vec<Item> {
    let names: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let item = |name: &String| {
        let sha = |files: &Files| files.get(name).map(|seen| seen.sha256.clone());
        let (before, after) = (sha(before), sha(after));
        let (fate, note) = match (&before, &after) {
            (Some(_), None) => (Fate::Missing, Some("restore it from the backups folder, if you miss it")),
            (None, _) => (Fate::Added, None),
            (Some(old), Some(new)) if old == new => (Fate::Preserved, None),
            _ => (Fate::Changed, Some("changed since by you or at your word: no upgrade writes it")),
        };
        Item { what: name.clone(), fate, before, after, note: note.map(str::to_owned) }
    };
    names.into_iter().map(item).collect()
}

/// Histories only ever grow.
fn rows(before: &BTreeMap<String, u64>, after: &BTreeMap<String, u64>) -> Vec<Item> {
    let item = |(table, old): (&String, &u64)| {
        let new = after.get(table).copied();
        let lost = new.is_none_or(|new| new < *old);
        Item {
            what: format!("state.db: {table}"),
            fate: if lost { Fate::Missing } else { Fate::Preserved },
            before: Some(old.to_string()),
            after: new.map(|new| new.to_string()),
            note: lost
                .then(|| "fewer rows than before: a copy of state.db is in the backups folder".to_owned()),
        }
    };
    before.iter().filter(|(table, _)| *table != "schema_steps").map(item).collect()
}

/// Plugins and overrides of the user's that this version cannot use.
fn unusable(policy: &Policy) -> Vec<Item> {
    let broken = |plugin: &PluginStatus| {
        plugin.layer != Layer::Bundled
            && matches!(plugin.status, Status::Incompatible | Status::Broken | Status::Changed)
    };
    let of_plugin = |plugin: PluginStatus| Item {
        what: format!("plugin {} {} ({})", plugin.id, plugin.version, plugin.layer.as_str()),
        fate: Fate::Incompatible,
        before: None,
        after: None,
        note: plugin.reason,
    };
    let overrides = policy.overrides().err().map(|error| Item {
        what: "overrides.toml".to_owned(),
        fate: Fate::Incompatible,
        before: None,
        after: None,
        note: Some(error.to_string()),
    });
    policy.plugins().into_iter().filter(broken).map(of_plugin).chain(overrides).collect()
}

/// The default plugins, then and now.
pub(crate) fn bundled(before: &[BundledPlugin], now: &[BundledPlugin]) -> Vec<BundledChange> {
    let of = |all: &[BundledPlugin], id: &str| all.iter().find(|plugin| plugin.id == id).cloned();
    let ids: std::collections::BTreeSet<&str> =
        before.iter().chain(now).map(|plugin| plugin.id.as_str()).collect();
    let change = |id: &str| {
        let (old, new) = (of(before, id), of(now, id));
        BundledChange {
            id: id.to_owned(),
            changed: old.as_ref().map(|p| &p.digest) != new.as_ref().map(|p| &p.digest),
            from: old.map(|plugin| plugin.version),
            to: new.map(|plugin| plugin.version),
        }
    };
    ids.into_iter().map(change).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(pairs: &[(&str, &str)]) -> Files {
        let text = |sha: &str| format!("{{\"sha256\":\"{sha}\",\"bytes\":1,\"modified_ms\":0}}");
        pairs
            .iter()
            .map(|(name, sha)| ((*name).to_owned(), serde_json::from_str(&text(sha)).unwrap()))
            .collect()
    }

    #[test]
    fn each_file_has_one_fate() {
        let items =
            files(&seen(&[("a", "1"), ("b", "1"), ("c", "1")]), &seen(&[("a", "1"), ("b", "2"), ("d", "1")]));
        let fates: Vec<_> = items.iter().map(|item| (item.what.as_str(), item.fate)).collect();
        let expected =
            [("a", Fate::Preserved), ("b", Fate::Changed), ("c", Fate::Missing), ("d", Fate::Added)];
        assert_eq!(fates, expected);
    }

    #[test]
    fn histories_may_grow_and_not_shrink() {
        let count = |runs, jobs: Option<u64>| {
            let mut all = BTreeMap::from([("runs".to_owned(), runs), ("schema_steps".to_owned(), 9)]);
            all.extend(jobs.map(|jobs| ("jobs".to_owned(), jobs)));
            all
        };
        let fates = |before, after| rows(&before, &after).iter().map(|item| item.fate).collect::<Vec<_>>();
        assert_eq!(fates(count(4, None), count(5, Some(1))), [Fate::Preserved]);
        assert_eq!(fates(count(4, Some(2)), count(3, None)), [Fate::Missing, Fate::Missing]);
    }

    #[test]
    fn a_default_plugin_is_told_by_its_bytes() {
        let plugin = |id: &str, digest: &str| BundledPlugin {
            id: id.into(),
            version: "1.0.0".into(),
            digest: digest.into(),
        };
        let changes = bundled(&[plugin("a", "1"), plugin("b", "1")], &[plugin("a", "2"), plugin("c", "1")]);
        let told: Vec<_> = changes.iter().map(|c| (c.id.as_str(), c.from.is_some(), c.changed)).collect();
        assert_eq!(told, [("a", true, true), ("b", true, true), ("c", false, true)]);
    }
}
