"""`make simulate`: a day at the mall, played over HTTP against the running system; exit 1 if something was lost.

Visitors arrive, take tickets and leave a phone number; 23 counters call, serve and miss them; the hall display listens.
"""

import argparse
import http.client
import json
import os
import random
import statistics
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from services.ticketing.survey.domain import ELEMENTS

DAY_MINUTES = 400  # of 420 between opening and closing: nobody comes in the last minutes
PRIORITY = {"elderly": 10, "disability": 5, "pregnancy": 5, None: 80}  # per cent
POPULAR = {
    "DUKCAPIL": 8,
    "POLRES": 5,
    "BPJSKES": 5,
    "IMIGRASI": 3,
    "SAMSAT": 3,
    "DPMPTSP": 3,
    "BPJSTK": 2,
    "KEMENAG": 2,
}
NO_SHOW = 0.04
ANSWERS = 0.5  # how many visitors fill in the survey after their visit
JUDGEMENTS = {4: 55, 3: 38, 2: 6, 1: 1}  # per cent, from "very good" to "not good"
PATIENCE = 30.0  # seconds to go on asking a system that does not answer
BUSY = (502, 503, 504)


@dataclass
class Visitor:
    """One applicant of the day; times are real seconds of the monotonic clock."""

    service: str
    minutes: int
    priority: str | None
    arrives: float  # minutes after opening
    phone: str
    ticket: Mapping[str, Any] = field(default_factory=dict)
    issued: float = 0.0
    left_phone: float = 0.0
    asked_for: float = 0.0  # when the clerk pressed the button that called them
    called: float = 0.0
    outcome: str = "waiting"

    def is_owed_a_text(self) -> bool:
        """Whether their number was there before they were called; who leaves it later may be told nothing."""
        return 0 < self.left_phone < self.asked_for


class Mall:
    """The mall's API as its visitors and staff use it; every request may be repeated, for it carries a key."""

    def __init__(self, credentials: Mapping[str, Any], url: str) -> None:
        self.code: str = credentials["mall"]
        self.url = urlsplit(url)
        self.credentials = credentials
        self._local = threading.local()

    def ask(self, method: str, path: str, body: Any = None, token: str = "") -> tuple[int, Any]:
        """Status and JSON of the answer; asks again, with the same key, while the system is away."""
        path = path.format(t=f"/ticketing/api/malls/{self.code}", n="/notifications/api")
        headers = {"Idempotency-Key": uuid.uuid4().hex, "Accept-Language": "en", "Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        give_up = time.monotonic() + PATIENCE
        while True:
            try:
                status, answer = self._send(method, path, None if body is None else json.dumps(body), headers)
                if status not in BUSY or time.monotonic() > give_up:
                    return status, answer
            except (OSError, http.client.HTTPException):
                self._local.connection = None
                if time.monotonic() > give_up:
                    raise
            time.sleep(0.2)

    def get(self, path: str, token: str = "") -> Any:
        """The JSON found there."""
        status, answer = self.ask("GET", path, token=token)
        if status != 200:
            raise RuntimeError(f"GET {path} answered {status}: {answer}")
        return answer

    def _send(self, method: str, path: str, body: str | None, headers: Mapping[str, str]) -> tuple[int, Any]:
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = http.client.HTTPConnection(self.url.netloc, timeout=10)
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read() or b"null")


class Hall(threading.Thread):
    """The hall display: what it was told, and when."""

    def __init__(self, mall: Mall) -> None:
        super().__init__(name="hall", daemon=True)
        self._mall = mall
        self._news = threading.Condition()
        self.now: Mapping[str, Any] = mall.get("{t}/hall")
        self.seen: dict[tuple[str, str], float] = {}

    def run(self) -> None:
        """Listen; connect again, as a browser does, when the stream ends."""
        while True:
            with suppress(OSError, http.client.HTTPException, ValueError):
                self._listen()
            time.sleep(0.5)

    def _listen(self) -> None:
        connection = http.client.HTTPConnection(self._mall.url.netloc, timeout=40)
        connection.request("GET", f"/ticketing/live/malls/{self._mall.code}")
        for line in connection.getresponse():
            if line.startswith(b"data:"):
                self._show(json.loads(line[5:]))

    def _show(self, hall: Mapping[str, Any]) -> None:
        with self._news:
            self.now = hall
            for call in hall["calls"]:
                self.seen.setdefault((call["number"], call["counter"]), time.monotonic())
            self._news.notify_all()

    def wait_for_visitors(self, agency: str, seconds: float) -> bool:
        """Whether somebody waits for this agency, at the latest after so long."""
        with self._news:
            return self._news.wait_for(lambda: any(row["agency"] == agency for row in self.now["waiting"]), seconds)


