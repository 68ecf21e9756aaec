"""What ticketing stores of a mall: facts by position, closures by time."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from examples import KTP, TUESDAY_NINE, mall

import services
from services.chassis.cloud_event import CloudEvent
from services.chassis.errors import Problem
from services.ticketing.domain.mall import (
    CLASSES,
    MALL,
    RATIO,
    AgencyForgotten,
    AgencyLearned,
    Bookings,
    Closure,
    ClosureDeclared,
    ClosureLifted,
    CounterForgotten,
    CounterLearned,
    DeclareClosure,
    LiftClosure,
    Mall,
    MallLearned,
    PriorityClass,
    Rule,
    ServiceForgotten,
    ServiceLearned,
)
from services.ticketing.subscriptions import on_mall_listed

NOW = TUESDAY_NINE
HOUR = timedelta(hours=1)
WEEK = ((("08:00", "15:00"),),) * 5 + ((), ())


def learned(*facts) -> Mall:
    found = MALL.initial
    for fact in facts:
        for event in MALL.decide(fact, found):
            found = MALL.evolve(found, event)
    return found


def listed(data: dict) -> MallLearned:
    event = CloudEvent("catalog@7.0", "/mpp/kota/catalog", "id.go.mpp.mall-listed.v1", "kota", NOW, "kota", data)
    return on_mall_listed(event)[1]


AGENCY = AgencyLearned("DUKCAPIL", "Dinas Dukcapil", "B", (3, 0))
SERVICE = ServiceLearned(KTP, "Perekaman KTP-el", "DUKCAPIL", 10, position=(3, 1))
COUNTER = CounterLearned("G02", "Gerai 2", 1, "DUKCAPIL", (KTP,), (3, 2))


@pytest.mark.parametrize(
    ("fact", "forgotten", "kind", "code"),
    [
        (AGENCY, AgencyForgotten("DUKCAPIL", (4, 0)), "agencies", "DUKCAPIL"),
        (SERVICE, ServiceForgotten(KTP, (4, 0)), "services", KTP),
        (COUNTER, CounterForgotten("G02", (4, 0)), "counters", "G02"),
    ],
)
def test_entry_is_stored_and_removed_once_in_order_of_positions(fact, forgotten, kind, code):
    stored = learned(AGENCY, SERVICE, COUNTER)
    assert getattr(stored, kind) == {code: fact}
    assert MALL.decide(fact, stored) == []
    assert MALL.decide(replace(fact, name="Nama baru", position=(2, 9)), stored) == []
    renamed = replace(fact, name="Nama baru", position=(3, 2))
    assert MALL.decide(renamed, stored) == [renamed]
    removed = MALL.evolve(stored, forgotten)
    assert getattr(removed, kind) == {}
    assert removed.position == (4, 0)
    assert MALL.decide(forgotten, removed) == []
    kept = {name: len(getattr(removed, name)) for name in ("agencies", "services", "counters") if name != kind}
    assert set(kept.values()) == {1}


def test_mall_has_the_usual_rules_unless_the_catalog_says_otherwise():
    plain = MallLearned("kota", "MPP Kota", "Asia/Jakarta", 100, WEEK)
    assert (plain.overtime_minutes, plain.approaching, plain.rule, plain.bookings) == (120, 3, RATIO, None)
    assert (plain.kept_for_priority, plain.kept_for_bookings) == (0, 0)
    assert (plain.home_percent, plain.bookings_percent) == (30, 30)
    assert Rule("ratio", 2, None) == RATIO
    assert (
        plain.classes
        == CLASSES
        == (
            PriorityClass(
                "disability", {"id": "Penyandang disabilitas", "en": "Person with a disability"}, "UU 8/2016"
            ),
            PriorityClass("elderly", {"id": "Lansia (60 tahun ke atas)", "en": "Elderly (60 and over)"}, "UU 13/1998"),
            PriorityClass("pregnancy", {"id": "Ibu hamil", "en": "Pregnant"}, "PermenPANRB 11/2024"),
        )
    )


def test_mall_listed_sets_each_number_it_carries_and_leaves_defaults():
    schema = json.loads((Path(services.__file__).parent / "catalog/schemas/mall-listed.v1.json").read_text())
    numbers = {name for name, about in schema["properties"].items() if about["type"] == "integer"} - {"capacity"}
    example = {name: value for name, value in schema["examples"][0].items() if name not in numbers}
    usual, given = listed(example), listed(example | dict.fromkeys(numbers, 7))
    assert {getattr(given, name) for name in numbers} == {7}
    assert [
        name
        for name in numbers
        if not schema["properties"][name]["description"].endswith(f"Absent in older events: {getattr(usual, name)}.")
    ] == [], "the default here is the one that the catalog's schema states"
    assert (usual.overtime_minutes, usual.approaching, usual.home_percent, usual.bookings_percent) == (120, 3, 30, 30)
    assert (usual.tickets_from_minutes, usual.last_ticket_minutes) == (0, 0)


def test_mall_changes_as_a_whole_with_a_newer_position():
    first = MallLearned("kota", "MPP Kota", "Asia/Jakarta", 100, WEEK, (1, 0))
    second = replace(first, capacity=120, bookings=Bookings(7, "10:00"), position=(2, 0))
    stored = learned(first, second)
    assert stored.about == second
    assert MALL.decide(first, stored) == []


def test_hours_of_a_mall_carry_its_margins():
    about = MallLearned("kota", "MPP Kota", "Asia/Jakarta", 100, WEEK, tickets_from_minutes=30, last_ticket_minutes=45)
    assert (about.hours.tickets_from_minutes, about.hours.last_ticket_minutes) == (30, 45)
    assert (about.hours.zone, about.hours.week) == ("Asia/Jakarta", WEEK)


@pytest.mark.parametrize(
    ("ask", "refusal"),
    [
        (lambda found: found.about, ("unknown-mall", {})),
        (lambda found: found.counter("G99"), ("unknown-counter", {"counter": "G99"})),
        (lambda found: found.service("X"), ("unknown-service", {"service": "X"})),
    ],
)
def test_lookup_of_what_was_not_learned_names_it(ask, refusal):
    with pytest.raises(Problem) as refused:
        ask(Mall())
    assert (refused.value.reason, refused.value.params) == refusal


def test_agency_is_named_by_its_code_until_its_name_is_learned():
    assert (Mall().agency_name("PLN"), mall().agency_name("POLRES")) == ("PLN", "Polres Pekalongan Kota")


def test_counters_of_a_service_are_all_that_give_it():
    assert [counter.code for counter in mall().counters_for("DUKCAPIL-KKBARU")] == ["G02", "G2B"]
    assert mall().counters_for("X") == ()


# Closures


def closure(until=NOW + HOUR, since=NOW, scope="service", code=KTP) -> Closure:
    return Closure(scope, code, "Listrik padam", since, until, f"{scope}-{until:%H%M}" if until else scope)


@pytest.mark.parametrize(
    ("moment", "holds", "is_over"),
    [
        (NOW - timedelta(seconds=1), False, False),
        (NOW, True, False),
        (NOW + HOUR - timedelta(seconds=1), True, False),
        (NOW + HOUR, False, True),
    ],
)
def test_closure_holds_from_its_begin_until_before_its_end(moment, holds, is_over):
    assert (closure().holds(moment), closure().is_over(moment)) == (holds, is_over)
    assert (closure(None).holds(moment), closure(None).is_over(moment)) == (moment >= NOW, False)
    declared = MALL.evolve(mall(), ClosureDeclared(closure()))
    assert declared.closure("service", KTP, moment) == (closure() if holds else None)
    assert declared.closure("counter", KTP, moment) is None
    assert list(declared.closures_ahead(moment)) == ([] if is_over else [closure()])


def test_closure_is_declared_changed_and_lifted():
    declared = MALL.evolve(mall(), ClosureDeclared(closure()))
    assert MALL.decide(DeclareClosure(closure(), NOW), mall()) == [ClosureDeclared(closure(), NOW)]
    assert MALL.decide(DeclareClosure(closure(), NOW), declared) == []
    longer = closure(NOW + 2 * HOUR)
    assert MALL.decide(DeclareClosure(longer, NOW), declared) == [ClosureDeclared(longer, NOW)]
    both = MALL.evolve(declared, ClosureDeclared(closure(scope="counter", code="G02")))
    lifted = ClosureLifted("service", KTP, NOW, closure().id)
    assert MALL.decide(LiftClosure("service", KTP, NOW), both) == [lifted]
    lifted = MALL.evolve(both, lifted)
    assert list(lifted.closures) == [("counter", "G02")]
    assert MALL.decide(LiftClosure("service", KTP, NOW), lifted) == []
    assert MALL.decide(LiftClosure("service", KTP, NOW + HOUR), declared) == [], "it is over"


@pytest.mark.parametrize(
    ("declared", "reason"),
    [
        (closure(NOW), "until-past"),
        (closure(NOW - HOUR, NOW - 2 * HOUR), "until-past"),
        (closure(NOW + HOUR, NOW + HOUR), "until-past"),
        (closure(scope="counter", code="G99"), "unknown-counter"),
        (closure(code="X"), "unknown-service"),
    ],
)
def test_closure_that_cannot_be_is_refused(declared, reason):
    with pytest.raises(Problem) as refused:
        MALL.decide(DeclareClosure(declared, NOW), mall())
    assert refused.value.reason == reason


def test_closure_of_a_mall_that_was_not_learned_is_refused():
    with pytest.raises(Problem) as refused:
        MALL.decide(DeclareClosure(closure(scope="mall", code="kota"), NOW), Mall())
    assert refused.value.reason == "unknown-mall"


def test_suspended_agency_closes_its_services_without_an_end():
    known = mall()
    away = replace(known.agencies["DUKCAPIL"], suspended="Pindah gedung")
    found = replace(known, agencies={**known.agencies, "DUKCAPIL": away})
    found = MALL.evolve(found, ClosureDeclared(closure()))
    service = found.services[KTP]
    assert found.closure_of(service, NOW) == Closure("service", KTP, "Pindah gedung", NOW, None)
    assert MALL.evolve(known, ClosureDeclared(closure())).closure_of(service, NOW) == closure()
    assert known.closure_of(service, NOW) is None


@pytest.mark.parametrize(
    ("until", "opens"),
    [
        (None, None),
        (NOW + HOUR, NOW + HOUR),  # ten o'clock: it is open then
        (NOW + 8 * HOUR, NOW + 23 * HOUR),  # five in the afternoon: the next morning at eight
    ],
)
def test_mall_opens_after_a_closure_at_its_end_or_its_next_hours(until, opens):
    assert mall().opens_after(closure(until, scope="mall", code="pekalongan")) == opens


def test_fact_without_a_position_is_older_than_any_other():
    about = MallLearned("kota", "MPP Kota", "Asia/Jakarta", 100, WEEK)
    facts = (
        about,
        AgencyLearned("A", "A", "A"),
        ServiceLearned("S", "S", "A", 5),
        CounterLearned("G", "G", 1, "A", ()),
    )
    removed = (AgencyForgotten("A"), ServiceForgotten("S"), CounterForgotten("G"))
    assert {fact.position for fact in (*facts, *removed)} == {Mall().position} == {(0, 0)}
