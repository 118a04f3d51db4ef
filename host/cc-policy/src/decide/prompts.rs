//! Templates: of one name, the highest pack's.

use std::collections::BTreeMap;

use cc_domain::{PluginRef, Template};

use super::{Answer, Silence, highest, nobody, step};
use crate::PolicyError;

const WHAT: &str = "prompt-pack";

/// Every template, by name. A pack that fails leaves those of the others standing.
pub(crate) fn templates<E: Into<Silence>>(
    seats: &[PluginRef],
    ask: impl Fn(&PluginRef) -> Result<Vec<Template>, E>,
) -> Result<Vec<Template>, PolicyError> {
    let mut all = BTreeMap::new();
    let mut failed = Vec::new();
    for plugin in seats {
        match ask(plugin) {
            Ok(templates) => {
                all.extend(templates.into_iter().map(|template| (template.name.clone(), template)))
            }
            Err(silence) => {
                let Silence { said, reason } = silence.into();
                failed.push(step(plugin, said, reason));
            }
        }
    }
    if failed.len() == seats.len() {
        return Err(nobody(WHAT, failed));
    }
    for step in failed {
        tracing::warn!(plugin = step.who, "its templates are left out: {}", step.reason);
    }
    Ok(all.into_values().collect())
}

/// The text of one template, from the highest pack that has it and renders it.
pub(crate) fn render<E: Into<Silence> + From<String>>(
    name: &str,
    seats: &[PluginRef],
    templates: impl Fn(&PluginRef) -> Result<Vec<Template>, E>,
    render: impl Fn(&PluginRef) -> Result<String, E>,
) -> Result<Answer<String>, PolicyError> {
    let answer = highest(seats, |plugin| {
        let known = templates(plugin)?;
        if known.iter().any(|template| template.name == name) {
            return render(plugin);
        }
        let names: Vec<_> = known.iter().map(|template| template.name.as_str()).collect();
        Err(format!("'{}' has no template '{name}'; it has {}", plugin.id, names.join(", ")).into())
    });
    answer.map_err(|trace| nobody(WHAT, trace))
}

#[cfg(test)]
mod tests {
    use cc_domain::{Layer, TemplateKind};

    use super::*;
    use crate::decide::samples::plugin;

    fn template(name: &str, title: &str) -> Template {
        let [name, title, description] = [name, title, ""].map(str::to_owned);
        Template { name, title, description, kind: TemplateKind::Task, variables: Vec::new() }
    }

    fn listed(who: &PluginRef) -> Result<Vec<Template>, String> {
        match who.id.as_str() {
            "low" => Ok(vec![template("bugfix", "low"), template("audit", "low")]),
            "high" => Ok(vec![template("bugfix", "high")]),
            _ => Err("ill".into()),
        }
    }

    #[test]
    fn a_higher_pack_replaces_single_templates() {
        let seats =
            [plugin("low", Layer::Bundled), plugin("high", Layer::User), plugin("ill", Layer::Project)];
        let all = templates(&seats, listed).expect("templates");
        let titles: Vec<_> = all.iter().map(|t| (t.name.as_str(), t.title.as_str())).collect();
        assert_eq!(titles, [("audit", "low"), ("bugfix", "high")]);
        let from =
            |name: &str| render(name, &seats, listed, |who| Ok(who.id.clone())).map(|answer| answer.value);
        assert_eq!(from("bugfix").expect("a text"), "high");
        assert_eq!(from("audit").expect("a text"), "low");
        let error = from("absent").expect_err("no such template").to_string();
        assert!(error.contains("it has bugfix, audit"), "{error}");
    }

    #[test]
    fn a_pack_that_cannot_render_leaves_it_to_the_one_below() {
        let seats = [plugin("low", Layer::Bundled), plugin("high", Layer::User)];
        let render_low =
            |who: &PluginRef| if who.id == "low" { Ok("text".into()) } else { Err("ill".into()) };
        let answer = render("bugfix", &seats, listed, render_low).expect("a text");
        assert_eq!((answer.value.as_str(), answer.trace.len()), ("text", 2));
    }
}
