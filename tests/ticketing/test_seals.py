"""The signed seal of a closed day: what a database administrator who rewrites the past cannot hide."""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from examples import KTP
from joserfc import jws
from joserfc.jwk import KeySet, OKPKey
from ticketing.conftest import PEKALONGAN, refusal

from services.chassis import chain, seals, worker
from services.chassis.event_store import EventStore, StoredCommand, _to_document
from services.chassis.seals import Keys, Sealing, Seals, Signer
from services.kernel.journal import Journal
from services.ticketing.contract import FINISHED_AS, FINISHED_BY, published

DAY = "pekalongan/2026-11-24"
HISTORY = "days.of/pekalongan"
VERIFICATION = f"{PEKALONGAN}/days/2026-11-24/verification"
SEAL = f"{PEKALONGAN}/days/2026-11-24/seal"


@dataclass(frozen=True)
class Worker:
    """What ticketing's worker does with a closed day, with the keys of a folder."""

    store: EventStore
    folder: Path

    @property
    def seals(self) -> Seals:
        return Seals(self.store.database, Keys((self.folder / seals.PUBLIC_FILE).read_text()), FINISHED_BY)

    @property
    def sealing(self) -> Sealing:
        return Sealing(self.seals, self.store, Signer((self.folder / seals.PRIVATE_FILE).read_text()), FINISHED_AS)

    def publish(self) -> None:
        """Publish everything from the store, as the relay does on a replay."""
        publish = self.sealing.sealed(published)
        for commit in self.store.with_outbox("events"):
            Journal(self.store.database).number(list(publish(commit)))


@pytest.fixture
def relay(store, tmp_path, monkeypatch) -> Worker:
    seals.make_keys(tmp_path / "keys")
    monkeypatch.setenv("SEAL_PUBLIC_KEYS_FILE", str(tmp_path / "keys" / seals.PUBLIC_FILE))
    return Worker(store, tmp_path / "keys")


@pytest.fixture
def closed(relay, start, known, bearer, clock):
    """A day on which a clerk served a visitor, closed and published; an hour later."""
    known()
    client = start()
    ticket = client.post(f"{PEKALONGAN}/tickets", json={"service": KTP}).json["id"]
    g02 = bearer(counter="G02")
    client.post(f"{PEKALONGAN}/counters/G02/calls", headers=g02)
    client.post(f"{PEKALONGAN}/tickets/{ticket}/completion", headers=g02)
    client.post(f"{PEKALONGAN}/closing", headers=bearer("supervisor"))
    relay.publish()
    clock.at = datetime.now(UTC) + timedelta(hours=1)
    return client


@pytest.fixture
def verified(start, bearer):
    """What a new process finds of the day."""
    return lambda: start().get(VERIFICATION, headers=bearer("auditor")).json


def reasons(found: dict) -> list[str]:
    return [fault["reason"] for fault in found["faults"]]


def rewrite(store: EventStore, stream: str, change) -> str:
    """Change the commits of a stream in the database with a chain that fits; return its new last hash."""
    previous = ""
    for commit in store.read(stream):
        forged = chain.sealed(replace(change(commit), previous=previous))
        store.database["commits"].replace_one({"_id": commit.id}, _to_document(forged))
        previous = forged.hash
    return previous


def by_another_clerk(commit):
    commands = [StoredCommand(c.id, c.digest, "Pak Joko" if c.actor else "") for c in commit.commands]
    return replace(commit, commands=commands)


def rewrite_day_and_history(store: EventStore) -> str:
    """What a thorough database administrator does: the day and the mall's history of closed days agree."""
    new = rewrite(store, DAY, by_another_clerk)

    def recorded(commit):
        return replace(commit, events=[replace(e, data={**e.data, "seal": new}) for e in commit.events])

    rewrite(store, HISTORY, recorded)
    return new


def rewrite_journal(store: EventStore, **change) -> None:
    (entry,) = store.database["journal"].find({"type": FINISHED_AS})
    data = {name: value for name, value in (json.loads(entry["data"]) | change).items() if value is not None}
    text = json.dumps(data, separators=(",", ":"))
    store.database["journal"].update_one({"_id": entry["_id"]}, {"$set": {"data": text}})


