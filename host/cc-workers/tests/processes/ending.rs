//! How runs end, whoever is killed.

use std::{fs, path::Path, time::Duration};

use cc_domain::{Event, EventBody, RunStatus, StopReason};
use cc_workers::{WorkerError, end_leftovers, launch, version_within};
use rustix::process::Signal;

use super::world::{ENTRY, KEY, World, content, is_alive, session, signal, stat, wait_until};

#[test]
fn a_demo_run_from_launch_to_record() {
    let world = World::new();
    let run = world.start("demo-worker", |_| {});
    let record = world.finish(&run);
    assert_eq!((record.status, record.exit_code, &record.error), (RunStatus::Succeeded, Some(0), &None));
    let result = record.result.unwrap();
    assert!(result.text.contains("tidy up, please") && result.text.contains("alpha.txt"), "{}", result.text);
    assert_eq!(result.actual.model.as_deref(), Some("demo-model-1"));
    assert!(result.cost_usd.unwrap() > 0.0 && result.usage.output_tokens > 0);
    assert!(record.supervisor_pid == Some(run.supervisor) && record.finished_at.is_some());

    let events = run.events();
    assert_eq!(
        events.iter().map(|e| e.seq).collect::<Vec<_>>(),
        (1..=events.len() as u64).collect::<Vec<_>>()
    );
    assert!(matches!(events[0].body, EventBody::RunStarted { .. }));
    // The worker may say its first word before the guard says that it runs.
    let began =
        |e: &Event| matches!(e.body, EventBody::ProcessStarted { pid } if Some(pid) == record.child_pid);
    assert_eq!(events.iter().filter(|e| began(e)).count(), 1);
    assert_eq!(events.iter().filter(|e| matches!(e.body, EventBody::ActualModel { .. })).count(), 1);
    let last = &events.last().unwrap().body;
    assert!(matches!(
        last,
        EventBody::ProcessExited { status: RunStatus::Succeeded, exit_code: Some(0), .. }
    ));
    assert!(!run.settings.exists());
    wait_until("the supervisor is gone, and no zombie", || stat(run.supervisor).is_none());
}

#[test]
fn a_supervisor_has_a_session_of_its_own() {
    let world = World::new();
    let run = world.start("works-for-ever", |_| {});
    assert_eq!(session(run.supervisor), Some(run.supervisor));
    let tree = run.tree();
    let settings = fs::read_to_string(&run.settings).unwrap();
    assert!(settings.contains(KEY), "the worker can read its settings");
    signal(run.supervisor, Signal::TERM);
    let record = world.finish(&run);
    assert_eq!((record.status, record.stop_reason), (RunStatus::Failed, None), "nobody stopped it");
    run.assert_nothing_left(&tree);
}

#[test]
fn a_long_task_arrives_whole() {
    let world = World::new();
    let (record, created) = world.create();
    let spec = world.spec(&record, &created, "repeats-task", &"é".repeat(300_000));
    launch(Path::new(ENTRY), &spec, &created).unwrap();
    wait_until("the run ends", || !world.store.run(&record.run_id).unwrap().status.is_active());
    let record = world.store.run(&record.run_id).unwrap();
    assert_eq!(record.result.unwrap().text, "600000");
}

#[test]
fn what_a_worker_leaves_behind_ends_with_its_run() {
    let world = World::new();
    let run = world.start("leaves-grandchild", |_| {});
    let record = world.finish(&run);
    assert_eq!((record.status, &record.error), (RunStatus::Succeeded, &None));
    let started = run.events().iter().find_map(|event| match &event.body {
        EventBody::Notice { text, .. } => text.parse::<u64>().ok(),
        _ => None,
    });
    assert!(!is_alive(u32::try_from(started.unwrap()).unwrap()), "gone before the run is");
}

#[test]
fn a_worker_over_its_time_is_ended_with_its_whole_tree() {
    let world = World::new();
    let run = world.start("works-for-ever", |spec| spec.timeout_seconds = 1);
    let tree = run.tree();
    let record = world.finish(&run);
    assert_eq!((record.status, record.stop_reason), (RunStatus::TimedOut, Some(StopReason::Timeout)));
    assert!(run.events().iter().any(|e| matches!(e.body, EventBody::Timeout { timeout_seconds: 1 })));
    run.assert_nothing_left(&tree);
}

#[test]
fn a_worker_that_heeds_the_interrupt_still_reports() {
    let world = World::new();
    let run = world.start("demo-worker", |spec| {
        spec.timeout_seconds = 1;
        spec.patience.interrupt_ms = 30_000;
        spec.command.environment.insert("CC_ORCHESTRATOR_DEMO_PAUSE_MS".into(), "3600000".into());
    });
    let record = world.finish(&run);
    assert_eq!((record.status, record.exit_code), (RunStatus::TimedOut, Some(1)));
    assert_eq!(record.result.unwrap().subtype, "error_during_execution");
}

