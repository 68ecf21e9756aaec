"""What a visitor is told about a ticket, as sentences."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from services.notifications.domain.commands import (
    ClaimMessage,
    HearBooked,
    HearBookingEnded,
    HearCalled,
    HearIssued,
    HearNews,
    HearSuspended,
    HoldMessage,
    LeavePhone,
    RecordContinued,
    RecordOutcome,
    RecordReport,
    WithdrawPhone,
)
from services.notifications.domain.correspondence import CORRESPONDENCE
from services.notifications.domain.correspondence.state import STATUSES, Correspondence
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
    SmsHeld,
    SmsNotTaken,
    SmsRequested,
    SmsUnknown,
)

NINE = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
SITI = "20261124-pV0nX3mQx2Jc5sV7b1TtGA"
MASKED, ANOTHER = "+62****90", "+62****34"
ISSUED, CALLED = f"{SITI}.issued", f"{SITI}.called"


class Story:
    """What happens around Siti's ticket, minute by minute."""

    def __init__(self) -> None:
        self.state: Correspondence = CORRESPONDENCE.initial
        self.now = NINE
        self.events: list = []
        self.version = 10

    def when(self, command) -> list:
        events = CORRESPONDENCE.decide(command, self.state)
        for event in events:
            self.state = CORRESPONDENCE.evolve(self.state, event)
        self.events += events
        self.now += timedelta(seconds=30)
        return events

    def issued(self) -> list:
        return self.when(HearIssued(IssueHeard(SITI, "pekalongan", "MPP Kota Pekalongan", "B-012", 3, NINE), self.now))

    def called(self, call: int = 1) -> list:
        return self.when(HearCalled(CallHeard(SITI, "G02", 1, self.now, call), self.now))

    def phone(self, phone: str = MASKED) -> list:
        return self.when(LeavePhone(SITI, phone, self.now))

    def claim(self, message_id: str) -> list:
        return self.when(ClaimMessage(message_id, self.now))

    def news(self, what, **values: str) -> list:
        self.version += 1
        return self.when(HearNews(NewsHeard(SITI, what, self.now, (self.version, 0), values), self.now))

    def outcome(self, message_id: str, outcome, retry_in: int = 2, attempt: int = 0) -> list:
        pause, attempt = timedelta(seconds=retry_in), attempt or self.state.messages[message_id].attempts
        return self.when(RecordOutcome(message_id, attempt, outcome, f"log:{message_id}", self.now, "why", pause))

    def report(self, message_id: str, delivered: bool) -> list:
        return self.when(RecordReport(message_id, delivered, self.now))

    def status(self, message_id: str) -> str:
        return self.state.messages[message_id].status


def kinds(events: list) -> list[type]:
    return [type(event) for event in events]


def texts(story: Story) -> list[str]:
    """Which texts were ever asked for."""
    return [event.kind for event in story.events if isinstance(event, SmsRequested)]


@pytest.fixture
def story() -> Story:
    return Story()


@pytest.fixture
def requested(story: Story) -> Story:
    """The text about the issued ticket is to be sent."""
    story.phone()
    story.issued()
    return story


def test_a_visitor_who_left_a_number_before_the_ticket_was_heard_of_is_told_about_it(story):
    assert kinds(story.phone()) == [PhoneLeft]
    heard, text = story.issued()
    assert isinstance(heard, IssueHeard)
    assert (text.message_id, text.kind, text.to, text.number) == (ISSUED, "issued", MASKED, "B-012")
    assert text.values == {"mall": "MPP Kota Pekalongan", "number": "B-012", "ahead": "3"}


def test_a_visitor_who_leaves_a_number_while_waiting_is_told_then(story):
    assert kinds(story.issued()) == [IssueHeard]
    left, text = story.phone()
    assert isinstance(left, PhoneLeft)
    assert (text.kind, text.to) == ("issued", MASKED)


def test_a_visitor_who_is_called_is_told_where_to_go(story):
    story.issued()
    story.phone()
    heard, text = story.called()
    assert isinstance(heard, CallHeard)
    assert (text.message_id, text.kind) == (CALLED, "called")
    assert text.values == {"mall": "MPP Kota Pekalongan", "number": "B-012", "counter": "G02", "floor": "1"}


