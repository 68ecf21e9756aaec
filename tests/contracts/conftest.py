"""What the producers really publish: a catalog is imported and changed, a mall has a day, on a real store."""

import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from examples import KK, KTP, SIM, SUNDAY_NINE, TUESDAY_NINE, new_booking_id, new_ticket_id, only
from joserfc.jwk import OKPKey
from servers import Server

import services
from services.catalog import contract as catalog
from services.catalog.access.accounts import Accounts
from services.catalog.access.domain.commands import (
    AddSecondFactor,
    ChangeAccess,
    EnableAccount,
    EndSession,
    IssueToken,
    RequireSecondFactor,
    RevokeToken,
)
from services.catalog.directory import Malls
from services.catalog.domain.directory import Directory, ImportCatalog
from services.catalog.seed import read
from services.chassis.clock import now
from services.chassis.cloud_event import CloudEvent
from services.chassis.errors import Problem
from services.chassis.event_store import Commit, EventStore, connect
from services.chassis.seals import Keys, Sealing, Seals, Signer
from services.notifications import contract as notifications
from services.notifications.contacts import Contacts
from services.notifications.correspondence import Correspondences, stream_of
from services.notifications.domain.commands import (
    ClaimMessage,
    HearBooked,
    HearCalled,
    HearIssued,
    LeavePhone,
    RecordOutcome,
    RecordReport,
)
from services.notifications.domain.events import BookingHeard, CallHeard, IssueHeard
from services.ticketing import contract as ticketing
from services.ticketing.api.acts import ACTS, Asked
from services.ticketing.domain.day import counters
from services.ticketing.domain.day.commands import (
    BookPlace,
    CallNext,
    CallTicket,
    CancelBooking,
    CancelTicket,
    ChangeRule,
    CheckIn,
    CloseCounter,
    CloseDay,
    Counters,
    Finish,
    ForceOpen,
    HoldTicket,
    IssueTicket,
    MissTicket,
    OpenCounter,
    PauseCounter,
    Recall,
    RestoreTicket,
    ResumeDay,
    ResumeTicket,
    StartService,
    StopDay,
    Tick,
    TransferTicket,
    UndoLast,
    WalkIn,
)
from services.ticketing.domain.day.events import TicketCalled
from services.ticketing.domain.hours import Exceptional
from services.ticketing.domain.mall import Closure, DeclareClosure, LiftClosure, Rule
from services.ticketing.queue import Queue, history_stream, mall_stream
from services.ticketing.subscriptions import REACTIONS

SEED = Path(services.__file__).parent / "catalog" / "seeds" / "pekalongan"
TUESDAY, SUNDAY = TUESDAY_NINE.date(), SUNDAY_NINE.date()
# What staff wrote for staff, who they were, and what requests were known by: each of these flies nowhere.
CANARIES = {
    "call": "kenari memanggil di luar giliran",
    "walk-in": "kenari datang tanpa nomor",
    "hold": "kenari mengambil fotokopi",
    "note": "kenari titip berkas",
    "actor": "Ibu Kenari",
    "key": "kunci-kenari",
    "device": "Kios kenari",
    "password": "sandi kenari rahasia",
    "known as": "kenari@pekalongankota.go.id",
}


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
    who_may_do_what(Accounts(store))
    commits = [commit for stream in ("mall/pekalongan", "access") for commit in store.read(stream)]
    return Told(commits, [event for commit in commits for event in catalog.published(commit)])


@pytest.fixture(scope="session")
def told_by_ticketing(contracts_store, told_by_catalog) -> Told:
    """A Tuesday on which everything happens, a Sunday that was opened by hand, closures; then the police leave."""
    _, store = contracts_store
    queue = Queue(store)
    imported, without_police, *_ = told_by_catalog.commits
    hear(queue, imported)
    a_tuesday(queue)
    a_sunday(queue)
    closures(queue)
    hear(queue, without_police)
    streams = [mall_stream("pekalongan"), history_stream("pekalongan")]
    streams += [f"pekalongan/{day}" for day in (SUNDAY, TUESDAY)]
    commits = [commit for stream in streams for commit in store.read(stream)]
    pem = OKPKey.generate_key("Ed25519", private=True).as_pem(private=True).decode()
    seals = Seals(store.database, Keys(""), ticketing.FINISHED_BY)
    publish = Sealing(seals, store, Signer(pem), ticketing.FINISHED_AS).sealed(ticketing.published)
    return Told(commits, [event for commit in commits for event in publish(commit)])


