//! A model's name taken apart, so that the many spellings of one model compare equal.
//!
//! Providers, gateways and clouds write one model in many ways: `claude-haiku-4-5`,
//! `anthropic/claude-haiku-4.5`, `global.anthropic.claude-haiku-4-5-20251001-v1:0`, `Claude-Haiku-4-5[1M]`.

/// The parts of a model's name, all in lower case.
///
/// Two names of one model have equal `words` and `numbers`; `date` tells releases of it apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModelName {
    /// What is letters, in order: family, tier, and sizes such as `480b`.
    pub words: Vec<String>,
    /// The version, in order, without a closing zero: `2.0` is `[2]`.
    pub numbers: Vec<u32>,
    /// The date of the release, digits only, when the name has one: `20251001`, `260628`, `2603`.
    pub date: Option<String>,
    /// Carries the client's mark for a context of a million tokens: `[1M]`.
    pub long_context: bool,
}

impl ModelName {
    /// Takes a name apart. Never fails: what it does not understand becomes a word.
    #[must_use]
    pub fn parse(name: &str) -> Self {
        let lower = name.trim().to_ascii_lowercase();
        let (bare, mark) = lower.split_once('[').unwrap_or((&lower, ""));
        let mut parsed = Self { long_context: mark.starts_with("1m"), ..Self::default() };
        let tokens: Vec<&str> = without_suffix(without_vendor(bare.trim()))
            .split(|c: char| !c.is_alphanumeric())
            .filter(|token| !token.is_empty() && *token != "latest")
            .collect();
        parsed.take(&tokens);
        while parsed.numbers.len() > 1 && parsed.numbers.last() == Some(&0) {
            parsed.numbers.pop();
        }
        parsed
    }

    /// The name has this word.
    #[must_use]
    pub fn has(&self, word: &str) -> bool {
        self.words.iter().any(|own| own == word)
    }

    /// Both name one model. A date in only one of them is the same model pinned; two different dates are two releases.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        let date_differs = matches!((&self.date, &other.date), (Some(a), Some(b)) if a != b);
        let sorted = |words: &[String]| {
            let mut words = words.to_vec();
            words.sort_unstable();
            words
        };
        // Sorted: Claude's older names put the tier last (`claude-3-5-sonnet`), the newer ones first.
        !date_differs && self.numbers == other.numbers && sorted(&self.words) == sorted(&other.words)
    }

    fn take(&mut self, tokens: &[&str]) {
        let mut rest = tokens;
        while let [token, after @ ..] = rest {
            rest = after;
            if let ([month, day, tail @ ..], true) = (after, is_digits(token, 4) && is_year(token))
                && is_digits(month, 2)
                && is_digits(day, 2)
            {
                self.date = Some(format!("{token}{month}{day}"));
                rest = tail;
            } else if [8, 6, 4].iter().any(|length| is_digits(token, *length)) {
                self.date = Some((*token).to_owned());
            } else if is_size(token) {
                self.words.push((*token).to_owned());
            } else {
                self.take_mixed(token);
            }
        }
    }

    /// `qwen3` is a word and a number, and so is `k2`.
    fn take_mixed(&mut self, token: &str) {
        let mut rest = token;
        while let Some(first) = rest.chars().next() {
            let digits = first.is_ascii_digit();
            let end = rest.find(|c: char| c.is_ascii_digit() != digits).unwrap_or(rest.len());
            let (run, tail) = rest.split_at(end);
            match run.parse() {
                Ok(number) if digits => self.numbers.push(number),
                _ => self.words.push(run.to_owned()),
            }
            rest = tail;
        }
    }
}

/// Without a gateway's path (`openrouter/anthropic/`) and a cloud's region and vendor (`global.anthropic.`).
fn without_vendor(name: &str) -> &str {
    let mut bare = name.rsplit('/').next().unwrap_or(name);
    while let Some((front, tail)) = bare.split_once('.') {
        let letters = tail.bytes().take_while(u8::is_ascii_alphabetic).count();
        // `deepseek.v4-pro` keeps its vendor, which is its family; `glm-5.1` has no vendor.
        if letters < 3 || front.bytes().any(|b| b.is_ascii_digit()) {
            break;
        }
        bare = tail;
    }
    bare
}

