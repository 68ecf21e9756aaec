"""The edge between requests and rules of the survey: one stream for each mall and month."""

from collections.abc import Sequence
from datetime import date, datetime

from services.chassis.decider import Outcome, Streams
from services.chassis.event_store import EventStore
from services.ticketing.domain.day.state import Ticket
from services.ticketing.queue import day_of
from services.ticketing.survey.batches import Batch, batches
from services.ticketing.survey.domain import SURVEY, AnswerSurvey, Month, Standing, SurveyAnswered


class Surveys:
    """The surveys of every mall. One per process."""

    def __init__(self, store: EventStore) -> None:
        self._months: Streams[AnswerSurvey, Month, SurveyAnswered] = Streams(store, SURVEY, {})

    def answer(self, mall: str, command: AnswerSurvey, **context: str) -> Outcome[Month, SurveyAnswered]:
        """Decide an answer in the month of the visit's business day."""
        return self._months.execute(_stream(mall, _month(day_of(command.ticket.id))), command, **context)

    def standing(self, mall: str, ticket: Ticket, at: datetime) -> Standing:
        """Whether the holder of this ticket can answer."""
        return self._months.snapshot(_stream(mall, _month(day_of(ticket.id)))).state.standing(ticket, at)

    def between(self, mall: str, first: date, last: date, now: datetime, max_age: float = 0.0) -> list[Batch]:
        """The complete batches of answers for the visits of these months (any day of each will do), both included."""
        return [
            batch
            for month in months(first, last)
            for batch in batches(month, self._months.snapshot(_stream(mall, month), max_age).state.in_order(), now)
        ]


def months(first: date, last: date) -> Sequence[str]:
    """The months from first to last: `2026-11`, `2026-12`."""
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    return [f"{first.year + at // 12:04}-{at % 12 + 1:02}" for at in range(first.month - 1, first.month - 1 + count)]


def _month(day: date) -> str:
    return months(day, day)[0]


def _stream(mall: str, month: str) -> str:
    """No mall's code holds a slash, so this is no business day's stream."""
    return f"survey/{mall}/{month}"
