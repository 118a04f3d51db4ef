//! What a suite may not be, and what its error says.
#![allow(clippy::unwrap_used)]

use cc_bench::{Files, Left, Ran, Suite, SuiteId, free_task};
use proptest::prelude::*;

fn parse(task: &str) -> Result<Suite, cc_bench::SuiteError> {
    let files = Files::from_iter([
        ("suite.toml", "format = 1\ntitle = \"t\"\n"),
        ("tasks/one/task.toml", task),
        ("tasks/one/hidden/data.sql", "CREATE TABLE t (a); INSERT INTO t VALUES (1);"),
        ("tasks/one/repo/a.txt", "alpha\n"),
    ]);
    Suite::parse(SuiteId::new("mine").unwrap(), &files)
}

const HEAD: &str = "title = \"t\"\nrole = \"review\"\nprompt = \"p\"\n";

#[test]
fn errors_name_the_file_and_what_is_wrong() {
    let cases = [
        ("", "missing field"),
        ("title = \"t\"\nrole = \"Not a role\"\nprompt = \"p\"\n", "Not a role"),
        ("title = \"t\"\nrole = \"review\"\nprompt = \" \"\n", "'prompt' is empty"),
        ("title = \"t\"\nrole = \"review\"\nprompt = \"p\"\ntimeout_seconds = 5\n", "use 10 to 1800"),
        ("titel = \"t\"\n", "titel"),
    ];
    for (task, word) in cases {
        let error = parse(task).unwrap_err().to_string();
        assert!(error.contains("tasks/one/task.toml") && error.contains(word), "{word}: {error}");
    }
    let checks = [
        ("[[checks]]\nname = \"c\"\n", "exactly one of 'answer'"),
        ("[[checks]]\nname = \"c\"\nweight = 0\n[checks.answer]\nequals = \"x\"\n", "'weight' is 0"),
        ("[[checks]]\nname = \"c\"\n[checks.answer]\nmatches = \"(\"\n", "unclosed group"),
        ("[[checks]]\nname = \"c\"\n[checks.diff]\nonly = []\n", "nothing could be earned"),
        ("[[checks]]\nname = \"c\"\n[checks.diff]\nonly = [\"../x\"]\n", "'../x'"),
        (
            "[[checks]]\nname = \"c\"\n[checks.sql]\nsteps = [\"hidden/none.sql\"]\nempty = true\n",
            "hidden/none.sql",
        ),
        ("[[checks]]\nname = \"c\"\n[checks.sql]\nsteps = [\"repo/a.sql\"]\n", "exactly one of 'rows'"),
        ("[[checks]]\nname = \"c\"\n[checks.command]\nrun = \"true\"\ntimeout_seconds = 0\n", "use 1 to 600"),
        ("[values]\nv = { number = [2, 1] }\n", "value 'v'"),
        ("[[documents]]\npath = \"../a\"\nparagraphs = 3\n", "leaves the task's folder"),
        ("[[documents]]\npath = \"a\"\nparagraphs = 0\n", "document 'a'"),
    ];
    for (check, word) in checks {
        let error = parse(&format!("{HEAD}{check}")).unwrap_err().to_string();
        assert!(error.contains(word), "{word}: {error}");
    }
    let none = Suite::parse(SuiteId::new("mine").unwrap(), &Files::default()).unwrap_err().to_string();
    assert!(none.contains("suite.toml") && none.contains("missing"), "{none}");
    let newer = Files::from_iter([("suite.toml", "format = 2\ntitle = \"t\"\n")]);
    let newer = Suite::parse(SuiteId::new("mine").unwrap(), &newer).unwrap_err().to_string();
    assert!(newer.contains("format 2"), "{newer}");
}

#[test]
fn an_id_is_never_a_path() {
    for bad in ["", "..", "a/b", "A", " a"] {
        assert_eq!(SuiteId::new(bad), None, "{bad:?}");
    }
}

/// Judges one check on a folder with `a.txt` ("alpha") and what is written beside it.
fn holds(check: &str, written: &[(&str, &str)], commands: Vec<Ran>) -> (Option<f64>, bool) {
    let earner = "[[checks]]\nname = \"earner\"\n[checks.answer]\nmatches = \"yes\"\n";
    let suite = parse(&format!("{HEAD}write = true\n{earner}[[checks]]\nname = \"c\"\n{check}")).unwrap();
    let prepared = suite.tasks[0].prepare(1).unwrap();
    let dir = tempfile::tempdir().unwrap();
    prepared.lay_out(dir.path()).unwrap();
    Files::from_iter(written.iter().copied()).write(dir.path()).unwrap();
    let left = Left { commands, ..Left::read(dir.path(), "yes").unwrap() };
    let judged = prepared.judge(&left);
    (judged.score, judged.checks[1].passed)
}

