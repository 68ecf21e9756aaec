"""Online booking: a place on a day to come, which becomes a ticket when its holder checks in."""

from typing import Any

from services.chassis.guard import limited, public
from services.chassis.web import command_context
from services.ticketing import views
from services.ticketing.api.schemas import KEY, BookableOut, BookingOut, NewBooking, TicketOut, WantedBooking
from services.ticketing.api.tickets import blueprint, queue
from services.ticketing.domain.day.commands import BookPlace, CancelBooking, CheckIn
from services.ticketing.domain.day.events import PlaceBooked, TicketIssued
from services.ticketing.domain.mall import Mall
from services.ticketing.queue import day_of, day_stream, new_booking_id, new_ticket_id, now

PLACES_AGE = 5.0  # seconds that the days on offer may be behind: booking one looks again


@blueprint.post("/bookings")
@public
@limited("bookings")
@blueprint.doc(parameters=[KEY])
@blueprint.arguments(NewBooking())
@blueprint.response(201, BookingOut)
@blueprint.alt_response(
    409, description="`no-bookings`, `service-away`, `capacity-reached`, `service-full`, `places-kept`"
)
def book(wanted: dict[str, Any], mall: str) -> tuple[dict[str, Any], int, dict[str, str]]:
    """Book a place on a day to come."""
    known, day = queue().mall(mall), wanted["day"]
    command = BookPlace(new_booking_id(day), wanted["service"], wanted["priority"], day, now(), known)
    outcome = queue().act(known, command, **command_context())
    placed = next(event for event in outcome.events if isinstance(event, PlaceBooked))
    where = {"Location": f"/ticketing/api/malls/{mall}/bookings/{placed.booking_id}"}
    return views.booking(known, outcome.now.state.booking(placed.booking_id), now()), 201, where


@blueprint.get("/bookings/days")
@public
@blueprint.arguments(WantedBooking(), location="query")
@blueprint.response(200, BookableOut)
def bookable_days(wanted: dict[str, Any], mall: str) -> dict[str, Any]:
    """The days ahead on which this service can be booked, and why not on the others."""
    return {"days": bookable(queue().mall(mall), wanted["service"], wanted["priority"])}


def bookable(known: Mall, service: str, priority: str | None = None) -> list[dict[str, Any]]:
    """The days ahead of a service. Raises `UnknownService`."""
    known.service(service)
    days = queue().days
    return views.bookable_days(
        known,
        service,
        priority,
        now(),
        lambda on: days.snapshot(day_stream(known.about.code, on), max_age=PLACES_AGE).state,
    )


@blueprint.get("/bookings/<booking_id>")
@public
@blueprint.response(200, BookingOut)
def get_booking(mall: str, booking_id: str) -> dict[str, Any]:
    """A booking as it stands. Whoever has the id may look: it cannot be guessed."""
    return views.booking(queue().mall(mall), queue().day_with(mall, booking_id).booking(booking_id), now())


@blueprint.post("/bookings/<booking_id>/cancellation")
@public
@limited("cancellations")
@blueprint.response(200, BookingOut)
@blueprint.alt_response(409, description="`booking-used`")
def cancel_booking(mall: str, booking_id: str) -> dict[str, Any]:
    """Give the place back."""
    known = queue().mall(mall)
    outcome = queue().act_on(mall, booking_id, CancelBooking(booking_id, now()), **command_context())
    return views.booking(known, outcome.now.state.booking(booking_id), now())


@blueprint.post("/bookings/<booking_id>/check-in")
@public
@limited("tickets")
@blueprint.doc(parameters=[KEY])
@blueprint.response(201, TicketOut)
@blueprint.alt_response(409, description="`booking-used`, `booking-over`, `other-day`, and as for taking a ticket")
def check_in(mall: str, booking_id: str) -> tuple[dict[str, Any], int, dict[str, str]]:
    """Who booked has come: take the ticket, once."""
    known = queue().mall(mall)
    command = CheckIn(booking_id, new_ticket_id(day_of(booking_id)), now(), known)
    outcome = queue().act_on(mall, booking_id, command, **command_context())
    issued = next(event for event in outcome.events if isinstance(event, TicketIssued))
    where = {"Location": f"/ticketing/api/malls/{mall}/tickets/{issued.ticket_id}"}
    return views.issued_ticket(outcome.now.state, known, issued), 201, where