def who_may_do_what(accounts: Accounts) -> None:
    """Somebody comes, gets a token, another role and another password, signs out, and goes."""
    at, context = now(), {"actor": CANARIES["actor"]}
    accounts.create("ratna", CANARIES["password"], "administrator", {})
    clerk = accounts.create("ibu.kenari", CANARIES["password"], "operator", {"mall": "pekalongan"}, **context).id
    ends = at + timedelta(days=365)
    for token, account in (("t1", clerk), ("t2", "")):
        accounts.act(IssueToken(token, CANARIES["device"], "device", {"mall": "pekalongan"}, account, ends, at))
    accounts.act(ChangeAccess(clerk, "auditor", {}, at), **context)
    accounts.act(RevokeToken("t2", at))
    accounts.set_password(clerk, CANARIES["password"])
    accounts.link(clerk, CANARIES["known as"])
    accounts.unlink(clerk)
    accounts.act(AddSecondFactor(clerk, at), **context)
    accounts.reset_second_factor(clerk)
    accounts.act(RequireSecondFactor(("auditor",), at))
    accounts.act(EndSession("s1", clerk, at + timedelta(hours=12), at))
    accounts.disable(clerk)
    accounts.act(EnableAccount(clerk, at))


def hear(queue: Queue, commit: Commit) -> None:
    """Ticketing hears what the catalog told."""
    for event in catalog.published(commit):
        queue.malls.execute(*REACTIONS[event.type](event))


@pytest.fixture(scope="session")
def told_by_notifications(mongo_server: Server) -> Iterator[Told]:
    """Siti's texts arrive, fail, or come too late; Budi booked."""
    database = connect(mongo_server.url, f"contracts_texts_{uuid.uuid4().hex[:8]}")
    store = EventStore(database)
    here = Correspondences(store, Contacts(database))
    siti, booking = new_ticket_id(TUESDAY), new_booking_id(TUESDAY)
    some_texts(here, siti)
    claim_by = TUESDAY_NINE + timedelta(hours=3)
    here.act(booking, LeavePhone(booking, "+62****90", TUESDAY_NINE))
    booked = BookingHeard(booking, "pekalongan", KTP, "DUKCAPIL", TUESDAY_NINE, claim_by)
    here.act(booking, HearBooked(booked, TUESDAY_NINE))
    here.act(booking, ClaimMessage(f"{booking}.booked", TUESDAY_NINE, "log", "MPP"))
    here.act(booking, RecordReport(f"{booking}.booked", True, TUESDAY_NINE))
    commits = [commit for subject in (siti, booking) for commit in store.read(stream_of(subject))]
    yield Told(commits, [event for commit in commits for event in notifications.published(commit)])
    database.client.drop_database(database.name)
    database.client.close()


def some_texts(here: Correspondences, siti: str) -> None:
    now, issued = TUESDAY_NINE, f"{siti}.issued"
    here.act(siti, LeavePhone(siti, "+62****90", now))
    issue = IssueHeard(siti, "pekalongan", "MPP Kota Pekalongan", "B-012", 3, now, KTP, "DUKCAPIL", (1, 0))
    here.act(siti, HearIssued(issue, now))
    here.act(siti, ClaimMessage(issued, now, "kannel", "MPP"))
    here.act(siti, RecordOutcome(issued, 1, "unknown", "", now))
    for delivered in (False, True):
        here.act(siti, RecordReport(issued, delivered, now))
    for version, outcome in ((2, "rejected"), (3, "late")):
        here.act(siti, HearCalled(CallHeard(siti, "G02", 1, now, version, (version, 0)), now))
        late = now + timedelta(hours=outcome == "late")
        here.act(siti, ClaimMessage(f"{siti}.called-{version}", late, "kannel", "MPP"))
        here.act(siti, RecordOutcome(f"{siti}.called-{version}", 1, "rejected", "", late, "status 400"))


