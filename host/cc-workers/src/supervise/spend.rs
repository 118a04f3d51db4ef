//! What a run has cost so far, by the prices its provider lists.
//!
//! Claude Code knows the prices of Anthropic's models alone; for all others its figures are made up (measured on
//! 2.1.330), and it reports them at a turn's end only. So replies are counted as they come: the tokens of a reply's
//! input are in its first line, those of its output are reckoned from its text until they are told. A turn's end
//! brings the true tokens of all its models, and they replace what was reckoned.

use cc_domain::{ModelPrice, Usage};
use serde_json::Value;

use crate::stream::{model_usages, turn_usage};

/// Bytes of text that make a token, about: what providers say of English and of code.
const BYTES_A_TOKEN: u64 = 4;
/// Replies that may still grow: one of the main conversation and some of subagents.
const OPEN: usize = 32;

/// The count of one run.
#[derive(Debug, Default)]
pub(super) struct Spend {
    prices: Vec<ModelPrice>,
    /// Of turns that have ended.
    settled: f64,
    /// Replies of this turn that are whole.
    closed: f64,
    open: Vec<Reply>,
}

/// One reply of a model.
#[derive(Debug, Default)]
struct Reply {
    id: String,
    model: String,
    usage: Usage,
    /// Bytes of its blocks.
    bytes: u64,
}

impl Spend {
    /// From now on these prices hold, USD a million tokens, the user's factor included.
    pub(super) fn prices_are(&mut self, prices: Vec<ModelPrice>) {
        self.prices = prices;
    }

    /// USD so far; none where no price is known.
    pub(super) fn usd(&self) -> Option<f64> {
        let open: f64 = self.open.iter().map(|reply| self.cost_of(reply)).sum();
        (!self.prices.is_empty()).then_some(self.settled + self.closed + open)
    }

    /// Takes in a line, pieces of replies included.
    pub(super) fn observe(&mut self, line: &Value) {
        match line["type"].as_str() {
            _ if self.prices.is_empty() => {}
            Some("assistant") => self.reply(&line["message"]),
            Some("stream_event") => self.piece(&line["event"]),
            Some("result") => self.turn_ended(line),
            _ => {}
        }
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
                    reply.usage = most(reply.usage, turn_usage(&event["usage"]));
                }
            }
            _ => {}
        }
    }

    /// The reply a message belongs to, last in the list from now on.
    fn reply_of(&mut self, message: &Value) -> Option<&mut Reply> {
        let id = message["id"].as_str()?;
        let at = self.open.iter().position(|reply| reply.id == id);
        let mut reply = match at {
            Some(at) => self.open.remove(at),
            None => Reply {
                id: id.to_owned(),
                model: message["model"].as_str().unwrap_or_default().to_owned(),
                ..Reply::default()
            },
        };
        reply.usage = most(reply.usage, turn_usage(&message["usage"]));
        if self.open.len() >= OPEN {
            let oldest = self.open.remove(0);
            self.closed += self.cost_of(&oldest);
        }
        self.open.push(reply);
        self.open.last_mut()
    }

    fn turn_ended(&mut self, line: &Value) {
        let told: Vec<_> = line["model_usage_since_last_result"]
            .as_object()
            .map(model_usages)
            .into_iter()
            .flatten()
            .collect();
        if told.is_empty() {
            // It says nothing better than what was reckoned.
            self.settled = self.usd().unwrap_or(self.settled);
        } else {
            let cost = |model: &str, usage, otherwise| self.price(model).map_or(otherwise, |p| p.cost(usage));
            self.settled += told.iter().map(|used| cost(&used.model, used.usage, used.cost_usd)).sum::<f64>();
        }
        (self.closed, self.open) = (0.0, Vec::new());
    }

    fn cost_of(&self, reply: &Reply) -> f64 {
        let reckoned = reply.bytes / BYTES_A_TOKEN;
        let usage = Usage { output_tokens: reply.usage.output_tokens.max(reckoned), ..reply.usage };
        self.price(&reply.model).map_or(0.0, |price| price.cost(usage))
    }

    fn price(&self, model: &str) -> Option<&ModelPrice> {
        self.prices.iter().find(|price| price.is_of(model))
    }
}

