"""The clock of a process: every module asks it for the time, so that tests set the time in one place."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime


def _of_this_machine() -> datetime:
    return datetime.now(UTC)


@dataclass
class Clock:
    """Where the time comes from. Only tests replace `read`."""

    read: Callable[[], datetime] = _of_this_machine


CLOCK = Clock()


def now() -> datetime:
    """Return this instant, in UTC where nothing else is set."""
    return CLOCK.read()
