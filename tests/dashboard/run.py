#!/usr/bin/env python3
"""The dashboard in a real browser: live news, actions, filters, hostile texts, accessibility, ten thousand runs.

Workers are the tests' stand-in, nothing leaves this machine. Exits 1 when a check fails, 0 with SKIPPED where there is
no browser. `--binary PROGRAM` names the product, `--only WORD` the checks with that word in their name, `--timed` fails what takes too long.
"""

import argparse
import json
import sys
import time
from pathlib import Path

from browser import Skip, axe, launch, with_playwright
from world import World, until

MANY = 10_000
# Elements and attributes that no page of ours has: a hostile text that became one would show here.
INTRUDERS = "[...document.querySelectorAll('img, iframe, object, embed, b[class], main script, main style, [onerror], [onclick]')].length"
MOST_SECONDS, MOST_FILE = 1.0, 3_000_000


class Checks:
    def __init__(self, only, timed):
        self.only, self.timed, self.failed = only or "", timed, 0

    def __call__(self, what, true, seen=""):
        self.failed += not true
        print(f"{'ok    ' if true else 'FAILED'}  {what}{f': {seen}' if seen != '' else ''}", flush=True)

    def figure(self, what, true, seen):
        """A time: a busy machine is no failure of the product."""
        if self.timed:
            self(what, true, seen)
        else:
            print(f"figure  {what}: {seen}", flush=True)


