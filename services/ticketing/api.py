"""Ticketing over HTTP: take a ticket, call the next visitor, finish, look."""

from typing import Any

import marshmallow as ma
from flask import current_app
from flask_smorest import Blueprint
from marshmallow.validate import Length, OneOf

from services.chassis.web import actor, allow, command_context, public
from services.ticketing import views
from services.ticketing.domain import hours
from services.ticketing.domain.day import (
    PRIORITY_CLASSES,
    CallNext,
    Command,
    Finish,
    ForceOpen,
    IssueTicket,
    MissTicket,
    PriorityClass,
    TicketCalled,
    TicketIssued,
)
from services.ticketing.queue import Queue, new_ticket_id, now

blueprint = Blueprint("tickets", __name__, url_prefix="/ticketing/api/malls/<mall>", description="The queue of a mall")

KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "schema": {"type": "string", "maxLength": 200},
    "description": "The same key again gets the same answer; with another request it is refused (422 key-reused).",
}


class NewTicket(ma.Schema):
    """What a visitor needs, and the priority class they claim, if any."""

    service = ma.fields.String(required=True, validate=Length(1, 64), metadata={"example": "DUKCAPIL-KTPREKAM"})
    priority = ma.fields.String(load_default=None, allow_none=True, validate=OneOf(PRIORITY_CLASSES))


class Opening(ma.Schema):
    """Why the mall opens outside its hours."""

    reason = ma.fields.String(required=True, validate=Length(3, 200))


class PlaceOut(ma.Schema):
    """A counter and its floor."""

    code = ma.fields.String()
    floor = ma.fields.Integer()


class TicketOut(ma.Schema):
    """A ticket without personal data; times in ISO 8601, `ahead` is null once it is called."""

    id = ma.fields.String()
    number = ma.fields.String(metadata={"example": "B-012"})
    status = ma.fields.String(validate=OneOf(["waiting", "called", "served", "missed"]))
    service = ma.fields.String()
    service_name = ma.fields.String()
    agency = ma.fields.String()
    agency_name = ma.fields.String()
    counters = ma.fields.List(ma.fields.Nested(PlaceOut))
    counter = ma.fields.Nested(PlaceOut, allow_none=True)
    ahead = ma.fields.Integer(allow_none=True)
    issued_at = ma.fields.String()
    called_at = ma.fields.String(allow_none=True)
    mall_name = ma.fields.String()
    business_day = ma.fields.String()
    status_url = ma.fields.String()


class HallOut(ma.Schema):
    """What the hall display shows; `position` grows with every event of the day."""

    mall = ma.fields.String()
    name = ma.fields.String()
    zone = ma.fields.String()
    business_day = ma.fields.String()
    position = ma.fields.String(metadata={"example": "2026-11-24@57"})
    open = ma.fields.Boolean()
    override = ma.fields.String(allow_none=True)
    next_opening = ma.fields.String(allow_none=True)
    capacity = ma.fields.Integer()
    issued = ma.fields.Integer()
    serving = ma.fields.List(ma.fields.Dict())
    calls = ma.fields.List(ma.fields.Dict())
    waiting = ma.fields.List(ma.fields.Dict())


def queue() -> Queue:
    """This process's queues."""
    found: Queue = current_app.extensions["queue"]
    return found


@blueprint.post("/tickets")
@public
@blueprint.doc(parameters=[KEY])
@blueprint.arguments(NewTicket())
@blueprint.alt_response(201, schema=TicketOut, success=True)  # `response` would dump again what is JSON already
@blueprint.alt_response(409, description="`closed`, `capacity-reached`, `no-counter`")
def issue_ticket(wanted: dict[str, Any], mall: str) -> tuple[dict[str, Any], int, dict[str, str]]:
    """Take a ticket."""
    at, known = now(), queue().mall(mall)
    ticket_id = new_ticket_id(hours.business_day(at, known.about.zone))
    priority: PriorityClass | None = wanted["priority"]
    command = IssueTicket(ticket_id, wanted["service"], priority, at, known)
    outcome = queue().act(known, command, **command_context())
    issued = next(event for event in outcome.events if isinstance(event, TicketIssued))
    where = {"Location": f"/ticketing/api/malls/{mall}/tickets/{issued.ticket_id}"}
    return views.issued_ticket(outcome.now.state, known, issued), 201, where


@blueprint.get("/tickets/<ticket_id>")
@public
@blueprint.response(200, TicketOut)
def get_ticket(mall: str, ticket_id: str) -> dict[str, Any]:
    """A ticket as it stands. Whoever has the id may look: it cannot be guessed and tells nothing personal."""
    return views.ticket(queue().day_of(mall, ticket_id), queue().mall(mall), ticket_id)


@blueprint.post("/tickets/<ticket_id>/completion")
@allow("operator", "supervisor")
@blueprint.response(200, TicketOut)
@blueprint.alt_response(409, description="`not-called`")
def complete(mall: str, ticket_id: str) -> dict[str, Any]:
    """The visitor has been served."""
    return _finish(mall, ticket_id, Finish(ticket_id, actor().scope.get("counter"), now()))


@blueprint.post("/tickets/<ticket_id>/no-show")
@allow("operator", "supervisor")
@blueprint.response(200, TicketOut)
@blueprint.alt_response(409, description="`not-called`")
def no_show(mall: str, ticket_id: str) -> dict[str, Any]:
    """The visitor was called and did not come."""
    return _finish(mall, ticket_id, MissTicket(ticket_id, actor().scope.get("counter"), now()))


def _finish(mall: str, ticket_id: str, command: Command) -> dict[str, Any]:
    known = queue().mall(mall)
    outcome = queue().act_on(mall, ticket_id, command, **command_context())
    return views.ticket(outcome.now.state, known, ticket_id)


@blueprint.post("/counters/<counter>/calls")
@allow("operator", "supervisor")
@blueprint.doc(parameters=[KEY])
@blueprint.response(201, TicketOut)
@blueprint.alt_response(409, description="`nobody-waits`, `counter-busy`")
def call_next(mall: str, counter: str) -> dict[str, Any]:
    """Call the next visitor that this counter may serve."""
    known = queue().mall(mall)
    outcome = queue().act(known, CallNext(counter, now(), known), **command_context())
    called = next(event for event in outcome.events if isinstance(event, TicketCalled))
    return views.called_ticket(outcome.now.state, known, called)


@blueprint.get("/counters/<counter>")
@allow("operator", "supervisor")
@blueprint.response(200)
def get_counter(mall: str, counter: str) -> dict[str, Any]:
    """A counter's desk: its visitor and who waits, in the order they would be called."""
    known, at = queue().mall(mall), now()
    return views.counter(queue().today(known, at).state, known, counter, at)


@blueprint.get("/hall")
@public
@blueprint.response(200, HallOut)
def hall(mall: str) -> dict[str, Any]:
    """Who is called where, the last calls, how many wait per line."""
    known, at = queue().mall(mall), now()
    return views.hall(queue().today(known, at), known, at)


@blueprint.post("/opening")
@allow("supervisor", "administrator")
@blueprint.arguments(Opening())
@blueprint.response(200, HallOut)
def force_open(opening: dict[str, str], mall: str) -> dict[str, Any]:
    """Open the mall outside its hours for the rest of the day; every screen says so."""
    known, at = queue().mall(mall), now()
    outcome = queue().act(known, ForceOpen(opening["reason"], at, known), **command_context())
    return views.hall(outcome.now, known, at)
