"""A loop's life: whether to go on, a pause that its end cuts short, and the sign that it still runs."""

import threading
import time
from collections.abc import Callable


class Life:
    """A loop's view of its process: whether to go on, and how to show that it still does."""

    def __init__(self) -> None:
        self._ending = threading.Event()
        self.seen = time.monotonic()

    def goes_on(self) -> bool:
        """False once the process is to end. Every call is a sign of life."""
        self.seen = time.monotonic()
        return not self._ending.is_set()

    def rest(self, seconds: float) -> None:
        """Wait, but not past the end of the process."""
        self._ending.wait(seconds)

    def end(self) -> None:
        """Ask the loop to end."""
        self._ending.set()


Loop = Callable[[Life], None]
