"""The commands of the documents for operators, as they stand there, and a folder to give them in.

A command is a block marked `sh`, or what stands in backticks and begins like one. What means something without
containers is tried on the local system (tests/e2e/test_runbook.py), everything by `tests/containers/run`
(tests/compose).
"""

import re
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "docs" / name for name in ("operating.md", "operating-data.md")]
COMMAND = re.compile(r"^```sh\n(.*?)^```|`((?:docker|make|mpp|tar|df|COMPOSE)[ =][^`]+)`", re.MULTILINE | re.DOTALL)
IN_A_SERVICE = re.compile(r"docker compose exec (?:-T )?(catalog|ticketing|notifications)-\w+ python (.*)")

# What no test runs, and why.
NOT_RUN = {
    "tar c backups/… | age -r … > …": "age is one program of many; what it gets is any folder",
    "make run": "tests/e2e starts the same again and again",
    "make run MPP_DATA=/tmp/look": "tests/e2e/test_recovery.py starts what was restored",
    "docker compose pull": "it asks the registry, where there is one",
    "make audit": "it asks others, who may know of a new weakness any day",
    "make test-containers": "it runs tests",
    "make test-faults": "it runs tests",
    'COMPOSE="docker compose" tests/containers/run': "it runs these",
    "docker compose config --resolve-image-digests": "it asks the registry, where there is one",
}


def commands() -> list[str]:
    """All of them in the order of the documents, each once."""
    found = [match for document in DOCUMENTS for match in COMMAND.finditer(document.read_text())]
    return list(dict.fromkeys((match[1] or match[2]).strip() for match in found))


def command(beginning: str) -> str:
    """The one that begins so. Whoever asks for it fails when no document has it any more."""
    (found,) = [one for one in commands() if one.startswith(beginning)]
    return found


def needs_no_container(line: str) -> bool:
    """Whether it means something on the local system too."""
    return bool(IN_A_SERVICE.match(line)) or line.startswith(("make backup", "make sbom", "mpp ")) or "LOCAL=" in line


def project_folder(folder: Path, secrets: Path | None = None) -> Path:
    """The project as an operator has it; backups, settings and secrets are others than in our own folder."""
    own = {"deploy", "backups", "build", ".env", ".git"}
    (folder / "deploy").mkdir(parents=True)
    for entry in [one for one in ROOT.iterdir() if one.name not in own]:
        (folder / entry.name).symlink_to(entry)
    for entry in [one for one in (ROOT / "deploy").iterdir() if one.name != "secrets"]:
        (folder / "deploy" / entry.name).symlink_to(entry)
    if secrets:
        (folder / "deploy/secrets").symlink_to(secrets)
    (folder / "bin").mkdir()
    (folder / "bin/mpp").symlink_to(ROOT / "clients/mpp.py")
    (folder / "number.txt").write_text("0812-3456-7890\n")
    return folder


def as_typed(text: str, folder: Path, **others: str) -> str:
    """What an operator types who has read it: places and names are those that are here."""
    backups = sorted((folder / "backups").glob("*Z"))
    here: Mapping[str, str] = {
        "backups/20261124T020000Z": f"backups/{backups[-1].name}" if backups else "backups/none",
        "FROM=…": f"FROM=backups/{backups[-1].name}" if backups else "FROM=backups/none",
        "/mnt/elsewhere": str(folder / "elsewhere"),
        "/tmp/look": str(folder / "look"),
        "NAME": "ticketing-worker",
        "SERVICE": "ticketing",
        **others,
    }
    for said, found in here.items():
        text = text.replace(said, found)
    return text
