"""One HTTP request on a connection of its own, with one time limit for all of it.

A connection that was kept could have been closed by the other side just now, and nobody would know whether it had read
anything before. On a new one, whatever goes wrong before it stands has certainly sent nothing. Neither redirects nor a
proxy of the environment are followed.
"""

import os
import re
import selectors
import socket
import ssl
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPResponse, parse_headers
from ipaddress import ip_address
from threading import Event, Timer
from typing import Literal
from urllib.parse import urlsplit

SWITCHING_PROTOCOLS = 101  # is final
NEXT_ADDRESS = 0.25  # seconds after which the next address is tried beside the last (RFC 8305 section 5)
PRINTABLE = re.compile(r"[!-~]+", re.ASCII)


class NotReached(Exception):
    """No connection came about: nothing was sent. `__cause__` says why."""


def in_a_word(error: BaseException | None) -> Literal["timeout", "tls", "unreachable"]:
    """What went wrong on the way."""
    return "timeout" if isinstance(error, TimeoutError) else "tls" if isinstance(error, ssl.SSLError) else "unreachable"


@dataclass(frozen=True)
class Target:
    """Where to send to: what to ask for, and of whom."""

    secure: bool
    host: str
    port: int
    path: str

    @classmethod
    def of(cls, url: str) -> "Target":
        """What a URL means. Raises `ValueError`, also where it holds a user or a fragment, which would go unheard."""
        parts = urlsplit(url)
        port, secure = parts.port, parts.scheme == "https"
        sound = parts.scheme in ("http", "https") and parts.hostname and PRINTABLE.fullmatch(url)
        if not sound or "@" in parts.netloc or parts.fragment:
            raise ValueError("must be http://… or https://…, without spaces, a user or a fragment")
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return cls(secure, str(parts.hostname), port if port is not None else 443 if secure else 80, path)

    @property
    def authority(self) -> str:
        """The `Host` header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.secure else 80) else f"{host}:{self.port}"


class FinalResponse(HTTPResponse):
    """Skips the responses before the final one, such as 102 and 103 (RFC 9110 section 15.2); `http.client` only 100."""

    def _read_status(self) -> tuple[str, int, str]:
        while True:
            version, status, reason = super()._read_status()  # type: ignore[misc]
            if not 100 <= status < 200 or status == SWITCHING_PROTOCOLS:
                return version, status, reason
            parse_headers(self.fp)


@contextmanager
def asked(
    target: Target,
    method: str,
    headers: Mapping[str, str],
    body: bytes = b"",
    *,
    connecting: float,
    seconds: float,
    addresses: Sequence[str] = (),
) -> Iterator[HTTPResponse]:
    """The answer, read within the block; the request goes to one of `addresses`, to the name where there are none.

    All `addresses` together, or each one behind the name, have `connecting` seconds to take the connection; all that
    follows, until the block ends, has `seconds` altogether. Raises `NotReached`; once there was a connection, also in
    the block, `TimeoutError` when the time is over, `HTTPException`, `OSError` or `ValueError`.
    """
    try:
        if addresses:
            plain = first_connected(addresses, target.port, connecting)
        else:
            plain = socket.create_connection((target.host, target.port), connecting)
    except (OSError, ValueError) as error:
        raise NotReached from error
    with closing(plain), closing(plain.dup()) as same, _until(seconds, same) as over:
        try:
            stream = trusted().wrap_socket(plain, server_hostname=target.host) if target.secure else plain
        except (OSError, ValueError) as error:
            raise NotReached from (TimeoutError() if over.is_set() else error)
        connection = HTTPConnection(target.host, target.port)
        connection.sock = stream
        connection.response_class = FinalResponse
        stream.settimeout(seconds)
        try:
            connection.request(method, target.path, body or None, {"Host": target.authority, **headers})
            with connection.getresponse() as response:
                yield response
        except (HTTPException, OSError) as error:
            if over.is_set():
                raise TimeoutError from error
            raise
        finally:
            connection.close()
        if over.is_set():
            raise TimeoutError  # what was cut off can look whole


def first_connected(addresses: Sequence[str], port: int, seconds: float) -> socket.socket:
    """Return a connection to the first of these IP addresses that takes one, within `seconds` for all of them.

    The next address is tried as soon as one refuses, and beside the last one after `NEXT_ADDRESS` seconds; families
    take turns (RFC 8305). So a server is reached whose name has a dead address too. Names are not resolved. Raises
    `OSError`: `TimeoutError` where the time is over, otherwise why the last address was not reached.
    """
    over = time.monotonic() + seconds
    waiting, next_at = deque(_in_turns(addresses)), 0.0
    failure: OSError = TimeoutError("timed out")
    with selectors.DefaultSelector() as pending:
        try:
            while waiting or pending.get_map():
                now = time.monotonic()
                if now >= over:
                    raise TimeoutError("timed out")
                if waiting and (now >= next_at or not pending.get_map()):
                    try:
                        pending.register(_connecting(waiting.popleft(), port), selectors.EVENT_WRITE)
                        next_at = now + NEXT_ADDRESS
                    except OSError as error:  # such as no route to its family
                        failure = error
                    continue
                for key, _ in pending.select((min(next_at, over) if waiting else over) - now):
                    attempt = pending.unregister(key.fileobj).fileobj
                    assert isinstance(attempt, socket.socket)
                    if not (code := attempt.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)):
                        attempt.settimeout(seconds)
                        return attempt
                    attempt.close()
                    failure, next_at = OSError(code, os.strerror(code)), 0.0
        finally:
            for key in pending.get_map().values():
                key.fileobj.close()  # type: ignore[union-attr]
    raise failure


def _in_turns(addresses: Sequence[str]) -> Iterator[str]:
    """Yield the addresses so that the families alternate, each in its given order, beginning with the first one's."""
    versions = [ip_address(address).version for address in addresses]
    families = [
        deque(address for address, version in zip(addresses, versions, strict=True) if version == family)
        for family in dict.fromkeys(versions)
    ]
    while any(families):
        yield from (family.popleft() for family in families if family)


def _connecting(address: str, port: int) -> socket.socket:
    """Return a socket that has begun to connect. Raises `OSError`."""
    family = socket.AF_INET6 if ip_address(address).version == 6 else socket.AF_INET
    attempt = socket.socket(family, socket.SOCK_STREAM)
    try:
        attempt.setblocking(False)
        with suppress(BlockingIOError):
            attempt.connect((address, port))
    except OSError:
        attempt.close()
        raise
    return attempt


@contextmanager
def _until(seconds: float, connection: socket.socket) -> Iterator[Event]:
    """Ends the connection when the time is over, and says so."""
    over = Event()

    def end() -> None:
        over.set()
        with suppress(OSError):  # it has just ended by itself
            connection.shutdown(socket.SHUT_RDWR)

    clock = Timer(seconds, end)
    clock.daemon = True
    clock.start()
    try:
        yield over
    finally:
        clock.cancel()


@cache
def trusted() -> ssl.SSLContext:
    """Whom this machine trusts, read once: to read it takes longer than to deliver a text."""
    return ssl.create_default_context()
