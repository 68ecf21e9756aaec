"""Counters: open, call, pause, close, take back, and what a clerk sees of the line."""

from typing import Any

from services.chassis.clock import now
from services.chassis.idempotency import command_context
from services.chassis.routes import allow
from services.ticketing import views
from services.ticketing.api.schemas import KEY, Call, NewWalkIn, Reason, TicketOut
from services.ticketing.api.tickets import blueprint, codes, queue
from services.ticketing.domain import hours
from services.ticketing.domain.day.commands import (
    CallNext,
    CallTicket,
    CloseCounter,
    Command,
    OpenCounter,
    PauseCounter,
    UndoLast,
    WalkIn,
)
from services.ticketing.domain.day.events import TicketCalled
from services.ticketing.domain.mall import Mall
from services.ticketing.queue import ticket_of


@blueprint.get("/counters/<counter>")
@allow("operator", "supervisor")
@blueprint.response(200)
def get_counter(mall: str, counter: str) -> dict[str, Any]:
    """A counter's desk: its visitor and who waits, in the order they would be called."""
    known, at = queue().mall(mall), now()
    return views.counter(queue().today(known, at).state, known, counter, at)


@blueprint.post("/counters/<counter>/calls")
@allow("operator", "supervisor")
@blueprint.doc(parameters=[KEY])
@blueprint.arguments(Call())
@blueprint.response(201, TicketOut)
@blueprint.alt_response(
    409,
    description="`nobody-waits`, `counter-busy`, `counter-paused`, `counter-shut`, `stopped`, `not-waiting`, "
    "`visitor-elsewhere`",
)
def call(whom: dict[str, str], mall: str, counter: str) -> dict[str, Any]:
    """Call the next visitor that this counter may serve, or one out of turn, for a reason."""
    known, at = queue().mall(mall), now()
    command: Command = CallNext(counter, at, known)
    if whom["ticket"]:
        command = CallTicket(counter, whom["ticket"], whom["reason"], at, known)
    return _called(known, command)


@blueprint.post("/counters/<counter>/walk-ins")
@allow("operator", "supervisor")
@blueprint.doc(parameters=[KEY])
@blueprint.arguments(NewWalkIn())
@blueprint.response(201, TicketOut)
@blueprint.alt_response(409, description="as for taking a ticket and for calling")
@blueprint.alt_response(422, description="`reason-required`, `not-this-counter`")
def walk_in(visitor: dict[str, Any], mall: str, counter: str) -> dict[str, Any]:
    """Serve a visitor who is at the counter without a ticket; nobody gets the code of this one."""
    known, at = queue().mall(mall), now()
    ticket_id = ticket_of(codes().ticket(hours.business_day(at, known.about.zone)))
    wanted = (visitor["service"], visitor["priority"], visitor["reason"])
    return _called(known, WalkIn(counter, ticket_id, *wanted, at, known))


def _called(known: Mall, command: Command) -> dict[str, Any]:
    outcome = queue().act(known, command, **command_context())
    called = next(event for event in outcome.events if isinstance(event, TicketCalled))
    return views.called_ticket(outcome.now.state, known, called)


@blueprint.post("/counters/<counter>/opening")
@allow("operator", "supervisor")
@blueprint.response(200)
@blueprint.alt_response(409, description="`counter-shut`")
def open_counter(mall: str, counter: str) -> dict[str, Any]:
    """The counter takes visitors, for the first time today or again."""
    known = queue().mall(mall)
    return _desk(known, counter, OpenCounter(counter, now(), known))


@blueprint.post("/counters/<counter>/pause")
@allow("operator", "supervisor")
@blueprint.arguments(Reason())
@blueprint.response(200)
@blueprint.alt_response(409, description="`counter-busy`")
def pause_counter(why: dict[str, str], mall: str, counter: str) -> dict[str, Any]:
    """The counter takes a break."""
    known = queue().mall(mall)
    return _desk(known, counter, PauseCounter(counter, why["reason"], now(), known))


@blueprint.post("/counters/<counter>/closing")
@allow("operator", "supervisor")
@blueprint.response(200)
@blueprint.alt_response(409, description="`counter-busy`")
def close_counter(mall: str, counter: str) -> dict[str, Any]:
    """The counter takes no more visitors today."""
    known = queue().mall(mall)
    return _desk(known, counter, CloseCounter(counter, now(), known))


@blueprint.post("/counters/<counter>/undo")
@allow("operator", "supervisor")
@blueprint.doc(parameters=[KEY])
@blueprint.response(200)
@blueprint.alt_response(409, description="`nothing-to-undo`, `too-late`, `counter-busy`")
def undo(mall: str, counter: str) -> dict[str, Any]:
    """Take back the counter's last call, end, no-show, hold or transfer, within two minutes."""
    known = queue().mall(mall)
    return _desk(known, counter, UndoLast(counter, now()))


def _desk(known: Mall, counter: str, command: Command) -> dict[str, Any]:
    outcome = queue().act(known, command, **command_context())
    return views.counter(outcome.now.state, known, counter, now())
