"""Several processes at once on one mall's day: exact capacity, unique numbers, nobody called twice."""

import threading

from examples import KK, KTP, SIM, TUESDAY_NINE, mall, only
from processes import at_once

from services.chassis import chain
from services.chassis.errors import Problem
from services.chassis.event_store import EventStore, connect
from services.ticketing.domain.day import DAY
from services.ticketing.domain.day.commands import (
    CallNext,
    CallTicket,
    CancelTicket,
    Finish,
    HoldTicket,
    IssueTicket,
    MissTicket,
    Recall,
    RestoreTicket,
    ResumeTicket,
    StartService,
    TransferTicket,
    UndoLast,
)
from services.ticketing.domain.day.events import TicketCalled, TicketIssued
from services.ticketing.queue import Queue

PROCESSES, CLIENTS, CAPACITY = 4, 50, 100
MALL = mall(CAPACITY)


def issue_many(name: int, results, url: str, database: str) -> None:
    queue, got = Queue(EventStore(connect(url, database))), []

    def visitor(number: int) -> None:
        service = (KTP, KK, SIM)[number % 3]
        try:
            command = IssueTicket(f"{name}-{number}", service, None, TUESDAY_NINE, MALL)
            got.append(only(TicketIssued, queue.act(MALL, command).events).number)
        except Problem as refusal:
            got.append(refusal.reason)

    visitors = [threading.Thread(target=visitor, args=(number,)) for number in range(CLIENTS)]
    for each in visitors:
        each.start()
    for each in visitors:
        each.join()
    results.put(got)


def anybody_waits(queue: Queue) -> bool:
    return any(t.status == "waiting" for t in queue.today(MALL, TUESDAY_NINE).state.tickets.values())


def call_until_nobody_waits(name: int, results, url: str, database: str) -> None:
    queue, got = Queue(EventStore(connect(url, database))), []
    for _ in range(400):
        for counter in MALL.counters:
            try:
                call = only(TicketCalled, queue.act(MALL, CallNext(counter, TUESDAY_NINE, MALL)).events)
                got.append((call.ticket_id, counter))
                queue.act(MALL, Finish(call.ticket_id, counter, TUESDAY_NINE))
            except Problem as refusal:
                if refusal.reason == "nobody-waits" and not anybody_waits(queue):
                    results.put(got)
                    return
    results.put(got)


def test_two_hundred_visitors_at_once_get_a_hundred_places_and_then_every_one_is_called_once(mongo_server, store):
    place = (mongo_server.url, store.database.name)
    got = at_once(issue_many, PROCESSES, *place)
    numbers = [number for number in got if number != "capacity-reached"]
    assert got.count("capacity-reached") == PROCESSES * CLIENTS - CAPACITY
    assert len(numbers) == len(set(numbers)) == CAPACITY

    calls = at_once(call_until_nobody_waits, PROCESSES, *place)
    called = [ticket_id for ticket_id, _ in calls]
    assert len(called) == len(set(called)) == CAPACITY
    day = Queue(store).today(MALL, TUESDAY_NINE).state
    assert {ticket.id: ticket.called.counter for ticket in day.tickets.values()} == dict(calls)
    assert dict(day.serving) == {}


TICKETS, ROUNDS = 12, 8
ACTS = {
    "call": lambda who, at: CallTicket(at, who, "Titipan", TUESDAY_NINE, MALL),
    "recall": lambda who, at: Recall(who, None, TUESDAY_NINE, MALL),
    "start": lambda who, at: StartService(who, None, TUESDAY_NINE),
    "finish": lambda who, at: Finish(who, None, TUESDAY_NINE),
    "no-show": lambda who, at: MissTicket(who, None, TUESDAY_NINE),
    "restore": lambda who, at: RestoreTicket(who, TUESDAY_NINE),
    "hold": lambda who, at: HoldTicket(who, None, "Fotokopi", TUESDAY_NINE),
    "resume": lambda who, at: ResumeTicket(who, at, TUESDAY_NINE, MALL),
    "transfer": lambda who, at: TransferTicket(who, None, KK, "", "", TUESDAY_NINE, MALL),
    "undo": lambda who, at: UndoLast(at, TUESDAY_NINE),
    "cancel": lambda who, at: CancelTicket(who, TUESDAY_NINE, MALL),
}


def act_on_the_same_tickets(name: int, results, url: str, database: str) -> None:
    """Every act on every ticket, by several threads of this process, while others do the same."""
    queue, got = Queue(EventStore(connect(url, database))), []
    together = threading.Barrier(len(ACTS))

    def clerk(act: str) -> None:
        counter = ("G02", "G2B")[(name + len(act)) % 2]
        for turn in range(ROUNDS * TICKETS):
            together.wait(60)
            if act == "cancel" and turn % ROUNDS < ROUNDS - 1:
                continue  # what is cancelled is over: the others come first, for some rounds
            try:
                events = queue.act(MALL, ACTS[act](f"ticket-{turn // ROUNDS}", counter)).events
                got.extend((type(event).__name__, getattr(event, "ticket_id", "")) for event in events)
            except Problem as refusal:
                got.append((refusal.reason, ""))

    clerks = [threading.Thread(target=clerk, args=(act,)) for act in ACTS]
    for each in clerks:
        each.start()
    for each in clerks:
        each.join()
    results.put(got)


def test_all_acts_on_one_ticket_at_once_happen_one_after_another(mongo_server, store):
    queue = Queue(store)
    for number in range(TICKETS):
        queue.act(MALL, IssueTicket(f"ticket-{number}", (KTP, KK)[number % 2], None, TUESDAY_NINE, MALL))
    got = at_once(act_on_the_same_tickets, PROCESSES, mongo_server.url, store.database.name)
    commits = store.read("pekalongan/2026-11-24")
    day, happened = DAY.initial, []
    for commit in commits:
        for event in DAY.recorded(commit):
            day = DAY.evolve(day, event)
            happened.append((type(event).__name__, getattr(event, "ticket_id", "")))
            at = [one.counter for one in day.tickets.values() if one.status in ("called", "serving")]
            assert sorted(at) == sorted(day.serving), "a counter has one visitor, a visitor one counter"
    told = [what for what in got if what[0][0].isupper()]
    issued = [what for what in happened if what[0] in ("DayOpened", "TicketIssued")]
    assert sorted(told + issued) == sorted(happened), "who was told that it happened, and the record, agree"
    kinds = {kind for kind, _ in told}
    assert {"TicketCalled", "TicketTransferred", "TicketCancelled"} <= kinds
    assert kinds & {"TicketRecalled", "TicketHeld", "TicketServed", "TicketMissed", "ServiceStarted", "ActUndone"}
    assert {kind for kind, _ in got if kind.islower()} & {"not-called", "counter-busy", "not-waiting"}
    assert "stream-busy" not in {kind for kind, _ in got}
    assert chain.first_misfit(commits) is None
