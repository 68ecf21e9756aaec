"""Processes that race in tests: forked from one that has imported the services, which takes each of them 0.7 s."""

import multiprocessing
from collections.abc import Callable
from typing import Any

_FORKING = multiprocessing.get_context("forkserver")
_FORKING.set_forkserver_preload(["services.ticketing.queue", "services.chassis.decider"])


def at_once(work: Callable[..., None], count: int, *arguments: Any) -> list[Any]:
    """Run `work(number, results, *arguments)` in so many processes at once; what they put into `results`, as one list.

    Each puts one list. It is imported by its name, as are its arguments.
    """
    results = _FORKING.Queue()
    processes = [_FORKING.Process(target=work, args=(n, results, *arguments)) for n in range(count)]
    for process in processes:
        process.start()
    got = [item for _ in processes for item in results.get(timeout=90)]
    for process in processes:
        process.join()
    return got
