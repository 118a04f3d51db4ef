//! Everything that is on the disk under a folder, to be compared.

use std::{collections::BTreeMap, fs, path::Path};

use crate::project::git_in;

/// Files by path: mode and content. Of a repository, what git says about it.
pub(crate) type Picture = BTreeMap<String, String>;

pub(crate) fn picture(root: &Path) -> Picture {
    let mut picture = Picture::new();
    look(root, root, &mut picture);
    picture
}

fn look(root: &Path, folder: &Path, picture: &mut Picture) {
    for child in fs::read_dir(folder).unwrap() {
        let path = child.unwrap().path();
        let name = format!("{:?}", path.strip_prefix(root).unwrap());
        let meta = fs::symlink_metadata(&path).unwrap();
        if name == "\".agent-workspace\"" {
            continue;
        }
        if path.file_name().is_some_and(|n| n == ".git") && is_repo(&path) {
            picture.insert(name, repository(folder));
        } else if meta.is_dir() {
            picture.insert(name, format!("folder {:o}", mode(&meta)));
            look(root, &path, picture);
        } else if meta.is_symlink() {
            picture.insert(name, format!("link {:?}", fs::read_link(&path).unwrap()));
        } else {
            let bytes = fs::read(&path).unwrap();
            picture.insert(name, format!("{:o} {:?}", mode(&meta), String::from_utf8_lossy(&bytes)));
        }
    }
}

fn is_repo(git: &Path) -> bool {
    git.is_file() || git.join("HEAD").exists()
}

fn repository(folder: &Path) -> String {
    let git = |args: &[&str]| git_in(folder, args);
    let refs = git(&["for-each-ref", "--format=%(objectname) %(refname)"]);
    let refs: Vec<&str> = refs.lines().filter(|line| !line.contains("cc-orchestrator")).collect();
    let head = fs::read_to_string(folder.join(".git/HEAD")).unwrap_or_default();
    format!("{refs:?} {head} {}", git(&["ls-files", "-s", "-v"]))
}

#[cfg(unix)]
fn mode(meta: &fs::Metadata) -> u32 {
    std::os::unix::fs::MetadataExt::mode(meta) & 0o7777
}

#[cfg(not(unix))]
fn mode(_: &fs::Metadata) -> u32 {
    0
}
