//! Monitoring and incident response.

use super::{after_name, gives};
use crate::row::{Row, token};

pub(super) const ROWS: &[Row] = &[
    token(
        "grafana-token",
        "Grafana Cloud or service account token",
        r"\bgl(?:c_[A-Za-z0-9+/]{50,}={0,2}|sa_[A-Za-z0-9]{32}_[a-f0-9]{8}\b)",
        &["glc_", "glsa_"],
        "Grafana documentation, service account and access policy tokens",
        &["GRAFANA_TOKEN=glsa_{alnum:32}_{hex:8}", "glc_eyJ{base64:120}="],
        &["glsa_x", "glc_context"],
    ),
    token(
        "newrelic-key",
        "New Relic user, admin, ingest or browser key",
        r"\bNR(?:AK|AA|II|BR|RA|IQ)-[A-Za-z0-9_\-]{19,42}|\b[a-f0-9]{36}(?:FFFF)?NRAL\b",
        &["nrak-", "nraa-", "nrii-", "nrbr-", "nrra-", "nriq-", "nral"],
        "New Relic documentation, API keys",
        &["NEW_RELIC_API_KEY=NRAK-{upper:27}", "{hex:36}FFFFNRAL", "NRII-{alnum:32}"],
        &["NRAK-KEY", "General"],
    )
    .entropy(3.0),
    token(
        "datadog-key",
        "Datadog API or application key next to its name",
        after_name!("datadog|dd_api|dd_app|dd-api|dd-application", "(?:[a-f0-9]{40}|[a-f0-9]{32})"),
        &["datadog", "dd_api", "dd_app", "dd-api", "dd-application"],
        "Datadog documentation, API and application keys",
        &["DD_API_KEY={hex:32}", "DD-APPLICATION-KEY: {hex:40}"],
        &["datadog_site = datadoghq.eu"],
    )
    .named(),
    token(
        "datadog-token",
        "Datadog personal or service token",
        r"\bddp?at_[A-Za-z0-9]{22}_[A-Za-z0-9]{40,48}\b",
        &["ddpat_", "ddat_"],
        "Datadog documentation, access tokens",
        &["ddpat_{alnum:22}_{alnum:44}"],
        &["ddpat_token"],
    ),
    token(
        "sentry-token",
        "Sentry organisation or user token",
        r"\bsntry(?:s_eyJ[A-Za-z0-9+/=_\-]{80,}|u_[a-f0-9]{64}\b)",
        &["sntrys_", "sntryu_"],
        "Sentry documentation, auth tokens",
        &["SENTRY_AUTH_TOKEN=sntryu_{hex:64}", "sntrys_eyJ{base64:160}_{base64:43}"],
        &["sntryu_x"],
    ),
    token(
        "sentry-dsn-secret",
        "Sentry address with its secret half",
        r"https://[a-f0-9]{32}:([a-f0-9]{32})@[\w.\-]{3,80}/[0-9]{1,20}\b",
        &["sentry"],
        "Sentry documentation, legacy DSN",
        &["https://{hex:32}:{hex:32}@sentry.io/12345"],
        &["https://{hex:32}@o1.ingest.sentry.io/12345"],
    )
    .inside(),
    token(
        "pagerduty-key",
        "PagerDuty key next to its name",
        after_name!("pagerduty|pager_duty|pd_token", r"(?:u\+)?[A-Za-z0-9_+\-]{18,32}"),
        &["pagerduty", "pager_duty", "pd_token"],
        "PagerDuty developer documentation",
        &["PAGERDUTY_TOKEN=u+{alnum:18}", "pagerduty_key: {hex:32}"],
        &["pagerduty_service = the-database-on-call"],
    )
    .named()
    .entropy(3.2)
    .allow(&[r"^[^0-9]*$"]),
    token(
        "dynatrace-token",
        "Dynatrace token",
        r"\bdt0[a-z][0-9]{2}\.[A-Z0-9]{8,24}\.[A-Z0-9]{64}\b",
        &["dt0"],
        "Dynatrace documentation, access tokens",
        &["dt0c01.{upper:24}.{upper:64}"],
        &["dt0 = now"],
    ),
    token(
        "honeycomb-key",
        "Honeycomb key",
        r"\bhc[abx]ik_[0-9a-z]{58}\b|\bhc[a-z]mk_[0-9a-z]{58}\b",
        &["hcaik_", "hcbik_", "hcxik_", "mk_"],
        "Honeycomb documentation, API keys",
        &["hcaik_{lower:58}"],
        &["hcaik_x"],
    ),
    token(
        "posthog-key",
        "PostHog personal or secret key",
        r"\bph[xs]_[A-Za-z0-9]{32,60}\b",
        &["phx_", "phs_"],
        "PostHog documentation, API keys",
        &["POSTHOG_KEY=phx_{alnum:43}"],
        &["phs_size", "phc_{alnum:43}"],
    ),
    token(
        "launchdarkly-key",
        "LaunchDarkly SDK or API key",
        r"\b(?:sdk|api)-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b",
        &["sdk-", "api-"],
        "LaunchDarkly documentation, keys",
        &["LD_SDK_KEY=sdk-{hex:8}-{hex:4}-{hex:4}-{hex:4}-{hex:12}"],
        &["sdk-node", "mobile-api-gateway"],
    ),
    token(
        "splunk-token",
        "Splunk HEC token next to its name",
        after_name!(
            "splunk|hec_token",
            "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
        ),
        &["splunk", "hec_token"],
        "Splunk documentation, HTTP event collector",
        &["SPLUNK_HEC_TOKEN={hex:8}-{hex:4}-{hex:4}-{hex:4}-{hex:12}"],
        &["splunk_index = main"],
    )
    .named(),
];
