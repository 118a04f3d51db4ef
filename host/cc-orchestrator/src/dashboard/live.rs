//! News for open pages: one watcher a server, and none while no page is open.

use std::{
    convert::Infallible,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use axum::{
    extract::{Query, State},
    response::{
        IntoResponse, Response, Sse,
        sse::{Event, KeepAlive},
    },
};
use cc_domain::RunId;
use cc_ops::dashboard::{Change, News};
use futures_util::stream;
use serde::Deserialize;
use tokio::sync::broadcast::{self, error::RecvError};

use super::Shared;

/// How often the watcher looks: well within the second that a page may be behind.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Changes that a slow page may be behind; then it is told that it is.
const BEHIND: usize = 64;

/// Tells open pages what changed.
pub(super) struct Live {
    news: broadcast::Sender<Change>,
    watching: Mutex<bool>,
}

impl Default for Live {
    fn default() -> Self {
        Self { news: broadcast::Sender::new(BEHIND), watching: Mutex::new(false) }
    }
}

impl Live {
    /// Something happened that no file tells of.
    pub(super) fn tell(&self) {
        // Nobody may be listening.
        let _ = self.news.send(Change { index: true, ..Change::default() });
    }
}

/// Who listens from now on; the first one starts the watcher.
fn subscribe(app: &Shared) -> broadcast::Receiver<Change> {
    let mut watching = app.live.watching.lock().unwrap_or_else(PoisonError::into_inner);
    let receiver = app.live.news.subscribe();
    if !*watching {
        *watching = true;
        tokio::spawn(watch(app.clone()));
    }
    receiver
}

/// Looks until nobody listens.
async fn watch(app: Shared) {
    let mut news = News::new(app.dashboard.clone());
    let mut begins = true;
    loop {
        let looked = tokio::task::spawn_blocking(move || {
            let change = news.look();
            (news, change)
        });
        let change = match looked.await {
            Ok((back, change)) => {
                news = back;
                change.unwrap_or_default()
            }
            Err(_) => {
                news = News::new(app.dashboard.clone());
                Change::default()
            }
        };
        if begins {
            // Pages were made before the first look: what came in between is on none of them.
            app.live.tell();
        } else if !change.is_empty() {
            let _ = app.live.news.send(change);
        }
        begins = false;
        if ended(&app) {
            return;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn ended(app: &Shared) -> bool {
    let mut watching = app.live.watching.lock().unwrap_or_else(PoisonError::into_inner);
    *watching = app.live.news.receiver_count() > 0;
    !*watching
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct About {
    /// Only what concerns that run.
    run: Option<String>,
}

/// The stream of a page: an event whenever it is worth asking for the page again.
pub(super) async fn events(State(app): State<Shared>, Query(about): Query<About>) -> Response {
    let run: Option<RunId> = about.run.and_then(|run| run.parse().ok());
    let news = stream::unfold((subscribe(&app), run, true), |(mut receiver, run, first)| async move {
        // A page that listens may be older than the watcher's last look.
        if !first && !next(&mut receiver, run.as_ref()).await {
            return None;
        }
        // Browsers drop an event without data.
        let event = Event::default().event("change").data("look");
        Some((Ok::<Event, Infallible>(event), (receiver, run, false)))
    });
    Sse::new(news).keep_alive(KeepAlive::default()).into_response()
}

/// Waits for what concerns a page; false when nothing will come any more.
async fn next(news: &mut broadcast::Receiver<Change>, run: Option<&RunId>) -> bool {
    loop {
        match news.recv().await {
            Ok(change) if !change.concerns(run) => {}
            Ok(_) | Err(RecvError::Lagged(_)) => return true,
            Err(RecvError::Closed) => return false,
        }
    }
}
