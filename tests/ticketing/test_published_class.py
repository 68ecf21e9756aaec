"""What is published when a ticket is issued, or its turn is near, is the same whatever the class of its visitor."""

from dataclasses import replace

import pytest
from examples import BUDI, KK, KTP, PRIORITIES, SIM, SITI, TUESDAY_NINE, MallDay, mall, only
from hypothesis import given, settings
from hypothesis import strategies as st

from services.chassis.cloud_event import TYPES
from services.chassis.decider import converter
from services.chassis.event_store import Commit, StoredEvent
from services.ticketing.contract import published
from services.ticketing.domain.day.commands import CallNext, CancelTicket
from services.ticketing.domain.day.events import Event, TicketApproaching
from services.ticketing.domain.day.refusals import NobodyWaits
from services.ticketing.domain.mall import Rule

CLASS = st.sampled_from([None, *PRIORITIES])
SERVICE = st.sampled_from([KTP, KK, SIM])
RULE = st.sampled_from([Rule("ratio", 2), Rule("strict"), Rule("fifo")])


def public(day: MallDay, events: list[Event]) -> list[tuple[str, dict]]:
    """The public events of these stored ones: type and data."""
    stored = tuple(StoredEvent(type(event).__name__, converter.unstructure(event)) for event in events)
    return [
        (event.type.removeprefix(TYPES), dict(event.data))
        for event in published(Commit("pekalongan/2026-11-24", 1, stored, (), day.now))
    ]


@given(st.lists(st.tuples(SERVICE, CLASS), max_size=12), RULE)
def test_tickets_of_any_class_are_published_alike(visitors, rule):
    days = [MallDay(known=mall(rule=rule)) for _ in range(2)]
    for number, (service, priority) in enumerate(visitors):
        issued = [
            public(day, [day.issue(f"t{number}", service, claimed)])
            for day, claimed in zip(days, (priority, None), strict=True)
        ]
        assert issued[0] == issued[1]


class Subscriber:
    """A subscriber with the catalogue and the public events: which tickets wait for what, which counters are open."""

    def __init__(self, day: MallDay) -> None:
        self.services = {counter.code: counter.services for counter in day.mall.counters.values()}
        self.waiting: dict[str, str] = {}
        self.open: set[str] = set()

    def expects(self, counters: list[str]) -> int:
        """How many wait at the one of these counters where the fewest do."""
        at_work = [code for code in counters if code in self.open] or counters
        return min(sum(one in self.services[code] for one in self.waiting.values()) for code in at_work)

    def receive(self, kind: str, data: dict) -> None:
        """Follow one more event; the `ahead` of a ticket is what the events before it say."""
        match kind:
            case "ticket-issued.v1":
                assert data["ahead"] == self.expects([counter["code"] for counter in data["counters"]])
                self.waiting[data["ticket_id"]] = data["service"]
            case "ticket-called.v1" | "ticket-cancelled.v1":
                del self.waiting[data["ticket_id"]]
            case "counter-opened.v1":
                self.open.add(data["counter"])


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("iiiicx"), SERVICE, CLASS, st.sampled_from(["G02", "G2B"])), max_size=25), RULE
)
def test_ahead_can_be_counted_from_the_public_events_before(acts, rule):
    day = MallDay(known=mall(rule=rule))
    subscriber, read = Subscriber(day), 0
    day_when = day.when
    history: list[Event] = []
    day.when = lambda command: history.extend(events := day_when(command)) or events  # type: ignore[method-assign]
    for number, (act, service, priority, counter) in enumerate(acts):
        if act == "i":
            day.issue(f"t{number}", service, priority)
        elif act == "x" and subscriber.waiting:
            day.when(CancelTicket(next(iter(subscriber.waiting)), day.now, day.mall))
        elif act == "c":
            try:
                day.call(counter)
                day.finish(counter)
            except NobodyWaits:
                pass
        for kind, data in public(day, history[read:]):
            subscriber.receive(kind, data)
        read = len(history)


def test_a_near_turn_is_published_with_the_same_number_for_every_ticket():
    day = MallDay(known=mall(approaching=3))
    for number in range(6):
        day.issue(f"t{number}")
    near = only(TicketApproaching, day.when(CallNext("G02", day.now, day.mall)))
    assert (near.ticket_id, near.ahead, near.at_most) == ("t3", 2, 2)
    assert {data["ahead"] for _, data in public(day, [near, replace(near, ahead=0)])} == {2}


@pytest.mark.parametrize("priority", [None, "elderly"])
def test_an_older_event_has_the_numbers_issued_before_for_every_class(priority):
    day = MallDay()
    day.issue(SITI)
    issued = replace(day.issue(BUDI, priority=priority), waiting=None)
    older = converter.unstructure(issued)
    del older["waiting"]
    stored = (StoredEvent("TicketIssued", older),)
    (event,) = published(Commit("pekalongan/2026-11-24", 1, stored, (), day.now))
    assert event.data["ahead"] == 1


def test_an_older_event_of_a_near_turn_has_the_highest_setting():
    older = converter.unstructure(TicketApproaching("t5", "B-006", KTP, "DUKCAPIL", 0, TUESDAY_NINE))
    del older["at_most"]
    stored = (StoredEvent("TicketApproaching", older),)
    (event,) = published(Commit("pekalongan/2026-11-24", 1, stored, (), TUESDAY_NINE))
    assert event.data["ahead"] == 19


def test_the_visitors_own_ticket_keeps_the_number_that_are_called_before():
    day = MallDay()
    day.issue(SITI)
    day.issue(BUDI)
    issued = day.issue("rini", priority="elderly")
    assert (issued.ahead, issued.waiting) == (0, 2)
    assert only(dict, [data for _, data in public(day, [issued])])["ahead"] == 2
