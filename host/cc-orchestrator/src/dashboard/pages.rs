//! Each address and the page it shows.

use axum::{
    Extension,
    extract::{Path, Query, State, rejection::QueryRejection},
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use cc_domain::{RunId, TeamId};
use cc_ops::{
    ErrorKind, OpError,
    dashboard::{Ask, Dashboard},
};
use cc_reports::dashboard::{CSS, JS, Page, Site, model};
use jiff::Timestamp;
use serde::Deserialize;

use super::{App, Shared, guard::Nonce};

/// What a page is made with.
struct Maker {
    app: Shared,
    site: Site,
}

type Made = Result<String, OpError>;

impl Maker {
    fn new(app: Shared, nonce: String) -> Self {
        let site = Site { base: app.base(), nonce, now: Timestamp::now().to_string() };
        Self { app, site }
    }

    fn dashboard(&self) -> &Dashboard {
        &self.app.dashboard
    }

    fn render(&self, page: Page<'_>) -> Made {
        let made = self.app.renderer.page(&self.site, page);
        made.map_err(|error| OpError::new(ErrorKind::State, error.to_string(), "report this"))
    }

    /// The head of a run's pages, with what became of what was asked from them.
    fn head(&self, run: &RunId) -> Result<model::RunHead, OpError> {
        // Before the run: what a note says is done shows in the run that is read after it.
        let notes = self.app.notes.of(run.as_str());
        Ok(model::RunHead { notes, ..self.dashboard().head(run)? })
    }

    fn error(&self, error: &OpError) -> Response {
        let (status, title) = match error.kind {
            ErrorKind::NotFound => (StatusCode::NOT_FOUND, "Not found"),
            ErrorKind::InvalidInput => (StatusCode::BAD_REQUEST, "Not understood"),
            ErrorKind::Denied | ErrorKind::OverLimit => (StatusCode::FORBIDDEN, "Refused"),
            ErrorKind::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "Not available"),
            ErrorKind::State => (StatusCode::INTERNAL_SERVER_ERROR, "This could not be read"),
        };
        // What an operation advises its caller to do about an id is nothing that a browser can.
        let hint = if error.kind == ErrorKind::NotFound { "" } else { &error.hint };
        match self.render(Page::Message { title, message: &error.message, hint }) {
            Ok(html) => (status, Html(html)).into_response(),
            Err(_) => (status, error.to_string()).into_response(),
        }
    }

    /// Gathers and renders where it holds up no other page.
    async fn make(self, page: impl FnOnce(&Self) -> Made + Send + 'static) -> Response {
        let made = tokio::task::spawn_blocking(move || match page(&self) {
            Ok(html) => Html(html).into_response(),
            Err(error) => self.error(&error),
        });
        made.await.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
    }
}

type Asked = (State<Shared>, Extension<Nonce>);

fn maker((State(app), Extension(Nonce(nonce))): Asked) -> Maker {
    Maker::new(app, nonce)
}

/// A page of a run; an id that is none is a page that does not exist.
async fn of_run(
    asked: Asked,
    run: &str,
    page: impl FnOnce(&Maker, &RunId) -> Made + Send + 'static,
) -> Response {
    let maker = maker(asked);
    match run.parse::<RunId>() {
        Ok(run) => maker.make(move |maker| page(maker, &run)).await,
        Err(error) => maker.error(&not_found(&error.to_string())),
    }
}

fn not_found(what: &str) -> OpError {
    OpError::new(ErrorKind::NotFound, what, "the list of runs has every run that is known")
}

pub(super) async fn overview(asked: Asked) -> Response {
    maker(asked).make(|maker| maker.render(Page::Overview(&maker.dashboard().overview()?))).await
}

/// The list's address.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ListQuery {
    status: String,
    role: String,
    model: String,
    profile: String,
    project: String,
    write: String,
    since: String,
    q: String,
    page: Option<u64>,
}

