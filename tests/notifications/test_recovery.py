"""Phone numbers cannot be recovered from the database alone: an attacker with a copy of it tries all of a range."""

import hashlib
from datetime import UTC, datetime

import pytest
from notifications.attacker import dump, recovered, stored
from notifications.test_sending import BUDI, SITI, Gateway, Mall

from services.chassis.limits import DAY, Limit, Limits
from services.chassis.seal import Seal
from services.kernel import tokens
from services.notifications.app import create_app
from services.notifications.contacts import Contacts
from services.notifications.correspondence import Correspondences

KEY = "a-key-of-this-test-which-is-long-enough"
PRESENT, WITHDRAWN = "+6281277114455", "+6281277114789"
RANGE = [f"+6281277114{n:03}" for n in range(1000)]


@pytest.fixture
def client(mongo_server, database, monkeypatch, tmp_path):
    """The web process of notifications, with a key that is not in the database."""
    tokens.make_keys(tmp_path / "keys")
    monkeypatch.setenv("MONGO_URL", mongo_server.url)
    monkeypatch.setenv("MONGO_DATABASE", database.name)
    monkeypatch.setenv("CONTACTS_KEYS", KEY)
    monkeypatch.setenv("TOKEN_PUBLIC_KEY_FILE", str(tmp_path / "keys" / "token_public.pem"))
    return create_app().test_client()


def test_database_alone_gives_back_no_number(client, store, database):
    mall = Mall(store)
    mall.here = Correspondences(store, Contacts(database, Seal([KEY])))
    for ticket, phone in ((SITI, PRESENT), (BUDI, WITHDRAWN)):
        assert client.put(f"/notifications/api/tickets/{ticket}/phone", json={"phone": phone}).status_code == 200
        mall.issued(ticket)
        mall.called(ticket)
    gateway = Gateway()
    mall.deliver(gateway)
    assert {text.phone for text in gateway.sent} == {PRESENT, WITHDRAWN}
    client.delete(f"/notifications/api/tickets/{BUDI}/phone")
    kept = dump(stored(database))
    assert database["contacts"].count_documents({}) == 1
    assert recovered(kept, RANGE) == {}
    assert any(key != b"" for key in kept.keys), "the key of the counts by address was tried"


def test_replication_log_is_among_what_the_attacker_has(database):
    database["contacts"].insert_one({"_id": "a", "phone": PRESENT})
    database["contacts"].delete_one({"_id": "a"})
    assert recovered(dump(stored(database)), RANGE) == {PRESENT: "readable"}


STORED = {
    "readable": {"phone": PRESENT},
    "readable with hyphens": {"said": {"text": ["nomor 0812-7711-4455 ditolak"]}},
    "masked as by earlier releases": {"phone": "+62812****455"},
    "hashed": {"who": hashlib.sha256(PRESENT.encode()).hexdigest()},
    "hashed to bytes": {"who": hashlib.md5(b"081277114455").digest()},
    "marked without a key": {"marks": Seal().marks(f"{PRESENT}\n{datetime.now(UTC):%Y%m%d}\n")},
    "marked with a key that is stored": {
        "marks": Seal([KEY]).marks(f"{PRESENT}\n{datetime.now(UTC):%Y%m%d}\n127.0.0.1"),
        "key": KEY,
    },
}


@pytest.mark.parametrize("how", STORED)
def test_attacker_finds_what_is_stored_badly(how):
    assert set(recovered(dump([STORED[how]]), RANGE)) == {PRESENT}


def test_attacker_finds_what_earlier_releases_counted(database):
    Limits(database, tickets_of_phone=Limit(5, DAY)).take("tickets_of_phone", PRESENT)
    assert recovered(dump(stored(database)), RANGE) == {PRESENT: "keyed"}


def test_mask_of_two_digits_leaves_ten_of_a_thousand():
    assert recovered(dump([{"phone": "+62****55"}]), RANGE) == {}
