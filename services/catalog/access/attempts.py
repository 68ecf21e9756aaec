"""How failed sign-ins slow down further ones, and what is reported of them to the person at the next sign-in.

Failures are counted per name and address, so that a person cannot be kept out from elsewhere, and each failure makes
the wait longer instead of locking the account. A browser that signed in to the account before has a count of its own,
which no stranger can use up.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pymongo.database import Database

from services.chassis.errors import TooMany
from services.chassis.event_store import Document
from services.chassis.limits import Attempt, Backoff, Limits

HOUR = 3600
BACKOFFS: Mapping[str, Backoff] = {
    "name": Backoff(free=5, first=2, longest=15 * 60, forget=HOUR),  # of one name from one address
    "address": Backoff(free=50, first=1, longest=60, forget=HOUR),  # of all names: a whole mall may share an address
    "browser": Backoff(free=5, first=2, longest=5 * 60, forget=HOUR),  # of an account, from a browser it knows
    "code": Backoff(free=5, first=4, longest=15 * 60, forget=HOUR),  # of the second factor, with the right password
}
REPORTED_FOR = timedelta(days=90)  # how long failures wait for the person's next sign-in


class TooManyAttempts(TooMany):
    """Too many failures: the next attempt has to wait `retry_after` seconds."""


@dataclass(frozen=True)
class Failures:
    """Failed sign-ins of an account since its last one, from browsers that it does not know."""

    count: int
    last: datetime


class Attempts:
    """Counts attempts in the service's store, right under any number of processes."""

    def __init__(self, database: Database[Document]) -> None:
        self._limits = Limits(database, **BACKOFFS)
        self._failures = database["sign_in_failures"]
        self._indexed = False

    def by_password(self, name: str, address: str, browser: str) -> list[Attempt]:
        """Count an attempt before the password is looked at; `browser` is its id where the account knows it.

        Return what `succeeded` takes back. Raises `TooManyAttempts`.
        """
        if browser:
            return [self._count("browser", name, browser)]
        of_address = self._count("address", address)  # first: an address that has to wait makes no count of a name
        try:
            return [self._count("name", name, address), of_address]
        except TooManyAttempts:
            self._limits.refund(of_address)
            raise

    def by_code(self, account: str, browser: str) -> list[Attempt]:
        """Count an attempt before a code of the second factor is looked at. Raises `TooManyAttempts`."""
        return [self._count("code", account, browser)]

    def succeeded(self, counted: list[Attempt]) -> None:
        """Forget the failures of this name or browser, and do not count the attempt for the address."""
        first, *of_address = counted
        self._limits.forgive(first)
        for attempt in of_address:
            self._limits.refund(attempt)

    def failed(self, account: str, at: datetime) -> None:
        """Keep a failure for the account's next sign-in; also of no account (`""`), which so costs the same time."""
        if not self._indexed:
            self._failures.create_index("expires_at", expireAfterSeconds=0)
            self._indexed = True
        more = {"$inc": {"count": 1}, "$set": {"last": at, "expires_at": at + REPORTED_FOR}}
        self._failures.update_one({"_id": account}, more, upsert=True)

    def report(self, account: str) -> Failures | None:
        """Return and forget the account's failures since its last sign-in; None where there were none."""
        found = self._failures.find_one({"_id": account})
        if found is None:
            return None
        self._failures.delete_one({"_id": account})
        return Failures(found["count"], found["last"].replace(tzinfo=UTC))

    def _count(self, kind: str, *who: str) -> Attempt:
        try:
            return self._limits.attempt(kind, *who)
        except TooMany as refused:
            raise TooManyAttempts(retry_after=refused.params["retry_after"]) from None
