//! Where others reach a run's supervisor.

use std::{
    future::{Future, pending},
    pin::Pin,
    time::Duration,
};

use cc_domain::RunId;
use cc_store::Store;
use interprocess::local_socket::{
    ListenerOptions,
    tokio::{Listener, Stream},
    traits::tokio::Listener as _,
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    sync::{mpsc, oneshot},
    task::{JoinHandle, JoinSet},
    time::timeout,
};

use crate::{ControlReply, ControlRequest, command::random, control::MAX_MESSAGE, os};

/// How long a visitor may take to read the last answer.
const FAREWELL: Duration = Duration::from_secs(1);

/// A request, and where its reply goes.
type Visit = (ControlRequest, oneshot::Sender<ControlReply>);

/// What somebody wants.
pub(super) enum Wish {
    /// Of the run, through its socket.
    Visit(ControlRequest, oneshot::Sender<ControlReply>),
    /// That this very process ends, as a system that shuts down does.
    End,
}

/// The open socket of a run. Closed, and no longer listed, when dropped.
pub(super) struct Desk<'a> {
    store: &'a Store,
    run: &'a RunId,
    visits: mpsc::Receiver<Visit>,
    accepting: Option<(JoinHandle<()>, oneshot::Sender<()>)>,
    ending: Option<Pin<Box<dyn Future<Output = ()>>>>,
}

impl<'a> Desk<'a> {
    /// Listens. A run that cannot be reached goes on all the same; it can still be ended by a signal.
    pub(super) fn open(store: &'a Store, run: &'a RunId) -> Self {
        let (sender, visits) = mpsc::channel(8);
        let accepting = match listen(store, run) {
            Ok(listener) => {
                let (close, closing) = oneshot::channel();
                Some((tokio::spawn(accept(listener, sender, closing)), close))
            }
            Err(reason) => {
                tracing::warn!(%run, "the run cannot be steered: {reason}");
                None
            }
        };
        Self { store, run, visits, accepting, ending: Some(Box::pin(asked_to_end())) }
    }

    /// Takes no more requests, and lets those that were answered read the answer.
    pub(super) async fn close(mut self) {
        self.visits.close();
        if let Some((task, close)) = self.accepting.take() {
            let _ = close.send(());
            let _ = timeout(FAREWELL, task).await;
        }
    }

    /// The next wish. Never returns where nobody can have one.
    pub(super) async fn next(&mut self) -> Wish {
        let Some(ending) = &mut self.ending else { return visit(&mut self.visits).await };
        tokio::select! {
            wish = visit(&mut self.visits) => wish,
            () = ending => {
                // It is told once.
                self.ending = None;
                Wish::End
            }
        }
    }
}

async fn visit(visits: &mut mpsc::Receiver<Visit>) -> Wish {
    match visits.recv().await {
        Some((request, reply)) => Wish::Visit(request, reply),
        None => pending().await,
    }
}

impl Drop for Desk<'_> {
    fn drop(&mut self) {
        if let Some((task, _)) = self.accepting.take() {
            task.abort();
        }
        // A stale address only costs who uses it a failed connection.
        let _ = self.store.set_control(self.run, None);
    }
}

fn listen(store: &Store, run: &RunId) -> Result<Listener, String> {
    let address = os::socket_address(run.as_str(), random()).map_err(|e| e.to_string())?;
    let name = os::socket_name(&address).map_err(|e| e.to_string())?;
    let listener = ListenerOptions::new().name(name).create_tokio().map_err(|e| format!("{address}: {e}"))?;
    store.set_control(run, Some(&address)).map_err(|e| e.to_string())?;
    Ok(listener)
}

async fn accept(listener: Listener, visits: mpsc::Sender<Visit>, mut closing: oneshot::Receiver<()>) {
    let mut visitors = JoinSet::new();
    loop {
        tokio::select! {
            stream = listener.accept() => match stream {
                Ok(stream) => drop(visitors.spawn(attend(stream, visits.clone()))),
                Err(_) => break,
            },
            Some(_) = visitors.join_next() => {}
            _ = &mut closing => break,
        }
    }
    drop(listener);
    while visitors.join_next().await.is_some() {}
}

/// One visitor. What goes wrong is theirs to notice.
async fn attend(stream: Stream, visits: mpsc::Sender<Visit>) {
    let mut line = String::new();
    let mut reader = BufReader::new((&stream).take(MAX_MESSAGE));
    if reader.read_line(&mut line).await.is_err() {
        return;
    }
    let reply = match serde_json::from_str(&line) {
        Ok(request) => {
            let (sender, reply) = oneshot::channel();
            match visits.send((request, sender)).await {
                Ok(()) => reply.await.ok(),
                Err(_) => None,
            }
        }
        Err(e) => Some(ControlReply::Refused { reason: format!("not a request this supervisor knows: {e}") }),
    };
    if let Some(mut reply) = reply.and_then(|reply| serde_json::to_vec(&reply).ok()) {
        reply.push(b'\n');
        let _ = (&stream).write_all(&reply).await;
    }
}

/// Never returns where there is no such signal.
#[cfg(unix)]
async fn asked_to_end() {
    use tokio::signal::unix::{SignalKind, signal};
    match (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) {
        (Ok(mut terminate), Ok(mut interrupt)) => {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        }
        _ => pending().await,
    }
}

#[cfg(not(unix))]
async fn asked_to_end() {
    pending().await
}
