"""From what is heard to a text in the log, on a real store: once each, and the number nowhere it should not be."""

import json
import threading
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from structlog.testing import capture_logs
from waiting import eventually

from services.chassis.clock import now
from services.chassis.cloud_event import CloudEvent
from services.chassis.event_store import EventStore
from services.kernel import tokens
from services.notifications import correspondence
from services.notifications.app import create_app
from services.notifications.contacts import Contacts
from services.notifications.correspondence import SMS, Correspondences
from services.notifications.domain.commands import ClaimMessage
from services.notifications.malls import Malls
from services.notifications.sms.dispatcher import Dispatcher
from services.notifications.sms.gateways.gateway import CertainlyNotSent, Rejected, Text
from services.notifications.sms.gateways.log import LogGateway
from services.notifications.sms.line import Line
from services.notifications.sms.reports import Reports
from services.notifications.sms.sender import reference_of
from services.notifications.subscriptions import MALL_REACTIONS, REACTIONS
from services.notifications.suspensions import Concerned

TODAY = f"{datetime.now(UTC) + timedelta(hours=7):%Y%m%d}"  # in the mall
SITI, BUDI = f"{TODAY}-pV0nX3mQx2Jc5sV7b1TtGA", f"{TODAY}-8sZQk1fYw9o_R4hUe6LdNw"
DAY = f"{TODAY[:4]}-{TODAY[4:6]}-{TODAY[6:]}"
CANARY = "0812-7711-4455"
CANARY_DIGITS = "81277114455"


class Gateway:
    """A gateway that answers as told and remembers what it was given."""

    def __init__(self, answer: Exception | None = None) -> None:
        self.answer = answer
        self.sent: list[Text] = []

    def send(self, text: Text) -> str:
        self.sent.append(text)
        if self.answer:
            raise self.answer
        return f"gw:{text.reference}"

    @property
    def told(self) -> list[str]:
        """What the texts said."""
        return [text.text for text in self.sent]


class Mall:
    """Ticketing and a visitor, as notifications meets them."""

    def __init__(self, store: EventStore) -> None:
        self.store = store
        self.here, self.malls = Correspondences(store, Contacts(store.database)), Malls(store)
        self.at = datetime.now(UTC)
        self.version = 0

    def hears(self, kind: str, ticket_id: str = SITI, **data) -> list:
        """An event of ticketing comes in; what it leads to."""
        self.version += 1
        return self.hears_again(kind, ticket_id, **data)

    def hears_again(self, kind: str, ticket_id: str = SITI, **data) -> list:
        """The same, with the version of the event before."""
        about = {"mall": "pekalongan", "ticket_id": ticket_id, "number": "B-012"}
        event = CloudEvent(
            f"pekalongan/2026-11-24@{self.version}.0",
            "/mpp/pekalongan/ticketing",
            f"id.go.mpp.{kind}.v1",
            ticket_id,
            self.at,
            "pekalongan",
            about | data,
            position=(self.version, 0),
        )
        reactions, streams = (REACTIONS, self.here.streams)
        if event.type in MALL_REACTIONS:
            reactions, streams = MALL_REACTIONS, self.malls.streams
        (outcome,) = streams.execute_all([reactions[event.type](event)])
        return list(outcome.events)

    def issued(self, ticket_id: str = SITI, **more) -> list:
        story = {"mall_name": "MPP Kota Pekalongan", "ahead": 3, "issued_at": self.at.isoformat()}
        return self.hears("ticket-issued", ticket_id, **story | more)

    def called(self, ticket_id: str = SITI) -> list:
        return self.hears("ticket-called", ticket_id, counter="G02", floor=1, called_at=self.at.isoformat())

    def deliver(
        self, *gateways, here: Correspondences | None = None, seconds: float = 0.0, tickets_of_phone: int = 0
    ) -> None:
        """What the relay does with everything that was ever to leave: also what it has done before."""
        lines = [Line(f"gateway {place}", gateway, 1000) for place, gateway in enumerate(gateways)]
        dispatcher = Dispatcher(self.store, here or self.here, self.malls, lines, Reports("", ""), tickets_of_phone)
        for commit in self.store.with_outbox(SMS):
            dispatcher.deliver(commit)
        dispatcher.confirm()
        due = {"due": {"$lte": now() + timedelta(seconds=seconds)}}
        assert eventually(lambda: self.store.database["outgoing"].count_documents(due) == 0)
        dispatcher.close()

    def tell_of_suspensions(self) -> None:
        """What the other relay does."""
        concerned = Concerned(self.here, self.malls)
        for commit in self.store.with_outbox("suspensions"):
            concerned.deliver(commit)
        concerned.confirm()

    def statuses(self) -> dict[str, str]:
        fresh = Correspondences(self.store, Contacts(self.store.database))
        return {message.requested.message_id: message.status for message in fresh.latest(100)}


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
    before = mall.here.streams.snapshot(correspondence.stream_of(SITI)).version
    mall.version = {"issued": 0, "called": 1}[occasion]
    assert getattr(mall, occasion)() == []
    assert Mall(mall.store).issued() == [], "nor does a process that has just started"
    assert mall.here.streams.snapshot(correspondence.stream_of(SITI)).version == before