class Day:
    """What happens between opening and the last visitor's leaving."""

    def __init__(self, mall: Mall, hall: Hall, visitors: list[Visitor], speed: float, seed: int) -> None:
        self.mall, self.hall, self.visitors, self.speed, self.seed = mall, hall, visitors, speed, seed
        self.by_ticket: dict[str, Visitor] = {}
        self.refused: Counter[str] = Counter()
        self.calls: dict[tuple[str, str], float] = {}
        self.strangers: Counter[str] = Counter()  # outcomes of tickets that others took
        self.surveys = 0
        self.done_arriving = threading.Event()
        self.faults: list[str] = []
        self.began = time.monotonic()

    def pause(self, minutes: float) -> None:
        """Let so many minutes of the mall's time pass."""
        time.sleep(max(0.0, minutes * 60 / self.speed))

    def minutes(self, seconds: float) -> float:
        """Real seconds as minutes of the mall's time."""
        return seconds * self.speed / 60

    def arrivals(self) -> None:
        """Everybody takes a ticket when their time comes."""
        for visitor in self.visitors:
            self.pause(visitor.arrives - self.minutes(time.monotonic() - self.began))
            self.take_ticket(visitor)
        self.done_arriving.set()

    def take_ticket(self, visitor: Visitor) -> None:
        """At the kiosk, and the phone number on the ticket's page."""
        body = {"service": visitor.service, "priority": visitor.priority}
        status, answer = self.mall.ask("POST", "{t}/tickets", body)
        if status != 201:
            self.refused[answer.get("reason", str(status))] += 1
            visitor.outcome = "refused"
            return
        visitor.ticket, visitor.issued = answer, time.monotonic()
        self.by_ticket[answer["id"]] = visitor
        status, answer = self.mall.ask("PUT", "{n}/tickets/" + answer["id"] + "/phone", {"phone": visitor.phone})
        if status == 200:
            visitor.left_phone = time.monotonic()
        else:
            self.faults.append(f"phone number of {visitor.ticket['number']} refused: {answer}")

    def counter(self, code: str, agency: str) -> None:
        """A clerk's day: call, serve, call; until nobody is left."""
        dice = random.Random(f"{self.seed} {code}")
        token = self.mall.credentials["operators"][code]
        self.tidy(code, token)
        while True:
            last = self.done_arriving.is_set()
            if self.hall.wait_for_visitors(agency, 0.5):
                self.pause(0.5 + dice.random())  # the clerk looks up
                if self.call(code, token, dice):
                    continue
                last = last and not self.hall.wait_for_visitors(agency, 0.0)
            if last and not any(v.outcome == "waiting" and v.ticket.get("agency") == agency for v in self.visitors):
                return

    def tidy(self, code: str, token: str) -> None:
        """Finish whoever was left at the counter."""
        if current := self.mall.get("{t}/counters/" + code, token)["current"]:
            self.finish(current["id"], "completion", token)

    def call(self, code: str, token: str, dice: random.Random) -> bool:
        """Call the next visitor and serve them; whether there was one."""
        asked = time.monotonic()
        status, ticket = self.mall.ask("POST", "{t}/counters/" + code + "/calls", token=token)
        at = time.monotonic()
        if status != 201:
            if ticket.get("reason") != "nobody-waits":
                self.faults.append(f"call at {code}: {ticket}")
            return False
        self.calls[ticket["number"], code] = at
        visitor = self.by_ticket.get(ticket["id"])
        if visitor and visitor.called:
            self.faults.append(f"{ticket['number']} was called twice")
        if visitor:
            visitor.asked_for, visitor.called = asked, at
        if dice.random() < NO_SHOW:
            self.pause(3)
            self.finish(ticket["id"], "no-show", token)
        else:
            self.pause((visitor.minutes if visitor else 10) * dice.uniform(0.5, 1.5))
            self.finish(ticket["id"], "completion", token)
            if visitor and dice.random() < ANSWERS:
                self.judge(ticket["id"], dice)
        return True

    def judge(self, ticket: str, dice: random.Random) -> None:
        """Fill in the survey as a visitor does who came, waited and was served."""
        given = dice.choices(list(JUDGEMENTS), list(JUDGEMENTS.values()), k=len(ELEMENTS))
        answers = dict(zip(ELEMENTS, given, strict=True))
        status, answer = self.mall.ask("POST", "{t}/tickets/" + ticket + "/survey", {"answers": answers})
        if status == 201:
            self.surveys += 1
        else:
            self.faults.append(f"survey of {ticket}: {answer}")

    def finish(self, ticket: str, how: str, token: str) -> None:
        """Record how the visit ended."""
        status, answer = self.mall.ask("POST", "{t}/tickets/" + ticket + "/" + how, token=token)
        if status != 200:
            self.faults.append(f"{how} of {ticket}: {answer}")
        outcome = "missed" if how == "no-show" else "served"
        if visitor := self.by_ticket.get(ticket):
            visitor.outcome = outcome
        else:
            self.strangers[outcome] += 1

    def play(self, counters: Iterable[Mapping[str, Any]], progress: Progress) -> None:
        """From the first arrival to the last visitor's leaving."""
        bar = progress.add_task("", total=len(self.visitors))
        threads = [threading.Thread(target=self.arrivals, name="arrivals", daemon=True)]
        for found in counters:
            threads.append(threading.Thread(target=self.counter, args=(found["code"], found["agency"]), daemon=True))
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            outcomes = Counter(visitor.outcome for visitor in self.visitors)
            clock = 8 * 60 + int(self.minutes(time.monotonic() - self.began))
            progress.update(
                bar,
                completed=len(self.visitors) - outcomes["waiting"],
                description=f"{clock // 60:02}:{clock % 60:02}  issued {len(self.by_ticket)}  called {len(self.calls)}",
            )
            time.sleep(0.1)
        progress.update(bar, completed=len(self.visitors))


