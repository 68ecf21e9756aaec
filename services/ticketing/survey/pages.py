"""The pages of the survey: the nine questions for the holder of a ticket, the report for staff and the ministry."""

from flask import Blueprint, render_template

from services.chassis.clock import now
from services.chassis.routes import public
from services.ticketing.api import queue
from services.ticketing.domain import hours
from services.ticketing.names import about, names_of
from services.ticketing.queue import ticket_of
from services.ticketing.survey.api import surveys
from services.ticketing.survey.domain import ELEMENTS, PROFILE

blueprint = Blueprint("survey-pages", __name__, url_prefix="/ticketing/malls/<mall>")


@blueprint.get("/tickets/<ticket_code>/survey")
@public
def survey(mall: str, ticket_code: str) -> str:
    """Where a visit is judged by who has its ticket's code. Raises `UnknownTicket`, also for a ticket's id."""
    known = queue().mall(mall)
    ticket = queue().day_with(mall, ticket_code).ticket(ticket_of(ticket_code))
    return render_template(
        "survey.html",
        mall=about(known),
        ticket={"code": ticket_code, "number": ticket.issued.number, "service": ticket.now_for.service_name},
        standing=surveys().standing(mall, ticket, now()),
        elements=ELEMENTS,
        profile=PROFILE,
    )


@blueprint.get("/survey")
@public
def survey_report(mall: str) -> str:
    """The index of a period and how it came about, to print: an empty shell, as a console."""
    known = queue().mall(mall)
    today = hours.business_day(now(), known.about.zone)
    return render_template(
        "survey_report.html",
        mall=about(known),
        today=today,
        names=names_of(known),
        elements=ELEMENTS,
        profile=PROFILE,
    )
