"""The wording of texts and the gateway that writes them to a file."""

import json
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from properties import examples

import services
from services.catalog.domain.mall import LONGEST_SHORT_NAME
from services.notifications.domain.events import SmsRequested
from services.notifications.domain.mall import MALL, Mall, SwitchText, TextSwitched, TextWorded, WordText
from services.notifications.domain.wording import LENGTHS, PLACEHOLDERS, InvalidText, length, must_fit, plain, shortened
from services.notifications.sms import wording
from services.notifications.sms.gateways.gateway import Text
from services.notifications.sms.gateways.log import LogGateway

PHONE = "+6281234567890"
NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
USUAL = [(language, kind) for language in wording.USUAL for kind in PLACEHOLDERS]


def test_every_occasion_has_a_usual_wording_in_both_languages():
    assert {language: set(texts) for language, texts in wording.USUAL.items()} == {
        "en": set(PLACEHOLDERS),
        "id": set(PLACEHOLDERS),
    }


def test_a_further_language_is_one_more_file(tmp_path):
    shutil.copytree(Path(services.__file__).parent, tmp_path / "services", ignore=shutil.ignore_patterns("static"))
    written = "{mall}: nomer {number} ditimbali. Mangga dhateng {counter}."
    (tmp_path / "services/notifications/sms/texts/jv.json").write_text(json.dumps({"called": written}))
    program = """
from services.notifications.api.messages import Phone
from services.notifications.domain.mall import Mall
from services.notifications.sms import wording
language = Phone().load({"phone": "0812", "language": "jv"})["language"]
print(wording.template(Mall(), "called", language))
print(wording.template(Mall(), "missed", language) == wording.USUAL["id"]["missed"])
"""
    said = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert said.stdout.splitlines() == [written, "True"], said.stderr


@pytest.mark.parametrize(("language", "kind"), USUAL)
def test_every_usual_wording_fits_with_the_longest_values(language, kind):
    assert must_fit(kind, wording.USUAL[language][kind]) <= 160


@pytest.mark.parametrize(("language", "kind"), USUAL)
def test_every_usual_wording_opens_with_the_malls_name(language, kind):
    text = wording.example(wording.USUAL[language][kind], Mall(name="MPP Kota Pekalongan"), "pekalongan", language)
    assert text.startswith("MPP Kota Pekalongan: ")
    assert text.isascii()
    assert length(text) == len(text)


def test_a_malls_name_is_never_cut():
    assert LENGTHS["mall"] == LONGEST_SHORT_NAME


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{mall}: {number} dipanggil di {counter", "A brace is open"),
        ("{mall}: {number!r} di {counter}", "only be a name"),
        ("{mall}: {number:>9} di {counter}", "only be a name"),
        ("{mall}: {nomor} di {counter}", "There is no"),
        ("{mall}: {0} di {counter}", "There is no"),
        ("{mall}: {number.__class__} di {counter}", "There is no"),
        ("Nomor {number} di {counter}", "is missing"),
        ("{mall}: {number} dipanggil", "is missing"),
        ("{mall}: {number} di {counter} \N{RIGHTWARDS ARROW} \N{GRINNING FACE}", "cannot hold"),
        ("{mall}: {number} di {counter} `", "cannot hold"),
        ("{mall}: {number} di {counter}\n", "cannot hold"),
        ("{mall}: {number} di {counter} " + "x" * 98, "at most 160"),
        ("{mall}: {number} di {counter} " + "~" * 49, "at most 160"),
    ],
)
def test_a_wording_that_would_not_fit_is_refused_when_it_is_saved(text, says):
    with pytest.raises(InvalidText) as refused:
        MALL.decide(WordText("called", "id", text, NOW), MALL.initial)
    assert any(says in fault.says for fault in refused.value.params["errors"]["text"])


def test_a_wording_of_exactly_160_characters_fits():
    text = "{mall}: {number} di {counter}"
    room = 160 - must_fit("called", text)
    assert must_fit("called", text + "x" * room) == 160
    with pytest.raises(InvalidText):
        must_fit("called", text + "x" * (room + 1))


def test_a_character_of_the_extension_table_counts_twice():
    assert (length("[a]"), length("a~")) == (5, 3)


def test_values_are_written_in_the_letters_that_a_text_has():
    assert plain("Dépôt [A]\n~x") == "Depot (A) x"
    assert plain("[kurung] {a}|b") == "(kurung) (a)/b"


@pytest.mark.parametrize(
    ("value", "most", "cut"),
    [
        ("Perekaman KTP-el", 16, "Perekaman KTP-el"),
        ("Perekaman KTP-el", 15, "Perekaman..."),
        ("Perekaman KTP-el baru", 19, "Perekaman KTP-el..."),
        ("Listrik padam, genset rusak", 17, "Listrik padam..."),
        ("Perekaman", 8, "..."),
        ("x" * 400, 40, "..."),
    ],
)
def test_value_is_cut_after_a_whole_word(value, most, cut):
    assert shortened(value, most) == cut


def test_sentence_after_a_cut_value_has_three_dots():
    asked = text("suspended", reason="Jaringan listrik di seluruh gedung padam total")
    said = wording.render(Mall(), asked)
    assert "berhenti sementara: Jaringan listrik di seluruh gedung... Nomor Anda" in said


@pytest.mark.parametrize("reason", ["Listrik padam.", "Listrik padam ...", " Listrik  padam;"])
def test_reason_that_ends_a_sentence_gets_one_full_stop(reason):
    assert ": Listrik padam. Nomor Anda" in wording.render(Mall(), text("suspended", reason=reason))


