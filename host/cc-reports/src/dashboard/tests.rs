use cc_domain::{
    Confidence, Flag, Gate, GateState, Said, Severity, TestRun, TraceStep, Verification, Verified,
};
use proptest::prelude::*;

use super::{model::*, *};

const RUN: &str = "20261125T190000Z-1a2b3c4d";

fn line(text: &str) -> RunLine {
    RunLine {
        id: RUN.into(),
        state: "running".into(),
        active: true,
        role: "implementation".into(),
        task_type: "implementation".into(),
        model: Some(text.into()),
        answered_by: Some(text.into()),
        profile: text.into(),
        profile_id: "id-glm".into(),
        project: format!("/home/ada/{text}"),
        started_at: "2026-11-25T19:00:00Z".into(),
        cost_usd: Some(0.0123),
        tokens: 12_345,
        write: true,
        task: text.into(),
        activity: Some(text.into()),
        error: Some(text.into()),
        verified: Some("blocked_verification".into()),
        ..RunLine::default()
    }
}

fn asked(text: &str) -> Asked {
    Asked {
        request_id: text.into(),
        tool: text.into(),
        target: text.into(),
        input: text.into(),
        deadline: "2026-11-25T19:10:00Z".into(),
    }
}

fn flag(text: &str) -> Flag {
    Flag {
        code: "timed_out".into(),
        severity: Severity::High,
        category: "liveness".into(),
        confidence: Confidence::High,
        message: text.into(),
        blocking: true,
    }
}

fn head(text: &str) -> RunHead {
    RunHead {
        line: line(text),
        questions: vec![asked(text)],
        in_flight: vec![Flying {
            name: text.into(),
            target: text.into(),
            since: "2026-11-25T19:00:30Z".into(),
            subagent: true,
        }],
        notes: vec![Note { state: "failed", text: text.into(), at: "2026-11-25T19:00:40Z".into() }],
        can_stop: true,
        can_verify: true,
        can_roll_back: true,
        flags: vec![flag(text)],
        parent: Some(text.into()),
        team: Some("team-1".into()),
        parked_until: Some(text.into()),
        ..RunHead::default()
    }
}

fn timeline(text: &str) -> RunTimeline {
    let event = |seq, kind| EventRow {
        seq,
        ts: "2026-11-25T19:00:01Z".into(),
        kind,
        weight: "step",
        label: text.into(),
        text: text.into(),
        chars: Some(9_999),
        took_ms: Some(1_234),
        ..EventRow::default()
    };
    RunTimeline {
        prompt: text.into(),
        answer: Some(text.into()),
        timeline: Timeline {
            events: vec![event(2, "tool"), event(1, "said")],
            older: Some(7),
            show: "steps",
            ..Timeline::default()
        },
        tools: vec![ToolRow { name: text.into(), calls: 3, failed: 1, repeated: 3 }],
        budgets: vec![Budgeted { name: "Output".into(), used: 10.0, limit: 20.0, stops: true }],
    }
}

fn changes(text: &str) -> RunChanges {
    RunChanges {
        added: 3,
        deleted: 1,
        // A plain file: what colours code is tested where it is, and a line's end would begin another row.
        diff: format!("diff --git a/a.txt b/a.txt\n@@ -1 +1 @@\n+{}\n", text.replace('\n', " ")),
        scope: ScopeView { state: "blocked".into(), allow: vec![text.into()], ..ScopeView::default() },
        left_out: vec![text.into()],
        ..RunChanges::default()
    }
}

