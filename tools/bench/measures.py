"""How much memory and processor time the processes of a system use (Linux: from /proc)."""

import os
import time
from pathlib import Path

from tools.local import System

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")


def members(system: System) -> dict[str, list[int]]:
    """The process ids of each process and its children, by name."""
    groups = {pid: name for name, pid in system.processes.items()}
    found: dict[str, list[int]] = {name: [] for name in groups.values()}
    for folder in PROC.glob("[0-9]*"):
        try:
            group = int((folder / "stat").read_text().rpartition(")")[2].split()[2])
        except OSError:  # gone meanwhile
            continue
        if group in groups:
            found[groups[group]].append(int(folder.name))
    return found


def memory(system: System) -> dict[str, dict[str, float]]:
    """Resident and proportional (shared pages divided among their users) megabytes of each process, and of all."""
    found = {}
    for name, pids in members(system).items():
        fields = {"Rss": 0, "Pss": 0}
        for pid in pids:
            for line in (PROC / str(pid) / "smaps_rollup").read_text().splitlines():
                key, _, value = line.partition(":")
                if key in fields:
                    fields[key] += int(value.split()[0])
        found[name] = {"rss_mb": round(fields["Rss"] / 1024, 1), "pss_mb": round(fields["Pss"] / 1024, 1)}
    found["all"] = {key: round(sum(one[key] for one in found.values()), 1) for key in ("rss_mb", "pss_mb")}
    return found


def seconds_used(system: System) -> dict[str, float]:
    """Processor seconds that each process has used so far."""
    found = {}
    for name, pids in members(system).items():
        fields = [(PROC / str(pid) / "stat").read_text().rpartition(")")[2].split() for pid in pids]
        found[name] = sum(int(field[11]) + int(field[12]) for field in fields) / TICKS
    return found


def wait_until_quiet(system: System, at_most: float) -> float:
    """Wait until the system has worked off what it was given; the seconds that took."""
    began = time.monotonic()
    while time.monotonic() - began < at_most:
        before = sum(seconds_used(system).values())
        time.sleep(0.5)
        if sum(seconds_used(system).values()) - before < 0.15:  # a quarter of it is looking for work
            break
    return time.monotonic() - began
