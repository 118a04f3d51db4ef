//! Where a page is, where its links lead, and the filters that templates use.

use minijinja::{Environment, Error, ErrorKind, Value, context, value::Serde};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;

use super::{
    code, format,
    model::{Filter, ModelRow},
    plot, text,
};

/// What stays as it is in the value of a query.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A page in the navigation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Section {
    Overview,
    Runs,
    Teams,
    Queue,
    Models,
    Plugins,
    Upgrades,
}

/// Name in addresses, label, and the letter after `g`.
const SECTIONS: [(Section, &str, &str, &str); 7] = [
    (Section::Overview, "overview", "Overview", "o"),
    (Section::Runs, "runs", "Runs", "r"),
    (Section::Teams, "teams", "Teams", "t"),
    (Section::Queue, "queue", "Queue", "q"),
    (Section::Models, "models", "Models", "m"),
    (Section::Plugins, "plugins", "Plugins", "p"),
    (Section::Upgrades, "upgrades", "Upgrades", "u"),
];

/// The live server that a page belongs to.
#[derive(Clone, Debug)]
pub struct Site {
    /// `/<token>/`.
    pub base: String,
    /// Of this reply's content security policy.
    pub nonce: String,
    /// RFC 3339, UTC.
    pub now: String,
}

impl Site {
    pub(super) fn value(&self, section: Option<Section>, tab: &str, run: Option<&str>) -> Value {
        let nav: Vec<Value> = SECTIONS
            .iter()
            .map(|&(_, key, label, letter)| {
                let path = if key == "overview" { "" } else { key };
                context! { key, label, letter, href => format!("{}{path}", self.base) }
            })
            .collect();
        let key = SECTIONS.iter().find(|one| Some(one.0) == section).map(|one| one.1);
        context! {
            live => true, base => self.base.as_str(), nonce => self.nonce.as_str(), now => self.now.as_str(), nav,
            section => key, key, tab, run,
        }
    }

    /// The site of the file: every link leads into the file itself.
    pub(super) fn of_file(full: &[&str], now: &str) -> Value {
        let nav: Vec<Value> = SECTIONS
            .iter()
            .map(|&(_, key, label, letter)| context! { key, label, letter, href => format!("#{key}") })
            .collect();
        context! { live => false, base => "", nonce => "", now, nav, section => "overview", full => Value::from(Serde(full)) }
    }
}

fn href(site: &Value, key: &str) -> Result<String, Error> {
    if site.get_attr("live")?.is_true() {
        let path = if key == "overview" { "" } else { key };
        return Ok(format!("{}{path}", site.get_attr("base")?));
    }
    Ok(format!("#{key}"))
}

/// Where a run's page is; nothing when the file does not hold it.
fn run_href(site: &Value, id: &str) -> Result<Option<String>, Error> {
    let id = utf8_percent_encode(id, QUERY).to_string();
    if site.get_attr("live")?.is_true() {
        return Ok(Some(format!("{}runs/{id}", site.get_attr("base")?)));
    }
    let full = site.get_attr("full")?;
    let held = full.try_iter()?.any(|known| known.as_str() == Some(&id));
    Ok(held.then(|| format!("#run-{id}")))
}

/// The list of runs with these filters, on that page.
fn runs_href(site: &Value, filter: &Filter, page: u64) -> Result<String, Error> {
    let mut query: Vec<String> = filter
        .set()
        .into_iter()
        .map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, QUERY)))
        .collect();
    if page > 1 {
        query.push(format!("page={page}"));
    }
    let path = href(site, "runs")?;
    Ok(if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) })
}

fn typed<T: DeserializeOwned>(value: Value) -> Result<T, Error> {
    T::deserialize(value).map_err(|error| Error::new(ErrorKind::InvalidOperation, error.to_string()))
}

pub(super) fn add_filters(env: &mut Environment<'static>) {
    let safe = Value::from_safe_string;
    env.add_filter("line", move |value: &Value, most: usize| safe(text::line(&shown(value), most)));
    env.add_filter("block", move |value: &Value| safe(text::block(&shown(value))));
    // The engine's own would mark what it joins as safe when a part is.
    env.add_filter("joined", |list: Vec<String>, by: &str| list.join(by));
    env.add_filter("grouped", |number: u64| text::grouped(number));
    env.add_filter("stamp", |ts: &str| format::stamp(ts));
    env.add_filter("short_stamp", |ts: &str| format::short_stamp(ts));
    env.add_filter("clock", |ts: &str| format::clock(ts));
    env.add_filter("took", |ms: u64| format::took(ms));
    env.add_filter("usd", |amount: f64| format::usd(amount));
    env.add_filter("compact", |number: u64| format::compact(number));
    env.add_filter("amount", |number: f64| format::amount(number));
    env.add_filter("score", |value: f64| format!("{value:.1}"));
    env.add_filter("places", |value: f64| format!("{value:.2}"));
    env.add_filter("clamp", |value: f64, low: f64, high: f64| format!("{:.1}", value.clamp(low, high)));
    env.add_filter("tail_id", |id: &str| format::tail_id(id));
    env.add_filter("count", |number: u64, what: &str| format::count(number, what));
    env.add_filter("file_name", |path: &str| format::file_name(path));
    env.add_filter("slug", |name: &str| format::slug(name));
    env.add_filter("shape", |state: &str| format::shape(state));
    env.add_filter("words", |name: &str| name.replace('_', " "));
    env.add_filter("href", |site: &Value, key: &str| href(site, key));
    env.add_filter("run_href", |site: &Value, id: &str| run_href(site, id));
    env.add_filter("runs_href", |site: &Value, filter: Value, page: u64| {
        runs_href(site, &typed(filter)?, page)
    });
    env.add_filter("diff_files", |diff: &str| Value::from(Serde(code::diff_files(diff))));
    env.add_filter("price_plot", move |models: Value| -> Result<Value, Error> {
        Ok(safe(plot::price_plot(&typed::<Vec<ModelRow>>(models)?)))
    });
    env.add_filter("day_plot", move |days: Value| -> Result<Value, Error> {
        Ok(safe(plot::day_plot(&typed::<Vec<(String, f64)>>(days)?)))
    });
}

/// A missing value shows as nothing.
fn shown(value: &Value) -> String {
    match value.as_str() {
        Some(text) => text.to_owned(),
        None if value.is_undefined() || value.is_none() => String::new(),
        None => value.to_string(),
    }
}
