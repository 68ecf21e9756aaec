"""The dispatcher on a real store, against real servers: in order, at least once, and nobody waits for another."""

import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from email.message import Message
from ipaddress import ip_network
from itertools import pairwise
from socketserver import StreamRequestHandler, ThreadingTCPServer

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from notifications.receiver import Answer, Receiver, receiving
from pipeline import eventually
from properties import examples
from pymongo.errors import AutoReconnect
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError
from structlog.testing import capture_logs

from services.chassis import outbox
from services.chassis.clock import now
from services.chassis.cloud_event import CloudEvent
from services.chassis.event_store import EventStore
from services.chassis.life import Life
from services.chassis.outbox import request_replay
from services.chassis.seal import Seal
from services.notifications.webhooks import dispatcher, post
from services.notifications.webhooks.addresses import Gate
from services.notifications.webhooks.deliveries import Deliveries
from services.notifications.webhooks.dispatcher import dispatch
from services.notifications.webhooks.domain.commands import PauseWebhook, ReplayWebhook, RequestPing, ResumeWebhook
from services.notifications.webhooks.domain.refusals import TooManySecrets
from services.notifications.webhooks.domain.state import Webhook
from services.notifications.webhooks.news import News, as_item
from services.notifications.webhooks.registry import Registry

GATE = Gate((ip_network("127.0.0.0/8"),), http=True)
SEAL = Seal(["a key of this test, which is long enough"])
PATIENT = 60  # seconds, for what is much on a busy machine
KINDS = ("ticket-issued", "ticket-called", "day-opened")


class Clock:
    """The system's clock, which a test can set forward."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def advance(self, seconds: float) -> None:
        self._ahead += timedelta(seconds=seconds)


class WatchedNews(News):
    """News that counts how often the dispatcher has looked for any."""

    def __init__(self, database) -> None:
        super().__init__(database)
        self._looked, self._looks = threading.Condition(), 0

    def heads(self):
        found = super().heads()
        with self._looked:
            self._looks += 1
            self._looked.notify_all()
        return found

    def wait_for_looks(self, count: int) -> None:
        with self._looked:
            wanted = self._looks + count
            assert self._looked.wait_for(lambda: self._looks >= wanted, PATIENT)


class House:
    """Notifications' webhooks as a worker has them, and what producers say."""

    def __init__(self, store: EventStore) -> None:
        self.store, self.clock = store, Clock()
        self.registry, self.news = Registry(store, GATE, SEAL), WatchedNews(store.database)
        self.deliveries = Deliveries(store.database)
        self._life, self._thread = Life(), threading.Thread()

    def start(self) -> None:
        """A dispatcher takes up the work."""
        self._life = Life()
        loop = dispatch(self.store, Registry(self.store, GATE, SEAL), self.news, self.deliveries, GATE, self.clock.now)
        self._thread = threading.Thread(target=loop, args=(self._life,))
        self._thread.start()

    def settle(self) -> None:
        """Wait until the dispatcher has looked again and again, and has nothing to do now."""
        for _ in range(2):
            self.news.wait_for_looks(2)
            assert eventually(lambda: not [one for one in threading.enumerate() if one.name.startswith("webhook ")])

    def failed(self, hook: Webhook, times: int = 1) -> bool:
        """Whether so many attempts in a row have failed."""
        cursor = self.deliveries.cursors().get((hook.id, "ticketing"))
        return cursor is not None and cursor.failed == times

    def stop(self) -> None:
        self._life.end()
        if self._thread.is_alive():
            self._thread.join()

    def register(self, receiver: Receiver, agency: str = "DUKCAPIL", kinds=KINDS, services=()) -> tuple[Webhook, str]:
        return self.registry.register("pekalongan", agency, "Server", receiver.url, kinds, services)

    def happens(
        self,
        *numbers: int,
        kind: str = "ticket-called",
        producer: str = "ticketing",
        ago=0.0,
        has_position: bool = True,
        **data,
    ) -> None:
        """Events with these numbers are heard; of the agency, unless the data say otherwise."""
        at = self.clock.now() - timedelta(seconds=ago)
        about = {"mall": "pekalongan", "agency": "DUKCAPIL", **data}
        source, type = f"/mpp/pekalongan/{producer}", f"id.go.mpp.{kind}.v1"
        events = [
            CloudEvent(f"pekalongan/2026-11-24@{n}.0", source, type, "x", at, "pekalongan", about, n) for n in numbers
        ]
        if has_position:
            events = [replace(event, position=(event.sequence, 0)) for event in events]
        self.news.keep([as_item(event, producer, self.clock.now()) for event in events])

    def find(self, hook: Webhook) -> Webhook:
        return self.registry.known().find(hook.id)

    def log(self, hook: Webhook) -> list[tuple[str, int]]:
        """What came of each attempt, and its status; the first one first."""
        return [(line["came"], line["status"]) for line in reversed(self.deliveries.latest(hook.id, 500))]


