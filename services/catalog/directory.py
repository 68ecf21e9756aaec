"""The edge between requests, events and rules: every mall's directory, and who waits there, as streams of one store."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from services.catalog.domain.changes import DIRECTORY
from services.catalog.domain.concerns import People
from services.catalog.domain.directory import Command, Directory, Event, UnknownMall
from services.catalog.domain.limits import DAYS_AHEAD
from services.catalog.domain.mall import MallListed
from services.catalog.domain.waiting import WAITING, News, Waiting
from services.chassis.decider import Outcome, Streams
from services.chassis.event_store import Commit, EventStore

PREFIX = "mall/"
WAITING_AGE = 0.25  # seconds that the number of those who wait may be behind what was heard


class Malls:
    """All malls of this catalog. One per process."""

    def __init__(self, store: EventStore) -> None:
        self._store = store
        self._streams: Streams[Command, Directory, Event] = Streams(store, DIRECTORY, {"events": DIRECTORY.events})
        self.waiting: Streams[News, Waiting, News] = Streams(store, WAITING, {})

    def act(self, mall: str, command: Command, **context: str) -> Outcome[Directory, Event]:
        """Decide a command on a mall's directory."""
        return self._streams.execute(f"{PREFIX}{mall}", command, **context)

    def would(self, mall: str, command: Command) -> Sequence[Event]:
        """What a command would lead to now, without doing it."""
        return DIRECTORY.decide(command, self.find(mall))

    def find(self, mall: str) -> Directory:
        """A mall's directory; an empty one where there is no such mall."""
        return self._streams.snapshot(f"{PREFIX}{mall}").state

    def get(self, mall: str) -> Directory:
        """A mall's directory. Raises `UnknownMall`."""
        directory = self.find(mall)
        if directory.mall is None:
            raise UnknownMall(mall=mall)
        return directory

    def commits(self, mall: str) -> list[Commit]:
        """All that ever changed in a mall's directory, in order."""
        return self._store.read(f"{PREFIX}{mall}")

    def all(self) -> list[Directory]:
        """Every mall, by code."""
        codes = sorted(stream.removeprefix(PREFIX) for stream in self._store.recent("MallListed", limit=1000))
        return [self.get(code) for code in codes]

    def names(self) -> list[str]:
        """Return the code, name and town of every mall: words that its staff's passwords are not made of."""
        malls = (directory.mall for directory in self.all())
        return [f"{mall.code} {mall.name} {mall.city}" for mall in malls if mall]

    def day(self, mall: str, on: date) -> Waiting:
        """Who waits on this business day, as far as it was heard."""
        return self.waiting.snapshot(day_stream(mall, on), WAITING_AGE).state

    def bookings(self, mall: str, on: date) -> Waiting:
        """The bookings of this business day that ticketing published."""
        return self.waiting.snapshot(bookings_stream(mall, on), WAITING_AGE).state

    def people(self, mall: MallListed, at: datetime) -> People:
        """Count who waits in this mall at this instant, and who booked today or up to 90 days ahead, by service."""
        today = at.astimezone(ZoneInfo(mall.zone)).date()
        day = self.day(mall.code, today)
        ahead = (today + timedelta(days=number) for number in range(DAYS_AHEAD + 1))
        bookings = {on: Counter(self.bookings(mall.code, on).bookings.values()) for on in ahead}
        bookings[today] = Counter() if day.ended else bookings[today] - Counter(day.claimed.values())
        booked = {on: by_service for on, by_service in bookings.items() if by_service}
        return People(at, day.by_service, booked, tuple(day.open_counters), day.ended)

    def closures(self, mall: str) -> Waiting:
        """What was heard of closures for a while."""
        return self.waiting.snapshot(closures_stream(mall), WAITING_AGE).state


def day_stream(mall: str, on: date) -> str:
    """The stream of who waits on a mall's business day: one for each, for a day that is over is never read again."""
    return f"waiting/{mall}/{on.isoformat()}"


def bookings_stream(mall: str, on: date) -> str:
    """The stream of the bookings of a mall's business day: one for each, for a past day is never read again."""
    return f"booked/{mall}/{on.isoformat()}"


def closures_stream(mall: str) -> str:
    """The stream of what is closed for a while."""
    return f"closures/{mall}"
