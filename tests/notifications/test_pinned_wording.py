"""Which wordings are refused, as whole faults; how values become plain and short; which events webhooks get."""

from datetime import UTC, datetime, timedelta

import pytest

from services.chassis.errors import Fault
from services.notifications.domain.mall import (
    MALL,
    HearResumption,
    HearSuspension,
    Mall,
    MallHeard,
    ResumptionHeard,
    SuspensionHeard,
    SwitchText,
    TextSwitched,
    TextWorded,
    WordText,
)
from services.notifications.domain.wording import InvalidText, filled, length, must_fit, plain, shortened
from services.notifications.webhooks.domain.kinds import KINDS, SUBJECTS

NINE = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def fault(says: str, **values: object) -> Fault:
    return Fault("text", says, values)


BRACE = fault("A brace is open or closed alone: values are written like {example}.", example="{mall}")
ONLY_NAMES = fault("Between the braces there may only be a name.")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{mall", [BRACE]),
        ("mall}", [BRACE]),
        ("{mall!r}", [ONLY_NAMES]),
        ("{mall:>9}", [ONLY_NAMES]),
        (
            "{mall} {floor} {day}",
            [
                fault(
                    "There is no {name} here. There are: {known}.",
                    name="{day}",
                    known="{mall}, {number}, {ahead}",
                )
            ],
        ),
        ("Halo", [fault("{name} is missing.", name="{mall}")]),
        ("{mall}: b\u00e9a `a`", [fault("A text cannot hold these characters: {odd}", odd="`\u00e9")]),
        ("{mall}\n", [fault("A text cannot hold these characters: {odd}", odd="\n")]),
        (
            "{mall}" + "x" * 121,
            [fault("With the longest values it has {n} characters; at most 160 fit.", n=161)],
        ),
        ("{mall}" + "~" * 61, [fault("With the longest values it has {n} characters; at most 160 fit.", n=162)]),
    ],
)
def test_wording_is_refused_with_whole_faults(text, expected):
    with pytest.raises(InvalidText) as refused:
        must_fit("issued", text)
    assert refused.value.params == {"errors": {"text": expected}}


def test_wording_fits_up_to_160_characters():
    assert must_fit("issued", "{mall}" + "x" * 120) == 160
    assert must_fit("issued", "{mall}" + "~" * 60) == 160
    assert must_fit("continued", "{mall} {number} {{}}") == 40 + 1 + 7 + 1 + 4


@pytest.mark.parametrize("letter", "[]{}^~|\\")
def test_letters_of_the_extension_table_count_twice(letter):
    assert (length(letter), length("a" + letter + "b")) == (2, 4)


def test_values_are_plain_letters_that_count_once():
    assert plain("[a]{b}^c~d|e\\f`g") == "(a)(b) c d/e/f'g"
    assert plain("  Dinas\tKesehatan \n Kota\x00 ") == "Dinas Kesehatan Kota"
    assert plain("Sal\u00e3o \u00bd \u20ac") == "Salao 12"


@pytest.mark.parametrize(
    ("value", "most", "short"),
    [
        ("Perbaikan AC", 12, "Perbaikan AC"),
        ("Perbaikan AC!", 12, "Perbaikan..."),
        ("Perbaikan AC", 11, "..."),
        ("Listrik padam, lagi", 17, "Listrik padam..."),
        ("Listrik padam", 10, "Listrik..."),
        ("Listrikpadam", 10, "..."),
        ("a.b;c:d-e - f", 12, "a.b;c:d-e..."),
        ("", 5, ""),
    ],
)
def test_value_is_shortened_between_words(value, most, short):
    assert shortened(value, most) == short


def test_message_has_its_values_and_one_full_stop():
    values = {"mall": "MPP", "number": "B-001", "reason": "Perbaikan instalasi listrik di seluruh lantai dua"}
    text = "{mall}: {number} tutup. {reason}. {floor}"
    assert filled(text, values) == "MPP: B-001 tutup. Perbaikan instalasi listrik di... "


