"""A day at the mall: visitors arrive and take tickets, clerks call, serve and miss them."""

import random
import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rich.progress import Progress

from services.ticketing.survey.domain import ELEMENTS
from tools.simulate.mall import Hall, Mall

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
        status, answer = self.mall.ask("POST", "{t}/tickets", body, self.mall.kiosk)
        if status != 201:
            self.refused[answer.get("reason", str(status))] += 1
            visitor.outcome = "refused"
            return
        visitor.ticket, visitor.issued = answer, time.monotonic()
        self.by_ticket[answer["id"]] = visitor
        status, answer = self.mall.ask("PUT", "{n}/tickets/" + answer["code"] + "/phone", {"phone": visitor.phone})
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
                self.judge(visitor.ticket["code"], dice)
        return True

    def judge(self, code: str, dice: random.Random) -> None:
        """Fill in the survey as a visitor does who came, waited and was served."""
        given = dice.choices(list(JUDGEMENTS), list(JUDGEMENTS.values()), k=len(ELEMENTS))
        answers = dict(zip(ELEMENTS, given, strict=True))
        status, answer = self.mall.ask("POST", "{t}/tickets/" + code + "/survey", {"answers": answers})
        if status == 201:
            self.surveys += 1
        else:
            self.faults.append(f"survey of a visitor: {answer}")

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
