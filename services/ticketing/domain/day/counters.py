"""What clerks do at their counters: call, serve, send on, take back."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import assert_never

from services.chassis.errors import Problem
from services.ticketing.domain.day import in_force, refusals, turns
from services.ticketing.domain.day.commands import (
    CallNext,
    CallTicket,
    CloseCounter,
    Counters,
    EndTicket,
    Finish,
    HoldTicket,
    MissTicket,
    OpenCounter,
    PauseCounter,
    Recall,
    RestoreTicket,
    ResumeTicket,
    StartService,
    TransferAll,
    TransferTicket,
    UndoLast,
    WalkIn,
)
from services.ticketing.domain.day.events import (
    ActUndone,
    CounterClosed,
    CounterOpened,
    CounterPaused,
    Event,
    ServiceStarted,
    TicketCalled,
    TicketHeld,
    TicketMissed,
    TicketRecalled,
    TicketRestored,
    TicketResumed,
    TicketServed,
    TicketTransferred,
    TicketUnserved,
)
from services.ticketing.domain.day.evolve import evolve
from services.ticketing.domain.day.state import AT_COUNTER, Day, LastAct, ServiceQueue, Ticket
from services.ticketing.domain.day.visitors import issued, line_of, with_floors
from services.ticketing.domain.mall import CounterLearned, Mall, ServiceLearned

RECALLS = 3  # times a visitor is called again before the clerk has to decide
RESTORE_WITHIN = timedelta(hours=1)
UNDO_WITHIN = timedelta(minutes=2)


def decide(command: Counters, day: Day) -> list[Event]:
    """What a clerk's command leads to. Raises the refusals of a business day."""
    match command:
        case OpenCounter() | PauseCounter() | CloseCounter():
            return _desk(command, day)
        case CallNext() | CallTicket() | WalkIn():
            return _call(command, day)
        case Recall():
            return _recall(command, day)
        case StartService(ticket_id, counter, now):
            ticket = _at_counter(day.ticket(ticket_id), counter)
            started = ServiceStarted(ticket_id, ticket.issued.number, ticket.counter, now)
            return [started] if ticket.status == "called" else []
        case Finish():
            return _finish(command, day.ticket(command.ticket_id))
        case MissTicket(ticket_id, counter, now):
            return _miss(day.ticket(ticket_id), counter, now)
        case RestoreTicket():
            return _restore(command, day)
        case HoldTicket():
            return _hold(command, day.ticket(command.ticket_id))
        case ResumeTicket():
            return _resume(command, day)
        case TransferTicket():
            return _transfer(command, day)
        case TransferAll():
            return _transfer_all(command, day)
        case EndTicket():
            return _end(command, day)
        case UndoLast(counter, now):
            return _undo(day, counter, now)
        case _:
            assert_never(command)


def accepts(command: Counters, day: Day) -> bool:
    """Whether a clerk's command would change the day now. Consoles offer by it, so that they offer what is accepted."""
    try:
        return not day.closed and bool(decide(command, day))
    except Problem:
        return False


def _desk(command: OpenCounter | PauseCounter | CloseCounter, day: Day) -> list[Event]:
    counter, now = in_force.counter_of_day(day, command.mall, command.counter), command.now
    status = day.desks[counter.code].status if counter.code in day.desks else None
    match command:
        case OpenCounter():
            _must_be_free_of_closures(command.mall, counter, now)
            return [] if status == "open" else [CounterOpened(counter.code, counter.floor, counter.agency, now)]
        case PauseCounter(_, reason):
            _must_be_free(day, counter.code)
            paused = CounterPaused(counter.code, counter.floor, counter.agency, reason, now)
            return [] if status == "paused" else [paused]
        case CloseCounter():
            _must_be_free(day, counter.code)
            return [] if status == "closed" else [CounterClosed(counter.code, counter.floor, counter.agency, now)]
        case _:
            assert_never(command)


def _must_be_free(day: Day, counter: str) -> None:
    if counter in day.serving:
        raise refusals.CounterBusy(number=day.tickets[day.serving[counter]].issued.number)


def _must_be_free_of_closures(mall: Mall, counter: CounterLearned, now: datetime) -> None:
    if closure := mall.closure("counter", counter.code, now):
        raise refusals.CounterShut(counter=counter.code, why=closure.reason)