@pytest.fixture
def house(store, monkeypatch) -> Iterator[House]:
    waits = (0.05, 0.1, 0.15)
    monkeypatch.setattr(dispatcher, "SCHEDULE", tuple(timedelta(seconds=wait) for wait in waits))
    monkeypatch.setattr(dispatcher, "PAUSE", 0.02)
    monkeypatch.setattr(dispatcher, "IDLE", 0.05)
    monkeypatch.setattr(dispatcher, "MAX_AGE", 0.0)
    house = House(store)
    house.start()
    yield house
    house.stop()


@pytest.fixture
def server() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def other() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def test_a_server_is_told_in_order_and_its_independent_library_verifies_each(house, server):
    _, secret = house.register(server)
    house.happens(*range(1, 31))
    assert eventually(lambda: len(server.got) == 30)
    assert server.sequences == list(range(1, 31))
    for got in server.got:
        event = Verifier(secret).verify(got.body, got.headers)
        assert (event["type"], event["data"]["agency"]) == ("id.go.mpp.ticket-called.v1", "DUKCAPIL")
        assert got.id == f"ticketing:{event['id']}".replace(".", "-")
        assert len(got.body) < 20_000
        assert got.headers["content-type"] == "application/cloudevents+json"


def test_event_of_an_older_release_is_sent_as_it_was_stored(house, server):
    house.register(server)
    house.happens(1, has_position=False)
    house.happens(1, 2)  # the first one is published again, by this release
    assert eventually(lambda: server.sequences == [1, 2])
    house.settle()
    assert server.sequences == [1, 2]
    assert [got.event.get("streamposition") for got in server.got] == [None, "000000000002.000000"]


def test_another_body_or_another_secret_does_not_verify(house, server):
    _, secret = house.register(server)
    house.happens(1)
    assert eventually(lambda: server.got)
    (got,) = server.got
    changed = got.body.replace(b"DUKCAPIL", b"POLRES__")
    for key, body in ((secret, changed), ("whsec_" + "A" * 44, got.body)):
        with pytest.raises(WebhookVerificationError):
            Verifier(key).verify(body, got.headers)


def test_events_of_others_are_passed_over_and_those_of_nobody_are_told(house, server, other):
    house.register(server)
    house.register(other, agency="POLRES")
    house.happens(1)
    house.happens(2, agency="POLRES")
    house.happens(3, kind="day-opened", agency=None)
    house.happens(4, kind="ticket-served")
    house.happens(5)
    assert eventually(lambda: server.sequences == [1, 3, 5] and other.sequences == [2, 3])
    house.settle()
    assert (server.sequences, other.sequences) == ([1, 3, 5], [2, 3])


def test_what_was_not_taken_is_tried_again_and_what_came_after_it_waits(house, server):
    server.answers(Answer(500, body=b"rusak\x00sekali"), Answer(204), Answer(hangs_up=True), Answer(204))
    hook, _ = house.register(server)
    house.happens(1, 2, 3)
    assert eventually(lambda: len(server.got) == 5)
    assert server.sequences == [1, 1, 2, 2, 3]
    assert server.ids[0] == server.ids[1]
    assert eventually(lambda: len(house.log(hook)) == 5)
    assert house.log(hook) == [
        ("refused", 500),
        ("delivered", 204),
        ("unreachable", 0),
        ("delivered", 204),
        ("delivered", 204),
    ]
    assert [line["answer"] for line in house.deliveries.latest(hook.id, 10)][-1] == "rusak sekali"


