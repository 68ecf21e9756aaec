"""A web process that is asked to end answers everybody who came before, and refuses who comes later."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from servers import free_port
from waiting import eventually

APP = """
def app(environ, start_response):
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
"""
REQUEST = b"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Web:
    """One web process, served as it is everywhere."""

    def __init__(self, folder: Path) -> None:
        (folder / "leaving.py").write_text(APP)
        self.port = free_port()
        env = {**os.environ, "PYTHONPATH": str(folder), "BIND": f"127.0.0.1:{self.port}", "WEB_THREADS": "4"}
        env.pop("WEB_WORKERS", None)
        gunicorn = (sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "leaving:app")
        self.process = subprocess.Popen(gunicorn, env=env)
        assert eventually(self.answers, 30)

    def send(self) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), 5)
        connection.settimeout(10)
        connection.sendall(REQUEST)
        return connection

    def answers(self) -> bool:
        with contextlib.suppress(ConnectionRefusedError), self.send() as connection:
            return connection.recv(100).startswith(b"HTTP/1.1 200")
        return False

    @property
    def worker(self) -> int:
        return int(Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()[0])

    @property
    def sockets(self) -> set[str]:
        """The sockets that the worker has open, by the system's names."""
        found = set()
        for one in Path(f"/proc/{self.worker}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):  # it was closed just now
                found.add(os.readlink(one))
        return {name for name in found if name.startswith("socket:")}

    def refuses(self) -> bool:
        try:
            self.send().close()
        except ConnectionRefusedError:
            return True
        return False


@pytest.fixture
def web(tmp_path) -> Iterator[Web]:
    found = Web(tmp_path)
    yield found
    found.process.kill()
    found.process.wait()


def test_who_stands_at_the_door_of_a_process_that_ends_is_answered(web: Web):
    worker = web.worker
    os.kill(worker, signal.SIGSTOP)  # too busy to open
    waiting = [web.send() for _ in range(20)]
    os.kill(worker, signal.SIGTERM)
    web.process.terminate()
    os.kill(worker, signal.SIGCONT)
    answers = [connection.recv(100) for connection in waiting]
    assert all(answer.startswith(b"HTTP/1.1 200") for answer in answers)
    assert web.process.wait(10) == 0
    assert not web.answers()


def test_a_process_that_still_has_somebody_inside_lets_nobody_in(web: Web):
    before = web.sockets
    with socket.create_connection(("127.0.0.1", web.port), 5) as slow:
        slow.sendall(REQUEST[:20])  # it waits for the rest
        assert eventually(lambda: web.sockets - before), "the worker takes the connection"
        web.process.terminate()
        assert eventually(web.refuses, 3), "the door stays open"
        assert web.process.poll() is None, "it waits for the one inside"
        slow.sendall(REQUEST[20:])
        slow.settimeout(10)
        assert slow.recv(100).startswith(b"HTTP/1.1 200")
    assert web.process.wait(10) == 0
