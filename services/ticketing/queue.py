"""The edge between requests and rules: a mall's days, its history and what is known of it, as streams of one store."""

import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta

from services.chassis.clock import machine_time
from services.chassis.decider import Outcome, Snapshot, Streams
from services.chassis.errors import Refused
from services.chassis.event_store import Commit, EventStore
from services.kernel.codes import id_of
from services.ticketing.contract import MALL_PREFIX, PUBLISHED, PUBLISHED_OF_MALL
from services.ticketing.domain import hours, statistics
from services.ticketing.domain import mall as malls
from services.ticketing.domain.clock import ClockWatch
from services.ticketing.domain.day import DAY
from services.ticketing.domain.day.commands import BookPlace, CheckIn, Command, IssueTicket, Tick
from services.ticketing.domain.day.events import Event
from services.ticketing.domain.day.refusals import NoBookings, UnknownBooking, UnknownTicket
from services.ticketing.domain.day.state import Booking, Day
from services.ticketing.domain.history import HISTORY, DayRecorded, History, RecordDay
from services.ticketing.domain.mall import MALL, Mall
from services.ticketing.refusal_counts import RefusalCounts

CATALOG_AGE = 0.5  # seconds that a mall may be behind the catalog's events
HISTORY_AGE = 60.0  # seconds that estimates may be behind a day that was just closed
CLOCK_AGE = 30.0  # seconds that the last look at the clock may be old
BOOKINGS_AGE = 15.0  # seconds that the list of suspended bookings may be behind
LAST_DATE = "9999-12-31"
COUNTED = IssueTicket | BookPlace | CheckIn


