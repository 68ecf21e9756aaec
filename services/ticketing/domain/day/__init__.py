"""A mall's business day: who waits, who is served, what is left of today's capacity. The decider of its stream.

`events` is what can happen, `commands` what people ask, `refusals` what they are told instead; `state` folds the
events; `visitors`, `counters` and `course` decide; `turns` says who is next.
"""

from datetime import datetime
from typing import get_args

from services.chassis.decider import Decider
from services.ticketing.domain import hours
from services.ticketing.domain.day import counters, course, refusals, turns, visitors
from services.ticketing.domain.day.commands import (
    CallNext,
    CallTicket,
    ChangeRule,
    CheckIn,
    CloseCounter,
    CloseDay,
    Command,
    Counters,
    ForceOpen,
    IssueTicket,
    OpenCounter,
    PauseCounter,
    StopDay,
    Tick,
    Visitors,
    WalkIn,
)
from services.ticketing.domain.day.events import (
    Event,
    TicketApproaching,
    TicketCalled,
    TicketCancelled,
    TicketTransferred,
    TicketUnserved,
)
from services.ticketing.domain.day.evolve import evolve, fold
from services.ticketing.domain.day.state import Day
from services.ticketing.domain.mall import Mall

OPENS = (
    IssueTicket
    | CheckIn
    | OpenCounter
    | PauseCounter
    | CloseCounter
    | CallNext
    | CallTicket
    | WalkIn
    | ForceOpen
    | StopDay
    | ChangeRule
)
SHORTENS = TicketCalled | TicketCancelled | TicketTransferred | TicketUnserved


def decide(command: Command, day: Day) -> list[Event]:
    """What a command leads to: after what is due by the clock, before who is told by it. Raises refusals."""
    if day.closed:
        if isinstance(command, CloseDay | Tick):
            return []
        raise refusals.DayOver()
    mall: Mall | None = getattr(command, "mall", None)
    due = course.due(day, command.now, mall, is_trusted=not isinstance(command, Tick) or command.is_trusted)
    day = fold(day, due)
    opening = _opening(command, day)
    events = _decide(command, fold(day, opening))
    if not events and not isinstance(command, Tick):
        return due
    approaching = _approaching(day, mall, events, command.now) if mall else []
    return [*due, *opening, *events, *approaching]


def _opening(command: Command, day: Day) -> list[Event]:
    """The day's opening, by the first act in it or by the clock."""
    if isinstance(command, Tick):
        today = hours.business_day(command.now, command.mall.about.zone) == command.date
        return course.opening(day, command.now, command.mall) if today and course.opens_by_schedule(command) else []
    return course.opening(day, command.now, command.mall) if isinstance(command, OPENS) else []


def _decide(command: Command, day: Day) -> list[Event]:
    if isinstance(command, Visitors):
        return visitors.decide(command, day)
    if isinstance(command, Counters):
        return counters.decide(command, day)
    return course.decide(command, day)


def _approaching(day: Day, mall: Mall, events: list[Event], now: datetime) -> list[Event]:
    """Visitors who have become one of the next few to be called by this: once each, none who was so from the start."""
    nth = mall.about.approaching
    left = [day.tickets[e.ticket_id] for e in events if isinstance(e, SHORTENS) and e.ticket_id in day.tickets]
    if not left:
        return []
    return [
        TicketApproaching(
            ticket.id, ticket.issued.number, ticket.now_for.service, ticket.now_for.agency, ahead, now, nth - 1
        )
        for ticket, ahead in turns.approaching(fold(day, events), mall, left, nth, now)
        if not ticket.told and ticket.issued.ahead >= nth
    ]


DAY: Decider[Command, Day, Event] = Decider(initial=Day(), decide=decide, evolve=evolve, events=get_args(Event))
