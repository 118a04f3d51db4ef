#!/usr/bin/env python3
"""The main job with the real programs: Codex calls this server, the server starts Claude Code, the answer comes back.

Both model APIs are stubs on loopback, keys are fake, HOME is fresh. Done for both of Codex's ways to call tools:
direct (function calls) and code (JavaScript). Exits 1 when a check fails, 0 with SKIPPED where it cannot run.
"""

import argparse
import hashlib
import json
import re
import secrets
import sys
import time

import clients
from bench import CODE, DIRECT, ENTRY, NAMESPACE, Bench, server_binary
from stubs import Anthropic, Dead, OpenAI, call, say, script

TASK = "- Read NOTE.md \u2014 what is the word? Don't \"fix\" `$HOME`, 100% \\n {{braces}} \u4f60\u597d \U0001f980\n\ttabbed\n\nEnd."
CALLS = {
    "cc_healthcheck": {},
    "cc_list_profiles": {},
    "cc_pick_profile": {"role": "review"},
    "cc_run_agent": {"task": TASK, "role": "review", "profile": "second", "wait_seconds": 120},
}


class Checks:
    def __init__(self, mode):
        self.mode, self.failed = mode, 0

    def that(self, what, ok, shown=""):
        self.failed += not ok
        print(f"  {'ok  ' if ok else 'FAIL'}  {self.mode:6}  {what}" + (f"  ({shown})" if shown or not ok else ""), flush=True)


class Scene:
    """Two profiles in CC Switch; the current one, and the user's own settings file, lead to a trap."""

    def __init__(self, bench, mode):
        self.bench, self.mode = bench, mode
        self.word = secrets.token_hex(8)
        self.key, self.other_key = f"fake-{secrets.token_hex(16)}", f"fake-{secrets.token_hex(16)}"
        self.worker_api = bench.serve(Anthropic([self.read_the_note, self.tell_the_word]))
        self.trap = bench.serve(Dead())
        self.model_api = bench.serve(OpenAI(self.controller_turns()))
        (bench.project / "NOTE.md").write_text(f"The word is {self.word}.\n")
        bench.write_ccswitch({"first": self.profile(self.trap, self.other_key),
                              "second": self.profile(self.worker_api, self.key)}, current="first")
        (bench.home / ".claude").mkdir()
        (bench.home / ".claude" / "settings.json").write_text(json.dumps(self.profile(self.trap, self.other_key)))

    def profile(self, api, key):
        return {"env": {"ANTHROPIC_BASE_URL": api.url, "ANTHROPIC_AUTH_TOKEN": key, "ANTHROPIC_MODEL": "kimi-k2.7-code"}}

    def read_the_note(self, _):
        return [{"type": "tool_use", "name": "Read", "input": {"file_path": str(self.bench.project / "NOTE.md")}}]

    def tell_the_word(self, body):
        found = re.search(r"The word is (\w+)", json.dumps(body["messages"][-1]))
        return [{"type": "text", "text": f"The note says {found.group(1) if found else 'nothing'}."}]

    def controller_turns(self):
        quick = {tool: arguments for tool, arguments in CALLS.items() if tool != "cc_run_agent"}
        rest = {"cc_run_agent": CALLS["cc_run_agent"]}
        make = self.direct_turn if self.mode == "direct" else self.code_turn
        return [make(quick), make(rest), [say("end")]]

    @staticmethod
    def direct_turn(calls):
        return [call(NAMESPACE, tool, **arguments) for tool, arguments in calls.items()]

    @staticmethod
    def code_turn(calls):
        steps = "".join(f"r.{tool} = (await tools.{NAMESPACE}__{tool}({json.dumps(arguments)})).structuredContent;"
                        for tool, arguments in calls.items())
        return [script(f"const r = {{}}; {steps} text(JSON.stringify(r));")]

    def results(self):
        """What Codex's model was given: the structured results by tool."""
        items = self.model_api.posts("/responses")[-1]["input"]
        if self.mode == "code":
            outputs = [text_of(item["output"]) for item in items if item["type"] == "custom_tool_call_output"]
            return {tool: result for output in outputs for tool, result in json_in(output).items()}
        names = {item["call_id"]: item["name"] for item in items if item["type"] == "function_call"}
        outputs = [item for item in items if item["type"] == "function_call_output"]
        return {names[item["call_id"]]: json_in(text_of(item["output"])) for item in outputs}


def text_of(output):
    return output if isinstance(output, str) else "\n".join(part.get("text", "") for part in output)


def json_in(text):
    """The JSON object in a text that may have a line of Codex's own before it."""
    start = text.find("{")
    try:
        return json.JSONDecoder().raw_decode(text[start:])[0] if start >= 0 else {"not_json": text}
    except ValueError:
        return {"not_json": text}


