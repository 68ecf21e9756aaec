"""Request smuggling: both gateways, in front of a real web process, pass on what a strict reading allows, and no more.

A request that two implementations could read differently is refused, or passed on in a form with one reading. The web
process is gunicorn as deployed; what it receives is compared, and other clients must only receive their own answers.
"""

import base64
import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import pytest
from gateways import PROGRAMS, QUICK, SERVICES, Names, compose_gateway, exchange, local_gateway
from servers import free_port, listens
from waiting import eventually

APP = """
import base64, json, os

def app(environ, start_response):
    body = environ["wsgi.input"].read()
    headers = {name: value for name, value in environ.items() if name.startswith(("HTTP_", "CONTENT_"))}
    seen = {"method": environ["REQUEST_METHOD"], "target": environ["RAW_URI"], "headers": headers}
    seen["body"] = base64.b64encode(body).decode()
    with open(os.environ["SEEN"], "a") as file:
        print(json.dumps(seen), file=file)
    answer = f"{seen['method']} {seen['target']} {seen['body']}".encode()
    start_response("200 OK", [("Content-Length", str(len(answer))), ("Content-Type", "text/plain")])
    return [answer]
"""


class Request(NamedTuple):
    """A request as the web process must receive it."""

    method: str
    target: str
    body: bytes = b""

    @property
    def answer(self) -> bytes:
        return f"{self.method} {self.target} {base64.b64encode(self.body).decode()}".encode()


Requests = tuple[Request, ...]


@dataclass
class Upstream:
    """A web process that records every request and answers with what it received."""

    port: int
    file: Path
    read: int = field(default=0)

    def new_records(self) -> list[dict]:
        lines = self.file.read_text().splitlines() if self.file.exists() else []
        new, self.read = lines[self.read :], len(lines)
        return [json.loads(line) for line in new]

    def new_requests(self) -> Requests:
        records = self.new_records()
        return tuple(Request(one["method"], one["target"], base64.b64decode(one["body"])) for one in records)


@pytest.fixture(scope="module")
def upstream(tmp_path_factory) -> Iterator[Upstream]:
    folder = tmp_path_factory.mktemp("upstream")
    (folder / "recording.py").write_text(APP)
    found = Upstream(free_port(), folder / "seen")
    env = {**os.environ, "PYTHONPATH": str(folder), "BIND": f"127.0.0.1:{found.port}", "SEEN": str(found.file)}
    command = (sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "recording:app")
    process = subprocess.Popen(command, env=env)
    assert eventually(lambda: listens(found.port), 30)
    yield found
    process.terminate()
    process.wait(15)


@pytest.fixture(scope="module", params=["local", *(f"compose-{name}" for name in PROGRAMS)])
def port(request, upstream: Upstream, tmp_path_factory) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("gateway")
    if request.param == "local":
        with local_gateway(folder, dict.fromkeys(SERVICES, f"127.0.0.1:{upstream.port}"), QUICK) as found:
            yield found
    else:
        program = PROGRAMS[request.param.removeprefix("compose-")]
        with compose_gateway(program, folder, Names("127.0.0.1"), upstream.port, QUICK) as found:
            yield found


HOST = b"Host: mall.test\r\n"
SMUGGLED = b"GET /ticketing/smuggled HTTP/1.1\r\n" + HOST + b"\r\n"
LENGTH = b"Content-Length: %d\r\n" % len(SMUGGLED)
CHUNKED = b"Transfer-Encoding: chunked\r\n"
CHUNKS = b"%x\r\n" % len(SMUGGLED) + SMUGGLED + b"\r\n0\r\n\r\n"
PATH = "/ticketing/x"
WHOLE = (Request("POST", PATH, SMUGGLED),)  # the smuggled request stays what it is: a body
REFUSED: Requests = ()


def post(headers: bytes, body: bytes = SMUGGLED, line: bytes = b"POST /ticketing/x HTTP/1.1\r\n") -> bytes:
    return line + HOST + headers + b"\r\n" + body


