"""A stored event that gets a line in the contract is published, and offered to webhooks under its subject."""

from examples import SITI, TUESDAY_NINE

from services.chassis.cloud_event import TYPES
from services.chassis.event_store import Commit, StoredEvent
from services.notifications.webhooks.domain.kinds import SUBJECTS
from services.notifications.webhooks.news import kind_of
from services.ticketing import contract
from services.ticketing.domain.day.events import ServiceStarted
from tools import webhook_kinds

STARTED = {"ticket_id": SITI, "number": "B-001", "counter": "G02", "started_at": TUESDAY_NINE.isoformat()}
COMMIT = Commit("pekalongan/2026-11-24", 7, (StoredEvent("ServiceStarted", STARTED),), (), TUESDAY_NINE)
LINE = ("ticket-started.v1", ("ticket_id", "number", "counter", "started_at"))


def test_event_without_line_in_contract_is_not_published():
    assert contract.published(COMMIT) == []


def test_event_with_line_in_contract_is_published_with_its_fields(monkeypatch):
    monkeypatch.setattr(contract, "TOLD", {**contract.TOLD, ServiceStarted: LINE})
    (event,) = contract.published(COMMIT)
    assert (event.type, event.subject, event.key) == (f"{TYPES}ticket-started.v1", SITI, "pekalongan")
    assert event.data == {"mall": "pekalongan", "business_day": "2026-11-24", **STARTED}
    assert kind_of(event.type) == "ticket-started"


def test_new_published_type_is_offered_to_webhooks_last_of_its_subject():
    listed = {subject: list(kinds) for subject, kinds in SUBJECTS.items()}
    published = [f"{kind}.v1" for kinds in listed.values() for kind in kinds]
    found = webhook_kinds.by_subject([*published, LINE[0]], listed)
    assert found == listed | {"tickets": [*listed["tickets"], "ticket-started"]}