def visitors_of_a_day(services: list[Mapping[str, Any]], count: int, seed: int) -> list[Visitor]:
    """Who comes today, when, and for what: more in the morning, more for the popular agencies."""
    dice = random.Random(seed)
    weights = [
        POPULAR.get(service["agency"], 1) / Counter(s["agency"] for s in services)[service["agency"]]
        for service in services
    ]
    wanted = dice.choices(services, weights, k=count)
    priorities = dice.choices(list(PRIORITY), list(PRIORITY.values()), k=count)
    arrivals = sorted(DAY_MINUTES * dice.betavariate(1.2, 1.8) for _ in range(count))
    numbers = dice.sample(range(10000), count) if count <= 10000 else [n % 10000 for n in range(count)]
    return [
        Visitor(service["code"], service["minutes"], priority, arrives, f"0812-0000-{number:04}")
        for service, priority, arrives, number in zip(wanted, priorities, arrivals, numbers, strict=True)
    ]


def wait_for_texts(day: Day) -> list[Mapping[str, Any]]:
    """The message log, once it has stopped changing for the visitors of this run."""
    token = day.mall.credentials["supervisor"]
    deadline = time.monotonic() + 20
    while True:
        found = day.mall.get("{n}/messages?limit=1000", token)["messages"]
        texts = [text for text in found if text["ticket"] in day.by_ticket]
        called = {text["ticket"] for text in texts if text["kind"] == "called"}
        settled = all(text["status"] not in ("requested", "sending") for text in texts)
        owed = {visitor.ticket["id"] for visitor in day.visitors if visitor.is_owed_a_text()}
        if (settled and owed <= called) or time.monotonic() > deadline:
            return texts
        time.sleep(0.3)


def checks(day: Day, texts: list[Mapping[str, Any]], full: bool) -> list[tuple[str, bool, str]]:
    """What must hold at the end of a day: the promise, whether it was kept, and the figures."""
    deadline = time.monotonic() + 3
    while (unseen := set(day.calls) - set(day.hall.seen)) and time.monotonic() < deadline:
        time.sleep(0.05)
    called = Counter(text["ticket"] for text in texts if text["kind"] == "called")
    owed = {visitor.ticket["id"] for visitor in day.visitors if visitor.is_owed_a_text()}
    came = sum(visitor.called > 0 for visitor in day.visitors)
    late = f", {came - len(owed)} left their number too late" if came > len(owed) else ""
    one_each = owed <= called.keys() and set(called.values()) <= {1}
    accepted = sum(text["kind"] == "called" and text["status"] == "accepted" for text in texts)
    numbers = [visitor.ticket["number"] for visitor in day.by_ticket.values()]
    issued = [f"{len(day.by_ticket)} of {len(day.visitors)}", *(f"{n} {why}" for why, n in day.refused.items())]
    answered = len(day.by_ticket) + day.refused["capacity-reached"]
    found = [
        ("Every applicant got a ticket while there were any", answered == len(day.visitors), ", ".join(issued)),
        ("No number was given twice", len(set(numbers)) == len(numbers), f"{len(numbers)} numbers"),
        ("Every visitor was called", came == len(day.by_ticket), f"{came} called"),
        ("Every call was on the hall display", not unseen, f"{len(day.calls) - len(unseen)} of {len(day.calls)}"),
        ("One text per call", one_each, f"{sum(called.values())} texts, {accepted} accepted{late}"),
        ("No request went wrong", not day.faults, "; ".join(day.faults[:3])),
    ]
    if full:
        extra = Visitor(day.visitors[0].service if day.visitors else "", 0, None, 0.0, "0812-0000-9999")
        extra.service = (
            extra.service or day.mall.get(f"/catalog/api/malls/{day.mall.code}/services")["services"][0]["code"]
        )
        status, answer = day.mall.ask("POST", "{t}/tickets", {"service": extra.service, "priority": None})
        reason = answer.get("reason", answer.get("number"))
        promise = f"Applicant {day.hall.now['capacity'] + 1} is refused"
        found.append((promise, (status, reason) == (409, "capacity-reached"), f"{status} {reason}"))
    return found


