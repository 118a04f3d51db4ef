#!/usr/bin/env python3
"""A stranger's first minutes, by the clock: a fresh clone and home, and the README's commands as they stand there.

Needs git, cargo, a C compiler and crates.io, as the README says; the real clients are fetched before the clock starts, as
a user of this program has them. Prints how long each step took; it takes as long as two release builds. `--from REPO`
names what is cloned (default: this repository, its last commit).
"""

import argparse
import itertools
import os
import re
import shlex
import subprocess
import sys
import time

import clients
from bench import DIRECT, REPO, Bench
from run import Checks, Scene, check_answers, check_worker

CHAPTERS = ["## See it work", "## Use it"]
SKIPPED = {"migrate"}  # for those who come from elsewhere


def commands(readme):
    """The lines of the shell blocks of the chapters that a newcomer follows."""
    text = readme.read_text()
    for chapter in CHAPTERS:
        body = text.split(chapter, 1)[1].split("\n## ", 1)[0]
        for block in re.findall(r"```sh\n(.*?)```", body, re.S):
            yield from (line.split("#", 1)[0].strip() for line in block.splitlines() if line.strip())


class Everyday(Scene):
    """A user without traps: the current profile works, however often it is asked."""

    def __init__(self, bench):
        super().__init__(bench, "direct")
        self.worker_api.turns = itertools.cycle([self.read_the_note, self.tell_the_word])

    def profile(self, api, key):
        return super().profile(self.worker_api, self.key)


class Stranger:
    """Fresh HOME and clone; the toolchain, as rustup has it, is all that is there."""

    def __init__(self, bench, claude):
        self.bench = bench
        toolchain = subprocess.run(["rustc", "--print", "sysroot"], capture_output=True, text=True, check=True).stdout.strip()
        path = [f"{toolchain}/bin", str(bench.home / ".cargo" / "bin"), "/usr/local/bin", "/usr/bin", "/bin"]
        self.env = {**bench.environment(), "PATH": ":".join(path), "CLAUDE_CODE_BIN": str(claude)}
        self.env.update({name: value for name, value in os.environ.items() if name.startswith("SSL_CERT")})
        for name in ("HTTP_PROXY", "HTTPS_PROXY"):  # cargo fetches crates
            self.env.pop(name)
        self.steps = []

    def does(self, what, argv, folder):
        begun = time.monotonic()
        done = subprocess.run(argv, cwd=folder, env=self.env, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        took = time.monotonic() - begun
        self.steps.append((what, took))
        print(f"{took:8.1f} s  {what}" + ("" if done.returncode == 0 else f"  FAILED ({done.returncode})"), flush=True)
        if done.returncode != 0:
            raise AssertionError(f"{what}: {done.stdout[-3000:]}{done.stderr[-3000:]}")
        return done


def first_hour(bench, source, checks):
    claude = clients.locate(clients.CLAUDE)
    clients.locate(clients.CODEX)
    scene = Everyday(bench)
    bench.configure_codex(scene.model_api)
    stranger = Stranger(bench, claude)
    clone = bench.root / "cc-orchestrator"
    stranger.does("git clone", ["git", "clone", "--quiet", str(source), str(clone)], bench.root)
    asked = False
    for line in commands(clone / "README.md"):
        argv = shlex.split(line)
        if argv[1] in SKIPPED:
            continue
        # cargo works on the clone; the product on the stranger's own project.
        done = stranger.does(line, argv, clone if argv[0] == "cargo" else bench.project)
        if argv[-1] == "demo":
            checks.that("the demo shows a decision and a result", "router" in done.stdout, "" if done.stdout else "no output")
        if argv[1:3] == ["setup", "codex"]:
            codex(stranger, scene, bench, checks)
            asked = True
        if argv[1] == "run-agent" and "--role" in argv:
            checks.that("run by hand, the worker answers too", "The note says" in done.stdout, done.stdout[-300:])
    checks.that("the README has a stranger set Codex up", asked)
    return stranger


def codex(stranger, scene, bench, checks):
    """'Then tell Codex': its model asks for a worker, which reads the note and answers."""
    begun = time.monotonic()
    bench.codex(DIRECT, PATH=stranger.env["PATH"], CLAUDE_CODE_BIN=stranger.env["CLAUDE_CODE_BIN"])
    print(f"{time.monotonic() - begun:8.1f} s  Codex hands the first task to a worker", flush=True)
    check_worker(scene, check_answers(scene, checks), checks)


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    options.add_argument("--from", dest="source", default=str(REPO), help="the repository that is cloned")
    chosen = options.parse_args()
    checks, begun = Checks("direct"), time.monotonic()
    try:
        with Bench() as bench:
            stranger = first_hour(bench, chosen.source, checks)
            if checks.failed:
                raise AssertionError(f"{checks.failed} checks failed")
    except clients.Skip as reason:
        print(f"SKIPPED: a stranger's path: {reason}")
        return 0
    except AssertionError as error:
        print(f"FAILED: {error}")
        return 1
    built = sum(took for what, took in stranger.steps if what.startswith("cargo"))
    total = time.monotonic() - begun
    print(f"passed in {total:.0f} s, {built:.0f} s of it cargo's: fetching and building")
    return 0


if __name__ == "__main__":
    sys.exit(main())
