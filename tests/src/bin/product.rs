//! The product, built with its tests.
#![forbid(unsafe_code)]

fn main() -> std::process::ExitCode {
    cc_orchestrator::main()
}
