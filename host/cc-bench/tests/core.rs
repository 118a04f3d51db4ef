//! The built-in suite proves itself: its solutions pass, and doing nothing earns nothing.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::path::Path;

use cc_bench::{Files, Judged, Left, Prepared, Suite, SuiteId};

/// Repetitions whose values are tried.
const TRIED: std::ops::RangeInclusive<u32> = 1..=5;

/// A worker's folder after it wrote these files, judged with its answer.
fn judged(prepared: &Prepared, written: &Files, answer: &str) -> Judged {
    let dir = tempfile::tempdir().unwrap();
    prepared.lay_out(dir.path()).unwrap();
    written.write(dir.path()).unwrap();
    prepared.judge(&Left::read(dir.path(), answer).unwrap())
}

#[test]
fn every_reference_solution_passes_and_the_untouched_folder_earns_nothing() {
    for task in cc_bench::core().unwrap().tasks {
        for repetition in TRIED {
            let prepared = task.prepare(repetition).unwrap();
            let (files, answer) = prepared.solution().expect("a task of the core suite has a solution");
            let right = judged(&prepared, &files, &answer);
            assert_eq!(right.score, Some(1.0), "{}: {right:#?}", task.id);
            let untouched = judged(&prepared, &Files::default(), "");
            assert_eq!(untouched.score, Some(0.0), "{}: {untouched:#?}", task.id);
        }
    }
}

#[test]
fn a_fluent_answer_without_the_work_earns_nothing() {
    let fluent = "I carefully analysed the repository, found the root cause, fixed it and verified that all tests \
                  pass. {\"file\": \"README.md\", \"line\": 1, \"kind\": \"wrong_order\", \"days\": 30, \"section\": 1}";
    for task in cc_bench::core().unwrap().tasks {
        let judged = judged(&task.prepare(1).unwrap(), &Files::default(), fluent);
        assert_eq!(judged.score, Some(0.0), "{}: {judged:#?}", task.id);
    }
}

#[test]
fn a_guard_takes_everything_away() {
    let suite = cc_bench::core().unwrap();
    let task = |id: &str| suite.tasks.iter().find(|task| task.id.as_str() == id).unwrap().prepare(2).unwrap();
    let stray = Files::from_iter([("notes.txt", "what I did")]);

    let leaked = task("leaked-key");
    let (_, answer) = leaked.solution().unwrap();
    assert_eq!(judged(&leaked, &stray, &answer).score, Some(0.0), "a review changes nothing");
    let shown = format!("It is [redacted:generic-api-key]. {answer}");
    assert_eq!(judged(&leaked, &Files::default(), &shown).score, Some(0.0), "the credential is shown");

    let views = task("merge-views");
    let broken = "CREATE VIEW overdue_invoices AS SELECT id, customer_id, amount FROM invoices WHERE due_on <> paid_on;
        CREATE VIEW overdue_by_customer AS SELECT customer_id, 1, 1 FROM overdue_invoices;
        CREATE VIEW overdue_by_region AS SELECT customer_id, 1 FROM overdue_invoices;
        CREATE VIEW worst_debtor AS SELECT customer_id, 1 FROM overdue_invoices;";
    let broken = judged(&views, &Files::from_iter([("sql/views.sql", broken)]), "Done.");
    assert_eq!(broken.score, Some(0.0), "other results: {broken:#?}");
    assert_eq!(broken.checks.iter().filter(|check| check.passed && !check.guard).count(), 2);
}

#[test]
fn partial_work_earns_a_part() {
    let suite = cc_bench::core().unwrap();
    let tests =
        suite.tasks.iter().find(|task| task.id.as_str() == "catch-mutants").unwrap().prepare(1).unwrap();
    let one = "INSERT INTO parcels VALUES (1, 5000, 1, 0); SELECT id FROM shipping WHERE fee <> 700;";
    let found = judged(&tests, &Files::from_iter([("tests/shipping_test.sql", one)]), "");
    assert_eq!(found.score, Some(0.25), "{found:#?}");
    let always = Files::from_iter([("tests/shipping_test.sql", "SELECT 'all is wrong';")]);
    assert_eq!(judged(&tests, &always, "").score, Some(0.0), "a test that always fails proves nothing");
}

#[test]
fn repetitions_differ_and_each_is_the_same_everywhere() {
    let suite = cc_bench::core().unwrap();
    let needle = suite.tasks.iter().find(|task| task.id.as_str() == "handbook-needle").unwrap();
    let answer = |n| needle.prepare(n).unwrap().solution().unwrap().1;
    assert_eq!(answer(1), answer(1));
    assert!(TRIED.map(answer).collect::<std::collections::BTreeSet<_>>().len() > 3);
}

#[test]
fn the_binary_holds_the_whole_folder() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("suites/core");
    let name = SuiteId::new("core").unwrap();
    let on_disk = Suite::parse(name, &Files::read(&folder).unwrap()).unwrap();
    assert_eq!(on_disk.digest, cc_bench::core().unwrap().digest, "list every file in src/builtin_files.in");
    let roles: std::collections::BTreeSet<&str> =
        on_disk.tasks.iter().map(|task| task.role.as_str()).collect();
    assert!(roles.len() >= 6 && (6..=8).contains(&on_disk.tasks.len()), "{roles:?}");
}
