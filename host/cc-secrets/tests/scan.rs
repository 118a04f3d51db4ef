//! The scanner: what it finds, where it says it is, and what it keeps to itself.
#![allow(missing_docs, clippy::expect_used)]

mod common;

use std::{convert::Infallible, fs, path::PathBuf};

use cc_domain::{Allow, AllowTarget, Classification, Confidence, RequiredRule, SecretClass, SecretRule};
use cc_secrets::{Baseline, Candidate, FileOptions, Finding, Salt, ScanReport, Scanner, judge};
use common::{ALNUM, BASE64, plain_rule, random};
use serde_json::json;

fn token(seed: u64) -> String {
    format!("tok_{}", random(ALNUM, 20, seed))
}

fn scanner(rules: &[SecretRule]) -> Scanner {
    Scanner::new(rules).expect("a scanner")
}

fn scan(text: &str) -> Vec<Candidate> {
    scanner(&[plain_rule()]).scan_bytes(Some("a/b.txt"), text.as_bytes())
}

fn findings(candidates: Vec<Candidate>) -> Vec<Finding> {
    let real = |_| Classification { class: SecretClass::Real, reason: "it is one".into() };
    let judged = judge(candidates, &Salt::new(*b"a salt for tests"), |batch| {
        Ok::<_, Infallible>(batch.into_iter().map(real).collect())
    });
    judged.expect("a judgement").findings
}

fn allow(target: AllowTarget) -> Allow {
    Allow { target, regexes: Vec::new(), stopwords: Vec::new(), paths: Vec::new(), all: false }
}

#[test]
fn a_candidate_says_where_it_is_and_what_is_round_it() {
    let text = format!("ä\nß key = \"{}\"; more\n", token(1));
    let found = scan(&text);
    assert_eq!(found.len(), 1);
    let Candidate { finding, place, .. } = &found[0];
    assert_eq!((place.line, place.column, place.end_line, place.end_column), (2, 14, 2, 34));
    assert_eq!(&text[place.bytes.start as usize..place.bytes.end as usize], finding.secret);
    assert_eq!((finding.rule_id.as_str(), finding.key.as_deref()), ("tok", None));
    assert_eq!((finding.path.as_deref(), finding.depth), (Some("a/b.txt"), 0));
    assert!(
        finding.before.ends_with("\"tok_") && finding.after.starts_with("\"; more") && finding.entropy > 3.0
    );
}

#[test]
fn the_whole_match_of_a_rule_knows_its_key() {
    let rule = SecretRule { secret_group: 0, ..plain_rule() };
    let found = scanner(&[rule]).scan_bytes(None, format!("{{\"apiKey\": \"{}\"}}", token(1)).as_bytes());
    assert_eq!(found[0].finding.key.as_deref(), Some("apiKey"));
}

#[test]
fn escapes_of_any_depth_hide_nothing_and_are_counted() {
    let mut text = format!("{}\n", token(3));
    for depth in 0..6 {
        let found = scan(&text);
        assert_eq!(found.len(), 1, "{text}");
        assert_eq!(found[0].finding.depth, depth);
        assert_eq!(found[0].finding.secret, token(3)[4..]);
        text = json!({ "a": format!("\n{text}\n"), "b": [1] }).to_string();
    }
    let coloured = format!("{}\u{1b}[0m{}", &token(3)[..9], &token(3)[9..]);
    assert_eq!(scan(&coloured)[0].finding.secret, token(3)[4..]);
    assert_eq!(scan(&json!([coloured]).to_string())[0].finding.secret, token(3)[4..]);
}

#[test]
fn bytes_that_are_no_text_are_no_hindrance() {
    let text = [b"\xff\xfe\x00 ".as_slice(), token(1).as_bytes(), b"\xc3"].concat();
    let found = scanner(&[plain_rule()]).scan_bytes(None, &text);
    assert_eq!(found[0].place.bytes, 8..28);
}

