"""Our envelope and that of the CloudEvents project's own SDK are the same, in both directions."""

from datetime import UTC, datetime

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_kafka_event, to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent as SdkEvent

from services.chassis.cloud_event import CloudEvent, decode, encode

TICKET_CALLED = CloudEvent(
    id="pekalongan/2026-11-24@57.1",
    source="/mpp/pekalongan/ticketing",
    type="id.go.mpp.ticket-called.v1",
    subject="20261124-pV0nX3mQx2Jc5sV7b1TtGA",
    time=datetime(2026, 11, 24, 2, 31, 12, 500000, tzinfo=UTC),
    key="pekalongan",
    data={"mall": "pekalongan", "number": "B-012", "floor": 1, "note": "gerai “dua” – ±5 menit", "counters": []},
    position=(57, 1),
)
ATTRIBUTES = {
    "specversion": "1.0",
    "id": TICKET_CALLED.id,
    "source": TICKET_CALLED.source,
    "type": TICKET_CALLED.type,
    "subject": TICKET_CALLED.subject,
    "time": TICKET_CALLED.time,
    "partitionkey": TICKET_CALLED.key,
    "streamposition": "000000000057.000001",
    "datacontenttype": "application/json",
}


def test_the_sdk_reads_what_we_write():
    key, value, headers = encode(TICKET_CALLED)
    read = from_kafka_event(KafkaMessage(dict(headers), key, value))
    assert dict(read.get_attributes()) == ATTRIBUTES
    assert read.get_data() == TICKET_CALLED.data


@pytest.mark.parametrize("write", [to_binary_event, to_structured_event])
def test_we_read_what_the_sdk_writes(write):
    message = write(SdkEvent(dict(ATTRIBUTES), dict(TICKET_CALLED.data)))
    assert message.key == TICKET_CALLED.key
    assert decode(message.value, list(message.headers.items())) == TICKET_CALLED


def test_in_binary_mode_both_write_the_same_headers():
    message = to_binary_event(SdkEvent(dict(ATTRIBUTES), dict(TICKET_CALLED.data)))
    _, _, headers = encode(TICKET_CALLED)
    ours, theirs = dict(headers), dict(message.headers)
    assert datetime.fromisoformat(ours.pop("ce_time").decode()) == TICKET_CALLED.time
    assert datetime.fromisoformat(theirs.pop("ce_time").decode()) == TICKET_CALLED.time
    assert ours == theirs


def test_what_we_publish_is_read_by_the_sdk_without_loss(published):
    for event in published:
        key, value, headers = encode(event)
        read = from_kafka_event(KafkaMessage(dict(headers), key, value))
        assert (read.get_id(), read.get_type(), read.get_time(), read.get_data()) == (
            event.id,
            event.type,
            event.time,
            event.data,
        )
