//! The queue against a plain model of it, and what time and policy do.
#![allow(clippy::unwrap_used)]

use std::{num::NonZeroU32, path::PathBuf, time::Duration};

use cc_domain::{Footprint, JobId, JobSpec, JobStage, JobState, QueuePolicy, RunStatus, StopReason};
use proptest::prelude::*;
use tempfile::TempDir;

use super::{Cancelled, Claim, NewJob, Refused, bind, run_ended};
use crate::{Home, Store, StoreError};

const LEASE: Duration = Duration::from_secs(60);

struct World {
    store: Store,
    _dir: TempDir,
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self { store: Store::open(&Home::at(dir.path())).unwrap(), _dir: dir }
    }

    fn submit(&self, new: &NewJob) -> JobId {
        self.store.submit_job(new).unwrap().job.job_id
    }

    fn claim(&self, policy: &QueuePolicy) -> Option<Claim> {
        self.store.claim_job(policy, "me", LEASE).unwrap()
    }

    fn bind(&self, claim: &Claim, profile: &str) -> crate::Result<()> {
        self.store.change("bind", |tx| bind(tx, claim, profile))
    }

    fn end(&self, claim: &Claim, status: RunStatus, stop: Option<StopReason>) {
        let end = |tx: &rusqlite::Transaction<'_>| Ok(run_ended(tx, &claim.run_id, status, stop, None)?);
        self.store.change("end", end).unwrap();
    }

    fn started(&self, policy: &QueuePolicy) -> Claim {
        let claim = self.claim(policy).unwrap();
        self.bind(&claim, "p").unwrap();
        claim
    }

    fn sql(&self, text: &str) {
        self.store.change("prepare", |tx| Ok(tx.execute_batch(text)?)).unwrap();
    }

    fn state(&self, id: &JobId) -> (JobState, Option<String>) {
        let job = self.store.job(id).unwrap();
        (job.state, job.reason)
    }
}

fn policy() -> QueuePolicy {
    QueuePolicy {
        backoff_seconds: 0,
        max_concurrent: NonZeroU32::new(100).unwrap(),
        ..QueuePolicy::default()
    }
}

fn new(task: &str) -> NewJob {
    NewJob {
        project: PathBuf::from("/p"),
        cwd: PathBuf::from("/p"),
        task: task.into(),
        context: None,
        shown: task.into(),
        spec: JobSpec { timeout_seconds: 900, ..JobSpec::default() },
        footprint: Footprint::Nothing,
        priority: 100,
        after: Vec::new(),
        idempotency_key: None,
    }
}

fn writing(task: &str, paths: &[&str]) -> NewJob {
    let mut job = new(task);
    job.spec.allow_write = true;
    job.footprint = match paths {
        [] => Footprint::Whole,
        paths => Footprint::Paths(paths.iter().map(|path| (*path).to_owned()).collect()),
    };
    job
}

#[test]
fn a_key_is_one_job_in_its_project() {
    let world = World::new();
    let job = NewJob { idempotency_key: Some("k".into()), ..new("a") };
    let first = world.store.submit_job(&job).unwrap();
    let again = world.store.submit_job(&NewJob { task: "b".into(), ..job.clone() }).unwrap();
    assert!(first.created && !again.created);
    assert_eq!(first.job, again.job);
    let elsewhere = world.store.submit_job(&NewJob { project: "/q".into(), ..job }).unwrap();
    assert!(elsewhere.created && elsewhere.job.job_id != first.job.job_id);
}

