"""The satisfaction survey: who may answer, once; and what the answers come to, for whom."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from examples import KK, KTP, SIM, TUESDAY_NINE, MallDay
from hypothesis import given, settings
from hypothesis import strategies as st
from properties import examples
from ticketing.conftest import PEKALONGAN, refusal

from services.ticketing.domain.day.commands import TransferTicket, UndoLast
from services.ticketing.survey.batches import MARGIN, Batch, batches, settles_at
from services.ticketing.survey.domain import (
    ELEMENTS,
    SURVEY,
    AlreadyAnswered,
    AnswerSurvey,
    Profile,
    SurveyAnswered,
    SurveyClosed,
    VisitNotOver,
)
from services.ticketing.survey.report import Visits, report
from services.ticketing.survey.surveys import months

GOOD = dict.fromkeys(ELEMENTS, 3)
SLOW = GOOD | {"time": 1}
RINI_HERSELF = Profile("female", "30-39", "senior", "home")


def given_answers(*events: SurveyAnswered):
    month = SURVEY.initial
    for event in events:
        month = SURVEY.evolve(month, event)
    return month


def served(day: MallDay, who: str = "siti"):
    day.issue(who)
    day.call()
    day.finish()
    return day.state.tickets[who]


def answer(ticket, answers=GOOD, profile=RINI_HERSELF, *, after: timedelta = timedelta(minutes=5)) -> AnswerSurvey:
    ended = ticket.ended_at or TUESDAY_NINE
    return AnswerSurvey(ticket, answers, profile, "id", ended + after)


# The rules


def test_who_was_served_judges_the_visit():
    ticket = served(MallDay())
    (told,) = SURVEY.decide(answer(ticket), SURVEY.initial)
    assert (told.ticket_id, told.service, told.agency) == ("siti", KTP, "DUKCAPIL")
    assert (told.answers, told.profile, told.language) == (GOOD, RINI_HERSELF, "id")


def test_the_same_answers_again_change_nothing():
    ticket = served(MallDay())
    month = given_answers(*SURVEY.decide(answer(ticket), SURVEY.initial))
    assert SURVEY.decide(answer(ticket, after=timedelta(days=30)), month) == []


@pytest.mark.parametrize(("answers", "profile"), [(SLOW, RINI_HERSELF), (GOOD, Profile())])
def test_other_answers_for_the_same_visit_are_refused(answers, profile):
    ticket = served(MallDay())
    month = given_answers(*SURVEY.decide(answer(ticket), SURVEY.initial))
    with pytest.raises(AlreadyAnswered):
        SURVEY.decide(answer(ticket, answers, profile), month)


def test_a_visit_that_goes_on_cannot_be_judged_yet():
    day = MallDay()
    day.issue("siti")
    waits = day.state.tickets["siti"]
    day.call()
    for ticket in (waits, day.state.tickets["siti"]):
        with pytest.raises(VisitNotOver):
            SURVEY.decide(answer(ticket), SURVEY.initial)


def test_a_visit_whose_end_was_taken_back_goes_on():
    day = MallDay()
    served(day)
    day.when(UndoLast("G02", day.now))
    with pytest.raises(VisitNotOver):
        SURVEY.decide(answer(day.state.tickets["siti"]), SURVEY.initial)


@pytest.mark.parametrize(("after", "open_still"), [(timedelta(days=7), True), (timedelta(days=7, seconds=1), False)])
def test_the_survey_of_a_visit_closes_after_seven_days(after, open_still):
    ticket = served(MallDay())
    late = answer(ticket, after=after)
    assert SURVEY.initial.standing(ticket, late.now) == ("open" if open_still else "closed")
    if open_still:
        assert SURVEY.decide(late, SURVEY.initial)
    else:
        with pytest.raises(SurveyClosed):
            SURVEY.decide(late, SURVEY.initial)


def test_a_visitor_who_was_sent_on_judges_the_agency_where_the_visit_ended():
    day = MallDay()
    day.issue("siti")
    day.call()
    day.when(TransferTicket("siti", "G02", SIM, "", "", day.now, day.mall))
    day.call("G03")
    day.finish("G03")
    (told,) = SURVEY.decide(answer(day.state.tickets["siti"]), SURVEY.initial)
    assert (told.service, told.agency) == (SIM, "POLRES")


def test_months_are_counted_over_the_end_of_a_year():
    assert list(months(datetime(2026, 11, 24, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))) == [
        "2026-11",
        "2026-12",
        "2027-01",
    ]
    assert list(months(datetime(2027, 1, 1, tzinfo=UTC), datetime(2026, 11, 24, tzinfo=UTC))) == []


# Which answers are counted

AFTERWARDS = datetime(2027, 6, 1, tzinfo=UTC)  # when the months of these tests are over for good


def given_by(who: int, agency="DUKCAPIL", service=KTP, answers=GOOD, profile=RINI_HERSELF, at=TUESDAY_NINE):
    return SurveyAnswered(f"t{who}", service, agency, answers, profile, "id", at)


def counted(answers: list[SurveyAnswered], now: datetime = TUESDAY_NINE) -> list[tuple[str, str, int]]:
    return [(one.agency, one.service, len(one.answers)) for one in batches("2026-11", answers, now)]


def test_answers_keep_the_order_in_which_they_were_stored():
    answers = [given_by(who, at=TUESDAY_NINE - timedelta(seconds=who)) for who in range(40)]
    assert given_answers(*answers).in_order() == answers, "neither by hash nor by a process's clock"


def test_answers_are_counted_by_five_for_one_service():
    answers = [given_by(who) for who in range(12)]
    assert [counted(answers[:number]) for number in (4, 5, 9)] == [[], [("DUKCAPIL", KTP, 5)], [("DUKCAPIL", KTP, 5)]]
    assert counted(answers) == [("DUKCAPIL", KTP, 5)] * 2


def test_the_rest_counts_for_agency_or_mall_once_the_month_is_settled():
    answers = [given_by(1), given_by(2), given_by(3, service=KK), given_by(4, service=KK), given_by(5, service="X")]
    answers += [given_by(who, "POLRES", SIM) for who in range(10, 13)]
    answers += [given_by(who, "BPJS", "JKN") for who in range(20, 22)]
    settled = settles_at("2026-11") + MARGIN
    assert settled == datetime(2026, 12, 9, tzinfo=UTC)
    assert counted(answers, settled - timedelta(seconds=1)) == []
    assert counted(answers, settled) == [("DUKCAPIL", "", 5), ("", "", 5)]
    assert counted(answers[:-1], settled) == [("DUKCAPIL", "", 5)], "four of a month are left, and not counted"


def test_answer_after_the_month_was_settled_joins_no_batch_of_it():
    answers = [given_by(who, service=f"S{who}") for who in range(5)]
    late = [given_by(who, service="S0", at=settles_at("2026-11")) for who in range(10, 15)]
    assert counted([*answers, *late[:4]], AFTERWARDS) == [("DUKCAPIL", "", 5)]
    assert counted([*answers, *late], AFTERWARDS) == [("DUKCAPIL", "S0", 5), ("DUKCAPIL", "", 5)]


SERVICES = [("DUKCAPIL", KTP), ("DUKCAPIL", KK), ("DUKCAPIL", "X"), ("POLRES", SIM), ("BPJS", "JKN")]
MOMENTS = [TUESDAY_NINE, settles_at("2026-10") + MARGIN, settles_at("2026-11") + MARGIN, AFTERWARDS]


CHOICES = sorted(
    {*SERVICES, ("", ""), *((agency, "") for agency, _ in SERVICES), *(("", code) for _, code in SERVICES)}
)
RUNS = st.tuples(st.sampled_from(SERVICES), st.sampled_from(["2026-10", "2026-11"]), st.integers(1, 7))


def figures_read(answered: dict[str, list[SurveyAnswered]], now: datetime) -> dict[frozenset[str], list[Batch]]:
    """The respondents, and the batches, of each figure that can be asked for: by period, agency and service."""
    by_month = {month: batches(month, answers, now) for month, answers in answered.items()}
    found = {}
    for period in [tuple(by_month), *((month,) for month in by_month)]:
        for agency, service in CHOICES:
            read = [one for month in period for one in by_month[month]]
            chosen = [one for one in read if agency in ("", one.agency) and service in ("", one.service)]
            found[frozenset(answer.ticket_id for one in chosen for answer in one.answers)] = chosen
    return found


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(st.tuples(RUNS, st.sampled_from(MOMENTS)), max_size=10))
def test_two_readings_are_equal_or_differ_by_at_least_five_respondents(runs):
    """Read before and after each answer, in any order of answers, while months go by."""
    answered: dict[str, list[SurveyAnswered]] = {"2026-10": [], "2026-11": []}
    at, read = MOMENTS[0], figures_read(answered, MOMENTS[0])
    for ((agency, service), month, length), moment in runs:
        at = max(at, moment)
        read |= figures_read(answered, at)
        for _ in range(length):
            number = sum(len(answers) for answers in answered.values())
            answered[month].append(given_by(number, agency, service, at=at))
            read |= figures_read(answered, at)
    read |= figures_read(answered, AFTERWARDS)
    assert {len(one - other) for one in read for other in read} & {1, 2, 3, 4} == set()
    assert {len(one & other) for one in read for other in read} & {1, 2, 3, 4} == set()
    assert all(report(chosen, [])["all"]["respondents"] == len(respondents) for respondents, chosen in read.items())


# What the answers come to


def batch_of(*answers: SurveyAnswered, month: str = "2026-11") -> Batch:
    return Batch(month, answers[0].agency, answers[0].service, answers)


def test_a_report_has_the_whole_and_its_parts():
    slow = given_by(2, "POLRES", SIM, SLOW, Profile())
    found = report(
        [batch_of(*[given_by(1)] * 5), batch_of(*[slow] * 5, month="2026-12")],
        [Visits("2026-11", "DUKCAPIL", KTP, 40), Visits("2026-12", "POLRES", SIM, 60)],
    )
    whole = found["all"]
    assert (whole["respondents"], whole["visits"], whole["sample"]) == (10, 100, 80)
    assert [one["element"] for one in whole["elements"]] == list(ELEMENTS), "in the regulation's order"
    assert whole["elements"][2] == {"element": "time", "mean": 2.0, "weighted": 0.222, "value": 50.0, "grade": "D"}
    assert whole["elements"][3] == {"element": "cost", "mean": 3.0, "weighted": 0.333, "value": 75.0, "grade": "C"}
    assert whole["indices"] == {
        "exact": {"value": 72.22, "grade": "C"},
        "0.11": {"value": 71.5, "grade": "C"},
        "0.111": {"value": 72.15, "grade": "C"},
    }
    assert whole["profile"]["sex"] == {"female": 5, "male": 0, "untold": 5}
    exact = {
        part: {code: one["indices"]["exact"]["value"] for code, one in found[part].items()}
        for part in found
        if part != "all"
    }
    assert exact["agencies"] == {"DUKCAPIL": 75.0, "POLRES": 69.44}
    assert exact["services"] == {KTP: 75.0, SIM: 69.44}
    assert exact["months"] == {"2026-11": 75.0, "2026-12": 69.44}


def test_an_agency_whose_visitors_did_not_answer_is_in_the_report_too():
    found = report([batch_of(*[given_by(1)] * 5)], [Visits("2026-11", "POLRES", SIM, 60)])["agencies"]["POLRES"]
    assert found == {"respondents": 0, "visits": 60, "sample": 52, "elements": None, "indices": None}


def test_answers_for_several_services_count_for_the_whole_alone():
    found = report([Batch("2026-11", "", "", tuple(given_by(who) for who in range(6)))], [])
    assert (found["all"]["respondents"], found["months"]["2026-11"]["respondents"]) == (6, 6)
    assert (found["agencies"], found["services"]) == ({}, {})


def test_no_batch_has_no_figures():
    found = report([], [])["all"]
    assert (found["respondents"], found["elements"], found["indices"], found["profile"]) == (0, None, None, None)


# Over HTTP


@pytest.fixture
def visit(client, bearer):
    """Makes a visit that is over; answers its ticket's address."""

    def visited(service: str = KTP) -> str:
        counter = "G02" if service == KTP else "G03"
        ticket = client.post(f"{PEKALONGAN}/tickets", json={"service": service}).json
        desk, at = bearer(counter=counter), f"{PEKALONGAN}/tickets/{ticket['id']}"
        assert client.post(f"{PEKALONGAN}/counters/{counter}/calls", headers=desk).json["id"] == ticket["id"]
        assert client.post(f"{at}/completion", json={}, headers=desk).status_code == 200
        return f"{PEKALONGAN}/tickets/{ticket['code']}"

    return visited


