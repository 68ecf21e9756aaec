"""`make bench`: start a system of our own, load it, and report as a table and as JSON. Under three minutes.

Issuing is measured twice, both times over HTTP, each ticket durable before its answer. *Everything running*: relays,
consumers and texts work on the same processors, as on a machine that does it all. *HTTP path*: there are only
ticketing's web process, the store and the load. The goals are about the HTTP path: they are times of what the store
does when it is asked for one insert after the other, and that is measured without the rest too, in turns with it.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rich.console import Console
from rich.table import Table

from tools.bench import journeys, limits, long_day, pages, reports
from tools.bench.load import Load, drive
from tools.bench.mall import BenchMall
from tools.bench.measures import memory, seconds_used, wait_until_quiet
from tools.local import System

LEVELS = (1, 8, 32)
GOALS = {1: 0.6, 8: 1.2, 32: 1.8}  # issuing, in times the store's one-insert-at-a-time rate
SCREEN_GOAL_MS, TEXT_GOAL_MS, START_GOAL = 100, 300, 5

KINDS = {
    "issue": "issue, HTTP path",
    "issue_everything_running": "issue, everything running",
    "issue_through_gateway": "  the same by the gateway",
    "call": "call, everything running",
}
MEANING = (
    "HTTP path: only ticketing's web process and the store are there, as for the store's own rate. "
    "Everything running: relays, consumers and texts share the processors."
)

Say = Callable[[str], None]
Figures = dict[str, Any]


def main() -> None:
    """Measure everything, write the JSON, print the table."""
    parser = argparse.ArgumentParser(description="Measure the whole system on this machine.")
    default = Path(os.environ.get("MPP_DATA") or ".local") / "bench.json"
    parser.add_argument("--json", type=Path, default=default, metavar="FILE")
    parser.add_argument("--tickets", type=int, default=2000, help="issued at each number of clients")
    parser.add_argument("--calls", type=int, default=460, help="called at each number of clients")
    parser.add_argument("--pages", action="store_true", help="measure only how fast and heavy the pages are")
    options = parser.parse_args()
    # Where nobody looks at once, as in a file, there is room for whole figures.
    console, began = Console(width=None if sys.stdout.isatty() else 120), time.monotonic()

    def say(what: str) -> None:
        console.print(f"[dim]{time.monotonic() - began:5.1f} s[/]  {what}", highlight=False)

    with tempfile.TemporaryDirectory(prefix="mpp-bench-") as folder:
        if options.pages:
            with System(Path(folder) / "data") as system:
                pages.report(pages.measure(system, say), console)
            return
        found = measure(Path(folder), options.tickets, options.calls, say)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(found, indent=2))
    report(found, console)
    console.print(f"[dim]All figures: {options.json}[/]")


def measure(folder: Path, tickets: int, calls: int, say: Say) -> Figures:
    """Everything, on a system of our own."""
    found: Figures = {"cpus": os.cpu_count(), "load_before": round(os.getloadavg()[0], 2)}
    say("starting on fresh data")
    began = time.monotonic()
    with System(folder / "data") as system:
        found["start_fresh_seconds"] = round(time.monotonic() - began, 2)
        found["memory_at_start"] = memory(system)
        found["pages"] = pages.measure(system, say)
        malls = import_malls(system, folder, say)
        say("call → screen and text")
        # Visits last longer than a text may take: for a visit that is over, it is not sent any more.
        found["journeys"] = journeys.measure(system, malls["journeys"], calls=100, pause=0.35)
        direct, gateway = system.addresses["ticketing-web"], urlsplit(system.url).netloc
        found |= {"issue": {}, "issue_everything_running": {}, "issue_through_gateway": {}, "call": {}}
        for level in LEVELS:
            mall = malls[f"bench{level}"]
            say(f"issue {tickets} tickets at {level} clients, at the ticketing process, everything running")
            found["issue_everything_running"][level] = issue(system, direct, mall, tickets, level)
            say(f"call {calls} visitors at {level} clients")
            found["call"][level] = call(system, direct, mall, calls, level)
        for level in LEVELS:
            say(f"issue {tickets // 2} tickets at {level} clients, through the gateway")
            found["issue_through_gateway"][level] = issue(system, gateway, malls[f"gate{level}"], tickets // 2, level)
        found["memory_after_load"] = memory(system)
        wait_until_quiet(system, 10)
        found["store_inserts_beside_idle_system"] = limits.store_inserts(system, tickets // 4)
        for name in system.processes.keys() - {"store", "ticketing-web"}:
            system.kill(name)
        inserts = []
        for level in LEVELS:
            say(f"the store's own inserts; issue {tickets} tickets at {level} clients, HTTP path")
            inserts.append(limits.store_inserts(system, tickets // 2))
            found["issue"][level] = issue(system, direct, malls[f"path{level}"], tickets, level)
        found["store_inserts"] = sorted(inserts, key=lambda one: one["per_second"])[len(inserts) // 2]
        say(f"a day of {long_day.LATE} tickets, one after the other")
        found["long_day"] = long_day.measure(direct, malls["long"])
        system.kill("ticketing-web")
        say("an empty Flask POST")
        found["empty_flask_post"] = limits.empty_posts(tickets, LEVELS, system)
        found |= reports.measure(system, say)
    say("starting on existing data")
    began = time.monotonic()
    with System(folder / "data"):
        found["start_existing_seconds"] = round(time.monotonic() - began, 2)
    store = found["store_inserts"]["per_second"]
    for kind in ("issue", "issue_everything_running", "issue_through_gateway"):
        for figures in found[kind].values():
            figures["times_store_rate"] = round(figures["per_second"] / store, 2)
    return found


def import_malls(system: System, folder: Path, say: Say) -> dict[str, BenchMall]:
    """The malls to measure on, known to ticketing and open."""
    say("importing malls")
    codes = ["journeys", "long", *(f"{kind}{level}" for kind in ("bench", "gate", "path") for level in LEVELS)]
    malls = {code: BenchMall(system, code, folder / "seeds") for code in codes}
    system.add_malls(*(mall.folder for mall in malls.values()))
    for code in codes:
        system.open_day(code)
    wait_until_quiet(system, 10)
    return malls


def issue(system: System, address: str, mall: BenchMall, tickets: int, clients: int) -> Figures:
    """Issue tickets on one hot mall, once the system is quiet."""
    wait_until_quiet(system, 10)
    before = seconds_used(system)
    load = drive(address, mall.visitors(tickets, clients))
    numbers = [answer.json["number"] for answer in load.answers if answer.status == 201]
    figures = load.figures("issue") | {"duplicates": len(numbers) - len(set(numbers))}
    return figures | {"cpu_seconds": cpu(before, seconds_used(system))}


def call(system: System, address: str, mall: BenchMall, calls: int, clients: int) -> Figures:
    """Call visitors, and finish each so that the counter is free again."""
    wait_until_quiet(system, 10)
    load = drive(address, mall.clerks(calls, clients))
    numbers = [answer.json["number"] for answer in load.answers if answer.label == "call" and answer.status == 201]
    figures = load.figures("call") | {"duplicates": len(numbers) - len(set(numbers))}
    return figures | {"requests_per_second": round(len(load.answers) / load.seconds, 1), "completion": finished(load)}


def finished(load: Load) -> Figures:
    """The completions between the calls."""
    return load.figures("complete", expected=200)


def cpu(before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    """Processor seconds used meanwhile, by process."""
    used = {name: round(seconds - before.get(name, 0.0), 2) for name, seconds in after.items()}
    return {name: seconds for name, seconds in used.items() if seconds > 0.02}


def report(found: Figures, console: Console) -> None:
    """The table."""
    rates = Table(title="Rates", title_justify="left", caption=MEANING, caption_justify="left")
    for column in ("", "clients", "per second", "p50 ms", "p99 ms", "errors", "duplicates", "× store", "goal"):
        rates.add_column(column, justify="left" if column in ("", "goal") else "right", no_wrap=not column)
    for kind, name in KINDS.items():
        for level, figures in found[kind].items():
            ratio, wanted = figures.get("times_store_rate"), GOALS[level] if kind == "issue" else None
            goal = f"{mark(ratio >= wanted)} ≥ {wanted}" if ratio and wanted else ""
            rates.add_row(name, str(level), *cells(figures), str(figures["duplicates"]), str(ratio or ""), goal)
    beside = found["store_inserts_beside_idle_system"]
    rates.add_row("store, one insert at a time", "1", *cells(found["store_inserts"]), "", "1.0", "")
    rates.add_row("  beside the idle system", "1", *cells(beside), "", "", "")
    for level, figures in found["empty_flask_post"].items():
        rates.add_row("empty Flask POST", str(level), *cells(figures), "", "", "")
    console.print(rates)
    ways = Table(title="From a call, at an unhurried pace", title_justify="left")
    for column in ("to", "from", "p50 ms", "p99 ms", "missed", "goal"):
        ways.add_column(column)
    for target, most in (("screen", SCREEN_GOAL_MS), ("text", TEXT_GOAL_MS)):
        for start in ("answer", "request"):
            took, missed = found["journeys"][f"{start}_to_{target}"], found["journeys"][f"{target}_missed"]
            goal = f"{mark(took['p99_ms'] < most and not missed)} p99 < {most}"
            ways.add_row(target, f"its {start}", str(took["p50_ms"]), str(took["p99_ms"]), str(missed), goal)
    console.print(ways)
    ratio = found["long_day"]["ratio"]
    console.print(
        f"The {long_day.LATE:,}th ticket of a day takes {ratio} times the {long_day.EARLY}th"
        f"  {mark(ratio <= long_day.GOAL)} ≤ {long_day.GOAL}"
    )
    reports.report(found, console)
    pages.report(found["pages"], console)
    for name in ("fresh", "existing"):
        seconds = found[f"start_{name}_seconds"]
        console.print(f"Cold start on {name} data: {seconds} s  {mark(seconds < START_GOAL)} < {START_GOAL} s")
    for when in ("start", "load"):
        key = {"start": "memory_at_start", "load": "memory_after_load"}[when]
        everything = found[key]["all"]
        each = ", ".join(f"{name} {one['pss_mb']:.0f}" for name, one in found[key].items() if name != "all")
        console.print(
            f"Memory after {when}: {everything['pss_mb']:.0f} MB (PSS; RSS {everything['rss_mb']:.0f}): {each}"
        )


def cells(figures: Figures) -> list[str]:
    """The common cells of a row."""
    return [str(figures[key]) for key in ("per_second", "p50_ms", "p99_ms", "errors")]


def mark(good: bool) -> str:
    """Whether a goal is reached."""
    return "[green]✓[/]" if good else "[red]✗[/]"


if __name__ == "__main__":
    main()
