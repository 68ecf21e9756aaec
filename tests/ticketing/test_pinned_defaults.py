"""What an event means that was stored before some of its fields existed, and what a day is before its first event."""

from dataclasses import fields
from typing import Any, get_args

from stored_fields import defaults, defaults_by_name, pinned_defaults

from services.ticketing.domain.day import DAY, events
from services.ticketing.domain.day.state import (
    Booking,
    Day,
    Desk,
    LastAct,
    Line,
    Places,
    Promised,
    ServiceQueue,
    Ticket,
)
from services.ticketing.domain.history import HISTORY, History
from services.ticketing.domain.hours import Exceptional, Hours
from services.ticketing.domain.mall import CLASSES, MALL, RATIO, Mall, MallLearned, PriorityClass, Rule
from services.ticketing.domain.pace import Measured, Prior
from services.ticketing.survey.domain import SURVEY

NEVER = (0, 0)  # the position of what was learned before positions were stored


def test_older_events_of_a_day_read_as_they_were_meant():
    assert DAY.events == get_args(events.Event)
    pinned: dict[str, dict[str, Any]] = {
        "TicketIssued": {
            "visit": "",
            "booking": "",
            "expected_wait": None,
            "expected_spread": 0,
            "told_low": 0,
            "told_high": 0,
            "waiting": None,
            "channel": "",
        },
        "TicketCalled": {"call": 1, "reason": ""},
        "TicketApproaching": {"at_most": 19},
        "TicketServed": {"result": "done", "also": ()},
        "TicketUnserved": {"reason": ""},
        "BookingCancelled": {"service": "", "agency": ""},
        "BookingLapsed": {"service": "", "agency": ""},
        "DayOpened": {"rule": Rule("ratio", 2, None), "closes_at": None},
        "DayClosed": {"totals": {}},
    }
    assert defaults_by_name(DAY.events) == {kind.__name__: pinned.get(kind.__name__, {}) for kind in DAY.events}


def test_older_events_of_a_mall_read_as_they_were_meant():
    pinned = {
        "MallLearned": {
            "position": NEVER,
            "exceptions": (),
            "closed_on": (),
            "tickets_from_minutes": 0,
            "last_ticket_minutes": 0,
            "overtime_minutes": 120,
            "kept_for_priority": 0,
            "kept_for_bookings": 0,
            "home_percent": 30,
            "bookings_percent": 30,
            "bookings": None,
            "rule": Rule("ratio", 2, None),
            "classes": CLASSES,
            "approaching": 3,
        },
        "AgencyLearned": {"position": NEVER, "suspended": ""},
        "ServiceLearned": {"requirements": (), "position": NEVER, "capacity": None},
        "CounterLearned": {"position": NEVER, "week": None},
        "AgencyForgotten": {"position": NEVER},
        "ServiceForgotten": {"position": NEVER},
        "CounterForgotten": {"position": NEVER},
        "ClosureDeclared": {"declared_at": None},
        "ClosureLifted": {"id": ""},
    }
    assert pinned_defaults(MALL.events, pinned, [MallLearned]) == pinned
    assert defaults_by_name(HISTORY.events) == {"DayRecorded": {}}
    assert defaults_by_name(SURVEY.events) == {"SurveyAnswered": {}}


def test_position_of_a_fact_does_not_make_it_another_fact():
    compared = {kind.__name__: [one.name for one in fields(kind) if not one.compare] for kind in (*MALL.events, Mall)}
    with_position = [name for name, left_out in compared.items() if "position" in left_out]
    assert with_position == [
        "MallLearned",
        "AgencyLearned",
        "ServiceLearned",
        "CounterLearned",
        "AgencyForgotten",
        "ServiceForgotten",
        "CounterForgotten",
        "Mall",
    ]
    assert compared["Mall"] == ["position", "prior"]


