"""How each kind of event changes the waiting visitors, which later event replaces it, and what a closure changes."""

from datetime import UTC, datetime, timedelta

import pytest

from services.catalog.domain.directory import (
    AgencyListed,
    AgencyWithdrawn,
    CounterListed,
    CounterWithdrawn,
    Directory,
    ServiceListed,
    ServiceWithdrawn,
    UnknownService,
    evolve,
)
from services.catalog.domain.waiting import (
    WAITING,
    BookingEnded,
    ClosureHeard,
    CounterStands,
    DayEnded,
    PlaceBooked,
    ReopeningHeard,
    TicketWaits,
    TicketWaitsNoMore,
    Waiting,
)

NINE = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
KTP, SIM = "DUKCAPIL-KTPREKAM", "POLRES-SIMA"


def after(*news, state: Waiting = WAITING.initial) -> Waiting:
    """Return the state after these events, each decided and then applied."""
    for each in news:
        for event in WAITING.decide(each, state):
            state = WAITING.evolve(state, event)
    return state


def closed(scope: str = "counter", code: str = "G02", version: int = 1, closure: str = "", **times) -> ClosureHeard:
    since, until = times.get("since", NINE), times.get("until")
    return ClosureHeard(scope, code, "Padam", since, until, (version, 0), closure)


def reopened(scope: str = "counter", code: str = "G02", version: int = 9, closure: str = "") -> ReopeningHeard:
    return ReopeningHeard(scope, code, NINE, (version, 0), closure)


NEWS = {
    ("ticket", "a"): TicketWaits("a", KTP, NINE, (3, 1)),
    ("ticket", "b"): TicketWaitsNoMore("b", NINE, (3, 1)),
    ("desk", "G02"): CounterStands("G02", "open", NINE, (3, 1)),
    ("counter", "G02"): closed(version=3),
    ("counter", "G02/x"): closed(version=3, closure="x"),
    ("service", KTP): reopened("service", KTP, version=3),
    ("service", f"{KTP}/x"): reopened("service", KTP, version=3, closure="x"),
    ("booking", "c"): PlaceBooked("c", KTP, NINE, (3, 1)),
    ("booking", "d"): BookingEnded("d", NINE, (3, 1)),
}


@pytest.mark.parametrize("thing", NEWS)
def test_news_is_kept_under_the_thing_it_is_about(thing):
    news = NEWS[thing]
    state = after(news)
    assert state.heard == {thing: news.position}
    assert WAITING.decide(news, state) == []
    assert WAITING.decide(news, after(*[one for key, one in NEWS.items() if key != thing])) == [news]


def test_state_after_each_kind_of_news():
    later = NINE + HOUR
    tickets = after(TicketWaits("a", KTP, NINE, (1, 0)), TicketWaits("b", SIM, later, (2, 0), booked=True))
    positions = {("ticket", "a"): (1, 0), ("ticket", "b"): (2, 0)}
    assert tickets == Waiting(positions, {"a": KTP, "b": SIM}, claimed={"b": SIM}, news_at=later)
    called = after(TicketWaitsNoMore("a", NINE, (3, 0)), state=tickets)
    assert (called.tickets, called.claimed, called.news_at) == ({"b": SIM}, {"b": SIM}, later)
    desks = after(CounterStands("G03", "open", NINE, (1, 0)), CounterStands("G02", "open", later, (2, 0)))
    assert (desks.counters, desks.open_counters, desks.news_at) == (
        {"G03": "open", "G02": "open"},
        ["G02", "G03"],
        later,
    )
    paused = after(CounterStands("G03", "paused", NINE, (3, 0)), state=desks)
    assert (paused.counters, paused.open_counters) == ({"G03": "paused", "G02": "open"}, ["G02"])
    booked = after(PlaceBooked("c", KTP, NINE, (1, 0)), PlaceBooked("d", SIM, NINE, (2, 0)))
    assert (booked.bookings, booked.news_at) == ({"c": KTP, "d": SIM}, None)
    assert after(BookingEnded("c", NINE, (3, 0)), state=booked).bookings == {"d": SIM}
    over = after(DayEnded(later, (4, 0)), state=called)
    assert over == Waiting(news_at=later, ended=True)
    assert WAITING.decide(TicketWaits("z", KTP, later, (5, 0)), over) == []


