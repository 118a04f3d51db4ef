//! Makes components: a core module in WAT, and the WIT of its world.

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// The published contract.
pub(crate) const POLICY: &str = include_str!("../../../../wit/policy-v1/policy.wit");

/// A component of one world, as a plugin author's tools make it.
pub(crate) fn of(wit: &str, world: &str, core: &str) -> Vec<u8> {
    let mut module = wat::parse_str(core).expect("valid WAT");
    let mut resolve = Resolve::default();
    let package = resolve.push_str("policy.wit", wit).expect("valid WIT");
    let world = resolve.select_world(&[package], Some(world)).expect("the world");
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).expect("metadata");
    let mut encoder =
        ComponentEncoder::default().validate(true).module(&module).expect("a module of that world");
    encoder.encode().expect("a component")
}
