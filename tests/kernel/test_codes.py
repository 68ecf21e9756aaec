"""Codes of visitors: the public id follows from a code, never a code from what is public or stored."""

import re
import secrets
from datetime import date

import pytest
from examples import VISITOR_SECRET
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.config import Env
from services.kernel.codes import Codes, id_of

TUESDAY = date(2026, 11, 24)
CODES = Codes(VISITOR_SECRET)


def earlier_id() -> str:
    """An id as releases without codes made them."""
    return f"{TUESDAY:%Y%m%d}-{secrets.token_urlsafe(16)}"


def test_id_is_derived_from_code_and_keeps_day_and_kind():
    code, booking = CODES.ticket(TUESDAY), CODES.booking(TUESDAY)
    assert re.fullmatch(r"20261124-[\w-]{24}", code)
    assert re.fullmatch(r"20261124-b[\w-]{24}", booking)
    assert re.fullmatch(r"20261124-[\w-]{22}", id_of(code))
    assert re.fullmatch(r"20261124-b[\w-]{22}", id_of(booking))
    assert id_of(code) == id_of(code) != id_of(CODES.ticket(TUESDAY))


def test_id_of_known_code_never_changes():
    assert id_of("20261124-AAAAAAAAAAAAAAAAAAAAAAAA") == "20261124-n7ZadythtQ0MXjTLael2CB"


def test_random_codes_of_one_day_differ():
    assert len({CODES.ticket(TUESDAY) for _ in range(200)}) == 200


def test_public_id_is_no_code():
    for _ in range(300):
        for code in (CODES.ticket(TUESDAY), CODES.booking(TUESDAY)):
            assert id_of(id_of(code)) is None


def test_id_of_release_without_codes_is_its_own_code():
    for _ in range(300):
        ticket, booking = earlier_id(), f"20261124-b{secrets.token_urlsafe(16)}"
        assert (id_of(ticket), id_of(booking)) == (ticket, booking)


@pytest.mark.parametrize("text", ["", "x", "20261124-", "B-012", "20261124-" + "A" * 23, "20261124-" + "A" * 26])
def test_other_text_is_no_code(text):
    assert id_of(text) is None


@given(st.text(max_size=40))
def test_any_text_is_no_code_or_leads_to_an_id_of_its_day(text):
    found = id_of(text)
    assert found is None or (found[:9], len(found) in (31, 32)) == (text[:9], True)


def test_same_request_gets_same_code_and_any_difference_another():
    request = ("/ticketing/api/malls/pekalongan/tickets", "address 203.0.113.7", "key-1")
    first = CODES.ticket(TUESDAY, *request)
    assert Codes(VISITOR_SECRET).ticket(TUESDAY, *request) == first
    others = [
        CODES.ticket(TUESDAY, *request[:2], "key-2"),
        CODES.ticket(TUESDAY, request[0], "address 203.0.113.8", request[2]),
        CODES.ticket(TUESDAY, "/ticketing/api/malls/batang/tickets", *request[1:]),
        CODES.ticket(date(2026, 11, 25), *request),
        CODES.booking(TUESDAY, *request).replace("-b", "-"),
        CODES.claimed(TUESDAY, request[2]),
        Codes(VISITOR_SECRET + "x").ticket(TUESDAY, *request),
    ]
    assert len({first[9:], *(other[9:] for other in others)}) == 8


def test_secret_must_be_set_and_long(monkeypatch, capsys):
    for value in (None, "short"):
        monkeypatch.delenv("VISITOR_SECRET", raising=False)
        if value:
            monkeypatch.setenv("VISITOR_SECRET", value)
        env = Env()
        Codes.from_env(env)
        with pytest.raises(SystemExit):
            env.check()
        assert "setting VISITOR_SECRET:" in capsys.readouterr().err
