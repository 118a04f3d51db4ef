//! What of the caller's environment a worker gets.

use std::collections::BTreeMap;

use cc_domain::RunId;

/// Names and values.
pub type Environment = BTreeMap<String, String>;

/// The mark that every process of a run carries, so that what is left of a lost run can be found.
pub const RUN_ID: &str = "CC_ORCHESTRATOR_RUN_ID";

/// How often Claude Code asks again after an API error. Its own ten double their delay to minutes in all;
/// three are over within about four seconds and still bridge a short overload.
const MAX_RETRIES: &str = "3";

/// Passed on as they are. Nothing that names a provider, model or key is among them: those come with the
/// run's settings file, and a key of the caller's shell is none of the worker's business.
const PASSED: &[&str] = &[
    "ALL_PROXY",
    "APPDATA",
    "CCSWITCH_HOME",
    "CLAUDE_CODE_BIN",
    "CLAUDE_CONFIG_DIR",
    "COMSPEC",
    "HOME",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "IS_SANDBOX",
    "LANG",
    "LOCALAPPDATA",
    "LOGNAME",
    "NODE_EXTRA_CA_CERTS",
    "NO_PROXY",
    "PATH",
    "PATHEXT",
    "PROGRAMDATA",
    "SHELL",
    "SSH_AUTH_SOCK",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "SYSTEMROOT",
    "TEMP",
    "TERM",
    "TMP",
    "TMPDIR",
    "TZ",
    "USER",
    "USERPROFILE",
    "WINDIR",
    "all_proxy",
    "http_proxy",
    "https_proxy",
    "no_proxy",
];

/// Passed on with whatever follows.
const PASSED_FAMILIES: &[&str] = &["LC_", "XDG_", "CC_ORCHESTRATOR_"];

/// Set for every worker. `CLAUDE_CODE_PROVIDER_MANAGED_BY_HOST` is not: with it Claude Code ignores the
/// provider in the run's own settings file, too (measured on 2.1.330).
const FIXED: &[(&str, &str)] = &[
    ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"),
    ("DISABLE_AUTOUPDATER", "1"),
    ("CLAUDE_CODE_MAX_RETRIES", MAX_RETRIES),
];

/// This process's environment. What is not Unicode is left out: none of what we use can be.
#[must_use]
pub fn environment() -> Environment {
    std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?))).collect()
}

/// The environment of a run's worker.
pub(crate) fn of_worker(caller: &Environment, run: &RunId) -> Environment {
    let mut worker = passed(caller);
    worker.extend(FIXED.iter().map(|(name, value)| ((*name).into(), (*value).into())));
    worker.insert(RUN_ID.into(), run.to_string());
    worker
}

/// The part of the caller's environment that may be passed on.
pub(crate) fn passed(caller: &Environment) -> Environment {
    caller.iter().filter(|(name, _)| is_passed(name)).map(|(k, v)| (k.clone(), v.clone())).collect()
}

/// Windows does not tell `Path` from `PATH`.
fn is_passed(name: &str) -> bool {
    let name = if cfg!(windows) { name.to_uppercase() } else { name.to_owned() };
    PASSED.contains(&name.as_str()) || PASSED_FAMILIES.iter().any(|family| name.starts_with(family))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_or_provider_of_the_callers_shell_is_passed_on() {
        let caller = [
            "ANTHROPIC_API_KEY",
            "ANTHROPIC_BASE_URL",
            "CLAUDE_CODE_OAUTH_TOKEN",
            "AWS_SECRET_ACCESS_KEY",
            "OPENAI_API_KEY",
            "NODE_OPTIONS",
            "LD_PRELOAD",
            "CLAUDE_CODE_USE_BEDROCK",
        ];
        let caller = caller.map(|name| (name.to_owned(), "x".to_owned())).into();
        assert_eq!(passed(&caller), Environment::new());
    }

    #[test]
    fn what_a_worker_needs_of_the_system_is_passed_on() {
        let caller: Environment = [
            "HOME",
            "PATH",
            "LC_ALL",
            "https_proxy",
            "SSH_AUTH_SOCK",
            "XDG_CONFIG_HOME",
            "CC_ORCHESTRATOR_HOME",
        ]
        .map(|name| (name.to_owned(), "x".to_owned()))
        .into();
        assert_eq!(passed(&caller), caller);
    }

    #[test]
    fn a_nested_run_carries_its_own_mark() {
        let run: RunId = "20261123T061500Z-1a2b3c4d".parse().unwrap();
        let caller = [(RUN_ID.to_owned(), "the outer run".to_owned())].into();
        assert_eq!(of_worker(&caller, &run)[RUN_ID], run.as_str());
    }
}
