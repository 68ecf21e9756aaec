"""Load over HTTP/1.1 keep-alive, lean enough not to be what is measured: one thread, raw sockets, little parsing."""

import json
import selectors
import socket
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple


class Ask(NamedTuple):
    """A request ready to send, and the label under which it is counted."""

    label: str
    message: bytes


class Answer(NamedTuple):
    """What came back, and how long it took in seconds."""

    label: str
    status: int
    body: bytes
    seconds: float

    @property
    def json(self) -> Any:
        """The body."""
        return json.loads(self.body)


# What one client does: yields requests, is sent their answers.
Client = Generator[Ask, Answer, None]


@dataclass(frozen=True)
class Load:
    """What all clients saw together."""

    answers: list[Answer]
    seconds: float

    def figures(self, label: str, expected: int = 201) -> dict[str, float]:
        """Rate and latencies (milliseconds) of the requests with this label, and how many failed."""
        asked = [answer for answer in self.answers if answer.label == label]
        return {
            "count": len(asked),
            "per_second": round(len(asked) / self.seconds, 1),
            **percentiles([answer.seconds for answer in asked]),
            "errors": sum(answer.status != expected for answer in asked),
        }


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """Median and 99th percentile in milliseconds."""
    ordered = sorted(seconds) or [0.0]
    return {
        "p50_ms": round(ordered[len(ordered) // 2] * 1000, 2),
        "p99_ms": round(ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))] * 1000, 2),
    }


def post(path: str, body: Any = None, token: str = "", method: str = "POST") -> bytes:
    """The bytes of a request."""
    content = b"" if body is None else json.dumps(body).encode()
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(content)}\r\n"
    if content:
        head += "Content-Type: application/json\r\n"
    if token:
        head += f"Authorization: Bearer {token}\r\n"
    return head.encode() + b"\r\n" + content


class _Connection:
    def __init__(self, address: str, client: Client) -> None:
        host, _, port = address.rpartition(":")
        self.socket = socket.create_connection((host, int(port)))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.client = client
        self.buffer = b""
        self.label = ""
        self.sent = 0.0

    def send(self, ask: Ask) -> None:
        self.label, self.buffer = ask.label, b""
        self.sent = time.perf_counter()
        self.socket.sendall(ask.message)

    def receive(self) -> Answer | None:
        """The answer, once it is complete."""
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionResetError(f"closed while waiting for {self.label}")
        self.buffer += data
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return None
        head = self.buffer[:end].lower()
        length = int(head.partition(b"\r\ncontent-length:")[2].partition(b"\r\n")[0] or 0)
        if len(self.buffer) < end + 4 + length:
            return None
        return Answer(self.label, int(head[9:12]), self.buffer[end + 4 :], time.perf_counter() - self.sent)


def drive(address: str, clients: Sequence[Client]) -> Load:
    """Run all clients, each on its own connection, until the last has nothing more to ask."""
    answers: list[Answer] = []
    began = time.perf_counter()
    with selectors.DefaultSelector() as selector:
        open_connections = 0
        for client in clients:
            if (first := next(client, None)) is not None:
                connection = _Connection(address, client)
                selector.register(connection.socket, selectors.EVENT_READ, connection)
                connection.send(first)
                open_connections += 1
        while open_connections:
            for key, _ in selector.select():
                connection = key.data
                answer = connection.receive()
                if answer is None:
                    continue
                answers.append(answer)
                try:
                    connection.send(connection.client.send(answer))
                except StopIteration:
                    selector.unregister(connection.socket)
                    connection.socket.close()
                    open_connections -= 1
    return Load(answers, time.perf_counter() - began)