def test_many_wait_for_one_service():
    state = after(*(TicketWaits(f"{n}", KTP if n else SIM, NINE, (n + 1, 0)) for n in range(4)))
    assert dict(state.by_service) == {SIM: 1, KTP: 3}


@pytest.mark.parametrize(("position", "is_new"), [((2, 1), False), ((2, 2), False), ((2, 3), True), ((3, 0), True)])
def test_event_is_stored_if_its_position_is_later_than_the_last(position, is_new):
    state = after(TicketWaits("a", KTP, NINE, (2, 2)))
    late = TicketWaits("a", SIM, NINE, position)
    assert bool(WAITING.decide(late, state)) is is_new
    assert WAITING.evolve(state, late).tickets == {"a": SIM if is_new else KTP}


def test_claim_received_after_the_call_of_its_ticket_is_stored_once():
    state = after(TicketWaitsNoMore("a", NINE, (2, 0)))
    claim = TicketWaits("a", KTP, NINE, (1, 0), booked=True)
    assert WAITING.decide(claim, state) == [claim]
    claimed = WAITING.evolve(state, claim)
    assert (claimed.claimed, claimed.tickets) == ({"a": KTP}, {})
    assert WAITING.decide(claim, claimed) == []
    assert WAITING.decide(TicketWaits("a", KTP, NINE, (1, 0)), state) == []


def test_closure_is_shown_from_its_beginning_until_before_its_end():
    state = after(closed(until=NINE + HOUR))
    moments = (NINE - SECOND, NINE, NINE + HOUR - SECOND, NINE + HOUR)
    assert [len(state.closures_at(now)) for now in moments] == [0, 1, 1, 0]
    assert len(after(closed()).closures_at(NINE + 1000 * HOUR)) == 1


def test_closure_with_an_id_is_one_more_and_one_without_replaces_all():
    others = (closed(code="G03"), closed("service", "G02", 2))
    two = after(closed(version=3, closure="a"), closed(version=4, closure="b"), *others)
    assert set(two.closures) == {
        ("counter", "G02", "a"),
        ("counter", "G02", "b"),
        ("counter", "G03", ""),
        ("service", "G02", ""),
    }
    one = after(closed(version=5), state=two)
    assert set(one.closures) == {("counter", "G02", ""), ("counter", "G03", ""), ("service", "G02", "")}
    assert one.closures["counter", "G02", ""].position == (5, 0)


@pytest.mark.parametrize(
    ("closure", "left"),
    [("a", ["", "b"]), ("b", ["", "a"]), ("x", ["a", "b"]), ("", [])],
)
def test_reopening_ends_its_own_closure_or_all_of_the_thing(closure, left):
    state = after(closed(), closed(version=2, closure="a"), closed(version=3, closure="b"), closed(code="G03"))
    ended = after(reopened(closure=closure), state=state)
    assert [key[2] for key in ended.closures if key[1] == "G02"] == left
    assert ("counter", "G03", "") in ended.closures


# The directory


def test_directory_after_each_kind_of_event():
    agency, other = AgencyListed("PLN", "PLN", "A"), AgencyListed("BPN", "BPN", "B")
    services = [ServiceListed("PLN-BARU", "Sambungan baru", "PLN", 10), ServiceListed("BPN-CEK", "Cek", "BPN", 5)]
    counters = [CounterListed("G01", "Gerai 1", 1, "PLN", ("PLN-BARU",)), CounterListed("G09", "Gerai 9", 1, "BPN")]
    state = Directory()
    for event in (agency, other, *services, *counters):
        state = evolve(state, event)
    assert state == Directory(
        None,
        {"PLN": agency, "BPN": other},
        {one.code: one for one in services},
        {one.code: one for one in counters},
    )
    assert state.service("BPN-CEK") == services[1]
    assert state.counters_for("PLN-BARU") == [counters[0]]
    assert state.counters_for("BPN-CEK") == []
    with pytest.raises(UnknownService) as refusal:
        state.service("X")
    assert refusal.value.params == {"service": "X"}
    for event in (AgencyWithdrawn("PLN"), ServiceWithdrawn("PLN-BARU"), CounterWithdrawn("G01")):
        state = evolve(state, event)
    assert state == Directory(None, {"BPN": other}, {"BPN-CEK": services[1]}, {"G09": counters[1]})
