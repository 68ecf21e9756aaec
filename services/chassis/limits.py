"""How often anybody may do something: counts in the service's own database, right under any number of processes.

Who is counted is kept as a keyed hash only, with a key that is made anew each day and forgotten with its counts.
"""

import hmac
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError
from pymongo.write_concern import WriteConcern

from services.chassis.errors import TooMany
from services.chassis.event_store import Document

DAY = 86400


@dataclass(frozen=True)
class Limit:
    """At most so many in each window of so many seconds; 0: no limit."""

    most: int
    seconds: int


class Limits:
    """The limits of one service by name. One per process; thread-safe."""

    def __init__(self, database: Database[Document], **limits: Limit) -> None:
        # A count lost in a crash lets somebody ask a few times more: not worth a synced write.
        self._counts = database.get_collection("limits", write_concern=WriteConcern(w=1, j=False))
        self._limits = limits
        self._key = lru_cache(maxsize=4)(self._key_of)
        self._indexed = False

    def take(self, name: str, *who: str) -> None:
        """Count one more of this kind for whoever asks. Raises `TooMany`."""
        limit, now = self._limits[name], time.time()
        if not limit.most:
            return
        start = int(now) // limit.seconds * limit.seconds
        said = "\n".join((name, str(start), *who))
        counted = hmac.digest(self._key(start // DAY), said.encode("utf-8", "replace"), "sha256").hex()
        if not self._add(counted, limit.most, _moment(start + limit.seconds)):
            left = max(1, int(start + limit.seconds - now))
            raise TooMany(retry_after=left)

    def _add(self, counted: str, most: int, until: datetime) -> bool:
        """One more, unless it is full: then nothing matches, and the document that would be made is there already.

        An update that inserts, not `find_one_and_update`: the local database is three times as slow with that.
        """
        room: Document = {"_id": counted, "n": {"$lt": most}}
        more: Document = {"$inc": {"n": 1}, "$setOnInsert": {"expires_at": until}}
        try:
            self._counts.update_one(room, more, upsert=True)
        except DuplicateKeyError:  # full; or two first ones at once, of whom this is the second
            return self._counts.update_one(room, more).matched_count == 1
        return True

    def _key_of(self, day: int) -> bytes:
        """The key of a day, the same for all processes."""
        if not self._indexed:
            self._counts.create_index("expires_at", expireAfterSeconds=0)
            self._indexed = True
        name = f"key of {day}"
        fresh: Document = {"_id": name, "key": secrets.token_bytes(32), "expires_at": _moment((day + 2) * DAY)}
        try:
            self._counts.insert_one(fresh)
        except DuplicateKeyError:
            fresh = self._counts.find_one({"_id": name}) or fresh
        return bytes(fresh["key"])


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC) + timedelta(seconds=1)
