//! The plugin author's way: a scaffold, tests by example, a benchmark.

mod bench;
mod fixtures;
mod question;
mod samples;
mod scaffold;
mod sources;
mod subject;

pub use bench::{BenchReport, Cost, Measured, bench_plugins};
pub use fixtures::{FIXTURES, Outcome, TestCase, TestReport, test_plugin};
pub use scaffold::{NewPlugin, Scaffold, scaffold};
pub use subject::{Opened, Subject, open_plugin, package_folder};
