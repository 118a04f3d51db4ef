//! The bundled layer: the default plugins inside the binary.

use cc_domain::Layer;

use super::{Entry, Package, Status};
use crate::{
    PolicyError,
    manifest::{Manifest, host_version},
};

/// A default plugin, as it was built.
#[derive(Clone, Copy, Debug)]
pub struct Bundled {
    /// Its folder's name.
    pub name: &'static str,
    /// Its `plugin.toml`, with the component's digest.
    pub manifest: &'static str,
    /// Its component.
    pub component: &'static [u8],
}

macro_rules! bundled {
    ($($name:literal),*) => {
        [$(Bundled {
            name: $name,
            manifest: include_str!(concat!("../../../../plugins/bundled/", $name, ".toml")),
            component: include_bytes!(concat!("../../../../plugins/bundled/", $name, ".wasm")),
        }),*]
    };
}

/// The default plugins.
pub const BUNDLED: [Bundled; 5] =
    bundled!("router", "model-scorer", "run-reviewer", "secret-rules", "prompt-pack");

/// Every default plugin. One that does not fit this binary is a mistake in how the binary was built.
pub(super) fn entries() -> Result<Vec<Entry>, PolicyError> {
    BUNDLED.iter().map(entry).collect()
}

fn entry(bundled: &Bundled) -> Result<Entry, PolicyError> {
    let manifest = Manifest::parse(&format!("{}.toml", bundled.name), bundled.manifest)?;
    let fault = manifest.check_host(&host_version()).err().map(|error| error.to_string());
    let digest = manifest.sha256.clone();
    let digest = digest.ok_or_else(|| PolicyError::Bundle(format!("{} has no sha256", bundled.name)))?;
    Ok(Entry {
        id: manifest.id.to_string(),
        version: manifest.version.to_string(),
        world: Some(manifest.world),
        layer: Layer::Bundled,
        order: 0,
        digest,
        limits: manifest.granted(),
        description: manifest.description,
        source: "cc-orchestrator".into(),
        config: manifest.config,
        package: Package::Inside(bundled.component),
        status: if fault.is_none() { Status::Ready } else { Status::Incompatible },
        reason: fault,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{World, digest, inspect};

    #[test]
    fn every_default_plugin_fits_this_binary_and_is_what_its_manifest_says() {
        let entries = entries().expect("entries");
        for (entry, bundled) in entries.iter().zip(BUNDLED) {
            assert_eq!(entry.status, Status::Ready, "{:?}", entry.reason);
            assert_eq!(entry.digest, digest(bundled.component), "{}", bundled.name);
            let found = inspect(bundled.component).expect("a component");
            assert_eq!(Some(found.world), entry.world);
        }
        let mut worlds: Vec<_> = entries.iter().filter_map(|entry| entry.world).collect();
        worlds.sort_unstable();
        assert_eq!(worlds, World::ALL);
    }
}
