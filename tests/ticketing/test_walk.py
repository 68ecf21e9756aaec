"""The walk from a request for a ticket to the append: which calls are on it, and that they stay few.

A call is on the walk when its function is on the stack at the append; the decorators of a route and what answers every
request alike are not counted. `make test ARGS="tests/ticketing/test_walk.py -s"` prints the list.
"""

import sys
from pathlib import Path
from types import FrameType

from examples import KTP

import services

SERVICES = str(Path(services.__path__[0]).resolve())
MOST = 7


def test_taking_a_ticket_reaches_append_within_seven_calls(client):
    walk: list[str] = []

    def profile(frame: FrameType, event: str, _: object) -> None:
        if event != "call" or frame.f_code.co_qualname != "EventStore.append":
            return
        caller: FrameType | None = frame
        while caller:
            if caller.f_code.co_filename.startswith(SERVICES):
                walk.insert(0, caller.f_code.co_qualname)
            caller = caller.f_back

    sys.setprofile(profile)
    try:
        answer = client.post("/ticketing/api/malls/pekalongan/tickets", json={"service": KTP})
    finally:
        sys.setprofile(None)
    assert answer.status_code == 201
    print("", *(f"{number:2} {name}" for number, name in enumerate(walk, 1)), sep="\n")
    walk = walk[walk.index("issue_ticket") :]
    assert (walk[0], walk[-1]) == ("issue_ticket", "EventStore.append")
    assert len(walk) <= MOST
