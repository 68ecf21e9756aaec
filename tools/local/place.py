"""Where a run lives: its data folder, which is locked, and its ports."""

import fcntl
import os
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, TextIO


class CannotStart(Exception):
    """The system cannot start here; the message says what to do."""


class Place(NamedTuple):
    """What a run holds: the lock of its data, the gateway's socket, and a port for each other server by name."""

    lock: TextIO
    listener: socket.socket
    ports: dict[str, int]

    @property
    def url(self) -> str:
        """What a browser asks for."""
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"


@contextmanager
def taken(data: Path, port: int | None, servers: Sequence[str]) -> Iterator[Place]:
    """Make the data folder ours, and the ports; logs and marks of an earlier run step aside. Raises `CannotStart`."""
    for folder in ("logs", "health"):
        (data / folder).mkdir(parents=True, exist_ok=True)
    with (data / "lock").open("a+") as lock:
        _take(lock, data)
        with _listener(port) as listener:
            for mark in (data / "health").iterdir():
                mark.unlink()
            for log in (data / "logs").glob("*.log"):
                log.replace(log.with_suffix(".previous"))
            yield Place(lock, listener, dict(zip(servers, free_ports(len(servers)), strict=True)))


def free_ports(count: int) -> list[int]:
    """Ports nobody uses now; all held until the last is found, so that they differ."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [found.getsockname()[1] for found in sockets]
    for found in sockets:
        found.close()
    return ports


def _listener(port: int | None) -> socket.socket:
    try:
        listener = socket.create_server(("127.0.0.1", port or 0), backlog=1024)
    except OSError as error:
        raise CannotStart(f"Port {port} is taken by another program. Choose another: MPP_PORT=8010 make run") from error
    listener.setblocking(False)  # nginx takes it as it is
    return listener


def _take(lock: TextIO, data: Path) -> None:
    """Every process of a run holds the lock, so it is free only when the last one has gone."""
    waiting_until = time.monotonic() + 10
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            lock.seek(0)
            pid = lock.read().strip()
            if _lives(pid):
                raise CannotStart(
                    f"It runs already on this data ({data}), as process {pid}. Stop that one, "
                    "or run beside it: MPP_PORT=8010 MPP_DATA=.local-2 make run"
                ) from None
            if time.monotonic() > waiting_until:
                raise CannotStart(f"Processes of an earlier run still use {data}.") from None
            time.sleep(0.1)
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()


def _lives(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True
