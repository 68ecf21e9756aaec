"""The edge between requests, events and rules: what is said about each ticket, as streams in notifications' store."""

import re
from datetime import UTC, datetime, timedelta

from services.chassis.decider import Outcome, Streams
from services.chassis.errors import NotFound
from services.chassis.event_store import EventStore
from services.notifications.contacts import Contacts, masked
from services.notifications.domain import CORRESPONDENCE, Command, Correspondence, Event, LeavePhone, SmsRequested

TICKET = re.compile(r"(\d{8})-[\w-]{22}", re.ASCII)  # the day and 128 random bits, as ticketing makes it
WEST, EAST = timedelta(hours=7), timedelta(hours=9)  # Indonesia's first and last zone, from UTC
SMS = "sms"  # the outbox that texts leave by


class UnknownTicket(NotFound):
    """No mall has given a ticket with such an id today."""


class Correspondences:
    """What was heard and said about every ticket. One per process."""

    def __init__(self, store: EventStore, contacts: Contacts) -> None:
        self.contacts = contacts
        self._store = store
        self.streams: Streams[Command, Correspondence, Event] = Streams(store, CORRESPONDENCE, {SMS: (SmsRequested,)})

    def act(self, ticket_id: str, command: Command, **context: str) -> Outcome[Correspondence, Event]:
        """Decide a command on a ticket's correspondence."""
        return self.streams.execute(ticket_stream(ticket_id), command, **context)

    def leave_phone(self, ticket_id: str, phone: str, **context: str) -> str:
        """Keep a number (E.164) for a ticket; its masked form."""
        self.contacts.keep(ticket_id, phone)
        self.act(ticket_id, LeavePhone(ticket_id, masked(phone), now()), **context)
        return masked(phone)

    def latest(self, limit: int, mall: str | None = None) -> list[Correspondence]:
        """The correspondences with the latest texts of one mall or, for None, of all; newest first."""
        of_mall = {"mall": mall} if mall else {}
        return [self.streams.snapshot(stream).state for stream in self._store.recent("SmsRequested", limit, **of_mall)]


def ticket_stream(ticket_id: str) -> str:
    """The stream of what is said about a ticket."""
    return f"ticket/{ticket_id}"


def must_be_of_today(ticket_id: str, at: datetime) -> None:
    """Refuse what is no ticket's id, or one of a day that is over everywhere or has begun nowhere.

    Raises `UnknownTicket`. That the ticket exists is not known here yet: its event may come after the number.
    """
    found = TICKET.fullmatch(ticket_id)
    days = {(at + zone).strftime("%Y%m%d") for zone in (WEST, EAST)}
    if found is None or found[1] not in days:
        raise UnknownTicket()


def now() -> datetime:
    """This instant: what commands carry."""
    return datetime.now(UTC)
