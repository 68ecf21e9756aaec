"""Webhooks: which server is told of which events, from where on, signed with which keys, and whether it is paused."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal, assert_never

from services.chassis.decider import Decider
from services.chassis.errors import NotFound, Refused

Cause = Literal["by-hand", "failing", "gone", "broken"]

PRODUCERS = ("ticketing", "catalog", "notifications")
# What a webhook can be told of. `access-revoked` is between our own services and never leaves.
SUBJECTS: Mapping[str, tuple[str, ...]] = {
    "tickets": (
        *("ticket-issued", "ticket-approaching", "ticket-called", "ticket-recalled", "ticket-served", "ticket-missed"),
        *("ticket-restored", "ticket-held", "ticket-resumed", "ticket-transferred", "ticket-cancelled"),
        *("ticket-unserved", "ticket-undone"),
    ),
    "bookings": (
        *("place-booked", "booking-cancelled", "booking-lapsed"),
        *("booking-suspended", "booking-resumed", "booking-rescheduled"),
    ),
    "counters": ("counter-opened", "counter-paused", "counter-closed"),
    "closures": (
        *("service-suspended", "service-resumed", "counter-suspended", "counter-resumed"),
        *("mall-suspended", "mall-resumed"),
    ),
    "days": ("day-opened", "day-closed", "day-stopped", "day-resumed", "day-forced-open", "rule-changed"),
    "directory": (
        *("mall-listed", "agency-listed", "service-listed", "counter-listed"),
        *("agency-withdrawn", "service-withdrawn", "counter-withdrawn"),
    ),
    "messages": ("message-delivered", "message-failed"),
}
KINDS = tuple(kind for kinds in SUBJECTS.values() for kind in kinds)
MOST = 10  # webhooks of one agency in a mall
MOST_KEYS = 3  # that sign at once: each key signs for `OVERLAP` after it was replaced, so a fourth is refused
OVERLAP = timedelta(days=1)  # for which the key before still signs


class UnknownWebhook(NotFound):
    """There is no such webhook, or it is somebody else's."""


class TooManySecrets(Refused):
    """As many secrets sign as may at once; the first of those that were replaced ends within `hours`."""


class TooManyWebhooks(Refused):
    """The agency has as many as it may."""


@dataclass(frozen=True)
class RegisterWebhook:
    """A server wants to be told; of an agency, or with none of the whole mall. `key` names its signing secret."""

    id: str
    mall: str
    agency: str
    name: str
    url: str
    kinds: tuple[str, ...]
    services: tuple[str, ...]
    key: str
    now: datetime


@dataclass(frozen=True)
class ChangeWebhook:
    """It lives elsewhere now, or wants to be told of other things."""

    id: str
    name: str
    url: str
    kinds: tuple[str, ...]
    services: tuple[str, ...]
    now: datetime


@dataclass(frozen=True)
class PauseWebhook:
    """Nothing is sent until somebody resumes it."""

    id: str
    cause: Cause
    now: datetime


@dataclass(frozen=True)
class ResumeWebhook:
    """Go on where it stood, and at once if it waits for its next attempt."""

    id: str
    now: datetime


@dataclass(frozen=True)
class RotateKey:
    """Sign with another secret; the one before signs too for `OVERLAP`."""

    id: str
    key: str
    now: datetime


@dataclass(frozen=True)
class ReplayWebhook:
    """Send again: everything since a moment, or what one producer numbered `sequence` and what came after it."""

    id: str
    since: datetime | None
    producer: str
    sequence: int
    now: datetime


@dataclass(frozen=True)
class RequestPing:
    """Send a test event, once."""

    id: str
    ping: str
    now: datetime


@dataclass(frozen=True)
class RemoveWebhook:
    """It is told nothing any more."""

    id: str
    now: datetime


Command = (
    RegisterWebhook
    | ChangeWebhook
    | PauseWebhook
    | ResumeWebhook
    | RotateKey
    | ReplayWebhook
    | RequestPing
    | RemoveWebhook
)


# Stored as named here: rename nothing; new fields get defaults. No event holds a secret.
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


@dataclass(frozen=True)
class Start:
    """Where the telling of one producer's events begins; `run` counts how often it began."""

    run: int
    since: datetime | None
    sequence: int = 0


@dataclass(frozen=True)
class Key:
    """Names a secret that signs, until a moment or for good."""

    id: str
    until: datetime | None = None


@dataclass(frozen=True)
class Webhook:
    """A server that is told. `tries` grows when somebody wants waiting attempts to be made at once."""

    id: str
    mall: str
    agency: str
    name: str
    url: str
    kinds: frozenset[str]
    services: frozenset[str]
    keys: tuple[Key, ...]
    registered_at: datetime
    starts: Mapping[str, Start]
    tries: int = 1
    paused: WebhookPaused | None = None
    ping: PingRequested | None = None

    def signs_with(self, now: datetime) -> tuple[str, ...]:
        """The names of the secrets that sign now, the newest first."""
        return tuple(key.id for key in self.keys if key.until is None or key.until > now)

    def wants(self, kind: str, agencies: frozenset[str], services: frozenset[str]) -> bool:
        """Whether it is told of such an event: of these agencies and services, or of none in particular."""
        ours = not (self.agency and agencies) or self.agency in agencies
        return kind in self.kinds and ours and not (self.services and services and not self.services & services)


