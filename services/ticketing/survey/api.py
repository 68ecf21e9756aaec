"""The survey over HTTP: a visitor answers, staff and agencies read what it comes to, everybody the year's index."""

from calendar import monthrange
from collections import Counter
from datetime import date
from typing import Any

from flask import Response, current_app
from flask_smorest import Blueprint

from services.chassis.clock import now
from services.chassis.errors import Invalid
from services.chassis.idempotency import command_context
from services.chassis.languages import language
from services.chassis.routes import allow, public
from services.kernel.guard import actor, limited
from services.kernel.tokens import WrongScope
from services.ticketing.api.reports import days_between
from services.ticketing.api.schemas import KEY
from services.ticketing.api.tickets import queue
from services.ticketing.domain import hours
from services.ticketing.domain.mall import Mall
from services.ticketing.queue import ticket_of
from services.ticketing.spreadsheets import table
from services.ticketing.survey.batches import Batch
from services.ticketing.survey.domain import AnswerSurvey, Profile
from services.ticketing.survey.report import COLUMNS, Visits, figures, report, rows
from services.ticketing.survey.schemas import AnswersIn, IndexOut, StandingOut, Wanted
from services.ticketing.survey.surveys import Surveys, months

LONGEST = 60  # months in one report
INDEX_AGE = 60.0  # seconds that the public index may be behind

blueprint = Blueprint(
    "survey", __name__, url_prefix="/ticketing/api/malls/<mall>", description="The satisfaction survey"
)


class PeriodTooLong(Invalid):
    """A report covers five years at most."""


def surveys() -> Surveys:
    """This process's surveys."""
    found: Surveys = current_app.extensions["surveys"]
    return found


@blueprint.get("/tickets/<ticket_code>/survey")
@public
@blueprint.response(200, StandingOut)
def survey_standing(mall: str, ticket_code: str) -> dict[str, str]:
    """Whether the visit of this ticket can be judged: once it is over, for seven days, once."""
    queue().mall(mall)
    ticket = queue().day_with(mall, ticket_code).ticket(ticket_of(ticket_code))
    return {"standing": surveys().standing(mall, ticket, now())}


@blueprint.post("/tickets/<ticket_code>/survey")
@public
@blueprint.doc(parameters=[KEY])
@blueprint.arguments(AnswersIn())
@blueprint.response(201, StandingOut)
@blueprint.alt_response(409, description="`visit-not-over`, `survey-closed`, `already-answered`")
@limited("surveys")
def answer_survey(given: dict[str, Any], mall: str, ticket_code: str) -> dict[str, str]:
    """Judge a visit, once, by the ticket's code; the same answers again change nothing."""
    queue().mall(mall)
    ticket = queue().day_with(mall, ticket_code).ticket(ticket_of(ticket_code))
    command = AnswerSurvey(ticket, given["answers"], Profile(**given["profile"]), language(), now())
    surveys().answer(mall, command, **command_context())
    return {"standing": "answered"}


@blueprint.get("/survey")
@allow("supervisor", "administrator", "auditor", "agency")
@blueprint.arguments(Wanted(), location="query")
@blueprint.response(200)
@blueprint.alt_response(422, description="`period-too-long`")
def survey_report(wanted: dict[str, Any], mall: str) -> dict[str, Any] | Response:
    """The index with its elements and respondents: as a whole, by agency, service and month. An agency sees its own.

    Answers are counted in batches of at least five; those of a batch that is not complete yet are not in any figure.
    """
    known = queue().mall(mall)
    first, last = _period(wanted, known)
    agency, service = _own_agency(wanted["agency"]), wanted["service"]
    answers = [batch for batch in surveys().between(mall, first, last, now()) if _is_of(batch, agency, service)]
    visits = [some for some in _visits(known, first, last) if _is_of(some, agency, service)]
    found = report(answers, visits)
    period = {"from": f"{first:%Y-%m}", "to": f"{last:%Y-%m}"}
    if wanted["format"] == "csv":
        return table(COLUMNS, rows(found, _names(known)), f"survey-{mall}-{period['from']}-{period['to']}.csv")
    return {"mall": mall, **period, "agency": agency, "service": service, **found}


@blueprint.get("/survey/index")
@public
@blueprint.response(200, IndexOut)
def survey_index(mall: str) -> dict[str, Any]:
    """The mall's index of this year so far, for everybody."""
    today = hours.business_day(now(), queue().mall(mall).about.zone)
    found = figures(surveys().between(mall, today.replace(month=1, day=1), today, now(), INDEX_AGE), [])
    exact = (found["indices"] or {}).get("exact", {})
    told = {"index": exact.get("value"), "grade": exact.get("grade")}
    return {"year": today.year, "respondents": found["respondents"], **told}


def _period(wanted: dict[str, Any], known: Mall) -> tuple[date, date]:
    """The first and the last day of what is wanted. Raises `PeriodTooLong`."""
    today = hours.business_day(now(), known.about.zone)
    last = date.fromisoformat(f"{wanted['last'] or f'{today:%Y-%m}'}-01")
    first = date.fromisoformat(f"{wanted['first'] or f'{last:%Y}-01'}-01")
    if len(months(first, last)) > LONGEST:
        raise PeriodTooLong(years=LONGEST // 12)
    return first, last.replace(day=monthrange(last.year, last.month)[1])


def _own_agency(asked: str) -> str:
    """The agency to tell of; empty: all. Raises `WrongScope` for another one than the asker's own."""
    own = actor().scope.get("agency", "")
    if (actor().role == "agency" and not own) or (own and asked not in ("", own)):
        raise WrongScope()
    return own or asked


def _is_of(thing: Batch | Visits, agency: str, service: str) -> bool:
    return agency in ("", thing.agency) and service in ("", thing.service)


def _visits(known: Mall, first: date, last: date) -> list[Visits]:
    """How many visits were served, by month, agency and service."""
    days, _ = days_between(known.about.code, first, last, hours.business_day(now(), known.about.zone))
    counted = Counter(
        (day[:7], agency, service)
        for day, visits in days.items()
        for agency, service, outcome in zip(visits.agency, visits.service, visits.outcome, strict=True)
        if outcome == "served"
    )
    return [Visits(*which, count) for which, count in counted.items()]


def _names(known: Mall) -> dict[str, str]:
    agencies = {agency.code: agency.name for agency in known.agencies.values()}
    return agencies | {service.code: service.name for service in known.services.values()}