fn gates(text: &str) -> RunGates {
    let test = TestRun {
        command: text.into(),
        ok: false,
        exit_code: 1,
        timed_out: false,
        duration_ms: 1_240,
        stdout_tail: text.into(),
        stderr_tail: text.into(),
    };
    RunGates {
        verification: Some(Verification {
            run_id: RUN.parse().unwrap(),
            at: "2026-11-25T19:20:00Z".into(),
            status: Verified::BlockedVerification,
            gates: vec![Gate { name: "tests".into(), state: GateState::Fail, evidence: text.into() }],
            tests: vec![test],
            clean: true,
        }),
        flags: vec![flag(text)],
        secrets: Secrets {
            findings: vec![SecretRow {
                class: "real".into(),
                rule: text.into(),
                place: text.into(),
                ..SecretRow::default()
            }],
            ..Secrets::default()
        },
        test_commands: text.into(),
        ..RunGates::default()
    }
}

fn route(text: &str) -> RunRoute {
    RunRoute {
        reason: text.into(),
        score: Some(8.5),
        trace: vec![TraceStep { who: text.into(), plugin: None, said: Said::Chose, reason: text.into() }],
        candidates: vec![CandidateRow {
            profile: text.into(),
            model: text.into(),
            score: 8.5,
            usable: true,
            chosen: true,
        }],
        models: vec![CostRow { model: text.into(), input: 12_000, ..CostRow::default() }],
        facts: vec![("folder".into(), text.into())],
        command: vec!["claude".into(), text.into()],
        ..RunRoute::default()
    }
}

fn overview(text: &str) -> Overview {
    let spend = Spend {
        usd: 1.5,
        usd_limit: Some(10.0),
        running: 1,
        running_limit: 16,
        profiles: vec![SpendLine { name: text.into(), runs: 3, usd: 1.5, tokens: 12_345, usd_limit: None }],
        days: vec![("2026-11-24".into(), 3.0), ("2026-11-25".into(), 1.5)],
        ..Spend::default()
    };
    Overview {
        attention: vec![Attention {
            kind: "question",
            run: Some(line(text)),
            what: text.into(),
            question: Some(asked(text)),
        }],
        active: vec![line(text)],
        recent: vec![line(text)],
        spend,
        today: Today { runs: 3, succeeded: 1, failed: 1, active: 1, total: 1_234 },
        queue: Some(QueueTally { waiting: 2, running: 1, failed: 1 }),
        problems: vec![text.into()],
    }
}

fn list(text: &str) -> RunList {
    RunList {
        runs: vec![line(text)],
        filter: Filter { q: text.into(), ..Filter::default() },
        total: 10_000,
        matching: 201,
        page: 2,
        pages: 3,
        choices: choices(&[line(text)]),
        problem: Some(text.into()),
        ..RunList::default()
    }
}

fn models(text: &str) -> Models {
    let row = |price| ModelRow {
        model: text.into(),
        profile: text.into(),
        unusable: Some(text.into()),
        overall: 7.25,
        abilities: vec![8.0],
        roles: vec![RoleParts { total: 7.0, parts: vec![(text.into(), 8.0, 0.5)] }],
        price,
        runs: 4,
        successes: 3,
        basis: vec![text.into()],
        ..ModelRow::default()
    };
    Models {
        models: vec![row(Some((1.0, 4.0))), row(Some((0.1, 0.5)))],
        abilities: vec!["reasoning".into()],
        roles: vec!["review".into()],
        benchmarks: vec![Benchmark {
            at: "2026-11-25T10:00:00Z".into(),
            model: text.into(),
            ..Benchmark::default()
        }],
        ..Models::default()
    }
}