#[test]
fn a_run_knows_which_attempt_it_is_and_how_long_its_job_waited() {
    let world = World::new();
    let id = world.submit(&new("a"));
    world.sql("UPDATE job_events SET at_ms = at_ms - 5000");
    let first = world.started(&policy());
    let attempt = world.store.attempt_of_run(&first.run_id).unwrap().unwrap();
    assert_eq!((&attempt.job_id, attempt.number), (&id, 1));
    assert!(attempt.waited >= Duration::from_secs(5), "{:?}", attempt.waited);
    world.end(&first, RunStatus::Failed, None);
    let second = world.started(&policy());
    let attempt = world.store.attempt_of_run(&second.run_id).unwrap().unwrap();
    assert_eq!((attempt.job_id, attempt.number), (id, 2));
    assert!(attempt.waited < Duration::from_secs(5), "since its failure: {:?}", attempt.waited);
    assert_eq!(world.store.attempt_of_run(&first.run_id).unwrap(), None, "its job has gone on");
}

#[test]
fn a_claim_that_was_lost_starts_nothing() {
    let world = World::new();
    let id = world.submit(&new("a"));
    let slow = world.claim(&policy()).unwrap();
    world.sql("UPDATE jobs SET lease_until_ms = 0");
    world.store.wake_jobs().unwrap();
    let (state, reason) = world.state(&id);
    assert_eq!(state, JobState::Queued);
    assert!(reason.unwrap().contains("dispatcher ended"));
    assert_eq!(world.store.job(&id).unwrap().attempts, 0, "nothing was tried");
    let other = world.started(&policy());
    assert!(matches!(world.bind(&slow, "p"), Err(StoreError::ClaimLost(_))));
    world.store.fail_claim(&slow, "x", true).unwrap();
    world.store.release_claim(&slow, "x", Duration::ZERO, None).unwrap();
    world.end(&slow, RunStatus::Failed, None);
    assert_eq!(world.state(&id).0, JobState::Running, "who lost it has no say");
    world.end(&other, RunStatus::Succeeded, None);
    assert_eq!(world.state(&id).0, JobState::Done);
}

#[test]
fn a_stopped_run_ends_its_job_and_a_timed_out_one_does_too() {
    let world = World::new();
    for (status, stop, expected) in [
        (RunStatus::Stopped, Some(StopReason::UserRequested), JobState::Cancelled),
        (RunStatus::TimedOut, Some(StopReason::Timeout), JobState::TimedOut),
        (RunStatus::Succeeded, None, JobState::Done),
        (RunStatus::Stopped, Some(StopReason::CostBudgetExceeded), JobState::Queued),
        (RunStatus::Lost, None, JobState::Queued),
    ] {
        let id = world.submit(&new("a"));
        let claim = world.started(&policy());
        world.end(&claim, status, stop);
        assert_eq!(world.state(&id).0, expected, "{status:?}");
        world.end(&claim, RunStatus::Succeeded, None);
        assert_eq!(world.state(&id).0, expected, "an end is said once");
        world.store.cancel_job(&id, "over").unwrap();
    }
}

#[test]
fn a_job_waits_twice_as_long_after_each_failure() {
    let world = World::new();
    let mut job = new("a");
    job.spec.max_retries = Some(5);
    let id = world.submit(&job);
    let policy = QueuePolicy { backoff_seconds: 10, max_backoff_seconds: 35, ..policy() };
    for expected in [10, 20, 35, 35, 35] {
        let claim = world.started(&policy);
        world.end(&claim, RunStatus::Failed, None);
        let job = world.store.job(&id).unwrap();
        assert_eq!(job.not_before_ms.unwrap() - job.changed_ms, expected * 1_000);
        assert!(world.claim(&policy).is_none(), "not before");
        world.sql("UPDATE jobs SET not_before_ms = 0");
    }
    let claim = world.started(&policy);
    world.end(&claim, RunStatus::Failed, None);
    assert_eq!(world.state(&id).0, JobState::Failed);
}

