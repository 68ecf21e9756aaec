"""The edge between requests and rules: a mall's days and what is known of malls, as streams in ticketing's store."""

import secrets
from datetime import UTC, date, datetime

from services.chassis.decider import Outcome, Snapshot, Streams
from services.chassis.event_store import EventStore
from services.ticketing.contract import PUBLISHED
from services.ticketing.domain import hours
from services.ticketing.domain.day import DAY, Command, Day, Event, UnknownTicket
from services.ticketing.domain.mall import MALL, Fact, Mall

CATALOG_AGE = 0.5  # seconds that a mall may be behind the catalog's events


class Queue:
    """Today's queues of every mall. One per process."""

    def __init__(self, store: EventStore) -> None:
        self.days: Streams[Command, Day, Event] = Streams(store, DAY, {"events": PUBLISHED})
        self.malls: Streams[Fact, Mall, Fact] = Streams(store, MALL, {})

    def mall(self, code: str) -> Mall:
        """The mall as last learned. Raises `UnknownMall`."""
        mall = self.malls.snapshot(mall_stream(code), max_age=CATALOG_AGE).state
        mall.about  # noqa: B018 - raises when nobody has heard of it
        return mall

    def today(self, mall: Mall, now: datetime) -> Snapshot[Day]:
        """The mall's business day so far."""
        return self.days.snapshot(day_stream(mall.about.code, hours.business_day(now, mall.about.zone)))

    def act(self, mall: Mall, command: Command, **context: str) -> Outcome[Day, Event]:
        """Decide a command on the business day of its own time."""
        return self.days.execute(
            day_stream(mall.about.code, hours.business_day(command.now, mall.about.zone)), command, **context
        )

    def act_on(self, mall: str, ticket_id: str, command: Command, **context: str) -> Outcome[Day, Event]:
        """Decide a command on the business day of a ticket."""
        return self.days.execute(_stream_of(mall, ticket_id), command, **context)

    def day_of(self, mall: str, ticket_id: str) -> Day:
        """The business day that a ticket belongs to. Raises `UnknownTicket`."""
        return self.days.snapshot(_stream_of(mall, ticket_id)).state


def now() -> datetime:
    """This instant: what commands carry."""
    return datetime.now(UTC)


def mall_stream(mall: str) -> str:
    """The stream of what is known of a mall."""
    return f"mall/{mall}"


def day_stream(mall: str, day: date) -> str:
    """The stream of a mall's business day."""
    return f"{mall}/{day.isoformat()}"


def new_ticket_id(day: date) -> str:
    """An id nobody can guess (128 random bits), which tells the store the day to look in."""
    return f"{day:%Y%m%d}-{secrets.token_urlsafe(16)}"


def _stream_of(mall: str, ticket_id: str) -> str:
    try:
        return day_stream(mall, datetime.strptime(ticket_id.partition("-")[0], "%Y%m%d").date())
    except ValueError:
        raise UnknownTicket() from None
