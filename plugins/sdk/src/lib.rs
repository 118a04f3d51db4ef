//! What a Rust plugin author depends on: one module a world, one macro to export from it.
//!
//! ```
//! use cc_policy_sdk::router::{Candidate, Choice, Failure, Guest, Request, Verdict};
//!
//! struct CheapestFirst;
//!
//! impl Guest for CheapestFirst {
//!     fn route(
//!         _request: Request,
//!         candidates: Vec<Candidate>,
//!         _proposal: Option<Choice>,
//!     ) -> Result<Verdict, Failure> {
//!         let price = |c: &Candidate| cc_policy_sdk::number(&c.attributes, "price.output");
//!         let cheapest = candidates.iter().filter(|c| c.usable).min_by(|a, b| {
//!             price(a).unwrap_or(f64::MAX).total_cmp(&price(b).unwrap_or(f64::MAX))
//!         });
//!         Ok(cheapest.map_or(Verdict::Keep, |c| {
//!             Verdict::Choose(Choice {
//!                 profile_id: c.profile_id.clone(),
//!                 model: c.model.clone(),
//!                 reason: "the cheapest that can run".into(),
//!             })
//!         }))
//!     }
//! }
//!
//! cc_policy_sdk::export_router!(CheapestFirst);
//! ```
//!
//! Build it with `cc-orchestrator plugin build`. On the host's own target the same code compiles as
//! an ordinary library, so `cargo test` tests it without any WebAssembly.
// The bindings that wit-bindgen writes are `unsafe` by nature; nothing else here is.
#![allow(unsafe_code, missing_docs, unreachable_pub, clippy::unwrap_used, clippy::expect_used)]

mod model_name;

pub use model_name::ModelName;

/// Open-ended facts, as every world passes them.
pub type Attributes = [(String, String)];

/// The value of an attribute.
#[must_use]
pub fn text<'a>(attributes: &'a Attributes, key: &str) -> Option<&'a str> {
    attributes.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str())
}

/// The value of an attribute that is a finite number.
#[must_use]
pub fn number(attributes: &Attributes, key: &str) -> Option<f64> {
    text(attributes, key)?.trim().parse().ok().filter(|n: &f64| n.is_finite())
}

/// The value of an attribute that is `true` or `false`.
#[must_use]
pub fn flag(attributes: &Attributes, key: &str) -> Option<bool> {
    text(attributes, key)?.trim().parse().ok()
}

macro_rules! world {
    ($module:ident, $world:literal, $interface:ident, $bind:literal) => {
        #[doc = concat!("The `", $world, "` world: implement [`", stringify!($module), "::Guest`].")]
        pub mod $module {
            wit_bindgen::generate!({
                path: "../../wit/policy-v1",
                world: $world,
                pub_export_macro: true,
                export_macro_name: $bind,
                default_bindings_module: "cc_policy_sdk",
            });
            pub use self::cc_orchestrator::policy::host::{Failure, Level};
            pub use self::exports::cc_orchestrator::policy::$interface::*;

            /// Writes one line to the host's log.
            pub fn log(level: Level, message: &str) {
                // A native build has no host; tests and benchmarks run the same code without one.
                #[cfg(target_arch = "wasm32")]
                self::cc_orchestrator::policy::host::log(level, message);
                #[cfg(not(target_arch = "wasm32"))]
                let _ = (level, message);
            }

            /// The value the user set for this plugin.
            #[must_use]
            pub fn config(key: &str) -> Option<String> {
                #[cfg(target_arch = "wasm32")]
                return self::cc_orchestrator::policy::host::config(key);
                #[cfg(not(target_arch = "wasm32"))]
                {
                    let _ = key;
                    None
                }
            }
        }
    };
}

world!(router, "router", routing, "bind_router");
world!(model_scorer, "model-scorer", model_scoring, "bind_model_scorer");
world!(run_reviewer, "run-reviewer", run_review, "bind_run_reviewer");
world!(secret_scanner, "secret-scanner", secret_rules, "bind_secret_scanner");
world!(prompt_pack, "prompt-pack", prompts, "bind_prompt_pack");

/// Makes a type the component's router.
#[macro_export]
macro_rules! export_router {
    ($plugin:ident) => {
        #[cfg(target_arch = "wasm32")]
        $crate::router::bind_router!($plugin with_types_in $crate::router);
        // WIT names are no native symbols: a native build exports nothing, but still checks the type.
        #[cfg(not(target_arch = "wasm32"))]
        const _: () = {
            const fn is_guest<T: $crate::router::Guest>() {}
            is_guest::<$plugin>();
        };
    };
}

/// Makes a type the component's model scorer.
#[macro_export]
macro_rules! export_model_scorer {
    ($plugin:ident) => {
        #[cfg(target_arch = "wasm32")]
        $crate::model_scorer::bind_model_scorer!($plugin with_types_in $crate::model_scorer);
        // WIT names are no native symbols: a native build exports nothing, but still checks the type.
        #[cfg(not(target_arch = "wasm32"))]
        const _: () = {
            const fn is_guest<T: $crate::model_scorer::Guest>() {}
            is_guest::<$plugin>();
        };
    };
}

/// Makes a type the component's run reviewer.
#[macro_export]
macro_rules! export_run_reviewer {
    ($plugin:ident) => {
        #[cfg(target_arch = "wasm32")]
        $crate::run_reviewer::bind_run_reviewer!($plugin with_types_in $crate::run_reviewer);
        // WIT names are no native symbols: a native build exports nothing, but still checks the type.
        #[cfg(not(target_arch = "wasm32"))]
        const _: () = {
            const fn is_guest<T: $crate::run_reviewer::Guest>() {}
            is_guest::<$plugin>();
        };
    };
}

/// Makes a type the component's secret scanner.
#[macro_export]
macro_rules! export_secret_scanner {
    ($plugin:ident) => {
        #[cfg(target_arch = "wasm32")]
        $crate::secret_scanner::bind_secret_scanner!($plugin with_types_in $crate::secret_scanner);
        // WIT names are no native symbols: a native build exports nothing, but still checks the type.
        #[cfg(not(target_arch = "wasm32"))]
        const _: () = {
            const fn is_guest<T: $crate::secret_scanner::Guest>() {}
            is_guest::<$plugin>();
        };
    };
}

/// Makes a type the component's prompt pack.
#[macro_export]
macro_rules! export_prompt_pack {
    ($plugin:ident) => {
        #[cfg(target_arch = "wasm32")]
        $crate::prompt_pack::bind_prompt_pack!($plugin with_types_in $crate::prompt_pack);
        // WIT names are no native symbols: a native build exports nothing, but still checks the type.
        #[cfg(not(target_arch = "wasm32"))]
        const _: () = {
            const fn is_guest<T: $crate::prompt_pack::Guest>() {}
            is_guest::<$plugin>();
        };
    };
}
