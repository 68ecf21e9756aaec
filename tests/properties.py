"""How many examples a slow property is tried on: a part of them in `make test`, all in `make test-properties`."""

import os

THOROUGH = os.environ.get("MPP_PROPERTIES") == "thorough"
PART = 4  # the quick run tries a quarter; Hypothesis draws other examples in each run


def examples(count: int) -> int:
    """Return how many of `count` examples this run tries."""
    return count if THOROUGH else -(-count // PART)
