"""Tickets: take one, look at it, give it back, and what clerks do with the visitor who has it."""

from typing import Any

from flask import current_app
from flask_smorest import Blueprint

from services.chassis.clock import now
from services.chassis.errors import KeyReused
from services.chassis.idempotency import command_context, keyed_request
from services.chassis.routes import allow, public
from services.kernel.codes import Codes, id_of
from services.kernel.guard import is_staff, limited
from services.ticketing import views
from services.ticketing.api.admission import WITH_PASS, admitted
from services.ticketing.api.schemas import (
    KEY,
    NewTicket,
    TicketOut,
    Transfer,
    TransferredOut,
)
from services.ticketing.domain import hours
from services.ticketing.domain.day.commands import (
    CancelTicket,
    Command,
    IssueTicket,
    TransferAll,
)
from services.ticketing.domain.day.events import TicketIssued, TicketTransferred
from services.ticketing.domain.day.refusals import SameVisit
from services.ticketing.queue import Queue, ticket_of

blueprint = Blueprint("tickets", __name__, url_prefix="/ticketing/api/malls/<mall>", description="The queue of a mall")


def queue() -> Queue:
    """This process's queues."""
    found: Queue = current_app.extensions["queue"]
    return found


def codes() -> Codes:
    """This process's maker of codes."""
    found: Codes = current_app.extensions["codes"]
    return found


def must_be_of(code: str, thing_id: str) -> None:
    """Refuse to answer with a code that does not act for what was issued.

    Raises `KeyReused`: `VISITOR_SECRET` was changed since the first answer to this key.
    """
    if ticket_of(code) != thing_id:
        raise KeyReused()


@blueprint.post("/tickets")
@public
@blueprint.doc(parameters=[KEY, WITH_PASS])
@blueprint.arguments(NewTicket())
@blueprint.alt_response(201, schema=TicketOut, success=True)  # `response` would dump again what is JSON already
@blueprint.alt_response(403, description="`devices-only`, `presence-over`, `pass-used-up`")
@blueprint.alt_response(
    409,
    description="`closed`, `stopped`, `day-over`, `capacity-reached`, `service-full`, `places-kept`, `no-counter`, "
    "`service-away`, `suspended`, `not-from-home`, `home-share-reached`",
)
@blueprint.alt_response(429, description="`home-limit-reached`, `too-many`")
@limited("tickets")
def issue_ticket(wanted: dict[str, Any], mall: str) -> tuple[dict[str, Any], int, dict[str, str]]:
    """Take a ticket: at a kiosk, with a pass in the hall, or from home within the mall's share (see TICKETS_FROM)."""
    at, known = now(), queue().mall(mall)
    code = codes().ticket(hours.business_day(at, known.about.zone), *keyed_request())
    beside = _beside(wanted["beside"])
    with admitted(mall, at) as admission:
        wish = (wanted["service"], wanted["priority"])
        command = IssueTicket(ticket_of(code), *wish, at, known, beside, admission.channel)
        outcome = queue().act(known, command, **command_context())
        issued = next(event for event in outcome.events if isinstance(event, TicketIssued))
        must_be_of(code, issued.ticket_id)
        admission.is_repeat = issued.issued_at != at
    where = {"Location": f"/ticketing/api/malls/{mall}/tickets/{code}"}
    return views.issued_ticket(outcome.now.state, known, issued, code), 201, where


def _beside(code: str) -> str:
    """The id of the ticket beside which another is wanted. Raises `SameVisit` for what is no code."""
    if not code:
        return ""
    if ticket_id := id_of(code):
        return ticket_id
    raise SameVisit()


@blueprint.get("/tickets/<ticket_code>")
@public
@blueprint.response(200, TicketOut)
def get_ticket(mall: str, ticket_code: str) -> dict[str, Any]:
    """The current state of a ticket: by its code for the visitor, by its id for staff."""
    known, day = queue().mall(mall), queue().day_with(mall, ticket_code)
    if is_staff() and ticket_code in day.tickets:
        return views.ticket(day, known, ticket_code, now())
    return views.ticket(day, known, ticket_of(ticket_code), now(), ticket_code)


@blueprint.post("/tickets/<ticket_code>/cancellation")
@public
@blueprint.response(200, TicketOut)
@blueprint.alt_response(409, description="`not-waiting`")
@limited("cancellations")
def cancel(mall: str, ticket_code: str) -> dict[str, Any]:
    """Leave the line: the place is free again."""
    ticket_id = ticket_of(ticket_code)
    return _act(mall, ticket_id, CancelTicket(ticket_id, now(), queue().mall(mall)), ticket_code)


@blueprint.post("/services/<service>/transfer")
@allow("supervisor", "administrator")
@blueprint.arguments(Transfer())
@blueprint.response(200, TransferredOut)
@blueprint.alt_response(409, description="`no-counter`, `service-away`, `suspended`, `counter-shut`")
@blueprint.alt_response(422, description="`unknown-service`, `not-this-counter`")
def transfer_all(to: dict[str, str], mall: str, service: str) -> dict[str, Any]:
    """Send on all who wait for a service and whom no counter can call, keeping numbers and times of arrival."""
    known = queue().mall(mall)
    command = TransferAll(service, to["service"], to["counter"], to["note"], now(), known)
    outcome = queue().act(known, command, **command_context())
    moved = [event for event in outcome.events if isinstance(event, TicketTransferred)]
    return {"transferred": len(moved), "numbers": [event.number for event in moved]}


def _act(mall: str, ticket_id: str, command: Command, code: str = "") -> dict[str, Any]:
    known = queue().mall(mall)
    outcome = queue().act_on(mall, ticket_id, command, **command_context())
    return views.ticket(outcome.now.state, known, ticket_id, now(), code)