def test_the_time_of_an_attempt_is_its_own_and_is_signed_anew(house, server, monkeypatch):
    monkeypatch.setattr(dispatcher, "SCHEDULE", (timedelta(minutes=5),))
    server.answers(Answer(500))
    hook, secret = house.register(server)
    house.happens(1)
    assert eventually(lambda: house.failed(hook))
    house.clock.advance(360)  # with a fifth of the wait for chance
    assert eventually(lambda: len(server.got) == 2)
    first, second = server.got
    assert 360 <= int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) < 400
    assert second.headers["webhook-signature"] != first.headers["webhook-signature"]
    Verifier(secret).verify(first.body, first.headers)


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_a_busy_server_is_asked_when_it_wants_to_be(house, server, form):
    later = house.clock.now() + timedelta(seconds=600)
    asked = "600" if form == "seconds" else later.strftime("%a, %d %b %Y %H:%M:%S GMT")
    server.answers(Answer(429 if form == "seconds" else 503, {"Retry-After": asked}))
    hook, _ = house.register(server)
    house.happens(1)
    assert eventually(lambda: house.failed(hook))
    house.clock.advance(500)
    house.settle()
    assert len(server.got) == 1
    house.clock.advance(100)
    assert eventually(lambda: len(server.got) == 2)
    assert house.log(hook)[0][0] == "busy"


@pytest.mark.parametrize(
    "asked",
    [
        "Mon, 01 Jan 99999999999999999999 00:00:00 GMT",
        "Mon, 01 Jan 2027 00:00:00 +99999999",
        "9" * 400,
        "-1",
        "\u0661",
        "",
    ],
)
def test_retry_after_out_of_range_is_no_wait(asked):
    headers = Message()
    headers["Retry-After"] = asked
    assert timedelta() <= post._asked_wait(headers, datetime.now(UTC)) <= post.LONGEST_WAIT


def wait_for(asked: str) -> timedelta:
    headers = Message()
    headers["Retry-After"] = asked
    return post._asked_wait(headers, datetime.now(UTC))


@pytest.mark.parametrize("form", ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"])
@pytest.mark.parametrize(("ahead", "seconds"), [(-3600, 0), (600, 600), (10**7, 86400)], ids=["past", "soon", "far"])
def test_retry_after_is_read_in_all_forms_of_a_date(form, ahead, seconds):
    at = datetime.now(UTC) + timedelta(seconds=ahead)
    assert seconds - 5 <= wait_for(at.strftime(form)).total_seconds() <= seconds


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [("0", 0), ("7", 7), ("0000000000000007", 7), ("86400", 86400), ("86401", 86400), ("99999999999", 86400)]
    + [(odd, 0) for odd in ("-5", "+5", "1.5", "1e3", "7s", "0x10", "7, 9", "soon", "Sun, 31 Feb 2027 00:00:00 GMT")],
)
def test_retry_after_in_seconds_is_bounded_and_odd_ones_ask_for_nothing(asked, seconds):
    assert wait_for(asked) == timedelta(seconds=seconds)


@settings(max_examples=examples(300))
@given(st.text(st.characters(min_codepoint=32, max_codepoint=255)) | st.from_regex(r"[0-9A-Za-z,: +.-]{0,40}"))
def test_retry_after_of_any_text_is_between_nothing_and_a_day(asked):
    headers = Message()
    headers._headers = [("Retry-After", asked)]  # as received: assigning refuses line breaks
    assert timedelta() <= post._asked_wait(headers, datetime.now(UTC)) <= post.LONGEST_WAIT


def test_responses_before_the_final_one_are_skipped():
    said = b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
    with answering(said + b"HTTP/1.1 204 No Content\r\nX-Last: yes\r\n\r\n") as url:
        assert post.post(GATE, url, {}, b"{}").came == "delivered"
    with answering(said + b"HTTP/1.1 429 Too Many\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n") as url:
        attempt = post.post(GATE, url, {}, b"{}")
        assert (attempt.came, attempt.wait) == ("busy", timedelta(seconds=7))
    with answering(b"HTTP/1.1 101 Switching Protocols\r\n\r\n") as url:
        assert (post.post(GATE, url, {}, b"{}").came, post.post(GATE, url, {}, b"{}").status) == ("refused", 101)


