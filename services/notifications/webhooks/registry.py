"""The edge between requests, the dispatcher and the rules: all webhooks, in one stream of notifications' store."""

import secrets
from collections.abc import Sequence

from services.chassis.clock import now
from services.chassis.decider import Streams
from services.chassis.errors import Refused
from services.chassis.event_store import EventStore
from services.chassis.seal import Seal
from services.notifications.webhooks.addresses import Gate
from services.notifications.webhooks.domain import OVERLAP, WEBHOOKS
from services.notifications.webhooks.domain.commands import (
    ChangeWebhook,
    Command,
    RegisterWebhook,
    RemoveWebhook,
    RotateKey,
)
from services.notifications.webhooks.domain.events import Event
from services.notifications.webhooks.domain.refusals import TooManySecrets
from services.notifications.webhooks.domain.state import Webhook, Webhooks
from services.notifications.webhooks.signing import Secrets

STREAM = "webhooks"


class Registry:
    """All webhooks. One per process; thread-safe."""

    def __init__(self, store: EventStore, gate: Gate, seal: Seal | None = None) -> None:
        self._gate = gate
        self.secrets = Secrets(store.database, seal or Seal())
        self._streams: Streams[Command, Webhooks, Event] = Streams(store, WEBHOOKS, {})

    def known(self, max_age: float = 0.0) -> Webhooks:
        """All webhooks, as the store has them or had them at most so many seconds ago."""
        return self._streams.snapshot(STREAM, max_age).state

    def act(self, command: Command, **context: str) -> Webhooks:
        """Decide a command; all webhooks as they are now."""
        return self._streams.execute(STREAM, command, **context).now.state

    def register(
        self,
        mall: str,
        agency: str,
        name: str,
        url: str,
        kinds: Sequence[str],
        services: Sequence[str],
        **context: str,
    ) -> tuple[Webhook, str]:
        """Register a webhook; return it and its secret, which is not shown again.

        Its name is looked up by the worker. Raises `InvalidUrl`, `InternalAddress` and `TooManyWebhooks`.
        """
        self._must_be_possible(url)
        id, key, at = secrets.token_urlsafe(12), secrets.token_urlsafe(12), now()
        command = RegisterWebhook(id, mall, agency, name, url, tuple(kinds), tuple(services), key, at)
        secret = self.secrets.make(id, key)  # before the event that makes it count: a secret without one harms nobody
        try:
            return self.act(command, **context).find(id), secret
        except Refused:
            self.secrets.forget(id)
            raise

    def change(
        self, id: str, name: str, url: str, kinds: Sequence[str], services: Sequence[str], **context: str
    ) -> Webhook:
        """Another name, address, kinds or services. Raises as `register`."""
        self._must_be_possible(url)
        return self.act(ChangeWebhook(id, name, url, tuple(kinds), tuple(services), now()), **context).find(id)

    def rotate(self, id: str, **context: str) -> tuple[Webhook, str]:
        """Another secret, which is told this once; the one before signs too for a day."""
        key = secrets.token_urlsafe(12)
        self.known().find(id)
        secret = self.secrets.make(id, key)
        try:
            hook = self.act(RotateKey(id, key, now()), **context).find(id)
        except TooManySecrets:
            self.secrets.discard(key)
            raise
        self.secrets.let_end(id, key, OVERLAP)
        return hook, secret

    def remove(self, id: str, **context: str) -> None:
        """It is told nothing any more, and its secrets are forgotten."""
        self.act(RemoveWebhook(id, now()), **context)
        self.secrets.forget(id)

    def _must_be_possible(self, url: str) -> None:
        self._gate.must_not_be_inside(self._gate.target(url))
