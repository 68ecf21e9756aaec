"""The walk from the event `ticket-called` to the SMS gateway: which calls are on it, and that they stay few.

A call is on the walk when its function is on the stack at a hand-off: when the reaction is called, when the store gets
the commit, the list the text, the pool of threads the work, and the gateway the text. The loops that call every
reaction and every destination alike (`inbox.consume`, `outbox.relay`) are not counted.
`make test ARGS="tests/notifications/test_walk.py -s"` prints the list.
"""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from notifications.test_sending import SITI, Gateway, Mall

import services

SERVICES = str(Path(services.__path__[0]).resolve())
HAND_OFFS = (
    "on_ticket_called",
    "EventStore.append_all",
    "Outgoing.add",
    "ThreadPoolExecutor.submit",
    "Gateway.send",
)
MOST = 12


@contextmanager
def recorded_walk() -> Iterator[list[str]]:
    """Record in the list that it yields the functions of services on the stack at each hand-off, each one once."""
    walk: list[str] = []

    def profile(frame: FrameType, event: str, _: object) -> None:
        if event != "call" or frame.f_code.co_qualname not in HAND_OFFS:
            return
        stack, caller = [frame.f_code.co_qualname], frame.f_back
        while caller:
            if caller.f_code.co_filename.startswith(SERVICES):
                stack.insert(0, caller.f_code.co_qualname)
            caller = caller.f_back
        walk.extend(name for name in stack if name not in (*walk, "ThreadPoolExecutor.submit"))

    threading.setprofile(profile)
    sys.setprofile(profile)
    try:
        yield walk
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


def test_ticket_called_reaches_gateway_within_twelve_calls(store):
    mall, gateway = Mall(store), Gateway()
    mall.here.leave_phone(SITI, "+6281277114455")
    mall.issued()
    mall.deliver(gateway)
    with recorded_walk() as walk:
        mall.called()
        mall.deliver(gateway)
    print("", *(f"{number:2} {name}" for number, name in enumerate(walk, 1)), sep="\n")
    assert len(gateway.sent) == 2
    assert (walk[0], walk[-1]) == ("on_ticket_called", "Gateway.send")
    assert len(walk) <= MOST
