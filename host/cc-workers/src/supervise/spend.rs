//! What a run has used and cost so far, by the profile and model that answered.
//!
//! Claude Code knows the prices of Anthropic's models alone; for all others its figures are made up (measured on
//! 2.1.330), and it reports them at a turn's end only. So replies are counted as they come: the tokens of a reply's
//! input are in its first line, those of its output are reckoned from its text until they are told. A turn's end
//! brings the true tokens of all its models, and they replace what was reckoned.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use cc_domain::{Accuracy, ModelPrice, ModelUsage, Spent, Usage};
use serde_json::{Map, Value};

use crate::stream::{SYNTHETIC, model_usages, turn_usage};

/// Bytes of text that make a token, about: what providers say of English and of code.
const BYTES_A_TOKEN: u64 = 4;
/// Replies that may still grow: one of the main conversation and some of subagents.
const OPEN: usize = 32;
/// Replies that are known to be counted.
const DONE: usize = 4_096;
/// Models that are told apart; further ones are counted as one.
const MODELS: usize = 32;
/// The name of those.
const OTHERS: &str = "other";

/// Whose models answer.
#[derive(Clone, Debug, Default)]
pub(super) struct Seller {
    /// CC Switch's id.
    pub(super) profile_id: String,
    /// CC Switch's name.
    pub(super) profile_name: String,
    /// The model that was asked for.
    pub(super) declared_model: Option<String>,
    /// USD a million tokens, the user's factor included.
    pub(super) prices: Vec<ModelPrice>,
}

/// The count of one run.
#[derive(Debug, Default)]
pub(super) struct Spend {
    /// The last one answers now.
    sellers: Vec<Seller>,
    lines: Vec<Line>,
    open: Vec<Reply>,
    /// Replies that are counted and may show up again.
    done: HashSet<u64>,
    /// The worker's own counters, as it last showed them; it keeps them over turns.
    counters: Vec<ModelUsage>,
    /// Its counters may go on from an earlier run's, and where from is not known.
    resumed: bool,
    changed: bool,
}

/// One model of one seller.
#[derive(Clone, Debug)]
struct Line {
    seller: usize,
    model: String,
    /// Of turns that have ended.
    settled: Spent,
    /// Replies of this turn that are whole.
    turn: Spent,
}

/// One reply of a model.
#[derive(Debug, Default)]
struct Reply {
    id: String,
    model: String,
    usage: Usage,
    /// Bytes of its blocks.
    bytes: u64,
    /// Its output was told, and is not to be reckoned.
    told: bool,
}

impl Spend {
    /// The count of a run; `resumed`: its session is an earlier run's.
    pub(super) fn new(resumed: bool) -> Self {
        Self { resumed, ..Self::default() }
    }

    /// From now on another answers. What is open stays the one's before.
    pub(super) fn sold_by(&mut self, seller: Seller) {
        self.keep_reckoning();
        self.sellers.push(seller);
    }

    /// Each seller's share of each model.
    pub(super) fn lines(&self) -> Vec<(&Seller, String, Spent)> {
        let mut all = self.lines.clone();
        for reply in &self.open {
            let spent = self.reckoned(reply);
            let line = line_of(&mut all, self.seller(), &reply.model);
            line.turn = line.turn.plus(&spent);
        }
        let sold =
            |line: Line| Some((self.sellers.get(line.seller)?, line.model, line.settled.plus(&line.turn)));
        all.into_iter().filter_map(sold).collect()
    }

    /// All of it.
    pub(super) fn total(&self) -> Spent {
        let open = self.open.iter().map(|reply| self.reckoned(reply));
        self.lines.iter().map(|line| line.settled.plus(&line.turn)).chain(open).sum()
    }

