"""Several processes at once on one mall's day: exact capacity, unique numbers, nobody called twice."""

import multiprocessing
import threading
from collections.abc import Callable

from examples import KK, KTP, SIM, TUESDAY_NINE, mall, only

from services.chassis.errors import Problem
from services.chassis.event_store import EventStore, connect
from services.ticketing.domain.day.commands import CallNext, Finish, IssueTicket
from services.ticketing.domain.day.events import TicketCalled, TicketIssued
from services.ticketing.queue import Queue

PROCESSES, CLIENTS, CAPACITY = 4, 50, 100
MALL = mall(CAPACITY)


def at_once(work: Callable, *arguments) -> list:
    """What many processes got that did the same work at once."""
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    processes = [context.Process(target=work, args=(n, results, *arguments)) for n in range(PROCESSES)]
    for process in processes:
        process.start()
    got = [item for _ in processes for item in results.get(timeout=90)]
    for process in processes:
        process.join()
    return got


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
    got = at_once(issue_many, *place)
    numbers = [number for number in got if number != "capacity-reached"]
    assert got.count("capacity-reached") == PROCESSES * CLIENTS - CAPACITY
    assert len(numbers) == len(set(numbers)) == CAPACITY

    calls = at_once(call_until_nobody_waits, *place)
    called = [ticket_id for ticket_id, _ in calls]
    assert len(called) == len(set(called)) == CAPACITY
    day = Queue(store).today(MALL, TUESDAY_NINE).state
    assert {ticket.id: ticket.called.counter for ticket in day.tickets.values()} == dict(calls)
    assert dict(day.serving) == {}
