"""How fast pages show something, and how heavy they are: in Chromium, with nothing kept from before."""

import os
import shutil
import statistics
from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.table import Table

from tools.local import System
from tools.local.people import MALL

ROUNDS = 7
WINDOW_MS = 2000  # of a new window, which loads pages of the browser's own: they would take the processors from ours
PAINT_GOAL_MS, WEIGHT_GOAL_KB = 200, 150
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
SITE = f"/ticketing/malls/{MALL}"
SERVICES = ("catalog", "ticketing", "notifications")
SERVICE = "DUKCAPIL-KTPREKAM"
# What Chromium itself needs on this machine, now: the least that any page can take.
EMPTY = "an empty page"
PAGES = {
    "front page": (1440, 900, "/"),
    "kiosk": (1080, 1920, f"{SITE}/kiosk"),
    "hall": (1920, 1080, f"{SITE}/hall"),
    "take a ticket": (390, 844, f"{SITE}/take"),
    "book a place": (390, 844, f"{SITE}/book?service={SERVICE}"),
    "booking": (390, 844, f"{SITE}/bookings/{{booking}}"),
    "ticket": (390, 844, f"{SITE}/tickets/{{ticket}}"),
    "survey": (390, 844, f"{SITE}/tickets/{{served}}/survey"),
    "counter": (1280, 720, f"{SITE}/counters/G02"),
    "supervisor": (1280, 800, f"{SITE}/supervisor"),
    "statistics": (1280, 800, f"{SITE}/statistics"),
    "daily report": (1280, 800, f"{SITE}/days/today/report"),
    "record of a day": (1280, 800, f"{SITE}/days/today/audit"),
    "survey report": (1440, 900, f"{SITE}/survey"),
    "directory": (390, 844, f"/catalog/malls/{MALL}"),
    "service": (390, 844, f"/catalog/malls/{MALL}/services/{SERVICE}"),
    "administration": (1440, 900, f"/catalog/malls/{MALL}/admin"),
    "access": (1440, 900, "/catalog/access"),
    "new mall": (1440, 900, "/catalog/new-mall"),
    "messages": (1440, 900, "/notifications/messages"),
    "texts": (1440, 900, f"/notifications/malls/{MALL}/texts"),
    "webhooks": (1440, 900, f"/notifications/malls/{MALL}/webhooks"),
    **{f"dead letters, {name}": (1440, 900, f"/{name}/dead-letters") for name in SERVICES},
    "sign in": (390, 844, "/catalog/sign-in"),
    "password": (390, 844, "/catalog/password"),
    "second factor": (390, 844, "/catalog/second-factor"),
    **{f"API of {name}": (1440, 900, f"/{name}/api/docs") for name in SERVICES},
}
# Who looks at a page; everybody else is a visitor. Administrators work for all malls.
STAFF = {
    "counter": ("operator", {"mall": MALL, "counter": "G02"}),
    **dict.fromkeys(
        ("supervisor", "statistics", "daily report", "record of a day", "survey report"), ("supervisor", {"mall": MALL})
    ),
    **dict.fromkeys(("administration", "access", "new mall", "messages", "texts", "webhooks"), ("administrator", {})),
    **{name: ("administrator", {}) for name in PAGES if name.startswith("dead letters")},
}

FIRST_PAINT = """new Promise((done) => {
    new PerformanceObserver((list) => done(list.getEntries()[0].startTime)).observe({ type: 'paint', buffered: true });
})"""

Figures = dict[str, Any]


def measure(system: System, say: Callable[[str], None]) -> Figures:
    """First paint (ms, median of several) and weight (kB as they are sent) of each page; empty without a Chromium.

    The first row is of a page that says only "ok": what is left of a figure without it is the page's own share.
    """
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        chromium = None
    if not chromium:
        say("pages: left out, no Chromium or no playwright on this machine")
        return {}
    all_pages = {EMPTY: (1280, 800, "/livez"), **PAGES}
    say(f"first paint and weight of {len(all_pages)} pages in Chromium")
    ids, found = _visit(system), {}
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=QUIET)
        window = browser.new_context(locale="id-ID")
        window.new_page().wait_for_timeout(WINDOW_MS)  # it stays: a window closes with its last tab
        for name, (width, height, path) in all_pages.items():
            url = f"{system.url}{path.format(**ids)}"
            if name in STAFF:
                role, scope = STAFF[name]
                url += f"#token={system.token(role, **scope)}"
            rounds = [_load(window, width, height, url) for _ in range(ROUNDS)]
            paints = [paint for paint, _ in rounds[1:]]  # the first one warms the server up
            found[name] = {"first_paint_ms": round(statistics.median(paints)), "kb": round(rounds[0][1] / 1000, 1)}
        browser.close()
    return found


def _visit(system: System) -> dict[str, str]:
    """The codes of a booking, of a ticket that waits, and of one that was served."""
    api = f"{system.url}/ticketing/api/malls/{MALL}"
    wanted, clerk = {"service": SERVICE, "priority": None}, system.token("operator", mall=MALL, counter="G02")
    kiosk = system.token("device", mall=MALL)
    served = system.ask(f"{api}/tickets", wanted, kiosk)
    system.ask(f"{api}/counters/G02/calls", {}, clerk)
    system.ask(f"{api}/tickets/{served['id']}/completion", {}, clerk)
    days = system.ask(f"{api}/bookings/days?service={SERVICE}")["days"]
    on = [day["day"] for day in days if day["bookable"]][-1]
    booked = system.ask(f"{api}/bookings", {"service": SERVICE, "day": on})["code"]
    waiting = system.ask(f"{api}/tickets", wanted, kiosk)
    return {"served": served["code"], "ticket": waiting["code"], "booking": booked}


def _load(window: Any, width: int, height: int, url: str) -> tuple[float, int]:
    """First paint in ms, and bytes on the wire, of a page in a new tab of a browser that keeps nothing of it."""
    page, sent = window.new_page(), []
    page.set_viewport_size({"width": width, "height": height})
    network = window.new_cdp_session(page)
    network.send("Network.enable")
    network.send("Network.clearBrowserCache")
    network.send("Storage.clearDataForOrigin", {"origin": "*", "storageTypes": "all"})
    network.on("Network.loadingFinished", lambda event: sent.append(int(event["encodedDataLength"])))
    page.goto(url)
    paint = page.evaluate(FIRST_PAINT)
    page.wait_for_load_state("load")
    page.close()
    return paint, sum(sent)


def report(found: Figures, console: Console) -> None:
    """The table."""
    if not found:
        console.print("Pages: not measured (no Chromium)")
        return
    table = Table(title="Pages, from nothing", title_justify="left")
    for column in ("", "first paint ms", "goal", "kB", "goal"):
        table.add_column(column)
    for name, one in found.items():
        paint, weight = one["first_paint_ms"], one["kb"]
        table.add_row(name, str(paint), _mark(paint, PAINT_GOAL_MS), str(weight), _mark(weight, WEIGHT_GOAL_KB))
    console.print(table)


def _mark(value: float, most: float) -> str:
    return f"[{'green' if value < most else 'red'}]{'✓' if value < most else '✗'}[/] < {most}"
