//! Whether a worker can be started on a profile.

use cc_domain::Usability;
use serde_json::Value;

use crate::{env::EnvBlock, secrets};

/// What the judgement rests on.
pub(crate) struct Facts<'a> {
    pub(crate) id: &'a str,
    pub(crate) category: Option<&'a str>,
    pub(crate) meta: &'a Value,
    /// The provider's settings, common config included.
    pub(crate) settings: &'a Value,
    pub(crate) env: &'a EnvBlock,
}

/// Logins that only CC Switch's own proxy can use.
const MANAGED_PROVIDERS: [&str; 3] = ["github_copilot", "codex_oauth", "xai_oauth"];
const MANAGED_HOSTS: [&str; 2] = ["githubcopilot.com", "chatgpt.com/backend-api/codex"];
/// Wire formats that CC Switch's proxy translates to and from.
const TRANSLATED_FORMATS: [&str; 3] = ["openai_chat", "openai_responses", "gemini_native"];
/// What CC Switch writes in place of a key while its proxy holds it.
const PROXY_PLACEHOLDER: &str = "PROXY_MANAGED";
/// Clouds have a login of their own, so a switch or a cloud's variable stands for a credential.
const CLOUD_SWITCHES: [&str; 6] = [
    "CLAUDE_CODE_USE_BEDROCK",
    "CLAUDE_CODE_USE_VERTEX",
    "CLAUDE_CODE_USE_FOUNDRY",
    "CLAUDE_CODE_USE_ANTHROPIC_AWS",
    "CLAUDE_CODE_USE_ANTHROPIC_GOOGLE_CLOUD",
    "CLAUDE_CODE_USE_MANTLE",
];

/// The verdict, with the reason that most needs telling.
pub(crate) fn judge(facts: &Facts<'_>) -> Usability {
    let checks = [managed_login, needs_proxy, placeholder, address, credential];
    checks.iter().find_map(|check| check(facts)).unwrap_or(Usability::Usable)
}

fn managed_login(facts: &Facts<'_>) -> Option<Usability> {
    let provider = text(facts.meta, "providerType").unwrap_or_default();
    let url = base_url(facts).unwrap_or_default().to_lowercase();
    let bound = facts.meta.pointer("/authBinding/source").and_then(Value::as_str) == Some("managed_account");
    let managed =
        MANAGED_PROVIDERS.contains(&provider) || MANAGED_HOSTS.iter().any(|host| url.contains(host)) || bound;
    managed.then(|| Usability::ManagedLogin {
        reason: "CC Switch holds its login and only CC Switch's own proxy can use it".into(),
    })
}

fn needs_proxy(facts: &Facts<'_>) -> Option<Usability> {
    if let Some(format) = api_format(facts).filter(|format| TRANSLATED_FORMATS.contains(format)) {
        return Some(Usability::NeedsProxy {
            reason: format!("it speaks {format}, which only CC Switch's local proxy can translate"),
        });
    }
    let (name, _) = facts.env.vars.iter().find(|(_, value)| value.trim() == PROXY_PLACEHOLDER)?;
    Some(Usability::NeedsProxy {
        reason: format!(
            "{name} holds only CC Switch's placeholder, so it only works through CC Switch's proxy"
        ),
    })
}

/// The newest of the three places that CC Switch has kept it in.
fn api_format<'a>(facts: &Facts<'a>) -> Option<&'a str> {
    let legacy_switch = || match facts.settings.get("openrouter_compat_mode")? {
        Value::Bool(on) => Some(*on),
        Value::Number(number) => Some(number.as_f64() != Some(0.0)),
        Value::String(text) => Some(["true", "1"].contains(&text.trim().to_lowercase().as_str())),
        _ => None,
    };
    text(facts.meta, "apiFormat")
        .or_else(|| text(facts.settings, "api_format"))
        .or_else(|| legacy_switch()?.then_some("openai_chat"))
}