    /// Whether anything is new since this was asked last.
    pub(super) fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    /// Takes in a line, pieces of replies included.
    pub(super) fn observe(&mut self, line: &Value) {
        match line["type"].as_str() {
            _ if self.sellers.is_empty() => {}
            Some("assistant") => self.reply(&line["message"]),
            Some("stream_event") => self.piece(&line["event"]),
            Some("result") => self.turn_ended(line),
            _ => {}
        }
    }

    fn seller(&self) -> usize {
        self.sellers.len().saturating_sub(1)
    }

    fn reply(&mut self, message: &Value) {
        let blocks = message["content"].as_array().into_iter().flatten();
        let bytes: usize = blocks.map(text_bytes).sum();
        if let Some(reply) = self.reply_of(message) {
            reply.bytes += bytes as u64;
        }
    }

    fn piece(&mut self, event: &Value) {
        match event["type"].as_str() {
            Some("message_start") => drop(self.reply_of(&event["message"])),
            Some("message_delta") => {
                // It names no reply: it is the end of the one that came last.
                if let Some(reply) = self.open.last_mut() {
                    let told = turn_usage(&event["usage"]);
                    reply.told |= told.output_tokens > 0;
                    reply.usage = reply.usage.each(told, u64::max);
                    self.changed = true;
                }
            }
            _ => {}
        }
    }

    /// The reply a message belongs to, last in the list from now on; none when it is counted already.
    fn reply_of(&mut self, message: &Value) -> Option<&mut Reply> {
        let id = message["id"].as_str()?;
        let model = message["model"].as_str().unwrap_or_default();
        if model == SYNTHETIC || self.done.contains(&hash(id)) {
            return None;
        }
        let at = self.open.iter().position(|reply| reply.id == id);
        let mut reply = match at {
            Some(at) => self.open.remove(at),
            None => Reply { id: id.to_owned(), model: model.to_owned(), ..Reply::default() },
        };
        // Figures of one reply only ever grow.
        reply.usage = reply.usage.each(turn_usage(&message["usage"]), u64::max);
        if self.open.len() >= OPEN {
            let oldest = self.open.remove(0);
            self.close(&oldest);
        }
        self.changed = true;
        self.open.push(reply);
        self.open.last_mut()
    }

    /// The reply is whole, as far as anybody will say before the turn's end.
    fn close(&mut self, reply: &Reply) {
        let spent = self.reckoned(reply);
        let seller = self.seller();
        let line = line_of(&mut self.lines, seller, &reply.model);
        line.turn = line.turn.plus(&spent);
        self.counted(&reply.id);
    }

    fn counted(&mut self, id: &str) {
        if self.done.len() >= DONE {
            self.done.clear();
        }
        self.done.insert(hash(id));
    }

    fn turn_ended(&mut self, line: &Value) {
        self.changed = true;
        let told = self.told(line);
        if told.is_empty() {
            // It says nothing better than what was reckoned.
            return self.keep_reckoning();
        }
        for reply in std::mem::take(&mut self.open) {
            self.counted(&reply.id);
        }
        let seller = self.seller();
        self.lines.iter_mut().for_each(|line| line.turn = Spent::default());
        for (used, known) in told {
            let spent = self.told_price(&used, known);
            let line = line_of(&mut self.lines, seller, &used.model);
            line.settled = line.settled.plus(&spent);
        }
    }

    /// What was reckoned of this turn is all that will ever be known of it.
    fn keep_reckoning(&mut self) {
        for reply in std::mem::take(&mut self.open) {
            self.close(&reply);
        }
        for line in &mut self.lines {
            line.settled = line.settled.plus(&std::mem::take(&mut line.turn));
        }
    }

