"""Texts in every status, tickets in every standing, and the wording at its limits: whole events."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.chassis.errors import Fault
from services.notifications.domain.commands import (
    ClaimMessage,
    HearBooked,
    HearBookingEnded,
    HearCalled,
    HearIssued,
    HearNews,
    HearSuspended,
    LeavePhone,
    RecordOutcome,
    RecordReport,
    SettleMessage,
    WithdrawPhone,
)
from services.notifications.domain.correspondence import CORRESPONDENCE
from services.notifications.domain.correspondence.state import Correspondence, Message
from services.notifications.domain.events import (
    BookingEnded,
    BookingHeard,
    CallHeard,
    IssueHeard,
    NewsHeard,
    PhoneLeft,
    PhoneWithdrawn,
    SmsAccepted,
    SmsClaimed,
    SmsDelivered,
    SmsDropped,
    SmsExpired,
    SmsFailed,
    SmsNotTaken,
    SmsRequested,
    SmsUnknown,
)
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
from services.notifications.domain.wording import (
    LENGTHS,
    NEEDED,
    PLACEHOLDERS,
    InvalidText,
    filled,
    length,
    must_fit,
    plain,
    shortened,
)

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
TICKET, PHONE = "t1", "+62812****890"
ISSUE = IssueHeard(TICKET, "kota", "MPP Kota", "B-012", 3, NOW, "KTP", "DUKCAPIL", (5, 0))
CALL = CallHeard(TICKET, "G02", 1, NOW, 1, (6, 0))
STATUSES = ("requested", "sending", "accepted", "delivered", "failed", "unknown", "expired", "dropped")
ABOUT = {"ticket_id": TICKET, "kind": "issued", "mall": "kota", "agency": "DUKCAPIL"}


def after(*events, state: Correspondence = CORRESPONDENCE.initial) -> Correspondence:
    for event in events:
        state = CORRESPONDENCE.evolve(state, event)
    return state


def decided(command, state: Correspondence) -> list:
    return CORRESPONDENCE.decide(command, state)


def requested(kind: str = "issued", about=(5, 0), best_before=NOW + HOUR, **more) -> SmsRequested:
    return SmsRequested(
        f"{TICKET}.{kind}", TICKET, kind, PHONE, "B-012", {}, best_before, NOW, "kota", "DUKCAPIL", "id", about, **more
    )


def with_message(status: str, attempts: int = 1, **more) -> Correspondence:
    """A waiting ticket whose text stands so."""
    state = after(ISSUE, PhoneLeft(TICKET, PHONE, NOW))
    message = Message(requested(), status, NOW, NOW, attempts, **more)
    return replace(state, messages={message.requested.message_id: message})


ID = f"{TICKET}.issued"

# What is requested, in full


def test_issued_ticket_requests_its_text_once():
    waiting = after(PhoneLeft(TICKET, PHONE, NOW, "en"))
    wanted = SmsRequested(
        ID,
        TICKET,
        "issued",
        PHONE,
        "B-012",
        {"mall": "MPP Kota", "number": "B-012", "ahead": "3"},
        NOW + HOUR,
        NOW + MINUTE,
        "kota",
        "DUKCAPIL",
        "en",
        (5, 0),
    )
    assert decided(HearIssued(ISSUE, NOW + MINUTE), waiting) == [ISSUE, wanted]
    assert decided(HearIssued(ISSUE, NOW), after(ISSUE, state=waiting)) == []
    assert decided(HearIssued(ISSUE, NOW), CORRESPONDENCE.initial) == [ISSUE]


@pytest.mark.parametrize(
    ("call", "position", "message", "again"),
    [
        (1, (6, 0), "t1.called", "t1.called-6"),
        (2, (7, 0), "t1.called-2", "t1.called-2-7"),
    ],
)
def test_call_requests_a_text_with_the_place(call, position, message, again):
    state = after(ISSUE, PhoneLeft(TICKET, PHONE, NOW))
    called = CallHeard(TICKET, "G02", 1, NOW, call, position)
    asked = decided(HearCalled(called, NOW + MINUTE), state)
    values = {"mall": "MPP Kota", "number": "B-012", "counter": "G02", "floor": "1"}
    wanted = SmsRequested(
        message,
        TICKET,
        "called",
        PHONE,
        "B-012",
        values,
        NOW + 10 * MINUTE,
        NOW + MINUTE,
        "kota",
        "DUKCAPIL",
        "id",
        position,
    )
    assert asked == [called, wanted]
    before = after(requested("called" if call == 1 else "called-2"), state=state)
    assert [event.message_id for event in decided(HearCalled(called, NOW), before)[1:]] == [again]


@pytest.mark.parametrize(("position", "is_new"), [((6, 0), False), ((6, 1), True), ((5, 9), False), ((7, 0), True)])
def test_call_counts_if_it_is_newer_than_all_before(position, is_new):
    state = after(ISSUE, CALL)
    assert bool(decided(HearCalled(replace(CALL, call=2, position=position), NOW), state)) is is_new
    assert bool(decided(HearNews(NewsHeard(TICKET, "held", NOW, position, {}), NOW), state)) is is_new


@pytest.mark.parametrize(("call", "is_new"), [(1, False), (2, False), (3, True)])
def test_call_without_a_position_counts_by_its_number(call, is_new):
    state = after(ISSUE, replace(CALL, call=2))
    found = decided(HearCalled(CallHeard(TICKET, "G02", 1, NOW, call), NOW), state)
    assert bool(found) is is_new
    old = after(ISSUE, CallHeard(TICKET, "G02", 1, NOW, 2))
    assert bool(decided(HearCalled(replace(CALL, call=call), NOW), old)) is is_new


@pytest.mark.parametrize(
    ("what", "values", "message", "minutes"),
    [
        ("approaching", {"ahead": "2"}, "t1.approaching", 10),
        ("recalled", {"counter": "G02", "floor": "1"}, "t1.recalled-8", 5),
        ("transferred", {"to_service": "SIM", "to_agency": "POLRES", "service": "SIM A"}, "t1.transferred-8", 15),
        ("missed", {"counter": "G02"}, "t1.missed-8", 30),
    ],
)
def test_news_requests_a_text_with_its_values(what, values, message, minutes):
    state = after(ISSUE, PhoneLeft(TICKET, PHONE, NOW))
    news = NewsHeard(TICKET, what, NOW, (8, 0), values)
    stored, text = decided(HearNews(news, NOW + MINUTE), state)
    assert stored == news
    assert text == SmsRequested(
        message,
        TICKET,
        what,
        PHONE,
        "B-012",
        {"mall": "MPP Kota", "number": "B-012", **values},
        NOW + minutes * MINUTE,
        NOW + MINUTE,
        "kota",
        "POLRES" if what == "transferred" else "DUKCAPIL",
        "id",
        (8, 0),
    )
    once = after(news, text, state=state)
    again = decided(HearNews(replace(news, position=(9, 0)), NOW), once)
    assert [event for event in again if isinstance(event, SmsRequested)] == (
        [] if what == "approaching" else [replace(text, message_id=f"t1.{what}-9", requested_at=NOW, about=(9, 0))]
    )


@pytest.mark.parametrize(
    ("what", "standing"),
    [
        ("approaching", "waiting"),
        ("recalled", "called"),
        ("missed", "missed"),
        ("restored", "waiting"),
        ("held", "held"),
        ("resumed", "called"),
        ("served", "over"),
        ("cancelled", "over"),
        ("unserved", "over"),
        ("call-undone", "waiting"),
        ("undone", "called"),
    ],
)
def test_ticket_stands_as_the_last_news_says(what, standing):
    state = after(ISSUE, NewsHeard(TICKET, what, NOW, (8, 2), {}))
    since = (5, 0) if what == "approaching" else (8, 2)
    assert (state.standing, state.since, state.heard) == (standing, since, (8, 2))
    assert (state.service, state.agency) == ("KTP", "DUKCAPIL")


def test_late_issue_leaves_the_standing_as_it_is():
    state = after(CALL, replace(ISSUE, position=(2, 0)))
    assert (state.standing, state.since, state.heard) == ("called", (6, 0), (6, 0))
    first = after(ISSUE)
    assert (first.standing, first.since, first.heard) == ("waiting", (5, 0), (5, 0))
    earlier = after(ISSUE, replace(CALL, position=(1, 0)))
    assert (earlier.standing, earlier.since, earlier.heard) == ("called", (1, 0), (5, 0))


def test_transfer_moves_the_ticket_to_the_other_service():
    values = {"to_service": "SIM", "to_agency": "POLRES"}
    state = after(ISSUE, NewsHeard(TICKET, "transferred", NOW, (8, 0), values))
    assert (state.service, state.agency, state.standing) == ("SIM", "POLRES", "waiting")


# The number


def test_phone_left_is_stored_and_requests_what_is_still_true():
    waiting = after(ISSUE)
    left = PhoneLeft(TICKET, PHONE, NOW, "en")
    events = decided(LeavePhone(TICKET, PHONE, NOW, "en"), waiting)
    assert (events[0], events[1].kind, events[1].language) == (left, "issued", "en")
    assert decided(LeavePhone(TICKET, PHONE, NOW, "en"), after(*events, state=waiting)) == []
    other = decided(LeavePhone(TICKET, PHONE, NOW, "id"), after(*events, state=waiting))
    assert other == [PhoneLeft(TICKET, PHONE, NOW, "id")]
    assert decided(LeavePhone(TICKET, PHONE, NOW, "en"), after(CALL, state=waiting)) == [left]
    assert decided(LeavePhone(TICKET, PHONE, NOW), CORRESPONDENCE.initial) == [PhoneLeft(TICKET, PHONE, NOW)]


@pytest.mark.parametrize("status", STATUSES)
def test_phone_withdrawn_drops_the_texts_that_were_not_handed_over(status):
    events = decided(WithdrawPhone(TICKET, NOW), with_message(status))
    dropped = [SmsDropped(ID, "withdrawn", NOW)] if status == "requested" else []
    assert events == [PhoneWithdrawn(TICKET, NOW), *dropped]
    assert after(*events, state=with_message(status)).phone is None
    without = replace(with_message(status), phone=None)
    assert decided(WithdrawPhone(TICKET, NOW), without) == dropped


# A text in every status


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("delivered", [True, False])
def test_report_in_each_status(status, delivered):
    events = decided(RecordReport(ID, delivered, NOW), with_message(status))
    if status in ("delivered", "dropped"):
        assert events == [], "that a text arrived, or was withdrawn, is the last word"
    elif delivered:
        assert events == [SmsDelivered(ID, NOW, **ABOUT)]
    elif status in ("sending", "accepted", "unknown"):
        assert events == [SmsFailed(ID, NOW, "undelivered", **ABOUT)]
    else:
        assert events == []


@pytest.mark.parametrize("delivered", [True, False])
def test_report_of_a_text_that_was_never_handed_over_changes_nothing(delivered):
    assert decided(RecordReport(ID, delivered, NOW), with_message("accepted", attempts=0)) == []
    assert decided(RecordReport("other", delivered, NOW), with_message("accepted")) == []


@pytest.mark.parametrize("status", STATUSES)
def test_claim_in_each_status(status):
    claim = ClaimMessage(ID, NOW, "kannel", "Halo")
    expected = {
        "requested": [SmsClaimed(ID, NOW, 2, "kannel", "Halo")],
        "sending": [SmsUnknown(ID, NOW)],
    }
    assert decided(claim, with_message(status)) == expected.get(status, [])
    settled = {"sending": [SmsUnknown(ID, NOW)]}
    assert decided(SettleMessage(ID, NOW), with_message(status)) == settled.get(status, [])


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("outcome", ["accepted", "not-sent", "rejected", "unknown"])
def test_outcome_in_each_status(status, outcome):
    command = RecordOutcome(ID, 1, outcome, "gw-1", NOW, "why", MINUTE)
    expected = {
        "accepted": [SmsAccepted(ID, "gw-1", NOW)],
        "not-sent": [SmsNotTaken(ID, NOW, NOW + MINUTE, "why")],
        "rejected": [SmsFailed(ID, NOW, "why", **ABOUT)],
        "unknown": [SmsUnknown(ID, NOW)] if status == "sending" else [],
    }
    found = decided(command, with_message(status))
    assert found == (expected[outcome] if status in ("sending", "unknown") else [])
    assert decided(replace(command, attempt=2), with_message(status)) == []


@pytest.mark.parametrize(
    ("attempts", "retry_in", "is_tried_again"),
    [(19, MINUTE, True), (20, MINUTE, False), (1, HOUR, True), (1, HOUR + timedelta(seconds=1), False)],
)
def test_text_is_tried_again_in_time_and_at_most_twenty_times(attempts, retry_in, is_tried_again):
    command = RecordOutcome(ID, attempts, "not-sent", "", NOW, "why", retry_in)
    (event,) = decided(command, with_message("sending", attempts))
    assert isinstance(event, SmsNotTaken) is is_tried_again


@pytest.mark.parametrize(
    ("moment", "due", "drop", "found"),
    [
        (NOW + HOUR, NOW, "", SmsClaimed(ID, NOW + HOUR, 1)),
        (NOW + HOUR + timedelta(seconds=1), NOW, "", SmsExpired(ID, NOW + HOUR + timedelta(seconds=1), **ABOUT)),
        (NOW, NOW + MINUTE, "", None),
        (NOW + MINUTE, NOW + MINUTE, "", SmsClaimed(ID, NOW + MINUTE, 1)),
        (NOW, NOW, "switched-off", SmsDropped(ID, "switched-off", NOW)),
        (NOW, NOW + MINUTE, "switched-off", SmsDropped(ID, "switched-off", NOW)),
    ],
)
def test_text_is_claimed_when_due_and_while_it_is_worth_sending(moment, due, drop, found):
    state = with_message("requested", 0)
    message = replace(state.messages[ID], due=due)
    state = replace(state, messages={ID: message})
    assert decided(ClaimMessage(ID, moment, drop=drop), state) == ([found] if found else [])
    settled = [] if found is None or isinstance(found, SmsClaimed) else [found]
    assert decided(SettleMessage(ID, moment, drop), state) == settled


STANDINGS = ("nowhere", "waiting", "called", "held", "missed", "booked", "over")
TRUE_WHILE = {
    "issued": ("waiting",),
    "approaching": ("waiting",),
    "called": ("called",),
    "recalled": ("called",),
    "transferred": ("waiting",),
    "missed": ("missed",),
    "suspended": ("waiting", "held"),
    "booked": ("booked",),
    "reminded": ("booked",),
    "closed": ("booked",),
}


@pytest.mark.parametrize("kind", TRUE_WHILE)
@pytest.mark.parametrize("standing", STANDINGS)
@pytest.mark.parametrize("since", [(5, 0), (9, 0), (0, 0)])
def test_text_is_sent_only_while_it_is_true(kind, standing, since):
    text = replace(requested(kind), best_before=NOW + HOUR)
    state = replace(after(ISSUE, text), standing=standing, since=since)
    latest = kind in ("issued", "called", "recalled", "transferred", "missed")
    is_true = standing in TRUE_WHILE[kind] and not (latest and since == (9, 0))
    (event,) = decided(ClaimMessage(text.message_id, NOW), state)
    claimed = SmsClaimed(text.message_id, NOW, 1)
    assert event == (claimed if is_true else SmsDropped(text.message_id, "no-longer-true", NOW))


@pytest.mark.parametrize(
    ("event", "changed"),
    [
        (
            SmsClaimed(ID, NOW + MINUTE, 3, "kannel", "Halo"),
            {"status": "sending", "attempts": 3, "gateway": "kannel", "text": "Halo"},
        ),
        (
            SmsNotTaken(ID, NOW + MINUTE, NOW + HOUR, "busy"),
            {"status": "requested", "due": NOW + HOUR, "reason": "busy"},
        ),
        (SmsAccepted(ID, "gw-1", NOW + MINUTE), {"status": "accepted", "reason": ""}),
        (SmsDelivered(ID, NOW + MINUTE, **ABOUT), {"status": "delivered", "reason": ""}),
        (SmsFailed(ID, NOW + MINUTE, "no", **ABOUT), {"status": "failed", "reason": "no"}),
        (SmsUnknown(ID, NOW + MINUTE), {"status": "unknown"}),
        (SmsExpired(ID, NOW + MINUTE, **ABOUT), {"status": "expired"}),
        (SmsDropped(ID, "withdrawn", NOW + MINUTE), {"status": "dropped", "reason": "withdrawn"}),
    ],
)
def test_event_changes_its_text_alone(event, changed):
    state = with_message("sending", 1, reason="before", gateway="log", text="Hai")
    other = Message(requested("called"), "requested", NOW, NOW)
    state = replace(state, messages={**state.messages, "t1.called": other})
    found = after(event, state=state)
    assert found.messages[ID] == replace(state.messages[ID], changed_at=NOW + MINUTE, **changed)
    assert found.messages["t1.called"] == other
    assert found.messages[ID].is_open is (changed["status"] in ("requested", "sending"))


# Bookings

WIB = ZoneInfo("Asia/Jakarta")
CLAIM_BY = datetime(2026, 11, 26, 10, 0, tzinfo=WIB)
BOOKED = BookingHeard("b1", "kota", "KTP", "DUKCAPIL", NOW, CLAIM_BY)
EVENING, MORNING = datetime(2026, 11, 25, 18, 0, tzinfo=WIB), datetime(2026, 11, 26, 6, 30, tzinfo=WIB)


@pytest.mark.parametrize(
    ("at", "reminded"),
    [
        (EVENING - timedelta(seconds=1), EVENING),
        (EVENING, MORNING),
        (MORNING - timedelta(seconds=1), MORNING),
        (MORNING, None),
    ],
)
def test_booking_is_confirmed_and_reminded_of_in_time(at, reminded):
    state = after(PhoneLeft("b1", PHONE, NOW))
    first, confirmed, *more = decided(HearBooked(BOOKED, at), state)
    values = {"day": "2026-11-26", "time": "10.00"}
    about = ("kota", "DUKCAPIL", "id")
    assert first == BOOKED
    assert confirmed == SmsRequested("b1.booked", "b1", "booked", PHONE, "", values, at + 2 * HOUR, at, *about)
    assert more == (
        [
            SmsRequested(
                "b1.reminded", "b1", "reminded", PHONE, "", values, reminded + 3 * HOUR, at, *about, (0, 0), reminded
            )
        ]
        if reminded
        else []
    )
    known = after(first, confirmed, *more, state=state)
    assert known.standing == "booked"
    assert [known.messages["b1.reminded"].due for _ in more] == [reminded for _ in more]
    assert decided(HearBooked(BOOKED, at), known) == []
    assert decided(LeavePhone("b1", PHONE, at), known) == []


def test_booking_whose_time_is_over_is_not_confirmed():
    state = after(PhoneLeft("b1", PHONE, NOW))
    assert decided(HearBooked(BOOKED, CLAIM_BY), state) == [BOOKED]
    assert len(decided(HearBooked(BOOKED, CLAIM_BY - timedelta(seconds=1)), state)) == 2


def test_booking_ends_once():
    ended = BookingEnded("b1", NOW)
    state = after(BOOKED)
    assert decided(HearBookingEnded(ended), state) == [ended]
    assert after(ended, state=state).standing == "over"
    assert decided(HearBookingEnded(ended), after(ended, state=state)) == []
    assert after(ended, BOOKED).standing == "over"


@pytest.mark.parametrize(
    ("changes", "is_sent"),
    [
        ({}, True),
        ({"mall": "lain"}, False),
        ({"scope": "service", "code": "KTP"}, True),
        ({"scope": "service", "code": "SIM"}, False),
        ({"scope": "day", "code": "2026-11-24"}, True),
    ],
)
def test_suspension_is_sent_to_those_whom_it_concerns(changes, is_sent):
    state = after(ISSUE, PhoneLeft("t1", PHONE, NOW))
    command = replace(HearSuspended("kota", "mall", "kota", "Listrik padam", (9, 1), NOW, NOW + MINUTE), **changes)
    found = decided(command, state)
    if not is_sent:
        assert found == []
        return
    (text,) = found
    assert (text.message_id, text.kind, text.about) == (f"t1.suspended-{command.scope}-9.1", "suspended", (9, 1))
    assert (text.best_before, text.requested_at) == (NOW + 30 * MINUTE, NOW + MINUTE)
    assert text.values.items() >= {"reason": "Listrik padam", "scope": command.scope, "code": command.code}.items()
    assert decided(command, after(text, state=state)) == []
    over = replace(state, standing="over")
    assert decided(command, over) == []


# A mall


def test_mall_is_stored_by_position():
    heard = MallHeard("MPP Kota", "Asia/Makassar", (3, 0))
    known = MALL.evolve(Mall(), heard)
    assert (known.name, known.zone, known.listed) == ("MPP Kota", "Asia/Makassar", (3, 0))
    assert Mall().zone == "Asia/Jakarta"
    assert [bool(MALL.decide(replace(heard, position=p), known)) for p in ((2, 9), (3, 0), (3, 1))] == [
        False,
        False,
        True,
    ]


def test_suspension_and_resumption_count_by_position():
    suspend = HearSuspension("service", "KTP", "Listrik", NOW, NOW + HOUR, (4, 0), NOW)
    event = SuspensionHeard("service", "KTP", "Listrik", NOW, NOW + HOUR, (4, 0), NOW)
    resume = HearResumption("service", "KTP", (5, 0), NOW)
    assert MALL.decide(suspend, Mall()) == [event]
    known = MALL.evolve(Mall(), event)
    assert MALL.decide(suspend, known) == MALL.decide(replace(resume, position=(4, 0)), known) == []
    assert MALL.decide(resume, known) == [ResumptionHeard("service", "KTP", (5, 0), NOW)]
    other = MALL.evolve(known, replace(event, code="SIM"))
    resumed = MALL.evolve(other, ResumptionHeard("service", "KTP", (5, 0), NOW))
    assert [key[:2] for key in resumed.suspended] == [("service", "SIM")]
    assert MALL.decide(replace(suspend, position=(5, 0)), resumed) == []
    assert MALL.decide(replace(suspend, position=(5, 1)), resumed)


@pytest.mark.parametrize(
    ("until", "position", "moment", "holds"),
    [
        (None, (4, 0), NOW + 9 * HOUR, True),
        (NOW + HOUR, (4, 0), NOW + HOUR - timedelta(seconds=1), True),
        (NOW + HOUR, (4, 0), NOW + HOUR, False),
        (None, (4, 1), NOW, False),
    ],
)
def test_suspension_of_a_text_still_holds(until, position, moment, holds):
    known = MALL.evolve(Mall(), SuspensionHeard("mall", "kota", "Listrik", NOW, until, (4, 0), NOW))
    assert known.still_suspends("mall", "kota", position, moment) is holds
    assert not known.still_suspends("day", "kota", (4, 0), NOW)


def test_wording_and_switch_of_one_occasion_leave_the_others():
    text = "{mall}: nomor {number}."
    known = MALL.evolve(
        MALL.evolve(Mall(), TextWorded("issued", "id", text, NOW)), TextWorded("missed", "id", text, NOW)
    )
    assert MALL.decide(WordText("issued", "id", text, NOW), known) == []
    assert MALL.decide(WordText("issued", "en", text, NOW), known) == [TextWorded("issued", "en", text, NOW)]
    assert MALL.decide(WordText("issued", "id", "", NOW), known) == [TextWorded("issued", "id", "", NOW)]
    assert MALL.decide(WordText("issued", "en", "", NOW), known) == []
    assert MALL.evolve(known, TextWorded("issued", "id", "", NOW)).worded == {("missed", "id"): text}
    off = MALL.evolve(MALL.evolve(known, TextSwitched("issued", False, NOW)), TextSwitched("missed", False, NOW))
    assert off.silent == {"issued", "missed"}
    assert MALL.evolve(off, TextSwitched("issued", True, NOW)).silent == {"missed"}
    for state, on, changes in ((known, True, False), (known, False, True), (off, True, True), (off, False, False)):
        assert MALL.decide(SwitchText("issued", on, NOW), state) == (
            [TextSwitched("issued", on, NOW)] if changes else []
        )


# The wording


def wrong(kind: str, text: str) -> list[Fault]:
    with pytest.raises(InvalidText) as refused:
        must_fit(kind, text)
    return refused.value.params["errors"]["text"]


def test_placeholders_of_each_occasion():
    assert PLACEHOLDERS == {
        "issued": ("mall", "number", "ahead"),
        "approaching": ("mall", "number", "ahead"),
        "called": ("mall", "number", "counter", "floor"),
        "recalled": ("mall", "number", "counter", "floor"),
        "transferred": ("mall", "number", "service"),
        "missed": ("mall", "number", "counter"),
        "suspended": ("mall", "number", "reason"),
        "booked": ("mall", "day", "time"),
        "reminded": ("mall", "day", "time"),
        "closed": ("mall", "day", "reason"),
        "continued": ("mall", "number"),
        "unserved": ("mall", "number", "reason"),
        "reopened": ("mall", "day", "time"),
        "rescheduled": ("mall", "day", "time"),
    }
    assert dict.fromkeys(("called", "recalled"), ("mall", "number", "counter")) == NEEDED
    assert LENGTHS == {
        **{"mall": 40, "number": 7, "ahead": 4, "counter": 10, "floor": 2, "service": 40, "reason": 40},
        **{"day": 12, "time": 5},
    }


@pytest.mark.parametrize(
    ("kind", "text", "faults"),
    [
        (
            "issued",
            "{mall",
            [
                Fault(
                    "text", "A brace is open or closed alone: values are written like {example}.", {"example": "{mall}"}
                )
            ],
        ),
        ("issued", "{mall!r}", [Fault("text", "Between the braces there may only be a name.")]),
        ("issued", "{mall:>9}", [Fault("text", "Between the braces there may only be a name.")]),
        (
            "issued",
            "{mall} {counter}",
            [
                Fault(
                    "text",
                    "There is no {name} here. There are: {known}.",
                    {"name": "{counter}", "known": "{mall}, {number}, {ahead}"},
                )
            ],
        ),
        ("issued", "Halo", [Fault("text", "{name} is missing.", {"name": "{mall}"})]),
        (
            "called",
            "{mall} {floor}",
            [
                Fault("text", "{name} is missing.", {"name": "{number}"}),
                Fault("text", "{name} is missing.", {"name": "{counter}"}),
            ],
        ),
        ("issued", "{mall} é`\té", [Fault("text", "A text cannot hold these characters: {odd}", {"odd": "\t`é"})]),
        (
            "issued",
            "{mall}" + "x" * 121,
            [Fault("text", "With the longest values it has {n} characters; at most 160 fit.", {"n": 161})],
        ),
    ],
)
def test_fault_of_a_wording_is_told_in_full(kind, text, faults):
    assert wrong(kind, text) == faults


def test_wording_at_its_limit_fits():
    assert must_fit("issued", "{mall}" + "x" * 120) == 160
    assert must_fit("issued", "{mall}" + "~" * 60) == 160
    assert must_fit("called", "{mall}{number}{counter}{floor}") == 59
    assert must_fit("issued", "{{{mall}}}") == 44
    assert wrong("issued", "{mall}" + "~" * 60 + "x")[0].values == {"n": 161}
    assert length("[]{}^~|\\") == 16
    assert length("abc`") == 4


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Rekam é", "Rekam e"),
        ("[a]{b}^c~d|e\\f`g", "(a)(b) c d/e/f'g"),
        ("  satu\t\ndua  ", "satu dua"),
        ("日本", ""),
    ],
)
def test_value_is_written_in_letters_that_count_once(value, text):
    assert plain(value) == text


@pytest.mark.parametrize(
    ("most", "text"), [(13, "satu dua tiga"), (12, "satu dua..."), (11, "satu dua..."), (10, "satu..."), (6, "...")]
)
def test_value_is_cut_after_a_whole_word(most, text):
    assert shortened("satu dua tiga", most) == text


def test_template_is_filled_with_values_cut_to_their_lengths():
    values = {"mall": "M" * 41, "number": "B-012", "reason": "R " * 30}
    assert filled("{mall}|{number}|{reason}|{floor}.", values) == f"...|B-012|{shortened('R ' * 30, 40)}|."


def test_outcome_has_no_reason_and_no_pause_unless_given():
    outcome = RecordOutcome(ID, 1, "accepted", "gw-1", NOW)
    assert (outcome.reason, outcome.retry_in) == ("", timedelta(0))
    claim = ClaimMessage(ID, NOW)
    assert (claim.gateway, claim.text, claim.drop, SettleMessage(ID, NOW).drop) == ("", "", "", "")
    assert LeavePhone(TICKET, PHONE, NOW).language == "id"
