"""All webhooks, and how each event changes them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import assert_never

from services.notifications.webhooks.domain.events import (
    Event,
    KeyRotated,
    PingRequested,
    ReplayRequested,
    WebhookChanged,
    WebhookPaused,
    WebhookRegistered,
    WebhookRemoved,
    WebhookResumed,
)
from services.notifications.webhooks.domain.kinds import PRODUCERS
from services.notifications.webhooks.domain.refusals import UnknownWebhook

MOST_KEYS = 3  # that sign at once: each key signs for `OVERLAP` after it was replaced, so a fourth is refused


@dataclass(frozen=True)
class Start:
    """The start of delivering one producer's events; `run` counts the starts: one, and one for each replay."""

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
    """A server that receives events. `tries` grows with each request to make a waiting attempt at once."""

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
        """Whether it receives an event of this type that is about these agencies and services, or about none."""
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
