//! Whether routing learns: three models whose worth depends on the role, and the share of jobs that the best one gets.
//!
//! The real server decides each job, and its grade goes into the real database before the next one is asked for. Which
//! model is best at which role is drawn anew for each world, so that the built-in table is right only by chance.

use std::{fmt::Write as _, fs};

use cc_orchestrator_tests::{McpClient, Past, PastRun, Sandbox, repository};
use serde_json::json;

const RUNS: usize = 300;
const WORLDS: u64 = 12;
const ROLES: [&str; 3] = ["review", "development", "testing"];
const MODELS: [(&str, &str); 3] =
    [("id-glm", "glm-5.2"), ("id-kimi", "kimi-k2.7-code"), ("id-deepseek", "deepseek-v4-pro")];
/// Mean grades of the best, the middle and the worst model for a role, and how much single grades differ.
const WORTH: [f64; 3] = [85.0, 70.0, 55.0];
const SPREAD: f64 = 15.0;
/// Runs that a point of the plot is the mean of.
const WINDOW: usize = 30;

/// For each run, in how many worlds the best model got it.
type Hits = Vec<u32>;

pub(super) fn learning() {
    let learned = play(|truth, seed| routed(truth, seed, 0.0));
    let exploring = play(|truth, seed| routed(truth, seed, 0.2));
    let fixed = play(|truth, _| unlearned(truth));
    let random = play(random);
    let lines = [
        ("learning, exploration 0.2", "#1b7837", exploring),
        ("learning, as it is by default", "#2166ac", learned),
        ("by the built-in table alone", "#b2182b", fixed),
        ("at random", "#878787", random),
    ];
    println!("share of jobs that the best of three models got, {WORLDS} worlds of {RUNS} runs:");
    for (name, _, hits) in &lines {
        println!(
            "  {name}: {:.0} % of all, {:.0} % of the last 100",
            share(hits),
            share(&hits[RUNS - 100..])
        );
    }
    let path = repository().join("docs/pictures/learning.svg");
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(&path, picture(&lines)).expect("a picture");
    println!("  drawn in {}", path.display());
}

fn share(hits: &[u32]) -> f64 {
    f64::from(hits.iter().sum::<u32>()) * 100.0 / (hits.len() as f64 * WORLDS as f64)
}

/// What each model is worth at each role.
type Truth = [[f64; 3]; 3];

fn play(world: impl Fn(&Truth, u64) -> Vec<bool>) -> Hits {
    let mut hits = vec![0; RUNS];
    for seed in 0..WORLDS {
        for (sum, hit) in hits.iter_mut().zip(world(&truth(seed), seed)) {
            *sum += u32::from(hit);
        }
    }
    hits
}

fn truth(seed: u64) -> Truth {
    let mut dice = Dice(seed);
    ROLES.map(|_| {
        let mut worth = WORTH;
        for at in (1..worth.len()).rev() {
            worth.swap(at, dice.below(at + 1));
        }
        worth
    })
}

fn is_best(truth: &Truth, run: usize, model: usize) -> bool {
    truth[run % ROLES.len()][model] == WORTH[0]
}

/// Each job goes where the server says, and its grade is kept.
fn routed(truth: &Truth, seed: u64, exploration: f64) -> Vec<bool> {
    let sandbox = Sandbox::with_profiles();
    let mut past = Past::of(&sandbox);
    let mut client = sandbox.mcp();
    let config = json!({ "plugins": { "cc.model-scorer": { "exploration": exploration } } });
    client.call("cc_local_policy", json!({ "config": config, "apply": true }));
    let mut dice = Dice(seed + 1_000);
    let job = |run: usize| {
        let role = ROLES[run % ROLES.len()];
        let model = pick(&mut client, role);
        let grade = (truth[run % ROLES.len()][model] + SPREAD * dice.normal()).clamp(0.0, 100.0);
        let (profile, name) = MODELS[model];
        past.add(&PastRun { grade: Some(grade.round() as u32), ..PastRun::new(profile, name, role) });
        is_best(truth, run, model)
    };
    (0..RUNS).map(job).collect()
}

