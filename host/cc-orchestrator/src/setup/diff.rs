//! The change as people read it.

use std::path::Path;

use similar::TextDiff;

/// A unified diff from `before` to `after` with three lines of context; empty when they are equal.
pub(super) fn unified(path: &Path, before: &str, after: &str) -> String {
    let name = path.display().to_string();
    TextDiff::from_lines(before, after).unified_diff().context_radius(3).header(&name, &name).to_string()
}