fn placeholder(facts: &Facts<'_>) -> Option<Usability> {
    let (name, shown) = facts.env.vars.iter().find_map(|(name, value)| Some((name, unresolved(value)?)))?;
    Some(Usability::Incomplete {
        reason: format!("{name} still holds the placeholder {shown}; fill it in in CC Switch"),
    })
}

/// The first `${NAME}` of a value; anything but a name in it is not shown, it might be part of a key.
fn unresolved(value: &str) -> Option<&str> {
    let start = value.find("${")?;
    let end = start + value[start..].find('}')?;
    let name = &value[start + 2..end];
    let plain =
        name.len() <= 60 && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
    Some(if plain { &value[start..=end] } else { "${…}" })
}

fn address(facts: &Facts<'_>) -> Option<Usability> {
    let url = base_url(facts)?.to_lowercase();
    (!url.starts_with("http://") && !url.starts_with("https://")).then(|| Usability::Incomplete {
        reason: "ANTHROPIC_BASE_URL is no http or https address; correct it in CC Switch".into(),
    })
}

fn credential(facts: &Facts<'_>) -> Option<Usability> {
    if has_credential(facts.env) {
        return None;
    }
    let official = facts.id == "claude-official" || facts.category == Some("official");
    let reason = match base_url(facts) {
        None if official => return Some(Usability::OwnLogin),
        _ if text(facts.settings, "apiKeyHelper").is_some() => {
            "its key comes from a command (apiKeyHelper), which workers are not given; enter the key in CC Switch"
        }
        Some(_) => "it has an address but no key; enter one in CC Switch",
        None => "it has neither an address nor a key; complete it in CC Switch",
    };
    Some(Usability::Incomplete { reason: reason.into() })
}

fn has_credential(env: &EnvBlock) -> bool {
    secrets::CREDENTIALS.iter().any(|name| env.get(name).is_some())
        || CLOUD_SWITCHES.iter().any(|name| env.is_on(name))
        || env.get("ANTHROPIC_CUSTOM_HEADERS").is_some_and(secrets::has_credential_header)
}

fn base_url<'a>(facts: &Facts<'a>) -> Option<&'a str> {
    facts.env.get("ANTHROPIC_BASE_URL")
}

