"""Texts about a booked place, as what holds for it changes: what ticketing publishes leads to, and what is true."""

from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from properties import examples

from services.chassis.cloud_event import CloudEvent
from services.notifications.domain.commands import (
    ClaimMessage,
    LeavePhone,
    RecordBookingChange,
    RecordOutcome,
    SettleMessage,
    WithdrawPhone,
)
from services.notifications.domain.correspondence import CORRESPONDENCE
from services.notifications.domain.correspondence.state import Correspondence
from services.notifications.domain.events import (
    BookingRescheduled,
    BookingResumed,
    BookingSuspended,
    SmsClaimed,
    SmsDropped,
    SmsRequested,
)
from services.notifications.subscriptions import REACTIONS

BOOKING = "20261126-b8sZQk1fYw9o_R4hUe6LdNw"
WIB = timezone(timedelta(hours=7))
CLAIM_BY = datetime(2026, 11, 26, 10, 0, tzinfo=WIB)
TWO_DAYS_BEFORE = CLAIM_BY - timedelta(days=2)
EVENING, MORNING = datetime(2026, 11, 25, 18, 0, tzinfo=WIB), datetime(2026, 11, 26, 6, 30, tzinfo=WIB)
ABOUT = {"mall": "pekalongan", "business_day": "2026-11-26", "booking_id": BOOKING}
ABOUT |= {"service": "DUKCAPIL-KTP", "agency": "DUKCAPIL"}


class Booking:
    """A booking for which a number was left, and what ticketing publishes about it."""

    def __init__(self) -> None:
        self.state: Correspondence = CORRESPONDENCE.initial
        self.now, self.version = TWO_DAYS_BEFORE, 0

    def decide(self, command) -> list:
        events = CORRESPONDENCE.decide(command, self.state)
        for event in events:
            self.state = CORRESPONDENCE.evolve(self.state, event)
        return events

    def receives(self, kind: str, again: bool = False, **data) -> list[str]:
        """What texts an event of ticketing asks for, by their kinds."""
        self.version += not again
        told = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in data.items()}
        event = CloudEvent(
            f"pekalongan/2026-11-26@{self.version}.0",
            "/mpp/pekalongan/ticketing",
            f"id.go.mpp.{kind}.v1",
            BOOKING,
            self.now.astimezone(UTC),
            "pekalongan",
            ABOUT | told,
            position=(self.version, 0),
        )
        _, command = REACTIONS[event.type](event)
        command = type(command)(**{**vars(command), "now": self.now}) if hasattr(command, "now") else command
        return [one.kind for one in self.decide(command) if isinstance(one, SmsRequested)]

    def booked(self) -> list[str]:
        return self.receives("place-booked", booked_at=self.now, claim_by=CLAIM_BY)

    def suspended(self, cause: str = "mall-closed", reason: str = "Perbaikan atap", **more) -> list[str]:
        return self.receives("booking-suspended", cause=cause, reason=reason, suspended_at=self.now, **more)

    def resumed(self, claim_by: datetime = CLAIM_BY, **more) -> list[str]:
        return self.receives("booking-resumed", claim_by=claim_by.astimezone(UTC), resumed_at=self.now, **more)

    def rescheduled(self, claim_by: datetime, **more) -> list[str]:
        return self.receives("booking-rescheduled", claim_by=claim_by.astimezone(UTC), rescheduled_at=self.now, **more)

    def phone(self) -> list[str]:
        left = self.decide(LeavePhone(BOOKING, "+62****90", self.now))
        return [event.kind for event in left if isinstance(event, SmsRequested)]

    def sends(self) -> list[tuple[str, str]]:
        """Hand over all that is due, and forget what is not to be sent; the kinds sent, and the time they name."""
        sent = []
        for message_id, message in list(self.state.messages.items()):
            if message.due > self.now:
                continue
            self.decide(SettleMessage(message_id, self.now))
            claimed = self.decide(ClaimMessage(message_id, self.now))
            if any(isinstance(event, SmsClaimed) for event in claimed):
                asked = self.state.messages[message_id].requested
                sent.append((asked.kind, asked.values["time"]))
                self.decide(
                    RecordOutcome(message_id, self.state.messages[message_id].attempts, "accepted", "", self.now)
                )
        return sent

    def at(self, when: datetime) -> "Booking":
        self.now = when
        return self


