//! Tiny plugins that always say the same, and a home to keep them in.

use std::{
    fs,
    path::{Path, PathBuf},
};

use cc_domain::{Candidate, RouteRequest, Said};
use cc_policy::{Added, Policy, PolicyConfig, PolicyError, RouteDecision, Status, add_local, engine::digest};

use crate::component;

/// Where the answer lies in a plugin's memory.
const ANSWER: usize = 1024;
/// Where its texts lie.
const TEXTS: usize = 4096;

/// What a router always says.
pub(crate) enum Say {
    Keep,
    Choose(&'static str, &'static str),
    Deny(&'static str),
    Trap,
}

/// The answer as the canonical ABI has it in memory.
#[derive(Default)]
pub(crate) struct Memory {
    answer: Vec<u8>,
    texts: Vec<u8>,
}

impl Memory {
    pub(crate) fn word(mut self, value: usize) -> Self {
        self.answer.extend((value as u32).to_le_bytes());
        self
    }

    pub(crate) fn text(mut self, text: &str) -> Self {
        let at = TEXTS + self.texts.len();
        self.texts.extend(text.as_bytes());
        self.word(at).word(text.len())
    }

    fn data(&self) -> String {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("\\{byte:02x}")).collect::<String>();
        format!(
            "(data (i32.const {ANSWER}) \"{}\") (data (i32.const {TEXTS}) \"{}\")",
            hex(&self.answer),
            hex(&self.texts)
        )
    }
}

/// A component of a world whose functions all answer what `memory` holds, or trap when there is none.
pub(crate) fn plugin(
    world: &str,
    interface: &str,
    functions: &[(&str, usize)],
    memory: Option<&Memory>,
) -> Vec<u8> {
    let body = if memory.is_some() { format!("i32.const {ANSWER}") } else { "unreachable".into() };
    let function = |(name, parameters): &(&str, usize)| {
        let parameters = "(param i32)".repeat(*parameters);
        format!(
            "(func (export \"cc-orchestrator:policy/{interface}@1.0.0#{name}\") {parameters} (result i32) {body})"
        )
    };
    let functions: String = functions.iter().map(function).collect();
    let data = memory.map(Memory::data).unwrap_or_default();
    let core = format!(
        "(module (memory (export \"memory\") 4) (global $next (mut i32) (i32.const 65536))
           (func (export \"cabi_realloc\") (param i32 i32 i32 i32) (result i32) (local $at i32)
             (local.set $at (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
             (global.set $next (i32.add (local.get $at) (local.get 3)))
             (local.get $at))
           {functions} {data})"
    );
    component::of(component::POLICY, world, &core)
}

pub(crate) fn router(say: Say) -> Vec<u8> {
    let memory = Memory::default().word(0);
    let memory = match say {
        Say::Keep => Some(memory.word(0)),
        Say::Choose(profile, model) => Some(memory.word(1).text(profile).text(model).text("because")),
        Say::Deny(reason) => Some(memory.word(2).text(reason)),
        Say::Trap => None,
    };
    plugin("router", "routing", &[("route", 1)], memory.as_ref())
}

/// A scanner with no rules of its own, or one that traps.
pub(crate) fn scanner(works: bool) -> Vec<u8> {
    let empty = Memory::default().word(0).word(0).word(0);
    plugin("secret-scanner", "secret-rules", &[("rules", 0), ("classify", 2)], works.then_some(&empty))
}

/// Writes a package.
pub(crate) fn package(folder: &Path, id: &str, world: &str, bytes: &[u8]) {
    package_for(folder, id, world, bytes, ">=0.1.0, <1.0.0");
}

pub(crate) fn package_for(folder: &Path, id: &str, world: &str, bytes: &[u8], host: &str) {
    let sha256 = digest(bytes);
    let manifest = format!(
        "id = \"{id}\"\nversion = \"1.0.0\"\nworld = \"{world}\"\nhost = \"{host}\"\nsha256 = \"{sha256}\"\n"
    );
    fs::create_dir_all(folder).expect("a folder");
    fs::write(folder.join("plugin.toml"), manifest).expect("written");
    fs::write(folder.join("plugin.wasm"), bytes).expect("written");
}

/// A home and a project of a test's own.
pub(crate) struct World {
    root: tempfile::TempDir,
}

impl World {
    pub(crate) fn new() -> Self {
        let root = tempfile::tempdir().expect("a folder");
        fs::create_dir_all(root.path().join("project")).expect("a folder");
        Self { root }
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.root.path().join("home")
    }

    pub(crate) fn project(&self) -> PathBuf {
        self.root.path().join("project")
    }

    pub(crate) fn policy(&self) -> Policy {
        Policy::new(PolicyConfig { home: self.home(), project: Some(self.project()) })
    }

    pub(crate) fn source(&self, id: &str, world: &str, bytes: &[u8]) -> PathBuf {
        let folder = self.root.path().join("sources").join(id);
        package(&folder, id, world, bytes);
        folder
    }

    pub(crate) fn add(&self, id: &str, world: &str, bytes: &[u8]) -> Added {
        add_local(&self.home(), &self.source(id, world, bytes)).expect("added")
    }

    pub(crate) fn add_router(&self, id: &str, say: Say) -> Added {
        self.add(id, "router", &router(say))
    }

    pub(crate) fn project_plugin(&self, id: &str, world: &str, bytes: &[u8]) -> PathBuf {
        let folder = self.project().join(".cc-orchestrator/plugins").join(id);
        package(&folder, id, world, bytes);
        folder
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::create_dir_all(self.home()).expect("a folder");
        fs::write(self.home().join(name), text).expect("written");
    }

    pub(crate) fn edit(&self, name: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.home().join(name)).expect("readable");
        assert!(text.contains(from), "{text}");
        self.write(name, &text.replace(from, to));
    }
}

pub(crate) fn candidates() -> Vec<Candidate> {
    let candidate = |id: &str, name: &str, model: &str, score| Candidate {
        profile_id: id.into(),
        profile_name: name.into(),
        model: model.into(),
        current: false,
        usable: true,
        score,
        attributes: Vec::new(),
    };
    vec![
        candidate("p1", "Kimi", "k2", 6.0),
        candidate("p2", "深度求索", "v4", 8.0),
        candidate("p3", "GLM", "4.6", 7.0),
    ]
}

pub(crate) fn request() -> RouteRequest {
    RouteRequest {
        role: "review".parse().expect("a role"),
        task_type: None,
        write: false,
        attributes: Vec::new(),
    }
}

pub(crate) fn route(policy: &Policy) -> Result<RouteDecision, PolicyError> {
    policy.route(&request(), &candidates(), None)
}

pub(crate) fn chosen(policy: &Policy) -> String {
    route(policy).expect("routed").choice.profile_id
}

/// What a plugin said in a decision; none when it was not asked.
pub(crate) fn said(decision: &RouteDecision, id: &str) -> Option<Said> {
    decision.trace.iter().find(|step| step.who == id).map(|step| step.said)
}

/// A plugin's status and reason.
pub(crate) fn status(policy: &Policy, id: &str) -> Option<(Status, String)> {
    let found = policy.plugins().into_iter().find(|plugin| plugin.id == id)?;
    Some((found.status, found.reason.unwrap_or_default()))
}
