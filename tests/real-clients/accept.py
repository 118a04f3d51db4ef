#!/usr/bin/env python3
"""Accepting the real Claude Code's work: it writes a file, and each gate of cc_verify_run fails for its own reason.

The Messages API is a stub on loopback, keys are fake, HOME is fresh. Exits 1 when a check fails, 0 with SKIPPED where
Claude Code cannot be had.
"""

import json
import sys

from steer import Steering, bash, play, text

# In the published form of a Slack token; put together here, so that no scanner finds it in this file.
KEY = "xoxb-" + "-".join(["493826150723", "8401936275183", "qT7vZ2mK9xLw4RbN6cYdHs3e"])


def write(path, content):
    return [{"type": "tool_use", "name": "Write", "input": {"file_path": path, "content": content}}]


class Accepting(Steering):
    def path(self, name):
        return str(self.bench.project / name)

    def work(self, *more):
        run = self.start("--allow-write", *more)
        return run, self.end(run)

    def verify(self, run, test="true"):
        verdict = self.do("verify-run", run, "--test-command", test)
        failed = [gate["name"] for gate in verdict.get("gates", []) if gate["state"] == "fail"]
        return verdict, failed

    def asked(self):
        return json.dumps(self.api.posts("/v1/messages")[-1])


def good_work(world, check):
    run, ended = world.work()
    check("the file is there", (world.bench.project / "hello.txt").read_text() == "hello\n", ended)
    verdict, _ = world.verify(run, "grep -q hello hello.txt")
    check("good work is verified", verdict["status"] == "verified", verdict)
    verdict, failed = world.verify(run, "grep -q goodbye hello.txt")
    check("a failing test fails the tests alone", failed == ["tests"], verdict)
    diff = world.do("git-diff", run)
    check("the diff shows it", "+hello" in diff["diff"], diff)
    back = world.do("rollback-run", run, "--confirm")
    check("a rollback takes it back", back["done"] and not (world.bench.project / "hello.txt").exists(), back)


def breach(world, check):
    # By the shell, which no hook of paths sees.
    run, ended = world.work("--allow", "src/")
    check("the shell wrote outside", (world.bench.project / "outside.txt").exists(), ended)
    verdict, failed = world.verify(run)
    check("a breach fails the scope alone", failed == ["scope"], verdict)


def refused(world, check):
    run, _ = world.work("--allow", "src/")
    check("the hook refuses an edit outside", not (world.bench.project / "outside.txt").exists())
    check("and the model reads why", "Outside the write scope" in world.asked())
    check("an edit inside is made", (world.bench.project / "src" / "inside.txt").exists())
    verdict, _ = world.verify(run)
    check("and the run is verified", verdict["status"] == "verified", verdict)


def denied(world, check):
    run, ended = world.work("--deny", "secret/")
    check("Claude Code's own rules refuse a redirection to what is denied", not (world.bench.project / "secret").exists(), ended)
    check("and nothing else", (world.bench.project / "src" / "fine.txt").exists(), ended)


def kept(world, check):
    run, ended = world.work("--allow", "src/", "--sandbox", "true")
    check("Claude Code works in the sandbox", ended["status"] == "succeeded", ended)
    check("its shell cannot write outside", not (world.bench.project / "outside.txt").exists(), ended)
    check("and can inside", (world.bench.project / "src" / "inside.txt").exists(), ended)
    told = world.do("check-write-scope", run)
    check("which the record says", "landlock" in told["prevention"] and told["status"] == "passed", told)


def leak(world, check):
    run, _ = world.work()
    verdict, failed = world.verify(run)
    check("a key in a file fails the secrets alone", failed == ["secrets"], verdict)
    ours = [path for path in world.bench.files_with(KEY) if path.startswith("state/") or ".agent-workspace" in path]
    check("and is in no file of ours", ours == [], ours)


SCENES = [
    (good_work, lambda world: [write(world.path("hello.txt"), "hello\n"), text("Written.")]),
    (breach, lambda world: [bash("echo x > outside.txt"), text("Done.")]),
    (refused, lambda world: [write(world.path("outside.txt"), "x"), write(world.path("src/inside.txt"), "x"), text("Done.")]),
    (denied, lambda world: [bash("mkdir -p secret && echo x > secret/key.txt"), bash("echo x > src/fine.txt"), text("Done.")]),
    (kept, lambda world: [bash("echo x > outside.txt; mkdir -p src; echo y > src/inside.txt"), text("Done.")]),
    (leak, lambda world: [write(world.path("config.txt"), f"slack_token = \"{KEY}\"\n"), text("Configured.")]),
]


def accepting(bench, binary, _scene, turns):
    world = Accepting(bench, binary, [])
    (bench.project / "src").mkdir()
    world.api.turns = iter(turns(world))
    return world


if __name__ == "__main__":
    sys.exit(play(__doc__, "acceptance", SCENES, accepting))
