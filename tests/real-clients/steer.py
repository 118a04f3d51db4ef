#!/usr/bin/env python3
"""Steering the real Claude Code: instructions in the middle of a tool, permission questions, stops, resumes, API errors.

The Messages API is a stub on loopback, keys are fake, HOME is fresh. Exits 1 when a check fails, 0 with SKIPPED where
Claude Code cannot be had.
"""

import argparse
import itertools
import json
import sys
import time

import clients
from bench import Bench, server_binary
from stubs import Anthropic, Refusal

PATIENCE = 60  # seconds; a safety net, nothing is measured by it
SLOW = "touch asked; sleep 4; echo slept"


def text(words):
    return [{"type": "text", "text": words}]


def bash(command):
    return [{"type": "tool_use", "name": "Bash", "input": {"command": command, "description": "step"}}]


class Steering:
    """One world: a project, one profile, the product's commands."""

    def __init__(self, bench, binary, turns, credential="ANTHROPIC_AUTH_TOKEN"):
        self.bench, self.binary = bench, binary
        self.api = bench.serve(Anthropic(turns))
        settings = {"env": {"ANTHROPIC_BASE_URL": self.api.url, credential: "fake-0123456789abcdef",
                            "ANTHROPIC_MODEL": "kimi-k2.7-code"}}
        bench.write_ccswitch({"only": settings}, current="only")

    def do(self, *arguments):
        done = self.bench.run([self.binary, *arguments, "--json"], CC_ORCHESTRATOR_HOME=str(self.bench.root / "state"),
                              CLAUDE_CODE_BIN=str(clients.locate(clients.CLAUDE)))
        return json.loads(done.stdout)

    def start(self, *more):
        return self.do("run-streaming-agent", "Do it.", *more)["run_id"]

    def poll(self, run, *more):
        return self.do("poll-run", run, *more)

    def until(self, what, look):
        give_up = time.monotonic() + PATIENCE
        while time.monotonic() < give_up:
            found = look()
            if found:
                return found
            time.sleep(0.1)
        raise AssertionError(f"waited in vain for {what}")

    def question(self, run):
        shown = self.until("a permission question", lambda: self.poll(run).get("questions"))
        return shown[0]

    def end(self, run):
        self.until("the end", lambda: not self.poll(run)["active"])
        return self.do("last-run", run)

    def events(self, run):
        folder = self.bench.project / ".agent-workspace" / "claude-code-orchestrator" / "runs" / run
        return [json.loads(line) for line in (folder / "events.ndjson").read_text().splitlines()]

    def kinds(self, run):
        return [event["type"] for event in self.events(run)]


def instruction_in_mid_tool(world, check):
    run = world.start("--ask")
    asked = world.question(run)
    check("a question names tool and command", asked["tool"] == "Bash" and SLOW in asked["target"], asked)
    world.do("send-instruction", run, "--answer", "allow")
    world.until("the tool's start", lambda: "permission_answered" in world.kinds(run))
    sent = world.do("send-instruction", run, "MIND-THE-GAP")
    check("an instruction in mid-tool is delivered", sent.get("how") == "delivered", sent)
    ended = world.end(run)
    check("the run succeeds, the allowed command ran", ended["status"] == "succeeded", ended)
    check("the model got it with the next request", "MIND-THE-GAP" in json.dumps(world.api.posts("/v1/messages")[-1]))
    kinds = world.kinds(run)
    check("its reading is recorded, in one turn", "instruction_read" in kinds and kinds.count("turn_ended") == 1, kinds)
    again = world.do("send-instruction", run, "GO-ON")
    check("an ended run is resumed", again.get("how") == "resumed", again)
    resumed = world.end(again["run_id"])
    check("in the same session", resumed.get("session_id") == ended.get("session_id") is not None, resumed)
    last = json.dumps(world.api.posts("/v1/messages")[-1])
    check("with all that was said before", "GO-ON" in last and "MIND-THE-GAP" in last)


def denial(world, check):
    run = world.start("--ask")
    world.question(run)
    world.do("send-instruction", run, "NOT-THAT-ONE", "--answer", "deny")
    ended = world.end(run)
    check("a denied tool does not run", not (world.bench.project / "made").exists())
    check("the model reads why", "NOT-THAT-ONE" in json.dumps(world.api.posts("/v1/messages")[-1]), ended)