@pytest.mark.parametrize("reason", ["", "\N{FIRE}", "\x00\x07\n", "…", "y" * 400])
def test_reason_that_cannot_be_told_gives_way_to_the_cause(reason):
    said = wording.render(Mall(name="MPP"), text("closed", reason=reason, cause="closed-day"))
    assert "batal: hari itu libur. Pilih" in said
    assert "ada gangguan. Nomor" in wording.render(Mall(), text("suspended", reason=reason))
    unknown = text("closed", "en", reason=reason, cause="a-cause-of-next-year")
    assert "cancelled: there is a disruption. Choose" in wording.render(Mall(name="MPP"), unknown)


CAUSES = ("closed-day", "mall-closed", "service-withdrawn", "service-closed", "agency-suspended", "counter-closed")


@pytest.mark.parametrize("language", wording.USUAL)
@pytest.mark.parametrize("cause", [*CAUSES, "other"])
def test_every_cause_has_words_that_are_not_cut(language, cause):
    assert 0 < len(wording.WRITTEN[language][f"reason.{cause}"]) <= LENGTHS["reason"]


WORDS = st.one_of(
    st.text(max_size=60),
    st.text(st.characters(max_codepoint=127), max_size=60),
    st.integers(1, 400).map(lambda n: "w" * n),
    st.sampled_from(["\N{FIRE}\N{VARIATION SELECTOR-16}", "\x00", "\u202e", "\u200b", "{0}", "[x]", "...", "ﬁ"]),
)


@settings(max_examples=examples(300))
@given(
    st.lists(WORDS, max_size=12).map(" ".join),
    st.sampled_from(["suspended", "closed", "transferred", "unserved"]),
    st.sampled_from(sorted(wording.USUAL)),
)
def test_any_value_makes_one_segment_and_is_cut_between_words(written, kind, language):
    values = {"reason": written, "service": written, "cause": "closed-day", "number": "ABC-999"}
    said = wording.render(Mall(name="M" * LENGTHS["mall"]), text(kind, language, **values))
    assert length(said) <= 160
    assert said.isascii()
    assert said.isprintable()
    assert "`" not in said
    for most in (5, 12, 40):
        short, words = shortened(written, most), plain(written).split()
        assert len(short) <= most
        if short != " ".join(words):
            assert short.endswith("...")
            whole = short.removesuffix("...")
            starts = [" ".join(words[:n]).rstrip(" .,;:-") for n in range(len(words) + 1)]
            assert whole in starts


@pytest.mark.parametrize(("language", "kind"), USUAL)
def test_longest_legal_names_leave_one_segment(language, kind):
    values = {
        "service": "Pendaftaran " * 12,
        "reason": "Pemeliharaan " * 30,
        "counter": "G" * 10,
        "floor": "12",
        "ahead": "1000",
        "number": "ABC-999",
        "day": "2026-08-30",
        "time": "10.00",
    }
    said = wording.render(Mall(name="M" * LONGEST_SHORT_NAME), text(kind, language, **values))
    assert length(said) <= 160
    assert said.startswith("M" * LONGEST_SHORT_NAME)


def text(kind, language="id", **values) -> SmsRequested:
    filled_in = {"day": "2026-11-26", "time": "10.00", "number": "B-012", **values}
    return SmsRequested("id", "ticket", kind, "", "B-012", filled_in, NOW, NOW, "pekalongan", "", language)


def test_a_mall_words_a_text_once_and_can_go_back():
    worded = WordText("called", "id", "{mall}: {number} ke {counter}", NOW)
    (event,) = MALL.decide(worded, MALL.initial)
    mall = MALL.evolve(MALL.initial, event)
    assert isinstance(event, TextWorded)
    assert MALL.decide(worded, mall) == []
    assert wording.template(mall, "called", "id") == "{mall}: {number} ke {counter}"
    assert wording.template(mall, "called", "en") == wording.USUAL["en"]["called"]
    (back,) = MALL.decide(WordText("called", "id", "", NOW), mall)
    assert wording.template(MALL.evolve(mall, back), "called", "id") == wording.USUAL["id"]["called"]


def test_an_occasion_is_switched_off_and_on_again():
    assert MALL.decide(SwitchText("missed", True, NOW), MALL.initial) == []
    (off,) = MALL.decide(SwitchText("missed", False, NOW), MALL.initial)
    mall = MALL.evolve(MALL.initial, off)
    assert (type(off), mall.silent) == (TextSwitched, {"missed"})
    (on,) = MALL.decide(SwitchText("missed", True, NOW), mall)
    assert MALL.evolve(mall, on).silent == frozenset()


def test_the_log_gateway_appends_each_text_with_the_number_masked(tmp_path):
    file = tmp_path / "sms.jsonl"
    assert LogGateway(file).send(Text("one", PHONE, "MPP Kota Pekalongan: nomor antrean B-012.")) == "log:one"
    LogGateway(file).send(Text("two", PHONE, "MPP Kota Pekalongan: nomor B-012 dipanggil."))
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [(line["id"], line["to"]) for line in lines] == [("one", "+62****90"), ("two", "+62****90")]
    assert lines[0]["text"] == "MPP Kota Pekalongan: nomor antrean B-012."
    assert "81234567890" not in file.read_text()


def test_a_log_that_cannot_be_written_leaves_it_unsure_what_happened(tmp_path):
    with pytest.raises(OSError, match="no-such-folder"):
        LogGateway(tmp_path / "no-such-folder" / "sms.jsonl").send(Text("one", PHONE, "MPP"))
