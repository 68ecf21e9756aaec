"""What was revoked elsewhere is refused here."""

from datetime import UTC, datetime, timedelta

import pytest

from services.kernel import access, tokens
from services.kernel.access import REVOCATIONS, STREAM, AccessRevoked, Heard, HearRevoked
from services.kernel.tokens import Actor, Revoked, Verifier

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
TONIGHT = NOW + timedelta(hours=12)


def hear(kind, id, epoch=0, until=TONIGHT, now=NOW) -> HearRevoked:
    return HearRevoked(kind, id, epoch, until, now)


def after(*commands: HearRevoked):
    state = REVOCATIONS.initial
    for command in commands:
        for event in REVOCATIONS.decide(command, state):
            state = REVOCATIONS.evolve(state, event)
    return state


def session(epoch: int, id: str = "one", account: str = "s1") -> Actor:
    return Actor("siti", "operator", token="t9", session=id, account=account, epoch=epoch)


def test_a_token_that_was_revoked_is_refused_and_others_are_not():
    heard = after(hear("token", "t1"))
    assert heard.cover(Actor("Kios", "device", token="t1"))
    assert not heard.cover(Actor("Kios", "device", token="t2"))
    assert not heard.cover(Actor("Kios", "device"))


def test_of_an_account_all_sessions_up_to_an_epoch_are_refused():
    heard = after(hear("account", "s1", epoch=3), hear("account", "s1", epoch=1))
    assert [heard.cover(session(epoch)) for epoch in (0, 3, 4)] == [True, True, False]
    assert not heard.cover(session(0, account="s2"))


def test_a_session_that_ended_is_refused_and_another_of_the_account_is_not():
    heard = after(hear("session", "one"))
    assert [heard.cover(session(0, id)) for id in ("one", "two")] == [True, False]


def test_what_is_heard_again_is_nothing_new():
    command = hear("token", "t1")
    assert REVOCATIONS.decide(command, after(command)) == []


def test_what_has_ended_by_itself_is_not_minded_in_a_replay_and_forgotten():
    assert REVOCATIONS.decide(hear("token", "t1", now=TONIGHT), REVOCATIONS.initial) == []
    later = TONIGHT + timedelta(hours=1)
    heard = after(hear("token", "t1"), hear("token", "t2", until=later + timedelta(days=1), now=later))
    assert set(heard.known) == {("token", "t2")}


def test_a_process_knows_within_a_second_what_another_one_heard(store, monkeypatch):
    until = datetime.now(UTC) + timedelta(hours=1)
    web, worker = Heard(store), Heard(store)
    kiosk = Actor("Kios", "device", token="t1")
    assert not web.revoked(kiosk)
    worker.streams.execute(STREAM, HearRevoked("token", "t1", 0, until, datetime.now(UTC)))
    assert not web.revoked(kiosk), "it does not ask the store for every request"
    later = access.MAX_AGE + 0.05
    real = access.Streams.snapshot.__globals__["time"].monotonic
    monkeypatch.setattr(access.Streams.snapshot.__globals__["time"], "monotonic", lambda: real() + later)
    assert web.revoked(kiosk)


def test_a_verifier_asks_each_time_also_of_a_token_it_has_seen(tmp_path):
    tokens.make_keys(tmp_path)
    revoked = set()
    verifier = Verifier((tmp_path / "token_public.pem").read_text(), lambda actor: actor.token in revoked)
    token = tokens.mint((tmp_path / "token_private.pem").read_bytes(), name="Kios", role="device")
    actor = verifier.actor(f"Bearer {token}")
    revoked.add(actor.token)
    with pytest.raises(Revoked):
        verifier.actor(f"Bearer {token}")


def test_a_revocation_comes_back_from_the_store_as_it_was(store):
    at = datetime.now(UTC).replace(microsecond=0)
    Heard(store).streams.execute(STREAM, HearRevoked("account", "s1", 2, at + timedelta(hours=1), at))
    known = Heard(store).streams.snapshot(STREAM).state.known
    assert known == {("account", "s1"): (2, at + timedelta(hours=1))}
    (commit,) = store.read(STREAM)
    assert REVOCATIONS.recorded(commit) == [AccessRevoked("account", "s1", 2, at + timedelta(hours=1), at)]
