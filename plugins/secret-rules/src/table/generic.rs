//! Values that only their surroundings give away: headers, addresses, assignments.

use super::gives;
use crate::row::{Row, token};

pub(super) const ROWS: &[Row] = &[
    token(
        "authorization-basic",
        "Basic authorization header",
        r#"(?i:authorization)["'`\]]{0,2}(?:: ?&?[A-Za-z]{1,12})?[ \t]{0,4}[:=,][ \t]{0,4}["'`]{0,2}(?i:basic)[ \t]{1,4}([A-Za-z0-9+/]{8,}={0,2})"#,
        &["authorization"],
        "RFC 7617",
        &["Authorization: Basic {base64:24}==", "\"Authorization\": \"Basic {base64:40}\""],
        &["Authorization: Basic realm", "Authorization: Basic <credentials>"],
    )
    .named()
    .entropy(2.5)
    .allow(&[r"^[a-z]*$"]),
    token(
        "basic-credentials",
        "Basic credentials without their header's name",
        r"(?i:\bbasic)[ \t]{1,4}([A-Za-z0-9+/]{16,}={0,2})",
        &["basic"],
        "RFC 7617",
        &["auth: Basic {base64:40}=="],
        &["basic authentication", "Basic authenticationrequired"],
    )
    .generic()
    .entropy(3.0)
    .allow(&[r"^[A-Za-z]*$", r"^[a-z0-9]*$"]),
    token(
        "authorization-bearer",
        "Bearer authorization header",
        r"(?i:\bbearer)[ \t]{1,4}([A-Za-z0-9_\-.~+/]{16,}={0,2})",
        &["bearer"],
        "RFC 6750",
        &["Authorization: Bearer {alnum:40}", "-H 'authorization: bearer {hex:32}'"],
        &["Bearer authentication-is-required", "bearer token-based-login", "Bearer ${ACCESS_TOKEN}"],
    )
    .generic()
    .entropy(3.2)
    .allow(WORDS),
    token(
        "authorization-header",
        "Value of an authorization or API key header",
        r#"(?i:x-api-key|api-key|x-auth-token|x-access-token|private-token|job-token|proxy-authorization|authorization)["'`]{0,2}[ \t]{0,4}[:=,][ \t]{0,4}["'`]{0,2}(?:(?i:token|apikey|key|bot|digest)[ \t]{1,4})?([A-Za-z0-9_\-.~+/]{16,}={0,2})"#,
        &["api-key", "auth-token", "access-token", "private-token", "job-token", "authorization"],
        "RFC 9110 and common practice",
        &["X-Api-Key: {alnum:32}", "Authorization: token {hex:40}", "'PRIVATE-TOKEN': '{url:20}'"],
        &["Authorization: Bearer-authentication", "x-api-key: ${API_KEY}", "authorization: authorization-middleware-v2"],
    )
    .generic()
    .entropy(3.2)
    .allow(WORDS),
    token(
        "url-password",
        "Password in an address",
        r"\b[A-Za-z][A-Za-z0-9+.\-]{1,20}://[^\s:/@\x22'`<>()\[\]{}]{0,100}:([^\s/@\x22'`<>{}\[\]$]{3,256})@[A-Za-z0-9\[][\w.\-\[\]:]{0,200}",
        &["://"],
        "RFC 3986",
        &["postgres://app:{alnum:16}@db.internal:5432/app", "redis://:{alnum:12}@10.0.0.1", "https://me:s3cr3t!x9@example.org"],
        &[
            "https://example.org:8080/@scope/name",
            "postgres://user:password@localhost/db",
            "https://user:${PASSWORD}@host",
            "amqp://guest:guest@localhost",
            "mailto://a@b",
        ],
    )
    .generic()
    .entropy(1.5)
    .allow(&[
        r"^(?i:password|passwd|passw|pass|pwd|pw|secret|user|username|token|postgres|root|admin|guest|test|example|changeme|x+|\*+|\.+|%s|x-oauth-basic|x-access-token|oauth2)$",
        r"^[A-Z][A-Z0-9_]*$",
        r"^[0-9]{1,5}$",
    ]),
    token(
        "connection-string-password",
        "Password in a connection string",
        r";[ \t]?(?i:password|pwd)[ \t]?=[ \t]?([^;\s\x22'<>${}()]{4,128})",
        &["password", "pwd"],
        "ADO.NET and ODBC documentation, connection strings",
        &["Server=db;Database=app;User Id=sa;Password={alnum:16};", "host=db;user=app;pwd=x9!{alnum:6}"],
        &["Server=db;User Id=sa;Password=<password>;", "Server=db;Uid=sa;Pwd=${PWD};"],
    )
    .generic()
    .entropy(2.0)
    .allow(&[r"^(?i:password|passwd|pwd|secret|changeme|x+|\*+|\.+)$"]),
    token(
        "command-line-user",
        "Password after its user on a command line, as curl takes it",
        r#"(?:^|[\s\x22'`])(?:-u|--user)(?:=|[ \t]{1,4})["']?[^\s\x22':/@]{1,80}:([^\s\x22'/@<{$][^\s\x22']{3,200})"#,
        &["-u ", "-u=", "--user"],
        "The manual of curl, -u",
        &["curl -u me:{alnum:16} https://example.org", "curl --user 'me:{alnum:20}'"],
        &["docker run -u 1000:1000 image", "curl -u user:password https://example.org", "curl -u \"$USER:$PASS\" x", "sort -u a:b"],
    )
    .generic()
    .entropy(2.5)
    .allow(NO_PASSWORDS),
    token(
        "command-line-secret",
        "Secret given to a command",
        r#"(?:^|[\s\x22'`])(?:-|--|--?[A-Za-z\-]{1,30}-)(?i:api-?key|token|secret|password|passwd)(?:=|[ \t]{1,3}|["'], ?["'])["']?([A-Za-z0-9_\-.~+/!@#%^*]{8,}={0,2})"#,
        &["-api-key", "-apikey", "-token", "-secret", "-password", "-passwd"],
        "Common practice",
        &["tool --token {alnum:32}", "tool --password=x9!{alnum:10}", "[\"--api-key\", \"{alnum:32}\"]"],
        &["tool --token-file /run/secrets/token", "--password $PASSWORD", "--secret name-of-the-secret", "--token <token>"],
    )
    .generic()
    .entropy(3.0)
    .allow(WORDS),
    token(
        "secret-assignment",
        "High-entropy value given to a name such as token, secret or api_key",
        concat!(
            r"(?i:(?:page|next|continuation|csrf|xsrf|sync|cursor|separator|padding|special|public)[_\-]?)?",
            r"(?i:api[_.\-]?key|(?:access|auth|private|signing|encryption|master|service|account|storage|subscription|deploy|license|admin)[_\-]?key",
            r"|secret|token|credentials?|passphrase)",
            r"(?i:[_.\-]?(?:key|base|value|hash|string|prod|production|dev|staging|live|test|v?[0-9]{1,2})){0,2}",
            gives!(),
            r#"([A-Za-z0-9_\-.~+/!@#%^*=]{16,})(?:["'`\s,;)}\]&<\\|]|$)"#
        ),
        &[
"api_key", "api-key", "apikey", "api.key", "access_key", "access-key", "accesskey", "auth_key", "auth-key", "authkey", "private_key", "private-key", "privatekey", "signing_key", "signing-key", "signingkey", "encryption_key", "encryption-key", "encryptionkey", "master_key", "master-key", "masterkey", "service_key", "service-key", "servicekey", "account_key", "account-key", "accountkey", "storage_key", "storage-key", "storagekey", "subscription_key", "subscription-key", "subscriptionkey", "deploy_key", "deploy-key", "deploykey", "license_key", "license-key", "licensekey", "admin_key", "admin-key", "adminkey", "secret", "token", "credential", "passphrase",
        ],
        "Common practice",
        &[
            "API_KEY={alnum:32}",
            "const clientSecret = \"{alnum:32}\";",
            "\"authToken\": \"{hex:40}\"",
            "let token: String = '{url:24}'",
            "secret_key_base: {hex:128}",
        ],
        &[
            "token = getAccessTokenFor(user)",
            "tokenizer: \"cl100k_base_with_special_tokens_v2\"",
            "token: process.env.GITHUB_TOKEN_VALUE_1",
            "secret: {hex:8}-{hex:4}-{hex:4}-{hex:4}-{hex:12}",
            "next_page_token = {alnum:32}",
            "secretName: my-database-credentials-01",
            "api_key: ${API_KEY}",
            "token: claude-3-5-sonnet-20241022",
            "monkey: {alnum:32}",
            "keyboard = {alnum:32}",
            "max_tokens: 4096000000000000",
        ],
    )
    .generic()
    .entropy(3.5)
    .allow(NO_VALUES)
    .allow_match(&[r"^(?i:page|next|continuation|csrf|xsrf|sync|cursor|separator|padding|special|public)"]),
    token(
        "secret-id",
        "Value in the form of a UUID given to a name such as client_secret or api_token",
        concat!(
            r"[A-Za-z0-9][_.\-]?(?i:api[_\-]?key|token|secret)",
            gives!(),
            r"([0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12})(?:[^\w\-]|$)"
        ),
        &["api_key", "api-key", "apikey", "token", "secret"],
        "Common practice",
        &["ACME_API_TOKEN={hex:8}-{hex:4}-{hex:4}-{hex:4}-{hex:12}"],
        &[
            "token = {hex:8}-{hex:4}-{hex:4}-{hex:4}-{hex:12}",
            "request_token_id: {hex:8}-{hex:4}-{hex:4}-{hex:4}-{hex:12}",
        ],
    )
    .named(),
    token(
        "password-assignment",
        "Value given to a name such as password",
        concat!(
            r"(?i:passwo?r?d|passwd|passcode|\bpwd|_pwd|db_?pass|_pass)",
            r#"["'`\]]{0,2}(?:[ \t]{0,8}:[ \t]{0,2}&?[A-Za-z]{1,12}|[ \t]{1,2}[A-Za-z]{1,12}[ \t])?[ \t]{0,8}"#,
            r#"(?::{1,3}=|[?.+|]=|=>|={1,3}|:|,|value=)[ \t]{0,8}["'`]([^\s\x22'`]{8,})["'`]"#
        ),
        &["passw", "pwd", "passcode", "db_pass", "dbpass", "_pass"],
        "Common practice",
        &["password: \"x9!{alnum:8}\"", "DB_PASS='{alnum:12}'"],
        &[
            "password: \"password\"",
            "password = getpass.getpass()",
            "password: \"${DB_PASSWORD}\"",
            "passwordField: 'input-password-1'",
            "password: \"<your-password>\"",
            "compass: \"{alnum:12}\"",
        ],
    )
    .generic()
    .entropy(2.5)
    .allow(NO_PASSWORDS),
    token(
        "password-line",
        "Unquoted value given to a name such as password",
        concat!(
            r"(?i:passwo?r?d|passwd|passcode|\bpwd|_pwd|db_?pass|_pass)",
            r#"(?:[ \t]{0,8}(?::{1,3}=|[?.+]?=|:)[ \t]{0,8}|>[ \t\r\n]{0,24})([A-Za-z0-9_\-.~+/!@#%^*]{8,})(?:[\s,;)}\]&<\\|]|$)"#
        ),
        &["passw", "pwd", "passcode", "db_pass", "dbpass", "_pass"],
        "Common practice",
        &["PGPASSWORD={alnum:12}", "password: x9!{alnum:8}"],
        &["password: required", "pwd=/home/user/projects/app-2", "password = self.password_1", "PWD=/srv/build01"],
    )
    .generic()
    .entropy(2.8)
    .allow(NO_PASSWORDS),
];