@dataclass(frozen=True)
class Webhooks:
    """All webhooks, by id."""

    known: Mapping[str, Webhook] = field(default_factory=dict)

    def find(self, id: str) -> Webhook:
        """A webhook. Raises `UnknownWebhook`."""
        if id not in self.known:
            raise UnknownWebhook()
        return self.known[id]

    def of(self, mall: str, agency: str | None = None) -> list[Webhook]:
        """Those of a mall and, unless None, of one agency in it (empty: those of the whole mall); oldest first."""
        return [hook for hook in self.known.values() if hook.mall == mall and agency in (None, hook.agency)]


def decide(command: Command, state: Webhooks) -> list[Event]:
    """What a command leads to; what changes nothing leads to nothing."""
    if isinstance(command, RegisterWebhook):
        return _register(command, state)
    if isinstance(command, RemoveWebhook) and command.id not in state.known:
        return []
    hook = state.find(command.id)
    match command:
        case ChangeWebhook(id, name, url, kinds, services, now):
            wanted = (name, url, frozenset(kinds), frozenset(services))
            same = wanted == (hook.name, hook.url, hook.kinds, hook.services)
            return [] if same else [WebhookChanged(id, name, url, kinds, services, now)]
        case PauseWebhook(id, cause, now):
            return [] if hook.paused else [WebhookPaused(id, cause, now)]
        case ResumeWebhook(id, now):
            return [WebhookResumed(id, now)]
        case RotateKey(id, key, now):
            ends = [old.until for old in hook.keys if old.until and old.until > now]
            if len(ends) >= MOST_KEYS - 1:
                raise TooManySecrets(most=MOST_KEYS, hours=math.ceil((min(ends) - now) / timedelta(hours=1)))
            return [KeyRotated(id, key, now + OVERLAP, now)]
        case ReplayWebhook(id, since, producer, sequence, now):
            return [ReplayRequested(id, since, producer, sequence, now)]
        case RequestPing(id, ping, now):
            return [PingRequested(id, ping, now)]
        case RemoveWebhook(id, now):
            return [WebhookRemoved(id, now)]
        case _:
            assert_never(command)


def _register(command: RegisterWebhook, state: Webhooks) -> list[Event]:
    if command.id in state.known:
        return []
    if len(state.of(command.mall, command.agency)) >= MOST:
        raise TooManyWebhooks(most=MOST)
    registered = WebhookRegistered(
        command.id,
        command.mall,
        command.agency,
        command.name,
        command.url,
        command.kinds,
        command.services,
        command.key,
        command.now,
    )
    return [registered]


def evolve(state: Webhooks, event: Event) -> Webhooks:
    """All webhooks after an event."""
    if isinstance(event, WebhookRemoved):
        return Webhooks({id: hook for id, hook in state.known.items() if id != event.id})
    hook = _registered(event) if isinstance(event, WebhookRegistered) else _after(state.known[event.id], event)
    return Webhooks({**state.known, hook.id: hook})


def _registered(event: WebhookRegistered) -> Webhook:
    return Webhook(
        id=event.id,
        mall=event.mall,
        agency=event.agency,
        name=event.name,
        url=event.url,
        kinds=frozenset(event.kinds),
        services=frozenset(event.services),
        keys=(Key(event.key),),
        registered_at=event.registered_at,
        starts={producer: Start(1, event.registered_at) for producer in PRODUCERS},
    )


def _after(
    hook: Webhook,
    event: WebhookChanged | WebhookPaused | WebhookResumed | KeyRotated | ReplayRequested | PingRequested,
) -> Webhook:
    match event:
        case WebhookChanged(_, name, url, kinds, services):
            kinds_now, services_now = frozenset(kinds), frozenset(services)
            return replace(hook, name=name, url=url, kinds=kinds_now, services=services_now, tries=hook.tries + 1)
        case WebhookPaused():
            return replace(hook, paused=event)
        case WebhookResumed():
            return replace(hook, paused=None, tries=hook.tries + 1)
        case KeyRotated(_, key, overlap_until):
            before = (replace(old, until=min(old.until or overlap_until, overlap_until)) for old in hook.keys)
            return replace(hook, keys=(Key(key), *before)[:MOST_KEYS])
        case ReplayRequested(_, since, producer, sequence):
            again = {
                name: Start(start.run + 1, since, sequence)
                for name, start in hook.starts.items()
                if name == producer or not producer
            }
            return replace(hook, starts={**hook.starts, **again}, tries=hook.tries + 1)
        case PingRequested():
            return replace(hook, ping=event)
        case _:
            assert_never(event)


WEBHOOKS: Decider[Command, Webhooks, Event] = Decider(
    initial=Webhooks(),
    decide=decide,
    evolve=evolve,
    events=(
        WebhookRegistered,
        WebhookChanged,
        WebhookPaused,
        WebhookResumed,
        KeyRotated,
        ReplayRequested,
        PingRequested,
        WebhookRemoved,
    ),
)
