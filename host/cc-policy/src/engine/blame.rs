//! From wasmtime's errors to what the user reads.

use wasmtime::Trap;

use super::{ERROR_BYTES, Guest, PluginError, PluginErrorKind, contract, tidy};

/// When a plugin failed.
#[derive(Clone, Copy)]
pub(super) enum Moment {
    /// While its instance was made.
    Start,
    /// While it was to answer.
    Call,
}

/// A plugin that failed while it ran.
pub(super) fn guest(error: &wasmtime::Error, guest: &Guest, moment: Moment) -> PluginError {
    let limits = &guest.spec().limits;
    let refused_memory = guest.budget.refused;
    match error.downcast_ref::<Trap>() {
        Some(Trap::Interrupt) => PluginError::new(
            PluginErrorKind::DeadlineExceeded,
            format!("ran past its deadline of {} ms{}", limits.deadline.as_millis(), moment.suffix()),
        )
        .hint("make it faster, or raise deadline_ms in its manifest"),
        Some(Trap::StackOverflow) => PluginError::new(
            PluginErrorKind::StackOverflow,
            format!("called itself too deeply{}", moment.suffix()),
        )
        .hint("look for a recursion without an end"),
        _ if refused_memory => PluginError::new(
            PluginErrorKind::OutOfMemory,
            format!(
                "asked for more memory than its limit of {} MiB{}",
                limits.memory_bytes >> 20,
                moment.suffix()
            ),
        )
        .hint("make it use less, or raise memory_bytes in its manifest"),
        Some(trap) => PluginError::new(PluginErrorKind::Trap, format!("trapped{}: {trap}", moment.suffix()))
            .hint(
                "a panic looks like this, or an exception that nobody caught, or a call for a clock, file or output: \
                 run its own tests, or let it log what it does",
            ),
        None => untrapped(error, guest, moment),
    }
}

fn untrapped(error: &wasmtime::Error, guest: &Guest, moment: Moment) -> PluginError {
    let text = tidy(&guest.hidden().strip(&format!("{error:#}")), ERROR_BYTES);
    if is_too_much(&text) {
        let what =
            format!("answered or logged more than its limit of {} bytes", guest.spec().limits.output_bytes);
        return PluginError::new(PluginErrorKind::OutputTooLarge, what)
            .hint("make it answer less, or raise output_bytes in its manifest");
    }
    match moment {
        Moment::Start => PluginError::new(PluginErrorKind::Invalid, format!("cannot be started: {text}"))
            .hint("build it again with `cc-orchestrator plugin build`"),
        Moment::Call => PluginError::new(PluginErrorKind::BadOutput, format!("broke the contract: {text}"))
            .hint("build it again with bindings made from the policy WIT"),
    }
}

/// wasmtime gives this error no public type. A test with a huge answer notices when its words change.
fn is_too_much(text: &str) -> bool {
    text.contains("fuel allocated for hostcalls")
}

/// A component that needs something of `host` that this host does not have, or has in another form.
pub(super) fn unlinked(error: &wasmtime::Error) -> PluginError {
    let text = tidy(&format!("{error:#}"), ERROR_BYTES);
    contract::newer(format!("with other host functions ({text})"))
}

/// A component whose functions have other types than the policy WIT says.
pub(super) fn mistyped(error: &wasmtime::Error) -> PluginError {
    let what =
        format!("has functions of other types than policy 1.x: {}", tidy(&format!("{error:#}"), ERROR_BYTES));
    PluginError::new(PluginErrorKind::WrongWorld, what)
        .hint("build it with bindings made from the unchanged policy WIT")
}

impl Moment {
    fn suffix(self) -> &'static str {
        match self {
            Self::Start => " while it started",
            Self::Call => "",
        }
    }
}
