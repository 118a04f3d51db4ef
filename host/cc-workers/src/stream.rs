//! What Claude Code's stream says of a run.
//!
//! Rules that the fields do not say themselves: an API failure comes as subtype `success` with `is_error`;
//! exit code 0 proves nothing; the tokens in `assistant` lines are those of a reply's beginning; keys come in
//! any order; kinds of lines that are not known are no error. Measured on Claude Code 2.1.330.

use cc_domain::{ActualRoute, ModelUsage, PermissionDenial, RunResult, Usage};
use serde_json::{Map, Value};

/// What is kept of a refused tool's input, bytes.
const MAX_DENIAL: usize = 2_000;
/// Refused tools that are kept.
const MAX_DENIALS: usize = 200;
/// Error texts that are kept.
const MAX_ERRORS: usize = 20;
/// The model of texts that Claude Code writes itself.
pub(crate) const SYNTHETIC: &str = "<synthetic>";

/// What one line told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// `started`, `tool`, `responding`, `finished` or none.
    pub phase: Option<&'static str>,
    /// A turn has ended with this line.
    pub result: bool,
    /// The main conversation's model, on the first line that names it.
    pub actual_model: Option<String>,
}

/// What the lines of one process add up to.
#[derive(Clone, Debug, Default)]
pub struct StreamFacts {
    last_result: Option<RunResult>,
    /// Models of the main conversation and how many lines each wrote.
    main_models: Vec<(String, u32)>,
    models: Vec<ModelUsage>,
    estimated: bool,
    retries: u32,
    session: Option<String>,
}

impl StreamFacts {
    /// Takes in one line, already redacted.
    pub fn observe(&mut self, line: &Value) -> Observed {
        let mut seen = Observed { phase: phase(line), ..Observed::default() };
        if let Some(id) = line["session_id"].as_str().filter(|id| is_uuid(id)) {
            self.session = Some(id.to_owned());
        }
        match (text(line, "type"), text(line, "subtype")) {
            ("assistant", _) => seen.actual_model = self.assistant(line),
            ("system", "api_retry") => self.retries += 1,
            ("result", _) => {
                self.result(line);
                seen.result = true;
            }
            _ => {}
        }
        seen
    }

    /// What the worker reported; none when it never came to a result. Figures are those of this process: of
    /// a resumed session only what was added.
    #[must_use]
    pub fn finish(&self) -> Option<RunResult> {
        let mut result = self.last_result.clone()?;
        result.session_id = self.session.clone();
        result.api_retries = self.retries;
        result.cost_is_estimate = self.estimated;
        result.actual.model = self.main_model();
        Some(result)
    }

    /// Models that answered, even when there was no result.
    #[must_use]
    pub fn main_model(&self) -> Option<String> {
        let main = self.main_models.iter().max_by_key(|(_, lines)| *lines).map(|(name, _)| name.clone());
        main.or_else(|| self.models.first().map(|most| most.model.clone()))
    }

    fn assistant(&mut self, line: &Value) -> Option<String> {
        let model = line["message"]["model"].as_str()?;
        if model == SYNTHETIC || !line["parent_tool_use_id"].is_null() {
            return None;
        }
        let known = self.main_models.iter_mut().find(|(name, _)| name == model);
        if let Some((_, lines)) = known {
            *lines += 1;
            return None;
        }
        self.main_models.push((model.to_owned(), 1));
        (self.main_models.len() == 1).then(|| model.to_owned())
    }

    fn result(&mut self, line: &Value) {
        let before = self.last_result.take();
        self.add_models(line);
        let earlier = before.as_ref().map(|result| result.usage).unwrap_or_default();
        let cost = self.models.iter().map(|model| model.cost_usd).sum::<f64>();
        self.last_result = Some(RunResult {
            text: text(line, "result").to_owned(),
            is_error: line["is_error"].as_bool().unwrap_or(false),
            subtype: text(line, "subtype").to_owned(),
            terminal_reason: line["terminal_reason"].as_str().map(str::to_owned),
            api_error_status: line["api_error_status"].as_u64().and_then(|status| u16::try_from(status).ok()),
            errors: texts(&line["errors"]),
            num_turns: line["num_turns"].as_u64().and_then(|turns| u32::try_from(turns).ok()),
            actual: ActualRoute { model: None, models: self.models.clone() },
            usage: if self.models.is_empty() {
                earlier.plus(turn_usage(&line["usage"]))
            } else {
                self.models.iter().fold(Usage::default(), |sum, model| sum.plus(model.usage))
            },
            cost_usd: if self.models.is_empty() { line["total_cost_usd"].as_f64() } else { Some(cost) },
            permission_denials: before
                .map(|result| result.permission_denials)
                .unwrap_or_default()
                .into_iter()
                .chain(denials(&line["permission_denials"]))
                .take(MAX_DENIALS)
                .collect(),
            ..RunResult::default()
        });
    }

