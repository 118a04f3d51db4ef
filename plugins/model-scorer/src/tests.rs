use super::*;

const ALL_ROLES: [&str; 15] = [
    "requirements",
    "architecture",
    "development",
    "testing",
    "review",
    "performance",
    "compatibility",
    "documentation",
    "automation",
    "security",
    "supervisor",
    "implementation",
    "ops",
    "multimodal",
    "data_steward",
];

fn score(model: &str, attributes: &[(&str, &str)]) -> ModelScore {
    let model = Model {
        profile_id: "p".into(),
        model: model.into(),
        attributes: attributes.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
    };
    let roles = ALL_ROLES.map(str::to_owned);
    Scorer::score(roles.to_vec(), vec![model]).expect("a score").remove(0)
}

fn ability(score: &ModelScore, name: &str) -> f64 {
    score.abilities.iter().find(|(own, _)| own == name).expect("an ability").1
}

fn total(score: &ModelScore, role: &str) -> f64 {
    score.roles.iter().find(|own| own.role == role).expect("a role").total
}

const RUNS: [(&str, &str); 6] = [
    ("history.runs", "30"),
    ("history.score", "70"),
    ("history.review.runs", "12"),
    ("history.review.score", "95"),
    ("history.testing.runs", "3"),
    ("history.testing.successes", "0"),
];

#[test]
fn every_total_is_the_weighted_sum_of_its_named_parts() {
    for (model, attributes) in [("claude-opus-5", &[][..]), ("mystery", &RUNS), ("glm-5.2", &RUNS)] {
        for role in score(model, attributes).roles {
            let weights: f64 = role.parts.iter().map(|part| part.weight).sum();
            let sum: f64 = role.parts.iter().map(|part| part.value * part.weight).sum();
            assert!((weights - 1.0).abs() < 1e-9, "{model} {}: weights sum to {weights}", role.role);
            assert!((sum - role.total).abs() < 0.006, "{model} {}: {sum} and {}", role.role, role.total);
            assert!((0.0..=10.0).contains(&role.total));
        }
    }
}

#[test]
fn scores_come_in_the_order_asked_one_for_each() {
    let models = ["glm-5.2", "mystery", "glm-5.2"].map(|model| Model {
        profile_id: format!("of {model}"),
        model: model.into(),
        attributes: Vec::new(),
    });
    let scores = Scorer::score(vec!["review".into(), "testing".into()], models.to_vec()).expect("scores");
    let order: Vec<_> = scores.iter().map(|score| (score.profile_id.as_str(), score.known)).collect();
    assert_eq!(order, [("of glm-5.2", true), ("of mystery", false), ("of glm-5.2", true)]);
    assert!(scores.iter().all(|score| score.roles[0].role == "review" && score.roles[1].role == "testing"));
}

#[test]
fn a_strong_model_leads_where_quality_counts_and_a_cheap_one_where_price_counts() {
    let (opus, flash) = (score("claude-opus-5", &[]), score("deepseek-v4-flash", &[]));
    assert!(total(&opus, "security") > total(&flash, "security"));
    assert!(ability(&flash, "cost") > ability(&opus, "cost") + 3.0);
}

#[test]
fn an_unknown_model_is_neutral_and_says_so() {
    let unknown = score("mystery-9000", &[]);
    assert!(!unknown.known);
    assert!(unknown.abilities.iter().all(|(_, value)| *value == 5.0));
    assert_eq!(total(&unknown, "review"), 5.0);
    assert!(unknown.basis[0].contains("does not know 'mystery-9000'"));
}

#[test]
fn price_and_context_of_an_unknown_model_still_count() {
    let unknown =
        score("mystery", &[("price.input", "0.1"), ("price.output", "0.4"), ("context", "1048576")]);
    assert!(ability(&unknown, "cost") > 8.0);
    assert!(ability(&unknown, "long_context") > 8.0);
    assert_eq!(ability(&unknown, "code"), 5.0);
}

