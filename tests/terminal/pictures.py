#!/usr/bin/env python3
"""Makes docs/pictures/terminal-*.svg: the program in a terminal, with a busy world's data. `pictures.py [BINARY] [NAME...]`"""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[1] / "dashboard")]

from screen import Screen, with_pyte  # noqa: E402

with_pyte()

from svg import svg  # noqa: E402
from world import ROOT, World, answered, say, tool, wait_for  # noqa: E402

FOLDER = ROOT / "docs" / "pictures"


def keep(name, screen, title, rows=None):
    picture = FOLDER / f"terminal-{name}.svg"
    picture.write_text(svg(screen.cells, title, rows))
    print(f"{picture.relative_to(ROOT)}: {picture.stat().st_size:,} bytes")


def used(screen):
    """Rows up to the last one that is not empty."""
    return max((at + 1 for at, line in enumerate(screen.lines()) if line.strip()), default=1)


def start(world, command, columns, rows, rename=()):
    return Screen([world.binary, *command], columns, rows, world.project, world.env(), rename)


def busy(world):
    """A day's work: a month of runs, jobs that run and wait, limits that are near."""
    runs = world.busy()
    world.many(9_000)
    world.do("cost-guard", "--apply", "--config", '{"usd": {"day": 13.0, "profile": 5.0}, "max_concurrent": 8}')
    first = world.do("queue-submit", "Move the price tables into the database.", "--priority", "120", "--path", "src/prices.py", "--allow-write",
                     "--role", "implementation")["job_id"]
    world.do("queue-submit", "Test the moved price tables.", "--priority", "110", "--after", first, "--role", "testing")
    world.do("queue-submit", "Rename total() everywhere.", "--priority", "90", "--path", "src/", "--allow-write", "--role", "implementation")
    never = world.records / "never"
    work = [say("The tables first."), tool("q1", "Read", file_path="src/prices.py"), answered("q1", "def total(prices, discount):"),
            tool("q2", "Bash", command="python -m pytest tests/test_prices.py"), wait_for(never)]
    world.do("queue-tick", "--max-concurrent", "1", steps=work)
    return runs


def watch(world, _):
    with start(world, ["watch"], 132, 28) as screen:
        screen.shows("I need to write", 120)
        screen.shows("pytest")
        keep("watch", screen, "cc-orchestrator watch")
        screen.press("2")
        screen.shows("tries")
        screen.read(3)
        keep("watch-queue", screen, "cc-orchestrator watch, 2: queue")
        screen.press("3d")
        screen.shows("the last 30 days")
        screen.read(1)
        keep("watch-spend", screen, "cc-orchestrator watch, 3: spend")
        screen.press("q")
        screen.to_the_end()


def attach(world, runs):
    with start(world, ["attach", runs["asking"]], 110, 14) as screen:
        screen.shows("may it use")
        keep("attach", screen, "cc-orchestrator attach RUN_ID")
        screen.press("q")
        screen.to_the_end()


def printed(name, *command, columns=110, rows=60):
    """A command that prints and ends."""
    def picture(world, _):
        home = [(str(world.worker), "/home/ada/.local/bin/claude"), (str(world.root / "tmp"), "/tmp"), (str(world.root), "/home/ada")]
        with start(world, command, columns, rows, home) as screen:
            screen.to_the_end()
            keep(name, screen, "cc-orchestrator " + " ".join(command), used(screen))
    return picture


PICTURES = {
    "watch": watch,
    "attach": attach,
    "run-status": printed("run-status", "run-status", "--include-finished", "--limit", "12", columns=126),
    "healthcheck": printed("healthcheck", "healthcheck", columns=80),
    "demo": printed("demo", "demo"),
}


def main():
    named = sys.argv[1:]
    binary = named.pop(0) if named and named[0] not in PICTURES else None
    FOLDER.mkdir(parents=True, exist_ok=True)
    with World(binary) as world:
        runs = busy(world)
        for name in named or PICTURES:
            PICTURES[name](world, runs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
