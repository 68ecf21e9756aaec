"""API1, broken object level authorization: who has no right to a thing cannot reach it by naming it."""

import re
import secrets
from datetime import date

import pytest
from examples import KTP, SIM, TUESDAY_NINE
from security.conftest import MALL

from services.ticketing.domain.day.commands import BookPlace, IssueTicket
from services.ticketing.survey.domain import ELEMENTS

BOOKING = {"service": KTP, "day": "2026-11-30"}
JUDGED = {"answers": dict.fromkeys(ELEMENTS, 4)}
PHONES = "/notifications/api/tickets"
CODE = re.compile(r"(?<![\w-])20261\d{3}-b?[\w-]{24}(?![\w-])")


def status(answer) -> int:
    return answer.status_code


def test_code_holds_144_random_bits_and_no_two_are_alike(houses):
    codes = [houses.issue()["code"] for _ in range(50)]
    assert all(re.fullmatch(r"20261124-[\w-]{24}", one) for one in codes)
    assert len({one[9:17] for one in codes}) == len(codes), "also their beginnings differ"


def test_guessing_a_code_finds_nothing(houses):
    client, mine = houses.client(), houses.issue()
    code = mine["code"]
    changed = code[:-1] + ("A" if code[-1] != "A" else "B")
    guesses = [changed, code[:-1], mine["number"], "1", "20261124-", f"20261123{code[8:]}", code.upper(), mine["id"]]
    assert {status(client.get(f"{MALL}/tickets/{guess}")) for guess in guesses} == {404}
    assert {status(client.post(f"{MALL}/tickets/{guess}/cancellation")) for guess in guesses} == {404}
    assert client.get(f"{MALL}/tickets/{code}").json["status"] == "waiting"


def test_public_id_opens_no_page_of_a_visitor(houses):
    client, ticket = houses.client(), houses.issue()
    booking = client.post(f"{MALL}/bookings", json=BOOKING).json
    for thing in (ticket, booking):
        page = thing["status_url"]
        for address in (page, f"{page}/qr.svg", *((f"{page}/survey",) if thing is ticket else ())):
            assert status(client.get(address)) == 200
            assert status(client.get(address.replace(thing["code"], thing["id"]))) == 404
    assert status(client.get(f"{ticket['status_url']}/app.webmanifest".replace(ticket["code"], ticket["id"]))) == 404


def test_public_id_cancels_judges_claims_and_texts_nothing(houses):
    client, texts, ticket = houses.client(), houses.client("notifications"), houses.issue()
    booking = client.post(f"{MALL}/bookings", json=BOOKING).json
    number = {"phone": "0812-3456-7890"}
    for role in ("", "agency", "device", "operator", "supervisor", "administrator"):
        headers = houses.bearer(role) if role else {}
        asked = [
            client.post(f"{MALL}/tickets/{ticket['id']}/cancellation", headers=headers),
            client.get(f"{MALL}/tickets/{ticket['id']}/survey", headers=headers),
            client.post(f"{MALL}/tickets/{ticket['id']}/survey", json=JUDGED, headers=headers),
            client.post(f"{MALL}/bookings/{booking['id']}/cancellation", headers=headers),
            client.post(f"{MALL}/bookings/{booking['id']}/check-in", headers=headers),
            *(texts.put(f"{PHONES}/{one['id']}/phone", json=number, headers=headers) for one in (ticket, booking)),
        ]
        assert {status(answer) for answer in asked} == {404}, role
        beside = client.post(f"{MALL}/tickets", json={"service": SIM, "beside": ticket["id"]}, headers=headers)
        assert (status(beside), beside.json["reason"]) == (422, "same-visit")


def test_phone_number_is_withdrawn_by_code_and_not_by_public_id(houses):
    texts, ticket = houses.client("notifications"), houses.issue()
    contacts = houses.apps["notifications"].extensions["correspondences"].contacts
    assert status(texts.put(f"{PHONES}/{ticket['code']}/phone", json={"phone": "0812-3456-7890"})) == 200
    texts.delete(f"{PHONES}/{ticket['id']}/phone")
    assert contacts.find(ticket["id"]) == "+6281234567890"
    texts.delete(f"{PHONES}/{ticket['code']}/phone")
    assert contacts.find(ticket["id"]) is None


def test_staff_read_by_id_and_no_answer_to_them_holds_a_code(houses):
    client, ticket = houses.client(), houses.issue()
    booking = client.post(f"{MALL}/bookings", json=BOOKING).json
    clerk, supervisor = houses.bearer("operator", counter="G02"), houses.bearer("supervisor")
    read = client.get(f"{MALL}/tickets/{ticket['id']}", headers=clerk)
    assert (status(read), read.json["number"], read.json["code"]) == (200, ticket["number"], None)
    assert client.get(f"{MALL}/bookings/{booking['id']}", headers=supervisor).json["code"] is None
    for role in ("agency", "auditor", "device"):
        assert status(client.get(f"{MALL}/tickets/{ticket['id']}", headers=houses.bearer(role))) == 404
    assert status(client.get(f"{MALL}/tickets/{ticket['id']}", headers=houses.bearer("operator", mall="batang"))) == 404
    walked_in = client.post(f"{MALL}/counters/G02/walk-ins", json={"service": KTP, "reason": "Lansia"}, headers=clerk)
    assert status(walked_in) == 201
    done = client.post(f"{MALL}/tickets/{walked_in.json['id']}/completion", headers=clerk)
    shown = [read, walked_in, done, client.get(f"{MALL}/counters/G02", headers=clerk)]
    shown += [client.get(f"{MALL}/{path}", headers=supervisor) for path in ("overview", "days/2026-11-24/audit")]
    shown.append(client.get(f"{MALL}/events", headers=supervisor))
    assert {status(answer) for answer in shown} == {200, 201}
    assert [answer.request.path for answer in shown if CODE.search(answer.text)] == []


