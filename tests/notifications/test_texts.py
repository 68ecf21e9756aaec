"""The wording of texts and the gateway that writes them to a file."""

import json

import pytest

from services.catalog.domain.mall import LONGEST_SHORT_NAME
from services.notifications.sms import texts
from services.notifications.sms.gateway import LogGateway

PHONE = "+6281234567890"
LONGEST = {
    "mall": "M" * LONGEST_SHORT_NAME,
    "number": "ZZ-9999",
    "ahead": "9999",
    "counter": "GERAI-1234",
    "floor": "12",
}


@pytest.mark.parametrize("kind", texts.TEMPLATES)
def test_every_text_fits_one_segment_with_the_longest_values(kind):
    assert len(LONGEST["counter"]) == 10
    assert len(texts.render(kind, LONGEST)) <= texts.LONGEST == 160


@pytest.mark.parametrize("kind", texts.TEMPLATES)
def test_every_text_is_plain_ascii(kind):
    text = texts.render(kind, LONGEST)
    assert text.isascii()
    assert text.isprintable()
    assert not set(text) & set("[]{}\\^~|`"), "these count as two in a text or are not in its alphabet"


@pytest.mark.parametrize("kind", texts.TEMPLATES)
def test_every_text_opens_with_the_malls_name_and_tells_the_number(kind):
    text = texts.render(kind, {**LONGEST, "mall": "MPP Kota Pekalongan", "number": "B-012"})
    assert text.startswith("MPP Kota Pekalongan: ")
    assert "B-012" in text


def test_the_text_of_a_call_tells_where_to_go():
    text = texts.render("called", {**LONGEST, "counter": "G02", "floor": "2"})
    assert "gerai G02, lantai 2" in text


def test_the_text_of_a_ticket_tells_how_many_are_ahead():
    assert "3 orang" in texts.render("issued", {**LONGEST, "ahead": "3"})


def test_the_log_gateway_appends_each_text_with_the_number_masked(tmp_path):
    file = tmp_path / "sms.jsonl"
    gateway = LogGateway(file)
    assert gateway.send("siti.issued", PHONE, "MPP Kota Pekalongan: nomor antrean B-012.") == "log:siti.issued"
    LogGateway(file).send("siti.called", PHONE, "MPP Kota Pekalongan: nomor B-012 dipanggil.")
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [(line["id"], line["to"]) for line in lines] == [
        ("siti.issued", "+62812****890"),
        ("siti.called", "+62812****890"),
    ]
    assert lines[0]["text"] == "MPP Kota Pekalongan: nomor antrean B-012."
    assert "81234567890" not in file.read_text()


def test_a_log_that_cannot_be_written_leaves_it_unsure_what_happened(tmp_path):
    with pytest.raises(OSError, match="no-such-folder"):
        LogGateway(tmp_path / "no-such-folder" / "sms.jsonl").send("siti.issued", PHONE, "MPP")
