//! The dashboard's pages: a view model in, HTML out.
//!
//! The same templates make the pages of the live server and the one file that works from disk. Every value of a
//! template is escaped; what workers wrote goes through `text`, which also shows what would steer a screen.

mod code;
mod format;
pub mod model;
mod plot;
mod site;
mod text;

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use minijinja::{AutoEscape, Environment, Value, context, syntax::SyntaxConfig, value::Serde};
use serde::Serialize;
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};

pub use site::{Section, Site};

use self::model::{
    File, Models, Overview, Plugins, Queue, RollbackPlan, RunChanges, RunGates, RunHead, RunLine, RunList,
    RunRoute, RunTimeline, TeamPage, Teams, Upgrades,
};

/// The pages' style sheet.
pub const CSS: &str = include_str!("templates/app.css");
/// The pages' script.
pub const JS: &str = include_str!("templates/app.js");

const TEMPLATES: &[(&str, &str)] = &[
    ("file.html", include_str!("templates/file.html")),
    ("filters.html", include_str!("templates/filters.html")),
    ("head.html", include_str!("templates/head.html")),
    ("keys.html", include_str!("templates/keys.html")),
    ("layout.html", include_str!("templates/layout.html")),
    ("macros.html", include_str!("templates/macros.html")),
    ("message.html", include_str!("templates/message.html")),
    ("models.html", include_str!("templates/models.html")),
    ("models_body.html", include_str!("templates/models_body.html")),
    ("overview.html", include_str!("templates/overview.html")),
    ("overview_body.html", include_str!("templates/overview_body.html")),
    ("plugins.html", include_str!("templates/plugins.html")),
    ("plugins_body.html", include_str!("templates/plugins_body.html")),
    ("queue.html", include_str!("templates/queue.html")),
    ("queue_body.html", include_str!("templates/queue_body.html")),
    ("rollback.html", include_str!("templates/rollback.html")),
    ("run_changes.html", include_str!("templates/run_changes.html")),
    ("run_changes_body.html", include_str!("templates/run_changes_body.html")),
    ("run_gates.html", include_str!("templates/run_gates.html")),
    ("run_gates_body.html", include_str!("templates/run_gates_body.html")),
    ("run_head.html", include_str!("templates/run_head.html")),
    ("run_route.html", include_str!("templates/run_route.html")),
    ("run_route_body.html", include_str!("templates/run_route_body.html")),
    ("run_timeline.html", include_str!("templates/run_timeline.html")),
    ("run_timeline_body.html", include_str!("templates/run_timeline_body.html")),
    ("runs.html", include_str!("templates/runs.html")),
    ("shapes.html", include_str!("templates/shapes.html")),
    ("team.html", include_str!("templates/team.html")),
    ("teams.html", include_str!("templates/teams.html")),
    ("teams_body.html", include_str!("templates/teams_body.html")),
    ("upgrades.html", include_str!("templates/upgrades.html")),
    ("upgrades_body.html", include_str!("templates/upgrades_body.html")),
];