/// Every page, with that text wherever a foreign text can be.
fn all_pages(text: &str) -> Vec<String> {
    let renderer = Renderer::new().unwrap();
    let site = Site { base: "/tok/".into(), nonce: "n0".into(), now: "2026-11-25T19:01:00Z".into() };
    let (head, team) = (
        head(text),
        TeamLine { id: "team-1".into(), task: text.into(), members: vec![line(text)], ..TeamLine::default() },
    );
    let teams = Teams { teams: vec![team.clone()] };
    let answers = vec![TeamAnswer {
        run: RUN.into(),
        role: "review".into(),
        state: "succeeded".into(),
        findings: vec![text.into()],
        answer: text.into(),
    }];
    let plan = RollbackPlan {
        message: text.into(),
        possible: true,
        steps: vec![("Restored", vec![text.into()])],
        conflicts: vec![(text.into(), text.into())],
        ..RollbackPlan::default()
    };
    let queue = Queue {
        jobs: vec![Job {
            id: "job-1".into(),
            state: "queued".into(),
            task: text.into(),
            why: Some(text.into()),
            can_cancel: true,
            ..Job::default()
        }],
        policy: vec![("at once".into(), text.into())],
        ..Queue::default()
    };
    let plugins = Plugins {
        plugins: vec![PluginRow {
            id: text.into(),
            status: "ready".into(),
            note: text.into(),
            ..PluginRow::default()
        }],
        overrides: vec![Override { name: text.into(), value: text.into(), layer: "user".into() }],
        ..Plugins::default()
    };
    let part = Part { name: text.into(), note: text.into(), before: Some(text.into()), ..Part::default() };
    let upgrades = Upgrades {
        items: vec![part.clone()],
        bundled: vec![part],
        next_step: text.into(),
        ..Upgrades::default()
    };
    let file = File {
        project: text.into(),
        overview: overview(text),
        all: vec![line(text)],
        runs: vec![FileRun {
            head: head.clone(),
            timeline: timeline(text),
            changes: changes(text),
            gates: gates(text),
            route: route(text),
        }],
        teams: teams.clone(),
        queue: queue.clone(),
        models: models(text),
        plugins: plugins.clone(),
        upgrades: upgrades.clone(),
    };
    let pages = [
        Page::Overview(&overview(text)),
        Page::Runs(&list(text)),
        Page::Timeline(&head, &timeline(text)),
        Page::Changes(&head, &changes(text)),
        Page::Gates(&head, &gates(text)),
        Page::Route(&head, &route(text)),
        Page::Rollback(RUN, &plan),
        Page::Teams(&teams),
        Page::Team(&TeamPage { team, answers, ..TeamPage::default() }),
        Page::Queue(&queue),
        Page::Models(&models(text)),
        Page::Plugins(&plugins),
        Page::Upgrades(&upgrades),
        Page::Message { title: text, message: text, hint: text },
    ]
    .map(|page| renderer.page(&site, page).unwrap());
    pages.into_iter().chain([renderer.file(&file, "2026-11-25T19:01:00Z").unwrap()]).collect()
}

#[test]
fn the_overview_says_what_needs_a_person() {
    let renderer = Renderer::new().unwrap();
    let site = Site { base: "/tok/".into(), nonce: "n0".into(), now: "2026-11-25T19:01:00Z".into() };
    let page = renderer.page(&site, Page::Overview(&overview("cargo test"))).unwrap();
    let main = &page[page.find("<main").unwrap()..page.find("</main>").unwrap()];
    insta::assert_snapshot!("overview", main);
}

#[test]
fn empty_pages_say_so_and_what_to_do() {
    let renderer = Renderer::new().unwrap();
    let site = Site { base: "/tok/".into(), nonce: "n0".into(), now: "2026-11-25T19:01:00Z".into() };
    let said = |page: Page<'_>, words: &str| {
        let html = renderer.page(&site, page).unwrap();
        assert!(html.contains(words), "'{words}' in {html}");
    };
    said(Page::Overview(&Overview::default()), "cc-orchestrator run-agent");
    let quiet = Overview { today: Today { total: 3, ..Today::default() }, ..Overview::default() };
    said(Page::Overview(&quiet), "Nothing waits for you.");
    said(Page::Runs(&RunList::default()), "There is no run yet.");
    said(Page::Runs(&RunList { total: 3, ..RunList::default() }), "No run passes these filters.");
    said(Page::Timeline(&RunHead::default(), &RunTimeline::default()), "No events yet.");
    said(Page::Gates(&RunHead::default(), &RunGates::default()), "not verified yet");
    said(Page::Teams(&Teams::default()), "There is no team yet.");
    said(Page::Queue(&Queue::default()), "No job is in the queue.");
    said(Page::Models(&Models::default()), "CC Switch has no profile yet.");
    said(Page::Plugins(&Plugins::default()), "You have overridden nothing.");
    said(
        Page::Upgrades(&Upgrades { nothing_lost: true, ..Upgrades::default() }),
        "Nothing of yours was lost.",
    );
    renderer.file(&File::default(), "2026-11-25T19:01:00Z").unwrap();
}

