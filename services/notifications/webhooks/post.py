"""One attempt: an event goes to a webhook's server, at the address that was judged, and what came of it."""

import email.utils
import re
import socket
import ssl
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.client import HTTPException
from threading import Timer
from typing import Literal

from urllib3 import HTTPHeaderDict
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

from services.chassis.errors import Problem
from services.notifications.webhooks.addresses import Address, Gate, Target

LONGEST = 15.0  # seconds from the first packet to the answer
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


def post(gate: Gate, url: str, headers: dict[str, str], body: bytes) -> Attempt:
    """Send it, and tell what came of it; raises nothing."""
    began = time.monotonic()
    came, status, answer, wait = _post(gate, url, headers, body)
    return Attempt(came, status, answer, round((time.monotonic() - began) * 1000), wait)


def _post(gate: Gate, url: str, headers: dict[str, str], body: bytes) -> tuple[Came, int, str, timedelta]:
    none = timedelta()
    try:
        target = gate.target(url)
        address = gate.address(target)
    except Problem as problem:
        return "address", 0, problem.reason, none
    connection = _connection(target, address)
    expired = False

    def end() -> None:
        """Whoever answers a byte at a time has no more time than others."""
        nonlocal expired
        expired = True
        if isinstance(connection.sock, socket.socket):
            try:
                socket.socket.shutdown(connection.sock, socket.SHUT_RDWR)
            except OSError:
                pass  # it has just ended by itself

    clock = Timer(LONGEST, end)
    clock.daemon = True
    clock.start()
    try:
        connection.connect()
        connection.sock.settimeout(LONGEST)
        whole = {**headers, "Host": target.authority, "User-Agent": AGENT, "Content-Type": CONTENT}
        connection.request("POST", target.path, body, whole, preload_content=False, decode_content=False)
        response = connection.getresponse()
        if expired:  # a head that was cut off can look whole
            return "timeout", 0, "", none
        came = _came(response.status)
        answer = "" if came == "delivered" else response.read(BEGINNING * 4).decode("utf-8", "replace")
        return came, response.status, UNSEEN.sub(" ", answer)[:BEGINNING], _asked_wait(response.headers)
    except NewConnectionError:  # which is a kind of the next one
        return "unreachable", 0, "", none
    except (TimeoutError, ConnectTimeoutError):
        return "timeout", 0, "", none
    except ssl.SSLError as error:
        return "tls", 0, (error.reason or "")[:BEGINNING], none
    except (HTTPException, HTTPError, OSError, ValueError) as error:
        return ("timeout" if expired else "unreachable"), 0, type(error).__name__, none
    finally:
        clock.cancel()
        connection.close()


def _connection(target: Target, address: Address) -> HTTPConnection:
    """To the address, while the certificate must be of the name."""
    if not target.secure:
        return HTTPConnection(str(address), target.port, timeout=CONNECTING)
    return HTTPSConnection(
        str(address),
        target.port,
        timeout=CONNECTING,
        cert_reqs="CERT_REQUIRED",
        server_hostname=target.host,
    )


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


def _asked_wait(headers: HTTPHeaderDict) -> timedelta:
    """What `Retry-After` asks for, in seconds or as a date (RFC 9110 section 10.2.3); nothing where it is neither."""
    asked = headers.get("Retry-After", "").strip()
    if asked.isdecimal() and asked.isascii():
        return min(timedelta(seconds=int(asked[:9])), LONGEST_WAIT)
    try:
        until = email.utils.parsedate_to_datetime(asked)
        return max(timedelta(), min(until - datetime.now(UTC), LONGEST_WAIT))
    except (ValueError, TypeError):
        return timedelta()
