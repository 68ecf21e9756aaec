"""During a stop no text says to come, wait or be ready; when it ends, one text says that service continues."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from notifications.test_sending import BUDI, DAY, SITI, TODAY, Gateway, Mall

from services.chassis.clock import CLOCK, now
from services.notifications import suspensions
from services.notifications.domain.commands import ClaimMessage
from services.notifications.domain.mall import MALL, HearResumption, HearSuspension
from services.notifications.domain.mall import Mall as Known
from services.notifications.sms.sender import HELD_FOR
from services.notifications.suspensions import Concerned

PHONE = "+6281277114455"
STOPS = {
    "day": ("day-stopped", "day-resumed", {"business_day": DAY}),
    "mall": ("mall-suspended", "mall-resumed", {}),
    "service": ("service-suspended", "service-resumed", {"service": "KTP"}),
}
AGAIN = {
    "ticket-approaching": {"ahead": 2},
    "ticket-recalled": {"counter": "G02", "floor": 1},
    "ticket-transferred": {"service": "KTP", "service_name": "KTP-el", "agency": "DUKCAPIL"},
    "ticket-missed": {"counter": "G02"},
}


class Stop:
    """A mall with a stop of one scope, and who waits in it."""

    def __init__(self, mall: Mall, scope: str) -> None:
        self.mall, self.gateway = mall, Gateway()
        self.begin, self.end, self.what = STOPS[scope]

    def begins(self, reason: str = "Alarm kebakaran", since: timedelta = timedelta(0), until=None) -> None:
        at = (self.mall.at + since).isoformat()
        ends = (self.mall.at + until).isoformat() if until else None
        self.mall.hears(self.begin, **self.what, reason=reason, since=at, stopped_at=at, until=ends)

    def ends(self) -> None:
        self.mall.hears(self.end, **self.what, resumed_at=self.mall.at.isoformat())

    def runs(self) -> list[str]:
        """What both relays do, twice; what was texted by it."""
        before = len(self.gateway.sent)
        for _ in range(2):
            self.mall.tell_of_suspensions()
            self.mall.deliver(self.gateway)
        return self.gateway.told[before:]


@pytest.fixture(params=STOPS)
def stop(request, store) -> Stop:
    """Siti waits for KTP and has her confirmation."""
    mall = Mall(store)
    mall.here.leave_phone(SITI, PHONE)
    mall.issued(service="KTP", agency="DUKCAPIL")
    made = Stop(mall, request.param)
    assert len(made.runs()) == 1
    return made


def statuses(stop: Stop, kind: str, ticket: str = SITI) -> list[tuple[str, str]]:
    found = stop.mall.here.find(ticket).of_kind(kind)
    return [(message.status, message.reason) for message in found]


@pytest.mark.parametrize("kind", AGAIN)
def test_text_is_held_while_a_stop_holds_and_sent_after_it(stop, kind, monkeypatch):
    stop.begins()
    assert len(stop.runs()) == 1
    if kind in ("ticket-recalled", "ticket-missed"):
        stop.mall.called()
    stop.mall.hears(kind, **AGAIN[kind])
    assert stop.runs() == []
    assert statuses(stop, kind.removeprefix("ticket-")) == [("requested", "suspended")]
    stop.ends()
    stop.mall.tell_of_suspensions()
    monkeypatch.setattr(CLOCK, "read", lambda: datetime.now(UTC) + HELD_FOR)
    stop.mall.deliver(stop.gateway)
    assert statuses(stop, kind.removeprefix("ticket-")) == [("accepted", "")]


def test_confirmation_of_a_ticket_is_held_while_a_stop_holds(stop):
    stop.begins()
    stop.runs()
    stop.mall.here.leave_phone(BUDI, PHONE)
    stop.mall.issued(BUDI, service="KTP", number="B-013")
    (said,) = stop.runs()
    assert "pelayanan nomor B-013 berhenti sementara: Alarm kebakaran." in said, "told of the stop instead"
    assert statuses(stop, "issued", BUDI) == [("requested", "suspended")]


def test_call_is_held_while_a_stop_holds(stop):
    stop.begins()
    stop.mall.called()
    assert [text for text in stop.runs() if "gerai" in text] == []


def test_who_was_told_of_a_stop_is_told_once_that_it_continues(stop):
    stop.begins()
    (said,) = stop.runs()
    assert "berhenti sementara: Alarm kebakaran. Nomor" in said
    stop.ends()
    (said,) = stop.runs()
    assert (
        said
        == "MPP Kota Pekalongan: pelayanan nomor B-012 dilanjutkan. Nomor Anda tetap berlaku; mohon tunggu panggilan."
    )
    assert stop.runs() == []


def test_stop_that_ended_before_its_text_is_not_told(stop):
    stop.begins()
    stop.mall.tell_of_suspensions()
    stop.ends()
    assert stop.runs() == []


def test_nothing_is_said_to_continue_while_another_stop_holds(stop):
    other = Stop(stop.mall, "mall" if stop.begin != "mall-suspended" else "day")
    other.gateway = stop.gateway
    stop.begins()
    other.begins("Listrik padam")
    assert len(stop.runs()) == 2
    stop.ends()
    assert stop.runs() == []
    assert statuses(stop, "continued") == [], "none was asked for"
    other.ends()
    assert ["dilanjutkan" in text for text in stop.runs()] == [True]


def test_continued_text_is_dropped_when_the_next_stop_begins_first(stop):
    stop.begins()
    assert len(stop.runs()) == 1
    stop.ends()
    stop.mall.tell_of_suspensions()
    stop.begins("Listrik padam")
    stop.mall.deliver(stop.gateway)
    assert statuses(stop, "continued") == [("dropped", "no-longer-true")]


def test_who_waits_for_another_service_is_told_nothing_of_it(store):
    stop = Stop(Mall(store), "service")
    stop.mall.here.leave_phone(BUDI, PHONE)
    stop.mall.issued(BUDI, service="SIM")
    stop.begins()
    assert len(stop.runs()) == 1, "the confirmation alone"
    stop.ends()
    assert stop.runs() == []


class Clock:
    """A clock of this process that a test sets ahead of the machine's."""

    def __init__(self, monkeypatch) -> None:
        self.ahead = timedelta(0)
        monkeypatch.setattr(CLOCK, "read", lambda: datetime.now(UTC) + self.ahead)


