#!/usr/bin/env python3
"""Makes docs/pictures/: the dashboard as it looks, light, dark and on a phone. Needs Chromium, and pngquant for small files."""

import shutil
import subprocess
import sys
from pathlib import Path

from browser import Skip, launch, with_playwright
from world import ROOT, World

PICTURES = [
    ("overview", "", "light", 1280, 860),
    ("overview-dark", "", "dark", 1280, 860),
    ("runs", "runs", "light", 1280, 860),
    ("run", "runs/{live}", "dark", 1280, 760),
    ("changes", "runs/{changed}/changes", "dark", 1280, 860),
    ("gates", "runs/{blocked}/gates", "light", 1280, 860),
    ("models", "models", "light", 1280, 860),
    ("phone", "runs/{asking}", "light", 360, 740),
]


def main():
    try:
        with_playwright()
    except Skip as why:
        print(f"SKIPPED: {why}")
        return 0
    from playwright.sync_api import sync_playwright

    folder = ROOT / "docs" / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    with World(*sys.argv[1:2]) as world, sync_playwright() as playwright:
        runs = world.busy()
        world.many(10_000)
        world.do("cost-guard", "--config", '{"usd": {"day": 60.0}}', "--apply")
        url, browser = world.serve(), launch(playwright)
        for name, path, scheme, width, height in PICTURES:
            page = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": height}, reduced_motion="reduce").new_page()
            page.goto(url + path.format(**runs), wait_until="load")
            page.wait_for_timeout(700)
            picture = folder / f"dashboard-{name}.png"
            page.screenshot(path=picture)
            if pngquant := shutil.which("pngquant"):
                subprocess.run([pngquant, "--force", "--ext", ".png", "--quality", "60-95", str(picture)], check=False)
            print(f"{picture.relative_to(ROOT)}: {picture.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
