"""CloudEvents 1.0 in Kafka's binary mode: attributes as `ce_` headers, the data alone as the value.

Source: CloudEvents 1.0.2, Kafka protocol binding, sections 3.2 (binary) and 3.3 (structured, read only).
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.chassis.tracing import valid

TYPES = "id.go.mpp."  # what the types of all our events begin with
REQUIRED = ("specversion", "id", "source", "type")
DIGITS = 12
POSITION = re.compile(r"([0-9]{12})\.([0-9]{6})")  # a version and an index, both padded: sorts as text
TRACEPARENT = "traceparent"  # a header as OpenTelemetry's Kafka clients know it, so without `ce_`


Position = tuple[int, int]  # version of the commit in its stream, and index of the event in that commit


class Malformed(ValueError):
    """These bytes are no event we can read."""


@dataclass(frozen=True)
class CloudEvent:
    """A public fact: what happened (`type`), to what (`subject`), when; events of one `key` stay in order.

    `sequence` counts a producer's events of that key, from 1 on without gaps; 0 before an event is numbered.
    `dataschema` is the address or name of the JSON Schema of the data. `traceparent` names the request that led to it
    (W3C Trace Context); it is about how the event came to be, and is told by Kafka's header of that name alone.
    `position` orders the events of one stream of the producer (attribute `streamposition`, decision 0039); None in
    events of releases before that attribute, and in events that are in no stream.
    """

    id: str
    source: str
    type: str
    subject: str
    time: datetime
    key: str
    data: Mapping[str, Any]
    sequence: int = 0
    dataschema: str = ""
    traceparent: str = ""
    position: Position | None = None


def encode(event: CloudEvent) -> tuple[bytes, bytes, list[tuple[str, bytes]]]:
    """Kafka key, value and headers of an event."""
    headers = [(f"ce_{name}", value.encode()) for name, value in _attributes(event).items()]
    headers.append(("content-type", b"application/json"))
    if event.traceparent:
        headers.append((TRACEPARENT, event.traceparent.encode()))
    return event.key.encode(), data_as_json(event).encode(), headers


def data_as_json(event: CloudEvent) -> str:
    """What the event says, in one line of JSON."""
    return json.dumps(event.data, ensure_ascii=False, separators=(",", ":"))


def structured(event: CloudEvent) -> dict[str, Any]:
    """The event as one JSON object, attributes and data side by side (CloudEvents 1.0.2, JSON format)."""
    return {**_attributes(event), "datacontenttype": "application/json", "data": event.data}


def _attributes(event: CloudEvent) -> dict[str, str]:
    attributes = {
        "specversion": "1.0",
        "id": event.id,
        "source": event.source,
        "type": event.type,
        "subject": event.subject,
        "time": event.time.isoformat(),
        "partitionkey": event.key,
    }
    if event.dataschema:
        attributes["dataschema"] = event.dataschema
    if event.sequence:  # the extension wants a text that sorts like its number
        attributes["sequence"] = f"{event.sequence:0{DIGITS}}"
    if event.position:
        version, index = event.position
        attributes["streamposition"] = f"{version:012}.{index:06}"
    return attributes


def decode(value: bytes | None, headers: Iterable[tuple[str, bytes]]) -> CloudEvent:
    """The event in a Kafka record, in either mode. Raises `Malformed`."""
    try:
        names = [(name.lower(), text) for name, text in headers]
        ours = {name: text.decode() for name, text in names if name.startswith("ce_") or name == "content-type"}
        content = json.loads(value or b"")
        if ours.get("content-type", "").startswith("application/cloudevents"):
            attributes, data = content, content.get("data")
        else:
            attributes, data = {name.removeprefix("ce_"): text for name, text in ours.items()}, content
        missing = [name for name in REQUIRED if not attributes.get(name)]
        if missing or not isinstance(data, dict):
            raise Malformed(f"missing {', '.join(missing) or 'a data object'}")
        return CloudEvent(
            id=attributes["id"],
            source=attributes["source"],
            type=attributes["type"],
            subject=attributes.get("subject", ""),
            time=datetime.fromisoformat(attributes["time"]),
            key=attributes.get("partitionkey", ""),
            data=data,
            sequence=int(attributes.get("sequence") or 0),
            dataschema=attributes.get("dataschema") or "",
            traceparent=valid(next((text.decode(errors="replace") for name, text in names if name == TRACEPARENT), "")),
            position=_position(attributes.get("streamposition")),
        )
    except Malformed:
        raise
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
        raise Malformed(f"{type(error).__name__}: {error}") from error


def _position(text: str | None) -> Position | None:
    if text is None:
        return None
    if not (found := POSITION.fullmatch(text)):
        raise Malformed("streamposition has another form")
    return int(found[1]), int(found[2])
