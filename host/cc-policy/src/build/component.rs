//! A core module and the WIT inside it, made into a component.

use std::path::Path;

use wit_component::ComponentEncoder;

use crate::PolicyError;

/// Encodes a core module. Its bindings left the WIT in a custom section.
pub(super) fn encode(folder: &Path, module: &[u8]) -> Result<Vec<u8>, PolicyError> {
    let encoded =
        ComponentEncoder::default().validate(true).module(module).and_then(|mut encoder| encoder.encode());
    encoded.map_err(|error| PolicyError::Build {
        program: "making the component".into(),
        folder: folder.into(),
        message: format!(
            "{error:#}. Export a plugin with one of the SDK's export macros, and use nothing of WASI"
        ),
    })
}
