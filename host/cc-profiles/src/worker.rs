//! The settings file one worker gets.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use cc_domain::{Profile, Usability};
use serde_json::{Map, Value, json};

use crate::{profile::WorkerPart, secrets};

/// What a worker is started with besides its command line.
pub struct WorkerSettings {
    /// The content of the file that `claude --settings FILE` gets: `env`, `model` and `apiKeyHelper`, nothing else.
    /// Holds the key, so the file is 0600 and lives as long as the run.
    pub settings: Value,
    /// Every credential in it, the longest first, for the redaction of what the worker writes.
    ///
    /// Values shorter than six bytes count only in variables that hold nothing but a credential, and never below
    /// four; well-known fillers such as `dummy` do not count: they protect nothing and are words of ordinary logs.
    pub secrets: Vec<String>,
}

// Not derived: the values must not get into a log.
impl fmt::Debug for WorkerSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.settings["env"].as_object().into_iter().flat_map(Map::keys).collect();
        f.debug_struct("WorkerSettings").field("env", &names).field("secrets", &self.secrets.len()).finish()
    }
}

/// Variables that decide where a request goes, with which credential and to which model.
///
/// All are set, to nothing when the profile does not set them. `~/.claude/settings.json`, where CC Switch writes its
/// current provider, beats the process environment but not this file, and Claude Code takes an empty value as unset.
/// Measured with version 2.1.330: with every address, credential, switch and model set otherwise in the user's file,
/// each request went where this file says; with an empty address and no key, to Claude Code's own login.
const ROUTING: [&str; 52] = [
    "ANTHROPIC_BASE_URL",
    "ANTHROPIC_BEDROCK_BASE_URL",
    "ANTHROPIC_VERTEX_BASE_URL",
    "ANTHROPIC_FOUNDRY_BASE_URL",
    "ANTHROPIC_FOUNDRY_RESOURCE",
    "ANTHROPIC_AWS_BASE_URL",
    "ANTHROPIC_GOOGLE_CLOUD_BASE_URL",
    "ANTHROPIC_BEDROCK_MANTLE_BASE_URL",
    "ANTHROPIC_UNIX_SOCKET",
    "CLAUDE_CODE_API_BASE_URL",
    "_CLAUDE_CODE_ASSUME_FIRST_PARTY_BASE_URL",
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_AUTH_TOKEN",
    "ANTHROPIC_CUSTOM_HEADERS",
    "ANTHROPIC_FOUNDRY_API_KEY",
    "ANTHROPIC_FOUNDRY_AUTH_TOKEN",
    "ANTHROPIC_AWS_API_KEY",
    "ANTHROPIC_PROFILE",
    "ANTHROPIC_FEDERATION_RULE_ID",
    "ANTHROPIC_IDENTITY_TOKEN",
    "AWS_BEARER_TOKEN_BEDROCK",
    "CLAUDE_CODE_USE_BEDROCK",
    "CLAUDE_CODE_USE_VERTEX",
    "CLAUDE_CODE_USE_FOUNDRY",
    "CLAUDE_CODE_USE_ANTHROPIC_AWS",
    "CLAUDE_CODE_USE_ANTHROPIC_GOOGLE_CLOUD",
    "CLAUDE_CODE_USE_MANTLE",
    "CLAUDE_CODE_USE_GATEWAY",
    "CLAUDE_CODE_SKIP_BEDROCK_AUTH",
    "CLAUDE_CODE_SKIP_VERTEX_AUTH",
    "CLAUDE_CODE_SKIP_FOUNDRY_AUTH",
    "CLAUDE_CODE_SKIP_ANTHROPIC_AWS_AUTH",
    "CLAUDE_CODE_SKIP_ANTHROPIC_GOOGLE_CLOUD_AUTH",
    "CLAUDE_CODE_SKIP_MANTLE_AUTH",
    "ANTHROPIC_MODEL",
    "ANTHROPIC_DEFAULT_MODEL",
    "ANTHROPIC_SMALL_FAST_MODEL",
    "ANTHROPIC_DEFAULT_OPUS_MODEL",
    "ANTHROPIC_DEFAULT_SONNET_MODEL",
    "ANTHROPIC_DEFAULT_HAIKU_MODEL",
    "ANTHROPIC_DEFAULT_FABLE_MODEL",
    "ANTHROPIC_DEFAULT_OPUS_MODEL_NAME",
    "ANTHROPIC_DEFAULT_SONNET_MODEL_NAME",
    "ANTHROPIC_DEFAULT_HAIKU_MODEL_NAME",
    "ANTHROPIC_DEFAULT_FABLE_MODEL_NAME",
    "ANTHROPIC_CUSTOM_MODEL_OPTION",
    "CLAUDE_CODE_SUBAGENT_MODEL",
    "CLAUDE_CODE_SUBAGENT_MODEL_FORCE",
    "CLAUDE_CODE_WORKFLOW_SUBAGENT_MODEL",
    "CLAUDE_CODE_MAX_CONTEXT_TOKENS",
    "CLAUDE_CODE_AUTO_COMPACT_WINDOW",
    "API_TIMEOUT_MS",
];