@pytest.fixture
def supervisor(bearer) -> dict[str, str]:
    return bearer("supervisor")


def judge(client, at: str, answers=GOOD, **profile: str):
    return client.post(f"{at}/survey", json={"answers": answers, "profile": profile})


def ask(client, token, **query: str):
    return client.get(f"{PEKALONGAN}/survey", query_string=query, headers=token)


def judged(client, visit, *services: str, answers=GOOD) -> None:
    for service in services:
        assert judge(client, visit(service), answers).status_code == 201


def test_a_visit_is_judged_once(client, visit):
    at = visit()
    assert client.get(f"{at}/survey").json == {"standing": "open"}
    assert judge(client, at, sex="female").status_code == 201
    assert judge(client, at, sex="female").status_code == 201, "the same again"
    assert refusal(judge(client, at, SLOW)) == (409, "already-answered")
    assert client.get(f"{at}/survey").json == {"standing": "answered"}


def test_answers_outlast_the_process_and_another_knows_them(client, start, visit):
    at = visit()
    judge(client, at)
    other = start()
    assert other.get(f"{at}/survey").json == {"standing": "answered"}
    assert refusal(judge(other, at, SLOW)) == (409, "already-answered")


def test_a_key_that_comes_again_is_answered_the_same(client, visit):
    at, body = visit(), {"answers": GOOD}
    for _ in range(2):
        assert client.post(f"{at}/survey", json=body, headers={"Idempotency-Key": "k1"}).status_code == 201
    other = client.post(f"{at}/survey", json={"answers": SLOW}, headers={"Idempotency-Key": "k1"})
    assert refusal(other) == (422, "key-reused")


