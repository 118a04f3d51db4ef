//! Whether an upgrade kept everything of the user's, by the operation itself: without apply it only looks.

use cc_reports::dashboard::model::{Part, Upgrades};
use serde_json::{Value, json};

use super::Dashboard;
use crate::{OpError, registry};

pub(super) async fn gather(dashboard: &Dashboard) -> Upgrades {
    match check(dashboard).await {
        Ok(reply) => page(&reply),
        Err(error) => Upgrades { problem: Some(error.to_string()), ..Upgrades::default() },
    }
}

async fn check(dashboard: &Dashboard) -> Result<Value, OpError> {
    let operation = registry().iter().find(|entry| entry.name == "cc_upgrade_check");
    let Some(operation) = operation else { return Err(OpError::invalid("there is no upgrade check", "")) };
    Ok(operation.call(dashboard.cx.clone(), json!({})).await?.structured)
}

fn page(reply: &Value) -> Upgrades {
    let word = |value: &Value| value.as_str().map(ToOwned::to_owned);
    let list =
        |value: &Value, part: fn(&Value) -> Part| value.as_array().into_iter().flatten().map(part).collect();
    Upgrades {
        version: word(&reply["version"]).unwrap_or_default(),
        previous: word(&reply["previous_version"]),
        nothing_lost: reply["nothing_lost"] == true,
        preserved: reply["preserved"].as_u64().unwrap_or_default(),
        items: list(&reply["items"], item),
        bundled: list(&reply["bundled"], bundled),
        next_step: word(&reply["next_step"]).unwrap_or_default(),
        problem: None,
    }
}

fn item(item: &Value) -> Part {
    let word = |key: &str| item[key].as_str().map(ToOwned::to_owned);
    Part {
        name: word("what").unwrap_or_default(),
        state: word("fate").unwrap_or_default(),
        before: word("before"),
        after: word("after"),
        note: word("note").unwrap_or_default(),
    }
}

fn bundled(plugin: &Value) -> Part {
    let word = |key: &str| plugin[key].as_str().map(ToOwned::to_owned);
    Part {
        name: word("id").unwrap_or_default(),
        state: if plugin["changed"] == true { "changed" } else { "the same" }.to_owned(),
        before: word("from"),
        after: word("to"),
        note: String::new(),
    }
}
