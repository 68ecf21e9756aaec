"""Counters: what a clerk sees, and a route for each act."""

from typing import Any

from services.chassis.clock import now
from services.chassis.idempotency import command_context
from services.chassis.routes import allow
from services.kernel.guard import actor
from services.ticketing import views
from services.ticketing.api.acts import ACTS, Act, Asked, Body, offered
from services.ticketing.api.schemas import KEY, TicketOut
from services.ticketing.api.tickets import blueprint, codes, queue
from services.ticketing.domain import hours
from services.ticketing.domain.day.events import TicketCalled
from services.ticketing.domain.day.state import Day
from services.ticketing.domain.mall import Mall
from services.ticketing.queue import ticket_of


@blueprint.get("/counters/<counter>")
@allow("operator", "supervisor")
@blueprint.response(200)
def get_counter(mall: str, counter: str) -> dict[str, Any]:
    """A counter's desk: its visitor and who waits, in the order they would be called."""
    known = queue().mall(mall, is_current=True)
    return _console(queue().today(known, now()).state, known, counter)


def _console(day: Day, known: Mall, counter: str) -> dict[str, Any]:
    at = now()
    return views.counter(day, known, counter, at) | {"offered": offered(day, known, counter, at)}


def _add_route(act: Act) -> None:
    """Add the route of an act to the blueprint."""

    def view(body: Body = {}, /, **address: str) -> dict[str, Any]:  # noqa: B006 - never changed
        return _carry_out(act, body, **address)

    view.__name__, view.__doc__ = act.name, act.summary
    for status, reasons in act.refusals.items():
        view = blueprint.alt_response(status, description=reasons)(view)
    schema = None if act.answer == "desk" else TicketOut
    view = blueprint.response(201 if act.answer == "called" else 200, schema)(view)
    view = blueprint.arguments(act.body())(view) if act.body else view
    view = blueprint.doc(parameters=[KEY])(view) if act.names_a_key else view
    blueprint.post(act.path)(allow(*act.roles)(view))


def _carry_out(act: Act, body: Body, mall: str, counter: str = "", ticket_id: str = "") -> dict[str, Any]:
    """Decide the act's command and answer with the ticket, or with the counter's desk."""
    known, at = queue().mall(mall), now()
    if act.answer == "ticket":
        own = actor().scope.get("counter", "")  # without one: staff who may act at any counter
        command = act.command(Asked(known, at, own, ticket_id, body))
        outcome = queue().act_on(mall, ticket_id, command, **command_context())
        return views.ticket(outcome.now.state, known, ticket_id, now())
    new_id = ticket_of(codes().ticket(hours.business_day(at, known.about.zone)))
    command = act.command(Asked(known, at, counter, new_id, body))
    outcome = queue().act(known, command, **command_context())
    if act.answer == "desk":
        return _console(outcome.now.state, known, counter)
    called = next(event for event in outcome.events if isinstance(event, TicketCalled))
    return views.called_ticket(outcome.now.state, known, called)


for act in ACTS:
    _add_route(act)
