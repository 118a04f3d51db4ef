//! Tools that teams work with.

use super::{after_name, gives};
use crate::row::{Row, token};

pub(super) const ROWS: &[Row] = &[
    token(
        "linear-key",
        "Linear API or OAuth key",
        r"\blin_(?:api|oauth)_[A-Za-z0-9]{32,64}\b",
        &["lin_api_", "lin_oauth_"],
        "Linear developer documentation",
        &["LINEAR_API_KEY=lin_api_{alnum:40}", "lin_oauth_{hex:64}"],
        &["lin_api_client"],
    ),
    token(
        "notion-token",
        "Notion integration token",
        r"\b(?:ntn_[A-Za-z0-9]{40,60}|secret_[A-Za-z0-9]{43})\b",
        &["ntn_", "secret_"],
        "Notion developer documentation, authorization",
        &["NOTION_TOKEN=ntn_{alnum:46}", "secret_{alnum:43}"],
        &["secret_manager_client", "ntn_x"],
    )
    .entropy(3.5),
    token(
        "airtable-token",
        "Airtable personal access token",
        r"\bpat[A-Za-z0-9]{14}\.[a-f0-9]{64}\b",
        &["pat"],
        "Airtable documentation, personal access tokens",
        &["AIRTABLE_TOKEN=pat{alnum:14}.{hex:64}"],
        &["path.join", "pattern.compile"],
    ),
    token(
        "asana-token",
        "Asana personal access token",
        r"\b[12]/1[0-9]{9,19}(?:/1[0-9]{9,19})?:[a-f0-9]{32}\b",
        &["1/1", "2/1"],
        "Asana developer documentation, personal access tokens",
        &["ASANA_TOKEN=2/1{digit:15}/1{digit:15}:{hex:32}", "1/1{digit:15}:{hex:32}"],
        &["1/1 done", "http://localhost/1234567890"],
    )
    .entropy(3.0),
    token(
        "figma-token",
        "Figma personal access token",
        r"\bfig(?:d|o|or|u)_[A-Za-z0-9_\-]{36,60}",
        &["figd_", "figo_", "figor_", "figu_"],
        "Figma developer documentation, access tokens",
        &["X-Figma-Token: figd_{url:40}"],
        &["figd_x", "figo_the_thing"],
    ),
    token(
        "postman-key",
        "Postman key",
        r"\bPMAK-[a-f0-9]{24}-[a-f0-9]{34}\b",
        &["pmak-"],
        "Postman documentation, API keys",
        &["PMAK-{hex:24}-{hex:34}"],
        &["PMAK-key"],
    ),
    token(
        "dropbox-token",
        "Dropbox access token",
        r"\bsl\.(?:u\.)?[A-Za-z0-9_\-]{130,}",
        &["sl."],
        "Dropbox developer documentation, OAuth guide",
        &["sl.{url:138}", "sl.u.{url:1000}"],
        &["sl.value", "ssl.conf"],
    )
    .entropy(4.0),
    token(
        "hubspot-token",
        "HubSpot private app token",
        r"\bpat-(?:na|eu|ap)[0-9]-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b",
        &["pat-na", "pat-eu", "pat-ap"],
        "HubSpot developer documentation, private apps",
        &["HUBSPOT_TOKEN=pat-na1-{hex:8}-{hex:4}-{hex:4}-{hex:4}-{hex:12}"],
        &["pat-eu1-x"],
    ),
    token(
        "saas-named-key",
        "Intercom, Zendesk, Algolia or Contentful key next to its name",
        after_name!("intercom|zendesk|algolia|contentful", r"[A-Za-z0-9_=\-]{32,64}"),
        &["intercom", "zendesk", "algolia", "contentful"],
        "Developer documentation of Intercom, Zendesk, Algolia and Contentful",
        &["ALGOLIA_ADMIN_KEY={hex:32}", "ZENDESK_API_TOKEN={alnum:40}", "INTERCOM_TOKEN=dG9r{alnum:56}"],
        &["algolia: a-search-service-that-is-hosted-for-you"],
    )
    .named()
    .entropy(3.2)
    .allow(&[r"^[^0-9]*$"]),
    token(
        "contentful-token",
        "Contentful management token",
        r"\bCFPAT-[A-Za-z0-9_\-]{43}",
        &["cfpat-"],
        "Contentful documentation, authentication",
        &["CFPAT-{url:43}"],
        &["CFPAT-token"],
    ),
    token(
        "clickup-token",
        "ClickUp token",
        r"\bpk_[0-9]{6,9}_[A-Z0-9]{32}\b",
        &["pk_"],
        "ClickUp developer documentation",
        &["CLICKUP_TOKEN=pk_{digit:8}_{upper:32}"],
        &["pk_column", "pk_live_{alnum:24}"],
    ),
    token(
        "okta-token",
        "Okta token next to its name",
        after_name!("okta", r"00[A-Za-z0-9_\-]{40}"),
        &["okta"],
        "Okta developer documentation, API tokens",
        &["OKTA_API_TOKEN=00{alnum:40}"],
        &["okta_domain = dev-000000.okta.com"],
    )
    .named()
    .entropy(3.5),
    token(
        "provider-sk-underscore-key",
        "Clerk, RevenueCat or other sk_ key",
        r"\bsk_(?:prod_|us-[a-z]{4}-)?[A-Za-z0-9]{32,64}\b",
        &["sk_"],
        "Documentation of Clerk and others whose secret keys begin with sk_",
        &["ELEVENLABS_API_KEY=sk_{hex:48}"],
        &["task_{hex:40}", "sk_buff_head_init"],
    )
    .entropy(3.0),
    token(
        "mapbox-token",
        "Mapbox secret token",
        r"\bsk\.eyJ[A-Za-z0-9_\-]{40,}\.[A-Za-z0-9_\-]{20,40}",
        &["sk.eyj"],
        "Mapbox documentation, access tokens",
        &["MAPBOX_TOKEN=sk.eyJ{url:80}.{url:22}"],
        &["pk.eyJ{url:80}.{url:22}"],
    ),
    token(
        "facebook-token",
        "Facebook access token",
        r"\bEAA(?:[A-Z]{1,3}[A-Za-z0-9]{1,8})?[A-Za-z0-9]{90,}\b",
        &["eaa"],
        "Meta developer documentation, access tokens",
        &["EAACEdEose0cBA{alnum:150}"],
        &["EAA", "seaaa"],
    )
    .entropy(4.0),
    token(
        "x-bearer-token",
        "X (Twitter) bearer token",
        r"\bA{20,24}[A-Za-z0-9%]{30,120}\b",
        &["aaaaaaaaaaaaaaaaaaaa"],
        "X developer documentation, OAuth 2.0 bearer tokens",
        &["AAAAAAAAAAAAAAAAAAAAAM{alnum:30}%2B{alnum:60}"],
        &["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"],
    )
    .entropy(4.0),
    token(
        "cursor-key",
        "Cursor or JetBrains token",
        r"\b(?:key_[0-9a-f]{64}|perm[:\-][A-Za-z0-9+/=]{16,60}\.[A-Za-z0-9+/=]{8,40}\.[A-Za-z0-9]{24,60})\b",
        &["key_", "perm:", "perm-"],
        "Cursor and JetBrains Hub documentation",
        &["CURSOR_API_KEY=key_{hex:64}", "perm:{alnum:20}.{alnum:12}.{alnum:30}"],
        &["key_value", "monkey_{hex:64}", "perm: read.write.all"],
    )
    .entropy(3.0),
];