    /// `modelUsage` counts over turns and over resumes; what this turn added stands beside it, subagents and
    /// side models included.
    fn add_models(&mut self, line: &Value) {
        if let Some(turn) = line["model_usage_since_last_result"].as_object() {
            model_usages(turn).for_each(|model| self.add_model(model));
        } else if let Some(all) = line["modelUsage"].as_object() {
            self.models = model_usages(all).collect();
        }
        self.models.sort_by(|a, b| {
            let most = b.usage.output_tokens.cmp(&a.usage.output_tokens);
            most.then(b.cost_usd.total_cmp(&a.cost_usd))
        });
        let made_up = |model: &Value| model["costBasis"] == "unknown";
        self.estimated |= line["modelUsage"].as_object().is_some_and(|all| all.values().any(made_up));
    }

    fn add_model(&mut self, turn: ModelUsage) {
        match self.models.iter_mut().find(|known| known.model == turn.model) {
            Some(known) => {
                known.usage = known.usage.plus(turn.usage);
                known.cost_usd += turn.cost_usd;
            }
            None => self.models.push(turn),
        }
    }
}

/// The figures of each model in a result line.
pub(crate) fn model_usages(map: &Map<String, Value>) -> impl Iterator<Item = ModelUsage> {
    map.iter().map(|(model, figures)| ModelUsage {
        model: model.clone(),
        usage: Usage {
            input_tokens: count(figures, "inputTokens"),
            output_tokens: count(figures, "outputTokens"),
            cache_read_tokens: count(figures, "cacheReadInputTokens"),
            cache_write_tokens: count(figures, "cacheCreationInputTokens"),
        },
        cost_usd: figures["costUSD"].as_f64().unwrap_or_default(),
    })
}

/// Tokens as the Messages API names them.
pub(crate) fn turn_usage(figures: &Value) -> Usage {
    Usage {
        input_tokens: count(figures, "input_tokens"),
        output_tokens: count(figures, "output_tokens"),
        cache_read_tokens: count(figures, "cache_read_input_tokens"),
        cache_write_tokens: count(figures, "cache_creation_input_tokens"),
    }
}

fn denials(value: &Value) -> impl Iterator<Item = PermissionDenial> {
    value.as_array().into_iter().flatten().map(|denial| PermissionDenial {
        tool_name: text(denial, "tool_name").to_owned(),
        input: bounded(denial["tool_input"].to_string(), MAX_DENIAL),
    })
}

fn texts(value: &Value) -> Vec<String> {
    let all = value.as_array().into_iter().flatten();
    all.filter_map(Value::as_str).take(MAX_ERRORS).map(|text| bounded(text.to_owned(), MAX_DENIAL)).collect()
}

/// At most so many bytes, and a sign when something is missing.
pub(crate) fn bounded(mut text: String, limit: usize) -> String {
    if text.len() > limit {
        text.truncate(text.floor_char_boundary(limit));
        text.push('…');
    }
    text
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn count(value: &Value, key: &str) -> u64 {
    value[key].as_u64().unwrap_or_default()
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36 && text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
}

/// The predecessor's phases, by its rule.
fn phase(line: &Value) -> Option<&'static str> {
    let kind = ["type", "event", "subtype"].iter().find_map(|key| line[*key].as_str())?;
    match kind {
        _ if kind.contains("tool") => Some("tool"),
        "system" | "init" | "started" | "start" => Some("started"),
        "assistant" | "message" | "content_block_delta" | "content_block_start" => Some("responding"),
        "result" | "complete" | "completed" | "done" => Some("finished"),
        _ if has_tool_use(line) => Some("tool"),
        _ => None,
    }
}

fn has_tool_use(line: &Value) -> bool {
    let blocks = line["message"]["content"].as_array();
    blocks.is_some_and(|blocks| blocks.iter().any(|block| block["type"] == "tool_use"))
}