def stop(world, check):
    run = world.start("--ask")
    world.question(run)
    world.do("send-instruction", run, "--answer", "allow")
    world.until("the tool's start", lambda: "permission_answered" in world.kinds(run))
    stopped = world.do("stop-run", run)
    check("a stop ends worker and command", stopped["stopped"] and stopped["survivors"] == [], stopped)
    check("and is recorded as one", world.do("last-run", run)["status"] == "stopped")


def overloaded(world, check):
    run = world.start()
    ended = world.end(run)
    check("529 is retried", ended["status"] == "succeeded" and "api_retry" in world.kinds(run), ended)


def broken(world, check):
    ended = world.end(world.start())
    check("500 for good is a failure", (ended["status"], ended.get("api_error_status")) == ("failed", 500), ended)


def limited(world, check):
    run = world.start()
    parked = world.until("parking", lambda: world.poll(run)["status"] == "parked")
    check("429 for good parks the run", parked)
    check("a parked run can be stopped", world.do("stop-run", run)["stopped"])


def limit_headers(status, resets_in):
    """What Anthropic's own servers send to who has signed in; Claude Code reads it only then."""
    resets = str(int(time.time()) + resets_in)
    unified = "anthropic-ratelimit-unified-"
    return {unified + "status": status, unified + "reset": resets, unified + "representative-claim": "five_hour",
            unified + "5h-status": status, unified + "5h-utilization": "0.92", unified + "5h-reset": resets,
            unified + "5h-surpassed-threshold": "0.9"}


def used_up():
    """The limit is reached, and over after some seconds. Made when it is asked for: its reset is a time of day."""
    yield Refusal(429, "rate_limit_error", limit_headers("rejected", 4))
    yield text("Finished after the reset.")


def limit_event(world, check):
    run = world.start()
    parked = world.until("parking", lambda: world.poll(run)["status"] == "parked" and world.poll(run))
    check("a rejected rate-limit event parks the run", parked)
    ended = world.end(run)
    told = [event for event in world.events(run) if event["type"] == "rate_limit"]
    check("with the time it resets", told and told[0]["status"] == "rejected" and told[0].get("resets_at"), told)
    check("and it goes on by itself in the same session", ended["status"] == "succeeded", ended)
    asked = [json.dumps(body) for body in world.api.posts("/v1/messages") if body.get("tools")]
    check("with what was asked before", len(asked) == 2 and "Do it." in asked[1], len(asked))


def limit_warning(world, check):
    world.api.headers = limit_headers("allowed_warning", 3600)
    run = world.start()
    ended = world.end(run)
    told = [event for event in world.events(run) if event["type"] == "rate_limit"]
    check("a warning is recorded and stops nothing", ended["status"] == "succeeded" and told, (ended, told))


SIGNED_IN = {limit_event, limit_warning}

SCENES = [
    (instruction_in_mid_tool, [bash(SLOW), text("Done."), text("Went on.")]),
    (denial, [bash("touch made"), text("Understood.")]),
    (stop, [bash("touch begun; sleep 600"), text("Never.")]),
    (overloaded, [Refusal(529, "overloaded_error"), text("Recovered.")]),
    (broken, itertools.repeat(Refusal(500, "api_error"))),
    (limited, itertools.repeat(Refusal(429, "rate_limit_error"))),
    (limit_event, used_up()),
    (limit_warning, [text("Nearly there.")]),
]


def play(about, what, scenes, world_of):
    """Plays each scene in a world of its own; the exit code. `world_of` makes one of a bench, a program, a scene, turns."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--binary", help="the program to check")
    binary = server_binary(parser.parse_args().binary)
    if clients.locate(clients.CLAUDE) is None:
        print("SKIPPED: Claude Code is not here and could not be fetched")
        return 0
    failed = 0
    for scene, turns in scenes:
        def check(what, ok, shown=""):
            nonlocal failed
            failed += not ok
            print(f"  {'ok  ' if ok else 'FAIL'}  {what}" + ("" if ok else f"  ({shown})"), flush=True)

        with Bench() as bench:
            scene(world_of(bench, binary, scene, turns), check)
    print(f"{failed} checks failed" if failed else f"all {what} checks passed")
    return 1 if failed else 0


def steered(bench, binary, scene, turns):
    credential = "CLAUDE_CODE_OAUTH_TOKEN" if scene in SIGNED_IN else "ANTHROPIC_AUTH_TOKEN"
    return Steering(bench, binary, turns, credential)


if __name__ == "__main__":
    sys.exit(play(__doc__, "steering", SCENES, steered))
