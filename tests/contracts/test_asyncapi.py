"""The AsyncAPI documents: up to date with the schemas, and what the official parser takes them for."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tools.asyncapi import ROOT, schemas, written

FILES = written()
PARSER = ROOT / "build" / "asyncapi"


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_the_file_is_what_the_schemas_say(file: Path):
    assert file.read_text() == FILES[file], "run `make asyncapi` and look at what it changes"


def test_the_official_parser_finds_every_event_and_every_door():
    if not shutil.which("node") or not (PARSER / "node_modules").exists():
        pytest.skip("no AsyncAPI parser here: it needs node, and `make asyncapi-parser` once")
    command = ["node", str(Path(__file__).with_name("asyncapi.mjs")), str(PARSER), *map(str, FILES)]
    parsed = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert parsed.returncode == 0, parsed.stderr
    found = json.loads(parsed.stdout)
    whole = found[str(ROOT / "docs" / "asyncapi.yaml")]
    doors = {
        "/ticketing/api/malls/{mall}/events",
        "/ticketing/live/malls/{mall}/events",
        "mpp.ticketing",
        "mpp.catalog",
        "mpp.notifications",
        None,
    }
    assert doors <= set(whole["channels"])
    told = {f"id.go.mpp.{name}" for service in ("catalog", "ticketing", "notifications") for name in schemas(service)}
    assert told <= set(whole["messages"])
    assert len(found) == len(FILES)
