//! Which profiles may see a project: what the user's overrides, and the project itself, keep its work to.
//!
//! Boundaries only ever restrict, so all that apply count together, and a project may set its own without being trusted.
//! They fail closed: one that names nothing that exists lets nobody in.

use std::{
    collections::BTreeMap,
    env,
    path::{Path, PathBuf},
};

use cc_domain::{Candidate, Said, TraceStep};
use serde::Deserialize;

use crate::{
    PolicyError, files,
    overrides::{Boundary, OVERRIDES, Overrides},
    toml_text,
};

const HINT: &str = "Correct it: nothing is decided past a boundary that cannot be read";

/// A boundary that applies, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    /// `overrides.toml` of the user or of a project.
    file: String,
    folder: String,
    profiles: Vec<String>,
}

/// All boundaries of the projects that a job touches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Boundaries(Vec<Rule>);

/// A project's own file. Anything else in it counts only for those who trust the project.
#[derive(Default, Deserialize)]
struct ProjectFile {
    #[serde(default)]
    boundaries: BTreeMap<String, Boundary>,
}

impl Boundaries {
    /// One that applies.
    #[cfg(test)]
    pub(crate) fn to(profiles: &[String]) -> Self {
        let rule = Rule { file: OVERRIDES.into(), folder: "/work".into(), profiles: profiles.to_vec() };
        Self(vec![rule])
    }

    /// Those of some projects, by the user's overrides and by the projects themselves.
    pub(crate) fn of<'p>(
        overrides: &Overrides,
        projects: impl Iterator<Item = &'p Path>,
    ) -> Result<Self, PolicyError> {
        let mut rules = Vec::new();
        for project in projects {
            let forms = forms(project);
            rules.extend(matching(OVERRIDES, None, &overrides.boundaries, &forms)?);
            for folder in project.ancestors() {
                rules.extend(of_project(folder, &forms)?);
            }
        }
        rules.dedup();
        Ok(Self(rules))
    }

    /// The candidates that may see the projects. A step for each boundary; none when there is no boundary.
    pub(crate) fn keep(
        &self,
        candidates: &[Candidate],
    ) -> Result<(Vec<Candidate>, Vec<TraceStep>), PolicyError> {
        let (mut kept, mut trace) = (candidates.to_vec(), Vec::new());
        for rule in &self.0 {
            let allowed = rule.allowed(candidates);
            kept.retain(|candidate| allowed.ids.contains(&candidate.profile_id.as_str()));
            let reason = rule.says(&allowed);
            if kept.is_empty() {
                trace.push(step(Said::Denied, reason.clone()));
                return Err(PolicyError::Boundary { reason, trace });
            }
            trace.push(step(Said::Kept, reason));
        }
        Ok((kept, trace))
    }
}

fn step(said: Said, reason: String) -> TraceStep {
    TraceStep { who: "boundary".into(), plugin: None, said, reason }
}

/// The profiles that a rule lets in, and the names in it that name none.
struct Allowed<'c> {
    ids: Vec<&'c str>,
    unknown: Vec<String>,
}

impl Rule {
    fn allowed<'c>(&self, candidates: &'c [Candidate]) -> Allowed<'c> {
        let mut allowed = Allowed { ids: Vec::new(), unknown: Vec::new() };
        for name in &self.profiles {
            match crate::decide::find_profile(candidates, name) {
                Ok(id) => allowed.ids.push(id),
                Err(why) => allowed.unknown.push(why),
            }
        }
        allowed
    }

    /// Such as `overrides.toml keeps /work/secret to 'a' and 'b'`.
    fn says(&self, allowed: &Allowed<'_>) -> String {
        let names: Vec<String> = self.profiles.iter().map(|name| format!("'{name}'")).collect();
        let names = if names.is_empty() { "no profile at all".to_owned() } else { names.join(", ") };
        let unknown: String = allowed.unknown.iter().map(|why| format!("; {why}")).collect();
        format!("{} keeps {} to {names}{unknown}", self.file, self.folder)
    }
}

/// What the file of a project, or of a folder around it, says.
fn of_project(folder: &Path, project: &[PathBuf]) -> Result<Vec<Rule>, PolicyError> {
    let path = folder.join(".cc-orchestrator").join(OVERRIDES);
    let Some(text) = files::read_text(&path)? else { return Ok(Vec::new()) };
    let shown = toml_text::shown(&path);
    let file: ProjectFile = toml_text::parse(&shown, &text, HINT)?;
    matching(&shown, Some(folder), &file.boundaries, project)
}

/// The boundaries whose folder is the project's, around it, or inside it: a worker in a project sees all that is in it.
fn matching(
    file: &str,
    base: Option<&Path>,
    boundaries: &BTreeMap<String, Boundary>,
    project: &[PathBuf],
) -> Result<Vec<Rule>, PolicyError> {
    let mut rules = Vec::new();
    for (folder, boundary) in boundaries {
        let at = absolute(folder, base).ok_or_else(|| no_folder(file, folder))?;
        let touches =
            |one: &PathBuf| project.iter().any(|root| root.starts_with(one) || one.starts_with(root));
        if forms(&at).iter().any(touches) {
            let profiles = boundary.profiles.iter().map(|name| name.0.clone()).collect();
            rules.push(Rule { file: file.to_owned(), folder: at.display().to_string(), profiles });
        }
    }
    Ok(rules)
}

