"""When a mall, or a counter with a week of its own, is open: weekly hours, dates with hours of their own, holidays."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

from services.catalog.domain.hours import WEEKDAYS, Intervals, Week
from services.catalog.domain.mall import HoursException, MallListed

HORIZON = 60  # days that a next opening is looked for
# Hari libur nasional and cuti bersama: the yearly decree of three ministers, as the package knows it.
CATEGORIES = {"public-holiday": "public", "joint-leave": "government"}
Weeks = Sequence[Week | None]  # of the counters that give a service; None: whenever the mall is open


def intervals(mall: MallListed, day: date, week: Week | None = None) -> Intervals:
    """When there is service on this day. A counter with a week keeps the mall's hours on exceptional days it comes."""
    weekday = WEEKDAYS[day.weekday()]
    if week is not None and not week.get(weekday):
        return ()
    if exception := _exception(mall, day):
        return exception.intervals
    if _holiday(mall, day):
        return ()
    return tuple((mall.week if week is None else week).get(weekday, ()))


def why_closed(mall: MallListed, day: date) -> str:
    """Why this day is unlike others of its weekday: an exception's reason, a holiday's name, or nothing."""
    exception = _exception(mall, day)
    return exception.reason if exception else _holiday(mall, day)


def open_until(mall: MallListed, now: datetime, weeks: Weeks = (None,)) -> datetime | None:
    """When those that are open at this instant close; None if none is. Closing time itself is closed."""
    today = now.astimezone(ZoneInfo(mall.zone)).date()
    ends = [closes for week in weeks for opens, closes in _moments(mall, today, week) if opens <= now < closes]
    return max(ends, default=None)


def next_opening(mall: MallListed, now: datetime, weeks: Weeks = (None,)) -> datetime | None:
    """The next instant at which one of them opens, in the mall's zone; None if none does within two months."""
    return min((opening for week in weeks for opening in _first_after(mall, now, week)), default=None)


def _first_after(mall: MallListed, now: datetime, week: Week | None) -> Iterator[datetime]:
    today = now.astimezone(ZoneInfo(mall.zone)).date()
    days = (today + timedelta(days=ahead) for ahead in range(HORIZON))
    first = next((opens for day in days for opens, _ in _moments(mall, day, week) if opens > now), None)
    if first:
        yield first


def _moments(mall: MallListed, day: date, week: Week | None) -> list[tuple[datetime, datetime]]:
    def at(clock: str) -> datetime:
        return datetime.combine(day, time.fromisoformat(clock), ZoneInfo(mall.zone))

    return [(at(opens), at(closes)) for opens, closes in intervals(mall, day, week)]


def _exception(mall: MallListed, day: date) -> HoursException | None:
    return next((found for found in mall.exceptions if found.date == day), None)


def _holiday(mall: MallListed, day: date) -> str:
    return _holidays(day.year, mall.closed_on).get(day, "")


@lru_cache(maxsize=64)
def _holidays(year: int, kinds: tuple[str, ...]) -> dict[date, str]:
    categories = tuple(CATEGORIES[kind] for kind in kinds if kind in CATEGORIES)
    if not categories:
        return {}
    return dict(holidays.country_holidays("ID", years=year, categories=categories, language="id"))