@contextmanager
def answering(answer: bytes) -> Iterator[str]:
    """A server that answers each request with these bytes and hangs up."""

    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            head = iter(self.rfile.readline, b"\r\n")
            lengths = [int(line.partition(b":")[2]) for line in head if line.lower().startswith(b"content-length:")]
            self.rfile.read(sum(lengths))
            self.wfile.write(answer)

    with ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


@pytest.mark.parametrize("year", [1, 1999])
def test_replay_since_long_ago_that_was_stored_does_not_stop_the_lane(house, server, year):
    hook, _ = house.register(server)
    house.happens(1)
    assert eventually(lambda: server.ids, PATIENT)
    since = datetime(year, 1, 1, tzinfo=timezone(timedelta(hours=7)))
    house.registry.act(ReplayWebhook(hook.id, since, "", 0, now()))
    assert eventually(lambda: len(server.ids) == 2, PATIENT)


def faults() -> float:
    return dispatcher.LANE_FAULTS._value.get()


def test_lane_that_fails_pauses_its_webhook_alone_until_it_is_resumed(house, server, other, monkeypatch):
    monkeypatch.setattr(dispatcher, "TROUBLE", 0.05)
    hook, _ = house.register(server)
    house.register(other)
    real, broken, before = dispatcher.post, [server.url], faults()

    def fail(gate, url, *rest):
        if url in broken:
            raise OverflowError("date value out of range")
        return real(gate, url, *rest)

    monkeypatch.setattr(dispatcher, "post", fail)
    with capture_logs() as logs:
        house.happens(1, 2)
        assert eventually(lambda: house.find(hook).paused, PATIENT)
        house.settle()
    assert house.find(hook).paused.cause == "broken"
    assert faults() - before == dispatcher.MOST_FAULTS
    lines = [line for line in logs if line["event"] == "webhook lane failed"]
    assert [(line["webhook"], line["fault"]) for line in lines] == [(hook.id, 1), (hook.id, 2), (hook.id, 3)]
    assert eventually(lambda: other.sequences == [1, 2], PATIENT)
    broken.clear()
    house.registry.act(ResumeWebhook(hook.id, now()))
    assert eventually(lambda: server.sequences == [1, 2], PATIENT)


def test_lane_that_fails_once_is_not_paused(house, server, monkeypatch):
    monkeypatch.setattr(dispatcher, "TROUBLE", 0.05)
    hook, _ = house.register(server)
    real, times = dispatcher.post, [OverflowError("once"), OverflowError("twice")]

    def fail(*given):
        if times:
            raise times.pop()
        return real(*given)

    monkeypatch.setattr(dispatcher, "post", fail)
    house.happens(1)
    assert eventually(lambda: server.sequences == [1], PATIENT)
    assert house.find(hook).paused is None


def test_lane_waits_for_a_database_that_is_away_and_is_not_paused(house, server, monkeypatch):
    monkeypatch.setattr(dispatcher, "TROUBLE", 0.02)
    hook, _ = house.register(server)
    times = [AutoReconnect("away")] * (dispatcher.MOST_FAULTS + 3)
    real = house.news.after

    def after(*given):
        if times:
            raise times.pop()
        return real(*given)

    monkeypatch.setattr(house.news, "after", after)
    house.happens(1)
    assert eventually(lambda: server.sequences == [1], PATIENT)
    assert house.find(hook).paused is None


def test_failing_test_event_of_a_paused_webhook_is_given_up(house, server, monkeypatch):
    monkeypatch.setattr(dispatcher, "TROUBLE", 0.02)
    hook, _ = house.register(server)
    house.registry.act(PauseWebhook(hook.id, "by-hand", now()))

    def fail(*_):
        raise OverflowError("date value out of range")

    monkeypatch.setattr(dispatcher, "post", fail)
    before = faults()
    house.registry.act(RequestPing(hook.id, "p1", now()))
    assert eventually(lambda: faults() - before == dispatcher.MOST_FAULTS, PATIENT)
    house.settle()
    assert faults() - before == dispatcher.MOST_FAULTS
    assert house.find(hook).paused.cause == "by-hand"