/// A login kept in a variable is a login of Claude Code's own: pinned only for profiles that bring another.
const OWN_LOGIN: [&str; 2] = ["CLAUDE_CODE_OAUTH_TOKEN", "CLAUDE_CODE_OAUTH_REFRESH_TOKEN"];

/// Where Bedrock's credentials come from. Pinned as a whole when the profile brings one of them; otherwise left, so
/// that the user's own AWS login, and `aws` in a worker's shell, go on working.
const AWS: [&str; 6] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_PROFILE",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
];

/// The settings for a worker on `profile`, running `model`, or the profile's own choice when none is given.
///
/// Of the profile only `env` and `model` are taken. Its hooks, permissions, status line and `apiKeyHelper` are left
/// out: they would run commands in a worker or widen what it may do.
pub(crate) fn settings(profile: &Profile, part: &WorkerPart, model: Option<&str>) -> WorkerSettings {
    let mut env = pins(part, profile.usability == Usability::OwnLogin);
    env.extend(part.env.clone());
    let own = env.get("ANTHROPIC_MODEL").filter(|model| !model.trim().is_empty());
    let model =
        chosen(model).or(own.map(String::as_str)).or(profile.default_model()).unwrap_or_default().to_owned();
    env.insert("ANTHROPIC_MODEL".into(), model);
    // Pinned as well: a helper of another provider would send its key to this one's address, and `model` of the
    // user's settings counts where ANTHROPIC_MODEL is empty. Empty means none here too.
    let fallback = part.model.as_deref().unwrap_or_default();
    WorkerSettings {
        settings: json!({"env": env, "model": fallback, "apiKeyHelper": ""}),
        secrets: secrets::values(&part.env),
    }
}

/// The settings for a worker without CC Switch: Claude Code stays as the user has set it up, with its own provider
/// if there is one, and nothing is pinned, as nobody rewrites those settings. `user_env` is the `env` of the user's
/// own settings file, which the worker reads by itself; only its credentials are of interest.
pub(crate) fn untouched(user_env: &BTreeMap<String, String>, model: Option<&str>) -> WorkerSettings {
    let env: Map<String, Value> =
        chosen(model).map(|model| ("ANTHROPIC_MODEL".to_owned(), model.into())).into_iter().collect();
    WorkerSettings { settings: json!({ "env": env }), secrets: secrets::values(user_env) }
}

fn chosen(model: Option<&str>) -> Option<&str> {
    model.map(str::trim).filter(|model| !model.is_empty())
}

fn pins(part: &WorkerPart, own_login: bool) -> BTreeMap<String, String> {
    let mut names: BTreeSet<&str> = ROUTING.into();
    if !own_login {
        names.extend(OWN_LOGIN);
    }
    if AWS.iter().any(|name| part.env.contains_key(*name)) {
        names.extend(AWS);
    }
    names.into_iter().map(|name| (name.to_owned(), String::new())).collect()
}