#[test]
fn what_a_lost_run_left_is_ended_before_the_next_attempt() {
    let world = World::new();
    let id = world.submit(&new("a"));
    let claim = world.started(&policy());
    world.sql(&format!(
        "INSERT INTO runs (run_id, status, active, mode, role, task_type, profile_id, profile_name, cwd, workspace_root,
            run_dir, started_at, started_ms, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens,
            cost_is_estimate, allow_write, leftovers)
         VALUES ('{}', 'lost', 0, 'streaming', 'review', 'review', 'p', 'P', '/', '/', '/', '', 0, 0, 0, 0, 0, 0, 0, 1)",
        claim.run_id
    ));
    world.end(&claim, RunStatus::Lost, None);
    world.sql("UPDATE jobs SET not_before_ms = 0");
    assert!(world.claim(&policy()).is_none(), "its processes may still be there");
    world.store.leftovers_ended(&claim.run_id).unwrap();
    assert_eq!(world.claim(&policy()).unwrap().job.job_id, id);
}

#[test]
fn a_dependent_goes_on_when_all_it_needs_is_done_and_ends_when_one_is_not() {
    let world = World::new();
    let (a, b) = (world.submit(&new("a")), world.submit(&new("b")));
    let both = world.submit(&NewJob { after: vec![a.clone(), b.clone(), a.clone()], ..new("both") });
    let last = world.submit(&NewJob { after: vec![both.clone()], ..new("last") });
    let (first, second) = (world.started(&policy()), world.started(&policy()));
    assert!(world.claim(&policy()).is_none());
    world.end(&first, RunStatus::Succeeded, None);
    assert!(world.claim(&policy()).is_none(), "one of two");
    world.end(&second, RunStatus::Succeeded, None);
    assert_eq!(world.claim(&policy()).unwrap().job.job_id, both);
    assert_eq!(world.store.cancel_job(&both, "no longer wanted").unwrap(), Cancelled::Now);
    let (state, reason) = world.state(&last);
    assert_eq!(state, JobState::Cancelled);
    assert!(reason.clone().unwrap().contains(both.as_str()) && reason.unwrap().contains("no longer wanted"));
    let late = world.submit(&NewJob { after: vec![both.clone()], ..new("late") });
    assert_eq!(world.state(&late).0, JobState::Cancelled, "it could never run");
    let after_done = world.submit(&NewJob { after: vec![a], ..new("fine") });
    assert_eq!(world.claim(&policy()).unwrap().job.job_id, after_done);
    let unknown = "job-20261123T061500Z-1a2b3c4d".parse().unwrap();
    let refused = world.store.submit_job(&NewJob { after: vec![unknown], ..new("x") });
    assert!(matches!(refused, Err(StoreError::UnknownJob(_))));
}

#[test]
fn who_waits_for_the_whole_project_is_not_overtaken() {
    let world = World::new();
    let a = world.submit(&writing("a", &["/src/"]));
    assert_eq!(world.claim(&policy()).unwrap().job.job_id, a);
    let whole = world.submit(&writing("whole", &[]));
    let later = world.submit(&writing("later", &["/docs/"]));
    let reads = world.submit(&new("reads"));
    assert_eq!(world.claim(&policy()).unwrap().job.job_id, reads, "who only reads is in nobody's way");
    assert!(world.claim(&policy()).is_none(), "the docs are free, but it is not their turn");
    world.store.cancel_job(&a, "").unwrap();
    assert_eq!(world.claim(&policy()).unwrap().job.job_id, whole);
    assert!(world.claim(&policy()).is_none());
    world.store.cancel_job(&whole, "").unwrap();
    assert_eq!(world.claim(&policy()).unwrap().job.job_id, later);
}

