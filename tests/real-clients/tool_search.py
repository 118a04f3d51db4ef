#!/usr/bin/env python3
"""Does Codex find the right tool? Everyday queries (queries.json) through the real Codex's tool_search and an own BM25.

Prints the share of right tools at rank 1 and among the first eight, and every query whose tool was not first. Exits 1 when
the real search is below --first or --eight percent, 0 with SKIPPED where Codex cannot run.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

import clients
from bench import DIRECT, ENTRY, Bench, server_binary
from bm25 import Ranking
from stubs import OpenAI, say, search

LIMIT = 8  # what Codex's search gives when the model names no number
BATCH = 60  # searches a session: their results must fit into the model's context


def listed(binary, bench):
    """The server's tools and instructions, asked over its stdin."""
    hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "check", "version": "1"}}
    server = subprocess.Popen([binary, "mcp"], cwd=bench.project, env=bench.environment(), text=True,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    with server:
        def ask(number, method, params):
            print(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}), file=server.stdin, flush=True)
            while True:
                reply = json.loads(server.stdout.readline())
                if reply.get("id") == number:
                    return reply["result"]
        instructions = ask(1, "initialize", hello).get("instructions", "")
        print(json.dumps({"jsonrpc": "2.0", "method": "notifications/initialized"}), file=server.stdin, flush=True)
        tools = ask(2, "tools/list", {})["tools"]
        server.stdin.close()
    return tools, instructions


def real_search(queries, binary, bench):
    """Tool names by query, best first, as the real Codex ranks them."""
    queries, found = list(queries), {}
    for start in range(0, len(queries), BATCH):
        found.update(one_session(queries[start : start + BATCH], binary, bench))
    return found


def one_session(queries, binary, bench):
    api = bench.serve(OpenAI([[search(query, LIMIT) for query in queries], [say("end")]]))
    bench.configure_codex(api)
    bench.run([binary, "setup", "codex"]).check_returncode()
    bench.codex(DIRECT)
    items = api.posts("/responses")[-1]["input"]
    asked = {item["call_id"]: item["arguments"] for item in items if item["type"] == "tool_search_call"}
    found = {}
    for item in items:
        if item["type"] == "tool_search_output":
            arguments = asked[item["call_id"]]
            query = (json.loads(arguments) if isinstance(arguments, str) else arguments)["query"]
            found[query] = [tool["name"] for namespace in item["tools"] for tool in namespace["tools"]]
    if not any(found.values()):
        raise SystemExit("Codex found no tool at all: the server did not answer in time")
    return found


def report(name, found, expected):
    """Prints shares and misses; returns both shares in percent."""
    ranks = {query: rank(found.get(query, []), tool) for query, tool in expected.items()}
    shares = [100 * sum(1 for r in ranks.values() if r is not None and r <= most) / len(ranks) for most in (1, LIMIT)]
    print(f"{name}: right tool first {shares[0]:.1f} %, among eight {shares[1]:.1f} %, of {len(ranks)} queries")
    for query, tool in expected.items():
        if ranks[query] != 1:
            first = (found.get(query) or ["nothing"])[0]
            print(f"  rank {ranks[query] or '-':>2}  {tool:18} behind {first:18} {query}")
    return shares


def rank(names, tool):
    return names.index(tool) + 1 if tool in names else None


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    options.add_argument("queries", nargs="?", type=Path, default=Path(__file__).with_name("queries.json"),
                         help="JSON: {tool: [query, ...]}")
    options.add_argument("--binary", help="the server's program (default: $CC_ORCHESTRATOR_BIN, else cargo's debug build)")
    options.add_argument("--first", type=float, default=85, help="percent that must be at rank 1")
    options.add_argument("--eight", type=float, default=98, help="percent that must be among eight")
    chosen = options.parse_args()
    expected = {query: tool for tool, queries in json.loads(chosen.queries.read_text()).items() for query in queries}
    binary = server_binary(chosen.binary)
    with Bench() as bench:
        tools, instructions = listed(binary, bench)
        sizes = [len(json.dumps(tool, ensure_ascii=False, separators=(",", ":")).encode()) for tool in tools]
        print(f"tools/list: {len(tools)} tools, {sum(sizes)} bytes, {sum(sizes) / len(sizes):.0f} on average, largest {max(sizes)}")
        own = Ranking(tools, ENTRY, instructions)
        report("own BM25", {query: own.search(query, LIMIT) for query in expected}, expected)
        try:
            first, eight = report("Codex tool_search", real_search(expected, binary, bench), expected)
        except clients.Skip as reason:
            print(f"SKIPPED: Codex tool_search: {reason}")
            return 0
    return 0 if first >= chosen.first and eight >= chosen.eight else 1


if __name__ == "__main__":
    sys.exit(main())