/// A folder as a boundary names it: whole, from the user's home, or in a project's own file from there.
fn absolute(folder: &str, base: Option<&Path>) -> Option<PathBuf> {
    let path = Path::new(folder);
    if path.has_root() {
        return Some(path.to_owned());
    }
    if let Ok(below) = path.strip_prefix("~") {
        return Some(env::home_dir()?.join(below));
    }
    // Without the `.`: a path that is compared part by part must not have it.
    Some(base?.join(path).components().collect())
}

/// A folder as it is written and as the system knows it, so that no link leads round a boundary.
fn forms(folder: &Path) -> Vec<PathBuf> {
    let written = folder.components().collect();
    let mut forms = vec![written];
    forms.extend(folder.canonicalize());
    forms
}

fn no_folder(file: &str, folder: &str) -> PolicyError {
    PolicyError::Refused(format!(
        "{file}: the boundary '{folder}' is no whole path: write the folder from its root, or from ~"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::samples::candidate;

    /// Profiles `a`, `b`, and two that share a name.
    fn candidates() -> Vec<Candidate> {
        vec![
            candidate("a", "深度求索", "m", 5.0),
            candidate("b", "Kimi", "m", 9.0),
            candidate("c", "twin", "m", 7.0),
            candidate("d", "twin", "m", 7.0),
        ]
    }

    struct World(tempfile::TempDir);

    impl World {
        fn new() -> Self {
            let world = Self(tempfile::tempdir().unwrap());
            std::fs::create_dir_all(world.at("secret/inner")).unwrap();
            std::fs::create_dir_all(world.at("open")).unwrap();
            world
        }

        fn at(&self, path: &str) -> PathBuf {
            self.0.path().canonicalize().unwrap().join(path)
        }

        fn project_says(&self, folder: &str, text: &str) {
            let path = self.at(folder).join(".cc-orchestrator");
            std::fs::create_dir_all(&path).unwrap();
            std::fs::write(path.join(OVERRIDES), text).unwrap();
        }

        /// The ids that may see a project, by the user's `secret` boundary.
        fn kept(&self, project: &str, profiles: &str) -> Result<String, PolicyError> {
            self.kept_at(&self.at(project), profiles)
        }

        fn kept_at(&self, project: &Path, profiles: &str) -> Result<String, PolicyError> {
            let folder = self.at("secret").display().to_string();
            let text = format!("[boundaries.'{folder}']\nprofiles = {profiles}\n");
            let overrides = Overrides::parse("overrides.toml", &text).unwrap();
            let boundaries = Boundaries::of(&overrides, [project].into_iter())?;
            let (kept, _) = boundaries.keep(&candidates())?;
            Ok(kept.into_iter().map(|candidate| candidate.profile_id).collect())
        }
    }

    #[test]
    fn a_boundary_holds_in_its_folder_inside_it_and_around_it_and_nowhere_else() {
        let world = World::new();
        for project in ["secret", "secret/inner", ""] {
            assert_eq!(world.kept(project, "['深度求索', 'b']").unwrap(), "ab", "{project}");
        }
        assert_eq!(world.kept("open", "['a']").unwrap(), "abcd");
        assert_eq!(world.kept("secret-not", "['a']").unwrap(), "abcd");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_leads_to_the_same_boundary() {
        let world = World::new();
        std::os::unix::fs::symlink(world.at("secret"), world.at("open/door")).unwrap();
        assert_eq!(world.kept("open/door", "['a']").unwrap(), "a");
    }

    #[test]
    fn one_that_names_nothing_that_exists_lets_nobody_in_and_says_so() {
        let world = World::new();
        for (profiles, word) in [
            ("['gone']", "'gone'"),
            ("[]", "no profile at all"),
            ("['twin']", "2 profiles are called 'twin'"),
        ] {
            let error = world.kept("secret", profiles).unwrap_err();
            assert!(matches!(error, PolicyError::Boundary { .. }), "{error}");
            assert!(error.to_string().contains(word), "{error}");
        }
    }

    #[test]
    fn a_project_restricts_itself_without_trust_and_never_widens() {
        let world = World::new();
        world.project_says(
            "secret",
            "[preferred_models]\nreview = 'x'\n[boundaries.'.']\nprofiles = ['b', 'c']\n",
        );
        assert_eq!(world.kept("secret", "['a', 'b']").unwrap(), "b");
        // A nested project has the boundary of the one around it.
        assert_eq!(world.kept("secret/inner", "['a', 'b']").unwrap(), "b");
        assert_eq!(world.kept("open", "['a']").unwrap(), "abcd");
        world.project_says("secret", "[boundaries.'.']\nprofiles = ['c']\n");
        assert!(matches!(world.kept("secret", "['a', 'b']"), Err(PolicyError::Boundary { .. })));
    }

    #[test]
    fn what_cannot_be_read_stops_the_decision() {
        let world = World::new();
        world.project_says("secret", "[boundaries.'.']\nprofile = ['c']\n");
        let error = world.kept("secret", "['a']").unwrap_err().to_string();
        assert!(error.contains("line 2") && error.contains("past a boundary"), "{error}");
        let overrides = Overrides::parse("x", "[boundaries.'work/secret']\nprofiles = ['a']\n").unwrap();
        let error = Boundaries::of(&overrides, [world.at("open").as_path()].into_iter()).unwrap_err();
        assert!(error.to_string().contains("'work/secret' is no whole path"), "{error}");
    }
}
