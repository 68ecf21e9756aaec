"""The edge of what is known of malls: one stream each, in notifications' store."""

from services.chassis.decider import Outcome, Streams
from services.chassis.errors import NotFound
from services.chassis.event_store import EventStore
from services.notifications.domain.mall import MALL, Command, Event, Mall, ResumptionHeard, SuspensionHeard

SUSPENSIONS = "suspensions"  # the outbox by which stops and their ends reach the tickets they concern
MOST = 1000  # malls that are searched for stops
MAX_AGE = 1.0  # seconds that a wording may be older than the store's


class UnknownMall(NotFound):
    """The catalog has not told of such a mall."""


class Malls:
    """What is known of every mall. One per process."""

    def __init__(self, store: EventStore) -> None:
        self.streams: Streams[Command, Mall, Event] = Streams(
            store, MALL, {SUSPENSIONS: (SuspensionHeard, ResumptionHeard)}
        )

    def act(self, mall: str, command: Command, **context: str) -> Outcome[Mall, Event]:
        """Decide a command on a mall."""
        return self.streams.execute(mall_stream(mall), command, **context)

    def find(self, mall: str, max_age: float = 0.0) -> Mall:
        """The mall as the store has it, or as it was at most `max_age` seconds ago."""
        return self.streams.snapshot(mall_stream(mall), max_age).state

    def with_suspensions(self) -> list[str]:
        """Return the codes of malls in which something was suspended at some time, the latest first."""
        return [mall_of(stream) for stream in self.streams.store.recent("SuspensionHeard", MOST)]

    def get(self, mall: str) -> Mall:
        """The mall. Raises `UnknownMall`."""
        found = self.find(mall)
        if not found.name:
            raise UnknownMall()
        return found


def mall_of(stream: str) -> str:
    """The mall that a stream is about."""
    return stream.partition("/")[2]


def mall_stream(mall: str) -> str:
    """The stream of what is known of a mall."""
    return f"mall/{mall}"