def test_a_redirect_is_not_followed(house, server, other):
    server.answers(Answer(302, {"Location": other.url}))
    hook, _ = house.register(server)
    house.happens(1)
    assert eventually(lambda: len(server.got) == 2)
    assert (other.got, house.log(hook)[0]) == ([], ("redirect", 302))


def test_a_server_that_is_gone_is_told_nothing_more(house, server):
    server.answers(Answer(410))
    hook, _ = house.register(server)
    house.happens(1, 2)
    assert eventually(lambda: house.find(hook).paused)
    assert house.find(hook).paused.cause == "gone"
    house.settle()
    assert server.sequences == [1]


@pytest.mark.parametrize("answer", [Answer(slow=10), Answer(drips=True)], ids=["silent", "a byte at a time"])
def test_a_server_has_its_time_and_no_more(house, server, answer, monkeypatch):
    monkeypatch.setattr(post, "LONGEST", 1.0)
    server.answers(answer)
    hook, _ = house.register(server)
    house.happens(1)
    assert eventually(lambda: len(server.got) == 2)
    assert 0.5 < server.got[1].at - server.got[0].at < 8  # its second began before it had read the request
    assert house.log(hook)[0] == ("timeout", 0)


def test_a_slow_and_a_dead_server_hold_up_no_other(house, server, other):
    server.answer = lambda *_: Answer(slow=3)
    for _ in range(3):
        house.register(server)
    with receiving() as dead:
        house.register(dead)
    house.register(other)
    house.happens(*range(1, 21))
    assert eventually(lambda: len(other.got) == 20, PATIENT)
    assert other.sequences == list(range(1, 21))
    assert server.sequences.count(20) == 0, "a slow one is not there yet"


def test_after_the_last_attempt_it_is_paused_and_goes_on_without_loss_when_somebody_resumes_it(house, server):
    hook, _ = house.register(server)
    server.answer = lambda *_: Answer(500)
    house.happens(1, 2)
    assert eventually(lambda: house.find(hook).paused)
    assert house.find(hook).paused.cause == "failing"
    assert server.sequences == [1] * 4, "once, and after each wait of the schedule"
    house.happens(*range(3, 31))
    server.got.clear()
    server.answer = lambda *_: Answer()
    house.registry.act(ResumeWebhook(hook.id, now()))
    assert eventually(lambda: len(server.got) == 30, PATIENT)
    assert server.sequences == list(range(1, 31))


def test_one_that_was_away_for_a_day_catches_up_in_order_from_where_it_stood(house, server, database):
    hook, _ = house.register(server)
    house.happens(1)
    assert eventually(lambda: server.sequences == [1])
    house.registry.act(PauseWebhook(hook.id, "by-hand", now()))
    house.stop()
    house.happens(*range(2, 60))
    day = timedelta(days=1)
    for line in database["heard_events"].find():  # yesterday's, as today sees them
        times = {name: line[name] - day for name in ("time", "heard_at", "expires_at")}
        database["heard_events"].update_one({"_id": line["_id"]}, {"$set": times})
    house.happens(60)
    house.start()
    house.settle()
    assert server.sequences == [1], "paused is paused"
    house.registry.act(ResumeWebhook(hook.id, now()))
    assert eventually(lambda: len(server.got) == 60, PATIENT)
    assert server.sequences == list(range(1, 61))


def test_somebody_who_cannot_wait_has_the_next_attempt_made_at_once(house, server, monkeypatch):
    monkeypatch.setattr(dispatcher, "SCHEDULE", (timedelta(hours=10),))
    server.answers(Answer(500))
    hook, _ = house.register(server)
    house.happens(1)
    assert eventually(lambda: house.failed(hook))
    house.registry.act(ResumeWebhook(hook.id, now()))
    assert eventually(lambda: len(server.got) == 2)


def test_a_dispatcher_that_starts_again_keeps_to_the_schedule(house, server, monkeypatch):
    monkeypatch.setattr(dispatcher, "SCHEDULE", (timedelta(hours=10),))
    server.answers(Answer(500))
    hook, _ = house.register(server)
    house.happens(1)
    assert eventually(lambda: house.deliveries.cursors().get((hook.id, "ticketing")))
    house.stop()
    house.start()
    house.settle()
    assert len(server.got) == 1


