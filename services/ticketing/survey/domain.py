"""The satisfaction survey (SKM) of a mall in one month: who may answer, and what was answered.

Nine elements (unsur), each judged from 1, not good, to 4, very good: PermenPANRB 14/2017. They are known by name
because forms number the last two in either order.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from immutables import Map

from services.chassis.decider import Decider
from services.chassis.errors import Refused
from services.ticketing.domain.day.state import Ticket

# In the order of the regulation's list: requirements, procedure, time, cost, product, competence and behaviour of
# staff, complaints, facilities.
ELEMENTS = (
    "requirements",
    "procedure",
    "time",
    "cost",
    "product",
    "competence",
    "behaviour",
    "complaints",
    "facilities",
)
# What a respondent may tell of themselves, in bands wide enough to be nobody in particular.
PROFILE: Mapping[str, tuple[str, ...]] = {
    "sex": ("female", "male"),
    "age": ("under-20", "20-29", "30-39", "40-49", "50-59", "60-over"),
    "education": ("primary", "junior", "senior", "diploma", "bachelor", "postgraduate"),
    "occupation": ("civil-servant", "forces", "employee", "self-employed", "student", "home", "other"),
}
OPEN_DAYS = 7  # after the visit; later it is remembered too badly

Standing = Literal["not-over", "open", "answered", "closed"]


class VisitNotOver(Refused):
    """Only a visit that is over can be judged."""


class SurveyClosed(Refused):
    """The visit was too long ago."""


class AlreadyAnswered(Refused):
    """This ticket's survey was answered otherwise already."""


# Stored as named here: rename nothing; new fields get defaults.
@dataclass(frozen=True)
class Profile:
    """What a respondent told of themselves; empty where they did not."""

    sex: str = ""
    age: str = ""
    education: str = ""
    occupation: str = ""


@dataclass(frozen=True)
class AnswerSurvey:
    """The holder of a ticket judges the visit: 1 to 4 for each element; `language` is the one it was asked in."""

    ticket: Ticket
    answers: Mapping[str, int]
    profile: Profile
    language: str
    now: datetime


@dataclass(frozen=True)
class SurveyAnswered:
    """A visit was judged: `service` and `agency` are those that it ended with."""

    ticket_id: str
    service: str
    agency: str
    answers: Mapping[str, int]
    profile: Profile
    language: str
    answered_at: datetime


@dataclass(frozen=True)
class Month:
    """The answers for the visits of one month, by ticket, and the tickets by number in the order of their answers."""

    answered: Map[str, SurveyAnswered] = field(default_factory=Map)
    tickets: Map[int, str] = field(default_factory=Map)

    def in_order(self) -> list[SurveyAnswered]:
        """The answers in the order in which they were stored."""
        return [self.answered[self.tickets[number]] for number in range(len(self.tickets))]

    def standing(self, ticket: Ticket, now: datetime) -> Standing:
        """Whether this ticket's holder can answer."""
        if ticket.id in self.answered:
            return "answered"
        if ticket.status != "served" or ticket.ended_at is None:
            return "not-over"
        return "open" if now <= ticket.ended_at + timedelta(days=OPEN_DAYS) else "closed"


def evolve(month: Month, event: SurveyAnswered) -> Month:
    """The month after one more answer."""
    return Month(
        answered=month.answered.set(event.ticket_id, event),
        tickets=month.tickets.set(len(month.tickets), event.ticket_id),
    )


def decide(command: AnswerSurvey, month: Month) -> list[SurveyAnswered]:
    """One answer for each visit. Raises `VisitNotOver`, `SurveyClosed`, `AlreadyAnswered`."""
    ticket, about = command.ticket, command.ticket.now_for
    match month.standing(ticket, command.now):
        case "answered":
            earlier = month.answered[ticket.id]
            if (earlier.answers, earlier.profile) != (command.answers, command.profile):
                raise AlreadyAnswered()
            return []
        case "not-over":
            raise VisitNotOver(number=ticket.issued.number)
        case "closed":
            raise SurveyClosed(days=OPEN_DAYS)
        case "open":
            told = (command.answers, command.profile, command.language, command.now)
            return [SurveyAnswered(ticket.id, about.service, about.agency, *told)]


SURVEY: Decider[AnswerSurvey, Month, SurveyAnswered] = Decider(
    initial=Month(), decide=decide, evolve=evolve, events=(SurveyAnswered,)
)