def test_a_text_is_handed_over_once_however_often_the_relay_starts_over(mall):
    gateway = Gateway()
    mall.here.leave_phone(SITI, "+6281277114455")
    for what in (mall.issued, mall.called):
        what()
        for _ in range(3):
            mall.deliver(gateway)
            mall.deliver(gateway, here=Correspondences(mall.store, Contacts(mall.store.database)))
    assert [(text.reference, text.phone) for text in gateway.sent] == [
        (reference_of(f"{SITI}.issued"), "+6281277114455"),
        (reference_of(f"{SITI}.called"), "+6281277114455"),
    ]
    assert set(mall.statuses().values()) == {"accepted"}


def test_a_claim_that_a_dead_relay_left_is_not_sent_by_the_next_one(mall):
    gateway = Gateway()
    mall.here.leave_phone(SITI, "+6281277114455")
    mall.issued()
    mall.here.act(SITI, ClaimMessage(f"{SITI}.issued", now()))  # and then it died
    mall.deliver(gateway)
    assert gateway.sent == []
    assert mall.statuses() == {f"{SITI}.issued": "unknown"}


@pytest.mark.parametrize(
    ("answer", "status"),
    [(Rejected("no"), "failed"), (TimeoutError("no answer"), "unknown"), (RuntimeError("broken"), "unknown")],
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
    assert mall.statuses() == {f"{SITI}.issued": "dropped"}


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
    assert [text.reference for text in gateway.sent] == [reference_of(f"{SITI}.issued")]


def test_a_call_that_is_heard_of_too_late_is_not_told(mall):
    gateway = Gateway()
    mall.at = datetime.now(UTC) - timedelta(minutes=11)
    mall.here.leave_phone(SITI, "+6281277114455")
    mall.issued()
    mall.called()
    mall.deliver(gateway)
    assert gateway.sent == []
    assert mall.statuses() == {f"{SITI}.issued": "dropped", f"{SITI}.called": "expired"}


def test_a_visitor_leaves_a_number_and_sees_it_masked(client):
    for _ in range(2):
        answer = client.put(f"/notifications/api/tickets/{SITI}/phone", json={"phone": CANARY})
        assert (answer.status_code, answer.json) == (200, {"phone": "+62****55"})


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
    mall.deliver(Gateway())
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
        "+62****55",
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
    assert (line["id"], line["to"]) == (reference_of(f"{SITI}.issued"), "+62****55")
    assert line["text"].startswith("MPP Kota Pekalongan: nomor antrean B-012.")


def test_a_second_gateway_is_asked_where_the_first_certainly_did_not_send_it(mall):
    down, second = Gateway(CertainlyNotSent("down")), Gateway()
    mall.here.leave_phone(SITI, "+6281277114455")
    mall.issued()
    mall.deliver(down, second)
    assert (len(down.sent), len(second.sent)) == (1, 1)
    (message,) = mall.here.latest(10)
    assert (message.status, message.attempts, message.gateway) == ("accepted", 2, "gateway 1")


@pytest.mark.parametrize("unsure", [TimeoutError(), Rejected("never")])
def test_a_second_gateway_is_not_asked_for_what_the_first_may_have_sent_or_never_will(mall, unsure):
    second = Gateway()
    mall.here.leave_phone(SITI, "+6281277114455")
    mall.issued()
    mall.deliver(Gateway(unsure), second)
    assert second.sent == []


def test_a_text_that_no_gateway_takes_waits_and_is_sent_when_one_is_back(mall):
    down, back = Gateway(CertainlyNotSent("down")), Gateway()
    mall.here.leave_phone(SITI, "+6281277114455")
    mall.issued()
    mall.deliver(down)
    (message,) = mall.here.latest(10)
    assert (message.status, message.reason, len(down.sent)) == ("requested", "down", 1)
    assert timedelta(0) < message.due - datetime.now(UTC) <= timedelta(seconds=2)
    mall.deliver(back, seconds=3)
    assert (len(back.sent), set(mall.statuses().values())) == (1, {"accepted"})


def test_a_gateway_that_is_slow_with_one_text_does_not_hold_up_the_others(mall):
    release = threading.Event()

    class Slow(Gateway):
        def send(self, text: Text) -> str:
            if "B-099" in text.text:
                release.wait(10)
            return super().send(text)

    gateway = Slow()
    dispatcher = Dispatcher(mall.store, mall.here, mall.malls, [Line("slow", gateway, 1000)], Reports("", ""))
    for ticket_id, number in ((SITI, "B-099"), (BUDI, "B-100")):
        mall.here.leave_phone(ticket_id, "+6281277114455")
        mall.issued(ticket_id, number=number)
    for commit in mall.store.with_outbox(SMS):
        dispatcher.deliver(commit)
    dispatcher.confirm()
    assert eventually(lambda: [text for text in gateway.told if "B-100" in text])
    assert len(gateway.sent) == 1, "the other one still waits for its answer"
    release.set()
    dispatcher.close()
    assert len(gateway.sent) == 2


def test_number_erased_while_text_waits_for_its_turn_gets_no_text(mall):
    class Erasing(Gateway):
        def send(self, text: Text) -> str:
            mall.here.contacts.erase(BUDI)
            mall.here.contacts.erase(SITI)
            return super().send(text)

    gateway = Erasing()
    for ticket_id in (SITI, BUDI):
        mall.here.leave_phone(ticket_id, "+6281277114455")
        mall.issued(ticket_id)
    dispatcher = Dispatcher(mall.store, mall.here, mall.malls, [Line("slow", gateway, 1)], Reports("", ""))
    for commit in mall.store.with_outbox(SMS):
        dispatcher.deliver(commit)
    dispatcher.confirm()
    assert eventually(lambda: mall.store.database["outgoing"].count_documents({}) == 0)
    dispatcher.close()
    assert len(gateway.sent) == 1
    assert sorted(mall.statuses().values()) == ["accepted", "dropped"]


def test_what_is_suspended_is_told_to_those_who_wait_for_it_and_to_nobody_once_it_goes_on(mall):
    gateway = Gateway()
    for ticket_id, service in ((SITI, "KTP"), (BUDI, "SIM")):
        mall.here.leave_phone(ticket_id, "+6281277114455")
        mall.issued(ticket_id, service=service)
    mall.deliver(gateway)
    stop = {"service": "KTP", "reason": "Jaringan putus", "since": mall.at.isoformat(), "until": None}
    mall.hears("service-suspended", **stop)
    for _ in range(2):
        mall.tell_of_suspensions()
        mall.deliver(gateway)
    assert [text for text in gateway.told if "Jaringan putus" in text] == gateway.told[2:]
    assert len(gateway.sent) == 3
    mall.hears("service-suspended", **stop | {"service": "SIM"})
    mall.tell_of_suspensions()
    mall.hears("service-resumed", service="SIM", resumed_at=mall.at.isoformat())
    mall.malls.find("pekalongan")
    mall.deliver(gateway)
    assert len(gateway.sent) == 3
    assert "dropped" in mall.statuses().values()


def test_a_day_that_is_stopped_is_told_to_all_who_wait(mall):
    gateway = Gateway()
    mall.here.leave_phone(SITI, "+6281277114455")
    mall.issued()
    mall.hears("day-stopped", business_day=DAY, reason="Listrik padam", stopped_at=mall.at.isoformat())
    mall.tell_of_suspensions()
    mall.deliver(gateway)
    assert any("Listrik padam" in text for text in gateway.told)


def test_an_occasion_that_is_switched_off_is_not_texted_and_one_that_is_worded_says_so(client, staff, mall):
    gateway, base = Gateway(), "/notifications/api/malls/pekalongan/texts"
    admin = staff("administrator", mall="pekalongan")
    assert client.put(f"{base}/issued", json={"on": False}, headers=admin).json["on"] is False
    worded = {"text": "{mall}: ayo {number}, ke {counter}!"}
    assert client.put(f"{base}/called/id", json=worded, headers=admin).status_code == 200
    mall.here.leave_phone(SITI, "+6281277114455")
    mall.issued()
    mall.deliver(gateway)
    mall.called()
    mall.deliver(gateway)
    assert gateway.told == ["MPP Kota Pekalongan: ayo B-012, ke G02!"]
    assert mall.statuses() == {f"{SITI}.issued": "dropped", f"{SITI}.called": "accepted"}


def test_the_log_can_be_asked_for_one_state_and_one_occasion(client, staff, mall):
    mall.here.leave_phone(SITI, "+6281277114455")
    mall.issued()
    mall.deliver(Gateway(Rejected("no")))
    mall.called()
    mall.deliver(Gateway())

    def found(query: str) -> list[str]:
        answer = client.get(f"/notifications/api/messages?{query}", headers=staff(mall="pekalongan"))
        return [message["kind"] for message in answer.json["messages"]]

    assert found("status=failed") == found("kind=issued") == ["issued"]
    assert found("status=accepted") == ["called"]
    assert found("status=accepted&kind=issued") == []
    assert client.get("/notifications/api/messages?status=gone", headers=staff()).status_code == 422


def test_a_number_for_a_booking_is_kept_until_its_day_is_over(client, database):
    day = datetime.now(UTC) + timedelta(days=5)
    booking = f"{day:%Y%m%d}-b8sZQk1fYw9o_R4hUe6LdNw"
    answer = client.put(f"/notifications/api/tickets/{booking}/phone", json={"phone": CANARY, "language": "en"})
    assert answer.status_code == 200
    expires = database["contacts"].find_one({"_id": booking})["expires_at"]
    assert timedelta(hours=16) < expires - day.replace(hour=0, minute=0) < timedelta(hours=25)
    for odd in ("99999999", "20200101", f"{datetime.now(UTC) + timedelta(days=200):%Y%m%d}"):
        path = f"/notifications/api/tickets/{odd}-b8sZQk1fYw9o_R4hUe6LdNw/phone"
        assert client.put(path, json={"phone": CANARY}).status_code == 404