def test_a_new_webhook_is_told_from_now_on(house, server, other):
    house.register(server)
    house.happens(1, 2, 3)
    assert eventually(lambda: server.sequences == [1, 2, 3])
    house.register(other)
    house.happens(4)
    assert eventually(lambda: other.got)
    house.settle()
    assert other.sequences == [4]


def test_a_replay_from_a_number_tells_it_and_all_after_it_under_the_same_ids(house, server):
    hook, _ = house.register(server)
    house.happens(*range(1, 8))
    assert eventually(lambda: len(server.got) == 7)
    house.registry.act(ReplayWebhook(hook.id, None, "ticketing", 5, now()))
    assert eventually(lambda: len(server.got) == 10)
    assert server.sequences[7:] == [5, 6, 7]
    assert server.ids[7:] == server.ids[4:7]


def test_a_replay_since_a_moment_tells_all_that_happened_since(house, server):
    hook, _ = house.register(server)
    house.happens(1, 2, ago=600)
    house.happens(3, 4)
    house.registry.act(ReplayWebhook(hook.id, now() - timedelta(minutes=5), "", 0, now()))
    assert eventually(lambda: server.sequences[-2:] == [3, 4])
    house.registry.act(ReplayWebhook(hook.id, now() - timedelta(minutes=15), "", 0, now()))
    assert eventually(lambda: server.sequences[-4:] == [1, 2, 3, 4])


def test_a_replay_from_a_number_that_lies_ahead_skips_nothing_that_comes(house, server):
    hook, _ = house.register(server)
    house.happens(1)
    assert eventually(lambda: len(server.got) == 1)
    house.registry.act(ReplayWebhook(hook.id, None, "ticketing", 1_000_000, now()))
    house.settle()
    house.happens(2)
    assert eventually(lambda: server.sequences == [1, 2])


def test_an_event_that_is_still_on_its_way_is_waited_for_but_not_for_ever(house, server):
    house.register(server)
    house.happens(1)
    assert eventually(lambda: server.sequences == [1])
    house.happens(3)
    house.settle()
    assert server.sequences == [1]
    house.happens(2)
    house.clock.advance(2)
    assert eventually(lambda: server.sequences == [1, 2, 3])
    house.happens(5)
    house.settle()
    house.clock.advance(50)
    house.settle()
    assert server.sequences == [1, 2, 3]
    house.clock.advance(12)
    assert eventually(lambda: server.sequences == [1, 2, 3, 5])


def test_producers_are_told_apart_and_each_in_its_own_order(house, server):
    house.register(server, kinds=(*KINDS, "service-listed"))
    house.happens(7, 8)
    house.happens(7, 8, kind="service-listed", producer="catalog")
    assert eventually(lambda: len(server.got) == 4)
    assert len(set(server.ids)) == 4
    for producer in ("ticketing", "catalog"):
        assert [got.event["sequence"][-1] for got in server.got if got.id.startswith(producer)] == ["7", "8"]


def test_what_is_heard_again_is_not_told_again(house, server):
    house.register(server)
    house.happens(1, 2)
    assert eventually(lambda: len(server.got) == 2)
    house.happens(1, 2, 3)
    assert eventually(lambda: server.sequences == [1, 2, 3])


def test_what_is_older_than_a_month_is_not_kept_again(house, database):
    house.happens(1, ago=31 * 86400)
    house.happens(2)
    assert [line["sequence"] for line in database["heard_events"].find()] == [2]


def test_one_that_was_paused_for_longer_than_events_are_kept_goes_on_with_the_oldest(house, server, database):
    hook, _ = house.register(server)
    house.happens(1)
    assert eventually(lambda: server.sequences == [1])
    house.registry.act(PauseWebhook(hook.id, "by-hand", now()))
    house.stop()
    house.happens(2, 3)
    database["heard_events"].delete_many({})  # as the database does when their time is over
    house.start()
    house.registry.act(ResumeWebhook(hook.id, now()))
    assert eventually(lambda: house.deliveries.cursors()[(hook.id, "ticketing")].after == 3)
    house.happens(4)
    assert eventually(lambda: server.sequences == [1, 4])


