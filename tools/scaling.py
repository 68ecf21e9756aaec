"""What so many malls ask of the system: `make scaling`. Plays their busiest hour on figures that `make bench` measured.

A queueing model, not a load test: visitors arrive at random, each does what visitors and clerks do, and each command
waits for a web process, for its mall, for the store, and for the relay. The same figures and seed give the same table.
"""

import argparse
import heapq
import json
import math
import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

MALLS = (1, 10, 100, 500)
HOUR = 3600.0
BUSIEST = 0.25  # of a day's visitors come in its busiest hour
RUSH = 0.4  # of those come in its first ten minutes, when the doors open
WAITING = 40.0  # seconds: a visitor's acts follow each other at random; only their number matters here
# What is decided about one ticket: issued, called, started, finished; six of ten leave a number (another service).
COMMANDS = 4
PHONES = 0.6
EVENTS = 4.5  # published for each ticket, as a day of 100 visitors has them (`make simulate`)
LOOKS = 20  # answers without a commit for each ticket: the ticket's page, the hall, the counter's list
LOOK_COST = 0.5  # of what a command costs a web process
FULL = 0.5  # a process that is busier than this is given company
SCREENS = 30 + 0.15 * 200  # open at once in a mall: its halls, counters and kiosks, and visitors' phones
THREADS = 256  # of a process for open screens
COMMIT_BYTES, JOURNAL_BYTES = 1100, 700  # in the store, by ticketing; notifications keeps about as much again
DAYS = 250


@dataclass(frozen=True)
class Measured:
    """Seconds of one processor that one command costs each part. From `make bench`, 32 clients, everything running."""

    web: float = 1.46 / 2000
    store: float = 1.35 / 2000
    relay: float = 0.48 / 2000
    round_trip: float = 0.0011  # one insert, made durable, at the store

    @classmethod
    def from_bench(cls, found: Mapping[str, Any]) -> "Measured":
        """The figures of a `build/bench.json`."""
        busy = found["issue_everything_running"]["32"]
        used, count = busy["cpu_seconds"], busy["count"]
        return cls(
            web=used["ticketing-web"] / count,
            store=used["store"] / count,
            relay=used["ticketing-worker"] / count,
            round_trip=found["store_inserts"]["p50_ms"] / 1000,
        )


@dataclass(frozen=True)
class Needs:
    """What so many malls ask for in their busiest hour, and keep of a year."""

    malls: int
    tickets_a_day: int
    commands_a_second: float  # on average over the busiest ten minutes
    web_processes: int
    web_busy: float
    store_busy: float
    relay_busy: float
    p50_ms: float
    p99_ms: float
    screens: int
    live_processes: int
    gigabytes_a_year: float


def needs(malls: int, visitors: int, measured: Measured, seed: int = 20261124) -> Needs:
    """Play the busiest hour of so many malls with so many visitors a day each."""
    dice = random.Random(seed)
    arrivals = sorted(_commands(malls, round(visitors * BUSIEST), dice))
    rush = sum(1 for at, _ in arrivals if at < HOUR / 6) / (HOUR / 6)
    work = rush * measured.web * (1 + LOOKS / COMMANDS * LOOK_COST)
    processes = max(1, math.ceil(work / FULL))
    took = sorted(_answers(arrivals, processes, measured, dice))
    screens = round(malls * SCREENS)
    tickets = malls * visitors
    return Needs(
        malls=malls,
        tickets_a_day=tickets,
        commands_a_second=round(rush, 1),
        web_processes=processes,
        web_busy=round(work / processes, 3),
        store_busy=round(rush * measured.store, 3),
        relay_busy=round(rush * EVENTS / COMMANDS * measured.relay, 3),
        p50_ms=round(took[len(took) // 2] * 1000, 1),
        p99_ms=round(took[int(len(took) * 0.99)] * 1000, 1),
        screens=screens,
        live_processes=math.ceil(screens / THREADS),
        gigabytes_a_year=round(tickets * DAYS * (2 * COMMANDS * COMMIT_BYTES + EVENTS * JOURNAL_BYTES) / 1e9, 1),
    )


def _commands(malls: int, visitors: int, dice: random.Random) -> list[tuple[float, int]]:
    """When each command comes, and to which mall."""
    found = []
    for mall in range(malls):
        for _ in range(visitors):
            at = dice.uniform(0, HOUR / 6 if dice.random() < RUSH else HOUR)
            for _ in range(COMMANDS):
                found.append((at, mall))
                at += dice.expovariate(1 / WAITING)
    return found


def _answers(arrivals: list[tuple[float, int]], processes: int, measured: Measured, dice: random.Random) -> list[float]:
    """How long each command took: a free web process, then its mall's turn, then the store's round trip."""
    free = [0.0] * processes
    mall_free: dict[int, float] = {}
    looks = measured.web * LOOKS / COMMANDS * LOOK_COST  # what a process answers in between
    took = []
    for at, mall in arrivals:
        begins = max(at, heapq.heappop(free))
        decided = begins + dice.expovariate(1 / (measured.web + looks))
        heapq.heappush(free, decided)
        durable = max(decided, mall_free.get(mall, 0.0)) + dice.expovariate(1 / measured.round_trip)
        mall_free[mall] = durable  # one commit of a stream after the other
        took.append(durable - at)
    return took


def table(found: list[Needs], visitors: int) -> Table:
    """The figures, one column for each number of malls."""
    title = f"{visitors} visitors a day in each mall; the busiest ten minutes"
    shown = Table(title=title, title_justify="left")
    shown.add_column("malls")
    for one in found:
        shown.add_column(f"{one.malls}", justify="right")
    rows = {
        "tickets a day": [f"{one.tickets_a_day:,}" for one in found],
        "commands a second": [f"{one.commands_a_second}" for one in found],
        "ticketing-web processes": [f"{one.web_processes}" for one in found],
        "  busy": [f"{one.web_busy:.0%}" for one in found],
        "store busy, of one processor": [f"{one.store_busy:.0%}" for one in found],
        "relay busy, of one processor": [f"{one.relay_busy:.0%}" for one in found],
        "a command takes, p50 ms": [f"{one.p50_ms}" for one in found],
        "a command takes, p99 ms": [f"{one.p99_ms}" for one in found],
        "open screens and phones": [f"{one.screens:,}" for one in found],
        "ticketing-live processes": [f"{one.live_processes}" for one in found],
        "GB stored in a year": [f"{one.gigabytes_a_year}" for one in found],
    }
    for name, cells in rows.items():
        shown.add_row(name, *cells)
    return shown


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="What so many malls need.")
    parser.add_argument("--bench", type=Path, help="figures of this machine: build/bench.json, from make bench")
    parser.add_argument("--visitors", type=int, default=200, help="a day, in each mall")
    parser.add_argument("--malls", type=int, nargs="+", default=list(MALLS))
    options = parser.parse_args()
    measured = Measured.from_bench(json.loads(options.bench.read_text())) if options.bench else Measured()
    found = [needs(malls, options.visitors, measured) for malls in options.malls]
    Console().print(table(found, options.visitors))


if __name__ == "__main__":
    main()
