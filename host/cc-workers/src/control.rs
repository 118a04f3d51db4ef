//! Talking to a run's supervisor: one request and one reply, each a line of JSON, over a local socket.
//!
//! The socket is in the user's private runtime folder, never in the project: a worker must not be able to answer
//! its own permission questions by writing a file. Only `state.db` says where it is.

use std::{
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    sync::mpsc,
    thread,
    time::Duration,
};

use cc_domain::RunId;
use cc_store::Store;
use interprocess::local_socket::{ConnectOptions, Name, Stream};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{WorkerError, os};

/// Longest request or reply, bytes.
pub(crate) const MAX_MESSAGE: u64 = 1 << 20;
/// How long a supervisor may take to answer; it takes less than a millisecond.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is asked of a run's supervisor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum ControlRequest {
    /// Hand this to the running worker.
    Instruct {
        /// Comes back in the run's events.
        id: String,
        /// Byte for byte.
        text: String,
    },
    /// Answer a permission question.
    Answer {
        /// Which; none for the only one.
        request_id: Option<String>,
        /// The tool may run.
        allow: bool,
        /// What the worker is told when it may not.
        message: Option<String>,
        /// The tool's input, when it is to be another.
        updated_input: Option<Value>,
    },
    /// End the run.
    Stop {
        /// Kill at once.
        force: bool,
        /// In which time, interrupt and termination signal included, milliseconds.
        within_ms: u64,
    },
}

/// What a supervisor answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ControlReply {
    /// Done: the line is in the worker's input, or the ladder has begun.
    Done {
        /// What was done, in a few words.
        what: String,
    },
    /// Not done, and why.
    Refused {
        /// In a sentence.
        reason: String,
    },
}

/// Asks a run's supervisor for something. None when nobody listens: the run is starting, has ended, or its
/// supervisor could not open its socket.
///
/// # Errors
/// When the store refuses, or a supervisor that listens does not answer.
pub fn control(
    store: &Store,
    run: &RunId,
    request: &ControlRequest,
) -> Result<Option<ControlReply>, WorkerError> {
    let Some(address) = store.control(run)? else { return Ok(None) };
    let failed = |e: io::Error| WorkerError::io("talk to the supervisor at", &address)(e);
    let name = os::socket_name(&address).map_err(failed)?;
    let Ok(stream) = connect(name) else { return Ok(None) };
    let mut line = serde_json::to_vec(request).map_err(|e| failed(e.into()))?;
    line.push(b'\n');
    let reply = exchange(stream, line).map_err(failed)?;
    if reply.is_empty() {
        // It ended while we spoke: the caller looks at the record.
        return Ok(None);
    }
    serde_json::from_str(&reply).map(Some).map_err(|e| failed(e.into()))
}

/// Sends a line and waits for one, on a thread of its own: the named pipes of Windows know no timeout.
fn exchange(stream: Stream, line: Vec<u8>) -> io::Result<String> {
    let (told, hear) = mpsc::channel();
    let talk = move || {
        let mut reply = String::new();
        let done = (&stream)
            .write_all(&line)
            .and_then(|()| BufReader::new(&stream).take(MAX_MESSAGE).read_line(&mut reply));
        let _ = told.send(done.map(|_| reply));
    };
    thread::Builder::new().name("control".into()).spawn(talk)?;
    hear.recv_timeout(PATIENCE).unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

fn connect(name: Name<'_>) -> io::Result<Stream> {
    ConnectOptions::new().name(name).connect_sync()
}
