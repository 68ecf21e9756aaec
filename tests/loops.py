"""Runs a worker's loop in a thread of the test."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from services.chassis.life import Life, Loop


@contextmanager
def kept_running(loop: Loop) -> Iterator[None]:
    """Run the loop, again when it returns, for as long as the block lasts."""
    life = Life()

    def keep() -> None:
        while life.goes_on():
            loop(life)

    thread = threading.Thread(target=keep)
    thread.start()
    try:
        yield
    finally:
        life.end()
        thread.join(15)
