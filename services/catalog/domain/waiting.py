"""Who waits for what now, and who booked: the newest event of ticketing on each ticket, counter, closure and booking.

News can come again and in any order. What counts is its place in the stream that it comes from: what is older than
what was heard of the same thing leads to nothing.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar, assert_never

from services.chassis.decider import Decider

# Version and place in it of ticketing's commit that said so.
Position = tuple[int, int]


# Stored as named here: rename nothing; new fields get defaults.
@dataclass(frozen=True)
class TicketWaits:
    """A visitor waits for this service; booked: with a new ticket, for a place that was booked for this day."""

    ticket_id: str
    service: str
    at: datetime
    position: Position
    booked: bool = False


@dataclass(frozen=True)
class TicketWaitsNoMore:
    """A visitor was called, or does not wait for another reason."""

    ticket_id: str
    at: datetime
    position: Position


@dataclass(frozen=True)
class CounterStands:
    """A counter is open, takes a break or is closed for the day."""

    counter: str
    status: str
    at: datetime
    position: Position


@dataclass(frozen=True)
class DayEnded:
    """Nobody waits any more; nothing of this day follows."""

    at: datetime
    position: Position


@dataclass(frozen=True)
class ClosureHeard:
    """The mall, a counter or a service (`scope`) is closed for a while; until is None if its end is not known.

    `closure` identifies one of several; an earlier release of ticketing had one of each thing, without an id.
    """

    scope: str
    code: str
    reason: str
    since: datetime
    until: datetime | None
    position: Position
    closure: str = ""


@dataclass(frozen=True)
class ReopeningHeard:
    """A closure was lifted; without an id each of the thing."""

    scope: str
    code: str
    at: datetime
    position: Position
    closure: str = ""


@dataclass(frozen=True)
class PlaceBooked:
    """A place of this service is booked. `booking` names it in the catalog alone: its own id lets one act for it."""

    booking: str
    service: str
    at: datetime
    position: Position


@dataclass(frozen=True)
class BookingEnded:
    """A booking was cancelled, or was not claimed in time."""

    booking: str
    at: datetime
    position: Position


# The command and the event are the same value: what was heard.
News = (
    TicketWaits
    | TicketWaitsNoMore
    | CounterStands
    | DayEnded
    | ClosureHeard
    | ReopeningHeard
    | PlaceBooked
    | BookingEnded
)
Thing = tuple[str, str]
Key = TypeVar("Key")
Value = TypeVar("Value")


@dataclass(frozen=True)
class Waiting:
    """A business day, its bookings, or the closures of a mall: each has a stream of its own, with its kind of news.

    `heard` holds the latest position for each thing; of a ticket that waits no more, or a booking that ended, nothing
    else is kept.
    """

    heard: Mapping[Thing, Position] = field(default_factory=dict)
    tickets: Mapping[str, str] = field(default_factory=dict)  # the service, by the id of the ticket that waits for it
    counters: Mapping[str, str] = field(default_factory=dict)  # open, paused or closed
    closures: Mapping[tuple[str, str, str], ClosureHeard] = field(default_factory=dict)  # by scope, code and id
    claimed: Mapping[str, str] = field(default_factory=dict)  # the service, by the id of the ticket a booking became
    bookings: Mapping[str, str] = field(default_factory=dict)  # the service, by what names the booking
    news_at: datetime | None = None
    ended: bool = False

    @property
    def by_service(self) -> Mapping[str, int]:
        """How many wait for each service for which somebody waits."""
        return Counter(self.tickets.values())

    @property
    def open_counters(self) -> list[str]:
        """The counters that take visitors now."""
        return sorted(code for code, status in self.counters.items() if status == "open")

    def closures_at(self, now: datetime) -> list[ClosureHeard]:
        """What is closed for a while at this instant."""
        found = self.closures.values()
        return [each for each in found if each.since <= now and (each.until is None or now < each.until)]


def evolve(state: Waiting, news: News) -> Waiting:
    """What is known after some news."""
    if isinstance(news, TicketWaits) and news.booked:
        state = replace(state, claimed={**state.claimed, news.ticket_id: news.service})
    if not _is_new(news, state):
        return state
    state = replace(state, heard={**state.heard, _about(news): news.position})
    match news:
        case TicketWaits(ticket_id, service, at):
            return replace(_at(state, at), tickets={**state.tickets, ticket_id: service})
        case TicketWaitsNoMore(ticket_id, at):
            return replace(_at(state, at), tickets=_without(state.tickets, ticket_id))
        case CounterStands(counter, status, at):
            return replace(_at(state, at), counters={**state.counters, counter: status})
        case DayEnded(at):
            return Waiting(news_at=at, ended=True)
        case ClosureHeard():
            return replace(state, closures=_closed(state, news))
        case ReopeningHeard():
            return replace(state, closures=_reopened(state, news))
        case PlaceBooked(booking, service):
            return replace(state, bookings={**state.bookings, booking: service})
        case BookingEnded(booking):
            return replace(state, bookings=_without(state.bookings, booking))
        case _:
            assert_never(news)


def _closed(state: Waiting, news: ClosureHeard) -> Mapping[tuple[str, str, str], ClosureHeard]:
    """The closures with one more; one without an id replaces all others of the same thing."""
    thing = (news.scope, news.code)
    others = {key: each for key, each in state.closures.items() if news.closure or key[:2] != thing}
    return {**others, (*thing, news.closure): news}


def _reopened(state: Waiting, news: ReopeningHeard) -> Mapping[tuple[str, str, str], ClosureHeard]:
    """The closures without the one that was lifted, which may have been published before there were ids."""
    thing = (news.scope, news.code)
    lifted = news.closure if (*thing, news.closure) in state.closures else ""
    return {
        key: each
        for key, each in state.closures.items()
        if key[:2] != thing or (news.closure and key != (*thing, lifted))
    }


def decide(news: News, state: Waiting) -> list[News]:
    """Take in what is newer than what was heard of the same thing; nothing follows the end of a day."""
    if state.ended:
        return []
    if isinstance(news, TicketWaits) and news.booked and news.ticket_id not in state.claimed:
        return [news]  # that a booking became a ticket stays true, whatever happened to the ticket since
    return [news] if _is_new(news, state) else []


def _is_new(news: News, state: Waiting) -> bool:
    known = state.heard.get(_about(news))
    return known is None or news.position > known


def _about(news: News) -> Thing:
    match news:
        case TicketWaits() | TicketWaitsNoMore():
            return "ticket", news.ticket_id
        case CounterStands():
            return "desk", news.counter  # whether it is staffed: another matter than whether it is closed for a while
        case DayEnded():
            return "day", ""
        case ClosureHeard() | ReopeningHeard():
            return news.scope, f"{news.code}/{news.closure}" if news.closure else news.code
        case PlaceBooked() | BookingEnded():
            return "booking", news.booking
        case _:
            assert_never(news)


def _at(state: Waiting, at: datetime) -> Waiting:
    return replace(state, news_at=max(state.news_at or at, at))


def _without(entries: Mapping[Key, Value], key: Key) -> dict[Key, Value]:
    return {each: kept for each, kept in entries.items() if each != key}


WAITING: Decider[News, Waiting, News] = Decider(
    initial=Waiting(),
    decide=decide,
    evolve=evolve,
    events=(
        TicketWaits,
        TicketWaitsNoMore,
        CounterStands,
        DayEnded,
        ClosureHeard,
        ReopeningHeard,
        PlaceBooked,
        BookingEnded,
    ),
)
