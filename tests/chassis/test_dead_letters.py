"""Dead letters: kept as they came, tried again by those who could not handle them, or discarded with a why."""

import uuid
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from flask.testing import FlaskClient
from kafka import KafkaProducer
from loops import kept_running
from pipeline import HEARING, Heard, eventually, in_topic

from services.chassis.dead_letters import DeadLetters, NotParked, UnknownDeadLetter
from services.chassis.decider import Streams
from services.chassis.inbox import consume
from services.kernel import dead_letter_office, tokens
from services.kernel.app import make_app
from services.kernel.tokens import Verifier

HEADERS = [
    ("ce_specversion", b"1.0"),
    ("ce_source", b"/t"),
    ("ce_type", b"counted.v1"),
    ("ce_time", b"2026-11-24T00:00Z"),
]


def record(value: bytes | None = b"\xff 1", offset: int = 7, **more) -> SimpleNamespace:
    headers = [*HEADERS, ("ce_id", b"stream@1.0"), ("nothing", None)]
    return SimpleNamespace(
        **{"topic": "t", "partition": 2, "offset": offset, "key": b"k", "value": value, "headers": headers} | more
    )


@pytest.fixture
def letters(database) -> DeadLetters:
    return DeadLetters(database)


@pytest.fixture
def parked(letters) -> str:
    """The id of a letter that waits for a decision."""
    letters.park("hearers", record(), "Malformed: no JSON")
    [letter] = letters.latest("parked", 10)
    return letter.id


def acts(letters: DeadLetters, id: str) -> list[str]:
    return [act["act"] for act in letters.get(id).acts]


def test_a_letter_keeps_bytes_headers_and_where_it_came_from(letters, parked):
    letter = letters.get(parked)
    came = record()
    assert (letter.value, letter.key, list(letter.headers)) == (came.value, came.key, came.headers)
    assert (letter.topic, letter.partition, letter.offset, letter.group) == ("t", 2, 7, "hearers")
    assert (letter.state, letter.cause) == ("parked", "Malformed: no JSON")


def test_a_record_that_is_delivered_again_is_no_second_letter_even_from_another_place(letters, parked):
    letters.park("hearers", record(offset=9000), "Malformed: no JSON")
    assert [letter.id for letter in letters.latest("", 10)] == [parked]
    assert acts(letters, parked) == ["parked", "parked"]
    letters.park("others", record(), "for them it is another")
    assert len(letters.latest("", 10)) == 2


def test_a_letter_is_due_once_somebody_asks_and_only_for_its_own_group(letters, parked):
    assert letters.due("hearers") == []
    letters.ask(parked, "sri")
    assert [letter.id for letter in letters.due("hearers")] == [parked]
    assert letters.due("others") == []
    letters.tried(letters.due("hearers"))
    assert letters.due("hearers") == []
    assert acts(letters, parked) == ["parked", "replaying", "handled"]


def test_a_letter_that_is_asked_for_again_while_it_was_tried_is_not_taken_for_handled(letters, parked):
    letters.ask(parked, "sri")
    tried = letters.due("hearers")
    letters.park("hearers", record(), "again")
    letters.ask(parked, "sri")
    letters.tried(tried)
    assert letters.get(parked).state == "replaying"


def test_what_was_discarded_stays_so_when_it_comes_again(letters, parked):
    letters.discard(parked, "sri", "a test")
    letters.park("hearers", record(), "Malformed: no JSON")
    assert letters.get(parked).state == "discarded"
    assert letters.get(parked).acts[-1] | {"at": None} == {"act": "discarded", "by": "sri", "why": "a test", "at": None}


def test_who_decides_second_is_refused(letters, parked):
    letters.ask(parked, "sri")
    for late in (lambda: letters.ask(parked, "budi"), lambda: letters.discard(parked, "budi", "late")):
        with pytest.raises(NotParked):
            late()
    with pytest.raises(UnknownDeadLetter):
        letters.ask("0" * 24, "sri")


@contextmanager
def consuming(kafka_settings, topic, store, reaction):
    """A consumer of the topic, for as long as the block lasts."""
    loop = consume(
        kafka_settings,
        f"{topic}-group",
        [topic],
        {"counted.v1": reaction},
        Streams(store, HEARING, {}),
        f"{topic}.dead",
    )

    with kept_running(loop):
        yield


