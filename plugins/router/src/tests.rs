use super::*;

fn candidate(profile: &str, model: &str, score: f64, attributes: &[(&str, &str)]) -> Candidate {
    Candidate {
        profile_id: profile.into(),
        profile_name: profile.to_uppercase(),
        model: model.into(),
        current: false,
        usable: true,
        score,
        attributes: attributes.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
    }
}

fn request(role: &str) -> Request {
    Request { role: role.into(), task_type: None, write: false, attributes: Vec::new() }
}

fn route(request: &Request, candidates: &[Candidate]) -> Choice {
    choose(request, candidates, &Settings::read(|_| None)).expect("a choice")
}

fn dear_and_cheap() -> Vec<Candidate> {
    vec![
        candidate("a", "claude-opus-5", 8.9, &[("price.input", "5"), ("price.output", "25")]),
        candidate("b", "deepseek-v4-flash", 8.0, &[("price.input", "0.44"), ("price.output", "1.32")]),
    ]
}

#[test]
fn quality_roles_get_the_best_score_and_cheap_roles_the_cheap_model() {
    for role in ["security", "architecture", "supervisor", "review"] {
        assert_eq!(route(&request(role), &dear_and_cheap()).model, "claude-opus-5", "{role}");
    }
    for role in ["testing", "documentation", "requirements"] {
        assert_eq!(route(&request(role), &dear_and_cheap()).model, "deepseek-v4-flash", "{role}");
    }
}

#[test]
fn a_task_type_beats_the_role() {
    let simple = Request { task_type: Some("simple".into()), ..request("security") };
    assert_eq!(route(&simple, &dear_and_cheap()).model, "deepseek-v4-flash");
    let normal = Request { task_type: Some("normal".into()), ..request("requirements") };
    assert_eq!(route(&normal, &dear_and_cheap()).model, "deepseek-v4-flash");
    let own = Request { task_type: Some("of_the_team".into()), ..request("security") };
    assert_eq!(route(&own, &dear_and_cheap()).model, "claude-opus-5");
}

#[test]
fn the_profiles_factor_counts_as_price() {
    let mut candidates = dear_and_cheap();
    candidates[0].attributes.push(("cost_multiplier".into(), "0.05".into()));
    assert_eq!(route(&request("testing"), &candidates).model, "claude-opus-5");
}

#[test]
fn price_weight_zero_ignores_prices() {
    let free = Settings { price_weight: 0.0, ..Settings::read(|_| None) };
    let choice = choose(&request("testing"), &dear_and_cheap(), &free).expect("a choice");
    assert_eq!(choice.model, "claude-opus-5");
}

#[test]
fn no_price_is_no_advantage_and_no_penalty() {
    let mut candidates = dear_and_cheap();
    candidates.push(candidate("c", "of-the-login", 9.5, &[]));
    assert_eq!(route(&request("review"), &candidates).model, "of-the-login");
    assert_eq!(route(&request("testing"), &candidates).model, "deepseek-v4-flash");
}

#[test]
fn a_failing_profile_is_taken_only_when_all_fail() {
    let ill = [("health", "failing")];
    let candidates = [candidate("a", "x", 9.0, &ill), candidate("b", "y", 4.0, &[])];
    let choice = route(&request("review"), &candidates);
    assert_eq!(choice.model, "y");
    assert_eq!(choice.reason, "y scores 4.0 for review (2nd of 2); the last health check of x failed");
    let choice = route(&request("review"), &candidates[..1]);
    assert_eq!(choice.model, "x");
    assert!(choice.reason.ends_with("its last health check failed, as did that of every other"));
}

#[test]
fn the_current_profile_wins_near_ties_only() {
    let mut candidates = vec![candidate("a", "x", 8.2, &[]), candidate("b", "y", 8.0, &[])];
    candidates[1].current = true;
    let choice = route(&request("review"), &candidates);
    assert_eq!(choice.profile_id, "b");
    assert_eq!(
        choice.reason,
        "y scores 8.0 for review (2nd of 2); as good as the best, and switched on in CC Switch now"
    );
    candidates[0].score = 8.5;
    assert_eq!(route(&request("review"), &candidates).profile_id, "a");
}

#[test]
fn the_current_profile_has_no_preference_when_so_set() {
    let mut candidates = vec![candidate("a", "x", 8.1, &[]), candidate("b", "y", 8.0, &[])];
    candidates[1].current = true;
    let settings = Settings { prefer_current: false, ..Settings::read(|_| None) };
    assert_eq!(choose(&request("review"), &candidates, &settings).expect("a choice").profile_id, "a");
}

