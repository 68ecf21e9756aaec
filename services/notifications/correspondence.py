"""The edge between requests, events and rules: what is said about each ticket, as streams in notifications' store."""

from datetime import UTC, datetime

from services.chassis.decider import Outcome, Streams
from services.chassis.event_store import EventStore
from services.notifications.contacts import Contacts, masked
from services.notifications.domain import CORRESPONDENCE, Command, Correspondence, Event, LeavePhone, SmsRequested

SMS = "sms"  # the outbox that texts leave by
PREFIX = "ticket/"


class Correspondences:
    """What was heard and said about every ticket. One per process."""

    def __init__(self, store: EventStore, contacts: Contacts) -> None:
        self.contacts = contacts
        self._store = store
        self._streams: Streams[Command, Correspondence, Event] = Streams(store, CORRESPONDENCE, {SMS: (SmsRequested,)})

    def act(self, ticket_id: str, command: Command, **context: str) -> Outcome[Correspondence, Event]:
        """Decide a command on a ticket's correspondence."""
        return self._streams.execute(f"{PREFIX}{ticket_id}", command, **context)

    def leave_phone(self, ticket_id: str, phone: str, **context: str) -> str:
        """Keep a number (E.164) for a ticket; its masked form."""
        self.contacts.keep(ticket_id, phone)
        state = self.act(ticket_id, LeavePhone(ticket_id, masked(phone), now()), **context).now.state
        if state.issued:
            self.contacts.keep_until(ticket_id, state.issued.day_ends_at)
        return masked(phone)

    def phone_shown(self, ticket_id: str) -> str | None:
        """The masked number of a ticket, if one was left."""
        phone = self.contacts.find(ticket_id)
        return masked(phone) if phone else None

    def latest(self, limit: int) -> list[Correspondence]:
        """The correspondences with the latest texts, newest first."""
        return [self._streams.snapshot(stream).state for stream in self._store.recent("SmsRequested", limit)]


def now() -> datetime:
    """This instant: what commands carry."""
    return datetime.now(UTC)
