"""How long a year of statistics takes, and how well waits are foretold."""

import json
import random
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table

from services.chassis.event_store import EventStore, connect
from services.ticketing.domain.history import DayRecorded, RecordDay, Visit, Visits
from services.ticketing.domain.mall import MallLearned
from services.ticketing.queue import Queue, history_stream, mall_stream
from tools.bench import calibration
from tools.bench.load import percentiles
from tools.local import System
from tools.local.place import free_ports
from tools.local.process import Process
from tools.local.system import ROOT

DATABASE, MALL, ZONE = "bench_reports", "year", "Asia/Jakarta"
DAYS, TICKETS = 250, 400
WARM = 10  # requests after the first
GOAL_SECONDS = 2.0
WEEK = ((("08:00", "15:00"),),) * 5 + ((), ())

Figures = dict[str, Any]


def measure(system: System, say: Callable[[str], None]) -> Figures:
    """Both, while nothing but the store of this system has to run."""
    say(f"statistics of {DAYS} days with {TICKETS} tickets each")
    found = {"statistics_of_a_year": statistics(system)}
    say("foretold waits, by days played through the rules")
    return found | {"calibration": calibration.measure()}


def statistics(system: System) -> Figures:
    """GET /statistics of a whole year from a fresh web process, and again once it is warm."""
    last = _year(EventStore(connect(system.database_url, DATABASE)))
    first = last - timedelta(days=2 * DAYS)
    answers = {}
    for group in ("agency", "service", "day"):
        path = f"/ticketing/api/malls/{MALL}/statistics?from={first}&to={last}&by={group}"
        answers[group] = _ask_afresh(system, path)
    return {"days": DAYS, "tickets": DAYS * TICKETS, **answers}


def _year(store: EventStore) -> date:
    """Write a year's closed days, unless it is there; its last day."""
    queue, dice = Queue(store), random.Random(1)
    queue.malls.execute(mall_stream(MALL), MallLearned(MALL, "A year", ZONE, TICKETS, WEEK))
    last = datetime.now(ZoneInfo(ZONE)).date() - timedelta(days=1)
    days = [day for ago in range(2 * DAYS) if (day := last - timedelta(days=ago)).weekday() < 5][:DAYS]
    for day in reversed(days):
        queue.histories.execute(history_stream(MALL), RecordDay(_closed(day, dice)))
    return last


def _closed(day: date, dice: random.Random) -> DayRecorded:
    visits = Visits.of(_visits(dice))
    closed_at = datetime.combine(day, datetime.min.time(), ZoneInfo(ZONE)) + timedelta(hours=17)
    return DayRecorded(day.isoformat(), closed_at, {"issued": TICKETS}, {"capacity-reached": 3}, visits, "0" * 64)


def _visits(dice: random.Random) -> Iterator[Visit]:
    for _ in range(TICKETS):
        counter = dice.randrange(23)
        service, priority = f"AGENCY{counter}-{dice.randrange(6)}", dice.choice(("", "", "", "", "elderly"))
        hour, waited, worked = dice.randrange(8, 15), dice.randrange(5400), dice.randrange(60, 2400)
        outcome = dice.choices(("served", "missed", "cancelled", "unserved"), (90, 5, 3, 2))[0]
        called, served = outcome in ("served", "missed"), outcome == "served"
        yield Visit(
            service=service,
            agency=f"AGENCY{counter}",
            counter=f"G{counter:02d}" if called else "",
            priority=priority,
            hour=hour,
            waited=waited if called else None,
            worked=worked if served else None,
            outcome=outcome,
            residual=dice.randrange(-200, 250) if called else None,
            in_range=dice.random() < 0.8 if called else None,
        )


def _ask_afresh(system: System, path: str) -> Figures:
    """Seconds of the first request to a new process, and of those after it."""
    (port,) = free_ports(1)
    command = (sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "services.ticketing.app:create_app()")
    env = {
        "BIND": f"127.0.0.1:{port}",
        "MONGO_URL": system.database_url,
        "MONGO_DATABASE": DATABASE,
        "TOKEN_PUBLIC_KEY_FILE": str(system.data / "keys/token_public.pem"),
        "VISITOR_SECRET_FILE": str(system.data / "keys/visitor_secret"),
    }
    token, base = system.token("supervisor", mall=MALL), f"http://127.0.0.1:{port}"
    process = Process("reports", command, system.data / "logs/reports.log", env, ROOT, ())
    try:
        _wait_for(f"{base}/readyz")
        took = [_seconds(base + path, token) for _ in range(1 + WARM)]
    finally:
        process.kill()
    return {"cold_seconds": round(took[0], 3), **percentiles(took[1:])}


def _seconds(url: str, token: str) -> float:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    began = time.perf_counter()
    with urllib.request.urlopen(request, timeout=60) as answer:
        found = json.load(answer)
    took = time.perf_counter() - began
    assert found["all"]["tickets"] == DAYS * TICKETS, found["all"]
    return took


def _wait_for(url: str) -> None:
    for _ in range(200):
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except OSError:
            time.sleep(0.05)


def report(found: Figures, console: Console) -> None:
    """The tables."""
    year = Table(title=f"Statistics of {DAYS} days with {TICKETS} tickets each", title_justify="left")
    for column in ("divided by", "first request of a process, s", "later p50 ms", "later p99 ms", "goal"):
        year.add_column(column, justify="left" if column in ("divided by", "goal") else "right")
    for group in ("agency", "service", "day"):
        figures = found["statistics_of_a_year"][group]
        slowest = max(figures["cold_seconds"], figures["p99_ms"] / 1000)
        times = [str(figures[key]) for key in ("cold_seconds", "p50_ms", "p99_ms")]
        year.add_row(group, *times, f"{_mark(slowest < GOAL_SECONDS)} < {GOAL_SECONDS:.0f} s")
    console.print(year)
    foretold = Table(title="Foretold waits", title_justify="left")
    for column in ("", "figure", "goal"):
        foretold.add_column(column, justify="right" if column == "figure" else "left")
    for name, figure, good in calibration.rows(found["calibration"]):
        foretold.add_row(name, figure, "" if good is None else _mark(good))
    console.print(foretold)


def _mark(good: bool) -> str:
    return "[green]✓[/]" if good else "[red]✗[/]"
