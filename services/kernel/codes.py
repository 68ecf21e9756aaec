"""Codes of visitors, and the public ids derived from them.

A code is a secret: who presents it acts for the visitor. An id is public: events, feeds and staff screens carry it. It
is a truncated SHA-256 of the code, so every service checks a code without another one, and no reader of ids gets a
code. Both begin with the business day, which names the stream to read.

    20261124-JIQIB5zD7YKJMCqDar8ksR      id of a ticket: 128 bits, then four bits 0001
    20261124-bJIQIB5zD7YKJMCqDar8ksR     id of a booking
    20261124-n1Zq…                       code of a ticket: 144 bits, two characters longer than an id

Ids of releases without codes are 128 random bits, which base64 pads with four bits 0000. They were both id and code,
and remain so: the last four bits distinguish them.
"""

import hashlib
import hmac
import re
import secrets
from base64 import urlsafe_b64encode
from datetime import date

from marshmallow.validate import Length

from services.chassis.config import Env

CODE = re.compile(r"(\d{8})-(b?)[\w-]{24}", re.ASCII)
UNCODED = re.compile(r"\d{8}-b?[\w-]{21}[AQgw]", re.ASCII)  # the last four bits are 0000
BOOKING = "b"  # in front of what names a booking
CODE_BYTES, ID_BYTES = 18, 16
VERSION = b"\x10"  # the four bits after those of the id, and four that are cut off


def id_of(code: str) -> str | None:
    """Return the id of the ticket or booking that this code acts for; None for what is no code.

    An id of a release without codes is returned as it is. Whether the ticket exists is for the caller to find out.
    """
    if UNCODED.fullmatch(code):
        return code
    found = CODE.fullmatch(code)
    if found is None:
        return None
    digest = hashlib.sha256(code.encode()).digest()[:ID_BYTES]
    return f"{found[1]}-{found[2]}{_text(digest + VERSION)[:22]}"


class Codes:
    """Makes codes. One per process.

    With an idempotency key a code is an HMAC of the request's key and caller, so that a retry gets the same code
    although no code is stored.
    """

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    @classmethod
    def from_env(cls, env: Env) -> "Codes":
        """Read the secret, `VISITOR_SECRET`."""
        return cls(env.str("VISITOR_SECRET", validate=Length(min=32)) or "")

    def ticket(self, day: date, *request: str) -> str:
        """Return the code of a new ticket: random, or the same one for the same request if one is named."""
        return f"{day:%Y%m%d}-{self._made('ticket', day, request)}"

    def booking(self, day: date, *request: str) -> str:
        """Return the code of a new booking, as `ticket` does."""
        return f"{day:%Y%m%d}-{BOOKING}{self._made('booking', day, request)}"

    def claimed(self, day: date, booking: str) -> str:
        """Return the code of the ticket that is issued for a booking, from the booking's code.

        Who has the booking's code has the ticket too. The secret keeps it from readers of old bookings' ids.
        """
        return self.ticket(day, "claimed", booking)

    def _made(self, kind: str, day: date, request: tuple[str, ...]) -> str:
        if not request:
            return _text(secrets.token_bytes(CODE_BYTES))
        said = "\n".join((kind, day.isoformat(), *request))
        return _text(hmac.digest(self._secret, said.encode("utf-8", "replace"), "sha256")[:CODE_BYTES])


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
