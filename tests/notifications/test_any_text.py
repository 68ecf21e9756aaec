"""Whatever happens around a ticket, in whatever order and however often: a text is never handed over twice."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from properties import examples

from services.notifications.domain.commands import (
    ClaimMessage,
    HearCalled,
    HearIssued,
    HearNews,
    HearSuspended,
    HoldMessage,
    LeavePhone,
    RecordContinued,
    RecordOutcome,
    RecordReport,
    SettleMessage,
    WithdrawPhone,
)
from services.notifications.domain.correspondence import CORRESPONDENCE
from services.notifications.domain.events import (
    CallHeard,
    IssueHeard,
    NewsHeard,
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
WHAT = (
    "approaching",
    "recalled",
    "transferred",
    "missed",
    "restored",
    "held",
    "resumed",
    "served",
    "unserved",
    "call-undone",
)
VALUES = {
    "counter": "G02",
    "floor": "1",
    "ahead": "2",
    "service": "SIM",
    "to_service": "SIM",
    "to_agency": "POLRES",
    "reason": "Padam",
}
OUTCOMES = ("accepted", "not-sent", "rejected", "unknown")
versions = st.integers(1, 12).map(lambda version: (version, 0))

# Each step makes a command of the moment and of the texts that there are.
steps = st.one_of(
    st.builds(
        lambda at: lambda now, _: HearIssued(IssueHeard(SITI, "m", "MPP", "B-1", 3, now, "KTP", "D", at), now), versions
    ),
    st.builds(
        lambda at, call: lambda now, _: HearCalled(CallHeard(SITI, "G02", 1, now, call, at), now),
        versions,
        st.integers(1, 3),
    ),
    st.builds(
        lambda what, at: lambda now, _: HearNews(NewsHeard(SITI, what, now, at, VALUES), now),
        st.sampled_from(WHAT),
        versions,
    ),
    st.builds(lambda at: lambda now, _: HearSuspended("m", "mall", "", "Padam", at, now, now), versions),
    st.builds(lambda at: lambda now, _: RecordContinued("m", "mall", "", at, now, now), versions),
    st.builds(
        lambda which: lambda now, texts: HoldMessage(texts[which % len(texts)], "suspended", now) if texts else None,
        st.integers(0, 9),
    ),
    st.just(lambda now, _: LeavePhone(SITI, "+62****90", now)),
    st.just(lambda now, _: WithdrawPhone(SITI, now)),
    *(
        st.builds(
            lambda which, kind=kind: lambda now, texts: kind(texts[which % len(texts)], now) if texts else None,
            st.integers(0, 9),
        )
        for kind in (ClaimMessage, ClaimMessage, SettleMessage)
    ),
    st.builds(
        lambda which, attempt, outcome, pause: (
            lambda now, texts: (
                RecordOutcome(texts[which % len(texts)], attempt, outcome, "", now, "why", timedelta(seconds=pause))
                if texts
                else None
            )
        ),
        st.integers(0, 9),
        st.sampled_from((1, 1, 2)),
        st.sampled_from(OUTCOMES),
        st.integers(0, 900),
    ),
    st.builds(
        lambda which, delivered: (
            lambda now, texts: RecordReport(texts[which % len(texts)], delivered, now) if texts else None
        ),
        st.integers(0, 9),
        st.booleans(),
    ),
)
# What may follow what, for one text.
MAY_FOLLOW = {
    SmsRequested: (SmsClaimed, SmsHeld, SmsDropped, SmsExpired),
    SmsHeld: (SmsClaimed, SmsDropped, SmsExpired, SmsDelivered),
    SmsClaimed: (SmsAccepted, SmsNotTaken, SmsFailed, SmsUnknown, SmsDelivered),
    SmsNotTaken: (SmsClaimed, SmsHeld, SmsDropped, SmsExpired, SmsDelivered),
    SmsAccepted: (SmsDelivered, SmsFailed),
    SmsUnknown: (SmsAccepted, SmsNotTaken, SmsFailed, SmsDelivered),
    SmsFailed: (SmsDelivered,),
    SmsExpired: (SmsDelivered,),  # after an attempt that was taken after all
    SmsDelivered: (),
    SmsDropped: (),
}


@settings(max_examples=examples(200), deadline=None)
@given(st.lists(st.tuples(st.integers(0, 400), steps), max_size=40))
def test_a_text_is_claimed_once_for_each_attempt_and_never_again_once_it_may_have_been_sent(story):
    state, now = CORRESPONDENCE.initial, NINE
    told: dict[str, list[type]] = {}
    claims: Counter[tuple[str, int]] = Counter()
    for seconds, step in story:
        now += timedelta(seconds=seconds)
        command = step(now, sorted(state.messages))
        if command is None:
            continue
        for event in CORRESPONDENCE.decide(command, state):
            state = CORRESPONDENCE.evolve(state, event)
            if message_id := getattr(event, "message_id", ""):
                before = told.setdefault(message_id, [])
                assert not before or type(event) in MAY_FOLLOW[before[-1]], (message_id, before, event)
                before.append(type(event))
            if isinstance(event, SmsClaimed):
                claims[event.message_id, event.attempt] += 1
                assert event.claimed_at <= state.messages[event.message_id].requested.best_before
        assert CORRESPONDENCE.decide(command, state) == [] or isinstance(command, ClaimMessage | SettleMessage)
    assert set(claims.values()) <= {1}
    assert all(history[0] is SmsRequested for history in told.values())
