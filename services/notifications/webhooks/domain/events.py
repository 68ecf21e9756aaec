"""Stored events of webhooks. Rename nothing; new fields get defaults. No event holds a secret."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Cause = Literal["by-hand", "failing", "gone", "broken"]


@dataclass(frozen=True)
class WebhookRegistered:
    """A webhook was registered; it receives events from `registered_at` on."""

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
    """The webhook was changed, with effect from the next attempt."""

    id: str
    name: str
    url: str
    kinds: tuple[str, ...]
    services: tuple[str, ...]
    changed_at: datetime


@dataclass(frozen=True)
class WebhookPaused:
    """The webhook was paused: `by-hand`, or because its server failed too long (`failing`) or answered 410 (`gone`).

    `broken`: a fault in this system kept the worker from sending.
    """

    id: str
    cause: Cause
    paused_at: datetime


@dataclass(frozen=True)
class WebhookResumed:
    """The webhook was resumed; sending continues after the last delivered event."""

    id: str
    resumed_at: datetime


@dataclass(frozen=True)
class KeyRotated:
    """A new secret signs; the previous one signs too until `overlap_until`."""

    id: str
    key: str
    overlap_until: datetime
    rotated_at: datetime


@dataclass(frozen=True)
class ReplayRequested:
    """Events are sent again from a time or number on."""

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
    """The webhook was deleted."""

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
