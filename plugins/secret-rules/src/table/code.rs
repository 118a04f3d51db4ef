//! Code hosts and package registries.

use super::{after_name, gives};
use crate::row::{Row, token};

pub(super) const ROWS: &[Row] = &[
    token(
        "github-token",
        "GitHub token: personal, OAuth, user-to-server, server-to-server or refresh",
        r"gh[pousr]_[A-Za-z0-9]{36,}",
        &["ghp_", "gho_", "ghu_", "ghs_", "ghr_"],
        "GitHub documentation, about authentication",
        &[
            "https://x:ghp_{alnum:36}@github.com/a/b",
            "gho_{alnum:36}",
            "ghu_{alnum:36} ghs_{alnum:36}",
            "ghr_{alnum:76}",
        ],
        &["ghp_example", "ghs_status_of_the_run"],
    )
    .checksum("github"),
    token(
        "github-app-token",
        "GitHub installation token in its long form",
        r"ghs_[A-Za-z0-9]{1,20}_[A-Za-z0-9_\-]{20,}\.[A-Za-z0-9_\-]{20,}\.[A-Za-z0-9_\-]{40,}",
        &["ghs_"],
        "GitHub changelog, installation token format",
        &["ghs_{digit:6}_eyJ{url:60}.eyJ{url:200}.{url:86}"],
        &["ghs_a_b.c.d"],
    ),
    token(
        "github-fine-grained-token",
        "GitHub fine-grained personal access token",
        r"github_pat_[A-Za-z0-9_]{60,}",
        &["github_pat_"],
        "GitHub documentation, about authentication",
        &["github_pat_{alnum:22}_{alnum:59}"],
        &["github_pat_your_token"],
    ),
    token(
        "gitlab-token",
        "GitLab token: personal, deploy, runner, trigger, feed, agent, OAuth and others",
        r"gl(?:pat|dt|rt|rtr|cbt|ptt|ft|imt|agent|oas|soat|ffct|wt)-[A-Za-z0-9_\-]{20,}(?:\.[0-9a-z]{2}\.[0-9a-z]{7,9})?",
        &[
            "glpat-", "gldt-", "glrt-", "glrtr-", "glcbt-", "glptt-", "glft-", "glimt-", "glagent-",
            "gloas-", "glsoat-", "glffct-", "glwt-",
        ],
        "GitLab documentation, token overview",
        &["GITLAB_TOKEN=glpat-{url:20}", "glrt-{url:20}", "gldt-{url:20}", "glpat-{url:27}.01.{lower:9}"],
        &["glpat-xxxx", "glft-word"],
    ),
    token(
        "gitlab-runner-registration",
        "GitLab runner registration token",
        r"\bGR1348941[A-Za-z0-9_\-]{20,50}",
        &["gr1348941"],
        "GitLab documentation, token overview",
        &["GR1348941{url:20}"],
        &["GR1348941"],
    ),
    token(
        "bitbucket-token",
        "Bitbucket or other Atlassian cloud token",
        r"\bAT(?:(?:ATT|CTT)3[A-Za-z0-9_\-]{60,}(?:=[A-F0-9]{8})?|BB[A-Za-z0-9]{28,36}\b|SC[A-Za-z0-9_\-]{24,})",
        &["atatt3", "atctt3", "atbb", "atsc"],
        "Atlassian support, API tokens",
        &["ATATT3xFfGF0{url:180}=A1B2C3D4", "ATBB{alnum:32}", "ATCTT3xFfGN0{url:170}"],
        &["ATTACHMENT_ATTRIBUTES", "ATSCALE", "atbb"],
    )
    .entropy(3.6)
    .allow(&[r"^[^0-9]*$"]),
    token(
        "npm-token",
        "npm access token",
        r"npm_[A-Za-z0-9]{36,64}\b",
        &["npm_"],
        "npm documentation, access tokens",
        &["//registry.npmjs.org/:_authToken=npm_{alnum:36}"],
        &["npm_config_registry", "npm_lifecycle_event_name_of_package_x"],
    )
    .checksum("npm"),
    token(
        "npm-legacy-token",
        "npm registry credential of an .npmrc",
        r"(?i:_authToken|_auth|_password)[ \t]{0,4}=[ \t]{0,4}([A-Za-z0-9+/=_\-]{16,})",
        &["_authtoken", "_auth", "_password"],
        "npm documentation, npmrc",
        &["//npm.example.org/:_authToken={hex:8}-{hex:4}-{hex:4}-{hex:4}-{hex:12}", "_auth={base64:40}"],
        &["_authToken=${NPM_TOKEN}", "user_auth = authenticate_the_user_first"],
    )
    .named()
    .allow(&[r"^[^0-9]*$"]),
    token(
        "pypi-token",
        "PyPI or TestPyPI token",
        r"pypi-AgE[A-Za-z0-9_\-]{50,}",
        &["pypi-age"],
        "PyPI help, API tokens",
        &["password = pypi-AgEIcHlwaS5vcmc{url:150}"],
        &["pypi-agent", "pypi-AgEIcHlwaS5vcmc"],
    ),
    token(
        "rubygems-key",
        "RubyGems key",
        r"\brubygems_[a-f0-9]{48}\b",
        &["rubygems_"],
        "RubyGems guides, API key scopes",
        &[":rubygems_api_key: rubygems_{hex:48}"],
        &["rubygems_api_key"],
    ),
    token(
        "crates-io-token",
        "crates.io token",
        r"\bcio[A-Za-z0-9]{32}\b",
        &["cio"],
        "The Cargo Book and crates.io token form",
        &["token = \"cio{alnum:32}\""],
        &["asociociones", "cioAndTheOtherOfficersOfTheCompany"],
    )
    .entropy(3.8)
    .allow(&[r"^[^0-9]*$"]),
    token(
        "nuget-key",
        "NuGet key",
        r"\boy2[a-z0-9]{43}\b",
        &["oy2"],
        "NuGet documentation, publish a package",
        &["nuget push -k oy2{lower:43}"],
        &["oy2 is short"],
    ),
    token(
        "artifactory-token",
        "JFrog Artifactory API key or reference token",
        r"\b(?:AKCp[A-Za-z0-9]{60,80}|cmVmdGtuOj[A-Za-z0-9+/=]{50,64})",
        &["akcp", "cmvmdgtuoj"],
        "JFrog documentation, access tokens",
        &["AKCp{alnum:69}", "cmVmdGtuOj{alnum:54}"],
        &["AKCpublic"],
    ),
    token(
        "docker-token",
        "Docker Hub access token",
        r"\bdckr_(?:pat|oat)_[A-Za-z0-9_\-]{20,60}",
        &["dckr_pat_", "dckr_oat_"],
        "Docker documentation, access tokens",
        &["docker login -p dckr_pat_{url:27}", "dckr_oat_{url:32}"],
        &["dckr_pat_..."],
    ),
    token(
        "docker-config-auth",
        "Registry credential in a Docker config.json",
        r#""auth"[ \t]*:[ \t]*"([A-Za-z0-9+/]{16,}={0,2})""#,
        &["\"auth\""],
        "Docker documentation, config.json",
        &["{\"auths\":{\"ghcr.io\":{\"auth\": \"{base64:42}==\"}}}"],
        &["{\"auth\": \"none\"}", "{\"auth\": \"oauthorizationcodes\"}"],
    )
    .named()
    .allow(&[r"^[^0-9]*$"]),
    token(
        "sonar-token",
        "SonarQube or SonarCloud token",
        r"\bsq[upa]_[a-f0-9]{40}\b",
        &["squ_", "sqp_", "sqa_"],
        "SonarQube documentation, tokens",
        &["-Dsonar.token=squ_{hex:40}", "sqp_{hex:40}"],
        &["squ_are"],
    ),
    token(
        "sourcegraph-token",
        "Sourcegraph access token",
        r"\bsgp_(?:[a-fA-F0-9]{16}_|local_)?[a-fA-F0-9]{40}\b",
        &["sgp_"],
        "Sourcegraph documentation, access tokens",
        &["SRC_ACCESS_TOKEN=sgp_{hex:16}_{hex:40}", "sgp_local_{hex:40}", "sgp_{hex:40}"],
        &["sgp_local"],
    ),
    token(
        "circleci-token",
        "CircleCI token",
        r"\bCCIP(?:AT|RJ)_[A-Za-z0-9]{20,24}_[a-f0-9]{40}\b",
        &["ccipat_", "cciprj_"],
        "CircleCI documentation, API tokens",
        &["CCIPAT_{alnum:22}_{hex:40}"],
        &["CCIPAT_example"],
    ),
    token(
        "buildkite-token",
        "Buildkite token",
        r"\bbk(?:ua|aj|ct)_[A-Za-z0-9]{32,64}\b",
        &["bkua_", "bkaj_", "bkct_"],
        "Buildkite documentation, API access tokens",
        &["bkua_{hex:40}"],
        &["bkua_x"],
    ),
    token(
        "travis-token",
        "Travis CI token",
        after_name!("travis", "[A-Za-z0-9_-]{22}"),
        &["travis"],
        "Travis CI documentation, API",
        &["TRAVIS_TOKEN=\"{alnum:22}\""],
        &["TRAVIS_BUILD_STAGE_NAME: integrationtests_and_x"],
    )
    .named()
    .entropy(3.5)
    .allow(&[r"^[^0-9]*$"]),
];
