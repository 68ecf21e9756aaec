"""Pages for staff: empty shells, filled through the API with the clerk's own token."""

from typing import Any

from flask import render_template

from services.chassis.web import public
from services.ticketing.api import queue
from services.ticketing.domain.mall import Mall
from services.ticketing.pages.visitors import about, blueprint


@blueprint.get("/counters/<counter>")
@public
def console(mall: str, counter: str) -> str:
    """A clerk's console: an empty shell, filled through the API with the clerk's own token."""
    known = queue().mall(mall)
    desk = known.counter(counter)
    shown = {"code": desk.code, "name": desk.name, "floor": desk.floor, "agency": desk.agency}
    shown["agency_name"] = known.agency_name(desk.agency)
    return render_template(
        "counter.html",
        mall=about(known),
        counter=shown,
        services=_services(known),
        priority_classes=known.about.classes,
    )


def _services(mall: Mall) -> list[dict[str, Any]]:
    """Where a visitor can be sent on to: every service of the mall that a counter gives, by name."""
    return [
        {
            "code": service.code,
            "name": service.name,
            "agency": mall.agency_name(service.agency),
            "counters": [{"code": counter.code} for counter in mall.counters_for(service.code)],
        }
        for service in sorted(mall.services.values(), key=lambda service: service.name)
        if mall.counters_for(service.code)
    ]
