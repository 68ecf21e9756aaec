"""Try whether the tests notice small changes of the rules: `make mutate ARGS="--minutes 5 --seed 1"`.

Prints how many of the sampled mutants were killed in each module, and writes those that survived to build/mutants.txt.
Mutants that no test can kill, because they change nothing, are listed in equivalents.toml with the reason.
"""

import argparse
import difflib
import os
import random
import re
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice, zip_longest
from pathlib import Path

import pytest

from tools.mutate.mutants import Mutant, is_sound, mutants
from tools.mutate.session import OPTIONS, Quick, Session, Verdict, files_of_tests

ROOT = Path(__file__).parents[2]
PURE = (
    "services/ticketing/domain/**/*.py",
    "services/catalog/domain/**/*.py",
    "services/notifications/domain/**/*.py",
    "services/notifications/webhooks/domain/**/*.py",
    "services/ticketing/survey/domain.py",
    "services/ticketing/survey/index.py",
    "services/ticketing/survey/report.py",
    "services/catalog/access/domain/**/*.py",
)
GOAL = 92  # percent of the sampled mutants of each module


@dataclass
class Report:
    """What was found so far."""

    sampled: Counter[str] = field(default_factory=Counter)
    killed: Counter[str] = field(default_factory=Counter)
    survivors: list[Verdict] = field(default_factory=list)
    errors: list[Verdict] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def add(self, verdict: Verdict) -> None:
        """Add a verdict, and print a line of progress. An error counts neither as sampled nor as killed."""
        if verdict.outcome == "error":
            self.errors.append(verdict)
            return
        path = verdict.mutant.path
        self.sampled[path] += 1
        self.killed[path] += verdict.outcome == "killed"
        if verdict.outcome == "survived":
            self.survivors.append(verdict)
        tried, took = self.sampled.total(), time.monotonic() - self.began
        line = f"{tried} mutants tried, {len(self.survivors)} survived, {took:.0f} s"
        end = "" if sys.stdout.isatty() else "\n"
        if end == "" or tried % 50 == 0:
            print(f"\r{line}" if end == "" else line, end=end, flush=True)

    def table(self) -> str:
        """A line for each module."""
        lines = [f"\n{'module':52} {'sampled':>8} {'killed':>7} {'survived':>9} {'%':>6}"]
        for path in sorted(self.sampled):
            lines.append(self._line(path, self.sampled[path], self.killed[path]))
        return "\n".join([*lines, self._line("all", self.sampled.total(), self.killed.total())])

    def _line(self, name: str, sampled: int, killed: int) -> str:
        share = 100 * killed / sampled if sampled else 100.0
        return f"{name:52} {sampled:8} {killed:7} {sampled - killed:9} {share:6.1f}{' <' if share < GOAL else ''}"

    def diffs(self) -> str:
        """Return the survivors as diffs, then the mutants whose trial ended in an error."""
        found = [
            *sorted(self.survivors, key=lambda verdict: (verdict.mutant.path, verdict.mutant.start)),
            *self.errors,
        ]
        return "\n".join(f"# {one.outcome}: {one.how}\n{diff(one.mutant)}" for one in found)


def diff(mutant: Mutant) -> str:
    """What the mutant changes."""
    source = (ROOT / mutant.path).read_bytes()
    old, new = source.decode().splitlines(), mutant.applied(source).decode().splitlines()
    return "\n".join(difflib.unified_diff(old, new, mutant.path, mutant.path, n=1, lineterm="")) + "\n"


def changed_lines(mutant: Mutant) -> tuple[str, str]:
    """The changed line as it was and as it is: how equivalents are named, so that lines may move."""
    lines = diff(mutant).splitlines()[2:]
    before, after = ("\n".join(each[1:].strip() for each in lines if each[0] == mark) for mark in "-+")
    return before, after


def equivalents() -> set[tuple[str, str, str]]:
    """Mutants that change nothing, as (path, line before, line after)."""
    listed = tomllib.loads((Path(__file__).parent / "equivalents.toml").read_text())["equivalent"]
    return {(each["path"], each["before"], each["after"]) for each in listed}


def sample(paths: Sequence[str], seed: int, each: int | None) -> Iterator[Mutant]:
    """Mutants of all modules in turn, at random by the seed; at most so many of each."""
    known = equivalents()
    modules = [islice(_of_module(path, seed, known), each) for path in paths]
    return (mutant for mutant in chain.from_iterable(zip_longest(*modules)) if mutant is not None)


def _of_module(path: str, seed: int, known: set[tuple[str, str, str]]) -> Iterator[Mutant]:
    source = (ROOT / path).read_bytes()
    found = mutants(path, source)
    random.Random(f"{seed} {path}").shuffle(found)
    listed = {each for each in known if each[0] == path}
    for one in found:
        if is_sound(one, source) and not (listed and (path, *changed_lines(one)) in listed):
            yield one


def main() -> int:
    """Try mutants until the time is over. Returns 1 if a module is below the goal, or a trial ended in an error."""
    parser = argparse.ArgumentParser(prog="make mutate", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5, help="how long to try mutants")
    parser.add_argument("--seed", type=int, default=1, help="which mutants come first")
    parser.add_argument("--each", type=int, help="at most so many mutants of each module")
    parser.add_argument("--only", default="", help="modules whose path matches this regular expression")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args()
    found = sorted({str(path.relative_to(ROOT)) for pattern in PURE for path in ROOT.glob(pattern)})
    paths = [path for path in found if re.search(asked.only, path)]
    chosen = sample(paths, asked.seed, asked.each)
    report, until = Report(), [0.0]

    def ready(tests: int, seconds: float) -> None:
        print(f"{tests} quick tests, measured in {seconds:.0f} s", flush=True)
        until[0], report.began = time.monotonic() + asked.minutes * 60, time.monotonic()

    session = Session(ROOT, chosen, lambda: time.monotonic() < until[0], report.add, asked.processes, ready)
    status = pytest.main([*OPTIONS, *files_of_tests(ROOT, paths)], plugins=[Quick(), session])
    written = ROOT / "build" / "mutants.txt"
    written.write_text(report.diffs())
    print(report.table())
    print(f"\nseed {asked.seed}; survivors as diffs: {written.relative_to(ROOT)}")
    if report.errors:
        print(f"{len(report.errors)} mutants not counted: their trial ended in an error (see the same file)")
    below = [path for path in report.sampled if 100 * report.killed[path] < GOAL * report.sampled[path]]
    return int(status) or int(bool(below or report.errors))


if __name__ == "__main__":
    sys.exit(main())