def test_there_is_one_text_per_occasion_however_often_it_is_heard_of(story):
    story.phone()
    for _ in range(3):
        story.issued()
        story.phone()
    for _ in range(3):
        story.called()
        story.issued()
        story.phone()
    assert texts(story) == ["issued", "called"]


@pytest.mark.parametrize("again", ["issued", "called", "phone"])
def test_what_was_heard_before_is_nothing_new(story, again):
    for what in (story.issued, story.phone, story.called):
        what()
    assert getattr(story, again)() == []


def test_another_number_is_recorded_but_the_same_occasion_is_not_told_twice(story):
    story.issued()
    story.phone()
    assert story.phone(ANOTHER) == [PhoneLeft(SITI, ANOTHER, story.now - timedelta(seconds=30))]
    (_, text) = story.called()
    assert text.to == ANOTHER
    assert texts(story) == ["issued", "called"]


def test_a_visitor_without_a_number_is_told_nothing(story):
    assert kinds(story.issued()) == [IssueHeard]
    assert kinds(story.called()) == [CallHeard]


def test_a_visitor_who_was_missed_and_is_called_once_more_is_told_once_more(story):
    story.issued()
    story.phone()
    story.called()
    again = story.called(call=3)
    assert [event.message_id for event in again if isinstance(event, SmsRequested)] == [f"{CALLED}-3"]
    assert story.called(call=3) == story.called(call=1) == []


def test_a_call_that_found_no_number_tells_nobody_also_when_it_is_heard_again_after_one_was_left(story):
    story.issued()
    story.called()
    assert kinds(story.phone()) == [PhoneLeft]
    assert story.called() == []
    assert texts(story) == []


def test_a_number_left_after_the_call_is_not_told_that_a_ticket_was_issued(story):
    story.issued()
    story.called()
    story.phone()
    assert story.issued() == []
    assert texts(story) == []


def test_a_call_heard_before_the_ticket_is_told_to_nobody(story):
    """Kafka keeps a mall's order; should it ever break, a text without a number would help nobody."""
    story.phone()
    assert kinds(story.called()) == [CallHeard]


@pytest.mark.parametrize("what", ["restored", "call-undone", "transferred"])
def test_news_received_before_the_ticket_requests_no_confirmation(story, what):
    story.news(what, to_service="SIM", to_agency="POLRES")
    assert kinds(story.phone()) == [PhoneLeft]
    assert texts(story) == []


def test_a_text_is_claimed_before_it_is_sent_and_its_fate_recorded(requested):
    assert requested.status(ISSUED) == "requested"
    assert kinds(requested.claim(ISSUED)) == [SmsClaimed]
    assert requested.status(ISSUED) == "sending"
    (accepted,) = requested.outcome(ISSUED, "accepted")
    assert accepted == SmsAccepted(ISSUED, f"log:{ISSUED}", requested.now - timedelta(seconds=30))
    assert requested.status(ISSUED) == "accepted"


@pytest.mark.parametrize(
    ("outcome", "event", "status"), [("rejected", SmsFailed, "failed"), ("unknown", SmsUnknown, "unknown")]
)
def test_a_text_that_nobody_will_take_or_may_have_taken_is_recorded_as_such(requested, outcome, event, status):
    requested.claim(ISSUED)
    assert kinds(requested.outcome(ISSUED, outcome)) == [event]
    assert requested.status(ISSUED) == status


def test_a_claim_that_a_dead_relay_left_becomes_unknown_and_is_never_sent(requested):
    requested.claim(ISSUED)
    assert kinds(requested.claim(ISSUED)) == [SmsUnknown]
    assert requested.claim(ISSUED) == []
    assert requested.status(ISSUED) == "unknown"


@pytest.mark.parametrize("fate", ["accepted", "rejected", "unknown"])
def test_a_text_whose_fate_is_known_is_never_claimed_again(requested, fate):
    requested.claim(ISSUED)
    requested.outcome(ISSUED, fate)
    assert requested.claim(ISSUED) == []


