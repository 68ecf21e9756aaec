"""Which answers a report may count: whole batches of at least five, each of which stays as it is once it is complete.

Every figure of every report is a sum over whole batches, so any two of them, of whatever period, agency or service and
read at any time, are equal or differ by at least five respondents. Which answers form a batch depends on the order of
answers alone, not on who reads a report when.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from services.ticketing.domain.disclosure import LEAST, end_of
from services.ticketing.survey.domain import OPEN_DAYS, SurveyAnswered

MARGIN = timedelta(days=1)  # after which an answer that was given in time is stored, whatever the clocks of processes

Pending = defaultdict[tuple[str, str], list[SurveyAnswered]]


@dataclass(frozen=True)
class Batch:
    """At least five answers for visits of one month that are counted together.

    `service` and `agency` are those of all its answers; empty where these are of several, which then count for none of
    them: for the agency without its services, or for the mall alone.
    """

    month: str
    agency: str
    service: str
    answers: tuple[SurveyAnswered, ...]


def batches(month: str, answers: Iterable[SurveyAnswered], now: datetime) -> list[Batch]:
    """Return the complete batches of a month's answers, given in the order in which they were stored.

    Five answers for one service are a batch. Once the month is settled (`settles_at`), what is left of the
    services of an agency is one batch of the agency, if it is at least five answers, and what is left of all agencies
    is one of the mall. The rest, at most four answers of a month, is not counted.
    """
    settles = settles_at(month)
    complete: list[Batch] = []
    in_time, late = Pending(list), Pending(list)
    for answer in answers:
        pending = (in_time if answer.answered_at < settles else late)[answer.agency, answer.service]
        pending.append(answer)
        if len(pending) == LEAST:
            complete.append(Batch(month, answer.agency, answer.service, tuple(pending)))
            pending.clear()
    return [*complete, *_of_the_rest(month, in_time)] if now >= settles + MARGIN else complete


def settles_at(month: str) -> datetime:
    """Return when the last answer for a month (`2026-11`) is expected: a day after its surveys are closed.

    Of a day that was closed late, by a worker that did not run, answers can come later: these are counted in batches of
    one service alone.
    """
    ends = end_of(date.fromisoformat(f"{month}-01")) + timedelta(days=OPEN_DAYS + 1)
    return datetime.combine(ends, time(), UTC)


def _of_the_rest(month: str, left: Pending) -> list[Batch]:
    by_agency: dict[str, list[SurveyAnswered]] = defaultdict(list)
    for (agency, _), answers in left.items():
        by_agency[agency] += answers
    complete = [_batch(month, agency, rest) for agency, rest in by_agency.items() if len(rest) >= LEAST]
    of_the_mall = [answer for rest in by_agency.values() if len(rest) < LEAST for answer in rest]
    return [*complete, _batch(month, "", of_the_mall)] if len(of_the_mall) >= LEAST else complete


def _batch(month: str, agency: str, answers: Sequence[SurveyAnswered]) -> Batch:
    return Batch(month, agency, "", tuple(answers))