#[test]
fn places_are_counted_in_all_per_project_and_per_profile() {
    let world = World::new();
    let limits = |all: u32, project: Option<u32>, profile: Option<u32>| QueuePolicy {
        max_concurrent: NonZeroU32::new(all).unwrap(),
        max_per_project: project.and_then(NonZeroU32::new),
        max_per_profile: profile.and_then(NonZeroU32::new),
        ..policy()
    };
    let mut named = new("named");
    named.spec.profile = Some("glm".into());
    world.submit(&named);
    world.submit(&named);
    let other = world.submit(&NewJob { project: "/q".into(), ..new("other") });
    let first = world.claim(&limits(9, Some(1), None)).unwrap();
    world.bind(&first, "glm").unwrap();
    assert_eq!(world.claim(&limits(9, Some(1), None)).unwrap().job.job_id, other, "a project of its own");
    assert!(world.claim(&limits(2, None, None)).is_none());
    assert!(world.claim(&limits(9, None, Some(1))).is_none(), "the profile it names is full");
    let second = world.claim(&limits(9, None, None)).unwrap();
    let second = Claim { max_per_profile: Some(1), ..second };
    assert!(world.store.is_profile_full(&second, "glm").unwrap());
    assert!(
        matches!(world.bind(&second, "glm"), Err(StoreError::ProfileFull(_))),
        "whatever it was routed to"
    );
    world.store.release_claim(&second, "full", Duration::ZERO, Some("glm")).unwrap();
    assert!(world.claim(&limits(9, None, Some(1))).is_none(), "and that is remembered");
    world.end(&first, RunStatus::Succeeded, None);
    assert!(world.claim(&limits(9, None, Some(1))).is_some());
}

#[test]
fn another_ageing_makes_another_order() {
    let world = World::new();
    let old = world.submit(&NewJob { priority: 0, ..new("old") });
    let urgent = world.submit(&NewJob { priority: 5, ..new("urgent") });
    world.sql(&format!("UPDATE jobs SET submitted_ms = submitted_ms - 200000 WHERE job_id = '{old}'"));
    let with = |ageing_seconds| QueuePolicy { ageing_seconds, ..policy() };
    let next = |policy: &QueuePolicy| {
        let claim = world.claim(policy).unwrap();
        world.store.release_claim(&claim, "", Duration::ZERO, None).unwrap();
        claim.job.job_id
    };
    assert_eq!(next(&with(0)), urgent, "waiting earns nothing");
    assert_eq!(next(&with(30)), old, "200 s are more than 5 points of 30 s");
    assert_eq!(next(&with(60)), urgent, "and less than 5 of 60 s");
}

#[test]
fn a_verification_belongs_to_who_has_the_chore() {
    let world = World::new();
    let mut job = new("a");
    job.spec.test_commands = vec!["true".into()];
    job.spec.max_retries = Some(1);
    let id = world.submit(&job);
    let claim = world.started(&policy());
    world.end(&claim, RunStatus::Succeeded, None);
    assert_eq!(world.store.job(&id).unwrap().stage, Some(JobStage::Verify));
    let slow = world.store.claim_chore("slow", LEASE).unwrap().unwrap();
    assert!(world.store.claim_chore("other", LEASE).unwrap().is_none(), "one at a time");
    world.sql("UPDATE jobs SET lease_until_ms = 0");
    let other = world.store.claim_chore("other", LEASE).unwrap().unwrap();
    assert!(!world.store.keep_chore(&slow, LEASE).unwrap() && world.store.keep_chore(&other, LEASE).unwrap());
    world.store.job_verified(&slow, "verified", None).unwrap();
    assert_eq!(world.state(&id).0, JobState::Running, "who lost it has no say");
    world.store.job_verified(&other, "blocked_verification", Some("tests: 1 failed\nmore")).unwrap();
    let again = world.store.job(&id).unwrap();
    assert_eq!(
        (again.state, again.last_failure.as_deref()),
        (JobState::Queued, Some("tests: 1 failed\nmore"))
    );
    assert_eq!(again.reason.as_deref(), Some("its verification failed: tests: 1 failed"));
    let claim = world.started(&policy());
    world.end(&claim, RunStatus::Succeeded, None);
    let chore = world.store.claim_chore("me", LEASE).unwrap().unwrap();
    world.store.job_verified(&chore, "verified", None).unwrap();
    let done = world.store.job(&id).unwrap();
    assert_eq!((done.state, done.verification.as_deref()), (JobState::Done, Some("verified")));
    assert_eq!((done.task, done.context), (None, None), "what was to be sent is kept no longer than needed");
}

