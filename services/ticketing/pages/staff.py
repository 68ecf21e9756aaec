"""Pages for staff: empty shells, filled through the API with the clerk's own token."""

from flask import render_template

from services.chassis.web import public
from services.ticketing.api import queue
from services.ticketing.pages.visitors import about, blueprint


@blueprint.get("/counters/<counter>")
@public
def console(mall: str, counter: str) -> str:
    """A clerk's console: an empty shell, filled through the API with the clerk's own token."""
    known = queue().mall(mall)
    desk = known.counter(counter)
    shown = {"code": desk.code, "name": desk.name, "floor": desk.floor, "agency": desk.agency}
    shown["agency_name"] = known.agency_name(desk.agency)
    return render_template("counter.html", mall=about(known), counter=shown)