    /// What each model used since the last result, and whether Claude Code knows its price.
    fn told(&mut self, line: &Value) -> Vec<(ModelUsage, bool)> {
        let counters = line["modelUsage"].as_object();
        let now = counters.map(all).unwrap_or_default();
        // A turn that tells nothing takes nothing back.
        let before = if now.is_empty() { Vec::new() } else { std::mem::replace(&mut self.counters, now) };
        let resumed = std::mem::take(&mut self.resumed);
        let turn = match line["model_usage_since_last_result"].as_object() {
            Some(turn) => all(turn),
            // Versions that do not say: what its counters have grown by.
            None if resumed || counters.is_none_or(Map::is_empty) => Vec::new(),
            None => grown(&before, &self.counters),
        };
        let figures = line["model_usage_since_last_result"].as_object().or(counters);
        let known = |model: &str| figures.is_some_and(|figures| knows_price(model, &figures[model]));
        turn.into_iter().map(|used| (known(&used.model), used)).map(|(known, used)| (used, known)).collect()
    }

    fn told_price(&self, used: &ModelUsage, known: bool) -> Spent {
        match self.price(&used.model) {
            None if known => {
                Spent { usage: used.usage, usd: Some(used.cost_usd), accuracy: Accuracy::Reported }
            }
            price => priced(price, used.usage, Accuracy::Priced),
        }
    }

    fn reckoned(&self, reply: &Reply) -> Spent {
        let reckoned = if reply.told { 0 } else { reply.bytes / BYTES_A_TOKEN };
        let usage = Usage { output_tokens: reply.usage.output_tokens.max(reckoned), ..reply.usage };
        let accuracy = if reply.told { Accuracy::Priced } else { Accuracy::Reckoned };
        priced(self.price(&reply.model), usage, accuracy)
    }

    fn price(&self, model: &str) -> Option<&ModelPrice> {
        self.sellers.last()?.prices.iter().find(|price| price.is_of(model))
    }
}

fn priced(price: Option<&ModelPrice>, usage: Usage, accuracy: Accuracy) -> Spent {
    match price {
        Some(price) => Spent { usage, usd: Some(price.cost(usage)), accuracy },
        None => Spent { usage, usd: None, accuracy: Accuracy::Unknown },
    }
}

fn line_of<'a>(lines: &'a mut Vec<Line>, seller: usize, model: &str) -> &'a mut Line {
    let of = |lines: &[Line], model: &str| {
        lines.iter().position(|line| line.seller == seller && line.model == model)
    };
    let model = if of(lines, model).is_none() && lines.len() >= MODELS { OTHERS } else { model };
    let at = of(lines, model).unwrap_or_else(|| {
        let (settled, turn) = (Spent::default(), Spent::default());
        lines.push(Line { seller, model: model.to_owned(), settled, turn });
        lines.len() - 1
    });
    &mut lines[at]
}

fn all(figures: &Map<String, Value>) -> Vec<ModelUsage> {
    model_usages(figures).collect()
}

/// How much counters have grown. One that is smaller than before has begun anew.
fn grown(before: &[ModelUsage], now: &[ModelUsage]) -> Vec<ModelUsage> {
    let since = |now: &ModelUsage| {
        let before = before.iter().find(|before| before.model == now.model);
        let Some(before) = before.filter(|before| before.usage.each(now.usage, u64::min) == before.usage)
        else {
            return now.clone();
        };
        let usage = now.usage.each(before.usage, u64::saturating_sub);
        ModelUsage { usage, cost_usd: (now.cost_usd - before.cost_usd).max(0.0), model: now.model.clone() }
    };
    now.iter().map(since).filter(|used| used.usage.total() > 0).collect()
}

/// Claude Code says so itself; versions that do not know Anthropic's.
fn knows_price(model: &str, figures: &Value) -> bool {
    figures["costBasis"].as_str().map_or_else(|| model.contains("claude"), |basis| basis != "unknown")
}

fn hash(id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}

/// What a block holds that a model wrote.
fn text_bytes(block: &Value) -> usize {
    let length = |key: &str| block[key].as_str().map_or(0, str::len);
    let input = &block["input"];
    length("text") + length("thinking") + if input.is_null() { 0 } else { input.to_string().len() }
}

#[cfg(test)]
mod tests;
