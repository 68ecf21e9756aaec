"""Acts at a counter. Each is declared once: its route, request, command, refusals, and its key at the console.

`counters` makes a route of each and answers which of them a console offers.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import marshmallow as ma

from services.ticketing.api.schemas import AtCounter, Call, Finished, NewWalkIn, Note, Reason, Transfer
from services.ticketing.domain.day import counters, in_force
from services.ticketing.domain.day.commands import (
    CallNext,
    CallTicket,
    CloseCounter,
    Counters,
    EndTicket,
    Finish,
    HoldTicket,
    MissTicket,
    OpenCounter,
    PauseCounter,
    Recall,
    RestoreTicket,
    ResumeTicket,
    StartService,
    TransferTicket,
    UndoLast,
    WalkIn,
)
from services.ticketing.domain.day.state import Day
from services.ticketing.domain.mall import CounterLearned, Mall

Body = Mapping[str, Any]
NEW_TICKET = "offered"  # the id of the ticket that a walk-in would get, while it is only offered


@dataclass(frozen=True)
class Asked:
    """The request of an act: at which counter, on which ticket, and its body.

    `counter` is empty for staff who may act at any; `ticket_id` is a new id where the address names no ticket.
    """

    mall: Mall
    now: datetime
    counter: str
    ticket_id: str
    body: Body

    @property
    def bound_to(self) -> str | None:
        """The one counter that the command may act at; None for any."""
        return self.counter or None


def no_details(counter: CounterLearned, mall: Mall) -> Iterable[Body]:
    """The body of an act that needs no details, or none that can lead to a refusal."""
    return ({"ticket": "", "reason": "-", "result": "done", "also": ()},)


def each_own_service(counter: CounterLearned, mall: Mall) -> Iterable[Body]:
    """A body for each service that the counter gives."""
    return ({"service": code, "priority": None, "reason": "-"} for code in counter.services)


def each_service(counter: CounterLearned, mall: Mall) -> Iterable[Body]:
    """A body for each service of the mall."""
    return ({"service": code, "counter": "", "note": ""} for code in mall.services)


@dataclass(frozen=True)
class Act:
    """What staff do at a counter, on the ticket or at the counter that the address names.

    `name` is the route's; `refusals` are for the API's description, by status; acts with a `key` are buttons of the
    console, offered while `command` is accepted with one of the bodies of `offered_with`.
    """

    name: str
    path: str
    summary: str
    command: Callable[[Asked], Counters]
    refusals: Mapping[int, str]
    body: type[ma.Schema] | None = None
    key: str = ""
    answer: Literal["ticket", "called", "desk"] = "ticket"
    roles: tuple[str, ...] = ("operator", "supervisor")
    names_a_key: bool = False  # whether the description names `Idempotency-Key`, which every route accepts
    offered_with: Callable[[CounterLearned, Mall], Iterable[Body]] = no_details
    not_offered_while: tuple[str, ...] = field(default=())  # statuses of the counter


def _call(asked: Asked) -> Counters:
    if asked.body["ticket"]:
        return CallTicket(asked.counter, asked.body["ticket"], asked.body["reason"], asked.now, asked.mall)
    return CallNext(asked.counter, asked.now, asked.mall)


def _walk_in(asked: Asked) -> Counters:
    wanted = (asked.body["service"], asked.body["priority"], asked.body["reason"])
    return WalkIn(asked.counter, asked.ticket_id, *wanted, asked.now, asked.mall)


def _finish(asked: Asked) -> Counters:
    also = tuple(asked.mall.service(code).code for code in asked.body["also"])
    return Finish(asked.ticket_id, asked.bound_to, asked.now, asked.body["result"], also)


def _transfer(asked: Asked) -> Counters:
    where = (asked.body["service"], asked.body["counter"], asked.body["note"])
    return TransferTicket(asked.ticket_id, asked.bound_to, *where, asked.now, asked.mall)


ACTS = (
    Act(
        "call",
        "/counters/<counter>/calls",
        "Call the next visitor that this counter may serve, or one out of turn, for a reason.",
        _call,
        {
            409: "`nobody-waits`, `counter-busy`, `counter-paused`, `counter-shut`, `stopped`, `not-waiting`, "
            "`visitor-elsewhere`"
        },
        body=Call,
        key="N",
        answer="called",
        names_a_key=True,
    ),
    Act(
        "walk_in",
        "/counters/<counter>/walk-ins",
        "Serve a visitor who is at the counter without a ticket; the code of the new ticket is given to no one.",
        _walk_in,
        {409: "as for taking a ticket and for calling", 422: "`reason-required`, `not-this-counter`"},
        body=NewWalkIn,
        key="W",
        answer="called",
        names_a_key=True,
        offered_with=each_own_service,
    ),
    Act(
        "open_counter",
        "/counters/<counter>/opening",
        "The counter takes visitors, for the first time today or again.",
        lambda asked: OpenCounter(asked.counter, asked.now, asked.mall),
        {409: "`counter-shut`"},
        key="B",
        answer="desk",
    ),
    Act(
        "pause_counter",
        "/counters/<counter>/pause",
        "The counter takes a break.",
        lambda asked: PauseCounter(asked.counter, asked.body["reason"], asked.now, asked.mall),
        {409: "`counter-busy`"},
        body=Reason,
        key="I",
        answer="desk",
        not_offered_while=("closed",),
    ),
    Act(
        "close_counter",
        "/counters/<counter>/closing",
        "The counter takes no more visitors today.",
        lambda asked: CloseCounter(asked.counter, asked.now, asked.mall),
        {409: "`counter-busy`"},
        key="X",
        answer="desk",
    ),
    Act(
        "undo",
        "/counters/<counter>/undo",
        "Take back the counter's last call, end, no-show, hold or transfer, within two minutes.",
        lambda asked: UndoLast(asked.counter, asked.now),
        {409: "`nothing-to-undo`, `too-late`, `counter-busy`"},
        key="U",
        answer="desk",
        names_a_key=True,
    ),
    Act(
        "recall",
        "/tickets/<ticket_id>/recall",
        "Call the visitor once more.",
        lambda asked: Recall(asked.ticket_id, asked.bound_to, asked.now, asked.mall),
        {409: "`not-called`, `already-started`, `recalls-used-up`, `stopped`, `closed`"},
        key="R",
        names_a_key=True,
    ),
    Act(
        "start",
        "/tickets/<ticket_id>/start",
        "The visitor has come to the counter.",
        lambda asked: StartService(asked.ticket_id, asked.bound_to, asked.now),
        {409: "`not-called`"},
        key="M",
    ),
    Act(
        "complete",
        "/tickets/<ticket_id>/completion",
        "The visitor has been served.",
        _finish,
        {409: "`not-called`"},
        body=Finished,
        key="S",
    ),
    Act(
        "no_show",
        "/tickets/<ticket_id>/no-show",
        "The visitor was called and did not come.",
        lambda asked: MissTicket(asked.ticket_id, asked.bound_to, asked.now),
        {409: "`not-called`, `already-started`"},
        key="T",
    ),
    Act(
        "restore",
        "/tickets/<ticket_id>/restoration",
        "A visitor who was missed has come after all, and waits again at the old place.",
        lambda asked: RestoreTicket(asked.ticket_id, asked.now, asked.bound_to, asked.mall),
        {409: "`not-missed`, `too-late`", 422: "`not-this-counter`"},
    ),
    Act(
        "hold",
        "/tickets/<ticket_id>/hold",
        "The visitor fetches something and comes back; until then the counter is free.",
        lambda asked: HoldTicket(asked.ticket_id, asked.bound_to, asked.body["reason"], asked.now),
        {409: "`not-called`"},
        body=Note,
        key="H",
    ),
    Act(
        "resume",
        "/tickets/<ticket_id>/resumption",
        "The visitor on hold is back at a counter.",
        lambda asked: ResumeTicket(asked.ticket_id, asked.counter or asked.body["counter"], asked.now, asked.mall),
        {409: "`not-held`, `counter-busy`, `counter-paused`, `counter-shut`"},
        body=AtCounter,
    ),
    Act(
        "transfer",
        "/tickets/<ticket_id>/transfer",
        "Send the visitor on to another service or counter, keeping number and time of arrival.",
        _transfer,
        {
            409: "`not-waiting`, `no-counter`, `service-away`, `suspended`, `counter-shut`, `other-counter`",
            422: "`unknown-service`, `not-this-counter`",
        },
        body=Transfer,
        key="P",
        offered_with=each_service,
    ),
    Act(
        "end",
        "/tickets/<ticket_id>/ending",
        "End a ticket that no counter can serve; its visitor reads the reason.",
        lambda asked: EndTicket(asked.ticket_id, asked.body["reason"], asked.now, asked.mall),
        {409: "`not-waiting`"},
        body=Reason,
        roles=("supervisor", "administrator"),
    ),
)


def offered(day: Day, mall: Mall, code: str, now: datetime) -> list[str]:
    """The names of the acts that a counter's console offers now: those whose commands are accepted.

    Raises `UnknownCounter`.
    """
    counter = in_force.counter_of_day(day, mall, code)
    return [act.name for act in ACTS if act.key and _is_offered(act, day, mall, counter, now)]


def _is_offered(act: Act, day: Day, mall: Mall, counter: CounterLearned, now: datetime) -> bool:
    desk, ticket_id = day.desks.get(counter.code), day.serving.get(counter.code)
    if (desk and desk.status in act.not_offered_while) or (act.answer == "ticket" and ticket_id is None):
        return False
    commands = (
        act.command(Asked(mall, now, counter.code, ticket_id or NEW_TICKET, body))
        for body in act.offered_with(counter, mall)
    )
    return any(counters.accepts(command, day) for command in commands)