def test_closed_day_has_a_valid_seal(closed, verified):
    found = verified()
    assert (found["fits"], found["signature"], found["faults"]) == (True, "valid", [])
    assert found["seal_key"]
    assert found["sealed_at"].startswith(f"{datetime.now(UTC):%Y-}")


def test_rewritten_day_fails_after_restart(closed, verified, store):
    new = rewrite_day_and_history(store)
    found = verified()
    assert (found["first_misfit"], found["hash"], found["seal"]) == (None, new, new)
    assert (found["fits"], reasons(found)) == (False, ["seal-differs", "journal-differs"])
    assert "the seal was signed for" in found["faults"][0]["detail"]
    assert new in found["faults"][0]["detail"]


def test_rewritten_day_and_journal_fail_by_the_seal_alone(closed, verified, store):
    rewrite_journal(store, hash=rewrite_day_and_history(store))
    assert reasons(verified()) == ["seal-differs"]


def test_rewritten_journal_entry_fails(closed, verified, store):
    rewrite_journal(store, hash="0" * 64)
    found = verified()
    assert (found["fits"], reasons(found)) == (False, ["journal-differs"])
    assert f"the journal published the hash {'0' * 64}" in found["faults"][0]["detail"]


def test_journal_entry_with_another_seal_fails(closed, verified, store):
    rewrite_journal(store, seal="another")
    assert reasons(verified()) == ["journal-seal-differs"]


def test_deleted_journal_entry_fails(closed, verified, store):
    store.database["journal"].delete_many({"type": FINISHED_AS})
    assert reasons(verified()) == ["journal-missing"]


def test_deleted_seal_fails(closed, verified, store):
    store.database["seals"].delete_many({})
    found = verified()
    assert (found["fits"], found["signature"], reasons(found)) == (False, "missing", ["seal-missing"])


def test_day_without_commits_fails(closed, verified, store):
    store.database["commits"].delete_many({"stream": {"$in": [DAY, HISTORY]}})
    assert reasons(verified()) == ["commits-missing"]


def test_seal_signed_with_own_key_fails(closed, verified, store, tmp_path):
    new = rewrite_day_and_history(store)
    seals.make_keys(tmp_path / "forger")
    store.database["seals"].delete_many({})
    rewrite_journal(store, hash=new, seal=None)
    forger = Worker(store, tmp_path / "forger")
    assert forger.sealing.seal(DAY)
    found = verified()
    assert (found["fits"], found["signature"], reasons(found)) == (False, "invalid", ["seal-key-unknown"])


def test_seal_with_changed_contents_fails(closed, verified, store):
    text = store.database["seals"].find_one({"_id": DAY})["seal"]
    head, _, signature = text.split(".")
    for forged in (f"{head}.e30.{signature}", "nonsense", ""):
        store.database["seals"].replace_one({"_id": DAY}, {"seal": forged})
        assert verified()["fits"] is False


def test_seal_of_another_day_fails(closed, relay, store):
    relay.seals.keep("pekalongan/2026-11-23", store.database["seals"].find_one({"_id": DAY})["seal"])
    verdict = relay.seals.verify("pekalongan/2026-11-23", store.read(DAY), datetime.now(UTC))
    assert "seal-of-another" in [fault.reason for fault in verdict.faults]


def test_replay_of_a_rewritten_day_is_not_signed(closed, verified, relay, store):
    rewrite_day_and_history(store)
    store.database["seals"].delete_many({})
    relay.publish()
    assert store.database["seals"].count_documents({}) == 0
    assert "seal-missing" in reasons(verified())


def test_day_closed_long_ago_is_signed_by_an_operator_only(closed, relay, store):
    store.database["seals"].delete_many({})
    store.database["journal"].delete_many({})
    assert relay.sealing.seal(DAY, within=timedelta(0)) is None
    assert relay.sealing.seal(DAY, within=None)


