"""A run of pytest that tries mutants: it collects the tests once, then forks a process for each mutant.

A mutant of a function or of a plain constant is put into the forked process. Another one decided something when its
module was imported, so a process imports it changed. That process is forked from a server that has the libraries, but
nothing of the services: importing the libraries would take longer than the tests.
"""

import gc
import hashlib
import importlib
import json
import multiprocessing
import os
import resource
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Literal

import coverage
import pytest
from hypothesis import settings

from tools.mutate.mutants import Mutant
from tools.mutate.patched import NotPatchable, Patch, Replaced, functions

SERVERS = {"mongo_server", "kafka_server", "database", "store", "broker", "page", "chromium"}
SLOWEST = 3.0  # seconds of a processor; what takes longer is no quick test
EXAMPLES, STEPS = 20, 50  # of Hypothesis, for each property
PATIENCE, MORE = 4.0, 10.0  # a mutant's tests may take so many times as long, and so many seconds of a processor more
STUCK = 300.0  # seconds after which a process that waits for something is ended
SURVIVED, KILLED, NOT_PATCHABLE, ERROR = 0, 70, 77, 78  # exit statuses of a process that tries a mutant
PYTEST = {pytest.ExitCode.OK: SURVIVED, pytest.ExitCode.TESTS_FAILED: KILLED, pytest.ExitCode.INTERRUPTED: KILLED}
Outcome = Literal["killed", "survived", "error"]
OPTIONS = [
    "-x",
    "-qq",
    "-s",
    "--no-summary",
    "-p",
    "no:cacheprovider",
    "-p",
    "no:xdist",
    "-o",
    "addopts=",
    "--import-mode=importlib",
]


