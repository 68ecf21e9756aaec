"""What can be asked of webhooks. Time, and names of secrets, come in with the command."""

from dataclasses import dataclass
from datetime import datetime

from services.notifications.webhooks.domain.events import Cause


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
