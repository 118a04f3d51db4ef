use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::json;

use super::*;

const MILLION: f64 = 1e6;

fn seller(id: &str) -> Seller {
    let prices = vec![ModelPrice {
        model: "GLM-5.2".into(),
        input: 1.0,
        output: 10.0,
        cache_read: 0.1,
        cache_write: 2.0,
    }];
    Seller { profile_id: id.into(), profile_name: id.into(), declared_model: None, prices }
}

fn spend() -> Spend {
    let mut spend = Spend::new(false);
    spend.sold_by(seller("a"));
    spend
}

fn reply(id: &str, input: u64, text: &str) -> Value {
    json!({ "type": "assistant", "message": { "id": id, "model": "glm-5.2", "content": [
        { "type": "text", "text": text }], "usage": { "input_tokens": input, "output_tokens": 1 } } })
}

#[track_caller]
fn is(spend: &Spend, usd: f64, accuracy: Accuracy) {
    let total = spend.total();
    let counted = total.usd.unwrap();
    assert!((counted - usd).abs() < 1e-12, "{counted} is not {usd}");
    assert_eq!(total.accuracy, accuracy);
}

#[test]
fn the_blocks_of_one_reply_pay_its_input_once() {
    let mut spend = spend();
    spend.observe(&reply("a", 1_000, "four"));
    is(&spend, (1_000.0 + 10.0) / MILLION, Accuracy::Reckoned);
    spend.observe(&reply("a", 1_000, &"x".repeat(36)));
    is(&spend, (1_000.0 + 100.0) / MILLION, Accuracy::Reckoned);
    spend.observe(&reply("b", 2_000, ""));
    is(&spend, (3_000.0 + 110.0) / MILLION, Accuracy::Reckoned);
}

#[test]
fn what_is_told_replaces_what_was_reckoned() {
    let mut spend = spend();
    spend.observe(&json!({ "type": "stream_event", "event": { "type": "message_start", "message": {
        "id": "a", "model": "glm-5.2", "usage": { "input_tokens": 10, "cache_read_input_tokens": 100 } } } }));
    is(&spend, (10.0 + 10.0) / MILLION, Accuracy::Reckoned);
    spend.observe(&json!({ "type": "stream_event", "event": {
        "type": "message_delta", "usage": { "output_tokens": 50 } } }));
    is(&spend, (20.0 + 500.0) / MILLION, Accuracy::Priced);
    spend.observe(&json!({ "type": "result", "model_usage_since_last_result": {
        "glm-5.2": { "inputTokens": 10, "outputTokens": 60, "cacheReadInputTokens": 100, "costUSD": 9.0 },
        "claude-x": { "inputTokens": 10, "costUSD": 0.5, "costBasis": "list" } } }));
    is(&spend, 0.5 + 620.0 / MILLION, Accuracy::Priced);
}

#[test]
fn a_price_that_is_made_up_is_none() {
    let mut spend = spend();
    spend.observe(&json!({ "type": "result", "model_usage_since_last_result": {
        "unlisted": { "inputTokens": 10, "costUSD": 0.5, "costBasis": "unknown" } } }));
    let total = spend.total();
    assert_eq!((total.usd, total.usage.input_tokens, total.accuracy), (None, 10, Accuracy::Unknown));
}

#[test]
fn a_turn_that_tells_nothing_keeps_its_reckoning() {
    let mut spend = spend();
    spend.observe(&reply("a", 1_000, ""));
    spend.observe(&json!({ "type": "result", "modelUsage": {} }));
    spend.observe(&reply("a", 1_000, "late"));
    spend.observe(&reply("b", 1_000, ""));
    is(&spend, 2.0 * 1_010.0 / MILLION, Accuracy::Reckoned);
}

#[test]
fn counters_that_go_on_from_an_earlier_run_are_not_taken_for_this_ones() {
    let counters = json!({ "type": "result", "modelUsage": { "glm-5.2": { "inputTokens": 5_000_000 } } });
    let mut resumed = Spend::new(true);
    resumed.sold_by(seller("a"));
    resumed.observe(&reply("a", 1_000, ""));
    resumed.observe(&counters);
    is(&resumed, 1_010.0 / MILLION, Accuracy::Reckoned);
    let mut first = spend();
    first.observe(&counters);
    is(&first, 5.0, Accuracy::Priced);
}

#[test]
fn a_crowd_of_replies_and_models_takes_little_room_and_is_paid_once() {
    let mut spend = spend();
    for round in 0..3 {
        for id in 0..200 {
            spend.observe(&reply(&id.to_string(), 100, ""));
            assert!(spend.open.len() <= OPEN, "{round}");
        }
    }
    is(&spend, 200.0 * 110.0 / MILLION, Accuracy::Reckoned);
    for model in 0..1_000 {
        let mut other = reply(&format!("model {model}"), 1, "");
        other["message"]["model"] = model.to_string().into();
        spend.observe(&other);
    }
    assert_eq!(spend.total().usage.input_tokens, 200 * 100 + 1_000);
    assert!(spend.lines().len() <= MODELS + 1);
}

