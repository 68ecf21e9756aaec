"""What happened to webhooks, as stored. Rename nothing; new fields get defaults. No event holds a secret."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Cause = Literal["by-hand", "failing", "gone", "broken"]


@dataclass(frozen=True)
class WebhookRegistered:
    """It is told of what happens from now on."""

    id: str
    mall: str
    agency: str
    name: str
    url: str
    kinds: tuple[str, ...]
    services: tuple[str, ...]
    key: str
    registered_at: datetime


@dataclass(frozen=True)
class WebhookChanged:
    """From the next attempt on, it is this."""

    id: str
    name: str
    url: str
    kinds: tuple[str, ...]
    services: tuple[str, ...]
    changed_at: datetime


@dataclass(frozen=True)
class WebhookPaused:
    """Why it was paused: `by-hand`, its server failed too long (`failing`) or answered 410 (`gone`), or we did.

    `broken`: a fault of ours kept its lane from sending.
    """

    id: str
    cause: Cause
    paused_at: datetime


@dataclass(frozen=True)
class WebhookResumed:
    """It goes on where it stood."""

    id: str
    resumed_at: datetime


@dataclass(frozen=True)
class KeyRotated:
    """Another secret signs; the one before until `overlap_until`."""

    id: str
    key: str
    overlap_until: datetime
    rotated_at: datetime


@dataclass(frozen=True)
class ReplayRequested:
    """Events are sent again, and all that came after them."""

    id: str
    since: datetime | None
    producer: str
    sequence: int
    requested_at: datetime


@dataclass(frozen=True)
class PingRequested:
    """A test event is to be sent."""

    id: str
    ping: str
    requested_at: datetime


@dataclass(frozen=True)
class WebhookRemoved:
    """It is no more."""

    id: str
    removed_at: datetime


Event = (
    WebhookRegistered
    | WebhookChanged
    | WebhookPaused
    | WebhookResumed
    | KeyRotated
    | ReplayRequested
    | PingRequested
    | WebhookRemoved
)
