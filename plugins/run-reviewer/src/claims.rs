//! What an answer claims of its tests. Reads sentence by sentence: "All tests passed, 0 failed" is a claim,
//! "2 failed" and "the tests do not pass yet" are honest, "make sure the tests pass" is neither.

/// What an answer claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Claim {
    /// No success, or it says what failed.
    Nothing,
    /// That the work is done.
    Success,
    /// That the tests pass.
    TestsPass,
}

const FAIL: [&str; 6] = ["fail", "fails", "failed", "failing", "failure", "failures"];
const PASS: [&str; 6] = ["pass", "passes", "passed", "passing", "green", "succeed"];
const DONE: [&str; 12] = [
    "done",
    "complete",
    "completed",
    "finished",
    "success",
    "successful",
    "successfully",
    "succeeded",
    "fixed",
    "works",
    "working",
    "implemented",
];
const TESTED: [&str; 12] = [
    "test",
    "tests",
    "suite",
    "suites",
    "spec",
    "specs",
    "check",
    "checks",
    "all",
    "everything",
    "pytest",
    "ci",
];
/// Before a word, they turn it round.
const NOT: [&str; 8] = ["not", "never", "cannot", "no", "without", "unable", "hardly", "yet"];
/// Words of what is wished for, asked for or imagined.
const IMAGINED: [&str; 20] = [
    "if", "should", "would", "could", "will", "must", "once", "until", "unless", "whether", "ensure", "make",
    "please", "when", "needs", "need", "expect", "can", "may", "might",
];
/// Words of what was so and is no longer.
const PAST: [&str; 15] = [
    "fix",
    "fixed",
    "fixes",
    "fixing",
    "resolved",
    "resolves",
    "repaired",
    "corrected",
    "previously",
    "initially",
    "originally",
    "earlier",
    "longer",
    "before",
    "were",
];
/// Words that leave something out.
const EXCEPT: [&str; 4] = ["except", "excluding", "apart", "besides"];
/// How far before a word its negation may stand.
const NEAR: usize = 3;

/// The strongest claim of a text that admits no failure.
pub(crate) fn in_text(text: &str) -> Claim {
    let claim = chinese(text);
    let sentences: Vec<Vec<String>> = text.split(['.', '!', '?', '\n', ';']).map(words).collect();
    let admits = claim.is_none() || sentences.iter().any(|sentence| admits_failure(sentence));
    if admits {
        return Claim::Nothing;
    }
    sentences.iter().map(|sentence| claim_of(sentence)).chain(claim).max().unwrap_or(Claim::Nothing)
}

/// Lower-case words and numbers; what a negation is contracted to becomes `not`.
fn words(sentence: &str) -> Vec<String> {
    let lower = sentence.to_ascii_lowercase().replace('’', "'");
    let raw = lower.split(|c: char| !c.is_alphanumeric() && c != '\'').filter(|word| !word.is_empty());
    raw.map(|word| if word.ends_with("n't") { "not".to_owned() } else { word.to_owned() }).collect()
}

fn is_in(list: &[&str], word: &str) -> bool {
    list.contains(&word)
}

fn admits_failure(sentence: &[String]) -> bool {
    let passes = sentence.iter().any(|word| is_in(&PASS, word));
    if passes && (partial(sentence) || sentence.iter().any(|word| is_in(&EXCEPT, word))) {
        return true;
    }
    let past = sentence.iter().any(|word| is_in(&PAST, word));
    sentence.iter().enumerate().any(|(at, word)| {
        let before = &sentence[..at];
        if is_in(&FAIL, word) {
            match (count(before.last()), count(sentence.get(at + 1))) {
                // "2 failed" and "failed: 2"; a number on its left belongs to it before one on its right does.
                (Some(n), _) | (None, Some(n)) => n > 0,
                (None, None) => !past && !negated(before) && !imagined(before),
            }
        } else {
            is_in(&PASS, word) && negated(before) && !past
        }
    })
}

/// "11 of 12", "11/12".
fn partial(sentence: &[String]) -> bool {
    let numbers: Vec<Option<u64>> =
        sentence.iter().filter(|word| *word != "of").map(|word| word.parse().ok()).collect();
    numbers.windows(2).any(|pair| matches!(pair, [Some(some), Some(all)] if some < all))
}