/// A stream that Claude Code 2.1.330 really wrote.
fn captured(name: &str, prices: Vec<ModelPrice>) -> Spend {
    let path = format!("{}/tests/captures/{name}.ndjson", env!("CARGO_MANIFEST_DIR"));
    let mut spend = Spend::new(name.starts_with("resume"));
    spend.sold_by(Seller { prices, ..seller("a") });
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().for_each(|line| spend.observe(&serde_json::from_str(line).unwrap()));
    spend
}

#[test]
fn captured_streams_are_counted_as_the_provider_counted_them() {
    for (name, input, output, read, write, usd) in [
        ("text", 100, 20, 0, 0, 0.0008),
        ("thinking", 100, 20, 0, 0, 0.0008),
        ("followup", 200, 40, 0, 0, 0.0016),
        ("resume", 100, 20, 0, 0, 0.0008),
        ("subagent", 400, 80, 0, 0, 0.0032),
        ("partial", 210, 90, 500, 2_000, 0.00637),
        ("max-turns", 200, 40, 0, 0, 0.0016),
        ("sigint-stream", 100, 74, 0, 0, 0.00188),
    ] {
        let total = captured(name, Vec::new()).total();
        let usage = Usage {
            input_tokens: input,
            output_tokens: output,
            cache_read_tokens: read,
            cache_write_tokens: write,
        };
        assert_eq!((total.usage, total.accuracy), (usage, Accuracy::Reported), "{name}");
        assert!((total.usd.unwrap() - usd).abs() < 1e-12, "{name}: {total:?}");
    }
    let failed = captured("api-500", Vec::new()).total();
    assert!(failed.is_nothing(), "{failed:?}");
    let unlisted = captured("provider-env", Vec::new()).total();
    assert_eq!((unlisted.usd, unlisted.accuracy), (None, Accuracy::Unknown));
    let listed =
        captured("provider-env", vec![ModelPrice { input: 1.4, output: 4.4, ..ModelPrice::free("glm-5.1") }]);
    is(&listed, (140.0 + 88.0) / MILLION, Accuracy::Priced);
}

#[test]
fn what_a_captured_stream_says_of_cached_tokens_is_known_before_its_turn_ends() {
    let path = format!("{}/tests/captures/partial.ndjson", env!("CARGO_MANIFEST_DIR"));
    let mut spend = Spend::new(false);
    let listed = ModelPrice { cache_write: 1.0, ..ModelPrice::free("claude-sonnet-5-5") };
    spend.sold_by(Seller { prices: vec![listed], ..seller("a") });
    let lines: Vec<Value> = std::fs::read_to_string(path)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    lines.iter().filter(|line| line["type"] != "result").for_each(|line| spend.observe(line));
    is(&spend, 2_000.0 / MILLION, Accuracy::Priced);
    assert_eq!(spend.total().usage.total(), 210 + 90 + 500 + 2_000, "nothing was left to reckon");
}

/// What can happen to a conversation.
#[derive(Clone, Debug)]
enum Act {
    Block { reply: u64, bytes: usize },
    Told { output: u64 },
    TurnEnds { telling: bool },
    FailsOver,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        8 => (0..24_u64, 0..60_usize).prop_map(|(reply, bytes)| Act::Block { reply, bytes }),
        2 => (1..90_u64).prop_map(|output| Act::Told { output }),
        2 => any::<bool>().prop_map(|telling| Act::TurnEnds { telling }),
        1 => Just(Act::FailsOver),
    ];
    prop::collection::vec(act, 0..120)
}

/// The tokens of a reply, as the provider has them in its first line.
fn told_first(reply: u64) -> Usage {
    Usage {
        input_tokens: 10 + reply,
        output_tokens: 1,
        cache_read_tokens: 3 * reply,
        cache_write_tokens: reply % 5,
    }
}

fn model(reply: u64) -> &'static str {
    if reply.is_multiple_of(3) { "helper" } else { "glm-5.2" }
}

/// The same count, made of whole replies.
#[derive(Default)]
struct Ledger {
    seller: usize,
    sums: BTreeMap<(usize, &'static str), Usage>,
    /// Reply, bytes, output that was told.
    open: Vec<(u64, usize, Option<u64>)>,
    done: BTreeSet<u64>,
    /// The worker's own counters.
    counters: BTreeMap<&'static str, Usage>,
}

impl Ledger {
    fn add(&mut self, reply: u64, output: u64) {
        let usage = Usage { output_tokens: output, ..told_first(reply) };
        let sum = self.sums.entry((self.seller, model(reply))).or_default();
        *sum = sum.plus(usage);
        self.done.insert(reply);
    }