/// One page of the live server.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)] // each is named after what it shows
pub enum Page<'a> {
    Overview(&'a Overview),
    Runs(&'a RunList),
    Timeline(&'a RunHead, &'a RunTimeline),
    Changes(&'a RunHead, &'a RunChanges),
    Gates(&'a RunHead, &'a RunGates),
    Route(&'a RunHead, &'a RunRoute),
    Rollback(&'a str, &'a RollbackPlan),
    Teams(&'a Teams),
    Team(&'a TeamPage),
    Queue(&'a Queue),
    Models(&'a Models),
    Plugins(&'a Plugins),
    Upgrades(&'a Upgrades),
    /// What went wrong, and what to do.
    Message {
        title: &'a str,
        message: &'a str,
        hint: &'a str,
    },
}

/// A template of ours that does not fit its values: a defect of this program.
#[derive(Debug)]
pub struct RenderError(minijinja::Error);

impl std::fmt::Display for RenderError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the page cannot be made: {}", self.0)?;
        let mut cause = std::error::Error::source(&self.0);
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl std::error::Error for RenderError {}

/// The templates, ready. Made once, when the first page is asked for.
pub struct Renderer(Environment<'static>);

impl Renderer {
    /// Reads the templates.
    ///
    /// # Errors
    /// When one is no template.
    pub fn new() -> Result<Self, RenderError> {
        let mut env = Environment::new();
        let syntax =
            SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build().map_err(RenderError)?;
        env.set_syntax(syntax);
        env.set_formatter(|out, state, value| match value.as_str() {
            Some(shown) if !value.is_safe() && *state.auto_escape() == AutoEscape::Html => {
                out.write_str(&text::plain(shown)).map_err(minijinja::Error::from)
            }
            _ => minijinja::escape_formatter(out, state, value),
        });
        site::add_filters(&mut env);
        for (name, source) in TEMPLATES {
            env.add_template(name, source).map_err(RenderError)?;
        }
        Ok(Self(env))
    }

    /// A page of the live server.
    ///
    /// # Errors
    /// When a template does not fit.
    pub fn page(&self, site: &Site, page: Page<'_>) -> Result<String, RenderError> {
        let (template, head, title, value) = parts(page);
        let site =
            site.value(section(page), tab(page), head.map(|head| head.line.id.as_str()).or(run_of(page)));
        let context = match page {
            Page::Message { title, message, hint } => context! { site, title, message, hint },
            _ => context! { site, title, head => head.map(|head| Value::from(Serde(head))), page => value },
        };
        self.render(template, context)
    }

    /// The file that works from disk. `now` is RFC 3339, UTC.
    ///
    /// # Errors
    /// When a template does not fit.
    pub fn file(&self, file: &File, now: &str) -> Result<String, RenderError> {
        let full: Vec<&str> = file.runs.iter().map(|run| run.head.line.id.as_str()).collect();
        let rows = text::script_json(&rows(&file.all, &full, now));
        self.render(
            "file.html",
            context! {
                site => Site::of_file(&full, now),
                page => Value::from(Serde(file)),
                choices => Value::from(Serde(choices(&file.all))),
                css => CSS,
                js => JS,
                style_hash => Value::from_safe_string(source_hash(CSS)),
                script_hash => Value::from_safe_string(source_hash(JS)),
                rows,
            },
        )
    }

    fn render(&self, template: &str, context: Value) -> Result<String, RenderError> {
        self.0.get_template(template).and_then(|template| template.render(context)).map_err(RenderError)
    }
}

/// A source expression of a content security policy.
fn source_hash(text: &str) -> String {
    format!("'sha256-{}'", BASE64.encode(Sha256::digest(text.as_bytes())))
}

fn parts(page: Page<'_>) -> (&'static str, Option<&RunHead>, String, Value) {
    fn of(value: &impl Serialize) -> Value {
        Value::from(Serde(value))
    }
    let run = |head: &RunHead, what: &str| {
        format!("{}{} {}", what, head.line.role, format::short_id(&head.line.id))
    };
    match page {
        Page::Overview(page) => ("overview.html", None, "Overview".into(), of(page)),
        Page::Runs(page) => ("runs.html", None, "Runs".into(), of(page)),
        Page::Timeline(head, page) => ("run_timeline.html", Some(head), run(head, ""), of(page)),
        Page::Changes(head, page) => ("run_changes.html", Some(head), run(head, "Changes of "), of(page)),
        Page::Gates(head, page) => ("run_gates.html", Some(head), run(head, "Gates of "), of(page)),
        Page::Route(head, page) => ("run_route.html", Some(head), run(head, "Route of "), of(page)),
        Page::Rollback(run, page) => {
            ("rollback.html", None, format!("Roll back {}", format::short_id(run)), of(page))
        }
        Page::Teams(page) => ("teams.html", None, "Teams".into(), of(page)),
        Page::Team(page) => ("team.html", None, format!("Team {}", page.team.id), of(page)),
        Page::Queue(page) => ("queue.html", None, "Queue".into(), of(page)),
        Page::Models(page) => ("models.html", None, "Models".into(), of(page)),
        Page::Plugins(page) => ("plugins.html", None, "Plugins and overrides".into(), of(page)),
        Page::Upgrades(page) => ("upgrades.html", None, "Upgrades".into(), of(page)),
        Page::Message { title, .. } => ("message.html", None, title.to_owned(), Value::UNDEFINED),
    }
}

fn section(page: Page<'_>) -> Option<Section> {
    Some(match page {
        Page::Overview(_) => Section::Overview,
        Page::Teams(_) | Page::Team(_) => Section::Teams,
        Page::Queue(_) => Section::Queue,
        Page::Models(_) => Section::Models,
        Page::Plugins(_) => Section::Plugins,
        Page::Upgrades(_) => Section::Upgrades,
        Page::Message { .. } => return None,
        _ => Section::Runs,
    })
}

fn tab(page: Page<'_>) -> &'static str {
    match page {
        Page::Timeline(..) => "timeline",
        Page::Changes(..) => "changes",
        Page::Gates(..) => "gates",
        Page::Route(..) => "route",
        _ => "",
    }
}

fn run_of(page: Page<'_>) -> Option<&str> {
    match page {
        Page::Rollback(run, _) => Some(run),
        _ => None,
    }
}

/// What the runs at hand can be filtered by.
#[must_use]
pub fn choices(runs: &[RunLine]) -> model::Choices {
    let distinct = |of: fn(&RunLine) -> Option<&String>| {
        let mut all: Vec<String> = runs.iter().filter_map(of).cloned().collect();
        all.sort();
        all.dedup();
        all
    };
    let mut profiles: Vec<(String, String)> =
        runs.iter().map(|run| (run.profile_id.clone(), run.profile.clone())).collect();
    profiles.sort();
    profiles.dedup_by(|a, b| a.0 == b.0);
    model::Choices {
        statuses: distinct(|run| Some(&run.state)),
        roles: distinct(|run| Some(&run.role)),
        models: distinct(|run| run.model.as_ref()),
        profiles,
        projects: Vec::new(),
    }
}

/// Every run in few bytes: names stand once, and rows say which.
fn rows(runs: &[RunLine], full: &[&str], now: &str) -> Json {
    let mut names = [const { Vec::<String>::new() }; 3];
    let mut profiles: Vec<(String, String)> = Vec::new();
    let mut index = |of: usize, name: &str| {
        let known = names[of].iter().position(|known| known == name);
        known.unwrap_or_else(|| {
            names[of].push(name.to_owned());
            names[of].len() - 1
        })
    };
    let seconds = |ts: &str| ts.parse::<jiff::Timestamp>().map_or(0, jiff::Timestamp::as_second);
    let mut rows = Vec::with_capacity(runs.len());
    for run in runs {
        let profile = profiles.iter().position(|(id, _)| *id == run.profile_id).unwrap_or_else(|| {
            profiles.push((run.profile_id.clone(), run.profile.clone()));
            profiles.len() - 1
        });
        let error = run.error.as_deref().map(beginning);
        let cost = run.cost_usd.map(|usd| (usd * 1e6).round() / 1e6);
        let (state, role, model) =
            (index(0, &run.state), index(1, &run.role), index(2, run.model.as_deref().unwrap_or_default()));
        let mut row = vec![
            json!(run.id),
            json!(state),
            json!(role),
            json!(model),
            json!(profile),
            json!(seconds(&run.started_at)),
            json!(run.duration_ms),
            json!(cost),
            json!(run.tokens),
            json!(u8::from(run.write)),
        ];
        // What is nowhere in a row stands at its end, and is left out.
        let task = Some(beginning(&run.task)).filter(|task| !task.is_empty());
        if task.is_some() || error.is_some() {
            row.push(error.unwrap_or_default().into());
        }
        row.extend(task.map(Json::from));
        rows.push(Json::Array(row));
    }
    let [statuses, roles, models] = names;
    json!({ "now": seconds(now), "full": full, "statuses": statuses, "roles": roles, "models": models,
            "profiles": profiles, "rows": rows })
}

/// What a row holds of a long text, on one line.
fn beginning(text: &str) -> String {
    text.chars().take(120).map(|c| if c.is_whitespace() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests;