def test_refused_replacement_of_a_secret_leaves_none_behind(house, server):
    hook, _ = house.register(server)
    for _ in range(2):
        house.registry.rotate(hook.id)
    with pytest.raises(TooManySecrets):
        house.registry.rotate(hook.id)
    assert house.store.database["webhook_secrets"].count_documents({}) == 3


def test_both_secrets_sign_after_a_rotation(house, server):
    hook, old = house.register(server)
    _, new = house.registry.rotate(hook.id)
    house.stop()
    house.start()  # it knows of the rotation
    house.happens(1)
    assert eventually(lambda: server.got)
    (got,) = server.got
    assert len(got.headers["webhook-signature"].split(" ")) == 2
    for secret in (old, new):
        Verifier(secret).verify(got.body, got.headers)


def test_a_test_event_is_sent_once_and_signed_also_while_it_is_paused(house, server):
    hook, secret = house.register(server)
    house.registry.act(PauseWebhook(hook.id, "by-hand", now()))
    house.registry.act(RequestPing(hook.id, "p1", now()))
    assert eventually(lambda: server.got)
    event = Verifier(secret).verify(server.got[0].body, server.got[0].headers)
    assert (event["type"], event["data"]) == ("id.go.mpp.ping.v1", {"mall": "pekalongan", "webhook": hook.id})
    house.stop()
    house.start()
    house.settle()
    assert len(server.got) == 1


def test_what_was_removed_is_told_nothing_and_leaves_nothing_behind(house, server, database):
    hook, _ = house.register(server)
    house.happens(1)
    assert eventually(lambda: len(server.got) == 1)
    house.registry.remove(hook.id)
    house.stop()
    house.happens(2)
    house.start()
    for name in ("webhook_cursors", "webhook_log", "webhook_secrets"):
        assert eventually(lambda name=name: database[name].count_documents({"webhook": hook.id}) == 0), name
    assert database["webhook_lookups"].count_documents({}) == 0
    assert server.sequences == [1]


def test_a_changed_address_is_used_for_what_waits(house, server, other):
    server.answer = lambda *_: Answer(500)
    hook, _ = house.register(server)
    house.happens(1, 2)
    assert eventually(lambda: server.got)
    house.registry.change(hook.id, "Server", other.url, KINDS, ())
    assert eventually(lambda: other.sequences == [1, 2])


def test_a_second_dispatcher_stands_by(house, server):
    house.register(server)
    house.settle()  # it has the lease
    second = House(house.store)
    second.start()
    try:
        house.happens(*range(1, 21))
        assert eventually(lambda: len(server.got) == 20)
        house.settle()
        assert len(set(server.ids)) == len(server.got) == 20
    finally:
        second.stop()


def test_a_replay_of_the_outboxes_is_none_of_webhooks(house, server, monkeypatch):
    monkeypatch.setattr(outbox, "LEASE", timedelta(milliseconds=1))  # looked at each time
    house.register(server)
    house.happens(1)
    assert eventually(lambda: len(server.got) == 1)
    request_replay(house.store)
    house.settle()
    house.happens(2)
    assert eventually(lambda: server.sequences == [1, 2])


def test_an_event_reaches_a_server_within_a_second(house, server):
    house.register(server)
    house.happens(1)
    assert eventually(lambda: len(server.got) == 1)
    sent = []
    for number in range(2, 7):
        sent.append(time.monotonic())
        house.happens(number)
        assert eventually(lambda number=number: len(server.got) == number)
    waits = [got.at - at for got, at in zip(server.got[1:], sent, strict=True)]
    assert statistics.median(waits) < 1
    assert all(earlier.at < later.at for earlier, later in pairwise(server.got))


def test_no_collection_holds_a_secret_to_be_read(house, server, database):
    hook, secret = house.register(server)
    house.happens(1)
    assert eventually(lambda: len(server.got) == 1)
    house.registry.rotate(hook.id)
    assert eventually(lambda: "webhook_cursors" in database.list_collection_names()), "which comes last"
    names = database.list_collection_names()
    assert {"commits", "webhook_log", "webhook_cursors", "webhook_secrets"} <= set(names)
    raw = secret.removeprefix("whsec_")
    assert [name for name in names if any(raw in str(line) for line in database[name].find())] == []
