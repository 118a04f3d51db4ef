"""The real client programs, by exact version: where they are, or how to get them.

`python3 clients.py` fetches both and prints their paths. CLAUDE_CODE_BIN and CODEX_BIN name programs of your own;
CC_CLIENTS_DIR is where fetched ones are kept (default: ~/.cache/cc-orchestrator-clients, about 770 MB).
"""

import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple


class Skip(Exception):
    """The check cannot run here; the text says why."""


class Client(NamedTuple):
    variable: str
    package: str  # as npm installs it
    version: str
    source: str  # what npm is asked for
    program: str  # inside the package


CLAUDE = Client(
    "CLAUDE_CODE_BIN",
    "@anthropic-ai/claude-code-linux-x64",
    "2.1.330",
    "@anthropic-ai/claude-code-linux-x64@2.1.330",
    "claude",
)
# Codex publishes its native build as a version of the launcher's own package, hence the alias.
CODEX = Client(
    "CODEX_BIN",
    "codex-linux-x64",
    "0.169.0-linux-x64",
    "codex-linux-x64@npm:@openai/codex@0.169.0-linux-x64",
    "vendor/x86_64-unknown-linux-musl/bin/codex",
)


def locate(client):
    """The program's path; fetched from the npm registry when it is not there. Raises Skip."""
    own = os.environ.get(client.variable)
    if own:
        if not os.access(own, os.X_OK):
            raise Skip(f"{client.variable}={own} is not a program")
        return Path(own)
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        raise Skip(f"only Linux x86_64 builds are pinned, this is {platform.system()} {platform.machine()}")
    folder = cache() / client.package.strip("@").replace("/", "-")
    program = folder / "node_modules" / client.package / client.program
    if installed_version(folder / "node_modules" / client.package) != client.version:
        install(client, folder)
    program.chmod(0o755)
    return program


def cache():
    named = os.environ.get("CC_CLIENTS_DIR")
    return Path(named) if named else Path.home() / ".cache" / "cc-orchestrator-clients"


def installed_version(package):
    try:
        return json.loads((package / "package.json").read_text())["version"]
    except (OSError, ValueError, KeyError):
        return None


def install(client, folder):
    npm = shutil.which("npm")
    if not npm:
        raise Skip("npm is not installed; it fetches the pinned clients")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text('{"private": true}\n')
    print(f"fetching {client.source}", file=sys.stderr, flush=True)
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"]
    done = subprocess.run([npm, "install", *options, client.source], cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        raise Skip(f"npm could not fetch {client.source}: {done.stderr.strip()[-300:]}")


if __name__ == "__main__":
    try:
        for wanted in (CLAUDE, CODEX):
            print(f"{wanted.variable}={locate(wanted)}")
    except Skip as reason:
        print(f"SKIPPED: {reason}")
