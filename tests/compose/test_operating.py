"""The commands of docs/operating.md that change nothing for good (its blocks marked `sh`), run as they stand there."""

import os
import re
import subprocess
from pathlib import Path

import pytest

COMMANDS = re.findall(r"^```sh\n(.*?)^```", Path("docs/operating.md").read_text(), re.MULTILINE | re.DOTALL)

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif("MPP_COMPOSE" not in os.environ, reason="tests/containers/run starts what these are for"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.strip()[:60])
def test_the_command_does_what_it_says(command: str):
    words = command.replace("docker compose", os.environ["MPP_COMPOSE"])
    done = subprocess.run(["bash", "-c", words], capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr[-2000:]
    if "agency" in command:
        assert "password" in done.stdout
