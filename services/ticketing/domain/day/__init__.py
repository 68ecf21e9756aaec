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
SHORTENS = TicketCalled | TicketCancelled | TicketTransferred


def decide(command: Command, day: Day) -> list[Event]:
    """What a command leads to: after what is due by the clock, before who is told by it. Raises refusals."""
    if day.closed:
        if isinstance(command, CloseDay | Tick):
            return []
        raise refusals.DayOver()
    mall: Mall | None = getattr(command, "mall", None)
    due = course.due(day, command.now, mall)
    day = fold(day, due)
    opening = _opening(command, day)
    events = _decide(command, fold(day, opening))
    if not events and not isinstance(command, Tick):
        return due
    approaching = _approaching(day, events, mall.about.approaching, command.now) if mall else []
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


def _approaching(day: Day, events: list[Event], nth: int, now: datetime) -> list[Event]:
    """Who has become the n-th of a line by this: told once, and not if the line was no longer when they came."""
    shorter = [e.ticket_id for e in events if isinstance(e, SHORTENS) and e.ticket_id in day.tickets]
    lines = {day.tickets[ticket_id].now_for.line for ticket_id in shorter}
    if not lines:
        return []
    after = fold(day, events)
    return [
        TicketApproaching(ticket.id, ticket.issued.number, ticket.now_for.service, ticket.now_for.agency, ahead, now)
        for line in sorted(lines)
        for ahead, ticket in enumerate(turns.first_of_line(after, line, now, nth))
        if not ticket.told and ticket.issued.ahead >= nth
    ]


DAY: Decider[Command, Day, Event] = Decider(initial=Day(), decide=decide, evolve=evolve, events=get_args(Event))
