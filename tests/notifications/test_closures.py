"""Several closures of one mall or service, present and planned: their union holds texts, and its end continues them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from notifications.test_sending import TODAY, Gateway, Mall, eventually
from notifications.test_stops import Clock
from properties import examples

from services.chassis.clock import now
from services.notifications.correspondence import SMS, stream_of
from services.notifications.domain.events import Position
from services.notifications.domain.mall import (
    MALL,
    HearResumption,
    HearSuspension,
    ResumptionHeard,
    SuspensionHeard,
)
from services.notifications.malls import mall_stream
from services.notifications.sms.dispatcher import Dispatcher
from services.notifications.sms.line import Line
from services.notifications.sms.reports import Reports
from services.notifications.sms.sender import reference_of
from services.notifications.suspensions import Concerned

NINE = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
DAY, PHONE = "2026-11-24", "+6281277114455"
THINGS = [("mall", ""), ("service", "KTP"), ("service", "SIM"), ("day", DAY)]


def minute(number: int) -> datetime:
    return NINE + timedelta(minutes=number)


def after(*commands):
    mall = MALL.initial
    for command in commands:
        for event in MALL.decide(command, mall):
            mall = MALL.evolve(mall, event)
    return mall


def closed(closure: str, position: int, since: int = 0, until: int | None = None, reason: str = "Padam"):
    ends = None if until is None else minute(until)
    return HearSuspension("service", "KTP", reason, minute(since), ends, (position, 0), NINE, closure)


def lifted(closure: str, position: int):
    return HearResumption("service", "KTP", (position, 0), NINE, closure)


def is_stopped(mall, at: int = 0) -> bool:
    return mall.stop_of("KTP", DAY, minute(at)) is not None


def test_planned_closure_does_not_end_a_present_one():
    mall = after(closed("a", 1), closed("b", 2, since=60, until=90))
    assert [is_stopped(mall, at) for at in (0, 59, 60, 95)] == [True] * 4


def test_lifting_one_closure_does_not_end_another():
    both = (closed("a", 1), closed("b", 2))
    assert is_stopped(after(*both, lifted("a", 3)))
    assert is_stopped(after(*both, lifted("b", 3)))
    assert not is_stopped(after(*both, lifted("a", 3), lifted("b", 4)))


def test_stop_gives_the_reason_of_the_closure_that_ends_last():
    mall = after(closed("a", 1, until=60, reason="Padam"), closed("b", 2, until=90, reason="Banjir"))
    assert mall.stop_of("KTP", DAY, minute(0)).reason == "Banjir"


def test_unnamed_closures_replace_each_other_and_end_together():
    replaced = after(closed("", 1), closed("", 2, since=60))
    assert not is_stopped(replaced)
    assert is_stopped(replaced, 60)
    assert not is_stopped(after(closed("", 1), closed("a", 2), lifted("", 3)), 60)


def test_unnamed_closure_is_lifted_by_the_name_ticketing_gives_it_later():
    mall = after(closed("", 1, since=5), closed("b", 2, since=90), lifted("20261124T020500", 3))
    assert not is_stopped(mall, 60)
    assert is_stopped(mall, 90)


def test_stored_events_without_closure_fold_as_before():
    begun = SuspensionHeard("service", "KTP", "Padam", NINE, None, (1, 0), NINE)
    planned = SuspensionHeard("service", "KTP", "Rapat", minute(60), None, (2, 0), NINE)
    mall = MALL.evolve(MALL.evolve(MALL.initial, begun), planned)
    assert [is_stopped(mall, at) for at in (0, 60)] == [False, True]
    assert not is_stopped(MALL.evolve(mall, ResumptionHeard("service", "KTP", (3, 0), NINE)), 60)


def test_closures_that_ended_long_ago_are_forgotten_but_not_taken_in_again():
    first, later = closed("a", 1, until=10), closed("b", 2, since=60 * 48)
    later = HearSuspension(**{**vars(later), "now": minute(60 * 48)})
    mall = after(first, later)
    assert [key[2] for key in mall.suspended] == ["b"]
    assert MALL.decide(first, mall) == []


@dataclass(frozen=True)
class News:
    """One event of ticketing: a closure with its moments, or with `since` None its end."""

    thing: tuple[str, str]
    closure: str
    position: Position
    since: int | None = None
    until: int | None = None

    @property
    def command(self):
        if self.since is None:
            return HearResumption(*self.thing, self.position, NINE, self.closure)
        ends = None if self.until is None else minute(self.until)
        return HearSuspension(*self.thing, "Padam", minute(self.since), ends, self.position, NINE, self.closure)


@st.composite
def histories(draw) -> list[News]:
    """What ticketing publishes: closures of a thing with names of their own, or unnamed; then their ends."""
    news, names, version = [], count(), 1
    for _ in range(draw(st.integers(1, 12))):
        version += draw(st.integers(0, 1))
        position = (version, len(news))
        thing = draw(st.sampled_from(THINGS))
        named = [each.closure for each in news if each.thing == thing and each.since is not None and each.closure]
        if named and draw(st.booleans()):
            news.append(News(thing, draw(st.sampled_from(named)), position))
        elif draw(st.integers(0, 3)) == 0:
            news.append(News(thing, "", position))
        else:
            name = "" if thing[0] == "day" or draw(st.integers(0, 4)) == 0 else f"c{next(names)}"
            since, length = draw(st.integers(0, 50)), draw(st.none() | st.integers(1, 50))
            news.append(News(thing, name, position, since, length and since + length))
    return news


def holds(history: list[News], thing: tuple[str, str], at: int) -> bool:
    """The model: whether any closure that nothing later ended or replaced has begun and is not over."""

    def is_ended(closure: News) -> bool:
        later = (news for news in history if news.thing == thing and news.position > closure.position)
        return any(not news.closure or news.closure == closure.closure for news in later)

    return any(
        closure.since <= at and (closure.until is None or at < closure.until)
        for closure in history
        if closure.thing == thing and closure.since is not None and not is_ended(closure)
    )


@settings(max_examples=examples(400), deadline=None)
@given(histories(), st.randoms(use_true_random=False))
def test_any_order_of_closures_and_ends_leads_to_their_union(history, chance):
    received = history + chance.choices(history, k=len(history))
    chance.shuffle(received)
    for order in (history, received):
        mall = after(*(news.command for news in order))
        for at in range(0, 101, 5):
            for service in ("KTP", "SIM"):
                expected = any(holds(history, thing, at) for thing in THINGS if thing[1] in ("", service, DAY))
                assert (mall.stop_of(service, DAY, minute(at)) is not None) == expected
    replayed = after(*(news.command for news in history))
    assert all(MALL.decide(news.command, replayed) == [] for news in received)


@pytest.fixture
def clock(monkeypatch) -> Clock:
    return Clock(monkeypatch)


numbers = count()


class Town:
    """A mall of its own in which one visitor waits for KTP, and both relays."""

    def __init__(self, mall: Mall, clock: Clock) -> None:
        self.mall, self.clock, self.gateway = mall, clock, Gateway()
        number = next(numbers)
        self.code, self.ticket = f"mall-{number}", f"{TODAY}-{number:022d}"
        clock.ahead = timedelta(0)
        mall.here.leave_phone(self.ticket, PHONE)
        self.receives(
            "ticket-issued", mall_name="MPP", ahead=3, issued_at=mall.at.isoformat(), service="KTP", agency="D"
        )
        self.relay, self.delivered = Concerned(mall.here, mall.malls), 0
        assert self.runs() == ["issued"]

    def receives(self, kind: str, **data) -> None:
        self.mall.hears(kind, self.ticket, mall=self.code, **data)

    def closes(self, thing: str, closure: str, since: int = 0, until: int | None = None) -> None:
        begins = self.mall.at + self.clock.ahead + timedelta(minutes=since)
        ends = None if until is None else (begins + timedelta(minutes=until)).isoformat()
        of_thing = {"service": "KTP"} if thing == "service" else {}
        self.receives(
            f"{thing}-suspended", **of_thing, reason="Padam", since=begins.isoformat(), until=ends, closure=closure
        )

    def lifts(self, thing: str, closure: str) -> None:
        at = (self.mall.at + self.clock.ahead).isoformat()
        of_thing = {"service": "KTP"} if thing == "service" else {}
        self.receives(f"{thing}-resumed", **of_thing, resumed_at=at, closure=closure)

    def restarts(self) -> None:
        """Another process takes over the relay of stops."""
        self.relay = Concerned(self.mall.here, self.mall.malls)

    def asks(self) -> None:
        """Run the relay of stops, which asks for texts."""
        commits = [c for c in self.mall.store.with_outbox("suspensions") if c.stream == mall_stream(self.code)]
        for commit in commits[self.delivered :]:
            self.relay.deliver(commit)
        self.delivered = len(commits)
        self.relay.confirm()

    def runs(self) -> list[str]:
        """Run both relays; return the kinds of the texts that were sent."""
        before = len(self.gateway.sent)
        self.asks()
        sending = Dispatcher(
            self.mall.store, self.mall.here, self.mall.malls, [Line("sms", self.gateway, 1000)], Reports("", "")
        )
        for commit in self.mall.store.with_outbox(SMS):
            if commit.stream == stream_of(self.ticket):
                sending.deliver(commit)
        sending.confirm()
        due = {"subject": self.ticket, "due": {"$lte": now()}}
        assert eventually(lambda: self.mall.store.database["outgoing"].count_documents(due) == 0)
        sending.close()
        return [self.kinds[text.reference] for text in self.gateway.sent[before:]]

    @property
    def kinds(self) -> dict[str, str]:
        messages = self.mall.here.find(self.ticket).messages
        return {reference_of(id): message.requested.kind for id, message in messages.items()}


@pytest.fixture
def town(store, clock) -> Iterator[Town]:
    return Town(Mall(store), clock)


def test_service_continues_for_a_visitor_after_the_last_closure_alone(town):
    town.closes("service", "a")
    assert town.runs() == ["suspended"]
    town.closes("service", "b", until=20)
    town.closes("service", "c", since=60)
    assert town.runs() == [], "the visitor has a text about the first closure"
    town.lifts("service", "a")
    assert town.runs() == []
    town.clock.ahead = timedelta(minutes=21)
    assert town.runs() == ["continued"]


def test_two_closures_at_once_are_texted_once_and_lifting_one_texts_nothing(town):
    town.closes("service", "a")
    town.closes("service", "b")
    assert town.runs() == ["suspended"]
    town.lifts("service", "a")
    assert town.runs() == []


def test_closure_lifted_before_its_text_leaves_the_text_of_the_other(town):
    town.closes("service", "a")
    town.closes("service", "b")
    town.asks()
    town.lifts("service", "a")
    assert town.runs() == ["suspended"]
    texts = town.mall.here.find(town.ticket).of_kind("suspended")
    assert [text.status for text in texts] == ["dropped", "accepted"]


def test_two_closures_of_one_version_end_with_a_text_each(store, clock):
    town = Town(Mall(store), clock)
    at = town.mall.at
    commands = [
        HearSuspension(
            "mall", "", "Padam", at + timedelta(minutes=m), at + timedelta(minutes=m + 5), (9, n), at, f"{n}"
        )
        for n, m in enumerate((0, 10))
    ]
    for command in commands:
        town.mall.malls.act(town.code, command)
    said = []
    for minutes in (0, 6, 11, 16):
        clock.ahead = timedelta(minutes=minutes)
        said += town.runs()
    assert said == ["suspended", "continued", "suspended", "continued"]


acts = st.lists(
    st.tuples(
        st.sampled_from(["close", "close", "plan", "lift", "lift", "approach", "restart"]),
        st.sampled_from(["mall", "service"]),
        st.integers(0, 3),
        st.none() | st.integers(2, 14),
        st.integers(0, 6),
    ),
    min_size=4,
    max_size=9,
)


@settings(
    max_examples=10,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # to shrink takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(acts)
def test_texts_follow_the_union_of_random_closures(store, clock, story):
    town, minutes, closures = Town(Mall(store), clock), 0, {}
    last = "continued"
    for place, (act, thing, which, length, wait) in enumerate(story):
        match act:
            case "close" | "plan":
                begin = which * 3 if act == "plan" else 0
                closures[(thing, f"c{place}")] = (minutes + begin, None if length is None else minutes + begin + length)
                town.closes(thing, f"c{place}", begin, length)
            case "lift" if closures:
                lifted = sorted(closures)[which % len(closures)]
                closures.pop(lifted)
                town.lifts(*lifted)
            case "approach":
                town.receives("ticket-approaching", ahead=2)
            case "restart":
                town.restarts()
        stopped = any(begin <= minutes and (end is None or minutes < end) for begin, end in closures.values())
        said = town.runs()
        assert set(said) <= ({"suspended"} if stopped else {"continued", "approaching"}), (minutes, closures)
        assert last != "continued" or "continued" not in said
        last = next((kind for kind in said if kind != "approaching"), last)
        assert (last == "suspended") == stopped, (minutes, closures)
        minutes += wait
        clock.ahead = timedelta(minutes=minutes, seconds=1)