@pytest.fixture
def booking() -> Booking:
    """A place booked two days ahead; the confirmation was sent."""
    made = Booking()
    made.phone()
    assert made.booked() == ["booked", "reminded"]
    assert made.sends() == [("booked", "10.00")]
    return made


CAUSES = ["closed-day", "mall-closed", "service-withdrawn", "service-closed", "agency-suspended", "counter-closed"]


@pytest.mark.parametrize("cause", CAUSES)
def test_suspended_booking_is_told_at_once_and_not_reminded(booking, cause):
    assert booking.suspended(cause) == ["closed"]
    assert booking.sends() == [("closed", "10.00")]
    assert booking.at(EVENING).sends() == booking.at(MORNING).sends() == []


def test_repeated_events_ask_for_no_further_text(booking):
    booking.suspended()
    assert booking.suspended(again=True) == []
    booking.sends()
    assert booking.resumed() == ["reopened"]
    assert booking.resumed(again=True) == []
    booking.sends()
    later = CLAIM_BY + timedelta(hours=1)
    assert booking.rescheduled(later) == ["rescheduled", "reminded"]
    assert booking.rescheduled(later, again=True) == []


@pytest.mark.parametrize("older", [False, True], ids=["repeated", "older"])
def test_booking_change_at_a_received_position_leads_to_no_event(booking, older):
    booking.suspended()
    booking.resumed()
    changes = [
        BookingSuspended(BOOKING, "closed-day", "Libur", booking.now, (booking.version - older, 0)),
        BookingResumed(BOOKING, CLAIM_BY, booking.now, (booking.version - older, 0)),
        BookingRescheduled(BOOKING, CLAIM_BY - timedelta(hours=1), booking.now, (booking.version - older, 0)),
    ]
    for change in changes:
        assert CORRESPONDENCE.decide(RecordBookingChange(change, booking.now), booking.state) == []


def test_number_left_again_is_texted_while_a_text_of_an_earlier_cause_waits(booking):
    booking.suspended("mall-closed", "Perbaikan atap")
    booking.suspended("closed-day", "Libur nasional")
    earlier, current = booking.state.of_kind("closed")
    booking.decide(ClaimMessage(current.requested.message_id, booking.now))
    booking.decide(RecordOutcome(current.requested.message_id, 1, "rejected", "", booking.now))
    assert earlier.status == "requested"
    left = booking.decide(LeavePhone(BOOKING, "+62****34", booking.now))
    (text,) = [event for event in left if isinstance(event, SmsRequested)]
    assert (text.kind, text.to, text.values["reason"]) == ("closed", "+62****34", "Libur nasional")
    assert text.message_id == f"{BOOKING}.closed-{booking.version}.1"


@pytest.mark.parametrize(
    ("claim_by", "booked_at", "reminded_at"),
    [
        (CLAIM_BY, EVENING - timedelta(seconds=1), EVENING),
        (CLAIM_BY, EVENING, MORNING),
        (CLAIM_BY, MORNING - timedelta(seconds=1), MORNING),
        (CLAIM_BY, MORNING, None),
        (MORNING + timedelta(seconds=1), EVENING, MORNING),
        (MORNING, EVENING, None),
    ],
)
def test_reminder_is_sent_after_the_booking_and_before_the_claim_time(claim_by, booked_at, reminded_at):
    made = Booking().at(booked_at)
    made.phone()
    made.receives("place-booked", booked_at=booked_at, claim_by=claim_by)
    assert [one.requested.not_before for one in made.state.of_kind("reminded")] == (
        [reminded_at] if reminded_at else []
    )


def test_another_cause_is_not_told_to_who_knows_already(booking):
    booking.suspended("mall-closed")
    booking.sends()
    assert booking.suspended("closed-day", "") == []


def test_another_cause_replaces_a_text_that_was_not_sent_yet(booking):
    booking.suspended("mall-closed", "Perbaikan atap")
    assert booking.suspended("closed-day", "Libur nasional") == ["closed"]
    assert [kind for kind, _ in booking.sends()] == ["closed"]
    closed = booking.state.of_kind("closed")
    assert [(one.status, one.requested.values["reason"]) for one in closed] == [
        ("dropped", "Perbaikan atap"),
        ("accepted", "Libur nasional"),
    ]


def test_resumed_booking_is_told_to_who_was_told_that_it_is_closed(booking):
    booking.suspended()
    booking.sends()
    assert booking.resumed() == ["reopened"]
    assert booking.sends() == [("reopened", "10.00")]
    assert booking.at(EVENING).sends() == [("reminded", "10.00")]


