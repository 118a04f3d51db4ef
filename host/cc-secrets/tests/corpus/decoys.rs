//! What looks like a secret and is none.

use super::{Rng, kinds::Named};

/// A form, and the names it is given to.
type Decoy = (&'static str, &'static [&'static str], &'static [&'static str]);

const DECOYS: &[Decoy] = &[
    (
        "placeholder",
        &["API_KEY", "OPENAI_API_KEY", "password", "token", "client_secret"],
        &[
            "your-api-key-here",
            "<your-token>",
            "changeme",
            "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            "sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            "REPLACE_ME_WITH_A_KEY",
            "sk-ant-api03-XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX",
            "ghp_XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX",
            "1234567890abcdef1234567890abcdef",
            "********************",
            "insert-your-secret-key-here",
            "sk_test_your_key_goes_here_1234",
            "placeholder-token-1234",
            "dummy_password_123",
            "abcdefghijklmnopqrstuvwxyz123456",
            "00000000000000000000000000000000",
            "my-super-secret-password",
            "YOUR_API_KEY_1",
            "ghp_0123456789abcdefghijklmnopqrstuvwxyz",
            "todo-set-me-later-2024",
            "not-a-real-key-0001",
        ],
    ),
    (
        "uuid",
        &["id", "request_id", "sessionId", "token_id", "secret_id", "client_id"],
        &["{hex:8}-{hex:4}-4{hex:3}-a{hex:3}-{hex:12}"],
    ),
    (
        "hash",
        &["sha256", "checksum", "digest", "integrity", "etag", "md5", "token_hash", "secret_sha256"],
        &["{hex:64}", "{hex:40}", "{hex:32}", "sha512-{base64:86}==", "sha256:{hex:64}"],
    ),
    (
        "encoded",
        &["data", "body", "wasm"],
        &["AGFzbQEAAAAB{base64:900}", "H4sIAAAAAAAA{base64:500}==", "{base64:1200}"],
    ),
    ("git-sha", &["commit", "rev", "revision", "parent", "GIT_SHA"], &["{hex:40}", "{hex:12}"]),
    (
        "image",
        &["src", "icon", "image"],
        &["data:image/png;base64,iVBORw0KGgo{base64:400}", "data:font/woff2;base64,d09GMg{base64:300}"],
    ),
    (
        "identifier",
        &["service", "name", "class", "token_provider", "secretName", "passwordField"],
        &[
            "risk-assessment-engine",
            "task-implementation-of-the-long-name",
            "disk-usage-monitor-v2",
            "desk-{digit:3}-booking-service",
            "sk-circle-fade-dot",
            "flask-secret-session-manager",
            "aws-secretsmanager-rotation-lambda-01",
            "password-input-field-2",
            "com.example.security.TokenAuthenticationFilter",
            "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-{alnum:6}",
            "projects/1234/secrets/db-password/versions/3",
            "my-database-credentials-01",
        ],
    ),
    (
        "harmless-name",
        &[
            "author",
            "monkey",
            "keyboard",
            "tokenizer",
            "keyword",
            "hotkey",
            "passage",
            "compass",
            "bypass",
            "secretary",
        ],
        &[
            "jane.doe.the-third-{digit:4}",
            "qwertz-layout-{alnum:24}",
            "cl100k_base_{lower:20}",
            "{alnum:32}",
            "{hex:40}",
        ],
    ),
    (
        "reference",
        &["API_KEY", "TOKEN", "password", "secretKey", "DB_PASSWORD"],
        &[
            "${API_KEY_FROM_VAULT_1}",
            "$SECRET_TOKEN",
            "process.env.STRIPE_SECRET_KEY2",
            "os.environ[\"DB_PASSWORD\"]",
            "{{ .Values.secret.key1 }}",
            "%(DB_PASSWORD)s",
            "config.get('auth.token.v1')",
            "secrets.GITHUB_TOKEN",
            "vault:secret/data/app#password1",
            "getenv(\"API_TOKEN_2\")",
            "op://vault/item/password1",
            "file:/run/secrets/db_password_1",
            "/run/secrets/db-password-2",
            "ref+awsssm://prod/db/password1",
        ],
    ),
    (
        "documented",
        &["aws_access_key_id", "aws_secret_access_key", "key"],
        &["AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"],
    ),
    (
        "public",
        &["STRIPE_PUBLISHABLE_KEY", "pk", "next_page_token", "csrf_token", "public_key", "nextPageToken"],
        &["pk_live_{alnum:24}", "pk_test_{alnum:24}", "{alnum:40}"],
    ),
    (
        "minified",
        &["js", "bundle"],
        &[
            "!function(e,t){var n=t.token,r=e.secret||n.key;return r.password=n(r)}(a,b);var k1=c({key:d,token:f(g)});",
            "var e=this._token=t.getToken({secret:n.clientSecret,password:i.value});e.authKey=o.keyFor(a1,b2)",
        ],
    ),
    (
        "model",
        &["model", "max_tokens", "input_tokens", "tool_use_id", "message_id"],
        &[
            "claude-sonnet-4-5-20250929",
            "200000",
            "toolu_01{alnum:22}",
            "msg_01{alnum:22}",
            "req_011{alnum:20}",
            "gpt-4o-mini-2024-07-18",
        ],
    ),
    (
        "url",
        &["url", "href", "link"],
        &[
            "https://example.org:8080/@scope/package-1.2.3",
            "https://user@git.example.org/team/repo.git",
            "postgres://localhost:5432/app",
            "https://cdn.example.org/assets/app.{hex:20}.js",
            "postgres://user:password@localhost:5432/test",
            "amqp://guest:guest@localhost",
            "https://bucket.s3.amazonaws.com/path/{hex:32}/file.txt",
            "mongodb://${USER}:${PASS}@host/db",
        ],
    ),
    (
        "lock",
        &["resolved", "hash", "checksum"],
        &["https://registry.npmjs.org/a/-/a-1.2.3.tgz#{hex:40}", "sha1-{base64:27}=", "h1:{base64:43}="],
    ),
    (
        "certificate",
        &["cert", "public"],
        &[
            "-----BEGIN CERTIFICATE-----\n{base64:64}\n{base64:64}\n{base64:40}==\n-----END CERTIFICATE-----",
            "-----BEGIN PUBLIC KEY-----\n{base64:64}\n{base64:40}==\n-----END PUBLIC KEY-----",
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{base64:43} jane@example.org",
            "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ{base64:200} ci@example.org",
        ],
    ),
    (
        "code",
        &["token", "password", "secret", "apiKey"],
        &[
            "getAccessTokenFor(user1)",
            "self.tokens.next_token_v2",
            "await hashPassword(input2)",
            "Option<AccessTokenResponse2>",
            "req.headers['x-api-key-v2']",
            "lexer.current_token.kind_1",
            "crypto.randomBytes(32).toString('hex')",
            "useState<string>('')",
        ],
    ),
];

/// The look-alike of that number: every kind in turn.
pub fn make(rng: &mut Rng, number: usize) -> (&'static str, Named) {
    let (kind, keys, forms) = DECOYS[number % DECOYS.len()];
    let key = rng.pick(keys).to_owned();
    let form = rng.pick(forms);
    let value = rng.expand(form);
    (kind, Named { key, secret: value.clone(), value, alone: false })
}
