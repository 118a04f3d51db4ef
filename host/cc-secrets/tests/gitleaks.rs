//! Rule files of gitleaks users.
#![allow(missing_docs, clippy::expect_used)]

mod common;

use std::{fs, path::Path};

use cc_secrets::{
    Scanner,
    gitleaks::{RuleFile, RuleSet},
};
use common::plain_rule;

const TOKEN: &str = "tok_abcdefghij0123456789";

fn load(folder: &Path, name: &str, text: &str) -> RuleFile {
    let path = folder.join(name);
    fs::write(&path, text).expect("written");
    RuleFile::load(&path).expect("a rule file")
}

fn set(text: &str) -> RuleSet {
    let folder = tempfile::tempdir().expect("a folder");
    load(folder.path(), "rules.toml", text).resolve(&[plain_rule()])
}

fn count(set: &RuleSet, path: &str, text: &str) -> usize {
    let scanner = Scanner::with_allowances(&set.rules, &set.allow).expect("a scanner");
    scanner.scan_bytes(Some(path), text.as_bytes()).len()
}

#[test]
fn a_rule_is_taken_as_it_is() {
    let set = set(r#"
        title = "mine"
        [[rules]]
        id = "acme token"
        description = "Acme"
        regex = '''(?i)\bacme[_-]?key\s*=\s*['"]?([a-z0-9]{16})\b'''
        keywords = ["ACME"]
        entropy = 3
        tags = ["a"]
        secretGroup = 1
        [[rules.allowlists]]
        description = "ours"
        condition = "AND"
        regexTarget = "line"
        regexes = ['''harmless''']
        paths = ['''(?:^|/)docs/''']
        [[rules.allowlists]]
        stopWords = ["Public"]
        [allowlist]
        paths = ['''^vendor/''']
        commits = ["abc"]
    "#);
    assert_eq!(set.refused, []);
    assert_eq!(set.notices.len(), 1, "{:?}", set.notices);
    assert_eq!((set.rules[0].id.as_str(), set.rules.len()), ("acme-token", 1));
    let text = "ACME_KEY = 'a1b2c3d4e5f6g7h8'";
    assert_eq!(count(&set, "src/a", text), 1);
    assert_eq!(count(&set, "vendor/a", text), 0);
    assert_eq!(count(&set, "docs/a", text), 1);
    assert_eq!(count(&set, "docs/a", &format!("{text} # harmless")), 0);
    assert_eq!(count(&set, "src/a", &format!("{text} # harmless")), 1);
    assert_eq!(count(&set, "src/a", "acme_key = a1b2publice5f6g7"), 0);
    assert_eq!(count(&set, "src/a", "acme_key = aaaaaaaaaaaaaaaa"), 0);
}

#[test]
fn rules_may_need_one_another() {
    let set = set(r#"
        [[rules]]
        id = "secret"
        regex = '''secret-([a-z0-9]{10})'''
        [[rules.required]]
        id = "user"
        withinLines = 1
        [[rules]]
        id = "user"
        regex = '''user-[0-9]{3}'''
        skipReport = true
        [[rules]]
        id = "lonely"
        regex = '''lonely-[0-9]{3}'''
        [[rules.required]]
        id = "nobody"
    "#);
    assert_eq!(set.rules.len(), 2);
    assert!(set.refused[0].rule == "lonely" && set.refused[0].reason.contains("'nobody'"));
    assert_eq!(count(&set, "a", "user-123\nsecret-a1b2c3d4e5"), 1);
    assert_eq!(count(&set, "a", "user-123\n\n\nsecret-a1b2c3d4e5"), 0);
}

#[test]
fn files_extend_files_and_the_default_rules() {
    let folder = tempfile::tempdir().expect("a folder");
    load(
        folder.path(),
        "base.toml",
        "[[rules]]\nid = 'one'\nregex = 'one-[0-9]{3}'\nentropy = 1.0\n[[rules]]\nid = 'two'\nregex = 'two-[0-9]{3}'",
    );
    let file = load(
        folder.path(),
        "rules.toml",
        "[extend]\npath = 'base.toml'\nuseDefault = true\ndisabledRules = ['two']\n\
         [[rules]]\nid = 'one'\nentropy = 0.5\n[[rules]]\nid = 'tok'\n[[rules.allowlists]]\npaths = ['^a$']\n\
         [[allowlists]]\ntargetRules = ['one', 'gone']\nregexes = ['000$']",
    );
    assert!(file.wants_default());
    let set = file.resolve(&[plain_rule()]);
    let ids: Vec<_> = set.rules.iter().map(|rule| (rule.id.as_str(), rule.min_entropy)).collect();
    assert_eq!(ids, [("tok", 0.0), ("one", 0.5)]);
    assert!(set.notices[0].contains("'gone'"));
    assert_eq!([count(&set, "a", TOKEN), count(&set, "b", TOKEN)], [0, 1]);
    assert_eq!([count(&set, "a", "one-120"), count(&set, "a", "one-000")], [1, 0]);

    fs::write(folder.path().join("loop.toml"), "[extend]\npath = 'loop.toml'").expect("written");
    let error = RuleFile::load(&folder.path().join("loop.toml")).expect_err("a loop").to_string();
    assert!(error.contains("loop.toml") && error.contains("deep"), "{error}");
}

#[test]
fn what_cannot_be_used_is_named_with_the_reason() {
    let set = set(r#"
        [[rules]]
        id = "wide"
        regex = '''[a-f0-9]{32}'''
        [[rules]]
        id = "file"
        path = '''\.p12$'''
        [[rules]]
        id = "broken"
        regex = '''abc('''
        [[rules]]
        id = "odd"
        regex = '''odd-[0-9]{4}'''
        filter = "something"
        [[rules.allowlists]]
        condition = "XOR"
        paths = ["a"]
        [[rules]]
        id = "good"
        regex = '''good-[0-9]{4}'''
        filter = "something"
    "#);
    let reasons: Vec<_> = set.refused.iter().map(|one| (one.rule.as_str(), one.reason.as_str())).collect();
    assert_eq!(reasons.len(), 4, "{reasons:?}");
    for ((rule, reason), (id, part)) in reasons.iter().zip([
        ("wide", "add keywords"),
        ("file", "give it a regex"),
        ("broken", "unclosed"),
        ("odd", "XOR"),
    ]) {
        assert!(*rule == id && reason.contains(part), "{rule}: {reason}");
    }
    assert_eq!(set.rules.len(), 1);
    assert_eq!(set.notices, ["'filter', in 2 rules, is not known here and is ignored"]);
    assert_eq!(set.rules[0].keywords, ["good-"]);
}

#[test]
fn keywords_that_are_not_in_the_match_are_replaced() {
    let set = set("[[rules]]\nid = 'a'\nregex = 'tok_[a-z]{9}'\nkeywords = ['myservice']");
    assert_eq!(set.rules[0].keywords, ["tok_"]);
}

#[test]
fn a_file_that_is_none_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    for (text, part) in
        [("rules = 1", "form of gitleaks"), ("[[rules]]\nregex = 'a'", "without an id"), ("[", "form")]
    {
        let path = folder.path().join("x.toml");
        fs::write(&path, text).expect("written");
        let error = RuleFile::load(&path).expect_err("no rule file").to_string();
        assert!(error.contains(part) && error.contains("x.toml"), "{error}");
    }
    assert!(RuleFile::load(&folder.path().join("gone")).is_err());
}
