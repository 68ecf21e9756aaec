"""How long visits take, as measured, and how long a visitor will wait by it: a range that the truth mostly falls in."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from math import sqrt

INSIDE = 0.8  # how often the truth should fall inside the range
ENOUGH = 30  # measured waits before their own quantiles are trusted
UNTRIED = (-1.3, 1.6)  # the range's bounds in spreads until then: waits run late more often than early
LONGEST = 3 * 3600  # seconds; a visit measured longer was forgotten at the counter
VARIES = 0.6  # spread of a visit in parts of its length, while none was measured
TRUST = 5  # measured visits that weigh as much as the catalogue's typical minutes
KEPT = 400  # measured waits that the range rests on
FADES = 0.9  # what a day's pace weighs a working day later
BASE = 20.0  # seconds of a wait's spread that no visit explains: walking, looking up


@dataclass(frozen=True)
class Measured:
    """Visits of one service: how many, their seconds, and the squares of those."""

    count: float = 0.0
    seconds: float = 0.0
    squares: float = 0.0

    def plus(self, seconds: float, times: int = 1) -> "Measured":
        """With one more visit, or with one taken back (`times=-1`)."""
        took = min(seconds, LONGEST)
        return Measured(self.count + times, self.seconds + times * took, self.squares + times * took * took)


@dataclass(frozen=True)
class Prior:
    """What earlier days taught: measured visits by service (faded), and by how many spreads waits were off."""

    measured: Mapping[str, Measured] = field(default_factory=dict)
    residuals: tuple[int, ...] = ()


@dataclass(frozen=True)
class Expected:
    """A wait in seconds: its middle and its spread. Whole numbers, for it is stored and hashed."""

    seconds: int
    spread: int


def visit(typical_minutes: int, *measured: Measured) -> tuple[float, float]:
    """Mean and variance (seconds) of a visit: what was measured, and the typical minutes while that is little."""
    typical = typical_minutes * 60.0
    count, seconds = TRUST + sum(m.count for m in measured), TRUST * typical + sum(m.seconds for m in measured)
    mean = seconds / count
    squares = TRUST * (typical**2 * (1 + VARIES**2)) + sum(m.squares for m in measured)
    return mean, max(squares / count - mean**2, (0.1 * mean) ** 2)


def expected_wait(before: int, counters: int, busy: int, mean: float, variance: float) -> Expected:
    """The wait when `before` visitors are called first by `counters`, of which `busy` have one already.

    So many visits must end before a counter is free for this one; with all counters at work one ends every
    mean / counters seconds, and the one under way is half over.
    """
    ending = max(0, before + 1 - max(0, counters - busy))
    seconds = max(0.0, ending - 0.5) * mean / counters if ending else 0.0
    return Expected(round(seconds), round(BASE + sqrt(ending * variance) / counters))


def residual(expected: Expected, waited: float) -> int:
    """By how many hundredths of its spread a wait was off. A whole number, for it is stored and hashed."""
    return round(100 * (waited - expected.seconds) / expected.spread)


def wait_range(expected: Expected, residuals: Sequence[int]) -> tuple[int, int]:
    """Optimistic and pessimistic seconds: so many spreads around the middle as hold `INSIDE` of the waits measured."""
    low, high = bounds(tuple(residuals))
    return (
        round(max(0.0, expected.seconds + low * expected.spread)),
        round(max(0.0, expected.seconds + high * expected.spread)),
    )


@lru_cache(maxsize=64)  # asked for with each ticket, while another wait is measured only with each call
def bounds(residuals: tuple[int, ...]) -> tuple[float, float]:
    """The range's bounds in spreads: quantiles of what was measured (split conformal prediction)."""
    ordered = sorted(residuals)
    if len(ordered) < ENOUGH:
        return UNTRIED
    last = len(ordered) - 1
    outside = (1 - INSIDE) / 2
    return ordered[int(outside * last)] / 100, ordered[min(last, int((1 - outside) * (last + 1)))] / 100


def after_day(prior: Prior, visits: Iterable[tuple[str, float]], residuals: Iterable[int]) -> Prior:
    """What is known after one more day of visits (service, seconds) and residuals; older days fade."""
    measured = {
        service: Measured(m.count * FADES, m.seconds * FADES, m.squares * FADES)
        for service, m in prior.measured.items()
    }
    for service, seconds in visits:
        measured[service] = measured.get(service, Measured()).plus(seconds)
    return Prior(measured, tuple(chain(prior.residuals, residuals))[-KEPT:])
