"""Whatever is sent, the answer is one that the API's document tells of, and never a fault of ours.

`make fuzz` tries more (MPP_FUZZ_CASES per service) and writes what it found to build/fuzz-<service>.txt.
"""

import os
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from examples import KK, KTP, SIM, TUESDAY_NINE
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import openapi
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from services.chassis.web import _roles as roles_of
from services.kernel.tokens import ROLES

CASES = int(os.environ.get("MPP_FUZZ_CASES", "100"))
LONG = "MPP_FUZZ_CASES" in os.environ
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
SERVICES = ("catalog", "ticketing", "notifications")
HOSTILE = [
    "\x00",
    "a\x00b",
    "x" * 5000,
    "..",
    "%00",
    "$where",
    "$gt",
    "a.b",
    "0001-01-01",
    "9999-12-31",
    "99999999",
    "0001-01-01T00:00:00+07:00",
    "9999-12-31T23:59:59-14:00",
    "00010101-x",
    "99991231-bx",
    "٢٠٢٦١١٢٤-x",
    "𝟚026-11-24",
    "-1",
    "1e400",
    "9" * 400,
    "NaN",
    "'",
    "\u202e",
    "\U0001f600",
]
HALF = "\ud800"  # half a character: JSON can spell it, an address cannot
KNOWN = {
    "mall": ["pekalongan", "batang"],
    "counter": ["G02", "G2B", "G03"],
    "service": [KTP, KK, SIM],
    "priority": ["elderly", None],
    "day": [(TUESDAY_NINE + timedelta(days=n)).date().isoformat() for n in (-1, 0, 1, 6)],
    "from": ["2026-11-01"],
    "to": ["2026-11-24"],
    "scope": ["mall", "counter", "service"],
    "code": ["pekalongan", "G02", KTP],
}


@pytest.fixture(scope="module")
def known(houses):
    """What is there to be named: tickets and a booking."""
    issued = [houses.issue(service) for service in (KTP, KK, SIM) * 4]
    ids, codes = [one["id"] for one in issued], [one["code"] for one in issued]
    wanted = {"service": KTP, "day": "2026-11-30"}
    booked = houses.client().post("/ticketing/api/malls/pekalongan/bookings", json=wanted).json["code"]
    codes_of = {"ticket_code": codes, "beside": codes, "booking_code": [booked]}
    return KNOWN | codes_of | {"ticket_id": ids, "ticket": ids}


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.timeout(900)
def test_no_request_is_answered_with_a_fault_or_in_a_way_that_is_not_documented(houses, known, service):
    schema = openapi.from_wsgi(f"/{service}/api/openapi.json", houses.apps[service])
    operations = [found.ok() for found in schema.get_all_operations()]
    found, statuses = Counter(), Counter()
    for number, operation in enumerate(operations):
        each = max(4, -(-CASES * 3 // 2 // len(operations)))
        attack(houses, operation, known, each, number, found, statuses)
    if LONG:
        report = Path("build") / f"fuzz-{service}.txt"
        report.parent.mkdir(exist_ok=True)
        lines = [f"{times} x {what}" for what, times in found.most_common()]
        report.write_text("\n".join([f"{sum(statuses.values())} cases: {dict(sorted(statuses.items()))}", *lines, ""]))
    assert sum(statuses.values()) >= CASES * 0.8
    assert dict(found) == {}


def bearer(houses, role: str) -> dict[str, str]:
    """A token of this role for every mall; of an agency for its own."""
    return houses.bearer(role, agency="DUKCAPIL") if role == "agency" else houses.bearer(role, mall="")


def attack(houses, operation, known, cases: int, number: int, found: Counter, statuses: Counter) -> None:
    """Ask one operation so often: as its document says and not, by all roles, for what exists and what cannot."""
    modes = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
    requests = st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in modes))
    # Mostly with a role that the route allows, so that more than the role check is tried.
    may_ask = roles_of(operation.app)[operation.method.upper(), operation.path] or {"supervisor", "operator"}
    welcome = [bearer(houses, role) for role in sorted(may_ask)]
    headers = [*welcome * (12 // len(welcome)), *(houses.bearer(role) for role in ROLES), {}]

    @settings(
        max_examples=cases,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @seed(number)
    @given(case=requests, data=st.data())
    def ask(case, data):
        draw = data.draw
        for place in (case.path_parameters, case.query, case.body):
            for name in list(place) if isinstance(place, dict) else ():
                choices = draw(st.sampled_from(["known", "known", "known", "as it is", "hostile"]))
                if choices == "known" and name in known:
                    place[name] = draw(st.sampled_from(known[name]))
                elif choices == "hostile":
                    place[name] = draw(st.sampled_from([*HOSTILE, HALF] if place is case.body else HOSTILE))
        case.headers = {**(case.headers or {}), **draw(st.sampled_from(headers))}
        answer = case.call()
        statuses[answer.status_code] += 1
        try:
            case.validate_response(answer, checks=CHECKS)
        except (Failure, FailureGroup) as failure:
            for one in [failure] if isinstance(failure, Failure) else failure.exceptions:
                what = " ".join(str(one).split())[:200]
                found[f"{operation.method.upper()} {operation.path} {answer.status_code}: {what}"] += 1

    ask()