def test_only_a_visit_that_is_over_and_known_can_be_judged(client, clock, visit):
    waiting = client.post(f"{PEKALONGAN}/tickets", json={"service": SIM}).json["code"]
    assert refusal(judge(client, f"{PEKALONGAN}/tickets/{waiting}")) == (409, "visit-not-over")
    assert client.get(f"{PEKALONGAN}/tickets/{waiting}/survey").json == {"standing": "not-over"}
    assert refusal(judge(client, f"{PEKALONGAN}/tickets/{waiting[:-1]}~")) == (404, "unknown-ticket")
    assert refusal(judge(client, "/ticketing/api/malls/elsewhere/tickets/20261124-x")) == (404, "unknown-mall")
    at = visit()
    clock.at += timedelta(days=8)
    answer = judge(client, at)
    assert refusal(answer) == (409, "survey-closed")
    assert (answer.json["days"], "7 hari" in answer.json["detail"]) == (7, True)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "answers"),
        ({"answers": {}}, "answers"),
        ({"answers": GOOD | {"time": 0}}, "answers"),
        ({"answers": GOOD | {"time": 5}}, "answers"),
        ({"answers": GOOD | {"time": "4"}}, "answers"),
        ({"answers": GOOD | {"time": True}}, "answers"),
        ({"answers": GOOD | {"time": 3.5}}, "answers"),
        ({"answers": GOOD | {"U8": 4}}, "answers"),
        ({"answers": {element: 3 for element in ELEMENTS if element != "cost"}}, "answers"),
        ({"answers": GOOD, "profile": {"age": "34"}}, "profile"),
        ({"answers": GOOD, "profile": {"name": "Siti"}}, "profile"),
        ({"answers": GOOD, "comment": "Pak Joko di gerai 2"}, "comment"),
    ],
)
def test_what_is_no_answer_is_refused_by_field(client, visit, body, field):
    answer = client.post(f"{visit()}/survey", json=body)
    assert refusal(answer) == (422, "invalid")
    assert list(answer.json["errors"]) == [field]