@pytest.mark.parametrize("stop", ["mall", "service"], indirect=True)
def test_planned_stop_is_told_when_it_begins_and_when_it_ends(stop, monkeypatch):
    clock = Clock(monkeypatch)
    stop.begins(since=timedelta(minutes=10), until=timedelta(minutes=20))
    relay = Concerned(stop.mall.here, stop.mall.malls)
    for commit in stop.mall.store.with_outbox("suspensions"):
        relay.deliver(commit)

    def told() -> list[str]:
        relay.confirm()
        Concerned(stop.mall.here, stop.mall.malls).confirm()  # nor does another process that takes over
        kinds = ("suspended", "continued")
        return [message.requested.kind for message in stop.mall.here.find(SITI).of_kind(*kinds)]

    assert told() == []
    clock.ahead = timedelta(minutes=11)
    assert told() == ["suspended"]
    (text,) = stop.mall.here.find(SITI).of_kind("suspended")
    stop.mall.here.act(SITI, ClaimMessage(text.requested.message_id, now()))
    clock.ahead = timedelta(minutes=21)
    assert told() == ["suspended", "continued"]
    assert told() == ["suspended", "continued"]


@pytest.mark.parametrize("stop", ["mall"], indirect=True)
def test_planned_end_is_told_by_a_process_that_started_after_the_beginning(stop, monkeypatch):
    stop.begins(until=timedelta(minutes=20))
    assert len(stop.runs()) == 1
    clock = Clock(monkeypatch)
    relay = Concerned(stop.mall.here, stop.mall.malls)
    clock.ahead = timedelta(minutes=21)
    relay.confirm()
    assert [message.requested.kind for message in stop.mall.here.find(SITI).of_kind("continued")] == ["continued"]


