"""API3, broken object property level authorization: nobody sets or reads what is not theirs to set or read."""

import pytest
from examples import KTP
from security.conftest import MALL

SERVICES = ("catalog", "ticketing", "notifications")
NOT_YOURS = {"number": "B-001", "status": "called", "id": "x", "ahead": 0, "issued_at": "2026-11-24", "counter": "G02"}


def test_every_route_that_takes_a_body_refuses_fields_it_does_not_know(houses):
    taken = 0
    for service in SERVICES:
        document = houses.client(service).get(f"/{service}/api/openapi.json").json
        schemas = document.get("components", {}).get("schemas", {})
        for path in document["paths"].values():
            for method, operation in path.items():
                if method == "parameters" or "requestBody" not in operation:
                    continue
                (body,) = operation["requestBody"]["content"].values()
                schema = schemas[body["schema"]["$ref"].rpartition("/")[2]]
                assert schema["additionalProperties"] is False, operation["summary"]
                taken += 1
    assert taken > 10


@pytest.mark.parametrize("field", NOT_YOURS)
def test_a_visitor_cannot_set_what_the_queue_decides(houses, field):
    answer = houses.client().post(f"{MALL}/tickets", json={"service": KTP, field: NOT_YOURS[field]})
    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])


@pytest.mark.parametrize("claimed", ["vip", "", 1, True, {"$gt": ""}, ["elderly"]])
def test_a_visitor_cannot_make_up_a_priority(houses, claimed):
    assert houses.client().post(f"{MALL}/tickets", json={"service": KTP, "priority": claimed}).status_code == 422


def test_a_clerk_cannot_have_somebody_else_recorded_as_who_acted(houses):
    asked = {"reason": "Uji coba", "actor": "Pak Joko"}
    answer = houses.client().post(f"{MALL}/stop", json=asked, headers=houses.bearer("supervisor"))
    assert answer.status_code == 422


def test_answers_hold_no_priority_class_note_key_or_phone(houses):
    client, clerk = houses.client(), houses.bearer("operator", counter="G02")
    key = {"Idempotency-Key": "kunci-rahasia-0001"} | houses.bearer("device")
    ticket = client.post(f"{MALL}/tickets", json={"service": KTP, "priority": "pregnancy"}, headers=key).json
    called = client.post(
        f"{MALL}/counters/G02/calls", json={"ticket": ticket["id"], "reason": "catatan petugas"}, headers=clerk
    )
    assert called.status_code == 201, called.json
    paths = ("hall", f"tickets/{ticket['id']}", "closures")
    pages = ("hall", f"tickets/{ticket['id']}", "kiosk")
    shown = "".join(client.get(f"{MALL}/{path}").text for path in paths)
    shown += "".join(client.get(f"/ticketing/malls/pekalongan/{page}").text for page in pages[:2])
    assert ticket["number"] in shown
    for secret in ("pregnancy", "catatan petugas", "kunci-rahasia", "Ibu Sri"):
        assert secret not in shown
    client.post(f"{MALL}/tickets/{ticket['id']}/completion", headers=clerk)
    assert set(ticket) == {
        *("id", "code", "number", "status", "service", "service_name", "agency", "agency_name", "counters", "counter"),
        *("in_force", "ending_reason"),
        *("ahead", "estimate", "issued_at", "called_at", "calls", "mall_name", "business_day", "status_url"),
    }


def test_a_phone_number_is_answered_masked(houses):
    path = f"/notifications/api/tickets/{houses.issue()['code']}/phone"
    assert houses.client("notifications").put(path, json={"phone": "0812-7711-4455"}).json == {"phone": "+62****55"}
    assert houses.client("notifications").get(path).status_code == 405, "it can be left and erased, not read"