@pytest.mark.parametrize(
    ("fate", "status"),
    [("accepted", "accepted"), ("rejected", "failed"), ("not-sent", "requested"), ("unknown", "unknown")],
)
def test_whoever_claimed_it_and_was_taken_for_dead_still_says_what_became_of_it(requested, fate, status):
    requested.claim(ISSUED)
    requested.claim(ISSUED)  # another relay found the claim
    assert requested.status(ISSUED) == "unknown"
    assert kinds(requested.outcome(ISSUED, fate)) == {
        "accepted": [SmsAccepted],
        "rejected": [SmsFailed],
        "not-sent": [SmsNotTaken],
        "unknown": [],
    }.get(fate)
    assert requested.status(ISSUED) == status


def test_the_fate_of_one_attempt_says_nothing_of_the_next(requested):
    requested.claim(ISSUED)
    requested.outcome(ISSUED, "not-sent")
    requested.now += timedelta(minutes=1)
    requested.claim(ISSUED)
    for fate in ("not-sent", "accepted", "rejected"):
        assert requested.outcome(ISSUED, fate, attempt=1) == []
    assert requested.status(ISSUED) == "sending"


def test_a_text_nobody_claimed_has_no_fate(requested):
    assert requested.outcome(ISSUED, "accepted") == []
    assert requested.status(ISSUED) == "requested"


def test_a_call_is_told_within_ten_minutes_or_not_at_all(story):
    story.issued()
    story.phone()
    story.called()
    called_at = story.state.called.called_at
    just_in_time, too_late = called_at + timedelta(minutes=10), called_at + timedelta(minutes=10, seconds=1)
    assert kinds(CORRESPONDENCE.decide(ClaimMessage(CALLED, just_in_time), story.state)) == [SmsClaimed]
    story.now = too_late
    assert kinds(story.claim(CALLED)) == [SmsExpired]
    assert story.claim(CALLED) == []
    assert story.status(CALLED) == "expired"


def test_an_issued_ticket_is_told_within_an_hour_or_not_at_all(story):
    story.issued()
    story.now = NINE + timedelta(hours=2)
    story.phone()
    assert kinds(story.claim(ISSUED)) == [SmsExpired]


def test_the_fate_of_one_text_is_not_that_of_the_other(requested):
    requested.claim(ISSUED)
    requested.called()
    requested.outcome(ISSUED, "rejected")
    assert (requested.status(ISSUED), requested.status(CALLED)) == ("failed", "requested")


def test_a_text_that_was_certainly_not_sent_is_tried_again_when_it_is_time(requested):
    requested.claim(ISSUED)
    (not_taken,) = requested.outcome(ISSUED, "not-sent", retry_in=300)
    assert isinstance(not_taken, SmsNotTaken)
    assert requested.status(ISSUED) == "requested"
    assert requested.claim(ISSUED) == [], "not before its pause is over"
    requested.now = not_taken.retry_at
    (claimed,) = requested.claim(ISSUED)
    assert (type(claimed), claimed.attempt) == (SmsClaimed, 2)


def test_a_text_that_could_only_be_tried_again_when_it_is_too_late_has_failed(requested):
    requested.claim(ISSUED)
    (failed,) = requested.outcome(ISSUED, "not-sent", retry_in=3601)
    assert (type(failed), failed.reason, failed.mall) == (SmsFailed, "why", "pekalongan")


def test_a_report_that_comes_before_the_gateways_answer_is_kept(requested):
    requested.claim(ISSUED)
    assert kinds(requested.report(ISSUED, delivered=True)) == [SmsDelivered]
    assert requested.outcome(ISSUED, "accepted") == []
    assert requested.status(ISSUED) == "delivered"


def test_a_report_that_comes_twice_says_nothing_new(requested):
    requested.claim(ISSUED)
    requested.outcome(ISSUED, "accepted")
    assert kinds(requested.report(ISSUED, delivered=True)) == [SmsDelivered]
    assert requested.report(ISSUED, delivered=True) == requested.report(ISSUED, delivered=False) == []


def test_what_failed_for_now_and_arrived_after_all_has_arrived(requested):
    requested.claim(ISSUED)
    requested.outcome(ISSUED, "accepted")
    assert kinds(requested.report(ISSUED, delivered=False)) == [SmsFailed]
    assert requested.report(ISSUED, delivered=False) == []
    assert kinds(requested.report(ISSUED, delivered=True)) == [SmsDelivered]


