"""The envelope: what is sent comes back, and what is no event is told apart from one."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from services.chassis.cloud_event import CloudEvent, Malformed, decode, encode, structured

CALLED = CloudEvent(
    id="pekalongan/2026-11-24@57.0",
    source="/mpp/pekalongan/ticketing",
    type="id.go.mpp.ticket-called.v1",
    subject="20261124-pV0nX3mQx2Jc5sV7b1TtGA",
    time=datetime(2026, 11, 24, 2, 31, 12, 500000, tzinfo=UTC),
    key="pekalongan",
    data={"mall": "pekalongan", "number": "B-012", "name": "Perekaman KTP-el – ±10 menit"},
)


def headers_of(event: CloudEvent, **changed: bytes | None) -> list[tuple[str, bytes]]:
    """The headers of an event, with some of them changed or (None) left out."""
    headers = dict(encode(event)[2]) | {name.replace("content_type", "content-type"): v for name, v in changed.items()}
    return [(name, value) for name, value in headers.items() if value is not None]


def test_an_event_comes_back_as_it_was_sent():
    key, value, headers = encode(CALLED)
    assert key == b"pekalongan"
    assert decode(value, headers) == CALLED


def test_a_number_travels_with_its_event_as_a_text_that_sorts_like_it():
    numbered = replace(CALLED, sequence=1203)
    assert dict(encode(numbered)[2])["ce_sequence"] == b"000000001203"
    assert decode(*encode(numbered)[1:]) == numbered
    assert structured(numbered)["sequence"] == "000000001203"


def test_position_is_sent_as_text_that_sorts_like_it():
    positions = [(9, 10), (10, 0), (10, 2), (10, 11), (999_999_999_999, 999_999)]
    sent = [replace(CALLED, position=position) for position in positions]
    texts = [dict(encode(event)[2])["ce_streamposition"].decode() for event in sent]
    assert texts[0] == "000000000009.000010"
    assert texts == sorted(texts)
    assert [structured(event)["streamposition"] for event in sent] == texts
    assert [decode(*encode(event)[1:]) for event in sent] == sent


def test_position_in_one_object_is_read_like_one_in_headers():
    placed = replace(CALLED, position=(57, 0))
    headers = [("content-type", b"application/cloudevents+json")]
    assert decode(json.dumps(structured(placed)).encode(), headers) == placed


def test_event_without_position_is_sent_and_read_without_it():
    assert "ce_streamposition" not in dict(encode(CALLED)[2])
    assert "streamposition" not in structured(CALLED)
    assert decode(*encode(CALLED)[1:]).position is None


ODD_POSITIONS = [
    "",
    "57",
    "57.0",
    "000000000057.0",
    "0000000000057.000000",
    "-00000000057.000000",
    " " * 12 + ".000000",
]
ODD_POSITIONS += ["000000000057,000000", "000000000057.000000\n", "\u0660" * 12 + ".000000", "9" * 100_000]


@pytest.mark.parametrize("text", ODD_POSITIONS, ids=lambda text: ascii(text)[:24])
def test_position_of_another_form_is_refused(text):
    with pytest.raises(Malformed, match="streamposition has another form"):
        decode(encode(CALLED)[1], [*encode(CALLED)[2], ("ce_streamposition", text.encode())])


@pytest.mark.parametrize("value", [57, 57.0, True, ["000000000057.000000"], {}])
def test_position_in_one_object_that_is_no_text_is_refused(value):
    whole = json.dumps(structured(CALLED) | {"streamposition": value}).encode()
    with pytest.raises(Malformed):
        decode(whole, [("content-type", b"application/cloudevents+json")])


def test_an_event_as_one_object_is_read_like_one_in_headers():
    headers = [("content-type", b"application/cloudevents+json")]
    assert decode(json.dumps(structured(CALLED)).encode(), headers) == CALLED


def test_the_type_can_be_read_without_touching_the_data():
    assert dict(encode(CALLED)[2])["ce_type"] == b"id.go.mpp.ticket-called.v1"


def test_the_value_is_the_data_alone_in_plain_utf_8():
    value = encode(CALLED)[1]
    assert "– ±10 menit".encode() in value
    assert b"specversion" not in value


def test_header_names_are_read_in_any_case():
    headers = [(name.upper().replace("CE_", "Ce_"), value) for name, value in encode(CALLED)[2]]
    assert decode(encode(CALLED)[1], headers) == CALLED


@pytest.mark.parametrize("name", ["baggage", "ce_since2030"])
def test_headers_that_others_add_are_left_alone(name):
    headers = [*encode(CALLED)[2], (name, b"userId=alice")]
    assert decode(encode(CALLED)[1], headers) == CALLED


def test_a_time_in_zulu_form_is_read():
    headers = headers_of(CALLED, ce_time=b"2026-11-24T02:31:12.5Z")
    assert decode(encode(CALLED)[1], headers).time == CALLED.time


def test_an_event_without_subject_and_key_is_still_one():
    read = decode(encode(CALLED)[1], headers_of(CALLED, ce_subject=None, ce_partitionkey=None))
    assert (read.subject, read.key, read.data) == ("", "", CALLED.data)


@pytest.mark.parametrize("missing", ["ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time"])
def test_what_lacks_a_required_attribute_is_no_event(missing):
    with pytest.raises(Malformed, match=missing.removeprefix("ce_")):
        decode(encode(CALLED)[1], headers_of(CALLED, **{missing: None}))


@pytest.mark.parametrize("value", [None, b"", b"not json", b"[1, 2]", b'"text"', b"null", b"\xff\xfe"])
def test_a_value_that_is_no_json_object_is_no_event(value):
    with pytest.raises(Malformed):
        decode(value, encode(CALLED)[2])


@pytest.mark.parametrize("time", [b"yesterday", b"", b"\xff"])
def test_a_time_that_is_none_makes_it_no_event(time):
    with pytest.raises(Malformed):
        decode(encode(CALLED)[1], headers_of(CALLED, ce_time=time))


@pytest.mark.parametrize("value", [b"{}", b"[]", b'{"specversion": "1.0", "id": "1", "source": "/s", "type": "t"}'])
def test_a_structured_value_without_attributes_or_data_is_no_event(value):
    with pytest.raises(Malformed):
        decode(value, [("content-type", b"application/cloudevents+json; charset=utf-8")])
