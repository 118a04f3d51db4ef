//! Who decides: plugins by layer, and the user's overrides.

use cc_policy::{OVERRIDES, PluginStatus};
use cc_reports::dashboard::model::{Override, PluginRow, Plugins};
use serde_json::Value;

use super::Dashboard;

pub(super) fn gather(dashboard: &Dashboard) -> Plugins {
    let home = dashboard.cx.setup().home.root();
    let (overrides, problem) = match cc_policy::Overrides::as_written(home) {
        Ok(overrides) => (leaves(&overrides), None),
        Err(error) => (Vec::new(), Some(error.to_string())),
    };
    Plugins {
        plugins: statuses(dashboard).iter().map(row).collect(),
        overrides,
        overrides_path: home.join(OVERRIDES).display().to_string(),
        problem,
    }
}

pub(super) fn statuses(dashboard: &Dashboard) -> Vec<PluginStatus> {
    let project = dashboard.cx.project(None).map(|project| project.root);
    let project = project.unwrap_or_else(|_| dashboard.cx.setup().workspace.clone());
    dashboard.cx.policy(&project).plugins()
}

fn row(plugin: &PluginStatus) -> PluginRow {
    PluginRow {
        id: plugin.id.clone(),
        version: plugin.version.clone(),
        world: plugin.world.map(|world| world.to_string()).unwrap_or_default(),
        layer: plugin.layer.as_str().to_owned(),
        status: plugin.status.to_string(),
        note: plugin.reason.clone().or_else(|| plugin.description.clone()).unwrap_or_default(),
        digest: plugin.digest.clone(),
        source: plugin.source.clone(),
    }
}

/// `preferred_models.review` and its value; empty tables say nothing.
fn leaves(value: &Value) -> Vec<Override> {
    let mut all = Vec::new();
    walk(value, String::new(), &mut all);
    all
}

fn walk(value: &Value, name: String, all: &mut Vec<Override>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                let name = if name.is_empty() { key.clone() } else { format!("{name} › {key}") };
                walk(value, name, all);
            }
        }
        Value::Null => {}
        value => {
            let value = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
            all.push(Override { name, value, layer: "user".to_owned() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_is_a_row_and_nothing_unset_is() {
        let overrides = serde_json::json!({ "notes": null, "runs": {}, "preferred_models": { "review": "kimi" },
            "queue": { "max_concurrent": 4 } });
        let rows: Vec<(String, String)> =
            leaves(&overrides).into_iter().map(|one| (one.name, one.value)).collect();
        assert_eq!(
            rows,
            [
                ("preferred_models › review".into(), "kimi".into()),
                ("queue › max_concurrent".into(), "4".into())
            ]
        );
    }
}
