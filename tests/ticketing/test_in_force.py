"""What holds for a ticket, a booking or a new visitor while hours, catalogue, closures and the clock change."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from examples import BUDI, KK, KTP, RINI, SIM, SITI, TONO, TUESDAY_NINE, WATI, MallDay, mall, only

from services.chassis.decider import Snapshot
from services.ticketing import views
from services.ticketing.domain import statistics
from services.ticketing.domain.day import refusals
from services.ticketing.domain.day.commands import (
    BookPlace,
    CallNext,
    CallTicket,
    CancelTicket,
    CheckIn,
    CloseCounter,
    CloseDay,
    EndTicket,
    Finish,
    OpenCounter,
    PauseCounter,
    Recall,
    ResumeDay,
    StopDay,
    Tick,
    TransferAll,
    TransferTicket,
)
from services.ticketing.domain.day.events import (
    BookingLapsed,
    BookingRescheduled,
    BookingResumed,
    BookingSuspended,
    ClosingRescheduled,
    DayClosed,
    PlaceBooked,
    TicketApproaching,
    TicketTransferred,
    TicketUnserved,
)
from services.ticketing.domain.hours import Exceptional
from services.ticketing.domain.mall import (
    MALL,
    AgencyLearned,
    Bookings,
    Closure,
    ClosureDeclared,
    ClosureLifted,
    CounterLearned,
    DeclareClosure,
    LiftClosure,
    Mall,
    ServiceLearned,
    TooManyClosures,
)

TUESDAY, WEDNESDAY = date(2026, 11, 24), date(2026, 11, 25)
MONDAY_NOON = TUESDAY_NINE - timedelta(hours=21)


def at(clock: str, on: date = TUESDAY) -> datetime:
    return datetime.fromisoformat(f"{on}T{clock}:00+07:00")


def edit(day: MallDay, **parts) -> None:
    """An edit of the catalogue arrives."""
    day.mall = replace(day.mall, **parts)


def edit_hours(day: MallDay, *intervals: tuple[str, str], on: date = TUESDAY, reason: str = "Keliru") -> None:
    edit(day, learned=replace(day.mall.about, exceptions=(Exceptional(on.isoformat(), intervals, reason),)))


def without(entries, *codes: str):
    return {code: entry for code, entry in entries.items() if code not in codes}


def close(day: MallDay, scope: str, code: str, until: datetime | None = None, since: datetime | None = None) -> None:
    closure = Closure(scope, code, "Listrik padam", since or day.now, until, f"c{len(day.mall.closures)}")
    day.mall = MALL.evolve(day.mall, ClosureDeclared(closure, day.now))


def tick(day: MallDay, when: datetime | None = None, *, on: date = TUESDAY, is_trusted: bool = True) -> list:
    day.now = when or day.now
    return day.when(Tick(on, day.now, day.mall, is_trusted))


def page(day: MallDay, who: str) -> dict:
    return views.ticket(day.state, day.mall, who, day.now)


def alerts(day: MallDay, kind: str, bookings=()) -> list[dict]:
    overview = views.overview(Snapshot(day.state), day.mall, day.now, bookings=bookings)
    return [alert for alert in overview["alerts"] if alert["kind"] == kind]


def console(day: MallDay, counter: str) -> dict:
    return views.counter(day.state, day.mall, counter, day.now)


# Hours edited during the day


@pytest.fixture
def waiting() -> MallDay:
    """Siti and Budi wait for KTP at G02, in a mall without overtime."""
    day = MallDay(known=mall(overtime_minutes=0))
    day.issue(SITI)
    day.issue(BUDI)
    return day


def test_edit_that_ends_today_in_the_past_closes_nothing(waiting):
    edit_hours(waiting, ("08:00", "08:30"))
    rescheduled = only(ClosingRescheduled, tick(waiting))
    assert rescheduled.closes_at == at("08:30")
    assert tick(waiting, at("14:00")) == []
    assert waiting.status(SITI) == "waiting"
    (alert,) = alerts(waiting, "closing-has-passed")
    assert alert == {"kind": "closing-has-passed", "time": "08.30", "waiting": 2}


def test_corrected_hours_close_the_day_at_their_own_time(waiting):
    edit_hours(waiting, ("08:00", "08:30"))
    tick(waiting)
    edit(waiting, learned=mall(overtime_minutes=0).about)
    tick(waiting)
    assert alerts(waiting, "closing-has-passed") == []
    assert tick(waiting, at("14:59")) == []
    assert only(DayClosed, tick(waiting, at("15:00"))).by_schedule


def test_day_closed_by_a_wrong_edit_alone_ends_at_midnight_or_by_a_person(waiting):
    edit_hours(waiting)
    tick(waiting)
    by_person = MallDay(known=waiting.mall)
    by_person.state, by_person.now = waiting.state, waiting.now
    assert only(DayClosed, by_person.when(CloseDay(by_person.now, by_person.mall))).by_schedule is False
    edit_hours(waiting, ("08:00", "08:31"))
    tick(waiting)
    assert tick(waiting, at("23:59")) == []
    assert only(DayClosed, tick(waiting, at("00:00", WEDNESDAY)))


def test_day_opened_by_an_earlier_release_is_not_closed_by_an_edit(waiting):
    opened = replace(waiting.state.opened, closes_at=None)
    waiting.state = replace(waiting.state, opened=opened, closes_at=None)
    assert only(ClosingRescheduled, tick(waiting)).closes_at == at("15:00")
    edit_hours(waiting, ("08:00", "08:30"))
    tick(waiting)
    assert tick(waiting, at("14:00")) == []
    assert waiting.status(SITI) == "waiting"


def test_day_of_an_earlier_release_closes_although_its_time_has_passed(waiting):
    waiting.state = replace(waiting.state, closes_at=None)
    assert only(DayClosed, tick(waiting, at("15:00")))


def test_edit_that_ends_today_later_is_followed_by_the_clock(waiting):
    edit_hours(waiting, ("08:00", "10:00"))
    tick(waiting)
    assert tick(waiting, at("09:59")) == []
    assert only(DayClosed, tick(waiting, at("10:00")))


def test_overtime_beyond_any_calendar_ends_with_the_day():
    day = MallDay(known=mall(overtime_minutes=10**10, tickets_from_minutes=10**10, last_ticket_minutes=10**10))
    assert day.mall.about.hours.gives_tickets(TUESDAY_NINE) is False
    day = MallDay(known=mall(overtime_minutes=10**10))
    day.issue(SITI)
    assert day.state.closes_at == at("00:00", WEDNESDAY)


# The clock


def test_doubtful_tick_neither_closes_the_day_nor_ends_bookings():
    day = booked_day()
    day.now = TUESDAY_NINE
    day.issue(BUDI)
    assert tick(day, at("21:00"), is_trusted=False) == []
    assert (day.status(BUDI), day.state.bookings[SITI].status) == ("waiting", "booked")
    ended = tick(day, at("21:00"))
    assert only(DayClosed, ended)
    assert only(BookingLapsed, ended)


@pytest.mark.parametrize("behind", [2, 40 * 60])
def test_clock_that_is_behind_makes_no_duration_negative(behind):
    day = MallDay()
    day.issue(SITI)
    day.issue(BUDI)
    day.now -= timedelta(seconds=60 + behind)
    day.call()
    day.now -= timedelta(seconds=30 + behind)
    day.finish()
    (visit,) = [visit for visit in statistics.visits(day.state) if visit.outcome == "served"]
    assert (visit.waited, visit.worked) == (0, 0)
    assert page(day, BUDI)["estimate"]["low_minutes"] >= 0
    seen = views.overview(Snapshot(day.state), day.mall, day.now)
    assert all(line["longest_minutes"] >= 0 for line in seen["lines"])


def test_supervisor_is_alerted_to_a_clock_that_differs_from_the_database():
    day = MallDay()
    for seconds, expected in ((-600.0, [{"kind": "clock-doubtful", "minutes": 10}]), (59.0, [])):
        seen = views.overview(Snapshot(day.state), day.mall, day.now, seconds)
        assert [alert for alert in seen["alerts"] if alert["kind"] == "clock-doubtful"] == expected


# Bookings


def booked_day(claim_by: str = "10:00", **rules) -> MallDay:
    """Siti booked KTP for Tuesday, on Monday."""
    day = MallDay(MONDAY_NOON, mall(bookings=Bookings(14, claim_by), **rules))
    day.when(BookPlace(SITI, KTP, None, TUESDAY, day.now, day.mall))
    return day


def _close_mall(day):
    close(day, "mall", "pekalongan", since=at("00:00"), until=at("23:59"))


def _withdraw_service(day):
    edit(day, services=without(day.mall.services, KTP))


def _suspend_agency(day):
    agency = replace(day.mall.agencies["DUKCAPIL"], suspended="Jaringan pusat")
    edit(day, agencies={**day.mall.agencies, "DUKCAPIL": agency})


@pytest.mark.parametrize(
    ("change", "cause", "reason"),
    [
        (lambda day: edit_hours(day, reason="Cuti bersama"), "closed-day", "Cuti bersama"),
        (_close_mall, "mall-closed", "Listrik padam"),
        (_withdraw_service, "service-withdrawn", ""),
        (lambda day: edit(day, agencies=without(day.mall.agencies, "DUKCAPIL")), "service-withdrawn", ""),
        (_suspend_agency, "agency-suspended", "Jaringan pusat"),
        (lambda day: close(day, "service", KTP), "service-closed", "Listrik padam"),
        (lambda day: close(day, "counter", "G02"), "counter-closed", "Listrik padam"),
        (lambda day: edit(day, counters=without(day.mall.counters, "G02")), "counter-closed", ""),
    ],
)
def test_booking_that_cannot_be_claimed_is_suspended_until_it_can(change, cause, reason):
    day = booked_day()
    usual = day.mall
    assert tick(day) == []
    change(day)
    suspended = only(BookingSuspended, tick(day))
    assert (suspended.booking_id, suspended.cause, suspended.reason) == (SITI, cause, reason)
    assert tick(day) == [], "once per cause"
    booking = day.state.bookings[SITI]
    assert views.booking(day.mall, booking, day.now)["in_force"] == {"state": cause, "reason": reason}
    (alert,) = alerts(day, "booking-concerned", [("2026-11-24", booking)])
    assert (alert["day"], alert["cause"], alert["count"]) == ("2026-11-24", cause, 1)
    day.mall = usual
    assert only(BookingResumed, tick(day)).claim_by == at("10:00")
    assert views.booking(day.mall, day.state.bookings[SITI], day.now)["in_force"]["state"] == "open"


def test_other_cause_is_published_again():
    day = booked_day()
    _suspend_agency(day)
    tick(day)
    _withdraw_service(day)
    assert only(BookingSuspended, tick(day)).cause == "service-withdrawn"


def test_claim_time_follows_the_hours_of_the_day():
    day = booked_day()
    edit_hours(day, ("13:00", "15:00"))
    assert only(BookingRescheduled, tick(day)).claim_by == at("15:00")
    day.now = at("13:05")
    assert only(PlaceBooked, day.when(BookPlace(BUDI, KTP, None, TUESDAY, day.now, day.mall))).claim_by == at("15:00")
    day.when(CheckIn(SITI, "siti-ticket", day.now, day.mall))
    assert day.status("siti-ticket") == "waiting"


@pytest.mark.parametrize(
    ("intervals", "claim_by", "expected"),
    [
        ((("08:00", "15:00"),), "10:00", "10:00"),
        ((("09:30", "12:00"),), "10:00", "11:30"),
        ((("07:00", "15:00"),), "10:00", "10:00"),
        ((("08:00", "09:00"),), "10:00", "09:00"),
        ((("08:00", "15:00"),), "18:00", "15:00"),
        ((("08:00", "15:00"),), "07:00", "15:00"),
        ((("08:00", "11:30"), ("13:00", "15:00")), "12:00", "12:00"),
    ],
)
def test_places_are_kept_as_long_after_opening_as_usual(intervals, claim_by, expected):
    day = MallDay(MONDAY_NOON, mall(bookings=Bookings(14, claim_by)))
    edit_hours(day, *intervals)
    placed = only(PlaceBooked, day.when(BookPlace(SITI, KTP, None, TUESDAY, day.now, day.mall)))
    assert placed.claim_by == at(expected)


def test_last_ticket_and_the_counters_hours_bound_the_claim_time():
    day = MallDay(MONDAY_NOON, mall(bookings=Bookings(14, "14:30"), last_ticket_minutes=60))
    assert only(PlaceBooked, day.when(BookPlace(SITI, KTP, None, TUESDAY, day.now, day.mall))).claim_by == at("14:00")
    mornings = tuple((("08:00", "09:00"),) for _ in range(7))
    edit(day, counters={**day.mall.counters, "G03": replace(day.mall.counters["G03"], week=mornings)})
    assert only(PlaceBooked, day.when(BookPlace(BUDI, SIM, None, TUESDAY, day.now, day.mall))).claim_by == at("09:00")


def test_day_over_for_claims_is_not_offered_as_free():
    day = MallDay(at("15:30"), mall(bookings=Bookings(14, "18:00")))
    (today, *_) = views.bookable_days(day.mall, KTP, None, day.now, lambda on: day.state)
    assert (today["bookable"], today["standing"]) == (False, "too-late")
    with pytest.raises(refusals.ServiceAway):
        day.when(BookPlace(SITI, KTP, None, TUESDAY, day.now, day.mall))


def test_hours_that_end_before_now_suspend_a_booking_of_today():
    day = booked_day()
    day.now = TUESDAY_NINE
    edit_hours(day, ("08:00", "08:30"))
    assert only(BookingSuspended, tick(day)).cause == "closed-day"
    edit(day, learned=replace(day.mall.about, exceptions=()))
    assert only(BookingResumed, tick(day)).claim_by == at("10:00")


# Withdrawn while in use


def test_withdrawn_counter_keeps_its_visitor_and_those_sent_to_it():
    day = MallDay()
    day.issue(SITI, SIM)
    day.issue(BUDI, SIM)
    day.call("G03")
    edit(day, counters=without(day.mall.counters, "G03"))
    desk = console(day, "G03")
    assert (desk["withdrawn"], desk["current"]["number"], desk["waiting_count"]) == (True, "C-001", 1)
    row = next(row for row in views.overview(Snapshot(day.state), day.mall, day.now)["counters"] if row["withdrawn"])
    assert (row["counter"], row["current"], row["waiting"]) == ("G03", "C-001", 1)
    assert alerts(day, "counter-withdrawn-busy") == [
        {"kind": "counter-withdrawn-busy", "counter": "G03", "number": "C-001"}
    ]
    day.when(Recall(SITI, "G03", day.now, day.mall))
    day.finish("G03")
    assert day.call("G03").ticket_id == BUDI
    day.finish("G03")
    with pytest.raises(refusals.NoCounter):
        day.issue(RINI, SIM)


def test_waiting_visitors_of_a_withdrawn_and_empty_counter_are_an_alert():
    day = MallDay()
    day.issue(SITI, SIM)
    edit(day, counters=without(day.mall.counters, "G03"))
    (alert,) = alerts(day, "ticket-without-counter")
    assert (alert["number"], alert["cause"]) == ("C-001", "no-counter")
    assert page(day, SITI)["in_force"]["state"] == "no-counter"
    assert (page(day, SITI)["ahead"], page(day, SITI)["estimate"]) == (None, None)


def test_service_taken_from_a_counter_is_still_called_where_promised():
    day = MallDay()
    day.issue(SITI)
    edit(day, counters={**day.mall.counters, "G02": replace(day.mall.counters["G02"], services=(KK,))})
    assert console(day, "G02")["waiting_count"] == 1
    assert day.call("G02").ticket_id == SITI


def test_counter_that_newly_gives_the_service_calls_it_too():
    day = MallDay()
    day.issue(SITI)
    edit(day, counters={**day.mall.counters, "G2B": replace(day.mall.counters["G2B"], services=(KK, KTP))})
    assert {each["code"] for each in page(day, SITI)["counters"]} == {"G02", "G2B"}
    assert day.call("G2B").ticket_id == SITI


def test_withdrawn_service_is_called_behind_one_sent_elsewhere():
    """Siti, first in line, was sent to G2B alone; G02 still calls Budi, to whom it was promised."""
    day = MallDay()
    for who in (SITI, BUDI):
        day.issue(who, KK)
    day.when(TransferTicket(SITI, None, KK, "G2B", "", day.now, day.mall))
    edit(
        day,
        services=without(day.mall.services, KK),
        counters={
            code: replace(counter, services=tuple(s for s in counter.services if s != KK))
            for code, counter in day.mall.counters.items()
        },
    )
    assert day.call("G02").ticket_id == BUDI
    assert day.call("G2B").ticket_id == SITI


def test_waiting_visitors_of_a_withdrawn_agency_stay_in_the_lines_and_can_be_served():
    day = MallDay()
    day.issue(SITI, SIM)
    day.when(OpenCounter("G03", day.now, day.mall))
    edit(
        day,
        agencies=without(day.mall.agencies, "POLRES"),
        services=without(day.mall.services, SIM, "POLRES-SKCK"),
        counters=without(day.mall.counters, "G03"),
    )
    (line,) = views.hall(Snapshot(day.state), day.mall, day.now)["waiting"]
    assert (line["line"], line["agency_name"], line["waiting"]) == ("C", "Polres Pekalongan Kota", 1)
    assert page(day, SITI)["in_force"]["state"] == "open"
    assert day.call("G03").ticket_id == SITI


def test_supervisor_transfers_all_who_wait_for_a_service():
    day = MallDay()
    for who in (SITI, BUDI, RINI):
        day.issue(who)
    day.issue(WATI, KK)
    edit(day, counters=without(day.mall.counters, "G02"))
    moved = day.when(TransferAll(KTP, KK, "", "G02 tutup", day.now, day.mall))
    assert [event.ticket_id for event in moved if isinstance(event, TicketTransferred)] == [SITI, BUDI, RINI]
    assert alerts(day, "ticket-without-counter") == []
    assert [day.call("G2B").ticket_id, day.finish("G2B") and day.call("G2B").ticket_id] == [SITI, BUDI]
    assert day.when(TransferAll(KTP, KK, "", "", day.now, day.mall)) == []


def test_supervisor_ends_a_ticket_for_a_reason_that_its_holder_reads():
    day = MallDay()
    day.issue(SITI)
    ended = only(TicketUnserved, day.when(EndTicket(SITI, "Layanan pindah kantor", day.now, day.mall)))
    assert ended.reason == "Layanan pindah kantor"
    assert (page(day, SITI)["status"], page(day, SITI)["ending_reason"]) == ("unserved", "Layanan pindah kantor")
    assert day.when(EndTicket(SITI, "Sekali lagi", day.now, day.mall)) == []
    day.issue(BUDI)
    day.call()
    with pytest.raises(refusals.NotWaiting):
        day.when(EndTicket(BUDI, "Tidak bisa", day.now, day.mall))


# Lines


def test_changed_letter_holds_from_the_next_day():
    day = MallDay()
    day.issue(SITI)
    edit(day, agencies={**day.mall.agencies, "DUKCAPIL": replace(day.mall.agencies["DUKCAPIL"], line="X")})
    assert (day.issue(BUDI).number, day.state.tickets[BUDI].issued.ahead) == ("B-002", 1)
    (line,) = views.hall(Snapshot(day.state), day.mall, day.now)["waiting"]
    assert (line["line"], line["waiting"]) == ("B", 2)
    assert {a["code"]: a["line"] for a in views.directory(day.mall, day.now, day.state)}["DUKCAPIL"] == "B"
    tomorrow = MallDay(TUESDAY_NINE + timedelta(days=1), day.mall)
    assert tomorrow.issue(SITI).number == "X-001"


def test_agency_that_is_given_a_letter_in_use_counts_its_own_visitors():
    day = MallDay()
    for who in (SITI, BUDI):
        day.issue(who)
    taspen = AgencyLearned("TASPEN", "PT Taspen", "B")
    edit(
        day,
        agencies={**day.mall.agencies, "TASPEN": taspen},
        services={**day.mall.services, "TASPEN-DATA": ServiceLearned("TASPEN-DATA", "Data peserta", "TASPEN", 10)},
        counters={**day.mall.counters, "G09": CounterLearned("G09", "Gerai 9", 1, "TASPEN", ("TASPEN-DATA",))},
    )
    issued = day.issue(RINI, "TASPEN-DATA")
    assert (issued.number, issued.ahead) == ("B-003", 0), "no number twice"
    waiting = {
        line["agency"]: line["waiting"] for line in views.hall(Snapshot(day.state), day.mall, day.now)["waiting"]
    }
    assert waiting == {"DUKCAPIL": 2, "TASPEN": 1}


def test_service_moved_to_another_agency_counts_those_who_wait_for_it():
    day = MallDay()
    for who in (SITI, BUDI, RINI):
        day.issue(who)
    edit(day, services={**day.mall.services, KTP: replace(day.mall.services[KTP], agency="POLRES")})
    issued = day.issue(TONO)
    assert (issued.number, issued.ahead) == ("C-001", 3)
    lines = {line["line"]: line["waiting"] for line in views.hall(Snapshot(day.state), day.mall, day.now)["waiting"]}
    assert lines == {"B": 3, "C": 1}


# Place and estimate


def test_place_counts_only_those_whom_the_same_counters_call():
    akta = "DUKCAPIL-AKTA"
    known = mall()
    known = replace(
        known,
        services={**known.services, akta: ServiceLearned(akta, "Akta kelahiran", "DUKCAPIL", 15)},
        counters={**known.counters, "G05": CounterLearned("G05", "Gerai 5", 1, "DUKCAPIL", (akta,))},
    )
    day = MallDay(known=known)
    for who in (SITI, BUDI, RINI, TONO, WATI):
        day.issue(who)
    slip = day.issue("agus", akta)
    assert (slip.ahead, slip.number) == (0, "B-006")
    assert slip.told_high <= 120
    assert day.call("G05").ticket_id == "agus"


def test_ticket_for_two_counters_is_told_the_sooner_of_both():
    day = MallDay()
    for who in (SITI, BUDI, RINI):
        day.issue(who)
    assert day.issue(TONO, KK).ahead == 0, "G2B gives family cards alone"
    assert day.issue(WATI, KTP).ahead == 4


def test_counter_that_opens_later_makes_the_wait_longer():
    evenings = tuple((("23:30", "23:59"),) for _ in range(7))
    known = mall(exceptions=())
    known = replace(
        known,
        learned=replace(known.learned, week=((("08:00", "23:59"),),) * 7),
        counters={**known.counters, "G03": replace(known.counters["G03"], week=evenings)},
    )
    day = MallDay(at("21:11"), known)
    issued = day.issue(SITI, SIM)
    assert issued.expected_wait == (2 * 60 + 19) * 60
    assert page(day, SITI)["estimate"]["low_minutes"] > 120


def test_reserved_ticket_is_not_ahead_of_another_counters_visitors():
    day = MallDay()
    day.issue(SITI, KK)
    day.when(TransferTicket(SITI, None, KK, "G2B", "", day.now, day.mall))
    assert day.issue(BUDI, KK).ahead == 0
    assert console(day, "G02")["waiting_count"] == len(console(day, "G02")["waiting"]) == 1


def test_counter_is_not_idle_while_all_waiting_were_sent_elsewhere():
    day = MallDay()
    day.when(OpenCounter("G02", day.now, day.mall))
    day.issue(SITI, KK)
    day.when(TransferTicket(SITI, None, KK, "G2B", "", day.now, day.mall))
    day.after(10)
    assert alerts(day, "counter-not-calling") == []


# Stop and closures


def test_stop_freezes_calls_recalls_approaching_and_estimates():
    day = MallDay()
    for who in (SITI, BUDI, RINI, TONO, WATI):
        day.issue(who)
    day.call()
    day.when(StopDay("Alarm kebakaran", day.now, day.mall))
    with pytest.raises(refusals.Stopped):
        day.when(Recall(SITI, "G02", day.now, day.mall))
    left = day.when(CancelTicket(BUDI, day.now, day.mall))
    assert not [event for event in left if isinstance(event, TicketApproaching)]
    stopped = {"state": "stopped", "reason": "Alarm kebakaran", "until": None}
    assert [page(day, who)["in_force"] for who in (SITI, RINI)] == [stopped, stopped]
    assert page(day, RINI)["estimate"] is None
    assert alerts(day, "waiting-while-stopped") == [{"kind": "waiting-while-stopped", "waiting": 3}]
    day.when(ResumeDay(day.now))
    assert page(day, RINI)["in_force"]["state"] == "open"
    day.when(Recall(SITI, "G02", day.now, day.mall))


@pytest.mark.parametrize(
    ("scope", "code", "refused"),
    [
        ("mall", "pekalongan", refusals.Closed),
        ("counter", "G02", refusals.CounterShut),
        ("service", KTP, refusals.Suspended),
    ],
)
def test_visitor_is_not_recalled_to_what_is_closed(scope, code, refused):
    day = MallDay()
    day.issue(SITI)
    day.call()
    close(day, scope, code)
    with pytest.raises(refused):
        day.when(Recall(SITI, "G02", day.now, day.mall))
    day.finish()
    assert day.status(SITI) == "served", "who is at the counter is served"


def test_closed_counter_shows_its_reason_and_end_to_those_who_wait_for_it():
    day = MallDay()
    day.issue(SITI)
    close(day, "counter", "G02", until=at("11:00"))
    assert page(day, SITI)["in_force"] == {
        "state": "suspended",
        "reason": "Listrik padam",
        "until": at("11:00").isoformat(),
    }


# Transfers


@pytest.mark.parametrize(
    ("obstacle", "refused"),
    [
        (lambda day: close(day, "service", SIM), refusals.Suspended),
        (lambda day: close(day, "counter", "G03"), refusals.Suspended),
        (lambda day: day.when(CloseCounter("G03", day.now, day.mall)), refusals.ServiceAway),
        (lambda day: edit(day, counters=without(day.mall.counters, "G03")), refusals.NoCounter),
    ],
)
@pytest.mark.parametrize("everyone", [False, True])
def test_nobody_is_transferred_to_what_is_closed_or_gone_home(obstacle, refused, everyone):
    day = MallDay()
    day.issue(SITI)
    obstacle(day)
    where = (SIM, "", "", day.now, day.mall)
    command = TransferAll(KTP, *where) if everyone else TransferTicket(SITI, None, *where)
    with pytest.raises(refused):
        day.when(command)


def test_transfer_to_a_counter_that_closed_is_refused_though_another_gives_it():
    day = MallDay()
    day.issue(SITI)
    day.when(CloseCounter("G2B", day.now, day.mall))
    with pytest.raises(refusals.CounterShut):
        day.when(TransferTicket(SITI, None, KK, "G2B", "", day.now, day.mall))


def test_new_ticket_for_counters_that_went_home_is_refused_with_the_next_day():
    day = MallDay()
    day.when(CloseCounter("G03", day.now, day.mall))
    with pytest.raises(refusals.ServiceAway) as refusal:
        day.issue(SITI, SIM)
    assert refusal.value.params["next_opening"] == at("08:00", WEDNESDAY)
    (offer,) = [s for a in views.directory(day.mall, day.now, day.state) for s in a["services"] if s["code"] == SIM]
    assert offer["why_not"] == {"kind": "gone-home", "reason": "", "until": at("08:00", WEDNESDAY).isoformat()}


# Closures


def closures_of(known: Mall, now: datetime) -> list[str]:
    return [closure.id for closure in known.closures_ahead(now)]


def declare(known: Mall, id: str, since: datetime, until: datetime | None, now: datetime = TUESDAY_NINE) -> Mall:
    command = DeclareClosure(Closure("counter", "G02", f"Alasan {id}", since, until, id), now)
    for event in MALL.decide(command, known):
        known = MALL.evolve(known, event)
    return known


def lift(known: Mall, now: datetime, id: str = "") -> Mall:
    for event in MALL.decide(LiftClosure("counter", "G02", now, id), known):
        known = MALL.evolve(known, event)
    return known


def test_planned_closure_ends_no_present_one_and_deletes_no_other():
    known = declare(mall(), "now", TUESDAY_NINE, at("10:00"))
    known = declare(known, "noon", at("12:00"), at("13:00"))
    known = declare(known, "overlap", at("12:30"), at("14:00"))
    assert closures_of(known, TUESDAY_NINE) == ["now", "noon", "overlap"]
    assert known.closure("counter", "G02", TUESDAY_NINE).id == "now"
    assert known.closure("counter", "G02", at("12:45")).id == "overlap", "the one that ends last"
    assert known.closure("counter", "G02", at("11:00")) is None
    assert closures_of(lift(known, TUESDAY_NINE), TUESDAY_NINE) == ["noon", "overlap"], "the present one"
    assert closures_of(lift(known, TUESDAY_NINE, "noon"), TUESDAY_NINE) == ["now", "overlap"]
    assert closures_of(lift(known, at("11:00")), at("11:00")) == [], "those planned, where none holds"
    assert lift(known, TUESDAY_NINE, "other") == known


def test_closure_declared_twice_is_one_and_there_are_not_endlessly_many():
    known = declare(mall(), "a", TUESDAY_NINE, None)
    assert (
        MALL.decide(DeclareClosure(replace(known.closure("counter", "G02", TUESDAY_NINE), id="b"), TUESDAY_NINE), known)
        == []
    )
    for number in range(49):
        known = declare(known, f"p{number}", at("12:00") + timedelta(minutes=number), None)
    with pytest.raises(TooManyClosures):
        declare(known, "one more", at("15:00"), None)


def test_closures_stored_before_there_were_ids_replace_each_other():
    known = mall()
    for since, until in ((at("08:00"), None), (at("12:00"), at("13:00"))):
        known = MALL.evolve(known, ClosureDeclared(Closure("counter", "G02", "Lama", since, until)))
    assert [each.since for each in known.closures_ahead(TUESDAY_NINE)] == [at("12:00")]
    assert MALL.evolve(known, ClosureLifted("counter", "G02", TUESDAY_NINE)).closures == {}


# What the command accepts is what is offered


def test_paused_counter_keeps_its_visitors_and_calls_again_when_open():
    day = MallDay()
    day.issue(SITI)
    day.when(PauseCounter("G02", "Salat", day.now, day.mall))
    assert page(day, SITI)["in_force"]["state"] == "open"
    with pytest.raises(refusals.CounterPaused):
        day.when(CallNext("G02", day.now, day.mall))
    day.when(OpenCounter("G02", day.now, day.mall))
    assert day.call().ticket_id == SITI


def test_ticket_promised_elsewhere_is_not_called_out_of_turn_here():
    day = MallDay()
    day.issue(SITI)
    with pytest.raises(refusals.NotThisCounter):
        day.when(CallTicket("G2B", SITI, "Titipan", day.now, day.mall))


def test_finish_at_a_withdrawn_counter_is_accepted_from_a_supervisor():
    day = MallDay()
    day.issue(SITI, SIM)
    day.call("G03")
    edit(day, counters=without(day.mall.counters, "G03"))
    day.when(Finish(SITI, None, day.now))
    assert day.status(SITI) == "served"
    day.when(CloseDay(day.now, day.mall))
