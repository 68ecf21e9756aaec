"""The edge between requests, events and rules: what is said about each ticket, as streams in notifications' store."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from services.chassis.clock import now
from services.chassis.decider import Outcome, Streams
from services.chassis.errors import NotFound
from services.chassis.event_store import EventStore
from services.notifications.contacts import KEPT, Contacts, masked
from services.notifications.contract import PUBLISHED
from services.notifications.domain.commands import Command, LeavePhone, WithdrawPhone
from services.notifications.domain.correspondence import CORRESPONDENCE
from services.notifications.domain.correspondence.state import Correspondence, Message, Status
from services.notifications.domain.events import Event, Kind, SmsRequested

# The day, and 128 random bits as ticketing makes them; a booking's have a b in front.
TICKET = re.compile(r"(\d{8})-(b?)[\w-]{22}", re.ASCII)
WEST, EAST = timedelta(hours=7), timedelta(hours=9)  # Indonesia's first and last zone, from UTC
FARTHEST = timedelta(days=92)  # that a place can be booked ahead
SMS = "sms"  # the outbox that texts leave by
MOST = 1000  # correspondences that are searched for texts of a state or an occasion
EVENTS = "events"  # and the one of what the world may know


# The event by which a text gets into a state, to find the latest of them.
LEADS_TO: Mapping[Status | None, str] = {
    "sending": "SmsClaimed",
    "accepted": "SmsAccepted",
    "delivered": "SmsDelivered",
    "failed": "SmsFailed",
    "unknown": "SmsUnknown",
    "expired": "SmsExpired",
    "dropped": "SmsDropped",
}


class UnknownTicket(NotFound):
    """No mall has given a ticket with such an id today, or can have taken such a booking."""


class Correspondences:
    """What was heard and said about every ticket and booking. One per process."""

    def __init__(self, store: EventStore, contacts: Contacts) -> None:
        self.contacts = contacts
        self._store = store
        outboxes: Mapping[str, tuple[type[Event], ...]] = {SMS: (SmsRequested,), EVENTS: PUBLISHED}
        self.streams: Streams[Command, Correspondence, Event] = Streams(store, CORRESPONDENCE, outboxes)

    def act(self, subject: str, command: Command, **context: str) -> Outcome[Correspondence, Event]:
        """Decide a command on the correspondence about a ticket or booking."""
        return self.streams.execute(stream_of(subject), command, **context)

    def find(self, subject: str) -> Correspondence:
        """What was heard and said about a ticket or booking."""
        return self.streams.snapshot(stream_of(subject)).state

    def leave_phone(self, subject: str, phone: str, language: str = "id", **context: str) -> str:
        """Keep a number (E.164) for a ticket or booking; return its masked form.

        Never refused because of other tickets with the same number: who entered it there may be a stranger.
        """
        self.contacts.keep(subject, phone, _kept_until(subject))
        self.act(subject, LeavePhone(subject, masked(phone), now(), language), **context)
        return masked(phone)

    def withdraw_phone(self, subject: str, **context: str) -> None:
        """Erase a number, at once; texts that wait for it are not sent."""
        self.contacts.erase(subject)
        self.act(subject, WithdrawPhone(subject, now()), **context)

    def latest(
        self, limit: int, mall: str | None = None, status: Status | None = None, kind: Kind | None = None
    ) -> list[Message]:
        """The latest texts, newest first: of one mall, of one state, of one occasion, or of all."""
        of_mall = {"mall": mall} if mall and not status else {}
        streams = self._store.recent(LEADS_TO.get(status, "SmsRequested"), MOST if status or kind else limit, **of_mall)
        found: list[Message] = []
        for stream in streams:
            messages = self.streams.snapshot(stream).state.messages.values()
            found += [message for message in messages if _is_wanted(message, mall, status, kind)]
            if len(found) >= limit:
                break
        return sorted(found, key=lambda message: message.requested.requested_at, reverse=True)[:limit]


def _is_wanted(message: Message, mall: str | None, status: Status | None, kind: Kind | None) -> bool:
    asked = message.requested
    return mall in (None, asked.mall) and status in (None, message.status) and kind in (None, asked.kind)


def stream_of(subject: str) -> str:
    """The stream of what is said about a ticket or a booking."""
    found = TICKET.fullmatch(subject)
    return f"booking/{subject}" if found and found[2] else f"ticket/{subject}"


def is_booking(subject: str) -> bool:
    """Return whether an id is that of a booking."""
    return stream_of(subject).startswith("booking/")


def business_day(subject: str) -> str:
    """Return the business day of a ticket or booking, as `2026-11-24`."""
    return f"{subject[:4]}-{subject[4:6]}-{subject[6:8]}"


def must_be_of_today(subject: str, at: datetime) -> None:
    """Refuse what is no ticket's id, or one of a day that is over everywhere or has begun nowhere.

    A booking is of today or a day to come. Raises `UnknownTicket`. That the ticket exists is not known here yet: its
    event may come after the number.
    """
    found = TICKET.fullmatch(subject)
    if found is None:
        raise UnknownTicket()
    first, last = (f"{at + zone:%Y%m%d}" for zone in (WEST, EAST))
    if found[2]:
        last = f"{at + EAST + FARTHEST:%Y%m%d}"
    if not first <= found[1] <= last:
        raise UnknownTicket()


def _kept_until(subject: str) -> datetime | None:
    """When the number for a booking has served: a day after its date has begun in the west; None for a ticket."""
    found = TICKET.fullmatch(subject)
    if found is None or not found[2]:
        return None
    try:
        return datetime.strptime(found[1], "%Y%m%d").replace(tzinfo=UTC) - WEST + KEPT
    except ValueError:
        raise UnknownTicket() from None  # digits that are no date