# A mall of texts


def suspension(
    closure: str = "a", position=(1, 0), until=None, since=NINE, scope="service", code="KTP"
) -> SuspensionHeard:
    return SuspensionHeard(scope, code, "Padam", since, until, position, NINE, closure)


def after(*events) -> Mall:
    state = MALL.initial
    for event in events:
        state = MALL.evolve(state, event)
    return state


def test_suspension_holds_from_its_beginning_until_before_its_end():
    one = suspension(until=NINE + HOUR)
    second = timedelta(seconds=1)
    moments = (NINE - second, NINE, NINE + HOUR - second, NINE + HOUR)
    assert [one.holds(now) for now in moments] == [False, True, True, False]
    assert [one.is_over(now) for now in moments] == [False, False, False, True]
    assert suspension("").key == ("service", "KTP", "20261124T020000")
    assert (one.key, one.thing) == (("service", "KTP", "a"), ("service", "KTP"))


def test_stop_of_a_ticket_is_that_of_its_day_mall_or_service():
    day = suspension("", scope="day", code="2026-11-24", position=(1, 0))
    whole = suspension("b", scope="mall", code="", position=(2, 0))
    short, long = suspension("c", (3, 0), NINE + HOUR), suspension("d", (4, 0), NINE + 2 * HOUR)
    endless = suspension("e", (5, 0))
    assert after(day, whole, short).stop_of("KTP", "2026-11-24", NINE) == day
    assert after(day, whole, short).stop_of("KTP", "2026-11-25", NINE) == whole
    assert after(long, short).stop_of("KTP", "2026-11-24", NINE) == long
    assert after(endless, long, short).stop_of("KTP", "2026-11-24", NINE) == endless
    assert after(long).stop_of("KK", "2026-11-24", NINE) is None
    assert after(long).still_suspends("service", "KTP", (4, 0), NINE + HOUR)
    assert not after(long).still_suspends("service", "KTP", (3, 0), NINE)
    assert not after(long).still_suspends("service", "KTP", (4, 0), NINE + 2 * HOUR)


def test_suspension_without_a_name_replaces_earlier_ones_of_its_thing():
    other = suspension("x", (1, 0), scope="mall", code="")
    state = after(other, suspension("a", (1, 0)), suspension("", (2, 0)))
    assert set(state.suspended) == {("mall", "", "x"), ("service", "KTP", "20261124T020000")}
    assert state.last == {
        ("mall", "", "x"): (1, 0),
        ("service", "KTP", "a"): (1, 0),
        ("service", "KTP", "20261124T020000"): (2, 0),
        ("service", "KTP", ""): (2, 0),
    }
    assert set(after(suspension("a", (3, 0)), suspension("", (2, 0))).suspended) == {
        ("service", "KTP", "a"),
        ("service", "KTP", "20261124T020000"),
    }


@pytest.mark.parametrize(("hours", "kept"), [(23, True), (24, False), (25, False)])
def test_suspension_is_forgotten_a_day_after_its_end(hours, kept):
    ended = suspension("a", (1, 0), until=NINE - hours * HOUR, since=NINE - 48 * HOUR)
    assert (ended.key in after(ended, suspension("b", (2, 0))).suspended) is kept


def test_resumption_ends_its_own_closure_or_all_of_the_thing():
    mine, other, whole = (
        suspension("a", (1, 0)),
        suspension("b", (2, 0)),
        suspension("x", (1, 0), scope="mall", code=""),
    )
    state = after(mine, other, whole)
    one = ResumptionHeard("service", "KTP", (3, 0), NINE, "a")
    assert MALL.evolve(state, one).suspended == {other.key: other, whole.key: whole}
    assert MALL.evolve(state, one).last == {**state.last, ("service", "KTP", "a"): (3, 0)}
    every = ResumptionHeard("service", "KTP", (3, 0), NINE)
    assert MALL.evolve(state, every).suspended == {whole.key: whole}
    early = ResumptionHeard("service", "KTP", (1, 5), NINE)
    assert MALL.evolve(state, early).suspended == {other.key: other, whole.key: whole}