def test_resumed_booking_is_silent_where_no_text_was_sent(booking):
    booking.suspended()
    assert booking.resumed() == []
    assert booking.sends() == [], "the text that it is closed is dropped"
    assert booking.at(EVENING).sends() == [("reminded", "10.00")]


def test_booking_resumed_with_another_time_tells_it_also_to_who_knew_nothing(booking):
    booking.suspended()
    assert booking.resumed(CLAIM_BY + timedelta(hours=3)) == ["rescheduled", "reminded"]
    assert booking.sends() == [("rescheduled", "13.00")]
    assert booking.at(EVENING).sends() == [("reminded", "13.00")]


def test_rescheduled_booking_is_told_and_reminded_with_the_new_time(booking):
    assert booking.rescheduled(CLAIM_BY + timedelta(hours=1)) == ["rescheduled", "reminded"]
    assert booking.rescheduled(CLAIM_BY + timedelta(hours=2)) == ["rescheduled", "reminded"]
    assert booking.sends() == [("rescheduled", "12.00")], "the first one is dropped"
    assert booking.at(EVENING).sends() == [("reminded", "12.00")]


def test_booking_rescheduled_while_suspended_is_told_when_it_is_resumed(booking):
    later = CLAIM_BY + timedelta(hours=1)
    booking.suspended()
    assert booking.rescheduled(later) == []
    assert booking.sends() == [("closed", "10.00")]
    assert booking.resumed(later) == ["reopened", "reminded"]
    assert booking.sends() == [("reopened", "11.00")]


def test_time_changed_while_suspended_is_told_to_who_was_never_told_of_it(booking):
    later = CLAIM_BY + timedelta(hours=1)
    booking.suspended()
    booking.rescheduled(later)
    assert booking.resumed(later) == ["rescheduled", "reminded"]
    assert booking.sends() == [("rescheduled", "11.00")]


def test_unchanged_claim_time_is_not_told(booking):
    assert booking.rescheduled(CLAIM_BY) == []
    assert booking.at(EVENING).sends() == [("reminded", "10.00")]


def test_reminder_missed_while_suspended_is_sent_in_the_morning(booking):
    booking.suspended()
    assert booking.sends() == [("closed", "10.00")]
    assert booking.at(EVENING).sends() == []
    booking.at(EVENING + timedelta(hours=1))
    assert booking.resumed() == ["reopened", "reminded"]
    booking.sends()
    assert booking.at(MORNING).sends() == [("reminded", "10.00")]


def test_number_left_again_after_withdrawal_is_reminded_once(booking):
    booking.decide(WithdrawPhone(BOOKING, booking.now))
    assert booking.phone() == ["reminded"]
    assert booking.phone() == [], "a repeat"
    assert booking.at(EVENING).sends() == [("reminded", "10.00")]
    booking.decide(WithdrawPhone(BOOKING, booking.now))
    assert booking.phone() == [], "the reminder was sent"


def test_number_left_again_twice_is_reminded_of_the_current_time(booking):
    for _ in range(2):
        booking.decide(WithdrawPhone(BOOKING, booking.now))
        assert booking.phone() == ["reminded"]
    earlier = CLAIM_BY - timedelta(hours=1)
    booking.rescheduled(earlier)
    booking.sends()
    assert booking.at(EVENING).sends() == [("reminded", "09.00")]


def test_who_was_reminded_is_not_reminded_again_of_another_time(booking):
    booking.at(EVENING).sends()
    assert booking.rescheduled(CLAIM_BY + timedelta(hours=1)) == ["rescheduled"]


def test_number_left_while_suspended_is_told_that_it_is_closed():
    late = Booking()
    late.booked()
    late.suspended()
    assert late.phone() == ["closed"]
    assert late.phone() == []
    late.sends()
    assert late.resumed() == ["reopened", "reminded"]


def test_number_left_again_gets_the_text_that_was_not_sent_to_the_first():
    late = Booking()
    late.booked()
    late.suspended()
    assert late.phone() == ["closed"]
    late.decide(WithdrawPhone(BOOKING, late.now))
    assert late.phone() == ["closed"]
    assert late.phone() == []
    assert late.sends() == [("closed", "10.00")]
    late.decide(WithdrawPhone(BOOKING, late.now))
    assert late.phone() == [], "the text was sent before"


