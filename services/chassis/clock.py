"""The clock of a process: every module asks it for the time, so that tests set the time in one module."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime


def machine_time() -> datetime:
    """Return the time of this machine's clock, in UTC. Only code that checks this clock calls it, all other `now`."""
    return datetime.now(UTC)


@dataclass
class Clock:
    """Where the time comes from. Only tests replace `read`."""

    read: Callable[[], datetime] = machine_time


CLOCK = Clock()


def now() -> datetime:
    """Return this instant, in UTC where nothing else is set."""
    return CLOCK.read()


def now_to_the_second() -> datetime:
    """Return this instant without its fraction of a second, for comparison with times in tokens, which have none."""
    return now().replace(microsecond=0)