@dataclass
class Quick:
    """A plugin that keeps the quick tests alone, with few examples that are always the same."""

    only: Sequence[str] = ()

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Drop tests of servers, and those not asked for; the rest in the order asked for."""
        order = {name: number for number, name in enumerate(self.only)}
        kept = [item for item in items if not SERVERS & set(getattr(item, "fixturenames", ()))]
        items[:] = sorted((i for i in kept if not order or i.nodeid in order), key=lambda i: order.get(i.nodeid, 0))
        for item in items:
            _limit_examples(item)


def _limit_examples(item: pytest.Item) -> None:
    function, cls = getattr(item, "obj", None), getattr(item, "cls", None)
    name = "_hypothesis_internal_use_settings"
    for holder, attribute in ((getattr(function, "__func__", function), name), (cls, "settings")):
        given = getattr(holder, attribute, None)
        if isinstance(given, settings):
            few = min(given.max_examples, EXAMPLES), min(given.stateful_step_count, STEPS)
            new = settings(given, max_examples=few[0], stateful_step_count=few[1], derandomize=True, database=None)
            setattr(holder, attribute, new)


@dataclass
class Verdict:
    """What became of a mutant; `error`: it was not tried to the end, so it counts neither way."""

    mutant: Mutant
    outcome: Outcome
    how: str


@dataclass
class Trial:
    """A mutant that is being tried in a process."""

    mutant: Mutant
    tests: list[str]
    process: int
    ends_by: float
    child: ForkServerProcess | None = None


@dataclass
class Session:
    """A plugin that measures the tests and tries mutants one after the other, while `goes_on` says so."""

    root: Path
    sampled: Iterable[Mutant]
    goes_on: Callable[[], bool]
    report: Callable[[Verdict], None]
    processes: int
    ready: Callable[[int, float], None]
    seconds: dict[str, float] = field(default_factory=dict)
    lines: dict[str, dict[int, list[str]]] = field(default_factory=dict)
    texts: dict[Path, str] = field(default_factory=dict)
    _forking: ForkServerContext | None = None

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Instead of running each test once."""
        self._items, self._functions = {item.nodeid: item for item in session.items}, functions()
        gc.freeze()  # so that no forked process copies what it only looks at
        began = time.monotonic()
        self._measure_all()
        self.ready(len(self.seconds), time.monotonic() - began)
        self._try_all()
        return True

    def _measure_all(self) -> None:
        """Measure each file of tests, or read how it was measured while it and all that it uses was the same."""
        folder = self.root / "build" / "mutants" / _digest(self._shared())
        folder.mkdir(parents=True, exist_ok=True)
        for other in folder.parent.iterdir():
            if other != folder:
                shutil.rmtree(other)
        files: dict[Path, list[str]] = {}
        for name, item in self._items.items():
            files.setdefault(item.path, []).append(name)
        for path, names in files.items():
            data = folder / f"{path.stem}-{_digest([path.read_bytes(), *(name.encode() for name in names)])}"
            if not data.with_suffix(".json").exists():
                self._measure_apart(data, names)
            self.seconds |= json.loads(data.with_suffix(".json").read_text())
            self._read(data)

    def _shared(self) -> Iterator[bytes]:
        """The sources that every test may use."""
        for folder in ("services", "tests", "tools"):
            for path in sorted((self.root / folder).rglob("*.py")):
                if not path.name.startswith("test_") and path.parent != Path(__file__).parent:
                    yield path.read_bytes()

    def _measure_apart(self, data: Path, names: Sequence[str]) -> None:
        """Measure in a forked process, so that nothing is left behind in this one."""
        process = os.fork()
        if process == 0:
            _end(lambda: self._measure(data, names))
        os.waitpid(process, 0)

    def _measure(self, data: Path, names: Sequence[str]) -> int:
        """Run each of these tests once: how long it takes, which lines it executes."""
        measured, found = coverage.Coverage(data_file=str(data), source=["services"], config_file=False), {}
        measured.start()
        for name in names:
            measured.switch_context(name)
            began = time.process_time()  # a busy machine makes no test slow
            passed = _passes(self._items[name])
            if passed and (took := time.process_time() - began) < SLOWEST:
                found[name] = took
        measured.stop()
        measured.save()
        data.with_suffix(".json").write_text(json.dumps(found))
        return 0

    def _read(self, data: Path) -> None:
        kept = coverage.CoverageData(str(data))
        kept.read()
        for path in kept.measured_files():
            lines = self.lines.setdefault(str(Path(path).relative_to(self.root)), {})
            for line, names in kept.contexts_by_lineno(path).items():
                lines.setdefault(line, []).extend(names)

    def _try_all(self) -> None:
        running: list[Trial] = []
        waiting = iter(self.sampled)
        mutant = next(waiting, None)
        while running or (mutant and self.goes_on()):
            while mutant and len(running) < self.processes and self.goes_on():
                if trial := self._started(mutant):
                    running.append(trial)
                mutant = next(waiting, None)
            running = [left for trial in running if (left := self._looked_at(trial))]
            time.sleep(0.005)

    def _tests(self, mutant: Mutant, whole_file: bool) -> list[str]:
        """The quick tests that execute a mutant's lines; or the whole file, or import something from it."""
        lines = self.lines.get(mutant.path, {})
        first, last = mutant.lines
        names = {name for line, names in lines.items() if whole_file or first <= line <= last for name in names}
        if whole_file:
            module = _module(mutant)
            package, _, last_name = module.rpartition(".")
            ways = (module, f"from {package} import {last_name}", f", {last_name}\n")
            texts = {name: self._text(item.path) for name, item in self._items.items()}
            names |= {name for name, text in texts.items() if package in text and any(way in text for way in ways)}
            names = names or {name for path in self._importers(module) for name in self._executing(path)}
        return sorted(names & self.seconds.keys(), key=lambda name: self.seconds[name])

    def _importers(self, module: str) -> list[str]:
        """The measured files that import a module; of a module of constants nothing is executed but by them."""
        return [path for path in self.lines if f"from {module} import" in self._text(self.root / path)]

    def _executing(self, path: str) -> Iterator[str]:
        return (name for names in self.lines[path].values() for name in names)

    def _text(self, path: Path) -> str:
        if path not in self.texts:
            self.texts[path] = path.read_text()
        return self.texts[path]

    def _started(self, mutant: Mutant) -> Trial | None:
        tests = self._tests(mutant, whole_file=False) or self._tests(mutant, whole_file=True)
        if not tests:
            self.report(Verdict(mutant, "survived", "no test executes it"))
            return None
        process = os.fork()
        if process == 0:
            _end(lambda: self._run(mutant, tests))
        return Trial(mutant, tests, process, time.monotonic() + STUCK)

    def _fresh(self, mutant: Mutant) -> Trial:
        tests = self._tests(mutant, whole_file=True)
        child = self._server().Process(target=_run_fresh, args=(mutant, tests, self._seconds_for(tests)))
        child.start()
        return Trial(mutant, tests, child.pid or 0, time.monotonic() + STUCK, child)

    def _server(self) -> ForkServerContext:
        """The server whose processes have the libraries that the tests import, but no module of this repository."""
        if self._forking is None:
            self._forking = multiprocessing.get_context("forkserver")
            self._forking.set_forkserver_preload(_libraries())
        return self._forking

    def _seconds_for(self, tests: Sequence[str]) -> int:
        return int(PATIENCE * sum(self.seconds[name] for name in tests) + MORE)

    def _looked_at(self, trial: Trial) -> Trial | None:
        """The trial that follows from how this one stands; None when there is a verdict."""
        if trial.child is not None:
            status = trial.child.exitcode
        else:
            ended, raw = os.waitpid(trial.process, os.WNOHANG)
            status = os.waitstatus_to_exitcode(raw) if ended else None
        if status is None:
            if time.monotonic() < trial.ends_by:
                return trial
            os.kill(trial.process, signal.SIGKILL)
            trial.child.join() if trial.child else os.waitpid(trial.process, 0)
            status = KILLED
        if status == NOT_PATCHABLE:
            return self._fresh(trial.mutant)
        became = outcome(status)
        how = f"{len(trial.tests)} tests" + (f", exit status {status}" if became == "error" else "")
        self.report(Verdict(trial.mutant, became, how))
        return None

    def _run(self, mutant: Mutant, tests: Sequence[str]) -> int:
        _limit(self._seconds_for(tests))
        source = (self.root / mutant.path).read_bytes()
        try:
            Patch(self._functions, sys.modules[_module(mutant)], source, mutant.applied(source)).apply()
        except NotPatchable:
            return NOT_PATCHABLE
        return SURVIVED if all(_passes(self._items[name]) for name in tests) else KILLED


