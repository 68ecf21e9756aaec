"""Phone numbers: which are taken, how they are shown, how long they are kept."""

from datetime import UTC, datetime, timedelta

import pytest

from services.notifications import contacts
from services.notifications.contacts import Contacts, InvalidPhone, masked, parse

SITI = "20261124-pV0nX3mQx2Jc5sV7b1TtGA"
PHONE = "+6281234567890"


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


def test_a_number_is_shown_without_its_middle():
    assert masked(PHONE) == "+62812****890"


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