#[test]
fn windows_cut_nothing_and_find_nothing_twice() {
    let filler = "ordinary words of a long file\n".repeat(3_000);
    let mut text = String::new();
    for seed in 0..60 {
        text += &filler[..filler.len() - (seed as usize * 997) % 4_000];
        text += &format!("\n{}\n", token(seed));
    }
    assert!(text.len() > 5_000_000);
    let scanner = scanner(&[plain_rule()]);
    let found = scanner.scan_bytes(None, text.as_bytes());
    assert_eq!(found.len(), 60);
    for (seed, one) in found.iter().enumerate() {
        let line = text[..one.place.bytes.start as usize].lines().count() as u32;
        assert_eq!((one.place.line, one.place.column), (line, 5));
        assert_eq!(one.finding.secret, token(seed as u64)[4..]);
    }
    assert_eq!(scanner.scan_reader(None, text.as_bytes()).expect("a text"), found);
}

#[test]
fn the_surest_of_overlapping_rules_wins_and_neighbours_stay() {
    let wide = SecretRule {
        id: "wide".into(),
        regex: "tok_[A-Za-z0-9!]+".into(),
        secret_group: 0,
        confidence: Confidence::Low,
        ..plain_rule()
    };
    let text = format!("{}!! {}! tok_short", token(1), token(2));
    let found = scanner(&[wide, plain_rule()]).scan_bytes(None, text.as_bytes());
    let rules: Vec<_> = found.iter().map(|one| one.finding.rule_id.as_str()).collect();
    assert_eq!(rules, ["tok", "tok", "wide"]);
}

#[test]
fn a_rule_for_certain_paths_looks_there_only() {
    let rule = SecretRule { path: Some(r"\.env$".into()), ..plain_rule() };
    let scanner = scanner(&[rule]);
    let count = |path| scanner.scan_bytes(path, token(1).as_bytes()).len();
    assert_eq!(
        [count(Some("a/.env")), count(Some(r"a\.env")), count(Some("a.rs")), count(None)],
        [1, 1, 0, 0]
    );
}

#[test]
fn an_allowance_may_ask_for_one_part_or_for_all() {
    let parts = |all| Allow {
        paths: vec!["^tests/".into()],
        stopwords: vec!["abc".into()],
        all,
        ..allow(AllowTarget::Secret)
    };
    let abc = "tok_xxabcxx0123456789xyz";
    let other = "tok_xxabdxx0123456789xyz";
    for (all, expected) in [(false, [0, 0, 0, 1]), (true, [0, 1, 1, 1])] {
        let cases = [("tests/a", abc), ("tests/a", other), ("src/a", abc), ("src/a", other)];
        let own = Scanner::new(&[SecretRule { allow: vec![parts(all)], ..plain_rule() }]).expect("a scanner");
        let shared = Scanner::with_allowances(&[plain_rule()], &[parts(all)]).expect("a scanner");
        for scanner in [own, shared] {
            let counts = cases.map(|(path, text)| scanner.scan_bytes(Some(path), text.as_bytes()).len());
            assert_eq!(counts, expected, "all: {all}");
        }
    }
}

#[test]
fn a_component_must_be_near_and_is_silent() {
    let id = SecretRule {
        id: "id".into(),
        regex: "id-[0-9]{4}".into(),
        keywords: vec!["id-".into()],
        secret_group: 0,
        skip_report: true,
        ..plain_rule()
    };
    let components = vec![RequiredRule { rule_id: "id".into(), within_lines: 1 }];
    let scanner = scanner(&[SecretRule { components, ..plain_rule() }, id]);
    let count = |text: String| scanner.scan_bytes(None, text.as_bytes()).len();
    assert_eq!(count(format!("id-1234\n{}", token(1))), 1);
    assert_eq!(count(format!("id-1234\n\n\n{}", token(1))), 0);
    assert_eq!(count(json!({ "a": format!("id-1234\n{}", token(1)) }).to_string()), 1);
}

#[test]
fn a_comment_allows_its_own_line_and_no_other() {
    for word in ["gitleaks:allow", "cc-secrets:allow"] {
        let text = format!("{} # {word}\n{}\n", token(1), token(2));
        let allowed: Vec<_> = scan(&text).iter().map(|one| one.allowed).collect();
        assert_eq!(allowed, [true, false]);
        // One line of a log holds many lines of text.
        let log = json!({ "text": text }).to_string();
        let allowed: Vec<_> = scan(&log).iter().map(|one| one.allowed).collect();
        assert_eq!(allowed, [true, false], "{log}");
    }
}

