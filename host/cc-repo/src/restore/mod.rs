//! From one snapshot of a project to another, for exactly what differs between the two.
//!
//! Rolling back a run goes from its *after* to its *before*; undoing that goes the other way. Either is
//! refused, and nothing done, where what is there now is not what it starts from.

mod apply;
mod aside;
mod live;
mod plan;
mod repo_moves;
mod repos;

use std::{collections::HashSet, path::Path};

use cc_domain::{RefChange, Rollback, RunId};

pub(crate) use self::aside::Aside;
use self::{
    plan::{Act, Files},
    repo_moves::IndexLock,
    repos::Repos,
};
use crate::{Moment, Repo, RepoError, Result, Snapshot, changes::delta, path::RelPath};

/// Everything that has to happen.
pub(crate) struct Plan<'a> {
    root: &'a Path,
    target: &'a Snapshot,
    aside: Aside,
    files: Files,
    repos: Repos,
}

impl Repo {
    /// Takes back what a run changed; without `confirm`, only says what that would do.
    ///
    /// # Errors
    /// `Conflict` when something differs from how the run left it: then nothing was done. `HalfWay` when the
    /// system refused in the middle; [`Repo::undo_rollback`] brings back what was there.
    pub fn rollback(
        &self,
        run: &RunId,
        before: &Snapshot,
        after: &Snapshot,
        confirm: bool,
    ) -> Result<Rollback> {
        if confirm {
            apply::open_folders(self.root(), &delta::modes(after, before, &[]))?;
        }
        let plan = Plan::new(self.root(), after, before, None, Aside::of(self.root(), run))?;
        if !confirm {
            return Ok(plan.describe());
        }
        plan.refuse()?;
        // One that stopped half way is taken up again: what there was before it is what counts.
        let is_of_it = |known: &Snapshot| known.manifest.seen_as.as_deref() == Some(after.id());
        if !self.find(run, Moment::RolledBack).is_ok_and(|known| is_of_it(&known)) {
            self.take(&before.place, Some((run, Moment::RolledBack)), Some(after))?;
        }
        plan.apply()
    }

    /// Takes back a rollback, under the same conditions.
    ///
    /// # Errors
    /// As [`Repo::rollback`]; `NoSnapshot` when the run was not rolled back.
    pub fn undo_rollback(
        &self,
        run: &RunId,
        before: &Snapshot,
        after: &Snapshot,
        confirm: bool,
    ) -> Result<Rollback> {
        let back = self.find(run, Moment::RolledBack)?;
        let only = touched(before, after)?;
        let plan = Plan::new(self.root(), before, &back, Some(&only), Aside::of(self.root(), run))?;
        if !confirm {
            return Ok(plan.describe());
        }
        plan.refuse()?;
        let done = plan.apply()?;
        self.drop_ref(&back.place, run, Moment::RolledBack)?;
        Ok(done)
    }
}

/// What a run changed.
fn touched(before: &Snapshot, after: &Snapshot) -> Result<HashSet<RelPath>> {
    let files = delta::files(before, after)?;
    let modes = delta::modes(before, after, &files);
    Ok(files.into_iter().map(|file| file.path).chain(modes.into_iter().map(|mode| mode.path)).collect())
}

impl<'a> Plan<'a> {
    fn new(
        root: &'a Path,
        expected: &Snapshot,
        target: &'a Snapshot,
        only: Option<&HashSet<RelPath>>,
        aside: Aside,
    ) -> Result<Self> {
        let files = plan::files(root, expected, target, only, &aside)?;
        let repos = repos::plan(expected, target, &aside)?;
        Ok(Self { root, target, aside, files, repos })
    }

    /// For files alone.
    pub(crate) fn of_files(
        root: &'a Path,
        expected: &Snapshot,
        target: &'a Snapshot,
        only: &HashSet<RelPath>,
    ) -> Result<Self> {
        let aside = Aside::none(root);
        let files = plan::files(root, expected, target, Some(only), &aside)?;
        Ok(Self { root, target, aside, files, repos: Repos::default() })
    }

    pub(crate) fn refuse(&self) -> Result<()> {
        let conflicts = self.files.conflicts.iter().chain(&self.repos.conflicts);
        let places: Vec<String> = conflicts.map(|c| format!("{} ({})", c.what, c.why)).collect();
        if places.is_empty() { Ok(()) } else { Err(RepoError::Conflict { places }) }
    }

    pub(crate) fn apply(self) -> Result<Rollback> {
        let restores =
            |plan: &repos::RepoPlan| plan.index.as_ref().map(|_| IndexLock::take(plan)).transpose();
        // Nothing has happened yet if git is at work somewhere.
        let locks = self.repos.plans.iter().map(restores).collect::<Result<Vec<_>>>()?;
        self.carry_out(locks).map_err(|source| RepoError::HalfWay { source: Box::new(source) })?;
        Ok(Rollback { done: true, ..self.describe() })
    }

    fn carry_out(&self, locks: Vec<Option<IndexLock>>) -> Result<()> {
        for git in &self.repos.aside {
            self.aside.put(git)?;
        }
        apply::files(self.root, self.target, &self.files, &self.aside)?;
        for (from, to) in &self.repos.back {
            self.aside.bring_back(from, to)?;
        }
        for (plan, lock) in self.repos.plans.iter().zip(locks) {
            repo_moves::apply(self.target, plan, lock)?;
        }
        Ok(())
    }

    pub(crate) fn describe(&self) -> Rollback {
        let steps = |wanted: fn(&Act) -> bool| {
            self.files.steps.iter().filter(move |step| wanted(&step.act)).map(|step| step.path.to_string())
        };
        let paths = |paths: &[RelPath]| paths.iter().map(RelPath::to_string).collect::<Vec<_>>();
        let set_aside = |act: &Act| matches!(act, Act::Aside | Act::Write { aside: true, .. });
        let plans = &self.repos.plans;
        let comes = self.repos.back.iter().map(|(_, to)| to);
        Rollback {
            done: false,
            restored: steps(|act| matches!(act, Act::Write { .. })).collect(),
            removed: steps(|act| matches!(act, Act::Remove)).collect(),
            set_aside: steps(set_aside).chain(paths(&self.repos.aside)).collect(),
            brought_back: steps(|act| matches!(act, Act::Back))
                .chain(comes.map(RelPath::to_string))
                .collect(),
            modes: self.files.modes.iter().map(|mode| mode.path.to_string()).collect(),
            refs: plans.iter().flat_map(refs_of).collect(),
            git_files: plans.iter().flat_map(git_files_of).collect(),
            indexes: plans.iter().filter(|p| p.index.is_some()).map(|p| repos::name(&p.folder)).collect(),
            left: [self.files.left.clone(), self.repos.left.clone()].concat(),
            conflicts: [self.files.conflicts.clone(), self.repos.conflicts.clone()].concat(),
        }
    }
}

fn within(plan: &repos::RepoPlan, name: &str) -> String {
    if plan.folder.is_root() { name.to_owned() } else { format!("{}:{name}", plan.folder) }
}

fn refs_of(plan: &repos::RepoPlan) -> impl Iterator<Item = RefChange> + '_ {
    plan.refs.iter().map(|change| RefChange { name: within(plan, &change.name), ..change.clone() })
}

fn git_files_of(plan: &repos::RepoPlan) -> impl Iterator<Item = String> + '_ {
    plan.files.iter().map(|(path, _)| within(plan, &path.to_string()))
}