def test_the_report_tells_the_index_three_times_from_five_answers_on(client, visit, supervisor):
    judged(client, visit, *[KTP] * 4)
    assert ask(client, supervisor).json["all"]["indices"] is None
    judged(client, visit, KTP, answers=SLOW)
    found = ask(client, supervisor).json
    assert (found["from"], found["to"], found["agency"], found["service"]) == ("2026-01", "2026-11", "", "")
    assert found["all"]["indices"] == {
        "exact": {"value": 73.89, "grade": "C"},  # 25 × (9·3·5 − 2) / (9·5)
        "0.11": {"value": 73.15, "grade": "C"},
        "0.111": {"value": 73.82, "grade": "C"},
    }
    assert (found["all"]["respondents"], found["all"]["visits"]) == (5, 5)
    assert found["months"]["2026-11"]["indices"] == found["all"]["indices"]


def test_visits_of_closed_days_and_of_today_make_the_population(client, visit, supervisor):
    judged(client, visit, *[KTP] * 2)
    visit(SIM)
    before = ask(client, supervisor).json
    client.post(f"{PEKALONGAN}/closing", headers=supervisor)
    after = ask(client, supervisor).json
    assert before == after
    assert {code: part["visits"] for code, part in after["agencies"].items()} == {"DUKCAPIL": 2, "POLRES": 1}
    assert ask(client, supervisor, **{"from": "2026-01", "to": "2026-10"}).json["all"]["visits"] == 0


