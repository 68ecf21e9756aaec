"""Figures of a day and of a period, with numbers worked out by hand."""

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from examples import KK, KTP, SIM, MallDay
from ticketing.conftest import PEKALONGAN, refusal

from services.ticketing.domain import statistics
from services.ticketing.domain.day.commands import (
    CallTicket,
    CancelTicket,
    CloseDay,
    MissTicket,
    TransferTicket,
    UndoLast,
)
from services.ticketing.domain.history import RecordDay, Visit, Visits
from services.ticketing.queue import Queue, history_stream
from services.ticketing.spreadsheets import safe

MINUTE = 60


def visit(**known) -> Visit:
    plain = {
        "service": KTP,
        "agency": "DUKCAPIL",
        "counter": "G02",
        "priority": "",
        "hour": 9,
        "waited": 5 * MINUTE,
        "worked": 10 * MINUTE,
        "outcome": "served",
        "residual": 0,
        "in_range": True,
    }
    return Visit(**plain | known)


# One day of ten visits: enough to tell medians from means, and every way a visit can end.
VISITS = [
    visit(hour=8, waited=0),
    visit(hour=8, waited=1 * MINUTE, worked=4 * MINUTE),
    visit(waited=2 * MINUTE, priority="elderly", worked=30 * MINUTE),
    visit(service=KK, counter="G2B", waited=10 * MINUTE, worked=15 * MINUTE, in_range=False),
    visit(service=KK, counter="G2B", waited=20 * MINUTE, worked=20 * MINUTE),
    visit(service=SIM, agency="POLRES", counter="G03", hour=10, waited=40 * MINUTE, worked=None),  # end assumed
    visit(service=SIM, agency="POLRES", counter="G03", hour=10, waited=50 * MINUTE, worked=None, outcome="missed"),
    visit(hour=11, counter="", waited=None, worked=None, outcome="cancelled", residual=None, in_range=None),
    visit(hour=11, counter="", waited=None, worked=None, outcome="unserved", residual=None, in_range=None),
    visit(hour=11, priority="disability", waited=3 * MINUTE, worked=None, outcome="held", residual=None, in_range=None),
]


def figures(visits: list[Visit]) -> dict:
    return statistics.summary({"2026-11-24": Visits.of(visits)}, "day")[0]


def test_a_summary_counts_how_visits_ended_and_how_long_they_took():
    assert figures(VISITS) == {
        "tickets": 10,
        "served": 6,
        "missed": 1,
        "cancelled": 1,
        "unserved": 1,
        "wait_median": 3 * MINUTE,
        "wait_p90": 50 * MINUTE,
        "service_median": 15 * MINUTE,
        "service_p90": 30 * MINUTE,
        "waits_in_range": 0.857,
    }


def test_medians_do_not_depend_on_the_order_of_visits():
    visits = [visit(waited=minutes * MINUTE, worked=(minutes + 3) * MINUTE) for minutes in (40, 2, 30, 9, 20)]
    found = figures(visits)
    assert (found["wait_median"], found["wait_p90"]) == (20 * MINUTE, 40 * MINUTE)
    assert (found["service_median"], found["service_p90"]) == (23 * MINUTE, 43 * MINUTE)


def test_nothing_has_no_figures():
    nothing = figures([])
    assert (nothing["tickets"], nothing["wait_median"], nothing["waits_in_range"]) == (0, None, None)


