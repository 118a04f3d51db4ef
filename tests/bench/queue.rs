//! The queue with few and with very many jobs: what a submit and a claim take.

use std::{
    num::NonZeroU32,
    time::{Duration, Instant},
};

use cc_domain::{Footprint, JobSpec, QueuePolicy};
use cc_store::{Home, NewJob, Store};

const SIZES: [u64; 3] = [10, 10_000, 1_000_000];
const PROJECTS: u64 = 20;
const CLAIMS: usize = 2_000;
const LEASE: Duration = Duration::from_secs(3_600);

/// Submits a second, and a claim at each number of waiting jobs; beside the first, so that flat is seen.
pub(crate) fn queue() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(&Home::at(folder.path())).expect("a store");
    let (mut waiting, mut first) = (0, None);
    for size in SIZES {
        let begun = Instant::now();
        let more = size - waiting;
        (waiting..size).for_each(|n| submit(&store, n));
        waiting = size;
        let rate = more as f64 / begun.elapsed().as_secs_f64();
        let mut one = Vec::new();
        for n in 0..CLAIMS as u64 {
            let begun = Instant::now();
            submit(&store, size + n);
            one.push(begun.elapsed());
        }
        waiting += CLAIMS as u64;
        let mut full = claims(&store, 3);
        let mut free = claims(&store, 1_000_000);
        let (submitted, free, full) = (middle(&mut one), middle(&mut free), middle(&mut full));
        let beside = *first.get_or_insert((submitted, free, full));
        println!(
            "queue, {size} waiting: {rate:.0} submits/s; submit {submitted:.0} µs (x{:.2}), claim {free:.0} µs (x{:.2}), \
             claim with full projects {full:.0} µs (x{:.2})",
            submitted / beside.0,
            free / beside.1,
            full / beside.2,
        );
    }
}

fn submit(store: &Store, n: u64) {
    let project = format!("/projects/{}", n % PROJECTS);
    let new = NewJob {
        cwd: project.clone().into(),
        project: project.into(),
        task: "Look at the code and say what a test should check first.".into(),
        context: None,
        shown: "Look at the code and say what a test should check first.".into(),
        spec: JobSpec { timeout_seconds: 900, ..JobSpec::default() },
        footprint: if n.is_multiple_of(4) {
            Footprint::Paths(vec![format!("/src/{}/", n % 1_000)])
        } else {
            Footprint::Nothing
        },
        priority: i32::try_from(n % 200).expect("small"),
        after: Vec::new(),
        idempotency_key: None,
    };
    store.submit_job(&new).expect("submitted");
}

/// Claims, each given back at once, with so many places in a project.
fn claims(store: &Store, per_project: u32) -> Vec<Duration> {
    let policy = QueuePolicy {
        max_concurrent: NonZeroU32::MAX,
        max_per_project: NonZeroU32::new(per_project),
        ..QueuePolicy::default()
    };
    // Some run meanwhile, as they do.
    let running: Vec<_> = (0..2 * PROJECTS)
        .filter_map(|_| store.claim_job(&policy, "bench", LEASE).expect("a claim"))
        .collect();
    let timed = (0..CLAIMS).filter_map(|_| {
        let begun = Instant::now();
        let claim = store.claim_job(&policy, "bench", LEASE).expect("a claim");
        let took = begun.elapsed();
        store.release_claim(&claim?, "", Duration::ZERO, None).expect("released");
        Some(took)
    });
    let timed = timed.collect();
    for claim in running {
        store.release_claim(&claim, "", Duration::ZERO, None).expect("released");
    }
    timed
}

/// The median, in microseconds.
fn middle(all: &mut [Duration]) -> f64 {
    all.sort_unstable();
    all.get(all.len() / 2).map_or(0.0, |one| one.as_secs_f64() * 1e6)
}
