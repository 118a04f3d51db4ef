#!/usr/bin/env python3
"""Pictures of the dashboard: empty, busy and with ten thousand runs; light, dark and on a phone.

Without arguments it makes docs/pictures/dashboard-*.png, one sheet a page. `--all FOLDER` takes every page of every
world instead, each picture as long as its page, to be looked at. Needs Chromium, and pngquant for small files.
"""

import argparse
import base64
import shutil
import subprocess
import sys
from pathlib import Path

from browser import Skip, launch, with_playwright
from world import ROOT, World

# How a page is looked at: colours, width, height.
LOOKS = {"light": ("light", 1000, 740), "dark": ("dark", 1000, 740), "phone": ("light", 360, 740), "phone-dark": ("dark", 360, 740)}
FIRST = [("overview", ""), ("runs", "runs"), ("teams", "teams"), ("queue", "queue"), ("models", "models"), ("plugins", "plugins"), ("upgrades", "upgrades")]
PAGES = {
    "empty": FIRST,
    "busy": FIRST + [
        ("nothing-found", "runs?q=nothing-is-called-this"), ("not-understood", "runs?status=odd"), ("no-such-page", "nothing"), ("no-such-run", "runs/20200101T000000Z-00000000"),
        ("live", "runs/{live}"), ("asking", "runs/{asking}"), ("parked", "runs/{parked}"), ("failed", "runs/{failed}"), ("hostile", "runs/{hostile}"),
        ("changed", "runs/{changed}"), ("everything", "runs/{changed}?show=all"), ("changes", "runs/{changed}/changes"), ("stray", "runs/{blocked}/changes"),
        ("no-changes", "runs/{failed}/changes"), ("gates", "runs/{changed}/gates"), ("blocked", "runs/{blocked}/gates"), ("no-gates", "runs/{leaky}/gates"),
        ("route", "runs/{changed}/route"), ("live-route", "runs/{live}/route"), ("rollback", "runs/{changed}/rollback"), ("team", "teams/{team}"),
        ("hostile-failed", "runs/{hostile_failed}"), ("hostile-gates", "runs/{hostile_failed}/gates"), ("hostile-team", "teams/{hostile_team}"),
    ],
    "many": [("overview", ""), ("runs", "runs"), ("filtered", "runs?status=failed&role=review"), ("last", "runs?page=101"), ("queue", "queue"), ("models", "models")],
}
# Of the static file: the part after '#'.
SHEETS = ["overview", "runs", "run-{changed}", "teams", "queue", "models", "plugins", "upgrades"]
# What docs/dashboard.md shows: name, world, page.
SHOWN = [
    ("overview", "busy", ""), ("overview-empty", "empty", ""), ("overview-10000", "many", ""), ("runs", "busy", "runs"), ("runs-10000", "many", "runs?status=failed"),
    ("run", "busy", "runs/{live}"), ("question", "busy", "runs/{asking}"), ("changes", "busy", "runs/{changed}/changes"), ("gates", "busy", "runs/{blocked}/gates"),
    ("route", "busy", "runs/{changed}/route"), ("rollback", "busy", "runs/{changed}/rollback"), ("team", "busy", "teams/{team}"), ("queue", "busy", "queue"),
    ("models", "busy", "models"), ("plugins", "busy", "plugins"), ("upgrades", "busy", "upgrades"),
]


def taken(browser, url, look, whole=False):
    """A picture of a page, and how much wider it is than its window."""
    scheme, width, height = LOOKS[look]
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": height}, reduced_motion="reduce")
    page = context.new_page()
    page.goto(url, wait_until="load")
    page.wait_for_timeout(400)
    picture = page.screenshot(full_page=whole)
    wider = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    context.close()
    return picture, wider


def worlds(binary, hostile):
    """Each world with its runs and its address, one after the other."""
    with World(binary) as world:
        yield "empty", world, {}, world.serve()
    with World(binary) as world:
        runs = world.busy(hostile)
        world.benchmark()
        world.do("cost-guard", "--config", '{"usd": {"day": 60.0}}', "--apply")
        url = world.serve()
        yield "busy", world, runs, url
        world.many(10_000)
        yield "many", world, runs, url


def everything(browser, binary, folder, only):
    for name, world, runs, url in worlds(binary, hostile=True):
        pages = [(page, url + path.format(**runs)) for page, path in PAGES[name]]
        file = Path(world.do("dashboard", "--file")["path"]).as_uri()
        pages += [(f"file-{sheet.split('-')[0]}", f"{file}#{sheet.format(**runs)}") for sheet in SHEETS if runs or "{" not in sheet]
        for page, address in pages:
            if only in f"{name}-{page}":
                for look in LOOKS:
                    picture, wider = taken(browser, address, look, whole=True)
                    (folder / f"{name}-{page}-{look}.png").write_bytes(picture)
                    if wider > 0:
                        print(f"WIDER by {wider} px: {name}-{page}-{look}")
        print(f"{name}: {len(pages)} pages", flush=True)


def sheet(browser, pictures, place):
    """Light, dark and phone side by side."""
    images = "".join(f'<img src="data:image/png;base64,{base64.b64encode(one).decode()}">' for one in pictures)
    page = browser.new_page(viewport={"width": 2420, "height": 760})
    page.set_content(f"<style>body{{margin:10px;display:flex;gap:20px;background:#8a9097}}img{{display:block}}</style>{images}", wait_until="load")
    page.screenshot(path=place)
    page.close()
    if pngquant := shutil.which("pngquant"):
        subprocess.run([pngquant, "--force", "--ext", ".png", "--speed", "1", "--nofs", "--quality", "60-95", "128", str(place)], check=False)
    print(f"{place.relative_to(ROOT)}: {place.stat().st_size:,} bytes", flush=True)


def selection(browser, binary, only):
    folder = ROOT / "docs" / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    for name, _, runs, url in worlds(binary, hostile=False):
        for title, world, path in SHOWN:
            if world == name and only in title:
                looks = [taken(browser, url + path.format(**runs), look)[0] for look in ["light", "dark", "phone"]]
                sheet(browser, looks, folder / f"dashboard-{title}.png")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--binary")
    arguments.add_argument("--all", metavar="FOLDER")
    arguments.add_argument("--only", default="", help="pictures with that in their name")
    given = arguments.parse_args()
    try:
        with_playwright()
    except Skip as why:
        print(f"SKIPPED: {why}")
        return 0
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = launch(playwright)
        if given.all:
            folder = Path(given.all)
            folder.mkdir(parents=True, exist_ok=True)
            everything(browser, given.binary, folder, given.only)
        else:
            selection(browser, given.binary, given.only)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
