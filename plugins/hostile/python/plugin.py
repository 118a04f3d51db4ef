"""Tries what the request's role names, and denies the job with what it got."""

import os
import random
import secrets
import socket
import subprocess
import sys
import threading
import time

from wit_world import exports
from wit_world.exports.routing import Verdict_Deny

MIB = 1 << 20


def started_thread():
    thread = threading.Thread(target=lambda: None)
    thread.start()
    thread.join()
    return "a thread ran"


def greedy(kept):
    while True:
        kept.append(bytearray(MIB))


def polite():
    kept = []
    try:
        greedy(kept)
    except MemoryError:
        taken = len(kept)
        kept.clear()
        return "less than 32 MiB" if taken < 32 else f"{taken} MiB"


ATTEMPTS = {
    "read-file": lambda: open("/etc/passwd").read(),
    "write-file": lambda: open("/tmp/hostile", "w").write("x"),
    "list-folder": lambda: os.listdir("/"),
    "load-module": lambda: __import__("json"),
    "connect": lambda: socket.create_connection(("127.0.0.1", 80)),
    "look-up": lambda: socket.getaddrinfo("example.com", 80),
    "clock": time.time,
    "monotonic-clock": time.monotonic,
    "sleep": lambda: time.sleep(1),
    "environment": lambda: dict(os.environ),
    "arguments": lambda: sys.argv,
    "process-id": os.getpid,
    "pseudo-random": lambda: [random.random() for _ in range(3)],
    "hash-seed": lambda: hash("a text"),
    "system-random": lambda: os.urandom(8),
    "secret": lambda: secrets.token_hex(8),
    "thread": started_thread,
    "fork": lambda: os.fork(),
    "process": lambda: subprocess.run(["id"]),
    "standard-input": lambda: sys.stdin.read(),
    "standard-output": lambda: os.write(1, b"x"),
    "four-gigabytes": lambda: bytearray(4 << 30),
    "memory-politely": polite,
}


class Routing(exports.Routing):
    def route(self, request, candidates, proposal):
        if request.role == "memory":
            greedy([])
        try:
            return Verdict_Deny(f"got {ATTEMPTS[request.role]()!r}")
        except Exception as error:
            return Verdict_Deny(f"{type(error).__name__}: {error}")
