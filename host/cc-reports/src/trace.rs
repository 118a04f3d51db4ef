//! Who decided what.

use cc_domain::TraceStep;

use crate::Table;

/// A decision, step by step.
#[must_use]
pub fn trace(steps: &[TraceStep]) -> String {
    let mut table = Table::new(["decided by", "layer", "said", "why"]);
    for step in steps {
        let layer = step.plugin.as_ref().map_or("", |plugin| plugin.layer.as_str());
        let who = match &step.plugin {
            Some(plugin) => format!("{} {}", step.who, plugin.version),
            None => step.who.clone(),
        };
        table.row([who.as_str(), layer, step.said.as_str(), step.reason.as_str()]);
    }
    table.to_string()
}

#[cfg(test)]
mod tests {
    use cc_domain::Said;

    use super::*;

    #[test]
    fn every_step_is_a_row() {
        let step =
            |who: &str, said| TraceStep { who: who.into(), plugin: None, said, reason: "because".into() };
        let text = trace(&[step("cc.router", Said::Chose), step("override", Said::Skipped)]);
        assert_eq!(text.lines().count(), 4);
        assert!(text.contains("chose") && text.contains("skipped") && text.contains("because"), "{text}");
    }
}
