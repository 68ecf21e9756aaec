"""One request and one time limit, against servers that stop, drip, break off or never were."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from services.notifications.exchange import NotReached, Target, asked

HELLO = b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc\x03\x03"  # a server's first words in TLS, of many that never come


@contextmanager
def answering(answer: Callable[[socket.socket], None]) -> Iterator[Target]:
    """A server that reads a request and answers as told, once."""

    def serve() -> None:
        connection, _ = server.accept()
        with connection:
            try:
                said = b""
                while not said.endswith(b"{}") and not said.startswith(b"\x16"):  # whole, or how TLS begins
                    said += connection.recv(65536)
                answer(connection)
            except OSError:
                pass  # whoever asked has gone

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve)
        thread.start()
        yield Target.of(f"http://127.0.0.1:{server.getsockname()[1]}/ask?x=1")
        thread.join()


def ask(target: Target, seconds: float = 5) -> tuple[int, bytes]:
    with asked(target, "POST", {}, b"{}", connecting=2, seconds=seconds) as response:
        return response.status, response.read(100)


def says(*parts: bytes, then_every: float = 0.0) -> Callable[[socket.socket], None]:
    """An answer in parts and, if that is asked for, a byte every so often for as long as anybody listens."""

    def answer(connection: socket.socket) -> None:
        for part in parts:
            connection.sendall(part)
        while then_every:
            time.sleep(then_every)
            connection.sendall(b"x")

    return answer


def test_what_was_answered_is_read():
    with answering(says(b"HTTP/1.1 201 Created\r\nContent-Length: 4\r\n\r\n", b"done")) as target:
        assert ask(target) == (201, b"done")


@pytest.mark.parametrize(
    ("begins", "secure"),
    [(b"", False), (b"HTTP/1.1 200 OK\r\nX-Long: ", False), (b"HTTP/1.1 200 OK\r\n\r\n", False), (HELLO, True)],
    ids=["nothing", "the head", "the body", "before the connection is secret"],
)
def test_whoever_answers_a_byte_at_a_time_has_no_more_time_than_others(begins, secure):
    began = time.monotonic()
    with (
        answering(says(begins, then_every=0.05)) as target,
        pytest.raises(NotReached if secure else TimeoutError) as told,
    ):
        ask(Target(secure, target.host, target.port, "/"), seconds=0.4)
    assert time.monotonic() - began < 3
    assert not secure or isinstance(told.value.__cause__, TimeoutError)


def test_an_answer_that_the_time_cut_off_counts_for_nothing_though_it_looks_whole():
    def stays(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\nyes")
        connection.recv(1)

    with answering(stays) as target, pytest.raises(TimeoutError):
        ask(target, seconds=0.2)


def test_a_connection_that_is_broken_off_is_told_from_one_that_never_was():
    with answering(says()) as target, pytest.raises(ConnectionError):
        ask(target)
    with pytest.raises(NotReached) as told:
        ask(target)  # by now nobody listens there
    assert isinstance(told.value.__cause__, ConnectionRefusedError)


@pytest.mark.parametrize("host", ["nobody.invalid", "a" * 64 + ".example", "127.0.0.1"])
def test_where_there_is_nobody_nothing_was_sent(host):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and does not listen
        with pytest.raises(NotReached):
            ask(Target(False, host, nobody.getsockname()[1], "/"))


def test_a_redirect_is_an_answer_like_others():
    with answering(says(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")) as target:
        assert ask(target) == (302, b"")


@pytest.mark.parametrize(
    ("url", "target", "authority"),
    [
        ("https://sms.example", Target(True, "sms.example", 443, "/"), "sms.example"),
        ("http://SMS.example:13013/a?b=c", Target(False, "sms.example", 13013, "/a?b=c"), "sms.example:13013"),
        ("http://[::1]:80/", Target(False, "::1", 80, "/"), "[::1]"),
    ],
)
def test_an_address_says_of_whom_to_ask_what(url, target, authority):
    assert Target.of(url) == target
    assert target.authority == authority


@pytest.mark.parametrize("url", ["sms.example", "ftp://x/", "http://", "http://u:p@x/", "http://x/#y", "http://x/a b"])
def test_what_is_no_address_is_refused(url):
    with pytest.raises(ValueError, match="without spaces"):
        Target.of(url)
