"""The feed: a mall's events by their numbers, for those who may hear them; in one answer or as they happen."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from jsonschema import Draft202012Validator
from ticketing.conftest import PEKALONGAN, refusal

from services.chassis.cloud_event import CloudEvent, decode
from services.kernel.access import STREAM, Heard, HearRevoked
from services.kernel.journal import Journal
from services.kernel.tokens import Verifier
from services.ticketing import live

EVENTS = f"{PEKALONGAN}/events"
LIVE = "/ticketing/live/malls/pekalongan/events"
NINE = datetime(2026, 11, 24, 2, tzinfo=UTC)
DUKCAPIL, POLRES = "DUKCAPIL", "POLRES"


@pytest.fixture
def journal(database) -> Journal:
    return Journal(database)


@pytest.fixture
def happened(journal):
    """Make events of a mall happen, one a minute from nine on: each a type and an agency."""
    count = iter(range(10_000))

    def happen(*events: tuple[str, str], mall: str = "pekalongan") -> list[str]:
        made = [
            CloudEvent(
                id=f"{mall}/2026-11-24@{n}.0",
                source=f"/mpp/{mall}/ticketing",
                type=f"id.go.mpp.{kind}.v1",
                subject="A-001",
                time=NINE + timedelta(minutes=n),
                key=mall,
                data={"mall": mall, "n": n} | ({"agency": agency} if agency else {}),
                position=(n, 0) if n else None,  # the first one is of an older release
            )
            for (kind, agency), n in zip(events, count, strict=False)
        ]
        return [event.id for event in journal.number(made)]

    return happen


def ids(answer) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [event["id"] for event in answer.json]


def following(answer) -> str:
    """Where the answer says to go on."""
    return re.fullmatch(r'<(\S+)>; rel="next"', answer.headers["Link"])[1]


def test_a_batch_holds_the_events_in_their_order_as_cloudevents(client, bearer, happened):
    told = happened(("ticket-called", DUKCAPIL), ("day-opened", ""), ("ticket-called", POLRES))
    answer = client.get(EVENTS, headers=bearer("auditor"))
    assert answer.mimetype == "application/cloudevents-batch+json"
    assert ids(answer) == told
    first = decode(json.dumps(answer.json[0]).encode(), [("content-type", b"application/cloudevents+json")])
    assert (first.sequence, first.key, first.data["agency"]) == (1, "pekalongan", DUKCAPIL)
    assert first.dataschema == "urn:mpp:event:ticket-called.v1"


def test_batch_holds_positions_and_events_of_older_releases_without(client, bearer, happened):
    happened(("ticket-called", DUKCAPIL), ("day-opened", ""))
    older, newer = client.get(EVENTS, headers=bearer("auditor")).json
    assert "streamposition" not in older
    assert newer["streamposition"] == "000000000001.000000"


def test_a_reader_goes_from_link_to_link_and_misses_and_repeats_nothing(client, bearer, happened):
    told = happened(*[("ticket-called", DUKCAPIL), ("ticket-served", POLRES)] * 10)
    at, read = f"{EVENTS}?limit=3&type=ticket-called", []
    for _ in range(6):
        answer = client.get(at, headers=bearer("supervisor"))
        read += ids(answer)
        at = following(answer)
    assert read == told[::2]
    told = happened(("ticket-called", POLRES))
    assert ids(client.get(at, headers=bearer("supervisor"))) == told


def test_a_reader_who_filters_need_not_look_at_what_was_passed_over_again(client, bearer, happened):
    happened(*[("ticket-called", DUKCAPIL)] * 5)
    answer = client.get(f"{EVENTS}?type=day-closed", headers=bearer("auditor"))
    assert ids(answer) == []
    assert following(answer) == f"{EVENTS}?type=day-closed&after=5"


def test_beyond_the_end_is_nothing_and_the_same_place_again(client, bearer, happened):
    happened(("day-opened", ""))
    answer = client.get(f"{EVENTS}?after=99", headers=bearer("auditor"))
    assert ids(answer) == []
    assert following(answer) == f"{EVENTS}?after=99"


def test_types_may_be_named_shortly_or_in_full(client, bearer, happened):
    told = happened(("ticket-called", DUKCAPIL), ("ticket-served", DUKCAPIL), ("day-opened", ""))
    for one in ("ticket-called", "ticket-called.v1", "id.go.mpp.ticket-called.v1"):
        assert ids(client.get(f"{EVENTS}?type={one}&type=day-opened", headers=bearer("auditor"))) == told[::2]


def test_an_unknown_type_is_refused_with_those_that_there_are(client, bearer):
    answer = client.get(f"{EVENTS}?type=ticket-called&type=ticket-eaten", headers=bearer("auditor"))
    assert refusal(answer) == (422, "unknown-event-type")
    assert answer.json["unknown"] == "ticket-eaten"
    assert "ticket-called.v1" in answer.json["known"]


def test_a_moment_is_a_place_to_begin_too(client, bearer, happened):
    told = happened(*[("ticket-called", DUKCAPIL)] * 5)
    at = (NINE + timedelta(minutes=3)).astimezone().isoformat().replace("+", "%2B")
    assert ids(client.get(f"{EVENTS}?since={at}", headers=bearer("auditor"))) == told[3:]


@pytest.mark.parametrize("wrong", ["after=-1", "after=one", "limit=0", "limit=1001", "since=08:00", "after=1e30"])
def test_a_wrong_place_or_number_is_refused(client, bearer, wrong):
    assert refusal(client.get(f"{EVENTS}?{wrong}", headers=bearer("auditor"))) == (422, "invalid")


def test_an_agency_hears_of_itself_and_of_what_concerns_everybody(client, bearer, happened):
    told = happened(("ticket-called", DUKCAPIL), ("ticket-called", POLRES), ("day-opened", ""))
    assert ids(client.get(EVENTS, headers=bearer("agency", agency=DUKCAPIL))) == [told[0], told[2]]
    assert ids(client.get(EVENTS, headers=bearer("agency", agency=POLRES))) == told[1:]
    assert ids(client.get(f"{EVENTS}?agency={POLRES}", headers=bearer("supervisor"))) == told[1:]


def test_an_agency_hears_nothing_of_another_whatever_it_asks(client, bearer):
    other = f"{EVENTS}?agency={POLRES}"
    assert refusal(client.get(other, headers=bearer("agency", agency=DUKCAPIL))) == (403, "wrong-scope")
    assert refusal(client.get(EVENTS, headers=bearer("agency"))) == (403, "wrong-scope"), "bound to none"


def test_a_mall_that_nobody_knows_is_not_found(client, bearer):
    answer = client.get("/ticketing/api/malls/batang/events", headers=bearer("administrator", mall="batang"))
    assert refusal(answer) == (404, "unknown-mall")


def test_one_mall_is_told_nothing_of_another(client, bearer, happened):
    happened(("ticket-called", DUKCAPIL), mall="tegal")
    assert ids(client.get(EVENTS, headers=bearer("auditor"))) == []


def test_a_subscriber_that_was_down_for_a_day_catches_up_in_order_without_loss(client, bearer, happened):
    at = following(client.get(EVENTS, headers=bearer("auditor")))
    told = happened(*[("ticket-called", DUKCAPIL), ("ticket-served", DUKCAPIL)] * 40)
    read, answer = [], client.get(f"{at}&limit=7", headers=bearer("auditor"))
    while found := ids(answer):
        read += found
        answer = client.get(following(answer), headers=bearer("auditor"))
    assert read == told


def test_schemas_are_listed_and_served_to_everybody_with_examples_that_fit(client):
    listed = client.get("/ticketing/api/schemas").json["schemas"]
    assert len(listed) > 25
    for one in listed:
        schema = client.get(one["href"]).json
        for example in schema["examples"]:
            Draft202012Validator(schema).validate(example)
    assert refusal(client.get("/ticketing/api/schemas/ticket-eaten.v1.json")) == (404, "unknown-schema")
    assert client.get("/ticketing/api/schemas/..%2f..%2fwords%2fid.json").status_code == 404


def test_the_events_are_described_to_machines(client):
    answer = client.get("/ticketing/api/asyncapi.yaml")
    assert answer.text.startswith("asyncapi: 3.0.0")
    assert "id.go.mpp.ticket-called.v1" in answer.text


def test_an_event_names_the_address_of_its_schema_where_the_address_is_known(
    start, known, bearer, happened, monkeypatch
):
    known()
    monkeypatch.setenv("PUBLIC_URL", "https://mpp.example.go.id/")
    client = start()
    happened(("ticket-called", DUKCAPIL))
    [event] = client.get(EVENTS, headers=bearer("auditor")).json
    assert event["dataschema"] == "https://mpp.example.go.id/ticketing/api/schemas/ticket-called.v1.json"
    assert client.get(event["dataschema"].removeprefix("https://mpp.example.go.id")).status_code == 200


@pytest.fixture
def stream(client, monkeypatch):
    """Open the stream of a subscriber: its messages, each as field and value; heartbeats as empty ones."""
    monkeypatch.setattr(live, "HEARTBEAT", 0.3)
    monkeypatch.setattr(live, "FULL", 20)  # so that a few events are several pages
    app, opened = live.create_app(), []

    def open_stream(query: str = "", **headers: str) -> Iterator[dict[str, str]]:
        answer = app.test_client().get(f"{LIVE}{query}", headers=headers)
        assert answer.status_code == 200, answer.text
        assert answer.mimetype == "text/event-stream"
        opened.append(answer)
        return messages(answer.iter_encoded())

    yield open_stream
    for answer in opened:
        answer.close()


def messages(chunks: Iterator[bytes]) -> Iterator[dict[str, str]]:
    for chunk in chunks:
        for message in chunk.decode().split("\n\n")[:-1]:
            yield dict(line.split(": ", 1) for line in message.split("\n") if not line.startswith(":"))


def events_of(stream: Iterator[dict[str, str]], count: int) -> list[tuple[str, str]]:
    """Number and id of the next events."""
    found = []
    while len(found) < count:
        message = next(stream)
        if "data" in message:
            found.append((message["id"], json.loads(message["data"])["id"]))
    return found


def test_a_subscriber_hears_what_happens_from_now_on(stream, bearer, happened):
    happened(("ticket-called", DUKCAPIL))
    messages = stream(**bearer("auditor"))
    assert next(messages) == {"retry": "2000", "id": "1"}
    told = happened(("ticket-called", POLRES), ("day-closed", ""))
    assert events_of(messages, 2) == [("2", told[0]), ("3", told[1])]


def test_a_subscriber_that_comes_back_goes_on_where_it_was(stream, bearer, happened):
    told = happened(*[("ticket-called", DUKCAPIL)] * 60)
    heard = events_of(stream(**bearer("auditor"), **{"Last-Event-ID": "3"}), 57)
    assert [id for _, id in heard] == told[3:]
    assert events_of(stream("?after=58", **bearer("auditor")), 2) == [("59", told[58]), ("60", told[59])]


def test_a_subscriber_that_filters_learns_how_far_it_was_looked(stream, bearer, happened):
    messages = stream("?type=day-closed", **bearer("agency", agency=POLRES))
    assert next(messages)["id"] == "0"
    happened(*[("ticket-called", DUKCAPIL)] * 5)
    while (message := next(messages)) == {}:
        pass
    assert message == {"id": "5"}


def test_while_nothing_happens_there_are_signs_of_life(stream, bearer):
    messages = stream(**bearer("auditor"))
    assert [next(messages) for _ in range(3)][1:] in ([{}, {}], [{"id": "0"}, {}])


def test_a_stream_ends_when_its_token_is_revoked(stream, store, bearer, happened, monkeypatch):
    headers = bearer("agency", agency=DUKCAPIL)
    messages = stream(**headers)
    next(messages)
    verifier = Verifier(live.public_key(live.Env()), lambda _: False)
    token = verifier.actor(headers["Authorization"], "").token
    until = datetime.now(UTC) + timedelta(days=1)
    Heard(store).streams.execute(STREAM, HearRevoked("token", token, 0, until, datetime.now(UTC)))
    monkeypatch.setattr("services.kernel.access.MAX_AGE", 0.0)
    happened(("ticket-called", DUKCAPIL))
    assert [message for message in messages if "data" in message] == []


def test_the_stream_asks_who_asks(client):
    answer = live.create_app().test_client().get(LIVE)
    assert refusal(answer) == (401, "bad-token")
