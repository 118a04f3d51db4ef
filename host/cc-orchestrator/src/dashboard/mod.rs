//! `dashboard`: the pages, live, for one user on one machine.
//!
//! It listens on the loopback address alone, and answers nobody who does not know the token in its addresses. Nothing
//! of it runs in other commands, and in this one nothing is watched while no page is open.

mod actions;
mod guard;
mod live;
mod pages;

use std::{net::Ipv4Addr, process::ExitCode, sync::Arc};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware,
    routing::{get, post},
};
use cc_ops::{Context, ErrorKind, OpError, dashboard::Dashboard};
use cc_reports::dashboard::Renderer;
use tokio::net::TcpListener;

use self::{actions::Notes, live::Live};

/// Longest form that is accepted, bytes.
const MOST_FORM: usize = 64 << 10;
const TOKEN_BYTES: usize = 24;

/// What every request may use.
pub(crate) struct App {
    dashboard: Dashboard,
    renderer: Renderer,
    token: String,
    port: u16,
    live: Live,
    notes: Notes,
}

type Shared = Arc<App>;

impl App {
    /// `/<token>/`.
    fn base(&self) -> String {
        format!("/{}/", self.token)
    }
}

/// Serves until it is interrupted; `ready` is told the address once it is answered there.
pub(crate) async fn serve(cx: Context, port: u16, ready: impl FnOnce(&str)) -> Result<ExitCode, OpError> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(|error| {
        OpError::new(
            ErrorKind::Unavailable,
            format!("port {port} of 127.0.0.1 cannot be used: {error}"),
            "leave --port out: a free one is taken",
        )
    })?;
    let port = listener.local_addr().map_or(port, |address| address.port());
    let renderer =
        Renderer::new().map_err(|error| OpError::new(ErrorKind::State, error.to_string(), "report this"))?;
    let app = Arc::new(App {
        dashboard: Dashboard::new(cx),
        renderer,
        token: random_hex(TOKEN_BYTES)?,
        port,
        live: Live::default(),
        notes: Notes::default(),
    });
    ready(&format!("http://127.0.0.1:{port}{}", app.base()));
    let served = axum::serve(listener, router(app)).with_graceful_shutdown(interrupted());
    tokio::select! {
        served = served => served.map_err(|error| {
            OpError::new(ErrorKind::Unavailable, format!("the dashboard broke off: {error}"), "start it again")
        })?,
        // Open pages hold their connection for as long as they like: nobody waits for them.
        () = interrupted() => {}
    }
    Ok(ExitCode::SUCCESS)
}

async fn interrupted() {
    // A system that cannot tell of it ends the process by itself.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

fn router(app: Shared) -> Router {
    let at = |path: &str| format!("{}{path}", app.base());
    Router::new()
        .route(&at(""), get(pages::overview))
        .route(&at("runs"), get(pages::runs))
        .route(&at("runs/{run}"), get(pages::timeline))
        .route(&at("runs/{run}/changes"), get(pages::changes))
        .route(&at("runs/{run}/gates"), get(pages::gates))
        .route(&at("runs/{run}/route"), get(pages::route))
        .route(&at("runs/{run}/rollback"), get(pages::rollback).post(actions::roll_back))
        .route(&at("runs/{run}/stop"), post(actions::stop))
        .route(&at("runs/{run}/answer"), post(actions::answer))
        .route(&at("runs/{run}/verify"), post(actions::verify))
        .route(&at("teams"), get(pages::teams))
        .route(&at("teams/{team}"), get(pages::team))
        .route(&at("queue"), get(pages::queue))
        .route(&at("queue/cancel"), post(actions::cancel))
        .route(&at("models"), get(pages::models))
        .route(&at("plugins"), get(pages::plugins))
        .route(&at("upgrades"), get(pages::upgrades))
        .route(&at("events"), get(live::events))
        .route(&at("assets/app.css"), get(pages::style))
        .route(&at("assets/app.js"), get(pages::script))
        .fallback(pages::missing)
        .layer(DefaultBodyLimit::max(MOST_FORM))
        .layer(middleware::from_fn_with_state(app.clone(), guard::check))
        .with_state(app)
}

/// So many random bytes, in hex.
fn random_hex(bytes: usize) -> Result<String, OpError> {
    let mut random = vec![0; bytes];
    getrandom::fill(&mut random).map_err(|error| {
        OpError::new(ErrorKind::Unavailable, format!("no random bytes can be had: {error}"), "try again")
    })?;
    Ok(random.iter().map(|byte| format!("{byte:02x}")).collect())
}
