//! One conversation with a running program: everything is said and heard at once, within limits.

use std::{
    io::{self, Read, Write},
    process::{Child, ChildStdin, ExitStatus},
    sync::{Mutex, MutexGuard, PoisonError, mpsc},
    thread,
    time::Duration,
};

const MAX_ERROR: u64 = 8 << 10;

/// What git said, and how it ended.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) stdout: Vec<u8>,
    pub(crate) cut: bool,
    pub(crate) status: ExitStatus,
    pub(crate) stderr: String,
}

/// One conversation with a running git.
pub(crate) struct Talk {
    child: Mutex<Child>,
}

impl Talk {
    pub(crate) fn with(child: Child) -> Self {
        Self { child: Mutex::new(child) }
    }

    fn lock(&self) -> MutexGuard<'_, Child> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self) {
        // It may have ended by itself, which is just as well.
        let _ = self.lock().kill();
    }

    /// Says everything, hears everything, and whether git ended in time.
    pub(crate) fn hold<F>(&self, input: F, limit: usize, time_limit: Duration) -> io::Result<(Said, bool)>
    where
        F: FnOnce(&mut dyn Write) -> io::Result<()> + Send,
    {
        let (stdin, stdout, stderr) = {
            let mut child = self.lock();
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        };
        let (done, ended) = mpsc::channel::<()>();
        thread::scope(|scope| {
            let feeder = scope.spawn(move || give(stdin, input));
            let errors = scope.spawn(move || hear_errors(stderr));
            let watchdog = scope.spawn(move || {
                let late = ended.recv_timeout(time_limit) == Err(mpsc::RecvTimeoutError::Timeout);
                if late {
                    self.end();
                }
                !late
            });
            let heard = hear(stdout, limit);
            if !matches!(heard, Ok((_, false))) {
                self.end();
            }
            let status = self.lock().wait();
            drop(done);
            let in_time = watchdog.join().unwrap_or(true);
            let stderr = errors.join().unwrap_or_default();
            let fed = feeder.join().unwrap_or(Ok(()));
            let ((stdout, cut), status) = (heard?, status?);
            fed?;
            Ok((Said { stdout, cut, status, stderr }, in_time))
        })
    }
}

/// A git that has heard enough closes its end; that is no error of ours.
fn give<F>(stdin: Option<ChildStdin>, input: F) -> io::Result<()>
where
    F: FnOnce(&mut dyn Write) -> io::Result<()>,
{
    let Some(stdin) = stdin else { return Ok(()) };
    let mut stdin = io::BufWriter::with_capacity(1 << 16, stdin);
    match input(&mut stdin).and_then(|()| stdin.flush()) {
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

fn hear(stdout: Option<impl Read>, limit: usize) -> io::Result<(Vec<u8>, bool)> {
    let mut bytes = Vec::new();
    if let Some(stdout) = stdout {
        stdout.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    }
    let cut = bytes.len() > limit;
    bytes.truncate(limit);
    Ok((bytes, cut))
}

fn hear_errors(stderr: Option<impl Read>) -> String {
    let Some(mut stderr) = stderr else { return String::new() };
    let mut bytes = Vec::new();
    let _ = stderr.by_ref().take(MAX_ERROR).read_to_end(&mut bytes);
    let _ = io::copy(&mut stderr, &mut io::sink());
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    fn talk(script: &str, input: &[u8], limit: usize, time_limit: Duration) -> (Said, bool) {
        let mut command = Command::new("sh");
        command.args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Talk::with(command.spawn().unwrap()).hold(|to| to.write_all(input), limit, time_limit).unwrap()
    }

    #[test]
    fn both_sides_may_say_more_than_a_pipe_holds() {
        let input = vec![b'x'; 1 << 20];
        let (said, in_time) = talk("cat; echo error >&2", &input, 2 << 20, Duration::from_secs(60));
        assert!(in_time && !said.cut && said.stdout == input && said.stderr == "error\n");
    }

    #[test]
    fn who_says_too_much_or_takes_too_long_is_ended() {
        let (said, in_time) = talk("while :; do echo yes; done", b"", 1_000, Duration::from_secs(60));
        assert!(in_time && said.cut && said.stdout.len() == 1_000);
        let (said, in_time) = talk("exec sleep 60", b"", 1_000, Duration::from_millis(50));
        assert!(!in_time && !said.status.success());
    }

    #[test]
    fn who_does_not_listen_is_no_error() {
        let (said, _) = talk("echo done", &vec![b'x'; 1 << 20], 1_000, Duration::from_secs(60));
        assert_eq!(said.stdout, b"done\n");
    }
}