def test_a_report_can_be_of_one_agency_service_or_month(client, visit, supervisor):
    judged(client, visit, *[KTP] * 5, *[SIM] * 5)
    for query in ({"agency": "POLRES"}, {"service": SIM}):
        found = ask(client, supervisor, **query).json
        assert (found["all"]["respondents"], list(found["services"])) == (5, [SIM])
    assert ask(client, supervisor, **{"from": "2026-12", "to": "2026-12"}).json["all"]["respondents"] == 0


def test_an_agency_sees_its_own_answers_alone(client, visit, bearer):
    judged(client, visit, *[KTP] * 5, *[SIM] * 6)
    polres = bearer("agency", agency="POLRES")
    for query in ({}, {"agency": "POLRES"}, {"format": "csv"}):
        answer = ask(client, polres, **query)
        assert answer.status_code == 200
        assert "DUKCAPIL" not in answer.text
    assert ask(client, polres).json["all"]["respondents"] == 5, "the sixth waits for four more"
    assert ask(client, polres, service=KTP).json["all"] == {
        **{"respondents": 0, "visits": 0, "sample": 0},
        **{"elements": None, "indices": None, "profile": None},
    }
    assert refusal(ask(client, polres, agency="DUKCAPIL")) == (403, "wrong-scope")
    assert refusal(ask(client, bearer("agency"))) == (403, "wrong-scope"), "it names no agency"


@pytest.mark.parametrize("role", ["supervisor", "administrator", "auditor"])
def test_the_report_is_for_those_who_look_over_the_mall(client, bearer, role):
    assert ask(client, bearer(role)).status_code == 200


@pytest.mark.parametrize("role", ["operator", "device"])
def test_the_report_is_not_for_everybody(client, bearer, role):
    assert refusal(ask(client, bearer(role))) == (403, "wrong-role")


@pytest.mark.parametrize(
    "query", [{"from": "2026"}, {"to": "2026-13"}, {"from": "0000-01"}, {"from": "2026-01\n"}, {"format": "pdf"}]
)
def test_a_wrong_question_is_refused(client, supervisor, query):
    assert refusal(ask(client, supervisor, **query)) == (422, "invalid")


def test_a_report_covers_five_years_at_most(client, supervisor):
    assert ask(client, supervisor, **{"from": "2022-01", "to": "2026-12"}).status_code == 200
    assert refusal(ask(client, supervisor, **{"from": "2021-12", "to": "2026-12"})) == (422, "period-too-long")
    assert ask(client, supervisor, **{"from": "2026-12", "to": "2026-01"}).json["all"]["respondents"] == 0


def test_no_report_tells_a_ticket_or_a_single_answer(client, visit, supervisor):
    at = visit()
    judge(client, at, occupation="forces")
    judged(client, visit, *[KTP] * 3)
    shown = ask(client, supervisor).text + client.get(f"{PEKALONGAN}/survey/index").text
    assert at.rpartition("/")[2] not in shown
    assert "forces" not in shown