def outcome(status: int) -> Outcome:
    """Return what the exit status of a process that tried a mutant means.

    Only a failed test, a failed import and the limit of processor time kill a mutant. Every other end (an exception of
    this tool, pytest's internal and usage errors, a run without tests) is an error: it says nothing about the tests.
    """
    if status == SURVIVED:
        return "survived"
    return "killed" if status in (KILLED, -signal.SIGXCPU) else "error"


def _limit(seconds: int) -> None:
    """End this process when it has used far more of a processor than the tests need: a loop without end."""
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))


def _passes(item: pytest.Item) -> bool:
    """Whether the test passes; it is set up and torn down as if it were the only one."""
    from _pytest.runner import runtestprotocol

    item._request._fillfixtures  # type: ignore[attr-defined]  # noqa: B018 - only functions have fixtures
    reports = runtestprotocol(item, log=False, nextitem=None)
    return not any(report.failed for report in reports)


def _end(work: Callable[[], int]) -> None:
    """Do this in a forked process and end it with the returned status, without the parent's exit handlers.

    What it prints is dropped; the traceback of an exception is written to standard error, and the status is `ERROR`.
    """
    status, stderr = ERROR, os.dup(2)
    try:
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, 1)
        os.dup2(null, 2)
        status = work()
    except BaseException:
        os.write(stderr, traceback.format_exc().encode())
    finally:
        os._exit(status)


def _digest(parts: Iterable[bytes]) -> str:
    found = hashlib.sha256()
    for part in parts:
        found.update(hashlib.sha256(part).digest())
    return found.hexdigest()[:16]


def _module(mutant: Mutant) -> str:
    return ".".join(Path(mutant.path).with_suffix("").parts).removesuffix(".__init__")


def _run_fresh(mutant: Mutant, tests: Sequence[str], seconds: int) -> None:
    """End this process, which has no module of this repository, with the status of `_try_fresh`."""
    _end(lambda: _try_fresh(mutant, tests, seconds))


def _try_fresh(mutant: Mutant, tests: Sequence[str], seconds: int) -> int:
    """Import the changed module and run these tests; return how they ended."""
    _limit(seconds)
    path = Path.cwd() / mutant.path
    Replaced(_module(mutant), str(path), mutant.applied(path.read_bytes())).install()
    try:
        importlib.import_module(_module(mutant))
    except Exception:
        return KILLED  # no test that needs the module can pass; pytest would report a usage error from a conftest
    files = sorted({test.partition("::")[0] for test in tests})
    return PYTEST.get(pytest.ExitCode(pytest.main([*OPTIONS, *files], plugins=[Quick(tests)])), ERROR)


def _libraries() -> list[str]:
    """The modules imported by now that belong to a library."""
    places = tuple(path for path in sys.path if path.endswith("site-packages"))
    return [name for name, one in list(sys.modules.items()) if str(getattr(one, "__file__", "")).startswith(places)]


def files_of_tests(root: Path, paths: Iterable[str]) -> Iterator[str]:
    """Test files that may have quick tests of these modules: those of their services and of what is published."""
    for folder in sorted({*(path.split("/")[1] for path in paths), "contracts"}):
        yield from (str(path.relative_to(root)) for path in sorted((root / "tests" / folder).glob("test_*.py")))