def test_stop_that_ends_after_midnight_is_told_to_who_still_waits(store, monkeypatch):
    stop = Stop(Mall(store), "mall")
    stop.mall.here.leave_phone(SITI, PHONE)
    stop.mall.issued()
    stop.begins()
    stop.runs()
    midnight = datetime.combine(date.fromisoformat(DAY) + timedelta(days=1), time(0, 10), ZoneInfo("Asia/Jakarta"))
    stop.ends()
    monkeypatch.setattr(CLOCK, "read", lambda: midnight)
    monkeypatch.setattr(suspensions, "WORTH_TELLING", timedelta(days=2))
    stop.mall.tell_of_suspensions()
    assert [message.requested.kind for message in stop.mall.here.find(SITI).of_kind("continued")] == ["continued"]


@pytest.mark.parametrize("stop", ["mall"], indirect=True)
def test_planned_stop_that_was_lifted_or_replaced_is_not_told(stop, monkeypatch):
    clock = Clock(monkeypatch)
    stop.begins(since=timedelta(minutes=10), until=timedelta(minutes=12))
    stop.begins(since=timedelta(minutes=50))
    stop.mall.tell_of_suspensions()
    clock.ahead = timedelta(minutes=20)
    stop.mall.tell_of_suspensions()
    stop.ends()
    clock.ahead = timedelta(minutes=55)
    stop.mall.tell_of_suspensions()
    assert stop.mall.here.find(SITI).of_kind("suspended") == []


def test_booking_follows_its_own_events_alone(store):
    mall = Mall(store)
    stop = Stop(mall, "mall")
    booking = f"{TODAY}-b8sZQk1fYw9o_R4hUe6LdNw"
    claim_by = datetime.now(ZoneInfo("Asia/Jakarta")) + timedelta(hours=2)
    about = {"booking_id": booking, "service": "KTP", "agency": "DUKCAPIL"}
    mall.here.leave_phone(booking, PHONE)
    mall.hears("place-booked", booking, **about, booked_at=mall.at.isoformat(), claim_by=claim_by.isoformat())
    stop.runs()
    stop.begins()
    assert stop.runs() == []
    suspended = {"cause": "mall-closed", "reason": "Alarm kebakaran", "suspended_at": mall.at.isoformat()}
    mall.hears("booking-suspended", booking, **about, **suspended)
    (said,) = stop.runs()
    assert "batal: Alarm kebakaran. Pilih hari lain di halaman pendaftaran Anda." in said
    stop.ends()
    assert stop.runs() == []
    mall.hears("booking-resumed", booking, **about, claim_by=claim_by.isoformat(), resumed_at=mall.at.isoformat())
    (said,) = stop.runs()
    assert f"berlaku lagi. Datang sebelum pukul {claim_by:%H.%M}" in said


NINE = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)


def known(*commands) -> Known:
    mall = MALL.initial
    for command in commands:
        for event in MALL.decide(command, mall):
            mall = MALL.evolve(mall, event)
    return mall


@pytest.mark.parametrize(
    ("minutes", "stopped"), [(-1, False), (0, True), (59, True), (60, False)], ids=["before", "first", "last", "after"]
)
def test_stop_holds_from_its_beginning_until_before_its_end(minutes, stopped):
    ends = NINE + timedelta(hours=1)
    mall = known(HearSuspension("mall", "", "Padam", NINE, ends, (1, 0), NINE))
    found = mall.stop_of("KTP", "2026-11-24", NINE + timedelta(minutes=minutes))
    assert (found is not None) == stopped


def test_stop_concerns_its_own_service_and_day_until_it_is_lifted():
    mall = known(
        HearSuspension("service", "KTP", "Padam", NINE, None, (1, 0), NINE),
        HearSuspension("day", "2026-11-23", "Alarm", NINE, None, (1, 0), NINE),
    )
    assert mall.stop_of("SIM", "2026-11-24", NINE) is None
    assert mall.stop_of("SIM", "2026-11-23", NINE).reason == "Alarm"
    assert mall.stop_of("KTP", "2026-11-24", NINE).reason == "Padam"
    lifted = MALL.evolve(mall, MALL.decide(HearResumption("service", "KTP", (2, 0), NINE), mall)[0])
    assert lifted.stop_of("KTP", "2026-11-24", NINE) is None
