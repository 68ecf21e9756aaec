"""When the local run opens the day by an override: where a newcomer would get no ticket, and never against a person."""

from pathlib import Path

import pytest

from deploy.local import System

SERVES = {"open": True, "tickets": True, "override": None, "stopped": None, "seal": None}


class Told(System):
    """A system whose hall says this; remembers what it was asked to do."""

    def __init__(self, folder: Path, hall: dict, *, by_the_clock: bool) -> None:
        super().__init__(folder, by_the_clock=by_the_clock)
        self.url, self.hall, self.opened = "", hall, 0

    def token(self, role: str, **scope: str) -> str:
        return role

    def ask(self, url, body=None, token="", method=None):
        self.opened += body is not None
        return self.hall


@pytest.mark.parametrize(
    ("hall", "by_the_clock", "opens"),
    [
        (SERVES, True, False),
        (SERVES, False, True),  # it might close in a minute
        (SERVES | {"open": False}, True, True),
        (SERVES | {"tickets": False}, True, True),  # the last minutes before closing time
        (SERVES | {"open": False, "tickets": False}, True, True),
        (SERVES | {"override": "Uji coba"}, False, False),
        (SERVES | {"tickets": False, "stopped": "Evakuasi"}, True, False),
        (SERVES | {"open": False, "tickets": False, "seal": "b0d1a6e2"}, False, False),
    ],
)
def test_the_day_is_opened_where_nobody_would_get_a_ticket(tmp_path: Path, hall, by_the_clock, opens):
    system = Told(tmp_path, hall, by_the_clock=by_the_clock)
    assert system.open_day() is opens
    assert system.opened == opens
