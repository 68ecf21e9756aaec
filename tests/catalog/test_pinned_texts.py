"""How texts are tidied, what a difference shows, and how long a released letter is remembered."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.catalog.domain.changes import DIRECTORY
from services.catalog.domain.differences import Difference, difference
from services.catalog.domain.directory import AgencyListed, AgencyWithdrawn, Directory, ImportCatalog
from services.catalog.domain.hours import SHUT
from services.catalog.domain.limits import COMPONENT, Text, faults_of_value, tidied
from services.catalog.domain.mall import MallListed
from services.catalog.domain.waiting import WAITING, TicketWaits


@pytest.mark.parametrize(
    ("text", "tidy"),
    [
        ("Gerai\u00a01", "Gerai 1"),
        ("Gerai\u30001", "Gerai 1"),
        ("Gerai\t1", "Gerai 1"),
        ("e\u0301", "\u00e9"),
        ("a\r\nb\nc", "a\nb\nc"),
        (" \r\n a \u00a0\n", "a"),
        ("a  b", "a  b"),
        ("XL Axiata X", "XL Axiata X"),
        ("\u200bnama\u200b", "\u200bnama\u200b"),
        ("", ""),
    ],
)
def test_text_is_tidied(text, tidy):
    assert tidied(text) == tidy


# The first and last character of each range that is no letter to a reader though Unicode counts it as one.
RANGES = "034f 115f 1160 17b4 17b5 180b 180f 2800 3164 fe00 fe0f ffa0 e0100 e01ef"


def unprintable(text: str) -> list[str]:
    return [fault.values["character"] for fault in faults_of_value("name", text, Text(40))]


@pytest.mark.parametrize("code", RANGES.split())
def test_character_without_a_shape_is_refused_and_named(code):
    assert unprintable(f"Gerai {chr(int(code, 16))}1") == [f"U+{int(code, 16):04X}"]


def test_first_character_that_cannot_be_printed_is_the_one_named():
    assert unprintable("Gerai \ufe0f\x07") == ["U+FE0F"]
    assert unprintable("Gerai \x07\ufe0f") == ["U+0007"]
    assert unprintable("Gerai 1\n2") == ["U+000A"]
    assert unprintable("Gerai 1\u2801\u115e\u1161") == []
    assert list(faults_of_value("fee", "Rp0\nGratis", COMPONENT)) == []


NOON = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)
TWO = timedelta(days=2)
PLN = AgencyListed("PLN", "Listrik", "A", "", NOON)
KNOWN = Directory(agencies={"PLN": PLN}, released={("Z", "OLD"): NOON - timedelta(days=9)})


def test_difference_shows_fields_but_not_when_a_letter_was_given():
    later = AgencyListed("PLN", "PLN", "A", "", NOON + timedelta(days=1))
    assert difference(KNOWN, later) == Difference("agency", "PLN", "PLN", "changed", {"name": ("Listrik", "PLN")})
    new = AgencyListed("BPN", "Pertanahan", "B", "", NOON)
    fields = {"name": (None, "Pertanahan"), "line": (None, "B"), "suspended": (None, "")}
    assert difference(KNOWN, new) == Difference("agency", "BPN", "Pertanahan", "added", fields)
    withdrawn = AgencyWithdrawn("PLN", NOON)
    assert difference(KNOWN, withdrawn) == Difference("agency", "PLN", "Listrik", "withdrawn")
    assert difference(Directory(), withdrawn) == Difference("agency", "PLN", "PLN", "withdrawn")


def test_letter_is_released_by_a_change_or_a_withdrawal_alone():
    same = AgencyListed("PLN", "PLN", "A", "", NOON)
    assert DIRECTORY.evolve(KNOWN, same).released == KNOWN.released
    other = AgencyListed("PLN", "PLN", "B", "", NOON)
    assert DIRECTORY.evolve(KNOWN, other).released == {("A", "PLN"): NOON}
    assert DIRECTORY.evolve(KNOWN, AgencyListed("PLN", "PLN", "B")).released == KNOWN.released
    assert DIRECTORY.evolve(KNOWN, AgencyWithdrawn("PLN", NOON)).released == {("A", "PLN"): NOON}
    assert DIRECTORY.evolve(KNOWN, AgencyWithdrawn("BPN", NOON)).released == KNOWN.released


def test_import_notes_since_when_agencies_have_their_letters():
    zone = MallListed("kota", "MPP Kota", "Kota", "Jl. Merdeka 1", "Asia/Jakarta", 100, SHUT)
    bpn = AgencyListed("BPN", "Pertanahan", "B")
    wanted = Directory(zone, {"PLN": replace(PLN, name="PLN", line_since=None), "BPN": bpn})
    later = NOON + timedelta(days=1)
    events = DIRECTORY.decide(ImportCatalog(wanted, later), Directory(zone, {"PLN": PLN}))
    assert [(each.code, each.name, each.line_since) for each in events] == [
        ("PLN", "PLN", NOON),
        ("BPN", "Pertanahan", later),
    ]


def test_each_booking_that_became_a_ticket_is_remembered():
    news = [TicketWaits(ticket, "METER", NOON, (number, 0), booked=True) for number, ticket in enumerate("ab")]
    state = WAITING.initial
    for each in news:
        state = WAITING.evolve(state, each)
    assert state.claimed == {"a": "METER", "b": "METER"}


def test_letter_of_a_withdrawn_agency_is_released_whatever_it_is():
    known = Directory(agencies={"PLN": AgencyListed("PLN", "Listrik", "X")})
    assert DIRECTORY.evolve(known, AgencyWithdrawn("PLN", NOON)).released == {("X", "PLN"): NOON}


def test_released_letter_is_remembered_for_less_than_two_days():
    known = Directory(agencies={"PLN": PLN}, released={("Y", "A"): NOON - timedelta(hours=47), ("Z", "B"): NOON - TWO})
    after = DIRECTORY.evolve(known, AgencyWithdrawn("PLN", NOON))
    assert set(after.released) == {("Y", "A"), ("A", "PLN")}
