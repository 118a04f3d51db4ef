//! One user's home, and two programs that work in it.

use std::{collections::BTreeMap, fs, path::Path, process::Stdio};

use cc_domain::Role;
use cc_orchestrator_tests::{
    Finished, Sandbox,
    plugin::{self, Router},
    product,
    script::Step,
};
use serde_json::Value;

fn roles() -> impl Iterator<Item = &'static str> {
    Role::KNOWN.iter().map(|info| info.name)
}

/// A program in the world.
struct Program<'a> {
    sandbox: &'a Sandbox,
    path: &'a Path,
}

impl Program<'_> {
    fn run(&self, arguments: &[&str]) -> Finished {
        let mut command = std::process::Command::new(self.path);
        self.sandbox.isolate(&mut command);
        command.current_dir(self.sandbox.project()).stdin(Stdio::null()).arg("--json").args(arguments);
        Finished::of(&mut command)
    }

    fn ok(&self, arguments: &[&str]) -> Value {
        let finished = self.run(arguments);
        assert_eq!(finished.code, Some(0), "{}: {arguments:?}: {finished:?}", self.path.display());
        finished.json()
    }

    /// Who would get each role.
    fn routes(&self) -> BTreeMap<&'static str, (Value, Value)> {
        let route = |role| {
            let picked = self.ok(&["pick-profile", "--role", role]);
            (picked["profile"].clone(), picked["model"].clone())
        };
        roles().map(|role| (role, route(role))).collect()
    }

    fn runs(&self) -> Vec<String> {
        let listed = self.ok(&["run-status", "--include-finished", "--limit", "200"]);
        let mut ids: Vec<String> = listed["runs"]
            .as_array()
            .expect("runs")
            .iter()
            .map(|run| run["run_id"].as_str().expect("an id").to_owned())
            .collect();
        ids.sort();
        ids
    }
}

/// Goes from the release to today's program, back, and there again. Says what was looked at.
pub(crate) fn upgrade(release: &Path) -> String {
    let sandbox = Sandbox::with_profiles();
    sandbox.script(&[Step::finish("Done.")]);
    let old = Program { sandbox: &sandbox, path: release };
    let new = Program { sandbox: &sandbox, path: product() };

    use_it(&old);
    let (bytes, routes, runs) = (users_bytes(&sandbox), old.routes(), old.runs());
    assert!(runs.len() >= roles().count() && bytes.len() >= 6, "{runs:?} {:?}", bytes.keys());

    let found = new.ok(&["upgrade-check"]);
    assert_eq!(found["nothing_lost"], true, "{found:#}");
    assert_eq!(users_bytes(&sandbox), bytes, "looking changed something");
    let differing = differing(&routes, &new.routes(), &found);

    let applied = new.ok(&["upgrade-check", "--apply"]);
    assert_eq!((&applied["applied"], &applied["nothing_lost"]), (&true.into(), &true.into()), "{applied:#}");
    assert_eq!(users_bytes(&sandbox), bytes, "accepting changed something");
    new.ok(&["run-agent", "One more.", "--role", "review"]);
    let more = new.runs();
    assert!(runs.iter().all(|run| more.contains(run)) && more.len() == runs.len() + 1, "{more:?}");

    if found["schema"]["found"] != found["schema"]["known"] {
        let refused = old.run(&["run-status"]);
        assert!(
            refused.code != Some(0) && refused.stderr.contains("upgrade"),
            "an older program: {refused:?}"
        );
    }
    new.ok(&["upgrade-check", "--rollback"]);
    assert_eq!(users_bytes(&sandbox), bytes, "going back changed something");
    assert_eq!(old.runs(), more, "the older program sees every run, the newer one's too");
    assert_eq!(old.routes(), routes, "and decides as before");
    old.ok(&["run-agent", "And one of mine.", "--role", "review"]);

    assert_eq!(new.runs().len(), more.len() + 1);
    assert_eq!(users_bytes(&sandbox), bytes);
    format!(
        "{} files of the user's as they were, {} of {} routes differ and are listed, {} runs kept",
        bytes.len(),
        differing,
        roles().count(),
        more.len() + 1
    )
}

/// A user's router, a project's, overrides with a comment, a prompt, and a history.
fn use_it(old: &Program<'_>) {
    let sandbox = old.sandbox;
    let folder = sandbox.root().join("packages");
    let chooses = Router::Chooses { profile: "id-kimi", model: "kimi-k2.7-code" };
    plugin::write(&folder.join("user"), "team.router", chooses);
    old.ok(&["plugin", "add", folder.join("user").to_str().expect("a path")]);
    plugin::write(
        &sandbox.project().join(".cc-orchestrator/plugins/project.router"),
        "project.router",
        Router::Keeps,
    );
    old.ok(&["plugin", "trust", sandbox.project().to_str().expect("a path")]);
    let config = r#"{"preferred_models":{"security":"deepseek-v4-pro"},"notes":"mine"}"#;
    old.ok(&["local-policy", "--apply", "--config", config]);
    let overrides = sandbox.home().join("overrides.toml");
    let text = fs::read_to_string(&overrides).expect("overrides");
    fs::write(overrides, format!("# set with care\n{text}")).expect("overrides");
    fs::create_dir_all(sandbox.home().join("prompts")).expect("a folder");
    fs::write(sandbox.home().join("prompts/review.md"), "Be strict.\r\n").expect("a prompt");
    for role in roles() {
        old.ok(&["run-agent", "Do it.", "--role", role]);
    }
}

/// Everything in the home that is the user's, and the project's plugins.
fn users_bytes(sandbox: &Sandbox) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    let ours = ["backups", "cache", "logs", "projects", "worktrees", "versions"];
    for (base, skip) in [(sandbox.home(), &ours[..]), (sandbox.project().join(".cc-orchestrator"), &[][..])] {
        let mut folders = vec![base.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("a folder").flatten() {
                let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
                let state = name.starts_with("state.db")
                    || name.ends_with(".guard")
                    || name == "fingerprint-salt.lock";
                if skip.contains(&name.as_str()) || state {
                } else if path.is_dir() {
                    folders.push(path);
                } else {
                    let bytes = fs::read(&path).expect("a file");
                    all.insert(path.display().to_string(), bytes);
                }
            }
        }
    }
    all
}

/// How many routes differ. Each must be listed by the check.
fn differing(
    before: &BTreeMap<&str, (Value, Value)>,
    after: &BTreeMap<&'static str, (Value, Value)>,
    found: &Value,
) -> usize {
    let changed: Vec<&str> = roles().filter(|role| before[role] != after[role]).collect();
    let listed = found["decisions"].to_string();
    for role in &changed {
        assert!(
            listed.contains(&format!("\"{role}\"")),
            "the route of {role} differs, and is not listed: {found:#}"
        );
    }
    changed.len()
}
