"""What a visitor is told about a ticket, as sentences."""

from datetime import UTC, datetime, timedelta

import pytest

from services.notifications.domain import (
    CORRESPONDENCE,
    CallHeard,
    ClaimMessage,
    Correspondence,
    HearCalled,
    HearIssued,
    IssueHeard,
    LeavePhone,
    PhoneLeft,
    RecordOutcome,
    SmsAccepted,
    SmsClaimed,
    SmsExpired,
    SmsFailed,
    SmsRequested,
    SmsUnknown,
)

NINE = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
SITI = "20261124-pV0nX3mQx2Jc5sV7b1TtGA"
MASKED, ANOTHER = "+62812****890", "+62857****234"
ISSUED, CALLED = f"{SITI}.issued", f"{SITI}.called"


class Story:
    """What happens around Siti's ticket, minute by minute."""

    def __init__(self) -> None:
        self.state: Correspondence = CORRESPONDENCE.initial
        self.now = NINE
        self.events: list = []

    def when(self, command) -> list:
        events = CORRESPONDENCE.decide(command, self.state)
        for event in events:
            self.state = CORRESPONDENCE.evolve(self.state, event)
        self.events += events
        self.now += timedelta(seconds=30)
        return events

    def issued(self) -> list:
        return self.when(HearIssued(SITI, "pekalongan", "MPP Kota Pekalongan", "B-012", 3, NINE, self.now))

    def called(self, call: int = 1) -> list:
        return self.when(HearCalled(SITI, "G02", 1, self.now, self.now, call))

    def phone(self, phone: str = MASKED) -> list:
        return self.when(LeavePhone(SITI, phone, self.now))

    def claim(self, message_id: str) -> list:
        return self.when(ClaimMessage(message_id, self.now))

    def outcome(self, message_id: str, outcome) -> list:
        return self.when(RecordOutcome(message_id, outcome, f"log:{message_id}", self.now))

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


def test_a_text_is_claimed_before_it_is_sent_and_its_fate_recorded(requested):
    assert requested.status(ISSUED) == "requested"
    assert kinds(requested.claim(ISSUED)) == [SmsClaimed]
    assert requested.status(ISSUED) == "sending"
    (accepted,) = requested.outcome(ISSUED, "accepted")
    assert accepted == SmsAccepted(ISSUED, f"log:{ISSUED}", requested.now - timedelta(seconds=30))
    assert requested.status(ISSUED) == "accepted"


@pytest.mark.parametrize(("outcome", "event"), [("failed", SmsFailed), ("unknown", SmsUnknown)])
def test_a_text_that_was_not_taken_or_may_not_have_been_is_recorded_as_such(requested, outcome, event):
    requested.claim(ISSUED)
    assert kinds(requested.outcome(ISSUED, outcome)) == [event]
    assert requested.status(ISSUED) == outcome


def test_a_claim_that_a_dead_relay_left_becomes_unknown_and_is_never_sent(requested):
    requested.claim(ISSUED)
    assert kinds(requested.claim(ISSUED)) == [SmsUnknown]
    assert requested.claim(ISSUED) == []
    assert requested.status(ISSUED) == "unknown"


@pytest.mark.parametrize("fate", ["accepted", "failed", "unknown"])
def test_a_text_whose_fate_is_known_is_never_claimed_again(requested, fate):
    requested.claim(ISSUED)
    requested.outcome(ISSUED, fate)
    assert requested.claim(ISSUED) == []


def test_a_fate_that_comes_too_late_changes_nothing(requested):
    requested.claim(ISSUED)
    requested.claim(ISSUED)  # another relay found the claim
    assert requested.outcome(ISSUED, "accepted") == []
    assert requested.status(ISSUED) == "unknown"


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
    requested.outcome(ISSUED, "failed")
    assert (requested.status(ISSUED), requested.status(CALLED)) == ("failed", "requested")
