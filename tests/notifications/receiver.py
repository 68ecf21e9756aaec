"""An agency's server that takes webhooks: a real one, on a real port, that answers as it is told."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Got:
    """A request as it came."""

    headers: dict[str, str]
    body: bytes
    at: float
    path: str

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def event(self) -> dict[str, Any]:
        return json.loads(self.body)


@dataclass
class Answer:
    """What the server does: a status with headers after `slow` seconds, or the connection is closed without one.

    When the server ends, it waits no longer.
    """

    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    slow: float = 0.0
    body: bytes = b""
    hangs_up: bool = False
    drips: bool = False


@dataclass
class Receiver:
    """The server: what it got, and how it answers the n-th request (from 0 on)."""

    url: str
    got: list[Got] = field(default_factory=list)
    answer: Callable[[int, Got], Answer] = lambda _, __: Answer()
    ends: threading.Event = field(default_factory=threading.Event)

    @property
    def ids(self) -> list[str]:
        return [got.id for got in self.got]

    @property
    def sequences(self) -> list[int]:
        return [int(got.event["sequence"]) for got in self.got if "sequence" in got.event]

    def answers(self, *answers: Answer) -> None:
        """One after the other, and from then on with success."""
        self.answer = lambda n, _: answers[n] if n < len(answers) else Answer()


@contextmanager
def receiving(address: str = "127.0.0.1") -> Iterator[Receiver]:
    """A server, for as long as the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got = Got({name.lower(): value for name, value in self.headers.items()}, body, time.monotonic(), self.path)
            number = len(receiver.got)
            receiver.got.append(got)
            answer = receiver.answer(number, got)
            receiver.ends.wait(answer.slow)
            if answer.hangs_up:
                return
            try:
                if answer.drips:
                    self.wfile.write(b"HTTP/1.1 200 OK\r\n")
                    for _ in range(100):
                        self.wfile.write(b"x")
                        self.wfile.flush()
                        if receiver.ends.wait(0.1):
                            return
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)
            except OSError:
                pass  # whoever asked has gone

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer((address, 0), Handler)
    server.daemon_threads = True
    receiver = Receiver(f"http://{address}:{server.server_port}/webhook")
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield receiver
    finally:
        receiver.ends.set()
        server.shutdown()
        server.server_close()