/// Names made of words and numbers, as programs and people write them.
const WORDS: &[&str] = &[
    r"^[^0-9]*$",
    r"^[0-9.,:_/\-]+$",
    r"^(?:[A-Za-z]+[0-9]{0,3}|[0-9]{1,8}|v[0-9]+[a-z]?)(?:[._/:\-]+(?:[A-Za-z]+[0-9]{0,3}|[0-9]{1,8}[a-z]?))*$",
    r"^/",
];

/// The same for passwords, which may have no digit in them but are no words either.
const NO_PASSWORDS: &[&str] = &[
    r"^(?:[a-z]{2,}|[A-Z][a-z]{2,}|[A-Z]{2,})(?:[._/:\-+*!?@#%^~ ]*(?:[a-z]{2,}|[A-Z][a-z]{2,}|[A-Z]{2,}))*[._/:\-+*!?@#%^~]*$",
    r"^[a-z]+[0-9]{0,3}(?:[._/:\-]+(?:[a-z]+[0-9]{0,3}|[0-9]{1,4}))+$",
    r"^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$",
    r"^[^A-Za-z]*$",
    r"^(?:\./|\.\./|~/|/)",
    r"^[a-z][a-z0-9+.\-]*://",
    r"^[A-Za-z_]+(?:\.[A-Za-z_]+)+[\[(]",
    r"(?i)process\.env|os\.environ|getenv|import\.meta|self\.|this\.|config\.|settings\.|secrets\.",
    r"[${}<>()]",
];

/// What stands after such names without being a secret: names, numbers, paths, references, ids and digests.
const NO_VALUES: &[&str] = &[
    r"^[^0-9]*$",
    r"^[0-9.,:_/\-]+$",
    r"^(?:[A-Za-z]+[0-9]{0,3}|[0-9]{1,8}|v[0-9]+[a-z]?)(?:[._/:\-]+(?:[A-Za-z]+[0-9]{0,3}|[0-9]{1,8}[a-z]?))*$",
    r"^(?:\./|\.\./|~/|/)",
    r"^(?:https?|file|s3|gs)://",
    r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$",
    r"^sha(?:1|256|384|512)[:\-]",
    r"(?i)process\.env|os\.environ|getenv|import\.meta|self\.|this\.|config\.|settings\.|secrets\.",
    r"[${}<>()]",
];
