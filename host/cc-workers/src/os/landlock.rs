//! Landlock: the kernel refuses writes outside of some folders to a thread and all that it starts (landlock(7)).

use std::io;

use landlock::{
    ABI, AccessFs, BitFlags, PathBeneath, PathFd, Ruleset, RulesetAttr as _, RulesetCreated,
    RulesetCreatedAttr as _, RulesetStatus,
};

use crate::Sandbox;

/// The newest set of rights that is asked for; a kernel that knows fewer refuses those it knows.
const RIGHTS: ABI = ABI::V5;

/// From now on this thread, and every process it starts, writes only there.
///
/// # Errors
/// When this kernel has no Landlock: nothing is restricted then.
pub(crate) fn restrict(sandbox: &Sandbox) -> io::Result<()> {
    let failed = |error: landlock::RulesetError| io::Error::other(error.to_string());
    let writes = AccessFs::from_write(RIGHTS);
    let mut ruleset = Ruleset::default().handle_access(writes).map_err(failed)?.create().map_err(failed)?;
    for path in &sandbox.writable {
        // One that went away meanwhile cannot be written to either.
        let Ok(file) = PathFd::new(path) else { continue };
        let rights = if path.is_dir() { writes } else { writes & AccessFs::from_file(RIGHTS) };
        ruleset = open(ruleset, file, rights).map_err(failed)?;
    }
    match ruleset.restrict_self().map_err(failed)?.ruleset {
        RulesetStatus::NotEnforced => {
            Err(io::Error::new(io::ErrorKind::Unsupported, "this kernel has no Landlock"))
        }
        RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced => Ok(()),
    }
}

fn open(
    ruleset: RulesetCreated,
    file: PathFd,
    rights: BitFlags<AccessFs>,
) -> Result<RulesetCreated, landlock::RulesetError> {
    ruleset.add_rule(PathBeneath::new(file, rights))
}
