"""`make backup` and `make restore FROM=…`: a folder with a file for each service, made while everything runs.

Without `--local` it speaks to docker compose; with it, to the local run whose data are in that folder.
"""

import argparse
import gzip
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

# Who hears comes before who is heard, so that nobody knows of what the others' files do not hold.
SERVICES = ("notifications", "ticketing", "catalog")
COMPOSE = ("docker", "compose")
TOOL = ("python", "-m", "services.chassis.backup")


class Failed(Exception):
    """A step failed; the message is for people."""


class Place(Protocol):
    """Where the services and their databases are."""

    def saving(self, service: str) -> tuple[Sequence[str], Mapping[str, str]]:
        """The command that writes a service's backup to its standard output, and what its environment adds."""
        ...

    @contextmanager
    def restoring(self) -> Iterator[None]:
        """While this lasts, the databases run and the services do not."""
        yield

    def restore(self, service: str) -> tuple[Sequence[str], Mapping[str, str]]:
        """The command that restores a service's backup from its standard input."""
        ...


class Compose:
    """The containers of docker-compose.yml: each service's own image and rights reach its own database."""

    def saving(self, service: str) -> tuple[Sequence[str], Mapping[str, str]]:
        return (*COMPOSE, "exec", "-T", f"{service}-worker", *TOOL, "save"), {}

    @contextmanager
    def restoring(self) -> Iterator[None]:
        # Kafka's log goes: what it tells of the time that was lost would be heard. The services fill it again.
        _run(*COMPOSE, "down")
        _run(*COMPOSE, "rm", "--force", "--stop", "kafka")
        project = json.loads(_run(*COMPOSE, "config", "--format", "json", quiet=True))
        volume = project["volumes"]["kafka"]["name"]
        if volume in _run("docker", "volume", "ls", "--quiet", quiet=True).split():
            _run("docker", "volume", "rm", volume)
        _run(*COMPOSE, "run", "--rm", "mongo-initiate")  # starts mongo, and ends when it can be written to
        yield
        _run(*COMPOSE, "up", "--detach", "--wait")

    def restore(self, service: str) -> tuple[Sequence[str], Mapping[str, str]]:
        return (*COMPOSE, "run", "--rm", "--no-deps", "-T", f"{service}-worker", *TOOL, "restore"), {}


class Local:
    """The local run on a folder of data: running when it is saved, stopped when something is restored into it."""

    def __init__(self, data: Path) -> None:
        from tools.local import System

        self._data, self._system = data, System(data)

    def saving(self, service: str) -> tuple[Sequence[str], Mapping[str, str]]:
        try:
            url = json.loads((self._data / "credentials.json").read_text())["database"]
        except (OSError, KeyError):
            raise Failed(f"Nothing has run on {self._data} yet. Start it with: make run") from None
        return (sys.executable, *TOOL[1:], "save"), {"MONGO_URL": url, "MONGO_DATABASE": service}

    @contextmanager
    def restoring(self) -> Iterator[None]:
        from tools.local import CannotStart

        try:
            with self._system.only_store():
                yield
        except CannotStart as cause:
            raise Failed(str(cause)) from None

    def restore(self, service: str) -> tuple[Sequence[str], Mapping[str, str]]:
        return (sys.executable, *TOOL[1:], "restore"), self._system.service_env(service)


def save(place: Place, folder: Path) -> Path:
    """A new folder in `folder`, named for the time, with a file for each service. Raises `Failed`."""
    made = folder / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    unfinished = made.with_suffix(".unfinished")
    unfinished.mkdir(parents=True, mode=0o700)
    for service in SERVICES:
        command, env = place.saving(service)
        saving = subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, **env})
        assert saving.stdout
        with gzip.open(unfinished / f"{service}.bson.gz", "wb") as file:
            shutil.copyfileobj(saving.stdout, file)
        if saving.wait():
            raise Failed(f"{service} was not saved. What there is stays in {unfinished}.")
    unfinished.rename(made)
    return made


def restore(place: Place, folder: Path) -> None:
    """Restore what `save` made, and verify the hash chains of every stream. Raises `Failed`."""
    files = {service: folder / f"{service}.bson.gz" for service in SERVICES}
    if missing := [file.name for file in files.values() if not file.exists()]:
        raise Failed(f"{folder} holds no whole backup: {', '.join(missing)} missing.")
    with place.restoring():
        for service, path in files.items():
            command, env = place.restore(service)
            restoring = subprocess.Popen(command, stdin=subprocess.PIPE, env={**os.environ, **env})
            assert restoring.stdin
            with gzip.open(path) as file, restoring.stdin as sink:
                try:
                    shutil.copyfileobj(file, sink)
                except BrokenPipeError:  # it said why, and ended
                    pass
                except (EOFError, OSError) as error:
                    print(f"{path} is damaged: {error}", file=sys.stderr)
            if restoring.wait():
                raise Failed(f"{service} was not restored as it was saved. Nothing was started.")


def _run(*command: str, quiet: bool = False) -> str:
    done = subprocess.run(command, stdout=subprocess.PIPE if quiet else None, text=True)
    if done.returncode:
        raise Failed(f"{' '.join(command)} ended with {done.returncode}.")
    return done.stdout or ""


def main() -> None:
    """Do it, and say where the backup is; exit 1 with a plain line when it fails."""
    parser = argparse.ArgumentParser(prog="python -m deploy.backup", description=__doc__)
    parser.add_argument("act", choices=("save", "restore"))
    parser.add_argument("folder", type=Path, help="save: where backups are; restore: one of them")
    parser.add_argument("--local", type=Path, metavar="DATA", help="the data folder of a local run")
    options = parser.parse_args()
    place: Place = Local(options.local) if options.local else Compose()
    try:
        if options.act == "save":
            print(save(place, options.folder))
        else:
            restore(place, options.folder)
            print("Restored. Phone numbers are in no backup: who wants a text leaves the number again.")
    except Failed as failed:
        sys.exit(str(failed))


if __name__ == "__main__":
    main()
