"""The gateway of the local run: every service under one origin, as nginx does it in containers.

python deploy/gateway/local.py --port 8000 --catalog 127.0.0.1:8101 --ticketing … --live … --notifications …
"""

import argparse
import asyncio
import gzip
import json
import re
import select
import signal
import socket
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, NamedTuple

HEAD_LIMIT = 16 * 1024
BODY_LIMIT = 64 * 1024
CATALOG_LIMIT = 4 * 1024 * 1024  # of an import, which holds a whole catalog
IMPORT = re.compile(rb"/catalog/api/malls/[^/?]+/import(\?|$)")
IDLE_SECONDS = 30  # services keep an idle connection for 75 s, so the gateway always lets go first
ANSWER_SECONDS = 60
SERVICES = ("catalog", "ticketing", "live", "notifications")
ROUTES = ((b"/ticketing/live/", "live"), (b"/ticketing/", "ticketing"), (b"/notifications/", "notifications"))
ENDS_HERE = frozenset(  # hop-by-hop headers, and those the gateway sets
    b"connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer upgrade expect "
    b"forwarded x-forwarded-for x-forwarded-host x-forwarded-proto x-forwarded-prefix x-real-ip".split()
)
ONCE = frozenset((b"content-length", b"host", b"transfer-encoding"))
NAME = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
REQUEST_LINE = re.compile(rb"([A-Z]+) (/[\x21-\x7e]*) HTTP/1\.1")
# What is worth compressing, as in nginx.conf.
TEXT = re.compile(rb"(text/(html|css|javascript)|application/(javascript|json|problem\+json)|image/svg\+xml)(;|$)")
SHORT, LONG = 1024, 4 * 1024 * 1024
STRAY = re.compile(rb"\0|\r(?!\n)|(?<!\r)\n|\n[ \t]")  # what two parsers could read in two ways

REFUSALS = {
    "bad-request": (400, "Permintaan tidak dapat dibaca.", "The request cannot be read."),
    "length-required": (411, "Panjang isi permintaan harus disebut.", "Send the body with a Content-Length."),
    "too-large": (413, "Isi permintaan terlalu besar.", "The body is larger than 64 kB."),
    "head-too-large": (431, "Kepala permintaan terlalu besar.", "The head of the request is larger than 16 kB."),
    "service-down": (502, "Layanan sedang tidak dapat dihubungi.", "The service cannot be reached at the moment."),
    "service-slow": (504, "Layanan tidak menjawab pada waktunya.", "The service did not answer in time."),
}


class Refused(Exception):
    """The gateway answers this request itself; the argument is the reason."""


class Head(NamedTuple):
    """First line, the headers worth passing on, and all values by lower-case name."""

    first: bytes
    lines: list[bytes]
    values: dict[bytes, bytes]


class Connection(NamedTuple):
    """An open connection to a service."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    since: float

    def is_quiet(self) -> bool:
        """Whether it is still open: an idle connection becomes readable when the service closes it."""
        poll = select.poll()
        poll.register(self.writer.get_extra_info("socket").fileno(), select.POLLIN)
        return not self.writer.is_closing() and not self.reader.at_eof() and not poll.poll(0)


def parse_head(data: bytes) -> Head:
    """Split a head, refusing what is ambiguous."""
    if STRAY.search(data):
        raise Refused("bad-request")
    first, *rest = data.removesuffix(b"\r\n\r\n").split(b"\r\n")
    lines, values = [], dict[bytes, bytes]()
    for line in rest:
        name, _, value = line.partition(b":")
        key = name.lower()
        if not NAME.fullmatch(name) or (key in values and key in ONCE):
            raise Refused("bad-request")
        values[key] = value.strip()
        if key not in ENDS_HERE:
            lines.append(line)
    if ends := {name.strip() for name in values.get(b"connection", b"").lower().split(b",")} - {b"keep-alive"}:
        lines = [line for line in lines if line.partition(b":")[0].lower() not in ends]
    return Head(first, lines, values)


def wants_to_stay(values: dict[bytes, bytes]) -> bool:
    """Whether the sender of these headers will keep its connection open."""
    return b"close" not in values.get(b"connection", b"").lower()


def body_length(values: dict[bytes, bytes], limit: int = BODY_LIMIT) -> int:
    """The length of a request's body."""
    if b"transfer-encoding" in values:
        raise Refused("length-required")
    length = values.get(b"content-length", b"0")
    if not length.isdigit():
        raise Refused("bad-request")
    if len(length) > 9 or int(length) > limit:
        raise Refused("too-large")
    return int(length)


