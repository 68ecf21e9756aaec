"""Tells visitors who wait that service has stopped and that it continues: from the mall's stream to the tickets."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from services.chassis import tracing
from services.chassis.clock import now
from services.chassis.event_store import Commit
from services.chassis.outbox import Reached
from services.notifications.correspondence import Correspondences, business_day, is_booking
from services.notifications.domain.commands import Command, HearSuspended, RecordContinued
from services.notifications.domain.events import Position, Scope, SmsRequested
from services.notifications.domain.mall import MALL, Mall, ResumptionHeard, SuspensionHeard
from services.notifications.malls import Malls, mall_of

log = structlog.get_logger()

DAY = timedelta(days=1)
WORTH_TELLING = timedelta(minutes=30)  # a replay finds suspensions of long ago


@dataclass(frozen=True)
class Moment:
    """A moment at which a suspension begins, or ends as it was planned."""

    at: datetime
    mall: str
    suspension: SuspensionHeard
    begins: bool
    traceparent: str = ""


class Concerned:
    """The destination of the outbox `suspensions`: asks for texts when a stop begins and when it ends.

    Planned moments are kept in memory, and read from the malls again when another process takes over: a text that was
    asked for before is not asked for twice.
    """

    def __init__(self, correspondences: Correspondences, malls: Malls) -> None:
        self._correspondences, self._malls = correspondences, malls
        self._planned: list[Moment] = []
        for mall in malls.with_suspensions():
            for suspension in malls.find(mall).suspended.values():
                self._plan(mall, suspension)

    def deliver(self, commit: Commit) -> None:
        """Plan the beginning and the end of what is suspended; tell at once what has resumed."""
        mall = mall_of(commit.stream)
        for index, event in enumerate(MALL.recorded(commit)):
            if isinstance(event, SuspensionHeard):
                self._plan(mall, event, commit.traceparent(index))
            elif isinstance(event, ResumptionHeard) and now() - event.heard_at < WORTH_TELLING:
                with tracing.within(commit.traceparent(index)):
                    self._tell_end(mall, event.scope, event.code, event.position, event.heard_at)

    def confirm(self) -> Reached:
        """Tell what has begun or ended by now. The relay asks twice a second, also when there are no commits."""
        due = [moment for moment in self._planned if moment.at <= now()]
        for moment in sorted(due, key=lambda moment: moment.at):
            with tracing.within(moment.traceparent):
                self._tell(moment)
        self._planned = [moment for moment in self._planned if moment not in due]
        return Reached()

    def close(self) -> None:
        """Nothing is held."""

    def _plan(self, mall: str, suspension: SuspensionHeard, traceparent: str = "") -> None:
        """Plan both moments of a suspension, unless they are too long ago to be told."""
        begins = max(suspension.since, suspension.heard_at)
        moments = [Moment(begins, mall, suspension, True, traceparent)]
        if suspension.until is not None:
            moments.append(Moment(suspension.until, mall, suspension, False, traceparent))
        self._planned += [moment for moment in moments if now() - moment.at < WORTH_TELLING]

    def _tell(self, moment: Moment) -> None:
        """Tell a moment, unless the suspension was lifted or replaced before it."""
        mall, suspension = moment.mall, moment.suspension
        scope, code, position = suspension.scope, suspension.code, suspension.position
        known = self._malls.find(mall)
        found = known.suspended.get(suspension.key)
        if found is None or found.position != position:
            return
        if not moment.begins:
            self._tell_end(mall, scope, code, position, moment.at)
        elif not found.is_over(now()):
            stop = HearSuspended(mall, scope, code, suspension.reason, position, moment.at, now())
            self._ask(mall, stop, self._tickets(known, scope, code))

    def _tell_end(self, mall: str, scope: Scope, code: str, position: Position, at: datetime) -> None:
        """Tell the tickets that nothing else stops."""
        known = self._malls.find(mall)
        resumed = RecordContinued(mall, scope, code, position, at, now())
        self._ask(mall, resumed, (one for one in self._tickets(known, scope, code) if not self._is_stopped(known, one)))

    def _is_stopped(self, mall: Mall, ticket: str) -> bool:
        return mall.stop_of(self._correspondences.find(ticket).service, business_day(ticket), now()) is not None

    def _tickets(self, mall: Mall, scope: Scope, code: str) -> Iterator[str]:
        """The tickets for which a number is kept: of the business day named, or of today and yesterday in the mall.

        A day that is in overtime at midnight goes on; tickets of a day that has closed do not wait any more.
        """
        today = now().astimezone(ZoneInfo(mall.zone))
        days = [code.replace("-", "")] if scope == "day" else [f"{today - back:%Y%m%d}" for back in (timedelta(0), DAY)]
        subjects = (subject for day in days for subject in self._correspondences.contacts.of_day(day))
        return (subject for subject in subjects if not is_booking(subject))

    def _ask(self, mall: str, command: Command, tickets: Iterator[str]) -> None:
        told = 0
        for ticket in tickets:
            events = self._correspondences.act(ticket, command).events
            told += any(isinstance(event, SmsRequested) for event in events)
        log.info("texts about a stop requested", mall=mall, command=type(command).__name__, texts=told)
