//! What is known of each model family, tier by tier, newest version first.
//!
//! Prices are the providers' published list prices in USD per million tokens, as CC Switch lists them; context
//! sizes are those of CC Switch's presets or the provider's model page. The ratings are this plugin's own rough
//! judgement, made by generation and tier so that models can be ordered; they are no benchmark results. A team
//! that knows better ships a scorer of its own, and every team's own runs outweigh the table in time.

/// One version of one tier of a family.
#[derive(Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) family: &'static str,
    /// Words a name must have; none is the family's plain tier.
    pub(crate) tier: &'static [&'static str],
    pub(crate) version: (u32, u32),
    pub(crate) ratings: Ratings,
    /// Thousands of tokens; 0 is unknown.
    pub(crate) context_k: u32,
    /// Input and output.
    pub(crate) price: Option<(f64, f64)>,
}

/// 0 to 10 each.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Ratings {
    pub(crate) code: f64,
    pub(crate) reasoning: f64,
    pub(crate) speed: f64,
    pub(crate) stability: f64,
    pub(crate) tool_use: f64,
    pub(crate) multimodal: f64,
}

/// A word in a name, and the family it gives away. The first such word of a name counts.
pub(crate) const FAMILY_WORDS: &[(&str, &str)] = &[
    ("claude", "claude"),
    // Claude Code's own aliases name a tier only.
    ("fable", "claude"),
    ("opus", "claude"),
    ("sonnet", "claude"),
    ("haiku", "claude"),
    ("gpt", "gpt"),
    ("deepseek", "deepseek"),
    ("kimi", "kimi"),
    // Moonshot's coding plan calls Kimi K3 just `k3`.
    ("k", "kimi"),
    ("glm", "glm"),
    ("minimax", "minimax"),
    ("qwen", "qwen"),
    ("grok", "grok"),
    ("step", "step"),
    ("mimo", "mimo"),
    ("longcat", "longcat"),
    ("doubao", "doubao"),
    ("gemini", "gemini"),
    ("kat", "kat"),
];

const fn e(
    family: &'static str,
    tier: &'static [&'static str],
    version: (u32, u32),
    [code, reasoning, speed, stability, tool_use, multimodal]: [f64; 6],
    context_k: u32,
    price: Option<(f64, f64)>,
) -> Entry {
    let ratings = Ratings { code, reasoning, speed, stability, tool_use, multimodal };
    Entry { family, tier, version, ratings, context_k, price }
}

