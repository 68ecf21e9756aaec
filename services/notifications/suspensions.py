"""Tells whoever waits, or has booked, that something was suspended: from the mall's stream into those of tickets."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from services.chassis import tracing
from services.chassis.event_store import Commit
from services.chassis.outbox import Reached
from services.notifications.correspondence import FARTHEST, Correspondences, now
from services.notifications.domain.commands import HearSuspended
from services.notifications.domain.events import SmsRequested
from services.notifications.domain.mall import MALL, SuspensionHeard
from services.notifications.malls import Malls

log = structlog.get_logger()

WORTH_TELLING = timedelta(minutes=30)  # a replay finds suspensions of long ago


class Concerned:
    """The destination of the outbox `suspensions`. Who was told already is not told again."""

    def __init__(self, correspondences: Correspondences, malls: Malls) -> None:
        self._correspondences, self._malls = correspondences, malls

    def deliver(self, commit: Commit) -> None:
        """Ask for a text to each whose ticket or booking it concerns; each of them decides whether it does."""
        mall = commit.stream.partition("/")[2]
        for place, event in enumerate(MALL.recorded(commit)):
            if isinstance(event, SuspensionHeard) and now() - event.heard_at < WORTH_TELLING:
                with tracing.within(commit.traceparent(place)):
                    self._tell(mall, event)

    def confirm(self) -> Reached:
        """Nothing is left to wait for."""
        return Reached()

    def close(self) -> None:
        """Nothing is held."""

    def _tell(self, mall: str, event: SuspensionHeard) -> None:
        told = 0
        zone = ZoneInfo(self._malls.find(mall).zone)
        heard = HearSuspended(mall, event.scope, event.code, event.reason, event.position, event.heard_at, now())
        for day in _days(event, zone):
            for subject in self._correspondences.contacts.of_day(f"{day:%Y%m%d}"):
                events = self._correspondences.act(subject, heard).events
                told += any(isinstance(one, SmsRequested) for one in events)
        log.info("suspension", mall=mall, scope=event.scope, told=told)


def _days(event: SuspensionHeard, zone: ZoneInfo) -> Iterator[date]:
    """The business days that it touches; if nobody knows its end, the first."""
    first = max(event.since, event.heard_at).astimezone(zone).date()
    end: datetime = event.until or event.since
    last = min(end.astimezone(zone).date(), first + FARTHEST)
    while first <= last:
        yield first
        first += timedelta(days=1)
