"""The local gateway: one origin, nothing sent twice, nothing smuggled through."""

import gzip
import http.client
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

GATEWAY = Path("deploy/gateway/local.py")


class Upstream:
    """A service that answers as its test tells it, and remembers what it was asked."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        self.requests: list[bytes] = []
        self.answers = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
        self.hang_up_after = 10**6  # requests per connection
        self.closed = threading.Event()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection: socket.socket) -> None:
        for _ in range(self.hang_up_after):
            data = b""
            while b"\r\n\r\n" not in data:
                if not (more := connection.recv(65536)):
                    self.closed.set()
                    return
                data += more
            length = int(data.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
            while len(data.partition(b"\r\n\r\n")[2]) < length:
                data += connection.recv(65536)
            self.requests.append(data)
            connection.sendall(self.answers)
        connection.close()


@pytest.fixture
def upstream() -> Upstream:
    return Upstream()


@pytest.fixture
def port(upstream: Upstream) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as found:
        down = found.getsockname()[1]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        place = ["--fd", str(listener.fileno())]
        routes = [f"--{name}={upstream.address}" for name in ("catalog", "ticketing", "live")]
        command = [sys.executable, str(GATEWAY), *place, *routes, f"--notifications=127.0.0.1:{down}"]
        process = subprocess.Popen(command, pass_fds=[listener.fileno()])
        try:
            yield listener.getsockname()[1]
        finally:
            process.terminate()
            assert process.wait(5) == 0


def raw(port: int, data: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(data)
        answer = b""
        while more := connection.recv(65536):
            answer += more
        return answer


HOST = b"Host: mall.test\r\n"
CLOSE = b"Connection: close\r\n\r\n"


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"POST /x HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411),
        (b"POST /x HTTP/1.1\r\n" + HOST + b"Content-Length: 65537\r\n\r\n", 413),
        (b"POST /catalog/api/malls/m/import HTTP/1.1\r\n" + HOST + b"Content-Length: 4194305\r\n\r\n", 413),
        (b"PUT /catalog/api/malls/m/import HTTP/1.1\r\n" + HOST + b"Content-Length: 65537\r\n\r\n", 413),
        (b"POST /x HTTP/1.1\r\n" + HOST + b"Content-Length: 99999999999999999999\r\n\r\n", 413),
        (b"POST /x HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
        (b"POST /x HTTP/1.1\r\n" + HOST + b"Content-Length: +1\r\n\r\na", 400),
        (b"GET /x HTTP/1.1\r\n" + HOST + b"X-A : b\r\n\r\n", 400),
        (b"GET /x HTTP/1.1\r\n" + HOST + b"X-A: b\r\n c\r\n\r\n", 400),
        (b"GET /x HTTP/1.1\r\n" + HOST + b"X-A: b\nX-B: c\r\n\r\n", 400),
        (b"GET /x HTTP/1.1\r\n" + HOST + HOST + b"\r\n", 400),
        (b"GET /x HTTP/1.1\r\n\r\n", 400),
        (b"GET http://other/x HTTP/1.1\r\n" + HOST + b"\r\n", 400),
        (b"GET /x HTTP/1.0\r\n" + HOST + b"\r\n", 400),
        (b"GET /x HTTP/1.1\r\n" + HOST + b"X-A: " + b"a" * 20000 + b"\r\n\r\n", 431),
        (b"GET /notifications/x HTTP/1.1\r\n" + HOST + b"\r\n", 502),
    ],
)
def test_what_it_does_not_pass_on_is_answered_by_a_problem(port, upstream, request_bytes, status):
    head, _, body = raw(port, request_bytes).partition(b"\r\n\r\n")
    assert head.split(b" ")[1] == str(status).encode()
    assert json.loads(body)["status"] == status
    assert b"application/problem+json" in head
    assert upstream.requests == []


def test_the_service_sees_who_asked_and_nothing_the_client_made_up(port, upstream):
    raw(
        port,
        b"GET /ticketing/x?a=1 HTTP/1.1\r\n"
        + HOST
        + b"X-Forwarded-For: 6.6.6.6\r\nX-Request-Id: abcdefgh\r\nConnection: close, x-secret\r\nX-Secret: 1\r\nTE: trailers\r\n\r\n",  # noqa: E501
    )
    (seen,) = upstream.requests
    assert seen.startswith(b"GET /ticketing/x?a=1 HTTP/1.1\r\n")
    lines = seen.split(b"\r\n")
    assert b"X-Forwarded-For: 127.0.0.1" in lines
    assert b"X-Forwarded-Host: mall.test" in lines
    assert b"X-Request-Id: abcdefgh" in lines
    assert HOST.strip() in lines
    assert b"6.6.6.6" not in seen
    assert b"Secret" not in seen
    assert b"TE:" not in seen


def test_requests_sent_ahead_are_answered_in_order(port, upstream):
    one = b"POST /ticketing/a HTTP/1.1\r\n" + HOST + b"Content-Length: 3\r\n\r\nabc"
    answer = raw(port, one + b"GET /ticketing/b HTTP/1.1\r\n" + HOST + CLOSE)
    assert answer.count(b"200 OK") == 2
    assert [seen.split(b" ")[1] for seen in upstream.requests] == [b"/ticketing/a", b"/ticketing/b"]


def test_connections_are_used_again(port, upstream):
    connection = http.client.HTTPConnection("127.0.0.1", port)
    for _ in range(3):
        connection.request("POST", "/ticketing/x", b"{}")
        assert connection.getresponse().read() == b"ok"
    assert len(upstream.requests) == 3


def test_a_get_is_repeated_when_the_idle_connection_turns_out_closed(port, upstream):
    upstream.hang_up_after = 1
    for _ in range(20):
        assert raw(port, b"GET /ticketing/x HTTP/1.1\r\n" + HOST + CLOSE).endswith(b"ok")


def test_a_post_over_a_closed_idle_connection_is_sent_once(port, upstream):
    upstream.hang_up_after = 1
    answered = 0
    for number in range(50):
        body = b"%03d" % number
        answer = raw(
            port, b"POST /ticketing/x HTTP/1.1\r\n" + HOST + b"Content-Length: 3\r\nConnection: close\r\n\r\n" + body
        )
        answered += answer.endswith(b"ok")
    assert len(upstream.requests) == len({seen[-3:] for seen in upstream.requests})
    assert answered == len(upstream.requests) >= 45


@pytest.mark.parametrize("method", [b"GET", b"POST"])
def test_a_service_that_dies_after_reading_is_not_asked_again(port, upstream, method):
    upstream.answers, upstream.hang_up_after = b"", 1
    answer = raw(port, method + b" /ticketing/x HTTP/1.1\r\n" + HOST + CLOSE)
    assert b"502 Bad Gateway" in answer
    assert len(upstream.requests) == 1


@pytest.mark.parametrize(
    ("method", "answer", "body"),
    [
        (b"HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", b""),
        (b"GET", b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (b"GET", b"HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n", b""),
        (b"GET", b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na", b"a"),
        (
            b"GET",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nT: 1\r\n\r\n",
            b"3;x=y\r\nabc\r\n0\r\n\r\n",
        ),
    ],
)
def test_every_kind_of_answer_ends_where_it_ends(port, upstream, method, answer, body):
    upstream.answers = answer
    one = method + b" /ticketing/x HTTP/1.1\r\n" + HOST
    got = raw(port, one + b"\r\n" + one + CLOSE)
    assert got.count(b"\r\n\r\n" + body) >= 2
    assert len(upstream.requests) == 2


def test_an_answer_without_length_ends_with_the_connection(port, upstream):
    upstream.answers, upstream.hang_up_after = b"HTTP/1.1 200 OK\r\n\r\nall of it", 1
    answer = raw(port, b"GET /ticketing/x HTTP/1.1\r\n" + HOST + b"\r\n")
    assert b"Connection: close" in answer
    assert answer.endswith(b"all of it")


def test_a_cut_off_answer_does_not_look_whole(port, upstream):
    upstream.answers, upstream.hang_up_after = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", 1
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", "/ticketing/x")
    with pytest.raises(http.client.IncompleteRead):
        connection.getresponse().read()


def test_events_pass_at_once_and_the_stream_ends_with_its_reader(port, upstream):
    upstream.answers = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n"
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), timeout=5) as reader:
        reader.sendall(b"GET /ticketing/live/x HTTP/1.1\r\n" + HOST + b"\r\n")
        seen = b""
        while b"data: 1" not in seen:
            seen += reader.recv(65536)
        assert time.monotonic() - began < 1
        assert not upstream.closed.is_set()
    assert upstream.closed.wait(2)


def test_a_slow_reader_of_a_large_answer_gets_it_whole(port, upstream):
    size = 20_000_000
    upstream.answers = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size
    with socket.create_connection(("127.0.0.1", port), timeout=5) as reader:
        reader.sendall(b"GET /ticketing/x HTTP/1.1\r\n" + HOST + CLOSE)
        time.sleep(0.5)
        received = 0
        while more := reader.recv(1 << 20):
            received += len(more)
    assert received > size


PAGE = b"<p>Nomor antrean</p>" * 100


def of_type(kind: bytes, body: bytes = PAGE) -> bytes:
    head = b'HTTP/1.1 200 OK\r\nContent-Type: %s\r\nETag: "1"\r\nContent-Length: %d\r\n\r\n' % (kind, len(body))
    return head + body


def split(answer: bytes) -> tuple[dict[bytes, bytes], bytes]:
    head, _, body = answer.partition(b"\r\n\r\n")
    return dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:]), body


def test_text_comes_compressed_to_whoever_reads_it(port, upstream):
    upstream.answers = of_type(b"text/html; charset=utf-8")
    told, body = split(raw(port, b"GET / HTTP/1.1\r\n" + HOST + b"Accept-Encoding: gzip, br\r\n" + CLOSE))
    assert gzip.decompress(body) == PAGE
    assert told[b"Content-Length"] == b"%d" % len(body)
    assert (told[b"Content-Encoding"], told[b"Vary"], told[b"ETag"]) == (b"gzip", b"Accept-Encoding", b'W/"1"')


@pytest.mark.parametrize(
    ("accepts", "answer"),
    [
        (b"", of_type(b"text/html")),
        (b"Accept-Encoding: br\r\n", of_type(b"text/html")),
        (b"Accept-Encoding: gzip\r\n", of_type(b"audio/wav")),
        (b"Accept-Encoding: gzip\r\n", of_type(b"text/html", b"short")),
    ],
    ids=["nobody asked", "another way", "no text", "short"],
)
def test_everything_else_comes_as_it_is(port, upstream, accepts, answer):
    upstream.answers = answer
    told, body = split(raw(port, b"GET / HTTP/1.1\r\n" + HOST + accepts + CLOSE))
    assert b"Content-Encoding" not in told
    assert body == answer.partition(b"\r\n\r\n")[2]


def test_a_connection_goes_on_after_a_compressed_answer(port, upstream):
    upstream.answers = of_type(b"application/json")
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    for _ in range(3):
        connection.request("GET", "/", headers={"Accept-Encoding": "gzip"})
        assert gzip.decompress(connection.getresponse().read()) == PAGE
    connection.close()
