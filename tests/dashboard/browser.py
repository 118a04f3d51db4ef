"""Chromium, where this machine has one, driven by playwright; axe-core from the npm registry.

Both are fetched once into a folder of their own (CC_DASHBOARD_TOOLS, default ~/.cache/cc-orchestrator-dashboard).
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

PLAYWRIGHT, AXE = "1.65.2", "4.14.1"


class Skip(Exception):
    """The check cannot run here; the text says why."""


def tools():
    named = os.environ.get("CC_DASHBOARD_TOOLS")
    return Path(named) if named else Path.home() / ".cache" / "cc-orchestrator-dashboard"


def chromium():
    named = os.environ.get("CHROMIUM_BIN")
    found = named or next((path for name in ["chromium", "chromium-browser", "google-chrome"] if (path := shutil.which(name))), None)
    if not found:
        raise Skip("there is no Chromium (Debian: apt-get install chromium; or name one by CHROMIUM_BIN)")
    return found


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise Skip(f"{' '.join(map(str, command))}: {(done.stderr or done.stdout).strip().splitlines()[-1:]}")


def with_playwright():
    """Goes on in a Python that has playwright; returns where it has."""
    chromium()
    in_python_with("playwright", PLAYWRIGHT, tools())


def in_python_with(package, version, folder):
    """Goes on in a Python that has the package, from PyPI, in an environment below `folder`; returns where it has."""
    if importlib.util.find_spec(package):
        return
    home = folder / f"python-{version}"
    python = home / "bin" / "python"
    if Path(sys.prefix) == home:
        raise Skip(f"{package} {version} cannot be had")
    if not (home / "ready").exists():
        venv.create(home, with_pip=True, clear=True)
        run(python, "-m", "pip", "--quiet", "install", f"{package}=={version}")
        (home / "ready").touch()
    os.execv(python, [str(python), *sys.argv])


def axe():
    """axe-core's source."""
    folder = tools() / f"axe-{AXE}"
    source = folder / "node_modules" / "axe-core" / "axe.min.js"
    if not source.exists():
        npm = shutil.which("npm")
        if not npm:
            raise Skip("npm is not installed; it fetches axe-core")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text('{"private": true}\n')
        run(npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder), f"axe-core@{AXE}")
    return source.read_text()


def launch(playwright):
    return playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
