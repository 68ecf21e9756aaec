"""Phone numbers: which are taken, how they are shown, how long they are kept."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest

from services.chassis.config import Env
from services.chassis.seal import Seal
from services.notifications import contacts
from services.notifications.contacts import Contacts, InvalidPhone, masked, parse
from services.notifications.upgrade import forget_counts_by_number

SITI, BUDI = "20261124-pV0nX3mQx2Jc5sV7b1TtGA", "20261124-8sZQk1fYw9o_R4hUe6LdNw"
PHONE, OTHER = "+6281234567890", "+6285712345678"


@pytest.mark.parametrize(
    "text",
    [
        "081234567890",
        "0812-3456-7890",
        "0812 3456 7890",
        "(0812) 3456-7890",
        "0812.3456.7890",
        "+6281234567890",
        "+62 812-3456-7890",
        "+62 0812 3456 7890",
        "6281234567890",
        "62 812 3456 7890",
        "62-812-3456-7890",
        "81234567890",
        "812-3456-7890",
        "006281234567890",
        "0062 812 3456 7890",
        "00 62 812-3456-7890",
        "  0812-3456-7890 ",
    ],
)
def test_every_usual_form_of_a_mobile_number_is_the_same_number(text):
    assert parse(text) == PHONE


@pytest.mark.parametrize("text", ["0811234567", "08123456789", "085712345678", "0895123456789"])
def test_mobile_numbers_of_all_lengths_are_taken(text):
    assert parse(text) == f"+62{text[1:]}"


@pytest.mark.parametrize("text", ["0285-421234", "021 555 1234", "+62 285 421234", "62215551234", "0062285421234"])
def test_a_fixed_line_cannot_get_a_text(text):
    with pytest.raises(InvalidPhone):
        parse(text)


@pytest.mark.parametrize("text", ["+65 8123 4567", "+60 12-345 6789", "0060123456789", "+1 202 555 0123"])
def test_a_foreign_number_is_refused(text):
    with pytest.raises(InvalidPhone):
        parse(text)


@pytest.mark.parametrize("text", ["", "siti", "0812", "08123456789012345", "14045", "0800-1-123456", "+62", "0062"])
def test_what_is_no_number_is_refused(text):
    with pytest.raises(InvalidPhone):
        parse(text)


def test_number_is_shown_by_its_last_two_digits():
    assert masked(PHONE) == "+62****90"
    assert masked("+62812****890") == "+62****90", "as it is shown of events of earlier releases"


def test_tickets_of_a_number_are_counted_once_they_are_texted(database):
    sealed = Contacts(database, Seal([OLD]))
    for ticket, phone in (("a", PHONE), ("b", PHONE), ("c", PHONE), ("d", OTHER), ("made-up", PHONE)):
        sealed.keep(ticket, phone)
    assert [sealed.count_texted(ticket) for ticket in ("a", "b", "b", "c", "d")] == [1, 2, 2, 3, 1]
    sealed.erase("b")
    assert sealed.count_texted("a") == 2, "a count is erased with its number"
    assert sealed.count_texted("b") == 0


def test_number_is_counted_by_day_of_leaving_and_of_visit(database, monkeypatch):
    kept = Contacts(database)
    for ticket in ("20261201-ba", "20261202-bb", "20261203-bc"):
        kept.keep(ticket, PHONE)
    assert [kept.count_texted(ticket) for ticket in ("20261201-ba", "20261202-bb", "20261203-bc")] == [1, 2, 3]

    class Tomorrow(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + timedelta(days=1)

    monkeypatch.setattr(contacts, "datetime", Tomorrow)
    for ticket in ("20261203-bd", "20261203-be"):
        kept.keep(ticket, PHONE)
    assert [kept.count_texted(ticket) for ticket in ("20261203-bd", "20261203-be")] == [2, 3]


def test_marks_depend_on_the_key_and_differ_from_what_encrypts():
    (old,), (new, again) = Seal([OLD]).marks(PHONE), Seal([NEW, OLD]).marks(PHONE)
    assert (old == again, old == new) == (True, False)
    assert old != hmac.digest(hashlib.sha256(OLD.encode()).digest(), PHONE.encode(), "sha256").hex()


def test_counts_and_keys_of_an_earlier_release_are_deleted_once(database):
    database["limits"].insert_many([{"_id": "key of 20600", "key": b"k" * 32}, {"_id": "ab" * 32, "n": 1}])
    assert forget_counts_by_number(database)
    assert list(database["limits"].find()) == []
    database["limits"].insert_one({"_id": "key of 20601", "key": b"k" * 32})
    assert not forget_counts_by_number(database)
    assert database["limits"].count_documents({}) == 1


@pytest.fixture
def kept(database) -> Contacts:
    return Contacts(database)


def test_a_number_is_found_by_its_ticket(kept):
    kept.keep(SITI, PHONE)
    assert kept.find(SITI) == PHONE
    assert kept.find("20261124-another") is None


def test_the_last_number_left_counts(kept):
    kept.keep(SITI, PHONE)
    kept.keep(SITI, "+6285712345678")
    assert kept.find(SITI) == "+6285712345678"


def test_a_number_that_is_erased_is_gone(kept, database):
    kept.keep(SITI, PHONE)
    kept.erase(SITI)
    kept.erase(SITI)
    assert kept.find(SITI) is None
    assert database["contacts"].count_documents({}) == 0


OLD, NEW = "an old key of this test, long enough", "a new key of this test, long enough too"


def test_with_a_key_the_number_is_not_to_be_read_in_the_database(database):
    sealed = Contacts(database, Seal([OLD]))
    sealed.keep(SITI, PHONE)
    assert sealed.find(SITI) == PHONE
    assert PHONE.removeprefix("+62") not in str(database["contacts"].find_one())
    assert Contacts(database, Seal([NEW])).find(SITI) is None, "nor with another key"
    assert Contacts(database).find(SITI) is None, "nor without one"
    assert sealed.erase_number("+6285712345678") == 0
    assert sealed.erase_number(PHONE) == 1


def test_a_new_key_encrypts_and_the_old_one_still_reads_until_it_is_thrown_away(database):
    both, new = Contacts(database, Seal([NEW, OLD])), Contacts(database, Seal([NEW]))
    Contacts(database, Seal([OLD])).keep(SITI, PHONE)
    both.keep(BUDI, PHONE)
    assert (both.find(SITI), both.find(BUDI)) == (PHONE, PHONE)
    assert (new.find(SITI), new.find(BUDI)) == (None, PHONE)


def test_a_number_that_was_kept_before_there_was_a_key_is_read_and_encrypted_when_it_is_left_again(database):
    Contacts(database).keep(SITI, PHONE)
    sealed = Contacts(database, Seal([NEW]))
    assert sealed.find(SITI) == PHONE
    sealed.keep(SITI, PHONE)
    assert "phone" not in database["contacts"].find_one()


def test_a_key_that_can_be_guessed_is_refused_at_the_start(monkeypatch, capsys, tmp_path):
    (tmp_path / "keys").write_text(f"{NEW.replace(' ', '-')}\nrahasia\n")
    monkeypatch.setenv("CONTACTS_KEYS_FILE", str(tmp_path / "keys"))
    env = Env()
    Seal.from_env(env)
    with pytest.raises(SystemExit):
        env.check()
    said = capsys.readouterr().err
    assert "CONTACTS_KEYS: each key must have 32 characters or more" in said
    assert "rahasia" not in said


def test_the_database_deletes_numbers_by_itself_once_their_time_is_over(kept, database):
    kept.keep(SITI, PHONE)
    indexes = database["contacts"].index_information().values()
    assert [(i["key"], i["expireAfterSeconds"]) for i in indexes if "expireAfterSeconds" in i] == [
        ([("expires_at", 1)], 0)
    ]
    expires = database["contacts"].find_one({"_id": SITI})["expires_at"]
    assert timedelta(hours=23) < expires - datetime.now(UTC) <= timedelta(hours=24)


def test_a_number_whose_time_is_over_is_not_used_though_it_was_not_yet_deleted(kept, monkeypatch):
    monkeypatch.setattr(contacts, "KEPT", timedelta(seconds=-1))
    kept.keep(SITI, PHONE)
    assert kept.find(SITI) is None
