//! Which names a policy component may import and must export.

use semver::Version;

use super::{PluginError, PluginErrorKind, World};

/// The package every policy interface is in.
const PACKAGE: &str = "cc-orchestrator:policy";

/// The policy version this host offers; it also runs what was built against a lower minor version.
pub(crate) const OFFERED: Version = Version::new(1, 0, 0);

/// World and policy version of a component with these imports and exports.
///
/// A newer policy is looked for first: it explains whatever else is unknown.
pub(super) fn of(imports: &[String], exports: &[String]) -> Result<(World, Version), PluginError> {
    for name in imports.iter().chain(exports) {
        refuse_newer(name)?;
    }
    for name in imports {
        refuse_foreign(name)?;
    }
    let offered: Vec<_> = exports.iter().filter_map(|name| Interface::parse(name)).collect();
    match offered.as_slice() {
        [one] => one.world_and_version(),
        [] => Err(wrong_world(format!("exports no policy interface{}", list(exports)))),
        _ => Err(wrong_world(format!("exports more than one policy interface{}", list(exports)))),
    }
}

/// A name inside the policy package.
struct Interface<'a> {
    name: &'a str,
    version: Option<Version>,
}

impl<'a> Interface<'a> {
    fn parse(name: &'a str) -> Option<Self> {
        let rest = name.strip_prefix(PACKAGE)?.strip_prefix('/')?;
        let (name, version) = rest.split_once('@').map_or((rest, None), |(n, v)| (n, Version::parse(v).ok()));
        Some(Self { name, version })
    }

    fn is_known(&self) -> bool {
        self.name == "host" || World::of_interface(self.name).is_some()
    }

    fn world_and_version(&self) -> Result<(World, Version), PluginError> {
        let Some(world) = World::of_interface(self.name) else {
            return Err(wrong_world(format!("exports '{}', which is no interface of policy 1.x", self.name)));
        };
        match &self.version {
            Some(version) if version.major == OFFERED.major => Ok((world, version.clone())),
            _ => Err(wrong_world(format!("exports '{}' without a version of policy 1.x", self.name))),
        }
    }
}

fn refuse_newer(name: &str) -> Result<(), PluginError> {
    let Some(interface) = Interface::parse(name) else { return Ok(()) };
    match &interface.version {
        Some(version) if version.major > OFFERED.major => Err(newer(format!("{}.x", version.major))),
        Some(version) if version.minor > OFFERED.minor && !interface.is_known() => {
            Err(newer(format!("{}.{}", version.major, version.minor)))
        }
        _ => Ok(()),
    }
}

fn refuse_foreign(name: &str) -> Result<(), PluginError> {
    if Interface::parse(name).is_some_and(|interface| interface.name == "host") {
        return Ok(());
    }
    let error = PluginError::new(
        PluginErrorKind::ForbiddenImport,
        format!("imports '{name}', and a policy plugin may import {PACKAGE}/host and nothing else"),
    );
    Err(error.hint(if name.starts_with("wasi:") {
        "build it without WASI: Rust with `cc-orchestrator plugin build` (target wasm32-unknown-unknown), JavaScript \
         with componentize-js and disableFeatures ['stdio', 'random', 'clocks', 'http', 'fetch-event'], Python with \
         componentize-py and --stub-wasi"
    } else {
        "remove what needs it, or compose the component with what provides it"
    }))
}

/// The plugin was built against a policy that this host does not have.
pub(super) fn newer(needs: impl std::fmt::Display) -> PluginError {
    let offers = format!("{}.{}", OFFERED.major, OFFERED.minor);
    PluginError::new(
        PluginErrorKind::NewerPolicy,
        format!("needs policy {needs}, and this host offers {offers}"),
    )
    .hint(format!("upgrade cc-orchestrator, or build the plugin against policy {offers}"))
}

fn wrong_world(what: String) -> PluginError {
    let worlds = World::ALL.map(World::as_str).join(", ");
    PluginError::new(PluginErrorKind::WrongWorld, what)
        .hint(format!("build it for exactly one of the worlds {worlds} of {PACKAGE}"))
}

fn list(exports: &[String]) -> String {
    let shown = exports.iter().take(5).map(String::as_str).collect::<Vec<_>>().join(", ");
    if shown.is_empty() { String::new() } else { format!(" ({shown})") }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: &str = "cc-orchestrator:policy/host@1.0.0";
    const ROUTING: &str = "cc-orchestrator:policy/routing@1.0.0";

    fn judge(imports: &[&str], exports: &[&str]) -> Result<(World, Version), PluginError> {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        of(&owned(imports), &owned(exports))
    }

    fn refused(imports: &[&str], exports: &[&str]) -> PluginError {
        judge(imports, exports).expect_err("refused")
    }

    #[test]
    fn one_policy_interface_makes_the_world_whatever_else_is_exported() {
        let found = judge(&[HOST], &["team:own/extra", ROUTING]).expect("a router");
        assert_eq!(found, (World::Router, Version::new(1, 0, 0)));
        assert_eq!(
            judge(&[], &["cc-orchestrator:policy/prompts@1.0.7"]).expect("a pack").0,
            World::PromptPack
        );
    }

    #[test]
    fn a_newer_major_says_so_before_anything_else() {
        let error = refused(&["wasi:io/streams@0.2.0"], &["cc-orchestrator:policy/routing@2.1.0"]);
        assert_eq!(error.kind, PluginErrorKind::NewerPolicy);
        assert!(
            error.to_string().contains("needs policy 2.x, and this host offers 1.0; upgrade cc-orchestrator")
        );
        let minor = refused(&[HOST], &["cc-orchestrator:policy/scheduling@1.3.0"]);
        assert!(minor.to_string().contains("needs policy 1.3"), "{minor}");
    }

    #[test]
    fn a_wasi_import_is_named_with_the_way_to_build_without_it() {
        let error = refused(&[HOST, "wasi:cli/environment@0.2.3"], &[ROUTING]);
        assert_eq!(error.kind, PluginErrorKind::ForbiddenImport);
        assert!(error.what.contains("wasi:cli/environment@0.2.3"));
        assert!(error.hint.expect("a hint").contains("--stub-wasi"));
        assert_eq!(refused(&["team:own/clock"], &[ROUTING]).kind, PluginErrorKind::ForbiddenImport);
    }

    #[test]
    fn no_interface_two_interfaces_and_an_unversioned_one_are_no_world() {
        for exports in [
            &["team:own/thing"][..],
            &[ROUTING, "cc-orchestrator:policy/prompts@1.0.0"],
            &["cc-orchestrator:policy/routing"],
            &["cc-orchestrator:policy/routing@0.9.0"],
        ] {
            assert_eq!(refused(&[HOST], exports).kind, PluginErrorKind::WrongWorld, "{exports:?}");
        }
    }
}