def test_a_table_for_spreadsheets_has_a_row_for_the_whole_and_each_part(client, visit, supervisor):
    judged(client, visit, *[KTP] * 5, SIM)
    answer = ask(client, supervisor, format="csv")
    assert 'filename="survey-pekalongan-2026-01-2026-11.csv"' in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [(row["part"], row["code"], row["respondents"]) for row in rows] == [
        ("all", "", "5"),
        ("months", "2026-11", "5"),
        ("agencies", "DUKCAPIL", "5"),
        ("agencies", "POLRES", "0"),
        ("services", KTP, "5"),
        ("services", SIM, "0"),
    ]
    whole, polres = rows[0], rows[3]
    assert (whole["time"], whole["index_exact"], whole["grade_exact"]) == ("3.000", "75.00", "C")
    assert (whole["index_0.11"], whole["grade_0.11"], whole["index_0.111"]) == ("74.25", "C", "74.93")
    assert (polres["name"], polres["time"], polres["index_exact"]) == ("Polres Pekalongan Kota", "", "")


def test_one_more_answer_changes_no_report_and_no_index(client, start, visit, supervisor):
    judged(client, visit, *[KTP] * 5)
    before = ask(client, supervisor).json["all"] | {"visits": 0, "sample": 0}
    for _ in range(4):
        judged(client, visit, KTP, answers=SLOW)
        assert ask(client, supervisor).json["all"] | {"visits": 0, "sample": 0} == before
    assert start().get(f"{PEKALONGAN}/survey/index").json["respondents"] == 5
    judged(client, visit, KTP, answers=SLOW)
    assert ask(client, supervisor).json["all"]["respondents"] == 10


def test_the_rest_of_a_month_is_counted_once_it_is_settled(client, clock, visit, supervisor):
    judged(client, visit, *[KTP] * 3, *[SIM] * 2)
    assert ask(client, supervisor).json["all"]["respondents"] == 0
    client.post(f"{PEKALONGAN}/closing", headers=supervisor)
    clock.at = settles_at("2026-11") + MARGIN
    found = ask(client, supervisor).json
    assert (found["all"]["respondents"], found["agencies"]["POLRES"]["respondents"]) == (5, 0)


def test_everybody_may_know_the_index_of_the_year(client, start, visit, clock):
    index = f"{PEKALONGAN}/survey/index"
    assert client.get(index).json == {"year": 2026, "respondents": 0, "index": None, "grade": None}
    judged(client, visit, *[KTP] * 5)
    fresh = start()  # the index may be a minute behind
    assert fresh.get(index).json == {"year": 2026, "respondents": 5, "index": 75.0, "grade": "C"}
    clock.at = clock.at.replace(year=2027)
    assert fresh.get(index).json["respondents"] == 0, "another year begins anew"


# Pages


def test_the_page_of_a_ticket_leads_to_the_survey_until_it_is_answered(client, visit):
    at = visit()
    page = at.replace("/api", "")
    assert f'href="{page}/survey"' in client.get(page).text
    judge(client, at)
    assert f'href="{page}/survey"' not in client.get(page).text


def test_the_page_asks_for_each_element_by_its_plain_and_its_official_name(client, visit):
    page = visit().replace("/api", "") + "/survey"
    text = client.get(page).text
    for words in ("Kecepatan pelayanan", "Waktu penyelesaian", "Sarana dan prasarana", "Sangat baik", "lapor.go.id"):
        assert words in text
    assert "How quickly you were served" in client.get(f"{page}?lang=en").text
    assert text.count('type="radio"') == 36


def test_the_pages_of_an_unknown_ticket_are_not_found(client):
    assert client.get("/ticketing/malls/pekalongan/tickets/20261124-x/survey").status_code == 404


def test_the_page_of_the_report_names_elements_agencies_and_services_and_no_figures(client):
    text = client.get("/ticketing/malls/pekalongan/survey").text
    for words in ("Laporan Survei Kepuasan Masyarakat", "Dinas Dukcapil", "Perekaman KTP-el", "PermenPANRB 14/2017"):
        assert words in text
    assert 'data-slot="occupation.untold"' in text