def test_a_letter_is_handled_once_the_fault_is_mended_and_by_nobody_else(store, kafka_settings, letters):
    topic, heard = f"count-{uuid.uuid4().hex[:8]}", []

    def broken(event):
        raise KeyError("a fault of ours")

    def mended(event):
        heard.append(event.id)
        return "heard", Heard(event.data["number"])

    kafka_settings.create_topics([topic])
    producer = KafkaProducer(bootstrap_servers=list(kafka_settings.bootstrap))
    producer.send(topic, b'{"number": 7}', b"k", [*HEADERS, ("ce_id", b"c@1.0")]).get(10)
    with consuming(kafka_settings, topic, store, broken):
        assert eventually(lambda: letters.latest("parked", 10))
        [letter] = letters.latest("parked", 10)
        letters.ask(letter.id, "sri")
        assert eventually(lambda: acts(letters, letter.id) == ["parked", "replaying", "parked"]), "it fails again"
    with consuming(kafka_settings, topic, store, mended):
        letters.ask(letter.id, "sri")
        assert eventually(lambda: letters.get(letter.id).state == "handled")
        assert [event.data["number"] for commit in store.read("heard") for event in commit.events] == [7]
        with pytest.raises(NotParked):
            letters.ask(letter.id, "sri")
    assert heard == ["c@1.0"]
    assert len(in_topic(kafka_settings.bootstrap[0], 2, topic, seconds=1)) == 1, "other consumers are not told again"


@pytest.fixture
def private(tmp_path) -> bytes:
    tokens.make_keys(tmp_path)
    return (tmp_path / "token_private.pem").read_bytes()


@pytest.fixture
def office(letters, private, tmp_path) -> FlaskClient:
    verifier = Verifier((tmp_path / "token_public.pem").read_text(), lambda _: False)
    app = make_app("notifications", verifier, dead_letter_office.blueprints("notifications"), {}, "office")
    app.extensions["dead_letters"] = letters
    return app.test_client()


@pytest.fixture
def of(private):
    def headers(role: str, **scope: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {tokens.mint(private, name='Bu Sri', role=role, **scope)}"}

    return headers


API = "/notifications/api/dead-letters"


def test_an_administrator_looks_tries_again_and_discards(office, of, letters, parked):
    admin = of("administrator")
    [listed] = office.get(API, headers=admin).json["letters"]
    assert (listed["id"], listed["type"], listed["event"]) == (parked, "counted.v1", "stream@1.0")
    assert office.get(f"{API}/{parked}", headers=admin).json["value"] == "\\xff 1"
    assert office.post(f"{API}/{parked}/replay", headers=admin).status_code == 202
    again = office.post(f"{API}/{parked}/discard", json={"why": "uji"}, headers=admin)
    assert (again.status_code, again.json["reason"]) == (409, "not-parked")
    letters.park("hearers", record(), "again")
    discarded = office.post(f"{API}/{parked}/discard", json={"why": "Kejadian uji"}, headers=admin).json
    assert (discarded["state"], discarded["acts"][-1]["by"], discarded["acts"][-1]["why"]) == (
        "discarded",
        "Bu Sri",
        "Kejadian uji",
    )
    assert office.get(API, headers=admin).json["letters"] == []
    assert len(office.get(f"{API}?state=discarded", headers=admin).json["letters"]) == 1


def test_nothing_is_discarded_without_a_why(office, of, parked):
    for body in ({}, {"why": ""}, {"why": "x" * 301}):
        assert office.post(f"{API}/{parked}/discard", json=body, headers=of("administrator")).status_code == 422


def test_who_is_bound_to_a_mall_sees_none_of_them(office, of, parked):
    for role, scope in (("administrator", {"mall": "pekalongan"}), ("supervisor", {}), ("auditor", {})):
        assert office.get(API, headers=of(role, **scope)).status_code == 403
        assert office.post(f"{API}/{parked}/replay", headers=of(role, **scope)).status_code == 403


@pytest.mark.parametrize("phone", ["081234567890", "+6281234567890", "0812-3456-7890", "62 812 3456 7890"])
def test_a_phone_number_is_masked_wherever_it_stands(office, of, letters, phone):
    value = f'{{"phone": "{phone}"}}'.encode()
    letters.park("hearers", record(value, headers=[("ce_type", phone.encode())], key=phone.encode()), f"bad {phone}")
    answer = office.get(API, headers=of("administrator"))
    assert "****890" in answer.json["letters"][0]["value"]
    assert phone not in answer.text
    assert letters.latest("", 1)[0].value == value, "the bytes are kept as they came"
