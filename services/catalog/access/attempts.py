"""How often somebody may try to sign in: counted in the store, for all processes, before a password is looked at."""

import hashlib
import time
from datetime import UTC, datetime

from pymongo import ReturnDocument
from pymongo.database import Database

from services.chassis.errors import TooMany
from services.chassis.event_store import Document

WINDOW = 15 * 60  # seconds
MOST = {"name": 10, "address": 100}  # failures in a window; a whole mall may share one address


class TooManyAttempts(TooMany):
    """Too many wrong passwords for this name, or from this address."""


class Attempts:
    """Counts attempts by user name and by address; whoever succeeds is not counted."""

    def __init__(self, database: Database[Document]) -> None:
        self._attempts = database["sign_in_attempts"]
        self._indexed = False

    def count(self, name: str, address: str) -> list[str]:
        """Count an attempt, before it is made, so that many at once count as many. Raises `TooManyAttempts`."""
        if not self._indexed:
            self._attempts.create_index("expires_at", expireAfterSeconds=0)
            self._indexed = True
        now = time.time()
        window = int(now // WINDOW)
        ends = datetime.fromtimestamp((window + 1) * WINDOW, UTC)
        counted = []
        for kind, value in (("name", name), ("address", address)):
            # Hashed: people type passwords into the wrong field.
            key = f"{kind}:{window}:{hashlib.sha256(value.encode()).hexdigest()[:32]}"
            found = self._attempts.find_one_and_update(
                {"_id": key},
                {"$inc": {"count": 1}, "$setOnInsert": {"expires_at": ends}},
                upsert=True,
                return_document=ReturnDocument.AFTER,
            )
            counted.append(key)
            if found and found["count"] > MOST[kind]:
                raise TooManyAttempts(retry_after=int((window + 1) * WINDOW - now) + 1)
        return counted

    def forgive(self, counted: list[str]) -> None:
        """It was the right password: forget this name's failures, and do not count the attempt for the address."""
        name, address = counted
        self._attempts.delete_one({"_id": name})
        self._attempts.update_one({"_id": address}, {"$inc": {"count": -1}})