def test_a_report_settles_what_nobody_knew(requested):
    requested.claim(ISSUED)
    requested.outcome(ISSUED, "unknown")
    assert kinds(requested.report(ISSUED, delivered=True)) == [SmsDelivered]


@pytest.mark.parametrize("message_id", [ISSUED, f"{SITI}.none"])
def test_a_report_about_a_text_that_was_never_handed_over_says_nothing(requested, message_id):
    assert requested.report(message_id, delivered=True) == []


@pytest.mark.parametrize(
    ("what", "values"),
    [
        ("approaching", {"ahead": "2"}),
        ("recalled", {"counter": "G02", "floor": "1"}),
        ("transferred", {"service": "SIM A", "to_service": "POLRES-SIMA", "to_agency": "POLRES"}),
        ("missed", {"counter": "G02"}),
    ],
)
def test_what_happens_to_a_ticket_is_told_once(requested, what, values):
    heard, text = requested.news(what, **values)
    assert (type(heard), text.kind) == (NewsHeard, what)
    assert values.items() <= text.values.items()
    requested.version -= 1
    assert requested.news(what, **values) == [], "heard again"


@pytest.mark.parametrize("what", ["served", "cancelled", "unserved", "held", "resumed", "restored", "call-undone"])
def test_what_needs_no_text_is_only_heard(requested, what):
    assert kinds(requested.news(what)) == [NewsHeard]


def dropped(story: Story, message_id: str) -> bool:
    found = story.claim(message_id)
    return kinds(found) == [SmsDropped] and found[0].reason == "no-longer-true"


@pytest.mark.parametrize("what", ["cancelled", "served", "call-undone", "missed"])
def test_a_call_that_no_longer_holds_is_not_texted(requested, what):
    requested.called()
    requested.news(what, counter="G02")
    assert dropped(requested, CALLED)


@pytest.mark.parametrize("what", ["cancelled", "served", "held"])
def test_who_no_longer_waits_is_not_told_of_the_ticket(requested, what):
    requested.news(what)
    assert dropped(requested, ISSUED)


def test_who_was_called_needs_no_text_that_there_is_a_ticket(requested):
    requested.called()
    assert dropped(requested, ISSUED)


def test_a_recall_takes_the_place_of_a_call_that_was_not_sent_yet(requested):
    requested.when(HearCalled(CallHeard(SITI, "G02", 1, requested.now, 1, (5, 0)), requested.now))
    (_, again) = requested.news("recalled", counter="G02", floor="1")
    assert dropped(requested, CALLED)
    assert kinds(requested.claim(again.message_id)) == [SmsClaimed]


def test_who_was_missed_and_came_back_is_not_told_how_to_return(requested):
    (_, text) = requested.news("missed", counter="G02")
    requested.news("restored")
    assert dropped(requested, text.message_id)


def test_a_call_that_was_undone_and_comes_again_with_its_old_count_is_told_again(requested):
    for version in (5, 12):
        heard = requested.when(HearCalled(CallHeard(SITI, "G02", 1, requested.now, 1, (version, 0)), requested.now))
        assert kinds(heard) == [CallHeard, SmsRequested]
        requested.news("call-undone")
    assert texts(requested) == ["issued", "called", "called"]


def suspended(story: Story, scope="mall", code="", mall="pekalongan", position=(7, 0)) -> list:
    return story.when(HearSuspended(mall, scope, code, "Listrik padam", position, story.now, story.now))


def test_who_waits_is_told_once_that_the_mall_stops(requested):
    (text,) = suspended(requested)
    assert (text.kind, text.values["reason"]) == ("suspended", "Listrik padam")
    assert suspended(requested) == []


@pytest.mark.parametrize(
    "elsewhere", [{"mall": "batang"}, {"scope": "service", "code": "POLRES-SIMA"}], ids=["mall", "service"]
)
def test_what_stops_elsewhere_is_told_to_nobody_here(requested, elsewhere):
    assert suspended(requested, **elsewhere) == []


def test_who_does_not_wait_need_not_know_that_the_mall_stops(requested):
    requested.called()
    assert suspended(requested) == []


def test_a_number_that_is_withdrawn_takes_its_waiting_texts_along(requested):
    assert kinds(requested.when(WithdrawPhone(SITI, requested.now))) == [PhoneWithdrawn, SmsDropped]
    assert requested.when(WithdrawPhone(SITI, requested.now)) == []
    assert kinds(requested.called()) == [CallHeard]


