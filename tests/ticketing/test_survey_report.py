"""The survey's rules and report in full: its lists, a whole event, every cell of a row."""

from dataclasses import replace
from datetime import timedelta

import pytest
from examples import KTP, SIM, TUESDAY_NINE, MallDay

from services.chassis.errors import Problem
from services.ticketing.domain.day.commands import TransferTicket
from services.ticketing.survey.batches import Batch
from services.ticketing.survey.domain import ELEMENTS, PROFILE, SURVEY, AnswerSurvey, Profile, SurveyAnswered
from services.ticketing.survey.report import COLUMNS, Visits, figures, profile, report, rows

SITI = Profile("female", "30-39", "senior", "home")
FAIR = dict.fromkeys(ELEMENTS, 3) | {"time": 1, "facilities": 4}


def answered(number: int = 1, agency: str = "DUKCAPIL", service: str = KTP, profiles: Profile = SITI) -> SurveyAnswered:
    return SurveyAnswered(f"t{number}", service, agency, FAIR, profiles, "id", TUESDAY_NINE)


def test_elements_and_profile_are_those_of_the_regulation():
    assert (
        *("requirements", "procedure", "time", "cost", "product", "competence", "behaviour", "complaints"),
        "facilities",
    ) == ELEMENTS
    assert PROFILE == {
        "sex": ("female", "male"),
        "age": ("under-20", "20-29", "30-39", "40-49", "50-59", "60-over"),
        "education": ("primary", "junior", "senior", "diploma", "bachelor", "postgraduate"),
        "occupation": ("civil-servant", "forces", "employee", "self-employed", "student", "home", "other"),
    }
    assert Profile() == Profile("", "", "", "")


def test_answer_is_stored_with_the_service_that_the_visit_ended_with():
    day = MallDay()
    day.issue("siti")
    day.call()
    day.when(TransferTicket("siti", "G02", SIM, "", "", day.now, day.mall))
    day.call("G03")
    day.finish("G03")
    ticket, at = day.state.tickets["siti"], day.now + timedelta(days=1)
    events = SURVEY.decide(AnswerSurvey(ticket, FAIR, SITI, "en", at), SURVEY.initial)
    assert events == [SurveyAnswered("siti", SIM, "POLRES", FAIR, SITI, "en", at)]
    month = SURVEY.evolve(SURVEY.initial, events[0])
    assert month.standing(ticket, at) == "answered"
    assert dict(month.answered) == {"siti": events[0]}


@pytest.mark.parametrize(
    ("finishes", "days", "refusal"),
    [(False, 0, ("visit-not-over", {"number": "B-001"})), (True, 8, ("survey-closed", {"days": 7}))],
)
def test_refusal_of_an_answer_says_what_stands_against_it(finishes, days, refusal):
    day = MallDay()
    day.issue("siti")
    day.call()
    if finishes:
        day.finish()
    command = AnswerSurvey(day.state.tickets["siti"], FAIR, SITI, "id", day.now + timedelta(days=days))
    with pytest.raises(Problem) as refused:
        SURVEY.decide(command, SURVEY.initial)
    assert (refused.value.reason, refused.value.params) == refusal


def batch(month: str = "2026-11", agency: str = "DUKCAPIL", service: str = KTP, profiles=(SITI,) * 5) -> Batch:
    answers = [answered(number, agency, service, each) for number, each in enumerate(profiles)]
    return Batch(month, agency, service, tuple(answers))


def test_row_has_every_column_of_the_whole_and_of_each_part():
    visits = [Visits("2026-11", "DUKCAPIL", KTP, 40), Visits("2026-12", "POLRES", SIM, 60)]
    table = rows(report([batch()], visits), {"DUKCAPIL": "Dinas Dukcapil", KTP: "Perekaman KTP-el"})
    heads = ("part", "code", "name", "respondents", "visits", "sample")
    indices = ("index_exact", "index_0.11", "index_0.111", "grade_exact", "grade_0.11", "grade_0.111")
    assert (*heads, *ELEMENTS, *indices) == COLUMNS
    assert all(set(row) == set(COLUMNS) for row in table)
    means = ("3.000", "3.000", "1.000", "3.000", "3.000", "3.000", "3.000", "3.000", "4.000")
    judged = ("72.22", "71.50", "72.15", "C", "C", "C")
    empty = ("",) * (len(ELEMENTS) + len(indices))
    assert [tuple(row[name] for name in COLUMNS) for row in table] == [
        ("all", "", "", 5, 100, 80, *means, *judged),
        ("months", "2026-11", "", 5, 40, 36, *means, *judged),
        ("months", "2026-12", "", 0, 60, 52, *empty),
        ("agencies", "DUKCAPIL", "Dinas Dukcapil", 5, 40, 36, *means, *judged),
        ("agencies", "POLRES", "", 0, 60, 52, *empty),
        ("services", KTP, "Perekaman KTP-el", 5, 40, 36, *means, *judged),
        ("services", SIM, "", 0, 60, 52, *empty),
    ]


def test_figures_of_an_element_are_its_mean_weight_and_grade():
    found = figures([batch()], [Visits("2026-11", "A", KTP, 7)] * 2)
    assert (found["respondents"], found["visits"], found["sample"]) == (5, 14, 14)
    assert found["elements"][0] == {
        "element": "requirements",
        "mean": 3.0,
        "weighted": 0.333,
        "value": 75.0,
        "grade": "C",
    }
    assert found["elements"][-1] == {
        "element": "facilities",
        "mean": 4.0,
        "weighted": 0.444,
        "value": 100.0,
        "grade": "A",
    }


def test_means_of_an_element_have_three_decimals():
    slow = replace(answered(), answers=FAIR | {"time": 2})
    found = figures([Batch("2026-11", "DUKCAPIL", KTP, (answered(), answered(), slow))], [])
    time = found["elements"][2]
    assert (time["element"], time["mean"], time["weighted"], time["value"]) == ("time", 1.333, 0.148, 33.33)


def test_profile_counts_each_kind_and_those_that_did_not_say():
    profiles = [SITI, SITI, Profile("male", "20-29", "bachelor", "student"), Profile(), Profile("male")]
    found = profile([batch(profiles=profiles)])
    assert found is not None
    assert found["sex"] == {"female": 2, "male": 2, "untold": 1}
    assert found["age"] == {**dict.fromkeys(PROFILE["age"], 0), "30-39": 2, "20-29": 1, "untold": 2}
    assert found["education"]["untold"] == found["occupation"]["untold"] == 2
    assert list(found) == list(PROFILE)
    assert profile([]) is None