#[test]
fn a_current_profile_that_fails_is_not_preferred() {
    let mut candidates =
        vec![candidate("a", "x", 8.1, &[]), candidate("b", "y", 8.0, &[("health", "failing")])];
    candidates[1].current = true;
    assert_eq!(route(&request("review"), &candidates).profile_id, "a");
}

#[test]
fn ties_are_broken_by_profile_and_model_whatever_the_order() {
    let mut candidates =
        vec![candidate("b", "x", 8.0, &[]), candidate("a", "z", 8.0, &[]), candidate("a", "y", 8.0, &[])];
    for _ in 0..candidates.len() {
        let choice = route(&request("review"), &candidates);
        assert_eq!((choice.profile_id.as_str(), choice.model.as_str()), ("a", "y"));
        candidates.rotate_left(1);
    }
}

#[test]
fn a_poor_record_loses_to_a_slightly_lower_score() {
    let runs = |successes| [("history.review.runs", "20"), ("history.review.successes", successes)];
    let candidates = [candidate("a", "x", 8.5, &runs("4")), candidate("b", "y", 8.0, &runs("19"))];
    let choice = route(&request("review"), &candidates);
    assert_eq!(choice.model, "y");
    assert!(choice.reason.ends_with("with a better record than x"), "{}", choice.reason);
}

#[test]
fn a_worker_that_writes_goes_to_the_steadier_model() {
    let steady = [("ability.stability", "9"), ("ability.tool_use", "9")];
    let candidates = [candidate("a", "x", 8.2, &[]), candidate("b", "y", 8.0, &steady)];
    assert_eq!(route(&request("development"), &candidates).model, "x");
    let writing = Request { write: true, ..request("development") };
    assert_eq!(route(&writing, &candidates).model, "y");
}

#[test]
fn the_reason_is_one_sentence_for_people() {
    let mut candidates = dear_and_cheap();
    assert_eq!(
        route(&request("testing"), &candidates).reason,
        "deepseek-v4-flash scores 8.0 for testing (2nd of 2), 0.44/1.32 USD per Mtok; cheaper than claude-opus-5"
    );
    candidates[0].attributes.push(("cost_multiplier".into(), "0.7".into()));
    assert_eq!(
        route(&request("review"), &candidates).reason,
        "claude-opus-5 scores 8.9 for review (best of 2), 3.5/17.5 USD per Mtok"
    );
    assert_eq!(
        route(&request("review"), &[candidate("login", "", 5.0, &[])]).reason,
        "the default model of LOGIN scores 5.0 for review (best of 1)"
    );
}

#[test]
fn unusable_candidates_are_never_chosen_and_explain_the_failure() {
    let mut candidates = dear_and_cheap();
    candidates[0].usable = false;
    assert_eq!(route(&request("review"), &candidates).model, "deepseek-v4-flash");
    for candidate in &mut candidates {
        candidate.usable = false;
        candidate.attributes = vec![("unusable_reason".into(), "it has no key".into())];
    }
    candidates.push(candidates[0].clone());
    let failure = choose(&request("review"), &candidates, &Settings::read(|_| None)).expect_err("a failure");
    assert_eq!(failure.message, "no profile can start a worker");
    assert_eq!(failure.hint.as_deref(), Some("A: it has no key; B: it has no key"));
}

#[test]
fn a_long_list_of_reasons_is_cut() {
    let mut candidates: Vec<_> = (0..9).map(|n| candidate(&format!("p{n}"), "m", 5.0, &[])).collect();
    candidates.iter_mut().for_each(|candidate| candidate.usable = false);
    let failure = choose(&request("review"), &candidates, &Settings::read(|_| None)).expect_err("a failure");
    assert!(failure.hint.is_some_and(|hint| hint.ends_with("; and 4 more")));
    let failure = choose(&request("review"), &[], &Settings::read(|_| None)).expect_err("a failure");
    assert_eq!(failure.hint.as_deref(), Some("add a profile for Claude Code in CC Switch"));
}

