//! Why a set of rules is refused.

/// A rule that the host does not load. The message names the rule and never shows a sample.
#[derive(Debug, thiserror::Error)]
pub enum RuleError {
    /// More rules than the host takes.
    #[error("{count} secret rules are more than the {max} the host takes; split or trim the set")]
    TooMany {
        /// Rules given.
        count: usize,
        /// Rules taken.
        max: usize,
    },
    /// The id cannot stand in a replacement.
    #[error("'{0}' cannot name a secret rule: use 1 to 80 of a-z, A-Z, 0-9, '.', '_' and '-'")]
    Id(String),
    /// Two rules of one name.
    #[error("secret rule '{0}' is given twice; rename or remove one")]
    Twice(String),
    /// Nothing says where the rule is worth running.
    #[error("secret rule '{0}' has no keywords; add a lower-case literal that every match contains")]
    NoKeywords(String),
    /// A keyword that cannot be used.
    #[error(
        "secret rule '{rule}' has the keyword '{keyword}'; keywords are lower-case and 2 to 64 bytes long"
    )]
    Keyword {
        /// The rule.
        rule: String,
        /// The keyword.
        keyword: String,
    },
    /// A list, pattern or sample over its limit.
    #[error("secret rule '{rule}': {what} of {size} is over the limit of {max}; make it smaller")]
    TooLarge {
        /// The rule.
        rule: String,
        /// What is too large, and its unit.
        what: &'static str,
        /// Its size.
        size: usize,
        /// The most it may have.
        max: usize,
    },
    /// The pattern does not compile, or is too large once compiled.
    #[error("secret rule '{rule}' has a pattern that cannot be used: {problem}")]
    Pattern {
        /// The rule.
        rule: String,
        /// What the compiler says.
        problem: String,
    },
    /// The secret's group is not in the pattern.
    #[error("secret rule '{rule}' takes its secret from group {group}, but its pattern ends at group {last}")]
    Group {
        /// The rule.
        rule: String,
        /// The group asked for.
        group: u32,
        /// The pattern's last group.
        last: usize,
    },
    /// The entropy is no usable number.
    #[error("secret rule '{0}' asks for an entropy outside 0 to 8 bits a byte")]
    Entropy(String),
    /// A checksum the host does not know.
    #[error("secret rule '{rule}' names the checksum '{name}'; the host knows github and npm")]
    Checksum {
        /// The rule.
        rule: String,
        /// The name.
        name: String,
    },
    /// A component that is not in the set.
    #[error("secret rule '{rule}' needs the rule '{other}' nearby, which is not in the set")]
    Component {
        /// The rule.
        rule: String,
        /// The missing one.
        other: String,
    },
    /// One of the rule's own positives holds nothing it finds.
    #[error(
        "secret rule '{rule}' finds nothing in its positive no. {number}; fix the pattern, keywords or sample"
    )]
    MissesPositive {
        /// The rule.
        rule: String,
        /// From 1.
        number: usize,
    },
    /// One of the rule's own negatives holds something it finds.
    #[error(
        "secret rule '{rule}' finds a secret in its negative no. {number}; narrow the pattern or allow it"
    )]
    FindsNegative {
        /// The rule.
        rule: String,
        /// From 1.
        number: usize,
    },
    /// The keywords, or the known values, are too many for one search.
    #[error("the {what} cannot be searched for: {problem}; use fewer or shorter ones")]
    Search {
        /// `keywords` or `known values`.
        what: &'static str,
        /// What the search says.
        problem: String,
    },
}