def problem(reason: str, request_id: bytes, english: bool) -> bytes:
    """The gateway's own answer: an RFC 9457 problem document; the connection closes after it."""
    status, indonesian, detail = REFUSALS[reason]
    title = HTTPStatus(status).phrase
    document = {"type": f"urn:mpp:problem:{reason}", "title": title, "status": status, "reason": reason}
    document |= {"detail": detail if english else indonesian, "request_id": request_id.decode("latin-1")}
    body = json.dumps(document).encode()
    head = f"HTTP/1.1 {status} {title}\r\nContent-Type: application/problem+json\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"X-Request-Id: " + request_id + b"\r\nConnection: close\r\n\r\n" + body


class Service:
    """The way to one process: its address and the idle connections to it."""

    def __init__(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        self.address = host, int(port)
        self.idle: list[Connection] = []

    async def connect(self) -> Connection:
        """A new connection."""
        try:
            async with asyncio.timeout(5):
                reader, writer = await asyncio.open_connection(*self.address, limit=BODY_LIMIT)
        except OSError as error:  # a TimeoutError is one
            raise Refused("service-down") from error
        return Connection(reader, writer, 0.0)

    def pooled(self) -> Connection | None:
        """The idle connection used last, if one is good."""
        while self.idle and time.monotonic() - self.idle[0].since > IDLE_SECONDS:
            self.idle.pop(0).writer.transport.abort()
        while self.idle:
            connection = self.idle.pop()
            if connection.is_quiet():
                return connection
            connection.writer.transport.abort()
        return None

    @contextmanager
    def returned(self, connection: Connection, keep: bool) -> Iterator[None]:
        """Put the connection back after a whole answer; end it otherwise, so that the service stops sending."""
        try:
            yield
        except BaseException:
            keep = False
            raise
        finally:
            if keep:
                self.idle.append(connection._replace(since=time.monotonic()))
            else:
                connection.writer.transport.abort()

    async def ask(self, message: bytes, repeatable: bool) -> tuple[Connection, Head]:
        """Send the request over the connection used last, or a new one; the connection and the head of the answer."""
        pooled = self.pooled()
        connection = pooled or await self.connect()
        try:
            return connection, await answer(connection, message)
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            connection.writer.transport.abort()
            unanswered = not (isinstance(error, asyncio.IncompleteReadError) and error.partial)
            if pooled and unanswered and repeatable:  # closed just now; a POST may have been carried out: never twice
                return await self.ask(message, repeatable)
            raise Refused("service-down") from error
        except BaseException:
            connection.writer.transport.abort()
            raise


async def answer(connection: Connection, message: bytes) -> Head:
    """Send a request and read the head of its answer."""
    connection.writer.write(message)
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            while True:
                head = parse_head(await connection.reader.readuntil(b"\r\n\r\n"))
                if not head.first.startswith(b"HTTP/1.1 1"):
                    return head
    except TimeoutError as error:
        raise Refused("service-slow") from error
    except (Refused, asyncio.LimitOverrunError) as error:
        raise Refused("service-down") from error


def has_end(method: bytes, head: Head) -> bool:
    """Whether the end of the answer can be known without closing the connection."""
    empty = method == b"HEAD" or head.first[9:12] in (b"204", b"304")
    return empty or b"content-length" in head.values or b"transfer-encoding" in head.values


def is_worth_packing(method: bytes, asked: dict[bytes, bytes], head: Head) -> bool:
    """Whether an answer is sent compressed: whole text of some length, to whoever reads gzip."""
    told = head.values
    readable = b"gzip" in asked.get(b"accept-encoding", b"").lower() and b"content-encoding" not in told
    whole = method != b"HEAD" and head.first[9:12] not in (b"204", b"206", b"304")
    length = told.get(b"content-length", b"0")
    return readable and whole and SHORT <= int(length) <= LONG and bool(TEXT.match(told.get(b"content-type", b"")))


async def packed(source: asyncio.StreamReader, head: Head) -> bytes:
    """The answer compressed, its head included. It is the same for readers, not byte by byte: its ETag is weak."""
    body = gzip.compress(await source.readexactly(int(head.values[b"content-length"])), 6, mtime=0)
    lines = [line for line in head.lines if line.partition(b":")[0].lower() not in (b"content-length", b"etag")]
    if etag := head.values.get(b"etag"):
        lines.append(b"ETag: " + (etag if etag.startswith(b"W/") else b"W/" + etag))
    lines += [b"Content-Encoding: gzip", b"Vary: Accept-Encoding", b"Content-Length: %d" % len(body)]
    return b"\r\n".join((head.first, *lines, b"\r\n")) + body


async def copy_body(source: asyncio.StreamReader, target: asyncio.StreamWriter, method: bytes, head: Head) -> None:
    """Stream the body of an answer as it comes."""
    if method == b"HEAD" or head.first[9:12] in (b"204", b"304"):
        return
    if b"transfer-encoding" in head.values:
        while size := int((line := await source.readline()).split(b";")[0], 16):
            target.write(line)
            await copy(source, target, size + 2)
        while await source.readline() != b"\r\n":
            if source.at_eof():
                raise ConnectionResetError
        target.write(b"0\r\n\r\n")
    elif b"content-length" in head.values:
        await copy(source, target, int(head.values[b"content-length"]))
    else:
        while data := await source.read(BODY_LIMIT):
            target.write(data)
            await target.drain()


async def copy(source: asyncio.StreamReader, target: asyncio.StreamWriter, size: int) -> None:
    """Stream so many bytes."""
    while size:
        data = await source.read(min(size, BODY_LIMIT))
        if not data:
            raise ConnectionResetError
        target.write(data)
        size -= len(data)
        await target.drain()


class Browser(asyncio.StreamReaderProtocol):
    """A browser's connection; when it goes, the request in progress ends with it."""

    def __init__(self, services: dict[str, Service]) -> None:
        self.services = services
        super().__init__(asyncio.StreamReader(limit=HEAD_LIMIT), self.start)

    def start(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A browser connected."""
        self.task = asyncio.ensure_future(self.serve(reader, writer))

    def connection_lost(self, exc: Exception | None) -> None:
        """A browser left."""
        super().connection_lost(exc)
        self.task.cancel()

    def eof_received(self) -> bool:
        """A browser that will send no more has left."""
        super().eof_received()
        return False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer request after request until one side wants to close."""
        try:
            while await self.serve_one(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError, ValueError):
            pass  # either side was cut off; closing tells the other
        finally:
            writer.close()

    async def serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; whether the connection stays open."""
        request_id, english, values = uuid.uuid4().hex.encode(), False, dict[bytes, bytes]()
        try:
            try:
                head = parse_head(await reader.readuntil(b"\r\n\r\n"))
            except asyncio.LimitOverrunError as error:
                raise Refused("head-too-large") from error
            values = head.values
            line = REQUEST_LINE.fullmatch(head.first)
            if not line or b"host" not in values:
                raise Refused("bad-request")
            method, target = line.groups()
            length = body_length(values, CATALOG_LIMIT if method == b"POST" and IMPORT.match(target) else BODY_LIMIT)
            if length and b"expect" in values:
                writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            if b"x-request-id" in values:
                request_id = values[b"x-request-id"]
            else:
                head.lines.append(b"X-Request-Id: " + request_id)
            head.lines.append(b"X-Forwarded-For: " + str(writer.get_extra_info("peername")[0]).encode())
            head.lines.append(b"X-Forwarded-Proto: http\r\nX-Forwarded-Host: " + values[b"host"])
            message = b"\r\n".join((head.first, *head.lines, b"\r\n")) + await reader.readexactly(length)
            service = self.services[next((name for path, name in ROUTES if target.startswith(path)), "catalog")]
            connection, response = await service.ask(message, method in (b"GET", b"HEAD"))
        except Refused as refused:
            english = values.get(b"accept-language", b"").lower().startswith(b"en")
            writer.write(problem(str(refused), request_id, english))
            return False
        stay = wants_to_stay(values) and has_end(method, response)
        if not stay:
            response.lines.append(b"Connection: close")
        with service.returned(connection, wants_to_stay(response.values) and has_end(method, response)):
            if is_worth_packing(method, values, response):
                writer.write(await packed(connection.reader, response))
                await writer.drain()
            else:
                writer.write(b"\r\n".join((response.first, *response.lines, b"\r\n")))
                await copy_body(connection.reader, writer, method, response)
        return stay


async def serve(listener: socket.socket, services: dict[str, Service]) -> None:
    """Serve until SIGTERM or Ctrl-C."""
    loop = asyncio.get_running_loop()
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # head and body of an answer come apart: 40 ms else
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await loop.create_server(lambda: Browser(services), sock=listener, backlog=1024)
    await stop.wait()


def main() -> None:
    """Read the addresses and serve."""
    parser = argparse.ArgumentParser(description="One origin for all services on this machine.")
    place = parser.add_mutually_exclusive_group(required=True)
    place.add_argument("--port", type=int, help="listen on this port of 127.0.0.1")
    place.add_argument("--fd", type=int, help="listen on this inherited socket")
    for name in SERVICES:
        parser.add_argument(f"--{name}", required=True, metavar="HOST:PORT")
    options: dict[str, Any] = vars(parser.parse_args())
    port, fd = options["port"], options["fd"]
    listener = socket.create_server(("127.0.0.1", port)) if fd is None else socket.socket(fileno=fd)
    asyncio.run(serve(listener, {name: Service(options[name]) for name in SERVICES}))


if __name__ == "__main__":
    main()