/// What a block holds that a model wrote.
fn text_bytes(block: &Value) -> usize {
    let length = |key: &str| block[key].as_str().map_or(0, str::len);
    let input = &block["input"];
    length("text") + length("thinking") + if input.is_null() { 0 } else { input.to_string().len() }
}

/// Figures of one reply only ever grow.
fn most(one: Usage, other: Usage) -> Usage {
    Usage {
        input_tokens: one.input_tokens.max(other.input_tokens),
        output_tokens: one.output_tokens.max(other.output_tokens),
        cache_read_tokens: one.cache_read_tokens.max(other.cache_read_tokens),
        cache_write_tokens: one.cache_write_tokens.max(other.cache_write_tokens),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const MILLION: f64 = 1e6;

    fn spend() -> Spend {
        let mut spend = Spend::default();
        spend.prices_are(vec![ModelPrice {
            model: "GLM-5.2".into(),
            input: 1.0,
            output: 10.0,
            cache_read: 0.1,
            cache_write: 2.0,
        }]);
        spend
    }

    fn reply(id: &str, input: u64, text: &str) -> Value {
        json!({ "type": "assistant", "message": { "id": id, "model": "glm-5.2", "content": [
            { "type": "text", "text": text }], "usage": { "input_tokens": input, "output_tokens": 1 } } })
    }

    #[track_caller]
    fn is(spend: &Spend, usd: f64) {
        let counted = spend.usd().unwrap();
        assert!((counted - usd).abs() < 1e-12, "{counted} is not {usd}");
    }

    #[test]
    fn the_blocks_of_one_reply_pay_its_input_once() {
        let mut spend = spend();
        spend.observe(&reply("a", 1_000, "four"));
        is(&spend, (1_000.0 + 10.0) / MILLION);
        spend.observe(&reply("a", 1_000, &"x".repeat(36)));
        is(&spend, (1_000.0 + 100.0) / MILLION);
        spend.observe(&reply("b", 2_000, ""));
        is(&spend, (3_000.0 + 110.0) / MILLION);
    }

    #[test]
    fn what_is_told_replaces_what_was_reckoned() {
        let mut spend = spend();
        spend.observe(&json!({ "type": "stream_event", "event": { "type": "message_start", "message": {
            "id": "a", "model": "glm-5.2", "usage": { "input_tokens": 10, "cache_read_input_tokens": 100 } } } }));
        is(&spend, (10.0 + 10.0) / MILLION);
        spend.observe(&json!({ "type": "stream_event", "event": {
            "type": "message_delta", "usage": { "output_tokens": 50 } } }));
        is(&spend, (20.0 + 500.0) / MILLION);
        spend.observe(&json!({ "type": "result", "model_usage_since_last_result": {
            "glm-5.2": { "inputTokens": 10, "outputTokens": 60, "cacheReadInputTokens": 100, "costUSD": 9.0 },
            "unlisted": { "inputTokens": 10, "costUSD": 0.5 } } }));
        is(&spend, 0.5 + 620.0 / MILLION);
    }

    #[test]
    fn a_turn_that_tells_nothing_keeps_its_reckoning() {
        let mut spend = spend();
        spend.observe(&reply("a", 1_000, ""));
        spend.observe(&json!({ "type": "result", "modelUsage": {} }));
        spend.observe(&reply("a", 1_000, ""));
        is(&spend, 2.0 * 1_010.0 / MILLION);
    }

    #[test]
    fn without_prices_nothing_is_counted() {
        let mut spend = Spend::default();
        spend.observe(&reply("a", 1_000, "text"));
        assert_eq!(spend.usd(), None);
    }

    proptest! {
        #[test]
        fn however_replies_interleave_each_is_paid_once(order in prop::collection::vec(0_usize..200, 0..400)) {
            let mut spend = spend();
            // A reply that others push out of the list may be seen again: only once in a row counts here.
            let mut last = Vec::new();
            for id in order {
                if !last.contains(&id) {
                    last.push(id);
                }
                spend.observe(&reply(&id.to_string(), 100, ""));
                prop_assert!(spend.open.len() <= OPEN);
            }
            prop_assert!(spend.usd().unwrap() + 1e-12 >= last.len() as f64 * 110.0 / MILLION);
        }
    }
}
