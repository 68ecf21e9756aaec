"""What screens are told of a day: only what holds, and an undo only while it would be granted."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from examples import BUDI, KK, KTP, SIM, SITI, WEEK, MallDay, mall

from services.chassis.decider import Snapshot
from services.ticketing import views
from services.ticketing.domain.day.commands import (
    CloseDay,
    Finish,
    ForceOpen,
    HoldTicket,
    MissTicket,
    Recall,
    ResumeTicket,
    StartService,
    StopDay,
    UndoLast,
)
from services.ticketing.domain.day.refusals import CounterBusy, NothingToUndo, TooLate
from services.ticketing.domain.history import DayRecorded, History, Visit, Visits
from services.ticketing.domain.mall import Closure, ClosureDeclared, evolve

WEDNESDAY_EIGHT = "2026-11-25T08:00:00+07:00"


def desk(day: MallDay, counter: str = "G02") -> dict:
    return views.counter(day.state, day.mall, counter, day.now)


def hall(day: MallDay) -> dict:
    return views.hall(Snapshot(day.state, 1, "ab12"), day.mall, day.now)


def closed(day: MallDay, scope: str, code: str, until: datetime | None = None) -> MallDay:
    closure = Closure(scope, code, "Listrik padam", day.now, until)
    day.mall = evolve(day.mall, ClosureDeclared(closure))
    return day


def test_an_undo_is_offered_with_the_seconds_that_are_left():
    day = MallDay()
    day.issue(SITI)
    day.call()
    assert desk(day)["undo"] == {"act": "called", "number": "B-001", "seconds_left": 90}


@pytest.mark.parametrize(
    "then",
    [
        lambda day: day.when(Recall(SITI, "G02", day.now, day.mall)),
        lambda day: day.when(StartService(SITI, "G02", day.now)),
        lambda day: day.after(2),
    ],
)
def test_no_undo_is_offered_that_would_be_refused(then):
    day = MallDay()
    day.issue(SITI)
    day.call()
    then(day)
    assert desk(day)["undo"] is None
    with pytest.raises((NothingToUndo, TooLate)):
        day.when(UndoLast("G02", day.now))


def test_no_undo_is_offered_while_the_counter_has_another_visitor():
    day = MallDay()
    day.issue(SITI), day.issue(BUDI)
    day.call()
    day.when(HoldTicket(SITI, "G02", "Fotokopi", day.now))
    day.call()
    day.when(HoldTicket(BUDI, "G02", "Fotokopi", day.now))
    day.when(ResumeTicket(SITI, "G02", day.now, day.mall))
    assert desk(day)["undo"] is None
    with pytest.raises(CounterBusy):
        day.when(UndoLast("G02", day.now))


def test_a_counter_tells_what_it_gives_and_what_of_it_is_closed_for_a_while():
    day = closed(MallDay(), "service", KTP)
    assert [(service["code"], service["closed"]) for service in desk(day)["services"]] == [
        (KTP, "Listrik padam"),
        ("DUKCAPIL-KKBARU", None),
    ]


def test_a_counter_tells_that_the_mall_is_closed_for_a_while():
    assert desk(closed(MallDay(), "mall", "pekalongan"))["closure"] == "Listrik padam"


def test_a_missed_visitor_is_listed_with_the_time_for_an_hour():
    day = MallDay()
    day.issue(SITI)
    day.call()
    missed_at = day.now
    day.when(MissTicket(SITI, "G02", day.now))
    assert [(one["number"], one["missed_at"]) for one in desk(day)["missed"]] == [("B-001", missed_at.isoformat())]
    assert desk(day.after(60))["missed"] == []


def test_a_visitor_on_hold_is_told_the_counter_to_come_back_to():
    day = MallDay()
    day.issue(SITI)
    day.call()
    day.when(HoldTicket(SITI, "G02", "Fotokopi", day.now))
    assert views.ticket(day.state, day.mall, SITI, day.now)["counter"] == {"code": "G02", "floor": 1}


def test_while_tickets_are_given_no_next_opening_is_told():
    assert hall(MallDay())["next_opening"] is None


def test_after_the_cut_off_the_next_opening_is_told_while_the_mall_is_open():
    day = MallDay(datetime(2026, 11, 24, 7, 50, tzinfo=UTC), mall(last_ticket_minutes=15))
    told = hall(day)
    assert (told["open"], told["tickets"], told["next_opening"]) == (True, False, WEDNESDAY_EIGHT)


def test_once_all_places_are_taken_the_next_opening_is_told():
    day = MallDay(known=mall(capacity=1))
    day.issue(SITI)
    assert hall(day)["next_opening"] == WEDNESDAY_EIGHT


def test_a_day_that_was_opened_before_its_hours_and_is_full_does_not_open_again_at_eight():
    day = MallDay(datetime(2026, 11, 23, 21, 0, tzinfo=UTC), mall(capacity=1))  # four in the morning
    day.when(ForceOpen("Hari pelayanan khusus", day.now, day.mall))
    day.issue(SITI)
    assert hall(day)["next_opening"] == WEDNESDAY_EIGHT


def test_nobody_knows_how_long_an_emergency_stop_lasts():
    day = MallDay()
    day.when(StopDay("Alarm kebakaran", day.now, day.mall))
    assert hall(day)["next_opening"] is None


@pytest.mark.parametrize(("hours", "opens"), [(1, "2026-11-24T03:00:00+00:00"), (8, WEDNESDAY_EIGHT), (None, None)])
def test_a_mall_that_is_closed_for_a_while_opens_at_the_end_of_it_or_at_the_next_hours(hours, opens):
    day = MallDay()
    closed(day, "mall", "pekalongan", day.now + timedelta(hours=hours) if hours else None)
    assert hall(day)["next_opening"] == opens


def test_after_an_early_closing_the_mall_opens_on_another_day():
    day = MallDay(known=mall(), at=datetime(2026, 11, 27, 2, 0, tzinfo=UTC))
    week = (*WEEK[:4], (("08:00", "11:30"), ("13:00", "15:00")), *WEEK[5:])
    day.mall = replace(day.mall, learned=replace(day.mall.about, week=week))
    day.issue(SITI)
    day.call()
    day.when(Finish(SITI, "G02", day.now))
    day.when(CloseDay(day.now, day.mall))
    assert (hall(day)["next_opening"], hall(day)["seal"]) == ("2026-11-30T08:00:00+07:00", "ab12")


def test_a_service_that_nobody_gives_today_tells_when_it_is_given_again():
    day = MallDay()
    police = replace(day.mall.counters["G03"], week=((), (), *WEEK[2:]))
    day.mall = replace(day.mall, counters={**day.mall.counters, "G03": police})
    offers = {s["code"]: s["why_not"] for a in views.directory(day.mall, day.now, day.state) for s in a["services"]}
    assert offers[SIM] == {"kind": "away", "reason": "", "until": WEDNESDAY_EIGHT}
    assert offers[KTP] is None


def recorded(date: str, **visits: int) -> DayRecorded:
    """A closed day with so many visits of each service."""
    each = [Visit(code, "", "", "", 9, 60, 60, "served", None, None) for code, n in visits.items() for _ in range(n)]
    return DayRecorded(date, datetime(2026, 11, 23, tzinfo=UTC), {}, {}, Visits.of(each), "")


def most_used(day: MallDay, *days: DayRecorded) -> list[str]:
    history = History().days.update({one.date: one for one in days})
    return [one["code"] for one in views.most_used(day.mall, History(history), day.state)]


def test_what_most_people_need_is_what_they_came_for_lately_and_today():
    day = MallDay()
    for n in range(9):
        day.issue(f"visitor {n}", SIM)
    yesterday = recorded("2026-11-23", **{KTP: 8, KK: 5, "POLRES-SKCK": 30, "GONE": 30})
    assert most_used(day, yesterday) == [SIM, KTP, KK]  # nobody gives the other two
    assert most_used(day, recorded("2026-11-23", **{KTP: 8, KK: 2})) == []  # too few to tell
    assert most_used(MallDay()) == []


def test_days_long_gone_do_not_count_as_lately():
    old = recorded("2026-09-01", **{KK: 90})
    lately = [recorded(f"2026-10-{n:02d}", **{KTP: 3, SIM: 2, KK: 1}) for n in range(1, 31)]
    assert most_used(MallDay(), old, *lately) == [KTP, SIM, KK]


def test_each_floor_keeps_its_last_calls_however_many_there_are_on_another():
    day = MallDay()
    day.issue("above", SIM)
    day.call("G03")
    for n in range(12):
        day.issue(f"below {n}")
        day.call()
        day.finish()
    calls = hall(day)["calls"]
    assert [sum(call["floor"] == floor for call in calls) for floor in (1, 2)] == [10, 1]
    assert calls[-1]["number"] == "C-001"


def test_a_line_tells_on_which_floors_its_counters_are():
    day = MallDay()
    day.issue(SITI), day.issue(BUDI, SIM)
    assert [(line["line"], line["floors"]) for line in hall(day)["waiting"]] == [("B", [1]), ("C", [2])]