#[test]
fn nothing_of_a_value_is_shown() {
    let found = scan(&format!("key = {}", token(1)));
    let value = &token(1)[4..];
    assert!(!format!("{found:?}").contains(value));
    let findings = findings(found);
    let report = ScanReport { findings: findings.clone(), files: 1, ..ScanReport::default() };
    for text in [
        format!("{findings:?}"),
        report.table(),
        report.json().to_string(),
        report.sarif(&[plain_rule()]).to_string(),
    ] {
        assert!(text.contains("tok") && !text.contains(&value[..6]), "{text}");
    }
}

#[test]
fn fingerprints_follow_a_value_and_a_baseline_survives_moved_lines() {
    let before = findings(scan(&token(1)));
    let baseline = Baseline::new(&before);
    let moved = findings(scan(&format!("\n\n{} {}", token(1), token(2))));
    let (new, accepted) = baseline.filter(moved.clone());
    assert_eq!((new.as_slice(), accepted), (&moved[1..], 1));
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("baseline.json");
    baseline.write(&file).expect("written");
    assert_eq!(Baseline::read(&file).expect("read"), baseline);
    assert!(!fs::read_to_string(&file).expect("a text").contains(&token(1)[4..]));
    assert!(Baseline::parse("[]").expect_err("none").to_string().contains("no baseline"));
    assert!(Baseline::parse(r#"{"version":9,"findings":[]}"#).is_err());
}

#[test]
fn a_judge_that_leaves_one_out_is_refused() {
    let none = |_| Ok::<_, Infallible>(Vec::new());
    let error = judge(scan(&token(1)), &Salt::new(*b"0123456789abcdef"), none).expect_err("too few");
    assert!(error.to_string().contains("0 judgements for 1"), "{error}");
}

#[test]
fn a_folder_is_scanned_in_a_fixed_order_without_what_is_not_ours() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |path: &str, text: &[u8]| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, text).expect("written");
    };
    let secret = token(1);
    for path in [
        "b.txt",
        "a/c.txt",
        ".env",
        "ignored.txt",
        ".git/config",
        ".agent-workspace/claude-code-orchestrator/r/e",
        ".agent-workspace/other",
    ] {
        write(path, secret.as_bytes());
    }
    write(".gitignore", b"ignored.txt\n");
    write("binary", &[&[0_u8, 1, 2, 3].repeat(100), secret.as_bytes()].concat());
    write("database", &[b"some\x00text ".repeat(50), secret.clone().into_bytes()].concat());
    write("large", &vec![b' '; 5_000]);
    let wide: Vec<u8> =
        std::iter::once(0xFEFF).chain(secret.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    write("wide.reg", &wide);
    fs::create_dir_all(folder.path().join(".git/refs")).expect("a folder");

    let options = FileOptions { max_bytes: 4_000, ..FileOptions::default() };
    let scan = scanner(&[plain_rule()]).scan_path(folder.path(), &options);
    let paths: Vec<_> = scan.candidates.iter().filter_map(|one| one.finding.path.as_deref()).collect();
    assert_eq!(paths, [".agent-workspace/other", ".env", "a/c.txt", "b.txt", "database", "wide.reg"]);
    assert_eq!(scan.skipped, ["large: 5000 bytes are over the limit of 4000"]);
    assert_eq!((scan.files, scan.binary), (7, 1));

    let everything = FileOptions { ignored: true, ..options.clone() };
    let scan = scanner(&[plain_rule()]).scan_path(folder.path(), &everything);
    assert!(scan.candidates.iter().any(|one| one.finding.path.as_deref() == Some("ignored.txt")));
    let some = [PathBuf::from("ignored.txt"), "gone".into()];
    let scan = scanner(&[plain_rule()]).scan_files(folder.path(), &some, &options);
    assert_eq!((scan.candidates.len(), scan.skipped.len()), (1, 1));
}