def get(line: bytes, headers: bytes = HOST) -> bytes:
    return line + b"\r\n" + headers + b"\r\n"


def chunked(body: bytes) -> bytes:
    return post(CHUNKED, body)


# Bytes that one client sends, and the requests that the web process may receive of them.
ONE_READING = {
    "connection names content-length": (post(b"Connection: content-length\r\n" + LENGTH), WHOLE),
    "connection names content-length and close": (post(b"Connection: close, Content-Length\r\n" + LENGTH), WHOLE),
    "connection names transfer-encoding": (post(b"Connection: transfer-encoding\r\n" + CHUNKED, CHUNKS), WHOLE),
    "keep-alive names content-length": (post(b"Keep-Alive: content-length\r\n" + LENGTH), WHOLE),
    "proxy-connection names content-length": (post(b"Proxy-Connection: content-length\r\n" + LENGTH), WHOLE),
    "upgrade to h2c": (post(b"Connection: upgrade, http2-settings\r\nUpgrade: h2c\r\n" + LENGTH), WHOLE),
    "get with a body": (
        b"GET /ticketing/x HTTP/1.1\r\n" + HOST + LENGTH + b"\r\n" + SMUGGLED,
        (Request("GET", PATH, SMUGGLED),),
    ),
    "length with spaces around": (post(b"Content-Length:   %d  \r\n" % len(SMUGGLED)), WHOLE),
    "length with zeros in front": (post(b"Content-Length: 000%d\r\n" % len(SMUGGLED)), WHOLE),
    "coding in capitals": (post(b"TRANSFER-ENCODING: CHUNKED\r\n", CHUNKS), WHOLE),
    "expect continue": (post(b"Expect: 100-continue\r\n" + LENGTH), WHOLE),
    "chunk extension": (chunked(b"5;a=b;c\r\nhello\r\n0;d=e\r\n\r\n"), (Request("POST", PATH, b"hello"),)),
    "chunk size with zeros in front": (chunked(b"00005\r\nhello\r\n000\r\n\r\n"), (Request("POST", PATH, b"hello"),)),
    "trailer": (chunked(b"5\r\nhello\r\n0\r\nContent-Length: 99\r\n\r\n"), (Request("POST", PATH, b"hello"),)),
    "empty line in front": (b"\r\n" + get(b"GET /ticketing/x HTTP/1.1"), (Request("GET", PATH),)),
    "length spelt with an underscore": (
        post(b"Content_Length: %d\r\n" % len(SMUGGLED)),
        (Request("POST", PATH), Request("GET", "/ticketing/smuggled")),
    ),
    "two requests on one connection": (
        post(b"Content-Length: 2\r\n", b"ok") + SMUGGLED,
        (Request("POST", PATH, b"ok"), Request("GET", "/ticketing/smuggled")),
    ),
}
TWO_READINGS = {
    "length and coding": post(LENGTH + CHUNKED, CHUNKS),
    "coding and length": post(CHUNKED + LENGTH, CHUNKS),
    "length and coding that connection names": post(b"Connection: transfer-encoding\r\n" + LENGTH + CHUNKED, CHUNKS),
    "lengths that differ": post(b"Content-Length: 0\r\n" + LENGTH),
    "lengths that agree": post(LENGTH + LENGTH),
    "a list of lengths": post(b"Content-Length: 5, 5\r\n"),
    **{
        f"length {value!r}": post(b"Content-Length: " + value + b"\r\n")
        for value in (b"+5", b"-1", b"0x5", b"5 5", b"5;", b"5.0", b"", b"5\x0b", b"\x0b5", b"1e1", b"9" * 30)
    },
    **{
        f"coding {value!r}": post(b"Transfer-Encoding: " + value + b"\r\n", CHUNKS)
        for value in (
            b"xchunked",
            b"chunked, identity",
            b"identity, chunked",
            b"chunked, chunked",
            b"gzip, chunked",
            b"chunked;q=1",
            b'"chunked"',
            b"\x0bchunked",
            b"chunked\x0b",
            b"identity",
            b"chunked\x00",
            b"",
        )
    },
    "codings on two lines": post(CHUNKED + CHUNKED, CHUNKS),
    "codings that differ on two lines": post(CHUNKED + b"Transfer-Encoding: identity\r\n", CHUNKS),
    "folded coding": post(b"Transfer-Encoding:\r\n chunked\r\n", CHUNKS),
    "folded length": post(b"X-A: b\r\n Content-Length: 5\r\n"),
    "folded first line": b"POST /ticketing/x HTTP/1.1\r\n Content-Length: 5\r\n" + HOST + b"\r\nhello",
    "folded by a tab": post(b"X-A: b\r\n\tc\r\n" + LENGTH),
    "space before the colon of length": post(b"Content-Length : %d\r\n" % len(SMUGGLED)),
    "tab before the colon of coding": post(b"Transfer-Encoding\t: chunked\r\n", CHUNKS),
    "space in a name": post(b"X A: b\r\n" + LENGTH),
    "nul in a name": post(b"X\0A: b\r\n" + LENGTH),
    "nul in a value": post(b"X-A: b\0c\r\n" + LENGTH),
    "no name": post(b": b\r\n" + LENGTH),
    "length without a colon": post(b"Content-Length\r\n"),
    "coding without a colon": post(b"Transfer-Encoding\r\n", CHUNKS),
    **{
        f"chunk size {size!r}": chunked(size + b"\r\nhello\r\n0\r\n\r\n")
        for size in (b"5x", b"0x5", b"-5", b"+5", b" 5", b"g", b"", b"F" * 17, b"1" + b"0" * 16)
    },
    "chunk longer than its size": chunked(b"3\r\nhello\r\n0\r\n\r\n"),
    "chunk without an end of line": chunked(b"5\r\nhello0\r\n\r\n"),
    "target with another host": get(b"GET http://other.test/ticketing/x HTTP/1.1"),
    "target with the same host": get(b"GET http://mall.test/ticketing/x HTTP/1.1"),
    "target with a host and a port only": get(b"CONNECT mall.test:80 HTTP/1.1"),
    "target of the whole server": get(b"OPTIONS * HTTP/1.1"),
    "two hosts": get(b"GET /ticketing/x HTTP/1.1", HOST + b"Host: other.test\r\n"),
    "no host": get(b"GET /ticketing/x HTTP/1.1", b""),
    "no host, as HTTP/1.0": get(b"GET /ticketing/x HTTP/1.0", b""),
    "an empty host": get(b"GET /ticketing/x HTTP/1.1", b"Host:\r\n"),
    "a host with a path": get(b"GET /ticketing/x HTTP/1.1", b"Host: mall.test/y\r\n"),
    "a host with a space": get(b"GET /ticketing/x HTTP/1.1", b"Host: mall.test other.test\r\n"),
    "coding in HTTP/1.0": post(CHUNKED, CHUNKS, b"POST /ticketing/x HTTP/1.0\r\n"),
    "HTTP/0.9": b"GET /ticketing/x\r\n\r\n",
    "HTTP/1.2": get(b"GET /ticketing/x HTTP/1.2"),
    "HTTP/2.0": get(b"GET /ticketing/x HTTP/2.0"),
    "a preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "two spaces in the first line": get(b"GET  /ticketing/x HTTP/1.1"),
    "a tab in the first line": get(b"GET\t/ticketing/x HTTP/1.1"),
    "a space in the target": get(b"GET /ticketing/x y HTTP/1.1"),
    "a nul in the target": get(b"GET /ticketing/x%00\0 HTTP/1.1"),
    "a carriage return in the target": get(b"GET /ticketing/x\ry HTTP/1.1"),
    "words behind the version": get(b"GET /ticketing/x HTTP/1.1 x"),
    "a method in small letters": get(b"get /ticketing/x HTTP/1.1"),
}
# A single LF may end a line of the head (RFC 9112, 2.2), and no other thing may be made of it.
LINE_FEEDS = {
    "lines of the head": (
        b"POST /ticketing/x HTTP/1.1\nHost: mall.test\nContent-Length: %d\n\n" % len(SMUGGLED) + SMUGGLED,
        (REFUSED, WHOLE),
    ),
    "behind a value": (post(b"X-A: b\n" + LENGTH), (REFUSED, WHOLE)),
    "before a coding": (post(LENGTH + b"X-A: b\nTransfer-Encoding: chunked\r\n"), (REFUSED,)),
    "a single CR before a coding": (
        post(LENGTH + b"X-A: b\rTransfer-Encoding: chunked\r\n"),
        (REFUSED, WHOLE),
    ),
    "in a chunk extension": (
        chunked(b"5;a\nhello\r\n0\r\n\r\n" + SMUGGLED),
        (REFUSED, (Request("POST", PATH, b"hello"), Request("GET", "/ticketing/smuggled"))),
    ),
}