def test_a_text_in_the_hands_of_the_gateway_keeps_its_end_when_the_number_is_withdrawn(requested):
    requested.claim(ISSUED)
    assert kinds(requested.when(WithdrawPhone(SITI, requested.now))) == [PhoneWithdrawn]
    assert kinds(requested.outcome(ISSUED, "accepted")) == [SmsAccepted]


def test_a_visitor_is_told_in_the_language_that_was_chosen(story):
    story.when(LeavePhone(SITI, MASKED, story.now, "en"))
    (_, text) = story.issued()
    assert text.language == "en"


BOOKING = "20261126-b8sZQk1fYw9o_R4hUe6LdNw"
WIB = timezone(timedelta(hours=7))
CLAIM_BY = datetime(2026, 11, 26, 10, 0, tzinfo=WIB)


def booked(story: Story, at: datetime) -> list:
    story.now = at
    story.when(LeavePhone(BOOKING, MASKED, story.now))
    return story.when(HearBooked(BookingHeard(BOOKING, "pekalongan", "DUKCAPIL-KTP", "DUKCAPIL", at, CLAIM_BY), at))


@pytest.mark.parametrize(
    ("at", "reminded"),
    [
        (datetime(2026, 11, 24, 9, 0, tzinfo=WIB), datetime(2026, 11, 25, 18, 0, tzinfo=WIB)),
        (datetime(2026, 11, 25, 21, 0, tzinfo=WIB), datetime(2026, 11, 26, 6, 30, tzinfo=WIB)),
        (datetime(2026, 11, 26, 7, 0, tzinfo=WIB), None),
    ],
    ids=["days ahead: the evening before", "at night: in the morning", "on the day: no more"],
)
def test_who_books_is_told_so_and_reminded_in_time(story, at, reminded):
    _, confirmed, *others = booked(story, at)
    assert (confirmed.kind, confirmed.values) == ("booked", {"day": "2026-11-26", "time": "10.00"})
    assert [(one.kind, one.not_before) for one in others] == ([("reminded", reminded)] if reminded else [])


def test_a_reminder_waits_for_its_hour(story):
    *_, reminder = booked(story, CLAIM_BY - timedelta(days=2))
    assert story.claim(reminder.message_id) == []
    story.now = reminder.not_before
    assert kinds(story.claim(reminder.message_id)) == [SmsClaimed]


def test_who_gave_the_booking_back_is_not_reminded(story):
    *_, reminder = booked(story, CLAIM_BY - timedelta(days=2))
    story.when(HearBookingEnded(BookingEnded(BOOKING, story.now)))
    story.now = reminder.not_before
    assert dropped(story, reminder.message_id)


def test_booking_does_not_follow_a_stop_of_the_mall(story):
    booked(story, CLAIM_BY - timedelta(days=2))
    assert suspended(story) == []
    assert story.when(RecordContinued("pekalongan", "mall", "", (8, 0), story.now, story.now)) == []


def continued(story: Story, scope="mall", code="", position=(8, 0)) -> list:
    return story.when(RecordContinued("pekalongan", scope, code, position, story.now, story.now))


@pytest.fixture
def informed(requested: Story) -> Story:
    """A text that the mall has stopped was handed over."""
    (text,) = suspended(requested)
    requested.claim(text.message_id)
    return requested


def test_who_was_told_of_a_stop_is_told_once_that_it_continues(informed):
    (text,) = continued(informed)
    assert (text.kind, text.message_id) == ("continued", f"{SITI}.continued-mall-8")
    assert continued(informed) == continued(informed, position=(9, 0)) == []
    assert kinds(informed.claim(text.message_id)) == [SmsClaimed]


def test_who_was_not_told_of_a_stop_is_not_told_that_it_continues(requested):
    suspended(requested)
    assert continued(requested) == []


@pytest.mark.parametrize("what", ["cancelled", "served", "missed"])
def test_who_no_longer_waits_is_not_told_that_it_continues(informed, what):
    informed.news(what, counter="G02")
    assert continued(informed) == []


