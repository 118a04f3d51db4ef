//! Where profiles come from, in words.

use cc_profiles::Origin;

/// For people and controllers.
pub(crate) fn words(origin: &Origin) -> String {
    match origin {
        Origin::Database(path) => format!("CC Switch, {}", path.display()),
        Origin::LegacyJson(path) => format!("CC Switch before 3.8, {}", path.display()),
        Origin::OwnLogin => "no CC Switch: Claude Code's own login".to_owned(),
    }
}
