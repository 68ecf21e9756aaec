"""One attempt: an event goes to a webhook's server, at an address that was judged, and what came of it."""

import email.utils
import re
import ssl
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.message import Message
from http.client import HTTPException
from typing import Literal

from services.chassis.errors import Problem
from services.notifications.exchange import NotReached, asked, in_a_word
from services.notifications.webhooks.addresses import Gate

LONGEST = 15.0  # seconds from the connection to the answer
CONNECTING = 5.0
BEGINNING = 200  # characters of an answer that are kept, and only of one that is no success
CONTENT = "application/cloudevents+json"
AGENT = "mpp-webhooks/1"
LONGEST_WAIT = timedelta(days=1)  # that a server may ask for
UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f]+")

# What came of an attempt, as it is shown: words for each in words/*.json.
Came = Literal["delivered", "refused", "redirect", "gone", "busy", "timeout", "tls", "unreachable", "address"]


@dataclass(frozen=True)
class Attempt:
    """What came of one attempt; `wait` is what the server asked for."""

    came: Came
    status: int = 0
    answer: str = ""
    millis: int = 0
    wait: timedelta = timedelta()

    @property
    def delivered(self) -> bool:
        """Whether the server has it."""
        return self.came == "delivered"


def post(gate: Gate, url: str, headers: dict[str, str], body: bytes, at: datetime | None = None) -> Attempt:
    """Send it, and tell what came of it; raises nothing.

    `at` is this instant, from which a date in `Retry-After` is counted; None: that of the system's clock.
    """
    began = time.monotonic()
    sent = {**headers, "User-Agent": AGENT, "Content-Type": CONTENT}
    attempt = _post(gate, url, sent, body, at or datetime.now(UTC))
    return replace(attempt, millis=round((time.monotonic() - began) * 1000))


def _post(gate: Gate, url: str, headers: dict[str, str], body: bytes, at: datetime) -> Attempt:
    try:
        target = gate.target(url)
        addresses = [str(address) for address in gate.addresses(target)]
    except Problem as problem:
        return Attempt("address", answer=problem.reason)
    try:
        with asked(
            target, "POST", headers, body, connecting=CONNECTING, seconds=LONGEST, addresses=addresses
        ) as response:
            came = _came(response.status)
            answer = "" if came == "delivered" else response.read(BEGINNING * 4).decode("utf-8", "replace")
            said = UNSEEN.sub(" ", answer)[:BEGINNING]
            return Attempt(came, response.status, said, wait=_asked_wait(response.headers, at))
    except NotReached as told:
        return _failed(told.__cause__)
    except (HTTPException, OSError, ValueError) as error:
        return _failed(error)


def _failed(cause: BaseException | None) -> Attempt:
    more = cause.reason if isinstance(cause, ssl.SSLError) else type(cause).__name__
    return Attempt(in_a_word(cause), answer=(more or "")[:BEGINNING])


def _came(status: int) -> Came:
    match status:
        case 410:
            return "gone"
        case 429 | 503:
            return "busy"
        case _ if 200 <= status < 300:
            return "delivered"
        case _ if 300 <= status < 400:
            return "redirect"
        case _:
            return "refused"


def _asked_wait(headers: Message, at: datetime) -> timedelta:
    """Return what `Retry-After` asks for at this instant, between nothing and `LONGEST_WAIT`.

    It is in whole seconds or one of the three forms of a date (RFC 9110 sections 10.2.3 and 5.6.7), of which that of
    `asctime` names no zone and means UTC. What is neither asks for nothing.
    """
    asked = headers.get("Retry-After", "").strip()
    if asked.isdecimal() and asked.isascii():
        return min(timedelta(seconds=int(asked.lstrip("0")[:9] or 0)), LONGEST_WAIT)
    try:
        until = email.utils.parsedate_to_datetime(asked)
        until = until if until.tzinfo else until.replace(tzinfo=UTC)
        return max(timedelta(), min(until - at, LONGEST_WAIT))
    except (ValueError, TypeError, OverflowError, IndexError):  # a year of 20 digits, a zone of a thousand hours
        return timedelta()