class Queue:
    """Today's queues of every mall. One per process."""

    def __init__(self, store: EventStore) -> None:
        self.store = store
        self.days: Streams[Command, Day, Event] = Streams(store, DAY, {"events": PUBLISHED})
        self.malls: Streams[malls.Command, Mall, malls.Event] = Streams(store, MALL, {"events": PUBLISHED_OF_MALL})
        self.histories: Streams[RecordDay, History, DayRecorded] = Streams(store, HISTORY, {})
        self.refusals = RefusalCounts(store.database)
        self._known: dict[str, tuple[Mall, History, Mall]] = {}
        self._watch, self._clock_read = ClockWatch.start(machine_time(), time.monotonic()), -CLOCK_AGE

    def mall(self, code: str, *, is_current: bool = False) -> Mall:
        """Return the mall with the pace of its earlier days, at most `CATALOG_AGE` seconds old.

        `is_current` reads the store: for screens that ask because the live process reported a change. An older state
        would stay on them until the next change. Raises `UnknownMall`.
        """
        mall = self.malls.snapshot(mall_stream(code), 0.0 if is_current else CATALOG_AGE).state
        mall.about  # noqa: B018 - raises when nobody has heard of it
        history = self.history(code, HISTORY_AGE)
        known = self._known.get(code)
        if known is None or known[0] is not mall or known[1] is not history:
            known = self._known[code] = (mall, history, replace(mall, prior=history.prior))
        return known[2]

    def history(self, mall: str, max_age: float = 0.0) -> History:
        """The closed days of a mall."""
        return self.histories.snapshot(history_stream(mall), max_age).state

    def mall_codes(self) -> list[str]:
        """Every mall that was heard of."""
        streams = self.store.recent("MallLearned", limit=1000)
        return sorted(stream.removeprefix(MALL_PREFIX) for stream in streams)

    def today(self, mall: Mall, now: datetime) -> Snapshot[Day]:
        """The mall's business day so far."""
        return self.day(mall.about.code, hours.business_day(now, mall.about.zone))

    def day(self, mall: str, on: date) -> Snapshot[Day]:
        """A business day of a mall as it stands."""
        return self.days.snapshot(day_stream(mall, on))

    def day_with(self, mall: str, thing_id: str) -> Day:
        """The business day of a ticket or booking. Raises `UnknownTicket` or `UnknownBooking`."""
        return self.day(mall, day_of(thing_id)).state

    def must_have(self, mall: str = "", ticket_code: str = "", booking_code: str = "", **_: object) -> None:
        """Refuse what an address names and does not exist. Raises `UnknownMall`, `UnknownTicket`, `UnknownBooking`."""
        self.mall(mall)
        if ticket_code:
            ticket_id = ticket_of(ticket_code)
            self.day_with(mall, ticket_id).ticket(ticket_id)
        if booking_code:
            booking_id = booking_of(booking_code)
            self.day_with(mall, booking_id).booking(booking_id)

    def clock_doubt(self) -> float:
        """Seconds by which this machine's clock jumped lately, or is ahead of the database's; 0 while it is trusted.

        Both clocks are read at most twice a minute.
        """
        steady = time.monotonic()
        if steady - self._clock_read > CLOCK_AGE:
            self._watch = self._watch.read(machine_time(), steady, self.store.clock_offset())
            self._clock_read = steady
        return self._watch.doubt

    def bookings_suspended(self, mall: Mall, at: datetime) -> list[tuple[str, Booking]]:
        """The booked places of today and of days ahead that cannot be claimed, each with its date."""
        if mall.about.bookings is None:
            return []
        code, today = mall.about.code, hours.business_day(at, mall.about.zone)
        dates = [today, *self.days_ahead(code, today)]
        days = {on: self.days.snapshot(day_stream(code, on), BOOKINGS_AGE).state for on in dates}
        return [
            (on.isoformat(), booking)
            for on, day in days.items()
            for booking in day.bookings.values()
            if booking.status == "booked" and booking.suspended
        ]

    def days_ahead(self, mall: str, today: date) -> list[date]:
        """The days after today on which something was booked."""
        streams = self.store.streams(day_stream(mall, today + timedelta(days=1)), f"{mall}/{LAST_DATE}")
        return [date.fromisoformat(stream.removeprefix(f"{mall}/")) for stream in streams]

    def commits(self, mall: str, on: date) -> list[Commit]:
        """The record of a business day."""
        return self.store.read(day_stream(mall, on))

    def act(self, mall: Mall, command: Command, **context: str) -> Outcome[Day, Event]:
        """Decide a command on the business day of its own time, or of the date that it names."""
        on = command.date if isinstance(command, BookPlace | Tick) else hours.business_day(command.now, mall.about.zone)
        return self._decide(mall.about.code, on, command, context)

    def act_on(self, mall: str, thing_id: str, command: Command, **context: str) -> Outcome[Day, Event]:
        """Decide a command on the business day of a ticket or booking."""
        return self._decide(mall, day_of(thing_id), command, context)

    def _decide(self, mall: str, on: date, command: Command, context: Mapping[str, str]) -> Outcome[Day, Event]:
        try:
            return self.days.execute(day_stream(mall, on), command, **context)
        except Refused as refusal:
            if isinstance(command, COUNTED) and not isinstance(refusal, NoBookings):  # that may be any date at all
                self.refusals.count(mall, on, refusal.reason)
            raise

    def record(self, mall: str, on: date) -> None:
        """Take a closed day into the history of its mall; once, however often it is asked for."""
        snapshot = self.day(mall, on)
        if snapshot.state.closed:
            day = statistics.record(snapshot.state, self.refusals.of(mall, on), snapshot.hash)
            self.histories.execute(history_stream(mall), RecordDay(day))


def mall_stream(mall: str) -> str:
    """The stream of what is known of a mall."""
    return f"{MALL_PREFIX}{mall}"


def history_stream(mall: str) -> str:
    """The stream of a mall's closed days. No mall's code holds a dot."""
    return f"days.of/{mall}"


def day_stream(mall: str, day: date) -> str:
    """The stream of a mall's business day."""
    return f"{mall}/{day.isoformat()}"


def ticket_of(code: str) -> str:
    """The id of the ticket that a visitor's code acts for. Raises `UnknownTicket` for what is no code."""
    if ticket_id := id_of(code):
        return ticket_id
    raise UnknownTicket()


def booking_of(code: str) -> str:
    """The id of the booking that a visitor's code acts for. Raises `UnknownBooking` for what is no code."""
    if booking_id := id_of(code):
        return booking_id
    raise UnknownBooking()


def day_of(thing_id: str) -> date:
    """The business day of a ticket or booking. Raises `UnknownTicket` or `UnknownBooking`."""
    day, _, rest = thing_id.partition("-")
    try:
        return datetime.strptime(day, "%Y%m%d").date()
    except ValueError:
        raise (UnknownBooking() if rest.startswith("b") else UnknownTicket()) from None
