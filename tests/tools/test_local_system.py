"""The local run: it opens the day by an override where a newcomer would get no ticket, and never against a person.

And it waits for a mall that is added until all of it is known.
"""

from pathlib import Path

import pytest

from tools.local import System
from tools.local import system as module

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


class Learning(System):
    """A system whose ticketing hears of so many counters with each look."""

    def __init__(self, folder: Path, heard: list[list[str]]) -> None:
        super().__init__(folder)
        self.url, self.heard = "", heard

    def seed(self, *folders: Path, new: bool = False) -> None:
        pass

    def token(self, role: str, **scope: str) -> str:
        return role

    def ask(self, url, body=None, token="", method=None):
        if url.startswith("/catalog"):
            return {"counters": [{"code": "G01"}, {"code": "G02"}]}
        return {"counters": [{"counter": code} for code in (self.heard.pop(0) if self.heard[1:] else self.heard[0])]}


@pytest.fixture
def seed(tmp_path: Path) -> Path:
    (tmp_path / "mall.json").write_text('{"code": "uji"}')
    return tmp_path


def test_a_mall_is_added_when_ticketing_has_heard_of_its_last_counter(tmp_path: Path, seed: Path):
    system = Learning(tmp_path, [[], ["G01"], ["G01"], ["G01", "G02"]])
    system.add_malls(seed)
    assert system.heard == [["G01", "G02"]]


def test_a_mall_that_ticketing_does_not_hear_of_is_told(tmp_path: Path, seed: Path, monkeypatch):
    monkeypatch.setattr(module, "LEARN_SECONDS", 0.1)
    with pytest.raises(module.NotYet, match="has not heard of G02 in uji"):
        Learning(tmp_path, [["G01"]]).add_malls(seed)
