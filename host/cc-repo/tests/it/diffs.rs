//! What a diff shows.

use cc_domain::Risk;
use cc_repo::{DiffOptions, diff, summary};

use crate::project::TestProject;

#[test]
fn a_diff_shows_every_byte_that_is_text() {
    let project = TestProject::committed();
    project.git(&["config", "diff.external", "touch ../ran"]);
    project.write(".gitattributes", "*.md diff=evil -text\n*.rs -diff\n");
    project.git(&["config", "diff.evil.textconv", "touch ../ran; cat"]);
    let (before, after, _) = project.run(|| {
        project.write("README.md", "hello\r\nwörld\n");
        project.write("src/main.rs", "fn main() { x() }\n");
        project.write("logo.png", [0, 1, 2]);
    });
    let found = diff(&before, &after, &DiffOptions::default()).unwrap();
    assert!(found.text.contains("-hello\n+hello\r\n+wörld\n"), "{}", found.text);
    assert!(found.text.contains("+fn main() { x() }") && found.text.contains("Binary files"));
    assert!(!found.cut && !project.dir.path().join("ran").exists());
    let only = DiffOptions { paths: vec!["src".into()], ..DiffOptions::default() };
    assert!(!diff(&before, &after, &only).unwrap().text.contains("README"));
}

#[test]
fn a_long_diff_is_cut_between_hunks_and_says_so() {
    let project = TestProject::committed();
    let line = |n: u32, mark: &str| if n % 100 == 50 { format!("é{mark}\n") } else { format!("{n}\n") };
    let lines = |mark: &str| (0..2_000).map(|n| line(n, mark)).collect::<String>();
    project.write("a.txt", lines("a"));
    let (before, after, _) = project.run(|| {
        project.write("a.txt", lines("b"));
        project.write("b.txt", "small\n");
    });
    let options = DiffOptions { max_bytes: 1_000, max_file_bytes: 600, ..DiffOptions::default() };
    let found = diff(&before, &after, &options).unwrap();
    assert!(found.cut && found.text.len() <= 1_050, "{}", found.text.len());
    assert!(found.text.contains("hunks left out]\ndiff --git a/b.txt") && found.text.ends_with("+small\n"));
    assert!(found.left_out[0].contains("of 20 hunks of a/a.txt"), "{:?}", found.left_out);
    let tiny = DiffOptions { max_bytes: 10, ..options };
    let found = diff(&before, &after, &tiny).unwrap();
    assert_eq!((found.text.as_str(), found.left_out[0].as_str()), ("", "2 files altogether"));
}

#[test]
fn risks_are_counted() {
    let project = TestProject::committed();
    let (.., changes) = project.run(|| {
        project.write("Cargo.lock", "x\n");
        project.write(".github/workflows/ci.yml", "x\n");
        project.write(".env", "x\n");
        project.write("src/lib.rs", "x\n");
    });
    let counts = summary(&changes);
    let counts: Vec<_> = counts.into_iter().collect();
    assert_eq!(counts, [(Risk::Secrets, 1), (Risk::Ci, 1), (Risk::Dependency, 1)]);
}
