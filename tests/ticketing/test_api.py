"""Ticketing over HTTP, on a real store: what a kiosk, a counter, a hall and a supervisor get to hear."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from examples import KK, KTP, PRIORITIES, SIM, SUNDAY_NINE, TUESDAY_NINE
from ticketing.conftest import PEKALONGAN, refusal

from services.kernel.codes import id_of

ENGLISH = {"Accept-Language": "en"}


def issue(client, service: str = KTP, priority=None, **headers: str):
    body = {"service": service, "priority": priority}
    return client.post(f"{PEKALONGAN}/tickets", json=body, headers={n.replace("_", "-"): v for n, v in headers.items()})


def by_id(issued) -> str:
    """The address of a ticket for staff."""
    return f"{PEKALONGAN}/tickets/{issued.json['id']}"


def call(client, token, counter: str = "G02", **headers: str):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post(f"{PEKALONGAN}/counters/{counter}/calls", headers=token | headers)


def test_a_visitor_gets_a_ticket_and_where_to_look_at_it(client):
    answer = issue(client)
    ticket = answer.json
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"{PEKALONGAN}/tickets/{ticket['code']}"
    assert client.get(answer.headers["Location"]).json == ticket
    code = ticket.pop("code")
    assert re.fullmatch(r"20261124-[\w-]{24}", code)
    assert ticket.pop("id") == id_of(code)
    assert ticket.pop("status_url") == f"/ticketing/malls/pekalongan/tickets/{code}"
    assert ticket == {
        "number": "B-001",
        "status": "waiting",
        "service": KTP,
        "service_name": "Perekaman KTP-el",
        "agency": "DUKCAPIL",
        "agency_name": "Dinas Dukcapil",
        "counters": [{"code": "G02", "floor": 1}],
        "counter": None,
        "in_force": {"state": "open", "reason": "", "until": None},
        "ending_reason": None,
        "ahead": 0,
        "estimate": {"low_minutes": 0, "high_minutes": 1},
        "issued_at": "2026-11-24T02:00:00+00:00",
        "called_at": None,
        "calls": 0,
        "mall_name": "MPP Kota Pekalongan",
        "business_day": "2026-11-24",
    }


def test_numbers_count_up_per_line_and_ids_cannot_be_guessed(client):
    tickets = [issue(client, service).json for service in (KTP, KK, SIM, KTP)]
    assert [ticket["number"] for ticket in tickets] == ["B-001", "B-002", "C-001", "B-003"]
    assert len({ticket["id"] for ticket in tickets}) == 4


def test_a_visitor_is_told_how_many_are_ahead(client, g02):
    tickets = [issue(client).json for _ in range(3)]
    assert [ticket["ahead"] for ticket in tickets] == [0, 1, 2]
    call(client, g02)
    last = client.get(f"{PEKALONGAN}/tickets/{tickets[-1]['code']}").json
    assert last["ahead"] == 1


def test_the_same_key_again_gets_the_same_answer_also_from_another_process(client, start):
    first = issue(client, Idempotency_Key="kiosk-1-0001")
    issue(client)
    again = issue(client, Idempotency_Key="kiosk-1-0001")
    elsewhere = issue(start(), Idempotency_Key="kiosk-1-0001")
    for answer in (again, elsewhere):
        assert (answer.status_code, answer.json) == (201, first.json)
        assert answer.headers["Location"] == first.headers["Location"]
    assert client.get(f"{PEKALONGAN}/hall").json["issued"] == 2


def test_the_same_key_with_another_request_is_refused(client):
    issue(client, Idempotency_Key="kiosk-1-0001")
    assert refusal(issue(client, KK, Idempotency_Key="kiosk-1-0001")) == (422, "key-reused")
    assert refusal(issue(client, KTP, "elderly", Idempotency_Key="kiosk-1-0001")) == (422, "key-reused")
    assert client.get(f"{PEKALONGAN}/hall").json["issued"] == 1


def test_the_same_key_gets_the_same_answer_also_once_things_have_moved_on(client, g02):
    issued = issue(client, Idempotency_Key="kiosk-1-0001")
    called = call(client, g02, Idempotency_Key="console-7")
    client.post(f"{PEKALONGAN}/tickets/{issued.json['id']}/completion", headers=g02)
    assert issue(client, Idempotency_Key="kiosk-1-0001").json == issued.json
    assert call(client, g02, Idempotency_Key="console-7").json == called.json


def test_a_key_may_have_200_characters_and_no_more(client):
    assert issue(client, Idempotency_Key="k" * 200).status_code == 201
    assert refusal(issue(client, Idempotency_Key="k" * 201)) == (422, "key-too-long")
    assert client.get(f"{PEKALONGAN}/hall").json["issued"] == 1


def test_another_key_is_another_ticket(client):
    numbers = [issue(client, Idempotency_Key=f"kiosk-1-000{n}").json["number"] for n in (1, 2)]
    assert numbers == ["B-001", "B-002"]


def test_a_key_that_was_refused_may_be_used_again(client, clock):
    clock.at = TUESDAY_NINE - timedelta(hours=2)
    assert refusal(issue(client, Idempotency_Key="kiosk-1-0001")) == (409, "closed")
    clock.at = TUESDAY_NINE
    assert issue(client, Idempotency_Key="kiosk-1-0001").status_code == 201


@pytest.mark.parametrize(
    ("at", "opens"),
    [
        (datetime(2026, 11, 24, 0, 59, 59, tzinfo=UTC), "2026-11-24T08:00:00+07:00"),
        (datetime(2026, 11, 24, 8, 0, tzinfo=UTC), "2026-11-25T08:00:00+07:00"),
        (SUNDAY_NINE, "2026-11-23T08:00:00+07:00"),
    ],
)
def test_outside_hours_a_visitor_is_told_when_the_mall_opens(client, clock, at, opens):
    clock.at = at
    answer = issue(client)
    assert refusal(answer) == (409, "closed")
    assert answer.json["next_opening"] == opens


def test_the_visitor_after_the_last_place_is_refused_and_told_when_to_come(start, known):
    known(capacity=2)
    client = start()
    assert [issue(client).status_code for _ in range(2)] == [201, 201]
    answer = issue(client)
    assert refusal(answer) == (409, "capacity-reached")
    assert (answer.json["capacity"], answer.json["next_opening"]) == (2, "2026-11-25T08:00:00+07:00")
    assert "2 nomor" in answer.json["detail"]
    assert "Rabu 25 November, 08.00" in answer.json["detail"]


def test_a_refusal_is_told_in_the_language_asked_for(client, clock):
    clock.at = SUNDAY_NINE
    answer = client.post(f"{PEKALONGAN}/tickets", json={"service": KTP}, headers=ENGLISH)
    assert answer.json["detail"].endswith("Next opening: Monday 23 November, 08.00.")


def test_a_refusal_tells_the_time_of_a_closure_as_the_malls_clocks_show_it(client, bearer):
    closure = {"scope": "service", "code": KTP, "reason": "Gangguan aplikasi pusat", "until": "2026-11-24T05:00Z"}
    closed = client.post(f"{PEKALONGAN}/closures", json=closure, headers=bearer("supervisor"))
    assert closed.json["closures"][0]["until"] == "2026-11-24T12:00:00+07:00"
    answer = issue(client)
    assert refusal(answer) == (409, "suspended")
    assert answer.json["detail"] == (
        "Mohon maaf, Perekaman KTP-el belum dapat kami layani. Buka kembali: Selasa 24 November, 12.00. "
        "Alasan: Gangguan aplikasi pusat"
    )


def test_a_service_the_mall_does_not_offer_has_no_tickets(client):
    assert refusal(issue(client, "VISA-BULAN")) == (422, "unknown-service")


def test_a_service_without_a_counter_has_no_tickets(client):
    assert refusal(issue(client, "POLRES-SKCK")) == (409, "no-counter")


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"service": ["Wajib diisi."]}),
        ({"service": ""}, {"service": ["Panjangnya harus 1 sampai 64 huruf."]}),
        ({"service": None}, {"service": ["Tidak boleh kosong."]}),
        ({"service": KTP, "phone": "0812"}, {"phone": ["Isian ini tidak dikenal."]}),
    ],
)
def test_a_wrong_request_is_refused_with_each_field_named(client, body, errors):
    answer = client.post(f"{PEKALONGAN}/tickets", json=body)
    assert refusal(answer) == (422, "invalid")
    assert answer.json["errors"] == errors


def test_a_mall_nobody_has_heard_of_is_unknown(client, bearer):
    for answer in (
        client.post("/ticketing/api/malls/batang/tickets", json={"service": KTP}),
        client.get("/ticketing/api/malls/batang/hall"),
        client.post("/ticketing/api/malls/batang/counters/G02/calls", headers=bearer(mall="")),
    ):
        assert refusal(answer) == (404, "unknown-mall")


@pytest.mark.parametrize("ticket_id", ["20261124-nobody", "20261124-", "nonsense", "99999999-x", "20261123-nobody"])
def test_a_ticket_nobody_has_is_unknown(client, g02, ticket_id):
    assert refusal(client.get(f"{PEKALONGAN}/tickets/{ticket_id}")) == (404, "unknown-ticket")
    assert refusal(client.post(f"{PEKALONGAN}/tickets/{ticket_id}/completion", headers=g02)) == (404, "unknown-ticket")


def test_a_ticket_of_yesterday_can_still_be_looked_at(client, clock):
    where = issue(client).headers["Location"]
    clock.at = TUESDAY_NINE + timedelta(days=1)
    assert client.get(where).json["business_day"] == "2026-11-24"
    assert issue(client).json["number"] == "B-001"


def test_a_counter_calls_the_next_visitor(client, g02):
    first, _ = issue(client).json, issue(client).json
    answer = call(client, g02)
    assert answer.status_code == 201
    assert answer.json == first | {
        "code": None,
        "status": "called",
        "counter": {"code": "G02", "floor": 1},
        "called_at": "2026-11-24T02:00:00+00:00",
        "calls": 1,
        "ahead": None,
        "estimate": None,
        "status_url": None,
    }


def test_a_call_that_is_sent_again_calls_nobody_else(client, g02, start):
    for _ in range(3):
        issue(client)
    first = call(client, g02, Idempotency_Key="console-7")
    assert call(client, g02, Idempotency_Key="console-7").json == first.json
    assert call(start(), g02, Idempotency_Key="console-7").json == first.json
    assert refusal(call(client, g02)) == (409, "counter-busy")


def test_a_counter_with_a_visitor_calls_no_other(client, g02):
    issue(client)
    issue(client)
    call(client, g02)
    answer = call(client, g02)
    assert refusal(answer) == (409, "counter-busy")
    assert answer.json["number"] == "B-001"
    assert "B-001" in answer.json["detail"]


def test_a_counter_nobody_waits_for_calls_nobody(client, g02, bearer):
    issue(client, SIM)
    assert refusal(call(client, g02)) == (409, "nobody-waits")
    assert call(client, bearer(counter="G03"), "G03").json["number"] == "C-001"


def test_a_counter_that_is_not_there_calls_nobody(client, bearer):
    assert refusal(call(client, bearer(counter="G99"), "G99")) == (404, "unknown-counter")


def test_only_staff_of_that_counter_call(client, bearer, g02):
    issue(client)
    assert refusal(call(client, {})) == (401, "bad-token")
    assert refusal(call(client, bearer("agency"))) == (403, "wrong-role")
    assert refusal(call(client, g02, "G03")) == (403, "wrong-scope")
    assert refusal(call(client, bearer(mall="batang", counter="G02"))) == (403, "wrong-scope")
    assert call(client, bearer("supervisor")).status_code == 201


@pytest.mark.parametrize(("deed", "status"), [("completion", "served"), ("no-show", "missed")])
def test_a_visit_ends_at_its_counter_and_again_is_the_same_answer(client, g02, deed, status):
    where = by_id(issue(client))
    call(client, g02)
    answer = client.post(f"{where}/{deed}", headers=g02)
    assert (answer.status_code, answer.json["status"]) == (200, status)
    again = client.post(f"{where}/{deed}", headers=g02)
    assert (again.status_code, again.json) == (200, answer.json)
    assert client.get(where, headers=g02).json == answer.json
    assert refusal(call(client, g02)) == (409, "nobody-waits"), "the counter is free again"


@pytest.mark.parametrize("deed", ["completion", "no-show"])
def test_a_visit_is_ended_by_no_other_counter(client, g02, bearer, deed):
    where = by_id(issue(client))
    call(client, g02)
    assert refusal(client.post(f"{where}/{deed}", headers=bearer(counter="G03"))) == (403, "other-counter")
    assert refusal(client.post(f"{where}/{deed}", headers={})) == (401, "bad-token")
    assert client.get(where, headers=g02).json["status"] == "called"
    assert client.post(f"{where}/{deed}", headers=bearer("supervisor")).status_code == 200


@pytest.mark.parametrize("deed", ["completion", "no-show"])
def test_a_visitor_who_was_not_called_cannot_be_finished(client, g02, deed):
    where = by_id(issue(client))
    assert refusal(client.post(f"{where}/{deed}", headers=g02)) == (409, "not-called")


def test_a_visit_that_is_over_cannot_end_otherwise(client, g02):
    where = by_id(issue(client))
    call(client, g02)
    client.post(f"{where}/completion", headers=g02)
    assert refusal(client.post(f"{where}/no-show", headers=g02)) == (409, "not-called")


def test_a_counter_sees_its_visitor_and_who_is_next(client, g02):
    for priority in (None, None, "elderly"):
        issue(client, KTP, priority)
    issue(client, SIM)
    desk = client.get(f"{PEKALONGAN}/counters/G02", headers=g02).json
    assert (desk["current"], desk["served_today"], desk["open"], desk["override"]) == (None, 0, True, None)
    assert [waits["number"] for waits in desk["waiting"]] == ["B-003", "B-001", "B-002"]
    called = call(client, g02).json
    desk = client.get(f"{PEKALONGAN}/counters/G02", headers=g02).json
    assert desk["current"] == called | {"started_at": None, "recalls_left": 3, "note": "", "other_numbers": []}
    assert [waits["number"] for waits in desk["waiting"]] == ["B-001", "B-002"]
    client.post(f"{PEKALONGAN}/tickets/{called['id']}/completion", headers=g02)
    desk = client.get(f"{PEKALONGAN}/counters/G02", headers=g02).json
    assert (desk["current"], desk["served_today"]) == (None, 1)


def test_only_staff_of_that_counter_see_its_desk(client, g02, bearer):
    assert refusal(client.get(f"{PEKALONGAN}/counters/G02")) == (401, "bad-token")
    assert refusal(client.get(f"{PEKALONGAN}/counters/G03", headers=g02)) == (403, "wrong-scope")
    assert refusal(client.get(f"{PEKALONGAN}/counters/G99", headers=bearer())) == (404, "unknown-counter")


def test_the_hall_before_the_first_visitor(client):
    shown = client.get(f"{PEKALONGAN}/hall").json
    assert shown.pop("catalogue")
    assert shown == {
        "mall": "pekalongan",
        "name": "MPP Kota Pekalongan",
        "zone": "Asia/Jakarta",
        "business_day": "2026-11-24",
        "position": "2026-11-24@0",
        "open": True,
        "tickets": True,
        "override": None,
        "stopped": None,
        "why_closed": None,
        "next_opening": None,
        "capacity": 100,
        "issued": 0,
        "rule": {"rule": "ratio", "in_a_row": 2, "ceiling_minutes": None},
        "closures": [],
        "serving": [],
        "calls": [],
        "waiting": [],
        "seal": None,
    }


def test_the_hall_shows_who_is_called_where_and_how_many_wait(client, g02, bearer):
    for service in (KTP, KTP, KK, SIM, SIM):
        issue(client, service)
    call(client, g02)
    call(client, bearer(counter="G03"), "G03")
    hall = client.get(f"{PEKALONGAN}/hall").json
    assert [(at["counter"], at["floor"], at["number"]) for at in hall["serving"]] == [
        ("G02", 1, "B-001"),
        ("G03", 2, "C-001"),
    ]
    assert [(called["number"], called["counter"]) for called in hall["calls"]] == [("C-001", "G03"), ("B-001", "G02")]
    assert [(line["line"], line["agency"], line["waiting"]) for line in hall["waiting"]] == [
        ("B", "DUKCAPIL", 2),
        ("C", "POLRES", 1),
    ]
    assert (hall["issued"], hall["open"]) == (5, True)


def test_the_hall_keeps_the_last_ten_calls_after_the_visits_are_over(client, g02):
    for _ in range(12):
        where = by_id(issue(client))
        call(client, g02)
        client.post(f"{where}/completion", headers=g02)
    hall = client.get(f"{PEKALONGAN}/hall").json
    assert hall["serving"] == []
    assert [called["number"] for called in hall["calls"]] == [f"B-{n:03d}" for n in range(12, 2, -1)]
    assert len({called["call"] for called in hall["calls"]}) == 10


def test_the_hall_grows_in_position_with_every_event(client, g02):
    positions = [client.get(f"{PEKALONGAN}/hall").json["position"]]
    issue(client)
    positions.append(client.get(f"{PEKALONGAN}/hall").json["position"])
    call(client, g02)
    positions.append(client.get(f"{PEKALONGAN}/hall").json["position"])
    assert positions == ["2026-11-24@0", "2026-11-24@1", "2026-11-24@2"]


def test_the_hall_tells_nobody_the_id_of_a_ticket(client, g02):
    ids = [issue(client).json["id"] for _ in range(2)]
    call(client, g02)
    shown = client.get(f"{PEKALONGAN}/hall").text
    assert "B-001" in shown
    assert [ticket_id for ticket_id in ids if ticket_id in shown or ticket_id.split("-", 1)[1] in shown] == []


@pytest.mark.parametrize("priority", PRIORITIES)
def test_nothing_that_is_shown_tells_a_priority_class(client, g02, priority):
    ordinary, claimed = issue(client).json, issue(client, KTP, priority).json
    waiting = client.get(f"{PEKALONGAN}/tickets/{claimed['code']}")
    desk = client.get(f"{PEKALONGAN}/counters/G02", headers=g02)
    called = call(client, g02)
    assert called.json["id"] == claimed["id"], "the class counts"
    shown = [waiting, desk, called, client.get(f"{PEKALONGAN}/hall"), client.get(claimed["status_url"])]
    shown.append(client.get(f"/ticketing/malls/pekalongan/tickets/{claimed['code']}", headers={"Accept": "text/html"}))
    assert {answer.status_code for answer in shown} == {200, 201}
    assert [answer.request.path for answer in shown if priority in answer.text] == []
    assert ordinary.keys() == claimed.keys()
    assert [key for key in claimed if "prior" in key or "class" in key] == []


def test_a_supervisor_opens_the_mall_outside_its_hours_and_every_screen_says_so(client, clock, bearer, g02):
    clock.at = SUNDAY_NINE
    assert client.get(f"{PEKALONGAN}/hall").json["open"] is False
    body = {"reason": "Pelayanan hari Minggu"}
    answer = client.post(f"{PEKALONGAN}/opening", json=body, headers=bearer("supervisor"))
    assert (answer.status_code, answer.json["open"], answer.json["override"]) == (200, True, "Pelayanan hari Minggu")
    assert client.get(f"{PEKALONGAN}/hall").json == answer.json
    assert client.get(f"{PEKALONGAN}/counters/G02", headers=g02).json["override"] == "Pelayanan hari Minggu"
    assert issue(client).status_code == 201
    again = client.post(f"{PEKALONGAN}/opening", json={"reason": "Alasan lain"}, headers=bearer("supervisor"))
    assert (again.status_code, again.json["override"]) == (200, "Pelayanan hari Minggu")


@pytest.mark.parametrize("role", ["operator", "agency", "auditor", "device"])
def test_nobody_else_opens_the_mall(client, clock, bearer, role):
    clock.at = SUNDAY_NINE
    body = {"reason": "Pelayanan hari Minggu"}
    assert refusal(client.post(f"{PEKALONGAN}/opening", json=body, headers=bearer(role))) == (403, "wrong-role")
    assert refusal(client.post(f"{PEKALONGAN}/opening", json=body)) == (401, "bad-token")
    elsewhere = bearer("supervisor", mall="batang")
    assert refusal(client.post(f"{PEKALONGAN}/opening", json=body, headers=elsewhere)) == (403, "wrong-scope")
    assert refusal(issue(client)) == (409, "closed")


@pytest.mark.parametrize("body", [{}, {"reason": "x"}, {"reason": "x" * 201}])
def test_the_mall_is_not_opened_without_a_reason(client, clock, bearer, body):
    clock.at = SUNDAY_NINE
    answer = client.post(f"{PEKALONGAN}/opening", json=body, headers=bearer("supervisor"))
    assert refusal(answer) == (422, "invalid")
    assert list(answer.json["errors"]) == ["reason"]


def test_an_opening_lasts_for_its_day(client, clock, bearer):
    clock.at = SUNDAY_NINE
    client.post(f"{PEKALONGAN}/opening", json={"reason": "Hari Minggu"}, headers=bearer("supervisor"))
    clock.at = SUNDAY_NINE + timedelta(days=7)
    assert refusal(issue(client)) == (409, "closed")


def test_the_store_remembers_who_called_and_nothing_of_a_visitor(client, g02, store):
    issue(client)
    call(client, g02)
    actors = [command.actor for commit in store.read("pekalongan/2026-11-24") for command in commit.commands]
    assert actors == ["", "Ibu Sri"]


@pytest.mark.parametrize(
    ("path", "shows"),
    [
        ("kiosk", "Perekaman KTP-el"),
        ("hall", "MPP Kota Pekalongan"),
        ("counters/G02", "Dinas Dukcapil"),
    ],
)
def test_a_page_of_the_mall_is_shown_to_anybody(client, path, shows):
    page = client.get(f"/ticketing/malls/pekalongan/{path}")
    assert (page.status_code, page.mimetype) == (200, "text/html")
    assert shows in page.text


def test_a_visitor_has_a_page_and_its_address_as_a_picture(client):
    ticket = issue(client).json
    page = client.get(ticket["status_url"])
    assert page.status_code == 200
    assert "B-001" in page.text
    picture = client.get(f"{ticket['status_url']}/qr.svg")
    assert (picture.status_code, picture.mimetype) == (200, "image/svg+xml")
    nobody = client.get("/ticketing/malls/pekalongan/tickets/20261124-nobody/qr.svg")
    assert nobody.status_code == 404