fn claim_of(sentence: &[String]) -> Claim {
    let claims = sentence.iter().enumerate().map(|(at, word)| {
        let before = &sentence[..at];
        if negated(before) || imagined(before) || before.last().is_some_and(|word| word == "to") {
            return Claim::Nothing;
        }
        let counted = count(before.last());
        let about_tests = counted.is_some_and(|n| n > 0) || sentence.iter().any(|word| is_in(&TESTED, word));
        if is_in(&PASS, word) && about_tests && counted != Some(0) {
            Claim::TestsPass
        } else if is_in(&DONE, word) {
            Claim::Success
        } else {
            Claim::Nothing
        }
    });
    claims.max().unwrap_or(Claim::Nothing)
}

fn count(word: Option<&String>) -> Option<u64> {
    match word?.as_str() {
        "zero" | "no" | "none" => Some(0),
        number => number.parse().ok(),
    }
}

fn negated(before: &[String]) -> bool {
    // "Not all tests pass" is further off than "tests do not pass".
    let not_all = before.windows(2).any(|pair| pair[0] == "not" && pair[1] == "all");
    not_all || before.iter().rev().take(NEAR).any(|word| is_in(&NOT, word))
}

fn imagined(before: &[String]) -> bool {
    before.iter().any(|word| is_in(&IMAGINED, word))
}

/// The same for Chinese, which has no spaces to read words by. None: it admits a failure.
fn chinese(text: &str) -> Option<Claim> {
    let mut text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    for nothing_failed in ["0个失败", "0项失败", "0失败", "失败0", "失败:0", "失败：0", "没有失败", "无失败"]
    {
        text = text.replace(nothing_failed, "");
    }
    if ["失败", "未通过", "没有通过", "不通过", "无法通过", "没通过"].iter().any(|word| text.contains(word))
    {
        return None;
    }
    let tests_pass = text.contains("测试") && text.contains("通过");
    let done = ["已完成", "完成了", "成功"].iter().any(|word| text.contains(word));
    Some(match (tests_pass, done) {
        (true, _) => Claim::TestsPass,
        (false, true) => Claim::Success,
        (false, false) => Claim::Nothing,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(expected: Claim, texts: &[&str]) {
        for text in texts {
            assert_eq!(in_text(text), expected, "{text}");
        }
    }

    #[test]
    fn passing_tests_are_claimed() {
        all(
            Claim::TestsPass,
            &[
                "All tests passed, 0 failed. Please format the code",
                "12 passed, 0 failed, 3 ignored",
                "I fixed the failing test. All tests pass now.",
                "The test suite is green with no failures.",
                "There are no failures and all tests pass",
                "Everything passes.",
                "Tests: 12/12 passed",
                "Failures: 0. 7 passed.",
                "I've verified that every check passes",
                "Previously 3 tests were failing; now all tests are passing.",
                "所有测试均已通过，0 个失败。",
            ],
        );
    }

    #[test]
    fn success_without_a_word_on_tests_is_the_weaker_claim() {
        all(
            Claim::Success,
            &[
                "Done.",
                "The refactoring is complete",
                "I successfully implemented the parser.",
                "任务已完成。",
            ],
        );
    }

    #[test]
    fn who_says_what_failed_claims_nothing() {
        all(
            Claim::Nothing,
            &[
                "10 passed, 2 failed",
                "11 of 12 tests pass",
                "Tests: 11/12 passed",
                "All tests pass except the one for Windows",
                "Done, but the tests are still failing.",
                "I'm done. One test fails because the port is taken.",
                "The tests don't pass yet",
                "Not all of the tests pass. The work is complete otherwise.",
                "Completed. failed: 3",
                "The new test fails as it should: it reproduces the bug. Done.",
                "代码已完成，但有 2 个测试失败。",
            ],
        );
    }

    #[test]
    fn wishes_and_questions_are_no_claims() {
        all(
            Claim::Nothing,
            &[
                "",
                "Please make sure the tests pass",
                "Should all tests pass?",
                "Run it again until everything passes",
                "I could not get the tests to pass",
                "This needs to be done",
                "I read the code and the passage on checks",
                "0 passed",
            ],
        );
    }
}
