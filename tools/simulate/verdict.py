"""What came of a day: its figures, and whether what the system promises was kept."""

import statistics
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from tools.simulate.day import PRIORITY, Day


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
        services = day.mall.get(f"/catalog/api/malls/{day.mall.code}/services")["services"]
        wanted = day.visitors[0].service if day.visitors else services[0]["code"]
        status, answer = day.mall.ask("POST", "{t}/tickets", {"service": wanted, "priority": None}, day.mall.kiosk)
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
