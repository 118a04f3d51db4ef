//! Instructions, answers, stops and limits of running workers.

use cc_domain::{Event, EventBody, OnLimit, RunStatus};
use cc_workers::{ControlReply, ControlRequest, control};

use super::world::{KEY, Run, World, content, wait_until};

fn ask(world: &World, run: &Run, request: &ControlRequest) -> ControlReply {
    wait_until("the supervisor listens", || world.store.control(&run.id).unwrap().is_some());
    control(&world.store, &run.id, request).unwrap().unwrap()
}

fn instruct(text: &str) -> ControlRequest {
    ControlRequest::Instruct { id: "i1".into(), text: text.into() }
}

#[test]
fn an_instruction_reaches_the_running_worker_and_its_reading_is_recorded() {
    let world = World::new();
    let run = world.start("demo-worker", |spec| {
        spec.command.environment.insert("CC_ORCHESTRATOR_DEMO_PAUSE_MS".into(), "150".into());
    });
    wait_until("the first turn has begun", || {
        run.events().iter().any(|event| matches!(event.body, EventBody::SessionStarted { .. }))
    });
    assert!(matches!(ask(&world, &run, &instruct("also count the files")), ControlReply::Done { .. }));
    let record = world.finish(&run);
    assert_eq!(record.status, RunStatus::Succeeded);
    assert!(record.result.unwrap().text.contains("also count the files"));
    let read = |event: &Event| event.body == EventBody::InstructionRead { id: "i1".into() };
    assert!(run.events().iter().any(read));
    assert_eq!(world.store.control(&run.id).unwrap(), None);
    assert_eq!(control(&world.store, &run.id, &instruct("too late")).unwrap(), None);
}

#[test]
fn a_stop_ends_the_whole_tree_and_is_recorded_as_one() {
    for force in [false, true] {
        let world = World::new();
        let run = world.start("works-for-ever", |_| {});
        let tree = run.tree();
        let stop = ControlRequest::Stop { force, within_ms: 400 };
        assert!(matches!(ask(&world, &run, &stop), ControlReply::Done { .. }));
        let record = world.finish(&run);
        assert_eq!(record.status, RunStatus::Stopped, "{:?}", record.error);
        assert_eq!(record.stop_reason, Some(cc_domain::StopReason::UserRequested));
        run.assert_nothing_left(&tree);
    }
}

#[test]
fn a_permission_question_is_answered_both_ways_and_by_silence() {
    let answer = |allow| ControlRequest::Answer {
        request_id: None,
        allow,
        message: Some("rather not".into()),
        updated_input: None,
    };
    for (allow, expected) in [(true, "key-0123456789abcdef"), (false, "rather not")] {
        let world = World::new();
        let run = world.start("asks", |spec| spec.secrets = vec!["other-0123456789".into()]);
        wait_until("it has asked", || {
            run.events().iter().any(|event| matches!(event.body, EventBody::PermissionAsked(_)))
        });
        assert!(matches!(ask(&world, &run, &answer(allow)), ControlReply::Done { .. }));
        let text = world.finish(&run).result.unwrap().text;
        assert!(text.contains(expected), "{text}");
    }
    let world = World::new();
    let run = world.start("asks", |spec| spec.answer_within_seconds = 0);
    assert!(world.finish(&run).result.unwrap().text.contains("deny"));
    assert!(!content(run.dir.path()).contains(KEY));
}

#[test]
fn a_limited_run_is_parked_and_goes_on_in_its_session() {
    let world = World::new();
    let run = world.start("limited", |_| {});
    wait_until("it is parked", || world.store.run(&run.id).unwrap().status == RunStatus::Parked);
    let record = world.finish(&run);
    assert_eq!(record.status, RunStatus::Succeeded, "{:?}", record.error);
    let events = run.events();
    assert!(events.iter().any(|event| matches!(event.body, EventBody::Resumed { attempt: 1, .. })));
    assert_eq!(
        events.iter().filter(|event| matches!(event.body, EventBody::ProcessStarted { .. })).count(),
        2
    );
    assert_eq!(record.parked_until, None);
}

#[test]
fn a_parked_run_can_be_stopped() {
    let world = World::new();
    let run = world.start("limited", |_| {});
    wait_until("it is parked", || world.store.run(&run.id).unwrap().status == RunStatus::Parked);
    assert!(matches!(ask(&world, &run, &instruct("x")), ControlReply::Refused { .. }));
    ask(&world, &run, &ControlRequest::Stop { force: false, within_ms: 100 });
    assert_eq!(world.finish(&run).status, RunStatus::Stopped);
}

#[test]
fn a_limited_run_fails_over_to_the_next_choice() {
    let world = World::new();
    let run = world.start("limited", |spec| {
        let mut route = world.store.run(&spec.run_id).unwrap().route;
        (route.profile_name, route.model) = ("other".into(), Some("other-model".into()));
        spec.on_limit = OnLimit::Failover;
        spec.alternatives = vec![cc_workers::Alternative {
            route,
            settings: "{}".into(),
            secrets: Vec::new(),
            prices: Vec::new(),
        }];
    });
    let record = world.finish(&run);
    assert_eq!((record.status, record.route.profile_name.as_str()), (RunStatus::Succeeded, "other"));
    assert!(record.result.unwrap().text.contains("--model other-model"));
}

#[test]
fn a_limited_run_that_may_not_wait_fails() {
    let world = World::new();
    let run = world.start("limited", |spec| spec.on_limit = OnLimit::Fail);
    assert_eq!(world.finish(&run).status, RunStatus::Failed);
}
