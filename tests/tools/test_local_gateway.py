"""The local gateway: one origin, streams unbuffered, nothing sent twice, refusals as problem documents.

What it refuses for having two readings: test_smuggling.
"""

import contextlib
import gzip
import http.client
import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from gateways import PACKAGED, SERVICES, local_gateway

from tools.local import gateway


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
def down() -> str:
    """The address of a service that does not run."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return f"127.0.0.1:{found.getsockname()[1]}"


@pytest.fixture
def port(upstream: Upstream, down: str, tmp_path: Path) -> Iterator[int]:
    services = dict.fromkeys(SERVICES, upstream.address) | {"notifications-web": down}
    with local_gateway(tmp_path, services) as found:
        yield found


def raw(port: int, data: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(data)
        answer = b""
        while more := connection.recv(65536):
            answer += more
        return answer


HOST = b"Host: mall.test\r\n"
IMPORT = b"/catalog/api/malls/m/import"
CLOSE = b"Connection: close\r\n\r\n"


@pytest.mark.parametrize(
    ("request_bytes", "status", "reason"),
    [
        (b"POST /x HTTP/1.1\r\n" + HOST + b"Content-Length: 65537\r\n\r\n", 413, "too-large"),
        (
            b"POST " + IMPORT + b" HTTP/1.1\r\n" + HOST + b"Content-Length: 4194305\r\n\r\n",
            413,
            "too-large",
        ),
        (b"POST /ticketing/x HTTP/1.1\r\n" + HOST + b"Content-Length: 65537\r\n\r\n", 413, "too-large"),
        (b"POST /x HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400, "bad-request"),
        (b"POST /x HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: gzip\r\n\r\nab", 501, "bad-request"),
        (b"POST /x HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\nx\r\n", 400, "bad-request"),
        (b"POST /ticketing/x HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\nx\r\n", 400, "bad-request"),
        (b"GET http://other/x HTTP/1.1\r\n" + HOST + b"\r\n", 400, "bad-request"),
        (b"TRACE /x HTTP/1.1\r\n" + HOST + b"\r\n", 405, "bad-request"),
        (b"GET /x HTTP/1.1\r\n" + HOST + b"X-A: " + b"a" * 20000 + b"\r\n\r\n", 431, "head-too-large"),
        (b"GET /x" + b"x" * 20000 + b" HTTP/1.1\r\n" + HOST + b"\r\n\r\n", 431, "head-too-large"),
        (b"GET /x x HTTP/1.1\r\n" + HOST + b"\r\n", 400, "bad-request"),
        (b"GET /x HTTP/3.1\r\n" + HOST + b"\r\n", 505, "bad-request"),
        (b"GET /problem HTTP/1.1\r\n" + HOST + CLOSE, 404, "not-found"),
        (b"GET http://other/problem HTTP/1.1\r\n" + HOST + CLOSE, 404, "not-found"),
        (b"GET /readyz HTTP/1.1\r\n" + HOST + CLOSE, 404, "not-found"),
        (b"GET /notifications/x HTTP/1.1\r\n" + HOST + CLOSE, 502, "service-down"),
    ],
)
def test_refused_request_is_answered_with_a_problem(port, upstream, request_bytes, status, reason):
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(request_bytes)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        problem = json.loads(answer.read())
    assert upstream.requests == []
    assert (answer.status, problem["status"], problem["reason"]) == (status, status, reason)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["X-Request-Id"] == problem["request_id"]


def test_import_may_be_as_large_as_a_whole_catalog(port, upstream):
    body = b"x" * 100_000
    answer = raw(port, b"POST " + IMPORT + b" HTTP/1.1\r\n" + HOST + b"Content-Length: 100000\r\n" + CLOSE + body)
    assert answer.endswith(b"ok")
    assert upstream.requests[0].endswith(body)


def test_problem_is_in_the_language_of_the_reader(port):
    request = b"GET /notifications/x HTTP/1.1\r\n" + HOST
    assert b"Layanan sedang tidak dapat dihubungi." in raw(port, request + CLOSE)
    assert b"The service cannot be reached" in raw(port, request + b"Accept-Language: en-GB\r\n" + CLOSE)


def test_service_receives_the_client_address_and_nothing_made_up(port, upstream):
    made_up = b"X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Host: evil.test\r\nX-Real-IP: 6.6.6.6\r\nTE: trailers\r\n"
    raw(port, b"GET /ticketing/x?a=1 HTTP/1.1\r\n" + HOST + made_up + b"X-Request-Id: abcdefgh\r\n" + CLOSE)
    (seen,) = upstream.requests
    assert seen.startswith(b"GET /ticketing/x?a=1 HTTP/1.1\r\n")
    lines = seen.split(b"\r\n")
    assert b"X-Forwarded-For: 127.0.0.1" in lines
    assert b"X-Forwarded-Host: mall.test" in lines
    assert b"X-Request-Id: abcdefgh" in lines
    assert HOST.strip() in lines
    assert b"6.6.6.6" not in seen
    assert b"evil.test" not in seen
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


def test_service_connection_carries_one_request(port, upstream):
    """Nothing that one client leaves on a connection can reach another; a POST is never sent twice."""
    upstream.hang_up_after = 1
    for number in range(20):
        head = b"POST /ticketing/x HTTP/1.1\r\n" + HOST + b"Content-Length: 3\r\n"
        assert raw(port, head + CLOSE + b"%03d" % number).endswith(b"ok")
    assert [seen[-3:] for seen in upstream.requests] == [b"%03d" % number for number in range(20)]
    assert all(b"\r\nConnection: close\r\n" in seen for seen in upstream.requests)


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
        (
            b"GET",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nT: 1\r\n\r\n",
            b"3\r\nabc\r\n0\r\n\r\n",
        ),
    ],
)
def test_every_kind_of_answer_ends_where_it_ends(port, upstream, method, answer, body):
    upstream.answers = answer
    one = method + b" /ticketing/x HTTP/1.1\r\n" + HOST
    got = raw(port, one + b"\r\n" + one + CLOSE)
    assert got.count(b"\r\n\r\n" + body) >= 2
    assert len(upstream.requests) == 2


def test_an_answer_without_length_is_passed_on_whole(port, upstream):
    upstream.answers, upstream.hang_up_after = b"HTTP/1.1 200 OK\r\n\r\nall of it", 1
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", "/ticketing/x")
    assert connection.getresponse().read() == b"all of it"


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


@pytest.mark.parametrize("kind", [b"text/html; charset=utf-8", b"application/problem+json"])
def test_text_is_compressed_for_clients_that_accept_gzip(port, upstream, kind):
    upstream.answers = of_type(kind)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    for _ in range(3):  # on one connection: a compressed answer ends where it ends
        connection.request("GET", "/", headers={"Accept-Encoding": "gzip, br"})
        answer = connection.getresponse()
        assert gzip.decompress(answer.read()) == PAGE
        headers = (answer.headers["Content-Encoding"], answer.headers["Vary"], answer.headers["ETag"])
        assert headers == ("gzip", "Accept-Encoding", 'W/"1"')
    connection.close()


@pytest.mark.parametrize(
    ("accepts", "answer"),
    [
        (b"", of_type(b"text/html")),
        (b"Accept-Encoding: br\r\n", of_type(b"text/html")),
        (b"Accept-Encoding: gzip\r\n", of_type(b"audio/wav")),
        (b"Accept-Encoding: gzip\r\n", of_type(b"text/html", b"short")),
    ],
    ids=["not accepted", "another coding", "no text", "short"],
)
def test_other_answers_pass_uncompressed(port, upstream, accepts, answer):
    upstream.answers = answer
    head, _, body = raw(port, b"GET / HTTP/1.1\r\n" + HOST + accepts + CLOSE).partition(b"\r\n\r\n")
    assert b"Content-Encoding" not in head
    assert body == answer.partition(b"\r\n\r\n")[2]


def test_killed_gateway_loses_no_waiting_connection(upstream, tmp_path: Path):
    """The local run holds the listening socket: what connects while the gateway restarts waits for it."""
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        listener.setblocking(False)
        port, fd = listener.getsockname()[1], listener.fileno()
        gateway.configure(tmp_path, port, dict.fromkeys(SERVICES, upstream.address))

        def start() -> subprocess.Popen:
            env = {**os.environ, **gateway.environment(fd)}
            return subprocess.Popen(gateway.command(PACKAGED, tmp_path), env=env, pass_fds=[fd], start_new_session=True)

        request = b"GET /ticketing/x HTTP/1.1\r\n" + HOST + CLOSE
        process = start()
        try:
            assert raw(port, request).endswith(b"ok")
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            with socket.create_connection(("127.0.0.1", port), timeout=10) as waiting:
                waiting.sendall(request)
                process = start()
                assert waiting.recv(100).startswith(b"HTTP/1.1 200")
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            process.wait(10)


@pytest.mark.parametrize(("level", "is_logged"), [("crit", False), ("warn", True)])
def test_log_of_gateway_holds_no_path_of_a_failed_request(down, tmp_path, capfd, level, is_logged):
    """Paths of visitors hold their codes, and nginx logs the request line of what fails, unless it logs less."""
    changes = {} if level == "crit" else {"error_log stderr crit": f"error_log stderr {level}"}
    with local_gateway(tmp_path, dict.fromkeys(SERVICES, down), changes) as port:
        answer = raw(port, b"GET /notifications/api/tickets/kode-rahasia/phone HTTP/1.1\r\n" + HOST + CLOSE)
    assert b" 502 " in answer
    assert ("kode-rahasia" in capfd.readouterr().err) == is_logged
