"""Who may know whom."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import services

ROOT = Path(services.__file__).parent.parent
SERVICES = ("catalog", "ticketing", "notifications")


def test_the_import_rules_of_the_project_hold():
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


@pytest.mark.parametrize("service", SERVICES)
def test_service_runs_with_chassis_and_kernel_alone(service, tmp_path):
    """What its image holds is enough for its web process and its worker."""
    (tmp_path / "services").mkdir()
    shutil.copy(ROOT / "services" / "__init__.py", tmp_path / "services")
    for part in ("chassis", "kernel", service):
        shutil.copytree(ROOT / "services" / part, tmp_path / "services" / part)
    modules = [f"services.{service}.app", f"services.{service}.worker"]
    modules += ["services.ticketing.live"] if service == "ticketing" else []
    command = [sys.executable, "-c", f"import {', '.join(modules)}"]
    done = subprocess.run(command, cwd=tmp_path, env={}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_dockerfile_copies_chassis_kernel_and_one_service():
    lines = (ROOT / "deploy" / "Dockerfile").read_text().splitlines()
    words = [line.split()[1:] for line in lines if line.startswith(("COPY", "ADD"))]
    copied = [[word for word in copy if not word.startswith("--")] for copy in words]
    code = [
        (source, target)
        for *sources, target in copied
        for source in sources
        if not source.startswith(("clients/", "deploy/"))
    ]
    assert code == [
        ("services/__init__.py", "services/"),
        ("services/chassis", "services/chassis"),
        ("services/kernel", "services/kernel"),
        ("services/$SERVICE", "services/$SERVICE"),
    ]
    assert "ARG SERVICE" in lines