#[test]
fn file_checks_see_what_the_worker_left() {
    let file = |rest: &str| format!("[checks.file]\npath = \"a.txt\"\n{rest}");
    assert!(holds(&file("matches = \"^alpha\""), &[], vec![]).1);
    assert!(!holds(&file("matches = \"^alpha\""), &[("a.txt", "beta")], vec![]).1);
    assert!(holds(&file("lacks = \"gamma\""), &[], vec![]).1);
    assert!(holds(&file("exists = true"), &[], vec![]).1);
    assert_eq!(holds(&file("unchanged = true"), &[("a.txt", "alpha")], vec![]), (Some(0.0), false));
    assert_eq!(holds(&file("unchanged = true"), &[("b.txt", "alpha")], vec![]), (Some(1.0), true));
    let gone = "[checks.file]\npath = \"b.txt\"\nexists = false";
    assert_eq!(holds(gone, &[("b.txt", "")], vec![]), (Some(0.0), false));
}

#[test]
fn diff_checks_name_what_was_changed_beyond() {
    let diff = "[checks.diff]\nonly = [\"src/\", \"a.txt\"]";
    assert!(holds(diff, &[("src/x/y", "1"), ("a.txt", "beta")], vec![]).1);
    assert!(!holds(diff, &[("srcs/x", "1")], vec![]).1);
    // What tools keep for themselves is no work.
    assert!(holds(diff, &[(".claude/settings.local.json", "{}")], vec![]).1);
}

#[test]
fn command_checks_go_by_the_exit_code_and_by_nothing_else() {
    let command = "[checks.command]\nrun = \"run-the-tests\"";
    let ran = |exit_code| vec![Ran { exit_code, output: "3 passed".into() }];
    assert_eq!(holds(command, &[], ran(Some(0))), (Some(1.0), true));
    assert_eq!(holds(command, &[], ran(Some(1))), (Some(0.5), false));
    assert_eq!(holds(command, &[], ran(None)), (Some(0.5), false));
    assert_eq!(holds(command, &[], vec![]), (Some(0.5), false), "a command that was not run proves nothing");
}

#[test]
fn sql_checks_compare_rows() {
    let sql = "[checks.sql]\nsteps = [\"hidden/data.sql\", \"repo/q.sql\"]\nrows = [[1, \"x\"]]";
    assert!(holds(sql, &[("q.sql", "SELECT a, 'x' FROM t")], vec![]).1);
    assert!(!holds(sql, &[("q.sql", "SELECT a, 'y' FROM t")], vec![]).1);
    assert!(!holds(sql, &[("q.sql", "SELEC")], vec![]).1);
    assert!(!holds(sql, &[], vec![]).1);
}

#[test]
fn a_free_task_without_a_pattern_is_unchecked_and_never_passed() {
    let role = "testing".parse().unwrap();
    let judge = |suite: &Suite, answer: &str| {
        let prepared = suite.tasks[0].prepare(1).unwrap();
        prepared.judge(&Left { answer: answer.into(), ..Left::default() }).score
    };
    let unchecked = free_task(&role, "Say \"ok\"\n'''and\\more", None).unwrap();
    assert_eq!(judge(&unchecked, "ok"), None);
    let checked = free_task(&role, "Say ok.", Some("(?i)^ok\\b")).unwrap();
    assert_eq!((judge(&checked, "OK."), judge(&checked, "Sure, ok")), (Some(1.0), Some(0.0)));
    assert!(free_task(&role, "x", Some("(")).is_err());
    assert_eq!(unchecked.tasks[0].prepare(1).unwrap().prompt, "Say \"ok\"\n'''and\\more");
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(task in "\\PC{0,400}", toml in "(\\[\\[checks\\]\\]|\\[values\\]|[a-z]+ = (1|\"x\"|\\[\\]|true)|\\n){0,30}") {
        let _ = parse(&task);
        let _ = parse(&format!("{HEAD}{toml}"));
    }

    #[test]
    fn any_prompt_reaches_the_worker_as_it_is(prompt in "[^{}]{1,200}") {
        prop_assume!(!prompt.trim().is_empty());
        let suite = free_task(&"review".parse().unwrap(), &prompt, None).unwrap();
        prop_assert_eq!(suite.tasks[0].prepare(3).unwrap().prompt, prompt);
    }

    #[test]
    fn any_answer_is_judged(answer in "\\PC{0,300}") {
        for task in cc_bench::core().unwrap().tasks.iter().filter(|task| task.id.as_str() != "handbook-needle") {
            let judged = task.prepare(1).unwrap().judge(&Left { answer: answer.clone(), ..Left::default() });
            prop_assert!(judged.score.is_some_and(|score| (0.0..=1.0).contains(&score)));
        }
    }
}
