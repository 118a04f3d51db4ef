//! What a finding is. Judged by the value, its own name and its kind, never by the rest of the line: a real token
//! stays real in a test, in an example and in a comment.

use cc_policy_sdk::secret_scanner::{Checksum, Class, Classification, Finding};

use crate::{
    documented::{basic_password, is_documented},
    row::Kind,
    shape::{is_digest, is_identifier, is_reference, is_setting_name, is_stand_in, is_template, is_uuid},
    table,
};

/// Bits a byte under which a value of a published form is no random one.
const FORM_ENTROPY: f64 = 2.5;
/// Bits a byte that a value known by its name only has at least.
const NAMED_ENTROPY: f64 = 3.0;
/// The same for passwords, which people make.
const PASSWORD_ENTROPY: f64 = 2.0;

/// Bytes of the longest secrets that have no form of their own; longer values are data.
const LONGEST: usize = 600;

/// Endings of names whose values are no secrets.
const HARMLESS_NAMES: [&str; 18] = [
    "_id", "_name", "_type", "_url", "_uri", "_path", "_file", "_dir", "_count", "_limit", "_length",
    "_field", "_label", "_ref", "_arn", "_env", "_header", "_prefix",
];
/// Words of names whose values are digests or ids.
const DIGEST_NAMES: [&str; 14] = [
    "sha",
    "sha1",
    "sha256",
    "sha512",
    "hash",
    "digest",
    "checksum",
    "commit",
    "revision",
    "integrity",
    "etag",
    "md5",
    "fingerprint",
    "uuid",
];
/// Names of public or passing tokens.
const PASSING_NAMES: [&str; 17] = [
    "page",
    "next",
    "csrf",
    "xsrf",
    "cursor",
    "continuation",
    "public",
    "publishable",
    "request",
    "trace",
    "correlation",
    "idempotency",
    "cache",
    "primary",
    "foreign",
    "sort",
    "partition",
];
/// How keys begin that are meant to be seen.
const PUBLISHED: [&str; 4] = ["pk_live_", "pk_test_", "pk.eyJ", "pk-lf-"];
/// Files that are full of digests.
const DIGEST_FILES: [&str; 10] = [
    "package-lock.json",
    "pnpm-lock.yaml",
    "yarn.lock",
    "cargo.lock",
    "poetry.lock",
    "uv.lock",
    "go.sum",
    "composer.lock",
    "gemfile.lock",
    "flake.lock",
];

/// Judges one finding.
pub(crate) fn classify(finding: &Finding) -> Classification {
    let (class, reason) = judge(finding);
    Classification { class, reason: reason.into() }
}

type Judgement = (Class, &'static str);

fn judge(finding: &Finding) -> Judgement {
    if is_documented(&finding.secret) {
        return (Class::Placeholder, "documentation prints it as an example");
    }
    if finding.checksum == Checksum::Valid {
        return (Class::Real, "its checksum holds");
    }
    no_value(&finding.secret).unwrap_or_else(|| match kind(finding) {
        Kind::Format => by_form(finding),
        Kind::Named | Kind::Generic => by_name(finding),
    })
}

/// The kind of the rule that found it; a rule of another's counts as one that knows its form, unless it is not sure.
fn kind(finding: &Finding) -> Kind {
    let unsure = finding.attributes.iter().any(|(name, value)| name == "confidence" && value == "low");
    let others = if unsure { Kind::Generic } else { Kind::Format };
    table::find(&finding.rule_id).map_or(others, |row| row.kind)
}

/// What can be said of any value before its kind is asked for.
fn no_value(value: &str) -> Option<Judgement> {
    if is_template(value) {
        Some((Class::Placeholder, "it is filled in later"))
    } else if is_setting_name(value) || is_reference(value) {
        Some((Class::ConfigKey, "it names a setting"))
    } else if is_stand_in(value) {
        Some((Class::Placeholder, "it repeats, counts or says that it is a stand-in"))
    } else {
        None
    }
}

fn by_form(finding: &Finding) -> Judgement {
    match finding.checksum {
        _ if is_stub(finding) => (Class::Placeholder, "it is too short to be a private key"),
        _ if finding.entropy < FORM_ENTROPY => {
            (Class::Placeholder, "it has the form of a token, but is not random")
        }
        _ if is_inside_data(finding) => (Class::Identifier, "it is a piece of encoded data"),
        _ if !finding.secret.bytes().any(|b| b.is_ascii_digit()) && is_identifier(&finding.secret) => {
            (Class::Identifier, "it has the form of a token, but is made of words")
        }
        // One that was cut or mistyped is worth a look, and issuers change what they compute.
        Checksum::Invalid => {
            (Class::Real, "it has the published form of a token, though its checksum does not hold")
        }
        _ => (Class::Real, "it has the published form of a token"),
    }
}

/// A private key's armour round a few characters; the shortest real key has 64.
fn is_stub(finding: &Finding) -> bool {
    let base64 = |line: &&str| line.len() >= 16 && !line.contains("-----");
    let lines = finding.secret.split(['\n', '\r', '\\']).map(str::trim);
    finding.rule_id == "private-key" && lines.filter(base64).map(str::len).sum::<usize>() < 60
}

/// A short beginning such as `EAA` turns up in any image or program in base64.
fn is_inside_data(finding: &Finding) -> bool {
    const LEAST_ROUND: usize = 40;
    let data = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let before = finding.before.bytes().rev().take_while(data);
    let round: Vec<u8> = before.chain(finding.after.bytes().take_while(data)).collect();
    let has = |kind: fn(&u8) -> bool| round.iter().any(kind);
    round.len() >= LEAST_ROUND
        && has(u8::is_ascii_digit)
        && has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_lowercase)
}