def _ready(day: Day, mall: Mall, code: str, now: datetime) -> tuple[CounterLearned, list[Event]]:
    """A counter that can take a visitor now; its first visitor of the day opens it."""
    counter = in_force.counter_of_day(day, mall, code)
    in_force.must_go_on(day, mall, now)
    _must_be_free(day, code)
    _must_be_free_of_closures(mall, counter, now)
    desk = day.desks.get(code)
    if desk is None:
        return counter, [CounterOpened(code, counter.floor, counter.agency, now)]
    if desk.status == "paused":
        raise refusals.CounterPaused(counter=code)
    if desk.status == "closed":
        raise refusals.CounterShut(counter=code, why="")
    return counter, []


def _call(command: CallNext | CallTicket | WalkIn, day: Day) -> list[Event]:
    match command:
        case CallNext():
            return _call_next(command, day)
        case CallTicket():
            return _call_chosen(command, day)
        case WalkIn():
            return _walk_in(command, day)


def _call_next(command: CallNext, day: Day) -> list[Event]:
    counter, opening = _ready(day, command.mall, command.counter, command.now)
    ticket = turns.next_ticket(day, command.mall, counter, command.now)
    if ticket is None:
        raise refusals.NobodyWaits(counter=counter.code)
    services = in_force.callable_services(day, command.mall, counter, command.now)
    return [*opening, _called(ticket, counter, services, command.now)]


def _call_chosen(command: CallTicket, day: Day) -> list[Event]:
    counter, opening = _ready(day, command.mall, command.counter, command.now)
    ticket = day.ticket(command.ticket_id)
    services = in_force.callable_services(day, command.mall, counter, command.now)
    if ticket.status != "waiting":
        raise refusals.NotWaiting(number=ticket.issued.number)
    if ticket.only_at not in ("", counter.code):
        raise refusals.OtherCounter(counter=ticket.only_at)
    if ticket.now_for.service not in services or not in_force.gives(counter, ticket):
        raise refusals.NotThisCounter(counter=counter.code, service=ticket.now_for.service_name)
    if ticket.visit in day.engaged:
        raise refusals.VisitorElsewhere(number=ticket.issued.number)
    return [*opening, _called(ticket, counter, services, command.now, _reason(command.reason))]


def _walk_in(command: WalkIn, day: Day) -> list[Event]:
    mall, now = command.mall, command.now
    counter, opening = _ready(day, mall, command.counter, now)
    in_force.must_give_tickets(day, mall, now)
    services = in_force.callable_services(day, mall, counter, now)
    service = mall.service(command.service)
    if service.code not in services or service.code not in counter.services:
        raise refusals.NotThisCounter(counter=counter.code, service=service.name)
    passes = turns.next_ticket(day, mall, counter, now) is not None
    reason = _reason(command.reason) if passes else command.reason.strip()
    given = issued(day, command)
    ticket = evolve(day, given).tickets[command.ticket_id]
    return [*opening, given, _called(ticket, counter, services, now, reason)]


def _reason(text: str) -> str:
    if not text.strip():
        raise refusals.ReasonRequired()
    return text.strip()


def _called(
    ticket: Ticket, counter: CounterLearned, among: tuple[str, ...], now: datetime, reason: str = ""
) -> TicketCalled:
    return TicketCalled(
        ticket_id=ticket.id,
        number=ticket.issued.number,
        service=ticket.now_for.service,
        agency=ticket.now_for.agency,
        counter=counter.code,
        floor=counter.floor,
        among=among,
        called_at=now,
        call=ticket.calls + 1,
        reason=reason,
    )


def _at_counter(ticket: Ticket, counter: str | None) -> Ticket:
    """A ticket that is at this counter (None: at any)."""
    if ticket.status not in AT_COUNTER:
        raise refusals.NotCalled(number=ticket.issued.number)
    if counter is not None and ticket.counter != counter:
        raise refusals.OtherCounter(counter=ticket.counter)
    return ticket


def _is_repeat(ticket: Ticket, counter: str | None, status: str) -> bool:
    """Whether this counter has done that to the ticket already."""
    return ticket.status == status and counter in (None, ticket.counter)


def _about(ticket: Ticket) -> tuple[str, str, str, str]:
    return ticket.id, ticket.issued.number, ticket.now_for.service, ticket.now_for.agency