def test_news_of_a_closure_counts_if_newer_than_all_that_is_known():
    state = after(suspension("a", (2, 0)))
    suspend = HearSuspension("service", "KTP", "Padam", NINE, None, (3, 0), NINE, "a")
    assert MALL.decide(suspend, state) == [suspension("a", (3, 0))]
    resume = HearResumption("service", "KTP", (3, 0), NINE, "a")
    assert MALL.decide(resume, state) == [ResumptionHeard("service", "KTP", (3, 0), NINE, "a")]
    for position in ((2, 0), (1, 9)):
        again = HearSuspension("service", "KTP", "Padam", NINE, None, position, NINE, "a")
        assert MALL.decide(again, state) == []
        assert MALL.decide(HearResumption("service", "KTP", position, NINE, "a"), state) == []
    every = after(ResumptionHeard("service", "KTP", (4, 0), NINE))
    assert MALL.decide(suspend, every) == []
    named = MallHeard("MPP", "Asia/Makassar", (2, 0))
    assert MALL.decide(named, MALL.initial) == [named]
    known = after(named)
    assert (known.name, known.zone, known.listed) == ("MPP", "Asia/Makassar", (2, 0))
    assert MALL.decide(named, known) == []


def test_wording_and_switch_change_what_differs():
    word = WordText("called", "id", "{mall} {number} {counter}", NINE)
    worded = TextWorded("called", "id", "{mall} {number} {counter}", NINE)
    assert MALL.decide(word, MALL.initial) == [worded]
    known = after(worded, TextWorded("called", "en", "x", NINE))
    assert known.worded == {("called", "id"): "{mall} {number} {counter}", ("called", "en"): "x"}
    assert MALL.decide(word, known) == []
    usual = TextWorded("called", "id", "", NINE)
    assert MALL.decide(WordText("called", "id", "", NINE), known) == [usual]
    assert MALL.evolve(known, usual).worded == {("called", "en"): "x"}
    assert MALL.decide(WordText("called", "id", "", NINE), MALL.initial) == []
    off, on = TextSwitched("called", False, NINE), TextSwitched("called", True, NINE)
    assert MALL.decide(SwitchText("called", False, NINE), MALL.initial) == [off]
    assert MALL.decide(SwitchText("called", True, NINE), MALL.initial) == []
    assert after(off).silent == {"called"}
    assert MALL.decide(SwitchText("called", True, NINE), after(off)) == [on]
    assert MALL.decide(SwitchText("called", False, NINE), after(off)) == []
    assert after(off, TextSwitched("missed", False, NINE), on).silent == {"missed"}


# Webhooks


def test_subjects_of_webhooks_and_their_events():
    pinned = {
        "tickets": "ticket-issued ticket-approaching ticket-called ticket-recalled ticket-served ticket-missed "
        "ticket-restored ticket-held ticket-resumed ticket-transferred ticket-cancelled ticket-unserved ticket-undone",
        "bookings": "place-booked booking-cancelled booking-lapsed booking-suspended booking-resumed "
        "booking-rescheduled",
        "counters": "counter-opened counter-paused counter-closed",
        "closures": "service-suspended service-resumed counter-suspended counter-resumed mall-suspended mall-resumed",
        "days": "day-opened day-closed day-stopped day-resumed day-forced-open rule-changed",
        "directory": "mall-listed agency-listed service-listed counter-listed agency-withdrawn service-withdrawn "
        "counter-withdrawn",
        "messages": "message-delivered message-failed",
    }
    assert list(SUBJECTS)[: len(pinned)] == list(pinned)
    first = {subject: SUBJECTS[subject][: len(kinds.split())] for subject, kinds in pinned.items()}
    assert {subject: " ".join(kinds) for subject, kinds in first.items()} == pinned, "new kinds go to the end"
    assert tuple(kind for kinds in SUBJECTS.values() for kind in kinds) == KINDS
