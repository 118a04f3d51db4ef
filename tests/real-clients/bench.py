"""A machine of its own for one check: fresh HOME, a project, the clients' configuration, fake keys, loopback only."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import clients
import stubs

REPO = Path(__file__).resolve().parents[2]
ENTRY = "claude-code-orchestrator"
NAMESPACE = "mcp__claude_code_orchestrator"
DIRECT, CODE = "gpt-5.5", "gpt-6.1-sol"  # models of Codex's catalogue: its two ways to call tools
QUIET = {
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "DISABLE_AUTOUPDATER": "1",
    "DISABLE_ERROR_REPORTING": "1",
    "DISABLE_TELEMETRY": "1",
}


def server_binary(named=None):
    """This project's program: named, else $CC_ORCHESTRATOR_BIN, else cargo's debug build."""
    target = Path(os.environ.get("CARGO_TARGET_DIR") or REPO / "target")
    binary = Path(named or os.environ.get("CC_ORCHESTRATOR_BIN") or target / "debug" / "cc-orchestrator").resolve()
    if not os.access(binary, os.X_OK):
        sys.exit(f"{binary} is missing: build it with `cargo build -p cc-orchestrator`, or name another with --binary")
    return binary


class Bench:
    def __init__(self):
        self.root = Path(tempfile.mkdtemp(prefix="real-clients-")).resolve()
        self.home, self.project, self.scratch = self.root / "home", self.root / "project", self.root / "tmp"
        for folder in (self.home / ".codex", self.project, self.scratch):
            folder.mkdir(parents=True)
        self.outside = stubs.Dead()
        self.servers = [self.outside]
        for arguments in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "start"]):
            names = ["-c", "user.name=t", "-c", "user.email=t@example.invalid"]
            subprocess.run(["git", *names, *arguments], cwd=self.project, env=self.environment(), check=True)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        for server in self.servers:
            server.shutdown()
            server.server_close()
        if error[0] is None and not os.environ.get("KEEP"):
            shutil.rmtree(self.root, ignore_errors=True)
        else:
            print(f"kept: {self.root}", file=sys.stderr)

    def serve(self, stub):
        self.servers.append(stub)
        return stub

    def environment(self, **more):
        return {"HOME": str(self.home), "PATH": "/usr/local/bin:/usr/bin:/bin", "TMPDIR": str(self.scratch), "LANG": "C.UTF-8",
                "HTTPS_PROXY": self.outside.url, "HTTP_PROXY": self.outside.url, "NO_PROXY": "127.0.0.1,localhost",
                **QUIET, **more}

    def configure_codex(self, api):
        """A config.toml as a user has one, with the stub as its model provider; our entry comes from `setup codex`."""
        path = self.home / ".codex" / "config.toml"
        path.write_text(CODEX_CONFIG.format(url=api.url))
        return path

    def run(self, argv, **environment):
        return subprocess.run([str(part) for part in argv], cwd=self.project, env=self.environment(**environment),
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=180)

    def codex(self, model, **environment):
        """One `codex exec`; its JSON events."""
        program = clients.locate(clients.CODEX)
        done = self.run([program, "exec", "--json", "--skip-git-repo-check", "--model", model, "go"],
                        STUB_OPENAI_KEY="fake", **environment)
        if done.returncode != 0:
            raise AssertionError(f"codex ended with {done.returncode}: {done.stderr[-2000:]}{done.stdout[-2000:]}")
        return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]

    def write_ccswitch(self, profiles, current):
        """A CC Switch store: {id: settings}. Only what its reader needs of the app's schema."""
        folder = self.home / ".cc-switch"
        folder.mkdir()
        with sqlite3.connect(folder / "cc-switch.db") as store:
            store.executescript(CCSWITCH_SCHEMA)
            for order, (id, settings) in enumerate(profiles.items()):
                store.execute("INSERT INTO providers (id, app_type, name, settings_config, sort_index, meta, is_current) "
                              "VALUES (?, 'claude', ?, ?, ?, '{}', ?)",
                              (id, id.title(), json.dumps(settings), order, id == current))
        store.close()

    def files_with(self, text):
        """Files under this bench that hold the text, but for the store a key comes from."""
        found = []
        for path in self.root.rglob("*"):
            if path.is_file() and path.name != "cc-switch.db" and text.encode() in path.read_bytes():
                found.append(str(path.relative_to(self.root)))
        return found


CODEX_CONFIG = """\
# my settings
model_provider = "stub"
approval_policy = "never"       # as in automation
sandbox_mode = "read-only"
check_for_update_on_startup = false

[model_providers.stub]
name = "stub"
base_url = "{url}/v1"
wire_api = "responses"
env_key = "STUB_OPENAI_KEY"
request_max_retries = 0
stream_max_retries = 0
supports_websockets = false

[features]
apps = false
plugins = false
remote_plugin = false
enable_request_compression = false

[analytics]
enabled = false

[feedback]
enabled = false

[otel]
exporter = "none"
# the end
"""

CCSWITCH_SCHEMA = """\
CREATE TABLE providers (
    id TEXT NOT NULL, app_type TEXT NOT NULL, name TEXT NOT NULL, settings_config TEXT NOT NULL, website_url TEXT,
    category TEXT, created_at INTEGER, sort_index INTEGER, notes TEXT, icon TEXT, icon_color TEXT,
    meta TEXT NOT NULL DEFAULT '{}', is_current BOOLEAN NOT NULL DEFAULT 0,
    in_failover_queue BOOLEAN NOT NULL DEFAULT 0, PRIMARY KEY (id, app_type));
CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT);
"""
