"""The hall's voice: what is said of a call, and the server's clips of the calls that were made."""

import io
import wave
from functools import partial
from pathlib import Path

import pytest
from examples import KTP
from ticketing.conftest import PEKALONGAN, refusal

import services
from services.chassis.words import Words
from services.ticketing import live, voice
from services.ticketing.voice import NoVoice, Voice, VoiceSilent, announcement

FOLDER = Path(services.__file__).parent
WORDS = Words([FOLDER / "chassis/words", FOLDER / "ticketing/words"])
CLIPS = "/ticketing/live/malls/pekalongan/announcements"
speaks = pytest.mark.skipif(not voice.installed(), reason="espeak-ng is not installed")


def said(number: str, counter: str, language: str = "id") -> str:
    return announcement(partial(WORDS.text, language), number, counter)


def test_a_call_is_said_letter_by_letter_and_digit_by_digit():
    assert said("B-012", "G02") == "Nomor antrean B nol satu dua, silakan ke gerai dua"
    assert said("AA-100", "G23") == "Nomor antrean A A satu nol nol, silakan ke gerai 23"
    assert said("B-012", "G02", "en") == "Number B zero one two, please go to counter two"
    assert said("B-012", "UTARA") == "Nomor antrean B nol satu dua, silakan ke gerai U T A R A"


@speaks
@pytest.mark.parametrize("language", ["id", "en"])
def test_a_clip_is_a_whole_sound_file_as_long_as_it_says(language):
    with wave.open(io.BytesIO(Voice().clip(language, said("B-012", "G02", language)))) as clip:
        seconds = clip.getnframes() / clip.getframerate()
        loudest = max(clip.readframes(clip.getnframes()))
    assert 2 < seconds < 10
    assert loudest > 0


def program(folder: Path, does: str) -> str:
    file = folder / "espeak-ng"
    file.write_text(f"#!/bin/sh\n{does}\n")
    file.chmod(0o755)
    return str(file)


def test_the_same_sentence_is_rendered_once(tmp_path, monkeypatch):
    real = voice.installed() or pytest.skip("espeak-ng is not installed")
    counting = program(tmp_path, f'echo once >> {tmp_path}/asked; exec {real} "$@"')
    monkeypatch.setattr(voice, "installed", lambda: counting)
    ours = Voice()
    assert ours.clip("id", "nol satu dua") == ours.clip("id", "nol satu dua")
    assert (tmp_path / "asked").read_text().split() == ["once"]


@pytest.mark.parametrize(
    ("found", "raised"),
    [(None, NoVoice), ("exit 1", NoVoice), ("sleep 3", VoiceSilent)],
    ids=["none", "fails", "hangs"],
)
def test_a_server_without_a_voice_says_so(tmp_path, monkeypatch, found, raised):
    monkeypatch.setattr(
        voice, "installed", lambda: found and program(tmp_path, f"exec {found}" if "sleep" in found else found)
    )
    monkeypatch.setattr(voice, "LONGEST", 0.2)
    with pytest.raises(raised):
        Voice().clip("id", "nol")


@pytest.fixture
def hall(client, g02, monkeypatch):
    """The live process, after B-001 was called to G02."""
    client.post(f"{PEKALONGAN}/tickets", json={"service": KTP, "priority": None})
    client.post(f"{PEKALONGAN}/counters/G02/calls", headers=g02, json={})
    return live.create_app().test_client()


@speaks
def test_a_call_can_be_heard_and_kept(hall):
    clip = hall.get(f"{CLIPS}/id/B-001/G02.wav")
    assert (clip.status_code, clip.mimetype) == (200, "audio/wav")
    assert clip.headers["Cache-Control"] == "public, max-age=86400"
    assert hall.get(f"{CLIPS}/en/B-001/G02.wav").data != clip.data


@pytest.mark.parametrize("path", ["id/B-002/G02", "id/B-001/G03", "id/anything at all/G02"])
def test_nothing_but_a_call_is_said(hall, path):
    assert refusal(hall.get(f"{CLIPS}/{path}.wav")) == (404, "unknown-call")


def test_a_language_without_words_is_not_spoken(hall):
    assert refusal(hall.get(f"{CLIPS}/xx/B-001/G02.wav")) == (404, "no-voice")


SITE = "/ticketing/malls/pekalongan"


@pytest.mark.parametrize(("floor", "is_missing"), [("1", False), ("2", False), ("9", True), ("0", True)])
def test_hall_of_floor_without_counter_shows_the_mall_and_says_so(client, floor, is_missing):
    page = client.get(f"{SITE}/hall?floor={floor}")
    assert page.status_code == 200
    assert f'data-floor="{floor}" data-floors="1 2"' in page.text
    assert f"Tidak ada gerai di lantai {floor}" in page.text
    assert ('id="floor-name" hidden' in page.text) == is_missing


def test_hall_refuses_an_address_that_names_no_floor(client):
    refused = client.get(f"{SITE}/hall?floor=atas")
    assert refusal(refused) == (404, "unknown-floor")
    assert refused.json["floors"] == "1, 2"


def test_a_screen_announces_in_the_languages_of_its_address_and_else_in_indonesian(client):
    assert '"language": "en"' not in client.get(f"{SITE}/hall").text
    both = client.get(f"{SITE}/hall?voice=id,en,xx").text
    assert both.index('"language": "id"') < both.index('"language": "en"')
    assert "Number {number}, please go to counter {counter}" in both
