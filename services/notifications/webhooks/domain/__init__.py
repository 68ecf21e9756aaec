"""Webhooks: which server receives which events, from which one on, signed with which keys, and whether it is paused.

`kinds` lists the types of events that can be subscribed to; `state` folds the events.
"""

import math
from datetime import timedelta
from typing import assert_never, get_args

from services.chassis.decider import Decider
from services.notifications.webhooks.domain.commands import (
    ChangeWebhook,
    Command,
    PauseWebhook,
    RegisterWebhook,
    RemoveWebhook,
    ReplayWebhook,
    RequestPing,
    ResumeWebhook,
    RotateKey,
)
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
from services.notifications.webhooks.domain.refusals import TooManySecrets, TooManyWebhooks
from services.notifications.webhooks.domain.state import MOST_KEYS, Webhooks, evolve

MOST = 10  # webhooks of one agency in a mall
OVERLAP = timedelta(days=1)  # for which a replaced key still signs


def decide(command: Command, state: Webhooks) -> list[Event]:
    """Return the events that a command leads to; none where it changes nothing."""
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


WEBHOOKS: Decider[Command, Webhooks, Event] = Decider(
    initial=Webhooks(),
    decide=decide,
    evolve=evolve,
    events=get_args(Event),
)
