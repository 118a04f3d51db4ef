//! The full-screen views in a terminal: what they show of a real world, what their keys do, and what they leave behind.

use cc_orchestrator_tests::{Sandbox, Terminal, eventually, product, script::Step};
use serde_json::json;

/// A run that goes on until it is stopped, one that asks, one that has ended, and a job that waits.
fn world() -> (Sandbox, String) {
    let sandbox = Sandbox::with_profiles();
    sandbox.git();
    sandbox.script(&[
        Step::When(
            "the orders".into(),
            vec![Step::Say("I measure first.".into()), Step::WaitFor(sandbox.record("never"))],
        ),
        Step::When(
            "the index".into(),
            vec![Step::Ask("migrations/0042.sql".into()), Step::finish("Written.")],
        ),
        Step::finish("All is well."),
    ]);
    let done = sandbox.run(&["run-agent", "Look at it.", "--role", "review"]);
    assert_eq!(done.code, Some(0), "{}", done.stdout);
    let lasting = sandbox.run(&["run-streaming-agent", "Measure the orders page.", "--json"]).json();
    let asks =
        ["run-streaming-agent", "Add the index.", "--allow-write", "--ask", "--role", "implementation"];
    assert_eq!(sandbox.run(&asks).code, Some(0));
    let queued = sandbox.run(&["queue-submit", "Write the notes.", "--priority", "77", "--role", "docs"]);
    assert_eq!(queued.code, Some(0), "{}", queued.stdout);
    let config = json!({ "usd": { "day": 60.0 } }).to_string();
    assert_eq!(sandbox.run(&["cost-guard", "--config", &config, "--apply"]).code, Some(0));
    (sandbox, lasting["run_id"].as_str().expect("a run").to_owned())
}

fn watch() -> String {
    format!("'{}' watch; echo left:$?\r", product().display())
}

fn status(sandbox: &Sandbox, run: &str) -> String {
    sandbox.metadata(run)["status"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn watch_shows_runs_queue_and_spending_and_leaves_the_terminal_as_it_was() {
    let (sandbox, lasting) = world();
    let mut terminal = Terminal::open(&sandbox, 120, 32);
    terminal.press(&watch());
    terminal.shows(&[
        "1 running",
        "1 waiting for you",
        "? asks you",
        "✓ succeeded",
        "Write migrations/0042.sql",
    ]);
    assert!(terminal.is_full_screen() && terminal.has_colours());
    // The one that asks is first and selected: its details come, and it is answered.
    terminal.shows(&["Add the index.", "of 60.00 USD"]);
    terminal.press("a");
    terminal.shows(&["allow Write migrations/0042.sql?  y/n"]);
    terminal.press("y");
    terminal.shows(&["0 waiting for you"]);

    terminal.press("2");
    terminal.shows(&["○ queued", "77", "Write the notes."]);
    terminal.press("c");
    terminal.shows(&["cancel job-"]);
    terminal.press("y");
    terminal.shows(&["■ cancelled"]);
    terminal.press("3");
    terminal.shows(&["usd.day", "glm-5.2", "a day at most", "how sure"]);

    terminal.press(&format!("1/{lasting}"));
    terminal.shows(&[&format!("/{lasting} (1)"), "I measure first."]);
    terminal.press("\r\r");
    terminal.shows(&["said: I measure first.", "leave it running"]);
    terminal.press("q");
    terminal.shows(&["1 Runs"]);
    terminal.press("xn");
    assert_eq!(status(&sandbox, &lasting), "running");
    terminal.press("xy");
    eventually("the run's end", || (status(&sandbox, &lasting) == "stopped").then_some(()));
    terminal.shows(&["■ stopped", "0 running"]);

    terminal.press("?");
    terminal.shows(&["keys", "Ctrl-Z"]);
    terminal.press("?");
    terminal.hides("Ctrl-Z");
    terminal.resize(40, 12);
    terminal.shows(&["■ stopped", "? help"]);
    terminal.press("\u{1b}");
    terminal.shows(&["✓ succeeded"]);
    terminal.press("q");
    terminal.shows(&["left:0"]);
    assert!(!terminal.is_full_screen());
    terminal.press("echo typed $((40 + 2))\r");
    terminal.shows(&["echo typed", "typed 42"]);
}

#[test]
fn it_stops_and_goes_on_with_the_shells_job() {
    let sandbox = Sandbox::with_profiles();
    let mut terminal = Terminal::open(&sandbox, 80, 24);
    terminal.press(&watch());
    terminal.shows(&["no runs yet"]);
    terminal.press("\u{1a}");
    eventually("the shell", || (!terminal.is_full_screen()).then_some(()));
    terminal.press("echo typed $((40 + 2))\r");
    terminal.shows(&["typed 42"]);
    terminal.press("fg\r");
    terminal.shows(&["no runs yet", "? help"]);
    assert!(terminal.is_full_screen());
    terminal.press("\u{3}");
    terminal.shows(&["typed 42"]);
    assert!(!terminal.is_full_screen());
}

#[test]
fn who_wants_no_colours_gets_none() {
    let (sandbox, _) = world();
    let mut terminal = Terminal::open(&sandbox, 100, 30);
    terminal.press(&format!("NO_COLOR=1 {}", watch()));
    terminal.shows(&["? asks you", "● running", "✓ succeeded", "of 60.00 USD"]);
    assert!(!terminal.has_colours());
    terminal.press("q");
    terminal.shows(&["left:0"]);
}