@pytest.fixture(scope="session")
def published(told_by_catalog, told_by_ticketing, told_by_notifications) -> list[CloudEvent]:
    return told_by_catalog.events + told_by_ticketing.events + told_by_notifications.events


@pytest.fixture(scope="session")
def canaries() -> dict[str, str]:
    return CANARIES


def without(agency: str, directory: Directory) -> Directory:
    """The directory once an agency has left."""
    return replace(
        directory,
        agencies={code: entry for code, entry in directory.agencies.items() if code != agency},
        services={code: entry for code, entry in directory.services.items() if entry.agency != agency},
        counters={code: entry for code, entry in directory.counters.items() if entry.agency != agency},
    )


class MallDay:
    """A mall's day on a real store: commands with the time and the mall put in."""

    def __init__(self, queue: Queue, at: datetime) -> None:
        self.queue, self.at = queue, at

    def act(self, kind: type, **values) -> list:
        """Act as this command says; half a minute goes by."""
        mall = self.queue.malls.snapshot(mall_stream("pekalongan")).state
        given = {"now": self.at, "mall": mall}
        command = kind(**values, **{field.name: given[field.name] for field in fields(kind) if field.name in given})
        context = {"actor": CANARIES["actor"], "id": f"{CANARIES['key']}-{uuid.uuid4().hex}"}
        self.at += timedelta(seconds=30)
        if thing := values.get("booking_id") or values.get("ticket_id"):
            return list(self.queue.act_on("pekalongan", thing, command, **context).events)
        return list(self.queue.act(mall, command, **context).events)

    def ticket(self, service: str, priority: str | None = None) -> str:
        """A visitor takes a ticket."""
        ticket_id = new_ticket_id(self.at.date())
        self.act(IssueTicket, ticket_id=ticket_id, service=service, priority=priority)
        return ticket_id

    def booking(self, on: date, priority: str | None = None) -> str:
        """Somebody books a place."""
        booking_id = new_booking_id(on)
        self.act(BookPlace, booking_id=booking_id, service=KTP, priority=priority, date=on)
        return booking_id

    def call(self, counter: str = "G02") -> str:
        """A counter calls the next visitor."""
        return only(TicketCalled, self.act(CallNext, counter=counter)).ticket_id

    def do(self, kind: type, ticket_id: str, counter: str = "G02", **values) -> None:
        """A clerk does something with a visitor."""
        self.act(kind, ticket_id=ticket_id, counter=counter, **values)

    def do_as(self, ticket_id: str, command: Counters) -> None:
        """A clerk's command as it is."""
        self.queue.act_on("pekalongan", ticket_id, command, actor=CANARIES["actor"])
        self.at += timedelta(seconds=30)

    def undone(self) -> None:
        """The counter takes back what it just did."""
        self.act(UndoLast, counter="G02")


def a_tuesday(queue: Queue) -> None:
    day = MallDay(queue, TUESDAY_NINE - timedelta(days=1))
    kept, given_back, _nobody_came = (day.booking(TUESDAY, priority) for priority in ("elderly", None, None))
    day.act(CancelBooking, booking_id=given_back)
    what_hours_do_to_bookings(day)
    day.at = TUESDAY_NINE
    classes = [None, *(known.code for known in queue.mall("pekalongan").about.classes)]
    for service in (KTP, KK, SIM):
        tickets = {priority: day.ticket(service, priority) for priority in classes}
    day.act(CancelTicket, ticket_id=tickets[None])
    day.act(CheckIn, booking_id=kept, ticket_id=new_ticket_id(TUESDAY))
    some_visits(day)
    what_is_taken_back(day)
    what_each_act_does(day)
    how_the_day_goes(day)


def what_hours_do_to_bookings(day: MallDay) -> None:
    """Tuesday is closed, opens late, and is an ordinary day again."""
    for intervals in ((), (("08:00", "15:00"),), (("13:00", "15:00"),)):
        edit_the_mall(day, exceptions=(Exceptional(TUESDAY.isoformat(), intervals, "Upacara"),))
    edit_the_mall(day, exceptions=())


def the_hours_of_today_change(day: MallDay) -> None:
    edit_the_mall(day, overtime_minutes=119)


