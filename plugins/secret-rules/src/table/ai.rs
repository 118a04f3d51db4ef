//! Model providers.

use super::{after_name, gives};
use crate::row::{Row, token};

pub(super) const ROWS: &[Row] = &[
    token(
        "anthropic-api-key",
        "Anthropic API key",
        r"sk-ant-api[0-9]{2}-[A-Za-z0-9_\-]{60,}",
        &["sk-ant-api"],
        "Anthropic API documentation",
        &["ANTHROPIC_API_KEY=sk-ant-api03-{url:93}AA"],
        &["sk-ant-api03-...", "sk-ant-api03-your-key-here"],
    ),
    token(
        "anthropic-oauth-token",
        "Anthropic OAuth token, as Claude Code's login uses it",
        r"sk-ant-o[ar]t[0-9]{2}-[A-Za-z0-9_\-]{60,}",
        &["sk-ant-oat", "sk-ant-ort"],
        "Claude Code documentation, setup-token",
        &["CLAUDE_CODE_OAUTH_TOKEN=sk-ant-oat01-{url:93}AA", "\"refreshToken\":\"sk-ant-ort01-{url:95}\""],
        &["sk-ant-oat01-<token>"],
    ),
    token(
        "anthropic-admin-key",
        "Anthropic admin key",
        r"sk-ant-admin[0-9]{2}-[A-Za-z0-9_\-]{60,}",
        &["sk-ant-admin"],
        "Anthropic Admin API documentation",
        &["x-api-key: sk-ant-admin01-{url:93}AA"],
        &["keys that begin with sk-ant-admin01-"],
    ),
    token(
        "anthropic-session-key",
        "Anthropic session key",
        r"sk-ant-sid[0-9]{2}-[A-Za-z0-9_\-]{60,}",
        &["sk-ant-sid"],
        "Form of the sessionKey cookie of claude.ai",
        &["sessionKey=sk-ant-sid01-{url:93}AA"],
        &["sk-ant-sid01-short"],
    ),
    token(
        "openai-project-key",
        "OpenAI project, service account or admin key",
        r"\bsk-(?:proj|svcacct|admin|None)-[A-Za-z0-9_\-]{40,}",
        &["sk-proj-", "sk-svcacct-", "sk-admin-", "sk-none-"],
        "OpenAI API documentation",
        &["sk-proj-{url:74}T3BlbkFJ{url:74}", "key: sk-svcacct-{url:120}", "sk-admin-{url:120}"],
        &["disk-project-and-a-long-name-that-goes-on-and-on-for-ever", "sk-proj-..."],
    )
    .allow(WORDS),
    token(
        "openai-api-key",
        "OpenAI user key",
        r"\bsk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}\b",
        &["t3blbkfj"],
        "OpenAI API documentation",
        &["OPENAI_API_KEY='sk-{alnum:20}T3BlbkFJ{alnum:20}'"],
        &["sk-{alnum:20}"],
    ),
    token(
        "openrouter-api-key",
        "OpenRouter key",
        r"\bsk-or-v[0-9]-[0-9a-f]{64}\b",
        &["sk-or-v"],
        "OpenRouter documentation",
        &["Authorization: Bearer sk-or-v1-{hex:64}"],
        &["sk-or-v1-{hex:20}"],
    ),
    token(
        "provider-sk-key",
        "Key of a model provider that begins with sk-",
        r"\bsk-(?:[A-Za-z0-9]{2,10}-)?([A-Za-z0-9_]{24,})\b",
        &["sk-"],
        "DeepSeek, Moonshot and DashScope API documentation",
        &["DEEPSEEK_API_KEY=sk-{hex:32}", "\"ANTHROPIC_AUTH_TOKEN\": \"sk-{alnum:48}\"", "sk-kimi-{alnum:64}"],
        &[
            "risk-assessment-engine",
            "task-implementation_of_the_long_name",
            "disk-0123456789abcdef0123456789abcdef",
            "<div class=\"sk-circle_fade_dot_long_class_name\">",
        ],
    )
    .entropy(3.4)
    .allow(&[r"^[^0-9]*$", r"^[0-9]+$", r"^(?:[a-z]+|[0-9]{1,4})(?:_(?:[a-z]+|[0-9]{1,4}))*$"]),
    token(
        "groq-api-key",
        "Groq key",
        r"\bgsk_[A-Za-z0-9]{48,60}\b",
        &["gsk_"],
        "Groq API documentation",
        &["GROQ_API_KEY=gsk_{alnum:52}"],
        &["gsk_widget_new", "gsk_{alnum:12}"],
    ),
    token(
        "xai-api-key",
        "xAI key",
        r"\bxai-[A-Za-z0-9]{70,}\b",
        &["xai-"],
        "xAI API documentation",
        &["xai-{alnum:80}"],
        &["xai-grok-beta"],
    ),
    token(
        "perplexity-api-key",
        "Perplexity key",
        r"\bpplx-[A-Za-z0-9]{40,64}\b",
        &["pplx-"],
        "Perplexity API documentation",
        &["pplx-{alnum:48}"],
        &["pplx-70b-online"],
    ),
    token(
        "huggingface-token",
        "Hugging Face user token",
        r"\bhf_[A-Za-z0-9]{30,50}\b",
        &["hf_"],
        "Hugging Face Hub documentation",
        &["HF_TOKEN=hf_{alnum:34}"],
        &["hf_hub_download", "hf_token_for_the_integration_tests"],
    )
    .entropy(3.5),
    token(
        "huggingface-organisation-token",
        "Hugging Face organisation token",
        r"\bapi_org_[A-Za-z0-9]{30,50}\b",
        &["api_org_"],
        "Hugging Face Hub documentation",
        &["api_org_{alnum:34}"],
        &["api_org_members"],
    ),
    token(
        "replicate-token",
        "Replicate token",
        r"\br8_[A-Za-z0-9]{35,45}\b",
        &["r8_"],
        "Replicate API documentation",
        &["REPLICATE_API_TOKEN=r8_{alnum:37}"],
        &["r8_unorm", "DXGI_FORMAT_R8_UNORM"],
    ),
    token(
        "nvidia-api-key",
        "NVIDIA API catalogue key",
        r"\bnvapi-[A-Za-z0-9_\-]{60,80}",
        &["nvapi-"],
        "NVIDIA NIM documentation",
        &["nvapi-{url:64}"],
        &["nvapi-version"],
    ),
    token(
        "fireworks-api-key",
        "Fireworks AI key",
        r"\bfw_[A-Za-z0-9]{22,26}\b",
        &["fw_"],
        "Fireworks AI documentation",
        &["FIREWORKS_API_KEY=fw_{alnum:24}"],
        &["fw_version_number_for_boot", "fw_loader"],
    )
    .entropy(3.4)
    .allow(&[r"^fw_[^0-9]*$"]),
    token(
        "langsmith-key",
        "LangSmith key",
        r"\blsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}\b",
        &["lsv2_"],
        "LangSmith documentation",
        &["lsv2_pt_{hex:32}_{hex:10}"],
        &["lsv2_pt_example"],
    ),
    token(
        "tavily-api-key",
        "Tavily key",
        r"\btvly-(?:dev-|prod-)?[A-Za-z0-9]{28,40}\b",
        &["tvly-"],
        "Tavily documentation",
        &["TAVILY_API_KEY=tvly-dev-{alnum:32}"],
        &["tvly-YOUR_API_KEY"],
    ),
    token(
        "wandb-api-key",
        "Weights & Biases key",
        after_name!("wandb", "[0-9a-f]{40}"),
        &["wandb"],
        "Weights & Biases documentation",
        &["WANDB_API_KEY={hex:40}"],
        &["wandb: synced run {hex:40}00"],
    )
    .named(),
    token(
        "model-provider-key",
        "Key of a model provider without a form of its own, next to the provider's name",
        after_name!(
            "mistral|cohere|together|elevenlabs|deepgram|assemblyai|zhipu|bigmodel|glm|minimax|qianfan|volcengine|ark_api|siliconflow",
            r"[A-Za-z0-9_\-.]{32,}"
        ),
        &[
            "mistral", "cohere", "together", "elevenlabs", "deepgram", "assemblyai", "zhipu", "bigmodel", "glm",
            "minimax", "qianfan", "volcengine", "ark_api", "siliconflow",
        ],
        "API documentation of Mistral, Cohere, Together, Zhipu and others",
        &["MISTRAL_API_KEY={alnum:32}", "ZHIPU_API_KEY: {hex:32}.{alnum:16}"],
        &["together, internationalization-of-the-user-interface", "mistral: mistral-large-latest-2411-instruct-v3"],
    )
    .named()
    .entropy(3.5)
    .allow(WORDS),
];

/// Names made of words and numbers.
const WORDS: &[&str] = &[
    r"^[^0-9]*$",
    r"^(?:[A-Za-z]+[0-9]{0,3}|[0-9]{1,8}|v[0-9]+[a-z]?)(?:[._\-](?:[A-Za-z]+[0-9]{0,3}|[0-9]{1,8}[a-z]?))*$",
];
