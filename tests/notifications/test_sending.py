"""From what is heard to a text in the log, on a real store: once each, and the number nowhere it should not be."""

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from structlog.testing import capture_logs

from services.chassis import tokens
from services.chassis.cloud_event import CloudEvent
from services.chassis.event_store import EventStore
from services.notifications import correspondence
from services.notifications.app import create_app
from services.notifications.contacts import Contacts
from services.notifications.correspondence import SMS, Correspondences
from services.notifications.domain import ClaimMessage
from services.notifications.sms.gateway import CertainlyNotSent, LogGateway
from services.notifications.sms.relay import Texts
from services.notifications.subscriptions import REACTIONS

TODAY = f"{datetime.now(UTC) + timedelta(hours=7):%Y%m%d}"  # in the mall
SITI, BUDI = f"{TODAY}-pV0nX3mQx2Jc5sV7b1TtGA", f"{TODAY}-8sZQk1fYw9o_R4hUe6LdNw"
CANARY = "0812-7711-4455"
CANARY_DIGITS = "81277114455"


class Gateway:
    """A gateway that answers as told and remembers what it was given."""

    def __init__(self, answer: Exception | None = None) -> None:
        self.answer = answer
        self.sent: list[tuple[str, str, str]] = []

    def send(self, message_id: str, phone: str, text: str) -> str:
        self.sent.append((message_id, phone, text))
        if self.answer:
            raise self.answer
        return f"gw:{message_id}"


class Mall:
    """Ticketing and a visitor, as notifications meets them."""

    def __init__(self, store: EventStore) -> None:
        self.store = store
        self.here = Correspondences(store, Contacts(store.database))
        self.at = datetime.now(UTC)

    def hears(self, kind: str, ticket_id: str = SITI, **data) -> list:
        """An event of ticketing comes in; what it leads to."""
        about = {"mall": "pekalongan", "ticket_id": ticket_id, "number": "B-012"}
        event = CloudEvent(
            f"pekalongan/2026-11-24@1.{kind}",
            "/mpp/pekalongan/ticketing",
            f"id.go.mpp.{kind}.v1",
            ticket_id,
            self.at,
            "pekalongan",
            about | data,
        )
        (outcome,) = self.here.streams.execute_all([REACTIONS[event.type](event)])
        return list(outcome.events)

    def issued(self, ticket_id: str = SITI) -> list:
        story = {"mall_name": "MPP Kota Pekalongan", "ahead": 3, "issued_at": self.at.isoformat()}
        return self.hears("ticket-issued", ticket_id, **story)

    def called(self, ticket_id: str = SITI) -> list:
        return self.hears("ticket-called", ticket_id, counter="G02", floor=1, called_at=self.at.isoformat())

    def deliver(self, gateway, here: Correspondences | None = None) -> None:
        """What the relay does with everything that was ever to leave: also what it has done before."""
        texts = Texts(gateway, here or self.here)
        for commit in self.store.with_outbox(SMS):
            texts.deliver(commit)
        texts.confirm()

    def statuses(self) -> dict[str, str]:
        fresh = Correspondences(self.store, Contacts(self.store.database))
        return {m.requested.message_id: m.status for one in fresh.latest(100) for m in one.messages.values()}


@pytest.fixture
def mall(store) -> Mall:
    return Mall(store)


@pytest.fixture
def client(mongo_server, database, monkeypatch, tmp_path):
    """The web process of notifications, on the same database."""
    tokens.make_keys(tmp_path / "keys")
    monkeypatch.setenv("MONGO_URL", mongo_server.url)
    monkeypatch.setenv("MONGO_DATABASE", database.name)
    monkeypatch.setenv("TOKEN_PUBLIC_KEY_FILE", str(tmp_path / "keys" / "token_public.pem"))
    return create_app().test_client()


