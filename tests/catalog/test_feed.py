"""The catalog's feed: what a mall offers, and nothing of who may do what."""

from datetime import UTC, datetime

import pytest
from catalog.conftest import PEKALONGAN

from services.catalog.contract import published
from services.catalog.directory import Malls
from services.catalog.domain.directory import ImportCatalog
from services.catalog.seed import read
from services.chassis.cloud_event import CloudEvent
from services.kernel.journal import Journal

EVENTS = "/catalog/api/malls/pekalongan/events"


@pytest.fixture
def told(web, store) -> Journal:
    """The mall was imported and its events are out; so is that somebody was revoked."""
    Malls(store).act("pekalongan", ImportCatalog(read(PEKALONGAN)))
    journal = Journal(store.database)
    journal.number([event for commit in store.with_outbox("events") for event in published(commit)])
    at, kind = datetime.now(UTC), "id.go.mpp.access-revoked.v1"
    for key in ("access", "pekalongan"):
        journal.number([CloudEvent(f"access@{key}.0", "/mpp/catalog/access", kind, "x", at, key, {"id": "x"})])
    return journal


def test_the_services_of_a_mall_are_told(web, bearer, told):
    answer = web.get(f"{EVENTS}?type=service-listed&limit=1000", headers=bearer("agency", agency="DUKCAPIL"))
    assert answer.status_code == 200
    services = [event["data"]["service"] for event in answer.json]
    assert "DUKCAPIL-KTPREKAM" in services
    assert {event["data"]["agency"] for event in answer.json} == {"DUKCAPIL"}


def test_what_was_revoked_is_told_to_nobody(web, bearer, told):
    everything = web.get(f"{EVENTS}?limit=1000", headers=bearer("administrator")).json
    assert len(everything) > 50
    assert {event["type"] for event in everything} & {"id.go.mpp.access-revoked.v1"} == set()
    asked = web.get(f"{EVENTS}?type=access-revoked", headers=bearer("administrator"))
    assert (asked.status_code, asked.json["reason"]) == (422, "unknown-event-type")
    nowhere = web.get("/catalog/api/malls/access/events", headers=bearer("administrator", mall=None))
    assert (nowhere.status_code, nowhere.json["reason"]) == (404, "unknown-mall")