def summary(day: Day, texts: list[Mapping[str, Any]], console: Console) -> None:
    """The day in figures."""
    outcomes = Counter(visitor.outcome for visitor in day.visitors)
    console.print(
        f"Issued {len(day.by_ticket)}, called {sum(v.called > 0 for v in day.visitors)}, "
        f"served {outcomes['served']}, missed {outcomes['missed']}"
        + "".join(f", refused {count} ({reason})" for reason, count in day.refused.items())
        + (f"; finished for others {sum(day.strangers.values())}" if day.strangers else "")
        + f"; {day.surveys} answered the survey"
    )
    table = Table("Class", "Visitors", "Median wait", "90th percentile", title="Waits in minutes of the mall's day")
    for label in PRIORITY:
        waits = [day.minutes(v.called - v.issued) for v in day.visitors if v.priority == label and v.called]
        if waits:
            ninth = statistics.quantiles(waits, n=10, method="inclusive")[-1] if len(waits) > 1 else waits[0]
            table.add_row(label or "ordinary", str(len(waits)), f"{statistics.median(waits):.0f}", f"{ninth:.0f}")
    if table.rows:
        console.print(table)
    table = Table("Text", "Status", "Count", title="Texts")
    for (kind, status), count in sorted(Counter((text["kind"], text["status"]) for text in texts).items()):
        table.add_row(kind, status, str(count))
    if table.rows:
        console.print(table)
    delays = sorted(day.hall.seen[call] - at for call, at in day.calls.items() if call in day.hall.seen)
    if delays:
        console.print(f"From a call's answer to the hall display: median {statistics.median(delays) * 1000:.0f} ms")


def running_system() -> Mall:
    """The system that `make run` started. Exits with a plain line where there is none."""
    data, port = os.environ.get("MPP_DATA") or ".local", os.environ.get("MPP_PORT") or "8000"
    try:
        credentials = json.loads((Path(data) / "credentials.json").read_text())
        mall = Mall(credentials, f"http://127.0.0.1:{port}")
        connection = http.client.HTTPConnection(mall.url.netloc, timeout=5)
        connection.request("GET", f"/ticketing/api/malls/{mall.code}/hall")
        if connection.getresponse().status == 200:
            return mall
    except (OSError, http.client.HTTPException):
        pass
    sys.exit(f"Nothing runs on port {port} with data in {data}. Start it first: make run")


def main() -> None:
    """Play the day, print the summary, exit 1 if a promise was broken."""
    parser = argparse.ArgumentParser(description="Play a day at the mall against the running system.")
    parser.add_argument("--applicants", type=int, default=100)
    parser.add_argument("--speed", type=float, default=240, help="how much faster than the clock (240: a day in 2 min)")
    parser.add_argument("--seed", type=int, default=1, help="another number, another day")
    options = parser.parse_args()
    console, mall = Console(), running_system()
    catalog = mall.get(f"/catalog/api/malls/{mall.code}")
    services = mall.get(f"/catalog/api/malls/{mall.code}/services")["services"]
    hall = Hall(mall)
    left = hall.now["capacity"] - hall.now["issued"]
    if left < options.applicants:
        console.print(
            f"{hall.now['issued']} of {hall.now['capacity']} tickets of today are taken: {left} are left. "
            "A fresh day beside this one: MPP_PORT=8010 MPP_DATA=.local-2 make run"
        )
    count = max(0, min(options.applicants, left))
    console.print(
        f"{hall.now['name']}, {hall.now['business_day']}: {count} applicants, {len(catalog['counters'])} counters"
    )
    hall.start()
    day = Day(mall, hall, visitors_of_a_day(services, count, options.seed), options.speed, options.seed)
    with Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), console=console) as progress:
        day.play(catalog["counters"], progress)
    texts = wait_for_texts(day)
    results = checks(day, texts, full=count == left)
    summary(day, texts, console)
    for promise, kept, figures in results:
        console.print(f"{'[green]✓[/]' if kept else '[red]✗[/]'} {promise}  [dim]{figures}[/]", highlight=False)
    sys.exit(0 if all(kept for _, kept, _ in results) else 1)


if __name__ == "__main__":
    main()