#[test]
fn a_killed_supervisor_takes_the_tree_with_it() {
    let world = World::new();
    let run = world.start("works-for-ever", |_| {});
    let tree = run.tree();
    signal(run.supervisor, Signal::KILL);
    run.assert_nothing_left(&tree);
    wait_until("the run reads as lost", || world.store.run(&run.id).unwrap().status == RunStatus::Lost);
    assert!(!run.events().is_empty(), "its events are kept");
    let cleared = end_leftovers(&world.store).unwrap();
    assert_eq!((cleared.len(), cleared[0].survivors.as_str()), (1, ""));
    assert_eq!(end_leftovers(&world.store).unwrap(), []);
}

#[test]
fn a_killed_guard_takes_the_tree_with_it_and_the_run_fails() {
    let world = World::new();
    let run = world.start("works-for-ever", |_| {});
    let tree = run.tree();
    signal(tree.guard, Signal::KILL);
    let record = world.finish(&run);
    assert_eq!(record.status, RunStatus::Failed);
    assert!(record.error.unwrap().contains("guard was killed"));
    run.assert_nothing_left(&tree);
}

#[test]
fn when_both_are_killed_whoever_finds_the_run_lost_ends_the_tree() {
    let world = World::new();
    let run = world.start("works-for-ever", |_| {});
    let tree = run.tree();
    // Stopped first, so that it cannot notice the supervisor's end.
    signal(tree.guard, Signal::STOP);
    signal(run.supervisor, Signal::KILL);
    signal(tree.guard, Signal::KILL);
    wait_until("the run reads as lost", || world.store.run(&run.id).unwrap().status == RunStatus::Lost);
    assert!(is_alive(tree.worker) && is_alive(tree.grandchild), "nobody was left to end them");
    assert_eq!(end_leftovers(&world.store).unwrap()[0].survivors, "");
    run.assert_nothing_left(&tree);
}

#[test]
fn nothing_of_a_key_is_kept_whatever_the_worker_writes() {
    let world = World::new();
    let run = world.start("says-much", |_| {});
    let record = world.finish(&run);
    assert_eq!(record.status, RunStatus::Succeeded);
    let text = record.result.unwrap().text;
    assert!(text.starts_with("xxx") && text.ends_with(" more bytes]") && text.len() < 300_000);
    let kept = content(world.dir.path());
    assert!(
        kept.contains("this is no JSON: [redacted:known]") && kept.contains("half a line, [redacted:known]")
    );
    assert!(!kept.contains(KEY));
}

#[test]
fn a_worker_that_dies_is_quoted() {
    let world = World::new();
    let run = world.start("dies", |_| {});
    let record = world.finish(&run);
    assert_eq!((record.status, record.exit_code, &record.result), (RunStatus::Failed, Some(3), &None));
    let error = record.error.unwrap();
    assert!(error.ends_with("with exit code 3: error: no such [redacted:known]"), "{error}");
}

#[test]
fn a_worker_that_cannot_be_started_says_why() {
    let world = World::new();
    let run = world.start("demo-worker", |spec| spec.command.program = "/nowhere/claude".into());
    let record = world.finish(&run);
    assert_eq!((record.status, record.exit_code), (RunStatus::Failed, Some(127)));
    assert!(record.error.unwrap().starts_with("cannot start /nowhere/claude"));
    assert!(!run.settings.exists());
}

#[test]
fn without_rules_to_redact_by_no_worker_is_started() {
    let world = World::new();
    let run = world.start("demo-worker", |spec| spec.rules_file = "/nowhere/rules.json".into());
    let record = world.finish(&run);
    assert_eq!((record.status, record.child_pid), (RunStatus::Failed, None));
    assert!(record.error.unwrap().contains("/nowhere/rules.json"));
}

#[test]
fn a_run_that_was_given_up_is_not_taken_over() {
    let world = World::new();
    let (mut record, created) = world.create();
    record.status = RunStatus::Lost;
    world.store.update_run(&record).unwrap();
    let spec = world.spec(&record, &created, "demo-worker", "");
    let refused = launch(Path::new(ENTRY), &spec, &created);
    assert!(
        matches!(&refused, Err(WorkerError::NotTakenOver(why)) if why.contains("already ended")),
        "{refused:?}"
    );
}

#[test]
fn a_program_that_is_no_supervisor_is_told_from_one() {
    let world = World::new();
    let (record, created) = world.create();
    let spec = world.spec(&record, &created, "demo-worker", "");
    let refused = launch(Path::new("/bin/true"), &spec, &created);
    assert!(
        matches!(&refused, Err(WorkerError::NotTakenOver(why)) if why.contains("without a word")),
        "{refused:?}"
    );
}

#[test]
fn a_program_that_never_says_its_version_is_ended() {
    let answer = version_within(Path::new(ENTRY), &cc_workers::environment(), Duration::from_millis(1));
    assert!(matches!(answer, Err(WorkerError::NoVersion { .. })), "{answer:?}");
}
