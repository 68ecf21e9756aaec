"""How many wait now, from what ticketing tells: in order, once more, and in any order at all."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from services.catalog import directory
from services.catalog.app import create_app
from services.catalog.directory import Malls, bookings_stream, closures_stream, day_stream
from services.catalog.domain.directory import ImportCatalog, WithdrawAgency
from services.catalog.domain.waiting import WAITING, Waiting
from services.catalog.seed import read
from services.catalog.subscriptions import REACTIONS
from services.chassis.clock import CLOCK
from services.chassis.cloud_event import CloudEvent
from services.kernel import tokens

NINE = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)  # 09:00 in Pekalongan
TUESDAY = date(2026, 11, 24)
KTP, SIM = "DUKCAPIL-KTPREKAM", "POLRES-SIMA"
SITI, BUDI = "siti", "budi"


class Queue:
    """What ticketing tells of a Tuesday, one event a commit."""

    def __init__(self) -> None:
        self.told: list[CloudEvent] = []

    def tell(self, kind: str, stream: str = "pekalongan/2026-11-24", **data) -> CloudEvent:
        version = len(self.told) + 1
        event = CloudEvent(
            id=f"{stream}@{version}.0",
            source="/mpp/pekalongan/ticketing",
            type=f"id.go.mpp.{kind}.v1",
            subject="",
            time=NINE + timedelta(minutes=version),
            key="pekalongan",
            data={"mall": "pekalongan", "business_day": "2026-11-24", **data},
            position=(version, 0),
        )
        self.told.append(event)
        return event

    def ticket(self, kind: str, who: str, service: str = KTP, **data) -> CloudEvent:
        return self.tell(f"ticket-{kind}", ticket_id=who, service=service, **data)

    def suspend(self, scope: str, until: datetime | None = None, since: datetime = NINE, **code) -> CloudEvent:
        times = {"since": since.isoformat(), "until": until and until.isoformat()}
        return self.tell(f"{scope}-suspended", "mall/pekalongan", reason="Listrik padam", **times, **code)


@pytest.fixture
def queue() -> Queue:
    return Queue()


def after(events, state: Waiting = WAITING.initial) -> Waiting:
    """What is known after these events."""
    for event in events:
        _, news = REACTIONS[event.type](event)
        for heard in WAITING.decide(news, state):
            state = WAITING.evolve(state, heard)
    return state


def told_again(event: CloudEvent, state: Waiting) -> list:
    return WAITING.decide(REACTIONS[event.type](event)[1], state)


def test_whoever_takes_a_ticket_waits_until_called(queue):
    queue.ticket("issued", SITI)
    queue.ticket("issued", BUDI, SIM)
    assert after(queue.told).by_service == {KTP: 1, SIM: 1}
    queue.ticket("called", SITI)
    assert after(queue.told).by_service == {SIM: 1}


@pytest.mark.parametrize("end", ["called", "cancelled", "missed", "served", "unserved"])
def test_nothing_is_kept_of_who_waits_no_more_but_the_place_of_the_news(queue, end):
    queue.ticket("issued", SITI)
    queue.ticket(end, SITI)
    state = after(queue.told)
    assert (state.tickets, state.heard) == ({}, {("ticket", SITI): (2, 0)})


def test_a_no_show_who_comes_after_all_waits_again(queue):
    for kind in ("issued", "called", "missed", "restored"):
        queue.ticket(kind, SITI)
    assert after(queue.told).by_service == {KTP: 1}


def test_whoever_is_sent_on_waits_for_the_other_service(queue):
    queue.ticket("issued", SITI)
    queue.ticket("called", SITI)
    queue.ticket("transferred", SITI, SIM)
    assert after(queue.told).by_service == {SIM: 1}


@pytest.mark.parametrize(("act", "waits"), [("called", {KTP: 1}), ("served", {}), ("transferred", {})])
def test_after_an_undo_a_visitor_waits_again_only_if_it_was_the_call(queue, act, waits):
    queue.ticket("issued", SITI)
    queue.ticket("called", SITI)
    if act != "called":
        queue.ticket(act, SITI)
    queue.ticket("undone", SITI, act=act)
    assert after(queue.told).by_service == waits


def test_counters_open_and_close(queue):
    for counter in ("G02", "G03", "G04"):
        queue.tell("counter-opened", counter=counter)
    queue.tell("counter-paused", counter="G03")
    queue.tell("counter-closed", counter="G04")
    assert after(queue.told).open_counters == ["G02"]


def test_a_day_that_is_over_is_forgotten_and_nothing_of_it_follows(queue):
    queue.tell("counter-opened", counter="G02")
    issued = queue.ticket("issued", SITI)
    over = queue.tell("day-closed")
    state = after(queue.told)
    assert state == Waiting(news_at=over.time, ended=True)
    late = replace(issued, position=(99, 0))
    assert [told_again(event, state) for event in (*queue.told, late)] == [[]] * 4


def test_every_day_has_a_stream_of_its_own_and_closures_have_theirs(queue):
    today = REACTIONS["id.go.mpp.ticket-issued.v1"](queue.ticket("issued", SITI))[0]
    tomorrow = REACTIONS["id.go.mpp.ticket-issued.v1"](queue.ticket("issued", SITI, business_day="2026-11-25"))[0]
    closed = REACTIONS["id.go.mpp.counter-suspended.v1"](queue.suspend("counter", counter="G02"))[0]
    assert (today, closed) == (day_stream("pekalongan", TUESDAY), closures_stream("pekalongan"))
    assert len({today, tomorrow, closed}) == 3


def a_day(queue: Queue) -> list[CloudEvent]:
    """A day of five visitors, with all that can happen to them."""
    who = [f"visitor {n}" for n in range(5)]
    for visitor in who:
        queue.ticket("issued", visitor)
    queue.tell("counter-opened", counter="G02")
    for visitor in who[:4]:
        queue.ticket("called", visitor)
    queue.ticket("missed", who[0])
    queue.ticket("restored", who[0])
    queue.ticket("called", who[0])
    queue.ticket("undone", who[0], act="called")
    queue.ticket("served", who[1])
    queue.ticket("undone", who[1], act="served")
    queue.ticket("transferred", who[2], SIM)
    queue.ticket("served", who[3])
    queue.ticket("cancelled", who[4])
    queue.tell("counter-paused", counter="G02")
    queue.tell("counter-opened", counter="G02")
    return queue.told


def booked(queue: Queue, who: str, service: str = KTP, day: str = "2026-11-24") -> CloudEvent:
    return queue.tell("place-booked", f"pekalongan/{day}", booking_id=who, service=service, business_day=day)


def a_day_of_bookings(queue: Queue) -> list[CloudEvent]:
    for who in ("ani", "budi", "citra", "dewi"):
        booked(queue, who)
    booked(queue, "eko", SIM)
    queue.tell("booking-cancelled", booking_id="ani", service=KTP)
    queue.tell("booking-lapsed", booking_id="dewi", service=KTP)
    return queue.told


def test_places_are_booked_until_cancelled_or_lapsed(queue):
    state = after(a_day_of_bookings(queue))
    assert sorted(state.bookings.values()) == [KTP, KTP, SIM]
    assert [told_again(event, state) for event in queue.told] == [[]] * len(queue.told)


@pytest.mark.parametrize("seed", range(20))
def test_bookings_in_any_order_and_repeated_lead_to_same_state(queue, seed):
    events = a_day_of_bookings(queue)
    assert after(random.Random(seed).sample(events * 2, len(events) * 2)) == after(events)


def test_bookings_of_each_day_have_a_stream_of_their_own(queue):
    today, tomorrow = booked(queue, SITI), booked(queue, SITI, day="2026-11-25")
    streams = [REACTIONS[event.type](event)[0] for event in (today, tomorrow)]
    assert streams == [bookings_stream("pekalongan", TUESDAY), bookings_stream("pekalongan", date(2026, 11, 25))]
    assert day_stream("pekalongan", TUESDAY) not in streams


def test_id_of_a_booking_is_not_kept(queue):
    stored = REACTIONS["id.go.mpp.place-booked.v1"](booked(queue, "a-secret-id"))[1]
    assert "a-secret-id" not in str(stored)


@pytest.mark.parametrize("seed", range(20))
def test_claim_of_a_booking_is_counted_once_in_any_order(queue, seed):
    queue.ticket("issued", SITI, booked=True)
    queue.ticket("called", SITI)
    queue.ticket("issued", BUDI, booked=False)
    queue.ticket("issued", "citra")  # an event without the field, of an older release
    queue.ticket("transferred", SITI, SIM)
    state = after(random.Random(seed).sample(queue.told * 2, len(queue.told) * 2))
    assert state == after(queue.told)
    assert state.claimed == {SITI: KTP}
    assert state.by_service == {KTP: 2, SIM: 1}


def test_what_is_told_again_leads_to_nothing(queue):
    events = a_day(queue)
    state = after(events)
    assert (state.by_service, state.open_counters) == ({KTP: 1, SIM: 1}, ["G02"])
    assert [told_again(event, state) for event in events] == [[]] * len(events)


@pytest.mark.parametrize("seed", range(20))
def test_news_in_any_order_and_more_than_once_lead_to_the_same(queue, seed):
    events = a_day(queue)
    dice = random.Random(seed)
    shuffled = dice.sample(events * 2, len(events) * 2)
    assert after(shuffled) == after(events)


def test_a_closure_begins_and_ends_by_the_clock_and_a_newer_one_replaces_it(queue):
    queue.suspend("service", until=NINE + timedelta(hours=1), service=KTP)
    queue.suspend("mall")
    state = after(queue.told)
    at = [NINE - timedelta(minutes=1), NINE, NINE + timedelta(hours=1)]
    assert [[c.scope for c in state.closures_at(now)] for now in at] == [[], ["service", "mall"], ["mall"]]
    queue.tell("mall-resumed", "mall/pekalongan")
    queue.suspend("service", service=KTP)
    assert [c.until for c in after(queue.told).closures_at(NINE)] == [None]


def test_an_old_closure_does_not_come_back_by_a_replay(queue):
    closed = queue.suspend("counter", counter="G02")
    queue.tell("counter-resumed", "mall/pekalongan", counter="G02")
    state = after(queue.told)
    assert state.closures == {}
    assert told_again(closed, state) == []


def test_closures_of_one_thing_begin_and_end_apart(queue):
    queue.suspend("counter", counter="G02", closure="now", until=NINE + timedelta(hours=1))
    queue.suspend("counter", counter="G02", closure="noon", since=NINE + timedelta(hours=3))
    at = [NINE, NINE + timedelta(hours=2), NINE + timedelta(hours=4)]
    assert [[c.closure for c in after(queue.told).closures_at(now)] for now in at] == [["now"], [], ["noon"]]
    queue.tell("counter-resumed", "mall/pekalongan", counter="G02", closure="now")
    assert [[c.closure for c in after(queue.told).closures_at(now)] for now in at] == [[], [], ["noon"]]


def test_closure_published_before_there_were_ids_ends_with_its_own(queue):
    queue.suspend("counter", counter="G02")
    queue.tell("counter-resumed", "mall/pekalongan", counter="G02", closure="20261124T020000")
    assert after(queue.told).closures == {}


@pytest.fixture
def client(mongo_server, database, store, monkeypatch, tmp_path, folder):
    tokens.make_keys(tmp_path / "keys")
    monkeypatch.setenv("MONGO_URL", mongo_server.url)
    monkeypatch.setenv("MONGO_DATABASE", database.name)
    monkeypatch.setenv("TOKEN_PUBLIC_KEY_FILE", str(tmp_path / "keys" / "token_public.pem"))
    monkeypatch.setattr(CLOCK, "read", lambda: NINE)
    monkeypatch.setattr(directory, "WAITING_AGE", 0.0)
    Malls(store).act("pekalongan", ImportCatalog(read(folder.path)))
    return create_app().test_client()


def hear(store, events) -> None:
    """As the worker does, with the store in between."""
    Malls(store).waiting.execute_all([REACTIONS[event.type](event) for event in events])


def test_the_api_tells_who_waits_today_and_never_which_ticket(client, store, queue):
    quiet = client.get("/catalog/api/malls/pekalongan/waiting").json
    assert (quiet["news_at"], quiet["total"], quiet["services"]) == (None, 0, {})
    queue.ticket("issued", "a-secret-id")
    queue.ticket("issued", BUDI)
    queue.tell("counter-opened", counter="G02")
    hear(store, [*queue.told, queue.suspend("counter", counter="G07")])
    answer = client.get("/catalog/api/malls/pekalongan/waiting")
    assert answer.json == {
        "business_day": "2026-11-24",
        "news_at": "2026-11-24T02:03:00+00:00",
        "ended": False,
        "total": 2,
        "services": {KTP: 2},
        "open_counters": ["G02"],
        "suspended": [{"scope": "counter", "code": "G07", "reason": "Listrik padam", "until": None}],
    }
    assert "a-secret-id" not in answer.text


def test_directory_counts_only_what_is_listed_now(client, store, queue):
    queue.ticket("issued", SITI)
    queue.ticket("issued", BUDI, SIM)
    for counter in ("G02", "G03"):
        queue.tell("counter-opened", counter=counter)
    closed = [queue.suspend("counter", counter="G02"), queue.suspend("service", service=KTP), queue.suspend("mall")]
    hear(store, [*queue.told, *closed])
    Malls(store).act("pekalongan", WithdrawAgency("DUKCAPIL", with_all=True, at=NINE))
    answer = client.get("/catalog/api/malls/pekalongan/waiting").json
    assert (answer["total"], answer["services"], answer["open_counters"]) == (1, {SIM: 1}, ["G03"])
    assert [one["scope"] for one in answer["suspended"]] == ["mall"]


def test_what_was_heard_outlives_the_process(client, store, queue):
    hear(store, a_day(queue))
    hear(store, queue.told)
    commits = store.read(day_stream("pekalongan", TUESDAY))
    assert sum(len(commit.events) for commit in commits) == len(queue.told)
    assert Malls(store).day("pekalongan", TUESDAY) == after(queue.told)


def test_nobody_waits_in_a_mall_nobody_imported(client):
    answer = client.get("/catalog/api/malls/batang/waiting")
    assert (answer.status_code, answer.json["reason"]) == (404, "unknown-mall")