def test_number_left_for_a_suspended_booking_is_reminded_of_nothing():
    late = Booking()
    late.booked()
    late.suspended()
    late.phone()
    late.sends()
    assert late.at(EVENING).sends() == late.at(MORNING).sends() == []


@pytest.mark.parametrize("end", ["claimed time", "given back"])
def test_number_left_for_a_suspended_booking_that_is_over_gets_no_text(end):
    late = Booking()
    late.booked()
    late.suspended()
    if end == "given back":
        late.receives("booking-cancelled", cancelled_at=late.now)
    else:
        late.at(CLAIM_BY)
    assert late.phone() == late.sends() == []


def test_confirmation_not_sent_before_it_is_suspended_is_dropped():
    quick = Booking()
    quick.phone()
    quick.booked()
    quick.suspended()
    assert quick.sends() == [("closed", "10.00")]
    assert [m.status for m in quick.state.of_kind("booked")] == ["dropped"]


def test_confirmation_not_sent_before_it_is_rescheduled_is_dropped():
    quick = Booking()
    quick.phone()
    quick.booked()
    quick.rescheduled(CLAIM_BY + timedelta(hours=1))
    assert quick.sends() == [("rescheduled", "11.00")]
    assert [m.status for m in quick.state.of_kind("booked")] == ["dropped"]


def test_reminder_is_never_sent_after_the_claim_time(booking):
    early = MORNING + timedelta(minutes=30)
    booking.at(EVENING + timedelta(hours=4))
    booking.rescheduled(early)
    booking.sends()
    assert booking.at(early + timedelta(minutes=1)).sends() == []


@pytest.mark.parametrize("change", ["suspended", "resumed"])
def test_booking_that_ended_or_is_past_asks_for_no_text(booking, change):
    booking.at(CLAIM_BY)
    assert getattr(booking, change)() == []
    given_back = Booking()
    given_back.phone()
    given_back.booked()
    given_back.receives("booking-cancelled", cancelled_at=given_back.now)
    assert getattr(given_back, change)() == []
    assert given_back.sends() == []


def test_change_of_a_booking_that_is_not_known_leads_to_nothing():
    unknown = Booking()
    unknown.phone()
    assert unknown.suspended() == unknown.resumed() == unknown.rescheduled(CLAIM_BY) == []


steps = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "suspended",
                "other cause",
                "resumed",
                "resumed later",
                "rescheduled",
                "sends",
                "phone",
                "withdraw",
                "again",
            ]
        ),
        st.integers(0, 300),
    ),
    max_size=25,
)


@settings(max_examples=examples(300))
@given(steps)
def test_every_text_sent_about_a_booking_is_true_when_it_is_sent(story):
    one, closed, claim_by, told = Booking(), False, CLAIM_BY, []
    one.phone()
    one.booked()
    for act, minutes in story:
        one.now += timedelta(minutes=minutes)
        later = claim_by + timedelta(minutes=30)
        match act:
            case "suspended" | "other cause":
                one.suspended(act)
                closed = True
            case "resumed":
                one.resumed(claim_by)
                closed = False
            case "resumed later" | "rescheduled":
                claim_by = later
                closed = closed and act == "rescheduled"
                (one.rescheduled if act == "rescheduled" else one.resumed)(claim_by)
            case "phone":
                one.phone()
            case "withdraw":
                one.decide(WithdrawPhone(BOOKING, one.now))
            case "again" if one.version > 1:
                one.receives("booking-suspended", True, cause="mall-closed", reason="", suspended_at=one.now)
            case "sends":
                sent = one.sends()
                told += sent
                assert all((kind == "closed") == closed for kind, _ in sent)
                assert all(kind == "closed" or time == f"{claim_by:%H.%M}" for kind, time in sent)
                assert one.now <= claim_by or not sent
                open_ones = [m for m in one.state.messages.values() if m.is_open]
                assert [m.requested.kind for m in open_ones if m.due <= one.now] == []
    said = [kind for kind, _ in told if kind in ("closed", "reopened")]
    assert all(first != then for first, then in pairwise(said)), said
    assert sum(kind == "reminded" for kind, _ in told) <= 1


def test_dropped_reminder_says_that_it_is_no_longer_true(booking):
    booking.suspended()
    booking.at(EVENING)
    (reminder,) = booking.state.of_kind("reminded")
    events = booking.decide(SettleMessage(reminder.requested.message_id, booking.now))
    assert events == [SmsDropped(reminder.requested.message_id, "no-longer-true", EVENING)]