@pytest.mark.parametrize(
    ("group", "tickets", "waits"),
    [
        ("service", {KTP: 6, KK: 2, SIM: 2}, {KTP: 1, KK: 10, SIM: 40}),
        ("agency", {"DUKCAPIL": 8, "POLRES": 2}, {"DUKCAPIL": 2, "POLRES": 40}),
        ("counter", {"": 2, "G02": 4, "G03": 2, "G2B": 2}, {"": None, "G02": 1, "G03": 40, "G2B": 10}),
        ("hour", {"08:00": 2, "09:00": 3, "10:00": 2, "11:00": 3}, {"08:00": 0, "09:00": 10, "10:00": 40, "11:00": 3}),
        ("day", {"2026-11-24": 10, "2026-11-25": 0}, {"2026-11-24": 3, "2026-11-25": None}),
    ],
)
def test_visits_are_divided(group, tickets, waits):
    _, found = statistics.summary({"2026-11-24": Visits.of(VISITS), "2026-11-25": Visits()}, group)
    assert {name: part["tickets"] for name, part in found.items()} == tickets
    minutes = {name: part["wait_median"] for name, part in found.items()}
    assert {name: wait and wait // MINUTE for name, wait in minutes.items()} == waits
    assert list(found) == sorted(found)


def test_the_parts_of_a_period_add_up_to_the_whole():
    days = {"2026-11-24": Visits.of(VISITS), "2026-11-25": Visits.of(VISITS[:5])}
    together = figures([*VISITS, *VISITS[:5]])
    for group in ("service", "agency", "counter", "hour", "day"):
        whole, parts = statistics.summary(days, group)
        assert whole == together
        for figure in ("tickets", "served", "missed", "cancelled", "unserved"):
            assert sum(part[figure] for part in parts.values()) == whole[figure]


@pytest.mark.parametrize(
    ("ordered", "part", "value"),
    [([], 0.5, None), ([7], 0.5, 7), ([7], 0.9, 7), ([1, 2], 0.5, 1), ([1, 2, 3], 0.5, 2), ([*range(1, 11)], 0.9, 9)],
)
def test_a_quantile_is_the_nearest_rank(ordered, part, value):
    """The smallest value that at least this part of all values does not exceed."""
    assert statistics.quantile(ordered, part) == value


def test_columns_give_back_the_visits_they_were_made_of():
    assert list(Visits.of(VISITS)) == VISITS
    assert list(Visits.of([])) == []


# From the events of a day


def test_a_visit_is_measured_from_its_tickets_events():
    day = MallDay()
    day.issue("siti", priority="elderly")
    day.after(4.5).call()
    day.after(9.5).finish()
    (measured,) = statistics.visits(day.state)
    assert measured[:8] == (KTP, "DUKCAPIL", "G02", "elderly", 9, 5 * MINUTE, 10 * MINUTE, "served")


@pytest.mark.parametrize(("seconds_more", "right"), [(0, True), (1, False)])
def test_a_wait_counts_as_told_right_in_the_whole_minutes_that_were_told(seconds_more, right):
    day = MallDay()
    told = [day.issue(who) for who in ("siti", "budi")][1]
    day.call()
    day.finish()
    day.now = told.issued_at + timedelta(minutes=-(-told.told_high // 60), seconds=seconds_more)
    day.call()
    assert statistics.visits(day.state)[1].in_range is right


@pytest.mark.parametrize(("waited", "right"), [(599, False), (600, True), (960, True), (961, False)])
def test_wait_is_in_the_range_of_whole_minutes_on_the_ticket(waited, right):
    day = MallDay()
    issued = day.issue("siti")
    ticket = day.state.tickets["siti"]
    known = replace(ticket, issued=replace(issued, told_low=600, told_high=901))
    day.state = replace(day.state, tickets=day.state.tickets.set("siti", known))
    day.now = issued.issued_at + timedelta(seconds=waited)
    day.call()
    assert statistics.visits(day.state)[0].in_range is right


def test_wait_of_a_visitor_called_out_of_turn_is_in_no_range():
    day = MallDay()
    day.issue("siti")
    day.when(CallTicket("G02", "siti", "Lansia", day.now, day.mall))
    (measured,) = statistics.visits(day.state)
    assert (measured.waited, measured.residual, measured.in_range) == (30, None, None)


def test_day_that_is_not_open_yet_has_no_visits():
    assert statistics.visits(MallDay().state) == []


def test_a_visitor_who_was_sent_on_counts_where_the_visit_ended():
    day = MallDay()
    day.issue("siti")
    day.call()
    day.when(TransferTicket("siti", "G02", SIM, "", "", day.now, day.mall))
    day.call("G03")
    day.finish("G03")
    (measured,) = statistics.visits(day.state)
    assert (measured.agency, measured.counter, measured.waited) == ("POLRES", "G03", 30)


def test_those_who_did_not_come_left_or_still_wait_have_no_service_time():
    day = MallDay()
    for who in ("siti", "budi", "rini"):
        day.issue(who)
    day.call()
    day.when(MissTicket("siti", "G02", day.now))
    day.when(CancelTicket("budi", day.now, day.mall))
    found = statistics.visits(day.state)
    assert [(one.outcome, one.worked, one.counter) for one in found] == [
        ("missed", None, "G02"),
        ("cancelled", None, ""),
        ("waiting", None, ""),
    ]


def test_a_call_that_was_taken_back_measures_no_wait():
    day = MallDay()
    for who in ("siti", "budi"):
        day.issue(who)
    day.call()
    day.finish()
    before = day.state.residuals
    day.after(20).call()
    assert len(day.state.residuals) == len(before) + 1
    day.when(UndoLast("G02", day.now))
    assert day.state.residuals == before
    assert statistics.visits(day.state)[1].waited is None
    day.call()
    assert len(day.state.residuals) == len(before) + 1


# Over HTTP


@pytest.fixture
def supervisor(bearer) -> dict[str, str]:
    return bearer("supervisor")


def recorded(store, date: str, visits: list[Visit], refused: dict[str, int] | None = None) -> None:
    day = MallDay()
    day.issue("siti")
    day.when(CloseDay(day.now, day.mall))
    made = statistics.record(day.state, refused or {}, "seal")
    changed = type(made)(date, made.closed_at, made.totals, made.refused, Visits.of(visits), made.seal)
    Queue(store).histories.execute(history_stream("pekalongan"), RecordDay(changed))


def ask(client, token, **query: str):
    return client.get(f"{PEKALONGAN}/statistics", query_string=query, headers=token)


def test_today_is_told_as_it_stands(client, supervisor):
    client.post(f"{PEKALONGAN}/tickets", json={"service": KTP})
    found = ask(client, supervisor).json
    assert (found["from"], found["to"], found["days"], found["by"]) == ("2026-11-24", "2026-11-24", 1, "agency")
    assert (found["all"]["tickets"], found["all"]["served"]) == (1, 0)
    assert list(found["groups"]) == ["DUKCAPIL"]


def test_a_period_takes_closed_days_and_today(client, supervisor, store):
    recorded(store, "2026-11-20", VISITS, {"closed": 3})
    recorded(store, "2026-11-23", VISITS[:4], {"closed": 1, "capacity-reached": 2})
    client.post(f"{PEKALONGAN}/tickets", json={"service": KTP})
    found = ask(client, supervisor, **{"from": "2026-11-21", "to": "2026-11-30", "by": "day"}).json
    assert {day: figures["tickets"] for day, figures in found["groups"].items()} == {"2026-11-23": 4, "2026-11-24": 1}
    assert found["refused"] == {"capacity-reached": 2, "closed": 1}
    assert found["all"]["tickets"] == 5
    early = ask(client, supervisor, **{"from": "2026-11-01", "to": "2026-11-20"}).json
    assert (early["days"], early["all"]["tickets"], early["refused"]) == (1, 10, {"closed": 3})


def test_a_day_that_was_closed_today_is_not_counted_twice(client, supervisor):
    client.post(f"{PEKALONGAN}/tickets", json={"service": KTP})
    client.post(f"{PEKALONGAN}/closing", headers=supervisor)
    found = ask(client, supervisor).json
    assert (found["days"], found["all"]["tickets"], found["all"]["unserved"]) == (1, 1, 1)


def test_an_agency_sees_its_own_visitors_alone(client, bearer, supervisor, store):
    recorded(store, "2026-11-23", VISITS, {"closed": 3})
    for service in (KTP, SIM):
        client.post(f"{PEKALONGAN}/tickets", json={"service": service})
    polres = bearer("agency", agency="POLRES")
    for group in ("service", "agency", "counter", "hour", "day"):
        found = ask(client, polres, **{"from": "2026-11-01", "by": group}).json
        assert found["all"]["tickets"] == 3
        assert sum(figures["tickets"] for figures in found["groups"].values()) == 3
        assert found["refused"] == {}
    assert list(ask(client, polres, **{"from": "2026-11-01", "by": "service"}).json["groups"]) == [SIM]
    assert "DUKCAPIL" not in ask(client, polres, **{"from": "2026-11-01", "format": "csv"}).text


def classes_of_october(client, token, **query: str) -> tuple[list[str], dict[str, int]]:
    answer = ask(client, token, **{"from": "2026-10-01", "to": "2026-10-31", "by": "class"} | query)
    return answer.json["months"], {name: part["tickets"] for name, part in answer.json["groups"].items()}


def test_classes_are_shown_for_settled_months_from_five_visits_on(client, bearer, supervisor, store):
    recorded(store, "2026-10-05", [*VISITS, *[visit(priority="elderly")] * 4])
    recorded(store, "2026-10-06", [visit(priority="elderly")])
    assert classes_of_october(client, supervisor) == (["2026-10"], {"ordinary": 8, "priority": 7})
    assert classes_of_october(client, supervisor, to="2026-10-30") == ([], {})
    recorded(store, "2026-10-07", [visit(priority="disability")] * 4)
    assert classes_of_october(client, supervisor)[1] == {"ordinary": 8, "elderly": 6, "disability": 5}
    agencies = [bearer("agency", agency=agency) for agency in ("DUKCAPIL", "POLRES")]
    for agency in agencies:
        assert classes_of_october(client, agency) == ([], {}), "all less one agency is the other, with two visits"
    recorded(store, "2026-10-08", [visit(agency="POLRES")] * 3)
    assert classes_of_october(client, agencies[0]) == (["2026-10"], {"ordinary": 6, "priority": 11}), "not which class"
    assert classes_of_october(client, agencies[1]) == (["2026-10"], {"ordinary": 5})


def test_no_statistics_of_today_reveal_the_class_of_a_visit(client, supervisor):
    client.post(f"{PEKALONGAN}/tickets", json={"service": KTP, "priority": "elderly"})
    found = ask(client, supervisor, by="class")
    assert (found.json["all"]["tickets"], found.json["groups"], found.json["months"]) == (1, {}, [])
    for by in ("service", "agency", "counter", "class", "hour", "day"):
        for form in ("json", "csv"):
            assert "elderly" not in ask(client, supervisor, by=by, format=form).text


def test_waits_in_range_of_today_are_shown_once_the_day_is_closed(client, bearer, supervisor):
    desk = bearer(counter="G02")
    for _ in range(5):
        client.post(f"{PEKALONGAN}/tickets", json={"service": KTP})
        call = client.post(f"{PEKALONGAN}/counters/G02/calls", headers=desk).json["id"]
        client.post(f"{PEKALONGAN}/tickets/{call}/completion", json={}, headers=desk)
    assert ask(client, supervisor).json["all"]["waits_in_range"] is None
    client.post(f"{PEKALONGAN}/closing", headers=supervisor)
    assert ask(client, supervisor).json["all"]["waits_in_range"] is not None


def test_an_agencys_token_that_names_no_agency_sees_nothing(client, bearer):
    assert refusal(ask(client, bearer("agency"))) == (403, "wrong-scope")


@pytest.mark.parametrize("role", ["operator", "device"])
def test_statistics_are_not_for_everybody(client, bearer, role):
    assert refusal(ask(client, bearer(role))) == (403, "wrong-role")


@pytest.mark.parametrize("query", [{"from": "yesterday"}, {"by": "phone"}, {"format": "pdf"}])
def test_a_wrong_question_is_refused(client, supervisor, query):
    assert refusal(ask(client, supervisor, **query)) == (422, "invalid")


def test_a_table_for_spreadsheets_has_a_row_for_each_part(client, supervisor, store):
    recorded(store, "2026-11-23", VISITS)
    query = {"from": "2026-11-23", "to": "2026-11-23", "by": "agency", "format": "csv"}
    answer = ask(client, supervisor, **query)
    assert answer.mimetype == "text/csv"
    assert 'filename="statistics-pekalongan-2026-11-23-2026-11-23.csv"' in answer.headers["Content-Disposition"]
    assert answer.text.startswith("\ufeff"), "spreadsheets take it for UTF-8 by this"
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [(row["agency"], row["tickets"], row["wait_median"]) for row in rows] == [
        ("DUKCAPIL", "8", str(2 * MINUTE)),
        ("POLRES", "2", str(40 * MINUTE)),
    ]


def test_an_empty_table_has_its_columns(client, supervisor):
    answer = ask(client, supervisor, **{"from": "2020-01-01", "to": "2020-01-01", "format": "csv"})
    assert answer.text.startswith("\ufeffagency,tickets,served,")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("+62812", "'+62812"),
        ("-1", "'-1"),
        ("@cmd", "'@cmd"),
        ("\t=1", "'\t=1"),
        ("a;=1+1", "a;'=1+1"),  # where a semicolon parts the cells, as in Indonesia
        ("a\r\n=1+1", "a\r\n'=1+1"),
        ("＝1", "'＝1"),
        ("Rusak - ganti", "Rusak - ganti"),
        ("service=A, to=B", "service=A, to=B"),
        (-1, -1),
        (None, None),
    ],
)
def test_no_cell_is_a_formula(text, kept):
    assert safe(text) == kept


def test_hours_are_those_of_the_malls_zone():
    day = MallDay(datetime(2026, 11, 24, 3, 59, tzinfo=UTC))
    day.issue("siti")
    assert statistics.visits(day.state)[0].hour == 10
