"""One trace from the POST at the counter to the text on the visitor's phone, as OpenTelemetry's collector gets it."""

import json

import pytest
from e2e.conftest import MALL, eventually, key
from e2e.test_journey import a_service_at, take

pytestmark = pytest.mark.system


@pytest.fixture
def traced(site, collector):
    """The running system and what it sends."""
    if site.system is None or collector is None:
        pytest.skip("needs a system of its own, and OpenTelemetry")
    return site, collector


def test_a_call_and_the_text_it_leads_to_are_one_trace(traced):
    site, collected = traced
    with site.client() as visitor, site.desk("G18") as clerk:
        ticket = take(visitor, a_service_at(site, "G18"))
        visitor.put(f"/notifications/api/tickets/{ticket['code']}/phone", json={"phone": "0812-0000-4321"})

        def texts() -> set[str]:
            return {t["kind"] for t in site.texts() if t["ticket"] == ticket["id"] and t["status"] == "accepted"}

        assert eventually(lambda: "issued" in texts())
        call = clerk.post(f"/ticketing/api/malls/{MALL}/counters/G18/calls", headers=key())
        assert call.status_code == 201, call.text
        trace = call.headers["X-Request-Id"]
        assert eventually(lambda: "called" in texts())

    def steps() -> dict[str, tuple]:
        return {f"{one[0]}: {one[1]}": one for one in list(collected.spans) if one[2] == trace}

    posted = "ticketing-web: POST /ticketing/api/malls/<mall>/counters/<counter>/calls"
    heard = "notifications-worker: process id.go.mpp.ticket-called.v1"
    handed = "notifications-worker: hand over text"
    assert eventually(lambda: {posted, heard, handed} <= steps().keys()), steps()
    assert [one for one in collected.spans if ticket["code"] in str(one)] == [], "no step names the visitor's code"
    found = steps()
    assert found[posted][4] == "", "the trace begins with the request, and is called as it is"
    assert found[heard][4] == found[posted][3]
    assert found[handed][4] == found[heard][3]


def test_the_logs_of_all_processes_name_that_trace(traced):
    site, collected = traced
    calls = {one[2] for one in collected.spans if one[1].endswith("/counters/<counter>/calls")}
    trace = next(one[2] for one in collected.spans if one[1] == "hand over text" and one[2] in calls)
    lines = {}
    for name in ("ticketing-web", "notifications-web", "notifications-worker"):
        text = (site.system.data / "logs" / f"{name}.log").read_text()
        lines[name] = [json.loads(line) for line in text.splitlines() if trace in line]
    assert any(line["event"] == "done" for line in (*lines["ticketing-web"], *lines["notifications-web"]))
    assert any(line["event"] == "handed over" and line["trace"] == trace for line in lines["notifications-worker"])
