"""How often anybody may do something: counts in the service's own database, right under any number of processes.

Who is counted is kept as a keyed hash only, with a key that is made anew each day and forgotten with its counts.
"""

import hmac
import math
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
RACES = 50  # times that a count is read again because another process changed it; then the attempt is refused


@dataclass(frozen=True)
class Limit:
    """At most so many in each window of so many seconds; 0: no limit."""

    most: int
    seconds: int


@dataclass(frozen=True)
class Backoff:
    """Attempts without a wait, then a wait after each that doubles from `first` to `longest` seconds.

    Attempts are forgotten `forget` seconds after the wait that the last one led to.
    """

    free: int
    first: int
    longest: int
    forget: int

    def wait(self, attempts: int) -> int:
        """Return the seconds to wait after this many attempts."""
        beyond = attempts - self.free
        return min(self.first << min(beyond, 32), self.longest) if beyond >= 0 else 0


@dataclass(frozen=True)
class Attempt:
    """An attempt as it was counted: under which key, as which one, and until when the one before made it wait."""

    key: str
    number: int
    waited_until: float


class Limits:
    """The limits of one service by name. One per process; thread-safe."""

    def __init__(self, database: Database[Document], **limits: Limit | Backoff) -> None:
        # A count lost in a crash lets somebody ask a few times more: not worth a synced write.
        self._counts = database.get_collection("limits", write_concern=WriteConcern(w=1, j=False))
        self._limits = limits
        self._key = lru_cache(maxsize=4)(self._key_of)
        self._indexed = False

    def take(self, name: str, *who: str) -> str:
        """Count one more act of this kind, before it is done, so that parallel requests cannot pass the limit.

        Return the key of the count, for `give_back` if the act is refused; empty where there is no limit.
        Raises `TooMany`.
        """
        limit, now = self._limits[name], time.time()
        assert isinstance(limit, Limit)
        if not limit.most:
            return ""
        start = int(now) // limit.seconds * limit.seconds
        counted = self._counted(start // DAY, name, str(start), *who)
        if not self._add(counted, limit.most, _moment(start + limit.seconds)):
            left = max(1, int(start + limit.seconds - now))
            raise TooMany(retry_after=left)
        return counted

    def give_back(self, key: str) -> None:
        """Take back one count of this key: its act was refused. A count of zero is deleted."""
        if key:
            self._one_less(key)

    def attempt(self, name: str, *who: str) -> Attempt:
        """Count an attempt of this kind before it is made, so that many at once count as many.

        Return it, to be taken back by `forgive` or `refund` if it succeeds. Raises `TooMany` during a wait. The daily
        key ends all waits at midnight UTC.
        """
        backoff, now = self._limits[name], time.time()
        assert isinstance(backoff, Backoff)
        key = self._counted(int(now) // DAY, name, *who)
        for _ in range(RACES):
            found = self._counts.find_one({"_id": key, "expires_at": {"$gt": datetime.fromtimestamp(now, UTC)}})
            number, waited_until = (found["n"] + 1, found["until"]) if found else (1, 0.0)
            if waited_until > now:
                raise TooMany(retry_after=math.ceil(waited_until - now))
            wait = backoff.wait(number)
            until = now + wait if wait else 0.0  # not now: a process that read the clock just before would wait
            counted = {"n": number, "until": until, "expires_at": _moment(now + wait + backoff.forget)}
            if self._replace(key, found, counted, now):
                return Attempt(key, number, waited_until)
        raise TooMany(retry_after=1)

    def forgive(self, attempt: Attempt) -> None:
        """Forget this attempt and all failures before it under the same key."""
        self._counts.delete_one({"_id": attempt.key})

    def refund(self, attempt: Attempt) -> None:
        """Take back this attempt alone, and the wait it led to unless another one followed."""
        as_it_was: Document = {"$inc": {"n": -1}, "$set": {"until": attempt.waited_until}}
        last = self._counts.update_one({"_id": attempt.key, "n": attempt.number}, as_it_was)
        if last.matched_count:
            self._delete_if_zero(attempt.key)
        else:
            self._one_less(attempt.key)

    def _one_less(self, key: str) -> None:
        self._counts.update_one({"_id": key, "n": {"$gt": 0}}, {"$inc": {"n": -1}})
        self._delete_if_zero(key)

    def _delete_if_zero(self, key: str) -> None:
        """Delete a count of zero; a request that counts again at the same time is not lost, as both acts are atomic."""
        self._counts.delete_one({"_id": key, "n": 0})

    def _replace(self, key: str, found: Document | None, counted: Document, now: float) -> bool:
        """Store a count instead of the one that was read; False if another process was faster."""
        if found:
            read: Document = {"_id": key, "n": found["n"], "until": found["until"]}
            return self._counts.update_one(read, {"$set": counted}).matched_count == 1
        expired: Document = {"_id": key, "expires_at": {"$lte": datetime.fromtimestamp(now, UTC)}}
        try:
            self._counts.update_one(expired, {"$set": counted}, upsert=True)
        except DuplicateKeyError:
            return False
        return True

    def _counted(self, day: int, *said: str) -> str:
        """The key of a count: says nothing of who is counted once the key of the day is forgotten."""
        return hmac.digest(self._key(day), "\n".join(said).encode("utf-8", "replace"), "sha256").hex()

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
