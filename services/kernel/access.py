"""What was revoked: heard by event, kept until it would have ended anyway, and asked for with each request."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from services.chassis.clock import now
from services.chassis.cloud_event import TYPES, CloudEvent
from services.chassis.decider import Decider, Streams
from services.chassis.event_store import EventStore
from services.kernel.tokens import Actor

STREAM = "access"
REVOKED = f"{TYPES}access-revoked.v1"
TOPIC = "mpp.access"  # read by our services alone: agencies may read all other topics
TOPICS = (TOPIC, "mpp.catalog")  # the second for a catalog that does not write the first yet: decision 0038
MAX_AGE = 1.0  # seconds that a process may know less than its store

Kind = Literal["token", "session", "account"]


@dataclass(frozen=True)
class HearRevoked:
    """A token, a session, or all sessions of an account up to an epoch are good no more; none outlasts `until`."""

    kind: Kind
    id: str
    epoch: int
    until: datetime
    now: datetime


# Stored as named here: rename nothing; new fields get defaults.
@dataclass(frozen=True)
class AccessRevoked:
    """It is good no more."""

    kind: Kind
    id: str
    epoch: int
    until: datetime
    heard_at: datetime


@dataclass(frozen=True)
class Revocations:
    """Epoch and end of each revocation that can still matter, by kind and id."""

    known: Mapping[tuple[Kind, str], tuple[int, datetime]] = field(default_factory=dict)

    def cover(self, actor: Actor) -> bool:
        """Whether who asks was revoked."""
        epoch, _ = self.known.get(("account", actor.account), (-1, None))
        by_id = ("token", actor.token) in self.known or ("session", actor.session) in self.known
        return by_id or bool(actor.session and actor.epoch <= epoch)


def decide(command: HearRevoked, state: Revocations) -> list[AccessRevoked]:
    """What is new and can still matter; nothing for a repeat."""
    epoch, _ = state.known.get((command.kind, command.id), (-1, None))
    if command.epoch <= epoch or command.until <= command.now:
        return []
    return [AccessRevoked(command.kind, command.id, command.epoch, command.until, command.now)]


def evolve(state: Revocations, event: AccessRevoked) -> Revocations:
    """With the new one, and without those that have ended since."""
    kept = {key: found for key, found in state.known.items() if found[1] > event.heard_at}
    return replace(state, known={**kept, (event.kind, event.id): (event.epoch, event.until)})


REVOCATIONS: Decider[HearRevoked, Revocations, AccessRevoked] = Decider(
    initial=Revocations(), decide=decide, evolve=evolve, events=(AccessRevoked,)
)


class Heard:
    """What a service heard of revocations, in its own store. One per process."""

    def __init__(self, store: EventStore) -> None:
        self.streams: Streams[HearRevoked, Revocations, AccessRevoked] = Streams(store, REVOCATIONS, {})

    def revoked(self, actor: Actor) -> bool:
        """Whether who asks was revoked, as the store knew at most a second ago. Raises `StoreUnavailable`."""
        return self.streams.snapshot(STREAM, MAX_AGE).state.cover(actor)


def on_access_revoked(event: CloudEvent) -> tuple[str, HearRevoked]:
    """Somebody may no longer do what they could."""
    data = event.data
    until = datetime.fromisoformat(data["until"])
    return STREAM, HearRevoked(data["kind"], data["id"], int(data.get("epoch", 0)), until, now())


REACTIONS = {REVOKED: on_access_revoked}
