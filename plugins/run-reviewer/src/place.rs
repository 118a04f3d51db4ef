//! Where a script is when it runs a command.

use crate::{
    reach::{self, Reach},
    unwrap::Real,
};

/// The worker's folder, and where `cd` went from there.
#[derive(Debug)]
pub(crate) struct Place<'c> {
    cwd: Option<&'c str>,
    /// Each with the shell that went there.
    dirs: Vec<(u32, String)>,
}

impl<'c> Place<'c> {
    pub(crate) fn new(cwd: Option<&'c str>) -> Self {
        Self { cwd, dirs: Vec::new() }
    }

    /// Goes where this command goes, and back out of the shells that have ended before it.
    pub(crate) fn follow(&mut self, real: &Real) {
        self.dirs.retain(|(level, _)| *level <= real.level);
        if matches!(real.name.as_str(), "cd" | "pushd" | "set-location" | "chdir") {
            let to = real.args.iter().find(|arg| !arg.starts_with('-')).map_or("~", String::as_str);
            let there = self.absolute(to);
            self.dirs.retain(|(level, _)| *level != real.level);
            self.dirs.push((real.level, there));
        }
    }

    /// How much it matters that a path is gone, as it is meant here.
    pub(crate) fn reach(&self, path: &str) -> Reach {
        reach::of(&self.absolute(path), self.cwd)
    }

    fn absolute(&self, path: &str) -> String {
        let drive = path.as_bytes().get(1) == Some(&b':');
        match self.dirs.last() {
            Some((_, dir)) if !drive && !path.starts_with(['/', '~', '$', '\\']) => format!("{dir}/{path}"),
            _ => path.to_owned(),
        }
    }
}
