//! Plugins that write too much to the log.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use cc_domain::Verdict;
use cc_policy::engine::Limits;

use crate::{assert_good_plugin_works, component, engine, route, spec};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What was logged while something ran on this thread.
fn logged(work: impl FnOnce()) -> String {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
    tracing::subscriber::with_default(subscriber, work);
    let bytes = lines.0.lock().expect("no panic").clone();
    String::from_utf8(bytes).expect("UTF-8")
}

#[test]
fn a_flood_of_log_lines_is_cut_counted_and_named() {
    let (engine, _guard) = engine();
    let bytes = component::of(component::POLICY, "router", include_str!("log_flood.wat"));
    let mut spec = spec(&bytes, cc_policy::engine::World::Router);
    spec.limits = Limits { log_lines: 3, ..Limits::default() };
    let plugin = engine.load(&bytes, &spec).expect("it loads");
    let log = logged(|| assert_eq!(route(&plugin), Ok(Verdict::Keep)));
    let lines = log.lines().collect::<Vec<_>>();
    assert_eq!(lines.len(), 4, "{log}");
    assert!(
        lines.iter().all(|line| line.contains("WARN") && line.contains("team.hostile") && line.len() < 1200)
    );
    assert!(lines[0].contains("first second [31m"), "{}", lines[0]);
    assert!(lines[3].contains("99997 more log lines were dropped: a call may write 3"), "{}", lines[3]);
    assert_good_plugin_works(engine);
}
