"""API4, unrestricted resource consumption: no single request can ask for much. How many may be asked: test_limits."""

import pytest
from examples import KTP
from security.conftest import MALL


def refused(answer, status: int, reason: str) -> bool:
    return (answer.status_code, answer.json["reason"]) == (status, reason)


def test_a_large_body_is_not_read(houses):
    for service, path in (("ticketing", f"{MALL}/tickets"), ("notifications", "/notifications/api/tickets/x/phone")):
        for method in ("POST", "PUT"):
            answer = houses.client(service).open(path, method=method, data=b"x" * 70_000)
            assert answer.status_code in (405, 413)
    assert refused(houses.client().post(f"{MALL}/tickets", json={"service": "x" * 70_000}), 413, "too-large")


def test_deep_json_is_refused(houses):
    for body in ("[" * 60_000, '{"service":' * 5_500):
        answer = houses.client().post(f"{MALL}/tickets", data=body, content_type="application/json")
        assert refused(answer, 400, "bad-request")


LONG_NUMBERS = ["9" * 5000, "-" + "9" * 5000, "1" + "0" * 60_000]  # Python reads 4,300 digits


@pytest.mark.parametrize("number", LONG_NUMBERS, ids=["positive", "negative", "longest"])
@pytest.mark.parametrize(
    ("service", "method", "path", "field"),
    [
        ("ticketing", "POST", f"{MALL}/tickets", "service"),
        ("ticketing", "POST", f"{MALL}/stop", "reason"),
        ("notifications", "PUT", "/notifications/api/tickets/x/phone", "phone"),
        ("catalog", "PUT", "/catalog/api/malls/pekalongan", "capacity"),
        ("catalog", "POST", "/catalog/api/malls/pekalongan/import", "document"),
    ],
)
def test_integer_of_thousands_of_digits_is_refused(houses, service, method, path, field, number):
    role = "administrator" if service == "catalog" else "supervisor"
    for body in (f'{{"{field}": {number}}}', f'{{"{field}": [{{"x": {number}}}]}}'):
        answer = houses.client(service).open(
            path, method=method, data=body, content_type="application/json", headers=houses.bearer(role)
        )
        assert refused(answer, 400, "bad-request")


def test_text_of_thousands_of_digits_is_read_as_text(houses):
    client, headers = houses.client("catalog"), houses.bearer("administrator")
    answer = client.put("/catalog/api/malls/pekalongan", json={"address": "9" * 5000}, headers=headers)
    assert refused(answer, 422, "invalid-entry")


@pytest.mark.parametrize("limit", ["9" * 5000, "1001", "99999999999999999999", "-1", "0", "1e9"])
def test_a_huge_page_is_refused(houses, limit):
    path = f"/notifications/api/messages?limit={limit}"
    assert refused(houses.client("notifications").get(path, headers=houses.bearer("supervisor")), 422, "invalid")


def test_long_texts_and_lists_are_refused(houses):
    client, clerk = houses.client(), houses.bearer("supervisor")
    assert refused(client.post(f"{MALL}/tickets", json={"service": "x" * 65}), 422, "invalid")
    assert refused(client.post(f"{MALL}/stop", json={"reason": "x" * 201}, headers=clerk), 422, "invalid")
    many = {"also": [KTP] * 21}
    assert refused(client.post(f"{MALL}/tickets/x/completion", json=many, headers=clerk), 422, "invalid")
    key = {"Idempotency-Key": "k" * 201}
    assert refused(client.post(f"{MALL}/tickets", json={"service": KTP}, headers=key), 422, "key-too-long")
    assert refused(
        houses.client("catalog").get(f"/catalog/api/malls/pekalongan/services?q={'x' * 101}"), 422, "invalid"
    )


def test_the_statistics_of_all_time_are_those_of_the_days_there_are(houses):
    path = f"{MALL}/statistics?from=0001-01-01&to=9999-12-31&by=day"
    assert houses.client().get(path, headers=houses.bearer("supervisor")).json["days"] <= 1
