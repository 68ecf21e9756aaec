"""What catalog tells of access: what was revoked, by ids that say nothing of a person, and until when to mind it."""

from collections.abc import Iterator
from datetime import UTC, datetime

from services.catalog.access.domain import ACCESS
from services.catalog.access.domain.events import (
    AccessChanged,
    AccountDisabled,
    Event,
    PasswordSet,
    SecondFactorAdded,
    SecondFactorRemoved,
    SessionEnded,
    SessionsEnded,
    SignInLinked,
    SignInUnlinked,
    TokenRevoked,
)
from services.catalog.access.domain.sign_in import LONGEST_SESSION
from services.chassis.cloud_event import CloudEvent
from services.chassis.event_store import Commit
from services.chassis.publication import public_event
from services.kernel.access import REVOKED

STREAM = "access"


def published(commit: Commit) -> list[CloudEvent]:
    """The public events of a commit, in order; none of a commit about other things."""
    return list(_published(commit)) if commit.stream == STREAM else []


def _published(commit: Commit) -> Iterator[CloudEvent]:
    for index, event in enumerate(ACCESS.recorded(commit)):
        if revoked := _revoked(event):
            kind, id, epoch, until = revoked
            data = {"kind": kind, "id": id, "epoch": epoch, "until": until.astimezone(UTC).isoformat()}
            yield public_event(
                commit, index, source="/mpp/catalog/access", type=REVOKED, subject=id, key=STREAM, data=data
            )


def _revoked(event: Event) -> tuple[str, str, int, datetime] | None:
    match event:
        case AccessChanged(id, _, _, epoch, at) | PasswordSet(id, epoch, at) | AccountDisabled(id, epoch, at):
            return "account", id, epoch, at + LONGEST_SESSION
        case SignInLinked(id, epoch, at) | SignInUnlinked(id, epoch, at):
            return "account", id, epoch, at + LONGEST_SESSION
        case SessionsEnded(id, epoch, at) | SecondFactorAdded(id, epoch, at) | SecondFactorRemoved(id, epoch, at):
            return "account", id, epoch, at + LONGEST_SESSION
        case TokenRevoked(id, expires_at, _):
            return "token", id, 0, expires_at
        case SessionEnded(id, _, until, _):
            return "session", id, 0, until
        case _:
            return None