def edit_the_mall(day: MallDay, **changes) -> None:
    """An edit of the mall's hours and rules arrives, and the clock applies it to Tuesday."""
    mall = day.queue.mall("pekalongan")
    day.queue.malls.execute(mall_stream("pekalongan"), replace(mall.about, position=mall.position, **changes))
    day.act(Tick, date=TUESDAY)


def some_visits(day: MallDay) -> None:
    visitor = day.call()
    day.do(Recall, visitor)
    day.do(StartService, visitor)
    day.do(Finish, visitor, result="done", also=(KK,))
    visitor = day.call()
    day.do(MissTicket, visitor)
    day.act(RestoreTicket, ticket_id=visitor)
    visitor = day.call()
    day.do(HoldTicket, visitor, reason=CANARIES["hold"])
    day.do(ResumeTicket, visitor)
    day.do(Finish, visitor, result="incomplete")
    visitor = day.call()
    day.do(TransferTicket, visitor, service=SIM, to="G03", note=CANARIES["note"])
    last = day.ticket(KTP)
    day.do(CallTicket, last, reason=CANARIES["call"])
    day.do(Finish, last, result="referred")


def what_is_taken_back(day: MallDay) -> None:
    day.call()
    day.undone()
    for kind, values in (
        (Finish, {}),
        (MissTicket, {}),
        (HoldTicket, {"reason": CANARIES["hold"]}),
        (TransferTicket, {"service": SIM, "to": "", "note": CANARIES["note"]}),
    ):
        visitor = day.call()
        day.do(kind, visitor, **values)
        day.undone()
        day.do(Finish, visitor)


def what_each_act_does(day: MallDay) -> None:
    """Every act of a console with a visitor at the counter, so that the sample has the events of a new one too."""
    mall = day.queue.mall("pekalongan")
    for act in (each for each in ACTS if each.answer == "ticket" and each.key):
        day.ticket(KTP)
        visitor, state = day.call(), day.queue.today(mall, day.at).state
        bodies = act.offered_with(mall.counters["G02"], mall)
        commands = (act.command(Asked(mall, day.at, "G02", visitor, body)) for body in bodies)
        day.do_as(visitor, next(command for command in commands if counters.accepts(command, state)))
        with suppress(Problem):  # the act may have ended the visit
            day.do(Finish, visitor)


def how_the_day_goes(day: MallDay) -> None:
    the_hours_of_today_change(day)
    day.act(ChangeRule, rule=Rule("ratio", 1, 45), reason="Antrean umum terlalu lama")
    day.act(StopDay, reason="Listrik padam")
    day.act(ResumeDay)
    day.act(PauseCounter, counter="G02", reason="Istirahat")
    day.act(OpenCounter, counter="G02")
    walk_in = new_ticket_id(TUESDAY)
    day.do(WalkIn, walk_in, service=KTP, priority=None, reason=CANARIES["walk-in"])
    day.do(Finish, walk_in)
    day.act(CloseCounter, counter="G02")
    day.call("G03")  # and nobody says how it ended
    day.at = TUESDAY_NINE + timedelta(hours=9)  # two hours of overtime are over: the clock closes the day
    day.act(Tick, date=TUESDAY)
    day.queue.record("pekalongan", TUESDAY)


def a_sunday(queue: Queue) -> None:
    day = MallDay(queue, SUNDAY_NINE)
    day.act(ForceOpen, reason="Pelayanan hari Minggu")
    day.ticket(KTP, "elderly")
    day.act(CloseDay)
    queue.record("pekalongan", SUNDAY)


def closures(queue: Queue) -> None:
    since, until = TUESDAY_NINE + timedelta(days=1), TUESDAY_NINE + timedelta(days=1, hours=2)
    for scope, code in (("mall", "pekalongan"), ("counter", "G05"), ("service", KK)):
        for end in (until, None):
            closure = Closure(scope, code, "Perbaikan jaringan", since, end)
            queue.malls.execute(mall_stream("pekalongan"), DeclareClosure(closure, TUESDAY_NINE))
        queue.malls.execute(mall_stream("pekalongan"), LiftClosure(scope, code, TUESDAY_NINE))