#[test]
fn a_write_is_tried_again_only_once_it_was_taken_back() {
    let world = World::new();
    let mut job = writing("a", &[]);
    job.spec.max_retries = Some(2);
    let id = world.submit(&job);
    for taken_back in [Ok(()), Err("README.md was changed since")] {
        let claim = world.started(&policy());
        world.end(&claim, RunStatus::Failed, None);
        assert!(world.claim(&policy()).is_none());
        let chore = world.store.claim_chore("me", LEASE).unwrap().unwrap();
        assert_eq!(chore.stage, JobStage::Rollback);
        world.store.job_rolled_back(&chore, taken_back).unwrap();
    }
    let (state, reason) = world.state(&id);
    assert_eq!(state, JobState::Failed);
    let reason = reason.unwrap();
    assert!(
        reason.contains("its run ended as failed") && reason.contains("README.md was changed"),
        "{reason}"
    );
}

#[test]
fn a_start_that_failed_needs_no_rollback() {
    let world = World::new();
    let mut job = writing("a", &[]);
    job.spec.max_retries = Some(1);
    let id = world.submit(&job);
    for expected in [JobState::Queued, JobState::Failed] {
        let claim = world.claim(&policy()).unwrap();
        world.store.fail_claim(&claim, "no git", false).unwrap();
        assert_eq!(world.state(&id).0, expected);
    }
}

// The model.

#[derive(Clone, Debug)]
enum Step {
    Submit {
        project: u8,
        priority: i32,
        writes: bool,
        tested: bool,
        after: Option<prop::sample::Index>,
        paths: u8,
        retries: u32,
        profile: u8,
    },
    Claim,
    Bind(prop::sample::Index),
    End(prop::sample::Index, u8),
    Cancel(prop::sample::Index),
    Expire,
    Release(prop::sample::Index),
    Chore(bool),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let index = any::<prop::sample::Index>;
    let submit =
        (
            0..2_u8,
            -3..3,
            any::<bool>(),
            any::<bool>(),
            proptest::option::weighted(0.3, index()),
            0..4_u8,
            0..3_u32,
            0..3_u8,
        )
            .prop_map(|(project, priority, writes, tested, after, paths, retries, profile)| {
                Step::Submit { project, priority, writes, tested, after, paths, retries, profile }
            });
    let step = prop_oneof![
        4 => submit,
        5 => Just(Step::Claim),
        4 => index().prop_map(Step::Bind),
        4 => (index(), 0..6_u8).prop_map(|(at, how)| Step::End(at, how)),
        1 => index().prop_map(Step::Cancel),
        1 => Just(Step::Expire),
        1 => index().prop_map(Step::Release),
        2 => any::<bool>().prop_map(Step::Chore),
    ];
    proptest::collection::vec(step, 1..80)
}

/// A job as it should be.
#[derive(Clone, Debug)]
struct Model {
    id: JobId,
    key: (i64, usize),
    state: JobState,
    stage: Option<JobStage>,
    attempts: u32,
    spec: JobSpec,
    project: PathBuf,
    footprint: Footprint,
    lane: String,
    needs: Vec<usize>,
    cancel: bool,
    run: Option<usize>,
}

struct Played {
    world: World,
    jobs: Vec<Model>,
    /// Every claim ever made, with its job.
    claims: Vec<(Claim, usize)>,
    policy: QueuePolicy,
}

impl Played {
    fn new() -> Self {
        let limit = NonZeroU32::new;
        let policy = QueuePolicy {
            max_concurrent: limit(4).unwrap(),
            max_per_project: limit(3),
            max_per_profile: limit(2),
            ..policy()
        };
        Self { world: World::new(), jobs: Vec::new(), claims: Vec::new(), policy }
    }

