"""Commands about webhooks. The time and the names of secrets are parameters, so that deciding reads no clock."""

from dataclasses import dataclass
from datetime import datetime

from services.notifications.webhooks.domain.events import Cause


@dataclass(frozen=True)
class RegisterWebhook:
    """Send events to a server: those of an agency or, with none, of the whole mall. `key` names its signing secret."""

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
    """Change the name or URL of a webhook, or which events it receives."""

    id: str
    name: str
    url: str
    kinds: tuple[str, ...]
    services: tuple[str, ...]
    now: datetime


@dataclass(frozen=True)
class PauseWebhook:
    """Send nothing until the webhook is resumed."""

    id: str
    cause: Cause
    now: datetime


@dataclass(frozen=True)
class ResumeWebhook:
    """Continue after the last delivered event, without waiting for the time of the next attempt."""

    id: str
    now: datetime


@dataclass(frozen=True)
class RotateKey:
    """Sign with a new secret; the previous one signs too for `OVERLAP`."""

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
    """Delete the webhook; it receives nothing more."""

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