fn text<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    object.get(key)?.as_str().map(str::trim).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn judged(id: &str, category: &str, meta: &Value, settings: &Value) -> Usability {
        let env = EnvBlock::parse(settings.get("env")).expect("an object");
        judge(&Facts { id, category: Some(category), meta, settings, env: &env })
    }

    fn custom(meta: &Value, env: &Value) -> Usability {
        judged("id", "custom", meta, &json!({"env": env}))
    }

    fn status(usability: &Usability) -> String {
        serde_json::to_value(usability).expect("plain data")["status"].as_str().expect("a tag").to_owned()
    }

    fn direct() -> Value {
        json!({"ANTHROPIC_BASE_URL": "https://api.example", "ANTHROPIC_AUTH_TOKEN": "sk-fake-000000"})
    }

    #[test]
    fn an_address_with_any_kind_of_credential_is_usable() {
        for extra in [
            json!({"ANTHROPIC_AUTH_TOKEN": "dummy"}),
            json!({"ANTHROPIC_API_KEY": "k"}),
            json!({"CLAUDE_CODE_USE_BEDROCK": "1"}),
            json!({"CLAUDE_CODE_USE_VERTEX": true}),
            json!({"AWS_BEARER_TOKEN_BEDROCK": "b"}),
            json!({"ANTHROPIC_CUSTOM_HEADERS": "Authorization: Bearer abc"}),
        ] {
            let mut env = json!({"ANTHROPIC_BASE_URL": "https://api.example"});
            crate::merge::overlay(&mut env, &extra);
            assert_eq!(custom(&json!({}), &env), Usability::Usable, "{extra}");
        }
        assert_eq!(
            custom(&json!({}), &json!({"ANTHROPIC_API_KEY": "k"})),
            Usability::Usable,
            "Anthropic itself"
        );
    }

    #[test]
    fn an_address_or_a_key_that_is_missing_makes_it_incomplete() {
        for env in [
            json!({}),
            json!({"ANTHROPIC_BASE_URL": "https://api.example"}),
            json!({"ANTHROPIC_BASE_URL": "https://api.example", "ANTHROPIC_AUTH_TOKEN": " "}),
            json!({"ANTHROPIC_BASE_URL": "https://api.example", "CLAUDE_CODE_USE_BEDROCK": "0"}),
            json!({"ANTHROPIC_BASE_URL": "api.example", "ANTHROPIC_AUTH_TOKEN": "k"}),
        ] {
            assert_eq!(status(&custom(&json!({}), &env)), "incomplete", "{env}");
        }
        let helper = judged("id", "custom", &json!({}), &json!({"apiKeyHelper": "cat key"}));
        assert!(helper.reason().is_some_and(|reason| reason.contains("apiKeyHelper")));
    }

    #[test]
    fn the_official_entry_without_variables_is_claude_codes_own_login() {
        let none = json!({});
        assert_eq!(judged("claude-official", "", &none, &json!({"env": {}})), Usability::OwnLogin);
        assert_eq!(judged("x", "official", &none, &json!({})), Usability::OwnLogin);
        assert_eq!(
            judged("x", "official", &none, &json!({"env": {"DISABLE_TELEMETRY": "1"}})),
            Usability::OwnLogin
        );
        assert_eq!(judged("x", "official", &none, &json!({"env": direct()})), Usability::Usable);
        let address_only = json!({"env": {"ANTHROPIC_BASE_URL": "https://api.example"}});
        assert_eq!(status(&judged("x", "official", &none, &address_only)), "incomplete");
    }

    #[test]
    fn logins_held_by_cc_switch_are_told_apart() {
        for meta in [
            json!({"providerType": "github_copilot", "apiFormat": "openai_chat"}),
            json!({"providerType": "codex_oauth"}),
            json!({"providerType": "xai_oauth"}),
            json!({"authBinding": {"source": "managed_account"}}),
        ] {
            assert_eq!(status(&custom(&meta, &direct())), "managed_login", "{meta}");
        }
        for url in ["https://api.GitHubCopilot.com", "https://chatgpt.com/backend-api/codex/x"] {
            let env = json!({"ANTHROPIC_BASE_URL": url, "ANTHROPIC_AUTH_TOKEN": "k"});
            assert_eq!(status(&custom(&json!({}), &env)), "managed_login", "{url}");
        }
    }

    #[test]
    fn formats_that_need_translation_need_the_proxy() {
        for format in TRANSLATED_FORMATS {
            assert_eq!(status(&custom(&json!({"apiFormat": format}), &direct())), "needs_proxy");
        }
        for settings in [
            json!({"api_format": "openai_chat", "env": direct()}),
            json!({"openrouter_compat_mode": true, "env": direct()}),
            json!({"openrouter_compat_mode": "1", "env": direct()}),
        ] {
            assert_eq!(status(&judged("id", "custom", &json!({}), &settings)), "needs_proxy", "{settings}");
            let newer = json!({"apiFormat": "anthropic"});
            assert_eq!(judged("id", "custom", &newer, &settings), Usability::Usable, "the newer word counts");
        }
        let held =
            json!({"ANTHROPIC_BASE_URL": "http://127.0.0.1:15721", "ANTHROPIC_AUTH_TOKEN": "PROXY_MANAGED"});
        assert_eq!(status(&custom(&json!({}), &held)), "needs_proxy");
    }

    #[test]
    fn a_placeholder_is_named_unless_it_may_be_a_secret() {
        let reason = |value: &str| {
            let env = json!({"ANTHROPIC_BASE_URL": value, "ANTHROPIC_AUTH_TOKEN": "k"});
            custom(&json!({}), &env).reason().unwrap_or_default().to_owned()
        };
        assert!(reason("https://h/${ENDPOINT_ID}/x").contains("${ENDPOINT_ID}"));
        assert!(reason("https://h/${sk secret}/x").contains("${…}"));
        assert_eq!(reason("https://h/$ENDPOINT/x${"), "");
    }
}
