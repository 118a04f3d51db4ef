//! What a path says about how closely a change has to be read.

use std::{collections::BTreeMap, sync::OnceLock};

use cc_domain::{Changes, FileChange, Risk};
use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// Patterns as in `.gitignore`, without regard to case. A path may be several things at once.
const TABLE: &[(Risk, &[&str])] = &[
    (
        Risk::Secrets,
        &[
            ".env",
            ".env.*",
            "*.pem",
            "*.key",
            "*.p12",
            "*.pfx",
            "*.jks",
            "*.keystore",
            "id_rsa*",
            "id_ed25519*",
            ".npmrc",
            ".netrc",
            ".pypirc",
            "secrets/",
            "*secret*",
            "*credential*",
        ],
    ),
    (
        Risk::Auth,
        &[
            "auth/",
            "*auth*.*",
            "login/",
            "*login*.*",
            "*password*.*",
            "*session*.*",
            "*permission*.*",
            "*oauth*",
            "*jwt*",
            "CODEOWNERS",
        ],
    ),
    (
        Risk::Ci,
        &[
            "/.github/",
            ".gitlab-ci.yml",
            "Jenkinsfile*",
            "/.circleci/",
            "/.buildkite/",
            "azure-pipelines*.yml",
            ".travis.yml",
            ".pre-commit-config.yaml",
            "/.husky/",
            "Dockerfile*",
            "docker-compose*.y*ml",
            "Makefile",
            "/.claude/",
            ".mcp.json",
        ],
    ),
    (Risk::Migration, &["migrations/", "migration/", "migrate/", "*.sql", "schema.prisma", "alembic/"]),
    (
        Risk::Dependency,
        &[
            "Cargo.toml",
            "Cargo.lock",
            "package.json",
            "package-lock.json",
            "npm-shrinkwrap.json",
            "yarn.lock",
            "pnpm-lock.yaml",
            "bun.lock*",
            "deno.lock",
            "requirements*.txt",
            "pyproject.toml",
            "poetry.lock",
            "uv.lock",
            "Pipfile*",
            "setup.py",
            "setup.cfg",
            "go.mod",
            "go.sum",
            "Gemfile*",
            "*.gemspec",
            "composer.json",
            "composer.lock",
            "pom.xml",
            "build.gradle*",
            "gradle.lockfile",
            "*.csproj",
            "packages.lock.json",
            "Package.swift",
            "Package.resolved",
            "flake.lock",
            ".gitmodules",
        ],
    ),
    (
        Risk::Generated,
        &[
            "*.min.js",
            "*.min.css",
            "*.map",
            "*.pb.go",
            "*_pb2.py",
            "*.generated.*",
            "generated/",
            "dist/",
            "build/",
            "vendor/",
            "node_modules/",
            "*.snap",
        ],
    ),
    (
        Risk::Tests,
        &[
            "tests/",
            "test/",
            "__tests__/",
            "spec/",
            "*_test.*",
            "*.test.*",
            "*.spec.*",
            "test_*.py",
            "*Test.java",
            "conftest.py",
        ],
    ),
];

/// What is risky about a change to this file, by its path and its content's kind.
#[must_use]
pub fn risks(file: &FileChange) -> Vec<Risk> {
    let path = file.path.trim_matches('"').trim_start_matches('/');
    let is = |patterns: &Gitignore| {
        !path.is_empty() && patterns.matched_path_or_any_parents(path, false).is_ignore()
    };
    let mut found: Vec<Risk> = table().iter().filter(|(_, patterns)| is(patterns)).map(|(r, _)| *r).collect();
    if file.binary {
        found.push(Risk::Binary);
    }
    found.sort_unstable();
    found
}

/// How many files of each kind, the riskiest first.
#[must_use]
pub fn summary(changes: &Changes) -> BTreeMap<Risk, usize> {
    let mut counts = BTreeMap::new();
    for risk in changes.files.iter().flat_map(risks) {
        *counts.entry(risk).or_default() += 1;
    }
    counts
}

fn table() -> &'static [(Risk, Gitignore)] {
    static COMPILED: OnceLock<Vec<(Risk, Gitignore)>> = OnceLock::new();
    COMPILED.get_or_init(|| TABLE.iter().map(|(risk, lines)| (*risk, compile(lines))).collect())
}

fn compile(lines: &[&str]) -> Gitignore {
    let mut builder = GitignoreBuilder::new("");
    let _ = builder.case_insensitive(true);
    for line in lines {
        let _ = builder.add_line(None, line);
    }
    builder.build().unwrap_or_else(|_| Gitignore::empty())
}

#[cfg(test)]
mod tests {
    use cc_domain::{ChangeKind, FileKind};

    use super::*;

    fn of(path: &str, binary: bool) -> Vec<Risk> {
        risks(&FileChange {
            path: path.to_owned(),
            change: ChangeKind::Modified,
            kind: FileKind::File,
            renamed_from: None,
            added: 0,
            deleted: 0,
            binary,
            size_before: None,
            size_after: None,
            ignored: false,
            hidden: false,
            kept: true,
            artifact: false,
            leads_outside: None,
        })
    }

    #[test]
    fn paths_tell_risks() {
        for (path, expected) in [
            (".ENV.local", Risk::Secrets),
            ("src/auth/mod.rs", Risk::Auth),
            (".github/workflows/ci.yml", Risk::Ci),
            ("db/migrations/1.sql", Risk::Migration),
            ("crates/a/Cargo.toml", Risk::Dependency),
            ("web/app.min.js", Risk::Generated),
            ("src/login_test.go", Risk::Tests),
        ] {
            assert!(of(path, false).contains(&expected), "{path}");
        }
        assert_eq!(of("src/main.rs", false), []);
        assert_eq!(of("logo.png", true), [Risk::Binary]);
    }

    #[test]
    fn every_pattern_of_the_table_is_one() {
        let patterns = TABLE.iter().flat_map(|(_, lines)| *lines).count();
        assert_eq!(table().iter().map(|(_, p)| p.len()).sum::<usize>(), patterns);
    }
}
