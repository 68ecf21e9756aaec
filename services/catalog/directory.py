"""The edge between requests and rules: every mall's directory, as streams in catalog's store."""

from collections.abc import Sequence

from services.catalog.domain.changes import DIRECTORY
from services.catalog.domain.directory import Command, Directory, Event, UnknownMall
from services.chassis.decider import Outcome, Streams
from services.chassis.event_store import Commit, EventStore

PREFIX = "mall/"


class Malls:
    """All malls of this catalog. One per process."""

    def __init__(self, store: EventStore) -> None:
        self._store = store
        self._streams: Streams[Command, Directory, Event] = Streams(store, DIRECTORY, {"events": DIRECTORY.events})

    def act(self, mall: str, command: Command, **context: str) -> Outcome[Directory, Event]:
        """Decide a command on a mall's directory."""
        return self._streams.execute(f"{PREFIX}{mall}", command, **context)

    def would(self, mall: str, command: Command) -> Sequence[Event]:
        """What a command would lead to now, without doing it."""
        return DIRECTORY.decide(command, self._streams.snapshot(f"{PREFIX}{mall}").state)

    def get(self, mall: str) -> Directory:
        """A mall's directory. Raises `UnknownMall`."""
        directory = self._streams.snapshot(f"{PREFIX}{mall}").state
        if directory.mall is None:
            raise UnknownMall(mall=mall)
        return directory

    def commits(self, mall: str) -> list[Commit]:
        """All that ever changed in a mall's directory, in order."""
        return self._store.read(f"{PREFIX}{mall}")

    def all(self) -> list[Directory]:
        """Every mall, by code."""
        codes = sorted(stream.removeprefix(PREFIX) for stream in self._store.recent("MallListed", limit=1000))
        return [self.get(code) for code in codes]
