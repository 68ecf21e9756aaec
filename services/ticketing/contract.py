"""What ticketing tells the world: stored events translated to public ones; those not named here stay private.

Never a priority class, never a note of the staff, never which services a counter chose among.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from services.chassis.cloud_event import TYPES, CloudEvent
from services.chassis.event_store import Commit
from services.chassis.publication import public_event
from services.ticketing.domain.day import DAY
from services.ticketing.domain.day import events as stored
from services.ticketing.domain.day.events import CounterWithFloor
from services.ticketing.domain.mall import MALL, Closure, ClosureDeclared, ClosureLifted, Rule

TOPIC = "mpp.ticketing"
MALL_PREFIX = "mall/"
PUBLISHED_OF_MALL = (ClosureDeclared, ClosureLifted)

TICKET = ("ticket_id", "number", "service", "agency")
AT_COUNTER = (*TICKET, "counter", "floor")
COUNTER = ("counter", "floor", "agency")
# Each public event: its stored type, its own type, and the stored fields that it tells.
TOLD: Mapping[type[stored.Event], tuple[str, Sequence[str]]] = {
    stored.TicketIssued: (
        "ticket-issued.v1",
        (*TICKET, "service_name", "agency_name", "mall_name", "line", "counters", "issued_at"),
    ),
    stored.TicketCalled: ("ticket-called.v1", (*AT_COUNTER, "call", "called_at")),
    stored.TicketRecalled: ("ticket-recalled.v1", (*AT_COUNTER, "call", "recalled_at")),
    stored.TicketApproaching: ("ticket-approaching.v1", (*TICKET, "at")),
    stored.TicketServed: ("ticket-served.v1", (*TICKET, "counter", "result", "also", "served_at")),
    stored.TicketMissed: ("ticket-missed.v1", (*TICKET, "counter", "missed_at")),
    stored.TicketRestored: ("ticket-restored.v1", (*TICKET, "restored_at")),
    stored.TicketHeld: ("ticket-held.v1", (*TICKET, "counter", "held_at")),
    stored.TicketResumed: ("ticket-resumed.v1", (*AT_COUNTER, "resumed_at")),
    stored.TicketTransferred: (
        "ticket-transferred.v1",
        (
            *TICKET,
            "service_name",
            "agency_name",
            "line",
            "counters",
            "from_service",
            "from_agency",
            "from_counter",
            "transferred_at",
        ),
    ),
    stored.TicketCancelled: ("ticket-cancelled.v1", (*TICKET, "cancelled_at")),
    stored.TicketUnserved: ("ticket-unserved.v1", (*TICKET, "closed_at", "reason")),
    stored.ActUndone: ("ticket-undone.v1", (*TICKET, "counter", "act", "undone_at")),
    stored.PlaceBooked: (
        "place-booked.v1",
        ("booking_id", "service", "service_name", "agency", "booked_at", "claim_by"),
    ),
    stored.BookingCancelled: ("booking-cancelled.v1", ("booking_id", "service", "agency", "cancelled_at")),
    stored.BookingLapsed: ("booking-lapsed.v1", ("booking_id", "service", "agency", "lapsed_at")),
    stored.BookingSuspended: (
        "booking-suspended.v1",
        ("booking_id", "service", "agency", "cause", "reason", "suspended_at"),
    ),
    stored.BookingResumed: ("booking-resumed.v1", ("booking_id", "service", "agency", "claim_by", "resumed_at")),
    stored.BookingRescheduled: (
        "booking-rescheduled.v1",
        ("booking_id", "service", "agency", "claim_by", "rescheduled_at"),
    ),
    stored.CounterOpened: ("counter-opened.v1", (*COUNTER, "opened_at")),
    stored.CounterPaused: ("counter-paused.v1", (*COUNTER, "reason", "paused_at")),
    stored.CounterClosed: ("counter-closed.v1", (*COUNTER, "closed_at")),
    stored.DayOpened: ("day-opened.v1", ("mall_name", "zone", "capacity", "rule")),
    stored.RuleChanged: ("rule-changed.v1", ("rule", "reason", "changed_at")),
    stored.DayForcedOpen: ("day-forced-open.v1", ("reason", "opened_at")),
    stored.DayStopped: ("day-stopped.v1", ("reason", "stopped_at")),
    stored.DayResumed: ("day-resumed.v1", ("resumed_at",)),
    stored.DayClosed: ("day-closed.v1", ("closed_at", "by_schedule", "totals")),
}
PUBLISHED = tuple(TOLD)
FINISHED_BY = stored.DayClosed.__name__  # ends the stream of a day, which is then sealed
FINISHED_AS = f"{TYPES}{TOLD[stored.DayClosed][0]}"
SUBJECTS = ("ticket_id", "booking_id", "counter", "service")


def published(commit: Commit) -> list[CloudEvent]:
    """The public events of a commit, in order."""
    mall, _, date = commit.stream.rpartition("/")
    if commit.stream.startswith(MALL_PREFIX):
        mall, told = date, list(_of_mall(commit))
    elif "." in mall:  # the history of closed days repeats what was told when they closed
        return []
    else:
        told = list(_of_day(commit, date))
    return [
        public_event(
            commit,
            index,
            source=f"/mpp/{mall}/ticketing",
            type=f"{TYPES}{kind}",
            subject=next((str(data[name]) for name in SUBJECTS if data.get(name)), mall),
            key=mall,
            data={"mall": mall, **data},
        )
        for index, kind, data in told
    ]


def _of_day(commit: Commit, date: str) -> Iterator[tuple[int, str, dict[str, Any]]]:
    for index, event in enumerate(DAY.recorded(commit)):
        if told := TOLD.get(type(event)):
            kind, fields = told
            data = {name: _public(getattr(event, name)) for name in fields}
            if isinstance(event, stored.DayClosed):
                data["hash"] = commit.hash
            if isinstance(event, stored.TicketIssued):
                data |= {"ahead": _waiting(event), "booked": bool(event.booking)}
            if isinstance(event, stored.TicketApproaching):
                data["ahead"] = event.at_most
            yield index, kind, {"business_day": date, **data}


def _waiting(issued: stored.TicketIssued) -> int:
    """How many waited when a ticket was issued, of every class: the stored `ahead` depends on the visitor's class.

    Of events stored before there was `waiting`, the numbers that its line had given before: the most that it can be.
    """
    return int(issued.number.rpartition("-")[2]) - 1 if issued.waiting is None else issued.waiting


def _of_mall(commit: Commit) -> Iterator[tuple[int, str, dict[str, Any]]]:
    for index, event in enumerate(MALL.recorded(commit)):
        match event:
            case ClosureDeclared(Closure(scope, code, reason, since, until, id)):
                data = {"closure": id, "reason": reason, "since": _public(since), "until": _public(until)}
                yield index, f"{scope}-suspended.v1", {**_what(scope, code), **data}
            case ClosureLifted(scope, code, lifted_at, id):
                data = {"closure": id, "resumed_at": _public(lifted_at)}
                yield index, f"{scope}-resumed.v1", {**_what(scope, code), **data}
            case _:  # what we learned from the catalog is the catalog's to tell
                pass


def _what(scope: str, code: str) -> dict[str, str]:
    return {} if scope == "mall" else {scope: code}


def _public(value: Any) -> Any:
    """A stored value as JSON."""
    match value:
        case datetime():
            return value.isoformat()
        case Rule(rule, in_a_row, ceiling):
            return {"rule": rule, "in_a_row": in_a_row, "ceiling_minutes": ceiling}
        case CounterWithFloor(code, floor):
            return {"code": code, "floor": floor}
        case tuple():
            return [_public(one) for one in value]
        case Mapping():
            return dict(value)
        case _:
            return value
