//! What a view may do: call operations, now or aside.

use std::{
    sync::mpsc::{self, Receiver, Sender},
    thread,
};

use cc_ops::{Context, ErrorKind, OpError, Reply, plain, registry};
use ratatui::text::Line;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::theme::{BAD, GOOD};
use crate::cli::runtime;

/// The operations, for views.
pub(crate) struct Host {
    caller: Caller,
    tell: Sender<Note>,
    notes: Receiver<Note>,
}

/// The operations, for a thread.
#[derive(Clone)]
pub(crate) struct Caller(Context);

/// What became of a call, in a line.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Note {
    pub(crate) text: String,
    pub(crate) failed: bool,
}

impl Host {
    pub(crate) fn new(cx: Context) -> Self {
        let (tell, notes) = mpsc::channel();
        Self { caller: Caller(cx), tell, notes }
    }

    pub(crate) fn context(&self) -> &Context {
        &self.caller.0
    }

    /// Asks in a thread of its own.
    pub(crate) fn aside<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&Caller) -> Result<T, OpError> + Send + 'static,
    ) -> Receiver<Result<T, OpError>> {
        let (tell, reply) = mpsc::channel();
        let caller = self.caller.clone();
        thread::spawn(move || tell.send(ask(&caller)));
        reply
    }

    /// Calls an operation that may take its time; a note tells what became of it.
    pub(crate) fn call_aside(&self, tool: &'static str, arguments: Value) {
        let (caller, tell) = (self.caller.clone(), self.tell.clone());
        thread::spawn(move || tell.send(Note::of(caller.reply(tool, arguments))));
    }

    /// What became of calls aside.
    pub(crate) fn notes(&self) -> impl Iterator<Item = Note> + '_ {
        self.notes.try_iter()
    }
}

impl Caller {
    /// An operation's reply, as far as the caller wants to know.
    pub(crate) fn call<T: DeserializeOwned>(&self, tool: &str, arguments: Value) -> Result<T, OpError> {
        let reply = self.reply(tool, arguments)?;
        serde_json::from_value(reply.structured).map_err(|error| {
            OpError::new(
                ErrorKind::State,
                format!("the reply of {tool} was not understood: {error}"),
                "report it",
            )
        })
    }

    fn reply(&self, tool: &str, arguments: Value) -> Result<Reply, OpError> {
        let Some(entry) = registry().iter().find(|entry| entry.name == tool) else {
            return Err(OpError::invalid(format!("there is no operation '{tool}'"), ""));
        };
        runtime()?.block_on(entry.call(self.0.clone(), arguments))
    }
}

impl Note {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), failed: false }
    }

    fn of(reply: Result<Reply, OpError>) -> Self {
        match reply {
            Ok(reply) => {
                let line = reply.text.lines().next().unwrap_or_default();
                Self { text: plain(line), failed: !reply.succeeded }
            }
            Err(error) => Self::failed(&error),
        }
    }

    pub(crate) fn failed(error: &OpError) -> Self {
        Self { text: plain(&error.to_string()), failed: true }
    }

    pub(crate) fn line(&self) -> Line<'static> {
        Line::styled(self.text.clone(), if self.failed { BAD } else { GOOD })
    }
}
