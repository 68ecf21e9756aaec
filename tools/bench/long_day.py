"""Whether a ticket costs more the longer the day: the 5,000th against the 100th, through the whole HTTP path."""

import statistics
from typing import Any

from tools.bench.load import drive
from tools.bench.mall import BenchMall

EARLY, LATE, AROUND = 100, 5000, 200  # the ticket, and how many around it are timed
GOAL = 1.1


def measure(address: str, mall: BenchMall) -> dict[str, Any]:
    """Issue a long day's tickets one after the other; medians (ms) around both moments, and how they compare."""
    answers = drive(address, mall.visitors(LATE + AROUND // 2, 1)).answers
    early, late = (_median_around([answer.seconds for answer in answers], number) for number in (EARLY, LATE))
    return {
        "early_ms": round(early * 1000, 3),
        "late_ms": round(late * 1000, 3),
        "ratio": round(late / early, 3),
        "errors": sum(answer.status != 201 for answer in answers),
    }


def _median_around(seconds: list[float], number: int) -> float:
    return statistics.median(seconds[max(0, number - AROUND // 2) : number + AROUND // 2])