    fn submit(&mut self, job: NewJob, needs: Vec<usize>) {
        let job = NewJob { after: needs.iter().map(|at| self.jobs[*at].id.clone()).collect(), ..job };
        let made = self.world.store.submit_job(&job).unwrap().job;
        let broken =
            needs.iter().any(|at| self.jobs[*at].state.is_ended() && self.jobs[*at].state != JobState::Done);
        self.jobs.push(Model {
            key: (made.submitted_ms - i64::from(job.priority) * 60_000, self.jobs.len()),
            id: made.job_id,
            state: if broken { JobState::Cancelled } else { JobState::Queued },
            stage: None,
            attempts: 0,
            lane: job.spec.profile.clone().unwrap_or_default(),
            spec: job.spec,
            project: job.project,
            footprint: job.footprint,
            needs,
            cancel: false,
            run: None,
        });
    }

    /// Who is next, as one would say it in a sentence.
    fn next(&self) -> Option<usize> {
        let running: Vec<&Model> = self.jobs.iter().filter(|job| job.state == JobState::Running).collect();
        let most = |limit: Option<NonZeroU32>| limit.map_or(usize::MAX, |n| n.get() as usize);
        if running.len() >= most(Some(self.policy.max_concurrent)) {
            return None;
        }
        let mut waiting: Vec<usize> = (0..self.jobs.len()).filter(|at| self.is_ready(*at)).collect();
        waiting.sort_by_key(|at| self.jobs[*at].key);
        let mut ahead: Vec<&Model> = Vec::new();
        waiting.into_iter().find(|at| {
            let job = &self.jobs[*at];
            let in_project = running.iter().filter(|other| other.project == job.project).count();
            let on_lane =
                running.iter().filter(|other| other.lane == job.lane && !job.lane.is_empty()).count();
            if in_project >= most(self.policy.max_per_project) || on_lane >= most(self.policy.max_per_profile)
            {
                return false;
            }
            let blocks =
                |other: &&&Model| other.project == job.project && other.footprint.overlaps(&job.footprint);
            let blocked = running.iter().find(blocks).is_some() || ahead.iter().find(blocks).is_some();
            if blocked {
                ahead.push(job);
            }
            !blocked
        })
    }

    fn is_ready(&self, at: usize) -> bool {
        let job = &self.jobs[at];
        job.state == JobState::Queued && job.needs.iter().all(|need| self.jobs[*need].state == JobState::Done)
    }

    fn end(&mut self, at: usize, state: JobState) {
        if self.jobs[at].state.is_ended() {
            return;
        }
        (self.jobs[at].state, self.jobs[at].stage) = (state, None);
        if state != JobState::Done {
            let dependents: Vec<usize> =
                (0..self.jobs.len()).filter(|d| self.jobs[*d].needs.contains(&at)).collect();
            dependents.into_iter().for_each(|d| self.end(d, JobState::Cancelled));
        }
    }

    fn failed(&mut self, at: usize, worked: bool) {
        let job = &mut self.jobs[at];
        if job.attempts > job.spec.max_retries.unwrap() {
            self.end(at, JobState::Failed);
        } else if job.spec.allow_write && worked {
            job.stage = Some(JobStage::Rollback);
        } else {
            self.requeue(at);
        }
    }

    fn requeue(&mut self, at: usize) {
        let job = &mut self.jobs[at];
        (job.state, job.stage) = (JobState::Queued, None);
        job.lane = job.spec.profile.clone().unwrap_or_default();
    }

    fn unclaim(&mut self, at: usize) {
        self.requeue(at);
        self.jobs[at].attempts -= 1;
        self.jobs[at].run = None;
    }

    /// The job of a claim, when the claim is the job's last and that is at this stage.
    fn held(&self, claim: usize, stage: JobStage) -> Option<usize> {
        let at = self.claims[claim].1;
        let job = &self.jobs[at];
        (job.run == Some(claim) && job.stage == Some(stage)).then_some(at)
    }

