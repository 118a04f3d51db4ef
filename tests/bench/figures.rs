//! Figures of whole processes: `cargo run -p cc-orchestrator-tests --release --bin figures`. Prints, and gates nothing.
#![forbid(unsafe_code)]
// A program of the tests alone: it prints, and fails loudly.
#![allow(clippy::expect_used, clippy::print_stdout)]

#[cfg(target_os = "linux")]
mod fleet;
#[cfg(target_os = "linux")]
mod ingest;
mod learning;
mod queue;
mod replay;
mod supervised;

use std::time::{Duration, Instant};

use cc_orchestrator_tests::{
    McpClient, Profile, Sandbox,
    plugin::{self, Router},
};
use serde_json::json;

const STARTS: usize = 20;
const CALLS: usize = 500;
const PROFILES: usize = 20;

/// Take minutes: printed only when they are asked for.
const LONG: [&str; 2] = ["supervised", "learning"];

/// Each figure and its name; a name as an argument prints that one alone.
const FIGURES: &[(&str, fn())] = &[
    ("start", starts),
    ("tools", tools),
    ("pick", picking),
    ("supervised", supervised::ten_minutes),
    ("queue", queue::queue),
    ("replay", replay::replay),
    ("learning", learning::learning),
    #[cfg(target_os = "linux")]
    ("memory", running),
    #[cfg(target_os = "linux")]
    ("idle", ingest::idle),
    #[cfg(target_os = "linux")]
    ("ingest", ingest::flood),
    #[cfg(target_os = "linux")]
    ("line", ingest::long_line),
    #[cfg(target_os = "linux")]
    ("disk", fleet::on_disk),
    #[cfg(target_os = "linux")]
    ("fleet", fleet::at_once),
];

fn main() {
    println!("machine: {}", machine());
    // Built before anything is timed.
    println!("binary: {}", cc_orchestrator_tests::product().display());
    let asked: Vec<String> = std::env::args().skip(1).collect();
    for (name, print) in FIGURES {
        if asked.iter().any(|one| one == name) || (asked.is_empty() && !LONG.contains(name)) {
            print();
        }
    }
}

/// Spawn to tools/list answered, which is what a controller's first request waits for.
fn starts() {
    let worlds: Vec<Sandbox> = (0..STARTS).map(|_| Sandbox::with_profiles()).collect();
    let mut first: Vec<Duration> = worlds.iter().map(|world| ready(world).0).collect();
    println!("start, first ever: {}", spread(&mut first));
    let sandbox = Sandbox::with_profiles();
    let (_, mut client) = ready(&sandbox);
    client.call("cc_pick_profile", json!({}));
    drop(client);
    let mut warm: Vec<Duration> = (0..STARTS).map(|_| ready(&sandbox).0).collect();
    println!("start, warm: {}", spread(&mut warm));
    #[cfg(target_os = "linux")]
    {
        let (_, mut client) = ready(&sandbox);
        println!("memory after it: {}", memory(client.pid()));
        client.call("cc_pick_profile", json!({}));
        println!("memory after the first decision: {}", memory(client.pid()));
    }
}

fn ready(sandbox: &Sandbox) -> (Duration, McpClient<'_>) {
    let begun = Instant::now();
    let mut client = sandbox.mcp();
    client.list_tools();
    (begun.elapsed(), client)
}

fn tools() {
    let sandbox = Sandbox::new();
    let mut client = sandbox.mcp();
    let tools = client.list_tools();
    let id = client.send("tools/list", json!({}));
    let bytes = client.wait_bytes(id);
    println!("tools/list: {bytes} bytes, {} tools, {} each", tools.len(), bytes / tools.len().max(1));
    for tool in tools {
        println!("  {}: {}", tool["name"].as_str().unwrap_or_default(), tool.to_string().len());
    }
}

/// A decision on a running server, with a router in each of the three layers.
fn picking() {
    let sandbox = Sandbox::new();
    let profiles: Vec<Profile> = (0..PROFILES)
        .map(|n| {
            Profile::new(&format!("id-{n}"), &format!("Profile {n}"), ["glm-5.2", "kimi-k2.7-code"][n % 2])
        })
        .collect();
    sandbox.profiles(&profiles);
    let own = sandbox.record("own.router");
    plugin::write(&own, "own.router", Router::Chooses { profile: "id-3", model: "kimi-k2.7-code" });
    plugin::write(
        &sandbox.project().join(".cc-orchestrator/plugins/team.router"),
        "team.router",
        Router::Keeps,
    );
    for arguments in [&["plugin", "add", own.to_str().expect("a path")][..], &["plugin", "trust", "."]] {
        let ended = sandbox.run(arguments);
        assert_eq!(ended.code, Some(0), "{ended:?}");
    }
    let mut client = sandbox.mcp();
    let first = timed(|| drop(client.call("cc_pick_profile", json!({ "role": "review" }))));
    let mut times: Vec<Duration> = (0..CALLS)
        .map(|_| timed(|| drop(client.call("cc_pick_profile", json!({ "role": "review" })))))
        .collect();
    println!(
        "cc_pick_profile, {PROFILES} profiles, three routers: {}; the first {}",
        spread(&mut times),
        ms(first)
    );
}

fn timed(work: impl FnOnce()) -> Duration {
    let begun = Instant::now();
    work();
    begun.elapsed()
}

/// The processes round a worker.
#[cfg(target_os = "linux")]
fn running() {
    use cc_orchestrator_tests::{eventually, processes, script::Step};

    let sandbox = Sandbox::with_profiles();
    sandbox.script(&[Step::Mark(sandbox.record("begun")), Step::WaitFor(sandbox.record("go"))]);
    let mut client = sandbox.mcp();
    client.call("cc_run_agent", json!({ "task": "Wait.", "wait_seconds": 0 }));
    eventually("the worker's start", || sandbox.record("begun").exists().then_some(()));
    for process in processes::of(sandbox.root()) {
        if let Some(role) = ["mcp", "supervise", "guard"].iter().find(|role| process.is(role)) {
            println!("memory of {role} in a run: {}", memory(process.pid));
        }
    }
}

#[cfg(target_os = "linux")]
fn memory(pid: u32) -> String {
    let bytes = cc_orchestrator_tests::processes::resident(pid).unwrap_or_default();
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}

fn machine() -> String {
    let cpus = std::thread::available_parallelism().map_or(1, usize::from);
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name =
        info.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or(std::env::consts::ARCH);
    format!("{cpus} x {}, {}", name.trim_start_matches([' ', '\t', ':']), std::env::consts::OS)
}

/// Median, 99th percentile and worst.
fn spread(times: &mut [Duration]) -> String {
    times.sort_unstable();
    let at = |part: usize| times[(times.len() * part / 100).min(times.len() - 1)];
    format!("median {}, p99 {}, worst {} (of {})", ms(at(50)), ms(at(99)), ms(at(100)), times.len())
}

fn ms(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1000.0)
}
