"""docs/logs.md names every log line of the services; docs/cryptography.md every secret of the deployment."""

import ast
from collections.abc import Iterator
from pathlib import Path

import yaml

import services

ROOT = Path(services.__file__).parents[1]
LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}
LOGS = (ROOT / "docs" / "logs.md").read_text()


def lines_in(source: str) -> Iterator[str]:
    """Return the event of each log call, which is always a literal."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name("log"), attr=level), args=[event, *_]) if level in LEVELS:
                assert isinstance(event, ast.Constant), ast.unparse(node)
                yield event.value


def events() -> set[str]:
    return {event for file in ROOT.glob("services/**/*.py") for event in lines_in(file.read_text())}


def test_every_log_line_is_in_the_inventory():
    assert len(events()) > 40
    assert sorted(event for event in events() if f"`{event}`" not in LOGS and f"`` {event} ``" not in LOGS) == []


def test_every_log_line_of_the_inventory_is_written():
    table = [row.split("|")[1] for row in LOGS.partition("## Security events")[2].splitlines() if row.startswith("| `")]
    named = {name.strip(" `") for cell in table if "`` " not in cell for name in cell.split(",  ")}
    named = {part for name in named for part in name.split("`, `")}
    assert named - events() == set()


def test_a_line_whose_event_is_no_literal_is_noticed():
    assert list(lines_in('log.info("signed in", account=name)\nother.info("x")')) == ["signed in"]


def test_every_secret_is_in_the_inventory_of_keys():
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    keys = (ROOT / "docs" / "cryptography.md").read_text()
    groups = {"mongo": "`mongo_…`", "kafka": "`kafka_…`"}
    listed = {secret: groups.get(secret.partition("_")[0], f"`{secret}`") for secret in compose["secrets"]}
    listed["mongo_keyfile"] = "`mongo_keyfile`"
    assert {secret for secret, name in listed.items() if name not in keys} == set()
