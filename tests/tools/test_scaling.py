"""The simulation behind docs/scaling.md."""

import json
from dataclasses import asdict, replace
from itertools import pairwise

import pytest

from tools.local.system import ROOT
from tools.scaling import MALLS, Measured, needs


@pytest.fixture(scope="module")
def found():
    return [needs(malls, 200, Measured()) for malls in MALLS]


def test_the_same_figures_give_the_same_answer(found):
    assert needs(MALLS[1], 200, Measured()) == found[1]


def test_load_grows_with_the_malls_and_nothing_is_busier_than_it_may_be(found):
    for fewer, more in pairwise(found):
        assert fewer.commands_a_second < more.commands_a_second
        assert fewer.live_processes <= more.live_processes
    assert all(one.web_busy <= 0.5 and one.store_busy < 1 and one.relay_busy < 1 for one in found)


def test_slower_processors_need_more_processes_and_answer_later(found):
    slow = needs(100, 200, replace(Measured(), web=Measured().web * 20))
    (usual,) = [one for one in found if one.malls == 100]
    assert slow.web_processes > usual.web_processes
    assert slow.p50_ms > usual.p50_ms


def test_a_mall_so_busy_that_its_commits_wait_for_each_other_shows_in_the_slowest_answers(found):
    rush = needs(1, 200, replace(Measured(), round_trip=20.0))
    assert rush.p99_ms > 10 * found[0].p99_ms


def test_figures_of_a_bench_are_taken_per_command():
    busy = {"count": 1000, "cpu_seconds": {"ticketing-web": 2.0, "store": 1.0, "ticketing-worker": 0.5}}
    bench = {"issue_everything_running": {"32": busy}, "store_inserts": {"p50_ms": 2.0}}
    assert Measured.from_bench(json.loads(json.dumps(bench))) == Measured(0.002, 0.001, 0.0005, 0.002)


def test_the_document_tells_what_the_simulation_gives(found):
    told = (ROOT / "docs/scaling.md").read_text()
    rows = {
        line.split("|")[1].strip(): [cell.strip() for cell in line.split("|")[2:-1]]
        for line in told.splitlines()
        if line.startswith("| ")
    }
    for name, heading in {
        "tickets_a_day": "tickets a day",
        "commands_a_second": "commands a second",
        "web_processes": "`ticketing-web` processes",
        "live_processes": "`ticketing-live` processes",
        "p99_ms": "a command takes, p99 ms",
        "gigabytes_a_year": "GB stored in a year",
    }.items():
        assert [float(cell.replace(",", "")) for cell in rows[heading]] == [asdict(one)[name] for one in found], name
