//! A thousand damaged components, manifests and locks: no panic, no hang, and never a byte that the lock does not name.

use std::{collections::BTreeMap, fs, path::Path, time::Duration};

use cc_domain::Said;
use cc_policy::engine::{Engine, Limits, PluginSpec, World as PluginWorld, digest};

use crate::kit::{Say, World, candidates, request, route, router, said};

const ID: &str = "team.router";

/// A seeded source of numbers (SplitMix64, Steele and others, 2014): a failure can be had again.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }
}

/// The bytes with one to four things done to them; never the same bytes.
fn damaged(bytes: &[u8], numbers: &mut Numbers) -> Vec<u8> {
    let mut out = bytes.to_vec();
    for _ in 0..=numbers.below(4) {
        let (at, length) = (numbers.below(out.len()), numbers.below(32));
        let end = (at + length).min(out.len());
        match numbers.below(6) {
            0 => out.get_mut(at).into_iter().for_each(|byte| *byte ^= 1 << (at % 8)),
            1 => drop(out.drain(at..end)),
            2 => {
                let piece = out[at..end].to_vec();
                out.splice(at..at, piece);
            }
            3 => out.truncate(at),
            4 => out[at..end].fill(numbers.next() as u8),
            _ => {
                let noise: Vec<u8> = (0..length).map(|_| numbers.next() as u8).collect();
                out.splice(at..at, noise);
            }
        }
    }
    if out == bytes {
        out.push(0);
    }
    out
}

/// What the lock says the component's digest is, if it can be read at all.
fn locked_digest(home: &Path) -> Option<String> {
    let text = fs::read_to_string(home.join("plugins.lock")).ok()?;
    let lock: toml::Table = toml::from_str(&text).ok()?;
    let plugins = lock.get("plugin")?.as_array()?;
    let own = plugins.iter().find(|plugin| plugin.get("id").and_then(|id| id.as_str()) == Some(ID))?;
    Some(own.get("sha256")?.as_str()?.to_owned())
}

#[test]
fn damaged_files_load_nothing_that_the_lock_does_not_name() {
    let world = World::new();
    let folder = world.add_router(ID, Say::Choose("p1", "k2")).folder;
    let targets = [folder.join("plugin.wasm"), folder.join("plugin.toml"), world.home().join("plugins.lock")];
    let whole: Vec<Vec<u8>> = targets.iter().map(|path| fs::read(path).expect("readable")).collect();
    let (policy, mut numbers) = (world.policy(), Numbers(0x0c0f_fee0));
    let mut outcomes: BTreeMap<String, u32> = BTreeMap::new();
    for round in 0..1_000 {
        let which = round % targets.len();
        fs::write(&targets[which], damaged(&whole[which], &mut numbers)).expect("written");
        let _ = policy.plugins();
        let outcome = match route(&policy) {
            Err(_) => "refused".to_owned(),
            Ok(decision) => {
                let heard = said(&decision, ID);
                if heard == Some(Said::Chose) {
                    let bytes = fs::read(&targets[0]).expect("readable");
                    assert_eq!(locked_digest(&world.home()), Some(digest(&bytes)), "round {round}");
                }
                format!("{heard:?}")
            }
        };
        assert!(which > 0 || outcome != "Some(Chose)", "round {round}: a damaged component was asked");
        *outcomes.entry(outcome).or_default() += 1;
        fs::write(&targets[which], &whole[which]).expect("written");
    }
    // The test would prove nothing if all damage was caught at the same place.
    assert!(outcomes.len() >= 3, "{outcomes:?}");
    assert_eq!(
        said(&route(&policy).expect("routed"), ID),
        Some(Said::Chose),
        "whole again, it is asked again"
    );
}

/// Somebody who damages a component may also name its new digest.
#[test]
fn damaged_components_with_their_own_digest_do_no_harm() {
    let engine = Engine::start(None).expect("an engine");
    let (whole, mut numbers) = (router(Say::Choose("p1", "k2")), Numbers(0xdead_beef));
    let (mut loaded, mut answered) = (0, 0);
    for _ in 0..1_000 {
        let bytes = damaged(&whole, &mut numbers);
        let spec = PluginSpec {
            id: ID.into(),
            version: "1.0.0".into(),
            digest: digest(&bytes),
            world: PluginWorld::Router,
            limits: Limits { deadline: Duration::from_millis(200), ..Limits::default() },
            config: Vec::new(),
        };
        let Ok(plugin) = engine.load(&bytes, &spec) else { continue };
        loaded += 1;
        answered += u32::from(plugin.route(&request(), &candidates(), None).is_ok());
    }
    // Some damage hits texts and numbers only: such a component loads, and its answers are checked like any other's.
    assert!(loaded > 0 && answered <= loaded, "{loaded} loaded, {answered} answered");
}
