"""One process that we started: its log, its death, and its end together with ours."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

PR_SET_PDEATHSIG = 1


class ProcessDied(Exception):
    """A process ended that should not have: its name, exit code and last words."""

    def __init__(self, process: "Process") -> None:
        code = process.exit_code()
        how = f"was killed by {signal.Signals(-code).name}" if code is not None and code < 0 else f"exited with {code}"
        said = "\n".join(f"    {line}" for line in process.last_lines())
        super().__init__(f"{process.name} {how}. Its last lines ({process.log}):\n{said}")


class Process:
    """A running program in a process group of its own, so that Ctrl-C reaches us and we end it in order.

    Start it from a thread that lives as long as it may: on Linux it is told to end when that thread is gone.
    """

    def __init__(
        self, name: str, command: Sequence[str], log: Path, env: Mapping[str, str], cwd: Path, fds: Sequence[int]
    ) -> None:
        self.name, self.log = name, log
        with log.open("ab") as output:
            self._popen = subprocess.Popen(
                command,
                cwd=cwd,
                env={**os.environ, **env},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=fds,
                start_new_session=True,
                preexec_fn=_end_with_parent(),
            )

    @property
    def pid(self) -> int:
        """Its process id, which is also that of its group."""
        return self._popen.pid

    def exit_code(self) -> int | None:
        """None while it runs; minus the signal's number if it was killed."""
        return self._popen.poll()

    def check(self) -> None:
        """Raise `ProcessDied` unless it runs."""
        if self.exit_code() is not None:
            raise ProcessDied(self)

    def signal(self, number: int) -> None:
        """Send a signal to the whole group, which may have outlived its first process."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    def kill(self) -> None:
        """End it at once, as a power failure would."""
        self.signal(signal.SIGKILL)
        self._popen.wait()

    def last_lines(self, count: int = 12) -> list[str]:
        """The end of its log."""
        return self.log.read_text(errors="replace").splitlines()[-count:]


def stop(processes: Iterable[Process], grace: float) -> None:
    """Ask all of them to end; kill what is left after so many seconds."""
    asked = list(processes)
    for process in asked:
        if process.exit_code() is None:
            os.kill(process.pid, signal.SIGTERM)
    deadline = time.monotonic() + grace
    while time.monotonic() < deadline and any(process.exit_code() is None for process in asked):
        time.sleep(0.02)
    for process in asked:
        process.kill()


def _end_with_parent() -> Callable[[], None] | None:
    """What a child does before it becomes its program: on Linux, ask to be ended when we are killed."""
    if sys.platform != "linux":
        return None
    parent, libc = os.getpid(), ctypes.CDLL(None)

    def ask() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    return ask