def set_up(bench, binary, checks, api):
    config = bench.configure_codex(api)
    before = config.read_bytes()
    first = bench.run([binary, "setup", "codex"])
    after = config.read_bytes()
    checks.that("setup codex adds the entry and changes nothing else",
                first.returncode == 0 and after.startswith(before) and ENTRY.encode() in after, first.stderr.strip())
    bench.run([binary, "setup", "codex"])
    checks.that("a second setup changes nothing", config.read_bytes() == after)
    return config, before


def check_answers(scene, checks):
    results = scene.results()
    for tool in CALLS:
        shown = json.dumps(results.get(tool), ensure_ascii=False)
        good = tool in results and "not_json" not in results[tool] and results[tool].get("ok") is not False
        checks.that(f"Codex's model got an answer from {tool}", good, "" if good else shown[:600])
    health = json.dumps(results.get("cc_healthcheck"))
    checks.that("healthcheck found the real Claude Code", clients.CLAUDE.version in health, clients.CLAUDE.version)
    listed = json.dumps(results.get("cc_list_profiles"))
    checks.that("both profiles are listed", '"first"' in listed and '"second"' in listed)
    run = results.get("cc_run_agent", {})
    answer = json.dumps(run, ensure_ascii=False)
    checks.that("the worker's answer reached Codex's model", f"The note says {scene.word}." in answer,
                run.get("status") or answer[:600])
    return run


def check_worker(scene, run, checks):
    posts = [(headers, body) for method, path, headers, body in scene.worker_api.requests
             if method == "POST" and path.endswith("/v1/messages") and body.get("tools")]
    checks.that("the worker asked the profile's endpoint", len(posts) == 2, f"{len(posts)} requests")
    checks.that("nobody asked the current profile's or settings.json's endpoint", not scene.trap.requests)
    if not posts:
        return
    keys = {headers.get("authorization", headers.get("x-api-key", "")).replace("Bearer ", "") for headers, _ in posts}
    checks.that("it used the profile's key", keys == {scene.key})
    prompts = [block["text"] for block in user_blocks(posts[0][1])]
    prompt = next((text for text in prompts if TASK in text), None)
    checks.that("the task arrived byte for byte", prompt is not None, "" if prompt else f"{prompts}"[:600])
    record = json.loads((next(scene.bench.project.rglob(f"{run.get('run_id', '-')}/metadata.json"))).read_text())
    same = prompt is not None and hashlib.sha256(prompt.encode()).hexdigest() == record["prompt_sha256"]
    checks.that("the prompt has the recorded sha256", same, record["prompt_sha256"][:12])


def user_blocks(body):
    for message in body["messages"]:
        if message["role"] == "user":
            content = message["content"]
            yield from [{"text": content}] if isinstance(content, str) else (b for b in content if b["type"] == "text")


def check_secrets(scene, checks):
    held = scene.bench.files_with(scene.key)
    checks.that("no file under the home, the project or the scratch folder holds the key", not held, ", ".join(held))
    told = json.dumps([body for _, _, _, body in scene.model_api.requests])
    checks.that("Codex's model was never shown the key", scene.key not in told and scene.other_key not in told)
    tried = [(method, path) for method, path, _, _ in scene.bench.outside.requests]
    checks.that("no program tried to leave the machine", not tried, f"{tried[:5]}" if tried else "")


def run_mode(mode, model, binary):
    checks, started = Checks(mode), time.monotonic()
    with Bench() as bench:
        scene = Scene(bench, mode)
        config, before = set_up(bench, binary, checks, scene.model_api)
        bench.codex(model, CLAUDE_CODE_BIN=str(clients.locate(clients.CLAUDE)))
        check_worker(scene, check_answers(scene, checks), checks)
        check_secrets(scene, checks)
        bench.run([binary, "setup", "codex", "--remove"])
        checks.that("setup codex --remove restores the file", config.read_bytes() == before)
        if checks.failed:
            raise AssertionError(f"{checks.failed} checks failed in {mode} mode")
    print(f"  {mode} mode with {model}: {time.monotonic() - started:.1f} s", flush=True)


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    options.add_argument("--binary", help="the server's program (default: $CC_ORCHESTRATOR_BIN, else cargo's debug build)")
    options.add_argument("--mode", choices=["direct", "code"], help="only this one")
    chosen = options.parse_args()
    try:
        print(f"Codex {clients.locate(clients.CODEX)}\nClaude Code {clients.locate(clients.CLAUDE)}")
    except clients.Skip as reason:
        print(f"SKIPPED: real clients: {reason}")
        return 0
    binary, failed = server_binary(chosen.binary), 0
    for mode, model in (("direct", DIRECT), ("code", CODE)):
        if chosen.mode in (None, mode):
            try:
                run_mode(mode, model, binary)
            except AssertionError as error:
                print(f"  {error}")
                failed += 1
    print("real clients: " + ("FAILED" if failed else "passed"))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
