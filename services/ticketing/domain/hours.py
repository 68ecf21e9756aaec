"""When a mall is open, in its own zone."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

Week = Sequence[Sequence[tuple[str, str]]]


def business_day(now: datetime, zone: str) -> date:
    """The mall's own calendar day at this instant. Midnight in UTC is seven in the morning in Jakarta."""
    return now.astimezone(ZoneInfo(zone)).date()


def is_open(now: datetime, zone: str, week: Week) -> bool:
    """Whether the mall's weekly hours hold this instant; closing time itself is closed."""
    local = now.astimezone(ZoneInfo(zone))
    clock = local.time()
    return any(_time(opens) <= clock < _time(closes) for opens, closes in week[local.weekday()])


def next_opening(now: datetime, zone: str, week: Week) -> datetime | None:
    """The next instant at which the mall opens, in its own zone; None if it never does."""
    local = now.astimezone(ZoneInfo(zone))
    for ahead in range(8):
        day = local.date() + timedelta(days=ahead)
        for opens, _ in sorted(week[day.weekday()]):
            opening = datetime.combine(day, _time(opens), ZoneInfo(zone))
            if opening > local:
                return opening
    return None


def day_ends(day: date, zone: str) -> datetime:
    """The instant at which the mall's calendar day is over."""
    return datetime.combine(day + timedelta(days=1), time(0), ZoneInfo(zone))


def _time(text: str) -> time:
    return time.fromisoformat(text)