/// Each job goes where the server says while it knows of no run.
fn unlearned(truth: &Truth) -> Vec<bool> {
    let sandbox = Sandbox::with_profiles();
    let mut client = sandbox.mcp();
    let first = ROLES.map(|role| pick(&mut client, role));
    (0..RUNS).map(|run| is_best(truth, run, first[run % ROLES.len()])).collect()
}

fn random(truth: &Truth, seed: u64) -> Vec<bool> {
    let mut dice = Dice(seed + 2_000);
    (0..RUNS).map(|run| is_best(truth, run, dice.below(MODELS.len()))).collect()
}

fn pick(client: &mut McpClient<'_>, role: &str) -> usize {
    let picked = client.call("cc_pick_profile", json!({ "role": role })).structured;
    MODELS.iter().position(|(profile, _)| picked["profile_id"] == *profile).expect("one of the three")
}

/// The same numbers for the same seed, on every machine.
struct Dice(u64);

impl Dice {
    /// 0 up to, and without, 1.
    fn next(&mut self) -> f64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((bits ^ (bits >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn below(&mut self, most: usize) -> usize {
        (self.next() * most as f64) as usize
    }

    /// Mean 0, variance 1: the sum of twelve.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.next()).sum::<f64>() - 6.0
    }
}

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 400.0;
const LEFT: f64 = 60.0;
const TOP: f64 = 50.0;
const PLOT: [f64; 2] = [480.0, 290.0];

fn picture(lines: &[(&str, &str, Hits)]) -> String {
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         font-family=\"sans-serif\" font-size=\"13\">\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"white\"/>\n\
         <text x=\"{LEFT}\" y=\"26\" font-size=\"15\">Jobs that the best of three models gets, % \
         (mean of {WORLDS} worlds, {WINDOW} runs a point)</text>\n"
    );
    for percent in [0, 25, 50, 75, 100] {
        let y = y_of(f64::from(percent));
        let _ = writeln!(
            svg,
            "<path d=\"M{LEFT} {y:.1}h{}\" stroke=\"#ddd\"/><text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{percent}</text>",
            PLOT[0],
            LEFT - 8.0,
            y + 4.0
        );
    }
    for run in (0..=RUNS).step_by(50) {
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{run}</text>",
            x_of(run as f64),
            TOP + PLOT[1] + 20.0
        );
    }
    let _ = writeln!(
        svg,
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">runs so far</text>",
        LEFT + PLOT[0] / 2.0,
        TOP + PLOT[1] + 42.0
    );
    let mut labels = Labels::default();
    for (name, colour, hits) in lines {
        let points: Vec<String> = hits
            .windows(WINDOW)
            .enumerate()
            .map(|(at, window)| {
                format!("{:.1},{:.1}", x_of(at as f64 + WINDOW as f64 / 2.0), y_of(share(window)))
            })
            .collect();
        let y = labels.place(y_of(share(&hits[RUNS - WINDOW..])));
        let _ = writeln!(
            svg,
            "<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" points=\"{}\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" fill=\"{colour}\">{name}</text>",
            points.join(" "),
            LEFT + PLOT[0] - 8.0,
            y + 4.0
        );
    }
    svg.push_str("</svg>\n");
    svg
}

/// Labels beside the lines' ends, none over another.
#[derive(Default)]
struct Labels(Vec<f64>);

impl Labels {
    fn place(&mut self, wanted: f64) -> f64 {
        let mut y = wanted;
        while self.0.iter().any(|other| (other - y).abs() < 18.0) {
            y += 1.0;
        }
        self.0.push(y);
        y
    }
}

fn x_of(run: f64) -> f64 {
    LEFT + PLOT[0] * run / RUNS as f64
}

fn y_of(percent: f64) -> f64 {
    TOP + PLOT[1] * (1.0 - percent / 100.0)
}
