"""When a mall serves and gives tickets, in its own zone: weekly hours, dated exceptions, national holidays."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

Week = Sequence[Sequence[tuple[str, str]]]
Interval = tuple[datetime, datetime]

HORIZON = 60  # days that a next opening is looked for
# Hari libur nasional and cuti bersama: the yearly decree of three ministers, as the package knows it.
CATEGORIES = {"public-holiday": "public", "joint-leave": "government"}


# Stored as part of what is learned of a mall: rename nothing; new fields get defaults.
@dataclass(frozen=True)
class Exceptional:
    """A date (ISO) with hours of its own, none when the mall is closed. It overrides week and holidays."""

    date: str
    intervals: tuple[tuple[str, str], ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class Hours:
    """Hours of a mall or, with `presence`, of one of its counters; `week` is Monday first, times are "HH:MM".

    `closed_on` names kinds of holidays (`CATEGORIES`); the minutes say how long before service opens tickets are
    given, and how long before closing no more.
    """

    zone: str
    week: Week
    exceptions: tuple[Exceptional, ...] = ()
    closed_on: tuple[str, ...] = ()
    tickets_from_minutes: int = 0
    last_ticket_minutes: int = 0
    presence: Week | None = None

    def at_counter(self, week: Week | None) -> "Hours":
        """The hours of a counter whose agency comes only in `week`; None: always when the mall is open."""
        return self if week is None else replace(self, presence=week)

    def intervals(self, day: date) -> list[Interval]:
        """When there is service on this day. On exceptional days a counter keeps the mall's hours."""
        exception = self._exception(day)
        if exception:
            clocks: Sequence[tuple[str, str]] = exception.intervals
        elif self._holiday(day):
            clocks = ()
        else:
            clocks = (self.presence or self.week)[day.weekday()]
        if self.presence is not None and not self.presence[day.weekday()]:
            return []
        return sorted((self._at(day, opens), self._at(day, closes)) for opens, closes in clocks)

    def usual_opening(self, day: date) -> datetime | None:
        """When this weekday opens in an ordinary week; on one without hours, when the week's earliest day does."""
        openings = [min(opens for opens, _ in clocks) for clocks in self.week if clocks]
        clocks = self.week[day.weekday()]
        usual = min(opens for opens, _ in clocks) if clocks else min(openings, default=None)
        return self._at(day, usual) if usual else None

    def why_closed(self, day: date) -> str:
        """Why this day is unlike others of its weekday: an exception's reason, a holiday's name, or nothing."""
        exception = self._exception(day)
        return exception.reason if exception else self._holiday(day)

    def is_open(self, now: datetime) -> bool:
        """Whether there is service at this instant; closing time itself is closed."""
        return any(opens <= now < closes for opens, closes in self.intervals(business_day(now, self.zone)))

    def gives_tickets(self, now: datetime) -> bool:
        """Whether tickets are given: from some minutes before each opening to some before the day's last closing."""
        before, last = timedelta(minutes=self.tickets_from_minutes), timedelta(minutes=self.last_ticket_minutes)
        intervals = self.intervals(business_day(now, self.zone))
        cuts = [timedelta()] * (len(intervals) - 1) + [last]
        return any(opens - before <= now < closes - cut for (opens, closes), cut in zip(intervals, cuts, strict=False))

    def serves_later(self, now: datetime) -> bool:
        """Whether there is service now or later on this day."""
        closing = self.closing(business_day(now, self.zone))
        return closing is not None and now < closing

    def closing(self, day: date) -> datetime | None:
        """When the last interval of this day ends; None if there is none."""
        intervals = self.intervals(day)
        return intervals[-1][1] if intervals else None

    def next_opening(self, now: datetime) -> datetime | None:
        """The next instant at which service opens, in the mall's own zone; None if it does not within two months."""
        return next((opens for opens in self._openings(business_day(now, self.zone)) if opens > now), None)

    def next_day(self, now: datetime) -> datetime | None:
        """The next instant at which service opens on another day, even at its midnight."""
        return self.next_opening(day_ends(business_day(now, self.zone), self.zone) - timedelta(seconds=1))

    def _openings(self, day: date) -> Iterator[datetime]:
        for ahead in range(HORIZON):
            for opens, _ in self.intervals(day + timedelta(days=ahead)):
                yield opens

    def _exception(self, day: date) -> Exceptional | None:
        return next((found for found in self.exceptions if found.date == day.isoformat()), None)

    def _holiday(self, day: date) -> str:
        return _holidays(day.year, self.closed_on).get(day, "") if self.closed_on else ""

    def _at(self, day: date, clock: str) -> datetime:
        return datetime.combine(day, time.fromisoformat(clock), ZoneInfo(self.zone))


def elapsed(start: datetime, end: datetime) -> float:
    """Seconds from start to end; 0 where a clock that was set back makes the end come first."""
    return max(0.0, (end - start).total_seconds())


def business_day(now: datetime, zone: str) -> date:
    """The mall's own calendar day at this instant. Midnight in UTC is seven in the morning in Jakarta."""
    return now.astimezone(ZoneInfo(zone)).date()


def day_ends(day: date, zone: str) -> datetime:
    """The instant at which the mall's calendar day is over."""
    return datetime.combine(day + timedelta(days=1), time(0), ZoneInfo(zone))


@lru_cache(maxsize=64)
def _holidays(year: int, kinds: tuple[str, ...]) -> dict[date, str]:
    categories = tuple(CATEGORIES[kind] for kind in kinds if kind in CATEGORIES)
    if not categories:
        return {}
    return dict(holidays.country_holidays("ID", years=year, categories=categories, language="id"))
