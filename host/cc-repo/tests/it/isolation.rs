//! A run in a folder of its own.

use cc_repo::{RepoError, changes};

use crate::{
    picture::picture,
    project::{TestProject, git_in, other_run, run},
};

#[test]
fn a_run_works_on_a_copy_with_all_that_is_dirty_and_its_work_comes_back() {
    for project in [TestProject::plain(), TestProject::unborn(), TestProject::committed()] {
        project.write("dirty/crlf.txt", "x\r\n");
        project.write("README.md", "staged\n");
        if project.path(".git").exists() {
            project.git(&["add", "README.md"]);
        }
        project.write("README.md", "dirty\n");
        let (repo, main) = (project.repo(), project.before());
        let was = picture(&project.root());

        let (folder, state) = (project.dir.path().join("copy"), project.dir.path().join("copy-state"));
        let copy = repo.isolate(&main, &folder, &state).unwrap();
        let files = |mut picture: crate::picture::Picture| {
            picture.retain(|key, _| key != "\".git\"");
            picture
        };
        assert_eq!(files(picture(&folder)), files(was.clone()));
        let before = copy.before(&other_run(1)).unwrap();
        std::fs::write(folder.join("README.md"), "worker\n").unwrap();
        std::fs::create_dir(folder.join("new")).unwrap();
        std::fs::write(folder.join("new/x.rs"), "x\n").unwrap();
        std::fs::remove_file(folder.join("dirty/crlf.txt")).unwrap();
        let after = repo.isolated(&folder, &state).unwrap().after(&other_run(1), &before).unwrap();
        assert_eq!(changes(&before, &after).unwrap().files.len(), 3);
        assert_eq!(picture(&project.root()), was, "the project itself is as it was");

        project.write("README.md", "the user\n");
        let refused = repo.apply_back(&run(), &before, &after, true);
        assert!(matches!(refused, Err(RepoError::Conflict { .. })), "{refused:?}");
        project.write("README.md", "dirty\n");
        let preview = repo.apply_back(&run(), &before, &after, false).unwrap();
        assert!(preview.between.is_none() && picture(&project.root()) == was);
        let applied = repo.apply_back(&run(), &before, &after, true).unwrap();
        assert_eq!(project.read("README.md"), "worker\n");
        assert_eq!(project.read("new/x.rs"), "x\n");
        assert!(!project.path("dirty/crlf.txt").exists());
        let (before, after) = applied.between.unwrap();
        repo.rollback(&run(), &before, &after, true).unwrap();
        assert_eq!(picture(&project.root()), was);
        repo.remove_isolated(&folder).unwrap();
        assert!(!folder.exists());
    }
}

#[test]
fn an_isolated_folder_is_a_worktree_on_no_branch() {
    let project = TestProject::committed();
    project.write("README.md", "staged\n");
    project.git(&["add", "README.md"]);
    project.write("untracked.txt", "x");
    let folder = project.dir.path().join("copy");
    project.repo().isolate(&project.before(), &folder, &project.dir.path().join("copy-state")).unwrap();
    assert_eq!(git_in(&folder, &["status", "--porcelain"]), "M  README.md\n?? untracked.txt");
    assert_eq!(git_in(&folder, &["rev-parse", "HEAD"]), project.git(&["rev-parse", "HEAD"]));
    assert_eq!(git_in(&folder, &["branch", "--show-current"]), "");
}
