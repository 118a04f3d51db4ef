//! Where a write would really go.

use std::{
    ffi::OsString,
    fs,
    path::{Component, Path, PathBuf},
};

use cc_domain::{ScopeRule, Violation};

use crate::{Scope, os, path::RelPath, project::plain};

impl Scope {
    /// Whether a write that is about to happen is within the scope: `path` as a tool names it, absolute or
    /// from `cwd`, with the symbolic links on its way and at its end followed as the system would.
    #[must_use]
    pub fn check_write(&self, root: &Path, cwd: &Path, path: &Path) -> Option<Violation> {
        let outside = || Violation {
            path: path.to_string_lossy().into_owned(),
            rule: ScopeRule::OutsideProject,
            reason: "it leads out of the project".to_owned(),
        };
        let root = fs::canonicalize(root).map(plain).unwrap_or_else(|_| root.to_owned());
        match real(&cwd.join(path), 0).strip_prefix(root) {
            Ok(inside) => self.check_path(&relative(inside)),
            Err(_) => Some(outside()),
        }
    }
}

/// As many links as a system follows.
const MAX_LINKS: usize = 40;

/// The file that the system would open; what is not there yet is where its folder is. Nowhere if links go
/// round in circles.
fn real(path: &Path, links: usize) -> PathBuf {
    let mut missing: Vec<OsString> = Vec::new();
    let mut existing = path;
    let mut found = loop {
        if let Ok(found) = fs::canonicalize(existing) {
            break plain(found);
        }
        let Some(folder) = existing.parent().filter(|_| links < MAX_LINKS) else { return PathBuf::new() };
        if let Ok(target) = fs::read_link(existing) {
            // A link to nothing: the file comes to be where it points.
            let target = folder.join(target);
            return real(&missing.iter().rev().fold(target, |path, part| path.join(part)), links + 1);
        }
        missing.extend(existing.components().next_back().map(|part| part.as_os_str().to_owned()));
        existing = folder;
    };
    missing.iter().rev().for_each(|part| step(&mut found, Path::new(part)));
    found
}

fn step(found: &mut PathBuf, path: &Path) {
    for part in path.components() {
        match part {
            Component::ParentDir => drop(found.pop()),
            Component::CurDir => {}
            part => found.push(part),
        }
    }
}

fn relative(inside: &Path) -> String {
    let mut path = RelPath::default();
    for part in inside.components() {
        path = path.child(&os::name_bytes(part.as_os_str()));
    }
    path.to_string()
}

#[cfg(test)]
mod tests {
    use cc_domain::WriteScope;

    use super::*;

    fn check(root: &Path, path: &str) -> Option<ScopeRule> {
        let scope =
            WriteScope { allow: vec!["/src/".into()], deny: vec![".env".into()], ..WriteScope::default() };
        Scope::new(&scope).unwrap().check_write(root, &root.join("src"), Path::new(path)).map(|v| v.rule)
    }

    #[test]
    fn a_path_is_where_it_leads() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("project");
        fs::create_dir_all(root.join("src/deep")).unwrap();
        let absolute = |path: &str| root.join(path).to_string_lossy().into_owned();
        for fine in ["new.rs", "deep/../x.rs", "no/such/folder/x.rs", "../src/x.rs", &absolute("src/x.rs")] {
            assert_eq!(check(&root, fine), None, "{fine}");
        }
        assert_eq!(check(&root, "../x.rs"), Some(ScopeRule::NotAllowed));
        assert_eq!(check(&root, &absolute("src/.ENV")), Some(ScopeRule::Denied));
        assert_eq!(check(&root, "../.git/hooks/x"), Some(ScopeRule::GitFolder));
        for out in ["../../x.rs", "no/../../../x.rs", "/etc/passwd", &absolute("../x")] {
            assert_eq!(check(&root, out), Some(ScopeRule::OutsideProject), "{out}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed() {
        use std::os::unix::fs::symlink;
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("project");
        fs::create_dir_all(root.join("src")).unwrap();
        symlink("../..", root.join("src/out")).unwrap();
        symlink("../../nothing-yet", root.join("src/dangling")).unwrap();
        symlink("../.git", root.join("src/git")).unwrap();
        symlink("loop", root.join("src/loop")).unwrap();
        assert_eq!(check(&root, "out/x.rs"), Some(ScopeRule::OutsideProject));
        assert_eq!(check(&root, "dangling"), Some(ScopeRule::OutsideProject));
        assert_eq!(check(&root, "git/config"), Some(ScopeRule::GitFolder));
        symlink("dangling", root.join("src/chain")).unwrap();
        symlink("new.rs", root.join("src/fine")).unwrap();
        assert_eq!(check(&root, "chain"), Some(ScopeRule::OutsideProject));
        assert_eq!(check(&root, "loop"), Some(ScopeRule::OutsideProject));
        assert_eq!(check(&root, "fine"), None);
    }
}
