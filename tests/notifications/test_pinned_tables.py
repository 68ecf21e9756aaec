"""Every kind of text and news in tables: how long it is worth sending, while what it is true, what follows from it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, get_args

import pytest
from stored_fields import defaults, defaults_by_name

from services.chassis.errors import Fault
from services.notifications.domain.commands import (
    ClaimMessage,
    HearBooked,
    HearCalled,
    HearIssued,
    HearNews,
    HearSuspended,
    LeavePhone,
    RecordBookingChange,
    RecordContinued,
    RecordOutcome,
    SettleMessage,
)
from services.notifications.domain.correspondence import CORRESPONDENCE
from services.notifications.domain.correspondence.state import Correspondence, Message, Standing
from services.notifications.domain.events import (
    BookingHeard,
    BookingRescheduled,
    BookingResumed,
    BookingSuspended,
    CallHeard,
    IssueHeard,
    Kind,
    NewsHeard,
    SmsClaimed,
    SmsDropped,
    SmsExpired,
    SmsFailed,
    SmsNotTaken,
    SmsRequested,
    What,
)
from services.notifications.domain.mall import MALL, HearResumption, HearSuspension, Mall
from services.notifications.domain.wording import PLACEHOLDERS, InvalidText, must_fit
from services.notifications.webhooks.domain import WEBHOOKS
from services.notifications.webhooks.domain.state import Key, Start, Webhook, Webhooks

NINE = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
SITI, BOOKING = "20261124-pV0nX3mQx2Jc5sV7b1TtGA", "20261126-b8sZQk1fYw9o_R4hUe6LdNw"
WIB = timezone(timedelta(hours=7))
CLAIM_BY = datetime(2026, 11, 26, 10, 0, tzinfo=WIB)
ISSUED = IssueHeard(SITI, "pekalongan", "MPP Kota Pekalongan", "B-012", 3, NINE, "KTP", "DUKCAPIL", (5, 0))
VALUES = {
    "counter": "G02",
    "floor": "1",
    "service": "SIM",
    "to_service": "SIM",
    "to_agency": "POLRES",
    "reason": "Padam",
    "ahead": "2",
}
KNOWN = {"mall": "MPP Kota Pekalongan", "number": "B-012"}


def folded(*commands, state: Correspondence = CORRESPONDENCE.initial) -> tuple[Correspondence, list]:
    """The state after these commands, and the events of the last one."""
    events: list = []
    for command in commands:
        events = CORRESPONDENCE.decide(command, state)
        for event in events:
            state = CORRESPONDENCE.evolve(state, event)
    return state, events


def waiting() -> Correspondence:
    """Siti waits, left her number, and the text about her ticket was requested."""
    return folded(LeavePhone(SITI, "+62****90", NINE), HearIssued(ISSUED, NINE))[0]


def news(what: What, at: datetime = NINE, position: tuple[int, int] = (9, 0), values=VALUES) -> HearNews:
    return HearNews(NewsHeard(SITI, what, at, position, values), at)


# Texts about a ticket

# Minutes for which the text is worth sending, and what its id ends with.
WORTH = {
    "approaching": (10, ""),
    "recalled": (5, "-9"),
    "transferred": (15, "-9"),
    "missed": (30, "-9"),
    "unserved": (30, "-9"),
}


@pytest.mark.parametrize("what", get_args(What))
def test_news_of_a_ticket_leads_to_its_text_or_to_none(what):
    state, events = folded(news(what), state=waiting())
    stored = NewsHeard(SITI, what, NINE, (9, 0), VALUES)
    if what not in WORTH:
        assert events == [stored]
        return
    minutes, again = WORTH[what]
    agency = "POLRES" if what == "transferred" else "DUKCAPIL"
    assert events == [
        stored,
        SmsRequested(
            message_id=f"{SITI}.{what}{again}",
            ticket_id=SITI,
            kind=what,
            to="+62****90",
            number="B-012",
            values={**KNOWN, **VALUES},
            best_before=NINE + timedelta(minutes=minutes),
            requested_at=NINE,
            mall="pekalongan",
            agency=agency,
            language="id",
            about=(9, 0),
            not_before=None,
        ),
    ]
    assert state.heard == (9, 0)


def test_text_about_an_issued_ticket_is_requested_in_full():
    _, events = folded(LeavePhone(SITI, "+62****90", NINE, "en"), HearIssued(ISSUED, NINE + timedelta(minutes=1)))
    assert events == [
        ISSUED,
        SmsRequested(
            message_id=f"{SITI}.issued",
            ticket_id=SITI,
            kind="issued",
            to="+62****90",
            number="B-012",
            values={**KNOWN, "ahead": "3"},
            best_before=NINE + timedelta(hours=1),
            requested_at=NINE + timedelta(minutes=1),
            mall="pekalongan",
            agency="DUKCAPIL",
            language="en",
            about=(5, 0),
            not_before=None,
        ),
    ]


@pytest.mark.parametrize(
    ("command", "kind", "again", "minutes", "values"),
    [
        (
            HearCalled(CallHeard(SITI, "G02", 1, NINE, 1, (9, 0)), NINE),
            "called",
            "",
            10,
            {"counter": "G02", "floor": "1"},
        ),
        (
            HearCalled(CallHeard(SITI, "G02", 1, NINE, 2, (9, 0)), NINE),
            "called",
            "-2",
            10,
            {"counter": "G02", "floor": "1"},
        ),
        (
            HearSuspended("pekalongan", "service", "KTP", "Padam", (9, 0), NINE, NINE),
            "suspended",
            "-service-9",
            30,
            {"reason": "Padam", "scope": "service", "code": "KTP"},
        ),
        (
            HearSuspended("pekalongan", "mall", "", "Padam", (9, 2), NINE, NINE),
            "suspended",
            "-mall-9.2",
            30,
            {"reason": "Padam", "scope": "mall", "code": ""},
        ),
    ],
)
def test_call_and_stop_lead_to_their_texts(command, kind, again, minutes, values):
    _, events = folded(command, state=waiting())
    text = events[-1]
    assert (text.message_id, text.kind, text.about) == (f"{SITI}.{kind}{again}", kind, command_position(command))
    assert text.values == {**KNOWN, **values}
    assert text.best_before == NINE + timedelta(minutes=minutes)


def command_position(command) -> tuple[int, int]:
    return command.heard.position if isinstance(command, HearCalled) else command.position


STANDING = {
    "approaching": "waiting",
    "recalled": "called",
    "transferred": "waiting",
    "missed": "missed",
    "restored": "waiting",
    "held": "held",
    "resumed": "called",
    "served": "over",
    "cancelled": "over",
    "unserved": "over",
    "call-undone": "waiting",
    "undone": "called",
}


def test_standing_of_a_ticket_after_each_news():
    after = {what: folded(news(what), state=waiting())[0] for what in get_args(What)}
    assert {what: state.standing for what, state in after.items()} == STANDING
    changed = {what for what, state in after.items() if state.since == (9, 0)}
    assert changed == set(get_args(What)) - {"approaching"}
    assert {what for what, state in after.items() if (state.service, state.agency) != ("KTP", "DUKCAPIL")} == {
        "transferred"
    }
    assert (after["transferred"].service, after["transferred"].agency) == ("SIM", "POLRES")


TRUE_WHILE = {
    "issued": {"waiting"},
    "approaching": {"waiting"},
    "called": {"called"},
    "recalled": {"called"},
    "transferred": {"waiting"},
    "missed": {"missed"},
    "unserved": {"over"},
    "suspended": {"waiting", "held"},
    "continued": {"waiting", "held"},
    "booked": {"booked"},
    "reminded": {"booked"},
    "closed": {"booked"},
    "reopened": {"booked"},
    "rescheduled": {"booked"},
}


def text_of(kind: Kind, about: tuple[int, int] = (0, 0)) -> SmsRequested:
    values = {"scope": "mall", "code": "", "day": "2026-11-26", "time": "10.00"}
    return SmsRequested(f"{SITI}.{kind}", SITI, kind, "+62", "B-012", values, CLAIM_BY, NINE, about=about)


@pytest.mark.parametrize("kind", get_args(Kind))
def test_text_of_each_kind_is_sent_only_while_it_is_true(kind):
    sent = set()
    for standing in get_args(Standing):
        for_booking = TRUE_WHILE[kind] == {"booked"}
        about = (
            {"booking": BookingHeard(BOOKING, "pekalongan", "KTP", "D", NINE, CLAIM_BY)}
            if for_booking
            else {"issued": ISSUED}
        )
        suspended = BookingSuspended(BOOKING, "mall-closed", "Banjir", NINE, (2, 0)) if kind == "closed" else None
        state = replace(Correspondence(), standing=standing, suspension=suspended, **about)
        state = CORRESPONDENCE.evolve(state, text_of(kind))
        (event,) = CORRESPONDENCE.decide(ClaimMessage(f"{SITI}.{kind}", NINE, "kannel", "Halo"), state)
        if isinstance(event, SmsClaimed):
            assert event == SmsClaimed(f"{SITI}.{kind}", NINE, 1, "kannel", "Halo")
            sent.add(standing)
        else:
            assert event == SmsDropped(f"{SITI}.{kind}", "no-longer-true", NINE)
    assert sent == TRUE_WHILE[kind]


@pytest.mark.parametrize("kind", get_args(Kind))
def test_text_of_the_latest_news_is_dropped_after_newer_news(kind):
    if TRUE_WHILE[kind] == {"booked"}:
        return
    state = replace(Correspondence(), issued=ISSUED, standing=sorted(TRUE_WHILE[kind])[0])
    outcomes = {}
    for name, about, since in (("same", (8, 0), (8, 0)), ("newer", (8, 0), (9, 0)), ("unknown", (0, 0), (9, 0))):
        known = CORRESPONDENCE.evolve(replace(state, since=since), text_of(kind, about))
        (event,) = CORRESPONDENCE.decide(ClaimMessage(f"{SITI}.{kind}", NINE), known)
        outcomes[name] = type(event)
    latest = kind in ("issued", "called", "recalled", "transferred", "missed", "unserved")
    assert outcomes == {"same": SmsClaimed, "newer": SmsDropped if latest else SmsClaimed, "unknown": SmsClaimed}


@pytest.mark.parametrize(("seconds", "event"), [(0, SmsClaimed), (1, SmsExpired)])
def test_text_is_sent_until_its_last_moment(seconds, event):
    now = NINE + timedelta(hours=1, seconds=seconds)
    (found,) = CORRESPONDENCE.decide(ClaimMessage(f"{SITI}.issued", now), waiting())
    assert isinstance(found, event)


@pytest.mark.parametrize(
    ("minutes", "attempts", "event"),
    [(60, 1, SmsNotTaken), (61, 1, SmsFailed), (1, 19, SmsNotTaken), (1, 20, SmsFailed)],
)
def test_attempt_is_repeated_twenty_times_and_in_time(minutes, attempts, event):
    state = CORRESPONDENCE.evolve(waiting(), SmsClaimed(f"{SITI}.issued", NINE, attempts))
    command = RecordOutcome(f"{SITI}.issued", attempts, "not-sent", "", NINE, "sibuk", timedelta(minutes=minutes))
    (found,) = CORRESPONDENCE.decide(command, state)
    if event is SmsNotTaken:
        assert found == SmsNotTaken(f"{SITI}.issued", NINE, NINE + timedelta(minutes=minutes), "sibuk")
    else:
        assert found == SmsFailed(f"{SITI}.issued", NINE, "sibuk", SITI, "issued", "pekalongan", "DUKCAPIL")


def test_expired_text_names_what_it_was_about():
    events = CORRESPONDENCE.decide(SettleMessage(f"{SITI}.issued", NINE + timedelta(hours=2)), waiting())
    about = (SITI, "issued", "pekalongan", "DUKCAPIL")
    assert events == [SmsExpired(f"{SITI}.issued", NINE + timedelta(hours=2), *about)]


def test_continuation_is_texted_once_and_within_half_an_hour():
    stop = HearSuspended("pekalongan", "mall", "", "Padam", (9, 0), NINE, NINE)
    message = f"{SITI}.suspended-mall-9"
    informed, _ = folded(stop, ClaimMessage(message, NINE), state=waiting())
    later = NINE + timedelta(minutes=5)
    state, events = folded(RecordContinued("pekalongan", "mall", "", (10, 0), later, later), state=informed)
    (text,) = events
    assert (text.message_id, text.kind, text.values) == (f"{SITI}.continued-mall-10", "continued", KNOWN)
    assert (text.best_before, text.about) == (later + timedelta(minutes=30), (10, 0))
    assert folded(RecordContinued("pekalongan", "mall", "", (11, 0), later, later), state=state)[1] == []


# Texts about a booking


def booked(at: datetime = NINE) -> tuple[Correspondence, list]:
    booking = BookingHeard(BOOKING, "pekalongan", "KTP", "DUKCAPIL", at, CLAIM_BY)
    return folded(LeavePhone(BOOKING, "+62****90", at), HearBooked(booking, at))


def of_booking(kind: Kind, again: str = "", **more: Any) -> SmsRequested:
    known = {"day": "2026-11-26", "time": "10.00", **more.pop("values", {})}
    return SmsRequested(
        message_id=f"{BOOKING}.{kind}{again}",
        ticket_id=BOOKING,
        kind=kind,
        to="+62****90",
        number="",
        values=known,
        requested_at=NINE,
        mall="pekalongan",
        agency="DUKCAPIL",
        **more,
    )


EVENING = datetime(2026, 11, 25, 18, 0, tzinfo=WIB)


def test_texts_about_a_booking_are_requested_in_full():
    _, (_, confirmed, reminder) = booked()
    assert confirmed == of_booking("booked", best_before=NINE + timedelta(hours=2))
    assert reminder == of_booking("reminded", best_before=EVENING + timedelta(hours=3), not_before=EVENING)


@pytest.mark.parametrize(
    ("before", "expected"),
    [(timedelta(hours=3), timedelta(hours=2)), (timedelta(hours=1), timedelta(hours=1))],
)
def test_confirmation_is_sent_no_later_than_the_claim_time(before, expected):
    at = CLAIM_BY - before
    confirmed = booked(at)[1][1]
    assert confirmed.best_before == at + expected


def test_texts_about_a_closed_booking_are_requested_in_full():
    state, _ = booked()
    suspended = BookingSuspended(BOOKING, "mall-closed", "Banjir", NINE, (7, 0))
    state, events = folded(RecordBookingChange(suspended, NINE), state=state)
    values = {"reason": "Banjir", "cause": "mall-closed"}
    closed = of_booking("closed", "-7", values=values, best_before=CLAIM_BY, about=(7, 0))
    assert events == [suspended, closed]
    state, _ = folded(ClaimMessage(closed.message_id, NINE), state=state)
    resumed = BookingResumed(BOOKING, CLAIM_BY, NINE, (8, 0))
    _, events = folded(RecordBookingChange(resumed, NINE), state=state)
    assert events == [resumed, of_booking("reopened", "-8", best_before=CLAIM_BY, about=(8, 0))]


def test_texts_about_a_rescheduled_booking_are_requested_in_full():
    state, _ = booked()
    later = CLAIM_BY + timedelta(minutes=30)
    change = BookingRescheduled(BOOKING, later.astimezone(UTC), NINE, (7, 0))
    state, events = folded(RecordBookingChange(change, NINE), state=state)
    values = {"time": "10.30"}
    assert events == [
        change,
        of_booking("rescheduled", "-7", values=values, best_before=later, about=(7, 0)),
        of_booking(
            "reminded",
            "-7",
            values=values,
            best_before=EVENING + timedelta(hours=3),
            about=(7, 0),
            not_before=EVENING,
        ),
    ]
    assert (state.announced, state.heard) == (later, (7, 0))


# What was stored before some fields existed


def test_older_events_of_a_correspondence_read_as_they_were_meant():
    about = {"ticket_id": "", "kind": "called", "mall": "", "agency": ""}
    assert defaults_by_name(CORRESPONDENCE.events) == {
        "IssueHeard": {"service": "", "agency": "", "position": (0, 0)},
        "CallHeard": {"call": 1, "position": (0, 0)},
        "NewsHeard": {},
        "BookingHeard": {},
        "BookingEnded": {},
        "BookingSuspended": {},
        "BookingResumed": {},
        "BookingRescheduled": {},
        "PhoneLeft": {"language": "id"},
        "PhoneWithdrawn": {},
        "SmsRequested": {"mall": "", "agency": "", "language": "id", "about": (0, 0), "not_before": None},
        "SmsClaimed": {"attempt": 1, "gateway": "", "text": ""},
        "SmsHeld": {},
        "SmsNotTaken": {},
        "SmsAccepted": {},
        "SmsDelivered": {},
        "SmsFailed": {"reason": "", **about},
        "SmsUnknown": {},
        "SmsExpired": about,
        "SmsDropped": {},
    }
    assert Correspondence() == CORRESPONDENCE.initial
    assert defaults(Correspondence) == {
        "issued": None,
        "called": None,
        "booking": None,
        "suspension": None,
        "announced": None,
        "phone": None,
        "language": "id",
        "standing": "nowhere",
        "since": (0, 0),
        "heard": (0, 0),
        "service": "",
        "agency": "",
        "messages": {},
    }
    assert defaults(Message) == {"attempts": 0, "gateway": "", "text": "", "reason": ""}


def test_older_events_of_a_mall_and_its_webhooks_read_as_they_were_meant():
    assert defaults_by_name(MALL.events) == {
        "MallHeard": {},
        "SuspensionHeard": {"closure": ""},
        "ResumptionHeard": {"closure": ""},
        "TextWorded": {},
        "TextSwitched": {},
    }
    assert Mall() == MALL.initial
    assert defaults(Mall) == {
        "name": "",
        "zone": "Asia/Jakarta",
        "listed": (0, 0),
        "last": {},
        "suspended": {},
        "worded": {},
        "silent": frozenset(),
    }
    names = "WebhookRegistered WebhookChanged WebhookPaused WebhookResumed KeyRotated"
    names += " ReplayRequested PingRequested WebhookRemoved"
    assert defaults_by_name(WEBHOOKS.events) == {name: {} for name in names.split()}
    assert Webhooks() == WEBHOOKS.initial
    assert [defaults(kind) for kind in (Start, Key, Webhook, Webhooks)] == [
        {"sequence": 0},
        {"until": None},
        {"tries": 1, "paused": None, "ping": None},
        {"known": {}},
    ]


def test_commands_carry_nothing_that_was_not_given():
    assert [defaults(kind) for kind in (LeavePhone, ClaimMessage, SettleMessage, RecordOutcome)] == [
        {"language": "id"},
        {"gateway": "", "text": "", "drop": ""},
        {"drop": ""},
        {"reason": "", "retry_in": timedelta(0)},
    ]
    assert [defaults(kind) for kind in (HearSuspension, HearResumption)] == [{"closure": ""}, {"closure": ""}]


# The wording


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("issued", "mall number ahead"),
        ("approaching", "mall number ahead"),
        ("called", "mall number counter floor"),
        ("recalled", "mall number counter floor"),
        ("transferred", "mall number service"),
        ("missed", "mall number counter"),
        ("unserved", "mall number reason"),
        ("suspended", "mall number reason"),
        ("continued", "mall number"),
        ("booked", "mall day time"),
        ("reminded", "mall day time"),
        ("closed", "mall day reason"),
        ("reopened", "mall day time"),
        ("rescheduled", "mall day time"),
    ],
)
def test_text_of_each_kind_may_name_these_values(kind, names):
    lengths = {"mall": 40, "number": 7, "ahead": 4, "counter": 10, "floor": 2, "service": 40, "reason": 40}
    lengths |= {"day": 12, "time": 5}
    assert PLACEHOLDERS[kind] == tuple(names.split())
    text = " ".join(f"{{{name}}}" for name in names.split())
    assert must_fit(kind, text) == sum(lengths[name] for name in names.split()) + len(names.split()) - 1
    needed = {"mall", "number", "counter"} if kind in ("called", "recalled") else {"mall"}
    missing = set()
    for name in names.split():
        try:
            must_fit(kind, text.replace(f"{{{name}}}", ""))
        except InvalidText as refusal:
            assert refusal.params["errors"]["text"] == [
                Fault("text", "{name} is missing.", {"name": f"{{{name}}}"}),
            ]
            missing.add(name)
    assert missing == needed
