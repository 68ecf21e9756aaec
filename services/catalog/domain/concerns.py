"""Count the people that a change of a directory concerns: visitors who wait today, bookings for today and ahead."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from services.catalog.domain.directory import Directory, ServiceListed
from services.catalog.domain.hours import Intervals
from services.catalog.domain.mall import MallListed
from services.catalog.domain.opening import intervals

Reason = Literal[
    "closes-today",
    "counter-open",
    "agency-withdrawn",
    "agency-suspended",
    "service-withdrawn",
    "service-moved",
    "without-counter",
    "line-changed",
    "hours-changed",
    "claim-by-changed",
    "bookings-ended",
]
Booking = tuple[date, str]  # the day, and the code of the service
ENDED = datetime.min


@dataclass(frozen=True)
class People:
    """The visitors and bookings that ticketing published: waiting by service, bookings by day and service.

    `ended`: today is closed already.
    """

    now: datetime
    waiting: Mapping[str, int] = field(default_factory=dict)
    bookings: Mapping[date, Mapping[str, int]] = field(default_factory=dict)
    open_counters: tuple[str, ...] = ()
    ended: bool = False


@dataclass(frozen=True)
class Concern:
    """One way in which the change concerns people: what it is about (names), how many wait and how many booked.

    `closes` is the closing time of a day that would be over, as "HH:MM"; None without any hours that day.
    """

    reason: Reason
    about: tuple[str, ...]
    waiting: int
    bookings: int
    closes: str | None = None


@dataclass(frozen=True)
class Concerns:
    """How many people the change concerns, each counted once, by day and by way."""

    waiting: int = 0
    bookings: int = 0
    days: Mapping[date, int] = field(default_factory=dict)
    warnings: tuple[Concern, ...] = ()


@dataclass(frozen=True)
class _Touched:
    """What a change does to some services: to those who wait for them, and to these bookings."""

    reason: Reason
    about: tuple[str, ...]
    services: frozenset[str] = frozenset()
    bookings: frozenset[Booking] = frozenset()
    closes: str | None = None
    always: bool = False  # reported even without visitors and bookings


def concerns(before: Directory, after: Directory, people: People) -> Concerns:
    """Return the number of people that the change from one directory to the other concerns.

    A booking is one until it is claimed: then it is a ticket that waits.
    """
    if before.mall is None or after.mall is None:
        return Concerns()
    touched = list(_touched(before, after, people))
    services = frozenset[str]().union(*(one.services for one in touched))
    booked = frozenset[Booking]().union(*(one.bookings for one in touched))
    days = {
        day: _booked(people, (one for one in booked if one[0] == day)) for day in sorted({day for day, _ in booked})
    }
    warnings = [(one, _warning(one, people)) for one in touched]
    return Concerns(
        waiting=_waiting(people, services),
        bookings=_booked(people, booked),
        days={day: number for day, number in days.items() if number},
        warnings=tuple(one for of, one in warnings if of.always or one.waiting or one.bookings),
    )


def _warning(of: _Touched, people: People) -> Concern:
    return Concern(of.reason, of.about, _waiting(people, of.services), _booked(people, of.bookings), of.closes)


def _waiting(people: People, services: Iterable[str]) -> int:
    return sum(people.waiting.get(service, 0) for service in services)


def _booked(people: People, bookings: Iterable[Booking]) -> int:
    return sum(people.bookings.get(day, {}).get(service, 0) for day, service in bookings)


def _touched(before: Directory, after: Directory, people: People) -> Iterator[_Touched]:
    yield from _closing_today(before, after, people)
    yield from _of_counters(before, after, people)
    yield from _of_agencies(before, after, people)
    yield from _of_services(before, after, people)
    yield from _of_bookings(before, after, people)


def _with_bookings(reason: Reason, about: Iterable[str], services: Iterable[str], people: People) -> Iterator[_Touched]:
    """These services, with all that is booked of them; nothing where there are none."""
    if codes := frozenset(services):
        booked = frozenset((day, code) for day, by_service in people.bookings.items() for code in by_service)
        yield _Touched(reason, tuple(about), codes, frozenset(one for one in booked if one[1] in codes))


def _closing_today(before: Directory, after: Directory, people: People) -> Iterator[_Touched]:
    """The change makes closing time, or the end of overtime, pass that has not passed yet."""
    assert before.mall is not None
    assert after.mall is not None
    closed, will_close = _closing(before.mall, people.now), _closing(after.mall, people.now)
    passes = closed > people.now >= will_close
    ends = _ending(before.mall, closed) > people.now >= _ending(after.mall, will_close)
    if (passes or ends) and not people.ended:
        today = people.now.astimezone(ZoneInfo(before.mall.zone)).date()
        everyone = frozenset(people.waiting)
        bookings = frozenset((today, code) for code in people.bookings.get(today, {}))
        closes = None if will_close.year == ENDED.year else f"{will_close:%H:%M}"
        yield _Touched("closes-today", (), everyone, bookings, closes, always=True)


def _closing(mall: MallListed, now: datetime) -> datetime:
    """When the mall closes today; long ago if it does not open."""
    zone = ZoneInfo(mall.zone)
    today = now.astimezone(zone).date()
    if not (hours := intervals(mall, today)):
        return ENDED.replace(tzinfo=now.tzinfo)
    return datetime.combine(today, time.fromisoformat(hours[-1][1]), zone)


def _ending(mall: MallListed, closing: datetime) -> datetime:
    return closing if closing.year == ENDED.year else closing + timedelta(minutes=mall.overtime_minutes)


def _of_counters(before: Directory, after: Directory, people: People) -> Iterator[_Touched]:
    withdrawn = [one for code, one in before.counters.items() if code not in after.counters]
    if at_work := [one.name for one in withdrawn if one.code in people.open_counters]:
        yield _Touched("counter-open", tuple(at_work), always=True)
    alone = [
        code
        for code in before.services
        if code in after.services and before.counters_for(code) and not after.counters_for(code)
    ]
    yield from _with_bookings("without-counter", (before.services[code].name for code in alone), alone, people)


def _of_agencies(before: Directory, after: Directory, people: People) -> Iterator[_Touched]:
    withdrawn = [one for code, one in before.agencies.items() if code not in after.agencies]
    stays = [(one, after.agencies[code]) for code, one in before.agencies.items() if code in after.agencies]
    suspended = [new for old, new in stays if new.suspended and not old.suspended]
    other_line = [new for old, new in stays if new.line != old.line]
    yield from _with_bookings(
        "agency-withdrawn", (one.name for one in withdrawn), _given(before, {one.code for one in withdrawn}), people
    )
    yield from _with_bookings(
        "agency-suspended", (one.name for one in suspended), _given(after, {one.code for one in suspended}), people
    )
    if given := frozenset(_given(before, {one.code for one in other_line})):
        yield _Touched("line-changed", tuple(one.name for one in other_line), given)


def _given(directory: Directory, agencies: set[str]) -> list[str]:
    return [code for code, service in directory.services.items() if service.agency in agencies]


def _of_services(before: Directory, after: Directory, people: People) -> Iterator[_Touched]:
    withdrawn = [
        one for code, one in before.services.items() if code not in after.services and one.agency in after.agencies
    ]
    moved = [
        one
        for code, one in before.services.items()
        if code in after.services and after.services[code].agency != one.agency
    ]
    found: dict[Reason, list[ServiceListed]] = {"service-withdrawn": withdrawn, "service-moved": moved}
    for reason, services in found.items():
        yield from _with_bookings(reason, (one.name for one in services), (one.code for one in services), people)


def _of_bookings(before: Directory, after: Directory, people: People) -> Iterator[_Touched]:
    """Bookings that can be claimed at other hours, until another time, or are no longer taken."""
    assert before.mall is not None
    assert after.mall is not None
    booked = frozenset((day, code) for day, by_service in people.bookings.items() for code in by_service)
    other = frozenset(
        (day, code)
        for day, code in booked
        if code in after.services and _hours(before, code, day) != _hours(after, code, day)
    )
    if other:
        yield _Touched("hours-changed", (), bookings=other)
    was, will_be = before.mall.bookings, after.mall.bookings
    if was is not None and will_be is None:
        yield _Touched("bookings-ended", (), bookings=booked)
    elif was is not None and will_be is not None and was.claim_by != will_be.claim_by:
        yield _Touched("claim-by-changed", (will_be.claim_by,), bookings=booked)


def _hours(directory: Directory, service: str, day: date) -> tuple[str, Intervals]:
    """When a service is given on a day, by all its counters together; the mall's hours where none gives it."""
    assert directory.mall is not None
    weeks = [counter.week for counter in directory.counters_for(service)] or [None]
    spans: list[tuple[str, str]] = []
    for opens, closes in sorted(one for week in weeks for one in intervals(directory.mall, day, week)):
        if spans and opens <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], closes))
        else:
            spans.append((opens, closes))
    return directory.mall.zone, tuple(spans)
