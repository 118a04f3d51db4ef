use cc_domain::Layer;
use proptest::prelude::*;

use super::*;
use crate::decide::samples::{candidate, plugin};

const TEAM: [(&str, Layer); 3] = [("low", Layer::Bundled), ("mid", Layer::User), ("top", Layer::Project)];

fn request(role: &str) -> RouteRequest {
    let role = role.parse().expect("a role");
    RouteRequest { role, task_type: None, write: false, attributes: Vec::new() }
}

fn candidates() -> Vec<Candidate> {
    let mut all = vec![
        candidate("p1", "Kimi", "k2", 6.0),
        candidate("p2", "深度求索", "v4", 7.0),
        candidate("p3", "深度求索二", "v4", 7.0),
        candidate("p4", "twin", "x", 9.0),
        candidate("p5", "twin", "y", 1.0),
    ];
    all[2].current = true;
    all[3].usable = false;
    all
}

fn choose(id: &str, model: &str) -> Result<Verdict, String> {
    Ok(Verdict::Choose(Choice { profile_id: id.into(), model: model.into(), reason: format!("I like {id}") }))
}

/// Routes with `answers` from low, mid and top.
fn routed(
    explicit: Option<&str>,
    overrides: &str,
    answers: [Result<Verdict, String>; 3],
) -> Result<RouteDecision, PolicyError> {
    routed_within(&Boundaries::default(), explicit, overrides, answers)
}

fn routed_within(
    boundaries: &Boundaries,
    explicit: Option<&str>,
    overrides: &str,
    answers: [Result<Verdict, String>; 3],
) -> Result<RouteDecision, PolicyError> {
    let overrides = Overrides::parse("overrides.toml", overrides).expect("overrides");
    let (request, candidates) = (request("review"), candidates());
    let job = Job { request: &request, candidates: &candidates, explicit, overrides: &overrides, boundaries };
    let seats = TEAM.map(|(id, layer)| plugin(id, layer));
    route(&job, &seats, |who, _, _| {
        let seat = TEAM.iter().position(|(id, _)| *id == who.id).expect("a seat");
        answers[seat].clone()
    })
}

fn steps(trace: &[TraceStep]) -> Vec<(&str, Said)> {
    trace.iter().map(|step| (step.who.as_str(), step.said)).collect()
}

const KEEP: Result<Verdict, String> = Ok(Verdict::Keep);

#[test]
fn the_highest_router_that_chooses_wins() {
    let decision = routed(None, "", [choose("p1", "k2"), choose("p2", "v4"), KEEP]).expect("routed");
    assert_eq!((decision.choice.profile_id.as_str(), decision.choice.reason.as_str()), ("p2", "I like p2"));
    assert_eq!(steps(&decision.trace), [("low", Said::Chose), ("mid", Said::Chose), ("top", Said::Kept)]);
}

#[test]
fn a_failing_router_leaves_the_layer_below_standing() {
    let decision = routed(None, "", [choose("p1", "k2"), Err("mid trapped".into()), KEEP]).expect("routed");
    assert_eq!(decision.choice.profile_id, "p1");
    assert_eq!((decision.trace[1].said, decision.trace[1].reason.as_str()), (Said::Failed, "mid trapped"));
}

#[test]
fn a_choice_of_nothing_or_of_something_unusable_is_ignored() {
    for bad in [choose("p9", "k2"), choose("p1", "v4"), choose("p4", "x")] {
        let decision = routed(None, "", [choose("p1", "k2"), bad, KEEP]).expect("routed");
        assert_eq!((decision.choice.profile_id.as_str(), decision.trace[1].said), ("p1", Said::Failed));
    }
}

#[test]
fn a_denial_ends_the_chain_and_names_who() {
    let error =
        routed(None, "", [choose("p1", "k2"), Ok(Verdict::Deny("no reviews on Fridays".into())), KEEP]);
    let Err(PolicyError::Denied { who, reason, trace }) = error else { panic!("denied") };
    assert_eq!((who.as_str(), reason.as_str()), ("mid (user layer)", "no reviews on Fridays"));
    assert_eq!(steps(&trace), [("low", Said::Chose), ("mid", Said::Denied)]);
}

