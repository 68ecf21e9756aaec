"""`make run`: the system on this machine until Ctrl-C. MPP_PORT (8000) and MPP_DATA (.local) change its place."""

import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

from tools.local import CannotStart, ProcessDied, System

LOOK_AT_HALL_EVERY = 20.0  # seconds; the day changes at midnight, and closes at closing time


def main() -> None:
    """Run; exit 1 with a plain line when it cannot start or a process dies."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # SIGINT too: a shell may have had it ignored
        signal.signal(number, signal.default_int_handler)
    try:
        with System(_data(), _port(), say=lambda line: print(line, flush=True), by_the_clock=True) as system:
            print(_welcome(system), flush=True)
            try:
                _watch(system)
            finally:
                for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                    signal.signal(number, signal.SIG_IGN)
                print("\nStopping …", flush=True)
    except KeyboardInterrupt:
        print("Stopped. The data stays where it is.", flush=True)
    except (CannotStart, ProcessDied) as error:
        sys.exit(f"\n{error}")


def _watch(system: System) -> None:
    """Until a process dies; meanwhile the mall stays open, into the next day too."""
    looked = time.monotonic()
    while True:
        time.sleep(0.3)
        system.check()
        if time.monotonic() - looked > LOOK_AT_HALL_EVERY:
            looked = time.monotonic()
            with suppress(OSError, ValueError):  # the next look comes soon
                system.open_day()


def _data() -> Path:
    return Path(os.environ.get("MPP_DATA") or ".local")


def _port() -> int:
    given = os.environ.get("MPP_PORT") or "8000"
    if not given.isdecimal() or not 0 < int(given) < 65536:
        raise CannotStart(f"MPP_PORT must be a port number, not {given!r}.")
    return int(given)


def _welcome(system: System) -> str:
    pages = system.credentials["pages"]
    counter = "counter G02" if "counter G02" in pages else next(name for name in pages if name.startswith("counter"))
    shown = [
        "home",
        "kiosk",
        "hall",
        "phone",
        counter,
        "supervisor",
        "administration",
        "directory",
        "message log",
        "sign in",
        "API",
    ]
    lines = [f"  {name:14} {pages[name]}" for name in shown]
    return "\n".join(
        (
            "",
            *lines,
            "",
            f"  User names, passwords and tokens: {system.data}/credentials.json   Logs: {system.data}/logs",
            "  A day of visitors: make simulate   Stop: Ctrl-C",
        )
    )


if __name__ == "__main__":
    main()