/// Within a family, a tier's versions stand together, newest first; the family's first row speaks for tiers
/// that have none of their own.
#[rustfmt::skip]
pub(crate) const ENTRIES: &[Entry] = &[
    // family     tier                  version  code  reas. speed stab. tools media  context price
    e("claude",   &["sonnet"],          (5, 0), [9.0,  8.8,  7.5,  9.0,  9.3,  7.5],   1000, Some((3.0, 15.0))),
    e("claude",   &["sonnet"],          (4, 6), [8.7,  8.5,  7.5,  8.8,  9.0,  7.3],    200, Some((3.0, 15.0))),
    e("claude",   &["sonnet"],          (4, 5), [8.5,  8.2,  7.5,  8.7,  8.8,  7.0],    200, Some((3.0, 15.0))),
    e("claude",   &["sonnet"],          (4, 0), [7.9,  7.6,  7.5,  8.4,  8.3,  7.0],    200, Some((3.0, 15.0))),
    e("claude",   &["sonnet"],          (3, 5), [6.8,  6.3,  7.5,  8.0,  7.0,  6.5],    200, Some((3.0, 15.0))),
    e("claude",   &["fable"],           (5, 0), [9.7,  9.7,  5.0,  9.0,  9.6,  8.0],   1000, Some((10.0, 50.0))),
    e("claude",   &["mythos"],          (5, 0), [9.7,  9.7,  5.0,  9.0,  9.6,  8.0],   1000, Some((10.0, 50.0))),
    e("claude",   &["opus"],            (5, 0), [9.5,  9.5,  6.0,  9.2,  9.5,  7.8],   1000, Some((5.0, 25.0))),
    e("claude",   &["opus"],            (4, 8), [9.3,  9.3,  6.0,  9.0,  9.3,  7.6],   1000, Some((5.0, 25.0))),
    e("claude",   &["opus"],            (4, 5), [9.0,  9.0,  6.0,  8.9,  9.0,  7.3],    200, Some((5.0, 25.0))),
    e("claude",   &["opus"],            (4, 0), [8.3,  8.4,  5.0,  8.5,  8.4,  7.0],    200, Some((15.0, 75.0))),
    e("claude",   &["haiku"],           (4, 5), [7.4,  7.0,  9.0,  8.3,  8.0,  6.5],    200, Some((1.0, 5.0))),
    e("claude",   &["haiku"],           (3, 5), [5.8,  5.3,  8.8,  7.8,  6.3,  5.5],    200, Some((0.8, 4.0))),

    e("gpt",      &[],                  (5, 6), [9.4,  9.5,  6.5,  8.8,  9.2,  7.8],    400, Some((5.0, 30.0))),
    e("gpt",      &[],                  (5, 5), [9.2,  9.3,  6.5,  8.7,  9.0,  7.7],    400, Some((5.0, 30.0))),
    e("gpt",      &[],                  (5, 4), [9.0,  9.1,  6.5,  8.6,  8.8,  7.5],    400, Some((2.5, 15.0))),
    e("gpt",      &[],                  (5, 2), [8.7,  8.9,  6.3,  8.5,  8.5,  7.3],    400, Some((1.75, 14.0))),
    e("gpt",      &[],                  (5, 0), [8.3,  8.5,  6.0,  8.3,  8.2,  7.2],    400, Some((1.25, 10.0))),
    e("gpt",      &[],                  (4, 1), [6.7,  6.2,  7.5,  8.0,  7.0,  6.8],   1000, Some((2.0, 8.0))),
    e("gpt",      &["sol"],             (5, 6), [9.4,  9.5,  6.5,  8.8,  9.2,  7.8],    400, Some((5.0, 30.0))),
    e("gpt",      &["terra"],           (5, 6), [8.8,  8.8,  7.5,  8.6,  8.8,  7.5],    400, Some((2.0, 12.0))),
    e("gpt",      &["luna"],            (5, 6), [7.8,  7.6,  9.0,  8.3,  8.0,  7.0],    400, Some((0.2, 1.2))),
    e("gpt",      &["codex"],           (5, 3), [9.0,  8.9,  6.8,  8.6,  9.0,  6.5],    400, Some((1.75, 14.0))),
    e("gpt",      &["codex"],           (5, 0), [8.5,  8.4,  6.3,  8.3,  8.5,  6.5],    400, Some((1.25, 10.0))),
    e("gpt",      &["codex", "mini"],   (5, 0), [7.4,  7.0,  8.3,  8.0,  7.5,  6.0],    400, Some((0.25, 2.0))),
    e("gpt",      &["mini"],            (5, 4), [7.6,  7.4,  8.5,  8.1,  7.8,  6.8],    400, Some((0.75, 4.5))),
    e("gpt",      &["mini"],            (5, 0), [7.0,  6.8,  8.3,  7.9,  7.2,  6.5],    400, Some((0.25, 2.0))),
    e("gpt",      &["mini"],            (4, 1), [5.8,  5.2,  8.5,  7.5,  6.2,  6.0],   1000, Some((0.4, 1.6))),
    e("gpt",      &["nano"],            (5, 4), [6.0,  5.8,  9.3,  7.5,  6.5,  5.8],    400, Some((0.2, 1.25))),
    e("gpt",      &["oss"],             (1, 0), [6.0,  6.5,  8.0,  6.5,  6.2,  0.5],    128, None),

    e("deepseek", &[],                  (4, 0), [8.0,  7.8,  8.0,  7.5,  7.8,  2.0],   1000, Some((0.44, 1.32))),
    e("deepseek", &[],                  (3, 2), [7.7,  7.8,  6.8,  7.3,  7.4,  1.0],    128, Some((0.28, 0.42))),
    e("deepseek", &[],                  (3, 0), [7.0,  6.8,  6.8,  7.0,  6.5,  1.0],    128, Some((0.28, 1.11))),
    e("deepseek", &["pro"],             (4, 0), [8.8,  9.0,  6.5,  7.8,  8.4,  2.0],   1000, Some((1.32, 3.96))),
    e("deepseek", &["flash"],           (4, 0), [8.0,  7.8,  8.5,  7.5,  7.8,  2.0],   1000, Some((0.44, 1.32))),
    e("deepseek", &["reasoner"],        (4, 0), [8.0,  8.2,  6.5,  7.5,  7.5,  2.0],   1000, Some((0.44, 1.32))),
    e("deepseek", &["r"],               (1, 0), [7.0,  7.8,  4.5,  6.5,  4.5,  1.0],    128, None),

    e("kimi",     &[],                  (3, 0), [9.2,  9.2,  6.3,  8.2,  9.0,  7.0],   1048, Some((3.0, 15.0))),
    e("kimi",     &[],                  (2, 6), [8.6,  8.4,  6.8,  8.0,  8.6,  6.8],    262, Some((0.95, 4.0))),
    e("kimi",     &[],                  (2, 5), [8.3,  8.2,  6.8,  7.8,  8.4,  6.8],    262, Some((0.6, 3.0))),
    e("kimi",     &[],                  (2, 0), [7.6,  7.2,  6.8,  7.4,  7.7,  1.0],    262, Some((0.55, 2.2))),
    e("kimi",     &["code"],            (2, 7), [8.9,  8.5,  6.8,  8.0,  8.8,  6.0],    262, Some((0.95, 4.0))),
    e("kimi",     &["code", "highspeed"], (2, 7), [8.9, 8.5, 8.8,  8.0,  8.8,  6.0],    262, Some((1.9, 8.0))),
    // The coding plan's id, which stands for the newest model for code; a plan has no price per token.
    e("kimi",     &["coding"],          (2, 7), [8.9,  8.5,  6.8,  8.0,  8.8,  6.0],    262, None),
    e("kimi",     &["thinking"],        (2, 0), [8.0,  8.2,  5.5,  7.4,  8.0,  1.0],    262, Some((0.55, 2.2))),
    e("kimi",     &["turbo"],           (2, 0), [7.6,  7.2,  8.5,  7.4,  7.7,  1.0],    262, Some((1.11, 8.06))),

    e("glm",      &[],                  (5, 2), [8.9,  8.8,  6.5,  8.0,  8.7,  3.0],    200, Some((1.4, 4.4))),
    e("glm",      &[],                  (5, 1), [8.7,  8.6,  6.5,  7.9,  8.5,  3.0],    200, Some((1.4, 4.4))),
    e("glm",      &[],                  (5, 0), [8.5,  8.4,  6.5,  7.8,  8.3,  3.0],    200, Some((1.0, 3.2))),
    e("glm",      &[],                  (4, 7), [8.0,  7.8,  7.0,  7.6,  8.0,  2.0],    200, Some((0.6, 2.2))),
    e("glm",      &[],                  (4, 6), [7.7,  7.5,  7.0,  7.5,  7.7,  2.0],    200, Some((0.6, 2.2))),
    e("glm",      &[],                  (4, 5), [7.3,  7.2,  7.0,  7.3,  7.4,  2.0],    128, Some((0.6, 2.2))),
    e("glm",      &["v"],               (5, 0), [7.8,  7.8,  7.5,  7.5,  7.7,  7.8],    200, Some((1.2, 4.0))),
    e("glm",      &["turbo"],           (5, 0), [8.2,  8.0,  8.5,  7.7,  8.2,  3.0],    200, Some((1.2, 4.0))),
    e("glm",      &["air"],             (4, 5), [6.5,  6.3,  8.3,  7.0,  6.8,  1.0],    128, None),
    e("glm",      &["flash"],           (4, 7), [6.4,  6.0,  9.0,  7.0,  6.6,  1.0],    200, None),

    e("minimax",  &[],                  (3, 0), [8.5,  8.2,  7.5,  7.7,  8.3,  5.5],   1000, Some((0.3, 1.2))),
    e("minimax",  &[],                  (2, 7), [8.2,  7.9,  7.5,  7.6,  8.1,  2.0],    200, Some((0.3, 1.2))),
    e("minimax",  &[],                  (2, 5), [8.0,  7.6,  7.5,  7.5,  7.9,  2.0],    197, Some((0.15, 0.95))),
    e("minimax",  &[],                  (2, 0), [7.4,  7.0,  7.5,  7.3,  7.4,  2.0],    197, Some((0.27, 0.95))),
    e("minimax",  &["highspeed"],       (2, 7), [8.2,  7.9,  9.0,  7.6,  8.1,  2.0],    200, Some((0.6, 2.4))),
    e("minimax",  &["lightning"],       (2, 5), [8.0,  7.6,  9.0,  7.5,  7.9,  2.0],    197, Some((0.3, 2.4))),

    // The open-weight sizes, which have no tier name.
    e("qwen",     &[],                  (3, 0), [6.4,  6.3,  7.5,  6.8,  6.4,  3.0],    128, Some((0.7, 8.4))),
    e("qwen",     &["max"],             (3, 8), [8.7,  8.7,  6.8,  7.8,  8.5,  6.5],    262, Some((2.0, 6.0))),
    e("qwen",     &["max"],             (3, 7), [8.5,  8.5,  6.8,  7.7,  8.3,  6.5],    262, Some((2.5, 7.5))),
    e("qwen",     &["max"],             (3, 0), [7.6,  7.5,  6.8,  7.4,  7.5,  3.0],    262, Some((0.78, 3.9))),
    e("qwen",     &["plus"],            (3, 7), [8.0,  8.0,  7.8,  7.6,  8.0,  7.5],   1000, Some((0.4, 1.6))),
    e("qwen",     &["plus"],            (3, 6), [7.8,  7.8,  7.8,  7.5,  7.8,  7.3],   1000, Some((0.325, 1.95))),
    e("qwen",     &["plus"],            (3, 5), [7.5,  7.5,  7.8,  7.4,  7.5,  7.0],   1000, Some((0.26, 1.56))),
    e("qwen",     &["flash"],           (3, 6), [6.8,  6.6,  9.0,  7.2,  7.0,  6.0],   1000, Some((0.1875, 1.125))),
    e("qwen",     &["coder"],           (3, 0), [7.6,  6.8,  7.3,  7.4,  7.7,  1.0],   1000, Some((0.65, 3.25))),
    e("qwen",     &["coder", "flash"],  (3, 0), [6.6,  5.8,  8.8,  7.0,  6.8,  1.0],   1000, Some((0.195, 0.975))),
    e("qwen",     &["coder", "next"],   (3, 0), [7.2,  6.4,  8.3,  7.0,  7.2,  1.0],    262, Some((0.12, 0.75))),

    e("grok",     &[],                  (4, 6), [8.8,  8.9,  7.0,  7.8,  8.4,  7.0],    500, Some((2.0, 6.0))),
    e("grok",     &[],                  (4, 5), [8.6,  8.7,  7.0,  7.7,  8.2,  7.0],    500, Some((2.0, 6.0))),
    e("grok",     &[],                  (4, 3), [8.2,  8.3,  7.3,  7.6,  8.0,  6.8],    256, Some((1.25, 2.5))),
    e("grok",     &[],                  (4, 0), [7.5,  8.0,  6.0,  7.4,  7.3,  6.3],    256, Some((3.0, 15.0))),
    e("grok",     &["fast"],            (4, 1), [7.2,  7.0,  9.0,  7.4,  7.5,  6.0],   2000, Some((0.2, 0.5))),
    e("grok",     &["code", "fast"],    (1, 0), [7.2,  6.3,  9.3,  7.3,  7.3,  1.0],    256, Some((1.0, 2.0))),
    e("grok",     &["mini"],            (3, 0), [5.8,  6.3,  8.5,  7.0,  6.0,  2.0],    128, Some((0.25, 0.5))),

    e("step",     &["flash"],           (3, 7), [7.6,  7.6,  9.0,  7.2,  7.5,  3.0],    262, Some((0.19, 1.13))),
    e("step",     &["flash"],           (3, 5), [7.3,  7.3,  9.0,  7.0,  7.2,  1.0],    262, Some((0.1, 0.3))),

    e("mimo",     &[],                  (2, 5), [7.6,  7.5,  8.0,  7.2,  7.5,  6.5],   1000, Some((0.14, 0.29))),
    e("mimo",     &["pro"],             (2, 5), [8.4,  8.3,  7.0,  7.5,  8.2,  3.0],   1000, Some((0.435, 0.87))),
    e("mimo",     &["pro"],             (2, 0), [8.0,  8.0,  7.0,  7.3,  7.9,  2.0],   1000, Some((0.435, 0.87))),
    e("mimo",     &["flash"],           (2, 0), [7.0,  7.0,  9.0,  7.0,  7.0,  1.0],    256, Some((0.09, 0.29))),

    e("longcat",  &[],                  (2, 0), [8.0,  7.9,  7.8,  7.2,  7.9,  2.0],   1000, None),
    e("longcat",  &["flash"],           (1, 0), [6.8,  6.8,  8.8,  6.8,  7.0,  1.0],    128, None),

    e("doubao",   &["pro"],             (2, 1), [8.3,  8.3,  7.0,  7.6,  8.1,  7.8],    256, Some((0.84, 4.2))),
    e("doubao",   &["pro"],             (2, 0), [8.0,  8.1,  7.0,  7.5,  7.9,  7.6],    256, Some((0.47, 2.37))),
    e("doubao",   &["turbo"],           (2, 1), [7.6,  7.5,  8.5,  7.4,  7.6,  7.3],    256, Some((0.42, 2.1))),
    e("doubao",   &["code"],            (2, 0), [8.1,  7.6,  7.5,  7.5,  7.9,  6.8],    256, Some((0.47, 2.37))),
    e("doubao",   &["lite"],            (2, 0), [6.6,  6.5,  9.0,  7.2,  6.8,  6.8],    256, Some((0.08, 0.5))),
    e("doubao",   &["mini"],            (2, 0), [5.8,  5.7,  9.3,  7.0,  6.2,  6.3],    256, Some((0.03, 0.31))),

    e("gemini",   &["pro"],             (3, 1), [8.8,  9.1,  6.5,  7.6,  8.2,  9.3],   1048, Some((2.0, 12.0))),
    e("gemini",   &["pro"],             (2, 5), [8.0,  8.5,  6.3,  7.5,  7.5,  8.8],   1048, Some((1.25, 10.0))),
    e("gemini",   &["flash"],           (3, 7), [8.4,  8.5,  8.7,  7.6,  8.2,  9.0],   1048, Some((0.75, 3.75))),
    e("gemini",   &["flash"],           (3, 6), [8.3,  8.3,  8.5,  7.6,  8.0,  9.0],   1048, Some((1.5, 7.5))),
    e("gemini",   &["flash"],           (3, 0), [7.8,  7.9,  8.5,  7.4,  7.6,  8.7],   1048, Some((0.5, 3.0))),
    e("gemini",   &["flash"],           (2, 5), [6.8,  7.0,  8.8,  7.3,  6.8,  8.2],   1048, Some((0.3, 2.5))),
    e("gemini",   &["flash", "lite"],   (3, 1), [6.3,  6.2,  9.5,  7.2,  6.5,  7.8],   1048, Some((0.25, 1.5))),

    e("kat",      &["coder", "pro"],    (1, 0), [7.8,  7.2,  7.5,  7.0,  7.7,  2.0],    256, None),
    e("kat",      &["coder", "air"],    (1, 0), [6.5,  6.0,  8.5,  6.8,  6.6,  1.0],    128, None),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rating_is_within_its_scale() {
        for entry in ENTRIES {
            let r = &entry.ratings;
            for rating in [r.code, r.reasoning, r.speed, r.stability, r.tool_use, r.multimodal] {
                assert!((0.0..=10.0).contains(&rating), "{entry:?}");
            }
        }
    }

    #[test]
    fn a_tier_stands_together_newest_first() {
        for (index, pair) in ENTRIES.windows(2).enumerate() {
            let [above, below] = pair else { unreachable!("windows of two") };
            let same = |entry: &Entry| (entry.family, entry.tier) == (below.family, below.tier);
            if same(above) {
                assert!(above.version > below.version, "{below:?}");
            } else {
                assert!(!ENTRIES[..=index].iter().any(same), "{below:?} stands apart from its tier");
            }
        }
    }

    #[test]
    fn every_family_can_be_named() {
        for entry in ENTRIES {
            assert!(FAMILY_WORDS.iter().any(|(_, family)| *family == entry.family), "{entry:?}");
        }
    }
}