def test_text_that_it_continues_is_dropped_once_the_visitor_is_called(informed):
    (text,) = continued(informed)
    informed.called()
    assert dropped(informed, text.message_id)


def test_same_stop_with_a_later_end_is_told_once(informed):
    assert suspended(informed, position=(12, 0)) == []


def test_next_stop_after_it_continued_is_told_again(informed):
    (text,) = continued(informed)
    informed.claim(text.message_id)
    assert [one.kind for one in suspended(informed, position=(12, 0))] == ["suspended"]


@pytest.mark.parametrize(
    ("mall", "scope", "code"),
    [("pekalongan", "service", "POLRES-SIMA"), ("batang", "mall", ""), ("batang", "service", "DUKCAPIL-KTP")],
)
def test_visitor_gets_no_continued_text_for_another_place(story, mall, scope, code):
    story.phone()
    issue = IssueHeard(SITI, "pekalongan", "MPP", "B-012", 3, NINE, "DUKCAPIL-KTP", "DUKCAPIL", (1, 0))
    story.when(HearIssued(issue, story.now))
    (text,) = suspended(story)
    story.claim(text.message_id)
    assert story.when(RecordContinued(mall, scope, code, (8, 0), story.now, story.now)) == []
    (text,) = continued(story, "service", "DUKCAPIL-KTP", (8, 1))
    assert text.message_id == f"{SITI}.continued-service-8.1"


@pytest.mark.parametrize(
    ("outcome", "again"),
    [("accepted", []), ("unknown", []), ("delivered", []), ("rejected", ["continued"]), ("dropped", ["continued"])],
)
def test_continued_text_is_requested_again_unless_it_may_have_arrived(informed, outcome, again):
    (text,) = continued(informed)
    if outcome == "dropped":
        informed.when(WithdrawPhone(SITI, informed.now))
        informed.phone()
    else:
        informed.claim(text.message_id)
        if outcome == "delivered":
            informed.report(text.message_id, delivered=True)
        else:
            informed.outcome(text.message_id, outcome)
    assert [one.kind for one in continued(informed, position=(9, 0))] == again


def test_stop_texted_in_the_instant_it_ended_counts_as_ended(requested):
    at = requested.now
    (text,) = requested.when(HearSuspended("pekalongan", "mall", "", "Listrik padam", (7, 0), at, at))
    requested.when(ClaimMessage(text.message_id, at))
    (after,) = requested.when(RecordContinued("pekalongan", "mall", "", (8, 0), at, at))
    assert after.kind == "continued"
    assert requested.when(RecordContinued("pekalongan", "mall", "", (9, 0), at, at)) == []


@pytest.mark.parametrize("what", ["issued", "approaching"])
def test_other_texts_are_sent_after_one_about_a_stop(informed, what):
    if what == "approaching":
        informed.news("approaching", ahead="2")
    assert kinds(informed.claim(f"{SITI}.{what}")) == [SmsClaimed]


def test_of_two_open_texts_about_one_stop_the_first_sent_is_the_only_one(requested):
    (first,), (second,) = suspended(requested), suspended(requested, position=(12, 0))
    assert kinds(requested.claim(first.message_id)) == [SmsClaimed]
    assert dropped(requested, second.message_id)


def test_texts_about_different_stops_are_all_sent(requested):
    (first,), (second,) = suspended(requested), suspended(requested, "day", "2026-11-24", position=(9, 0))
    assert kinds(requested.claim(first.message_id)) == [SmsClaimed]
    assert kinds(requested.claim(second.message_id)) == [SmsClaimed]


def test_another_stop_is_told_although_the_first_one_holds(informed):
    assert [text.kind for text in suspended(informed, scope="day", code="2026-11-24", position=(9, 0))] == ["suspended"]


def test_transferred_ticket_is_not_told_that_its_old_service_continues(story):
    story.phone()
    issue = IssueHeard(SITI, "pekalongan", "MPP", "B-012", 3, NINE, "KTP", "DUKCAPIL", (1, 0))
    story.when(HearIssued(issue, story.now))
    (text,) = suspended(story, scope="service", code="KTP")
    story.claim(text.message_id)
    story.news("transferred", service="SIM", to_service="POLRES-SIM", to_agency="POLRES")
    assert continued(story, "service", "KTP") == []
    assert continued(story, "mall", position=(9, 0)) == [], "what it was told of is no longer its service"


