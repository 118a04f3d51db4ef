//! Messaging and mail.

use super::{after_name, gives};
use crate::row::{Row, token};

pub(super) const ROWS: &[Row] = &[
    token(
        "slack-token",
        "Slack bot, user, workspace, refresh or legacy token",
        r"xox[abeoprs](?:\.xox[bp])?-(?:[0-9]{1,14}-){1,4}[A-Za-z0-9]{10,}",
        &["xoxa-", "xoxb-", "xoxe-", "xoxe.", "xoxo-", "xoxp-", "xoxr-", "xoxs-"],
        "Slack API documentation, token types",
        &["SLACK_BOT_TOKEN=xoxb-{digit:12}-{digit:13}-{alnum:24}", "xoxp-{digit:11}-{digit:11}-{digit:12}-{hex:32}", "xoxe.xoxp-1-{alnum:160}"],
        &["xoxb-your-token-here", "xoxb-..."],
    )
    .entropy(2.5)
    .allow(&[r"^xox[a-z]-[0-9\-]+$"]),
    token(
        "slack-app-token",
        "Slack app-level or session token",
        r"xap[ps]-[0-9]-[A-Z0-9]{8,14}-[0-9]{10,16}-[a-f0-9]{60,70}",
        &["xapp-", "xaps-"],
        "Slack API documentation, token types",
        &["xapp-1-A{upper:10}-{digit:13}-{hex:64}"],
        &["xapp-1-demo"],
    ),
    token(
        "slack-cookie-token",
        "Slack client token or cookie",
        r"xox[cd]-[A-Za-z0-9%\-]{30,}",
        &["xoxc-", "xoxd-"],
        "Form of Slack's own client tokens",
        &["xoxc-{digit:12}-{digit:12}-{digit:13}-{hex:64}", "d=xoxd-{alnum:60}%2F{alnum:40}"],
        &["xoxd-abc"],
    )
    .entropy(3.0),
    token(
        "slack-webhook",
        "Slack webhook address",
        r"hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/([A-Za-z0-9+/]{30,})",
        &["hooks.slack"],
        "Slack API documentation, incoming webhooks",
        &["https://hooks.slack.com/services/T{upper:10}/B{upper:10}/{alnum:24}"],
        &["https://hooks.slack.com/services/T000/B000/X", "https://hooks.slack.com/services/"],
    )
    .inside(),
    token(
        "discord-bot-token",
        "Discord bot token",
        r"\b[MNO][A-Za-z0-9_\-]{22,28}\.[A-Za-z0-9_\-]{6}\.[A-Za-z0-9_\-]{27,45}",
        &["discord", "bot_token", "bot-token", "bottoken", "login("],
        "Discord developer documentation, authentication",
        &["DISCORD_TOKEN=M{alnum:25}.{alnum:6}.{url:38}"],
        &["Model.config.something", "bot.commands.list"],
    )
    .entropy(4.0),
    token(
        "discord-webhook",
        "Discord webhook address",
        r"discord(?:app)?\.com/api/(?:v[0-9]+/)?webhooks/[0-9]{17,20}/([A-Za-z0-9_\-]{60,80})",
        &["/webhooks/"],
        "Discord developer documentation, webhooks",
        &["https://discord.com/api/webhooks/{digit:18}/{url:68}"],
        &["https://discord.com/api/webhooks/1/x"],
    )
    .inside(),
    token(
        "telegram-bot-token",
        "Telegram bot token",
        r"\b(?:bot)?([0-9]{8,10}:AA[A-Za-z0-9_\-]{33})(?:[^A-Za-z0-9_\-]|$)",
        &[":aa"],
        "Telegram Bot API documentation",
        &["https://api.telegram.org/bot{digit:10}:AA{url:33}/getMe", "TELEGRAM={digit:9}:AA{url:33}"],
        &["12345678:AAAA", "fe80::aa"],
    )
    .inside(),
    token(
        "telegram-named-token",
        "Telegram bot token in any form next to its name",
        after_name!("telegram|tg_bot|tg_token", r"(?:bot)?[0-9]{5,16}:A[A-Za-z0-9_\-]{34}"),
        &["telegram", "tg_bot", "tg_token"],
        "Telegram Bot API documentation",
        &["TELEGRAM_TOKEN={digit:9}:A{url:33}a"],
        &["telegram: 123:A"],
    )
    .named(),
    token(
        "teams-webhook",
        "Microsoft Teams webhook address",
        r"\.webhook\.office\.com/webhookb2/([a-f0-9\-]{36}@[a-f0-9\-]{36}/IncomingWebhook/[a-f0-9]{32}/[a-f0-9\-]{36}(?:/[A-Za-z0-9_\-]{20,60})?)",
        &["webhook.office.com"],
        "Microsoft Teams documentation, incoming webhooks",
        &["https://a.webhook.office.com/webhookb2/{hex:8}-{hex:4}-{hex:4}-{hex:4}-{hex:12}@{hex:8}-{hex:4}-{hex:4}-{hex:4}-{hex:12}/IncomingWebhook/{hex:32}/{hex:8}-{hex:4}-{hex:4}-{hex:4}-{hex:12}"],
        &["https://a.webhook.office.com/webhookb2/"],
    )
    .inside(),
    token(
        "twilio-token",
        "Twilio auth token or API key next to its name",
        after_name!("twilio", "(?:SK)?[0-9a-f]{32}"),
        &["twilio"],
        "Twilio documentation, auth tokens",
        &["TWILIO_AUTH_TOKEN={hex:32}", "TWILIO_API_KEY=SK{hex:32}"],
        &["twilio_sid = AC{hex:32}"],
    )
    .named(),
    token(
        "sendgrid-key",
        "SendGrid key",
        r"\bSG\.[A-Za-z0-9_\-]{20,24}\.[A-Za-z0-9_\-]{39,50}",
        &["sg."],
        "Twilio SendGrid documentation, API keys",
        &["SENDGRID_API_KEY=SG.{url:22}.{url:43}"],
        &["SG.Config.Value", "msg.body.text"],
    )
    .entropy(4.0),
    token(
        "mailgun-key",
        "Mailgun key",
        r"\bkey-[0-9a-f]{32}\b",
        &["key-"],
        "Mailgun documentation, API keys",
        &["MAILGUN_API_KEY=key-{hex:32}"],
        &["monkey-{hex:32}", "key-value-store"],
    )
    .entropy(3.0),
    token(
        "mailgun-named-key",
        "Mailgun key in its newer form next to its name",
        after_name!("mailgun|mg_api", "[0-9a-f]{32}-[0-9a-f]{8}-[0-9a-f]{8}"),
        &["mailgun", "mg_api"],
        "Mailgun documentation, API keys",
        &["mailgun: {hex:32}-{hex:8}-{hex:8}"],
        &["mailgun_domain = mg.example.org"],
    )
    .named(),
    token(
        "mailchimp-key",
        "Mailchimp key",
        r"\b[0-9a-f]{32}-us[0-9]{1,2}\b",
        &["-us"],
        "Mailchimp developer documentation, API keys",
        &["MAILCHIMP_API_KEY={hex:32}-us21"],
        &["zh-us", "{hex:12}-us1"],
    )
    .entropy(3.0),
    token(
        "brevo-key",
        "Brevo key",
        r"\bxkeysib-[a-f0-9]{64}-[A-Za-z0-9]{16}\b",
        &["xkeysib-"],
        "Brevo developer documentation",
        &["xkeysib-{hex:64}-{alnum:16}"],
        &["xkeysib-x"],
    ),
    token(
        "resend-key",
        "Resend key",
        r"\bre_[A-Za-z0-9]{8,12}_[A-Za-z0-9]{20,30}\b",
        &["re_"],
        "Resend documentation, API keys",
        &["RESEND_API_KEY=re_{alnum:8}_{alnum:24}"],
        &["re_compiled_pattern", "re_frontend_development_environmentvariable"],
    )
    .entropy(3.8)
    .allow(&[r"^[^0-9]*$"]),
    token(
        "postmark-token",
        "Postmark server token next to its name",
        after_name!("postmark", "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
        &["postmark"],
        "Postmark developer documentation",
        &["POSTMARK_SERVER_TOKEN={hex:8}-{hex:4}-{hex:4}-{hex:4}-{hex:12}"],
        &["postmark_template = welcome"],
    )
    .named(),
];