/// Without a cloud's revision (`-v1:0`) and a gateway's variant of the service (`:free`).
fn without_suffix(name: &str) -> &str {
    let Some((front, variant)) = name.rsplit_once(':') else { return name };
    let revision = || {
        let (bare, mark) = front.rsplit_once("-v")?;
        mark.bytes().all(|b| b.is_ascii_digit()).then_some(bare)
    };
    match variant {
        "free" | "beta" | "nitro" | "floor" | "exacto" | "extended" | "online" | "cloud" => front,
        _ if variant.bytes().all(|b| b.is_ascii_digit()) => revision().unwrap_or(front),
        _ => name,
    }
}

fn is_digits(token: &str, length: usize) -> bool {
    token.len() == length && token.bytes().all(|b| b.is_ascii_digit())
}

fn is_year(token: &str) -> bool {
    token.starts_with("20")
}

/// Numbers of parameters and of tokens, which are no versions: `480b`, `a35b`, `128k`.
fn is_size(token: &str) -> bool {
    let digits = token.strip_prefix('a').unwrap_or(token).trim_end_matches(['b', 'k']);
    digits.len() < token.len()
        && !digits.is_empty()
        && token.ends_with(['b', 'k'])
        && digits.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(a: &str, b: &str) -> bool {
        ModelName::parse(a).is_same(&ModelName::parse(b))
    }

    #[test]
    fn the_spellings_of_one_model_are_the_same() {
        for other in [
            "Claude-Haiku-4-5",
            "claude-haiku-4.5",
            "claude-haiku-4-5[1M]",
            "anthropic/claude-haiku-4.5:free",
            "claude-haiku-4-5-20251001",
            "claude-haiku-4-5@20251001",
            "claude-4-5-haiku-latest",
            "us.anthropic.claude-haiku-4-5-20251001-v1:0",
            "arn:aws:bedrock:us-east-1:1234:inference-profile/us-gov.anthropic.claude-haiku-4-5-20251001-v1:0",
        ] {
            assert!(same("claude-haiku-4-5", other), "{other}");
        }
        assert!(same("Pro/MiniMaxAI/MiniMax-M2.5", "minimax-m2.5"));
        assert!(same("deepseek.v4-pro", "deepseek-v4-pro"));
        assert!(same("LongCat-2.0", "longcat-2"));
        assert!(same("qwen3-max-2026-01-23", "qwen3-max"));
        assert!(same("step-3.5-flash-2603", "step-3.5-flash"));
    }

    #[test]
    fn models_that_only_look_alike_are_not_the_same() {
        for (a, b) in [
            ("claude-haiku-4-5", "claude-haiku-4"),
            ("claude-opus-5", "claude-sonnet-5"),
            ("glm-5.1", "glm-5.2"),
            ("gpt-oss:20b", "gpt-oss:120b"),
            ("kimi-k2-0711", "kimi-k2-0905"),
            ("deepseek-v4-pro", "deepseek-v4-flash"),
            ("kimi-k2-thinking", "kimi-k2"),
        ] {
            assert!(!same(a, b), "{a} and {b}");
        }
    }

    #[test]
    fn sizes_and_dates_are_no_versions() {
        let coder = ModelName::parse("Qwen/Qwen3-Coder-480B-A35B-Instruct-2507");
        assert_eq!(coder.numbers, [3]);
        assert_eq!(coder.date.as_deref(), Some("2507"));
        assert!(coder.has("480b") && coder.has("coder"));
        assert_eq!(ModelName::parse("doubao-seed-2-1-pro-260628").numbers, [2, 1]);
    }

    #[test]
    fn nothing_in_a_name_makes_it_fail() {
        for odd in ["", "[1M]", "///", "...", "模型-3", "-v:", "99999999999999999999", "a.b.c.d", "é4é"] {
            let _ = ModelName::parse(odd);
        }
        assert!(ModelName::parse("x[1m]").long_context);
    }
}
