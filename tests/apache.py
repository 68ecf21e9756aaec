"""Apache Kafka itself, without Docker: the broker's jars from Maven Central, on the Java that is here.

The jars are those that `tests/containers/kafka/pom.xml` names. Settings are compose's own, read from its file, so that
what is tested here is what runs there; only addresses, folders and the number of brokers differ.
"""

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Collection, Iterator
from pathlib import Path

import pytest
import yaml
from servers import free_port, listens
from waiting import eventually

STAND_IN = Path("tests/containers/kafka")
JARS = Path("build/kafka")
CLUSTER_ID = "bXBwLXF1ZXVlLWthZmthMQ"
JAVA = ("-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
START_SECONDS = 240  # of a busy machine
NOT_SETTINGS = ("KAFKA_HEAP_OPTS", "KAFKA_OPTS")


def jars() -> Path:
    """The folder with the jars, fetched once; skips where there is neither Java 17 nor Maven, or nothing to fetch."""
    if not (shutil.which("java") and shutil.which("mvn")):
        pytest.skip("Apache Kafka needs Java 17 and Maven, which are not here")
    if not list(JARS.glob("kafka_*.jar")):
        fetched = JARS.with_suffix(f".{os.getpid()}")
        options = ("-DincludeScope=runtime", f"-DoutputDirectory={fetched.resolve()}")
        maven = ("mvn", "-B", "-q", "-f", str(STAND_IN / "pom.xml"), "dependency:copy-dependencies", *options)
        done = subprocess.run(maven, capture_output=True, text=True, timeout=300)
        if done.returncode:
            pytest.skip(f"the jars of Apache Kafka cannot be fetched: {done.stdout[-300:]}")
        shutil.rmtree(JARS, ignore_errors=True)
        fetched.rename(JARS)
    return JARS


class Broker:
    """One broker: a process that can be killed, paused and started again on the same port and data."""

    def __init__(self, folder: Path, settings: dict[str, str], port: int, java: tuple[str, ...] = ()) -> None:
        self._folder, self.port, self._java = folder, port, java
        folder.mkdir(parents=True, exist_ok=True)
        self._settings = folder / "server.properties"
        self._data = folder / "data"
        lines = {**settings, "log.dirs": str(self._data)}
        self._settings.write_text("\n".join(f"{name}={value}" for name, value in lines.items()))
        self._process: subprocess.Popen[bytes] | None = None

    def format(self) -> "subprocess.Popen[bytes] | None":
        """Make its folder ready, unless it is; the process that does so."""
        if (self._data / "meta.properties").exists():
            return None
        command = self._command("kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c")
        return subprocess.Popen(command, stdout=subprocess.DEVNULL)

    def launch(self) -> None:
        """Start it; `wait` for it afterwards."""
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(self._command("kafka.Kafka"), stdout=log, stderr=log)

    def wait(self) -> None:
        """Until it serves: a broker opens its port only then."""
        assert self._process is not None
        process = self._process
        serves = eventually(lambda: process.poll() is not None or listens(self.port), START_SECONDS)
        if not serves or process.poll() is not None:
            raise TimeoutError((self._folder / "log").read_text()[-2000:])

    def start(self) -> None:
        start([self])

    def kill(self) -> None:
        """End it without warning."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()

    def lose_data(self) -> None:
        """Forget everything, as a disk that died; while it does not run."""
        shutil.rmtree(self._data, ignore_errors=True)

    def _command(self, *program: str) -> list[str]:
        logging = f"-Dlog4j2.configurationFile={STAND_IN / 'log4j2.properties'}"
        return ["java", *JAVA, *self._java, logging, "-cp", f"{jars()}/*", *program, str(self._settings)]


def start(brokers: Collection[Broker]) -> None:
    """Start them side by side: each waits for the others."""
    formatting = [broker.format() for broker in brokers]
    for process in formatting:
        assert process is None or process.wait() == 0
    for broker in brokers:
        broker.launch()
    for broker in brokers:
        broker.wait()


def compose_settings() -> dict[str, str]:
    """The settings of the broker in docker-compose.yml, under the broker's own names."""
    given = yaml.safe_load(Path("docker-compose.yml").read_text())["services"]["kafka"]["environment"]
    names = [name for name in given if name.startswith("KAFKA_") and name not in NOT_SETTINGS]
    return {setting_name(name): str(given[name]) for name in names}


def setting_name(variable: str) -> str:
    """A setting's name from that of its variable, by the rule of the image."""
    dotted = variable.removeprefix("KAFKA_").lower().replace("_", ".")
    return dotted.replace("...", "-").replace("..", "_")


class Cluster:
    """Brokers that know each other, without passwords: what is tried here is what happens when one of them dies."""

    def __init__(self, folder: Path, size: int) -> None:
        ports = {number: (free_port(), free_port()) for number in range(1, size + 1)}
        voters = ",".join(f"{number}@127.0.0.1:{controller}" for number, (_, controller) in ports.items())
        copies = {
            name: str(size)
            for name in (
                "offsets.topic.replication.factor",
                "transaction.state.log.replication.factor",
                "default.replication.factor",
            )
        }
        self.brokers = {
            f"kafka-{number}": Broker(
                folder / str(number),
                {
                    "node.id": str(number),
                    "process.roles": "broker,controller",
                    "listeners": f"PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}",
                    "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}",
                    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
                    "controller.listener.names": "CONTROLLER",
                    "controller.quorum.voters": voters,
                    "min.insync.replicas": str(max(1, size - 1)),
                    "offsets.topic.num.partitions": "5",
                    "group.initial.rebalance.delay.ms": "0",
                    "group.min.session.timeout.ms": "1000",
                    "broker.session.timeout.ms": "4000",  # how soon the others take over from one that is gone
                    "broker.heartbeat.interval.ms": "500",
                    "initial.broker.registration.timeout.ms": str(START_SECONDS * 1000),
                    **copies,
                },
                port,
            )
            for number, (port, controller) in ports.items()
        }

    @property
    def url(self) -> str:
        return ",".join(f"127.0.0.1:{broker.port}" for broker in self.brokers.values())

    def start(self) -> None:
        start(self.brokers.values())

    def kill(self) -> None:
        for broker in self.brokers.values():
            broker.kill()

    def lose_data(self) -> None:
        for broker in self.brokers.values():
            broker.lose_data()


@contextlib.contextmanager
def running(server: Cluster | Broker) -> Iterator[None]:
    """It runs for as long as the block lasts."""
    try:
        server.start()
        yield
    finally:
        server.kill()
