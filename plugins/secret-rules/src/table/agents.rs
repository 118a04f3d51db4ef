//! What agents work with: search, memory, sandboxes, tracing.

use crate::row::{Row, token};

pub(super) const ROWS: &[Row] = &[
    token(
        "cerebras-key",
        "Cerebras key",
        r"\bcsk-[a-z0-9]{48}\b",
        &["csk-"],
        "Cerebras inference documentation",
        &["CEREBRAS_API_KEY=csk-{lower:48}"],
        &["csk-short", "csk-{lower:20}"],
    ),
    token(
        "pinecone-key",
        "Pinecone key",
        r"\bpcsk_[A-Za-z0-9_]{50,90}\b",
        &["pcsk_"],
        "Pinecone documentation, API keys",
        &["PINECONE_API_KEY=pcsk_{alnum:6}_{alnum:62}"],
        &["pcsk_index"],
    ),
    token(
        "jina-key",
        "Jina key",
        r"\bjina_[a-f0-9]{32}[A-Za-z0-9_\-]{28}\b",
        &["jina_"],
        "Jina AI documentation",
        &["JINA_API_KEY=jina_{hex:32}{alnum:28}"],
        &["jina_reader"],
    ),
    token(
        "langfuse-key",
        "Langfuse secret key",
        r"\bsk-lf-[a-f0-9]{8}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12}\b",
        &["sk-lf-"],
        "Langfuse documentation, API keys",
        &["LANGFUSE_SECRET_KEY=sk-lf-{hex:8}-{hex:4}-{hex:4}-{hex:4}-{hex:12}"],
        &["pk-lf-{hex:8}-{hex:4}-{hex:4}-{hex:4}-{hex:12}"],
    ),
    token(
        "firecrawl-key",
        "Firecrawl key",
        r"\bfc-[a-f0-9]{32}\b",
        &["fc-"],
        "Firecrawl documentation",
        &["FIRECRAWL_API_KEY=fc-{hex:32}"],
        &["fc-list", "rfc-{hex:32}"],
    )
    .entropy(3.0),
    token(
        "e2b-key",
        "E2B key",
        r"\be2b_[a-f0-9]{40}\b",
        &["e2b_"],
        "E2B documentation",
        &["E2B_API_KEY=e2b_{hex:40}"],
        &["e2b_sandbox"],
    ),
    token(
        "runpod-key",
        "RunPod key",
        r"\brpa_[A-Z0-9]{36,50}[a-z0-9]{0,8}\b",
        &["rpa_"],
        "RunPod documentation, API keys",
        &["RUNPOD_API_KEY=rpa_{upper:40}"],
        &["rpa_robot"],
    ),
    token(
        "browserbase-key",
        "Browserbase key",
        r"\bbb_live_[A-Za-z0-9_\-]{25,30}\b",
        &["bb_live_"],
        "Browserbase documentation",
        &["BROWSERBASE_API_KEY=bb_live_{alnum:27}"],
        &["bb_live_view"],
    )
    .entropy(3.0),
    token(
        "adobe-secret",
        "Adobe OAuth client secret",
        r"\bp8e-[A-Za-z0-9_\-]{32}\b",
        &["p8e-"],
        "Adobe developer documentation, credentials",
        &["client_secret: p8e-{lower:32}"],
        &["p8e-x"],
    )
    .entropy(3.0),
];