#[test]
fn the_profile_beats_the_table() {
    let (listed, own) =
        (score("glm-5.2", &[]), score("glm-5.2", &[("context", "1000000"), ("cost_multiplier", "0.1")]));
    assert!(ability(&own, "long_context") > ability(&listed, "long_context"));
    assert!(ability(&own, "cost") > ability(&listed, "cost"));
    assert!(own.basis.iter().any(|line| line.contains("times 0.1")));
}

#[test]
fn a_context_in_the_name_counts() {
    assert!(
        ability(&score("glm-5.2[1M]", &[]), "long_context") > ability(&score("glm-5.2", &[]), "long_context")
    );
    assert!(ability(&score("k3-256k", &[]), "long_context") < ability(&score("k3", &[]), "long_context"));
}

#[test]
fn failed_health_checks_lower_stability() {
    let ill = score("glm-5.2", &[("health", "failing"), ("health.failures", "3")]);
    assert_eq!(ability(&ill, "stability"), ability(&score("glm-5.2", &[]), "stability") - 3.0);
}

#[test]
fn a_few_runs_move_little_and_many_runs_decide() {
    let after = |runs| {
        let bad = score("glm-5.2", &[("history.review.runs", runs), ("history.review.score", "20")]);
        total(&score("glm-5.2", &[]), "review") - total(&bad, "review")
    };
    assert!(after("1") < 0.8, "{}", after("1"));
    assert!(after("100") > 5.0, "{}", after("100"));
}

#[test]
fn history_of_one_role_hardly_touches_another_and_is_explained() {
    let seen = score("glm-5.2", &RUNS);
    let history = |role: &str| {
        let role = seen.roles.iter().find(|own| own.role == role).expect("a role");
        role.parts.iter().find(|part| part.name == "history").map(|part| part.value)
    };
    assert_eq!((history("review"), history("testing"), history("ops")), (Some(9.5), Some(0.0), None));
    let said = |start: &str| seen.basis.iter().filter(|line| line.starts_with(start)).count();
    assert_eq!((said("30 earlier runs"), said("review: 12 of these runs"), said("ops")), (1, 1, 0));
}

#[test]
fn failed_verifications_of_late_lower_stability_and_are_named() {
    let seen = score("glm-5.2", &[("history.recent_failures", "3")]);
    assert_eq!(ability(&seen, "stability"), ability(&score("glm-5.2", &[]), "stability") - 1.5);
    assert!(seen.basis.iter().any(|line| line.contains("3 of its newest runs failed")), "{:?}", seen.basis);
}

#[test]
fn exploration_trusts_what_was_hardly_tried_and_is_a_part_of_the_sum() {
    let of = |runs: &str, score: &str| Model {
        profile_id: runs.into(),
        model: "mystery".into(),
        attributes: vec![
            ("history.review.runs".into(), runs.into()),
            ("history.review.score".into(), score.into()),
        ],
    };
    let (roles, models) = (vec!["review".to_owned()], vec![of("90", "70"), of("2", "30")]);
    let totals = |exploration| {
        let settings = Settings { exploration, ..Settings::read(|_| None) };
        let tried = Tried::of(&roles, &models);
        let total = |model: &Model| {
            let role = score_model(&roles, model.clone(), &tried, &settings).roles.remove(0);
            let sum: f64 = role.parts.iter().map(|part| part.value * part.weight).sum();
            assert!((sum - role.total).abs() < 0.006);
            role.total
        };
        models.iter().map(total).collect::<Vec<f64>>()
    };
    let (plain, exploring) = (totals(0.0), totals(0.4));
    assert!(plain[0] > plain[1] + 2.0, "{plain:?}");
    assert!(exploring[1] > exploring[0], "{exploring:?}");
    assert_eq!(totals(0.4), exploring, "nothing is drawn by lot");
}

#[test]
fn settings_are_read_and_kept_within_reason() {
    let of = |key: &'static str, value: &'static str| {
        Settings::read(move |asked| (asked == key).then(|| value.to_owned()))
    };
    assert_eq!(of("prior_strength", "20").prior_strength, 20.0);
    assert_eq!(of("prior_strength", "-4").prior_strength, 0.5);
    assert_eq!(of("neutral_score", "99").neutral_score, 10.0);
    assert_eq!(of("neutral_score", "much").neutral_score, 5.0);
}
