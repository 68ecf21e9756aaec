"""Named people, places and moments that the tests speak of."""

from datetime import UTC, date, datetime, timedelta

from services.kernel.codes import Codes, id_of
from services.ticketing.domain.day import DAY
from services.ticketing.domain.day.commands import CallNext, Finish, IssueTicket
from services.ticketing.domain.day.events import TicketCalled, TicketIssued
from services.ticketing.domain.day.state import Day
from services.ticketing.domain.mall import CLASSES, AgencyLearned, CounterLearned, Mall, MallLearned, ServiceLearned

TUESDAY_NINE = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)  # 09:00 in Pekalongan
SUNDAY_NINE = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
OFFICE_HOURS = (("08:00", "15:00"),)
WEEK = (OFFICE_HOURS,) * 5 + ((), ())

PRIORITIES = tuple(known.code for known in CLASSES)

SITI, BUDI, RINI, TONO, WATI, AGUS = "siti", "budi", "rini", "tono", "wati", "agus"
KTP, KK, SIM = "DUKCAPIL-KTPREKAM", "DUKCAPIL-KKBARU", "POLRES-SIMA"
VISITOR_SECRET = "a-secret-of-these-tests-which-is-long-enough"
CODES = Codes(VISITOR_SECRET)


def new_ticket_id(day: date) -> str:
    """The id of a ticket whose code is not used in the test."""
    return id_of(CODES.ticket(day)) or ""


def new_booking_id(day: date) -> str:
    """The id of a booking whose code is not used in the test."""
    return id_of(CODES.booking(day)) or ""


def mall(capacity: int = 100, **rules) -> Mall:
    """A small mall: population office with two counters, one of them only for family cards; police with one."""
    dukcapil = AgencyLearned("DUKCAPIL", "Dinas Dukcapil", "B")
    polres = AgencyLearned("POLRES", "Polres Pekalongan Kota", "C")
    services = [
        ServiceLearned(KTP, "Perekaman KTP-el", "DUKCAPIL", 10),
        ServiceLearned(KK, "Kartu Keluarga baru", "DUKCAPIL", 15),
        ServiceLearned(SIM, "Perpanjangan SIM A", "POLRES", 20),
        ServiceLearned("POLRES-SKCK", "SKCK", "POLRES", 10),
    ]
    counters = [
        CounterLearned("G02", "Gerai 2", 1, "DUKCAPIL", (KTP, KK)),
        CounterLearned("G2B", "Gerai 2B", 1, "DUKCAPIL", (KK,)),
        CounterLearned("G03", "Gerai 3", 2, "POLRES", (SIM,)),
    ]
    return Mall(
        MallLearned("pekalongan", "MPP Kota Pekalongan", "Asia/Jakarta", capacity, WEEK, **rules),
        {agency.code: agency for agency in (dukcapil, polres)},
        {service.code: service for service in services},
        {counter.code: counter for counter in counters},
    )


class MallDay:
    """A business day under test: commands in, events out, the state in between."""

    def __init__(self, at: datetime = TUESDAY_NINE, known: Mall | None = None) -> None:
        self.state: Day = DAY.initial
        self.now = at
        self.mall = known or mall()

    def when(self, command) -> list:
        """Decide a command and let its events happen."""
        events = DAY.decide(command, self.state)
        for event in events:
            self.state = DAY.evolve(self.state, event)
        self.now += timedelta(seconds=30)
        return events

    def after(self, minutes: float) -> "MallDay":
        """The same day some minutes later."""
        self.now += timedelta(minutes=minutes)
        return self

    def issue(self, who: str, service: str = KTP, priority=None, **more) -> TicketIssued:
        """A visitor takes a ticket."""
        return only(TicketIssued, self.when(IssueTicket(who, service, priority, self.now, self.mall, **more)))

    def call(self, counter: str = "G02") -> TicketCalled:
        """A counter calls the next visitor."""
        return only(TicketCalled, self.when(CallNext(counter, self.now, self.mall)))

    def finish(self, counter: str = "G02", **more) -> list:
        """A counter's visit is over."""
        return self.when(Finish(self.state.serving[counter], counter, self.now, **more))

    def status(self, who: str) -> str:
        """How a ticket stands."""
        return self.state.tickets[who].status


def only(kind: type, events: list):
    """The one event of this kind."""
    (found,) = [event for event in events if isinstance(event, kind)]
    return found
