"""Pages for staff: empty shells, filled through the API with the clerk's own token."""

from datetime import date
from typing import Any

from babel.dates import format_date
from flask import render_template

from services.chassis.clock import now
from services.chassis.languages import language
from services.chassis.routes import public
from services.ticketing import views
from services.ticketing.api import queue
from services.ticketing.api.acts import ACTS
from services.ticketing.api.reports import day_named
from services.ticketing.domain import hours
from services.ticketing.domain.day import in_force
from services.ticketing.domain.day.state import Day
from services.ticketing.domain.mall import Mall
from services.ticketing.names import about, names_of
from services.ticketing.pages.visitors import blueprint


@blueprint.get("/counters/<counter>")
@public
def console(mall: str, counter: str) -> str:
    """A clerk's console: an empty shell, filled through the API with the clerk's own token."""
    known, at = queue().mall(mall), now()
    day = queue().today(known, at).state
    return render_template(
        "counter.html",
        mall=about(known),
        counter=_desk(known, day, counter),
        services=views.transfer_targets(known, at, day),
        priority_classes=known.about.classes,
        acts={act.name: act for act in ACTS if act.key},
        catalogue=views.token(known, at, day),
    )


def _desk(known: Mall, day: Day, code: str) -> dict[str, Any]:
    """Where a console is; also of a counter that was withdrawn while visitors rely on it. Raises `UnknownCounter`."""
    counter = in_force.counter_of_day(day, known, code)
    return {"code": code, "floor": counter.floor, "agency_name": known.agency_name(counter.agency)}


@blueprint.get("/supervisor")
@public
def supervisor(mall: str) -> str:
    """The mall at a glance and what a supervisor decides: an empty shell, as a console."""
    known, at = queue().mall(mall), now()
    day = queue().today(known, at).state
    counters = [known.counters[code] for code in sorted(known.counters)]
    return render_template(
        "supervisor.html",
        mall=about(known),
        counters=[{"code": one.code, "agency_name": known.agency_name(one.agency)} for one in counters],
        services=sorted(known.services.values(), key=lambda service: service.name),
        targets=views.transfer_targets(known, at, day),
        catalogue=views.token(known, at, day),
    )


@blueprint.get("/statistics")
@public
def statistics(mall: str) -> str:
    """Waits, service times and refusals of a period: an empty shell, as a console."""
    known = queue().mall(mall)
    return render_template("statistics.html", mall=about(known), names=names_of(known))


@blueprint.get("/days/<day>/audit")
@public
def audit(mall: str, day: str) -> str:
    """The record of a day: an empty shell, as a console. Raises `UnknownDay`."""
    known = queue().mall(mall)
    on = _day(known, day)
    return render_template(
        "audit.html",
        mall=about(known),
        today=_today(known),
        day=on.isoformat(),
        day_name=format_date(on, "EEEE, d MMMM y", locale=language()),
        names=names_of(known),
    )


@blueprint.get("/days/<day>/report")
@public
def report(mall: str, day: str) -> str:
    """A day in figures, to print and to sign: an empty shell, as a console. Raises `UnknownDay`."""
    known = queue().mall(mall)
    on = _day(known, day)
    return render_template(
        "report.html",
        mall=about(known),
        day=on.isoformat(),
        day_name=format_date(on, "EEEE, d MMMM y", locale=language()),
        names=names_of(known),
    )


def _day(known: Mall, day: str) -> date:
    """The day that a page's address names, or today's. Raises `UnknownDay`."""
    return _today(known) if day == "today" else day_named(day)


def _today(known: Mall) -> date:
    return hours.business_day(now(), known.about.zone)