def test_classes_of_a_mall_that_names_none_are_those_of_the_regulations():
    assert (
        PriorityClass("disability", {"id": "Penyandang disabilitas", "en": "Person with a disability"}, "UU 8/2016"),
        PriorityClass("elderly", {"id": "Lansia (60 tahun ke atas)", "en": "Elderly (60 and over)"}, "UU 13/1998"),
        PriorityClass("pregnancy", {"id": "Ibu hamil", "en": "Pregnant"}, "PermenPANRB 11/2024"),
    ) == CLASSES
    assert defaults(PriorityClass) == {"name": {}, "basis": ""}
    assert Rule("ratio", 2, None) == RATIO


def test_day_is_empty_before_its_first_event():
    nothing = (
        "tickets",
        "numbers",
        "queues",
        "lines",
        "letters",
        "promised",
        "serving",
        "engaged",
        "desks",
        "bookings",
    )
    empty = {name: {} for name in (*nothing, "measured")}
    assert Day() == DAY.initial
    day = {one.name: getattr(DAY.initial, one.name) for one in fields(Day)}
    assert {name: dict(value) if name in empty else value for name, value in day.items()} == {
        "opened": None,
        "rule": RATIO,
        "rule_is_set": False,
        "override": None,
        "stopped": None,
        "closed": None,
        "closes_at": None,
        "closing_has_passed": False,
        **empty,
        "reserved": (),
        "unclaimed": 0,
        "places": Places(0, 0, 0),
        "calls": (),
        "residuals": (),
    }


def test_parts_of_a_day_are_empty_where_nothing_is_said():
    assert defaults(Ticket) == {
        "status": "waiting",
        "moved": None,
        "called": None,
        "first_called_at": None,
        "calls": 0,
        "recalls": 0,
        "counter": "",
        "only_at": "",
        "started_at": None,
        "ended_at": None,
        "worked": 0.0,
        "result": None,
        "residual": None,
        "told": False,
        "note": "",
        "ending_reason": "",
    }
    assert defaults(ServiceQueue) == {"ordinary": (), "priority": (), "passed": 0}
    assert defaults(Line) == {"waiting": 0}
    assert defaults(Promised) == {"services": ()}
    assert defaults(LastAct) == {"passed": {}}
    assert defaults(Desk) == {"floor": 0, "agency": "", "reason": "", "last": None}
    assert defaults(Booking) == {"status": "booked", "ticket_id": "", "suspended": None}
    of_service = {"by_service": {}, "booked_by_service": {}, "home_by_service": {}}
    assert {**defaults(Places), **of_service} == {"all": 0, "priority": 0, "booked": 0, "home": 0, **of_service}
    assert dict(Places().by_service) == {}


def test_mall_and_pace_are_empty_before_anything_is_learned():
    assert defaults(Mall) == {
        "learned": None,
        "agencies": {},
        "services": {},
        "counters": {},
        "position": NEVER,
        "closures": {},
        "prior": Prior({}, ()),
    }
    assert Mall() == MALL.initial
    assert defaults(Measured) == {"count": 0.0, "seconds": 0.0, "squares": 0.0}
    assert defaults(Prior) == {"measured": {}, "residuals": ()}
    assert dict(HISTORY.initial.days) == dict(History().days) == {}
    assert defaults(Exceptional) == {"intervals": (), "reason": ""}
    assert defaults(Hours) == {
        "exceptions": (),
        "closed_on": (),
        "tickets_from_minutes": 0,
        "last_ticket_minutes": 0,
        "presence": None,
    }


def test_places_are_counted_from_nothing_for_each_service():
    places = Places().plus("KTP", 1, priority=False, booked=False)
    assert (places.all, places.priority, places.booked, dict(places.by_service)) == (1, 0, 0, {"KTP": 1})
    places = places.plus("SIM", 1, priority=True, booked=False).plus("KTP", 1, priority=True, booked=True)
    assert (places.all, places.priority, places.booked, dict(places.by_service)) == (3, 2, 1, {"KTP": 2, "SIM": 1})
    places = places.plus("KTP", -1, priority=True, booked=True)
    assert (places.all, places.priority, places.booked, dict(places.by_service)) == (2, 1, 0, {"KTP": 1, "SIM": 1})
