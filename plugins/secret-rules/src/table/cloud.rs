//! Large clouds.

use super::{after_name, gives};
use crate::row::{Row, token};

pub(super) const ROWS: &[Row] = &[
    token(
        "aws-access-key-id",
        "AWS access key id",
        r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b",
        &["akia", "asia", "abia", "acca"],
        "AWS IAM documentation, unique identifiers",
        &["aws_access_key_id = AKIA{base32:16}", "ASIA{base32:16}"],
        &["AKIA{base32:9}EXAMPLE", "EURASIATICCONTINENTS", "asia-southeast1"],
    )
    .entropy(3.0)
    .allow(&[r"EXAMPLE$"]),
    token(
        "aws-secret-access-key",
        "AWS secret access key",
        concat!(
            "(?i:secret_?access_?key|aws_?secret(?:_?key)?|secretkey|aws_?sk)",
            gives!(),
            "([A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+=]|$)"
        ),
        &["secret_access_key", "secretaccesskey", "secret_accesskey", "aws_secret", "awssecret", "secretaccess_key", "secretkey", "aws_sk", "awssk"],
        "AWS IAM documentation, access keys",
        &["aws_secret_access_key = {base64:40}", "\"SecretAccessKey\": \"{base64:40}\""],
        &["aws_secret_access_key = {base64:30}EXAMPLEKEY", "SecretAccessKey: {base64:60}"],
    )
    .named()
    .entropy(3.8)
    .allow(&[r"EXAMPLE(?:KEY)?$"]),
    token(
        "aws-secret-near-id",
        "AWS secret access key next to its id",
r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b[^\n]{0,80}?\n?[^\n]{0,80}?[^A-Za-z0-9/+=]([A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+=]|$)",
        &["akia", "asia"],
        "AWS IAM documentation, access keys",
        &["AKIA{base32:16},{base64:40}", "AKIA{base32:16}\t{base64:40}"],
        &["AKIA{base32:16} was made in {hex:40}", "{base64:40}"],
    )
    .named()
    .entropy(4.2)
    .allow(&[r"^[0-9a-fA-F]+$", r"^[^0-9]*$", r"EXAMPLE"]),
    token(
        "aws-session-token",
        "AWS session token",
        concat!("(?i:session_?token|security_?token)", gives!(), "([A-Za-z0-9/+=]{100,})"),
        &["session_token", "sessiontoken", "security_token", "securitytoken", "security-token", "session-token"],
        "AWS STS documentation",
        &["AWS_SESSION_TOKEN=IQoJb3JpZ2luX2Vj{base64:300}", "\"SessionToken\":\"{base64:200}==\""],
        &["session_token = get_session_token_for_user"],
    )
    .named()
    .entropy(4.0),
    token(
        "aws-bedrock-key",
        "Amazon Bedrock API key",
        r"\b(?:ABSK[A-Za-z0-9+/]{100,}={0,2}|bedrock-api-key-[A-Za-z0-9+/=]{60,})",
        &["absk", "bedrock-api-key-"],
        "Amazon Bedrock documentation, API keys",
        &["AWS_BEARER_TOKEN_BEDROCK=ABSK{base64:128}=", "bedrock-api-key-{base64:200}"],
        &["ABSKEY", "bedrock-api-key-name"],
    ),
    token(
        "google-api-key",
        "Google API key",
        r"\bAIza[A-Za-z0-9_\-]{35}",
        &["aiza"],
        "Google Cloud documentation, API keys",
        &["https://maps.googleapis.com/maps/api/js?key=AIza{url:35}"],
        &["AIzaSy...", "Maizales"],
    )
    .entropy(3.5),
    token(
        "google-oauth-secret",
        "Google OAuth client secret",
        r"\bGOCSPX-[A-Za-z0-9_\-]{28}",
        &["gocspx-"],
        "Google Identity documentation",
        &["\"client_secret\":\"GOCSPX-{url:28}\""],
        &["GOCSPX-your-secret"],
    ),
    token(
        "google-oauth-token",
        "Google OAuth access or refresh token",
        r"\b(?:ya29\.[A-Za-z0-9_\-.]{30,}|1//0[A-Za-z0-9_\-]{40,})",
        &["ya29.", "1//0"],
        "Google Identity documentation",
        &["ya29.a0{url:150}", "\"refresh_token\": \"1//0e{url:90}\""],
        &["ya29.", "http://1//0/x"],
    ),
    token(
        "gcp-service-account-key",
        "Private key of a Google Cloud service account",
        r#""private_key"[ \t]*:[ \t]*"(-----BEGIN PRIVATE KEY-----[A-Za-z0-9+/=\\\sn]{64,}-----END PRIVATE KEY-----)"#,
        &["\"private_key\""],
        "Google Cloud documentation, service account keys",
        &["{\"private_key_id\": \"{hex:40}\", \"private_key\": \"-----BEGIN PRIVATE KEY-----\\n{base64:64}\\n{base64:64}\\n-----END PRIVATE KEY-----\\n\"}"],
        &["\"private_key\": \"-----BEGIN PRIVATE KEY-----\\n...\\n-----END PRIVATE KEY-----\\n\""],
    )
    .inside(),
    token(
        "azure-storage-key",
        "Azure account key of a connection string",
        r"(?i:AccountKey|SharedAccessKey|SharedSecretValue|Primary_?Key)[ \t]{0,4}=[ \t]{0,4}([A-Za-z0-9+/]{40,86}={1,2})",
        &["accountkey", "sharedaccesskey", "sharedsecretvalue", "primarykey", "primary_key"],
        "Azure Storage and Service Bus documentation, connection strings",
        &["DefaultEndpointsProtocol=https;AccountName=a;AccountKey={base64:86}==;", "SharedAccessKey={base64:43}="],
        &["AccountKey=<key>", "AccountKey=${STORAGE_KEY}"],
    )
    .inside(),
    token(
        "azure-client-secret",
        "Microsoft Entra client secret",
        r"(?:^|[^A-Za-z0-9_~.\-])([A-Za-z0-9_~.\-]{3}[0-9]Q~[A-Za-z0-9_~.\-]{31,34})",
        &["q~"],
        "Microsoft Entra documentation, application credentials",
        &["AZURE_CLIENT_SECRET={alnum:3}8Q~{alnum:34}"],
        &["1Q~2Q~3", "abc8Q~short"],
    )
    .inside()
    .entropy(3.5),
    token(
        "azure-sas-signature",
        "Azure shared access signature",
        r"[?&;](?:sv|se|sp|sr)=[^\s\x22'<>]{1,400}&sig=([A-Za-z0-9%+/]{40,80}(?:%3[dD]|=)?)",
        &["&sig="],
        "Azure Storage documentation, SAS",
        &["https://a.blob.core.windows.net/c?sv=2024-11-04&se=2026-01-01&sp=r&sig={alnum:43}%3D"],
        &["?sv=1&sig=none"],
    )
    .inside(),
    token(
        "azure-devops-token",
        "Azure DevOps personal access token",
        r"\b[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}\b",
        &["azdo"],
        "Azure DevOps documentation, personal access tokens",
        &["{alnum:76}AZDO{alnum:4}"],
        &["AZDO_PERSONAL_ACCESS_TOKEN"],
    ),
    token(
        "azure-ai-key",
        "Azure OpenAI, Cognitive Services or other Azure key in its new form",
        r"\b[A-Za-z0-9]{52}JQQJ99[A-Za-z0-9]{6}A[A-Za-z0-9]{19}\b",
        &["jqqj99"],
        "Azure key form with the JQQJ99 mark",
        &["AZURE_OPENAI_API_KEY={alnum:52}JQQJ99{alnum:6}A{alnum:19}"],
        &["JQQJ99"],
    ),
    token(
        "alibaba-access-key",
        "Alibaba Cloud access key id",
        r"\bLTAI[A-Za-z0-9]{12,26}\b",
        &["ltai"],
        "Alibaba Cloud documentation, AccessKey pair",
        &["ALIBABA_CLOUD_ACCESS_KEY_ID=LTAI5t{alnum:18}"],
        &["voltaire", "LTAI"],
    )
    .entropy(3.0)
    .allow(&[r"^[^0-9]*$"]),
    token(
        "tencent-secret-id",
        "Tencent Cloud secret id",
        r"\bAKID[A-Za-z0-9]{32}\b",
        &["akid"],
        "Tencent Cloud documentation, API keys",
        &["TENCENTCLOUD_SECRET_ID=AKID{alnum:32}"],
        &["AKIDentifier"],
    ),
    token(
        "cloud-secret-key",
        "Secret key of Alibaba, Tencent, Huawei, IBM or Oracle cloud next to its name",
        after_name!(
            "alibaba|aliyun|tencent|qcloud|huaweicloud|ibm_?cloud|ibmcloud|ibm_api|access_?key_?secret",
            r"[A-Za-z0-9_\-]{30,44}"
        ),
        &["alibaba", "aliyun", "tencent", "qcloud", "huaweicloud", "ibm_cloud", "ibmcloud", "ibm_api", "key_secret", "keysecret"],
        "Documentation of the clouds named",
        &["ALIBABA_CLOUD_ACCESS_KEY_SECRET={alnum:30}", "accessKeySecret: '{alnum:30}'", "IBMCLOUD_API_KEY={url:44}"],
        &["tencent: some-very-long-name-of-a-region-or-zone", "aliyun_region = cn-hangzhou"],
    )
    .named()
    .entropy(3.6)
    .allow(&[r"^[^0-9]*$"]),
];
