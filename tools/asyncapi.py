"""`make asyncapi`: the AsyncAPI documents of the published events, and what webhooks offer, from their schemas.

docs/asyncapi.yaml has everything; services/<service>/schemas/asyncapi.yaml, which the service serves, its own part.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from tools import webhook_kinds

ROOT = Path(__file__).resolve().parents[1]
SERVICES = ("catalog", "ticketing", "notifications")
TYPES = "id.go.mpp."
LATEST = "0.5.0"  # of the Kafka binding
LEFT_OUT = ("$schema", "$id", "examples")  # the first two are of the file; examples are given with the message
STREAMED = ("ticketing",)  # services that have a live process
MALL_KEY = "The key is the mall, so that its events stay in order."
KEYS = {"access": "The key is `access`. For our own services: agencies have no right to read it."}
Document = dict[str, Any]


def schemas(service: str) -> dict[str, Document]:
    """The schemas of a service's events, by type."""
    return {file.stem: json.loads(file.read_text()) for file in _files(service)}


def _files(service: str) -> list[Path]:
    return sorted((ROOT / "services" / service).rglob("schemas/*.json"), key=lambda file: file.name)


def topics(service: str) -> dict[str, list[str]]:
    """The types of a service's events by topic: `services/catalog/access/schemas` holds those of `mpp.access`."""
    found: dict[str, list[str]] = {service: []}
    for file in _files(service):
        found.setdefault(file.parent.parent.name, []).append(file.stem)
    return found


def document(services: Sequence[str]) -> Document:
    """The AsyncAPI 3.0 document of these services' events."""
    found = {service: schemas(service) for service in services}
    channels = {name: channel for service in services for name, channel in _channels(service)}
    if len(services) > 1:
        messages = {service: _ref("messages", f"{service}-event") for service in services}
        channels["webhooks"] = {
            "address": None,
            "title": "Webhooks",
            "description": "An address that a subscriber registers; each event is sent there, signed.",
            "messages": messages,
        }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Events of a public service mall",
            "version": "1.0.0",
            "description": "Generated from the JSON Schemas of the events. How to subscribe: docs/subscribing.md.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "kafka": {
                "host": "kafka.mpp.example.go.id:9093",
                "protocol": "kafka-secure",
                "security": [_ref("securitySchemes", "scram")],
            },
            "http": {
                "host": "mpp.example.go.id",
                "protocol": "https",
                "security": [_ref("securitySchemes", "token")],
            },
        },
        "channels": channels,
        "operations": {name: _operation(name, channel) for name, channel in channels.items()},
        "components": {
            "messages": {name: message for service in services for name, message in _messages(service, found[service])},
            "schemas": {"CloudEvent": CLOUD_EVENT, "CloudEventHeaders": HEADERS}
            | {n: _embedded(n, s) for all in found.values() for n, s in all.items()},
            "securitySchemes": {
                "scram": {"type": "scramSha512", "description": "A user for each agency."},
                "token": {"type": "http", "scheme": "bearer", "description": "An access token."},
            },
        },
    }


def _channels(service: str) -> Iterator[tuple[str, Document]]:
    for topic, names in topics(service).items():
        yield topic, _topic(topic, names, KEYS.get(topic, MALL_KEY))
    malls = {"mall": {"description": "Code of the mall.", "examples": ["pekalongan"]}}
    http = {"servers": [{"$ref": "#/servers/http"}], "parameters": malls}
    yield (
        f"{service}-feed",
        {
            "address": f"/{service}/api/malls/{{mall}}/events",
            "title": f"HTTP feed of {service}",
            "description": "Batches of events; the header Link with rel=next says where to go on.",
            **http,
            "messages": {"batch": _ref("messages", f"{service}-batch")},
        },
    )
    if service in STREAMED:
        yield (
            f"{service}-stream",
            {
                "address": f"/{service}/live/malls/{{mall}}/events",
                "title": f"Stream of {service}",
                "description": "Server-sent events; the id is the event's number, for Last-Event-ID.",
                **http,
                "messages": {"event": _ref("messages", f"{service}-event")},
            },
        )


def _topic(topic: str, names: Sequence[str], key: str) -> Document:
    return {
        "address": f"mpp.{topic}",
        "title": f"Topic of {topic}",
        "description": f"CloudEvents in binary mode. {key}",
        "servers": [{"$ref": "#/servers/kafka"}],
        "messages": {_short(name): _ref("messages", name) for name in names},
        "bindings": {"kafka": {"topic": f"mpp.{topic}", "bindingVersion": LATEST}},
    }


