//! What a set of rules may ask of the host. Rules are foreign data.

/// Rules in one set.
pub(crate) const RULES: usize = 2_000;
/// Bytes of a rule's id, which becomes part of the replacement.
pub(crate) const ID_BYTES: usize = 80;
/// Bytes of one pattern.
pub(crate) const PATTERN_BYTES: usize = 8 * 1024;
/// Bytes of one compiled pattern.
pub(crate) const COMPILED_BYTES: usize = 2 * 1024 * 1024;
/// Bytes that a search with one pattern may remember, in each thread.
pub(crate) const SEARCH_BYTES: usize = 1024 * 1024;
/// Keywords of one rule.
pub(crate) const KEYWORDS: usize = 64;
/// Bytes of one keyword, least and most: one letter would run its rule everywhere.
pub(crate) const KEYWORD_BYTES: std::ops::RangeInclusive<usize> = 2..=64;
/// Allow entries of one rule, patterns or stopwords of one entry, components and samples of one rule.
pub(crate) const LIST: usize = 2_000;
/// Bytes of one sample text.
pub(crate) const SAMPLE_BYTES: usize = 64 * 1024;
/// Bytes before a keyword that a pattern without a longest match sees.
pub(crate) const WINDOW_BEFORE: usize = 512;
/// Bytes after a keyword that a pattern without a longest match sees at first.
pub(crate) const WINDOW_AFTER: usize = 16 * 1024;
/// Bytes a component is looked for in, before and after.
pub(crate) const COMPONENT_REACH: usize = 64 * 1024;
/// Bytes of a line, before and after a match, that an allowance for lines sees.
pub(crate) const LINE_REACH: usize = 4 * 1024;
/// Layers of escaping that are undone.
pub(crate) const DEPTH: usize = 3;