def test_replay_publishes_the_same_seal(closed, relay, store):
    before = store.database["seals"].find_one({"_id": DAY})
    relay.publish()
    assert list(store.database["seals"].find()) == [before]


def test_seal_pending_right_after_closing(relay, start, known, bearer, verified):
    known()
    start().post(f"{PEKALONGAN}/tickets", json={"service": KTP})
    assert verified()["signature"] == "none"
    start().post(f"{PEKALONGAN}/closing", headers=bearer("supervisor"))
    found = verified()
    assert (found["fits"], found["signature"]) == (True, "pending")


def test_old_key_stays_valid_after_rotation(closed, verified, relay):
    (relay.folder / seals.PRIVATE_FILE).unlink()
    seals.make_keys(relay.folder)
    assert (verified()["fits"], verified()["signature"]) == (True, "valid")
    assert len(relay.seals.keys.as_jwks["keys"]) == 2


def test_event_and_public_routes_let_others_verify_offline(closed, start, store):
    (entry,) = store.database["journal"].find({"type": FINISHED_AS})
    sealed, client = json.loads(entry["data"]), start()
    assert client.get(SEAL).json == {"mall": "pekalongan", "day": "2026-11-24", "seal": sealed["seal"]}
    keys = KeySet.import_key_set(client.get("/ticketing/api/seal-keys").json)
    said = json.loads(jws.deserialize_compact(sealed["seal"], keys, algorithms=["Ed25519"]).payload)
    assert (said["stream"], said["hash"]) == (DAY, sealed["hash"])
    assert said["commits"] == len(store.read(DAY))
    assert sealed["seal_key"] == keys.keys[0].kid


def test_open_day_has_no_seal_to_read(client):
    assert refusal(client.get(SEAL)) == (404, "not-sealed")
    assert refusal(client.get(SEAL.replace("2026-11-24", "tomorrow"))) == (404, "unknown-day")


@pytest.fixture
def command(relay, monkeypatch, capsys):
    """What a command of the worker prints, and its exit status."""

    def run(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["worker", *arguments])
        with pytest.raises(SystemExit) as ended:
            worker.run(relay.store, relay.seals, relay.sealing)
        return ended.value.code, capsys.readouterr().out

    return run


def test_verify_command_names_seal_and_journal(closed, command, store):
    assert command("verify", DAY)[0] == 0
    assert "1 of them with a valid seal" in command("verify")[1]
    rewrite_day_and_history(store)
    for arguments in (("verify", DAY), ("verify",)):
        status, said = command(*arguments)
        assert status == 1
        assert f"{DAY}: the seal was signed for" in said
        assert f"{DAY}: the journal published the hash" in said


def test_seal_command_signs_days_closed_before_seals(closed, command, store, verified):
    store.database["seals"].delete_many({})
    rewrite_journal(store, seal=None, seal_key=None)
    assert "seal-missing" in reasons(verified())
    assert command("seal") == (0, "sealed 1 streams\n")
    assert verified()["fits"] is True
    assert command("seal") == (0, "sealed 0 streams\n")


def test_seal_command_refuses_a_day_that_does_not_fit(closed, command, store):
    store.database["seals"].delete_many({})
    rewrite_day_and_history(store)
    status, said = command("seal")
    assert (status, f"{DAY}: not sealed" in said) == (1, True)


def test_token_signed_with_the_seal_key_is_no_seal(relay):
    keys, signer = relay.seals.keys, Signer((relay.folder / seals.PRIVATE_FILE).read_text())
    seal = signer.sign(seals.Seal(DAY, 3, "hash", "2026-11-24T02:00:00+00:00"))
    assert keys.read(seal).hash == "hash"
    token = jws.serialize_compact(
        jws.extract_compact(seal.encode()).headers() | {"typ": "JWT"},
        jws.extract_compact(seal.encode()).payload,
        OKPKey.import_key((relay.folder / seals.PRIVATE_FILE).read_bytes()),
        algorithms=["Ed25519"],
    )
    with pytest.raises(seals.BadSeal, match="seal-invalid"):
        keys.read(token)