def _operation(name: str, channel: Document) -> Document:
    """We send; and how one asks for it, where one asks."""
    method = {"webhooks": "POST"}.get(name, "GET")
    is_http = not str(channel["address"]).startswith("mpp.")
    bindings = {"bindings": {"http": {"method": method, "bindingVersion": "0.3.0"}}} if is_http else {}
    return {"action": "send", "channel": {"$ref": f"#/channels/{name}"}, "summary": channel["title"], **bindings}


def _messages(service: str, found: dict[str, Document]) -> Iterator[tuple[str, Document]]:
    for name, schema in found.items():
        yield (
            name,
            {
                "name": f"{TYPES}{name}",
                "title": schema["title"],
                "summary": schema["description"],
                "contentType": "application/json",
                "headers": {"$ref": "#/components/schemas/CloudEventHeaders"},
                "payload": {"$ref": f"#/components/schemas/{name}"},
                "bindings": {
                    "kafka": {"key": {"type": "string", "description": "The mall."}, "bindingVersion": LATEST}
                },
                "examples": [{"payload": example} for example in schema["examples"]],
            },
        )
    data = {"oneOf": [{"$ref": f"#/components/schemas/{name}"} for name in topics(service)[service]]}
    event = {
        "allOf": [
            {"$ref": "#/components/schemas/CloudEvent"},
            {"type": "object", "required": ["data"], "properties": {"data": data}},
        ]
    }
    whole = {"contentType": "application/cloudevents+json", "payload": event}
    yield f"{service}-event", {"name": f"{service}-event", "title": f"An event of {service}", **whole}
    batch = {"contentType": "application/cloudevents-batch+json", "payload": {"type": "array", "items": event}}
    yield f"{service}-batch", {"name": f"{service}-batch", "title": f"Events of {service}", **batch}


ATTRIBUTES = {
    "specversion": {"type": "string", "const": "1.0"},
    "id": {"type": "string", "description": "With `source`, names the event for good."},
    "source": {"type": "string", "format": "uri-reference", "examples": ["/mpp/pekalongan/ticketing"]},
    "type": {"type": "string", "examples": ["id.go.mpp.ticket-called.v1"]},
    "subject": {"type": "string", "description": "What it is about, such as a ticket's id."},
    "time": {"type": "string", "format": "date-time"},
    "partitionkey": {"type": "string", "description": "The mall."},
    "sequence": {"type": "string", "pattern": "^[0-9]{12}$", "description": "Its number within mall and producer."},
    "streamposition": {
        "type": "string",
        "pattern": "^[0-9]{12}\\.[0-9]{6}$",
        "description": "Its place in its stream, for our own services: order by `sequence`. Missing in older events.",
        "examples": ["000000000057.000000"],
    },
    "dataschema": {"type": "string", "format": "uri"},
}
REQUIRED = ["specversion", "id", "source", "type", "subject", "time", "partitionkey", "sequence"]
CLOUD_EVENT: Document = {
    "type": "object",
    "required": REQUIRED,
    "properties": ATTRIBUTES | {"datacontenttype": {"type": "string", "const": "application/json"}},
}
HEADERS: Document = {
    "type": "object",
    "required": [f"ce_{name}" for name in REQUIRED],
    "properties": {f"ce_{name}": schema for name, schema in ATTRIBUTES.items()},
}


def _embedded(name: str, schema: Document) -> Document:
    """The schema as part of another document: what it defines itself is found there."""
    own = {key: value for key, value in schema.items() if key not in LEFT_OUT}
    text = json.dumps(own).replace('"#/$defs/', f'"#/components/schemas/{name}/definitions/')
    return {"definitions" if key == "$defs" else key: value for key, value in json.loads(text).items()}


def _short(name: str) -> str:
    return name.replace(".", "-")


def _ref(kind: str, name: str) -> dict[str, str]:
    return {"$ref": f"#/components/{kind}/{name}"}


def written() -> dict[Path, str]:
    """What each file is to hold."""
    having = [service for service in SERVICES if schemas(service)]
    files = {ROOT / "docs" / "asyncapi.yaml": document(having)}
    files |= {ROOT / "services" / service / "schemas" / "asyncapi.yaml": document([service]) for service in having}
    # By way of JSON, so that nothing is the same object as anything else: YAML would write that as an anchor.
    plain = {file: json.loads(json.dumps(whole)) for file, whole in files.items()}
    return {
        file: yaml.safe_dump(whole, sort_keys=False, allow_unicode=True, width=120) for file, whole in plain.items()
    }


def main() -> None:
    """Write the files."""
    published = [name for service in SERVICES for name in schemas(service)]
    for file, text in {**written(), webhook_kinds.FILE: webhook_kinds.written(published)}.items():
        file.write_text(text)
        print(file.relative_to(ROOT))


if __name__ == "__main__":
    main()
