"""The edge between requests and rules: every mall's directory, as streams in catalog's store."""

from services.catalog.domain.directory import DIRECTORY, Directory, Event, ImportCatalog, UnknownMall
from services.chassis.decider import Outcome, Streams
from services.chassis.event_store import EventStore

PREFIX = "mall/"


class Malls:
    """All malls of this catalog. One per process."""

    def __init__(self, store: EventStore) -> None:
        self._store = store
        self._streams: Streams[ImportCatalog, Directory, Event] = Streams(
            store, DIRECTORY, {"events": DIRECTORY.events}
        )

    def act(self, mall: str, command: ImportCatalog, **context: str) -> Outcome[Directory, Event]:
        """Decide a command on a mall's directory."""
        return self._streams.execute(f"{PREFIX}{mall}", command, **context)

    def get(self, mall: str) -> Directory:
        """A mall's directory. Raises `UnknownMall`."""
        directory = self._streams.snapshot(f"{PREFIX}{mall}").state
        if directory.mall is None:
            raise UnknownMall(mall=mall)
        return directory

    def all(self) -> list[Directory]:
        """Every mall, by code."""
        codes = sorted(stream.removeprefix(PREFIX) for stream in self._store.recent("MallListed", limit=1000))
        return [self.get(code) for code in codes]
