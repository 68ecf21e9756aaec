"""Wait for what another thread or process does: look again and again, until a deadline."""

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")
LOOK_EVERY = 0.02  # seconds


def eventually(check: Callable[[], Found], seconds: float = 15, every: float = LOOK_EVERY) -> Found:
    """Return the check's result once it is true, or its last one after so many seconds."""
    deadline = time.monotonic() + seconds
    while not (found := check()) and time.monotonic() < deadline:
        time.sleep(every)
    return found
