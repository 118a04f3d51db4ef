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
from world import World, say, until, wait_for

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
    # By keys alone: the question opens on the way back, and the next stop is the act itself.
    page.focus("[data-live=actions] > button.danger")
    page.keyboard.press("Enter")
    check("the question opens on going back", page.is_visible("#ask-stop") and page.evaluate("document.activeElement.textContent") == "No, go back")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
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
    page.goto(f"{url}runs?status=succeeded")
    page.go_back()
    kept += (page.input_value("#q"), page.input_value("select[name=status]"))
    shared = open_page(browser, page.url)
    kept += (shared.input_value("#q"), shared.input_value("select[name=status]"))
    check("filters are in the address and survive a reload, going back and being sent to somebody", kept == ("debugging", "failed") * 3 and "failed" in shown and "succeeded" not in page.inner_text("tbody"), page.url.split("/")[-1])


def hostile(world, runs, url, browser, check):
    run, failed, team = (runs[name] for name in ["hostile", "hostile_failed", "hostile_team"])
    pages = {"run": f"runs/{run}", "everything": f"runs/{run}?show=all", "overview": "", "run list": "runs", "a search": "runs?q=%3Cscript%3E%1b[31m&role=%22%3E%3Cimg src=x onerror=alert(1)%3E",
             "changes": f"runs/{run}/changes", "route": f"runs/{run}/route", "a failed run": f"runs/{failed}", "gates": f"runs/{failed}/gates", "teams": "teams", "team": f"teams/{team}",
             "queue": "queue", "no such page": "%3Cscript%3Edocument.title='owned'%3C/script%3E"}
    for name, path in pages.items():
        harmless(open_page(browser, f"{url}{path}"), name, check, told=name not in ["changes", "route", "no such page"])
    for kind, given in [("run", ["--run-id", run]), ("failed run", ["--run-id", failed]), ("team", ["--team-id", team])]:
        written = world.do("export-report", *given, "--format", "html")
        harmless(open_page(browser, Path(written["path"]).as_uri()), f"report of a {kind}", check, told=True)
    page = open_page(browser, f"{url}runs/{runs['hostile']}", viewport={"width": 360, "height": 740})
    check("a line of a megabyte does not stretch a phone's page", page.evaluate("document.documentElement.scrollWidth") <= 360)
    text = page.inner_text("main")
    check("control signs are seen", "^[[31mred" in text and "U+202E" in text)
    more = page.locator("details.more").first
    more.locator("summary").click()
    check("the rest of a long text is one click away", more.get_attribute("open") is not None)


def harmless(page, name, check, told):
    """Nothing of a hostile text became a part of the page; where it is told, it is seen as it was written."""
    page.wait_for_timeout(200)
    safe = page.title() != "owned" and page.evaluate(INTRUDERS) == 0 and not [one for one in page.complaints if "status of 404" not in one]
    raw = [f"U+{ord(sign):04X}" for sign in "\u001b\u0007\u202e\u2066\u200b" if sign in page.content()]
    seen = not told or "<script>" in page.inner_text("body")
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    check(f"hostile texts are harmless ({name})", safe and not raw and seen and wide <= 0 and len(page.content()) < 1_000_000,
          "; ".join([*page.complaints, *raw, *([] if seen else ["not told"]), *([f"{wide} px too wide"] if wide > 0 else [])]))


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


FIRST = ["", "runs", "teams", "queue", "models", "plugins", "upgrades"]
# How a page is looked at by axe-core.
LOOKS = [("light", 1280), ("dark", 1280), ("dark", 360)]


def every_page(runs):
    return [*FIRST, "runs?q=nothing-is-called-this", "nothing", f"runs/{runs['asking']}", f"runs/{runs['changed']}", f"runs/{runs['failed']}?show=all", f"runs/{runs['changed']}/changes",
            f"runs/{runs['blocked']}/gates", f"runs/{runs['leaky']}/gates", f"runs/{runs['changed']}/route", f"runs/{runs['changed']}/rollback", f"teams/{runs['team']}"]


def accessible(world, runs, url, browser, check):
    axe_on({path: f"{url}{path}" for path in every_page(runs)}, browser, check, "pages")
    file = Path(world.do("dashboard", "--file")["path"]).as_uri()
    axe_on({f"#{sheet}": f"{file}#{sheet}" for sheet in ["overview", *FIRST[1:], f"run-{runs['asking']}"]}, browser, check, "sheets of the file")


def axe_on(addresses, browser, check, what):
    source = axe()
    for scheme, width in LOOKS:
        serious = []
        for name, address in addresses.items():
            page = open_page(browser, address, color_scheme=scheme, reduced_motion="reduce", viewport={"width": width, "height": 760})
            serious += [f"{name or 'overview'}: {line}" for line in violations(page, source)]
            page.context.close()
        check(f"axe finds nothing serious on {len(addresses)} {what}, {scheme}, {width} px", not serious, "; ".join(serious[:8]))


