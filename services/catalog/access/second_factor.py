"""Second factors: secrets of time-based one-time passwords (RFC 6238), sealed; recovery codes as hashes; passkeys.

Kept beside the store, as password hashes are, so that they can be erased.
"""

import base64
import hashlib
import re
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pyotp
import structlog
from pymongo.database import Database

from services.catalog.access.domain.state import Account
from services.catalog.access.passkeys import Passkeys
from services.chassis.errors import Invalid, NotFound, Refused, Unauthorized
from services.chassis.event_store import Document
from services.chassis.seal import Seal

log = structlog.get_logger()

ISSUER = "MPP"  # what the authenticator app calls it
STEP = 30  # seconds that a code is shown for
DRIFT = (0, -1, 1)  # steps that the phone's clock may be off
OFFERED_FOR = timedelta(minutes=15)
CODES, CODE_BYTES = 10, 16  # recovery codes, of 128 random bits each: a plain hash protects them (ASVS 6.5.2)


class NoSecondFactor(NotFound):
    """This catalog has no key to seal secrets with (`ACCESS_KEYS`), or the account has no second factor."""


class WrongCode(Unauthorized):
    """The code is wrong, was used before, or is not of this moment."""


class WrongFirstCode(Invalid):
    """The code does not belong to the secret that was offered, or the offer has expired."""


class SecondFactorExists(Refused):
    """The account has an authenticator app: it is removed before another one is set up."""


@dataclass(frozen=True)
class Offer:
    """A new secret for an authenticator app: to be typed, and as the address that its QR code holds."""

    secret: str
    uri: str


class SecondFactors:
    """The second factor of each account. One per process."""

    def __init__(self, database: Database[Document], seal: Seal) -> None:
        self._kept = database["second_factors"]
        self._seal = seal
        self.passkeys = Passkeys(database)

    @property
    def can_be_set_up(self) -> bool:
        """Whether there is a key to seal secrets with."""
        return self._seal.has_keys

    def offer(self, account: str, name: str) -> Offer:
        """Make a secret and keep it, sealed, until a code confirms it. Raises `NoSecondFactor` without a key."""
        if not self.can_be_set_up:
            raise NoSecondFactor()
        secret = pyotp.random_base32()
        offered = {**self._seal.close("secret", secret), "until": datetime.now(UTC) + OFFERED_FOR}
        self._kept.update_one({"_id": account}, {"$set": {"offered": offered}}, upsert=True)
        return Offer(secret, pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=ISSUER))

    def confirm(self, account: str, code: str) -> None:
        """Keep the offered secret if the code belongs to it. Raises `WrongFirstCode`."""
        offered = (self._kept.find_one({"_id": account}) or {}).get("offered")
        if not offered or offered["until"].replace(tzinfo=UTC) < datetime.now(UTC):
            raise WrongFirstCode()
        step = self._step(offered, code)
        if step is None:
            raise WrongFirstCode()
        sealed = {name: value for name, value in offered.items() if name != "until"}
        kept = {"totp": sealed, "used": step}
        self._kept.update_one({"_id": account}, {"$set": kept, "$unset": {"offered": ""}})

    def accepts(self, account: Account, code: str) -> bool:
        """Whether this is the account's code of this moment, or a recovery code; each is accepted once."""
        plain = re.sub(r"[\s-]", "", code).casefold()
        if plain.isdecimal():
            return account.totp and self._accepts_totp(account.id, plain)
        return self._uses_recovery_code(account.id, plain)

    def new_codes(self, account: str) -> list[str]:
        """Replace the account's recovery codes; return the new ones, which are kept as hashes alone."""
        codes = _new_codes()
        hashed = [_hashed(account, each) for each in codes]
        self._kept.update_one({"_id": account}, {"$set": {"codes": hashed}}, upsert=True)
        return codes

    def codes_left(self, account: str) -> int:
        """Return how many recovery codes were not used yet."""
        return len((self._kept.find_one({"_id": account}) or {}).get("codes", []))

    def erase(self, account: str) -> None:
        """Forget the account's second factors and recovery codes."""
        self._kept.delete_one({"_id": account})
        self.passkeys.erase(account)

    def erase_one(self, account: str, passkey: str = "") -> None:
        """Forget one passkey, or the secret of the authenticator app; recovery codes stay."""
        if passkey:
            self.passkeys.erase(account, passkey)
        else:
            self._kept.update_one({"_id": account}, {"$unset": {"totp": "", "used": "", "offered": ""}})

    def _accepts_totp(self, account: str, code: str) -> bool:
        found = self._kept.find_one({"_id": account})
        if not found or "totp" not in found:
            return False
        step = self._step(found["totp"], code)
        if step is None:
            return False
        changed: Document = {"used": step}
        if renewed := self._seal.renew("secret", found["totp"]):
            changed["totp"] = renewed
        unused: Document = {"_id": account, "used": {"$lt": step}}  # RFC 6238 section 5.2: a code is accepted once
        return self._kept.update_one(unused, {"$set": changed}).matched_count == 1

    def _uses_recovery_code(self, account: str, code: str) -> bool:
        hashed = _hashed(account, code)
        used = self._kept.update_one({"_id": account, "codes": hashed}, {"$pull": {"codes": hashed}})
        if used.matched_count:
            log.info("recovery code used", account=account, left=self.codes_left(account))
        return used.matched_count == 1

    def _step(self, sealed: Document, code: str) -> int | None:
        """Return the time step whose code this is; None where it is of none."""
        secret = self._seal.open("secret", sealed)
        if secret is None:
            log.error("cannot decrypt a second factor: restore the previous ACCESS_KEYS or reset it")
            return None
        totp, now = pyotp.TOTP(secret, interval=STEP), int(time.time()) // STEP
        steps = (now + drift for drift in DRIFT)
        return next((step for step in steps if pyotp.utils.strings_equal(totp.at(step * STEP), code)), None)


def _new_codes() -> list[str]:
    """Recovery codes as they are shown: base32 in groups of four, the last one shorter."""
    plain = (base64.b32encode(secrets.token_bytes(CODE_BYTES)).decode().rstrip("=").casefold() for _ in range(CODES))
    return ["-".join(re.findall(".{1,4}", each)) for each in plain]


def _hashed(account: str, code: str) -> str:
    plain = code.replace("-", "")
    return hashlib.sha256(f"{account}:{plain}".encode()).hexdigest()
