"""The record of a day for people, and whether somebody changed it."""

import csv
import io
import json
from datetime import date, timedelta
from pathlib import Path
from typing import get_args

import pytest
from examples import KTP, PRIORITIES, TUESDAY_NINE
from ticketing.conftest import PEKALONGAN, refusal

from services.ticketing import audit
from services.ticketing.domain.clock import ClockWatch
from services.ticketing.domain.day.events import Event
from services.ticketing.domain.mall import Bookings
from services.ticketing.queue import Queue
from services.ticketing.schedule import Clock

RECORD = f"{PEKALONGAN}/days/2026-11-24/audit"
VERIFICATION = f"{PEKALONGAN}/days/2026-11-24/verification"


@pytest.fixture
def supervisor(bearer) -> dict[str, str]:
    return bearer("supervisor")


@pytest.fixture
def day(client, g02, supervisor, clock):
    """A morning: two visitors, one clerk, one supervisor."""
    first = client.post(f"{PEKALONGAN}/tickets", json={"service": KTP, "priority": "elderly"}).json
    client.post(f"{PEKALONGAN}/tickets", json={"service": KTP})
    clock.at = TUESDAY_NINE + timedelta(minutes=5)
    client.post(f"{PEKALONGAN}/counters/G02/calls", headers=g02)
    client.post(f"{PEKALONGAN}/tickets/{first['id']}/completion", headers=g02)
    client.post(f"{PEKALONGAN}/counters/G02/pause", json={"reason": "Salat Zuhur"}, headers=g02)
    rule = {"rule": "ratio", "in_a_row": 3, "ceiling_minutes": 45, "reason": "Banyak lansia"}
    client.put(f"{PEKALONGAN}/rule", json=rule, headers=supervisor)
    return client


def acts(client, token) -> list[dict]:
    return client.get(RECORD, headers=token).json["acts"]


def test_each_event_is_an_act_of_somebody(day, supervisor):
    told = [(act["act"], act["number"], act["counter"], act["actor"], act["why"]) for act in acts(day, supervisor)]
    assert told == [
        ("day-opened", "", "", "", ""),
        ("ticket-issued", "B-001", "", "", ""),
        ("ticket-issued", "B-002", "", "", ""),
        ("counter-opened", "", "G02", "Ibu Sri", ""),
        ("ticket-called", "B-001", "G02", "Ibu Sri", ""),
        ("ticket-served", "B-001", "G02", "Ibu Sri", ""),
        ("counter-paused", "", "G02", "Ibu Sri", "Salat Zuhur"),
        ("rule-changed", "", "", "Ibu Sri", "Banyak lansia"),
    ]


def test_the_record_says_what_else_there_is_to_know(day, supervisor):
    details = {act["act"]: act["detail"] for act in acts(day, supervisor)}
    assert details["ticket-issued"] == f"service={KTP}, waiting=1"
    assert details["ticket-called"] == f"service={KTP}, call=1"
    assert details["ticket-served"] == f"service={KTP}, result=done"
    assert details["rule-changed"] == "rule=ratio, in_a_row=3, ceiling_minutes=45"


def test_times_are_those_of_the_malls_zone_and_hashes_those_of_the_store(day, supervisor, store):
    commits = store.read("pekalongan/2026-11-24")
    found = acts(day, supervisor)
    assert found[0]["at"].endswith("+07:00")
    assert (found[0]["commit"], found[0]["hash"]) == (f"{commits[0].id}.0", commits[0].hash)
    assert (found[-1]["commit"], found[-1]["hash"]) == (f"{commits[-1].id}.0", commits[-1].hash)


def test_the_clock_is_named_where_it_acted(day, supervisor, store):
    queue = Queue(store)
    trusted = ClockWatch.start(TUESDAY_NINE, 0.0, settle=timedelta(0))
    Clock(queue, watch=trusted).tick(queue.mall("pekalongan"), TUESDAY_NINE + timedelta(hours=8))
    (closed,) = [act for act in acts(day, supervisor) if act["act"] == "day-closed"]
    assert (closed["actor"], closed["detail"]) == ("schedule", "by_schedule=True, issued=2, served=1, unserved=1")


def test_no_priority_class_is_in_the_record(day, supervisor):
    for kind in ("json", "csv"):
        text = day.get(f"{RECORD}?format={kind}", headers=supervisor).text
        assert [name for name in PRIORITIES if name in text] == []


@pytest.mark.parametrize("language", ["id", "en"])
def test_every_event_of_a_day_has_words(language):
    kinds = [audit.kind_of(event) for event in get_args(Event)]
    assert "ticket-called" in kinds
    assert len(set(kinds)) == len(kinds) > 20
    words = json.loads((Path(audit.__file__).parent / "words" / f"{language}.json").read_text())
    assert [kind for kind in kinds if f"audit.act.{kind}" not in words] == []


