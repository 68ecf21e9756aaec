"""Proof of presence: a short code that screens in the mall show for a minute, and the pass that it is exchanged for.

Codes and passes are computed from `VISITOR_SECRET` and stored nowhere, so every process of a deployment accepts those
of the others. A pass lets its holder take a few tickets as a visitor in the hall, and gives no other right.
"""

import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from marshmallow.validate import Length

from services.chassis.config import Env
from services.chassis.errors import Forbidden

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # 32 characters, without those that are read as others: 0 O 1 I
SEPARATORS = str.maketrans("", "", " -–.\u00a0")
LENGTH = 6  # 30 bits: with two codes accepted, one of 500 million guesses succeeds
MINUTE = timedelta(minutes=1)
PASS_LASTS = timedelta(minutes=15)
TICKETS_A_PASS = 3
ALGORITHM = "HS256"
AUDIENCE = "urn:mpp:presence"


class PresenceCodeWrong(Forbidden):
    """The code is not the one that the screens of this mall show now or showed a minute ago."""


class PresenceOver(Forbidden):
    """The pass has expired, is of another mall, or is none."""


@dataclass(frozen=True)
class Code:
    """The code of a minute, and when screens replace it."""

    text: str
    until: datetime


@dataclass(frozen=True)
class Pass:
    """A pass as its holder keeps it, and when it expires."""

    text: str
    expires_at: datetime


class Presence:
    """Makes and checks codes and passes. One per process; thread-safe."""

    def __init__(self, secret: str) -> None:
        self._codes = _derived(secret, b"presence codes")
        self._passes = OctKey.import_key(_derived(secret, b"presence passes"))

    @classmethod
    def from_env(cls, env: Env) -> "Presence":
        """Read the secret, `VISITOR_SECRET`, from which the keys are derived."""
        return cls(env.str("VISITOR_SECRET", validate=Length(min=32)) or "")

    def code(self, mall: str, now: datetime) -> Code:
        """Return the code that screens of a mall show at this instant."""
        minute = _minute(now)
        return Code(self._code(mall, minute), datetime.fromtimestamp((minute + 1) * 60, UTC))

    def checked(self, mall: str, typed: str, now: datetime) -> str:
        """Return the code in its canonical form if it is that of this minute or of the one before.

        The minute before is accepted because a visitor needs some seconds to scan or type. Raises
        `PresenceCodeWrong`.
        """
        given, minute, matching = typed.translate(SEPARATORS).upper().encode("utf-8", "replace"), _minute(now), ""
        for accepted in (minute, minute - 1):
            code = self._code(mall, accepted)
            if hmac.compare_digest(given, code.encode()):
                matching = code
        if not matching:
            raise PresenceCodeWrong()
        return matching

    def new_pass(self, mall: str, now: datetime) -> Pass:
        """Return a fresh pass for a mall."""
        expires_at = now.replace(microsecond=0) + PASS_LASTS
        claims = {
            "aud": AUDIENCE,
            "mall": mall,
            "jti": secrets.token_urlsafe(12),
            "exp": int(expires_at.timestamp()),
        }
        return Pass(jwt.encode({"alg": ALGORITHM}, claims, self._passes, algorithms=[ALGORITHM]), expires_at)

    def holder(self, mall: str, given: str, now: datetime) -> str:
        """Return the id of a pass, under which its tickets are counted. Raises `PresenceOver`."""
        try:
            claims = jwt.decode(given, self._passes, algorithms=[ALGORITHM]).claims
            if (claims["aud"], claims["mall"]) != (AUDIENCE, mall) or claims["exp"] <= now.timestamp():
                raise PresenceOver()
            return str(claims["jti"])
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise PresenceOver() from error

    def _code(self, mall: str, minute: int) -> str:
        digest = hmac.digest(self._codes, f"{mall}\n{minute}".encode(), "sha256")
        number = int.from_bytes(digest[:8], "big")
        return "".join(ALPHABET[number >> 5 * index & 31] for index in range(LENGTH))


def _derived(secret: str, purpose: bytes) -> bytes:
    """A key for one purpose alone, from the secret of the deployment (RFC 5869)."""
    key: bytes = HKDF(SHA256(), 32, salt=None, info=b"mpp " + purpose).derive(secret.encode())
    return key


def _minute(now: datetime) -> int:
    return int(now.timestamp()) // 60