def test_held_text_says_why_once_and_is_sent_when_it_may(requested):
    held = HoldMessage(ISSUED, "suspended", requested.now)
    assert kinds(requested.when(held)) == [SmsHeld]
    message = requested.state.messages[ISSUED]
    assert (message.status, message.reason) == ("requested", "suspended")
    assert requested.when(held) == []
    assert kinds(requested.claim(ISSUED)) == [SmsClaimed]
    assert requested.when(held) == []


def test_held_text_expires_when_it_comes_too_late(requested):
    requested.when(HoldMessage(ISSUED, "suspended", requested.now))
    requested.now = NINE + timedelta(hours=2)
    assert kinds(requested.claim(ISSUED)) == [SmsExpired]


STATUS_AFTER = {
    "requested": [],
    "sending": ["claim"],
    "accepted": ["claim", "accepted"],
    "failed": ["claim", "rejected"],
    "unknown": ["claim", "unknown"],
    "expired": ["claim", "not-sent", "late"],
    "dropped": ["claim", "not-sent", "withdrawn"],
    "delivered": ["claim", "accepted", "delivered"],
}
# What each news about an attempt that was made leads to, by the status that the text has by then.
LEADS_TO = {
    "requested": {},  # no attempt was made: nothing can be reported
    "sending": {
        "accepted": SmsAccepted,
        "rejected": SmsFailed,
        "not-sent": SmsNotTaken,
        "unknown": SmsUnknown,
        "delivered": SmsDelivered,
        "undelivered": SmsFailed,
    },
    "accepted": {"delivered": SmsDelivered, "undelivered": SmsFailed},
    "failed": {"delivered": SmsDelivered},
    "unknown": {
        "accepted": SmsAccepted,
        "rejected": SmsFailed,
        "not-sent": SmsNotTaken,
        "delivered": SmsDelivered,
        "undelivered": SmsFailed,
    },
    "expired": {"delivered": SmsDelivered},
    "dropped": {},
    "delivered": {},
}


def text_that_is(status: str, story: Story) -> Story:
    story.phone()
    story.issued()
    for step in STATUS_AFTER[status]:
        if step == "claim":
            story.claim(ISSUED)
        elif step == "withdrawn":
            story.when(WithdrawPhone(SITI, story.now))
        elif step == "late":
            story.now = NINE + timedelta(hours=2)
            story.claim(ISSUED)
        elif step == "delivered":
            story.report(ISSUED, delivered=True)
        else:
            story.outcome(ISSUED, step)
    assert story.status(ISSUED) == status
    return story


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("news", ["accepted", "rejected", "not-sent", "unknown", "delivered", "undelivered"])
def test_news_of_an_attempt_changes_only_what_it_may(story, status, news):
    text = text_that_is(status, story)
    report = news in ("delivered", "undelivered")
    led = text.report(ISSUED, news == "delivered") if report else text.outcome(ISSUED, news, attempt=1)
    expected = LEADS_TO[status].get(news)
    assert kinds(led) == ([expected] if expected else [])
    if expected is None:
        assert text.status(ISSUED) == status


def test_text_dropped_after_an_attempt_is_not_delivered_by_a_late_report(story):
    text = text_that_is("dropped", story)
    assert text.report(ISSUED, delivered=True) == text.report(ISSUED, delivered=False) == []
    assert text.status(ISSUED) == "dropped"


@pytest.mark.parametrize("status", STATUSES)
def test_only_a_text_that_waits_is_claimed_held_or_withdrawn(story, status):
    text = text_that_is(status, story)
    text.now = NINE + timedelta(minutes=30)
    waits = status == "requested"
    assert bool(CORRESPONDENCE.decide(HoldMessage(ISSUED, "suspended", text.now), text.state)) == waits
    claimed = kinds(CORRESPONDENCE.decide(ClaimMessage(ISSUED, text.now), text.state))
    assert claimed == ([SmsClaimed] if waits else [SmsUnknown] if status == "sending" else [])
    withdrawn = kinds(CORRESPONDENCE.decide(WithdrawPhone(SITI, text.now), text.state))
    assert (SmsDropped in withdrawn) == waits