def test_a_day_on_which_nothing_happened_has_an_empty_record(client, supervisor):
    assert client.get(f"{PEKALONGAN}/days/2026-11-23/audit", headers=supervisor).json["acts"] == []
    found = client.get(f"{PEKALONGAN}/days/2026-11-23/verification", headers=supervisor).json
    assert (found["commits"], found["fits"], found["hash"]) == (0, True, None)


@pytest.mark.parametrize("page", ["audit", "verification"])
@pytest.mark.parametrize("nonsense", ["yesterday", "2026-13-01"])
def test_a_date_there_never_was_has_no_record(client, supervisor, page, nonsense):
    assert refusal(client.get(f"{PEKALONGAN}/days/{nonsense}/{page}", headers=supervisor)) == (404, "unknown-day")


@pytest.mark.parametrize("address", [RECORD, VERIFICATION])
def test_the_record_is_for_those_who_answer_for_it(client, bearer, address):
    assert [client.get(address, headers=bearer(role)).status_code for role in ("supervisor", "auditor")] == [200, 200]
    for role in ("operator", "agency", "device"):
        assert refusal(client.get(address, headers=bearer(role))) == (403, "wrong-role")
    assert refusal(client.get(address)) == (401, "bad-token")


def test_the_record_can_be_taken_along_as_a_table(day, supervisor):
    answer = day.get(f"{RECORD}?format=csv", headers=supervisor)
    assert answer.mimetype == "text/csv"
    assert 'filename="audit-pekalongan-2026-11-24.csv"' in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [row["act"] for row in rows] == [act["act"] for act in acts(day, supervisor)]
    assert [row["why"] for row in rows if row["why"]] == ["Salat Zuhur", "Banyak lansia"]


def test_a_reason_is_no_formula_in_the_table(client, g02, supervisor):
    client.post(f"{PEKALONGAN}/counters/G02/pause", json={"reason": "=HYPERLINK(1)"}, headers=g02)
    assert ",'=HYPERLINK(1)," in client.get(f"{RECORD}?format=csv", headers=supervisor).text


# Verification


def test_a_record_nobody_touched_fits(day, supervisor, store):
    found = day.get(VERIFICATION, headers=supervisor).json
    commits = store.read("pekalongan/2026-11-24")
    assert found == {
        "mall": "pekalongan",
        "day": "2026-11-24",
        "commits": len(commits),
        "fits": True,
        "first_misfit": None,
        "hash": commits[-1].hash,
        "seal": None,
        "signature": "none",
        "sealed_at": None,
        "seal_key": None,
        "faults": [],
    }


def test_the_first_commit_that_was_changed_is_named(day, supervisor, database):
    for version in (4, 3):
        change = {"$set": {"events.0.data.number": "B-099"}}
        database["commits"].update_one({"_id": f"pekalongan/2026-11-24@{version}"}, change)
    found = day.get(VERIFICATION, headers=supervisor).json
    assert (found["fits"], found["first_misfit"]) == (False, "pekalongan/2026-11-24@3")


def test_an_actor_who_was_changed_is_found(day, supervisor, database):
    database["commits"].update_one({"_id": "pekalongan/2026-11-24@3"}, {"$set": {"commands.0.actor": "Pak Joko"}})
    assert day.get(VERIFICATION, headers=supervisor).json["first_misfit"] == "pekalongan/2026-11-24@3"


def test_a_commit_that_was_left_out_is_found_at_the_next_one(day, supervisor, database):
    database["commits"].delete_one({"_id": "pekalongan/2026-11-24@2"})
    assert day.get(VERIFICATION, headers=supervisor).json["first_misfit"] == "pekalongan/2026-11-24@3"


def test_an_end_that_was_cut_off_a_closed_day_is_found_by_its_seal(client, supervisor, database, store):
    client.post(f"{PEKALONGAN}/tickets", json={"service": KTP})
    client.post(f"{PEKALONGAN}/closing", headers=supervisor)
    sealed = client.get(VERIFICATION, headers=supervisor).json
    assert (sealed["fits"], sealed["seal"]) == (True, sealed["hash"])
    assert store.read("pekalongan/2026-11-24")[-1].version == 2
    database["commits"].delete_one({"_id": "pekalongan/2026-11-24@2"})
    cut = client.get(VERIFICATION, headers=supervisor).json
    assert (cut["fits"], cut["first_misfit"], cut["seal"]) == (False, "pekalongan/2026-11-24@1", sealed["hash"])


def test_bookings_are_in_the_record_of_their_own_day(start, known, clock, supervisor):
    known(bookings=Bookings(14, "10:00"))
    clock.at = TUESDAY_NINE - timedelta(days=1)
    client = start()
    client.post(f"{PEKALONGAN}/bookings", json={"service": KTP, "day": date(2026, 11, 24).isoformat()})
    assert [(act["act"], act["detail"]) for act in acts(client, supervisor)] == [("place-booked", f"service={KTP}")]