    fn play(&mut self, step: Step) {
        match step {
            Step::Submit { project, priority, writes, tested, after, paths, retries, profile } => {
                let footprint = match paths {
                    0 if writes => Footprint::Whole,
                    0 => Footprint::Nothing,
                    1 => Footprint::Paths(vec!["/a/".into()]),
                    2 => Footprint::Paths(vec!["/b/".into(), "/c".into()]),
                    _ => Footprint::Paths(vec!["/a/x".into(), "/c".into()]),
                };
                let mut job =
                    NewJob { project: format!("/p{project}").into(), priority, footprint, ..new("x") };
                job.spec.allow_write = writes;
                job.spec.max_retries = Some(retries);
                job.spec.profile = (profile > 0).then(|| format!("profile{profile}"));
                job.spec.test_commands = if tested { vec!["true".into()] } else { Vec::new() };
                let needs = after.filter(|_| !self.jobs.is_empty()).map(|at| at.index(self.jobs.len()));
                self.submit(job, needs.into_iter().collect());
            }
            Step::Claim => self.claim(),
            Step::Bind(at) => self.bind(at),
            Step::End(at, how) => self.end_run(at, how),
            Step::Cancel(at) => self.cancel(at),
            Step::Expire => {
                self.world.sql("UPDATE jobs SET lease_until_ms = 0 WHERE stage = 'claimed'");
                self.world.store.wake_jobs().unwrap();
                let claimed = |at: &usize| self.jobs[*at].stage == Some(JobStage::Claimed);
                let all: Vec<usize> = (0..self.jobs.len()).filter(claimed).collect();
                all.into_iter().for_each(|at| self.unclaim(at));
            }
            Step::Release(at) if !self.claims.is_empty() => {
                let claim = at.index(self.claims.len());
                self.world.store.release_claim(&self.claims[claim].0, "", Duration::ZERO, None).unwrap();
                if let Some(at) = self.held(claim, JobStage::Claimed) {
                    self.unclaim(at);
                }
            }
            Step::Release(_) => {}
            Step::Chore(well) => self.chore(well),
        }
    }

    fn claim(&mut self) {
        let expected = self.next();
        let claim = self.world.claim(&self.policy);
        assert_eq!(
            claim.as_ref().map(|claim| claim.job.job_id.clone()),
            expected.map(|at| self.jobs[at].id.clone()),
            "who is next"
        );
        if let (Some(claim), Some(at)) = (claim, expected) {
            let job = &mut self.jobs[at];
            (job.state, job.stage, job.run) =
                (JobState::Running, Some(JobStage::Claimed), Some(self.claims.len()));
            job.attempts += 1;
            self.claims.push((claim, at));
        }
    }

    fn bind(&mut self, at: prop::sample::Index) {
        if self.claims.is_empty() {
            return;
        }
        let claim = at.index(self.claims.len());
        let bound = self.world.bind(&self.claims[claim].0, "profile1");
        let Some(at) = self.held(claim, JobStage::Claimed) else {
            assert!(matches!(bound, Err(StoreError::ClaimLost(_))), "a claim that was lost starts nothing");
            return;
        };
        let running = |job: &&Model| {
            job.state == JobState::Running && job.lane == "profile1" && job.id != self.jobs[at].id
        };
        if self.jobs.iter().filter(running).count() >= 2 {
            assert!(matches!(bound, Err(StoreError::ProfileFull(_))));
            return;
        }
        bound.unwrap();
        (self.jobs[at].stage, self.jobs[at].lane) = (Some(JobStage::Run), "profile1".into());
    }

