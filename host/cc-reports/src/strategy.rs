//! How work is spread over models, as a page.

use crate::Page;

/// One role, and who does it.
#[derive(Clone, Debug)]
pub struct Assignment {
    /// The role.
    pub role: String,
    /// What it is for.
    pub purpose: String,
    /// The chosen model; or why there is none.
    pub model: String,
    /// Its profile.
    pub profile: String,
    /// The scorer's total for the role, 0 to 10.
    pub score: Option<f64>,
    /// Why, in a sentence.
    pub reason: String,
}

/// One model, and how good it is.
#[derive(Clone, Debug)]
pub struct Rated {
    /// Its name.
    pub model: String,
    /// Its profile.
    pub profile: String,
    /// A worker can be started on it.
    pub usable: bool,
    /// The mean over all roles, 0 to 10.
    pub overall: f64,
    /// The roles it is best at, with their scores.
    pub best_at: Vec<(String, f64)>,
}

/// The page, in Markdown.
#[must_use]
pub fn strategy(at: &str, scored_by: &str, models: &[Rated], roles: &[Assignment]) -> String {
    let mut page = Page::new("Who does what");
    page.text(format!("Made at {at}. Scores from 0 to 10; {scored_by}."));
    page.heading(1, "Roles");
    let role = |one: &Assignment| {
        let score = one.score.map(|score| format!("{score:.2}")).unwrap_or_default();
        [&one.role, &one.purpose, &one.model, &one.profile, &score, &one.reason].map(Clone::clone).to_vec()
    };
    page.table(&["role", "for", "model", "profile", "score", "why"], roles.iter().map(role).collect());
    page.heading(1, "Models");
    let model = |one: &Rated| {
        let best: Vec<String> =
            one.best_at.iter().map(|(role, score)| format!("{role} {score:.1}")).collect();
        let usable = if one.usable { "yes" } else { "no" };
        let overall = format!("{:.2}", one.overall);
        vec![one.model.clone(), one.profile.clone(), usable.to_owned(), overall, best.join(", ")]
    };
    page.table(&["model", "profile", "usable", "overall", "best at"], models.iter().map(model).collect());
    page.heading(1, "How to change it");
    page.list(vec![
        "cc_local_policy sets preferred_models and preferred_profiles by role, task type or default; they have the \
         last word."
            .to_owned(),
        "A router or model-scorer plugin of your own outranks the bundled one.".to_owned(),
        "cc_pick_profile shows each decision step by step.".to_owned(),
    ]);
    page.markdown()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_has_its_model_and_each_model_what_it_is_best_at() {
        let role = Assignment {
            role: "review".into(),
            purpose: "findings by severity".into(),
            model: "glm-5.2".into(),
            profile: "智谱".into(),
            score: Some(8.456),
            reason: "best score".into(),
        };
        let model = Rated {
            model: "glm-5.2".into(),
            profile: "智谱".into(),
            usable: false,
            overall: 7.0,
            best_at: vec![("review".into(), 8.456)],
        };
        let page = strategy("now", "cc.model-scorer: 1 model", &[model], &[role]);
        for part in
            ["| review | findings by severity | glm-5.2", "| 8.46", "| no ", "review 8.5", "cc_local_policy"]
        {
            assert!(page.contains(part), "{part}: {page}");
        }
    }
}