def empty(world, runs, url, browser, check):
    """A home in which nothing ever ran."""
    with World(world.binary) as new:
        address = new.serve()
        axe_on({path: f"{address}{path}" for path in FIRST}, browser, check, "pages of an empty home")
        file = Path(new.do("dashboard", "--file")["path"]).as_uri()
        axe_on({f"#{sheet or 'overview'}": f"{file}#{sheet}" for sheet in FIRST}, browser, check, "sheets of an empty file")
        hints = {path: open_page(browser, f"{address}{path}").inner_text("main") for path in ["", "runs", "teams", "queue"]}
        silent = [path or "overview" for path, text in hints.items() if "cc-orchestrator " not in text]
        check("a page without anything says how to begin", not silent, ", ".join(silent))
        pages = [open_page(browser, f"{address}{path}") for path in ["", "runs"]]
        for page in pages:
            page.wait_for_selector("#link:not(.off)")
        run = new.start([say("Hello."), wait_for(new.records / "never")], "Be the first.")
        for name, page in zip(["overview", "run list"], pages):
            page.wait_for_selector(f"#r-{run}")
            check(f"the first run comes to the open page by itself ({name})", "Be the first." in page.inner_text(f"#r-{run}") and not page.complaints, page.complaints)


def violations(page, source):
    # As a test tool it does not go through the page's own policy.
    page.evaluate(source)
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")["violations"]
    return [f"{one['id']} ({one['impact']}): {one['nodes'][0]['target']}" for one in found if one["impact"] in ("serious", "critical")]


def phone(world, runs, url, browser, check):
    for limit in [360, 768, 1000]:
        wide = []
        for path in [*every_page(runs), f"runs/{runs['hostile']}", f"teams/{runs['hostile_team']}"]:
            page = open_page(browser, f"{url}{path}", viewport={"width": limit, "height": 740})
            if (width := page.evaluate("document.documentElement.scrollWidth")) > limit:
                wide.append(f"{path}: {width}")
            page.context.close()
        check(f"no page is wider than a window of {limit} px", not wide, ", ".join(wide))
    page = open_page(browser, f"{url}upgrades", viewport={"width": 360, "height": 740})
    hidden = page.evaluate("[...document.querySelectorAll('.top nav a')].filter((a) => { const at = a.getBoundingClientRect(); return at.left < 0 || at.right > innerWidth; }).length")
    check("the way to every page is in sight on a phone", hidden == 0, f"{hidden} are not" if hidden else "")


def many(world, runs, url, browser, check):
    world.many(MANY)
    took = best(lambda: open_page(browser, f"{url}runs"))
    page = open_page(browser, f"{url}runs")
    check.figure(f"the list of {MANY:,} runs is there within {MOST_SECONDS} s", took <= MOST_SECONDS, f"{took:.2f} s, {len(page.content()):,} bytes")
    check("and is paged", "Page 1 of 10" in page.inner_text(".pager"), page.inner_text(".pager").replace("\n", " "))
    written = world.do("dashboard", "--file", "--limit", "40")
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
    for sheet in ["overview", "runs", f"run-{runs['hostile']}", f"run-{runs['hostile_failed']}", "teams", "queue"]:
        page.goto(f"{address}#{sheet}")
        harmless_file = page.title() != "owned" and page.evaluate(INTRUDERS) == 0 and not page.complaints and "owned" in page.inner_text(".sheet.shown")
        check(f"hostile texts are harmless in the file ({sheet.split('-')[0]})", harmless_file, page.complaints or "")
    page.goto(f"{address}#run-20200101T000000Z-00000000")
    page.wait_for_function("location.hash.startsWith('#runs?q=')")
    check("a run that the file does not hold is looked for in its list", "No run passes" in page.inner_text("#no-rows"))
    check("the file asks the network for nothing", page.evaluate("performance.getEntriesByType('resource').filter((one) => !one.name.startsWith('data:')).length") == 0)
    axe_on({"runs": f"{url}runs", "#runs": f"{address}#runs"}, browser, check, f"lists of {MANY:,}")


def best(act):
    """Seconds of the quickest of five: what the pages take, and not what else this machine does."""
    def once():
        begun = time.monotonic()
        page = act()
        took = time.monotonic() - begun
        page.context.close()
        return took

    return min(once() for _ in range(5))


CHECKS = [live, without_script, answer, filters, hostile, refusals, keyboard, phone, accessible, empty, verify, cancel, stop, rollback, many]


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
