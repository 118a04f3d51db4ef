//! A repository of our own, for a folder that will be thrown away.

use std::path::Path;

use crate::{
    Result,
    git::{self, Git},
};

/// Makes a folder a repository with one commit of all that is in it, so that it is a project of its own wherever it is.
///
/// # Errors
/// When git is missing or too old, or cannot write there.
pub fn init(folder: &Path) -> Result<()> {
    git::check_version()?;
    let git = Git::at(folder.join(".git"));
    git.run(&["init", "--quiet", "--initial-branch=main"])?;
    let git = git.on(folder);
    git.run(&["add", "--all", "--force"])?;
    let identity = ["-c", "user.name=cc-orchestrator", "-c", "user.email=cc-orchestrator@localhost"];
    let commit = ["commit", "--quiet", "--no-gpg-sign", "--allow-empty", "--message=The task"];
    git.run(&[&identity[..], &commit].concat()).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_is_a_project_of_its_own_with_everything_committed() {
        let dir = tempfile::tempdir().unwrap();
        let outer = crate::project::plain(dir.path().canonicalize().unwrap());
        std::fs::create_dir(outer.join(".git")).unwrap();
        let folder = outer.join("task");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("a.sql"), "SELECT 1;").unwrap();
        init(&folder).unwrap();
        assert_eq!(crate::Project::at(&folder).unwrap().root, folder);
        let git = Git::at(folder.join(".git")).on(&folder);
        assert_eq!(git.line(&["status", "--porcelain"]).unwrap(), "");
        assert_eq!(git.line(&["ls-files"]).unwrap(), "a.sql");
    }
}