#[test]
fn a_diff_gives_its_added_lines_in_their_places() {
    let [one, two, three] = [1, 2, 3].map(token);
    let diff = format!(
        "diff --git a/x.rs b/x.rs\nindex 1..2 100644\n--- a/x.rs\n+++ b/x.rs\n@@ -1,2 +1,3 @@ fn a()\n {one}\n-{two}\n+new\n+let a = {three};\n\
         @@ -10 +11 @@\n-++ x\n+++ {two}\n\\ No newline at end of file\n\
         diff --git a/\u{e4} b/\u{e4}\n--- /dev/null\n+++ \"b/\\303\\244 b.txt\"\n@@ -0,0 +1,2 @@\n+{one}\n+x\n"
    );
    let found = scanner(&[plain_rule()]).scan_diff(diff.as_bytes());
    let places: Vec<_> =
        found.iter().map(|one| (one.finding.path.as_deref(), one.place.line, one.place.column)).collect();
    assert_eq!(places, [(Some("x.rs"), 3, 13), (Some("x.rs"), 11, 8), (Some("ä b.txt"), 1, 5)]);
    for one in &found {
        let bytes = one.place.bytes.start as usize..one.place.bytes.end as usize;
        assert_eq!(diff[bytes], one.finding.secret);
    }
}

#[test]
fn a_key_of_several_added_lines_is_found_in_a_diff() {
    let rules = common::bundled();
    let body: String = (0..6).map(|line| format!("+{}\n", random(BASE64, 64, line))).collect();
    let [head, tail] = ["BEGIN", "END"].map(|word| format!("-----{word} RSA PRIVATE KEY-----"));
    let diff = format!("--- a/k\n+++ b/k\n@@ -5,0 +6,8 @@\n+{head}\n{body}+{tail}\n");
    let found = scanner(&rules).scan_diff(diff.as_bytes());
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].finding.rule_id, "private-key");
    assert_eq!((found[0].place.line, found[0].place.end_line), (6, 13));
}

#[test]
fn a_report_is_written_for_programs_for_code_hosts_and_for_people() {
    let findings = findings(scan(&format!("\nkey = {}", token(1))));
    let report = ScanReport { findings, files: 3, accepted: 1, ..ScanReport::default() };
    assert!(report.has_real());
    let finding = &report.json()["findings"][0];
    assert_eq!((&finding["rule"], &finding["class"]), (&json!("tok"), &json!("real")));
    assert_eq!(
        (&finding["path"], &finding["line"], &finding["column"]),
        (&json!("a/b.txt"), &json!(2), &json!(11))
    );
    assert_eq!(finding["fingerprint"].as_str().map(str::len), Some(32));

    let sarif = report.sarif(&[plain_rule()]);
    let run = &sarif["runs"][0];
    assert_eq!(
        (&sarif["version"], &run["tool"]["driver"]["rules"][0]["id"]),
        (&json!("2.1.0"), &json!("tok"))
    );
    let result = &run["results"][0];
    assert_eq!((&result["ruleId"], &result["level"]), (&json!("tok"), &json!("error")));
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "a/b.txt");
    let region = json!({ "startLine": 2, "startColumn": 11, "endLine": 2, "endColumn": 31 });
    assert_eq!(place["region"], region);

    let table = report.table();
    assert!(table.contains("real") && table.contains("a/b.txt:2:11"), "{table}");
    assert!(table.ends_with("1 findings, 1 real, in 3 files; 1 in the baseline\n"), "{table}");
    assert_eq!(ScanReport::default().table(), "0 findings, 0 real, in 0 files\n");
}

#[test]
fn a_text_made_to_be_slow_or_full_of_secrets_is_bounded() {
    let rules = common::bundled();
    let start = std::time::Instant::now();
    let text = "eyJ".repeat(300_000);
    assert_eq!(scanner(&rules).scan_bytes(None, text.as_bytes()), []);
    assert!(start.elapsed().as_secs() < 30, "{:?}", start.elapsed());
    let many: String = (0..12_000).map(|seed| token(seed) + "\n").collect();
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("many"), many).expect("written");
    let scan = scanner(&[plain_rule()]).scan_path(folder.path(), &FileOptions::default());
    assert_eq!((scan.candidates.len(), scan.skipped.len()), (10_000, 1));
}
