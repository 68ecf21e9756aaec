"""How long the queues are, in figures by mall; nothing tells one visitor, or one class of them, from another."""

from collections.abc import Iterator

from services.chassis.clock import now
from services.chassis.metrics import Figures, Metric, gauge
from services.ticketing.domain import hours
from services.ticketing.domain.day import in_force, turns
from services.ticketing.domain.day.state import Day
from services.ticketing.queue import Queue, day_stream

MAX_AGE = 10.0  # seconds that a day may be behind; the clock looks at each more often than that


def queues(queue: Queue) -> Figures:
    """Who waits, how long the first of them has, and what is served and left today: of every mall."""

    def of_malls() -> Iterator[Metric]:
        at = now()
        waiting, oldest, given, left, counters = {}, {}, {}, {}, {}
        for code in queue.mall_codes():
            mall = queue.mall(code)
            about = mall.about
            stream = day_stream(code, hours.business_day(at, about.zone))
            day = queue.days.snapshot(stream, MAX_AGE).state
            waiting[code] = sum(turns.length(one) for one in day.queues.values())
            came = [day.tickets[id].issued.issued_at for id in _first(day)]
            oldest[code] = hours.elapsed(min(came), at) if came else 0.0
            given[code] = len(day.tickets)
            left[code] = in_force.places_left(day, mall) if day.opened else 0
            counters[code] = sum(desk.status == "open" for desk in day.desks.values())
        yield gauge("mpp_queue_waiting", "Visitors who wait.", waiting, "mall")
        yield gauge("mpp_queue_oldest_wait_seconds", "How long the first of them has waited.", oldest, "mall")
        yield gauge("mpp_tickets_today", "Tickets that were given today.", given, "mall")
        yield gauge("mpp_places_left", "Places that are left today.", left, "mall")
        yield gauge("mpp_counters_open", "Counters that are open.", counters, "mall")

    return of_malls


def _first(day: Day) -> Iterator[str]:
    """The first of each line of each queue."""
    for one in day.queues.values():
        yield from (*one.ordinary[:1], *one.priority[:1])
