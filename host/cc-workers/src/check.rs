//! A command that proves something: run by the system's shell under a guard, within a time, its output bounded.

use std::{
    collections::VecDeque,
    path::Path,
    process::Stdio,
    sync::{Arc, OnceLock},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _},
    time::{Instant, sleep_until, timeout},
};

use crate::{
    WorkerError, guard,
    os::{self, Ask, Guarded, Tree},
    protocol::GuardHello,
};

/// What is kept of the end of each stream, bytes.
const MOST_OUTPUT: usize = 64 << 10;
/// How long a guard may take to end once all below it was killed.
const PATIENCE: Duration = Duration::from_secs(10);
/// As `timeout(1)` reports it.
const TIMED_OUT: i32 = 124;

/// How a command went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Its exit code; 124 when its time was up.
    pub exit_code: i32,
    /// Its time was up, and it was ended with all that it had started.
    pub timed_out: bool,
    /// From start to end.
    pub duration: Duration,
    /// The end of its output.
    pub stdout: String,
    /// The end of its complaints.
    pub stderr: String,
}

/// Runs a command in a folder with this process's environment, and ends its whole tree when its time is up. What it
/// leaves behind ends with it in any case.
///
/// # Errors
/// When it cannot be started.
pub async fn check(command: &str, cwd: &Path, limit: Duration) -> Result<Checked, WorkerError> {
    let begun = Instant::now();
    let (shell, flag) = os::shell();
    let program = os::own_program().map_err(WorkerError::io("find", "this program"))?;
    let mut guarded = std::process::Command::new(program);
    guarded
        .arg("guard")
        .args(guard::arguments(&[], None, &shell, &[flag.to_owned(), command.to_owned()]))
        .current_dir(cwd)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut guard = Guarded::spawn(guarded).map_err(WorkerError::io("start a guard in", cwd))?;
    let Some((stdout, stderr)) = guard.take_output() else {
        let reason = "its pipes are missing".to_owned();
        return Err(WorkerError::Malformed { what: "the guard".into(), reason });
    };
    let started = Arc::new(OnceLock::new());
    let out = tokio::spawn(tail(stdout, Some(Arc::clone(&started))));
    let err = tokio::spawn(tail(stderr, None));
    let status = tokio::select! {
        status = guard.wait() => Some(status.map_err(WorkerError::io("wait for a guard in", cwd))?),
        () = sleep_until(begun + limit) => None,
    };
    if let (None, Some(root)) = (&status, guard.pid()) {
        end(&mut guard, Tree { root, worker: started.get().copied() }).await;
    }
    let (stdout, stderr) = (out.await.unwrap_or_default(), err.await.unwrap_or_default());
    Ok(Checked {
        exit_code: status.map_or(TIMED_OUT, os::exit_code),
        timed_out: status.is_none(),
        duration: begun.elapsed(),
        stdout: without_hello(&stdout),
        stderr,
    })
}

/// Kills all that is below the guard, which then ends what is left and itself: were it killed first, nobody would
/// hold its orphans together.
async fn end(guard: &mut Guarded, tree: Tree) {
    guard.ask_tree(tree, Ask::Kill);
    if timeout(PATIENCE, guard.wait()).await.is_err() {
        guard.kill();
        let _ = guard.wait().await;
    }
}

/// The end of a stream. It ends when nobody can write to it any more. `started` gets the command's process.
async fn tail(mut stream: impl AsyncRead + Unpin, started: Option<Arc<OnceLock<u32>>>) -> String {
    let mut kept = VecDeque::new();
    let mut buffer = vec![0; 16 << 10];
    while let Ok(read) = stream.read(&mut buffer).await {
        if read == 0 {
            break;
        }
        kept.extend(&buffer[..read]);
        if let Some(started) = started.as_ref().filter(|started| started.get().is_none()) {
            let hello = String::from_utf8_lossy(kept.make_contiguous()).lines().find_map(hello);
            hello.and_then(|pid| started.set(pid).ok());
        }
        let over = kept.len().saturating_sub(MOST_OUTPUT);
        kept.drain(..over);
    }
    String::from_utf8_lossy(kept.make_contiguous()).into_owned()
}

/// The process that a guard says it has started.
fn hello(line: &str) -> Option<u32> {
    match serde_json::from_str(line).ok()? {
        GuardHello::Started { pid, .. } => Some(pid),
        GuardHello::Failed { .. } => None,
    }
}

/// The guard says once that it has started the command, on a line of its own.
fn without_hello(output: &str) -> String {
    let is_hello = |line: &&str| serde_json::from_str::<GuardHello>(line).is_ok();
    let mut lines: Vec<&str> = output.split('\n').collect();
    if let Some(at) = lines.iter().position(is_hello) {
        lines.remove(at);
        // And the line end before it.
        if at > 0 && lines[at - 1].is_empty() {
            lines.remove(at - 1);
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_guards_word_is_taken_out() {
        let hello = serde_json::to_string(&GuardHello::Started { pid: 7, sandboxed: false }).unwrap();
        assert_eq!(without_hello(&format!("\n{hello}\nok 1\n\nok 2\n")), "ok 1\n\nok 2\n");
        assert_eq!(without_hello(&format!("ok 1\n{hello}\nok 2")), "ok 1\nok 2");
        assert_eq!(without_hello("{\"type\":\"other\"}\n"), "{\"type\":\"other\"}\n");
    }

    #[tokio::test]
    async fn only_the_end_of_much_output_is_kept() {
        let text = format!("{}end", "x".repeat(MOST_OUTPUT * 2));
        let kept = tail(text.as_bytes(), None).await;
        assert!(kept.len() == MOST_OUTPUT && kept.ends_with("xend"));
    }
}