    fn reckon(&mut self) {
        for (reply, bytes, told) in std::mem::take(&mut self.open) {
            self.add(reply, told.unwrap_or((bytes as u64 / BYTES_A_TOKEN).max(1)));
        }
    }

    fn tell(&mut self) -> Value {
        let mut turn: BTreeMap<&str, Usage> = BTreeMap::new();
        for (reply, ..) in std::mem::take(&mut self.open) {
            self.add(reply, 100 + reply);
            let usage = Usage { output_tokens: 100 + reply, ..told_first(reply) };
            for sums in [&mut turn, &mut self.counters] {
                let sum = sums.entry(model(reply)).or_default();
                *sum = sum.plus(usage);
            }
        }
        figures(&turn)
    }
}

fn figures(sums: &BTreeMap<&str, Usage>) -> Value {
    let figures = |usage: &Usage| {
        json!({ "inputTokens": usage.input_tokens, "outputTokens": usage.output_tokens,
            "cacheReadInputTokens": usage.cache_read_tokens, "cacheCreationInputTokens": usage.cache_write_tokens })
    };
    sums.iter().map(|(model, usage)| ((*model).to_owned(), figures(usage))).collect::<Map<_, _>>().into()
}

fn block(reply: u64, bytes: usize) -> Value {
    let usage = told_first(reply);
    json!({ "type": "assistant", "message": { "id": reply.to_string(), "model": model(reply),
        "content": [{ "type": "text", "text": "x".repeat(bytes) }], "usage": {
            "input_tokens": usage.input_tokens, "output_tokens": 1,
            "cache_read_input_tokens": usage.cache_read_tokens,
            "cache_creation_input_tokens": usage.cache_write_tokens } } })
}

/// Plays a conversation to both counts. `since`: results say what the turn used, as Claude Code does; otherwise only
/// the counters.
fn play(acts: &[Act], since: bool) -> (Spend, Ledger) {
    let (mut spend, mut truth) = (spend(), Ledger::default());
    for act in acts {
        match *act {
            Act::Block { reply, bytes } => {
                spend.observe(&block(reply, bytes));
                if truth.done.contains(&reply) {
                    continue;
                }
                let at = truth.open.iter().position(|(open, ..)| *open == reply);
                let (before, told) = at.map_or((0, None), |at| {
                    let (_, bytes, told) = truth.open.remove(at);
                    (bytes, told)
                });
                truth.open.push((reply, before + bytes, told));
            }
            Act::Told { output } => {
                spend.observe(&json!({ "type": "stream_event", "event": {
                    "type": "message_delta", "usage": { "output_tokens": output } } }));
                if let Some((_, _, told)) = truth.open.last_mut() {
                    *told = Some(told.unwrap_or_default().max(output));
                }
            }
            Act::TurnEnds { telling } if telling || !since => {
                let turn = truth.tell();
                let mut line = json!({ "type": "result", "modelUsage": figures(&truth.counters) });
                if since {
                    line["model_usage_since_last_result"] = turn;
                }
                spend.observe(&line);
            }
            Act::TurnEnds { .. } => {
                truth.reckon();
                spend.observe(&json!({ "type": "result", "subtype": "error_during_execution" }));
            }
            Act::FailsOver if since => {
                truth.reckon();
                truth.seller += 1;
                spend.sold_by(seller(&truth.seller.to_string()));
            }
            Act::FailsOver => {}
        }
    }
    truth.reckon();
    (spend, truth)
}

proptest! {
    /// However turns, resumed processes, other profiles and blocks of replies interleave, each token is counted once,
    /// for who was paid for it.
    #[test]
    fn each_token_is_counted_once(acts in acts(), since: bool) {
        let (spend, truth) = play(&acts, since);
        let counted: BTreeMap<(usize, String), Usage> = spend.lines().into_iter()
            .map(|(seller, model, spent)| ((seller.profile_id.parse().unwrap_or(0), model), spent.usage))
            .filter(|(_, usage)| usage.total() > 0)
            .collect();
        let expected: BTreeMap<(usize, String), Usage> =
            truth.sums.iter().map(|((seller, model), usage)| ((*seller, (*model).to_owned()), *usage)).collect();
        prop_assert_eq!(&counted, &expected);
        let price = &seller("a").prices[0];
        let due: f64 = expected.iter().filter(|((_, model), _)| model == "glm-5.2").map(|(_, usage)| price.cost(*usage)).sum();
        prop_assert!((spend.total().usd.unwrap_or_default() - due).abs() < 1e-9);
        let sum: Usage = expected.values().fold(Usage::default(), |sum, usage| sum.plus(*usage));
        prop_assert_eq!(spend.total().usage, sum);
    }
}
