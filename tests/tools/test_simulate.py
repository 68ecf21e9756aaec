"""The verdict of a simulated day: which promise was broken."""

from types import SimpleNamespace

import pytest

from tools.simulate.day import Day, Visitor
from tools.simulate.verdict import checks

SERVED, NUMBERS, CALLED, SHOWN, TEXTED, ASKED = range(6)


def a_day() -> tuple[Day, list[dict]]:
    """Two visitors of one counter, called, shown, and told by one text each."""
    visitors = [Visitor("DUKCAPIL-KTPREKAM", 10, None, 0.0, f"0812-0000-000{n}") for n in (1, 2)]
    calls = {(f"B-00{n}", "G02"): 4.0 for n in (1, 2)}
    day = Day(None, SimpleNamespace(seen=dict(calls)), visitors, 6000, 1)
    for n, visitor in enumerate(visitors, 1):
        visitor.ticket, visitor.outcome = {"id": f"id-{n}", "number": f"B-00{n}"}, "served"
        visitor.issued, visitor.left_phone, visitor.asked_for, visitor.called = 1.0, 2.0, 3.0, 4.0
        day.by_ticket[f"id-{n}"] = visitor
    day.calls = calls
    return day, [{"ticket": f"id-{n}", "kind": "called", "status": "accepted"} for n in (1, 2)]


def broken(day: Day, texts: list[dict]) -> list[int]:
    return [place for place, (_, kept, _) in enumerate(checks(day, texts, full=False)) if not kept]


def test_a_good_day_breaks_no_promise():
    assert broken(*a_day()) == []


def test_who_left_the_number_too_late_is_owed_no_text():
    day, texts = a_day()
    day.visitors[1].left_phone = 3.5
    assert broken(day, texts[:1]) == []


def lose_a_ticket(day: Day, texts: list[dict]) -> None:
    day.by_ticket.pop("id-2")
    day.visitors[1].called = day.visitors[1].asked_for = 0.0
    texts.pop()


def give_a_number_twice(day: Day, texts: list[dict]) -> None:
    day.visitors[1].ticket = {"id": "id-2", "number": "B-001"}


def call_nobody(day: Day, texts: list[dict]) -> None:
    day.visitors[1].called = day.visitors[1].asked_for = 0.0
    texts.pop()


def show_one_call(day: Day, texts: list[dict]) -> None:
    day.hall.seen.popitem()


def text_twice(day: Day, texts: list[dict]) -> None:
    texts.append(texts[0])


def text_nobody(day: Day, texts: list[dict]) -> None:
    texts.pop()


def refuse(day: Day, texts: list[dict]) -> None:
    day.faults.append("call at G02: forbidden")


@pytest.mark.parametrize(
    ("fault", "promise"),
    [
        (lose_a_ticket, SERVED),
        (give_a_number_twice, NUMBERS),
        (call_nobody, CALLED),
        (show_one_call, SHOWN),
        (text_twice, TEXTED),
        (text_nobody, TEXTED),
        (refuse, ASKED),
    ],
)
def test_what_goes_wrong_breaks_its_promise_and_no_other(fault, promise):
    day, texts = a_day()
    fault(day, texts)
    assert broken(day, texts) == [promise]
