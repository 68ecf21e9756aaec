"""What the services are made of: `make sbom` writes a CycloneDX bill of materials and a list of licences.

Taken from what is installed, cut down to what deploy/requirements.lock puts into the images. The base image and the
servers (nginx, MongoDB, Kafka) have bills of their own.
"""

import csv
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "deploy/requirements.lock"
# Packages whose metadata name no licence, by that of the licence file that they come with.
BY_FILE = {"zxcvbn-rs-py": "MIT"}

Component = dict[str, Any]


def locked() -> dict[str, str]:
    """Name and version of each package that the images hold, as far as this kind of machine needs it."""
    pinned = re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==(\S+)", LOCK.read_text(), re.MULTILINE)
    return {normal(name): version for name, version in pinned}


def normal(name: str) -> str:
    """A package's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def bill() -> dict[str, Any]:
    """The bill of materials of what is locked and installed here."""
    tool = [
        sys.executable,
        "-m",
        "cyclonedx_py",
        "environment",
        sys.executable,
        "--pyproject",
        str(ROOT / "pyproject.toml"),
    ]
    made = subprocess.run([*tool, "--output-reproducible"], capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(made.stdout)
    wanted = locked()
    found["components"] = [one for one in found["components"] if wanted.get(normal(one["name"])) == one["version"]]
    for one in found["components"]:
        if id := BY_FILE.get(normal(one["name"])):
            one.setdefault("licenses", [{"license": {"id": id, "acknowledgement": "concluded"}}])
    kept = {one["bom-ref"] for one in found["components"]} | {found["metadata"]["component"]["bom-ref"]}
    found["dependencies"] = [
        {"ref": one["ref"], "dependsOn": [ref for ref in one.get("dependsOn", ()) if ref in kept]}
        for one in found["dependencies"]
        if one["ref"] in kept
    ]
    return found


def licences(component: Component) -> str:
    """The licences of a component, as its package names them."""
    named = [
        one.get("expression") or one["license"].get("id") or one["license"]["name"]
        for one in component.get("licenses", ())
    ]
    return "; ".join(sorted({name for name in named if len(name) < 80 and "\n" not in name})) or "not told"


def main() -> None:
    """Write both files into a folder."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    found = bill()
    (folder / "sbom.json").write_text(json.dumps(found, indent=2))
    rows = sorted((normal(one["name"]), one["version"], licences(one)) for one in found["components"])
    with (folder / "licences.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("package", "version", "licences"), *rows])
    print(f"{len(rows)} packages: {folder}/sbom.json, {folder}/licences.csv")


if __name__ == "__main__":
    main()
