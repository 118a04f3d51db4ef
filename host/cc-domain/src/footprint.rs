//! Which jobs of one project may not run together.

use serde::{Deserialize, Serialize};

/// Characters that make a part of a pattern more than a name.
const WILD: [char; 4] = ['*', '?', '[', '\\'];

/// What a job touches of its project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Footprint {
    /// Nothing that another job could be in the way of: it only reads, or works in a copy.
    Nothing,
    /// Anything: it may write and did not say where.
    Whole,
    /// What these patterns match, as in `.gitignore` at the project's root.
    Paths(Vec<String>),
}

impl Footprint {
    /// Whether both could touch the same file. Judged by the names that patterns begin with, so never wrongly denied.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Nothing, _) | (_, Self::Nothing) => false,
            (Self::Whole, _) | (_, Self::Whole) => true,
            (Self::Paths(mine), Self::Paths(theirs)) => {
                let theirs: Vec<_> = theirs.iter().filter_map(|pattern| beginning(pattern)).collect();
                mine.iter()
                    .filter_map(|pattern| beginning(pattern))
                    .any(|mine| theirs.iter().any(|theirs| mine.iter().zip(theirs).all(|(a, b)| a == b)))
            }
        }
    }
}

/// The folders and names that all matches of a pattern begin with; none for one that only takes away (`!`).
fn beginning(pattern: &str) -> Option<Vec<String>> {
    if pattern.starts_with('!') {
        return None;
    }
    let plain = pattern.strip_prefix("./").unwrap_or(pattern).trim_end_matches('/');
    // As in git: without a slash inside, it matches at any depth.
    if !plain.contains('/') {
        return Some(Vec::new());
    }
    let parts = plain.split('/').filter(|part| !part.is_empty() && *part != ".");
    // Some file systems take `SRC` and `src` for the same.
    Some(parts.take_while(|part| !part.contains(WILD)).map(str::to_lowercase).collect())
}

/// A path as people name it, as a pattern of that very place: `docs/` is the folder here, not each one of that name.
#[must_use]
pub fn anchored(pattern: &str) -> String {
    let (not, plain) = pattern.strip_prefix('!').map_or(("", pattern), |rest| ("!", rest));
    let inside = plain.trim_end_matches('/');
    if plain.starts_with('/') || plain.starts_with("./") || inside.contains('/') || inside.contains(WILD) {
        return pattern.to_owned();
    }
    format!("{not}/{plain}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn paths(patterns: &[&str]) -> Footprint {
        Footprint::Paths(patterns.iter().map(|pattern| (*pattern).to_owned()).collect())
    }

    #[test]
    fn paths_overlap_where_one_is_in_the_other() {
        for (a, b) in [
            ("/src/", "/src/a.rs"),
            ("src/**/*.rs", "/src/deep/"),
            ("/src", "/SRC/"),
            ("*.md", "/docs/"),
            ("docs/", "/src/docs/"),
            ("/a/b*", "/a/c"),
            ("./x/y", "x/y"),
        ] {
            assert!(paths(&[a]).overlaps(&paths(&[b])), "{a} {b}");
        }
        for (a, b) in
            [("/src/", "/docs/"), ("/src/a/", "/src/ab/"), ("/src/a.rs", "/src/b.rs"), ("!*.md", "/a")]
        {
            assert!(!paths(&[a]).overlaps(&paths(&[b])), "{a} {b}");
        }
        assert!(paths(&["/a", "/b"]).overlaps(&paths(&["/c", "/b/x"])));
    }

    #[test]
    fn a_job_that_says_nothing_touches_all_or_nothing() {
        assert!(Footprint::Whole.overlaps(&Footprint::Whole) && Footprint::Whole.overlaps(&paths(&["/a"])));
        for other in [Footprint::Nothing, Footprint::Whole, paths(&["/a"])] {
            assert!(!Footprint::Nothing.overlaps(&other) && !other.overlaps(&Footprint::Nothing));
        }
    }

    #[test]
    fn what_is_named_is_meant_here() {
        for (given, meant) in [
            ("docs/", "/docs/"),
            ("README.md", "/README.md"),
            ("*.md", "*.md"),
            ("a/b", "a/b"),
            ("!x", "!/x"),
        ] {
            assert_eq!(anchored(given), meant);
        }
    }

    proptest! {
        /// What really matches both patterns is never missed: a file below both places.
        #[test]
        fn a_file_in_both_places_is_an_overlap(
            parts in proptest::collection::vec("[a-c]{1,2}", 1..5), a in 1_usize..5, b in 1_usize..5, star in any::<bool>(),
        ) {
            let upto = |n: usize| format!("/{}", parts[..n.min(parts.len())].join("/"));
            let mut other = upto(b);
            if star {
                other.push_str("/**/*.rs");
            }
            let (one, other) = (paths(&[&upto(a)]), paths(&[&other]));
            prop_assert!(one.overlaps(&other) && other.overlaps(&one));
        }
    }
}