def statuses(answer: bytes) -> list[int]:
    return [int(part[:3]) for part in answer.split(b"HTTP/1.1 ")[1:]]


def is_own_answer(port: int, name: str) -> bool:
    """Whether a visitor, on a connection of its own, receives the answer to its own request."""
    target = f"/ticketing/visitor-{name}"
    received = exchange(port, get(f"GET {target} HTTP/1.1".encode(), HOST + b"Connection: close\r\n"))
    return statuses(received) == [200] and received.endswith(Request("GET", target).answer)


def attack(port: int, upstream: Upstream, data: bytes, *allowed: Requests) -> tuple[bytes, Requests]:
    """Send it; return the answer, and what the web process received, after other visitors had their answers."""

    def is_whole(answer: bytes) -> bool:
        return any(requests and all(one.answer in answer for one in requests) for requests in allowed)

    upstream.new_requests()
    answer = exchange(port, data, until=is_whole)
    assert all(is_own_answer(port, str(number)) for number in range(3))
    visitors = tuple(Request("GET", f"/ticketing/visitor-{number}") for number in range(3))
    received = upstream.new_requests()
    assert received[-3:] == visitors
    return answer, received[:-3]


@pytest.mark.parametrize(("data", "allowed"), ONE_READING.values(), ids=ONE_READING)
def test_gateway_passes_on_exactly_what_was_sent(port, upstream, data, allowed):
    answer, received = attack(port, upstream, data, allowed)
    assert received == allowed
    assert [status for status in statuses(answer) if status == 200] == [200] * len(allowed)
    assert all(request.answer in answer for request in allowed)


