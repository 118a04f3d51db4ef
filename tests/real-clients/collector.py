#!/usr/bin/env python3
"""A collector that others wrote gets a run's trace and measurements: rotel, from PyPI, on loopback.

The worker is the tests' stand-in, so this needs no client and no key. Exits 1 when a check fails, 0 with SKIPPED
where the collector cannot be had. `--binary PROGRAM` names the product.
"""

import argparse
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

from bench import server_binary
from clients import Skip, cache

ROTEL = "0.0.1a15"
# What must be in the collector's own words, and why.
EXPECTED = {
    "the service names itself": r"service\.name: Str\(cc-orchestrator\)",
    "the run is a span": r"Name +: invoke_agent documentation",
    "its job is named": r"cc_orchestrator\.job\.id: Str\(",
    "its tokens are counted": r"gen_ai\.usage\.output_tokens: Int\([1-9]",
    "its route is a span": r"Name +: route",
    "the deciding plugin is named": r"cc_orchestrator\.decision\.by: Str\(cc\.router\)",
    "runs are a sum": r"Name: cc_orchestrator\.runs",
    "plugin calls are a sum": r"Name: cc_orchestrator\.plugin\.calls",
    "tokens are a histogram": r"Name: gen_ai\.client\.token\.usage",
    "the wait in the queue is a histogram": r"Name: cc_orchestrator\.queue\.wait",
}


def collector():
    """The program's path; fetched from PyPI when it is not there. Raises Skip."""
    folder = cache() / f"rotel-{ROTEL}"
    found = list(folder.glob("lib/python*/site-packages/rotel/rotel-agent"))
    if not found:
        venv.create(folder, with_pip=True, clear=True)
        done = subprocess.run([folder / "bin" / "python", "-m", "pip", "--quiet", "install", f"rotel=={ROTEL}"],
                              capture_output=True, text=True)
        found = list(folder.glob("lib/python*/site-packages/rotel/rotel-agent"))
        if not found:
            raise Skip(f"pip could not fetch rotel {ROTEL}: {done.stderr.strip()[-300:]}")
    return found[0]


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def listens(port, process):
    for _ in range(300):
        if process.poll() is not None:
            return False
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return True
        time.sleep(0.1)
    return False


def said_all(log, patterns, seconds=30):
    """The collector's words once all of it is there; else what is there at the end."""
    end = time.monotonic() + seconds
    while True:
        text = log.read_text(errors="replace")
        if all(re.search(pattern, text) for pattern in patterns) or time.monotonic() > end:
            return text
        time.sleep(0.1)


def check(binary, program, root):
    log, grpc, http = root / "rotel.log", free_port(), free_port()
    arguments = ["start", "--otlp-grpc-endpoint", f"127.0.0.1:{grpc}", "--otlp-http-endpoint", f"127.0.0.1:{http}", "--exporter",
                 "blackhole", "--debug-log", "traces", "--debug-log", "metrics", "--debug-log-verbosity", "detailed"]
    home = {"HOME": str(root), "PATH": os.environ["PATH"], "TMPDIR": str(root)}
    with log.open("w") as out:
        process = subprocess.Popen([program, *arguments], env=home, stdout=out, stderr=out, cwd=root)
    try:
        if not listens(http, process):
            raise Skip(f"the collector does not start here: {log.read_text(errors='replace')[-300:]}")
        project = root / "project"
        project.mkdir()
        env = {**home, "CC_ORCHESTRATOR_HOME": str(root / "state"), "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{http}"}
        for command in WORK:
            done = subprocess.run([binary, *command], cwd=project, env={**env, **worker(binary)}, stdin=subprocess.DEVNULL,
                                  capture_output=True, text=True, timeout=180)
            if done.returncode:
                print(f"FAILED  {' '.join(command)}: {done.stdout}{done.stderr}")
                return 1
        text = said_all(log, EXPECTED.values())
    finally:
        process.terminate()
        process.wait()
    failed = 0
    for what, pattern in EXPECTED.items():
        ok = re.search(pattern, text) is not None
        failed += not ok
        print(f"{'ok    ' if ok else 'FAILED'}  {what}")
    secret = TASK in text
    print(f"{'FAILED' if secret else 'ok    '}  what was asked is not sent")
    return failed + secret


TASK = "Describe the folder WHATWASASKED."
WORK = [["queue-submit", TASK, "--role", "documentation"], ["queue", "run", "--until-empty"]]


def worker(binary):
    """The tests' stand-in for Claude Code, which lies beside the program or one folder above."""
    beside = [folder / "fake_claude" for folder in binary.parents[:2]]
    found = next((path for path in beside if path.exists()), None)
    if not found:
        raise Skip("fake_claude is not built (cargo build -p cc-orchestrator-tests)")
    return {"CLAUDE_CODE_BIN": str(found)}


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--binary")
    binary = server_binary(arguments.parse_args().binary)
    try:
        program = collector()
        with tempfile.TemporaryDirectory(prefix="cc-collector-") as root:
            failed = check(Path(binary).resolve(), program, Path(root).resolve())
    except Skip as why:
        print(f"SKIPPED: {why}")
        return 0
    print(f"{failed} FAILED" if failed else "all passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
