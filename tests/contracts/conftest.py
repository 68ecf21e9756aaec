"""What the producers really publish: a catalog is imported and changed, a mall has a day, on a real store."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from examples import KK, KTP, PRIORITIES, SIM, SUNDAY_NINE, TUESDAY_NINE, only
from servers import Server

import services
from services.catalog import contract as catalog
from services.catalog.directory import Malls
from services.catalog.domain.directory import Directory, ImportCatalog
from services.catalog.seed import read
from services.chassis.cloud_event import CloudEvent
from services.chassis.event_store import Commit, EventStore, connect
from services.ticketing import contract as ticketing
from services.ticketing.domain.day.commands import CallNext, Finish, ForceOpen, IssueTicket, MissTicket
from services.ticketing.domain.day.events import TicketCalled
from services.ticketing.queue import Queue, mall_stream, new_ticket_id
from services.ticketing.subscriptions import REACTIONS

SEED = Path(services.__file__).parent / "catalog" / "seeds" / "pekalongan"


@dataclass(frozen=True)
class Told:
    """A producer's commits, and what it makes public of them."""

    commits: list[Commit]
    events: list[CloudEvent]

    @property
    def stored_types(self) -> set[str]:
        return {event.type for commit in self.commits for event in commit.events}


@pytest.fixture(scope="session")
def contracts_store(mongo_server: Server) -> Iterator:
    """A store for each service."""
    databases = [connect(mongo_server.url, f"contracts_{name}_{uuid.uuid4().hex[:8]}") for name in ("a", "b")]
    yield [EventStore(database) for database in databases]
    for database in databases:
        database.client.drop_database(database.name)
        database.client.close()


@pytest.fixture(scope="session")
def told_by_catalog(contracts_store) -> Told:
    """The seed is imported; later the police leave and take their counter and services along."""
    store, _ = contracts_store
    malls, seed = Malls(store), read(SEED)
    malls.act("pekalongan", ImportCatalog(seed))
    malls.act("pekalongan", ImportCatalog(without("POLRES", seed)))
    commits = store.read("mall/pekalongan")
    return Told(commits, [event for commit in commits for event in catalog.published(commit)])


@pytest.fixture(scope="session")
def told_by_ticketing(contracts_store, told_by_catalog) -> Told:
    """A Tuesday with visitors of every class, and a Sunday that was opened by hand."""
    _, store = contracts_store
    queue = Queue(store)
    for event in catalog.published(told_by_catalog.commits[0]):
        queue.malls.execute(*REACTIONS[event.type](event))
    a_tuesday(queue)
    a_sunday(queue)
    streams = (mall_stream("pekalongan"), "pekalongan/2026-11-22", "pekalongan/2026-11-24")
    commits = [commit for stream in streams for commit in store.read(stream)]
    return Told(commits, [event for commit in commits for event in ticketing.published(commit)])


@pytest.fixture(scope="session")
def published(told_by_catalog, told_by_ticketing) -> list[CloudEvent]:
    return told_by_catalog.events + told_by_ticketing.events


def without(agency: str, directory: Directory) -> Directory:
    """The directory once an agency has left."""
    return replace(
        directory,
        agencies={code: entry for code, entry in directory.agencies.items() if code != agency},
        services={code: entry for code, entry in directory.services.items() if entry.agency != agency},
        counters={code: entry for code, entry in directory.counters.items() if entry.agency != agency},
    )


def a_tuesday(queue: Queue) -> None:
    mall = queue.malls.snapshot(mall_stream("pekalongan")).state
    for service in (KTP, KK, SIM):
        for priority in (None, *PRIORITIES):
            ticket_id = new_ticket_id(TUESDAY_NINE.date())
            queue.act(mall, IssueTicket(ticket_id, service, priority, TUESDAY_NINE, mall))
    for finish, times in ((Finish, 5), (MissTicket, 3)):
        for _ in range(times):
            called = only(TicketCalled, queue.act(mall, CallNext("G02", TUESDAY_NINE, mall)).events)
            queue.act(mall, finish(called.ticket_id, "G02", TUESDAY_NINE))


def a_sunday(queue: Queue) -> None:
    mall = queue.malls.snapshot(mall_stream("pekalongan")).state
    queue.act(mall, ForceOpen("Pelayanan hari Minggu", SUNDAY_NINE, mall))
    queue.act(mall, IssueTicket(new_ticket_id(SUNDAY_NINE.date()), KTP, "elderly", SUNDAY_NINE, mall))