    fn end_run(&mut self, at: prop::sample::Index, how: u8) {
        if self.claims.is_empty() {
            return;
        }
        let claim = at.index(self.claims.len());
        let (status, stop) = [
            (RunStatus::Succeeded, None),
            (RunStatus::Failed, None),
            (RunStatus::Lost, None),
            (RunStatus::TimedOut, Some(StopReason::Timeout)),
            (RunStatus::Stopped, Some(StopReason::UserRequested)),
            (RunStatus::Running, None),
        ][usize::from(how)];
        self.world.end(&self.claims[claim].0, status, stop);
        let Some(at) = self.held(claim, JobStage::Run) else { return };
        let tested = !self.jobs[at].spec.test_commands.is_empty();
        match status {
            RunStatus::Running => {}
            _ if self.jobs[at].cancel => self.end(at, JobState::Cancelled),
            RunStatus::Succeeded if tested => self.jobs[at].stage = Some(JobStage::Verify),
            RunStatus::Succeeded => self.end(at, JobState::Done),
            RunStatus::TimedOut => self.end(at, JobState::TimedOut),
            RunStatus::Stopped => self.end(at, JobState::Cancelled),
            _ => self.failed(at, true),
        }
    }

    fn cancel(&mut self, at: prop::sample::Index) {
        if self.jobs.is_empty() {
            return;
        }
        let at = at.index(self.jobs.len());
        let told = self.world.store.cancel_job(&self.jobs[at].id, "enough").unwrap();
        match (self.jobs[at].state, self.jobs[at].stage) {
            (state, _) if state.is_ended() => assert_eq!(told, Cancelled::AlreadyEnded),
            (_, Some(JobStage::Run)) => {
                assert!(matches!(told, Cancelled::Stopping(_)));
                self.jobs[at].cancel = true;
            }
            _ => {
                assert_eq!(told, Cancelled::Now);
                self.end(at, JobState::Cancelled);
            }
        }
    }

    fn chore(&mut self, well: bool) {
        let Some(chore) = self.world.store.claim_chore("me", LEASE).unwrap() else {
            let open =
                self.jobs.iter().any(|job| matches!(job.stage, Some(JobStage::Verify | JobStage::Rollback)));
            assert!(!open, "a chore is never overlooked");
            return;
        };
        let at = self.jobs.iter().position(|job| job.id == chore.job.job_id).unwrap();
        assert_eq!(self.jobs[at].stage, Some(chore.stage));
        match chore.stage {
            JobStage::Verify => {
                self.world.store.job_verified(&chore, "x", (!well).then_some("bad")).unwrap();
                if well { self.end(at, JobState::Done) } else { self.failed(at, true) }
            }
            _ => {
                self.world.store.job_rolled_back(&chore, if well { Ok(()) } else { Err("no") }).unwrap();
                if well { self.requeue(at) } else { self.end(at, JobState::Failed) }
            }
        }
    }

    fn check(&self) {
        for model in &self.jobs {
            let job = self.world.store.job(&model.id).unwrap();
            assert_eq!(
                (job.state, job.stage, job.attempts),
                (model.state, model.stage, model.attempts),
                "{model:?}"
            );
            let history = self.world.store.job_history(&model.id, 1_000).unwrap();
            assert_eq!(history.last().unwrap().to, job.state, "the history ends where the job stands");
            assert_eq!(
                history.iter().filter(|event| event.to.is_ended()).count(),
                usize::from(job.state.is_ended())
            );
        }
        let counts = self.world.store.job_counts().unwrap();
        for state in JobState::ALL {
            assert_eq!(
                counts[&state] as usize,
                self.jobs.iter().filter(|job| job.state == state).count(),
                "{state:?}"
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn whatever_happens_in_whatever_order_it_is_as_the_model_says(steps in steps()) {
        let mut played = Played::new();
        for step in steps {
            played.play(step);
            played.check();
        }
    }
}

#[test]
fn a_transaction_that_was_refused_changed_nothing() {
    let world = World::new();
    let refused: crate::Result<()> = world.store.change("try", |tx| {
        tx.execute("UPDATE queue_order SET ageing_ms = 1", [])?;
        Err(Refused::Queue(StoreError::ProfileFull("p".into())))
    });
    assert!(matches!(refused, Err(StoreError::ProfileFull(_))));
    let kept: i64 = world
        .store
        .sql("look", |db| db.query_row("SELECT ageing_ms FROM queue_order", [], |r| r.get(0)))
        .unwrap();
    assert_eq!(kept, 60_000);
}
