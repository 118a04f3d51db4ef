//! What a view may do: call operations, now or aside.

use std::{
    sync::mpsc::{self, Receiver, Sender},
    thread,
};

use cc_ops::{Context, OpError, registry};
use serde_json::Value;

use crate::cli::runtime;

/// The operations, for views.
pub(crate) struct Host {
    cx: Context,
    tell: Sender<String>,
    notes: Receiver<String>,
}

impl Host {
    pub(crate) fn new(cx: Context) -> Self {
        let (tell, notes) = mpsc::channel();
        Self { cx, tell, notes }
    }

    pub(crate) fn context(&self) -> &Context {
        &self.cx
    }

    /// The reply of an operation that answers at once.
    pub(crate) fn call(&self, tool: &str, arguments: Value) -> Result<Value, OpError> {
        call(self.cx.clone(), tool, arguments).map(|reply| reply.structured)
    }

    /// Calls an operation that may take its time; a note tells what became of it.
    pub(crate) fn call_aside(&self, tool: &'static str, arguments: Value) {
        let (cx, tell) = (self.cx.clone(), self.tell.clone());
        thread::spawn(move || {
            let note = match call(cx, tool, arguments) {
                Ok(reply) => reply.text.lines().next().unwrap_or_default().to_owned(),
                Err(error) => error.to_string(),
            };
            let _ = tell.send(cc_ops::plain(&note));
        });
    }

    /// What became of calls aside.
    pub(crate) fn notes(&self) -> impl Iterator<Item = String> + '_ {
        self.notes.try_iter()
    }
}

fn call(cx: Context, tool: &str, arguments: Value) -> Result<cc_ops::Reply, OpError> {
    let Some(entry) = registry().iter().find(|entry| entry.name == tool) else {
        return Err(OpError::invalid(format!("there is no operation '{tool}'"), ""));
    };
    runtime()?.block_on(entry.call(cx, arguments))
}
