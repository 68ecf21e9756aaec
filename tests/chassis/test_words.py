"""Texts by key and language; Indonesian stands in for what a language lacks."""

import json

import pytest

from services.chassis.words import Words


@pytest.fixture
def words(tmp_path) -> Words:
    """A house's texts in two languages, and a service's own beside them."""
    for folder, texts in {
        "chassis/id": {"greeting": "Selamat datang", "close": "Tutup pukul {time}", "only": "Hanya di sini"},
        "chassis/en": {"greeting": "Welcome", "close": "Closes at {time}"},
        "service/id": {"ticket.title": "Tiket", "ticket.wait": "Tunggu", "hall.title": "Layar"},
        "service/en": {"ticket.title": "Ticket", "greeting": "Welcome to the queue"},
    }.items():
        file = tmp_path / f"{folder}.json"
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(texts))
    return Words([tmp_path / "chassis", tmp_path / "service"])


def test_a_text_is_told_in_the_language_asked_for(words):
    assert (words.text("id", "greeting"), words.text("en", "ticket.title")) == ("Selamat datang", "Ticket")


def test_the_service_has_the_last_word(words):
    assert words.text("en", "greeting") == "Welcome to the queue"


def test_indonesian_stands_in_for_what_a_language_lacks(words):
    assert words.text("en", "only") == "Hanya di sini"


def test_a_key_nobody_wrote_stands_for_itself(words):
    assert words.text("en", "nobody.wrote.this") == "nobody.wrote.this"
    assert not words.has("nobody.wrote.this")
    assert words.has("only")


def test_values_are_filled_in_and_a_missing_one_breaks_nothing(words):
    assert words.text("id", "close", time="15.00") == "Tutup pukul 15.00"
    assert words.text("id", "close") == "Tutup pukul …"


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [
        ("en", "en"),
        ("en-GB,en;q=0.9,id;q=0.8", "en"),
        ("EN", "en"),
        (" id-ID", "id"),
        ("id,en;q=0.5", "id"),
        ("jv", "id"),
        ("*", "id"),
        ("", "id"),
    ],
)
def test_the_language_is_indonesian_unless_a_known_one_is_asked_for(words, wanted, chosen):
    assert words.choose(wanted) == chosen


def test_a_language_is_one_more_file(words, tmp_path):
    (tmp_path / "chassis" / "jv.json").write_text(json.dumps({"greeting": "Sugeng rawuh"}))
    wider = Words([tmp_path / "chassis", tmp_path / "service"])
    assert words.languages == ["en", "id"]
    assert wider.languages == ["en", "id", "jv"]
    assert wider.text(wider.choose("jv"), "greeting") == "Sugeng rawuh"


def test_a_page_gets_the_texts_of_its_own_without_the_prefix(words):
    assert words.beginning("en", "ticket.") == {"title": "Ticket", "wait": "Tunggu"}