#[test]
fn links_keep_the_filters() {
    let renderer = Renderer::new().unwrap();
    let site = Site { base: "/tok/".into(), nonce: "n0".into(), now: "2026-11-25T19:01:00Z".into() };
    let page = renderer.page(&site, Page::Runs(&list("a&b \"c\""))).unwrap();
    assert!(page.contains("/tok/runs?q=a%26b%20%22c%22&amp;page=3"), "{page}");
    assert!(page.contains("value=\"a&amp;b &quot;c&quot;\""), "{page}");
}

#[test]
fn the_file_allows_its_own_script_and_style_and_nothing_else() {
    let file = Renderer::new().unwrap().file(&File::default(), "2026-11-25T19:01:00Z").unwrap();
    let policy =
        format!("default-src 'none'; script-src {}; style-src {};", source_hash(JS), source_hash(CSS));
    assert!(file.contains(&policy), "the policy names both");
    assert!(
        file.contains(&format!("<script>{JS}</script>")) && file.contains(&format!("<style>{CSS}</style>"))
    );
    for fetched in ["src=\"http", "href=\"http", "url(", "@import", " style=\"", " onclick"] {
        assert!(!file.contains(fetched), "{fetched}");
    }
}

#[test]
fn ten_thousand_rows_are_few_bytes() {
    let run = |n: u32| RunLine {
        id: format!("20261125T{:06}Z-{n:08x}", n % 240_000),
        error: n
            .is_multiple_of(10)
            .then(|| "the worker ended with an error: api_error 529 overloaded".into()),
        ..line("kimi-k2.7-code")
    };
    let all: Vec<RunLine> = (0..10_000).map(run).collect();
    let bytes = rows(&all, &[], "2026-11-25T19:01:00Z").to_string().len();
    assert!(bytes < 1_600_000, "{bytes} bytes");
}

/// The tags of a page, and what is between their angle brackets.
fn tags(html: &str) -> Vec<String> {
    let mut rest = html;
    let mut tags = Vec::new();
    while let Some(at) = rest.find('<') {
        let end = rest[at..].find('>').map_or(rest.len(), |end| at + end + 1);
        let name: String = rest[at..end].chars().take_while(|c| !c.is_whitespace()).collect();
        tags.push(name);
        rest = &rest[end..];
    }
    tags
}

/// Without what the script and the style hold, which are ours.
fn without_own_code(html: &str) -> String {
    html.replace(JS, "").replace(CSS, "")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn no_foreign_text_adds_a_tag_or_an_attribute(text in "[a-z<>&\"'/=\u{0}-\u{1f}\u{202a}-\u{202e} ]{1,40}") {
        // A plain text of the same kind: the pages must have the very same tags. Control signs add only their own span.
        for (hostile, plain) in all_pages(&text).iter().zip(all_pages("plain")) {
            let hostile = without_own_code(hostile);
            let own = |html: &str| -> Vec<String> {
                tags(html).into_iter().filter(|tag| !["<span", "</span>", "<tspan", "</tspan>"].contains(&tag.as_str())).collect()
            };
            prop_assert_eq!(own(&hostile), own(&without_own_code(&plain)));
            prop_assert!(!hostile.chars().any(|c| text::is_invisible(c) || (c.is_control() && !"\n\t".contains(c))));
        }
    }
}
