//! What a scaffold is made of: the files under `plugins/scaffold`, the SDK and the contract.

use crate::{
    build::{Language, POLICY_WIT},
    engine::World,
};

macro_rules! scaffold {
    ($($part:expr),+) => {
        include_str!(concat!("../../../../plugins/scaffold/", $($part),+))
    };
}

const SDK: &str = include_str!("../../../../plugins/sdk/src/lib.rs");
const MODEL_NAME: &str = include_str!("../../../../plugins/sdk/src/model_name.rs");
/// Where the SDK looks for the contract here, and where in a scaffold.
const WIT_HERE: &str = "../../wit/policy-v1";
const WIT_THERE: &str = "../wit";

/// The file that decides.
pub(super) fn main_file(language: Language, world: World) -> &'static str {
    macro_rules! of {
        ($folder:literal, $end:literal) => {
            match world {
                World::Router => scaffold!($folder, "/router.", $end),
                World::ModelScorer => scaffold!($folder, "/model-scorer.", $end),
                World::RunReviewer => scaffold!($folder, "/run-reviewer.", $end),
                World::SecretScanner => scaffold!($folder, "/secret-scanner.", $end),
                World::PromptPack => scaffold!($folder, "/prompt-pack.", $end),
            }
        };
    }
    match language {
        Language::Rust => of!("rust", "rs"),
        Language::JavaScript => of!("js", "js"),
        Language::Python => of!("python", "py"),
    }
}

/// Everything else of one language: path and content.
pub(super) fn others(language: Language) -> Vec<(&'static str, String)> {
    match language {
        Language::Rust => vec![
            ("Cargo.toml", scaffold!("rust/Cargo.toml").into()),
            ("sdk/Cargo.toml", scaffold!("rust/sdk.toml").into()),
            ("sdk/src/lib.rs", SDK.replace(WIT_HERE, WIT_THERE)),
            ("sdk/src/model_name.rs", MODEL_NAME.into()),
            (".gitignore", "/target\n/dist\n".into()),
        ],
        Language::JavaScript => vec![
            ("package.json", scaffold!("js/package.json").into()),
            (".gitignore", "/node_modules\n/dist\n".into()),
        ],
        Language::Python => vec![
            ("requirements.txt", scaffold!("python/requirements.txt").into()),
            (".gitignore", "/.venv\n/dist\n__pycache__/\n".into()),
        ],
    }
}

pub(super) const README: &str = scaffold!("README.md");

pub(super) fn wit() -> (&'static str, String) {
    ("wit/policy.wit", POLICY_WIT.into())
}

/// The questions that a world's scaffold is tested with, and their answers, which are the same in every language.
pub(super) fn fixtures(world: World) -> &'static [(&'static str, &'static str)] {
    macro_rules! of {
        ($world:literal: $($name:literal),*) => {
            &[$(
                (concat!("fixtures/", $name, ".json"), scaffold!("fixtures/", $world, ".", $name, ".json")),
                (
                    concat!("fixtures/", $name, ".expected.json"),
                    scaffold!("fixtures/", $world, ".", $name, ".expected.json"),
                ),
            )*]
        };
    }
    match world {
        World::Router => of!("router": "cheapest", "nothing-usable"),
        World::ModelScorer => of!("model-scorer": "favourite"),
        World::RunReviewer => of!("run-reviewer": "no-tests", "tested"),
        World::SecretScanner => of!("secret-scanner": "rules", "classify"),
        World::PromptPack => of!("prompt-pack": "changelog", "missing-variable"),
    }
}
