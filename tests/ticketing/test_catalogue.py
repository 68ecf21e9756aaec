"""What screens take from the catalogue: what the kiosk offers is what the command accepts, and the token of it."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from examples import KK, KTP, OFFICE_HOURS, SIM, TUESDAY_NINE, MallDay, mall
from hypothesis import given
from hypothesis import strategies as st
from ticketing.conftest import PEKALONGAN

from services.chassis.decider import Snapshot
from services.chassis.errors import Refused
from services.ticketing import views
from services.ticketing.domain.day import DAY
from services.ticketing.domain.day.commands import ForceOpen, IssueTicket
from services.ticketing.domain.mall import Closure, ClosureDeclared, Mall, evolve
from services.ticketing.views import catalogue

SKCK = "POLRES-SKCK"  # no counter gives it
MORNING, AFTERNOON, NEVER = (OFFICE_HOURS,) * 7, ((("13:00", "15:00"),),) * 7, ((),) * 7
SHORT = ((("08:00", "08:30"),),) * 7
# The refusals that a kiosk tells beforehand, by what it tells.
KINDS = {"no-counter": "no-counter", "away": "service-away", "gone-home": "service-away", "closed": "suspended"}
KINDS["full"] = "service-full"

ends = st.sampled_from([None, 5, 90])
closures = st.lists(
    st.tuples(st.sampled_from([("counter", "G02"), ("counter", "G2B"), ("service", KK), ("service", SIM)]), ends),
    max_size=4,
)


def closed(known: Mall, scope: str, code: str, minutes: int | None = None, at: datetime = TUESDAY_NINE) -> Mall:
    until = None if minutes is None else at + timedelta(minutes=minutes)
    return evolve(known, ClosureDeclared(Closure(scope, code, "Listrik padam", at, until)))


def offered(known: Mall, now: datetime, day) -> dict[str, dict | None]:
    return {one["code"]: one["why_not"] for agency in views.directory(known, now, day) for one in agency["services"]}


def refusal(known: Mall, service: str, now: datetime, day) -> str | None:
    try:
        DAY.decide(IssueTicket("id", service, None, now, known), day)
    except Refused as refused:
        return refused.reason
    return None


@given(
    closures=closures,
    weeks=st.tuples(*[st.sampled_from([None, MORNING, AFTERNOON, NEVER, SHORT])] * 3),
    suspended=st.sets(st.sampled_from(["DUKCAPIL", "POLRES"])),
    capacity=st.sampled_from([None, 0, 1]),
    minutes=st.sampled_from([0, 45, 240]),
    forced=st.booleans(),
)
def test_kiosk_offers_exactly_what_the_command_accepts(closures, weeks, suspended, capacity, minutes, forced):
    known = mall()
    counters = {one.code: replace(one, week=week) for one, week in zip(known.counters.values(), weeks, strict=True)}
    agencies = {one.code: replace(one, suspended="Rapat" * (one.code in suspended)) for one in known.agencies.values()}
    services = {**known.services, KTP: replace(known.services[KTP], capacity=capacity)}
    known = replace(known, counters=counters, agencies=agencies, services=services)
    for (scope, code), length in closures:
        known = closed(known, scope, code, length)
    day = MallDay(TUESDAY_NINE, known)
    if forced:
        day.when(ForceOpen("Uji coba", TUESDAY_NINE, known))
    now = TUESDAY_NINE + timedelta(minutes=minutes)
    said = offered(known, now, day.state)
    assert set(said) == set(known.services)
    for service, why_not in said.items():
        assert refusal(known, service, now, day.state) == (why_not and KINDS[why_not["kind"]]), service


def test_directory_says_why_a_service_cannot_be_chosen_and_until_when():
    now = TUESDAY_NINE
    known = closed(mall(), "counter", "G03", 60)
    known = replace(known, counters={**known.counters, "G02": replace(known.counters["G02"], week=SHORT)})
    said = offered(known, now, MallDay(now, known).state)
    assert said[SIM] == {"kind": "closed", "reason": "Listrik padam", "until": "2026-11-24T03:00:00+00:00"}
    assert said[KTP] == {"kind": "gone-home", "reason": "", "until": "2026-11-25T08:00:00+07:00"}
    assert said[SKCK]["kind"] == "no-counter"
    assert said[KK] is None


def token(known: Mall, now: datetime = TUESDAY_NINE, day=None) -> str:
    return views.token(known, now, day or MallDay(now, known).state)


def test_token_changes_with_whatever_screens_take_from_the_catalogue():
    known = mall()
    dukcapil, ktp, g02 = known.agencies["DUKCAPIL"], known.services[KTP], known.counters["G02"]
    changed = [
        replace(known, agencies={**known.agencies, "DUKCAPIL": replace(dukcapil, suspended="Jaringan terganggu")}),
        replace(known, agencies={**known.agencies, "DUKCAPIL": replace(dukcapil, name="Disdukcapil")}),
        replace(known, services={**known.services, KTP: replace(ktp, name="KTP-el")}),
        replace(known, services={code: one for code, one in known.services.items() if code != SIM}),
        replace(known, counters={**known.counters, "G02": replace(g02, floor=3)}),
        replace(known, counters={**known.counters, "G02": replace(g02, week=SHORT)}),
        replace(known, learned=replace(known.about, name="MPP Lain")),
        replace(known, learned=replace(known.about, classes=known.about.classes[:1])),
        closed(known, "service", KTP),
    ]
    assert len({token(each) for each in [known, *changed]}) == 1 + len(changed)


def test_token_changes_with_the_hours_and_with_the_end_of_a_closure():
    known = closed(mall(), "counter", "G03", 5)
    counters = {**known.counters, "G02": replace(known.counters["G02"], week=((("08:00", "10:00"),),) * 7)}
    known = replace(known, counters=counters)
    day = MallDay(TUESDAY_NINE, known).state
    tokens = [token(known, TUESDAY_NINE + timedelta(minutes=minutes), day) for minutes in (0, 4, 5, 59, 60)]
    assert [one == other for one, other in pairwise(tokens)] == [True, False, True, False]


def test_token_is_the_same_in_every_process_and_ignores_tickets():
    known, again = mall(), mall()
    day = MallDay(TUESDAY_NINE, known)
    before = token(known, day=day.state)
    day.issue("siti")
    assert token(again, day=day.state) == before


def test_token_is_computed_once_for_all_screens(monkeypatch):
    known = mall()
    day = MallDay(TUESDAY_NINE, known).state
    computed = []
    plain = catalogue._hash
    monkeypatch.setattr(catalogue, "_hash", lambda *asked: computed.append(1) or plain(*asked))
    for second in range(50):
        token(known, TUESDAY_NINE + timedelta(seconds=second), day)
    assert len(computed) == 1
    token(closed(known, "service", KTP), day=day)
    assert len(computed) == 2


def test_hall_carries_the_token_by_stream_and_by_request(client):
    known = mall()
    shown = views.hall(Snapshot(MallDay(TUESDAY_NINE, known).state), known, TUESDAY_NINE)
    assert client.get(f"{PEKALONGAN}/hall").json["catalogue"] == shown["catalogue"]
    assert f'data-catalogue="{shown["catalogue"]}"' in client.get("/ticketing/malls/pekalongan/kiosk").text


@pytest.mark.parametrize("page", ["book", "counters/G02", "supervisor", "hall", "kiosk", f"book?service={KTP}"])
def test_page_names_the_catalogue_that_it_was_made_from(client, page):
    shown = client.get(f"{PEKALONGAN}/hall").json["catalogue"]
    assert f'data-catalogue="{shown}"' in client.get(f"/ticketing/malls/pekalongan/{page}").text


def test_transfer_targets_include_full_services_but_not_closed_ones():
    known = closed(mall(), "service", KK)
    known = replace(known, services={**known.services, KTP: replace(known.services[KTP], capacity=0)})
    targets = views.transfer_targets(known, TUESDAY_NINE, MallDay(TUESDAY_NINE, known).state)
    assert {one["code"]: one["why_not"] and one["why_not"]["kind"] for one in targets} == {
        KK: "closed",
        KTP: None,
        SIM: None,
    }
