"""Commands of the documents for operators that need no container, typed on the local system; tests/compose has all."""

import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from e2e.conftest import MALL, Site, eventually, key, never_closes
from runbook import IN_A_SERVICE, NOT_RUN, as_typed, command, commands, needs_no_container, project_folder

from tools.local.system import ROOT

pytestmark = pytest.mark.system

FOLLOWING = command("docker compose exec -T ticketing-worker python -m services.chassis.backup save --follow")
LINES = [line for one in commands() for line in one.splitlines() if needs_no_container(line) and one != FOLLOWING]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's folder, as an operator has it."""
    found = project_folder(tmp_path_factory.mktemp("operator") / "mpp")
    (found / "elsewhere").mkdir()
    return found


def typing(site: Site, folder: Path, line: str, **given) -> subprocess.Popen:
    """A line as it is typed here: a service's own command with that service's settings, `make` with LOCAL=."""
    if site.system is None:
        pytest.skip("these are for the local system")
    keys = {"deploy/secrets/seal_public.pem": str(site.system.data / "keys/seal_public.pem")}
    service, typed = "catalog", as_typed(line.partition(" #")[0], folder, **keys)
    if found := IN_A_SERVICE.match(typed):
        service, typed = found[1], f"python {found[2]}"
    elif typed.startswith("make backup"):
        typed += f" LOCAL={site.system.data}"
    path = f"{folder / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    env = {**os.environ, **site.system.service_env(service), "PATH": path, "PYTHONPATH": str(ROOT)}
    env |= {"MPP_URL": site.url, "MPP_TOKEN": site.system.token("administrator")}
    return subprocess.Popen(["bash", "-c", f"exec {typed}"], cwd=folder, env=env, text=True, **given)


def test_what_is_not_run_is_still_in_the_documents_and_the_rest_is_found():
    assert NOT_RUN.keys() <= set(commands())
    assert len(LINES) > 10


@pytest.mark.parametrize("line", LINES)
def test_a_command_does_what_it_says(site: Site, folder: Path, line: str):
    typed = typing(site, folder, line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    said, complaint = typed.communicate(input="rahasia-yang-panjang\n")
    assert typed.returncode == 0, said + complaint
    assert "Traceback" not in complaint


def test_seals_of_a_backup_are_verified_with_the_keys_of_its_system(site: Site, folder: Path, tmp_path):
    if site.system is None:
        pytest.skip("needs a system of its own")
    never_closes(site, tmp_path, "disegel", "MPP Disegel")
    with site.client("supervisor", mall="disegel") as supervisor:
        path = "/ticketing/api/malls/disegel"
        assert eventually(lambda: supervisor.post(f"{path}/closing", json={"reason": "uji"}).status_code == 200, 20)
        seal = f"{path}/days/{datetime.now(ZoneInfo('Asia/Jakarta')):%Y-%m-%d}/seal"
        assert eventually(lambda: supervisor.get(seal).status_code == 200, 20)
    (restoring,) = [line for line in LINES if "LOCAL=" in line]
    for line in ("make backup", restoring.replace("/tmp/look", "/tmp/look-2")):
        typed = typing(site, folder, line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        said = typed.communicate()[0]
        assert typed.returncode == 0, said


def test_a_backup_that_follows_holds_what_was_acknowledged_last(site: Site, folder: Path):
    file = folder / "elsewhere/ticketing.bson"
    following = typing(site, folder, FOLLOWING, stderr=subprocess.PIPE)
    try:
        assert eventually(lambda: file.exists() and b"complete" in file.read_bytes(), 30)
        with site.client() as visitor:
            body = {"service": "DUKCAPIL-KTPREKAM", "priority": None}
            ticket = visitor.post(f"/ticketing/api/malls/{MALL}/tickets", json=body, headers=key()).json()
        assert eventually(lambda: ticket["id"].encode() in file.read_bytes(), 30)
    finally:
        following.terminate()
        said = following.communicate()[1]
    assert following.returncode == 0, said