def test_same_key_of_another_caller_returns_no_code_of_the_first(houses):
    key, wanted, client = {"Idempotency-Key": "1"}, {"service": KTP}, houses.client()
    bearers = [{}, houses.bearer("device"), houses.bearer("device"), houses.bearer("operator")]
    callers = [*bearers, *({"X-Forwarded-For": f"203.0.113.{n}"} for n in (7, 8))]
    for path, body in ((f"{MALL}/tickets", wanted), (f"{MALL}/bookings", BOOKING)):
        first, again = ([client.post(path, json=body, headers=key | one) for one in callers] for _ in range(2))
        assert {status(answer) for answer in first} == {201}
        assert len({answer.json["code"] for answer in first}) == len({answer.json["id"] for answer in first}) == 6
        assert [answer.json for answer in again] == [answer.json for answer in first], "the same caller gets it again"


def test_store_keeps_neither_codes_nor_idempotency_keys(houses):
    key = "kunci-yang-tidak-disimpan"
    ticket = houses.client().post(f"{MALL}/tickets", json={"service": KTP}, headers={"Idempotency-Key": key}).json
    database = houses.apps["ticketing"].extensions["queue"].store.database
    kept = "".join(str(one) for name in database.list_collection_names() for one in database[name].find())
    assert ticket["id"] in kept
    assert ticket["code"] not in kept
    assert key not in kept
    assert CODE.search(kept) is None


def test_ticket_of_release_without_codes_works_by_its_id(houses):
    client, texts, queue = houses.client(), houses.client("notifications"), houses.apps["ticketing"].extensions["queue"]
    old, booking = f"20261124-{secrets.token_urlsafe(16)}", f"20261130-b{secrets.token_urlsafe(16)}"
    known = queue.mall("pekalongan")
    queue.act(known, IssueTicket(old, KTP, None, TUESDAY_NINE, known))
    queue.act(known, BookPlace(booking, KTP, None, date(2026, 11, 30), TUESDAY_NINE, known))
    page = client.get(f"/ticketing/malls/pekalongan/tickets/{old}")
    assert (status(page), page.text.count(f"/tickets/{old}") > 0) == (200, True)
    assert client.get(f"{MALL}/tickets/{old}").json["code"] == old
    assert status(texts.put(f"{PHONES}/{old}/phone", json={"phone": "0812-3456-7890"})) == 200
    beside = client.post(f"{MALL}/tickets", json={"service": SIM, "beside": old})
    assert status(beside) == 201
    assert client.post(f"{MALL}/tickets/{old}/cancellation").json["status"] == "cancelled"
    assert client.get(f"{MALL}/bookings/{booking}").json["status_url"].endswith(booking)
    assert client.post(f"{MALL}/bookings/{booking}/cancellation").json["status"] == "cancelled"


def test_screens_tell_no_id_that_would_open_a_ticket(houses):
    client, mine = houses.client(), houses.issue()
    called = client.post(f"{MALL}/counters/G02/calls", headers=houses.bearer("operator", counter="G02"))
    shown = client.get(f"{MALL}/hall").text + client.get("/ticketing/malls/pekalongan/hall").text
    assert called.json["number"] in shown
    assert mine["id"] not in shown
    assert called.json["id"] not in shown
    assert CODE.search(shown) is None
    client.post(f"{MALL}/tickets/{called.json['id']}/completion", headers=houses.bearer("operator", counter="G02"))


def test_a_booking_is_no_ticket_and_a_ticket_no_booking(houses):
    client = houses.client()
    ticket, booking = houses.issue()["code"], client.post(f"{MALL}/bookings", json=BOOKING).json["code"]
    assert status(client.get(f"{MALL}/tickets/{booking}")) == status(client.get(f"{MALL}/bookings/{ticket}")) == 404


@pytest.mark.parametrize("act", ["recall", "start", "no-show", "completion", "hold", "transfer"])
def test_a_clerk_cannot_act_on_the_visitor_of_another_counter(houses, act):
    client, ticket = houses.client(), houses.issue(SIM)
    called = client.post(f"{MALL}/counters/G03/calls", headers=houses.bearer("operator", counter="G03")).json
    body = {"hold": {"reason": "Fotokopi"}, "transfer": {"service": KTP}, "completion": {}}.get(act)
    path = f"{MALL}/tickets/{called['id']}/{act}"
    asked = client.post(path, json=body, headers=houses.bearer("operator", counter="G02"))
    assert status(asked) in (403, 409), asked.json
    read = client.get(f"{MALL}/tickets/{called['id']}", headers=houses.bearer("supervisor"))
    assert read.json["status"] == "called"
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
