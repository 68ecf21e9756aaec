"""A change that an administrator asks for: carried out, or previewed with the people it concerns."""

from collections.abc import Callable, Iterable
from functools import reduce
from typing import Any

from flask_smorest import Blueprint

from services.catalog import history, views
from services.catalog.administration.schemas import ChangesOut, DryRun
from services.catalog.api import malls
from services.catalog.domain.concerns import People, concerns
from services.catalog.domain.directory import Command, Directory, Event, evolve
from services.chassis.clock import now
from services.chassis.idempotency import command_context
from services.chassis.routes import View

blueprint = Blueprint(
    "administration",
    __name__,
    url_prefix="/catalog/api/malls/<mall>",
    description="Changing what a mall offers; each change can be previewed with `dry_run=true`",
)


def change(routes: Blueprint, asked: type[DryRun] = DryRun) -> Callable[[View], View]:
    """Declare that a route makes a change: its query holds `dry_run`, and it answers with what differs (`done`)."""

    def mark(view: View) -> View:
        answered: View = routes.response(200, ChangesOut)(view)
        queried: View = routes.arguments(asked, location="query")(answered)
        return queried

    return mark


def done(mall: str, command: Command, *, dry_run: bool) -> dict[str, Any]:
    """What the command makes different; it is carried out unless this is a dry run."""
    before = malls().find(mall)
    if not dry_run:
        events = malls().act(mall, command, **command_context()).events
        return {"dry_run": False, **history.changes(before, events), "concerns": None}
    would = malls().would(mall, command)
    return {"dry_run": True, **history.changes(before, would), "concerns": _concerns(before, would)}


def _concerns(before: Directory, would: Iterable[Event]) -> dict[str, Any]:
    people = malls().people(before.mall, now()) if before.mall else People(now())
    return views.concerns(concerns(before, reduce(evolve, would, before), people))
