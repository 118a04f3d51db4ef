//! A repository of 100,000 files: what a snapshot costs after one of them changed, beside `git status`.
//!
//! `cargo bench -p cc-repo`; `CC_BENCH_FILES` for another number of files.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::{
    fs,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use cc_repo::{Repo, changes};

const ROUNDS: usize = 7;

fn main() {
    let files = std::env::var("CC_BENCH_FILES").ok().and_then(|text| text.parse().ok()).unwrap_or(100_000);
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().canonicalize().unwrap().join("project");
    build(&root, files);
    let repo = Repo::open(&root, &dir.path().join("state")).unwrap();
    let (first, before) = timed(|| repo.before(&"20261123T061500Z-1a2b3c4d".parse().unwrap()).unwrap());
    // Let the stat data settle, as they are between two runs.
    std::thread::sleep(Duration::from_secs(3));
    let (second, _) = timed(|| repo.now(&before).unwrap());
    git(&root, &["status", "--porcelain"]);
    let (mut status, mut snapshot, mut comparison) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        fs::write(root.join("d7/s3/f1.txt"), format!("round {round}\n")).unwrap();
        status.push(timed(|| git(&root, &["status", "--porcelain"])).0);
        let (time, after) = timed(|| repo.now(&before).unwrap());
        snapshot.push(time);
        let (time, found) = timed(|| changes(&before, &after).unwrap());
        comparison.push(time);
        assert_eq!(found.files.len(), 1);
    }
    let (status, snapshot, comparison) = (median(status), median(snapshot), median(comparison));
    let ratio = snapshot.as_secs_f64() / status.as_secs_f64();
    say(&format!("{files} files"));
    say(&format!("first snapshot (reads everything)   {first:>8.0?}"));
    say(&format!("second (nothing changed)            {second:>8.0?}"));
    say(&format!("git status after one change         {status:>8.0?}"));
    say(&format!("snapshot after one change           {snapshot:>8.0?}   {ratio:.2} x git status"));
    say(&format!("comparing two snapshots             {comparison:>8.0?}"));
}

fn build(root: &Path, files: usize) {
    for n in 0..files {
        let folder = root.join(format!("d{}/s{}", n % 100, n / 100 % 10));
        if n < 1_000 {
            fs::create_dir_all(&folder).unwrap();
        }
        let text = format!("file {n}\n{}", "some text of no meaning\n".repeat(n % 40));
        fs::write(folder.join(format!("f{}.txt", n / 1_000)), text).unwrap();
    }
    fs::write(root.join(".gitignore"), "/target\n*.log\nnode_modules/\n").unwrap();
    git(root, &["init", "-q"]);
    git(root, &["add", "-A"]);
    git(root, &["-c", "user.name=n", "-c", "user.email=e", "-c", "gc.auto=0", "commit", "-q", "-m", "x"]);
    git(root, &["gc", "-q"]);
}

fn git(root: &Path, args: &[&str]) {
    let said = Command::new("git").args(args).current_dir(root).output().unwrap();
    assert!(said.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&said.stderr));
}

fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let done = work();
    (start.elapsed(), done)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn say(line: &str) {
    println!("{line}");
}