@pytest.mark.parametrize("data", TWO_READINGS.values(), ids=TWO_READINGS)
def test_gateway_refuses_what_has_two_readings(port, upstream, data):
    answer, received = attack(port, upstream, data)
    assert received == REFUSED
    assert set(statuses(answer)) <= {400, 405, 413, 501, 505}


@pytest.mark.parametrize(("data", "allowed"), LINE_FEEDS.values(), ids=LINE_FEEDS)
def test_gateway_reads_line_feeds_in_an_allowed_way(port, upstream, data, allowed):
    _, received = attack(port, upstream, data, *allowed)
    assert received in allowed


def test_headers_named_by_connection_cannot_remove_those_of_the_gateway(port, upstream):
    named = b"x-forwarded-for, x-forwarded-proto, x-forwarded-host, host, x-request-id, authorization"
    sent = b"X-Forwarded-For: 6.6.6.6\r\nForwarded: for=6.6.6.6\r\nX-Real-IP: 6.6.6.6\r\nAuthorization: Bearer x\r\n"
    upstream.new_records()
    exchange(port, get(b"GET /ticketing/x HTTP/1.1", HOST + b"Connection: close, " + named + b"\r\n" + sent))
    (record,) = upstream.new_records()
    headers = record["headers"]
    assert headers["HTTP_X_FORWARDED_FOR"] == "127.0.0.1"
    assert headers["HTTP_X_FORWARDED_PROTO"] == "http"
    assert headers["HTTP_X_FORWARDED_HOST"] == headers["HTTP_HOST"] == "mall.test"
    assert headers["HTTP_AUTHORIZATION"] == "Bearer x"
    assert len(headers["HTTP_X_REQUEST_ID"]) >= 8
    assert headers["HTTP_CONNECTION"] == "close"
    assert "6.6.6.6" not in str(headers)


