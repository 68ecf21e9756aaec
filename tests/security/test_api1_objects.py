"""API1, broken object level authorization: who has no right to a thing cannot reach it by naming it."""

import re

import pytest
from examples import KTP, SIM
from security.conftest import MALL

BOOKING = {"service": KTP, "day": "2026-11-30"}


def status(answer) -> int:
    return answer.status_code


def test_an_id_holds_128_random_bits_and_no_two_are_alike(houses):
    ids = [houses.issue()["id"] for _ in range(50)]
    assert all(re.fullmatch(r"20261124-[\w-]{22}", one) for one in ids)
    assert len({one[9:17] for one in ids}) == len(ids), "also their beginnings differ"


def test_guessing_an_id_finds_nothing(houses):
    client, mine = houses.client(), houses.issue()
    changed = mine["id"][:-1] + ("A" if mine["id"][-1] != "A" else "B")
    guesses = [
        changed,
        mine["id"][:-1],
        mine["number"],
        "1",
        "20261124-",
        f"20261123{mine['id'][8:]}",
        mine["id"].upper(),
    ]
    assert {status(client.get(f"{MALL}/tickets/{guess}")) for guess in guesses} == {404}
    assert {status(client.post(f"{MALL}/tickets/{guess}/cancellation")) for guess in guesses} == {404}
    assert client.get(f"{MALL}/tickets/{mine['id']}").json["status"] == "waiting"


def test_screens_tell_no_id_that_would_open_a_ticket(houses):
    client, mine = houses.client(), houses.issue()
    called = client.post(f"{MALL}/counters/G02/calls", headers=houses.bearer("operator", counter="G02"))
    shown = client.get(f"{MALL}/hall").text + client.get("/ticketing/malls/pekalongan/hall").text
    assert called.json["number"] in shown
    assert mine["id"] not in shown
    assert called.json["id"] not in shown
    client.post(f"{MALL}/tickets/{called.json['id']}/completion", headers=houses.bearer("operator", counter="G02"))


def test_a_booking_is_no_ticket_and_a_ticket_no_booking(houses):
    client = houses.client()
    ticket, booking = houses.issue()["id"], client.post(f"{MALL}/bookings", json=BOOKING).json["id"]
    assert status(client.get(f"{MALL}/tickets/{booking}")) == status(client.get(f"{MALL}/bookings/{ticket}")) == 404


@pytest.mark.parametrize("act", ["recall", "start", "no-show", "completion", "hold", "transfer"])
def test_a_clerk_cannot_act_on_the_visitor_of_another_counter(houses, act):
    client, ticket = houses.client(), houses.issue(SIM)
    called = client.post(f"{MALL}/counters/G03/calls", headers=houses.bearer("operator", counter="G03")).json
    body = {"hold": {"reason": "Fotokopi"}, "transfer": {"service": KTP}, "completion": {}}.get(act)
    path = f"{MALL}/tickets/{called['id']}/{act}"
    asked = client.post(path, json=body, headers=houses.bearer("operator", counter="G02"))
    assert status(asked) in (403, 409), asked.json
    assert client.get(f"{MALL}/tickets/{called['id']}").json["status"] == "called"
    client.post(f"{MALL}/tickets/{called['id']}/completion", headers=houses.bearer("operator", counter="G03"))
    assert ticket["service"] == SIM


def test_a_clerk_of_one_counter_cannot_work_another_and_nobody_another_mall(houses):
    client = houses.client()
    assert status(client.post(f"{MALL}/counters/G03/calls", headers=houses.bearer("operator", counter="G02"))) == 403
    for role in ("operator", "supervisor", "administrator"):
        asked = client.get(f"{MALL}/counters/G02", headers=houses.bearer(role, mall="batang"))
        assert status(asked) == 403


def test_an_agency_sees_the_figures_of_its_own_visits_alone(houses):
    client = houses.client()
    for service in (KTP, SIM):
        houses.issue(service)
    for by in ("agency", "service", "counter", "class", "hour", "day"):
        for form in ("json", "csv"):
            path = f"{MALL}/statistics?by={by}&format={form}"
            theirs = client.get(path, headers=houses.bearer("agency", agency="POLRES"))
            assert status(theirs) == 200
            assert "DUKCAPIL" not in theirs.text
            assert "G02" not in theirs.text
    every = client.get(f"{MALL}/statistics?by=agency", headers=houses.bearer("supervisor")).json["groups"]
    assert {"DUKCAPIL", "POLRES"} <= set(every)


def test_an_agency_reads_the_survey_of_its_own_visitors_alone(houses):
    client = houses.client()
    for form in ("json", "csv"):
        theirs = client.get(f"{MALL}/survey?format={form}", headers=houses.bearer("agency", agency="POLRES"))
        assert status(theirs) == 200
        assert "DUKCAPIL" not in theirs.text
    for asked in ({"agency": "POLRES", "query": "?agency=DUKCAPIL"}, {"agency": "", "query": ""}):
        scope = {"agency": asked["agency"]} if asked["agency"] else {}
        path = f"{MALL}/survey{asked['query']}"
        assert status(client.get(path, headers=houses.bearer("agency", **scope))) == 403


def test_an_agency_that_names_none_sees_nothing_and_none_sees_the_record(houses):
    client = houses.client()
    assert status(client.get(f"{MALL}/statistics", headers=houses.bearer("agency"))) == 403
    for path in ("days/2026-11-24/audit", "days/2026-11-24/verification", "overview"):
        assert status(client.get(f"{MALL}/{path}", headers=houses.bearer("agency", agency="POLRES"))) == 403