#[test]
fn without_a_choice_the_best_usable_candidate_gets_the_job() {
    let decision = routed(None, "", [KEEP, KEEP, Err("top trapped".into())]).expect("routed");
    assert_eq!(decision.choice.profile_id, "p3", "of equals the current one");
    assert_eq!(decision.trace.last().map(|step| step.who.as_str()), Some("host"));
}

#[test]
fn an_override_has_the_last_word_even_over_a_denial() {
    let deny = Ok(Verdict::Deny("never".into()));
    let decision =
        routed(None, "[preferred_profiles]\nreview = \"深度求索\"", [deny, KEEP, KEEP]).expect("routed");
    assert_eq!(decision.choice.profile_id, "p2");
    assert_eq!(steps(&decision.trace), [("low", Said::Denied), ("override", Said::Chose)]);
}

#[test]
fn an_explicit_profile_beats_the_override_but_not_a_denial() {
    let overrides = "[preferred_profiles]\nreview = \"p2\"";
    let decision = routed(Some("Kimi"), overrides, [KEEP, KEEP, KEEP]).expect("routed");
    assert_eq!(decision.choice.profile_id, "p1");
    assert_eq!(decision.trace.last().map(|step| step.said), Some(Said::Skipped));
    assert_eq!(decision.trace[0].who, "request");
    let denied = routed(Some("Kimi"), overrides, [Ok(Verdict::Deny("never".into())), KEEP, KEEP]);
    assert!(matches!(denied, Err(PolicyError::Denied { .. })));
}

#[test]
fn an_explicit_profile_limits_what_routers_may_choose() {
    let decision = routed(Some("p1"), "", [choose("p2", "v4"), KEEP, KEEP]).expect("routed");
    assert_eq!((decision.choice.profile_id.as_str(), decision.trace[1].said), ("p1", Said::Failed));
}

#[test]
fn an_explicit_name_must_be_one_profile_s() {
    for (query, word) in
        [("深度", "no profile"), ("kimi", "no profile"), ("twin", "2 profiles"), ("", "no profile")]
    {
        let error = routed(Some(query), "", [KEEP, KEEP, KEEP]).expect_err(query).to_string();
        assert!(error.contains(word) && error.contains("'深度求索' (p2)"), "{error}");
    }
    assert!(matches!(routed(Some("p4"), "", [KEEP, KEEP, KEEP]), Err(PolicyError::NoCandidate(_))));
}

#[test]
fn an_override_that_names_nothing_or_several_is_said_and_does_not_act() {
    for text in [
        "[preferred_profiles]\nreview = \"深度\"",
        "[preferred_profiles]\nreview = \"深度求索三\"",
        "[preferred_profiles]\nreview = \"twin\"",
        "[preferred_profiles]\nreview = \"p4\"",
        "[preferred_models]\nreview = \"V4\"",
        "[preferred_models]\nreview = \"v\"",
    ] {
        let decision = routed(None, text, [choose("p1", "k2"), KEEP, KEEP]).expect("routed");
        assert_eq!(decision.choice.profile_id, "p1", "{text}");
        assert_eq!(
            decision.trace.last().map(|s| (s.who.as_str(), s.said)),
            Some(("override", Said::Skipped)),
            "{text}"
        );
    }
}

#[test]
fn the_role_s_preference_comes_before_the_task_type_s_and_the_default() {
    let id = |text: &str| routed(None, text, [KEEP, KEEP, KEEP]).expect("routed").choice.profile_id;
    let role = "review = \"p1\"\n";
    // The task type of the security role differs from its name; that of `review` does not, so ask for one.
    let default = "default = \"p5\"\n";
    assert_eq!(id(&format!("[preferred_profiles]\n{role}{default}")), "p1");
    assert_eq!(id(&format!("[preferred_profiles]\n{default}")), "p5");
    assert_eq!(
        id(&format!("[preferred_models]\n{}[preferred_profiles]\n{default}", "review = \"k2\"\n")),
        "p1"
    );
    assert_eq!(id("[preferred_models]\nreview = \"k2\"\n[preferred_profiles]\nreview = \"p5\"\n"), "p5");
}