@pytest.mark.parametrize(
    "header",
    ["TE: trailers", "Trailer: X-A", "Upgrade: h2c", "Keep-Alive: timeout=99", "Proxy-Authorization: x", "Proxy: x"],
)
def test_hop_by_hop_headers_end_at_the_gateway(port, upstream, header):
    upstream.new_records()
    exchange(port, get(b"GET /ticketing/x HTTP/1.1", HOST + header.encode() + b"\r\nConnection: close\r\n"))
    (record,) = upstream.new_records()
    assert "HTTP_" + header.partition(":")[0].upper().replace("-", "_") not in record["headers"]


@pytest.mark.parametrize(
    "data",
    [b"", b"GET /ticketing/x HT", get(b"GET /ticketing/x HTTP/1.1")[:-2], post(LENGTH, b"GET"), chunked(b"5\r\nhel")],
    ids=["nothing", "first line", "head", "body", "chunk"],
)
def test_unfinished_request_is_closed_and_never_passed_on(port, upstream, data):
    upstream.new_requests()
    began = time.monotonic()
    answer = exchange(port, data, timeout=10)
    assert 0.5 < time.monotonic() - began < 9
    assert 200 not in statuses(answer)
    assert upstream.new_requests() == REFUSED


def test_head_sent_one_byte_at_a_time_is_closed_in_time(port, upstream):
    upstream.new_requests()
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection, contextlib.suppress(OSError):
        began = time.monotonic()
        for byte in get(b"GET /ticketing/x HTTP/1.1", HOST + b"X-A: " + b"a" * 300 + b"\r\n"):
            connection.sendall(bytes([byte]))
            time.sleep(0.05)
    assert time.monotonic() - began < 9
    assert upstream.new_requests() == REFUSED


@pytest.mark.parametrize("path", ["/readyz", "/metrics", "//readyz", "/%72eadyz", "/x/../readyz", "/readyz?x=1"])
def test_readiness_and_metrics_are_refused(port, upstream, path):
    upstream.new_requests()
    answer = exchange(port, get(f"GET {path} HTTP/1.1".encode(), HOST + b"Connection: close\r\n"))
    assert statuses(answer) == [404]
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["reason"] == "not-found"
    assert upstream.new_requests() == REFUSED


@pytest.mark.timeout(120)
def test_visitors_receive_their_own_answers_during_all_attacks(port, upstream):
    """All at once, on connections that stay open: what one connection leaves behind must not reach another."""
    attacks = [*TWO_READINGS.values(), *(data for data, _ in (*ONE_READING.values(), *LINE_FEEDS.values()))]
    ending, wrong, answered = threading.Event(), list[bytes](), [0]

    def visit(name: int) -> None:
        number = 0
        while not ending.is_set():
            with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
                for _ in range(50):
                    number += 1
                    target = f"/ticketing/visitor-{name}-{number}"
                    connection.sendall(get(f"GET {target} HTTP/1.1".encode()))
                    received = b""
                    while not received.endswith(Request("GET", target).answer) and len(received) < 2000:
                        if not (more := connection.recv(65536)):
                            break
                        received += more
                    answered[0] += 1
                    if statuses(received) != [200] or not received.endswith(Request("GET", target).answer):
                        wrong.append(received)

    run_together([lambda name=name: visit(name) for name in range(4)], attacks, port, ending)
    assert wrong == []
    assert answered[0] > 20


def run_together(visits: list[Callable[[], None]], attacks: list[bytes], port: int, ending: threading.Event) -> None:
    threads = [threading.Thread(target=visit) for visit in visits]
    for thread in threads:
        thread.start()
    try:
        for data in attacks:
            exchange(port, data, timeout=0.02)
    finally:
        ending.set()
        for thread in threads:
            thread.join()
