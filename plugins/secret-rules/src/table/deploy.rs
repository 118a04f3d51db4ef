//! Building, deploying and running.

use crate::row::{Row, token};

pub(super) const ROWS: &[Row] = &[
    token(
        "clojars-token",
        "Clojars deploy token",
        r"(?i)\bCLOJARS_[a-z0-9]{60}\b",
        &["clojars_"],
        "Clojars documentation, deploy tokens",
        &["CLOJARS_{lower:60}"],
        &["CLOJARS_USERNAME"],
    ),
    token(
        "prefect-key",
        "Prefect key",
        r"\bpn[ub]_[A-Za-z0-9]{36}\b",
        &["pnu_", "pnb_"],
        "Prefect documentation, API keys",
        &["PREFECT_API_KEY=pnu_{alnum:36}"],
        &["pnu_flow"],
    ),
    token(
        "infracost-key",
        "Infracost key",
        r"\bico-[A-Za-z0-9]{32}\b",
        &["ico-"],
        "Infracost documentation",
        &["INFRACOST_API_KEY=ico-{alnum:32}"],
        &["favico-{alnum:32}", "ico-small"],
    )
    .entropy(3.0),
    token(
        "octopus-key",
        "Octopus Deploy key",
        r"\bAPI-[A-Z0-9]{26,32}\b",
        &["api-"],
        "Octopus Deploy documentation, API keys",
        &["X-Octopus-ApiKey: API-{upper:26}"],
        &["API-REFERENCE", "api-{lower:26}"],
    )
    .entropy(3.0)
    .allow(&[r"^[^0-9]*$"]),
    token(
        "openshift-token",
        "OpenShift user token",
        r"\bsha256~[A-Za-z0-9_\-]{43}(?:[^A-Za-z0-9_\-]|$)",
        &["sha256~"],
        "OpenShift documentation, OAuth tokens",
        &["oc login --token=sha256~{url:43}"],
        &["sha256~short"],
    ),
    token(
        "scalingo-token",
        "Scalingo token",
        r"\btk-us-[A-Za-z0-9_\-]{48}(?:[^A-Za-z0-9_\-]|$)",
        &["tk-us-"],
        "Scalingo developer documentation",
        &["SCALINGO_API_TOKEN=tk-us-{url:48}"],
        &["tk-us-west"],
    ),
    token(
        "deno-token",
        "Deno Deploy token",
        r"\bdd[pow]_[A-Za-z0-9]{36}\b",
        &["ddp_", "ddo_", "ddw_"],
        "Deno Deploy documentation, access tokens",
        &["DENO_DEPLOY_TOKEN=ddp_{alnum:36}"],
        &["ddp_service"],
    ),
    token(
        "harness-token",
        "Harness token",
        r"\b[ps]at\.[A-Za-z0-9_\-]{22}\.[a-f0-9]{24}\.[A-Za-z0-9]{20}\b",
        &["pat.", "sat."],
        "Harness documentation, API keys",
        &["x-api-key: pat.{alnum:22}.{hex:24}.{alnum:20}"],
        &["pat.match", "format.pat.x"],
    ),
    token(
        "firebase-messaging-key",
        "Firebase Cloud Messaging server key",
        r"\bAAAA[A-Za-z0-9_\-]{7}:APA91b[A-Za-z0-9_\-]{130,}",
        &[":apa91b"],
        "Firebase documentation, legacy HTTP server key",
        &["Authorization: key=AAAA{alnum:7}:APA91b{url:134}"],
        &["AAAA:APA91b"],
    ),
    token(
        "grafana-legacy-key",
        "Grafana API key in its older form",
        r"\beyJrIjoi[A-Za-z0-9]{60,}={0,2}",
        &["eyjrijoi"],
        "Grafana documentation, API keys",
        &["Authorization: Bearer eyJrIjoi{alnum:80}=="],
        &["eyJrIjoi"],
    ),
    token(
        "twilio-api-key",
        "Twilio API key id, which is given with its secret",
        r"\bSK[0-9a-f]{32}\b",
        &[
            "sk0", "sk1", "sk2", "sk3", "sk4", "sk5", "sk6", "sk7", "sk8", "sk9", "ska", "skb", "skc", "skd", "ske",
            "skf",
        ],
        "Twilio documentation, API keys",
        &["SK{hex:32}"],
        &["SKU0", "task{hex:32}"],
    )
    .entropy(3.0),
    token(
        "readme-key",
        "ReadMe key",
        r"\brdme_[a-z0-9]{70}\b",
        &["rdme_"],
        "ReadMe documentation, authentication",
        &["rdme_{lower:70}"],
        &["rdme_docs"],
    ),
    token(
        "typeform-token",
        "Typeform token",
        r"\btfp_[A-Za-z0-9_.=\-]{40,62}",
        &["tfp_"],
        "Typeform developer documentation, personal access tokens",
        &["TYPEFORM_TOKEN=tfp_{alnum:44}_{alnum:14}"],
        &["tfp_form"],
    )
    .entropy(3.5),
    token(
        "shippo-token",
        "Shippo token",
        r"\bshippo_(?:live|test)_[a-f0-9]{40}\b",
        &["shippo_live_", "shippo_test_"],
        "Shippo documentation, authentication",
        &["ShippoToken shippo_live_{hex:40}"],
        &["shippo_test_mode"],
    ),
    token(
        "easypost-key",
        "EasyPost key",
        r"\bEZ[AT]K[A-Za-z0-9]{54}\b",
        &["ezak", "eztk"],
        "EasyPost documentation, authentication",
        &["EZAK{alnum:54}"],
        &["EZAK"],
    ),
    token(
        "duffel-token",
        "Duffel token",
        r"\bduffel_(?:live|test)_[A-Za-z0-9_\-=]{43}",
        &["duffel_live_", "duffel_test_"],
        "Duffel documentation, access tokens",
        &["duffel_live_{url:43}"],
        &["duffel_test_mode"],
    )
    .entropy(3.0),
    token(
        "flutterwave-key",
        "Flutterwave secret key",
        r"\bFLWSECK(?:_TEST)?-[A-Za-z0-9]{12,40}-X\b",
        &["flwseck"],
        "Flutterwave documentation, API keys",
        &["FLWSECK-{hex:32}-X", "FLWSECK_TEST-{hex:32}-X"],
        &["FLWPUBK-{hex:32}-X"],
    ),
    token(
        "frameio-token",
        "Frame.io token",
        r"\bfio-u-[A-Za-z0-9_=\-]{64}",
        &["fio-u-"],
        "Frame.io developer documentation",
        &["fio-u-{url:64}"],
        &["fio-u-x"],
    )
    .entropy(3.5),
    token(
        "netrc-password",
        "Password in a .netrc",
        r"\bmachine\s{1,8}\S{1,200}\s{1,8}login\s{1,8}\S{1,200}\s{1,8}password\s{1,8}(\S{6,200})",
        &["machine"],
        "The manual of ftp, .netrc",
        &["machine example.org\n  login me\n  password {alnum:16}\n"],
        &["machine example.org login me password <password>", "machine example.org login me password secret"],
    )
    .generic()
    .entropy(2.5)
    .allow(&[r"^(?i:password|secret|changeme|token)$", r"[${}<>]"]),
    token(
        "sshpass-password",
        "Password given to sshpass",
        r#"\bsshpass[ \t]{1,4}-p[ \t]{0,4}["']?([^\s\x22'$<{]{4,100})"#,
        &["sshpass"],
        "The manual of sshpass",
        &["sshpass -p {alnum:14} ssh me@example.org"],
        &["sshpass -p $PASSWORD ssh me@example.org", "sshpass -p password ssh me@example.org"],
    )
    .generic()
    .entropy(2.5)
    .allow(&[r"^(?i:password|passwd|secret|changeme)$"]),
    token(
        "client-password",
        "Password given to a MySQL client or to docker login",
        r#"\b(?:mysql(?:dump|admin|import|sh)?[ \t][^\n]{0,120}?-p|docker login[ \t][^\n]{0,120}?-p[ \t]{1,4})["']?([^\s\x22'$<{\-][^\s\x22'$<{]{5,80})"#,
        &["mysql", "docker login"],
        "The manuals of mysql and docker",
        &["mysql -u app -p{alnum:12} shop", "docker login -u me -p {alnum:20} example.org"],
        &["mysql -u app -p shop", "docker login -u me --password-stdin", "mysql -u app -p$PASSWORD shop"],
    )
    .generic()
    .entropy(2.8)
    .allow(&[r"^[^0-9]*$"]),
    token(
        "named-key",
        "High-entropy value given to an upper-case name that ends with KEY",
        concat!(r"[A-Z0-9]_KEY", super::gives!(), r#"([A-Za-z0-9_\-+/=]{24,})(?:["'`\s,;)}\]&<\\|]|$)"#),
        &["_key"],
        "Common practice",
        &["AZURE_OPENAI_KEY={hex:32}", "\"SPEECH_KEY\": \"{alnum:40}\""],
        &["CACHE_KEY=user_profile_and_settings_page_1", "PRIMARY_KEY: id_of_the_table_in_question", "SORT_KEY={digit:30}"],
    )
    .generic()
    .entropy(3.2)
    .allow(&[
        r"^[^0-9]*$",
        r"^[0-9.,:_/\-]+$",
        r"^(?:[A-Za-z]+[0-9]{0,3}|[0-9]{1,8}|v[0-9]+[a-z]?)(?:[._/:\-]+(?:[A-Za-z]+[0-9]{0,3}|[0-9]{1,8}[a-z]?))*$",
    ]),
];