def _recall(command: Recall, day: Day) -> list[Event]:
    mall, now = command.mall, command.now
    ticket = _at_counter(day.ticket(command.ticket_id), command.counter)
    in_force.must_go_on(day, mall, now)
    _must_be_free_of_closures(mall, in_force.counter_of_day(day, mall, ticket.counter), now)
    if closure := mall.closure("service", ticket.now_for.service, now):
        in_force.refuse_suspended(mall, ticket.now_for.service_name, closure)
    if ticket.status == "serving" or ticket.called is None:
        raise refusals.AlreadyStarted(number=ticket.issued.number)
    if ticket.recalls >= RECALLS:
        raise refusals.RecallsUsedUp(number=ticket.issued.number, recalls=RECALLS)
    return [TicketRecalled(*_about(ticket), ticket.counter, ticket.called.floor, ticket.calls + 1, now)]


def _finish(command: Finish, ticket: Ticket) -> list[Event]:
    if _is_repeat(ticket, command.counter, "served"):
        return []
    ticket = _at_counter(ticket, command.counter)
    return [TicketServed(*_about(ticket), ticket.counter, command.now, command.result, command.also)]


def _miss(ticket: Ticket, counter: str | None, now: datetime) -> list[Event]:
    if _is_repeat(ticket, counter, "missed"):
        return []
    ticket = _at_counter(ticket, counter)
    if ticket.status == "serving":
        raise refusals.AlreadyStarted(number=ticket.issued.number)
    return [TicketMissed(*_about(ticket), ticket.counter, now)]