#[test]
fn a_proposal_from_below_is_kept() {
    let proposal = Choice { profile_id: "b".into(), model: "y".into(), reason: "theirs".into() };
    let verdict = Router::route(request("review"), dear_and_cheap(), Some(proposal)).expect("a verdict");
    assert!(matches!(verdict, Verdict::Keep));
    let verdict = Router::route(request("review"), dear_and_cheap(), None).expect("a verdict");
    assert!(matches!(verdict, Verdict::Choose(choice) if choice.profile_id == "a"));
}

#[test]
fn a_score_that_is_no_number_counts_as_none() {
    let candidates = [candidate("a", "x", f64::NAN, &[]), candidate("b", "y", 1.0, &[])];
    assert_eq!(route(&request("review"), &candidates).model, "y");
}

/// Three of rising strength, the strongest two equally so, and one of these dearer.
fn ladder() -> Vec<Candidate> {
    vec![
        candidate("c", "strong", 9.0, &[("price.input", "9"), ("price.output", "30")]),
        candidate("a", "weak", 6.0, &[("price.input", "0.1"), ("price.output", "0.4")]),
        candidate("b", "middle", 7.5, &[("price.input", "1"), ("price.output", "4")]),
        candidate("d", "strong too", 9.0, &[("price.input", "3"), ("price.output", "15")]),
    ]
}

fn after(failures: &[(&str, &str)]) -> Request {
    let mut attributes = vec![("failures".to_owned(), failures.len().to_string())];
    for (n, (profile, model)) in (1..).zip(failures) {
        attributes.push((format!("failure.{n}.profile_id"), (*profile).to_owned()));
        attributes.push((format!("failure.{n}.model"), (*model).to_owned()));
    }
    Request { attributes, ..request("testing") }
}

#[test]
fn failed_verifications_move_a_job_up_one_step_at_a_time() {
    let (weak, middle, strong) = (("a", "weak"), ("b", "middle"), ("d", "strong too"));
    for (failures, model, word) in [
        (&[weak][..], "weak", "tries again"),
        (&[weak, weak], "middle", "weak failed 2 verifications"),
        (&[weak, weak, middle], "middle", "next stronger"),
        (&[weak, weak, middle, middle], "strong too", "middle failed 2"),
        // The strongest failed as well: there is nobody above, and the usual choice stands.
        (&[strong, strong], "weak", "scores 6.0 for testing"),
    ] {
        let choice = route(&after(failures), &ladder());
        assert_eq!(choice.model, model, "{failures:?}");
        assert!(choice.reason.contains(word), "{}", choice.reason);
    }
}

#[test]
fn when_it_moves_on_is_a_setting() {
    let of = |escalate_after| Settings { escalate_after, ..Settings::read(|_| None) };
    let model = |settings: &Settings, failures: &[(&str, &str)]| {
        choose(&after(failures), &ladder(), settings).expect("a choice").model
    };
    assert_eq!(model(&of(1), &[("a", "weak")]), "middle");
    assert_eq!(model(&of(0), &[("a", "weak"); 9]), "weak");
}

#[test]
fn failures_of_somebody_who_is_gone_change_nothing() {
    assert_eq!(route(&after(&[("z", "gone"), ("z", "gone")]), &ladder()).model, "weak");
    let mut unusable = ladder();
    unusable[2].usable = false;
    assert_eq!(route(&after(&[("a", "weak"), ("a", "weak")]), &unusable).model, "strong too");
}

#[test]
fn what_is_to_be_avoided_is_taken_last() {
    let avoiding = |names: &str| {
        let settings =
            Settings { avoid: names.split(',').map(str::to_owned).collect(), ..Settings::read(|_| None) };
        choose(&request("testing"), &dear_and_cheap(), &settings).expect("a choice")
    };
    let choice = avoiding("deepseek-v4-flash");
    assert_eq!(choice.model, "claude-opus-5");
    let choice = avoiding("A,B");
    assert!(choice.reason.ends_with("to be avoided, and there is nothing else"), "{}", choice.reason);
}

#[test]
fn speed_counts_where_it_is_wanted() {
    let fast = [("ability.speed", "9")];
    let candidates = [candidate("a", "x", 8.5, &[("ability.speed", "4")]), candidate("b", "y", 7.5, &fast)];
    let settings = Settings { speed_weight: 0.5, ..Settings::read(|_| None) };
    let choice = choose(&request("review"), &candidates, &settings).expect("a choice");
    assert_eq!(choice.model, "y");
    assert!(choice.reason.ends_with("faster than x"), "{}", choice.reason);
    assert_eq!(route(&request("review"), &candidates).model, "x");
}