pub(super) async fn runs(
    app: State<Shared>,
    nonce: Extension<Nonce>,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Response {
    let maker = maker((app, nonce));
    let Ok(Query(query)) = query else {
        return maker
            .error(&OpError::invalid("this address is no filter of runs", "use the form on the page"));
    };
    let ListQuery { status, role, model, profile, project, write, since, q, page } = query;
    let filter = model::Filter { status, role, model, profile, project, write, since, q };
    maker
        .make(move |maker| maker.render(Page::Runs(&maker.dashboard().runs(filter, page.unwrap_or(1))?)))
        .await
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct TimelineQuery {
    before: Option<u64>,
    show: String,
}

pub(super) async fn timeline(
    app: State<Shared>,
    nonce: Extension<Nonce>,
    Path(run): Path<String>,
    query: Result<Query<TimelineQuery>, QueryRejection>,
) -> Response {
    let query = query.map(|Query(query)| query).unwrap_or_default();
    let ask = Ask { before: query.before, all: query.show == "all" };
    of_run((app, nonce), &run, move |maker, run| {
        let (head, page) = (maker.head(run)?, maker.dashboard().timeline(run, ask)?);
        maker.render(Page::Timeline(&head, &page))
    })
    .await
}

pub(super) async fn changes(
    app: State<Shared>,
    nonce: Extension<Nonce>,
    Path(run): Path<String>,
) -> Response {
    of_run((app, nonce), &run, |maker, run| {
        let (head, page) = (maker.head(run)?, maker.dashboard().changes(run)?);
        maker.render(Page::Changes(&head, &page))
    })
    .await
}

pub(super) async fn gates(app: State<Shared>, nonce: Extension<Nonce>, Path(run): Path<String>) -> Response {
    of_run((app, nonce), &run, |maker, run| {
        let (head, page) = (maker.head(run)?, maker.dashboard().gates(run)?);
        maker.render(Page::Gates(&head, &page))
    })
    .await
}

pub(super) async fn route(app: State<Shared>, nonce: Extension<Nonce>, Path(run): Path<String>) -> Response {
    of_run((app, nonce), &run, |maker, run| {
        let (head, page) = (maker.head(run)?, maker.dashboard().route(run)?);
        maker.render(Page::Route(&head, &page))
    })
    .await
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct RollbackQuery {
    undo: bool,
}

pub(super) async fn rollback(
    app: State<Shared>,
    nonce: Extension<Nonce>,
    Path(run): Path<String>,
    query: Result<Query<RollbackQuery>, QueryRejection>,
) -> Response {
    let maker = maker((app, nonce));
    let Ok(run) = run.parse::<RunId>() else { return maker.error(&not_found("this is no run's id")) };
    let undo = query.is_ok_and(|Query(query)| query.undo);
    match maker.dashboard().rollback(&run, undo).await {
        Ok(plan) => maker.make(move |maker| maker.render(Page::Rollback(run.as_str(), &plan))).await,
        Err(error) => maker.error(&error),
    }
}

pub(super) async fn teams(asked: Asked) -> Response {
    maker(asked).make(|maker| maker.render(Page::Teams(&maker.dashboard().teams()?))).await
}

pub(super) async fn team(app: State<Shared>, nonce: Extension<Nonce>, Path(team): Path<String>) -> Response {
    let maker = maker((app, nonce));
    match team.parse::<TeamId>() {
        Ok(team) => maker.make(move |maker| maker.render(Page::Team(&maker.dashboard().team(&team)?))).await,
        Err(error) => maker.error(&not_found(&error.to_string())),
    }
}

pub(super) async fn queue(asked: Asked) -> Response {
    maker(asked)
        .make(|maker| {
            let notes = maker.app.notes.of(super::actions::QUEUE);
            maker.render(Page::Queue(&model::Queue { notes, ..maker.dashboard().queue()? }))
        })
        .await
}

pub(super) async fn models(asked: Asked) -> Response {
    maker(asked).make(|maker| maker.render(Page::Models(&maker.dashboard().models()))).await
}

pub(super) async fn plugins(asked: Asked) -> Response {
    maker(asked).make(|maker| maker.render(Page::Plugins(&maker.dashboard().plugins()))).await
}

pub(super) async fn upgrades(asked: Asked) -> Response {
    let maker = maker(asked);
    let page = maker.dashboard().upgrades().await;
    maker.make(move |maker| maker.render(Page::Upgrades(&page))).await
}

pub(super) async fn missing(asked: Asked) -> Response {
    maker(asked).error(&not_found("this dashboard has no such page"))
}

pub(super) async fn style() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], CSS).into_response()
}

pub(super) async fn script() -> Response {
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], JS).into_response()
}

/// A message page for a form that was not understood.
pub(super) fn refused(app: &Shared, nonce: &Nonce, error: &OpError) -> Response {
    Maker::new(app.clone(), nonce.0.clone()).error(error)
}

impl App {
    /// Where a run's page is.
    pub(super) fn run_page(&self, run: &RunId) -> String {
        format!("{}runs/{run}", self.base())
    }
}