def _restore(command: RestoreTicket, day: Day) -> list[Event]:
    ticket, now = day.ticket(command.ticket_id), command.now
    if command.counter is not None and command.mall is not None:
        _must_concern(day, command.mall, command.counter, ticket)
    if ticket.status != "missed" or ticket.ended_at is None:
        raise refusals.NotMissed(number=ticket.issued.number)
    if now - ticket.ended_at > RESTORE_WITHIN:
        raise refusals.TooLate(minutes=RESTORE_WITHIN.seconds // 60)
    return [TicketRestored(*_about(ticket), now)]


def concerns(counter: CounterLearned, ticket: Ticket) -> bool:
    """Whether a ticket that is at no counter now is this counter's to act on: it gives it, or had it last.

    The console offers by the same rule.
    """
    return ticket.counter == counter.code or in_force.gives(counter, ticket)


def _must_concern(day: Day, mall: Mall, code: str, ticket: Ticket) -> None:
    """Refuse a clerk who names the ticket of another counter. Raises `NotThisCounter`."""
    if not concerns(in_force.counter_of_day(day, mall, code), ticket):
        raise refusals.NotThisCounter(counter=code, service=ticket.now_for.service_name)


def _hold(command: HoldTicket, ticket: Ticket) -> list[Event]:
    if _is_repeat(ticket, command.counter, "held"):
        return []
    ticket = _at_counter(ticket, command.counter)
    return [TicketHeld(*_about(ticket), ticket.counter, _reason(command.reason), command.now)]


def _resume(command: ResumeTicket, day: Day) -> list[Event]:
    ticket = day.ticket(command.ticket_id)
    if ticket.status == "serving" and ticket.counter == command.counter:
        return []
    if ticket.status != "held":
        raise refusals.NotHeld(number=ticket.issued.number)
    counter, opening = _ready(day, command.mall, command.counter, command.now)
    _must_concern(day, command.mall, counter.code, ticket)
    if ticket.visit in day.engaged:
        raise refusals.VisitorElsewhere(number=ticket.issued.number)
    return [*opening, TicketResumed(*_about(ticket), counter.code, counter.floor, command.now)]


def _transfer(command: TransferTicket, day: Day) -> list[Event]:
    """Send a visitor on: a clerk those at the own counter, and those who wait or are on hold for it; others anyone."""
    mall, ticket = command.mall, day.ticket(command.ticket_id)
    if ticket.status in AT_COUNTER:
        _at_counter(ticket, command.counter)
    elif ticket.status not in ("waiting", "held"):
        raise refusals.NotWaiting(number=ticket.issued.number)
    elif command.counter is not None:
        _must_concern(day, mall, command.counter, ticket)
    same = ticket.status == "waiting" and (ticket.now_for.service, ticket.only_at) == (command.service, command.to)
    if same and in_force.callers(day, mall, ticket, command.now):
        return []
    service, counters = _receiving(command, day)
    return [_transferred(day, mall, ticket, service, counters, command)]


def _transfer_all(command: TransferAll, day: Day) -> list[Event]:
    """Send on all who wait for a service and whom no counter can call, in their order of arrival."""
    service, counters = _receiving(command, day)
    queue = day.queues.get(command.waiting_for, ServiceQueue())
    waiting = sorted((*queue.ordinary, *queue.priority), key=day.arrival_of)
    stranded = [
        ticket
        for ticket in (day.tickets[one] for one in waiting)
        if not in_force.is_callable(day, command.mall, ticket, command.now)
    ]
    return [_transferred(day, command.mall, ticket, service, counters, command) for ticket in stranded]


def _receiving(command: TransferTicket | TransferAll, day: Day) -> tuple[ServiceLearned, Sequence[CounterLearned]]:
    """The service and counters that visitors are sent on to, as for a new ticket. Raises why there are none."""
    mall, now = command.mall, command.now
    service = mall.service(command.service)
    if command.to and command.to not in [counter.code for counter in mall.counters_for(service.code)]:
        raise refusals.NotThisCounter(counter=mall.counter(command.to).code, service=service.name)
    counters = in_force.counters_now(day, mall, service, now)
    if not command.to:
        return service, counters
    chosen = [counter for counter in counters if counter.code == command.to]
    if not chosen:
        closure = mall.closure("counter", command.to, now)
        raise refusals.CounterShut(counter=command.to, why=closure.reason if closure else "")
    return service, chosen


def _transferred(
    day: Day,
    mall: Mall,
    ticket: Ticket,
    service: ServiceLearned,
    counters: Sequence[CounterLearned],
    command: TransferTicket | TransferAll,
) -> TicketTransferred:
    agency, before = mall.agencies[service.agency], ticket.now_for
    return TicketTransferred(
        ticket_id=ticket.id,
        number=ticket.issued.number,
        from_service=before.service,
        from_agency=before.agency,
        from_counter=ticket.counter if ticket.status in AT_COUNTER else "",
        service=service.code,
        service_name=service.name,
        agency=agency.code,
        agency_name=agency.name,
        line=line_of(day, agency),
        counters=with_floors(counters),
        to=command.to,
        note=command.note,
        transferred_at=command.now,
    )


def _end(command: EndTicket, day: Day) -> list[Event]:
    ticket = day.ticket(command.ticket_id)
    if ticket.status == "unserved":
        return []
    if ticket.status not in ("waiting", "held"):
        raise refusals.NotWaiting(number=ticket.issued.number)
    return [TicketUnserved(*_about(ticket), command.now, _reason(command.reason))]


def _undo(day: Day, counter: str, now: datetime) -> list[Event]:
    """Take back a counter's last act, while nothing has come of it."""
    desk = day.desks.get(counter)
    last = desk.last if desk else None
    if last is None:
        raise refusals.NothingToUndo()
    if now - last.at > UNDO_WITHIN:
        raise refusals.TooLate(minutes=UNDO_WITHIN.seconds // 60)
    ticket = day.tickets[last.before.id]
    if not _is_as_left(ticket, counter, last):
        raise refusals.NothingToUndo()
    if last.before.status in AT_COUNTER:
        _must_be_free(day, counter)
        if ticket.visit in day.engaged:
            raise refusals.VisitorElsewhere(number=ticket.issued.number)
    about = last.before.now_for
    return [ActUndone(ticket.id, ticket.issued.number, about.service, about.agency, counter, last.act, now)]


def can_be_undone(day: Day, counter: str, now: datetime) -> bool:
    """Whether an undo of the counter's last act would be granted now."""
    return accepts(UndoLast(counter, now), day)


def _is_as_left(ticket: Ticket, counter: str, last: LastAct) -> bool:
    """Whether nothing has happened to the ticket since the counter's act."""
    act, at = last.act, last.at
    match act:
        case "called":
            same_call = ticket.called is not None and ticket.called.called_at == at
            return ticket.status == "called" and ticket.counter == counter and same_call and ticket.recalls == 0
        case "transferred":
            return ticket.status == "waiting" and ticket.moved is not None and ticket.moved.transferred_at == at
        case "held":
            return ticket.status == "held" and ticket.counter == counter
        case _:
            return ticket.status == act and ticket.ended_at == at
