//! Kinds of secrets, as their issuers' documentation describes them.

use super::Rng;

/// A kind of secret: the names it is given to, and its form.
pub struct Kind {
    pub name: &'static str,
    keys: &'static [&'static str],
    form: &'static str,
}

/// A value and the name it is given to.
#[derive(Clone)]
pub struct Named {
    pub key: String,
    pub value: String,
    /// What of the value is the secret; the rest leads to it.
    pub secret: String,
    /// Its own form or its key's name tells what it is, so it may stand alone.
    pub alone: bool,
}

const fn kind(name: &'static str, keys: &'static [&'static str], form: &'static str) -> Kind {
    Kind { name, keys, form }
}

impl Kind {
    pub fn make(&self, rng: &mut Rng) -> Named {
        let key = rng.pick(self.keys).to_owned();
        let whole = rng.expand(self.form);
        // `a«b»c`: b is the secret.
        let (value, secret) =
            match whole.split_once('«').and_then(|(a, rest)| Some((a, rest.split_once('»')?))) {
                Some((before, (secret, after))) => (format!("{before}{secret}{after}"), secret.to_owned()),
                None => (whole.clone(), whole),
            };
        let alone = !self.name.starts_with("named-");
        Named { key, value, secret, alone }
    }
}

pub const KINDS: &[Kind] = &[
    kind("anthropic-api", &["ANTHROPIC_API_KEY", "apiKey"], "sk-ant-api03-{url:93}AA"),
    kind("anthropic-oauth", &["CLAUDE_CODE_OAUTH_TOKEN", "accessToken"], "sk-ant-oat01-{url:95}"),
    kind("anthropic-refresh", &["refreshToken"], "sk-ant-ort01-{url:95}"),
    kind("openai-project", &["OPENAI_API_KEY", "openai_key"], "sk-proj-{url:74}T3BlbkFJ{url:74}"),
    kind("openai-user", &["OPENAI_API_KEY", "key"], "sk-{alnum:20}T3BlbkFJ{alnum:20}"),
    kind("deepseek", &["DEEPSEEK_API_KEY", "ANTHROPIC_AUTH_TOKEN"], "sk-{hex:32}"),
    kind("openrouter", &["OPENROUTER_API_KEY"], "sk-or-v1-{hex:64}"),
    kind("groq", &["GROQ_API_KEY", "k"], "gsk_{alnum:52}"),
    kind("xai", &["XAI_API_KEY"], "xai-{alnum:80}"),
    kind("perplexity", &["PPLX_KEY"], "pplx-{alnum:48}"),
    kind("huggingface", &["HF_TOKEN", "token"], "hf_{alnum:34}"),
    kind("replicate", &["REPLICATE_API_TOKEN"], "r8_{alnum:37}"),
    kind("github-classic", &["GITHUB_TOKEN", "gh"], "ghp_{alnum:36}"),
    kind("github-server", &["GITHUB_TOKEN"], "ghs_{alnum:36}"),
    kind("github-fine", &["GH_TOKEN"], "github_pat_{alnum:22}_{alnum:59}"),
    kind("gitlab", &["GITLAB_TOKEN", "CI_TOKEN"], "glpat-{url:20}"),
    kind("npm", &["NPM_TOKEN", "_authToken"], "npm_{alnum:36}"),
    kind("pypi", &["TWINE_PASSWORD"], "pypi-AgEIcHlwaS5vcmc{url:150}"),
    kind("docker", &["DOCKER_PAT"], "dckr_pat_{url:27}"),
    kind("aws-id", &["AWS_ACCESS_KEY_ID", "accessKeyId"], "AKIA{base32:16}"),
    kind(
        "named-aws-secret",
        &["AWS_SECRET_ACCESS_KEY", "aws_secret_access_key", "SecretAccessKey"],
        "{base64:40}",
    ),
    kind("google-api", &["GOOGLE_API_KEY", "mapsKey"], "AIza{url:35}"),
    kind("google-oauth", &["client_secret"], "GOCSPX-{url:28}"),
    kind("google-access", &["access_token"], "ya29.a0{url:150}"),
    kind(
        "azure-storage",
        &["AZURE_STORAGE_CONNECTION_STRING"],
        "DefaultEndpointsProtocol=https;AccountName=data;AccountKey=«{base64:86}==»;EndpointSuffix=core.windows.net",
    ),
    kind("azure-client", &["AZURE_CLIENT_SECRET"], "{alnum:3}8Q~{alnum:34}"),
    kind("slack-bot", &["SLACK_BOT_TOKEN", "slack"], "xoxb-{digit:12}-{digit:13}-{alnum:24}"),
    kind(
        "slack-webhook",
        &["SLACK_WEBHOOK_URL"],
        "https://hooks.slack.com/services/«T{upper:10}/B{upper:10}/{alnum:24}»",
    ),
    kind("discord-webhook", &["DISCORD_WEBHOOK"], "https://discord.com/api/webhooks/{digit:18}/«{url:68}»"),
    kind("telegram", &["TELEGRAM_BOT_TOKEN", "bot"], "{digit:10}:AA{url:32}x"),
    kind("sendgrid", &["SENDGRID_API_KEY"], "SG.{url:22}.{url:43}"),
    kind("mailgun", &["MAILGUN_API_KEY"], "key-{hex:32}"),
    kind("mailchimp", &["MAILCHIMP_KEY"], "{hex:32}-us14"),
    kind("named-twilio", &["TWILIO_AUTH_TOKEN", "twilioAuthToken"], "{hex:32}"),
    kind("stripe-live", &["STRIPE_SECRET_KEY", "stripe"], "sk_live_{alnum:24}"),
    kind("stripe-restricted", &["STRIPE_KEY"], "rk_live_{alnum:99}"),
    kind("stripe-webhook", &["STRIPE_WEBHOOK_SECRET"], "whsec_{alnum:32}"),
    kind("shopify", &["SHOPIFY_TOKEN"], "shpat_{hex:32}"),
    kind("square", &["SQUARE_TOKEN"], "sq0atp-{url:22}"),
    kind("digitalocean", &["DIGITALOCEAN_TOKEN"], "dop_v1_{hex:64}"),
    kind("named-cloudflare", &["CLOUDFLARE_API_TOKEN", "cf_api_token"], "{url:39}a"),
    kind("named-datadog", &["DD_API_KEY", "datadog_api_key"], "{hex:32}"),
    kind("newrelic", &["NEW_RELIC_API_KEY"], "NRAK-{upper:27}"),
    kind("grafana", &["GRAFANA_TOKEN"], "glsa_{alnum:32}_{hex:8}"),
    kind("sentry", &["SENTRY_AUTH_TOKEN"], "sntryu_{hex:64}"),
    kind("linear", &["LINEAR_API_KEY"], "lin_api_{alnum:40}"),
    kind("notion", &["NOTION_TOKEN"], "ntn_{alnum:46}"),
    kind("databricks", &["DATABRICKS_TOKEN"], "dapi{hex:32}"),
    kind("vault", &["VAULT_TOKEN"], "hvs.{url:90}"),
    kind("terraform", &["TF_TOKEN"], "{alnum:14}.atlasv1.{alnum:67}"),
    kind("doppler", &["DOPPLER_TOKEN"], "dp.pt.{alnum:43}"),
    kind("age", &["AGE_KEY"], "AGE-SECRET-KEY-1{bech32:58}"),
    kind("jwt", &["session", "jwt"], "eyJhbGciOiJIUzI1NiJ9.eyJ{url:60}.{url:43}"),
    kind(
        "private-key",
        &["PRIVATE_KEY", "key"],
        "-----BEGIN RSA PRIVATE KEY-----\n{base64:64}\n{base64:64}\n{base64:64}\n{base64:20}==\n-----END RSA PRIVATE KEY-----",
    ),
    kind(
        "openssh-key",
        &["id_ed25519"],
        "-----BEGIN OPENSSH PRIVATE KEY-----\n{base64:70}\n{base64:70}\n{base64:40}\n-----END OPENSSH PRIVATE KEY-----",
    ),
    kind("url-password", &["DATABASE_URL", "dsn"], "postgres://app:«{alnum:16}»@db.internal:5432/app"),
    kind("redis-password", &["REDIS_URL"], "redis://:«{alnum:14}»@10.0.0.7:6379/0"),
    kind("bearer", &["Authorization", "authorization"], "Bearer «{alnum:40}»"),
    kind("bearer-hex", &["Authorization"], "Bearer «{hex:64}»"),
    kind("bearer-base64", &["Authorization"], "Bearer «{base64:48}==»"),
    kind(
        "mongodb-password",
        &["MONGO_URL"],
        "mongodb+srv://app:«{alnum:18}»@cluster0.example.mongodb.net/app?retryWrites=true",
    ),
    kind("odbc-password", &["CONNECTION_STRING"], "Server=db;Database=app;User Id=sa;Password=«{alnum:16}»;"),
    kind("azure-devops", &["AZURE_PAT"], "{alnum:76}AZDO{alnum:4}"),
    kind("new-pinecone", &["PINECONE_API_KEY"], "pcsk_{alnum:6}_{alnum:62}"),
    kind("named-heroku", &["HEROKU_API_KEY"], "{hex:8}-{hex:4}-4{hex:3}-a{hex:3}-{hex:12}"),
    kind("named-env-key", &["AZURE_OPENAI_KEY", "SPEECH_KEY"], "{hex:32}"),
    kind("named-basic", &["Authorization"], "Basic «{base64:40}»"),
    kind("named-password", &["DB_PASSWORD", "password", "dbPassword", "PGPASSWORD"], "{pass:14}"),
    kind("named-api-key", &["API_KEY", "apiKey", "X-Api-Key", "service_api_key"], "{alnum:32}"),
    kind("named-client-secret", &["clientSecret", "CLIENT_SECRET", "oauth_client_secret"], "{alnum:40}"),
    kind("named-secret-hex", &["SECRET_KEY", "session_secret", "JWT_SECRET", "signingSecret"], "{hex:64}"),
    kind("named-token", &["ACCESS_TOKEN", "authToken", "auth_token", "bot_token"], "{url:36}7"),
];
