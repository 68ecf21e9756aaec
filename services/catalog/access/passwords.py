"""Passwords: the one place that holds them, as argon2id hashes beside the store, so that they can be erased."""

import re
import threading
from base64 import b64encode
from collections.abc import Iterable

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY
from pymongo.database import Database
from zxcvbn_rs_py import zxcvbn

from services.chassis.errors import Invalid
from services.chassis.event_store import Document

PARAMETERS = RFC_9106_LOW_MEMORY  # RFC 9106 section 4, the second recommended option: 64 MiB, three passes
SHORTEST, LONGEST = 12, 200
JUDGED = 72  # characters that are looked at, for at most 0.4 s; more cannot make a password weaker
FEWEST_GUESSES = 10  # as a power of ten: zxcvbn's highest class
WORD = re.compile(r"\w{3,}")
# What people here build passwords from, and English lists do not hold.
OF_THE_TRADE = (
    "mpp mal pelayanan publik antrean antrian loket gerai petugas operator pengawas pengelola instansi dinas kota",
    "kabupaten provinsi pemkot pemkab pemda disdukcapil dukcapil samsat imigrasi ktp sim indonesia jakarta nusantara",
    "merdeka garuda pancasila sandi katasandi kata rahasia masuk selamat datang pagi siang bismillah alhamdulillah",
    "sayang cinta admin administrator supervisor auditor",
)
HASHER = PasswordHasher.from_parameters(PARAMETERS)
AT_ONCE = threading.BoundedSemaphore(2)  # each takes 64 MiB
# What is verified for somebody who has no password: costs the same, fits nothing.
NOBODY = (
    f"$argon2id$v={PARAMETERS.version}$m={PARAMETERS.memory_cost},t={PARAMETERS.time_cost},p={PARAMETERS.parallelism}"
    f"${b64encode(bytes(PARAMETERS.salt_len)).decode().rstrip('=')}"
    f"${b64encode(bytes(PARAMETERS.hash_len)).decode().rstrip('=')}"
)


class WeakPassword(Invalid):
    """A password has 12 to 200 characters, and cannot be guessed from common ones, the user name or the mall."""


def must_be_strong(password: str, name: str, local: Iterable[str] = ()) -> None:
    """Refuse a password that is too short, holds the user name, or is among the first that an attacker tries.

    `local` are words of this place: names of malls and towns. zxcvbn estimates the guesses, from lists of leaked
    passwords, names, dates, keyboard rows and repeats, and from these words. Raises `WeakPassword`.
    """
    if not SHORTEST <= len(password) <= LONGEST or name in password.casefold():
        raise WeakPassword()
    known = sorted({word for text in (name, *local, *OF_THE_TRADE) for word in WORD.findall(text.casefold())})
    if zxcvbn(password[:JUDGED], known).guesses_log10 < FEWEST_GUESSES:
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
