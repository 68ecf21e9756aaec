"""Reports: the record of a day and whether it was changed later; figures of a day or a period."""

from datetime import date
from typing import Any

from flask import Response, current_app

from services.chassis.clock import now
from services.chassis.errors import NotFound
from services.chassis.routes import allow
from services.kernel.guard import actor
from services.kernel.tokens import WrongScope
from services.ticketing import audit
from services.ticketing.api.schemas import Format, Period
from services.ticketing.api.tickets import blueprint, queue
from services.ticketing.domain import hours, statistics
from services.ticketing.domain.history import Visits
from services.ticketing.queue import day_stream
from services.ticketing.spreadsheets import table


class UnknownDay(NotFound):
    """That is no date."""


@blueprint.get("/days/<day>/audit")
@allow("supervisor", "administrator", "auditor")
@blueprint.arguments(Format(), location="query")
@blueprint.response(200)
def day_audit(wanted: dict[str, str], mall: str, day: str) -> Any:
    """Who did what, when, why and at which counter, from the events themselves."""
    known = queue().mall(mall)
    rows = audit.rows(queue().commits(mall, day_named(day)), known.about.zone)
    if wanted["format"] == "csv":
        return table(audit.COLUMNS, rows, f"audit-{mall}-{day}.csv")
    return {"mall": mall, "day": day, "acts": rows}


@blueprint.get("/days/<day>/verification")
@allow("supervisor", "administrator", "auditor")
@blueprint.response(200)
def verify_day(mall: str, day: str) -> dict[str, Any]:
    """Compare the record of a day with its hash chain, its signed seal, the journal and the history of the mall.

    `faults` names each thing that does not fit; `signature` is `valid`, `invalid`, `missing`, `pending` (closed minutes
    ago) or `none` (the day is not closed: its end is not protected yet).
    """
    queue().mall(mall)
    on = day_named(day)
    commits, seals = queue().commits(mall, on), current_app.extensions["seals"]
    recorded = queue().history(mall).days.get(on.isoformat())
    verdict = seals.verify(day_stream(mall, on), commits, now())
    return {"mall": mall, "day": day} | audit.verification(commits, verdict, recorded.seal if recorded else None)


@blueprint.get("/statistics")
@allow("supervisor", "administrator", "auditor", "agency")
@blueprint.arguments(Period(), location="query")
@blueprint.response(200)
def day_statistics(period: dict[str, Any], mall: str) -> dict[str, Any] | Response:
    """Waits and service times (seconds; median and 90th percentile), no-shows and refusals of a day or a period.

    By `class` the groups are of `months`, the whole months of the period that ended at least eight days ago and have no
    group of one to four visits; classes are put together and times rounded where one visit could be recognised.
    """
    known = queue().mall(mall)
    today = hours.business_day(now(), known.about.zone)
    first, last = period["first"] or today, period["last"] or today
    days, refused = days_between(mall, first, last, today)
    agency = actor().scope.get("agency")
    if actor().role == "agency" and not agency:
        raise WrongScope()  # it would see everybody's
    others: dict[str, Visits] = {}
    if agency:
        others = {day: _of_others(found, agency) for day, found in days.items()} if period["by"] == "class" else {}
        days = {day: _of_agency(found, agency) for day, found in days.items()}
        refused = {}
    whole, groups = statistics.summary(days, "day" if period["by"] == "class" else period["by"])
    months = None
    if period["by"] == "class":
        months, groups = statistics.by_class(days, first, last, today, others)
    if period["format"] == "csv":
        rows = [{period["by"]: name, **figures} for name, figures in groups.items()]
        return table([period["by"], *whole], rows, f"statistics-{mall}-{first}-{last}.csv")
    return {
        "mall": mall,
        "from": first.isoformat(),
        "to": last.isoformat(),
        "days": len(days),
        "by": period["by"],
        "months": months,
        "all": whole,
        "refused": refused,
        "groups": groups,
    }


def days_between(mall: str, first: date, last: date, today: date) -> tuple[dict[str, Visits], dict[str, int]]:
    """The visits by day, and the refusals by reason: closed days from the history, today up to now.

    Which waits of today were in the range on their tickets is left out until the day is closed: figures before and
    after a call would differ by one wait, and the range depends on the class.
    """
    recorded = queue().history(mall).between(first.isoformat(), last.isoformat())
    days = {day.date: day.visits for day in recorded}
    counts = [day.refused for day in recorded]
    if first <= today <= last and today.isoformat() not in days:
        so_far = statistics.visits(queue().day(mall, today).state)
        days[today.isoformat()] = Visits.of(visit._replace(in_range=None) for visit in so_far)
        counts.append(queue().refusals.of(mall, today))
    reasons = sorted({reason for one in counts for reason in one})
    return days, {reason: sum(one.get(reason, 0) for one in counts) for reason in reasons}


def _of_agency(visits: Visits, agency: str) -> Visits:
    """An agency's own visits; of priority classes an agency learns no more than that there is one."""
    own = (visit for visit in visits if visit.agency == agency)
    return Visits.of(visit._replace(priority="priority" if visit.priority else "") for visit in own)


def _of_others(visits: Visits, agency: str) -> Visits:
    """The visits of all other agencies."""
    return Visits.of(visit for visit in visits if visit.agency != agency)


def day_named(day: str) -> date:
    """The date that an address names. Raises `UnknownDay`."""
    try:
        return date.fromisoformat(day)
    except ValueError:
        raise UnknownDay(day=day) from None