def open_page(browser, url, **options):
    page = browser.new_context(**options).new_page()
    page.complaints = []
    page.on("console", lambda message: page.complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.goto(url, wait_until="load")
    return page


def live(world, runs, url, browser, check):
    page = open_page(browser, f"{url}runs/{runs['live']}")
    page.wait_for_selector("#link:not(.off)")
    page.wait_for_timeout(600)  # the watcher has taken its first look
    check("the tool in flight is named", "cargo bench" in page.inner_text("table.flight"))
    page.evaluate("""() => { window.news = new Promise((seen) => new MutationObserver(() => {
        if (document.querySelector('ol.events').textContent.includes('The news has come.')) seen(Date.now() / 1000); })
        .observe(document.querySelector('main'), { subtree: true, childList: true, characterData: true })); }""")
    (world.records / "go").touch()
    shown = page.evaluate("window.news")
    event = next(e for e in map(json.loads, world.events(runs["live"]).splitlines()) if e.get("text") == "The news has come.")
    written = page.evaluate("(ts) => Date.parse(ts) / 1000", event["ts"])
    check.figure(f"an event shows within {MOST_SECONDS} s on its open page", shown - written <= MOST_SECONDS, f"{shown - written:.3f} s")
    check("without a complaint of the browser", not page.complaints, page.complaints)


def answer(world, runs, url, browser, check):
    page = open_page(browser, url)
    check("the overview shows the question", "migrations/0042_orders.sql" in page.inner_text(".attention"))
    page.click(".attention button[value=allow]")
    page.wait_for_url(f"**/runs/{runs['asking']}")
    until(lambda: '"behavior":"allow"' in world.events(runs["asking"]).replace("\\", ""))
    check("Allow reaches the worker", True)
    page.wait_for_selector(".n-done")
    check("and the page says so", "answered" in page.inner_text("[data-live=notes]"))


def stop(world, runs, url, browser, check):
    page = open_page(browser, f"{url}runs/{runs['live']}")
    worker = world.do("run-status", runs["live"])
    record = json.loads((Path(worker["run_dir"]) / "metadata.json").read_text())
    pid = record["child_pid"]
    check("the worker lives", alive(pid), pid)
    page.click("[data-live=actions] > button.danger")
    check("a stop is asked for first", page.is_visible("#ask-stop") and alive(pid))
    page.keyboard.press("Escape")
    check("Escape goes back", not page.is_visible("#ask-stop"))
    page.click("[data-live=actions] > button.danger")
    page.click("#ask-stop button.danger")
    until(lambda: not alive(pid))
    check("the worker's process is gone", not alive(pid), pid)
    page.wait_for_selector("#run-state[data-state=stopped]")
    check("the page shows the end by itself", "stopped" in page.inner_text("#run-state"))


def alive(pid):
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def rollback(world, runs, url, browser, check):
    page = open_page(browser, f"{url}runs/{runs['changed']}/rollback")
    check("a rollback shows its plan and does nothing yet", "src/login.rs" in page.inner_text("main") and "everybody" not in (world.project / "src/login.rs").read_text())
    page.click("form.buttons button.danger")
    until(lambda: "everybody" in (world.project / "src/login.rs").read_text())
    page.wait_for_selector(".n-done")
    check("once confirmed it is done", True)


def cancel(world, runs, url, browser, check):
    page = open_page(browser, f"{url}queue")
    row = page.locator("tr[data-row]", has_text="Check all links")
    row.locator("button.danger").first.click()
    page.click("[popover]:popover-open button.danger")
    page.wait_for_selector("tr[data-row] .s-cancelled")
    check("a job is cancelled from the page", "cancelled" in page.locator("tr[data-row]", has_text="Check all links").inner_text())


def without_script(world, runs, url, browser, check):
    page = open_page(browser, f"{url}runs/{runs['asking']}", java_script_enabled=False)
    text = page.inner_text("main")
    check("a page without script says the same", "asks for your permission" in text and "migrations/0042_orders.sql" in text)
    page.click("[data-live=actions] > button.danger")
    check("and asks before it acts", page.is_visible("#ask-stop"))


def verify(world, runs, url, browser, check):
    page = open_page(browser, f"{url}runs/{runs['changed']}/gates")
    page.fill("textarea", "echo \"<b>seen</b>\"; true\ntest 1 = 2")
    page.click("form#verify button.primary")
    page.wait_for_selector(".n-failed, .n-done", timeout=60_000)
    page.wait_for_selector("details.test:nth-of-type(2)", timeout=60_000)
    check("gates are checked with the commands of the form", "exit code 1" in page.inner_text("main"), page.inner_text("details.test:nth-of-type(2) summary"))


def filters(world, runs, url, browser, check):
    page = open_page(browser, f"{url}runs")
    page.select_option("select[name=status]", "failed")
    page.wait_for_url("**/runs?status=failed")
    shown = page.inner_text("tbody")
    page.fill("#q", "debugging")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=debugging**")
    page.reload()
    kept = (page.input_value("#q"), page.input_value("select[name=status]"))
    check("filters are in the address and survive a reload", kept == ("debugging", "failed") and "failed" in shown and "succeeded" not in page.inner_text("tbody"), page.url.split("/")[-1])


def hostile(world, runs, url, browser, check):
    for name, path in [("run", f"runs/{runs['hostile']}"), ("everything", f"runs/{runs['hostile']}?show=all"), ("overview", ""), ("route", f"runs/{runs['hostile']}/route")]:
        page = open_page(browser, f"{url}{path}")
        page.wait_for_timeout(200)
        safe = page.title() != "owned" and page.evaluate(INTRUDERS) == 0 and not page.complaints
        check(f"hostile texts are harmless ({name})", safe, page.complaints or "")
    page = open_page(browser, f"{url}runs/{runs['hostile']}", viewport={"width": 360, "height": 740})
    check("a line of a megabyte does not stretch a phone's page", page.evaluate("document.documentElement.scrollWidth") <= 360)
    text = page.inner_text("main")
    check("control signs are seen", "^[[31mred" in text and "U+202E" in text)
    more = page.locator("details.more").first
    more.locator("summary").click()
    check("the rest of a long text is one click away", more.get_attribute("open") is not None)


def refusals(world, runs, url, browser, check):
    """From a page of another origin: what the browser would send for it."""
    other = open_page(browser, "data:text/html,<form method=post></form>")
    other.evaluate("(to) => { const form = document.forms[0]; form.action = to; form.submit(); }", f"{url}runs/{runs['live']}/stop")
    other.wait_for_load_state()
    check("a form of another page is refused", "only a page of this dashboard" in other.inner_text("body"))


def keyboard(world, runs, url, browser, check):
    page = open_page(browser, url)
    page.keyboard.press("Tab")
    check("the first stop of Tab skips the navigation", page.evaluate("document.activeElement.className") == "skip")
    page.keyboard.press("?")
    check("? lists the shortcuts", page.is_visible("#keys"))
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("r")
    page.wait_for_url("**/runs")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/runs/2*")
    check("g r, j j, Enter opens the second run", True)
    page.keyboard.press("t")
    page.keyboard.press("t")
    check("t changes the colours", page.evaluate("document.documentElement.dataset.theme") == "dark")
    page.reload()
    check("and they are kept", page.evaluate("document.documentElement.dataset.theme") == "dark")


def accessible(world, runs, url, browser, check):
    source = axe()
    paths = ["", "runs", f"runs/{runs['asking']}", f"runs/{runs['changed']}", f"runs/{runs['changed']}/changes", f"runs/{runs['blocked']}/gates",
             f"runs/{runs['changed']}/route", "teams", f"teams/{runs['team']}", "queue", "models", "plugins", "upgrades"]
    for scheme in ["light", "dark"]:
        serious = []
        for path in paths:
            page = open_page(browser, f"{url}{path}", color_scheme=scheme, reduced_motion="reduce")
            serious += [f"{path or 'overview'}: {line}" for line in violations(page, source)]
        check(f"axe finds nothing serious on {len(paths)} pages, {scheme}", not serious, "; ".join(serious[:8]))


def violations(page, source):
    # As a test tool it does not go through the page's own policy.
    page.evaluate(source)
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")["violations"]
    return [f"{one['id']} ({one['impact']}): {one['nodes'][0]['target']}" for one in found if one["impact"] in ("serious", "critical")]


def phone(world, runs, url, browser, check):
    wide = []
    for path in ["", "runs", f"runs/{runs['asking']}", f"runs/{runs['changed']}/changes", f"runs/{runs['blocked']}/gates", f"runs/{runs['changed']}/route", "teams", f"teams/{runs['team']}", "queue", "models", "plugins", "upgrades"]:
        page = open_page(browser, f"{url}{path}", viewport={"width": 360, "height": 740})
        if (width := page.evaluate("document.documentElement.scrollWidth")) > 360:
            wide.append(f"{path}: {width}")
    check("no page is wider than a phone of 360 px", not wide, ", ".join(wide))


def many(world, runs, url, browser, check):
    world.many(MANY)
    took = best(lambda: open_page(browser, f"{url}runs"))
    page = open_page(browser, f"{url}runs")
    check.figure(f"the list of {MANY:,} runs is there within {MOST_SECONDS} s", took <= MOST_SECONDS, f"{took:.2f} s, {len(page.content()):,} bytes")
    check("and is paged", "Page 1 of 10" in page.inner_text(".pager"), page.inner_text(".pager").replace("\n", " "))
    written = world.do("dashboard", "--file")
    size = Path(written["path"]).stat().st_size
    check(f"the file holds them all in less than {MOST_FILE:,} bytes", size < MOST_FILE and written["run_count"] >= MANY, f"{size:,} bytes, {written['run_count']:,} runs")
    address = Path(written["path"]).as_uri()

    def search():
        page = open_page(browser, f"{address}#runs")
        page.wait_for_selector("#rows tr:nth-child(100)")
        page.fill("#q", "overloaded")
        page.wait_for_function("document.querySelector('#count').textContent.includes(' of ')")
        return page

    took = best(search)
    page = search()
    check.figure(f"the file is interactive in {MOST_SECONDS} s, from disk", took <= MOST_SECONDS, f"{took:.2f} s, {page.inner_text('#count')} found")
    page.reload()
    check("its filters survive a reload", page.input_value("#q") == "overloaded" and "of" in page.inner_text("#count"), page.url.split("#")[-1])
    page.goto(f"{address}#run-{runs['hostile']}")
    safe = page.title() != "owned" and page.evaluate("[...document.querySelectorAll('img, iframe, [onerror]')].length") == 0 and not page.complaints
    check("hostile texts are harmless in the file", safe, page.complaints or "")
    check("the file asks the network for nothing", page.evaluate("performance.getEntriesByType('resource').filter((one) => !one.name.startsWith('data:')).length") == 0)
    serious = violations(page, axe())
    check("axe finds nothing serious in the file", not serious, "; ".join(serious[:5]))


def best(act):
    """Seconds of the quickest of five: what the pages take, and not what else this machine does."""
    def once():
        begun = time.monotonic()
        page = act()
        took = time.monotonic() - begun
        page.context.close()
        return took

    return min(once() for _ in range(5))


CHECKS = [live, without_script, answer, filters, hostile, refusals, keyboard, phone, accessible, verify, cancel, stop, rollback, many]


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--binary")
    arguments.add_argument("--only")
    arguments.add_argument("--timed", action="store_true", help="times are checks, too; elsewhere they are figures")
    given = arguments.parse_args()
    try:
        with_playwright()
    except Skip as why:
        print(f"SKIPPED: {why}")
        return 0
    from playwright.sync_api import sync_playwright

    check = Checks(given.only, given.timed)
    with World(given.binary) as world, sync_playwright() as playwright:
        runs = world.busy()
        url = world.serve()
        browser = launch(playwright)
        for one in CHECKS:
            if check.only in one.__name__:
                try:
                    one(world, runs, url, browser, check)
                except Skip as why:
                    print(f"SKIPPED: {one.__name__}: {why}")
                except Exception as error:  # a check that breaks off has failed, and the others still count
                    check(one.__name__, False, f"{type(error).__name__}: {str(error).splitlines()[0]}")
                for context in browser.contexts:
                    context.close()
        browser.close()
    print("all passed" if not check.failed else f"{check.failed} FAILED")
    return 1 if check.failed else 0


if __name__ == "__main__":
    sys.exit(main())
