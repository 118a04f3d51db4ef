//! A policy version that does not exist, with its adapter: what a later one adds to this host, in a test.

use cc_domain::{Candidate, Choice, RouteRequest, Verdict};
use wasmtime::{
    Store,
    component::{Component, ComponentExportIndex, HasSelf, Instance, Linker},
};

use crate::engine::{Guest, Hidden, Level, Plugin, PluginError, World};

#[path = "../../../tests/hostile/component.rs"]
mod component;

/// Types made from the WIT.
mod wit {
    // The macro implements wasmtime's `unsafe` type traits and documents nothing.
    #![allow(unsafe_code, missing_docs, unreachable_pub, dead_code, clippy::all, clippy::unwrap_used)]

    wasmtime::component::bindgen!({
        path: "tests/wit/policy-next",
        world: "cc-orchestrator:policy/ranked-router",
    });
}

use wit::{cc_orchestrator::policy::host, exports::cc_orchestrator::policy::ranked_routing as ranked};

/// The interface that stands for the new world.
pub(crate) const INTERFACE: &str = "ranked-routing";
const EXPORT: &str = "cc-orchestrator:policy/ranked-routing@1.1.0";

type Arguments = (ranked::Request, Vec<ranked::Candidate>);
type Answer = (Result<Vec<ranked::Choice>, host::Failure>,);

/// Where a component of the next version has its function.
pub(crate) struct Functions(ComponentExportIndex);

impl Functions {
    /// None when it was built against another version.
    pub(super) fn find(component: &Component, world: World) -> Option<Self> {
        let interface = component.get_export_index(None, EXPORT).filter(|_| world == World::Router)?;
        component.get_export_index(Some(&interface), "rank").map(Self)
    }

    pub(super) fn check(&self, store: &mut Store<Guest>, instance: &Instance) -> wasmtime::Result<()> {
        instance.get_typed_func::<Arguments, Answer>(store, self.0).map(drop)
    }
}

/// Asks a router of the next version as if it was one of this.
pub(super) fn route(
    plugin: &Plugin,
    functions: &Functions,
    request: &RouteRequest,
    candidates: &[Candidate],
) -> Result<Verdict, PluginError> {
    let request = ranked::Request { role: request.role.to_string(), attributes: request.attributes.clone() };
    let candidate = |c: &Candidate| ranked::Candidate {
        profile_id: c.profile_id.clone(),
        model: c.model.clone(),
        score: c.score,
    };
    let arguments = (request, candidates.iter().map(candidate).collect());
    let (answer,): Answer = plugin.call::<Arguments, Answer>(functions.0, Hidden::default(), arguments)?;
    let ranked = answer.map_err(|failure| plugin.blame(super::broken(failure.message)))?;
    let choice = |c: ranked::Choice| Choice { profile_id: c.profile_id, model: c.model, reason: c.reason };
    Ok(ranked.into_iter().next().map_or(Verdict::Keep, |first| Verdict::Choose(choice(first))))
}

pub(super) fn link(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    host::add_to_linker::<_, HasSelf<_>>(linker, |guest| guest)
}

impl host::Host for Guest {
    fn log(&mut self, _: host::Level, message: String) {
        Self::log(self, Level::Info, &message);
    }

    fn config(&mut self, key: String) -> Option<String> {
        Self::config(self, &key)
    }

    fn host_name(&mut self) -> String {
        "cc-orchestrator".into()
    }
}

#[cfg(test)]
mod tests {
    use super::{component, *};
    use crate::engine::{Engine, Limits, PluginSpec, digest, inspect};

    const NEXT: &str = include_str!("../../../tests/wit/policy-next/policy.wit");
    const GOOD: &str = include_str!("../../../tests/hostile/good.wat");

    fn load(engine: &Engine, bytes: &[u8]) -> Plugin {
        let spec = PluginSpec {
            id: "team.router".into(),
            version: "1.0.0".into(),
            digest: digest(bytes),
            world: World::Router,
            limits: Limits::default(),
            config: Vec::new(),
        };
        engine.load(bytes, &spec).expect("it loads")
    }

    #[test]
    fn plugins_of_two_policy_versions_live_side_by_side() {
        let old = component::of(component::POLICY, "router", GOOD);
        let new = component::of(NEXT, "ranked-router", include_str!("ranked.wat"));
        let version = |bytes: &[u8]| inspect(bytes).expect("a router").policy.to_string();
        assert_eq!((version(&old), version(&new)), ("1.0.0".into(), "1.1.0".into()));
        let engine = Engine::start(None).expect("an engine");
        let (old, new) = (load(&engine, &old), load(&engine, &new));
        let request = RouteRequest {
            role: "review".parse().expect("a role"),
            task_type: None,
            write: false,
            attributes: Vec::new(),
        };
        let candidates = [crate::decide::samples::candidate("p2", "Two", "b", 1.0)];
        let ask = |plugin: &Plugin| plugin.route(&request, &candidates, None).expect("an answer");
        for _ in 0..2 {
            assert_eq!(ask(&old), Verdict::Keep);
            let choice =
                Choice { profile_id: "p2".into(), model: "b".into(), reason: "cc-orchestrator".into() };
            assert_eq!(ask(&new), Verdict::Choose(choice));
        }
    }
}
