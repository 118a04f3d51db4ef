//! Looks at a component before anything of it is compiled.

use semver::Version;
use wasmparser::{Chunk, ComponentExternalKind, Encoding, Parser, Payload};

use super::{PluginError, PluginErrorKind, World, contract, text::tidy};

/// Longest name of an import or export that an error repeats, in bytes.
const NAME_BYTES: usize = 200;
/// Imports and exports that are kept; a policy component has one of each.
const NAMES: usize = 1000;

/// What a component says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// The world whose interface it exports.
    pub world: World,
    /// The policy version it was built against.
    pub policy: Version,
    /// Names of its imports.
    pub imports: Vec<String>,
    /// Names of its exports.
    pub exports: Vec<String>,
    /// Bytes.
    pub size: u64,
}

/// Reads a component's imports and exports, and refuses one that this host cannot run.
///
/// # Errors
/// `Truncated`, `NotAComponent`, `Invalid`, `NewerPolicy`, `ForbiddenImport` or `WrongWorld`.
pub fn inspect(bytes: &[u8]) -> Result<Inspection, PluginError> {
    let (imports, exports) = names(bytes)?;
    let (world, policy) = contract::of(&imports, &exports)?;
    Ok(Inspection { world, policy, imports, exports, size: bytes.len() as u64 })
}

/// Names of the outermost component's imports and exports.
fn names(bytes: &[u8]) -> Result<(Vec<String>, Vec<String>), PluginError> {
    let mut names = (Vec::new(), Vec::new());
    let mut parser = Parser::new(0);
    let mut rest = bytes;
    loop {
        let chunk =
            parser.parse(rest, rest.is_empty() && !bytes.is_empty()).map_err(|e| invalid(&e, bytes))?;
        let Chunk::Parsed { consumed, payload } = chunk else { return Err(truncated(bytes.len())) };
        rest = rest.get(consumed..).ok_or_else(|| truncated(bytes.len()))?;
        match payload {
            Payload::Version { encoding: Encoding::Module, .. } => return Err(core_module()),
            // What is inside satisfies its imports inside; the outer parser goes on behind it.
            Payload::ModuleSection { unchecked_range, .. }
            | Payload::ComponentSection { unchecked_range, .. } => {
                rest = rest.get(unchecked_range.len()..).ok_or_else(|| truncated(bytes.len()))?;
            }
            Payload::End(_) => return Ok(names),
            other => collect(&other, &mut names).map_err(|e| invalid(&e, bytes))?,
        }
    }
}

type Names = (Vec<String>, Vec<String>);

fn collect(payload: &Payload<'_>, (imports, exports): &mut Names) -> wasmparser::Result<()> {
    match payload {
        Payload::ComponentImportSection(section) => {
            for import in section.clone() {
                keep(imports, import?.name.name);
            }
        }
        Payload::ComponentExportSection(section) => {
            for export in section.clone() {
                let export = export?;
                if export.kind == ComponentExternalKind::Instance {
                    keep(exports, export.name.name);
                }
            }
        }
        _ => {}
    }
    Ok(())
}

fn keep(names: &mut Vec<String>, name: &str) {
    if names.len() < NAMES {
        names.push(tidy(name, NAME_BYTES));
    }
}

fn truncated(size: usize) -> PluginError {
    PluginError::new(PluginErrorKind::Truncated, format!("is cut off after {size} bytes"))
        .hint("copy or download the file again")
}

fn core_module() -> PluginError {
    PluginError::new(PluginErrorKind::NotAComponent, "is a core WebAssembly module, not a component")
        .hint("build it with `cc-orchestrator plugin build`, which makes the component")
}

fn invalid(error: &wasmparser::BinaryReaderError, bytes: &[u8]) -> PluginError {
    if !bytes.starts_with(b"\0asm") {
        return PluginError::new(PluginErrorKind::NotAComponent, "is not WebAssembly").hint(
            "name the component that `cc-orchestrator plugin build` made (a .wasm file, not text or source)",
        );
    }
    let what = format!("is not a valid component: {}", tidy(&error.to_string(), super::limits::ERROR_BYTES));
    PluginError::new(PluginErrorKind::Invalid, what).hint("build it again, or copy the file again")
}
