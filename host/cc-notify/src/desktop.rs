//! The desktop's notifications, shown by the program that each system has for them.

use std::{
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use crate::{NotifyError, message::Message, os};

/// How long that program may take.
const PATIENCE: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Shows the message.
pub(crate) fn show(message: &Message) -> Result<(), NotifyError> {
    let mut command = os::notification(&message.title, &message.text);
    let program = command.get_program().to_string_lossy().into_owned();
    let failed = |reason: String| NotifyError::Desktop(format!("{program} {reason}"));
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| failed(format!("cannot be started: {error}")))?;
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(failed(format!("ended with {status}"))),
            Ok(None) => thread::sleep(LOOK_EVERY),
            Err(error) => return Err(failed(error.to_string())),
        }
    }
    // It has had its time; what becomes of it is of no interest.
    let _ = child.kill();
    let _ = child.wait();
    Err(failed(format!("did not end within {} s", PATIENCE.as_secs())))
}
