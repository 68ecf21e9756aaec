"""Passwords: the one place that holds them, as argon2id hashes beside the store, so that they can be erased."""

import threading
from base64 import b64encode

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY
from pymongo.database import Database

from services.chassis.errors import Invalid
from services.chassis.event_store import Document

PARAMETERS = RFC_9106_LOW_MEMORY  # RFC 9106 section 4, the second recommended option: 64 MiB, three passes
SHORTEST, LONGEST = 12, 200
HASHER = PasswordHasher.from_parameters(PARAMETERS)
AT_ONCE = threading.BoundedSemaphore(2)  # each takes 64 MiB
# What is verified for somebody who has no password: costs the same, fits nothing.
NOBODY = (
    f"$argon2id$v={PARAMETERS.version}$m={PARAMETERS.memory_cost},t={PARAMETERS.time_cost},p={PARAMETERS.parallelism}"
    f"${b64encode(bytes(PARAMETERS.salt_len)).decode().rstrip('=')}"
    f"${b64encode(bytes(PARAMETERS.hash_len)).decode().rstrip('=')}"
)


class WeakPassword(Invalid):
    """A password has 12 to 200 characters and does not hold the user name."""


def must_be_strong(password: str, name: str) -> None:
    """Refuse a password that is too short or holds the user name. Raises `WeakPassword`."""
    if not SHORTEST <= len(password) <= LONGEST or name in password.casefold():
        raise WeakPassword()


class Passwords:
    """Which password belongs to which account."""

    def __init__(self, database: Database[Document]) -> None:
        self._passwords = database["passwords"]

    def keep(self, account: str, password: str) -> None:
        """Keep a password, instead of an earlier one."""
        with AT_ONCE:
            hashed = HASHER.hash(password)
        self._passwords.update_one({"_id": account}, {"$set": {"hash": hashed}}, upsert=True)

    def erase(self, account: str) -> None:
        """Forget an account's password."""
        self._passwords.delete_one({"_id": account})

    def fits(self, account: str, password: str) -> bool:
        """Whether this is the account's password; costs the same when there is none."""
        found = self._passwords.find_one({"_id": account})
        hashed = found["hash"] if found else NOBODY
        try:
            with AT_ONCE:
                HASHER.verify(hashed, password)
        except (VerificationError, InvalidHashError):
            return False
        if found and HASHER.check_needs_rehash(hashed):
            self.keep(account, password)
        return True