fn by_name(finding: &Finding) -> Judgement {
    if ["authorization-basic", "basic-credentials"].contains(&finding.rule_id.as_str()) {
        return by_credentials(finding);
    }
    if PUBLISHED.iter().any(|start| finding.secret.starts_with(start)) {
        return (Class::Identifier, "it is the public half of a pair of keys");
    }
    let named_digest = finding.key.as_deref().is_some_and(names_digest);
    if (is_digest(&finding.secret) || is_uuid(&finding.secret)) && (named_digest || in_digest_file(finding)) {
        return (Class::Identifier, "it is a digest or id, and so are its name or file");
    }
    if finding.key.as_deref().is_some_and(is_harmless_name) {
        return (Class::Identifier, "its name is that of a public or descriptive value");
    }
    by_value(finding)
}

/// What the header holds is a user and a password.
fn by_credentials(finding: &Finding) -> Judgement {
    match basic_password(&finding.secret) {
        Some(password) if is_plain(&password) => (Class::Placeholder, "its password is a stand-in"),
        None if finding.rule_id == "basic-credentials" => {
            (Class::Identifier, "it holds no user and password")
        }
        _ => (Class::Real, "it is a user's credentials"),
    }
}

/// A password that examples have.
fn is_plain(password: &str) -> bool {
    const PLAIN: [&str; 8] = ["", "pass", "passwd", "test", "guest", "admin", "user", "open sesame"];
    PLAIN.contains(&password.to_ascii_lowercase().as_str()) || no_value(password).is_some()
}

fn by_value(finding: &Finding) -> Judgement {
    let (value, generic) = (finding.secret.as_str(), kind(finding) == Kind::Generic);
    let password = is_password(finding);
    if is_identifier(value) && !(password && value.bytes().any(|b| b.is_ascii_digit())) {
        return (Class::Identifier, "it is made of words");
    }
    if generic && is_uuid(value) {
        return (Class::Unknown, "it may be an id or a token in the form of one");
    }
    if generic && value.len() > LONGEST {
        return (Class::Unknown, "it is longer than secrets with such names are");
    }
    let least = if password { PASSWORD_ENTROPY } else { NAMED_ENTROPY };
    if finding.entropy < least {
        return (Class::Placeholder, "it is not random enough for a secret");
    }
    (Class::Real, "it is a random value under a secret's name")
}

fn is_password(finding: &Finding) -> bool {
    finding.rule_id.contains("password")
        || finding.key.as_deref().is_some_and(|key| {
            let key = key.to_ascii_lowercase();
            key.contains("pass") || key.contains("pwd")
        })
}

fn is_harmless_name(key: &str) -> bool {
    let words = words(key);
    let joined = format!("_{}", words.join("_"));
    HARMLESS_NAMES.iter().any(|ending| joined.ends_with(ending))
        || words.iter().any(|word| PASSING_NAMES.contains(&word.as_str()))
}

fn names_digest(key: &str) -> bool {
    words(key).iter().any(|word| DIGEST_NAMES.contains(&word.as_str()))
}

fn in_digest_file(finding: &Finding) -> bool {
    let Some(path) = &finding.path else { return false };
    let file = path.rsplit(['/', '\\']).next().unwrap_or(path).to_ascii_lowercase();
    DIGEST_FILES.contains(&file.as_str())
}

/// The words of a name, lower-case: `clientSecretId` and `CLIENT_SECRET_ID` alike.
fn words(key: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for c in key.chars() {
        let new_word = !c.is_alphanumeric() || (c.is_uppercase() && before.is_lowercase());
        if new_word && words.last().is_some_and(|word| !word.is_empty()) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| c.is_alphanumeric()) {
            word.extend(c.to_lowercase());
        }
        before = c;
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests;
