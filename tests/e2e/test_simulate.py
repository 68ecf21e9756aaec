"""`make simulate` as its user runs it: beside a running system, to the last visitor's leaving."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools.local import System
from tools.local.system import ROOT

pytestmark = pytest.mark.system


def simulate(data: Path, url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = os.environ | {"MPP_DATA": str(data), "MPP_PORT": url.rpartition(":")[2], "COLUMNS": "120"}
    command = [sys.executable, "-m", "tools.simulate", *arguments]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120)


def promises(played: subprocess.CompletedProcess[str]) -> list[str]:
    return [line for line in played.stdout.splitlines() if line.startswith(("✓", "✗"))]


def test_a_short_day_is_played_and_every_promise_is_kept(tmp_path: Path):
    with System(tmp_path / "data") as system:
        played = simulate(system.data, system.url, "--applicants", "12", "--speed", "6000")
    assert played.returncode == 0, played.stdout + played.stderr
    assert [line[0] for line in promises(played)] == ["✓"] * 6, played.stdout
    assert "12 of 12" in promises(played)[0]
    assert "Issued 12, called 12" in played.stdout


def test_where_nothing_runs_it_says_so(tmp_path: Path):
    alone = simulate(tmp_path, "http://127.0.0.1:9")
    assert alone.returncode == 1
    assert alone.stderr == f"Nothing runs on port 9 with data in {tmp_path}. Start it first: make run\n"