@pytest.fixture
def staff(client, tmp_path):
    private = (tmp_path / "keys" / "token_private.pem").read_bytes()

    def headers(role: str = "supervisor", **scope: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {tokens.mint(private, name='Pak Joko', role=role, **scope)}"}

    return headers


@pytest.mark.parametrize("occasion", ["issued", "called"])
def test_a_reaction_ignores_a_repeat(mall, occasion):
    mall.issued()
    mall.here.leave_phone(SITI, "+6281277114455")
    mall.called()
    before = mall.here.streams.snapshot(correspondence.ticket_stream(SITI)).version
    assert getattr(mall, occasion)() == []
    assert Mall(mall.store).issued() == [], "nor does a process that has just started"
    assert mall.here.streams.snapshot(correspondence.ticket_stream(SITI)).version == before


def test_a_text_is_handed_over_once_however_often_the_relay_starts_over(mall):
    gateway = Gateway()
    mall.here.leave_phone(SITI, "+6281277114455")
    mall.issued()
    mall.called()
    for _ in range(3):
        mall.deliver(gateway)
        mall.deliver(gateway, Correspondences(mall.store, Contacts(mall.store.database)))
    assert [(message_id, phone) for message_id, phone, _ in gateway.sent] == [
        (f"{SITI}.issued", "+6281277114455"),
        (f"{SITI}.called", "+6281277114455"),
    ]
    assert set(mall.statuses().values()) == {"accepted"}


def test_a_claim_that_a_dead_relay_left_is_not_sent_by_the_next_one(mall):
    gateway = Gateway()
    mall.here.leave_phone(SITI, "+6281277114455")
    mall.issued()
    mall.here.act(SITI, ClaimMessage(f"{SITI}.issued", correspondence.now()))  # and then it died
    mall.deliver(gateway)
    assert gateway.sent == []
    assert mall.statuses() == {f"{SITI}.issued": "unknown"}


@pytest.mark.parametrize(
    ("answer", "status"),
    [(CertainlyNotSent(), "failed"), (TimeoutError("no answer"), "unknown"), (RuntimeError("broken"), "unknown")],
)
def test_what_the_gateway_makes_of_a_text_is_recorded_and_it_is_not_sent_again(mall, answer, status):
    mall.here.leave_phone(SITI, "+6281277114455")
    mall.issued()
    first, second = Gateway(answer), Gateway()
    mall.deliver(first)
    mall.deliver(second)
    assert (len(first.sent), second.sent) == (1, [])
    assert mall.statuses() == {f"{SITI}.issued": status}


def test_a_text_for_a_number_that_was_erased_is_not_sent(mall):
    gateway = Gateway()
    mall.here.leave_phone(SITI, "+6281277114455")
    mall.issued()
    mall.here.contacts.erase(SITI)
    mall.deliver(gateway)
    assert gateway.sent == []
    assert mall.statuses() == {f"{SITI}.issued": "failed"}


def test_a_visitor_who_takes_the_number_back_gets_no_further_text(client, mall, database):
    gateway = Gateway()
    client.put(f"/notifications/api/tickets/{SITI}/phone", json={"phone": CANARY})
    mall.issued()
    mall.deliver(gateway)
    for _ in range(2):
        assert client.delete(f"/notifications/api/tickets/{SITI}/phone").status_code == 204
    assert database["contacts"].count_documents({}) == 0
    mall.called()
    mall.deliver(gateway)
    assert [message_id for message_id, _, _ in gateway.sent] == [f"{SITI}.issued"]


def test_a_call_that_is_heard_of_too_late_is_not_told(mall):
    gateway = Gateway()
    mall.at = datetime.now(UTC) - timedelta(minutes=11)
    mall.here.leave_phone(SITI, "+6281277114455")
    mall.issued()
    mall.called()
    mall.deliver(gateway)
    assert [message_id for message_id, _, _ in gateway.sent] == [f"{SITI}.issued"]
    assert mall.statuses() == {f"{SITI}.issued": "accepted", f"{SITI}.called": "expired"}


def test_a_visitor_leaves_a_number_and_sees_it_masked(client):
    for _ in range(2):
        answer = client.put(f"/notifications/api/tickets/{SITI}/phone", json={"phone": CANARY})
        assert (answer.status_code, answer.json) == (200, {"phone": "+62812****455"})


@pytest.mark.parametrize("phone", ["0285-421234", "+65 8123 4567", "bukan nomor"])
def test_a_number_that_can_get_no_text_is_refused(client, database, phone):
    answer = client.put(f"/notifications/api/tickets/{SITI}/phone", json={"phone": phone})
    assert (answer.status_code, answer.json["reason"]) == (422, "invalid-phone")
    assert phone not in answer.text
    assert database["contacts"].count_documents({}) == 0


def test_the_message_log_is_for_staff(client, staff):
    assert client.get("/notifications/api/messages").status_code == 401
    assert client.get("/notifications/api/messages", headers=staff("operator")).status_code == 403
    for role in ("supervisor", "administrator"):
        assert client.get("/notifications/api/messages", headers=staff(role)).json == {"messages": []}


def test_the_message_log_tells_each_text_and_its_fate_newest_first(client, staff, mall):
    client.put(f"/notifications/api/tickets/{SITI}/phone", json={"phone": CANARY})
    mall.issued()
    mall.called()
    client.put(f"/notifications/api/tickets/{BUDI}/phone", json={"phone": "0857-1234-5678"})
    mall.issued(BUDI)
    mall.deliver(Gateway())
    messages = client.get("/notifications/api/messages", headers=staff()).json["messages"]
    assert {m["id"] for m in messages} == {f"{SITI}.issued", f"{SITI}.called", f"{BUDI}.issued"}
    assert all(newer["requested_at"] >= older["requested_at"] for newer, older in pairwise(messages))
    called = next(m for m in messages if m["kind"] == "called")
    assert (called["ticket"], called["number"], called["to"], called["status"]) == (
        SITI,
        "B-012",
        "+62812****455",
        "accepted",
    )
    assert called["text"].startswith("MPP Kota Pekalongan: nomor B-012 dipanggil. Silakan ke gerai G02, lantai 1.")
    few = client.get("/notifications/api/messages?limit=1", headers=staff()).json["messages"]
    assert [m["id"] for m in few] == [messages[0]["id"]]


def test_staff_of_a_mall_see_the_texts_of_that_mall_alone(client, staff, mall):
    mall.here.leave_phone(SITI, "+6281277114455")
    mall.issued()
    ours = client.get("/notifications/api/messages", headers=staff(mall="pekalongan")).json["messages"]
    theirs = client.get("/notifications/api/messages", headers=staff(mall="batang")).json["messages"]
    assert ([m["id"] for m in ours], theirs) == ([f"{SITI}.issued"], [])


def test_the_number_is_nowhere_but_in_contacts(client, staff, mall, database, tmp_path):
    file = tmp_path / "sms.jsonl"
    with capture_logs() as logged:
        answers = [client.put(f"/notifications/api/tickets/{SITI}/phone", json={"phone": CANARY})]
        mall.issued()
        mall.deliver(LogGateway(file))
        mall.called()
        mall.deliver(Gateway(RuntimeError(f"cannot reach +62{CANARY_DIGITS}")))
    assert set(mall.statuses().values()) == {"accepted", "unknown"}
    answers.append(client.get("/notifications/api/messages", headers=staff()))
    collections = {name: [str(d) for d in database[name].find()] for name in database.list_collection_names()}
    assert any(CANARY_DIGITS in document for document in collections.pop("contacts")), "the canary is alive"
    assert collections["commits"]
    said = {
        "answers": [answer.text for answer in answers],
        "texts": file.read_text().splitlines(),
        "logs": [str(line) for line in logged],
        **collections,
    }
    assert all(said[place] for place in ("answers", "texts", "logs"))
    digits = {
        place: ["".join(filter(str.isdecimal, document)) for document in documents] for place, documents in said.items()
    }
    assert [place for place, found in digits.items() if any(CANARY_DIGITS in document for document in found)] == []
    assert [place for place, documents in said.items() if any(CANARY in document for document in documents)] == []


def test_nothing_leaves_notifications_but_texts(store, mall):
    mall.here.leave_phone(SITI, "+6281277114455")
    mall.issued()
    assert {outbox for commit in store.with_outbox(SMS) for outbox in commit.outboxes} == {SMS}
    assert list(store.with_outbox("events")) == []


def test_the_log_of_texts_holds_what_was_sent(mall, tmp_path):
    file = tmp_path / "sms.jsonl"
    mall.here.leave_phone(SITI, "+6281277114455")
    mall.issued()
    mall.deliver(LogGateway(file))
    (line,) = map(json.loads, file.read_text().splitlines())
    assert (line["id"], line["to"]) == (f"{SITI}.issued", "+62812****455")
    assert line["text"].startswith("MPP Kota Pekalongan: nomor antrean B-012.")