#[test]
fn the_task_type_is_asked_between_role_and_default() {
    let overrides =
        Overrides::parse("o", "[preferred_profiles]\nsecurity_review = \"p1\"\ndefault = \"p2\"\n");
    let (overrides, candidates) = (overrides.expect("overrides"), candidates());
    let (by_role, mut by_task) = (request("security"), request("development"));
    by_task.task_type = Some("security_review".parse().expect("a task type"));
    for (request, expected) in [(by_role, "p1"), (by_task, "p1"), (request("development"), "p2")] {
        let job = Job {
            request: &request,
            candidates: &candidates,
            explicit: None,
            overrides: &overrides,
            boundaries: &Boundaries::default(),
        };
        let decision = route(&job, &[], |_, _, _| KEEP).expect("routed");
        assert_eq!(decision.choice.profile_id, expected, "{request:?}");
    }
}

#[test]
fn a_model_that_several_profiles_have_goes_to_the_proposed_one_or_the_current_one() {
    let v4 = "[preferred_models]\nreview = \"v4\"";
    let id = |first| routed(None, v4, [first, KEEP, KEEP]).expect("routed").choice.profile_id;
    assert_eq!(id(choose("p2", "v4")), "p2");
    assert_eq!(id(choose("p1", "k2")), "p3");
}

#[test]
fn a_router_that_chooses_a_profile_outside_the_boundary_fails_and_the_trace_says_so() {
    let kept = Boundaries::to(&["Kimi".into()]);
    let decision = routed_within(&kept, None, "", [choose("p2", "v4"), KEEP, KEEP]).expect("routed");
    assert_eq!(decision.choice.profile_id, "p1");
    let said = steps(&decision.trace);
    assert_eq!(said[..2], [("boundary", Said::Kept), ("low", Said::Failed)]);
    let refused = routed_within(&kept, Some("p2"), "", [KEEP, KEEP, KEEP]).expect_err("refused");
    assert!(refused.to_string().contains("'p2' may not see this project: overrides.toml keeps"), "{refused}");
}

proptest! {
    #[test]
    fn whatever_routers_overrides_and_callers_say_a_boundary_holds(
        picks in proptest::array::uniform3(0usize..8), explicit in proptest::option::of(0usize..5),
        preferred in 0usize..5, allowed in proptest::collection::vec(0usize..5, 0..4),
    ) {
        let all = candidates();
        let answer = |n: usize| match n {
            0 => KEEP,
            1 => Ok(Verdict::Deny("no".into())),
            2 => Err("ill".into()),
            n => all.get(n - 3).map_or(KEEP, |c| choose(&c.profile_id, &c.model)),
        };
        let allowed: Vec<String> = allowed.into_iter().map(|n| all[n].profile_id.clone()).collect();
        let overrides = format!("[preferred_profiles]\nreview = \"{}\"", all[preferred].profile_id);
        let explicit = explicit.map(|n| all[n].profile_id.as_str());
        let routed = routed_within(&Boundaries::to(&allowed), explicit, &overrides, picks.map(answer));
        if let Ok(decision) = routed {
            prop_assert!(allowed.contains(&decision.choice.profile_id));
        }
    }

    #[test]
    fn whatever_routers_and_overrides_say_the_choice_is_a_usable_candidate(
        picks in proptest::array::uniform3(0usize..8), profile in "[pk0-9\\p{Han}]{1,3}", explicit: bool,
    ) {
        let answer = |n: usize| match n {
            0 => KEEP,
            1 => Ok(Verdict::Deny("no".into())),
            2 => Err("ill".into()),
            n => candidates().get(n - 3).map_or(KEEP, |c| choose(&c.profile_id, &c.model)),
        };
        let overrides = format!("[preferred_profiles]\nreview = \"{profile}\"");
        match routed(explicit.then_some("p1"), &overrides, picks.map(answer)) {
            Ok(decision) => {
                let choice = decision.choice;
                let all = candidates();
                let chosen = all.iter().find(|c| c.profile_id == choice.profile_id && c.model == choice.model);
                prop_assert!(chosen.is_some_and(|c| c.usable));
                prop_assert!(!explicit || choice.profile_id == "p1");
            }
            Err(error) => {
                let denied = matches!(error, PolicyError::Denied { .. });
                prop_assert!(denied, "{error}");
            }
        }
    }
}
